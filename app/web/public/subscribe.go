package public

import (
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/subscription"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// mailed says whether this site can send mails with links to it.
func (d *Doors) mailed() bool { return d.house.Config.SMTPURL != "" && d.house.Config.BaseURL != "" }

// Subscribe asks for an address that wants to hear what changes, in a programme
// or, with ?problem=, in one problem.
func (d *Doors) Subscribe(c *door.Ctx) error {
	return d.subscribePage(c, 200, wanted{c.Query("programme"), c.Query("problem")}, nil, nil)
}

// wanted is what somebody wants to hear of, as addresses and forms name it.
type wanted struct{ programme, problem string }

// find reads what is wanted: problem 0 stands for all of the programme.
func (w wanted) find(r *store.Reader) (p ledger.Programme, problem ledger.Problem, err error) {
	if p, err = ledger.FindProgramme(r, w.programme); err != nil || w.problem == "" {
		return p, problem, err
	}
	problem, err = ledger.ProblemByCode(r, p, w.problem)
	return p, problem, err
}

func (d *Doors) subscribePage(c *door.Ctx, status int, w wanted, f *door.Form, bad []fault.Field) error {
	p := view.SubscribePage{Closed: !d.mailed()}
	err := c.Read(func(r *store.Reader) error {
		programme, problem, err := w.find(r)
		if fault.Is(err, fault.NotFound) && w == (wanted{}) {
			p.Closed = true // nothing is published yet
		} else if err != nil {
			return err
		}
		if p.Frame, err = c.FrameIn(r, "邮件订阅"); err != nil {
			return err
		}
		p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "整改进展", Href: address(programme, ledger.Filter{}, nil)}}
		p.Feed = at("/feeds/progress.atom", programme, "problem", w.problem)
		if p.About = (view.Link{Text: programme.Title, Href: at("/changes", programme)}); w.problem != "" {
			p.About = view.Link{Text: problem.Code + " " + problem.Title, Href: root(programme) + problem.Code}
			p.All = at("/subscribe", programme)
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.Path = "/subscribe"
	if !p.Closed {
		captcha, err := d.house.Cases.NewCaptcha(c.Std())
		if err != nil {
			return err
		}
		p.Form = view.Form{Action: "/subscribe", CSRF: c.CSRF(), Honeypot: true, Captcha: &view.Captcha{ID: captcha},
			Hidden: []view.Hidden{{Name: "programme", Value: w.programme}, {Name: "problem", Value: w.problem}},
			Fields: []view.Field{{Name: "email", Kind: view.Email, Label: "您的邮箱", Required: true, Max: 200, Autocomplete: "email", Width: "middle",
				Hint: "只用来发送整改变化，每天最多一封；退订后立即删除。"}},
			Buttons: []view.Button{{Text: "发确认邮件给我"}, {Text: "换一张验证码", Name: "step", Value: "captcha"}}}
		if f != nil {
			p.Form.Fill(f.Get)
		}
		for _, m := range bad {
			if !p.Form.Fail(m.Name, m.Message) {
				p.Notices = append(p.Notices, view.Notice{Text: m.Message})
			}
		}
		p.Failed = len(bad) > 0
	}
	return c.Render(status, p)
}

// AskSubscription sends the mail that asks whether the address wants this.
func (d *Doors) AskSubscription(c *door.Ctx) error {
	f, err := c.Form()
	if f == nil {
		return err
	}
	w := wanted{f.Get("programme"), f.Get("problem")}
	if err != nil {
		return d.subscribePage(c, 403, w, f, []fault.Field{{Message: err.Error()}})
	}
	if !d.mailed() {
		return d.subscribePage(c, 503, w, nil, nil)
	}
	if f.Get("step") == "captcha" {
		return d.subscribePage(c, 200, w, f, nil)
	}
	var programme ledger.Programme
	var problem ledger.Problem
	if err := c.Read(func(r *store.Reader) (err error) { programme, problem, err = w.find(r); return err }); err != nil {
		return err
	}
	var bad []fault.Field
	if f.Get("website") != "" {
		bad = append(bad, fault.Field{Name: "website", Message: "有一栏本应留空，却填了内容。请清空后再提交。"})
	}
	email, err := subscription.Address(f.Get("email"))
	if fields, ok := door.Fields(err); ok {
		bad = append(bad, fields...)
	} else if err != nil {
		return err
	}
	if len(bad) == 0 {
		right, err := d.house.Cases.TakeCaptcha(c.Std(), clip(f.Get("captcha_id"), 64), clip(f.Get("captcha_solution"), 64))
		if err != nil {
			return err
		}
		if !right {
			bad = append(bad, fault.Field{Name: "captcha_solution", Message: "验证码不对或者已经用过，请看新的一张再填。"})
		}
	}
	if len(bad) > 0 {
		return d.subscribePage(c, 422, w, f, bad)
	}
	if err := d.house.Subscriptions.Ask(c.Std(), email, programme.ID, problem.ID); err != nil {
		return err
	}
	p := view.SubscriptionPage{Heading: "请到邮箱里确认", Sent: true}
	return d.subscriptionPage(c, &p, func(*store.Reader) error { return nil })
}

func (d *Doors) subscriptionPage(c *door.Ctx, p *view.SubscriptionPage, read func(*store.Reader) error) error {
	return show(c, "邮件订阅", &p.Frame, p, func(r *store.Reader) error {
		p.Noindex, p.Path = true, "/subscribe" // no link of this page holds the token
		return read(r)
	})
}

// Subscription is where the links in the mails lead: to confirm, or to end. It
// asks for a button, because programs that look through mails follow links.
func (d *Doors) Subscription(c *door.Ctx) error {
	return d.showSubscription(c, "")
}

func (d *Doors) showSubscription(c *door.Ctx, done string) error {
	token := c.Params("token")
	p := view.SubscriptionPage{Heading: "邮件订阅", CSRF: c.CSRF(), Done: done}
	return d.subscriptionPage(c, &p, func(r *store.Reader) (err error) {
		x, err := subscription.Find(r, token)
		if err != nil {
			return err
		}
		words, page, err := subscription.About(r, x)
		p.About, p.Email, p.Since = view.Link{Text: words, Href: page}, x.Masked(), door.Moment(x.At)
		p.Link, p.Asked = "/subscription/"+token, x.State == subscription.Asked
		return err
	})
}

// ConfirmSubscription makes it count. The token is all that is asked for: only
// the owner of the address has it.
func (d *Doors) ConfirmSubscription(c *door.Ctx) error {
	if err := d.house.Subscriptions.Confirm(c.Std(), c.Params("token")); err != nil {
		return err
	}
	return d.showSubscription(c, "订阅成功。有变化的，第二天早上发邮件告诉您，每天最多一封。")
}

// EndSubscription deletes it; mail programs call it by themselves when their
// user says so (RFC 8058).
func (d *Doors) EndSubscription(c *door.Ctx) error {
	if err := d.house.Subscriptions.End(c.Std(), c.Params("token")); err != nil {
		return err
	}
	p := view.SubscriptionPage{Heading: "已经退订", Ended: true}
	return d.subscriptionPage(c, &p, func(*store.Reader) error { return nil })
}
