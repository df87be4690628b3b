package logbook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
func Restart(ctx context.Context, db *store.DB, folder, origin, reason string) (tlog.Key, error) {
	var next *tlog.Signer
	err := db.Write(ctx, func(tx *store.Tx) error {
		list, err := keys(&tx.Reader)
		if err != nil {
			return err
		}
		was := ""
		if len(list) > 0 {
			old, err := tlog.ParseKey(list[len(list)-1].Key)
			if err != nil {
				return err
			}
			origin, was = old.Name, old.Name
		}
		no := len(list) + 1
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
		return replaceKey(folder, no-1, next)
	})
	if err != nil {
		return tlog.Key{}, err
	}
	return next.Key(), nil
}

// loggedRestart is the kind of the entry that tells why the log was begun anew.
const loggedRestart = "log-restart"

// replaceKey puts a new key in the place of the old one, which stays beside it under
// its number. It runs last in the transaction: after a crash before the commit the old
// key is put back by hand, and nothing was signed with the new one.
func replaceKey(folder string, old int, next *tlog.Signer) error {
	path := filepath.Join(folder, KeyFile)
	err := os.Rename(path, fmt.Sprintf("%s.%d", path, old))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = keyfile.Create(path, next.Secret()+"\n")
	}
	if err == nil {
		err = os.Remove(filepath.Join(folder, headFile))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("logbook: new key: %w", err)
	}
	return nil
}
