// Package keyfile writes the few small files that are kept beside the database:
// keys, and what tells whether the database is still the one it was. A crash leaves
// the old file or the new one, never a part, and nobody but the owner reads it.
//
// It trusts the folder. It must never replace a key that another instance just made,
// and never say in an error what a file holds.
package keyfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Create writes a file that is not there yet; fs.ErrExist when it is.
func Create(path, content string) error { return write(path, content, os.Link) }

// Replace writes a file in the place of whatever is there.
func Replace(path, content string) error { return write(path, content, os.Rename) }

func write(path, content string, put func(from, to string) error) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	f, err := os.CreateTemp(dir, ".key-*") // 0600
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = put(f.Name(), path) // a link, unlike a rename, never replaces
	}
	if err == nil {
		err = sync(dir)
	}
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	return nil
}

// sync makes what was done to the folder last.
func sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
