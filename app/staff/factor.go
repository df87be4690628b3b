package staff

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/text/unicode/norm"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/store"
)

// Enrolment is shown once, to set up an authenticator.
type Enrolment struct {
	Secret string // to type in, in groups of four
	URL    string // otpauth://…
	PNG    []byte // the same as a QR picture
}

// codes is how many recovery codes a person gets.
const codes = 10

// period is how long a code of the second factor is shown, in seconds.
const period = 30

// sealSecret encrypts a second factor's secret under the pepper, bound to the
// account, so that the database alone makes no codes.
func (s *Service) sealSecret(id int64, secret string) (string, error) {
	aead, err := s.factorCipher()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	box := aead.Seal(nonce, nonce, []byte(secret), fmt.Appendf(nil, "staff %d", id))
	return "1$" + base64.RawStdEncoding.EncodeToString(box), nil
}

func (s *Service) openSecret(a account) (string, error) {
	aead, err := s.factorCipher()
	if err != nil {
		return "", err
	}
	text, known := strings.CutPrefix(a.TotpSecret, "1$")
	box, err := base64.RawStdEncoding.DecodeString(text)
	if !known || err != nil || len(box) < aead.NonceSize() {
		return "", fmt.Errorf("staff: a stored second factor has an unknown form")
	}
	n := aead.NonceSize()
	secret, err := aead.Open(nil, box[:n], box[n:], fmt.Appendf(nil, "staff %d", a.ID))
	if err != nil {
		return "", fmt.Errorf("staff: a stored second factor does not open: %w", err)
	}
	return string(secret), nil
}

func (s *Service) factorCipher() (interface {
	NonceSize() int
	Seal(dst, nonce, plaintext, additionalData []byte) []byte
	Open(dst, nonce, ciphertext, additionalData []byte) ([]byte, error)
}, error) {
	key, err := hkdf.Key(sha256.New, s.pepper, nil, "mingjing staff second factor", 32)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.NewX(key)
}

// step is the time step, later than the account's last, whose code this is; 0
// when there is none. A clock may be one step off either way.
func step(secret, code string, last int64, now time.Time) (int64, error) {
	found := int64(0)
	for n := now.Unix()/period - 1; n <= now.Unix()/period+1; n++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(n), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, fmt.Errorf("staff: second factor: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && n > last {
			found = n
		}
	}
	return found, nil
}

// cleanCode is a code as it was meant: no spaces or dashes, half-width, and the
// letters that recovery codes leave out read as the digits they resemble.
func cleanCode(code string) string {
	code = strings.ToLower(norm.NFKC.String(code))
	return strings.NewReplacer(" ", "", "-", "", "\t", "", "–", "", "—", "", "o", "0", "i", "1", "l", "1").Replace(code)
}

func (s *Service) recoveryHash(id int64, code string) []byte {
	m := hmac.New(sha256.New, s.pepper)
	fmt.Fprintf(m, "mingjing staff recovery %d %s", id, code)
	return m.Sum(nil)
}

// pass judges a code of the second factor or a recovery code, and uses it up.
func (s *Service) pass(tx *store.Tx, a account, code string) (bool, error) {
	code = cleanCode(code)
	if len(code) == 6 {
		secret, err := s.openSecret(a)
		if err != nil {
			return false, err
		}
		n, err := step(secret, code, a.TotpStep, tx.Now)
		if err != nil || n == 0 {
			return false, err
		}
		done := tx.Exec("UPDATE staff SET totp_step = ? WHERE id = ? AND totp_step < ?", n, a.ID, n)
		return done.RowsAffected == 1, done.Error
	}
	done := tx.Exec("UPDATE recovery_codes SET used_at = ? WHERE staff_id = ? AND hash = ? AND used_at IS NULL", tx.Now, a.ID, s.recoveryHash(a.ID, code))
	if done.Error != nil || done.RowsAffected == 0 {
		return false, done.Error
	}
	return true, journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "staff.recovery_code.use", Subject: "staff", SubjectID: a.ID})
}

// ConfirmCode shows the second factor for a session that SignIn opened, and
// returns the new cookie that replaces it. Each code works once.
func (s *Service) ConfirmCode(ctx context.Context, cookie, code string) (string, error) {
	key, box, err := s.openCookie(cookie)
	if err != nil {
		return "", err
	}
	var next string
	var refusal error
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		next, refusal = "", nil
		row, a, err := s.live(&tx.Reader, key)
		if err != nil {
			return err
		}
		if a.TotpConfirmedAt == nil || row.SecondFactor {
			return fault.New(fault.Conflict, "这次登录不需要验证码，请继续。")
		}
		if err := charge(tx, a); err != nil {
			return err
		}
		ok, err := s.pass(tx, a, code)
		if err != nil {
			return err
		}
		if !ok {
			refusal = errCode // the charge stays
			return journal.Append(tx, refused(a))
		}
		if err := forgive(tx, a.ID, 0); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM sessions WHERE id_hash = ?", key).Error; err != nil {
			return err
		}
		own, err := Actor{ID: a.ID, sealed: row.SealedKey, box: box}.Private()
		if err != nil && !errors.Is(err, ErrNoKey) {
			return err
		}
		next, err = s.open(tx, a, true, true, own)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("confirm code: %w", err)
	}
	return next, refusal
}

