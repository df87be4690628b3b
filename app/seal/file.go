package seal

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// stanza names how a file's key is wrapped in age's header.
const stanza = "mingjing/1"

type recipient struct {
	to Public
	in Context
}

func (r recipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	body, err := seal(r.to, r.in, fileKey)
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: stanza, Body: body}}, nil
}

type identity struct {
	with *Private
	in   Context
}

func (i identity) Unwrap(list []*age.Stanza) ([]byte, error) {
	for _, s := range list {
		if s.Type == stanza && len(s.Args) == 0 {
			if key, err := open(i.with, i.in, s.Body); err == nil {
				return key, nil
			}
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// SealFile writes what is written to it to out, as an age file that the private
// half of to opens in that context. Close ends it; without Close it is not whole
// and does not open. Names and lengths are not hidden by it: they are sealed, and
// the length is rounded up, by whoever stores it.
func SealFile(out io.Writer, to Public, in Context) (io.WriteCloser, error) {
	if !to.Valid() {
		return nil, errors.New("seal: no public key for a file")
	}
	return age.Encrypt(out, recipient{to, in})
}

// OpenFile reads what SealFile wrote. Every part is authentic before it is
// returned, but only io.EOF says that nothing was cut off.
func OpenFile(sealed io.Reader, with *Private, in Context) (io.Reader, error) {
	r, err := age.Decrypt(sealed, identity{with, in})
	if errors.As(err, new(*age.NoIdentityMatchError)) {
		return nil, ErrSealed
	}
	if err != nil {
		return nil, fmt.Errorf("seal: file: %w", err)
	}
	return r, nil
}
