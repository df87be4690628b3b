package tlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"mingjing/app/fault"
)

// cosign is what a witness answers; the portal only verifies.
func cosign(text string, name string, seed byte, at int64) (Witness, string) {
	s := signerOf(name, seed)
	w := Witness(s.key)
	sig := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, w.id()), uint64(at))
	sig = append(sig, ed25519.Sign(s.private, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text))...)
	return w, fmt.Sprintf("— %s %s\n", name, base64.StdEncoding.EncodeToString(sig))
}

// The example that C2SP prints (tlog-checkpoint, tlog-cosignature): its keys are
// not published, so what can be read of it is its text and the witness's time.
const sofa = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

func TestTheExampleOfC2SPIsRead(t *testing.T) {
	c, err := parseCheckpoint(sofa)
	if err != nil || c.Origin != "example.com/behind-the-sofa" || c.Size != 20852163 || c.Root.String() != "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=" || checkpointText(c.Origin, c.Head) != sofa {
		t.Errorf("%+v %v", c, err)
	}
	sig, err := base64.StdEncoding.DecodeString("jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==")
	if err != nil || len(sig) != 4+8+64 || binary.BigEndian.Uint64(sig[4:]) != 1679315147 {
		t.Errorf("%x %v", sig, err)
	}
}

// A checkpoint of a real log with the cosignatures of four public witnesses, as a
// public C2SP implementation keeps it for its tests; the witnesses' keys are those
// they publish (remora's stands in transparency-dev/formats too).
const arche = `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
`

func archeKeys(t *testing.T) (Key, []Witness) {
	key, err := ParseKey("arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f")
	if err != nil {
		t.Fatal(err)
	}
	var list []Witness
	for _, text := range []string{
		"transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
		"witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
		"remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
		"witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
	} {
		w, err := ParseWitness(text)
		if err != nil || w.String() != text {
			t.Fatal(text, err)
		}
		list = append(list, w)
	}
	return key, list
}

func TestCosignaturesOfRealWitnessesAreVerifiedAndShown(t *testing.T) {
	key, witnesses := archeKeys(t)
	c, err := OpenCheckpoint([]byte(arche), []Key{key}, witnesses...)
	want := Checkpoint{Origin: key.Name, Head: c.Head}
	for _, w := range witnesses {
		want.Cosignatures = append(want.Cosignatures, Cosignature{w, 1779573024})
	}
	if err != nil || c.Size != 1432088532 || !reflect.DeepEqual(c, want) {
		t.Errorf("%+v %v", c, err)
	}
	// Only those that are known are shown; a known one that is wrong spoils all.
	if c, err := OpenCheckpoint([]byte(arche), []Key{key}, witnesses[2]); err != nil || len(c.Cosignatures) != 1 || c.Cosignatures[0].Witness != witnesses[2] {
		t.Errorf("%+v %v", c, err)
	}
	bent := strings.Replace(arche, "2net5wAAAABqEiEg", "2net5wAAAABqEiEh", 1)
	if _, err := OpenCheckpoint([]byte(bent), []Key{key}, witnesses[2]); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "remora.n621.de") {
		t.Error(err)
	}
	if _, err := OpenCheckpoint([]byte(bent), []Key{key}, witnesses[0]); err != nil {
		t.Error(err)
	}
	// Witnesses alone do not make a checkpoint.
	if c, err := OpenCheckpoint([]byte(arche), nil, witnesses...); err == nil {
		t.Errorf("%+v", c)
	}
	if c, err := OpenCheckpoint([]byte(arche), []Key{Key(witnesses[0])}, witnesses...); err == nil {
		t.Errorf("%+v", c)
	}
}

