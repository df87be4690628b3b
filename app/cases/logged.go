package cases

import (
	"crypto/sha256"
	"fmt"
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// What of cases stands in the public log: that one came in, as a commitment to what
// was written (nothing that staff decide, and no contact), and published replies.

// contentDigest is the SHA-256 of what a case said when it came in, with its files'.
func contentDigest(c Case, files []string) tlog.Hash {
	return sha256.Sum256([]byte(logbook.Canonical(struct {
		Title      string   `json:"title"`
		Content    string   `json:"content"`
		Demand     string   `json:"demand"`
		Facts      string   `json:"facts"`
		Unit       string   `json:"unit"`
		HappenedAt string   `json:"happened_at"`
		Place      string   `json:"place"`
		CaseNumber string   `json:"case_number"`
		Files      []string `json:"files"` // the SHA-256 of each, in hexadecimal
	}{c.Title, c.Content, c.Demand, c.Facts, c.Unit, c.HappenedAt, c.Place, c.CaseNumber, append([]string{}, files...)})))
}

// Holdings lists the cases as they are kept now, for who compares them with the log.
func Holdings(r *store.Reader, after int64, limit int) ([]logbook.Holding, error) {
	var list []struct {
		Case
		Erased bool
	}
	err := r.Table("cases x").Select(`x.id, x.case_no, x.title, x.content, x.demand, x.facts, x.unit, x.happened_at, x.place, x.case_number, x.submitted_at,
		EXISTS (SELECT 1 FROM case_erasures e WHERE e.case_id = x.id AND e.what = '`+contentPart+`') AS erased`).
		Where("x.id > ?", after).Order("x.id").Limit(limit).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: holdings: %w", err)
	}
	ids := make([]int64, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	var attached []Attachment
	where, some := store.Among(r, "case_id", ids)
	if len(ids) > 0 {
		if err := r.Model(&Attachment{}).Select("case_id, sha256").Where(where, some).Where("message_id IS NULL").Order("case_id, id").Find(&attached).Error; err != nil {
			return nil, fmt.Errorf("cases: holdings: %w", err)
		}
	}
	files := map[int64][]string{}
	for _, a := range attached {
		files[*a.CaseID] = append(files[*a.CaseID], a.SHA256)
	}
	out := make([]logbook.Holding, len(list))
	for i, c := range list {
		out[i] = logbook.Holding{ID: c.ID, CaseNo: c.CaseNo, At: c.SubmittedAt, Digest: contentDigest(c.Case, files[c.ID]), Erased: c.Erased}
	}
	return out, nil
}

// Show has the log list the published replies.
func Show(to logbook.Sources) {
	to[replyKind] = func(r *store.Reader, after string, limit int) ([]logbook.Text, error) {
		id, err := logbook.RowID(after)
		if err != nil {
			return nil, err
		}
		return replyTexts(r, "x.id > ? AND x.state = 'published'", id, limit)
	}
}

// replyTexts are replies as they stand in the log; what is not public has no body.
func replyTexts(r *store.Reader, where string, id int64, limit int) (out []logbook.Text, err error) {
	var list []struct {
		PublishedReply
		Code *string
	}
	err = r.Table("published_replies x").Select(`x.id, x.state, x.kind, x.title, x.question, x.answer, x.unit, x.asked_on, x.answered_on, x.published_on, x.note, p.code`).
		Joins("LEFT JOIN problems p ON p.id = x.problem_id").Where(where, id).Order("x.id").Limit(limit).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: logged replies: %w", err)
	}
	date := func(d calendar.Date) *string {
		if d.IsZero() {
			return nil
		}
		s := d.String()
		return &s
	}
	for _, p := range list {
		t := logbook.Text{Kind: replyKind, Ref: strconv.FormatInt(p.ID, 10), Why: p.Note}
		if p.State == "published" {
			t.Body = logbook.Canonical(struct {
				Kind        string  `json:"kind"`
				Title       string  `json:"title"`
				Question    string  `json:"question"`
				Answer      string  `json:"answer"`
				Unit        string  `json:"unit"`
				AskedOn     *string `json:"asked_on"`
				AnsweredOn  *string `json:"answered_on"`
				PublishedOn *string `json:"published_on"`
				Problem     *string `json:"problem"`
			}{string(p.Kind), p.Title, p.Question, p.Answer, p.Unit, date(p.AskedOn), date(p.AnsweredOn), date(p.PublishedOn), p.Code})
		}
		out = append(out, t)
	}
	return out, nil
}
