package staff

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"mingjing/app/fault"
	"mingjing/app/seal"
)

// cost is what a guess costs (Argon2id).
type cost struct {
	passes, kilobytes uint32
	threads           uint8
}

var (
	fullCost  = cost{passes: 3, kilobytes: 64 << 10, threads: 2}
	cheapCost = cost{passes: 1, kilobytes: 64, threads: 1} // for tests alone: see price
)

// Hashing takes 64 MiB and 85 ms: two run at a time, some wait, the rest are
// asked to come back, so that a flood of sign-ins cannot exhaust the machine.
const (
	hashing = 2
	waiting = 32
)

// slot waits for the right to hash; the caller calls the returned function.
func (s *Service) slot(ctx context.Context) (func(), error) {
	busy := fault.New(fault.Busy, "现在登录的人较多，请稍等几秒再试。")
	select {
	case s.queue <- struct{}{}:
	default:
		return nil, busy
	}
	defer func() { <-s.queue }()
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	case <-ctx.Done():
		return nil, busy
	}
}

// secret is what a password is worth: what the database checks it by, and the
// box in which its owner's private key lies.
type secret struct {
	stored string
	box    seal.Box
}

// derive makes the check value and the box: Argon2id, then HKDF with the pepper,
// so that the database alone cannot be guessed against.
func (s *Service) derive(password string, salt []byte, c cost) (check []byte, box seal.Box, err error) {
	root := argon2.IDKey([]byte(norm.NFKC.String(password)), salt, c.passes, c.kilobytes, c.threads, 32)
	check, err = hkdf.Key(sha256.New, root, s.pepper, "mingjing staff password check", 32)
	return check, seal.BoxFrom(root, s.pepper, "staff key"), err
}

// hash makes a password's stored form and its box. The caller holds a slot.
func (s *Service) hash(password string) (secret, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	check, box, err := s.derive(password, salt, s.cost)
	if err != nil {
		return secret{}, err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return secret{fmt.Sprintf("argon2id+hkdf$%d$%d$%d$%s$%s", s.cost.passes, s.cost.kilobytes, s.cost.threads, b64(salt), b64(check)), box}, nil
}

// verify opens the password's box, or reports that it is not the stored one. The caller holds a slot.
func (s *Service) verify(stored, password string) (box seal.Box, ok bool, err error) {
	f := strings.Split(stored, "$")
	var c cost
	unknown := errors.New("staff: a stored password has an unknown form")
	if len(f) != 6 || f[0] != "argon2id+hkdf" {
		return nil, false, unknown
	}
	if _, err := fmt.Sscan(f[1]+" "+f[2]+" "+f[3], &c.passes, &c.kilobytes, &c.threads); err != nil {
		return nil, false, unknown
	}
	salt, e1 := base64.RawStdEncoding.DecodeString(f[4])
	want, e2 := base64.RawStdEncoding.DecodeString(f[5])
	if e1 != nil || e2 != nil || len(want) != 32 {
		return nil, false, unknown
	}
	got, box, err := s.derive(password, salt, c)
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return nil, false, err
	}
	return box, true, err
}

// newHash checks a chosen password against the policy and hashes it.
func (s *Service) newHash(ctx context.Context, login, password string) (secret, error) {
	if err := CheckPassword(login, password); err != nil {
		return secret{}, err
	}
	release, err := s.slot(ctx)
	if err != nil {
		return secret{}, err
	}
	defer release()
	return s.hash(password)
}

// common holds what is guessed first, as letters and digits in lower case.
var common = []string{"password", "passw0rd", "p@ssw0rd", "admin", "qwer", "1qaz", "2wsx", "asdf", "zxcv", "abc123", "abcd123",
	"aa123", "a123456", "123456", "654321", "111111", "888888", "666666", "5201314", "woaini", "welcome", "iloveyou", "letmein", "test1234", "changeme"}

// CheckPassword holds a chosen password to the policy: at least 8 characters of
// three classes, or 16 of any; not the login, not one that is guessed first.
func CheckPassword(login, password string) error {
	p := norm.NFKC.String(password)
	n := utf8.RuneCountInString(p)
	classes, distinct := [4]bool{}, map[rune]bool{}
	for _, r := range p {
		distinct[r] = true
		switch {
		case unicode.IsDigit(r):
			classes[0] = true
		case unicode.IsLower(r):
			classes[1] = true
		case unicode.IsUpper(r):
			classes[2] = true
		default:
			classes[3] = true
		}
	}
	kinds := 0
	for _, c := range classes {
		if c {
			kinds++
		}
	}
	low := strings.ToLower(p)
	invalid := func(m string) error { return fault.New(fault.Invalid, m) }
	switch {
	case n < 8 || n < 16 && kinds < 3:
		return invalid("密码至少 8 位，并含大写字母、小写字母、数字、符号中的三类；或者使用 16 位以上的长密码。")
	case n > 200:
		return invalid("密码太长，请不超过 200 位。")
	case len(distinct) < 5:
		return invalid("密码重复的字符太多，请换一个。")
	case len(login) > 2 && strings.Contains(low, strings.ToLower(login)):
		return invalid("密码不能包含登录名，请换一个。")
	}
	for _, c := range common {
		// A long passphrase may contain a common word; a short one is made of it.
		if strings.Contains(low, c) && n-len(c) < 8 {
			return invalid("密码过于常见，容易被猜中，请换一个。")
		}
	}
	return nil
}

// keyed are the roles whose holders' private keys open what is sealed: who has the
// database and the pepper could guess their passwords at leisure.
var keyed = []Role{DisciplineOfficer, Custodian}

// NeedsLong reports whether the roles need a long password.
func NeedsLong(roles []Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(keyed, r) })
}

// CheckPasswordFor is CheckPassword for who holds these roles.
func CheckPasswordFor(roles []Role, login, password string) error {
	if NeedsLong(roles) && utf8.RuneCountInString(norm.NFKC.String(password)) < 16 {
		return fault.New(fault.Invalid, "您的密码保护着举报的密钥，要 16 位以上。请用页面上生成的，或者写一句只有自己知道的长话。")
	}
	if NeedsLong(roles) && strings.IndexFunc(norm.NFKC.String(password), func(r rune) bool { return !unicode.IsDigit(r) }) < 0 {
		return fault.New(fault.Invalid, "您的密码保护着举报的密钥，不能全是数字。请用页面上生成的，或者写一句只有自己知道的长话。")
	}
	return CheckPassword(login, password)
}

// alphabet leaves out i, l, o and u, which are misread or misheard.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// word is n random characters of the alphabet, five bits each.
func word(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b)
}

// GeneratePassword makes a password of 80 random bits that can be read out.
func GeneratePassword() string {
	return word(4) + "-" + word(4) + "-" + word(4) + "-" + word(4)
}
