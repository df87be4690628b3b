package ledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Spreadsheet is a file that comes in.
type Spreadsheet struct {
	Programme string // its slug; empty: the main one
	Name      string // of the file
	Digest    string // SHA-256 of the file
	Tables    []sheet.Table
	Mapping   *Mapping // nil: the headings say what the columns hold
	DryRun    bool     // only the difference
	Seen      string   // the digest of the difference that was looked at; empty: any
}

// Difference is what a spreadsheet changes in the ledger.
type Difference struct {
	Programme   Programme // without an id when it would be made
	Table       string
	Mapping     Mapping
	Unmapped    *Unmapped // set: nothing could be read before somebody says what the columns hold
	Rows        int       // measures in the file
	Problems    int       // new ones
	Added       int       // measures
	Changed     int       // measures, problems and their parts
	Unchanged   int       // measures
	Closed      int       // measures that were closed before they came here
	Concluded   int       // problems that were
	Absent      int       // measures of the ledger that the file does not have; they stay
	List        []Differing
	Departments []string // that it makes
	Warnings    []string
	Bad         []fault.Field // cells that must be mended first, by address
	Digest      string
	Stored      bool
}

// Differing is something that is added or changed.
type Differing struct {
	Row     int // in the file
	Code    string
	Title   string
	Added   bool
	Changes []FieldChange
}

// FieldChange is a column's old and new text.
type FieldChange struct{ Column, Old, New string }

// errCells refuses a file of which single cells must be mended.
func errCells(bad []fault.Field) error {
	return &fault.Fault{Kind: fault.Invalid, Message: fmt.Sprintf("有 %d 个单元格要改，什么都没有导入。", len(bad)), Fields: bad}
}

var errSeen = fault.New(fault.Conflict, "台账在您核对之后有了变动，没有导入。请看新的对比再确认。")

// ImportSheet compares a spreadsheet with the ledger and, unless it is a dry
// run, stores all of it or nothing. Measures are found by their code, or else by
// their words under the same problem; nothing is ever deleted. Faults: Invalid
// with a field per bad cell, also returned in the difference; Invalid when the
// headings are not recognised, with Unmapped set; Conflict when the difference
// is no longer the one that was seen.
func (s *Service) ImportSheet(ctx context.Context, a staff.Actor, x Spreadsheet) (Difference, error) {
	var d Difference
	if err := a.Require(staff.RectificationOffice); err != nil {
		return d, err
	}
	if len(x.Tables) == 0 {
		return d, fault.New(fault.Invalid, "表格里没有内容。")
	}
	if x.DryRun {
		err := s.db.Read(ctx, func(r *store.Reader) (err error) {
			d, _, err = compare(r, x)
			return err
		})
		return d, err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var p *plan
		var err error
		if d, p, err = compare(&tx.Reader, x); err != nil {
			return err
		}
		if x.Seen != "" && x.Seen != d.Digest {
			return errSeen
		}
		return p.store(tx, a, x, &d)
	})
	d.Stored = err == nil
	return d, err
}

// plan is a difference before it is stored.
type plan struct {
	*tree
	*reading
	d     *Difference
	today calendar.Date
	lists []*measureNode // fresh and changed, in the order of the file
}

