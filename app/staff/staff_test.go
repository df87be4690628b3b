package staff_test

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pquerna/otp/totp"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var pepper = []byte("a pepper of the tests, 32 bytes..")

const password = "Lushui-7-kongming"

// house is a service with a security administrator and a handler.
type house struct {
	*staff.Service
	t       *testing.T
	db      *store.DB
	clock   *storetest.Clock
	admin   staff.Actor
	handler int64
}

func each(t *testing.T, test func(h house)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		h := house{Service: staff.Cheapen(staff.New(db, pepper, false)), t: t, db: db, clock: clock}
		id, _ := h.add("admin.one", staff.SecAdmin)
		h.admin = staff.Actor{ID: id, Login: "admin.one", Name: "管理员", Roles: []staff.Role{staff.SecAdmin}}
		h.handler, _ = h.add("zhang.san", staff.Handler, staff.Liaison)
		test(h)
		stafftest.Check(t, db)
	})
}

// add makes an account with the lasting password.
func (h house) add(login string, roles ...staff.Role) (int64, string) {
	h.t.Helper()
	id, oneTime, err := h.Add(h.t.Context(), staff.System, staff.Draft{Login: login, Name: "张三", Roles: roles, Password: password})
	if err != nil || oneTime != "" {
		h.t.Fatal(oneTime, err)
	}
	return id, login
}

func (h house) signIn(login, pw string) string {
	h.t.Helper()
	in, err := h.SignIn(h.t.Context(), login, pw)
	if err != nil || in.NeedsCode {
		h.t.Fatal(in.NeedsCode, err)
	}
	return in.Cookie
}

func (h house) who(cookie string) staff.Actor {
	h.t.Helper()
	a, err := h.Session(h.t.Context(), cookie)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h house) gone(cookie string) {
	h.t.Helper()
	if a, err := h.Session(h.t.Context(), cookie); !fault.Is(err, fault.Unauthenticated) {
		h.t.Errorf("the session still opens: %v %v", a, err)
	}
}

func (h house) want(kind fault.Kind, err error) {
	h.t.Helper()
	if !fault.Is(err, kind) {
		h.t.Errorf("got %v, want a fault of kind %d", err, kind)
	}
}

