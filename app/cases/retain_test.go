package cases_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

// everything is what the database holds of a case's texts.
func (c *court) everything(id int64) string {
	c.t.Helper()
	var all []string
	for _, q := range []string{"SELECT title || content || demand || facts || unit || place FROM cases WHERE id = ?",
		"SELECT body FROM case_messages WHERE case_id = ?", "SELECT body FROM replies WHERE case_id = ?", "SELECT body FROM draft_versions WHERE case_id = ?", "SELECT body FROM drafts WHERE case_id = ?",
		"SELECT note FROM case_calls WHERE case_id = ?", "SELECT ask || answer FROM case_tasks WHERE case_id = ?", "SELECT name FROM attachments WHERE case_id = ?",
		"SELECT body FROM case_autosaves WHERE case_id = ?", "SELECT cells FROM case_import_rows WHERE case_id = ?", "SELECT external_id FROM case_origins WHERE case_id = ?"} {
		var rows []string
		if err := c.db.Read(c.t.Context(), func(r *store.Reader) error { return r.Raw(q, id).Scan(&rows).Error }); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, rows...)
	}
	own, err := c.ExportOwn(c.t.Context(), id)
	c.must(err)
	return strings.Join(append(all, own.Contact.Name, own.Contact.Phone, own.Contact.Email, own.Contact.Address), "\n")
}

func (c *court) expire() int {
	c.t.Helper()
	n, err := c.Expire(c.t.Context())
	c.must(err)
	return n
}

// confirm decides the periods that are proposed.
func (c *court) confirm() {
	c.t.Helper()
	values := map[string]string{"invalid": "3"}
	for kind, p := range map[string][2]string{"enquiry": {"6", "36"}, "correction": {"6", "36"}, "suggestion": {"12", "60"}, "comment": {"12", "60"}, "complaint": {"24", "60"}, "petition": {"36", "120"}} {
		values["contact_"+kind], values["content_"+kind] = p[0], p[1]
	}
	c.must(c.db.Write(c.t.Context(), func(tx *store.Tx) error { return settings.SaveRetention(tx, settings.Author{Name: "x"}, values) }))
}

func TestContactDetailsAreErasedFirstThenTheContentAndTheStatisticsStay(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.answered(petition("0000000081"))
		c.must(c.Conclude(ctx, c.handler, id, c.v(id), ""))
		_, err := c.PutAside(ctx, c.handler, id, "补偿的意见如下，还没有写完")
		c.must(err)
		held := c.answered(petition("0000000082"))
		c.must(c.Conclude(ctx, c.handler, held, c.v(held), ""))
		keeper := stafftest.Actor(t, c.db, "keeper", "", staff.Supervisor)
		c.refused(c.Hold(ctx, c.handler, held, "另案正在审理"), fault.Forbidden)
		c.refused(c.Hold(ctx, keeper, held, " "), fault.Invalid)
		c.must(c.Hold(ctx, keeper, held, "另案正在审理"))
		c.refused(c.Hold(ctx, keeper, held, "再来一次"), fault.Conflict)
		spam := c.submit(cases.Submission{Kind: cases.Enquiry, Title: "广告", Content: "广告的内容", Name: "某人", Phone: "13800000000", PrivacyVersion: "1", Key: "spam-key-0000000001"}).ID
		c.must(c.Discard(ctx, c.dispatcher, spam, c.v(spam)))

		if n := c.expire(); n != 0 {
			t.Fatalf("%d parts before their time", n)
		}
		c.clock.Advance(4 * 31 * 24 * time.Hour) // what is invalid goes first
		if n := c.expire(); n != 0 {
			t.Fatalf("%d parts before anybody decided how long they are kept", n)
		}
		c.confirm()
		if n, left := c.expire(), c.everything(spam); n != 2 || strings.Contains(left, "广告") || strings.Contains(left, "某人") {
			t.Errorf("%d %s", n, left)
		}
		c.clock.Advance(33 * 31 * 24 * time.Hour)
		if n, left := c.expire(), c.everything(id); n != 1 || strings.Contains(left, "钱女士") || strings.Contains(left, "昆明市") || !strings.Contains(left, "发放补偿") {
			t.Errorf("%d %s", n, left)
		}
		c.clock.Advance(90 * 31 * 24 * time.Hour)
		if n, left := c.expire(), c.everything(id); n != 1 || strings.Contains(left, "补偿") || strings.Contains(left, "意见如下") {
			t.Errorf("%d %s", n, left)
		}
		if n, left := c.expire(), c.everything(held); n != 0 || !strings.Contains(left, "钱女士") || !strings.Contains(left, "发放补偿") {
			t.Errorf("what is on hold: %d %s", n, left)
		}
		got := c.get(id)
		if got.Kind != cases.Petition || got.State != cases.Concluded || got.ReceivedOn.IsZero() || got.EndedOn.IsZero() || !strings.Contains(got.Title, "删除") {
			t.Errorf("%+v", got)
		}
		tr, err := c.Track(ctx, id)
		c.must(err)
		var words []string
		for _, e := range tr.Events[len(tr.Events)-2:] {
			words = append(words, e.Detail)
		}
		if d := cmp.Diff([]string{"联系方式已过保存期限", "内容已过保存期限"}, words); d != "" {
			t.Error(d)
		}
		c.must(c.Unhold(ctx, keeper, held))
		c.refused(c.Unhold(ctx, keeper, held), fault.Conflict)
		if n, left := c.expire(), c.everything(held); n != 2 || strings.Contains(left, "补偿") {
			t.Errorf("after the hold: %d %s", n, left)
		}
		if c.db.Dialect() == store.SQLite { // not even in what the file holds between its rows
			for name, raw := range c.files() {
				for _, text := range []string{"已经批准而没有发放", "广告的内容", "经研究，意见如下"} {
					if bytes.Contains(raw, []byte(text)) {
						t.Errorf("%s still holds %s", name, text)
					}
				}
			}
		}
		// What is not erased is still append-only.
		other := c.answered(petition("0000000083"))
		for _, q := range []string{"UPDATE replies SET body = '' WHERE case_id = ?", "UPDATE case_messages SET body = '' WHERE case_id = ?", "UPDATE draft_versions SET body = '' WHERE case_id = ?", "DELETE FROM case_erasures WHERE case_id <> ?"} {
			if q == "UPDATE case_messages SET body = '' WHERE case_id = ?" {
				c.must(c.AddFor(ctx, c.clerk, other, c.v(other), "电话里补充"))
			}
			if err := c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(q, other).Error }); err == nil {
				t.Error(q)
			}
		}
		if err := c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec("UPDATE replies SET unit = 'x' WHERE case_id = ?", id).Error }); err == nil {
			t.Error("more than the text of an erased reply can change")
		}
	})
}

