package staff

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/seal"
	"mingjing/app/store"
)

const (
	idle      = 30 * time.Minute // a session ends when it is not used
	longest   = 8 * time.Hour    // and at the end of the working day
	codeTime  = 5 * time.Minute  // between password and code
	touchTime = time.Minute      // how exactly use is recorded
	forget    = 24 * time.Hour   // failures count no longer
)

// session is a row; its key is derived from the cookie's secret, which never
// reaches the database.
type session struct {
	IDHash       []byte
	StaffID      int64
	CreatedAt    time.Time
	TouchedAt    time.Time
	ExpiresAt    time.Time
	SecondFactor bool
	SealedKey    []byte // the owner's private key, in the box of the cookie
	Mac          []byte // under the pepper, see vouch
}

var (
	errSignIn = fault.New(fault.Unauthenticated, "尚未登录或登录已过期，请重新登录。")
	// One answer for an unknown login, a disabled account and a wrong password.
	errWrong = fault.New(fault.Invalid, "登录名或密码不正确，请检查后再试；忘记密码请联系安全管理员重置。")
	errCode  = fault.New(fault.Invalid, "验证码不正确或已经用过，请等待新的验证码后再试，或使用一个恢复码。")
)

// SignedIn is what a password opened.
type SignedIn struct {
	Cookie    string // the session's secret, for the cookie alone
	NeedsCode bool   // the session opens nothing until ConfirmCode
}

// wait is how long the n-th failure in a row makes an account wait: nothing up
// to the fourth, then 1, 2, 4, 8 and for ever 15 minutes; never a lock.
func wait(failures int) time.Duration {
	switch n := failures - 5; {
	case n < 0:
		return 0
	case n < 4:
		return time.Minute << n
	}
	return 15 * time.Minute
}

func errWait(left time.Duration) error {
	minutes := max(1, int((left+time.Minute-1)/time.Minute))
	return fault.Wait(fmt.Sprintf("连续输错次数较多，请 %d 分钟后再试。", minutes), left)
}

// stranger is how often a login that does not exist was tried. It is counted
// like an account's failures, and by all instances together, so that waiting
// tells nobody which logins exist. The login itself is not kept.
type stranger struct {
	LoginHash []byte
	Failures  int
	WaitUntil time.Time
}

func (stranger) TableName() string { return "login_failures" }

func (s *Service) chargeStranger(tx *store.Tx, login string) error {
	mac := hmac.New(sha256.New, s.strangers)
	mac.Write([]byte(login))
	x := stranger{LoginHash: mac.Sum(nil)}
	err := tx.Select("login_hash, failures, wait_until").Where("login_hash = ?", x.LoginHash).Take(&x).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return err
	}
	if tx.Now.Before(x.WaitUntil) {
		return errWait(x.WaitUntil.Sub(tx.Now))
	}
	x.Failures++
	x.WaitUntil = tx.Now.Add(wait(x.Failures))
	return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "login_hash"}},
		DoUpdates: clause.AssignmentColumns([]string{"failures", "wait_until"})}).Create(&x).Error
}

// charge counts an attempt before it is judged, so that many at once are as
// many failures; whoever succeeds is forgiven. A running wait is an error.
func charge(tx *store.Tx, a account) error {
	if a.LockedUntil != nil && tx.Now.Before(*a.LockedUntil) {
		return errWait(a.LockedUntil.Sub(tx.Now))
	}
	n := a.Failures + 1
	return tx.Model(&account{}).Where("id = ?", a.ID).Updates(map[string]any{"failures": n, "locked_until": tx.Now.Add(wait(n))}).Error
}

// forgive takes back the charges down to n failures.
func forgive(tx *store.Tx, id int64, n int) error {
	return tx.Model(&account{}).Where("id = ?", id).Updates(map[string]any{"failures": n, "locked_until": nil}).Error
}

func take(r *store.Reader, where string, arg any) (a account, err error) {
	err = r.Select(accountColumns).Where(where, arg).Take(&a).Error
	return a, err
}

// authenticate judges a password: it charges the account, then hashes outside
// of any transaction, since that takes long. The account is as it was before.
func (s *Service) authenticate(ctx context.Context, login, password string) (account, seal.Box, error) {
	release, err := s.slot(ctx)
	if err != nil {
		return account{}, nil, err
	}
	defer release()
	var a account
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		a, err = take(&tx.Reader, "login = ?", login)
		if errors.Is(err, gorm.ErrRecordNotFound) {
			a = account{}
			return s.chargeStranger(tx, login)
		}
		if err != nil {
			return err
		}
		return charge(tx, a)
	})
	if err != nil {
		return account{}, nil, fmt.Errorf("sign in: %w", err)
	}
	var box seal.Box
	ok := false
	if a.ID == 0 {
		_, err = s.hash(password)
	} else {
		box, ok, err = s.verify(a.PasswordHash, password)
	}
	if err != nil {
		return account{}, nil, err
	}
	if ok && a.DisabledAt == nil {
		return a, box, nil
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if a.ID == 0 {
			return decoy(tx)
		}
		return journal.Append(tx, refused(a))
	})
	if err != nil {
		return account{}, nil, fmt.Errorf("sign in: %w", err)
	}
	return account{}, nil, errWrong
}

