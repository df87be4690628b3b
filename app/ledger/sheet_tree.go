package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// The tree is a programme's ledger in memory, with what an import would make
// of it.
type tree struct {
	programme   Programme
	aspects     []*aspectNode
	departments []staff.Department
	ids         map[string]int64 // departments by name
	names       map[int64]string
	codes       map[string]*measureNode
	asked       map[int64]bool // measures whose due date somebody wants to move
}

type aspectNode struct {
	Aspect
	problems []*problemNode
	fresh    bool
	changed  bool
	before   string // its title, if that changes
}

type problemNode struct {
	Problem
	aspect   *aspectNode
	direct   subNode // holds the measures that stand under the problem itself
	subs     []*subNode
	fresh    bool
	changed  bool
	claimed  bool
	touched  bool   // something below it changes
	before   string // its title, if that changes
	was      Status
	visible  bool // was public
	row      int  // the first row that speaks of it
	closing  int  // the row that closes it; 0: none
	closed   int  // measures that the import closes
	withdrew int  // measures that are no longer public
	shown    int  // measures that were not public
	reworded bool // its text for the public, or that of a part, changes
}

type subNode struct {
	SubProblem
	problem  *problemNode
	measures []*measureNode
	fresh    bool
	changed  bool
	claimed  bool
	direct   bool
	before   string // its title, if that changes
}

type measureNode struct {
	Measure
	sub     *subNode
	co      []string
	row     int // the row that speaks of it; 0: none
	fresh   bool
	changed bool
	report  bool // progress is claimed
	closes  bool
	moved   *DueChange
}

// grow reads a programme's whole ledger.
func grow(r *store.Reader, p Programme) (*tree, error) {
	t := &tree{programme: p, ids: map[string]int64{}, names: map[int64]string{}, codes: map[string]*measureNode{}, asked: map[int64]bool{}}
	var err error
	if t.departments, err = staff.AllDepartments(r); err != nil {
		return nil, err
	}
	for _, d := range t.departments {
		t.ids[d.Name], t.names[d.ID] = d.ID, d.Name
	}
	if p.ID == 0 {
		return t, nil
	}
	var aspects []Aspect
	if err := r.Where("programme_id = ?", p.ID).Order("no").Limit(1000).Find(&aspects).Error; err != nil {
		return nil, fmt.Errorf("ledger: aspects: %w", err)
	}
	byAspect := map[int64]*aspectNode{}
	for _, a := range aspects {
		n := &aspectNode{Aspect: a}
		t.aspects, byAspect[a.ID] = append(t.aspects, n), n
	}
	var problems []Problem
	if err := r.Where("programme_id = ? AND NOT announced", p.ID).Order("aspect_id, no").Limit(maxTree).Find(&problems).Error; err != nil {
		return nil, fmt.Errorf("ledger: problems: %w", err)
	}
	byProblem := map[int64]*problemNode{}
	for _, x := range problems {
		n := newProblem(x, byAspect[x.AspectID])
		byProblem[x.ID] = n
	}
	var subs []SubProblem
	if err := r.Select("sub_problems.*").Joins("JOIN problems ON problems.id = sub_problems.problem_id").Where("problems.programme_id = ? AND NOT problems.announced", p.ID).
		Order("sub_problems.problem_id, sub_problems.no").Limit(maxTree).Find(&subs).Error; err != nil {
		return nil, fmt.Errorf("ledger: sub-problems: %w", err)
	}
	bySub := map[int64]*subNode{}
	for _, x := range subs {
		n := &subNode{SubProblem: x, problem: byProblem[x.ProblemID]}
		n.problem.subs, bySub[x.ID] = append(n.problem.subs, n), n
	}
	return t, t.measures(r, byProblem, bySub)
}

// maxTree bounds a programme in memory.
const maxTree = 300_000

