package tlog

import (
	"bytes"
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
	fsck := func(served shelf) (string, error) {
		srv := server(t, served, nil)
		out, err := exec.CommandContext(t.Context(), "../../scripts/log-fsck", srv.URL+"/log/", s.key().String()).CombinedOutput()
		return string(out), err
	}
	if out, err := fsck(s.shelf); err != nil || !strings.Contains(out, "Successfully fsck'd log with size 1500 and root "+s.head.Root.String()) {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, path := range []string{"tile/entries/001", "tile/0/003", "tile/1/000.p/5", CheckpointPath} {
		served := s.served()
		served[path] = bytes.Clone(served[path])
		served[path][len(served[path])-9] ^= 1
		if out, err := fsck(served); err == nil || !strings.Contains(out, "fsck failed") {
			t.Errorf("with %s changed: %v\n%s", path, err, out)
		}
	}
}
