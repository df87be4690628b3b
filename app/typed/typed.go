// Package typed makes what people type storable on every database and readable
// on every page. It trusts nothing about the text. It must never change what
// can be seen of it.
package typed

import (
	"strings"
	"unicode"
)

var oneNewline = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Clean gives valid UTF-8 without control, direction-changing or invisible
// characters, its lines ending in \n.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = oneNewline.Replace(s)
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r >= '\u3000' && r < '\ufe00': // the latter is what most texts consist of
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		case r == '\u200b', r == '\ufeff', r == '\u2060', r == '\u00ad', r >= '\ufff9' && r <= '\ufffb':
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// Line is Clean for a one-line answer.
func Line(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// Blank reports whether nothing in the text can be seen.
func Blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		switch r {
		case '\u3164', '\u115f', '\u1160', '\uffa0', '\u2800', '\u180e':
			return false // fillers that show as nothing
		}
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r)
	})
}
