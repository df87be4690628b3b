package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// part marks a stream that is still being written, or that a crash left behind.
const part = ".part"

// Folder keeps each stream in a file of a local folder, spread over 256
// subfolders by the first byte of the key.
type Folder struct{ dir string }

// NewFolder makes the folder when it is missing.
func NewFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Folder{dir}, nil
}

func (s *Folder) path(key string) string { return filepath.Join(s.dir, key[:2], key) }

func (s *Folder) Put(ctx context.Context, key string, r io.Reader) (n int64, err error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	path := s.path(key)
	shard := filepath.Dir(path)
	if err := os.Mkdir(shard, 0o700); err == nil {
		if err := syncDir(s.dir); err != nil {
			return 0, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return 0, fmt.Errorf("blob: put: %w", err)
	}
	f, err := os.OpenFile(path+part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("blob: put: %w", err)
	}
	n, err = io.Copy(f, interruptible{ctx, r})
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+part, path)
	}
	if err != nil {
		os.Remove(path + part)
		return n, fmt.Errorf("blob: put: %w", err)
	}
	return n, syncDir(shard)
}

func (s *Folder) Open(_ context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(key))
	if err != nil {
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	return f, nil
}

// Delete also removes what a crashed Put left under the key.
func (s *Folder) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	for _, path := range []string{s.path(key), s.path(key) + part} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("blob: delete: %w", err)
		}
	}
	return nil
}

// Walk also visits what crashed Puts left behind, so that Sweep removes it.
func (s *Folder) Walk(ctx context.Context, f func(Item) error) error {
	return filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || d.IsDir() {
			return err
		}
		key := strings.TrimSuffix(d.Name(), part)
		if checkKey(key) != nil {
			return nil // not ours
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return f(Item{Key: key, Modified: info.ModTime(), Size: info.Size()})
	})
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	return nil
}

// interruptible stops a copy when its context ends.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
