package reports

import (
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// tagKey is the officers' own key for tags, as one of them holds it.
type tagKey struct {
	KeyPrint []byte `gorm:"primaryKey"`
	Sealed   []byte
}

func (tagKey) TableName() string { return "report_tag_keys" }

var tagPlace = seal.Context{Table: "report_tag_keys", Field: "key"}

// tagsKey opens the officers' key for tags. Who opens it gives it to the others
// on the roster; the first makes it. Nil for an officer to whom nobody gave it yet.
func (s *Service) tagsKey(tx *store.Tx, key *seal.Private) (seal.Key, error) {
	var list []tagKey
	if err := tx.Select("key_print, sealed").Order("key_print").Limit(500).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("reports: tags: %w", err)
	}
	var mine seal.Key
	there := map[string]bool{}
	for _, k := range list {
		there[string(k.KeyPrint)] = true
		if string(k.KeyPrint) == string(keyPrint(key.Public())) {
			raw, err := seal.Open(key, tagPlace, k.Sealed)
			if err != nil {
				return nil, nil // somebody put another there; no tags rather than theirs
			}
			mine = raw
		}
	}
	if mine == nil {
		if len(list) > 0 {
			return nil, nil
		}
		mine = seal.Key(seal.NewBox())
	}
	d, err := s.readers(&tx.Reader)
	if errors.Is(err, ErrRoster) {
		return mine, nil // it is given to nobody now
	}
	if err != nil {
		return nil, err
	}
	for _, m := range d.officers {
		if p := keyPrint(m.Key); !there[string(p)] {
			closed, err := seal.Seal(m.Key, tagPlace, mine)
			if err != nil {
				return nil, fmt.Errorf("reports: tags: %w", err)
			}
			err = tx.Exec("INSERT INTO report_tag_keys (at, key_print, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", tx.Now, p, closed).Error
			if err != nil {
				return nil, fmt.Errorf("reports: tags: %w", err)
			}
		}
	}
	return mine, nil
}

// tag marks a report with whom it accuses, so that officers see when somebody is
// reported again. It takes the officers' key and the pepper to guess at one: anybody
// who writes to the database could give the officers a key of their own.
func (s *Service) tag(tx *store.Tx, a staff.Actor, key *seal.Private, x Report, st Statement) error {
	if st.Person == "" {
		return nil
	}
	k, err := s.tagsKey(tx, key)
	if err != nil || k == nil {
		return err
	}
	err = tx.Exec("INSERT INTO report_tags (report_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", x.ID, s.tagKey.Sum(string(k.Sum("person", tight(st.Person))))).Error
	if err != nil {
		return fmt.Errorf("reports: tags: %w", err)
	}
	return nil
}

// others are the reports with the same tag that the actor can open.
func (s *Service) others(r *store.Reader, a staff.Actor, key *seal.Private, x Report) ([]Other, error) {
	var list []Report
	err := r.Select(columns).Where("id IN (SELECT report_id FROM report_tags WHERE tag IN (SELECT tag FROM report_tags WHERE report_id = ?)) AND id <> ?", x.ID, x.ID).
		Order("id DESC").Limit(50).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("reports: tags: %w", err)
	}
	var out []Other
	e := newEars(key)
	for _, o := range list {
		keys, err := e.rings(r, o, holderOfficer, a.ID)
		if errors.Is(err, seal.ErrSealed) || errors.Is(err, gorm.ErrRecordNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if keys[o.Epoch] != nil {
			out = append(out, Other{o.CaseNo, calendar.Of(o.SubmittedAt), o.State})
		}
	}
	return slices.Clip(out), nil
}