// refused is the trail's entry of a wrong password or code.
func refused(a account) journal.Event {
	return journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "staff.sign_in.refuse", Subject: "staff", SubjectID: a.ID,
		Changes: []journal.Change{{Field: "failures", Old: fmt.Sprint(a.Failures), New: fmt.Sprint(a.Failures + 1)}}}
}

// decoy writes as much for an unknown login as is written for an account, so
// that the time tells nothing; it changes nothing.
func decoy(tx *store.Tx) error {
	return tx.Exec("UPDATE staff SET version = version WHERE id = (SELECT min(id) FROM staff)").Error
}

// SignIn opens a session with a password. Faults: Invalid for a wrong login or
// password, TooMany while the account waits, Busy when too many sign in.
func (s *Service) SignIn(ctx context.Context, login, password string) (SignedIn, error) {
	a, box, err := s.authenticate(ctx, cleanLogin(login), password)
	if err != nil {
		return SignedIn{}, err
	}
	var in SignedIn
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		now, err := take(&tx.Reader, "id = ?", a.ID)
		if err != nil {
			return err
		}
		if now.DisabledAt != nil || now.PasswordHash != a.PasswordHash {
			return errWrong // changed while the password was judged
		}
		in.NeedsCode = now.TotpConfirmedAt != nil
		left := 0
		if in.NeedsCode {
			// A password alone must not wipe out wrong codes.
			left = a.Failures
		}
		if err := forgive(tx, a.ID, left); err != nil {
			return err
		}
		key, err := ownKey(tx, now, box)
		if err != nil {
			return err
		}
		in.Cookie, err = s.open(tx, now, !in.NeedsCode, false, key)
		return err
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	return in, nil
}

// open makes a session row and returns its cookie. Done: nothing more is asked.
// The owner's key, nil for none, goes into the box that only this cookie opens.
func (s *Service) open(tx *store.Tx, a account, done, factor bool, own *seal.Private) (string, error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	cookie := base64.RawURLEncoding.EncodeToString(secret)
	key, box, err := s.openCookie(cookie)
	if err != nil {
		return "", err
	}
	row := session{IDHash: key, StaffID: a.ID, CreatedAt: tx.Now, TouchedAt: tx.Now, ExpiresAt: tx.Now.Add(codeTime), SecondFactor: factor, Mac: s.vouch(key, a.ID, factor, tx.Now)}
	if own != nil {
		row.SealedKey = box.Wrap(sessionPlace(a.ID), own)
	}
	if done {
		row.ExpiresAt = tx.Now.Add(longest)
		err := journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "staff.sign_in", Subject: "staff", SubjectID: a.ID})
		if err != nil {
			return "", err
		}
	}
	return cookie, tx.Create(&row).Error
}

// vouch says under the pepper whose session a row is, when it began and whether its
// second factor was shown: who only writes to the database changes none of it, and makes no row.
func (s *Service) vouch(row []byte, staff int64, factor bool, began time.Time) []byte {
	mac := hmac.New(sha256.New, s.sessions)
	fmt.Fprintf(mac, "%x %d %t %d", row, staff, factor, began.Unix())
	return mac.Sum(nil)
}

// openCookie makes of a cookie's secret S the key of the session's row, a digest of
// HKDF(S, "id") under the pepper, and the box of the session's private key. The
// database alone opens neither.
func (s *Service) openCookie(cookie string) (row []byte, box seal.Box, err error) {
	secret, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil || len(secret) != 32 {
		return nil, nil, errSignIn
	}
	id, err := hkdf.Key(sha256.New, secret, nil, "id", 32)
	if err != nil {
		return nil, nil, err
	}
	key := hmac.New(sha256.New, s.sessions)
	key.Write(id)
	return key.Sum(nil), seal.BoxFrom(secret, nil, "session key"), nil
}

// live reads a session that has neither ended nor been left idle, and its account.
func (s *Service) live(r *store.Reader, key []byte) (session, account, error) {
	var row session
	err := r.Table("sessions").Select("id_hash, staff_id, created_at, touched_at, expires_at, second_factor, sealed_key, mac").
		Where("id_hash = ? AND expires_at > ? AND touched_at > ?", key, r.Now, r.Now.Add(-idle)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return session{}, account{}, errSignIn
	}
	if err != nil {
		return session{}, account{}, err
	}
	if r.Now.Sub(row.CreatedAt) > longest || !hmac.Equal(row.Mac, s.vouch(key, row.StaffID, row.SecondFactor, row.CreatedAt)) {
		return session{}, account{}, errSignIn
	}
	a, err := take(r, "id = ?", row.StaffID)
	if err == nil && a.DisabledAt != nil {
		err = errSignIn
	}
	return row, a, err
}