func TestASenderAsksForEverythingToBeErasedAndSomebodyDecides(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.answered(petition("0000000091"))
		c.refused(c.AskErasure(ctx, id, "不想留着"), fault.Conflict)
		c.must(c.Conclude(ctx, c.handler, id, c.v(id), ""))
		own, err := c.ExportOwn(ctx, id)
		c.must(err)
		if own.Contact.Name != "钱女士" || own.Case.Demand != "发放补偿" || own.Reply == nil {
			t.Errorf("%+v", own)
		}
		c.must(c.AskErasure(ctx, id, "不想留着"))
		c.refused(c.AskErasure(ctx, id, "再问"), fault.Conflict)
		list, err := c.Erasures(ctx, c.dispatcher, 10)
		c.must(err)
		if len(list) != 1 || list[0].ID != id {
			t.Errorf("%+v", list)
		}
		_, err = c.Erasures(ctx, c.handler, 10)
		c.refused(err, fault.Forbidden)
		c.refused(c.DecideErasure(ctx, c.handler, id, true, ""), fault.Forbidden)
		c.refused(c.DecideErasure(ctx, c.dispatcher, id, false, ""), fault.Invalid)
		c.must(c.DecideErasure(ctx, c.dispatcher, id, false, "还在复查期限内"))
		c.refused(c.DecideErasure(ctx, c.dispatcher, id, true, ""), fault.Conflict)
		tr, err := c.Track(ctx, id)
		c.must(err)
		if tr.Keeping.Request.Answer != "还在复查期限内" || !strings.Contains(c.everything(id), "钱女士") {
			t.Errorf("%+v", tr.Keeping)
		}
		c.must(c.AskErasure(ctx, id, ""))
		c.must(c.Hold(ctx, c.dispatcher, id, "另案"))
		c.refused(c.DecideErasure(ctx, c.dispatcher, id, true, ""), fault.Conflict)
		c.must(c.Unhold(ctx, c.dispatcher, id))
		c.must(c.DecideErasure(ctx, c.dispatcher, id, true, ""))
		if left := c.everything(id); strings.Contains(left, "钱女士") || strings.Contains(left, "补偿") {
			t.Error(left)
		}
		tr, err = c.Track(ctx, id)
		c.must(err)
		if tr.Keeping.Content || tr.Keeping.Request.State != "granted" || len(tr.Actions) > 0 && tr.Actions[len(tr.Actions)-1] == cases.DoAskErasure {
			t.Errorf("%+v", tr.Keeping)
		}
	})
}

func TestPeriodsAreChecked(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		values := map[string]string{"invalid": "3"}
		for _, k := range cases.Kinds {
			values["contact_"+string(k)], values["content_"+string(k)] = "6", "12"
		}
		save := func() error {
			return c.db.Write(t.Context(), func(tx *store.Tx) error { return settings.SaveRetention(tx, settings.Author{Name: "x"}, values) })
		}
		c.must(save())
		values["content_enquiry"] = "5"
		c.refused(save(), fault.Invalid)
		values["content_enquiry"] = "x"
		c.refused(save(), fault.Invalid)
	})
}
