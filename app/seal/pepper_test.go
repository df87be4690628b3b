package seal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestThePepperIsMadeOnceAndForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "pepper")
	if _, err := LoadPepper(path, false); err == nil {
		t.Fatal("a missing pepper was accepted")
	}
	first, err := LoadPepper(path, true)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadPepper(path, true)
	if err != nil || !bytes.Equal(first, again) {
		t.Fatal("a second start made another pepper", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPepper(path, true); err == nil {
		t.Fatal("a damaged pepper was accepted")
	}
}

func TestKeysOfDifferentPurposesAndPartsDiffer(t *testing.T) {
	p := Pepper(bytes.Repeat([]byte{7}, 32))
	a, b := p.Key("a"), p.Key("b")
	if bytes.Equal(a, b) || bytes.Equal(a.Sum("x", "yz"), a.Sum("xy", "z")) {
		t.Fatal("collision")
	}
	if !a.Match(a.Sum("x"), "x") || a.Match(a.Sum("x"), "y") || a.Match(nil, "x") {
		t.Fatal("match")
	}
}
