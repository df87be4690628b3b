// Package stafftest gives other rooms' tests their actors, and checks what must
// always hold of the staff tables.
package stafftest

import (
	"errors"
	"testing"
	"time"

	"mingjing/app/staff"
	"mingjing/app/staff/internal/price"
	"mingjing/app/store"
)

// CheapPasswords makes hashing fast in every service made from now on; call it
// from an init or TestMain.
func CheapPasswords() { price.Cheap = true }

// Actor makes a member of staff who cannot sign in and returns them as signed
// in. The department ("" for none) is made when it is missing.
func Actor(t testing.TB, db *store.DB, login, department string, roles ...staff.Role) staff.Actor {
	t.Helper()
	a := staff.Actor{Login: login, Name: login, Department: department, Roles: roles, SecondFactor: true}
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		var place *int64
		if department != "" {
			err := tx.Exec("INSERT INTO departments (name) VALUES (?) ON CONFLICT (name) DO NOTHING", department).Error
			if err != nil {
				return err
			}
			if err := tx.Raw("SELECT id FROM departments WHERE name = ?", department).Scan(&a.DepartmentID).Error; err != nil {
				return err
			}
			place = &a.DepartmentID
		}
		err := tx.Raw("INSERT INTO staff (login, name, department_id, password_hash, created_at) VALUES (?, ?, ?, '', ?) RETURNING id",
			login, login, place, tx.Now).Scan(&a.ID).Error
		for _, r := range roles {
			if err == nil {
				err = tx.Exec("INSERT INTO staff_roles (staff_id, role) VALUES (?, ?)", a.ID, r).Error
			}
		}
		return errors.Join(err, tx.Publish())
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Check verifies every invariant of accounts, roles, second factors and sessions.
func Check(t testing.TB, db *store.DB) {
	t.Helper()
	err := db.Read(t.Context(), func(r *store.Reader) error {
		var people []struct {
			ID       int64
			Disabled bool
		}
		if err := r.Raw("SELECT id, disabled_at IS NOT NULL AS disabled FROM staff ORDER BY id").Scan(&people).Error; err != nil {
			return err
		}
		keepers := 0
		for _, p := range people {
			var roles []staff.Role
			if err := r.Raw("SELECT role FROM staff_roles WHERE staff_id = ? ORDER BY role", p.ID).Scan(&roles).Error; err != nil {
				return err
			}
			if err := staff.CheckRoles(roles); err != nil {
				t.Errorf("staff %d holds %v: %v", p.ID, roles, err)
			}
			for _, role := range roles {
				if role == staff.SecAdmin && !p.Disabled {
					keepers++
				}
			}
		}
		var trail int64
		if err := r.Raw("SELECT count(*) FROM audit WHERE verb = 'staff.add' AND changes LIKE '%sec_admin%'").Scan(&trail).Error; err != nil {
			return err
		}
		if trail > 0 && keepers == 0 {
			t.Error("no security administrator is left")
		}
		for what, none := range map[string]string{
			"a session of a disabled account":          "SELECT count(*) FROM sessions x JOIN staff s ON s.id = x.staff_id WHERE s.disabled_at IS NOT NULL",
			"a second factor without a secret":         "SELECT count(*) FROM staff WHERE totp_confirmed_at IS NOT NULL AND totp_secret = ''",
			"a recovery code without a second factor":  "SELECT count(*) FROM recovery_codes c JOIN staff s ON s.id = c.staff_id WHERE s.totp_confirmed_at IS NULL",
			"a session past the second factor nowhere": "SELECT count(*) FROM sessions x JOIN staff s ON s.id = x.staff_id WHERE x.second_factor AND s.totp_confirmed_at IS NULL",
			"a negative count of failures":             "SELECT count(*) FROM staff WHERE failures < 0",
			"a login that is not in lower case":        "SELECT count(*) FROM staff WHERE login <> lower(login)",
			"a secret in the trail":                    "SELECT count(*) FROM audit a JOIN staff s ON s.password_hash <> '' AND a.changes LIKE '%' || s.password_hash || '%'",
		} {
			var n int64
			if err := r.Raw(none).Scan(&n).Error; err != nil {
				return err
			}
			if n > 0 {
				t.Errorf("%d × %s", n, what)
			}
		}
		var rows []struct{ CreatedAt, TouchedAt, ExpiresAt time.Time }
		if err := r.Raw("SELECT created_at, touched_at, expires_at FROM sessions ORDER BY created_at LIMIT 1000").Scan(&rows).Error; err != nil {
			return err
		}
		for _, x := range rows {
			if x.ExpiresAt.Sub(x.CreatedAt) > 8*time.Hour || x.TouchedAt.Before(x.CreatedAt) {
				t.Errorf("a session that lasts from %s to %s, used at %s", x.CreatedAt, x.ExpiresAt, x.TouchedAt)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