func TestAWitnessIsAddedOnceAndRenewed(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 3)...)
	signed := s.shelf[CheckpointPath]
	text := checkpointText(s.key().Name, s.head)
	w, first := cosign(text, "witness.example/1", 7, 1767225600)
	w2, second := cosign(text, "witness.example/2", 8, 1767225700)
	_, later := cosign(text, "witness.example/1", 7, 1767225800)
	for _, step := range []struct {
		w     Witness
		lines string
	}{{w, "— stranger.example AAAAAAAAAAAA\n" + first}, {w2, second}, {w, later}} {
		var err error
		if signed, err = Cosign(signed, []byte(step.lines), step.w); err != nil {
			t.Fatal(err)
		}
	}
	c, err := OpenCheckpoint(signed, []Key{s.key()}, w, w2)
	if err != nil || !reflect.DeepEqual(c.Cosignatures, []Cosignature{{w2, 1767225700}, {w, 1767225800}}) || strings.Count(string(signed), "\n— ") != 3 {
		t.Errorf("%+v %v\n%s", c, err, signed)
	}
	_, foreign := cosign(sofa, "witness.example/1", 7, 1)
	for name, lines := range map[string]string{"another checkpoint's": foreign, "another witness's": second, "none": "", "no line": "— \n", "two texts": "\n\n" + first} {
		if out, err := Cosign(signed, []byte(lines), w); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
	if _, err := Cosign([]byte("x"), []byte(first), w); err == nil {
		t.Error("what is no checkpoint was cosigned")
	}
	// A time beyond 2^63 is refused.
	if raw, err := base64.StdEncoding.DecodeString(strings.Fields(first)[2]); err != nil || !w.verify([]byte(text), raw[4:]) || w.verify([]byte(text), append([]byte{0x80}, raw[5:]...)) || w.verify([]byte(text), raw[5:]) {
		t.Error(err)
	}
}

func TestNoHeadIsSignedThatDoesNotExtendTheLast(t *testing.T) {
	s := newStock(t)
	s.grow(t, leavesOf(t, 0, 5)...)
	five := s.head
	s.grow(t, leavesOf(t, 5, 9)...)
	nine := s.head
	proof, err := Consistency(5, 9, s)
	if err != nil {
		t.Fatal(err)
	}
	fork := newStock(t)
	fork.grow(t, leavesOf(t, 1, 10)...)
	forked, err := Consistency(5, 9, fork)
	if err != nil {
		t.Fatal(err)
	}
	signer := s.signers[0]
	for name, x := range map[string]struct {
		last, next Head
		proof      []Hash
	}{
		"a fork": {five, fork.head, proof}, "a fork with its proof": {five, fork.head, forked}, "a shorter one": {nine, five, proof}, "no proof": {five, nine, nil},
		"a longer proof": {five, nine, append(proof[:len(proof):len(proof)], Hash{})}, "another of the same size": {nine, fork.head, nil}, "a proof for nothing": {Empty, nine, proof},
		"a last head that is none": {Head{}, nine, nil}, "less than nothing": {Empty, Head{Size: -1}, nil},
	} {
		if signed, err := SignCheckpoint(x.last, x.next, x.proof, signer); err == nil || signed != nil {
			t.Errorf("%s: %s", name, signed)
		}
	}
	for name, x := range map[string]struct {
		last, next Head
		proof      []Hash
	}{"the first": {Empty, five, nil}, "the next": {five, nine, proof}, "the same": {nine, nine, nil}, "nothing yet": {Empty, Empty, nil}} {
		signed, err := SignCheckpoint(x.last, x.next, x.proof, signer)
		if c, err2 := OpenCheckpoint(signed, []Key{signer.Key()}); err != nil || err2 != nil || !reflect.DeepEqual(c, Checkpoint{Origin: signer.Key().Name, Head: x.next}) {
			t.Errorf("%s: %+v %v %v", name, c, err, err2)
		}
	}
	if _, err := SignCheckpoint(five, nine, proof); err == nil {
		t.Error("nobody signed")
	}
	if _, err := SignCheckpoint(five, nine, proof, signer, signerOf("other.example", 1)); err == nil {
		t.Error("keys of two logs signed one head")
	}
	// What was signed is a note that package note opens by itself.
	v, err := note.NewVerifier(signer.Key().String())
	if err != nil {
		t.Fatal(err)
	}
	signed, _ := SignCheckpoint(five, nine, proof, signer)
	if n, err := note.Open(signed, note.VerifierList(v)); err != nil || n.Text != checkpointText(signer.Key().Name, nine) {
		t.Error(err)
	}
}