// verbs lists the trail's verbs about a person, oldest first.
func (h house) verbs(id int64) []string {
	h.t.Helper()
	list := []string{}
	err := h.db.Read(h.t.Context(), func(r *store.Reader) error {
		trail, err := journal.Trail(r, journal.Filter{Subject: "staff", SubjectID: id, Limit: 100})
		for _, e := range trail {
			list = append([]string{e.Verb}, list...)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// enrol sets up the second factor and returns its secret and recovery codes.
func (h house) enrol(cookie string) (secret string, codes []string) {
	h.t.Helper()
	a := h.who(cookie)
	e, err := h.BeginFactor(h.t.Context(), a, "明镜")
	if err != nil {
		h.t.Fatal(err)
	}
	secret = strings.ReplaceAll(e.Secret, " ", "")
	codes, err = h.ConfirmFactor(h.t.Context(), a, h.code(secret))
	if err != nil {
		h.t.Fatal(err)
	}
	h.clock.Advance(time.Minute) // that code is used up
	return secret, codes
}

func (h house) code(secret string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(secret, h.clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

func TestASessionTellsWhoActs(t *testing.T) {
	each(t, func(h house) {
		dept, err := h.AddDepartment(t.Context(), h.admin, " 执行局 ")
		if err != nil {
			t.Fatal(err)
		}
		id, _, err := h.Add(t.Context(), h.admin, staff.Draft{Login: " Li.Si ", Name: "李四", DepartmentID: dept,
			Roles: []staff.Role{staff.Publisher, staff.Handler, staff.Handler}, Password: password})
		if err != nil {
			t.Fatal(err)
		}
		got := h.who(h.signIn("LI.SI", password))
		want := staff.Actor{ID: id, Login: "li.si", Name: "李四", DepartmentID: dept, Department: "执行局", Roles: []staff.Role{staff.Handler, staff.Publisher}}
		if d := cmp.Diff(want, got, cmpopts.IgnoreFields(staff.Actor{}, "Session"), cmpopts.IgnoreUnexported(staff.Actor{})); d != "" {
			t.Error(d)
		}
		if len(got.Session) != 32 {
			t.Errorf("row key of %d bytes", len(got.Session))
		}
		for _, bad := range []string{"", "x", "！", strings.Repeat("A", 43), strings.Repeat("A", 1000)} {
			h.gone(bad)
		}
	})
}

func TestASessionEndsWhenIdleAndAtEightHours(t *testing.T) {
	each(t, func(h house) {
		idle, used := h.signIn("zhang.san", password), h.signIn("zhang.san", password)
		h.clock.Advance(29 * time.Minute)
		h.who(used)
		h.clock.Advance(time.Minute)
		h.gone(idle)
		for range 22 { // used every 20 minutes, until 7:50
			h.who(used)
			h.clock.Advance(20 * time.Minute)
		}
		h.clock.Advance(9 * time.Minute)
		h.who(used)
		h.clock.Advance(time.Minute) // 8:00
		h.gone(used)
		if n, err := h.Purge(t.Context()); err != nil || n != 2 {
			t.Errorf("purged %d, %v", n, err)
		}
	})
}

func TestUseIsRecordedOnceAMinute(t *testing.T) {
	each(t, func(h house) {
		cookie := h.signIn("zhang.san", password)
		touched := func() (at time.Time) {
			err := h.db.Read(t.Context(), func(r *store.Reader) error {
				return r.Raw("SELECT touched_at FROM sessions").Scan(&at).Error
			})
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		start := touched()
		h.clock.Advance(59 * time.Second)
		h.who(cookie)
		if !touched().Equal(start) {
			t.Error("recorded within a minute")
		}
		h.clock.Advance(time.Second)
		h.who(cookie)
		if got := touched().Sub(start); got != time.Minute {
			t.Errorf("recorded after %s", got)
		}
	})
}

func TestTheDatabaseAloneOpensNothing(t *testing.T) {
	each(t, func(h house) {
		cookie := h.signIn("zhang.san", password)
		secret, codes := h.enrol(cookie)
		dump := storetest.Dump(t, h.db, "staff", "sessions", "recovery_codes", "audit")
		for _, s := range append([]string{cookie, secret, password}, codes...) {
			if strings.Contains(dump, s) || strings.Contains(dump, strings.ReplaceAll(s, "-", "")) {
				t.Errorf("%q is in the database", s)
			}
		}
		// Who writes to the database makes no session, and no other's of their own.
		forged := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
		id, err := hkdf.Key(sha256.New, make([]byte, 32), nil, "id", 32)
		if err != nil {
			t.Fatal(err)
		}
		row := sha256.Sum256(id)
		err = h.db.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.Exec("INSERT INTO sessions (staff_id, id_hash, created_at, touched_at, expires_at, second_factor) VALUES (?, ?, ?, ?, ?, ?)", h.admin.ID, row[:], tx.Now, tx.Now, tx.Now.Add(time.Hour), true).Error,
				tx.Exec("UPDATE sessions SET staff_id = ?, second_factor = ?", h.admin.ID, true).Error)
		})
		if err != nil {
			t.Fatal(err)
		}
		h.gone(forged)
		h.gone(cookie)
		if err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec("DELETE FROM sessions").Error }); err != nil {
			t.Fatal(err)
		}
		other := staff.Cheapen(staff.New(h.db, []byte("another pepper, also long enough"), false))
		_, err = other.SignIn(t.Context(), "zhang.san", password)
		h.want(fault.Invalid, err)
	})
}

func TestSigningOutEndsTheSession(t *testing.T) {
	each(t, func(h house) {
		a, b, c := h.signIn("zhang.san", password), h.signIn("zhang.san", password), h.signIn("admin.one", password)
		for range 2 {
			if err := h.SignOut(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.SignOut(t.Context(), "nonsense"); err != nil {
			t.Error(err)
		}
		h.gone(a)
		me := h.who(b)
		h.want(fault.Forbidden, h.SignOutEverywhere(t.Context(), me, h.admin.ID))
		h.want(fault.Unauthenticated, h.SignOutEverywhere(t.Context(), staff.Actor{}, h.admin.ID))
		if err := h.SignOutEverywhere(t.Context(), me, me.ID); err != nil {
			t.Fatal(err)
		}
		h.gone(b)
		h.who(c)
	})
}

func TestAWrongPasswordAndAnUnknownLoginAnswerAlike(t *testing.T) {
	each(t, func(h house) {
		answers := func(login string) (list []string) {
			for range 8 {
				_, err := h.SignIn(t.Context(), login, "wrong password")
				f, ok := fault.As(err)
				if !ok {
					t.Fatal(err)
				}
				list = append(list, fmt.Sprint(f.Kind, f.Message, f.RetryAfter))
				h.clock.Advance(40 * time.Second)
			}
			return list
		}
		known := answers("zhang.san")
		if d := cmp.Diff(known, answers("nobody")); d != "" {
			t.Error(d)
		}
		if !strings.Contains(known[7], "分钟后再试") {
			t.Error(known)
		}
		if err := h.Disable(t.Context(), h.admin, h.handler); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Hour)
		_, disabled := h.SignIn(t.Context(), "zhang.san", password)
		_, unknown := h.SignIn(t.Context(), "nobody.else", password)
		h.want(fault.Invalid, disabled)
		h.want(fault.Invalid, unknown)
		if disabled.Error() != unknown.Error() {
			t.Errorf("%v / %v", disabled, unknown)
		}
	})
}

func TestFailuresMakeAnAccountWaitLongerButNeverForEver(t *testing.T) {
	var waits []string
	for n := 1; n <= 12; n++ {
		waits = append(waits, staff.Wait(n).String())
	}
	if d := cmp.Diff([]string{"0s", "0s", "0s", "0s", "1m0s", "2m0s", "4m0s", "8m0s", "15m0s", "15m0s", "15m0s", "15m0s"}, waits); d != "" {
		t.Error(d)
	}
	if staff.Wait(1<<40) != 15*time.Minute {
		t.Error("a wait without end")
	}
	each(t, func(h house) {
		fail := func(kind fault.Kind) {
			t.Helper()
			_, err := h.SignIn(t.Context(), "zhang.san", "wrong password")
			h.want(kind, err)
		}
		for range 5 {
			fail(fault.Invalid)
		}
		fail(fault.TooMany)
		_, err := h.SignIn(t.Context(), "zhang.san", password) // not even with the right one
		h.want(fault.TooMany, err)
		if f, _ := fault.As(err); f.RetryAfter != time.Minute || f.Message != "连续输错次数较多，请 1 分钟后再试。" {
			t.Errorf("%+v", f)
		}
		h.clock.Advance(time.Minute)
		fail(fault.Invalid)
		h.clock.Advance(time.Minute)
		fail(fault.TooMany)
		h.clock.Advance(time.Minute)
		h.signIn("zhang.san", password) // forgiven
		for range 4 {
			fail(fault.Invalid)
		}
		h.signIn("zhang.san", password)
		want := append([]string{"staff.add"}, slices.Repeat([]string{"staff.sign_in.refuse"}, 6)...)
		want = append(append(want, "staff.sign_in"), slices.Repeat([]string{"staff.sign_in.refuse"}, 4)...)
		if d := cmp.Diff(append(want, "staff.sign_in"), h.verbs(h.handler)); d != "" {
			t.Error(d)
		}
	})
}

func TestGuessesAtOnceAreAsManyFailures(t *testing.T) {
	each(t, func(h house) {
		var mu sync.Mutex
		kinds := map[fault.Kind]int{}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := h.SignIn(t.Context(), "zhang.san", "wrong password")
				f, ok := fault.As(err)
				if !ok {
					t.Error(err)
					return
				}
				mu.Lock()
				kinds[f.Kind]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if d := cmp.Diff(map[fault.Kind]int{fault.Invalid: 5, fault.TooMany: 15}, kinds); d != "" {
			t.Error(d)
		}
	})
}

func TestAFloodIsAskedToComeBack(t *testing.T) {
	each(t, func(h house) {
		back := staff.Fill(h.Service)
		_, err := h.SignIn(t.Context(), "zhang.san", password)
		h.want(fault.Busy, err)
		back()
		back = staff.FillSlots(h.Service)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = h.SignIn(ctx, "zhang.san", password)
		h.want(fault.Busy, err)
		back()
		h.signIn("zhang.san", password)
	})
}

func TestAPasswordCostsWhatTheNormSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		s := staff.New(db, pepper, false)
		if _, _, err := s.Add(t.Context(), staff.System, staff.Draft{Login: "zhang.san", Name: "张三", Roles: []staff.Role{staff.SecAdmin}, Password: password}); err != nil {
			t.Fatal(err)
		}
		var hash string
		err := db.Read(t.Context(), func(r *store.Reader) error { return r.Raw("SELECT password_hash FROM staff").Scan(&hash).Error })
		if err != nil || !strings.HasPrefix(hash, "argon2id+hkdf$3$65536$2$") {
			t.Errorf("%s %v", hash, err)
		}
		if _, err := s.SignIn(t.Context(), "zhang.san", password); err != nil {
			t.Error(err)
		}
	})
}

