package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"
)

// Code is what a reporter returns with: 24 digits, of which the last checks the
// others (Damm: every single wrong digit and every swap of neighbours is found).
// Twenty-three free digits are 76 bits: nobody tries them all against a stolen
// database. The server keeps neither the code nor the key that comes from it.
type Code string

// codeDigits are a code's.
const codeDigits = 24

var tenTo23 = new(big.Int).Exp(big.NewInt(10), big.NewInt(codeDigits-1), nil)

// NewCode makes a code by chance.
func NewCode() Code {
	n, err := rand.Int(rand.Reader, tenTo23)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return codeOf(n)
}

// CodeFor is the code that belongs to a form's secret: a form that is sent again
// because the answer was lost gets the same one. Key keeps others who learn the
// secret's hash, or even the secret, from it.
func CodeFor(key Key, secret string) Code {
	wide, err := hkdf.Key(sha256.New, key, []byte(secret), "mingjing/report code", 48)
	if err != nil {
		panic("seal: " + err.Error())
	}
	n := new(big.Int).SetBytes(wide) // 384 bits: what the remainder prefers is below 2^-300
	return codeOf(n.Mod(n, tenTo23))
}

func codeOf(n *big.Int) Code {
	text := n.String()
	text = strings.Repeat("0", codeDigits-1-len(text)) + text
	return Code(text + string('0'+damm(text)))
}

// ErrCode is a code with digits missing, too many, or mistyped.
var ErrCode = errors.New("seal: not a code")

// ParseCode reads a code as people type it: spaces, dashes and full-width digits
// are understood.
func ParseCode(typed string) (Code, error) {
	var b strings.Builder
	for _, r := range typed {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case r == ' ', r == '-', r == '　', r == '—', r == '–', r == '－', r == '\t', r == '\n', r == '\r':
		default:
			return "", ErrCode
		}
	}
	c := b.String()
	if len(c) != codeDigits || damm(c) != 0 {
		return "", ErrCode
	}
	return Code(c), nil
}

// Groups is the code as it is shown: six groups of four.
func (c Code) Groups() string {
	var groups []string
	for i := 0; i+4 <= len(c); i += 4 {
		groups = append(groups, string(c[i:i+4]))
	}
	return strings.Join(groups, " ")
}

// String keeps a code out of logs; Groups shows it.
func (c Code) String() string { return "seal.Code" }

// GoString does so too.
func (c Code) GoString() string { return "seal.Code" }

// derive makes one thing of a code and the case's own salt. A code has 76 bits,
// so nothing slow is needed.
func (c Code) derive(salt []byte, what string) []byte {
	b, err := hkdf.Key(sha256.New, []byte(c), salt, "mingjing/report/"+what, 32)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return b
}

// Check is what the database keeps of a code, to know it again.
func (c Code) Check(salt []byte) []byte { return c.derive(salt, "check") }

// Matches reports in constant time whether check came from this code.
func (c Code) Matches(salt, check []byte) bool { return hmac.Equal(check, c.Check(salt)) }

// Box is the box that only this code opens: the reporter's copies of keys lie in it.
func (c Code) Box(salt []byte) Box { return Box(c.derive(salt, "key")) }

// quasi is the totally anti-symmetric quasigroup of order 10 (H. M. Damm, 2004).
var quasi = [10]string{"0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"}

// damm is the check digit of digits; 0 for those that end with their own.
func damm(digits string) byte {
	state := byte(0)
	for i := range len(digits) {
		state = quasi[state][digits[i]-'0'] - '0'
	}
	return state
}
