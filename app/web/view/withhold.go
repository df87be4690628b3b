package view

import "slices"

// Withhold hides what would give small counts away: a small count is what a column's total leaves over. Where the other
// counts of a column cannot cover it, the total is withheld, and with it everything that adds up to the total. It is
// called once, when all true counts are in; whatever else shows one of them must take it from here.
func (p *StatisticsPage) Withhold() {
	received := func(r *CountRow) *Cell { return &r.Received }
	replied := func(r *CountRow) *Cell { return &r.Replied }
	cover(&p.Received, column(p.Kinds, received), column(p.Months, received))
	cover(&p.Replied, column(p.Kinds, replied), column(p.Months, replied))
	for _, rows := range [][]CountRow{p.Kinds, p.Months} {
		largest := 0 // of those shown: bars are drawn to its scale
		for _, r := range rows {
			largest = max(largest, int(r.Received))
		}
		for i := range rows {
			rows[i].Largest = largest
		}
	}
	for i := range p.Rates {
		p.Rates[i].Private = p.Rates[i].Private || p.Received.Withheld() || p.Replied.Withheld()
	}
}

func column(rows []CountRow, of func(*CountRow) *Cell) []*Cell {
	cells := make([]*Cell, len(rows))
	for i := range rows {
		cells[i] = of(&rows[i])
	}
	return cells
}

// cover hides what it must of two tables with the same total.
func cover(total *Cell, kinds, months []*Cell) {
	byKind, byMonth := covers(kinds), covers(months)
	k, kOK := covering(*total, kinds, byKind)
	m, mOK := covering(*total, months, byMonth)
	if !kOK || !mOK {
		k, m, *total = byKind, byMonth, withheld
	}
	for _, c := range slices.Concat(k, m) {
		*c = withheld
	}
}

// covers are the counts that may be withheld for others, smallest first.
func covers(cells []*Cell) []*Cell {
	var out []*Cell
	for _, c := range cells {
		if *c > 0 && !c.Hidden() {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *Cell) int { return int(*a - *b) })
	return out
}

// covering chooses the fewest counts to withhold, so that nobody who knows the total, the counts shown and this rule
// can tell a small one; ok is false when all of them are not enough.
func covering(total Cell, cells, free []*Cell) (chosen []*Cell, ok bool) {
	small, sum := Cell(0), Cell(0)
	for _, c := range cells {
		if c.small() {
			small++
			sum += *c
		}
	}
	if small == 0 || total.small() {
		return nil, true
	}
	for k := Cell(0); int(k) <= len(free); k++ {
		next := total // no withheld count is larger than the smallest shown
		if int(k) < len(free) {
			next = *free[k]
		}
		// What the small ones may add up to, as far as an outsider can tell.
		least, most := max(small, sum-k*next), min(4*small, sum-5*k)
		if least < most || small > 1 && small < least && least < 4*small {
			return free[:k], true
		}
		if int(k) < len(free) {
			sum += *free[k]
		}
	}
	return nil, false
}
