package stats

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"mingjing/app/journal"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Export writes every count of a cut as .xlsx: a line for each month, kind,
// channel and department, a column for each set, so that a spreadsheet can add
// them up in any way. That it was taken is recorded.
func (s *Service) Export(ctx context.Context, a staff.Actor, c Cut, w io.Writer) error {
	if err := a.Require(Readers...); err != nil {
		return err
	}
	var t Table
	names := map[int64]string{}
	var at time.Time
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		at = tx.Now
		if t, err = Count(&tx.Reader, c); err != nil {
			return err
		}
		departments, err := staff.AllDepartments(&tx.Reader)
		if err != nil {
			return err
		}
		for _, x := range departments {
			names[x.ID] = x.Name
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "stats.export", Subject: "month", SubjectID: number(c.To), Changes: []journal.Change{{Field: "from", New: string(c.From)}}})
	})
	if err != nil {
		return err
	}
	columns := []sheet.Column{{Heading: "月份", Width: 10}, {Heading: "固定", Width: 8}, {Heading: "类别", Width: 14}, {Heading: "渠道", Width: 12}, {Heading: "部门", Width: 18}}
	for _, x := range sets {
		columns = append(columns, sheet.Column{Heading: x.word, Width: 11})
	}
	out, err := sheet.NewXLSX(w, "统计", at, columns)
	if err != nil {
		return fmt.Errorf("stats: export: %w", err)
	}
	if err := write(out, t, names); err != nil {
		return fmt.Errorf("stats: export: %w", err)
	}
	return nil
}

func write(out sheet.Writer, t Table, departments map[int64]string) error {
	index := map[Set]int{}
	for i, x := range sets {
		index[x.set] = i
	}
	var order []Row
	lines := map[Row][]int{}
	for _, x := range t.Rows {
		key := Row{Month: x.Month, Kind: x.Kind, Channel: x.Channel, DepartmentID: x.DepartmentID}
		if lines[key] == nil {
			order, lines[key] = append(order, key), make([]int, len(sets))
		}
		lines[key][index[x.SetName]] += x.N
	}
	inOrder(order)
	for _, k := range order {
		fixed := "否"
		if _, ok := t.Frozen[k.Month]; ok {
			fixed = "是"
		}
		cells := []string{string(k.Month), fixed, k.Kind.Word(), k.Channel.Word(), departments[k.DepartmentID]}
		for _, n := range lines[k] {
			cells = append(cells, strconv.Itoa(n))
		}
		if err := out.Row(cells); err != nil {
			return err
		}
	}
	return out.Close()
}
