package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/store"
)

// Machine is another system of the court that hands in cases. It is not an
// Actor, so no method that asks an actor for permission can be called by it.
type Machine struct {
	ID   int64
	Name string
}

// APIKey is what is known of a key; the key itself is shown once and never stored.
type APIKey struct {
	ID          int64
	Name        string
	Hash        []byte
	CreatedAt   time.Time
	CreatedBy   int64
	CreatedName string
	UsedAt      *time.Time // to the minute
	EndedAt     *time.Time
	EndedName   string
}

func (APIKey) TableName() string { return "api_keys" }

const (
	keyColumns = "id, name, hash, created_at, created_by, created_name, used_at, ended_at, ended_name"
	// keyMark is what scanners that look for leaked secrets can look for.
	keyMark = "mjk_"
	// mostKeys is how many systems may be connected at once.
	mostKeys = 50
)

var errKey = fault.New(fault.Unauthenticated, "接口密钥不对或者已经停用。请在 Authorization 里写 Bearer 和密钥；没有密钥请向安全管理员申请。")

// keyHash is of 32 random bytes, so that a plain hash leads back to nothing.
func keyHash(key string) ([]byte, error) {
	raw, marked := strings.CutPrefix(key, keyMark)
	secret, err := base64.RawURLEncoding.Strict().DecodeString(raw)
	if !marked || err != nil || len(secret) != 32 {
		return nil, errKey
	}
	sum := sha256.Sum256(append([]byte("mingjing api key"), secret...))
	return sum[:], nil
}

// AddKey makes a key for a system and returns it; it is not kept.
func (s *Service) AddKey(ctx context.Context, actor Actor, name string) (string, error) {
	if err := actor.Require(SecAdmin); err != nil {
		return "", err
	}
	name = strings.Join(strings.Fields(norm.NFKC.String(name)), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > 40 {
		return "", fault.Form([]fault.Field{{Name: "name", Message: "请填写系统的名称，例如“12368 热线系统”，不超过 40 个字。"}})
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	key := keyMark + base64.RawURLEncoding.EncodeToString(secret)
	hash, err := keyHash(key)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		var names []string
		if err := tx.Model(&APIKey{}).Where("ended_at IS NULL").Order("id").Limit(mostKeys).Pluck("name", &names).Error; err != nil {
			return err
		}
		if len(names) == mostKeys {
			return fault.New(fault.Conflict, fmt.Sprintf("在用的密钥已有 %d 个，请先停用不用的。", mostKeys))
		}
		for _, n := range names {
			if n == name {
				return fault.Form([]fault.Field{{Name: "name", Message: "已经有这个名称的密钥。请换一个名称，或者先停用原来的。"}})
			}
		}
		k := APIKey{Name: name, Hash: hash, CreatedAt: tx.Now, CreatedBy: actor.ID, CreatedName: actor.Name}
		if err := tx.Create(&k).Error; err != nil {
			return err
		}
		return journal.Append(tx, event(actor, "staff.key.add", "api_key", k.ID, journal.Change{Field: "name", New: name}))
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) { // somebody else was faster
		return "", fault.Form([]fault.Field{{Name: "name", Message: "已经有这个名称的密钥。请换一个名称，或者先停用原来的。"}})
	}
	if err != nil {
		return "", fmt.Errorf("staff: add key: %w", err)
	}
	return key, nil
}

// Keys lists the keys, the living first and the newest first among them, at most limit.
func (s *Service) Keys(ctx context.Context, actor Actor, limit int) (list []APIKey, err error) {
	if err := actor.Require(SecAdmin); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		return r.Select(keyColumns).Order("ended_at IS NOT NULL, id DESC").Limit(limit).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("staff: keys: %w", err)
	}
	return list, nil
}

// EndKey makes a key worthless from now on; what came in by it stays.
func (s *Service) EndKey(ctx context.Context, actor Actor, id int64) error {
	if err := actor.Require(SecAdmin); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var k APIKey
		err := tx.Select(keyColumns).Where("id = ?", id).Take(&k).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这个密钥。")
		}
		if err != nil || k.EndedAt != nil {
			return err
		}
		if err := tx.Model(&APIKey{}).Where("id = ?", id).Updates(map[string]any{"ended_at": tx.Now, "ended_name": actor.Name}).Error; err != nil {
			return err
		}
		return journal.Append(tx, event(actor, "staff.key.end", "api_key", id, journal.Change{Field: "name", Old: k.Name}))
	})
	if err != nil {
		return fmt.Errorf("staff: end key: %w", err)
	}
	return nil
}

// Machine tells which system a key belongs to; fault Unauthenticated for no
// system. It records the key's use, at most once a minute, like a session's.
func (s *Service) Machine(ctx context.Context, key string) (Machine, error) {
	hash, err := keyHash(key)
	if err != nil {
		return Machine{}, err
	}
	var k APIKey
	var now time.Time
	err = s.db.Read(ctx, func(r *store.Reader) error {
		now = r.Now
		return r.Select(keyColumns).Where("hash = ? AND ended_at IS NULL", hash).Take(&k).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Machine{}, errKey
	}
	if err == nil && (k.UsedAt == nil || now.Sub(*k.UsedAt) >= touchTime) {
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Model(&APIKey{}).Where("id = ? AND (used_at IS NULL OR used_at < ?)", k.ID, tx.Now).Update("used_at", tx.Now).Error
		})
	}
	if err != nil {
		return Machine{}, fmt.Errorf("staff: machine: %w", err)
	}
	return Machine{ID: k.ID, Name: k.Name}, nil
}
