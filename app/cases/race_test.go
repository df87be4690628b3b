//go:build race

package cases_test

// walks is how many walks the race detector follows: it needs ten times as long,
// and looks for other mistakes than theirs.
const walks = 8
