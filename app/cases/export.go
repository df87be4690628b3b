package cases

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Export is a list of cases that is about to be written to a file. No contact
// detail and no text but the title is in it: a file goes where no permission follows.
type Export struct {
	Name   string // of the file
	s      *Service
	actor  staff.Actor
	filter Filter
	at     time.Time
}

// maxExport is how many rows a file may have; spreadsheet programs open little more.
const maxExport = 1_000_000

// exportPage is how many rows are read together.
const exportPage = 1000

// PrepareExport records that what the actor sees under a filter is taken out.
func (s *Service) PrepareExport(ctx context.Context, a staff.Actor, f Filter, format string) (Export, error) {
	e := Export{s: s, actor: a, filter: f}
	if err := a.Require(append(slices.Clone(caseworkers), staff.Leader)...); err != nil {
		return e, err
	}
	if format != "xlsx" && format != "csv" {
		return e, fault.New(fault.Unsupported, "来件只能导出为 .xlsx 或 .csv。")
	}
	e.filter.AfterID, e.filter.AfterDue, e.filter.Limit = 0, calendar.Date{}, exportPage
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		e.at = tx.Now
		e.Name = "来件-" + calendar.Of(tx.Now).String() + "." + format
		// Words that are looked for may be somebody's name: the trail tells that there were some.
		shown := f
		if shown.Query != "" {
			shown.Query = "…"
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.export", Subject: "case", Changes: []journal.Change{{Field: "filter", New: shown.Values().Encode()}, {Field: "format", New: format}}})
	})
	return e, err
}

var exportColumns = []sheet.Column{{Heading: "受理编号", Width: 12}, {Heading: "类别", Width: 14}, {Heading: "渠道", Width: 12}, {Heading: "状态", Width: 10}, {Heading: "标题", Width: 40}, {Heading: "收到日期", Width: 12},
	{Heading: "到期日期", Width: 12}, {Heading: "到期的步骤", Width: 12}, {Heading: "承办部门", Width: 20}, {Heading: "承办人", Width: 12}, {Heading: "延期", Width: 6}, {Heading: "群众催办", Width: 8}, {Heading: "督办", Width: 6}}

// Write streams the rows and records how many they were; what was written
// before an error is no list.
func (e Export) Write(ctx context.Context, w io.Writer) error {
	n := 0
	err := e.s.db.Read(ctx, func(r *store.Reader) (err error) {
		var out sheet.Writer
		if strings.HasSuffix(e.Name, ".csv") {
			if out, err = sheet.NewCSV(w); err == nil {
				err = out.Row(headings(exportColumns))
			}
		} else {
			out, err = sheet.NewXLSX(w, "来件", e.at, exportColumns)
		}
		if err != nil {
			return err
		}
		departments, err := staff.AllDepartments(r)
		if err != nil {
			return err
		}
		names, err := staff.EverNames(r)
		if err != nil {
			return err
		}
		units := map[int64]string{}
		for _, d := range departments {
			units[d.ID] = d.Name
		}
		f, today := e.filter, calendar.Of(r.Now)
		for n < maxExport {
			rows, err := page(r, e.actor, f, today)
			if err != nil {
				return err
			}
			more := len(rows) > f.Limit
			for _, x := range rows[:min(len(rows), f.Limit)] {
				if err := out.Row(x.cells(units, names)); err != nil {
					return err
				}
				n++
				f.AfterID, f.AfterDue = x.ID, x.DueOn
			}
			if !more {
				break
			}
		}
		return out.Close()
	})
	if err == nil {
		err = e.s.db.Write(ctx, func(tx *store.Tx) error {
			return journal.Append(tx, journal.Event{Actor: e.actor.ID, ActorName: e.actor.Name, Verb: "case.exported", Subject: "case", Changes: []journal.Change{{Field: "rows", New: fmt.Sprint(n)}}})
		})
	}
	if err != nil {
		return fmt.Errorf("cases: export: %w", err)
	}
	return nil
}

func headings(columns []sheet.Column) (out []string) {
	for _, c := range columns {
		out = append(out, c.Heading)
	}
	return out
}

func (r Row) cells(units, names map[int64]string) []string {
	yes := func(on bool) string {
		if on {
			return "是"
		}
		return ""
	}
	name := func(of map[int64]string, id *int64) string {
		if id == nil {
			return ""
		}
		return of[*id]
	}
	due, step := "", ""
	if r.Waiting() {
		due, step = r.DueOn.String(), settings.Step(r.DueStep).Word()
	}
	return []string{r.CaseNo, r.Kind.Word(), r.Channel.Word(), r.State.Word(), r.Title, r.ReceivedOn.String(), due, step, name(units, r.DepartmentID), name(names, r.HandlerID),
		yes(r.Extended), yes(r.Urged), yes(r.Supervised)}
}
