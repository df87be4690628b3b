package staff_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// private is the key that a cookie opens.
func (h house) private(cookie string) *seal.Private {
	h.t.Helper()
	key, err := h.who(cookie).Private()
	if err != nil {
		h.t.Fatal(err)
	}
	return key
}

func TestAPrivateKeyIsMadeWithTheAccountAndOpensByThePasswordAlone(t *testing.T) {
	each(t, func(h house) {
		ctx := t.Context()
		cookie := h.signIn("zhang.san", password)
		key := h.private(cookie)
		same := func(k *seal.Private) bool { return bytes.Equal(k.Bytes(), key.Bytes()) }
		if !same(h.private(h.signIn("zhang.san", password))) {
			t.Error("another session has another key")
		}
		if bytes.Equal(h.private(h.signIn("admin.one", password)).Bytes(), key.Bytes()) {
			t.Error("two people have one key")
		}
		// Any instance with the pepper serves the session; another pepper opens no account.
		twin := staff.Cheapen(staff.New(h.db, pepper, false))
		a, err := twin.Session(ctx, cookie)
		if err != nil {
			t.Fatal(err)
		}
		if k, err := a.Private(); err != nil || !same(k) {
			t.Errorf("on another instance: %v", err)
		}
		// A new password takes the key along, and open sessions keep it.
		const next = "Qingfeng-9-mingyue"
		if err := h.ChangePassword(ctx, h.who(cookie), password, next); err != nil {
			t.Fatal(err)
		}
		if !same(h.private(cookie)) || !same(h.private(h.signIn("zhang.san", next))) {
			t.Error("the key changed with the password")
		}
		// A lost password loses the key: what was sealed to it is for others to open.
		oneTime, err := h.ResetPassword(ctx, h.admin, h.handler)
		if err != nil {
			t.Fatal(err)
		}
		cookie = h.signIn("zhang.san", oneTime)
		fresh := h.private(cookie)
		if same(fresh) {
			t.Error("a reset password opens the old key")
		}
		if err := h.ChangePassword(ctx, h.who(cookie), oneTime, password); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(h.private(h.signIn("zhang.san", password)).Bytes(), fresh.Bytes()) {
			t.Error("the key changed with the one-time password")
		}
		var rows []struct {
			No     int
			Public []byte
			Why    string
		}
		err = h.db.Read(ctx, func(r *store.Reader) error {
			return r.Table("staff_keys").Where("staff_id = ?", h.handler).Order("no").Find(&rows).Error
		})
		if err != nil || len(rows) != 2 || rows[0].Why != "password reset" || rows[1].Why != "" || !bytes.Equal(rows[1].Public, fresh.Public()) || !bytes.Equal(rows[0].Public, key.Public()) {
			t.Errorf("%+v %v", rows, err)
		}
	})
}

func TestTheSecondFactorKeepsTheKey(t *testing.T) {
	each(t, func(h house) {
		ctx := t.Context()
		cookie := h.signIn("zhang.san", password)
		key := h.private(cookie)
		setup, err := h.BeginFactor(ctx, h.who(cookie), "法院")
		if err != nil {
			t.Fatal(err)
		}
		code, err := totp.GenerateCode(strings.ReplaceAll(setup.Secret, " ", ""), h.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.ConfirmFactor(ctx, h.who(cookie), code); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Minute)
		in, err := h.SignIn(ctx, "zhang.san", password)
		if err != nil || !in.NeedsCode {
			t.Fatal(in.NeedsCode, err)
		}
		if code, err = totp.GenerateCode(strings.ReplaceAll(setup.Secret, " ", ""), h.clock.Now()); err != nil {
			t.Fatal(err)
		}
		done, err := h.ConfirmCode(ctx, in.Cookie, code)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(h.private(done).Bytes(), key.Bytes()) {
			t.Error("after the second factor the key is another")
		}
	})
}