func compare(r *store.Reader, x Spreadsheet) (Difference, *plan, error) {
	var d Difference
	var of int
	if x.Mapping != nil {
		d.Mapping = *x.Mapping
		of, d.Unmapped = given(x.Tables, *x.Mapping)
	} else {
		d.Mapping, of, d.Unmapped = find(x.Tables)
	}
	table := x.Tables[of]
	d.Table = table.Name
	var err error
	if d.Programme, err = programmeFor(r, x.Programme); err != nil {
		return d, nil, err
	}
	if d.Unmapped != nil {
		return d, nil, fault.New(fault.Invalid, d.Unmapped.Words())
	}
	t, err := grow(r, d.Programme)
	if err != nil {
		return d, nil, err
	}
	known := map[string]bool{}
	for name := range t.ids {
		known[name] = true
	}
	p := &plan{tree: t, reading: read(table, d.Mapping, known), d: &d, today: calendar.Of(r.Now)}
	for i := range x.Tables {
		if i != of {
			p.warn("工作表“%s”没有导入，只导入“%s”。", x.Tables[i].Name, table.Name)
		}
	}
	if len(p.lines) == 0 && len(p.bad) == 0 {
		return d, nil, fault.New(fault.Invalid, "表头下面没有整改措施，没有导入。")
	}
	if d.Programme.ID == 0 {
		for _, text := range p.above {
			if text = typed.Line(text); text != "" && utf8.RuneCountInString(text) <= 60 {
				d.Programme.Title = text
				break
			}
		}
	}
	if len(p.bad) == 0 {
		// What a cell says is compared only when every cell could be read.
		p.place(p.reading)
		p.differ()
	}
	if d.Bad = p.fields(); len(d.Bad) > 0 {
		return d, nil, errCells(d.Bad)
	}
	p.sum()
	return d, p, nil
}

// differ works out what every row changes.
func (p *plan) differ() {
	p.uppers()
	for _, l := range p.lines {
		if l.only {
			continue
		}
		if l.node.fresh {
			p.fresh(l)
		} else {
			p.merge(l)
		}
	}
	p.publicity()
	p.rollUp()
}

// change notes that a column of something differs.
func (d *Differing) change(c Column, old, new string) {
	d.Changes = append(d.Changes, FieldChange{Columns[c].Title, old, new})
}

// said is a text that the rows of a problem, or of a part of it, share.
type said struct {
	node   any
	column Column
}

// uppers takes in what rows say of aspects, problems and sub-problems.
func (p *plan) uppers() {
	texts := map[said]string{}
	for _, l := range p.lines {
		for _, x := range []said{{l.problem, ColProblemLeader}, {l.problem, ColProblemInternal}, {l.problem, ColProblemText}, {l.sub, ColSubInternal}, {l.sub, ColSubText},
			{l.problem.aspect, ColAspectText}, {l.problem.aspect, ColAspectInternal}} {
			text := l.text[x.column]
			if text == "" || x.node == any(l.sub) && l.sub.direct {
				continue
			}
			if before, ok := texts[x]; ok && before != text {
				p.refuse(l.no, x.column, "同一个方面、同一个问题的各行在这一列写得不一样。请统一，或者只写在第一行。")
				continue
			}
			texts[x] = text
		}
	}
	done := map[any]bool{}
	for _, l := range p.lines {
		n := l.problem
		d := Differing{Row: l.no, Code: n.Code, Title: n.Title}
		take := func(node any, c Column, field *string, fresh bool) {
			if text := texts[said{node, c}]; text != "" && text != cleaned(c, *field) {
				if !fresh {
					d.change(c, *field, text)
				}
				*field = text
			}
		}
		if !done[n.aspect] {
			if n.aspect.changed {
				d.change(ColAspect, n.aspect.before, n.aspect.Title)
			}
			take(n.aspect, ColAspectText, &n.aspect.Text, n.aspect.fresh)
			take(n.aspect, ColAspectInternal, &n.aspect.Internal, n.aspect.fresh)
			n.aspect.changed = n.aspect.changed || len(d.Changes) > 0
			done[n.aspect] = true
		}
		if !done[n] {
			done[n] = true
			if n.changed {
				d.change(ColProblem, n.before, n.Title)
			}
			take(n, ColProblemLeader, &n.Leader, n.fresh)
			take(n, ColProblemInternal, &n.Internal, n.fresh)
			told := n.Text
			take(n, ColProblemText, &n.Text, n.fresh)
			n.reworded = n.Text != told
			if d.Added = n.fresh; n.fresh {
				p.d.Problems++
			}
		}
		n.changed = n.changed || len(d.Changes) > 0
		if !l.sub.direct && !done[l.sub] {
			done[l.sub] = true
			if l.sub.changed || l.sub.fresh && !n.fresh {
				d.change(ColSub, l.sub.before, l.sub.Title)
			}
			take(l.sub, ColSubInternal, &l.sub.Internal, l.sub.fresh)
			told := l.sub.Text
			take(l.sub, ColSubText, &l.sub.Text, l.sub.fresh)
			n.reworded = n.reworded || l.sub.Text != told
			l.sub.changed = l.sub.changed || len(d.Changes) > 0
		}
		p.numbered(l)
		p.closeProblem(l)
		p.reopenedProblem(l)
		if l.only && p.has(ColStatus) && len(n.measures()) == 0 && l.text[ColSub] == "" && l.m.Status != n.Status {
			if !n.fresh {
				d.change(ColStatus, StatusWords[n.Status], l.text[ColStatus])
			}
			n.Status, n.changed = l.m.Status, true
		}
		if len(d.Changes) > 0 || d.Added {
			p.d.List = append(p.d.List, d)
		}
	}
}