func (t *tree) measures(r *store.Reader, byProblem map[int64]*problemNode, bySub map[int64]*subNode) error {
	var measures []Measure
	if err := r.Where("programme_id = ?", t.programme.ID).Order("problem_id, sub_problem_id, no").Limit(maxTree).Find(&measures).Error; err != nil {
		return fmt.Errorf("ledger: measures: %w", err)
	}
	byID := make(map[int64]*measureNode, len(measures))
	for _, m := range measures {
		s := &byProblem[m.ProblemID].direct
		if m.SubProblemID != nil {
			s = bySub[*m.SubProblemID]
		}
		n := &measureNode{Measure: m, sub: s}
		s.measures = append(s.measures, n)
		t.codes[m.Code], byID[m.ID] = n, n
	}
	var co []struct{ MeasureID, DepartmentID int64 }
	if err := r.Table("measure_departments").Select("measure_departments.measure_id, measure_departments.department_id").Joins("JOIN measures ON measures.id = measure_departments.measure_id").
		Where("measures.programme_id = ?", t.programme.ID).Order("measure_departments.measure_id, measure_departments.no").Limit(10 * maxTree).Find(&co).Error; err != nil {
		return fmt.Errorf("ledger: co-operating departments: %w", err)
	}
	for _, x := range co {
		n := byID[x.MeasureID]
		n.co = append(n.co, t.names[x.DepartmentID])
	}
	var asked []int64
	if err := r.Model(&DueChange{}).Joins("JOIN measures ON measures.id = due_changes.measure_id").Where("measures.programme_id = ? AND due_changes.state = 'proposed'", t.programme.ID).
		Order("due_changes.id").Limit(maxTree).Pluck("due_changes.measure_id", &asked).Error; err != nil {
		return fmt.Errorf("ledger: due changes: %w", err)
	}
	for _, id := range asked {
		t.asked[id] = true
	}
	return nil
}

func newProblem(x Problem, a *aspectNode) *problemNode {
	n := &problemNode{Problem: x, aspect: a, was: x.Status, visible: x.Published}
	n.direct = subNode{problem: n, direct: true}
	a.problems = append(a.problems, n)
	return n
}

// all are the places under a problem where measures stand, in order.
func (p *problemNode) all() []*subNode { return append([]*subNode{&p.direct}, p.subs...) }

// entry is what the columns say of a measure; m nil: of a problem or sub-problem without measures.
func (t *tree) entry(s *subNode, m *measureNode) entry {
	var e entry
	p := s.problem
	e[ColProblemCode], e[ColAspect], e[ColProblem], e[ColSub] = p.Code, p.aspect.Title, p.Title, s.Title
	e[ColProblemLeader], e[ColProblemClosed], e[ColProblemInternal], e[ColSubInternal] = p.Leader, "", p.Internal, s.Internal
	e[ColAspectText], e[ColAspectInternal], e[ColProblemText], e[ColSubText] = p.aspect.Text, p.aspect.Internal, p.Text, s.Text
	e[ColProblemReopened] = p.ReopenedOn.String()
	if p.Closing == Closed {
		e[ColProblemClosed] = p.ClosedOn.String()
	}
	e[ColPublic] = secret
	if p.Published {
		e[ColPublic] = partly
	}
	if m == nil {
		e[ColStatus] = StatusWords[p.Status]
		return e
	}
	if p.Published && m.Published {
		e[ColPublic] = shown
	}
	e[ColCode], e[ColMeasure], e[ColKind], e[ColLeader], e[ColCo] = m.Code, m.Title, kindTitles[m.Kind], m.Leader, strings.Join(m.co, "、")
	if m.DepartmentID != nil {
		e[ColLead] = t.names[*m.DepartmentID]
	}
	e[ColStarts], e[ColDue], e[ColBaseline], e[ColStatus], e[ColDone] = m.StartsOn.String(), termText(m.DueOn, m.DueText), m.BaselineOn.String(), StatusWords[m.Status], m.DoneOn.String()
	e[ColNote], e[ColProof], e[ColInternal], e[ColCheckOn] = m.Note, m.Proof, m.Internal, m.CheckOn.String()
	e[ColReopened] = m.ReopenedOn.String()
	if m.Closing == Closed {
		e[ColClosed] = m.ClosedOn.String()
	}
	if m.CheckMonths > 0 {
		e[ColCheckMonths] = strconv.Itoa(m.CheckMonths)
	}
	return e
}

