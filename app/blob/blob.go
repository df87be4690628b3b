// Package blob keeps attachments: a local folder by default, an S3-compatible
// service when configured.
//
// Everything is encrypted before it leaves memory: Sealed wraps a backend and
// streams through age to a service key that lives in a file outside the
// database, so a stolen folder, bucket or backup of it opens nothing. It trusts
// that key file and the machine's memory; it trusts neither the backend nor the
// visitor: names are cleaned, types are told by content, sizes are counted.
// It must never write a visitor's bytes in the clear, not even to a temporary
// file, and never let a name chosen by a visitor reach a path or a key.
package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"filippo.io/age"

	"mingjing/app/keyfile"
)

// Store keeps byte streams under random keys made by NewKey.
type Store interface {
	// Put stores all of r, or nothing when r fails: then the error is r's. It
	// returns how many bytes r gave.
	Put(ctx context.Context, key string, r io.Reader) (int64, error)
	// Open reads what Put stored; fs.ErrNotExist when there is none.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes it; that it is gone already is no error.
	Delete(ctx context.Context, key string) error
	// Walk visits everything stored, in no order, until f fails.
	Walk(ctx context.Context, f func(Item) error) error
}

// Item is one stored stream.
type Item struct {
	Key      string
	Modified time.Time
	Size     int64 // as stored, that is encrypted
}

// Open returns the backend that the setting names: s3://…, or, when it is
// empty, the folder. What it returns is not sealed yet.
func Open(setting, folder string) (Store, error) {
	if setting == "" {
		return NewFolder(folder)
	}
	u, err := url.Parse(setting)
	if err != nil || u.Scheme != "s3" {
		// The setting holds a secret: it is not repeated.
		return nil, errors.New("blob: PORTAL_BLOB_URL must look like s3://key:secret@host/bucket?region=…")
	}
	return newS3(u)
}

// NewKey makes a key: 128 random bits, nothing that tells about the content.
func NewKey() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func checkKey(key string) error {
	if len(key) != 32 || strings.Trim(key, "0123456789abcdef") != "" {
		return fmt.Errorf("blob: %q is not a key", key)
	}
	return nil
}

// Sweep deletes what was stored before the instant and is not known: uploads
// whose form was never sent. It returns how many it deleted.
func Sweep(ctx context.Context, s Store, before time.Time, known func(key string) (bool, error)) (int, error) {
	var orphans []string
	err := s.Walk(ctx, func(i Item) error {
		if !i.Modified.Before(before) {
			return nil
		}
		ok, err := known(i.Key)
		if err == nil && !ok {
			orphans = append(orphans, i.Key)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("blob: sweep: %w", err)
	}
	for n, key := range orphans {
		if err := s.Delete(ctx, key); err != nil {
			return n, fmt.Errorf("blob: sweep: %w", err)
		}
	}
	return len(orphans), nil
}

// Sealed is a store whose content only the identity can read.
func Sealed(s Store, identity *age.X25519Identity) Store { return sealed{s, identity} }

type sealed struct {
	Store
	identity *age.X25519Identity
}

func (s sealed) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	plain := &counter{r: r}
	secret, err := age.EncryptReader(plain, s.identity.Recipient())
	if err != nil {
		return 0, fmt.Errorf("blob: seal: %w", err)
	}
	_, err = s.Store.Put(ctx, key, secret)
	return plain.n, err
}

// Open streams: what was read before an error must be thrown away with it,
// since a truncated or altered stream shows only where it is broken.
func (s sealed) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	c, err := s.Store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(c, s.identity)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("blob: open sealed %s: %w", key, err), c.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{plain, c}, nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// LoadOrCreateKey reads the service key, or makes it at the first start. When
// several instances start at once, one file wins and all read it.
func LoadOrCreateKey(path string) (*age.X25519Identity, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("blob key: %w", err)
		}
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("blob key: %w", err)
	}
	id, err := age.ParseX25519Identity(strings.TrimSpace(string(raw)))
	if err != nil {
		// age's error may quote what it read, and that may be a key.
		return nil, fmt.Errorf("blob key: %s does not hold an age identity", path)
	}
	return id, nil
}

func createKey(path string) error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	return keyfile.Create(path, id.String()+"\n")
}
