package seal

import (
	"crypto/hpke"
	"fmt"
)

// A line goes one way, to the holder of a private key: one encapsulation
// (RFC 9180, exported secret), after which any number of small things can be
// closed for them at the cost of a symmetric cipher. Reports use one for many
// grants; what a line carries is bound to its place by each box's own context.

// NewLine opens a line to a key, for one purpose. enc is stored; the box closes.
func NewLine(to Public, in Context) (enc []byte, box Box, err error) {
	key, err := to.parse()
	if err != nil {
		return nil, nil, err
	}
	enc, sender, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.ExportOnly(), in.info(Suite(to[0])))
	if err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	secret, err := sender.Export(lineExport, 32)
	if err != nil {
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	return append([]byte{to[0]}, enc...), secret, nil
}

const lineExport = "mingjing/line/1"

// OpenLine is the box at the holder's end.
func OpenLine(with *Private, in Context, enc []byte) (Box, error) {
	if len(enc) == 0 || Suite(enc[0]) != with.suite {
		return nil, ErrSealed
	}
	recipient, err := hpke.NewRecipient(enc[1:], with.key, hpke.HKDFSHA256(), hpke.ExportOnly(), in.info(with.suite))
	if err != nil {
		return nil, ErrSealed
	}
	secret, err := recipient.Export(lineExport, 32)
	if err != nil {
		return nil, ErrSealed
	}
	return secret, nil
}

// NewBox draws a key by chance.
func NewBox() Box { return random(32) }

// CloseText closes a text whose length is to tell little; see Pad. OpenText opens it.
func (b Box) CloseText(in Context, text []byte) []byte { return b.Close(in, Pad(text)) }

func (b Box) OpenText(in Context, closed []byte) ([]byte, error) {
	padded, err := b.Open(in, closed)
	if err != nil {
		return nil, err
	}
	return unpad(padded)
}

// Padded is the length that Pad gives so many bytes.
func Padded(n int64) int64 { return int64(padded(int(n))) }
