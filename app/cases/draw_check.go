package cases

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"

	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// WrongDraw is a draw that does not hold.
type WrongDraw struct {
	CaseNo string
	No     int
	What   string // in Chinese
}

func (w WrongDraw) String() string {
	return fmt.Sprintf("受理编号 %s，第 %d 次抽取：%s", w.CaseNo, w.No, w.What)
}

// CheckedDraws is what a check of draws found.
type CheckedDraws struct {
	Checked int // whose seed follows from the public log
	Old     int // by the former method, which can only be repeated
	Wrong   []WrongDraw
}

// drawPage is how many draws are read at once.
const drawPage = 500

// mostWrongDraws are told; after so many it is clear enough.
const mostWrongDraws = 100

// CheckDraws recomputes all draws, or those of one case, from the database and the
// public log, whose entry of the case, and the tree up to the checkpoint, it verifies
// too; that the whole log holds is for its own audit to say. A case's last draw that was
// deleted leaves no gap in the numbers; its handler then stands in the journal alone.
func CheckDraws(ctx context.Context, db *store.DB, caseNo string) (out CheckedDraws, err error) {
	var since int64 // the first draw that took its seed from the log
	err = db.Read(ctx, func(r *store.Reader) error {
		var ids []int64
		if err := r.Table("case_draws").Where("method <> ?", byLoad).Order("id").Limit(1).Pluck("id", &ids).Error; err != nil {
			return fmt.Errorf("cases: draws: %w", err)
		}
		since = append(ids, math.MaxInt64)[0]
		return nil
	})
	if err != nil {
		return out, err
	}
	var last Draw
	for n := drawPage; n == drawPage && len(out.Wrong) < mostWrongDraws; {
		err := db.Read(ctx, func(r *store.Reader) error {
			keys, err := logbook.Keys(r)
			if err != nil {
				return err
			}
			var list []Draw
			q := r.Table("case_draws").Select(drawColumns).Joins("JOIN cases ON cases.id = case_draws.case_id").Joins("JOIN departments ON departments.id = case_draws.department_id").
				Where("(case_draws.case_id, case_draws.no) > (?, ?)", last.CaseID, last.No)
			if caseNo != "" {
				q = q.Where("cases.case_no = ?", caseNo)
			}
			if err := q.Order("case_draws.case_id, case_draws.no").Limit(drawPage).Find(&list).Error; err != nil {
				return fmt.Errorf("cases: draws: %w", err)
			}
			var ids []int64
			for _, d := range list {
				ids = append(ids, d.CaseID)
			}
			covered, err := logbook.Coverings(r, logbook.Case, ids)
			if err != nil {
				return err
			}
			n = len(list)
			tree := logbook.Tree(r)
			for _, d := range list {
				if d.Checkable() {
					out.Checked++
				} else {
					out.Old++
				}
				c, ok := covered[d.CaseID]
				what, err := d.wrong(last, c, ok, keys, tree)
				if err != nil {
					return err
				}
				if d.Method == byLoad && d.ID > since {
					what = "种子应当取自公开日志，却用了旧方法：在它以前的抽取已经是新方法。"
				}
				if what != "" {
					out.Wrong = append(out.Wrong, WrongDraw{d.CaseNo, d.No, what})
				}
				last = d
			}
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// wrong says what does not hold of a draw that follows another one, and whose case the
// log covers like this.
func (d Draw) wrong(before Draw, c logbook.Covered, covered bool, keys []tlog.Key, tree tlog.HashReader) (string, error) {
	follows := before.CaseID == d.CaseID
	if follows && d.No != before.No+1 || !follows && d.No != 1 {
		return "前面少了一次抽取的记录。", nil
	}
	lots, err := d.Lots()
	if err != nil {
		return "候选人的记录读不出来。", nil
	}
	for i, l := range lots {
		if l.Open < 0 || l.Weight != weight(l.Open) || i > 0 && lots[i-1].ID >= l.ID {
			return fmt.Sprintf("候选人 %s 的权重或者次序不对，记录被改动过。", l.Name), nil
		}
	}
	if d.Checkable() {
		signed, err := tlog.OpenCheckpoint([]byte(d.LogNote), keys)
		switch {
		case err != nil:
			return fmt.Sprintf("所记的检查点不是这本日志签的：%v", err), nil
		case d.Seed != hex.EncodeToString(signed.Root[:]):
			return "种子不是所记检查点的树根，被改动过。", nil
		case !covered:
			return "公开日志里没有这件来件。", nil
		case d.LogIndex != c.Index:
			return fmt.Sprintf("所记的日志序号是 %d，日志里是 %d。", d.LogIndex, c.Index), nil
		case signed.Head != c.Head:
			return fmt.Sprintf("所记的检查点（%d 条）不是第一个写有此件的检查点（%d 条）。", signed.Size, c.Size), nil
		case d.LogNote != c.Note:
			return fmt.Sprintf("所记的检查点与公开日志里的不同（%d 条），有一个被改动过。", c.Size), nil
		}
		if what, err := c.Doubt(d.CaseNo, tree); what != "" || err != nil {
			return what, err
		}
	}
	again, err := d.Repeat()
	if err != nil || again != d.ChosenID {
		return fmt.Sprintf("重算抽中的是 %d 号，记录的是 %d 号。", again, d.ChosenID), nil
	}
	return "", nil
}