// Session tells who a cookie belongs to; fault Unauthenticated when nobody, or
// when the second factor is still to be shown. It records the session's use, at
// most once a minute, which is why it may begin a second transaction.
func (s *Service) Session(ctx context.Context, cookie string) (Actor, error) {
	key, box, err := s.openCookie(cookie)
	if err != nil {
		return Actor{}, err
	}
	var actor Actor
	var stale bool
	err = s.db.Read(ctx, func(r *store.Reader) error {
		row, a, err := s.live(r, key)
		if err != nil {
			return err
		}
		if a.TotpConfirmedAt != nil && !row.SecondFactor {
			return errSignIn
		}
		p, err := Find(r, a.ID)
		if err != nil {
			return err
		}
		actor = Actor{ID: p.ID, Login: p.Login, Name: p.Name, DepartmentID: p.DepartmentID, Department: p.Department,
			Roles: p.Roles, SecondFactor: row.SecondFactor, Trial: p.Trial, Session: key, sealed: row.SealedKey, box: box}
		switch {
		case a.MustChange:
			actor.Hold = HoldPassword
		case s.factorRequired && !row.SecondFactor:
			actor.Hold = HoldFactor
		}
		stale = r.Now.Sub(row.TouchedAt) >= touchTime
		return nil
	})
	if err == nil && stale {
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Table("sessions").Where("id_hash = ? AND touched_at < ?", key, tx.Now).Update("touched_at", tx.Now).Error
		})
	}
	if err != nil {
		return Actor{}, fmt.Errorf("session: %w", err)
	}
	return actor, nil
}

// SignOut ends a session; that it has ended already is no error.
func (s *Service) SignOut(ctx context.Context, cookie string) error {
	key, _, err := s.openCookie(cookie)
	if err != nil {
		return nil
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		row, a, err := s.live(&tx.Reader, key)
		if fault.Is(err, fault.Unauthenticated) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM sessions WHERE id_hash = ?", row.IDHash).Error; err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "staff.sign_out", Subject: "staff", SubjectID: a.ID})
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// SignOutEverywhere ends all sessions of a person: their own wish, or a
// security administrator's.
func (s *Service) SignOutEverywhere(ctx context.Context, actor Actor, id int64) error {
	if actor.ID != id || id == 0 {
		if err := actor.Require(SecAdmin); err != nil {
			return err
		}
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := endSessions(tx, id, nil); err != nil {
			return err
		}
		return journal.Append(tx, event(actor, "staff.sign_out_everywhere", "staff", id))
	})
	if err != nil {
		return fmt.Errorf("sign out everywhere: %w", err)
	}
	return nil
}

// endSessions ends a person's sessions except the one whose row key is given.
func endSessions(tx *store.Tx, id int64, except []byte) error {
	if except == nil {
		except = []byte{}
	}
	return tx.Exec("DELETE FROM sessions WHERE staff_id = ? AND id_hash <> ?", id, except).Error
}

// Purge deletes sessions that have ended, and returns how many. It also forgets
// failures a day after the last wait, of accounts and of logins that do not
// exist alike.
func (s *Service) Purge(ctx context.Context) (n int64, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		done := tx.Exec("DELETE FROM sessions WHERE expires_at <= ? OR touched_at <= ?", tx.Now, tx.Now.Add(-idle))
		if done.Error != nil {
			return done.Error
		}
		n = done.RowsAffected
		before := tx.Now.Add(-forget)
		if err := tx.Exec("DELETE FROM login_failures WHERE wait_until <= ?", before).Error; err != nil {
			return err
		}
		return tx.Exec("UPDATE staff SET failures = 0, locked_until = NULL WHERE failures > 0 AND locked_until <= ?", before).Error
	})
	if err != nil {
		return 0, fmt.Errorf("purge sessions: %w", err)
	}
	return n, nil
}

// ChangePassword replaces the actor's own password and ends their other
// sessions. It also serves those who must change a one-time password.
func (s *Service) ChangePassword(ctx context.Context, actor Actor, old, new string) error {
	if actor.ID == 0 {
		return errSignIn
	}
	if err := CheckPasswordFor(actor.Roles, actor.Login, new); err != nil {
		return err
	}
	if old == new {
		return fault.New(fault.Invalid, "新密码不能与原密码相同，请换一个。")
	}
	a, was, err := s.authenticate(ctx, actor.Login, old)
	if errors.Is(err, errWrong) {
		return fault.New(fault.Invalid, "原密码不正确，请重新输入。")
	}
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, actor.Login, new)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		done := tx.Model(&account{}).Where("id = ? AND password_hash = ? AND disabled_at IS NULL", a.ID, a.PasswordHash).Updates(map[string]any{
			"password_hash": hash.stored, "must_change": false, "failures": 0, "locked_until": nil, "version": gorm.Expr("version + 1")})
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return fault.New(fault.Conflict, "密码刚刚被修改过，请重新登录后再试。")
		}
		if err := rewrap(tx, a.ID, was, hash.box); err != nil {
			return err
		}
		if err := endSessions(tx, a.ID, actor.Session); err != nil {
			return err
		}
		return journal.Append(tx, event(actor, "staff.password.change", "staff", a.ID, journal.Change{Field: "password"}))
	})
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}
