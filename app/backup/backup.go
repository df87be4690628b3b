// Package backup puts a whole portal, its database and its attachments, into
// one encrypted file while the site runs, and makes a portal of such a file.
//
// The file is a gzipped tar inside age (see Manifest, Contents), readable with
// age and tar alone and the same for both databases, so that a site can move
// from the embedded one to PostgreSQL. It holds attachments as they are stored,
// that is sealed; it must never hold the pepper or a service key, which are
// kept apart, and nothing of it may reach a disk in the clear.
//
// Save sees one snapshot of the database and then the attachments that the
// snapshot refers to. Restore fills an empty portal or leaves it empty. It
// trusts the schema of the program, not the file: no name out of the file
// becomes part of a statement or a path.
package backup

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"mingjing/app/store"
)

// format is the version of what is written; Restore reads no other.
const format = 1

// Manifest is the first member of the file, manifest.json.
type Manifest struct {
	Format    int           `json:"format"`
	CreatedAt time.Time     `json:"created_at"`
	Dialect   store.Dialect `json:"dialect"`
	Schema    int64         `json:"schema"` // version of the last migration
	Pepper    string        `json:"pepper"` // fingerprint of the pepper that the database belongs to
	Tables    []Table       `json:"tables"` // in the order of the file
}

// Contents is the last member, contents.json: what the file must have held.
// Between the two stand tables/NAME/000001 and so on, an array of values per
// line, and blobs/KEY/000001 and so on.
type Contents struct {
	Tables map[string]Sum `json:"tables"`
	Blobs  Sum            `json:"blobs"`
	// Missing are keys that the snapshot refers to and the store did not have.
	Missing []string `json:"missing"`
}

// Sum counts rows or attachments and digests them.
type Sum struct {
	Count  int64  `json:"count"`
	SHA256 string `json:"sha256"`
}

// Summary says what was saved or restored.
type Summary struct {
	CreatedAt time.Time // of the snapshot
	Tables    int
	Rows      int64
	Blobs     int64
	// Missing are attachments that a row refers to and the store does not have.
	Missing []string
}

const (
	manifestName = "manifest.json"
	contentsName = "contents.json"
	tableFolder  = "tables"
	blobFolder   = "blobs"
)

// partSize is how much of a member is held in memory: tar wants each entry's
// length before its content, and neither a table's nor a blob's is known.
const partSize = 1 << 20

// packer writes members into a tar, in parts.
type packer struct {
	tar *tar.Writer
	at  time.Time
}

func (p packer) whole(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return p.entry(name, append(raw, '\n'))
}

func (p packer) entry(name string, body []byte) error {
	err := p.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(body)), ModTime: p.at})
	if err == nil {
		_, err = p.tar.Write(body)
	}
	return err
}

// member collects what is written to it and passes it on part by part.
type member struct {
	packer
	name string
	no   int
	buf  bytes.Buffer
}

func (m *member) Write(b []byte) (int, error) {
	n, _ := m.buf.Write(b)
	for m.buf.Len() >= partSize {
		if err := m.flush(m.buf.Next(partSize)); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (m *member) Close() error {
	if m.buf.Len() == 0 {
		return nil
	}
	return m.flush(m.buf.Bytes())
}

func (m *member) flush(part []byte) error {
	m.no++
	return m.entry(fmt.Sprintf("%s/%06d", m.name, m.no), part)
}

// unpacker reads members out of a tar, their parts joined again.
type unpacker struct {
	tar  *tar.Reader
	name string // the member being read
	held string // the next one, whose first part the tar stands at
	end  error
}

// next goes on to the next member; io.EOF after the last.
func (u *unpacker) next() (string, error) {
	if _, err := io.Copy(io.Discard, u); err != nil { // what nobody read
		return "", err
	}
	if u.held == "" {
		u.advance()
	}
	if u.held == "" {
		return "", u.end
	}
	u.name, u.held = u.held, ""
	return u.name, nil
}

// advance moves the tar to its next entry and holds the member's name.
func (u *unpacker) advance() {
	h, err := u.tar.Next()
	if err != nil {
		u.end = err
		return
	}
	dir, base := path.Split(h.Name)
	if u.held = path.Clean(dir); dir == "" {
		u.held = base
	}
}

func (u *unpacker) Read(b []byte) (int, error) {
	for u.name != "" {
		n, err := u.tar.Read(b)
		if n > 0 {
			return n, nil // an error comes again; io.EOF ends a part, the member perhaps not
		}
		if !errors.Is(err, io.EOF) {
			return 0, damaged(err)
		}
		u.advance()
		if u.held != u.name {
			u.name = "" // the member ends here
			break
		}
		u.held = ""
	}
	if u.end != nil && !errors.Is(u.end, io.EOF) {
		return 0, damaged(u.end)
	}
	return 0, io.EOF
}
