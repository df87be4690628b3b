package logbook

import (
	"fmt"

	"gorm.io/gorm/clause"

	"mingjing/app/store"
	"mingjing/app/tlog"
)

// tile is a row of the tree.
type tile struct {
	Level int   `gorm:"primaryKey;autoIncrement:false"`
	N     int64 `gorm:"primaryKey;autoIncrement:false"`
	Data  []byte
}

func (tile) TableName() string { return "log_tiles" }

// shelf is the tiles that a transaction has read or laid.
type shelf struct {
	r       *store.Reader
	data    map[[2]int64][]byte
	changed [][2]int64
}

func newShelf(r *store.Reader) *shelf { return &shelf{r: r, data: map[[2]int64][]byte{}} }

// tile is what is stored of a tile; nothing when there is none yet.
func (s *shelf) tile(level int, n int64) ([]byte, error) {
	at := [2]int64{int64(level), n}
	if data, ok := s.data[at]; ok {
		return data, nil
	}
	var list []tile
	if err := s.r.Model(&tile{}).Select("level, n, data").Where("level = ? AND n = ?", level, n).Limit(1).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("logbook: tile: %w", err)
	}
	var data []byte
	if len(list) > 0 {
		data = list[0].Data
	}
	s.data[at] = data
	return data, nil
}

// lay puts newly stored hashes at the ends of their tiles.
func (s *shelf) lay(last int64, stored []tlog.Hash) error {
	dirty := map[[2]int64]bool{}
	return tlog.Laid(last, stored, func(level int, n int64, h tlog.Hash) error {
		data, err := s.tile(level, n)
		if err != nil {
			return err
		}
		at := [2]int64{int64(level), n}
		s.data[at] = append(data, h[:]...)
		if !dirty[at] {
			dirty[at], s.changed = true, append(s.changed, at)
		}
		return nil
	})
}

// save stores what was laid.
func (s *shelf) save(tx *store.Tx) error {
	rows := make([]tile, len(s.changed))
	for i, at := range s.changed {
		rows[i] = tile{int(at[0]), at[1], s.data[at]}
	}
	err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "level"}, {Name: "n"}}, DoUpdates: clause.AssignmentColumns([]string{"data"})}).Create(&rows).Error
	if err != nil {
		return fmt.Errorf("logbook: tiles: %w", err)
	}
	return nil
}