func TestPasswordsFollowThePolicy(t *testing.T) {
	for p, ok := range map[string]bool{
		"Kunming-2021": true, "kongming7!": true, "松柏 常青 Sb1": true, "correct horse battery": true, "昆明市日新中路三九三号的高院大门": true,
		"": false, "Ab1!": false, "abcdefgh": false, "abcdefg1": false, "ABCDEFG1": false, "Password1!": false, "P@ssw0rd": false, "Admin@123": false,
		"1qaz@WSX": false, "Aa123456!": false, "aaaaaaaaaaaaaaaaaaaa": false, "Zhang.San-2021": false, "abababababababab": false,
		strings.Repeat("abcdefgh", 30): false,
	} {
		if err := staff.CheckPassword("zhang.san", p); (err == nil) != ok {
			t.Errorf("%q: %v", p, err)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		p := staff.GeneratePassword()
		if err := staff.CheckPassword("zhang.san", p); err != nil || seen[p] || len(p) != 19 {
			t.Fatal(p, err)
		}
		seen[p] = true
	}
}

func TestAOneTimePasswordMustBeChangedFirst(t *testing.T) {
	each(t, func(h house) {
		id, oneTime, err := h.Add(t.Context(), h.admin, staff.Draft{Login: "li.si", Name: "李四", Roles: []staff.Role{staff.Handler}})
		if err != nil || oneTime == "" {
			t.Fatal(oneTime, err)
		}
		cookie := h.signIn("li.si", oneTime)
		a := h.who(cookie)
		h.want(fault.Forbidden, a.Require())
		if a.Hold != staff.HoldPassword || a.Has(staff.Handler) {
			t.Errorf("%+v", a)
		}
		h.want(fault.Invalid, h.ChangePassword(t.Context(), a, oneTime, "short"))
		h.want(fault.Invalid, h.ChangePassword(t.Context(), a, oneTime, oneTime))
		h.want(fault.Invalid, h.ChangePassword(t.Context(), a, "not the old one", password))
		if err := h.ChangePassword(t.Context(), a, oneTime, password); err != nil {
			t.Fatal(err)
		}
		a = h.who(cookie)
		if err := a.Require(staff.Handler); err != nil || a.Hold != "" {
			t.Errorf("%+v %v", a, err)
		}
		_, err = h.SignIn(t.Context(), "li.si", oneTime)
		h.want(fault.Invalid, err)
		if d := cmp.Diff([]string{"staff.add", "staff.sign_in", "staff.sign_in.refuse", "staff.password.change", "staff.sign_in.refuse"}, h.verbs(id)); d != "" {
			t.Error(d)
		}
	})
}

func TestChangingAPasswordSignsOutOthersAndResettingAll(t *testing.T) {
	each(t, func(h house) {
		mine, elsewhere := h.signIn("zhang.san", password), h.signIn("zhang.san", password)
		const next = "Jinsha-9-xiliu"
		if err := h.ChangePassword(t.Context(), h.who(mine), password, next); err != nil {
			t.Fatal(err)
		}
		h.gone(elsewhere)
		h.who(mine)
		for range 6 {
			_, err := h.SignIn(t.Context(), "zhang.san", "wrong password")
			if err == nil {
				t.Fatal("signed in")
			}
		}
		oneTime, err := h.ResetPassword(t.Context(), h.admin, h.handler)
		if err != nil {
			t.Fatal(err)
		}
		h.gone(mine)
		if a := h.who(h.signIn("zhang.san", oneTime)); a.Hold != staff.HoldPassword { // no wait any more
			t.Errorf("%+v", a)
		}
		_, err = h.ResetPassword(t.Context(), h.admin, 999)
		h.want(fault.NotFound, err)
	})
}

func TestADisabledAccountIsOut(t *testing.T) {
	each(t, func(h house) {
		cookie := h.signIn("zhang.san", password)
		for range 2 {
			if err := h.Disable(t.Context(), h.admin, h.handler); err != nil {
				t.Fatal(err)
			}
		}
		h.gone(cookie)
		_, err := h.SignIn(t.Context(), "zhang.san", password)
		h.want(fault.Invalid, err)
		for range 2 {
			if err := h.Enable(t.Context(), h.admin, h.handler); err != nil {
				t.Fatal(err)
			}
		}
		h.gone(cookie)
		h.signIn("zhang.san", password)
		if d := cmp.Diff([]string{"staff.add", "staff.sign_in", "staff.disable", "staff.sign_in.refuse", "staff.enable", "staff.sign_in"}, h.verbs(h.handler)); d != "" {
			t.Error(d)
		}
	})
}

func TestDutiesStaySeparate(t *testing.T) {
	const sys, sec, audit = staff.SysAdmin, staff.SecAdmin, staff.AuditAdmin
	for _, x := range []struct {
		roles []staff.Role
		words string // "" when allowed
	}{
		{[]staff.Role{staff.Handler, staff.Liaison, staff.Reviewer}, ""},
		{[]staff.Role{sys}, ""}, {[]staff.Role{sec}, ""}, {[]staff.Role{audit}, ""},
		{[]staff.Role{sec, staff.Leader}, ""},
		{nil, "至少选择一个角色"},
		{[]staff.Role{"boss"}, "没有“boss”这个角色"},
		{[]staff.Role{"*"}, "没有“*”这个角色"},
		{[]staff.Role{sys, sec}, "系统管理员、安全管理员不能由同一人担任"},
		{[]staff.Role{audit, sec}, "安全管理员、审计管理员不能由同一人担任"},
		{[]staff.Role{audit, sys}, "系统管理员、审计管理员不能由同一人担任"},
		{[]staff.Role{staff.Leader, sys}, "系统管理员不得接触办件内容"},
		{[]staff.Role{staff.DisciplineOfficer, staff.Custodian}, "要由两个人担任"},
		{[]staff.Role{audit, staff.Handler}, "审计管理员不得接触办件内容"},
	} {
		err := staff.CheckRoles(x.roles)
		if x.words == "" && err != nil || x.words != "" && (!fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), x.words)) {
			t.Errorf("%v: %v", x.roles, err)
		}
	}
	if len(staff.Roles) != 16 {
		t.Errorf("%d roles", len(staff.Roles))
	}
	for _, r := range staff.Roles {
		if r.Name() == "" {
			t.Errorf("%s has no name", r)
		}
	}
	got, err := staff.ParseRoles("handler, liaison，reviewer")
	if d := cmp.Diff([]staff.Role{staff.Handler, staff.Liaison, staff.Reviewer}, got); d != "" || err != nil {
		t.Error(d, err)
	}
	each(t, func(h house) {
		h.want(fault.Invalid, h.SetRoles(t.Context(), h.admin, h.handler, []staff.Role{sys, staff.Handler}))
		if err := h.SetRoles(t.Context(), h.admin, h.handler, []staff.Role{staff.Approver, staff.Reviewer}); err != nil {
			t.Fatal(err)
		}
		p, err := h.Get(t.Context(), h.admin, h.handler)
		want := staff.Person{ID: h.handler, Login: "zhang.san", Name: "张三", Roles: []staff.Role{staff.Reviewer, staff.Approver}, CreatedAt: storetest.Start}
		if d := cmp.Diff(want, p); d != "" || err != nil {
			t.Error(d, err)
		}
		err = h.db.Read(t.Context(), func(r *store.Reader) error {
			trail, err := journal.Trail(r, journal.Filter{SubjectID: h.handler, Subject: "staff", Limit: 1})
			want := []journal.Entry{{At: storetest.Start, ActorID: h.admin.ID, ActorName: "管理员", Verb: "staff.roles", Subject: "staff", SubjectID: h.handler,
				Changes: []journal.Change{{Field: "roles", Old: "liaison,handler", New: "reviewer,approver"}}}}
			if d := cmp.Diff(want, trail, cmpopts.IgnoreFields(journal.Entry{}, "ID")); d != "" {
				t.Error(d)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestOnlyTheSecurityAdministratorChangesAccounts(t *testing.T) {
	each(t, func(h house) {
		ctx, id := t.Context(), h.handler
		for _, x := range []struct {
			actor staff.Actor
			kind  fault.Kind
		}{
			{staff.Actor{}, fault.Unauthenticated},
			{staff.Actor{ID: 7, Roles: []staff.Role{staff.SysAdmin}}, fault.Forbidden},
			{staff.Actor{ID: 7, Roles: []staff.Role{staff.AuditAdmin}}, fault.Forbidden},
			{staff.Actor{ID: 7, Roles: []staff.Role{staff.Leader}}, fault.Forbidden},
			{staff.Actor{ID: 7, Roles: []staff.Role{staff.SecAdmin}, Hold: staff.HoldPassword}, fault.Forbidden},
			{staff.Actor{ID: 7, Roles: []staff.Role{staff.SecAdmin}, Hold: staff.HoldFactor}, fault.Forbidden},
		} {
			_, _, err := h.Add(ctx, x.actor, staff.Draft{Login: "li.si", Name: "李四", Roles: []staff.Role{staff.Leader}})
			h.want(x.kind, err)
			_, err = h.AddDepartment(ctx, x.actor, "执行局")
			h.want(x.kind, err)
			_, err = h.ResetPassword(ctx, x.actor, id)
			h.want(x.kind, err)
			h.want(x.kind, h.SetRoles(ctx, x.actor, id, []staff.Role{staff.Leader}))
			h.want(x.kind, h.Disable(ctx, x.actor, id))
			h.want(x.kind, h.Enable(ctx, x.actor, id))
			h.want(x.kind, h.ResetFactor(ctx, x.actor, id))
			h.want(x.kind, h.SignOutEverywhere(ctx, x.actor, id))
		}
		for _, x := range []struct {
			actor staff.Actor
			ok    bool
		}{
			{staff.Actor{}, false}, {staff.Actor{ID: 7, Roles: []staff.Role{staff.Leader}}, false},
			{staff.Actor{ID: 7, Roles: []staff.Role{staff.SysAdmin}}, true}, {staff.Actor{ID: 7, Roles: []staff.Role{staff.AuditAdmin}}, true}, {h.admin, true},
		} {
			_, e1 := h.List(ctx, x.actor, 0, 10)
			_, e2 := h.Get(ctx, x.actor, id)
			if (e1 == nil) != x.ok || (e2 == nil) != x.ok {
				t.Errorf("%v: %v %v", x.actor, e1, e2)
			}
		}
		h.want(fault.Forbidden, h.SetRoles(ctx, h.admin, h.admin.ID, []staff.Role{staff.Leader}))
		h.want(fault.Forbidden, h.Disable(ctx, h.admin, h.admin.ID))
		if d := cmp.Diff([]string{"staff.add"}, h.verbs(id)); d != "" {
			t.Errorf("refused, but recorded: %s", d)
		}
	})
}

func TestTheLastKeeperStays(t *testing.T) {
	each(t, func(h house) {
		ctx := t.Context()
		h.want(fault.Conflict, h.Disable(ctx, staff.System, h.admin.ID))
		h.want(fault.Conflict, h.SetRoles(ctx, staff.System, h.admin.ID, []staff.Role{staff.Leader}))
		officer, _ := h.add("officer", staff.DisciplineOfficer)
		h.want(fault.Conflict, h.Disable(ctx, h.admin, officer))
		h.want(fault.Conflict, h.SetRoles(ctx, h.admin, officer, []staff.Role{staff.Leader}))
		second, _ := h.add("officer.two", staff.DisciplineOfficer)
		if err := h.Disable(ctx, h.admin, officer); err != nil {
			t.Error(err)
		}
		h.want(fault.Conflict, h.Disable(ctx, h.admin, second))
	})
}

func TestTwoAdministratorsCannotDisableEachOtherAtOnce(t *testing.T) {
	each(t, func(h house) {
		id, _ := h.add("admin.two", staff.SecAdmin)
		other := staff.Actor{ID: id, Name: "管理员二", Roles: []staff.Role{staff.SecAdmin}}
		var errs [2]error
		var wg sync.WaitGroup
		wg.Go(func() { errs[0] = h.Disable(t.Context(), h.admin, other.ID) })
		wg.Go(func() { errs[1] = h.Disable(t.Context(), other, h.admin.ID) })
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				h.want(fault.Conflict, err)
			}
		}
		if won != 1 {
			t.Errorf("%v", errs)
		}
	})
}

func TestAddNamesWhatIsWrong(t *testing.T) {
	each(t, func(h house) {
		fields := func(d staff.Draft) (names []string) {
			_, _, err := h.Add(t.Context(), h.admin, d)
			f, ok := fault.As(err)
			if !ok || f.Kind != fault.Invalid {
				t.Fatal(err)
			}
			for _, x := range f.Fields {
				names = append(names, x.Name)
			}
			return names
		}
		ok := staff.Draft{Login: "li.si", Name: "李四", Roles: []staff.Role{staff.Handler}, Password: password}
		taken, nowhere := ok, ok
		taken.Login, nowhere.DepartmentID = "ZHANG.SAN", 999
		if d := cmp.Diff([]string{"login", "name", "roles", "password"}, fields(staff.Draft{Login: "李四", Password: "x"})); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"login"}, fields(taken)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"department"}, fields(nowhere)); d != "" {
			t.Error(d)
		}
	})
}

