package tlog

import "slices"

// State is what a verifier keeps from one run to the next: how far it verified,
// and the log's keys so far, in their order; the last one signs.
type State struct {
	Head
	Keys []Key
}

// Begin is the state of a verifier that knows only the log's key, any of them.
func Begin(key Key) State { return State{Empty, []Key{key}} }

// Key is the key that signs now.
func (s State) Key() Key { return s.Keys[len(s.Keys)-1] }

const stateVersion = 1

type stateFile struct {
	Version int    `json:"version"`
	Origin  string `json:"origin"`
	Size    int64  `json:"size"`
	Root    Hash   `json:"root"`
	Keys    []Key  `json:"keys"`
}

// JSON is the state as a file.
func (s State) JSON() []byte {
	return writeJSON(stateFile{stateVersion, s.Key().Name, s.Size, s.Root, s.Keys})
}

// ParseState reads a state's file as strictly as a receipt's.
func ParseState(file []byte) (State, error) {
	var f stateFile
	if err := readJSON(file, &f, func() int { return f.Version }, stateVersion, "核对记录"); err != nil {
		return State{}, err
	}
	foreign := func(k Key) bool { return k.Name != f.Origin }
	if len(f.Keys) == 0 || slices.ContainsFunc(f.Keys, foreign) || f.Size < 0 || f.Size > maxSize || f.Size == 0 && f.Root != Empty.Root {
		return State{}, wrong("这份核对记录被改动过：条数、树根或公钥不对。")
	}
	return State{Head{f.Size, f.Root}, f.Keys}, nil
}
