package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/smtp"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mingjing/app"
	"mingjing/app/blob"
	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/reports"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// doctorCommand looks at everything a portal needs and changes nothing.
type doctorCommand struct{}

// finding is one line of the doctor's.
type finding struct{ verdict, message string }

func good(format string, args ...any) finding { return finding{"ok", fmt.Sprintf(format, args...)} }
func note(format string, args ...any) finding { return finding{"note", fmt.Sprintf(format, args...)} }
func bad(format string, args ...any) finding  { return finding{"fail", fmt.Sprintf(format, args...)} }

func (doctorCommand) Run(p *program) error {
	d := doctor{program: p}
	db, err := p.database()
	d.missing = fault.Is(err, fault.NotFound)
	if err == nil {
		d.db = db
		defer db.Close()
	}
	if !d.started() {
		// Nothing else can be said of a portal that is not there yet.
		where := "数据文件夹 " + p.config.DataDir
		if p.config.DatabaseURL != "" {
			where = "PORTAL_DATABASE_URL 指的数据库"
		}
		fmt.Fprintf(os.Stderr, "%-4s  %-14s  这里还没有启动过：%s 里还没有门户的数据。请先运行 portal serve，第一次启动会建好一切；"+
			"如果应该已经有了，请检查 --data 和 --database-url。\n", "fail", "start", where)
		return errors.New("还没有启动过")
	}
	failed := 0
	for _, x := range []struct {
		name string
		look func() finding
	}{
		{"configuration", d.configuration},
		{"database", func() finding { return d.database(err) }},
		{"disk", d.disk},
		{"pepper", d.pepper},
		{"service-keys", d.serviceKeys},
		{"calendar", d.calendar},
		{"key-holders", d.keyHolders},
		{"trial-accounts", d.trialAccounts},
		{"triage", d.triage},
		{"mail", d.mail},
		{"outbox", d.outbox},
		{"log", d.publicLog},
	} {
		f := x.look()
		fmt.Fprintf(os.Stderr, "%-4s  %-14s  %s\n", f.verdict, x.name, f.message)
		if f.verdict == "fail" {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d 项需要处理", failed)
	}
	return nil
}

type doctor struct {
	*program
	db      *store.DB // nil when it cannot be opened
	missing bool      // because there is none
}

// started reports whether the portal has ever been set up; a database that does
// not open is no proof that it was not.
func (d doctor) started() bool {
	if d.db == nil {
		return !d.missing
	}
	there := true
	if err := d.db.Read(d.ctx, func(r *store.Reader) error { there = r.Migrator().HasTable("settings"); return nil }); err != nil {
		return true // the lines below say what is wrong
	}
	return there
}

// plain puts what the system says into words that tell what to do.
func plain(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "不存在，请检查路径。"
	case errors.Is(err, fs.ErrPermission):
		return "没有权限读，请用运行网站的用户来运行，或者改正权限。"
	case errors.Is(err, syscall.ENOSPC):
		return "磁盘满了，请清理或者扩容。"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "拒绝连接，请检查它是否在运行、端口对不对。"
	case errors.As(err, &dns):
		return "找不到这个主机名，请检查拼写和 DNS。"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "超时没有应答，请检查网络和防火墙。"
	}
	return err.Error()
}

// read answers from the database; without one or with an older schema there is
// nothing to be said.
func (d doctor) read(f func(r *store.Reader) finding) (out finding) {
	if d.db == nil {
		return bad("数据库打不开，没有检查。")
	}
	if err := d.db.Read(d.ctx, func(r *store.Reader) error { out = f(r); return nil }); err != nil {
		return bad("读不了数据库：%s", plain(err))
	}
	return out
}