// measures are all that stand under a problem.
func (p *problemNode) measures() (list []*measureNode) {
	for _, s := range p.all() {
		list = append(list, s.measures...)
	}
	return list
}

// closeProblem takes in the day on which a new problem was closed before it
// came here.
func (p *plan) closeProblem(l *line) {
	n, on := l.problem, l.closedAll
	switch {
	case on.IsZero():
	case n.Closing == Closed && n.ClosedOn == on:
	case n.Closing == Closed:
		p.refuse(l.no, ColProblemClosed, "这个问题已于 "+n.ClosedOn.Chinese()+" 销号，日期不能用表格修改。")
	case !n.fresh:
		p.refuse(l.no, ColProblemClosed, "问题 "+n.Code+" 在系统里没有销号。销号要在系统里申请、核验，请清空这一格。")
	case on.After(p.today):
		p.refuse(l.no, ColProblemClosed, "销号时间不能晚于今天。")
	case !n.ReopenedOn.IsZero():
		p.refuse(l.no, ColProblemClosed, bothDays)
	default:
		n.Closing, n.ClosedOn, n.closing = Closed, on, l.no
		p.d.Concluded++
	}
}

const bothDays = "重开以后还没有再销号的才写重开时间，已经再销号的只写销号时间。请只留一个。"

// reopenedProblem takes in since when a new problem is reopened.
func (p *plan) reopenedProblem(l *line) {
	n, on := l.problem, l.reopenedAll
	switch {
	case on.IsZero() || n.ReopenedOn == on:
	case !n.fresh:
		p.refuse(l.no, ColProblemReopened, "问题 "+n.Code+" 的重开要在系统里通过回头看办理，这一格请保持原样或者清空。")
	case !n.ReopenedOn.IsZero():
		p.refuse(l.no, ColProblemReopened, "同一个问题的各行在这一列写得不一样。请统一，或者只写在第一行。")
	case on.After(p.today):
		p.refuse(l.no, ColProblemReopened, "重开时间不能晚于今天。")
	case n.Closing == Closed:
		p.refuse(l.no, ColProblemReopened, bothDays)
	default:
		n.ReopenedOn = on
	}
}

// numbered refuses another number for a problem that is there; of a new one it
// says which number it gets instead of one that is taken.
func (p *plan) numbered(l *line) {
	n, code := l.problem, l.text[ColProblemCode]
	switch {
	case code == "" || code == n.Code || p.raw(l, ColProblemCode) == "":
	case !n.fresh:
		p.refuse(l.no, ColProblemCode, "这个问题在系统里的编号是 "+n.Code+"，不能用表格修改。请改回来；要把措施移到别的问题下面的，连同“反馈问题”一列一起改。")
	default:
		if p.seen["numbers"]++; p.seen["numbers"] <= 5 {
			p.warn("第 %d 行的问题编号“%s”已被占用，或者和方面的编号不一致，这个问题编为 %s。", l.no, code, n.Code)
		}
	}
}

