package tlog

import (
	"os/exec"
	"strings"
	"testing"
)

// Another program, by other people, accepts the log as it is served, and would not
// accept it otherwise. It is built once; where that is impossible, this fails.
func TestTesserasFsckAcceptsTheLogAsServed(t *testing.T) {
	s := newStock(t)
	for _, to := range []int{1, 256, 700, 1500} {
		s.add(t, leavesOf(t, len(s.leaves), to)...)
	}
	srv := server(t, s, nil)
	fsck := func() (string, error) {
		out, err := exec.CommandContext(t.Context(), "../../scripts/log-fsck", srv.URL+"/log/", s.key().String()).CombinedOutput()
		return string(out), err
	}
	if out, err := fsck(); err != nil || !strings.Contains(out, "Successfully fsck'd log with size 1500 and root "+s.head.Root.String()) {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, path := range []string{"tile/entries/001", "tile/0/003", "tile/1/000.p/5", CheckpointPath} {
		data := s.shelf[path]
		bent := append([]byte(nil), data...)
		bent[len(bent)-9] ^= 1
		s.shelf[path] = bent
		if out, err := fsck(); err == nil || !strings.Contains(out, "fsck failed") {
			t.Errorf("with %s changed: %v\n%s", path, err, out)
		}
		s.shelf[path] = data
	}
}
