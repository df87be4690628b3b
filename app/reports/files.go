package reports

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"gorm.io/gorm"

	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/store"
)

// Evidence is what a report takes: fewer kinds than other forms, since what cannot
// be cleaned of its maker's traces is refused.
var Evidence = blob.Accepted{Words: "PDF、OFD，docx、xlsx、pptx 文档，JPG、PNG、GIF、WebP 图片和 TXT 文本",
	Instead: "录音、录像网上不收：请保管好原件，在文字里写明“有录音”“有录像”，再约怎么交。"}

// fileRow is a sealed file: as it came, or the working copy.
type fileRow struct {
	ID             int64
	ReportID       *int64
	TextNo         int
	No             int
	Original       bool
	SubmissionHash []byte
	Epoch          int
	BlobKey        string
	Sealed         []byte
	At             time.Time
}

func (fileRow) TableName() string { return "report_files" }

const fileColumns = "id, report_id, text_no, no, original, submission_hash, epoch, blob_key, sealed, at"

// fileText is what a file's envelope holds: all that is known of it.
type fileText struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Key    []byte `json:"key"` // the private half of its own pair
}

// File is a file that somebody may open.
type File struct {
	ID       int64
	Name     string
	Size     int64
	Original bool
}

// blobPlace is what a sealed file is bound to.
func blobPlace(key string) seal.Context {
	return seal.Context{Table: "report_files", Field: "blob/" + key}
}

// metaPlace is what a file's envelope is bound to, before its form is sent and after.
func metaPlace(key string, r Report, epoch int) seal.Context {
	return seal.Context{Table: "report_files", Row: r.row(), Epoch: epoch, Field: "meta/" + key}
}

func (f fileRow) compartment() seal.Compartment {
	if f.Original {
		return seal.Identity
	}
	return seal.Body
}

// formBox is the box of a form's secret: what it brought before it was sent lies there.
func (s *Service) formBox(key string) seal.Box {
	return seal.BoxFrom([]byte(key), s.formKey, "staged file")
}

func (s *Service) formHash(key string) []byte { return s.formKey.Sum("hash", key) }

// cleanings is how many files are cleaned at once: each has a process of its own,
// which holds it whole, and one that was made to hang keeps only its own place.
var cleanings = make(chan struct{}, 2)

// Stage takes in one file of a form that is not sent yet. It streams, sealed to a
// key of its own, into a blob; the working copy is made from that. Nothing of it
// reaches a disk in the clear, and it belongs to nobody until Submit.
func (s *Service) Stage(ctx context.Context, key, name string, body io.Reader) (File, error) {
	if len(key) < 16 || len(key) > 200 {
		return File{}, fault.New(fault.Malformed, "页面已经失效，请返回重新打开表单。")
	}
	pair := seal.NewPrivate()
	got, err := blob.Receive(ctx, sealing{s.blobs, pair.Public()}, Evidence, name, body, cases.MaxFileSize)
	if err != nil {
		return File{}, err
	}
	done := false
	keys := []string{got.Key}
	defer func() {
		if !done {
			for _, k := range keys {
				s.blobs.Delete(context.WithoutCancel(ctx), k)
			}
		}
	}()
	meta := fileText{Name: got.Name, Type: got.Type, Size: got.Size, SHA256: got.SHA256, Key: pair.Bytes()}
	working, copied, err := s.clean(ctx, got.Key, meta)
	if err != nil {
		return File{}, err
	}
	keys = append(keys, copied)
	box := s.formBox(key)
	var f File
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		var there []fileRow
		if err := tx.Select(fileColumns).Where("submission_hash = ? AND report_id IS NULL", s.formHash(key)).Order("no").Limit(2 * cases.MaxFiles).Find(&there).Error; err != nil {
			return fmt.Errorf("reports: file: %w", err)
		}
		if len(there) >= 2*cases.MaxFiles {
			return fault.Form([]fault.Field{{Name: "attachments", Message: fmt.Sprintf("一次最多 %d 个文件。", cases.MaxFiles)}})
		}
		no := 1
		for _, x := range there {
			no = max(no, x.No+1)
			if old, err := openMeta(box, Report{}, x); err == nil && x.Original && old.SHA256 == meta.SHA256 && old.Name == meta.Name {
				f = File{ID: x.ID, Name: old.Name, Size: old.Size}
				return nil // the same file of the same form, sent again
			}
		}
		rows := []fileRow{
			{No: no, Original: true, SubmissionHash: s.formHash(key), BlobKey: got.Key, Sealed: closeMeta(box, Report{}, 0, got.Key, meta), At: tx.Now},
			{No: no, SubmissionHash: s.formHash(key), BlobKey: copied, Sealed: closeMeta(box, Report{}, 0, copied, working), At: tx.Now},
		}
		if err := tx.Create(&rows).Error; err != nil {
			return fmt.Errorf("reports: file: %w", err)
		}
		f, done = File{ID: rows[0].ID, Name: meta.Name, Size: meta.Size}, true
		return nil
	})
	if err != nil {
		done = false
	}
	return f, err
}