// BeginFactor starts to set up the actor's second factor and shows its secret;
// until ConfirmFactor it shows the same one. Issuer is the site's name.
func (s *Service) BeginFactor(ctx context.Context, actor Actor, issuer string) (Enrolment, error) {
	if actor.ID == 0 {
		return Enrolment{}, errSignIn
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: actor.Login, Period: period})
	if err != nil {
		return Enrolment{}, fmt.Errorf("begin second factor: %w", err)
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		a, err := take(&tx.Reader, "id = ?", actor.ID)
		if err != nil {
			return err
		}
		if a.TotpConfirmedAt != nil {
			return fault.New(fault.Conflict, "动态验证码已经启用；如需更换设备，请联系安全管理员重置。")
		}
		if a.TotpSecret != "" {
			secret, err := s.openSecret(a)
			if err != nil {
				return err
			}
			url := key.URL()
			url = strings.Replace(url, "secret="+key.Secret(), "secret="+secret, 1)
			key, err = otp.NewKeyFromURL(url)
			return err
		}
		sealed, err := s.sealSecret(a.ID, key.Secret())
		if err != nil {
			return err
		}
		return tx.Model(&account{}).Where("id = ?", a.ID).Updates(map[string]any{"totp_secret": sealed, "totp_step": 0}).Error
	})
	if err != nil {
		return Enrolment{}, fmt.Errorf("begin second factor: %w", err)
	}
	picture, err := key.Image(240, 240)
	if err != nil {
		return Enrolment{}, fmt.Errorf("begin second factor: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return Enrolment{}, fmt.Errorf("begin second factor: %w", err)
	}
	var groups []string
	for secret := key.Secret(); secret != ""; {
		n := min(4, len(secret))
		groups, secret = append(groups, secret[:n]), secret[n:]
	}
	return Enrolment{Secret: strings.Join(groups, " "), URL: key.URL(), PNG: b.Bytes()}, nil
}

// ConfirmFactor completes the set-up with a first code. It returns the recovery
// codes, which are shown once and not kept, and ends the actor's other sessions.
func (s *Service) ConfirmFactor(ctx context.Context, actor Actor, code string) ([]string, error) {
	if actor.ID == 0 || len(actor.Session) == 0 {
		return nil, errSignIn
	}
	var list []string
	var refusal error
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		list, refusal = nil, nil
		a, err := take(&tx.Reader, "id = ?", actor.ID)
		if err != nil {
			return err
		}
		if a.TotpConfirmedAt != nil || a.TotpSecret == "" {
			return fault.New(fault.Conflict, "动态验证码的设置已经完成或尚未开始，请刷新页面。")
		}
		if err := charge(tx, a); err != nil {
			return err
		}
		ok := len(cleanCode(code)) == 6
		if ok {
			if ok, err = s.pass(tx, a, code); err != nil {
				return err
			}
		}
		if !ok {
			refusal = fault.New(fault.Invalid, "验证码不正确，请核对手机时间是否准确，等待新的验证码后再试。")
			return nil
		}
		if err := forgive(tx, a.ID, 0); err != nil {
			return err
		}
		err = tx.Model(&account{}).Where("id = ?", a.ID).Update("totp_confirmed_at", tx.Now).Error
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM recovery_codes WHERE staff_id = ?", a.ID).Error; err != nil {
			return err
		}
		for range codes {
			code := word(10)
			list = append(list, code[:5]+"-"+code[5:])
			if err := tx.Exec("INSERT INTO recovery_codes (staff_id, hash) VALUES (?, ?)", a.ID, s.recoveryHash(a.ID, code)).Error; err != nil {
				return err
			}
		}
		if err := endSessions(tx, a.ID, actor.Session); err != nil {
			return err
		}
		row, _, err := s.live(&tx.Reader, actor.Session)
		if err != nil {
			return err
		}
		if err := tx.Exec("UPDATE sessions SET second_factor = ?, mac = ? WHERE id_hash = ?", true, s.vouch(actor.Session, actor.ID, true, row.CreatedAt), actor.Session).Error; err != nil {
			return err
		}
		return journal.Append(tx, event(actor, "staff.factor.set", "staff", a.ID))
	})
	if err != nil {
		return nil, fmt.Errorf("confirm second factor: %w", err)
	}
	if refusal != nil {
		return nil, refusal
	}
	return list, nil
}

// ResetFactor removes a person's second factor and recovery codes and ends their
// sessions, for a lost device.
func (s *Service) ResetFactor(ctx context.Context, actor Actor, id int64) error {
	return s.change(ctx, actor, id, "staff.factor.reset", func(tx *store.Tx, _ Person) ([]journal.Change, error) {
		err := tx.Model(&account{}).Where("id = ?", id).Updates(map[string]any{
			"totp_secret": "", "totp_confirmed_at": nil, "totp_step": 0}).Error
		err = errors.Join(err, tx.Exec("DELETE FROM recovery_codes WHERE staff_id = ?", id).Error)
		if err != nil {
			return nil, err
		}
		return []journal.Change{{Field: "second_factor"}}, endSessions(tx, id, nil)
	})
}

// RecoveryCodesLeft is how many recovery codes the actor has not used.
func (s *Service) RecoveryCodesLeft(ctx context.Context, actor Actor) (n int64, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		return r.Table("recovery_codes").Where("staff_id = ? AND used_at IS NULL", actor.ID).Count(&n).Error
	})
	if err != nil {
		return 0, fmt.Errorf("recovery codes: %w", err)
	}
	return n, nil
}