// keyHolders says whether reports can be read, now and after a lost password.
func (d doctor) keyHolders() finding {
	return d.read(func(r *store.Reader) finding {
		v, err := reports.Look(r, d.config.KeysDir)
		switch {
		case errors.Is(err, reports.ErrRoster):
			return bad("举报已关闭：密钥名单和 %s 里的 roster.json 对不上。数据库被人改过，或者这个文件没有随密钥文件夹一起复制过来。", d.config.KeysDir)
		case err != nil:
			return bad("%s", plain(err))
		case !v.Recovery:
			return note("举报没有开通。请运行 portal keys init，再由纪检专员在工作台“举报密钥”页签名单。")
		case v.Trial && !d.config.Loopback():
			return bad("举报的恢复密钥是试用的，任何拿到 first-recovery-kits.txt 的人都能打开举报。请删掉这个文件，运行 portal keys init，再由纪检专员重新签名单。")
		case v.Officers == 0:
			return note("举报没有开通：名单上没有能打开举报的纪检专员。请他们登录一次，再在“举报密钥”页签名单。")
		case v.Stale:
			return bad("名单上的恢复密钥不是现在的。刚换过恢复密钥的，请一位纪检专员照恢复函上的指纹，在“举报密钥”页重新签名单；没有换过的，是有人往数据库里放了别的密钥，不要签。")
		case v.Unsigned > 0:
			return bad("有 %d 位纪检专员或者身份保管人还不在签过的名单上（新增的，或者重置过密码），打不开新的举报。请在“举报密钥”页签名单。", v.Unsigned)
		case v.Custodians == 0:
			return bad("没有身份保管人，实名举报人的身份谁也看不到。请设置身份保管人，再签名单。")
		case v.Trial:
			return note("%d 位纪检专员、%d 位身份保管人；恢复密钥是试用的。", v.Officers, v.Custodians)
		case v.Officers == 1:
			return note("只有一位纪检专员能打开举报：写到他的举报没有人能办。请再设一位，或者设外部专员。")
		}
		return good("%d 位纪检专员、%d 位身份保管人，%d 位外部人员。", v.Officers, v.Custodians, v.Outside)
	})
}

func (d doctor) configuration() finding {
	c := d.config
	switch {
	case c.Loopback():
		return note("只供本机试用。对外开放前请设置 PORTAL_BASE_URL。")
	case c.SecondFactor == "optional":
		return bad("对外的网站不能把 PORTAL_SECOND_FACTOR 设为 optional。")
	}
	if u, err := url.Parse(c.BaseURL); err == nil && u.Scheme != "https" {
		return bad("PORTAL_BASE_URL 必须以 https:// 开头，登录和查询码才不会明文传输。")
	}
	if problem := proxies(c.Addr, c.TrustedProxies); problem != "" {
		return bad("%s", problem)
	}
	return good("%s", c.BaseURL)
}

// proxies says what is wrong with the proxies that are trusted. The portal itself
// speaks no https, so a site on https has one in front of it.
func proxies(listen string, trusted []string) string {
	if len(trusted) == 0 {
		return "https 由前面的反向代理来做，却没有设置 PORTAL_TRUSTED_PROXIES：限流会把所有人当成同一个访客。请写上代理的地址。"
	}
	local := false
	for _, t := range trusted {
		p, err := netip.ParsePrefix(t)
		if a, e := netip.ParseAddr(t); e == nil {
			p, err = a.Prefix(a.BitLen())
		}
		switch {
		case err != nil:
			return "PORTAL_TRUSTED_PROXIES 里的 " + t + " 不是地址，也不是网段，请改正。"
		case p.Bits() < 8:
			return "PORTAL_TRUSTED_PROXIES 里的 " + t + " 几乎是所有的地址：谁都能冒充别人的地址，限流不起作用。请只写代理自己的地址。"
		}
		local = local || p.Addr().IsLoopback()
	}
	host, _, err := net.SplitHostPort(listen)
	if err == nil && config.LoopbackHost(host) && !local {
		return "网站只听本机（" + listen + "），代理从本机连过来，PORTAL_TRUSTED_PROXIES 里却没有 127.0.0.1：限流会把所有人当成同一个访客。"
	}
	return ""
}

func (d doctor) database(opened error) finding {
	if opened != nil {
		return bad("%s", plain(opened))
	}
	current, err := d.db.Current(d.ctx)
	if err != nil {
		return bad("%s", plain(err))
	}
	if !current {
		return bad("表结构不是这个版本的。请运行 portal migrate。")
	}
	return good("%s，表结构是最新的。", d.db.Dialect())
}

// Free space in the data folder below which the doctor speaks.
const (
	fewBytes = 512 << 20
	lowBytes = 4 << 30
)

func (d doctor) disk() finding {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.config.DataDir, &s); err != nil {
		return bad("数据文件夹 %s：%s", d.config.DataDir, plain(err))
	}
	free := int64(s.Bavail) * int64(s.Bsize)
	said := fmt.Sprintf("数据文件夹还有 %.1f GB 可用。", float64(free)/(1<<30))
	switch {
	case free < fewBytes:
		return bad("%s请马上清理或者扩容。", said)
	case free < lowBytes:
		return note("%s请安排扩容。", said)
	}
	return good("%s", said)
}