func TestDepartmentsAndRolesFindPeople(t *testing.T) {
	each(t, func(h house) {
		ctx := t.Context()
		dept, err := h.AddDepartment(ctx, h.admin, "执行局")
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.AddDepartment(ctx, h.admin, "执行局")
		h.want(fault.Conflict, err)
		_, err = h.AddDepartment(ctx, h.admin, " ")
		h.want(fault.Invalid, err)
		list, err := h.Departments(ctx)
		if d := cmp.Diff([]staff.Department{{ID: dept, Name: "执行局", Active: true}}, list); d != "" || err != nil {
			t.Error(d, err)
		}
		id, _, err := h.Add(ctx, h.admin, staff.Draft{Login: "li.si", Name: "李四", DepartmentID: dept, Roles: []staff.Role{staff.Handler}})
		if err != nil {
			t.Fatal(err)
		}
		left, _ := h.add("wang.wu", staff.Handler)
		if err := h.Disable(ctx, h.admin, left); err != nil {
			t.Fatal(err)
		}
		err = h.db.Read(ctx, func(r *store.Reader) error {
			for department, want := range map[int64][]int64{0: {h.handler, id}, dept: {id}} {
				people, err := staff.Holding(r, staff.Handler, department)
				if err != nil {
					return err
				}
				var got []int64
				for _, p := range people {
					got = append(got, p.ID)
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Error(d)
				}
			}
			_, err := staff.Find(r, 999)
			h.want(fault.NotFound, err)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var pages []string
		for after := int64(0); ; {
			page, err := h.List(ctx, h.admin, after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				pages, after = append(pages, p.Login), p.ID
			}
		}
		if d := cmp.Diff([]string{"admin.one", "zhang.san", "li.si", "wang.wu"}, pages); d != "" {
			t.Error(d)
		}
	})
}

func TestTheSecondFactorIsSetUpAndAskedFor(t *testing.T) {
	each(t, func(h house) {
		ctx := t.Context()
		cookie, elsewhere := h.signIn("zhang.san", password), h.signIn("zhang.san", password)
		a := h.who(cookie)
		_, err := h.ConfirmFactor(ctx, a, "123456")
		h.want(fault.Conflict, err)
		e, err := h.BeginFactor(ctx, a, "明镜")
		if err != nil {
			t.Fatal(err)
		}
		again, err := h.BeginFactor(ctx, a, "明镜")
		if d := cmp.Diff(e, again); d != "" || err != nil {
			t.Errorf("a reloaded page shows another secret: %v", err)
		}
		secret := strings.ReplaceAll(e.Secret, " ", "")
		if !strings.HasPrefix(e.URL, "otpauth://totp/") || !strings.Contains(e.URL, "secret="+secret) {
			t.Error(e.URL)
		}
		if _, err := png.Decode(bytes.NewReader(e.PNG)); err != nil {
			t.Error(err)
		}
		_, err = h.ConfirmFactor(ctx, a, "000000")
		h.want(fault.Invalid, err)
		codes, err := h.ConfirmFactor(ctx, a, h.code(secret))
		if err != nil || len(codes) != 10 {
			t.Fatal(codes, err)
		}
		h.gone(elsewhere)
		if a := h.who(cookie); !a.SecondFactor {
			t.Errorf("%+v", a)
		}
		_, err = h.BeginFactor(ctx, a, "明镜")
		h.want(fault.Conflict, err)

		in, err := h.SignIn(ctx, "zhang.san", password)
		if err != nil || !in.NeedsCode {
			t.Fatal(in.NeedsCode, err)
		}
		h.gone(in.Cookie)
		_, err = h.ConfirmCode(ctx, in.Cookie, h.code(secret)) // used to set up
		h.want(fault.Invalid, err)
		h.clock.Advance(30 * time.Second)
		full, err := h.ConfirmCode(ctx, in.Cookie, " "+h.code(secret)[:3]+" "+h.code(secret)[3:])
		if err != nil || full == in.Cookie {
			t.Fatal(err)
		}
		if a := h.who(full); !a.SecondFactor || a.Require(staff.Handler) != nil {
			t.Errorf("%+v", a)
		}
		h.gone(in.Cookie)
		_, err = h.ConfirmCode(ctx, in.Cookie, h.code(secret))
		h.want(fault.Unauthenticated, err)
		_, err = h.ConfirmCode(ctx, full, h.code(secret))
		h.want(fault.Conflict, err)

		late, err := h.SignIn(ctx, "zhang.san", password)
		if err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(5 * time.Minute)
		_, err = h.ConfirmCode(ctx, late.Cookie, h.code(secret))
		h.want(fault.Unauthenticated, err)

		if err := h.ResetFactor(ctx, h.admin, h.handler); err != nil {
			t.Fatal(err)
		}
		h.gone(full)
		h.signIn("zhang.san", password)
		if d := cmp.Diff([]string{"staff.add", "staff.sign_in", "staff.sign_in", "staff.factor.set", "staff.sign_in.refuse", "staff.sign_in", "staff.factor.reset", "staff.sign_in"}, h.verbs(h.handler)); d != "" {
			t.Error(d)
		}
	})
}

func TestWrongCodesMakeTheAccountWaitWhateverThePassword(t *testing.T) {
	each(t, func(h house) {
		h.enrol(h.signIn("zhang.san", password))
		for i := range 5 {
			in, err := h.SignIn(t.Context(), "zhang.san", password)
			if err != nil {
				t.Fatalf("%d: %v", i, err)
			}
			_, err = h.ConfirmCode(t.Context(), in.Cookie, "000000")
			h.want(fault.Invalid, err)
		}
		_, err := h.SignIn(t.Context(), "zhang.san", password)
		h.want(fault.TooMany, err)
	})
}

func TestACodeWorksOnceEvenAtOnce(t *testing.T) {
	each(t, func(h house) {
		secret, codes := h.enrol(h.signIn("zhang.san", password))
		for name, code := range map[string]string{"second factor": h.code(secret), "recovery": codes[3]} {
			var cookies [2]string
			for i := range cookies {
				in, err := h.SignIn(t.Context(), "zhang.san", password)
				if err != nil || !in.NeedsCode {
					t.Fatal(err)
				}
				cookies[i] = in.Cookie
			}
			var errs [2]error
			var wg sync.WaitGroup
			for i := range cookies {
				wg.Go(func() { _, errs[i] = h.ConfirmCode(t.Context(), cookies[i], code) })
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else {
					h.want(fault.Invalid, err)
				}
			}
			if won != 1 {
				t.Errorf("%s: %v", name, errs)
			}
		}
		left, err := h.RecoveryCodesLeft(t.Context(), staff.Actor{ID: h.handler})
		if err != nil || left != 9 {
			t.Error(left, err)
		}
		in, err := h.SignIn(t.Context(), "zhang.san", password)
		if err != nil {
			t.Fatal(err)
		}
		// as somebody reads it from paper
		if _, err := h.ConfirmCode(t.Context(), in.Cookie, strings.ToUpper(strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(codes[0]))); err != nil {
			t.Error(err)
		}
	})
}

func TestARequiredSecondFactorComesFirst(t *testing.T) {
	each(t, func(h house) {
		strict := h
		strict.Service = staff.Cheapen(staff.New(h.db, pepper, true))
		cookie := strict.signIn("zhang.san", password)
		a := strict.who(cookie)
		h.want(fault.Forbidden, a.Require(staff.Handler))
		if a.Hold != staff.HoldFactor || a.Has(staff.Handler) {
			t.Errorf("%+v", a)
		}
		strict.enrol(cookie)
		if err := strict.who(cookie).Require(staff.Handler); err != nil {
			t.Error(err)
		}
	})
}

func TestTheFirstStartMakesATrialAccountPerRole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		s := staff.Cheapen(staff.New(db, pepper, false))
		var lists [2][]staff.FirstAccount
		var wg sync.WaitGroup
		for i := range lists { // two instances start at once
			wg.Go(func() {
				var err error
				if lists[i], err = s.EnsureFirst(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		list := append(lists[0], lists[1]...)
		if len(list) != len(staff.Roles) {
			t.Fatalf("%d accounts", len(list))
		}
		for _, f := range list {
			in, err := s.SignIn(t.Context(), f.Login, f.Password)
			if err != nil {
				t.Fatal(f.Role, err)
			}
			a, err := s.Session(t.Context(), in.Cookie)
			if err != nil {
				t.Fatal(err)
			}
			want := staff.Actor{Login: string(f.Role), Name: f.Role.Name() + "（试用）", Roles: []staff.Role{f.Role}, Trial: true}
			if d := cmp.Diff(want, a, cmpopts.IgnoreFields(staff.Actor{}, "ID", "DepartmentID", "Department", "Session"), cmpopts.IgnoreUnexported(staff.Actor{})); d != "" {
				t.Error(d)
			}
			wholeCourt := slices.Contains([]staff.Role{staff.Leader, staff.Reviewer, staff.Approver}, f.Role)
			if (a.Department == "") != wholeCourt || (a.DepartmentID == 0) != (a.Department == "") {
				t.Errorf("%s belongs to %q", f.Role, a.Department)
			}
		}
		again, err := s.EnsureFirst(t.Context())
		if d := cmp.Diff([]staff.FirstAccount{}, again); d != "" || err != nil {
			t.Error(d, err)
		}
		stafftest.Check(t, db)
	})
}

func TestOtherRoomsGetTheirActors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		a := stafftest.Actor(t, db, "zhang", "执行局", staff.Handler)
		b := stafftest.Actor(t, db, "li", "执行局", staff.Reviewer)
		if a.ID == b.ID || a.DepartmentID != b.DepartmentID || a.Require(staff.Handler) != nil || a.Require(staff.Reviewer) == nil {
			t.Errorf("%+v %+v", a, b)
		}
		stafftest.Check(t, db)
	})
}