func TestWhoHasTheDatabaseHasNoPrivateKey(t *testing.T) {
	each(t, func(h house) {
		ctx := t.Context()
		cookie := h.signIn("zhang.san", password)
		raw := h.private(cookie).Bytes()
		for _, table := range []string{"staff", "staff_keys", "sessions", "audit"} {
			all := storetest.Dump(t, h.db, table)
			if strings.Contains(all, hex.EncodeToString(raw[1:])) || strings.Contains(all, string(raw[1:])) {
				t.Errorf("%s holds a private key", table)
			}
		}
		// With the password but another pepper the account itself does not open.
		if _, err := staff.Cheapen(staff.New(h.db, []byte("another pepper, of 32 bytes too.."), false)).SignIn(ctx, "zhang.san", password); err == nil {
			t.Error("another pepper opens the account")
		}
		// Keys put in another's place, and a session's copy put in another's row, open for nobody.
		err := h.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE sessions SET sealed_key = (SELECT sealed_key FROM sessions WHERE staff_id = ? LIMIT 1) WHERE staff_id <> ?", h.handler, h.handler).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		admin := h.signIn("admin.one", password)
		err = h.db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Exec("UPDATE sessions SET sealed_key = (SELECT sealed_key FROM sessions WHERE staff_id = ? LIMIT 1) WHERE staff_id <> ?", h.handler, h.handler).Error; err != nil {
				return err
			}
			return tx.Exec("UPDATE staff_keys SET wrapped = (SELECT wrapped FROM staff_keys WHERE staff_id = ?) WHERE staff_id <> ?", h.handler, h.handler).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.who(admin).Private(); !errors.Is(err, staff.ErrNoKey) {
			t.Errorf("another's key opens in one's session: %v", err)
		}
		// They work on, without a key, and the row that was put there stays for who looks into it.
		again := h.signIn("admin.one", password)
		if _, err := h.who(again).Private(); !errors.Is(err, staff.ErrNoKey) {
			t.Errorf("another's key opens with one's password: %v", err)
		}
		// And they can still change their password.
		if err := h.ChangePassword(ctx, h.who(again), password, "Qingfeng-9-mingyue"); err != nil {
			t.Error(err)
		}
		// A public key that is not the private one's is no key either.
		err = h.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE staff_keys SET public = ? WHERE staff_id = ?", []byte(seal.NewPrivate().Public()), h.handler).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.who(h.signIn("zhang.san", password)).Private(); !errors.Is(err, staff.ErrNoKey) {
			t.Errorf("with a swapped public key: %v", err)
		}
	})
}

func TestAnAccountFromBeforeThereWereKeysGetsOneWhenItSignsIn(t *testing.T) {
	each(t, func(h house) {
		ctx := t.Context()
		old := h.signIn("zhang.san", password)
		err := h.db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Exec("UPDATE sessions SET sealed_key = NULL").Error; err != nil {
				return err
			}
			return tx.Exec("DELETE FROM staff_keys").Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.who(old).Private(); !errors.Is(err, staff.ErrNoKey) {
			t.Error(err)
		}
		// Whoever changes the password before signing in anew gets one too.
		const next = "Qingfeng-9-mingyue"
		if err := h.ChangePassword(ctx, h.who(old), password, next); err != nil {
			t.Fatal(err)
		}
		key := h.private(h.signIn("zhang.san", next))
		if !bytes.Equal(h.private(h.signIn("zhang.san", next)).Bytes(), key.Bytes()) {
			t.Error("a key at each sign-in")
		}
		h.private(h.signIn("admin.one", password))
	})
}

func TestWhoHoldsKeysOfReportsNeedsALongPassword(t *testing.T) {
	for _, role := range []staff.Role{staff.DisciplineOfficer, staff.Custodian} {
		roles := []staff.Role{staff.Leader, role}
		if err := staff.CheckPasswordFor(roles, "zhang", "Kx7#mQ2!vb9"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: a short one: %v", role, err)
		}
		if err := staff.CheckPasswordFor(roles, "zhang", staff.GeneratePassword()); err != nil {
			t.Errorf("%s: a generated one: %v", role, err)
		}
	}
	if err := staff.CheckPasswordFor([]staff.Role{staff.Leader}, "zhang", "Kx7#mQ2!vb9"); err != nil {
		t.Error(err)
	}
}
