package view

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// table is a column of counts as it is published, total last.
func table(t *testing.T, kinds, months []Cell) (gotKinds, gotMonths string) {
	t.Helper()
	p := StatisticsPage{Rates: []Rate{{Share: Share{50, 100}}}}
	for _, n := range kinds {
		p.Kinds = append(p.Kinds, CountRow{Received: n, Replied: n})
		p.Received += n
	}
	for _, n := range months {
		p.Months = append(p.Months, CountRow{Received: n, Replied: n})
	}
	p.Replied = p.Received
	p.Withhold()
	show := func(rows []CountRow, of func(CountRow) Cell, total Cell) string {
		var out []string
		for _, r := range rows {
			out = append(out, of(r).String())
		}
		return strings.Join(append(out, total.String()), " ")
	}
	received := func(r CountRow) Cell { return r.Received }
	replied := func(r CountRow) Cell { return r.Replied }
	gotKinds, gotMonths = show(p.Kinds, received, p.Received), show(p.Months, received, p.Received)
	if also := show(p.Kinds, replied, p.Replied); also != gotKinds {
		t.Errorf("received %s, replied %s", gotKinds, also)
	}
	if hidden := p.Rates[0].Shown() != "50.0%" && p.Rates[0].Basis().Hidden(); hidden != p.Received.Withheld() {
		t.Errorf("total %s, rate %s of %s", p.Received, p.Rates[0].Shown(), p.Rates[0].Basis())
	}
	return gotKinds, gotMonths
}

func TestSmallCountsDoNotFollowFromTheRest(t *testing.T) {
	for _, c := range []struct {
		name          string
		kinds, months []Cell
		want          [2]string
	}{
		{"nothing small", []Cell{61, 33, 0}, []Cell{50, 44}, [2]string{"61 33 0 94", "50 44 94"}},
		{"nothing at all", []Cell{0, 0}, []Cell{0}, [2]string{"0 0 0", "0 0"}},
		{"one small: the smallest other is withheld", []Cell{61, 33, 3, 0}, []Cell{97}, [2]string{"61 不公布 <5 0 97", "97 97"}},
		{"both tables", []Cell{61, 33, 3}, []Cell{20, 75, 2}, [2]string{"61 不公布 <5 97", "不公布 75 <5 97"}},
		{"two small ones cover each other", []Cell{61, 1, 2}, []Cell{64}, [2]string{"61 <5 <5 64", "64 64"}},
		{"two ones do not", []Cell{61, 33, 1, 1}, []Cell{96}, [2]string{"61 不公布 <5 <5 96", "96 96"}},
		{"two fours do not", []Cell{61, 33, 4, 4}, []Cell{102}, [2]string{"61 不公布 <5 <5 102", "102 102"}},
		{"a five covers no one", []Cell{61, 33, 5, 1}, []Cell{100}, [2]string{"61 不公布 不公布 <5 100", "100 100"}},
		{"two equal ones cover no four alone", []Cell{4, 7, 7, 61}, []Cell{79}, [2]string{"<5 不公布 不公布 61 79", "79 79"}},
		{"the total is small itself", []Cell{3, 0}, []Cell{3}, [2]string{"<5 0 <5", "<5 <5"}},
		{"nothing left to cover: the total, and what adds up to it", []Cell{1, 5}, []Cell{6, 0}, [2]string{"<5 不公布 不公布", "不公布 0 不公布"}},
	} {
		kinds, months := table(t, c.kinds, c.months)
		if d := cmp.Diff(c.want, [2]string{kinds, months}); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

// outsider tells the counts that fit what is published, for one column.
func outsider(shown []string, total int) (fits [][]int) {
	var fill func(done []int, rest int)
	fill = func(done []int, rest int) {
		if len(done) == len(shown) {
			if rest == 0 {
				fits = append(fits, append([]int(nil), done...))
			}
			return
		}
		least, most := 0, 0
		switch s := shown[len(done)]; s {
		case "<5":
			least, most = 1, 4
		case "不公布":
			least, most = 5, rest
		default:
			fmt.Sscan(s, &least)
			most = least
		}
		for n := least; n <= min(most, rest); n++ {
			fill(append(done, n), rest-n)
		}
	}
	fill(nil, total)
	return fits
}

func TestNoSmallCountCanBeReckoned(t *testing.T) {
	for code := range 10 * 10 * 10 * 10 {
		column := []Cell{Cell(code % 10), Cell(code / 10 % 10), Cell(code / 100 % 10), Cell(code / 1000)}
		shown, _ := table(t, column, nil)
		cells := strings.Fields(shown)
		var total int
		if _, err := fmt.Sscan(cells[4], &total); err != nil {
			continue // without the total nothing can be subtracted
		}
		fits := outsider(cells[:4], total)
		for i, n := range column {
			alone := true
			for _, f := range fits {
				alone = alone && f[i] == fits[0][i]
			}
			if alone && n > 0 && n < 5 {
				t.Fatalf("%v shows as %s, which gives away the %d", column, shown, n)
			}
		}
	}
}