// fresh fills in a new measure.
func (p *plan) fresh(l *line) {
	n, m := l.node, l.m
	m.ID, m.No, m.Code, m.Published, m.Version, m.Closing = 0, n.No, n.Code, true, 1, NotApplied
	if m.Kind == "" {
		m.Kind = Dated
		if m.Status == LongTerm && m.DueOn.IsZero() {
			m.Kind = Recurring
		}
	}
	if l.text[ColPublic] != "" {
		m.Published = l.text[ColPublic] == shown
	}
	if m.BaselineOn.IsZero() {
		m.BaselineOn = m.DueOn
	}
	if m.Status != Done {
		m.DoneOn = calendar.Date{}
	}
	m.Department = l.lead
	n.Measure, n.co = m, l.co
	if !m.DueOn.IsZero() && m.DueOn != m.BaselineOn {
		n.moved = &DueChange{FromOn: m.BaselineOn, ToOn: m.DueOn}
	}
	n.report = m.Status != Unstated || m.Note != ""
	p.settleClosing(l)
	if p.began(l, ColStarts); m.ReopenedOn.After(p.today) {
		p.refuse(l.no, ColReopened, "重开时间不能晚于今天。")
	}
	if !n.closes && l.problem.Closing == Closed && l.problem.closing == 0 {
		p.refuse(l.no, ColMeasure, "问题 "+l.problem.Code+" 已经销号，不能再加没有销号的措施。请先通过回头看重开。")
	}
	p.lists = append(p.lists, n)
	p.d.Added++
	l.problem.touched = true
	p.d.List = append(p.d.List, Differing{Row: l.no, Code: n.Code, Title: n.Title, Added: true})
}

// settleClosing closes a new measure as the row says: before it came here.
func (p *plan) settleClosing(l *line) {
	n, on := l.node, l.m.ClosedOn
	if on.IsZero() {
		n.ClosedOn = calendar.Date{}
		return
	}
	if on.After(p.today) {
		p.refuse(l.no, ColClosed, "销号时间不能晚于今天。")
	}
	if !n.ReopenedOn.IsZero() {
		p.refuse(l.no, ColReopened, bothDays)
	}
	n.Closing, n.ClosedOn, n.closes = Closed, on, true
	l.problem.closed++
	p.d.Closed++
}

// began refuses a start after the due date.
func (p *plan) began(l *line, at Column) {
	if n := l.node; !n.DueOn.IsZero() && n.StartsOn.After(n.DueOn) {
		p.refuse(l.no, at, "启动时间 "+n.StartsOn.Chinese()+" 晚于整改时限 "+n.DueOn.Chinese()+"，请核对。")
	}
}