// clean makes the working copy of a sealed file: what tells where and by whom it
// was made is taken out.
func (s *Service) clean(ctx context.Context, key string, meta fileText) (working fileText, blobKey string, err error) {
	select {
	case cleanings <- struct{}{}:
		defer func() {
			if meta.Size > 4<<20 {
				debug.FreeOSMemory() // what went through goes back before the next one comes
			}
			<-cleanings
		}()
	case <-ctx.Done():
		return working, "", fault.New(fault.Busy, "现在上传附件的人太多，附件没有接收。请稍后再试。")
	}
	in, err := s.openBlob(ctx, key, meta)
	if err != nil {
		return working, "", err
	}
	defer in.Close()
	copied, err := blob.Clean(ctx, meta.Name, meta.Type, in)
	if err != nil {
		return working, "", err
	}
	pair := seal.NewPrivate()
	blobKey = blob.NewKey()
	n, err := sealing{s.blobs, pair.Public()}.Put(ctx, blobKey, copied)
	if refused := copied.Close(); refused != nil || err != nil {
		s.blobs.Delete(context.WithoutCancel(ctx), blobKey)
		if fault.Is(refused, fault.Unsupported) {
			return working, "", refused
		}
		return working, "", cmp.Or(err, refused)
	}
	return fileText{Name: meta.Name, Type: meta.Type, Size: n, Key: pair.Bytes()}, blobKey, nil
}

// sealing is a store that seals what it is given to a key, its length rounded up.
type sealing struct {
	blob.Store
	to seal.Public
}

func (s sealing) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	pr, pw := io.Pipe()
	counted := &counting{r: r}
	go func() {
		w, err := seal.SealFile(pw, s.to, blobPlace(key))
		if err == nil {
			_, err = io.Copy(w, counted)
		}
		if err == nil {
			_, err = io.CopyN(w, zeros{}, seal.Padded(counted.n+1)-counted.n)
		}
		if err == nil {
			err = w.Close()
		}
		pw.CloseWithError(err)
	}()
	_, err := s.Store.Put(ctx, key, pr)
	pr.CloseWithError(err) // the other side must end, whatever happened
	return counted.n, err
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// openBlob opens a sealed file without its padding.
func (s *Service) openBlob(ctx context.Context, key string, meta fileText) (io.ReadCloser, error) {
	pair, err := seal.ParsePrivate(meta.Key)
	if err != nil {
		return nil, fmt.Errorf("reports: file: %w", err)
	}
	in, err := s.blobs.Open(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reports: file: %w", err)
	}
	plain, err := seal.OpenFile(in, pair, blobPlace(key))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reports: file: %w", err), in.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{&whole{plain, meta.Size}, in}, nil
}

// whole gives the first n bytes and is no end before them: what was cut off shows.
type whole struct {
	r io.Reader
	n int64
}

func (w *whole) Read(p []byte) (int, error) {
	if w.n == 0 {
		return 0, io.EOF
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.n)])
	if w.n -= int64(n); errors.Is(err, io.EOF) && w.n > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func closeMeta(box seal.Box, r Report, epoch int, key string, meta fileText) []byte {
	raw, err := json.Marshal(meta)
	if err != nil {
		panic("reports: " + err.Error()) // only for types that JSON does not know
	}
	return box.CloseText(metaPlace(key, r, epoch), raw)
}