// place finds or makes the aspect, problem and sub-problem of every line, then
// its measure: by code, by title, and by its place where the words are alike.
func (t *tree) place(r *reading) {
	inFile := map[string]bool{}
	for _, l := range r.lines {
		inFile[l.text[ColAspect]] = true
		inFile[l.text[ColAspect]+"\n"+l.text[ColProblem]] = true
		inFile[l.text[ColAspect]+"\n"+l.text[ColProblem]+"\n"+l.text[ColSub]] = true
	}
	codes := map[string]int{}
	for _, l := range r.lines {
		if code := l.text[ColCode]; code != "" && !l.only {
			if before := codes[code]; before > 0 {
				r.refuse(l.no, ColCode, fmt.Sprintf("编号“%s”在第 %d 行已经用过。每条措施的编号不能相同。", code, before))
			}
			codes[code] = cmp.Or(codes[code], l.no)
			l.node = t.codes[code]
		}
	}
	aspects, problems, subs := map[string]*aspectNode{}, map[string]*problemNode{}, map[string]*subNode{}
	position := map[*problemNode]int{}
	for _, l := range r.lines {
		key := l.text[ColAspect]
		if aspects[key] == nil {
			aspects[key] = t.aspect(l, inFile)
		}
		key += "\n" + l.text[ColProblem]
		if problems[key] == nil {
			problems[key] = t.problem(l, aspects[l.text[ColAspect]], inFile)
			problems[key].row = l.no
		}
		l.problem = problems[key]
		key += "\n" + l.text[ColSub]
		if subs[key] == nil {
			if l.text[ColSub] != "" {
				position[l.problem]++
			}
			subs[key] = l.problem.sub(l, position[l.problem], inFile)
		}
		l.sub = subs[key]
	}
	t.placeMeasures(r)
}

// hint is the numbers that a row's codes give its aspect and problem; 0: none.
func hint(l *line) (aspect, problem int) {
	m := pairForm.FindStringSubmatch(l.text[ColProblemCode])
	if m == nil {
		m = fourForm.FindStringSubmatch(l.text[ColCode])
	}
	if m == nil {
		return 0, 0
	}
	aspect, _ = strconv.Atoi(m[1])
	problem, _ = strconv.Atoi(m[2])
	return aspect, problem
}

func (t *tree) aspect(l *line, inFile map[string]bool) *aspectNode {
	title := l.text[ColAspect]
	no, _ := hint(l)
	next, taken := 1, false
	for _, a := range t.aspects {
		if cleaned(ColAspect, a.Title) == title {
			return a
		}
		next, taken = max(next, a.No+1), taken || a.No == no
	}
	for _, a := range t.aspects {
		if a.No == no && !a.fresh && !inFile[cleaned(ColAspect, a.Title)] && alike(a.Title, title) {
			a.Title, a.before, a.changed = title, a.Title, true
			return a
		}
	}
	if no > 0 && !taken {
		next = no
	}
	a := &aspectNode{Aspect: Aspect{No: next, Title: title}, fresh: true}
	t.aspects = append(t.aspects, a)
	return a
}

func (t *tree) problem(l *line, a *aspectNode, inFile map[string]bool) *problemNode {
	title := l.text[ColProblem]
	claim := func(p *problemNode) *problemNode { p.claimed = true; return p }
	for _, p := range a.problems {
		if !p.claimed && cleaned(ColProblem, p.Title) == title {
			return claim(p)
		}
	}
	// Another title: the problem that its code names, or whose measures stand here.
	var renamed *problemNode
	if code := l.text[ColProblemCode]; code != "" {
		if i := slices.IndexFunc(a.problems, func(p *problemNode) bool { return p.Code == code && !p.fresh }); i >= 0 {
			renamed = a.problems[i]
		}
	} else if l.node != nil && l.node.sub.problem.aspect == a {
		renamed = l.node.sub.problem
	}
	if p := renamed; p != nil && !p.claimed && !inFile[a.Title+"\n"+cleaned(ColProblem, p.Title)] {
		p.Title, p.before, p.changed = title, p.Title, true
		return claim(p)
	}
	next, taken := 1, false
	_, no := hint(l)
	for _, p := range a.problems {
		next, taken = max(next, p.No+1), taken || p.No == no
	}
	if hinted, _ := hint(l); no > 0 && !taken && hinted == a.No {
		next = no
	}
	p := newProblem(Problem{No: next, Code: fmt.Sprintf("%d-%d", a.No, next), Title: title, Status: Unstated, Closing: NotApplied, Version: 1}, a)
	p.fresh, p.was, p.visible = true, Unstated, false
	return claim(p)
}

func (p *problemNode) sub(l *line, position int, inFile map[string]bool) *subNode {
	title := l.text[ColSub]
	if title == "" {
		return &p.direct
	}
	claim := func(s *subNode) *subNode { s.claimed = true; return s }
	next := 1
	for _, s := range p.subs {
		if !s.claimed && cleaned(ColSub, s.Title) == title {
			return claim(s)
		}
		next = max(next, s.No+1)
	}
	for _, s := range p.subs {
		theirs := l.node != nil && l.node.sub == s
		if !s.claimed && !s.fresh && (theirs || s.No == position && alike(s.Title, title)) && !inFile[p.aspect.Title+"\n"+p.Title+"\n"+cleaned(ColSub, s.Title)] {
			s.Title, s.before, s.changed = title, s.Title, true
			return claim(s)
		}
	}
	s := &subNode{SubProblem: SubProblem{No: next, Title: title}, problem: p, fresh: true}
	p.subs = append(p.subs, s)
	return claim(s)
}