func TestACheckpointIsReadStrictly(t *testing.T) {
	if _, err := parseCheckpoint(sofa); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no last newline": strings.TrimSuffix(sofa, "\n"), "an extension": sofa + "more\n", "an empty line": sofa + "\n", "two lines": "a\n1\n",
		"leading zero": strings.Replace(sofa, "20852163", "020852163", 1), "sign": strings.Replace(sofa, "20852163", "+20852163", 1), "negative": strings.Replace(sofa, "20852163", "-1", 1),
		"huge": strings.Replace(sofa, "20852163", "9223372036854775807", 1), "no size": strings.Replace(sofa, "20852163", "", 1),
		"short root": strings.Replace(sofa, "q2I=", "", 1), "loose base64": strings.Replace(sofa, "q2I=", "q2J=", 1), "carriage return": strings.ReplaceAll(sofa, "\n", "\r\n"),
		"no origin": strings.Replace(sofa, "example.com/behind-the-sofa", "", 1), "origin with a space": strings.Replace(sofa, "behind-", "behind ", 1), "origin with a plus": strings.Replace(sofa, "behind-", "behind+", 1),
		"origin that is a number": strings.Replace(sofa, "example.com/behind-the-sofa", "12368", 1), "an empty tree with a root": strings.Replace(sofa, "20852163", "0", 1),
	} {
		if c, err := parseCheckpoint(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %+v %v", name, c, err)
		}
	}
}

func TestKeysAreReadStrictlyAndNeverPrinted(t *testing.T) {
	s, err := NewSigner("example.gov.cn/log")
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseSigner(s.Secret() + "\n")
	if err != nil || again.Key() != s.Key() {
		t.Fatal(err)
	}
	if _, err := note.NewSigner(s.Secret()); err != nil {
		t.Error("package note does not know the private key:", err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, s); got != "tlog.Signer" {
			t.Errorf("%s prints %d characters", format, len(got))
		}
	}
	key, secret := s.Key().String(), s.Secret()
	for i := range key {
		bent := []byte(key)
		bent[i]++
		if k, err := ParseKey(string(bent)); err == nil {
			t.Errorf("with byte %d changed: %s", i, k)
		}
	}
	for i := range secret {
		bent := []byte(secret)
		bent[i]++
		if _, err := ParseSigner(string(bent)); err == nil || strings.Contains(err.Error(), secret[len(secret)-20:]) {
			t.Errorf("private key with byte %d changed: %v", i, err)
		}
	}
	for _, bad := range []string{"", "+", "++", "a+b+c", key + " ", " " + key, key[:len(key)-4], Witness(s.Key()).String(), "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"} {
		if k, err := ParseKey(bad); err == nil {
			t.Errorf("%q is %s", bad, k)
		}
	}
	if w, err := ParseWitness(key); err == nil {
		t.Errorf("a log's key is a witness's: %s", w)
	}
	for _, origin := range []string{"", "two words", "a+b", "12368", "a\nb", strings.Repeat("a", maxName+1), "\xff"} {
		if _, err := NewSigner(origin); err == nil {
			t.Errorf("%q is an origin", origin)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(signerOf("example.gov.cn/log", 1).Key().String())
	f.Add("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseKey(text); err == nil {
			if _, err := note.NewVerifier(text); k.String() != text || err != nil {
				t.Errorf("%q is %s, %v", text, k, err)
			}
		}
		if w, err := ParseWitness(text); err == nil && w.String() != text {
			t.Errorf("%q is %s", text, w)
		}
		if s, err := ParseSigner(text); err == nil && s.Secret() != strings.TrimSpace(text) {
			t.Errorf("%q is another key", text)
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	s := newStock(f)
	f.Add(s.shelf[CheckpointPath])
	f.Add([]byte(arche))
	f.Add([]byte(sofa))
	f.Fuzz(func(t *testing.T, signed []byte) {
		if c, err := parseCheckpoint(string(signed)); err == nil && checkpointText(c.Origin, c.Head) != string(signed) {
			t.Errorf("%q is %+v", signed, c)
		}
		if c, err := OpenCheckpoint(signed, []Key{s.key()}); err == nil && (c.Head != Empty || !bytes.HasPrefix(signed, []byte(checkpointText(c.Origin, Empty)))) {
			t.Errorf("forged: %q", signed)
		}
	})
}