// secret checks that only its owner can read a key file.
func secret(path string) (problem string) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path + " 不存在。请从单独保管的副本里找回。"
	case err != nil:
		return path + "：" + plain(err)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Sprintf("%s 的权限是 %04o，别人也能读。请运行 chmod 600 %s。", path, info.Mode().Perm(), path)
	}
	return ""
}

func (d doctor) pepper() finding {
	file := d.config.PepperFile
	if problem := secret(file); problem != "" {
		return bad("%s", problem)
	}
	p, err := seal.LoadPepper(file, false)
	if err != nil {
		return bad("%s", plain(err))
	}
	return d.read(func(r *store.Reader) finding {
		known, err := settings.Pinned(r, "pepper")
		switch {
		case err != nil:
			return bad("%s", plain(err))
		case known != p.Fingerprint():
			return bad("%s 不是这个数据库的 pepper，网站会拒绝启动。请换回原来的文件。", file)
		}
		if d.config.DatabaseURL == "" && filepath.Dir(file) == filepath.Clean(d.config.DataDir) && !d.config.Loopback() {
			return note("pepper 正确，但和数据库放在同一个文件夹。请用 PORTAL_PEPPER_FILE 把它移到别处。")
		}
		return good("%s", file)
	})
}

func (d doctor) serviceKeys() finding {
	file := d.blobKey()
	if problem := secret(file); problem != "" {
		return bad("%s", problem)
	}
	if _, err := blob.LoadOrCreateKey(file); err != nil {
		return bad("%s", plain(err))
	}
	return good("%s", file)
}

// calendar wants this year; the next one is announced in autumn, and without it
// from December on new limits are counted by weekends.
func (d doctor) calendar() finding {
	return d.read(func(r *store.Reader) finding {
		c, err := settings.LoadCalendar(r)
		if err != nil {
			return bad("%s", plain(err))
		}
		return judgeCalendar(c, calendar.Of(r.Now))
	})
}

func judgeCalendar(c *calendar.Calendar, today calendar.Date) finding {
	year := today.Year()
	switch {
	case !c.Loaded(year):
		return bad("没有 %d 年的放假安排，时限只能暂按周末推算。请在工作台“设置”的“放假安排”里装入国务院办公厅的通知。", year)
	case c.Loaded(year + 1):
		return good("%d 年和 %d 年的放假安排都已装入。", year, year+1)
	case today.Month() == time.December:
		return bad("还没有 %d 年的放假安排，跨年的时限正在暂按周末推算。请在工作台“设置”的“放假安排”里装入国务院办公厅的通知。", year+1)
	}
	return note("还没有 %d 年的放假安排，通知一般在十一月前后发布，请在十二月前装入。", year+1)
}

func (d doctor) trialAccounts() finding {
	return d.read(func(r *store.Reader) finding {
		trial, err := staff.HasTrial(r)
		file := filepath.Join(d.config.DataDir, app.FirstAccountsFile)
		switch {
		case err != nil:
			return bad("%s", plain(err))
		case trial && !d.config.Loopback():
			return bad("试用帐号还能登录。请先建立自己的帐号，再用 portal staff disable 逐个停用。")
		case trial:
			return note("试用帐号还能登录，只能用于本机试用。")
		case exists(file):
			return note("试用帐号都已停用，可以删除 %s。", file)
		}
		return good("没有试用帐号。")
	})
}

// triage looks for cases that nobody is left to deal with.
func (d doctor) triage() finding {
	return d.read(func(r *store.Reader) finding {
		n, numbers, err := cases.Stranded(r)
		switch {
		case err != nil:
			return bad("%s", plain(err))
		case n > 0:
			return bad("%d 件来件没有人能办：里面写到了全部分办员和督办员（最早的编号：%s）。请安全管理员在工作台“人员”里给一位没有被写到的同志加上“分办员”角色。", n, strings.Join(numbers, "、"))
		}
		return good("每一件来件都有人能分办。")
	})
}

