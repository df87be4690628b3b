package cases

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dchest/captcha"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/store"
)

// captchaLife is how long a picture may be answered: long enough for a slow
// writer, whose form would otherwise have to ask again.
const captchaLife = 2 * time.Hour

const captchaLength = 6

type captchaRow struct {
	ID        string
	Digits    string
	ExpiresAt time.Time
}

func (captchaRow) TableName() string { return "captchas" }

// NewCaptcha stores a fresh captcha and returns its id.
func (s *Service) NewCaptcha(ctx context.Context) (string, error) {
	id := make([]byte, 16)
	rand.Read(id)
	digits := captcha.RandomDigits(captchaLength)
	text := make([]byte, captchaLength)
	for i, d := range digits {
		text[i] = '0' + d
	}
	row := captchaRow{ID: hex.EncodeToString(id), Digits: string(text)}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		row.ExpiresAt = tx.Now.Add(captchaLife)
		return tx.Create(&row).Error
	})
	if err != nil {
		return "", fmt.Errorf("cases: captcha: %w", err)
	}
	return row.ID, nil
}

// Picture is the captcha as a PNG; Sound the same spoken in Chinese as a WAV.
// Both cost milliseconds of CPU: the doors limit their rate.
func (s *Service) Picture(ctx context.Context, id string) ([]byte, error) {
	digits, err := s.captchaDigits(ctx, id)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := captcha.NewImage(id, digits, captcha.StdWidth, captcha.StdHeight).WriteTo(&b); err != nil {
		return nil, fmt.Errorf("cases: captcha: %w", err)
	}
	return b.Bytes(), nil
}

// Sound is the captcha read aloud.
func (s *Service) Sound(ctx context.Context, id string) ([]byte, error) {
	digits, err := s.captchaDigits(ctx, id)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := captcha.NewAudio(id, digits, "zh").WriteTo(&b); err != nil {
		return nil, fmt.Errorf("cases: captcha: %w", err)
	}
	return b.Bytes(), nil
}

func (s *Service) captchaDigits(ctx context.Context, id string) ([]byte, error) {
	var row captchaRow
	err := s.db.Read(ctx, func(r *store.Reader) error {
		return r.Select("id, digits, expires_at").Where("id = ? AND expires_at > ?", id, r.Now).Take(&row).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, fault.New(fault.NotFound, "验证码已经用过或过期，请刷新页面换一张。")
	}
	if err != nil {
		return nil, fmt.Errorf("cases: captcha: %w", err)
	}
	out := make([]byte, len(row.Digits))
	for i := range out {
		out[i] = row.Digits[i] - '0'
	}
	return out, nil
}

// TakeCaptchas uses captchas up in another room's transaction and returns their digits.
func TakeCaptchas(tx *store.Tx, ids ...string) (map[string]string, error) {
	return takeCaptchas(tx, ids...)
}

// takeCaptchas removes the captchas with these ids and returns the digits of
// those that had not expired. Whoever deletes the row has it: a replay, on any
// instance, finds nothing.
func takeCaptchas(tx *store.Tx, ids ...string) (digits map[string]string, err error) {
	var rows []captchaRow
	if err := errors.Join(askCaptchas(tx, &rows, ids), tx.Send()); err != nil {
		return nil, fmt.Errorf("cases: captcha: %w", err)
	}
	return unexpired(rows, tx.Now), nil
}

// askCaptchas removes them with the statements that are sent together.
func askCaptchas(tx *store.Tx, into *[]captchaRow, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	where, list := store.Among(&tx.Reader, "id", ids)
	return store.Ask(tx, into, "DELETE FROM captchas WHERE "+where+" RETURNING id, digits, expires_at", list)
}

func unexpired(rows []captchaRow, now time.Time) map[string]string {
	digits := make(map[string]string, len(rows))
	for _, row := range rows {
		if row.ExpiresAt.After(now) {
			digits[row.ID] = row.Digits
		}
	}
	return digits
}

// PeekCaptcha reports whether the answer is right without using it up; only
// asked before a large upload is read, where a wrong answer then uses it up.
func (s *Service) PeekCaptcha(ctx context.Context, id, answer string) (bool, error) {
	digits, err := s.captchaDigits(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for i := range digits {
		digits[i] += '0'
	}
	if Digits(answer) == string(digits) {
		return true, nil
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := takeCaptchas(tx, id)
		return err
	})
	return false, err
}

// TakeCaptcha uses a captcha up and reports whether the answer was right.
func (s *Service) TakeCaptcha(ctx context.Context, id, answer string) (right bool, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		taken, err := takeCaptchas(tx, id)
		digits, there := taken[id]
		right = there && Digits(answer) == digits
		return err
	})
	return right, err
}

// Digits keeps the digits of what was typed: spaces and dashes go, full-width
// digits become plain ones; anything else stays and will not match.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\t', '\u3000', '－', '—', '–', '\n', '\r':
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}
