// Package tlog is the public log without its storage: what a leaf says, byte by
// byte; the tree over the leaves and its tiles; signed checkpoints; promises and
// receipts; and the verifier that anybody can run against a log from outside.
// The forms are those of C2SP (tlog-tiles, tlog-checkpoint, tlog-cosignature),
// so that programs which this project did not write can check the same log.
// docs/log.md describes every byte.
//
// It trusts golang.org/x/mod/sumdb for hashing, proofs and notes, the caller for
// the time and for the last head it signed (which must come from durable storage,
// in the transaction that stores the next), and nothing that was fetched. It must
// never sign a head that does not extend the last one, never put anything about a
// received case into a leaf but a salted commitment, never accept two encodings
// of one thing, and never print a private key.
package tlog

import (
	"fmt"
	"time"

	merkle "golang.org/x/mod/sumdb/tlog"

	"mingjing/app/fault"
)

// Hash is a SHA-256 digest: of a leaf, of a node, of a text. As text it is base64.
type Hash = merkle.Hash

// HashReader reads stored hashes by their index (merkle.StoredHashIndex).
type HashReader = merkle.HashReader

// wrong is what all parsers answer: a message for people about what they brought.
func wrong(format string, args ...any) error {
	return fault.New(fault.Invalid, fmt.Sprintf(format, args...))
}

// maxTime is the last second of the year 9999, in Unix seconds.
const maxTime = 253402300799

// day is how messages show a time.
func day(unix int64) string {
	return time.Unix(unix, 0).In(time.FixedZone("CST", 8*3600)).Format("2006年1月2日 15:04:05")
}