// outbox counts the messages that nobody got.
func (d doctor) outbox() finding {
	return d.read(func(r *store.Reader) finding {
		u, err := journal.Undelivered(r)
		if err != nil {
			return bad("%s", plain(err))
		}
		said := fmt.Sprintf("等待发送 %d 封", u.Waiting)
		if u.Dead+u.Unknown == 0 {
			return good("%s，没有发不出去的。", said)
		}
		said = fmt.Sprintf("%s，放弃 %d 封，不知道是否送达 %d 封，最早的已有 %d 天。", said, u.Dead, u.Unknown, int(r.Now.Sub(u.Oldest).Hours()/24))
		if d.config.SMTPURL == "" {
			return note("%s没有设置 PORTAL_SMTP_URL 时，通知放三天就放弃。", said)
		}
		return note("%s请检查邮件服务器；不会自动补发，来信人凭编号和查询码仍能看到进展。", said)
	})
}

// quiet is how long no witness may have signed before somebody should look.
const quiet = 24 * time.Hour

// late is how long an entry may wait for its place before something is wrong.
const late = time.Minute

func (d doctor) publicLog() finding {
	if d.db == nil {
		return bad("数据库打不开，没有检查。")
	}
	state, err := logbook.Inspect(d.ctx, d.db, app.LogPlace(d.config))
	switch {
	case errors.Is(err, logbook.ErrKey):
		return bad("日志的密钥 log.key 不见了，或者不是签这本日志的那一把，网站会拒绝启动。请放回原来的文件；真的找不回来，运行 portal log restart --reason 理由。")
	case errors.Is(err, logbook.ErrRewound):
		return bad("数据库里的日志比签过名的少，不再签名：可能恢复了旧备份。请核对；确实是恢复的，运行 portal log restart --reason 从备份恢复。")
	case err != nil:
		return bad("%s", plain(err))
	case state.Lag > late:
		return bad("有记录等了 %s 还没有写进公开日志，请查看网站的运行日志。", state.Lag.Round(time.Second))
	case state.Origin == config.Config{}.LogOrigin() && !d.config.Loopback():
		return note("公开日志共 %d 条，名称还是试用时的 %s。正式启用前用新的数据文件夹，或者运行 portal log restart --reason 正式启用。", state.Size, state.Origin)
	}
	if n := len(d.config.LogWitnesses); n > 0 {
		var seen []logbook.Seen
		out := d.read(func(r *store.Reader) finding {
			var err error
			if seen, err = logbook.Witnessed(r); err != nil {
				return bad("%s", plain(err))
			}
			return finding{}
		})
		switch {
		case out != finding{}:
			return out
		case len(seen) < n || d.db.Now().Sub(seen[0].At) > quiet && state.Size > seen[0].Size:
			return note("公开日志 %s，共 %d 条。设置了 %d 个见证人，签过名的 %d 个；请看网站的运行日志里 ask witnesses 一行，检查地址和网络。", state.Origin, state.Size, n, len(seen))
		}
	}
	return good("公开日志 %s，共 %d 条。", state.Origin, state.Size)
}

// knock is how long the mail server may take to greet.
const knock = 10 * time.Second

func (d doctor) mail() finding {
	if d.config.SMTPURL == "" {
		return note("没有设置 PORTAL_SMTP_URL，不发邮件。")
	}
	if d.config.BaseURL == "" {
		return note("设置了 PORTAL_SMTP_URL，没有设置 PORTAL_BASE_URL：邮件里没有网址，公众不能用邮箱订阅。")
	}
	u, err := url.Parse(d.config.SMTPURL)
	if err != nil || u.Hostname() == "" {
		return bad("PORTAL_SMTP_URL 应当像 smtp://user:password@host:587。")
	}
	ctx, cancel := context.WithTimeout(d.ctx, knock)
	defer cancel()
	if err := greet(ctx, u); err != nil {
		return bad("邮件服务器 %s ：%s", u.Host, plain(err))
	}
	return good("邮件服务器 %s 有应答。", u.Host)
}

// greet says EHLO and goes; it neither signs in nor sends.
func greet(ctx context.Context, u *url.URL) error {
	port, dial := u.Port(), (&net.Dialer{}).DialContext
	if u.Scheme == "smtps" {
		dial = (&tls.Dialer{}).DialContext
		if port == "" {
			port = "465"
		}
	}
	if port == "" {
		port = "587"
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	c, err := smtp.NewClient(conn, u.Hostname())
	if err != nil {
		return err
	}
	if err := c.Hello("localhost"); err != nil {
		return err
	}
	return c.Quit()
}