// merge takes what a row changes into a measure that is there.
func (p *plan) merge(l *line) {
	n := l.node
	old := p.entry(n.sub, n)
	d := Differing{Row: l.no, Code: n.Code, Title: n.Title}
	first := ColNone
	note := func(c Column, was, is string) {
		d.change(c, was, is)
		if first == ColNone {
			first = c
		}
	}
	if n.sub != l.sub {
		c := ColSub
		if n.sub.problem != l.problem {
			c = ColProblem
		}
		note(c, old[ColProblem]+" "+old[ColSub], l.text[ColProblem]+" "+l.text[ColSub])
		p.move(n, l.sub)
	}
	was := n.Measure
	for c := range columnCount {
		text := l.text[c]
		if !p.has(c) && !(c == ColKind && text != "" && p.has(ColDue) && l.text[ColDue] != cleaned(ColDue, old[ColDue])) || text == cleaned(c, old[c]) {
			continue
		}
		switch c {
		case ColMeasure:
			n.Title = text
		case ColKind:
			if text == "" {
				continue
			}
			n.Kind = l.m.Kind
		case ColLeader:
			n.Leader = text
		case ColLead:
			n.DepartmentID, n.Department = nil, l.lead // its id comes when it is stored
		case ColCo:
			n.co = l.co
		case ColStarts:
			n.StartsOn = l.m.StartsOn
		case ColDue:
			if !p.setDue(l, was) {
				continue
			}
		case ColBaseline:
			if text == "" {
				continue
			}
			if !was.BaselineOn.IsZero() {
				p.refuse(l.no, c, "原定时限是 "+was.BaselineOn.Chinese()+"，不能修改。要调整时限，请在系统里申请。")
				continue
			}
			if n.BaselineOn = l.m.BaselineOn; !n.DueOn.IsZero() && n.DueOn != n.BaselineOn {
				n.moved = &DueChange{FromOn: n.BaselineOn, ToOn: n.DueOn} // both are new, as in a new row
			}
		case ColStatus:
			n.Status, n.report = l.m.Status, true
		case ColDone:
			if text == "" || l.m.Status != Done && p.has(ColStatus) {
				continue
			}
			n.DoneOn = l.m.DoneOn
		case ColNote:
			n.Note, n.report = text, true
		case ColProof:
			n.Proof = text
		case ColInternal:
			n.Internal = text
		case ColCheckMonths:
			n.CheckMonths = l.m.CheckMonths
		case ColCheckOn:
			n.CheckOn = l.m.CheckOn
		case ColClosed:
			if text == "" {
				p.keep(l, "已于 "+was.ClosedOn.Chinese()+" 销号")
			} else if was.Closing == Closed {
				p.refuse(l.no, c, "这条措施已于 "+was.ClosedOn.Chinese()+" 销号，日期不能用表格修改。")
			} else {
				p.refuse(l.no, c, "措施 "+n.Code+" 在系统里没有销号。销号要在系统里申请、核验，请清空这一格。")
			}
			continue
		case ColReopened:
			if text == "" {
				p.keep(l, "已于 "+was.ReopenedOn.Chinese()+" 重开")
			} else {
				p.refuse(l.no, c, "措施 "+n.Code+" 的重开要在系统里通过回头看办理，这一格请保持原样或者清空。")
			}
			continue
		default:
			continue // what stands above the measure, and whether it is public
		}
		note(c, old[c], text)
	}
	if n.StartsOn != was.StartsOn {
		p.began(l, ColStarts)
	} else if n.DueOn != was.DueOn {
		p.began(l, ColDue)
	}
	if n.Status == Done && was.Status != Done && n.DoneOn.IsZero() {
		n.DoneOn = p.today
	}
	if n.Status != Done {
		n.DoneOn = calendar.Date{}
	}
	if len(d.Changes) == 0 {
		return
	}
	if was.underReview() || was.Closing == Closed {
		p.refuse(l.no, first, "措施 "+n.Code+map[bool]string{true: " 已经销号", false: " 正在申请销号"}[was.Closing == Closed]+"，不能用表格修改（系统里是“"+clip(cmp.Or(d.Changes[0].Old, "空白"), 30)+"”）。")
	}
	p.dirty(n)
	p.d.List = append(p.d.List, d)
}

// keep warns of a blank cell where the system knows a day.
func (p *plan) keep(l *line, what string) {
	if p.seen["kept"]++; p.seen["kept"] <= 5 {
		p.warn("第 %d 行的这一格是空的，措施 %s 在系统里%s，保持不变。", l.no, l.node.Code, what)
	}
}

func (p *plan) dirty(n *measureNode) {
	n.sub.problem.touched = true
	if !n.changed && !n.fresh {
		n.changed = true
		p.lists = append(p.lists, n)
	}
}

