package stats

import (
	"crypto/sha256"
	"fmt"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// What of the statistics stands in the public log is each frozen month, as a salted
// commitment to its members, counts and corrections: small numbers are not published,
// and a digest that could be tried out would tell them.

const loggedMonth = "statistic"

// Show has the log list the frozen months.
func Show(to logbook.Sources) {
	to[loggedMonth] = func(r *store.Reader, after string, limit int) (out []logbook.Text, err error) {
		var months []Month
		if err := r.Table("stat_months").Where("month > ?", after).Order("month").Limit(limit).Pluck("month", &months).Error; err != nil {
			return nil, fmt.Errorf("stats: logged months: %w", err)
		}
		for _, m := range months {
			t, err := logged(r, m)
			if err != nil {
				return nil, err
			}
			out = append(out, t)
		}
		return out, nil
	}
}

// logged is a frozen month as it stands in the log.
func logged(r *store.Reader, m Month) (t logbook.Text, err error) {
	t = logbook.Text{Kind: loggedMonth, Ref: string(m)}
	salt, ok, err := logbook.Salt(r, loggedMonth, string(m))
	if err != nil {
		return t, err
	}
	if !ok {
		salt = tlog.NewSalt()
	}
	var at []time.Time
	if err := r.Table("stat_months").Where("month = ?", m).Pluck("frozen_at", &at).Error; err != nil || len(at) != 1 {
		return t, fmt.Errorf("stats: logged month %s: %w", m, err)
	}
	members, err := fingerprint(r, m)
	if err != nil {
		return t, err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%x\n%x\n", salt[:], members)
	var counts []struct {
		SetName, Kind, Channel string
		DepartmentID, N        int64
	}
	if err := r.Table("stat_counts").Select("set_name, kind, channel, department_id, n").Where("month = ?", m).Order("set_name, kind, channel, department_id").Find(&counts).Error; err != nil {
		return t, fmt.Errorf("stats: logged counts: %w", err)
	}
	for _, c := range counts {
		fmt.Fprintf(h, "count %s %s %s %d %d\n", c.SetName, c.Kind, c.Channel, c.DepartmentID, c.N)
	}
	var corrections []Correction
	if err := r.Model(&Correction{}).Where("month = ?", m).Order("set_name, id").Find(&corrections).Error; err != nil {
		return t, fmt.Errorf("stats: logged corrections: %w", err)
	}
	for _, c := range corrections {
		fmt.Fprintf(h, "correction %s %d %t %s %s %d\n", c.SetName, c.CaseID, c.Adds, c.Kind, c.Channel, c.DepartmentID)
	}
	t.Salt = salt
	t.Body = logbook.Canonical(struct {
		Month       string    `json:"month"`
		FrozenAt    string    `json:"frozen_at"`
		Corrections int       `json:"corrections"`
		Commitment  tlog.Hash `json:"commitment"`
	}{string(m), at[0].In(calendar.Shanghai).Format("2006-01-02T15:04:05-07:00"), len(corrections), tlog.Hash(h.Sum(nil))})
	return t, nil
}
