package public

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
)

// feedRows is how many entries a feed holds; older ones are on the page it leads to.
const feedRows = 100

// feed is an Atom feed (RFC 4287).
type feed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []feedLink  `xml:"link"`
	Author  string      `xml:"author>name"`
	Entries []feedEntry `xml:"entry"`
}

type feedLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type feedEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    feedLink `xml:"link"`
	Content string   `xml:"content"`
}

// feedFrom begins a feed that tells what the page at path shows.
func feedFrom(c *door.Ctx, title, path string) *feed {
	site := c.Settings()
	return &feed{Lang: "zh-CN", ID: name(c, "feed:"+path), Title: site.Court + site.Name + "：" + title, Author: site.Court,
		Links: []feedLink{{"self", "application/atom+xml", c.Base() + c.OriginalURL()}, {"alternate", "text/html", c.Base() + path}}}
}

// name is a feed's or an entry's name for ever, whatever its address becomes (RFC 4151).
func name(c *door.Ctx, what string) string {
	u, err := url.Parse(c.Base())
	if err != nil {
		return "tag:localhost,2021:" + what
	}
	return "tag:" + u.Hostname() + ",2021:" + what
}

func (f *feed) add(c *door.Ctx, id, title, href, content string, at time.Time) {
	when := at.In(calendar.Shanghai).Format(time.RFC3339)
	f.Updated = max(f.Updated, when) // all in one zone, so the texts compare as the times do
	f.Entries = append(f.Entries, feedEntry{ID: name(c, id), Title: title, Updated: when, Link: feedLink{"alternate", "text/html", c.Base() + href}, Content: content})
}

// send answers with the feed; empty is since when it has been empty, if it is.
func (f *feed) send(c *door.Ctx, empty time.Time) error {
	if f.Updated == "" {
		f.Updated = empty.In(calendar.Shanghai).Format(time.RFC3339)
	}
	body, err := xml.Marshal(f)
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	return c.Share("application/atom+xml; charset=utf-8", append([]byte(xml.Header), body...))
}

// ProgressFeed tells what changed, in a programme or in one problem.
func (d *Doors) ProgressFeed(c *door.Ctx) error {
	code := c.Query("problem")
	var f *feed
	var empty time.Time
	err := c.Read(func(r *store.Reader) error {
		empty = calendar.Of(r.Now).In()
		programme, err := ledger.FindProgramme(r, c.Query("programme"))
		if fault.Is(err, fault.NotFound) && c.Query("programme") == "" && code == "" {
			f = feedFrom(c, "整改变化", "/changes")
			return nil
		}
		if err != nil {
			return err
		}
		var lines []ledger.Line
		if code == "" {
			f = feedFrom(c, fictional(programme)+programme.Title+"，整改变化", at("/changes", programme))
			lines, err = ledger.Latest(r, programme.ID, 0, feedRows)
		} else {
			x, err := ledger.Describe(r, programme, code)
			if err != nil {
				return err
			}
			f = feedFrom(c, fictional(programme)+"问题"+x.Problem.Code+" "+x.Problem.Title, root(programme)+x.Problem.Code)
			lines = x.Events[:min(len(x.Events), feedRows)]
		}
		for _, e := range lines {
			href := leads(programme, e)
			if href == "" {
				href = at("/changes", programme)
			}
			f.add(c, "change:"+strconv.FormatInt(e.ID, 10), e.Text, href, e.OnDay.Chinese()+"："+e.Text, e.At)
		}
		return err
	})
	if err != nil {
		return err
	}
	return f.send(c, empty)
}

// RepliesFeed tells of published replies.
func (d *Doors) RepliesFeed(c *door.Ctx) error {
	f := feedFrom(c, "公开答复", "/replies")
	var empty time.Time
	err := c.Read(func(r *store.Reader) error {
		empty = calendar.Of(r.Now).In()
		list, err := cases.Replies(r, cases.ReplyFilter{Limit: feedRows})
		for _, x := range list {
			f.add(c, "reply:"+strconv.FormatInt(x.ID, 10), x.Title, fmt.Sprintf("/replies/%d", x.ID),
				strings.Join([]string{"来件：" + x.Question, x.Unit + "答复：" + x.Answer}, "\n\n"), x.PublishedOn.In())
		}
		return err
	})
	if err != nil {
		return err
	}
	return f.send(c, empty)
}

// fictional marks what is invented where no banner can.
func fictional(p ledger.Programme) string {
	if p.Demo {
		return "（演示，内容是虚构的）"
	}
	return ""
}
