package public

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/tlog"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// How long others may keep what the log serves. What has a place in it never
// changes; a checkpoint is old as soon as there is a newer one; a text may be taken
// away by decision, and who keeps it has then to let go of it.
const (
	forEver = "public, max-age=31536000, immutable"
	anHour  = "public, max-age=3600"
	never   = "no-store"
)

// LogLife is how long a page about the log may be kept here: entries get their places
// without a new revision.
const LogLife = 2 * time.Second

const (
	plainText = "text/plain; charset=utf-8"
	jsonText  = "application/json; charset=utf-8"
)

var (
	errNoFile    = fault.New(fault.NotFound, "日志里没有这个文件。从公开日志页可以找到有的。")
	errNoSubject = fault.New(fault.NotFound, "公开日志里没有这一条。可能是地址写错了，也可能它从来没有公开过。")
)

// Checkpoint is the log's newest signed head. No cache of this site knows it: a new
// one changes no revision.
func (d *Doors) Checkpoint(c *door.Ctx) error {
	return d.checkpoint(c, logbook.Newest)
}

// Witnessed is the newest checkpoint that a witness signed too.
func (d *Doors) Witnessed(c *door.Ctx) error { return d.checkpoint(c, logbook.LastWitnessed) }

func (d *Doors) checkpoint(c *door.Ctx, which func(*store.Reader) (logbook.Checkpoint, error)) error {
	var note string
	err := c.Read(func(r *store.Reader) error {
		found, err := which(r)
		if err == nil {
			note, err = logbook.Cosigned(r, found)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.ShareAs(never, plainText, []byte(note))
}

// Tile is a tile of hashes or a bundle of entries.
func (d *Doors) Tile(c *door.Ctx) error {
	t, err := tlog.ParseTile("tile/" + c.Params("*"))
	if err != nil {
		return errNoFile
	}
	var data []byte
	if err := c.Read(func(r *store.Reader) (err error) {
		data, err = logbook.Tile(r, t)
		return err
	}); err != nil {
		return err
	}
	return c.ShareAs(forEver, "application/octet-stream", data)
}

// LogKey is the key to check the log with. Whoever wants to be sure has it from elsewhere.
func (d *Doors) LogKey(c *door.Ctx) error {
	return c.Share(plainText, []byte(d.house.Log.Key().String()+"\n"))
}

// logKeys is /log/keys.
type logKeys struct {
	Key       string             `json:"key"`
	HandOvers []logbook.HandOver `json:"hand_overs"`
}

// LogKeys are the key and the entries by which each key was handed the log, so that
// who knows one of them can follow to the others.
func (d *Doors) LogKeys(c *door.Ctx) error {
	out := logKeys{Key: d.house.Log.Key().String(), HandOvers: []logbook.HandOver{}}
	if err := c.Read(func(r *store.Reader) error {
		list, err := logbook.HandOvers(r)
		out.HandOvers = append(out.HandOvers, list...)
		return err
	}); err != nil {
		return err
	}
	return c.ShareAs(never, jsonText, []byte(logbook.Canonical(out)))
}

var (
	kindForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	refForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$`)
)

// subject is what the address names; other spellings name nothing.
func subject(c *door.Ctx) (kind, ref string, err error) {
	kind, ref = c.Params("kind"), c.Params("ref")
	if !kindForm.MatchString(kind) || !refForm.MatchString(ref) {
		return "", "", errNoSubject
	}
	return kind, ref, nil
}

// number reads a number that is written in its only spelling.
func number(text string, bits int) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, bits)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == text
}

// LogText is a version's text, byte by byte as the log has its digest; in the place of
// one that was taken away, the notice that says so. Search engines read what stands
// today, not what once stood.
func (d *Doors) LogText(c *door.Ctx) error {
	kind, ref, err := subject(c)
	if err != nil {
		return err
	}
	version, ok := number(c.Params("version"), 32)
	if !ok {
		return errNoSubject
	}
	var x logbook.Told
	if err := c.Read(func(r *store.Reader) (err error) {
		if x, err = logbook.Find(r, kind, ref, int(version)); err != nil || x.Expunged == nil {
			return err
		}
		x.Body, err = logbook.Body(r, logbook.Expunged, strconv.FormatInt(*x.Index, 10), 1)
		return err
	}); err != nil {
		return err
	}
	c.Set("X-Robots-Tag", "noindex")
	if x.Expunged == nil {
		return c.ShareAs(anHour, jsonText, []byte(x.Body))
	}
	c.Vary(fiber.HeaderAccept)
	if strings.Contains(c.Get(fiber.HeaderAccept), "text/html") { // a person follows an old link
		return d.history(c, kind, ref, c.Params("version"), fiber.StatusGone)
	}
	err = c.ShareAs(never, jsonText, []byte(x.Body))
	c.Status(fiber.StatusGone)
	return err
}

// proofData is /log/proof/{index}.
type proofData struct {
	Index      int64       `json:"index"`
	Leaf       []byte      `json:"leaf"`
	Proof      []tlog.Hash `json:"proof"`
	Checkpoint string      `json:"checkpoint"`
}

// Proof proves that the newest checkpoint covers an entry.
func (d *Doors) Proof(c *door.Ctx) error {
	index, ok := number(c.Params("index"), 64)
	if !ok {
		return errNoFile
	}
	out := proofData{Index: index, Proof: []tlog.Hash{}}
	err := c.Read(func(r *store.Reader) (err error) {
		if out.Leaf, err = logbook.Leaf(r, index); err != nil {
			return err
		}
		newest, proof, err := logbook.Proof(r, index)
		out.Proof, out.Checkpoint = append(out.Proof, proof...), newest.Note
		return err
	})
	if err != nil {
		return err
	}
	return c.ShareAs(never, jsonText, []byte(logbook.Canonical(out)))
}

// shownRows is how many subjects /log/shown/{kind} lists at once.
const shownRows = 200

type shownKinds struct {
	Kinds []string `json:"kinds"`
}

type shownPage struct {
	Items []shownItem `json:"items"`
	Next  string      `json:"next"`
}

type shownItem struct {
	Ref  string `json:"ref"`
	Text string `json:"text"`
}

// ShownKinds are the kinds of what the pages show.
func (d *Doors) ShownKinds(c *door.Ctx) error {
	return c.ShareAs(never, jsonText, []byte(logbook.Canonical(shownKinds{append([]string{}, d.house.Log.Kinds()...)})))
}

// Shown is what the pages show of a kind at this moment: whoever compares it with
// the log's last words finds what was changed without the log.
func (d *Doors) Shown(c *door.Ctx) error {
	kind, after := c.Params("kind"), c.Query("after")
	if after != "" && !refForm.MatchString(after) {
		return fault.New(fault.Malformed, "地址不完整，请去掉 after 从头读。")
	}
	out := shownPage{Items: []shownItem{}}
	err := c.Read(func(r *store.Reader) error {
		list, err := d.house.Log.Shown(r, kind, after, shownRows+1)
		if len(list) > shownRows {
			list = list[:shownRows]
			out.Next = list[shownRows-1].Ref
		}
		for _, x := range list {
			out.Items = append(out.Items, shownItem{x.Ref, x.Body})
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.ShareAs(never, jsonText, []byte(logbook.Canonical(out)))
}

// logAddress is the one address of the log's page.
const logAddress = "/log/"

// LogDoor leads to it.
func (d *Doors) LogDoor(c *door.Ctx) error { return c.Redirect(logAddress, 308) }

// latestRows is how many changes the log's page lists.
const latestRows = 15

// Log is the page about the log.
func (d *Doors) Log(c *door.Ctx) error {
	p := view.LogPage{Key: d.house.Log.Key().String(), Base: c.Base()}
	return show(c, "公开日志", &p.Frame, &p, func(r *store.Reader) error {
		changes, err := logbook.HandOvers(r)
		if err != nil {
			return err
		}
		for _, h := range changes {
			p.HandOvers = append(p.HandOvers, view.LogHandOver{At: door.Moment(h.At), Proof: fmt.Sprintf("/log/proof/%d", h.Index)})
		}
		newest, err := logbook.Newest(r)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			p.Size, p.Root, p.Checkpoint, p.At = newest.Size, newest.Root.String(), newest.Note, door.Moment(newest.At)
		}
		seen, err := logbook.Witnessed(r)
		if err != nil {
			return err
		}
		for _, s := range seen {
			p.Witnesses = append(p.Witnesses, view.LogWitness{Name: s.Name(), Size: s.Size, At: door.Moment(s.At)})
		}
		list, err := logbook.Latest(r, latestRows)
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.Withdrawn() { // what it was stands in the version before
				if was, err := logbook.Find(r, x.Kind, x.Ref, x.Version.Version-1); err == nil {
					x.Body = was.Body
				} else if !fault.Is(err, fault.NotFound) {
					return err
				}
			}
			p.Latest = append(p.Latest, view.LogChange{At: door.Moment(x.At), Verb: verb(x.Version), What: named(x), Href: historyOf(x.Kind, x.Ref)})
		}
		return nil
	})
}

// Poster is for the court's hall: where people are heard, and the log's key and
// newest checkpoint on paper, out of the reach of whoever changes this site.
func (d *Doors) Poster(c *door.Ctx) error {
	p := view.PosterPage{Key: d.house.Log.Key().String(), Base: c.Base(), QR: view.NewQR(c.Base())}
	return show(c, "大厅海报", &p.Frame, &p, func(r *store.Reader) error {
		p.Sheet = view.PosterSheet
		newest, err := logbook.Newest(r)
		if err == nil {
			p.Size, p.Root, p.At = newest.Size, newest.Root.String(), door.Moment(newest.At)
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		return nil
	})
}

// historyOf is the address of all that a subject ever said in public.
func historyOf(kind, ref string) string { return "/log/texts/" + kind + "/" + ref }

// versionRows is how many versions a page of a history shows.
const versionRows = 20

// History is all that a subject ever said in public; ?on= asks what it said at the
// end of a day, ?version= lays a version out.
func (d *Doors) History(c *door.Ctx) error {
	kind, ref, err := subject(c)
	if err != nil {
		return err
	}
	return d.history(c, kind, ref, c.Query("version"), fiber.StatusOK)
}

func (d *Doors) history(c *door.Ctx, kind, ref, wanted string, status int) error {
	start, err := before(c)
	if err != nil {
		return err
	}
	version, ok := number(wanted, 32)
	if !ok && wanted != "" {
		return errNoSubject
	}
	p := view.HistoryPage{Kind: subjectWord(kind), Action: historyOf(kind, ref), On: c.Query("on")}
	err = c.Read(func(r *store.Reader) error {
		if start > 1<<31-1 {
			return errNoSubject
		}
		list, err := logbook.History(r, kind, ref, int(start), versionRows+1)
		if err != nil {
			return err
		}
		newest := list
		if start > 0 {
			if newest, err = logbook.History(r, kind, ref, 0, 2); err != nil {
				return err
			}
		}
		if len(newest) == 0 || len(list) == 0 {
			return errNoSubject
		}
		if err := headed(c, r, &p, newest); err != nil {
			return err
		}
		versions(&p, list)
		first, err := logbook.Versions(r, kind, ref, 1, 1)
		if err != nil {
			return err
		}
		today := calendar.Of(r.Now)
		p.Last = door.Day(today)
		if len(first) > 0 {
			p.First = door.Day(calendar.Of(first[0].At))
		}
		switch {
		case p.On != "":
			ok, err := stood(r, &p, kind, ref, today)
			if err != nil {
				return err
			}
			if !ok {
				p.Failed, status = true, 422
			}
		case ok:
			x, err := logbook.Find(r, kind, ref, int(version))
			if err != nil {
				return err
			}
			p.Answer = fmt.Sprintf("第%d版写的是：", version)
			if x.Expunged != nil {
				p.Answer = fmt.Sprintf("第%d版写了什么，现在看不到了：", version)
			}
			p.Shown = laidOut(x)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(status, p)
}

// headed names the subject after its last words, and where they stand today.
func headed(c *door.Ctx, r *store.Reader, p *view.HistoryPage, newest []logbook.Told) error {
	last := newest[0]
	p.Subject = named(last)
	if last.Withdrawn() {
		v := entry(last, nil)
		p.Gone = &v
		if len(newest) > 1 {
			p.Subject = named(newest[1])
		}
	}
	var err error
	if p.Frame, err = c.FrameIn(r, p.Subject+"：历次文字"); err != nil {
		return err
	}
	p.Noindex = true // what once stood is not to be found instead of what stands
	p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "公开日志", Href: logAddress}}
	if p.Gone == nil {
		p.Now, err = standsAt(r, last)
	}
	return err
}

// versions fills in the list; the last of a full page only serves to compare.
func versions(p *view.HistoryPage, list []logbook.Told) {
	for i, x := range list[:min(len(list), versionRows)] {
		var was *logbook.Told
		if i+1 < len(list) {
			was = &list[i+1]
		}
		p.Versions = append(p.Versions, entry(x, was))
	}
	if len(list) > versionRows {
		p.More = fmt.Sprintf("%s?before=%d", p.Action, list[versionRows-1].Version.Version)
	}
}

// entry is a version in words, with what it changed of the one before.
func entry(x logbook.Told, was *logbook.Told) view.HistoryVersion {
	no := x.Version.Version
	address := historyOf(x.Kind, x.Ref)
	v := view.HistoryVersion{No: no, Verb: verb(x.Version), At: door.Moment(x.At), Backfilled: x.Backfilled,
		Exact: fmt.Sprintf("%s/%d", address, no), Read: fmt.Sprintf("%s?version=%d#shown", address, no)}
	if x.Index != nil {
		v.Index = strconv.FormatInt(*x.Index, 10)
		v.Proof = "/log/proof/" + v.Index
	}
	switch {
	case x.Expunged != nil:
		n := x.Expunged
		v.Read, v.Exact = "", ""
		v.Expunged = &view.Expunged{Why: n.Why, Decision: n.Decision, On: view.Day(n.On), Digest: hex.EncodeToString(x.Digest), Href: historyOf(logbook.Expunged, v.Index)}
	case x.Withdrawn():
		v.Why = reason(x.Body)
	case was != nil && !was.Withdrawn() && was.Expunged == nil:
		v.Changed = compared(x.Kind, was.Body, x.Body)
	}
	return v
}

func verb(v logbook.Version) string {
	switch {
	case v.Event == tlog.Withdraw:
		return "撤下"
	case v.Event == tlog.Change:
		return "修改"
	case v.Version > 1:
		return "重新公布"
	}
	return "首次公布"
}

func laidOut(x logbook.Told) *view.HistoryText {
	t := &view.HistoryText{HistoryVersion: entry(x, nil), Digest: hex.EncodeToString(x.Digest)}
	t.Read = ""
	if !x.Withdrawn() && x.Expunged == nil {
		for _, f := range spelled(x.Kind, x.Body) {
			if f.text != "" {
				t.Fields = append(t.Fields, view.HistoryField{Name: f.name, Text: f.text})
			}
		}
	}
	return t
}

// stood answers what the subject said at the end of a day, or what is wrong with the day.
func stood(r *store.Reader, p *view.HistoryPage, kind, ref string, today calendar.Date) (ok bool, err error) {
	day, ok := dayTyped(p.On)
	switch {
	case !ok:
		p.Error = "日期看不懂，请写成 2021-01-06 这样"
	case day.After(today):
		p.Error = "这一天还没有到，请填今天或者以前的日期"
	}
	if p.Error != "" {
		return false, nil
	}
	p.On = day.String()
	x, err := logbook.Standing(r, kind, ref, day.AddDays(1).In())
	if fault.Is(err, fault.NotFound) {
		p.Answer = day.Chinese() + "，这一条还没有公布。"
		return true, nil
	}
	if err != nil {
		return false, err
	}
	p.Shown = laidOut(x)
	p.Answer = fmt.Sprintf("%s结束时，页面上写的是第%d版：", day.Chinese(), x.Version.Version)
	if day == today {
		p.Answer = fmt.Sprintf("今天到现在，页面上写的是第%d版：", x.Version.Version)
	}
	if x.Withdrawn() {
		p.Answer = fmt.Sprintf("%s结束时，这一条已经撤下，页面上没有它。", day.Chinese())
	}
	if !x.Backfilled {
		return true, nil
	}
	since := r.Now
	if x.Index != nil {
		signed, err := logbook.Covering(r, *x.Index)
		if err != nil {
			return false, err
		}
		since = signed.At
	}
	if day.Before(calendar.Of(since)) {
		p.Caution = fmt.Sprintf("这一版是%s建立日志时补记的。在那以前页面有没有改过，日志证明不了。", calendar.Of(since).Chinese())
	}
	return true, nil
}

var dayForm = regexp.MustCompile(`^(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?$`)

// dayTyped reads a day as browsers send it or as people type it where they do not.
func dayTyped(text string) (calendar.Date, bool) {
	m := dayForm.FindStringSubmatch(text)
	if m == nil {
		return calendar.Date{}, false
	}
	pad := func(s string) string { return ("0" + s)[len(s)-1:] }
	day, err := calendar.Parse(m[1] + "-" + pad(m[2]) + "-" + pad(m[3]))
	return day, err == nil && day.Year() >= 1900
}

// standsAt is the page on which a text stands today; none where it has no page.
func standsAt(r *store.Reader, x logbook.Told) (view.Link, error) {
	f := facts(x.Body)
	switch x.Kind {
	case "rule":
		return view.Link{Text: "现在的页面", Href: "/rules/" + x.Ref}, nil
	case "reply":
		return view.Link{Text: "现在的页面", Href: "/replies/" + x.Ref}, nil
	case "announcement":
		return view.Link{Text: "现在的页面", Href: "/announcements/" + f["slug"]}, nil
	case "statistic":
		return view.Link{Text: "数据统计", Href: "/statistics"}, nil
	case logbook.Expunged:
		return view.Link{Text: "它原来在哪里", Href: historyOf(f["kind"], f["id"])}, nil
	case "programme", "aspect", "problem", "measure", "event":
	default:
		return view.Link{}, nil
	}
	slug := f["programme"]
	if x.Kind == "programme" {
		slug = f["slug"]
	}
	programme, err := ledger.ProgrammeBySlug(r, slug)
	if fault.Is(err, fault.NotFound) {
		return view.Link{}, nil
	}
	if err != nil {
		return view.Link{}, err
	}
	switch x.Kind {
	case "aspect":
		no, _ := strconv.Atoi(f["no"])
		return view.Link{Text: "现在的页面", Href: address(programme, ledger.Filter{Aspect: no}, nil)}, nil
	case "problem":
		return view.Link{Text: "现在的页面", Href: place(programme, f["code"], f["announced"] == "true")}, nil
	case "measure":
		return view.Link{Text: "现在的页面", Href: root(programme) + f["code"]}, nil
	case "event":
		return view.Link{Text: "整改变化", Href: at("/changes", programme)}, nil
	}
	return view.Link{Text: "现在的页面", Href: address(programme, ledger.Filter{}, nil)}, nil
}
