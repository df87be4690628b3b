package seal

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func member(staff int64, key *Private, officer bool) Member {
	m := Member{Staff: staff, Key: key.Public(), Officer: officer}
	if officer {
		m.Sign = key.Verifier()
	}
	return m
}

func TestNobodyPutsTheirOwnKeyInAnOfficersPlace(t *testing.T) {
	a, b, c, thief := NewPrivate(), NewPrivate(), NewPrivate(), NewPrivate()
	sign := func(r Roster, by int64, with *Private) Signed {
		t.Helper()
		s, err := r.Sign(by, with)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one := sign(Roster{No: 1, Members: []Member{member(1, a, true), member(2, b, true)}}, 1, a)
	two := sign(Roster{No: 2, Before: one.Digest(), Members: []Member{member(1, a, true), member(2, b, true), member(3, c, false)}}, 2, b)
	three := sign(Roster{No: 3, Before: two.Digest(), Members: []Member{member(2, b, true), member(3, c, false)}}, 2, b) // the first has left
	first := one.Digest()

	r, err := Trust(first, 3, []Signed{one, two, three})
	if err != nil || r.No != 3 {
		t.Fatal(err)
	}
	if m, ok := r.Of(3); !ok || !bytes.Equal(m.Key, c.Public()) || m.Officer {
		t.Error("a member is another")
	}
	if _, ok := r.Of(1); ok {
		t.Error("who has left is there")
	}

	swapped := bytes.Replace(two.Body, []byte(`"staff":3`), []byte(`"staff":4`), 1)
	own := sign(Roster{No: 1, Members: []Member{member(1, thief, true)}}, 1, thief)
	outsider := sign(Roster{No: 3, Before: two.Digest(), Members: []Member{member(2, thief, true)}}, 2, thief)
	plain := sign(Roster{No: 3, Before: two.Digest(), Members: []Member{member(3, thief, true)}}, 3, c)
	left := sign(Roster{No: 4, Before: three.Digest(), Members: []Member{member(1, thief, true)}}, 1, a)
	skipped := sign(Roster{No: 3, Before: one.Digest(), Members: []Member{member(2, b, true)}}, 2, b)
	for what, list := range map[string][]Signed{
		"none at all":                        {},
		"another beginning":                  {own},
		"a changed one":                      {one, {swapped, two.By, two.Sig}, three},
		"a signature of another":             {one, {two.Body, 1, two.Sig}, three},
		"one signed by who is no officer":    {one, two, plain},
		"one signed with another's key":      {one, two, outsider},
		"one signed by who has left":         {one, two, three, left},
		"one that follows another":           {one, two, skipped},
		"an order of its own":                {two, one, three},
		"one left out":                       {one, three},
		"an older list, with who has left":   {one, two},
		"not JSON":                           {{[]byte("{"), 1, nil}},
		"a body with more than was ever put": {{append(slices.Clone(one.Body[:len(one.Body)-1]), `,"x":1}`...), 1, one.Sig}},
	} {
		if _, err := Trust(first, 3, list); err == nil || !strings.HasPrefix(err.Error(), "seal: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, r := range map[string]Roster{
		"members out of order":       {No: 1, Members: []Member{member(2, a, true), member(1, b, false)}},
		"a member twice":             {No: 1, Members: []Member{member(2, a, true), member(2, b, false)}},
		"an officer who cannot sign": {No: 1, Members: []Member{{Staff: 1, Key: a.Public(), Officer: true}}},
		"a key that is none":         {No: 1, Members: []Member{{Staff: 1, Key: Public("x")}}},
	} {
		if _, err := r.Sign(1, a); err == nil {
			t.Errorf("%s is signed", what)
		}
	}
}

func FuzzTrust(f *testing.F) {
	a := NewPrivate()
	one, err := Roster{No: 1, Members: []Member{member(1, a, true)}}.Sign(1, a)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(one.Body[:len(one.Body)-1], one.Sig)
	f.Fuzz(func(t *testing.T, body, sig []byte) {
		forged := Signed{body, 1, sig}
		if r, err := Trust(one.Digest(), 1, []Signed{forged}); err == nil && !bytes.Equal(body, one.Body) {
			t.Errorf("a forged roster is trusted: %+v", r)
		}
		if _, err := Trust(one.Digest(), 2, []Signed{one, forged}); err == nil {
			t.Error("a forged second roster is trusted")
		}
	})
}
