package seal

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestACodeIsReadAsPeopleTypeItAndMistakesAreFound(t *testing.T) {
	c := NewCode()
	if !regexp.MustCompile(`^\d{4}( \d{4}){5}$`).MatchString(c.Groups()) {
		t.Error(len(c.Groups()))
	}
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, string(c))
	for _, typed := range []string{string(c), c.Groups(), strings.ReplaceAll(c.Groups(), " ", "-"), " " + wide + "\n", strings.ReplaceAll(c.Groups(), " ", "　")} {
		if got, err := ParseCode(typed); err != nil || got != c {
			t.Errorf("%d characters: %v", len(typed), err)
		}
	}
	refused := func(s string) {
		t.Helper()
		if _, err := ParseCode(s); !errors.Is(err, ErrCode) {
			t.Errorf("%d characters are a code", len(s))
		}
	}
	for i := range string(c) {
		for d := byte('0'); d <= '9'; d++ {
			if wrong := string(c[:i]) + string(d) + string(c[i+1:]); wrong != string(c) {
				refused(wrong)
			}
		}
		if i > 0 && c[i] != c[i-1] {
			refused(string(c[:i-1]) + string(c[i]) + string(c[i-1]) + string(c[i+1:]))
		}
	}
	for _, s := range []string{"", string(c[1:]), string(c) + "0", string(c[:23]) + "x", strings.Repeat("9", 100_000)} {
		refused(s)
	}
}

func TestCodesAreOfChanceOrOfTheFormAndOpenTheirOwnBox(t *testing.T) {
	if NewCode() == NewCode() {
		t.Error("two codes are alike")
	}
	key := Key(random(32))
	c := CodeFor(key, "submission key")
	if _, err := ParseCode(string(c)); err != nil || c != CodeFor(key, "submission key") || c == CodeFor(key, "submission kez") || c == CodeFor(Key(random(32)), "submission key") {
		t.Error("a form's code", err)
	}
	salt := NewSalt()
	check := c.Check(salt)
	if !c.Matches(salt, check) || c.Matches(NewSalt(), check) || NewCode().Matches(salt, check) || c.Matches(salt, nil) {
		t.Error("check")
	}
	if bytes.Equal(check, c.Box(salt)) {
		t.Error("the database keeps the key")
	}
}

func FuzzParseCode(f *testing.F) {
	f.Add("2718 2818 2845 9045 2353 6020")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCode(s); err == nil {
			if again, err := ParseCode(c.Groups()); err != nil || again != c {
				t.Error("a code is not what it says")
			}
		}
	})
}
