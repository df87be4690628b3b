package courier

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/settings"
	"mingjing/app/store"
)

// A message is claimed for lease; tried again after backoff × attempts, attempts
// times; and given up when it is older than stale, since late news is no news.
const (
	lease    = 2 * time.Minute
	backoff  = time.Minute
	attempts = 6
	stale    = 72 * time.Hour
)

type outboxRow struct {
	ID        int64
	Idem      string
	Channel   string
	Template  string
	SubjectID int64
	Attempts  int
}

func (outboxRow) TableName() string { return "outbox" }

// Deliver sends the messages that are due, one after another. Without a mail
// server or a gateway it leaves them waiting until Purge gives them up.
func (c *Courier) Deliver(ctx context.Context) error {
	var errs []error
	for _, x := range []struct{ channel, through string }{{"mail", c.cfg.SMTPURL}, {"sms", c.cfg.SMSURL}} {
		if x.through != "" {
			errs = append(errs, c.deliver(ctx, x.channel))
		}
	}
	return errors.Join(errs...)
}

func (c *Courier) deliver(ctx context.Context, channel string) error {
	if err := c.settle(ctx); err != nil {
		return err
	}
	for {
		m, err := c.claim(ctx, channel)
		if err != nil || m == nil {
			return err
		}
		state, note := c.send(ctx, *m)
		if err := c.finish(ctx, *m, state, note); err != nil {
			return err
		}
	}
}

// settle gives up messages that are too old, and marks those whose sender died
// in the middle: nobody knows whether the provider took them.
func (c *Courier) settle(ctx context.Context) error {
	late := map[string]string{"mail": "超过三天没有发出", "sms": "超过三天没有发出"}
	if c.cfg.SMTPURL == "" {
		late["mail"] = "没有设置邮件服务器，三天没有发出"
	}
	if c.cfg.SMSURL == "" {
		late["sms"] = "没有设置短信网关，三天没有发出"
	}
	err := c.db.Write(ctx, func(tx *store.Tx) error {
		for channel, note := range late {
			err := tx.Model(&outboxRow{}).Where("state = 'waiting' AND created_at < ? AND channel = ?", tx.Now.Add(-stale), channel).
				Updates(map[string]any{"state": "dead", "finished_at": tx.Now, "note": note}).Error
			if err != nil {
				return err
			}
		}
		return tx.Model(&outboxRow{}).Where("state = 'sending' AND lease_until < ?", tx.Now).
			Updates(map[string]any{"state": "unknown", "finished_at": tx.Now, "note": "发送中断，不知道是否送达"}).Error
	})
	if err != nil {
		return fmt.Errorf("outbox: settle: %w", err)
	}
	return nil
}