func openMeta(box seal.Box, r Report, f fileRow) (meta fileText, err error) {
	raw, err := box.OpenText(metaPlace(f.BlobKey, r, f.Epoch), f.Sealed)
	if err != nil {
		return meta, err
	}
	return meta, json.Unmarshal(raw, &meta)
}

// Staged lists the names of the files that wait for a form.
func (s *Service) Staged(ctx context.Context, key string) (names []string, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		rows, err := s.staged(r, key)
		if err != nil {
			return err
		}
		names = nil
		for _, x := range rows {
			if meta, err := openMeta(s.formBox(key), Report{}, x); err == nil && x.Original {
				names = append(names, meta.Name)
			}
		}
		return nil
	})
	return names, err
}

// bringing are those of the forms for which files wait.
func (s *Service) bringing(r *store.Reader, forms [][]byte) (map[string]bool, error) {
	var rows []fileRow
	where, list := store.Among(r, "submission_hash", forms)
	if err := r.Select("submission_hash").Where(where, list).Where("report_id IS NULL").Limit(len(forms) * 2 * cases.MaxFiles).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reports: files: %w", err)
	}
	out := map[string]bool{}
	for _, f := range rows {
		out[string(f.SubmissionHash)] = true
	}
	return out, nil
}

func (s *Service) staged(r *store.Reader, key string) (rows []fileRow, err error) {
	err = r.Select(fileColumns).Where("submission_hash = ? AND report_id IS NULL", s.formHash(key)).Order("no, id").Limit(2 * cases.MaxFiles).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("reports: files: %w", err)
	}
	return rows, nil
}

// Keep lets the files of a form wait on: it was just looked at again.
func (s *Service) Keep(ctx context.Context, key string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		return tx.Model(&fileRow{}).Where("submission_hash = ? AND report_id IS NULL", s.formHash(key)).Update("at", tx.Now).Error
	})
	if err != nil {
		return fmt.Errorf("reports: keep: %w", err)
	}
	return nil
}

// Unstage drops the files that wait for a form.
func (s *Service) Unstage(ctx context.Context, key string) error {
	return s.discard(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("submission_hash = ? AND report_id IS NULL", s.formHash(key))
	})
}

// stagedLife is how long files wait for their form to be sent.
const stagedLife = 2 * time.Hour

// sweep drops files whose form was never sent.
func (s *Service) sweep(ctx context.Context) error {
	return s.discard(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("report_id IS NULL AND at < ?", s.db.Now().Add(-stagedLife))
	})
}

// discard removes rows first and blobs after the commit.
func (s *Service) discard(ctx context.Context, which func(*gorm.DB) *gorm.DB) error {
	var list []fileRow
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		list = nil
		if err := which(tx.Select("id, blob_key")).Limit(1000).Find(&list).Error; err != nil || len(list) == 0 {
			return err
		}
		ids := make([]int64, len(list))
		for i, f := range list {
			ids[i] = f.ID
		}
		return tx.Where("id IN ?", ids).Delete(&fileRow{}).Error
	})
	if err != nil {
		return fmt.Errorf("reports: drop files: %w", err)
	}
	for _, f := range list {
		if err := s.blobs.Delete(ctx, f.BlobKey); err != nil {
			return err
		}
	}
	return nil
}

// Orphan reports whether no row refers to a blob.
func (s *Service) Orphan(ctx context.Context, key string) (bool, error) {
	var n int64
	err := s.db.Read(ctx, func(r *store.Reader) error {
		return r.Model(&fileRow{}).Where("blob_key = ?", key).Limit(1).Count(&n).Error
	})
	if err != nil {
		return false, fmt.Errorf("reports: orphan: %w", err)
	}
	return n == 0, nil
}

