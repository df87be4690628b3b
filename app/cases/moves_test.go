package cases

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite docs/states.md from the table of moves")

// docs/states.md is the table of moves as a page: go test ./app/cases -run
// StatesPage -update writes it.
func TestTheStatesPageIsTheTableOfMoves(t *testing.T) {
	const path = "../../docs/states.md"
	var b strings.Builder
	b.WriteString("# States of a case\n\nWritten from `moves` in [`app/cases/moves.go`](../app/cases/moves.go) by `go test ./app/cases -run StatesPage -update`.\n" +
		"What is not in this table is refused.\n\n| verb | from | to | by |\n|---|---|---|---|\n")
	var verbs []Verb
	for v := range moves {
		verbs = append(verbs, v)
	}
	order := func(v Verb) int { return slices.Index(States, moves[v].From[0]) }
	slices.SortFunc(verbs, func(x, y Verb) int {
		if d := order(x) - order(y); d != 0 {
			return d
		}
		return strings.Compare(string(x), string(y))
	})
	for _, v := range verbs {
		m := moves[v]
		var from, by []string
		for _, s := range m.From {
			from = append(from, string(s))
		}
		for _, r := range m.Roles {
			name := string(r)
			if m.Own && departmental(r) {
				name += " of its department"
			}
			by = append(by, name)
		}
		if len(by) == 0 {
			by = []string{"the citizen"}
		}
		if len(m.From) == len(States) {
			from = []string{"any"}
		}
		to := string(m.To)
		if to == "" {
			to = "the same"
		}
		if v == DoObject {
			to = "the same; a petition's before its re-review: accepted"
		}
		if slices.Contains([]Verb{DoSupplement, DoAddFor, DoResume}, v) {
			to = "the same; from need_more, where it was before"
		}
		if v == DoUnmerge {
			to = "where it stood before it was merged; by its sender, to the answer they rate or object to"
		}
		fmt.Fprintf(&b, "| %s %s | %s | %s | %s |\n", v.Word(), v, strings.Join(from, ", "), to, strings.Join(by, ", "))
	}
	b.WriteString("\nA reviewer or approver without a department works for the whole court. Whoever drafted an answer does not approve it.\n" +
		"While a case waits for the citizen, the court's own limits stand still; those fixed by law do not.\n")
	diagram(&b, verbs)
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Error(d)
	}
}

// diagram draws the moves that change a state, those between the same two states as one arrow.
func diagram(b *strings.Builder, verbs []Verb) {
	arrows := map[[2]State][]string{}
	for _, v := range verbs {
		m := moves[v]
		to := m.To
		for _, from := range m.From {
			if to != "" && to != from {
				arrows[[2]State{from, to}] = append(arrows[[2]State{from, to}], v.Word())
			}
		}
	}
	b.WriteString("\n```mermaid\nstateDiagram-v2\n")
	for _, s := range States {
		fmt.Fprintf(b, "  %s: %s\n", s, s.Word())
	}
	b.WriteString("  [*] --> submitted\n")
	for _, from := range States {
		for _, to := range States {
			if words := arrows[[2]State{from, to}]; len(words) > 0 {
				fmt.Fprintf(b, "  %s --> %s: %s\n", from, to, strings.Join(words, "、"))
			}
		}
	}
	b.WriteString("  archived --> [*]\n```\n")
}

// Every state is reached by some move, and every state but the last has a way on.
func TestNoStateIsUnreachableOrADeadEnd(t *testing.T) {
	to := map[State]bool{Submitted: true}
	from := map[State]bool{Archived: true}
	for v, m := range moves {
		to[m.To] = true
		if v == DoExclude {
			continue
		}
		for _, s := range m.From {
			from[s] = true
		}
	}
	for _, s := range States {
		if !to[s] || !from[s] {
			t.Errorf("%s: reached %v, left %v", s, to[s], from[s])
		}
	}
}
