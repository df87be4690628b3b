package verify

import (
	"bytes"
	"encoding/json"
	"fmt"

	"mingjing/app/fault"
	"mingjing/app/tlog"
)

// State is what is kept from one run to the next: how far the log was verified, and
// its last word on each thing.
type State struct {
	Log   tlog.State
	Words []Word
}

// Begin is the state of who knows only the log's key.
func Begin(key tlog.Key) State { return State{Log: tlog.Begin(key)} }

const stateVersion = 1

type stateFile struct {
	Version int             `json:"version"`
	Log     json.RawMessage `json:"log"`
	Words   []wordFile      `json:"words"`
}

type wordFile struct {
	Kind    string    `json:"kind"`
	ID      string    `json:"id"`
	Version uint32    `json:"version"`
	Event   byte      `json:"event"`
	At      int64     `json:"at"`
	Digest  tlog.Hash `json:"digest"`
	Index   int64     `json:"index"`
}

// JSON is the state as a file.
func (s State) JSON() ([]byte, error) {
	f := stateFile{Version: stateVersion, Log: s.Log.JSON(), Words: []wordFile{}}
	for _, w := range s.Words {
		f.Words = append(f.Words, wordFile{w.Kind, w.ID, w.Version, byte(w.Event), w.At, w.Digest, w.Index})
	}
	raw, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return nil, fmt.Errorf("verify: state: %w", err)
	}
	return append(raw, '\n'), nil
}

// ParseState reads a state's file.
func ParseState(file []byte) (State, error) {
	bad := fault.New(fault.Invalid, "这份核对记录不完整，或者被改动过。删掉它可以从头核对一遍。")
	var f stateFile
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil || f.Version != stateVersion {
		return State{}, bad
	}
	log, err := tlog.ParseState(f.Log)
	if err != nil {
		return State{}, err
	}
	s := State{Log: log}
	for _, w := range f.Words {
		if w.Version == 0 || w.Event < byte(tlog.Publish) || w.Event > byte(tlog.Withdraw) || w.Index < 0 || w.Index >= log.Size {
			return State{}, bad
		}
		s.Words = append(s.Words, Word{w.Kind, w.ID, w.Version, tlog.Event(w.Event), w.At, w.Digest, w.Index})
	}
	return s, nil
}