func TestAPersonIsRenamedAndMovedBySomebodyElse(t *testing.T) {
	each(t, func(h house) {
		first, err := h.AddDepartment(t.Context(), h.admin, "执行局")
		if err != nil {
			t.Fatal(err)
		}
		second, err := h.AddDepartment(t.Context(), h.admin, "办公室")
		if err != nil {
			t.Fatal(err)
		}
		open := h.signIn("zhang.san", password)
		if err := h.Change(t.Context(), h.admin, h.handler, " 张 三丰 ", first); err != nil {
			t.Fatal(err)
		}
		h.gone(open)
		open = h.signIn("zhang.san", password)
		if a := h.who(open); a.Name != "张 三丰" || a.Department != "执行局" {
			t.Errorf("%+v", a)
		}
		if err := h.Change(t.Context(), h.admin, h.handler, "张 三丰", first); err != nil {
			t.Fatal(err)
		}
		h.who(open) // nothing changed, so nothing ended

		h.want(fault.Forbidden, h.Change(t.Context(), h.admin, h.admin.ID, "另名", 0))
		h.want(fault.Forbidden, h.Change(t.Context(), h.who(open), h.admin.ID, "另名", 0))
		h.want(fault.Invalid, h.Change(t.Context(), h.admin, h.handler, "  ", first))
		h.want(fault.Invalid, h.Change(t.Context(), h.admin, h.handler, "张三", 9999))
		h.want(fault.NotFound, h.Change(t.Context(), h.admin, 9999, "张三", first))
		if err := h.RetireDepartment(t.Context(), h.admin, second); err != nil {
			t.Fatal(err)
		}
		h.want(fault.Invalid, h.Change(t.Context(), h.admin, h.handler, "张三", second))
		if err := h.Change(t.Context(), h.admin, h.handler, "张三", 0); err != nil {
			t.Fatal(err)
		}
		var changes [][]journal.Change
		err = h.db.Read(t.Context(), func(r *store.Reader) error {
			trail, err := journal.Trail(r, journal.Filter{Subject: "staff", SubjectID: h.handler, Limit: 100})
			for _, e := range trail {
				if e.Verb == "staff.change" {
					changes = append(changes, e.Changes)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		want := [][]journal.Change{{{Field: "name", Old: "张 三丰", New: "张三"}, {Field: "place", Old: "执行局", New: ""}},
			{{Field: "name", Old: "张三", New: "张 三丰"}, {Field: "place", Old: "", New: "执行局"}}}
		if d := cmp.Diff(want, changes); d != "" {
			t.Error(d)
		}
	})
}

func TestADepartmentIsRenamedAndRetired(t *testing.T) {
	each(t, func(h house) {
		id, err := h.AddDepartment(t.Context(), h.admin, "执行局")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.AddDepartment(t.Context(), h.admin, "办公室"); err != nil {
			t.Fatal(err)
		}
		h.want(fault.Conflict, h.RenameDepartment(t.Context(), h.admin, id, "办公室"))
		h.want(fault.Invalid, h.RenameDepartment(t.Context(), h.admin, id, " "))
		h.want(fault.NotFound, h.RenameDepartment(t.Context(), h.admin, 9999, "执行一局"))
		h.want(fault.Forbidden, h.RenameDepartment(t.Context(), staff.Actor{ID: h.handler, Roles: []staff.Role{staff.Handler}}, id, "执行一局"))
		h.want(fault.Forbidden, h.RetireDepartment(t.Context(), staff.Actor{ID: h.handler, Roles: []staff.Role{staff.Handler}}, id))
		for _, err := range []error{h.RenameDepartment(t.Context(), h.admin, id, "执行一局"), h.RetireDepartment(t.Context(), h.admin, id), h.RetireDepartment(t.Context(), h.admin, id)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		offered := func() (active, all []staff.Department) {
			err := h.db.Read(t.Context(), func(r *store.Reader) (err error) {
				if active, err = staff.Departments(r); err != nil {
					return err
				}
				all, err = staff.AllDepartments(r)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return active, all
		}
		active, all := offered()
		if d := cmp.Diff([]staff.Department{{ID: id + 1, Name: "办公室", Active: true}}, active); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]staff.Department{{ID: id, Name: "执行一局"}, {ID: id + 1, Name: "办公室", Active: true}}, all); d != "" {
			t.Error(d)
		}
		if err := h.RestoreDepartment(t.Context(), h.admin, id); err != nil {
			t.Fatal(err)
		}
		if active, all = offered(); len(active) != 2 {
			t.Errorf("%v %v", active, all)
		}
		var verbs []string
		err = h.db.Read(t.Context(), func(r *store.Reader) error {
			trail, err := journal.Trail(r, journal.Filter{Subject: "department", SubjectID: id, Limit: 100})
			for _, e := range trail {
				verbs = append(verbs, e.Verb)
			}
			return err
		})
		if d := cmp.Diff([]string{"department.restore", "department.retire", "department.rename", "department.add"}, verbs); err != nil || d != "" {
			t.Error(err, d)
		}
	})
}

func TestUnknownLoginsWaitWhicheverInstanceIsAsked(t *testing.T) {
	each(t, func(h house) {
		twin := staff.Cheapen(staff.New(h.db, pepper, false))
		answers := func(login string) (list []string) {
			for i := range 14 {
				_, err := []*staff.Service{h.Service, twin}[i%2].SignIn(t.Context(), login, "wrong password")
				f, ok := fault.As(err)
				if !ok {
					t.Fatal(err)
				}
				list = append(list, fmt.Sprint(f.Kind, f.Message, f.RetryAfter))
				h.clock.Advance(50 * time.Second)
			}
			return list
		}
		if d := cmp.Diff(answers("zhang.san"), answers("nobody")); d != "" {
			t.Error(d)
		}
		kept := func() (n int64) {
			err := h.db.Read(t.Context(), func(r *store.Reader) error { return r.Table("login_failures").Count(&n).Error })
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		purge := func() {
			if _, err := h.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if purge(); kept() != 1 {
			t.Error("forgotten too early")
		}
		h.clock.Advance(25 * time.Hour)
		if purge(); kept() != 0 {
			t.Error("kept for ever")
		}
		if d := cmp.Diff(answers("zhang.san"), answers("nobody")); d != "" {
			t.Error("after a day: " + d)
		}
	})
}

func TestPasswordsCostTheirFullPriceUnlessATestSaysOtherwise(t *testing.T) {
	if s := staff.New(nil, []byte("a pepper that is long enough"), false); !staff.IsFull(s) {
		t.Error("guessing passwords is cheap")
	}
}

func TestANoticesAddressIsKeptFromEverybodyElse(t *testing.T) {
	each(t, func(h house) {
		ctx := t.Context()
		for _, bad := range []string{"没有", "a@", "A <a@court.example>", "a@court.example\r\nBcc: b@x.example"} {
			h.want(fault.Invalid, h.SetEmail(ctx, h.admin, h.handler, bad))
		}
		if err := h.SetEmail(ctx, h.admin, h.handler, " zhang@court.example "); err != nil {
			t.Fatal(err)
		}
		handler := h.who(h.signIn("zhang.san", password))
		h.want(fault.Forbidden, h.SetEmail(ctx, handler, h.handler, "other@court.example"))
		_, err := h.Email(ctx, handler, h.handler)
		h.want(fault.Forbidden, err)
		address := func() string {
			t.Helper()
			to, err := h.MailAddress(ctx, h.handler)
			if err != nil {
				t.Fatal(err)
			}
			return to
		}
		if got, err := h.Email(ctx, h.admin, h.handler); err != nil || got != "zhang@court.example" || address() != got {
			t.Error(got, err)
		}
		var trail []journal.Entry
		if err := h.db.Read(ctx, func(r *store.Reader) (err error) {
			trail, err = journal.Trail(r, journal.Filter{Verb: "staff.email", Limit: 10})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(trail) != 1 {
			t.Fatal(trail)
		}
		if d := cmp.Diff([]journal.Change{{Field: "email"}}, trail[0].Changes); d != "" {
			t.Error(d)
		}
		if err := h.Disable(ctx, h.admin, h.handler); err != nil {
			t.Fatal(err)
		}
		if to := address(); to != "" {
			t.Error("a closed account is still written to", to)
		}
		stafftest.Check(t, h.db)
	})
}
