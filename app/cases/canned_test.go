package cases_test

import (
	"strings"
	"testing"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/settings"
	"mingjing/app/store"
)

func TestAnUnfilledVariableKeepsAnAnswerFromBeingReviewed(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		save := func(x cases.Canned, seen int) (int64, error) { return c.SaveCanned(ctx, c.dispatcher, x, seen) }
		_, err := c.SaveCanned(ctx, c.handler, cases.Canned{Title: "x", Body: "y"}, 0)
		c.refused(err, fault.Forbidden)
		for _, wrong := range []cases.Canned{{Title: "", Body: "y"}, {Title: "x", Body: " "}, {Title: "x", Body: "您的{身份证号}"}, {Title: "x", Body: "y", Kind: "nonsense"}} {
			_, err := save(wrong, 0)
			c.refused(err, fault.Invalid)
		}
		id, err := save(cases.Canned{Title: "收悉", Body: "您{收到日期}的来件（{编号}）收悉，问题是{问题}。请拨打{热线}。"}, 0)
		c.must(err)
		_, err = save(cases.Canned{ID: id, Title: "收悉", Body: "后来的"}, 7)
		c.refused(err, fault.Conflict)
		_, err = save(cases.Canned{ID: 99, Title: "x", Body: "y"}, 1)
		c.refused(err, fault.NotFound)

		k := c.handled(complaint("51", "窗口没有人"))
		p, err := c.Open(ctx, c.handler, k)
		c.must(err)
		var x cases.Canned
		c.must(c.db.Read(ctx, func(r *store.Reader) (err error) { x, err = cases.CannedByID(r, id); return err }))
		got := x.Filled(p, settings.Site{Hotline: "12368"})
		if want := "您2021年1月6日的来件（" + c.no(k) + "）收悉，问题是（写明问题）。请拨打12368。"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		_, err = c.SaveDraft(ctx, c.handler, k, p.Draft.Version, got) // what is half done may be kept
		c.must(err)
		c.refused(c.Propose(ctx, c.handler, k, c.v(k)), fault.Invalid)
		_, err = c.SaveDraft(ctx, c.handler, k, p.Draft.Version+1, strings.Replace(got, "（写明问题）", "叫号", 1))
		c.must(err)
		c.must(c.Propose(ctx, c.handler, k, c.v(k)))

		_, err = save(cases.Canned{ID: id, Title: "收悉", Body: "停用的", Retired: true}, 1)
		c.must(err)
		var list, all []cases.Canned
		c.must(c.db.Read(ctx, func(r *store.Reader) (err error) {
			if list, err = cases.CannedReplies(r, false); err != nil {
				return err
			}
			all, err = cases.CannedReplies(r, true)
			return err
		}))
		if len(list) != 0 || len(all) != 1 || all[0].Version != 2 {
			t.Errorf("%+v %+v", list, all)
		}
	})
}
