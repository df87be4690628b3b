package logbook

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"mingjing/app/fault"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Witness is somebody elsewhere who watches that the log only grows, and signs what
// they saw (C2SP tlog-witness).
type Witness struct {
	Key tlog.Witness
	URL string // without a slash at the end
}

// ParseWitness reads a witness as the settings have it: its key, a space, its address.
func ParseWitness(text string) (w Witness, err error) {
	key, address, _ := strings.Cut(strings.TrimSpace(text), " ")
	if w.Key, err = tlog.ParseWitness(key); err != nil {
		return w, err
	}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return w, errors.New("a witness needs an address such as https://witness.example")
	}
	w.URL = strings.TrimRight(u.String(), "/")
	return w, nil
}

// cosignature is what a witness signed of a checkpoint.
type cosignature struct {
	Size    int64     `gorm:"primaryKey;autoIncrement:false"`
	Witness string    `gorm:"primaryKey"`
	At      time.Time // by the witness's clock
	Line    string
}

func (cosignature) TableName() string { return "log_cosignatures" }

// witnessName tells witnesses apart.
func witnessName(k tlog.Witness) string {
	part := strings.SplitN(k.String(), "+", 3)
	return part[0] + "+" + part[1]
}

// Ask has each witness cosign the newest checkpoint. One that fails does not keep the
// others from it.
func (b *Book) Ask(ctx context.Context, client *http.Client) (err error) {
	for _, w := range b.Witnesses {
		ctx, cancel := context.WithTimeout(ctx, patience)
		err = errors.Join(err, b.ask(ctx, client, w))
		cancel()
	}
	return err
}

// patience is how long a witness may take.
const patience = 20 * time.Second

// ask has a witness cosign the newest checkpoint, unless it did already.
func (b *Book) ask(ctx context.Context, client *http.Client, w Witness) error {
	var now Checkpoint
	var seen int64
	err := b.db.Read(ctx, func(r *store.Reader) (err error) {
		if now, err = Newest(r); err != nil {
			return err
		}
		err = r.Model(&cosignature{}).Select("coalesce(max(size), -1)").Where("witness = ?", witnessName(w.Key)).Scan(&seen).Error
		if err != nil {
			return fmt.Errorf("logbook: witness: %w", err)
		}
		return nil
	})
	if err != nil || seen == now.Size {
		return err
	}
	answer, err := b.submit(ctx, client, w, max(seen, 0), now)
	var elsewhere otherSize
	if errors.As(err, &elsewhere) && int64(elsewhere) <= now.Size { // it knows more or less than we remember
		answer, err = b.submit(ctx, client, w, int64(elsewhere), now)
	}
	if err != nil {
		return fmt.Errorf("logbook: witness %s: %w", w.Key.Name, err)
	}
	signed, err := tlog.Cosign([]byte(now.Note), answer, w.Key)
	if err != nil {
		return fmt.Errorf("logbook: witness %s: %w", w.Key.Name, err)
	}
	c, err := tlog.OpenCheckpoint(signed, []tlog.Key{b.Key()}, w.Key)
	if err != nil || len(c.Cosignatures) != 1 {
		return fmt.Errorf("logbook: witness %s: its signature is lost (%w)", w.Key.Name, err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(signed), "\n"), "\n")
	row := cosignature{Size: now.Size, Witness: witnessName(w.Key), At: time.Unix(c.Cosignatures[0].At, 0), Line: lines[len(lines)-1] + "\n"}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("logbook: cosignature: %w", err)
		}
		return nil
	})
}

// otherSize is up to which size a witness has seen the log.
type otherSize int64

func (s otherSize) Error() string { return fmt.Sprintf("it has seen %d entries", int64(s)) }

// mostAnswer is how long a witness's answer may be.
const mostAnswer = 16 << 10

// submit asks for a cosignature, with the proof that the log extends what the witness saw.
func (b *Book) submit(ctx context.Context, client *http.Client, w Witness, seen int64, now Checkpoint) ([]byte, error) {
	var proof []tlog.Hash
	err := b.db.Read(ctx, func(r *store.Reader) (err error) {
		if seen > 0 && seen < now.Size {
			proof, err = tlog.Consistency(seen, now.Size, tlog.Stored(newShelf(r).tile))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", seen)
	for _, h := range proof {
		fmt.Fprintln(&body, base64.StdEncoding.EncodeToString(h[:]))
	}
	fmt.Fprintf(&body, "\n%s", now.Note)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/add-checkpoint", &body)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusConflict && strings.HasPrefix(answer.Header.Get("Content-Type"), "text/x.tlog.size") {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(said)), 10, 64); err == nil && n >= 0 {
			return nil, otherSize(n)
		}
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", answer.Status)
	}
	return said, nil
}

// Cosigned adds to a checkpoint what witnesses signed of it.
func Cosigned(r *store.Reader, c Checkpoint) (string, error) {
	var lines []string
	if err := r.Model(&cosignature{}).Where("size = ?", c.Size).Order("witness").Limit(mostWitnesses).Pluck("line", &lines).Error; err != nil {
		return "", fmt.Errorf("logbook: cosignatures: %w", err)
	}
	return c.Note + strings.Join(lines, ""), nil
}

const mostWitnesses = 20

// Seen is how far a witness has seen the log, and when.
type Seen struct {
	Witness string // name and key id
	Size    int64
	At      time.Time
}

// Name is the witness's name without its key's id.
func (s Seen) Name() string { name, _, _ := strings.Cut(s.Witness, "+"); return name }

// Witnessed lists how far witnesses have seen the log, the last one first. One that
// stopped long ago is not among them.
func Witnessed(r *store.Reader) (list []Seen, err error) {
	var all []Seen
	if err := r.Model(&cosignature{}).Select("witness, size, at").Order("size DESC, witness").Limit(3 * mostWitnesses).Find(&all).Error; err != nil {
		return nil, fmt.Errorf("logbook: witnesses: %w", err)
	}
	known := map[string]bool{}
	for _, s := range all {
		if !known[s.Witness] {
			known[s.Witness], list = true, append(list, s)
		}
	}
	return list, nil
}

var errNoWitness = fault.New(fault.NotFound, "还没有见证人签过名。")

// origin is the name of the log whose checkpoint it is.
func origin(note string) string { name, _, _ := strings.Cut(note, "\n"); return name }

// LastWitnessed is the newest checkpoint that a witness signed; NotFound without one.
func LastWitnessed(r *store.Reader) (Checkpoint, error) {
	var list []head
	err := r.Model(&head{}).Select(headColumns).Where("size = (SELECT max(size) FROM log_cosignatures)").Find(&list).Error
	if err != nil {
		return Checkpoint{}, fmt.Errorf("logbook: witnesses: %w", err)
	}
	now, _, err := newest(r)
	if err != nil {
		return Checkpoint{}, err
	}
	if len(list) == 0 || origin(list[0].Note) != origin(now.Note) { // of the log before this one was begun anew
		return Checkpoint{}, errNoWitness
	}
	return Checkpoint{list[0].head(), list[0].At, list[0].Note}, nil
}
