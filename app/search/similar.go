package search

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mingjing/app/store"
)

// Likeness is a document that shares wording with a text.
type Likeness struct {
	Ref   int64
	Share int // percent of the shorter one's pairs of characters found in the other
}

// Keys are the documents' keys, the most alike first.
func Keys(list []Likeness) []int64 {
	keys := make([]int64, len(list))
	for i, l := range list {
		keys[i] = l.Ref
	}
	return keys
}

const (
	probed     = 32   // pairs of a text that are looked up
	rareCap    = 200  // a pair in this many documents or more is not rare
	recent     = 2000 // documents that are the newest of all
	candidates = 50   // documents that are compared in full
	leastPairs = 6    // fewer shared pairs are chance
	leastShare = 30   // and so is a smaller share
)

// Similar lists the documents of kind worded most like the text, the most alike
// first, at most limit. Candidates are those that share most of the text's rare
// pairs of characters; what is shared is then counted in full. The caller drops
// what the actor may not see.
func Similar(r *store.Reader, kind, text string, limit int) ([]Likeness, error) {
	mine := pairSet(clip(Normalize(text), longestText))
	found := []Likeness{}
	if len(mine) < leastPairs {
		return found, nil
	}
	refs, err := sharing(r, kind, mine)
	if err != nil || len(refs) == 0 {
		return found, err
	}
	var docs []struct {
		Ref  int64
		Body string
	}
	err = r.Raw(`SELECT ref, body FROM search_docs WHERE kind = ? AND ref IN ?`, kind, refs).Scan(&docs).Error
	if err != nil {
		return nil, fmt.Errorf("search: similar: %w", err)
	}
	have := setOf(mine)
	for _, d := range docs {
		theirs := setOf(pairSet(d.Body))
		shared, share := have.shared(theirs), have.Share(theirs)
		if shared >= leastPairs && share >= leastShare {
			found = append(found, Likeness{d.Ref, share})
		}
	}
	slices.SortFunc(found, func(a, b Likeness) int {
		return cmp.Or(b.Share-a.Share, cmp.Compare(b.Ref, a.Ref))
	})
	return found[:min(limit, len(found))], nil
}

// Pairs are a text's pairs of characters, for comparing texts one by one.
type Pairs map[string]bool

// PairsOf reads a text's pairs.
func PairsOf(text string) Pairs { return setOf(pairSet(clip(Normalize(text), longestText))) }

func setOf(pairs []string) Pairs {
	p := make(Pairs, len(pairs))
	for _, g := range pairs {
		p[g] = true
	}
	return p
}

func (p Pairs) shared(q Pairs) int {
	if len(q) < len(p) {
		p, q = q, p
	}
	n := 0
	for g := range p {
		if q[g] {
			n++
		}
	}
	return n
}

// Share is how many percent of the shorter text's pairs the other one has too.
func (p Pairs) Share(q Pairs) int { return p.shared(q) * 100 / max(1, min(len(p), len(q))) }

// pairSet is a body's pairs, each once, in order of appearance.
func pairSet(body string) []string {
	var list []string
	seen := map[string]bool{}
	for _, part := range strings.Fields(body) {
		for _, g := range pairs(part) {
			if len(g) == 8 && !seen[g] {
				seen[g] = true
				list = append(list, g)
			}
		}
	}
	return list
}

// sharing lists the documents that have most of the rare pairs. Each pair is
// asked for some documents, at most rareCap; pairs that reach the cap say
// little and count only when all do. Grams consist of digits and letters, so
// they may stand in the statement, and PostgreSQL can plan each by its own
// frequency.
func sharing(r *store.Reader, kind string, mine []string) ([]int64, error) {
	probe := mine
	if len(probe) > probed { // evenly over the text
		probe = make([]string, probed)
		for i := range probe {
			probe[i] = mine[i*len(mine)/probed]
		}
	}
	one, args := anyOf, []any{kind}
	if r.Dialect() == store.SQLite {
		one, args = newestOf, []any{base(kind), base(kind), base(kind) + 1<<refBits - 1}
	}
	hits, frequency, err := having(r, probe, one, args)
	if err != nil {
		return nil, err
	}
	someRare := slices.ContainsFunc(frequency, func(n int) bool { return n > 0 && n < rareCap })
	if !someRare && len(hits) > 0 && r.Dialect() == store.Postgres {
		var there []string
		for i, n := range frequency {
			if n > 0 {
				there = append(there, probe[i])
			}
		}
		if hits, frequency, err = having(r, there, recentOf, []any{kind}); err != nil {
			return nil, err
		}
	}
	shared := map[int64]int{}
	for _, h := range hits {
		if !someRare || frequency[h.I] < rareCap {
			shared[h.Ref]++
		}
	}
	refs := slices.SortedFunc(maps.Keys(shared), func(a, b int64) int {
		return cmp.Or(shared[b]-shared[a], cmp.Compare(b, a))
	})
	return refs[:min(candidates, len(refs))], nil
}

// The ways to some documents of a pair; %d is its number, %s its gram. What
// PostgreSQL knows of frequencies ends at some thousand words: asked for the
// newest documents with a word that it takes for common and that hardly
// occurs, it reads them all. So it is asked for any documents, and for the newest
// only among the newest of all.
var (
	newestOf = fmt.Sprintf(`SELECT * FROM (SELECT %%d AS i, rowid - ? AS ref FROM search_fts
		WHERE search_fts MATCH '"%%s"' AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT %d)`, rareCap)
	anyOf = fmt.Sprintf(`SELECT i, ref FROM (SELECT %%d AS i, kind, ref FROM search_docs
		WHERE grams @@ '%%s'::tsquery LIMIT %d) x WHERE kind = ?`, rareCap)
	recentOf = fmt.Sprintf(`SELECT * FROM (SELECT %%d AS i, ref FROM (SELECT ref, grams FROM search_docs
		WHERE kind = ? ORDER BY ref DESC LIMIT %d) w WHERE grams @@ '%%s'::tsquery LIMIT %d) x`, recent, rareCap)
)

type hit struct {
	I   int // the pair's number
	Ref int64
}

// having asks for documents of each pair in one of those ways, and counts them.
func having(r *store.Reader, pairs []string, way string, each []any) (hits []hit, frequency []int, err error) {
	var sql []string
	var args []any
	for i, g := range pairs {
		sql, args = append(sql, fmt.Sprintf(way, i, g)), append(args, each...)
	}
	if err := r.Raw(strings.Join(sql, " UNION ALL "), args...).Scan(&hits).Error; err != nil {
		return nil, nil, fmt.Errorf("search: similar: %w", err)
	}
	frequency = make([]int, len(pairs))
	for _, h := range hits {
		frequency[h.I]++
	}
	return hits, frequency, nil
}