func (t *tree) placeMeasures(r *reading) {
	free := map[*subNode]map[string][]*measureNode{}
	for _, l := range r.lines {
		if l.node != nil {
			l.node.row = l.no
		}
		if free[l.sub] == nil {
			free[l.sub] = map[string][]*measureNode{}
			for _, n := range l.sub.measures {
				title := cleaned(ColMeasure, n.Title)
				free[l.sub][title] = append(free[l.sub][title], n)
			}
		}
	}
	take := func(l *line, list []*measureNode, fits func(*measureNode) bool) {
		for _, n := range list {
			if n.row == 0 && fits(n) {
				l.node, n.row = n, l.no
				return
			}
		}
	}
	rows := map[*subNode]map[string]int{}
	for _, l := range r.lines {
		if l.only || l.text[ColCode] != "" {
			continue
		}
		title := l.text[ColMeasure]
		take(l, free[l.sub][title], func(*measureNode) bool { return true })
		if rows[l.sub] == nil {
			rows[l.sub] = map[string]int{}
		}
		if before := rows[l.sub][title]; before > 0 && (l.node == nil || l.node.row != l.no) {
			r.refuse(l.no, ColMeasure, fmt.Sprintf("和第 %d 行是同一条措施。请删除一行；确是两条的，加一列“措施编号”写上不同的编号。", before))
		}
		rows[l.sub][title] = l.no
	}
	at := map[*subNode]int{}
	for _, l := range r.lines {
		if l.only {
			continue
		}
		at[l.sub]++
		if l.node == nil && l.text[ColCode] == "" {
			take(l, l.sub.measures, func(n *measureNode) bool { return n.No == at[l.sub] && alike(n.Title, l.text[ColMeasure]) })
		}
		if l.node == nil {
			l.node = t.add(l)
		}
	}
}

// add makes a new measure, with the next code of its place where the row gives none.
func (t *tree) add(l *line) *measureNode {
	n := &measureNode{Measure: Measure{Code: l.text[ColCode], Status: Unstated, Closing: NotApplied, Kind: Dated, Published: true, Version: 1}, sub: l.sub, row: l.no, fresh: true}
	for _, x := range l.sub.measures {
		n.No = max(n.No, x.No)
	}
	n.No++
	if n.Code == "" {
		for no := n.No; ; no++ {
			n.Code = fmt.Sprintf("%s-%d-%d", l.problem.Code, l.sub.No, no)
			if t.codes[n.Code] == nil {
				break
			}
		}
	}
	l.sub.measures = append(l.sub.measures, n)
	t.codes[n.Code] = n
	return n
}

// alike says that two texts share half of their pairs of characters: one is the other, mended.
func alike(a, b string) bool {
	pairs := func(s string) map[[2]rune]bool {
		m, r := map[[2]rune]bool{}, []rune(s)
		for i := range len(r) - 1 {
			m[[2]rune{r[i], r[i+1]}] = true
		}
		return m
	}
	x, y := pairs(a), pairs(b)
	both := 0
	for p := range x {
		if y[p] {
			both++
		}
	}
	return both > 0 && 4*both >= len(x)+len(y)
}

var errSlug = fault.New(fault.Invalid, "整改的地址名只能用小写字母、数字和连字符，最多 40 个。")

// programmeFor finds the programme that a spreadsheet is about, or prepares a
// new one; an empty slug is the main one.
func programmeFor(r *store.Reader, slug string) (Programme, error) {
	var p Programme
	q := r.Where("main")
	if slug != "" {
		if len(slug) > 40 || strings.Trim(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return p, errSlug
		}
		q = r.Where("slug = ?", slug)
	}
	err := q.Take(&p).Error
	if err == nil {
		return p, nil
	}
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return p, fmt.Errorf("ledger: programme: %w", err)
	}
	var mains int64
	if err := r.Model(&Programme{}).Where("main").Count(&mains).Error; err != nil {
		return p, fmt.Errorf("ledger: programme: %w", err)
	}
	title := "巡视巡察反馈问题整改"
	if mains > 0 {
		title += "（" + slug + "）" // until the office names it: two of one name could not be told apart
	}
	return Programme{Slug: cmp.Or(slug, "main"), Title: title, Main: mains == 0, CreatedAt: r.Now}, nil
}
