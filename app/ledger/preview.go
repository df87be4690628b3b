package ledger

import "mingjing/app/announce"

// StatedIn are the figures that a text states, by name, before it is imported.
func StatedIn(parsed announce.Announcement) map[string]Figure {
	out := map[string]Figure{}
	for _, f := range stated(parsed, 0) {
		out[f.Name] = f
	}
	return out
}