// adopt gives the files that wait for a form to a text of a report: their
// envelopes go from the form's box into the compartments'.
func (s *Service) adopt(tx *store.Tx, x Report, textNo int, key string, keys ring) error {
	rows, err := s.staged(&tx.Reader, key)
	if err != nil {
		return err
	}
	for _, f := range rows {
		meta, err := openMeta(s.formBox(key), Report{}, f)
		if err != nil {
			return fmt.Errorf("reports: file: %w", err)
		}
		box, ok := keys[f.compartment()]
		if !ok { // an officer's: who made it is no secret to keep
			if err := tx.Where("id = ?", f.ID).Delete(&fileRow{}).Error; err != nil {
				return fmt.Errorf("reports: file: %w", err)
			}
			tx.After(func() { s.blobs.Delete(context.Background(), f.BlobKey) })
			continue
		}
		err = tx.Model(&fileRow{}).Where("id = ? AND report_id IS NULL", f.ID).Updates(map[string]any{"report_id": x.ID, "text_no": textNo, "epoch": x.Epoch,
			"submission_hash": nil, "sealed": closeMeta(box, x, x.Epoch, f.BlobKey, meta)}).Error
		if err != nil {
			return fmt.Errorf("reports: file: %w", err)
		}
	}
	return nil
}

// brings reports whether files wait for a form that did not come with its text when
// it was taken before: who sends it again added something. A copy made twice need
// not be the same to the byte, so where the originals open it is those that count.
func (s *Service) brings(r *store.Reader, x Report, textNo int, key string, keys rings) (bool, error) {
	waiting, err := s.staged(r, key)
	if err != nil || len(waiting) == 0 {
		return false, err
	}
	_, originals := keys[x.Epoch][seal.Identity]
	var rows []fileRow
	if err := r.Select(fileColumns).Where("report_id = ? AND text_no = ? AND original = ?", x.ID, textNo, originals).Limit(2 * cases.MaxFiles).Find(&rows).Error; err != nil {
		return false, fmt.Errorf("reports: files: %w", err)
	}
	type known struct{ name, digest string }
	there := map[known]bool{}
	for _, f := range rows {
		if box, ok := keys[f.Epoch][f.compartment()]; ok {
			if meta, err := openMeta(box, x, f); err == nil {
				there[known{meta.Name, meta.SHA256}] = true
			}
		}
	}
	for _, f := range waiting {
		if f.Original != originals {
			continue
		}
		if meta, err := openMeta(s.formBox(key), Report{}, f); err != nil || !there[known{meta.Name, meta.SHA256}] {
			return true, nil
		}
	}
	return false, nil
}

// filesOf are a report's files by the text they came with: the working copies, or the originals.
func (s *Service) filesOf(r *store.Reader, x Report, keys rings, originals bool) (map[int][]File, error) {
	var rows []fileRow
	err := r.Select(fileColumns).Where("report_id = ? AND original = ?", x.ID, originals).Order("text_no, no").Limit(1000).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("reports: files: %w", err)
	}
	out := map[int][]File{}
	for _, f := range rows {
		box, ok := keys[f.Epoch][f.compartment()]
		if !ok {
			continue
		}
		meta, err := openMeta(box, x, f)
		if errors.Is(err, seal.ErrSealed) {
			continue // meddled with: it must not hide all else
		}
		if err != nil {
			return nil, fmt.Errorf("reports: report %d: a file's envelope: %w", x.ID, err)
		}
		out[f.TextNo] = append(out[f.TextNo], File{ID: f.ID, Name: meta.Name, Size: meta.Size, Original: originals})
	}
	return out, nil
}

var errNoFile = fault.New(fault.NotFound, "没有这个文件。")

// file opens one file of a report with keys.
func (s *Service) file(ctx context.Context, r *store.Reader, x Report, id int64, keys rings) (File, func() (io.ReadCloser, error), error) {
	var f fileRow
	err := r.Select(fileColumns).Where("id = ? AND report_id = ?", id, x.ID).Take(&f).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return File{}, nil, errNoFile
	}
	if err != nil {
		return File{}, nil, fmt.Errorf("reports: file: %w", err)
	}
	box, ok := keys[f.Epoch][f.compartment()]
	if !ok {
		return File{}, nil, errNoFile
	}
	meta, err := openMeta(box, x, f)
	if err != nil {
		return File{}, nil, fmt.Errorf("reports: report %d: a file's envelope: %w", x.ID, err)
	}
	return File{ID: id, Name: meta.Name, Size: meta.Size, Original: f.Original}, func() (io.ReadCloser, error) { return s.openBlob(ctx, f.BlobKey, meta) }, nil
}