// claim takes the oldest message that is due; whoever changes its state first has it.
func (c *Courier) claim(ctx context.Context, channel string) (*outboxRow, error) {
	var got *outboxRow
	err := c.db.Write(ctx, func(tx *store.Tx) error {
		got = nil
		var list []outboxRow
		err := tx.Select("id, idem, channel, template, subject_id, attempts").Where("state = 'waiting' AND due_at <= ? AND channel = ?", tx.Now, channel).
			Order("due_at, id").Limit(1).Find(&list).Error
		if err != nil || len(list) == 0 {
			return err
		}
		m := list[0]
		m.Attempts++
		done := tx.Model(&outboxRow{}).Where("id = ? AND state = 'waiting'", m.ID).
			Updates(map[string]any{"state": "sending", "attempts": m.Attempts, "lease_until": tx.Now.Add(lease)})
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 1 {
			got = &m
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("outbox: claim: %w", err)
	}
	return got, nil
}

// letter is what the messages of a template say, which is nothing of the matter
// itself, and how their recipient is found.
type letter struct {
	subject, body string
	// find reads the address of the row's subject, empty for none, and the page
	// of the site that the message names.
	find func(ctx context.Context, subject int64) (address, page string, err error)
	// words, instead of subject and body, are the court's own.
	words func(settings.Messages) string
	// public, instead, makes all of a message that tells only what anybody may read.
	public func(ctx context.Context, subject int64) (notice, error)
	// kept tells the newest checkpoint of the public log too.
	kept bool
}

// notice is a message about what is public. leave is the path of its link out.
type notice struct{ to, subject, body, leave string }

// confirm asks an address whether it wants to be told.
func (c *Courier) confirm(ctx context.Context, id int64) (notice, error) {
	l, err := c.subscriptions.Write(ctx, id)
	body := "有人用这个邮箱订阅了" + l.About + "。\n\n是您订阅的，请打开下面的链接确认，三天内有效：\n" + c.cfg.BaseURL + l.Manage +
		"\n\n不是您订阅的，不用理会：不确认就不会再收到邮件，三天后这个地址会从我们这里删除。\n"
	return notice{l.To, "请确认：订阅整改变化", body, ""}, err
}

// checkpoint is the public log's newest, for mails that many keep; empty without one.
func (c *Courier) checkpoint(ctx context.Context) (words string, err error) {
	err = c.db.Read(ctx, func(r *store.Reader) error {
		newest, err := logbook.Newest(r)
		if err == nil {
			words = "\n" + newest.Words() + "。请留存，可以用来核对日志有没有被改写。\n"
		}
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return words, err
}

// news tells a subscriber what changed.
func (c *Courier) news(ctx context.Context, id int64) (notice, error) {
	l, err := c.subscriptions.Write(ctx, id)
	if err != nil || len(l.Changes) == 0 {
		return notice{}, err // nothing of it is public any more
	}
	var b strings.Builder
	b.WriteString("您订阅的" + l.About + "：\n\n")
	for _, x := range l.Changes {
		b.WriteString("· " + x.OnDay.Chinese() + "　" + x.Text + "\n")
	}
	if l.More {
		b.WriteString("还有更多，请到网站查看。\n")
	}
	kept, err := c.checkpoint(ctx)
	if err != nil {
		return notice{}, err
	}
	b.WriteString(kept + "\n逐项查看：" + c.cfg.BaseURL + l.Page + "\n不想再收到：" + c.cfg.BaseURL + l.Manage + "\n")
	return notice{l.To, "整改有变化", b.String(), l.Manage}, nil
}

// letters are the templates.
func (c *Courier) letters() map[string]letter {
	sender := func(ctx context.Context, id int64) (string, string, error) {
		to, err := c.cases.MailAddress(ctx, id)
		return to, "/track", err
	}
	desk := func(page string) func(context.Context, int64) (string, string, error) {
		return func(ctx context.Context, id int64) (string, string, error) {
			to, err := c.staff.MailAddress(ctx, id)
			return to, page, err
		}
	}
	return map[string]letter{
		"received":  {find: sender, words: func(m settings.Messages) string { return m.Received }},
		"progress":  {find: sender, words: func(m settings.Messages) string { return m.Progress }},
		"subscribe": {public: c.confirm},
		"news":      {public: c.news},
		"digest":    {subject: "您部门本月的整改提示已生成", body: "请登录工作台查看。", find: desk("/desk/ledger/digests"), kept: true},
		"deadline":  {subject: "您有来件临近或者超过办理期限", body: "请登录工作台查看，最紧的在最前。", find: desk("/desk/queue")},
		"order":     {subject: "您部门收到一份督办单", body: "请登录工作台查看，按期答复。", find: desk("/desk/ledger/orders")},
	}
}

// compose makes the message of a letter to its recipient.
func (c *Courier) compose(ctx context.Context, says letter, subject int64) (notice, error) {
	if says.public != nil {
		return says.public(ctx, subject)
	}
	if says.words != nil {
		err := c.db.Read(ctx, func(r *store.Reader) error {
			m, err := settings.LoadMessages(r)
			says.subject, says.body = says.words(m), m.Look
			return err
		})
		if err != nil {
			return notice{}, err
		}
	}
	to, page, err := says.find(ctx, subject)
	n := notice{to: to, subject: says.subject, body: says.subject + "。" + says.body + "\n"}
	if c.cfg.BaseURL != "" {
		n.body += c.cfg.BaseURL + page + "\n"
	}
	if says.kept && err == nil {
		var words string
		words, err = c.checkpoint(ctx)
		n.body += words
	}
	return n, err
}

// send hands one message to the mail server and says what became of it.
func (c *Courier) send(ctx context.Context, m outboxRow) (state, note string) {
	says, known := c.letters()[m.Template]
	if !known {
		return "dead", "没有这种消息"
	}
	n, err := c.compose(ctx, says, m.SubjectID)
	if err != nil {
		return "waiting", "读取地址失败"
	}
	if m.Channel == "sms" {
		if n.to, err = c.cases.Mobile(ctx, m.SubjectID); err != nil {
			return "waiting", "读取号码失败"
		}
	}
	if n.to == "" {
		return "dead", "没有可以发送的地址"
	}
	var site settings.Site
	if err := c.db.Read(ctx, func(r *store.Reader) (err error) { site, err = settings.LoadSite(r); return err }); err != nil {
		return "waiting", "读取设置失败"
	}
	if m.Channel == "sms" {
		return c.sendText(ctx, text{ID: m.Idem, To: n.to, Text: "【" + site.Court + "】" + strings.ReplaceAll(strings.TrimSpace(n.body), "\n", "")})
	}
	client, err := dial(c.cfg.SMTPURL)
	if err != nil {
		return "waiting", "邮件服务器设置不对"
	}
	msg := mail.NewMsg()
	if err := errors.Join(msg.FromFormat(site.Court+site.Name, c.cfg.MailFrom), msg.To(n.to)); err != nil {
		return "dead", "地址不能发送"
	}
	msg.Subject(n.subject)
	if n.leave != "" { // one click in the mail program (RFC 8058)
		msg.SetGenHeader(mail.HeaderListUnsubscribe, "<"+c.cfg.BaseURL+n.leave+">")
		msg.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(mail.TypeTextPlain, n.body+"\n这封邮件由系统自动发出，请不要回复。\n"+site.Court+"\n")
	if err := client.DialWithContext(ctx); err != nil {
		return "waiting", "连接邮件服务器失败" // nothing was handed over
	}
	defer client.Close()
	err = client.Send(msg)
	var refused *mail.SendError
	switch {
	case err == nil:
		return "accepted", ""
	case errors.As(err, &refused) && refused.Reason == mail.ErrSMTPDataClose:
		return "unknown", "交付时中断，不知道是否送达"
	case errors.As(err, &refused) && refused.IsTemp():
		return "waiting", "邮件服务器暂时拒收"
	}
	return "dead", "邮件服务器拒收"
}

func dial(raw string) (*mail.Client, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("PORTAL_SMTP_URL must be like smtp://user:password@host:587")
	}
	opts := []mail.Option{mail.WithTimeout(20 * time.Second), mail.WithTLSPolicy(mail.TLSOpportunistic)}
	if u.Scheme == "smtps" {
		opts = append(opts, mail.WithSSL())
	}
	if p, err := strconv.Atoi(u.Port()); err == nil {
		opts = append(opts, mail.WithPort(p))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	return mail.NewClient(u.Hostname(), opts...)
}

// finish stores what became of a message, before anything else happens.
func (c *Courier) finish(ctx context.Context, m outboxRow, state, note string) error {
	ctx = context.WithoutCancel(ctx)
	err := c.db.Write(ctx, func(tx *store.Tx) error {
		set := map[string]any{"state": state, "note": note, "lease_until": nil}
		switch {
		case state == "waiting" && m.Attempts >= attempts:
			set["state"], set["finished_at"] = "dead", tx.Now
		case state == "waiting":
			set["due_at"] = tx.Now.Add(backoff * time.Duration(m.Attempts))
		default:
			set["finished_at"] = tx.Now
		}
		return tx.Model(&outboxRow{}).Where("id = ? AND state = 'sending'", m.ID).Updates(set).Error
	})
	if err != nil {
		return fmt.Errorf("outbox: finish: %w", err)
	}
	return nil
}