// move puts a measure under another sub-problem, last.
func (p *plan) move(n *measureNode, to *subNode) {
	n.sub.problem.touched, to.problem.touched = true, true
	if to.problem.Closing == Closed && to.problem.closing == 0 && n.Closing != Closed {
		p.refuse(n.row, ColProblem, "问题 "+to.problem.Code+" 已经销号，不能移入没有销号的措施。")
	}
	n.sub.measures = slices.DeleteFunc(n.sub.measures, func(x *measureNode) bool { return x == n })
	n.No = 0
	for _, x := range to.measures {
		n.No = max(n.No, x.No)
	}
	n.No++
	n.sub, to.measures = to, append(to.measures, n)
}

// setDue takes in a due date where there was none. Another one needs a reason
// and somebody's approval, which a cell does not hold.
func (p *plan) setDue(l *line, was Measure) bool {
	n, to := l.node, l.m.DueOn
	first := was.DueOn
	if first.IsZero() {
		first = was.BaselineOn
	}
	switch {
	case to != first && !first.IsZero() && !(to.IsZero() && was.DueOn.IsZero()):
		p.refuse(l.no, ColDue, "措施 "+n.Code+" 的时限是 "+first.Chinese()+"，不能用表格修改。请在系统里申请调整时限，写明理由，由别人批准。")
		return false
	case to != was.DueOn && p.asked[n.ID]:
		p.refuse(l.no, ColDue, "这条措施有一份调整时限的申请在等批准，请先办完再导入新的时限。")
		return false
	case was.BaselineOn.IsZero():
		n.BaselineOn = to
	}
	n.DueOn, n.DueText = to, l.m.DueText
	return true
}

// publicity takes in what is public. A problem is public when a row of it is;
// it goes back only when nothing of it is public any more.
func (p *plan) publicity() {
	open, all := map[*problemNode]bool{}, map[*problemNode]bool{}
	for _, l := range p.lines {
		word := l.text[ColPublic]
		if !l.problem.fresh && word == "" {
			all[l.problem] = true // says nothing
			continue
		}
		if word == "" || word == shown || word == partly {
			open[l.problem] = true
		}
	}
	for _, l := range p.lines {
		n := l.problem
		if open[n] && !n.Published {
			n.Published, n.changed = true, true
			if !n.fresh {
				p.d.List = append(p.d.List, Differing{Row: l.no, Code: n.Code, Title: n.Title, Changes: []FieldChange{{Columns[ColPublic].Title, secret, partly}}})
			}
		}
	}
	for _, l := range p.lines {
		m, n := l.node, l.problem
		if l.only || m.fresh || l.text[ColPublic] == "" || !n.Published && !n.visible {
			continue
		}
		if want := l.text[ColPublic] == shown; want != m.Published {
			d := Differing{Row: l.no, Code: m.Code, Title: m.Title}
			d.change(ColPublic, map[bool]string{true: shown, false: secret}[m.Published], l.text[ColPublic])
			p.d.List = append(p.d.List, d)
			m.Published = want
			switch {
			case want && n.visible:
				n.shown++
			case n.visible:
				n.withdrew++
			}
			p.dirty(m)
		}
	}
	for _, l := range p.lines {
		n := l.problem
		if !n.Published || open[n] || all[n] || l.text[ColPublic] != secret {
			continue
		}
		if !slices.ContainsFunc(n.measures(), func(m *measureNode) bool { return m.Published }) {
			n.Published, n.changed = false, true
			p.d.List = append(p.d.List, Differing{Row: l.no, Code: n.Code, Title: n.Title, Changes: []FieldChange{{Columns[ColPublic].Title, partly, secret}}})
		}
	}
}

// rollUp gives each touched problem the status of its measures.
func (p *plan) rollUp() {
	for _, a := range p.aspects {
		for _, n := range a.problems {
			if n.closing > 0 {
				for _, m := range n.measures() {
					if m.Closing != Closed {
						p.refuse(n.closing, ColProblemClosed, "这个问题还有措施没有销号（"+m.Code+"），不能销号。")
						break
					}
				}
			}
			if !n.touched {
				continue
			}
			tally := Tallied{}
			for _, m := range n.measures() {
				tally[m.Status]++
			}
			if len(tally) > 0 && n.Status != Roll(tally) {
				n.Status, n.changed = Roll(tally), true
			}
		}
	}
}

