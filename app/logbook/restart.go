package logbook

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/keyfile"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// numbered is the end of the origin of a log that was begun anew.
var numbered = regexp.MustCompile(`/\d+$`)

// Restart begins the log anew under another name and key, for good: when its key is
// lost, or when a restored database ends before what was already signed. The old name
// is never signed again, so that there are never two logs of one name; whoever holds a
// receipt or checkpoint of it can show what is missing. What the database has stays,
// with its places, and the first new entry tells the public why.
func Restart(ctx context.Context, db *store.DB, at Place, origin, reason string) (tlog.Key, error) {
	var next *tlog.Signer
	err := db.Write(ctx, func(tx *store.Tx) error {
		last, err := lastKey(&tx.Reader)
		if err != nil {
			return err
		}
		was := ""
		if last.No > 0 {
			old, err := tlog.ParseKey(last.Key)
			if err != nil {
				return err
			}
			origin, was = old.Name, old.Name
		}
		no := last.No + 1
		if next, err = tlog.NewSigner(numbered.ReplaceAllString(origin, "") + fmt.Sprintf("/%d", no)); err != nil {
			return err
		}
		if err := tx.Create(&key{No: no, Key: next.Key().String(), At: tx.Now}).Error; err != nil {
			return fmt.Errorf("logbook: key: %w", err)
		}
		told := Text{Kind: loggedRestart, Ref: fmt.Sprint(no), Body: Canonical(struct {
			Was    string `json:"was"`
			Key    string `json:"key"`
			At     string `json:"at"`
			Reason string `json:"reason"`
		}{was, next.Key().String(), tx.Now.In(calendar.Shanghai).Format(time.RFC3339), reason})}
		if err := Record(tx, told); err != nil {
			return err
		}
		if err := errors.Join(tx.Send(), tx.Publish()); err != nil {
			return err
		}
		return keyfile.Replace(at.next(), next.Secret()+"\n")
	})
	if err != nil {
		return tlog.Key{}, err
	}
	_, err = at.load(next.Key().String())
	return next.Key(), err
}

// loggedRestart is the kind of the entry that tells why the log was begun anew.
const loggedRestart = "log-restart"
