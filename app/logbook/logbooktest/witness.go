package logbooktest

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mingjing/app/tlog"
)

// Witness is a witness as C2SP tlog-witness has it, of one log.
type Witness struct {
	Key tlog.Witness
	URL string

	lock    sync.Mutex
	private ed25519.PrivateKey
	log     []tlog.Key
	seen    tlog.Head
	At      int64 // what its clock says
	Asked   int
}

// StartWitness has a witness of a log listen, for as long as the test runs.
func StartWitness(t testing.TB, name string, log ...tlog.Key) *Witness {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &Witness{Key: tlog.Witness{Name: name, Public: [32]byte(public)}, private: private, log: log, seen: tlog.Empty, At: 1767225600}
	s := httptest.NewServer(http.HandlerFunc(w.answer))
	t.Cleanup(s.Close)
	w.URL = s.URL
	return w
}

// Setting is the witness as the settings have it.
func (w *Witness) Setting() string { return w.Key.String() + " " + w.URL }

func (w *Witness) answer(to http.ResponseWriter, r *http.Request) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.Asked++
	raw, _ := io.ReadAll(r.Body)
	head, note, ok := strings.Cut(string(raw), "\n\n")
	line := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(line[0], "old "), 10, 64)
	if r.Method != http.MethodPost || r.URL.Path != "/add-checkpoint" || !ok || err != nil {
		http.Error(to, "malformed", http.StatusBadRequest)
		return
	}
	c, err := tlog.OpenCheckpoint([]byte(note), w.log)
	if err != nil {
		http.Error(to, err.Error(), http.StatusForbidden)
		return
	}
	if old != w.seen.Size {
		to.Header().Set("Content-Type", "text/x.tlog.size")
		to.WriteHeader(http.StatusConflict)
		fmt.Fprintln(to, w.seen.Size)
		return
	}
	var proof []tlog.Hash
	for _, text := range line[1:] {
		hash, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(hash) != 32 {
			http.Error(to, "malformed", http.StatusBadRequest)
			return
		}
		proof = append(proof, tlog.Hash(hash))
	}
	if err := tlog.Extends(w.seen, c.Head, proof); err != nil {
		http.Error(to, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.seen = c.Head
	text := note[:strings.Index(note, "\n\n")+1]
	signature := ed25519.Sign(w.private, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", w.At, text))
	id, err := strconv.ParseUint(strings.SplitN(w.Key.String(), "+", 3)[1], 16, 32)
	if err != nil {
		panic(err)
	}
	sig := binary.BigEndian.AppendUint32(nil, uint32(id))
	sig = append(binary.BigEndian.AppendUint64(sig, uint64(w.At)), signature...)
	fmt.Fprintf(to, "\u2014 %s %s\n", w.Key.Name, base64.StdEncoding.EncodeToString(sig))
}