// sum adds up the difference.
func (p *plan) sum() {
	d := p.d
	changed := map[string]bool{}
	for _, x := range d.List {
		if !x.Added {
			changed[x.Code] = true
		}
	}
	d.Changed = len(changed)
	dirty := map[*measureNode]bool{}
	for _, n := range p.lists {
		dirty[n] = true
	}
	for _, l := range p.lines {
		if !l.only {
			d.Rows++
			if !dirty[l.node] {
				d.Unchanged++
			}
		}
	}
	made := map[string]bool{}
	for _, l := range p.lines {
		for _, name := range append([]string{l.lead}, l.co...) {
			if name != "" && p.ids[name] == 0 && !made[name] {
				made[name] = true
				d.Departments = append(d.Departments, name)
			}
		}
	}
	if len(d.Departments) > 0 {
		p.warn("新建 %d 个部门：%s。名称有误的，请先改表格。", len(d.Departments), clip(strings.Join(d.Departments, "、"), 300))
	}
	for _, n := range p.codes {
		if n.row == 0 {
			d.Absent++
		}
	}
	if d.Absent > 0 {
		p.warn("台账里有 %d 条措施不在这份表格里，保持不变。", d.Absent)
	}
	if n := p.seen["only"]; n > 0 {
		p.warn("%d 行没有整改措施，只登记问题。", n)
	}
	if n := p.seen["loose"]; n > 5 {
		p.warn("共有 %d 行的整改时限从文字换算成日期。", n)
	}
	if n := p.seen["numbers"]; n > 5 {
		p.warn("共有 %d 行的问题编号没有采用。", n)
	}
	if n := p.seen["leads"]; n > 5 {
		p.warn("共有 %d 行写了几个牵头部门。", n)
	}
	if n := p.seen["kept"]; n > 5 {
		p.warn("共有 %d 行没有写系统里已有的销号时间或者重开时间。", n)
	}
	if d.Added > 0 && !p.has(ColPublic) {
		p.warn("表格里没有“是否公开”一列：新增的 %d 条措施和它们的问题导入后在公众网站公开。", d.Added)
	}
	d.Warnings = p.warnings
	slices.SortStableFunc(d.List, func(a, b Differing) int { return cmp.Compare(a.Row, b.Row) })
	h := sha256.New()
	_ = json.NewEncoder(h).Encode([]any{d.Programme.ID, d.Programme.Ledger, d.List, d.Warnings, d.Absent, d.Unchanged})
	d.Digest = hex.EncodeToString(h.Sum(nil))
}

// Summary says in a sentence what the file changes.
func (d Difference) Summary() string {
	s := fmt.Sprintf("%d 条措施，新增 %d 条，没有变化 %d 条；新增问题 %d 个，变更 %d 处；销号措施 %d 条、问题 %d 个", d.Rows, d.Added, d.Unchanged, d.Problems, d.Changed, d.Closed, d.Concluded)
	if d.Absent > 0 {
		s += fmt.Sprintf("；另有 %d 条不在文件里，保持不变", d.Absent)
	}
	return s + "。"
}

// Lines are the difference row by row, for a terminal.
func (d Difference) Lines() []string {
	var lines []string
	for _, x := range d.List {
		head := fmt.Sprintf("第 %d 行 %s", x.Row, x.Code)
		if x.Added {
			lines = append(lines, head+" 新增："+clip(typed.Line(x.Title), 60))
		}
		for _, c := range x.Changes {
			lines = append(lines, fmt.Sprintf("%s %s：%s → %s", head, c.Column, orBlank(c.Old), orBlank(c.New)))
		}
	}
	return lines
}

func orBlank(s string) string {
	if s = typed.Line(s); s == "" {
		return "（空）"
	}
	return s
}
