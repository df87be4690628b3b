package cases_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mingjing/app/cases"
	"mingjing/app/cases/casestest"
	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// canaries are personal values that nothing but a contact holds.
var canaries = []string{"欧阳金丝雀", "13987654321", "jinsique@example.cn", "金丝雀巷七号", "530102199001011234"}

// written is how a text could stand in a file.
func written(text string) [][]byte {
	raw := []byte(text)
	return [][]byte{raw, []byte(hex.EncodeToString(raw)), []byte(strings.ToUpper(hex.EncodeToString(raw))), []byte(base64.StdEncoding.EncodeToString(raw))[:len(raw)*4/3/4*4]}
}

// tell fails for every canary that stands in what a thief took.
func tell(t *testing.T, what string, taken []byte) {
	t.Helper()
	for _, c := range canaries {
		for _, w := range written(c) {
			if bytes.Contains(taken, w) {
				t.Errorf("%s tells %s", what, c)
			}
		}
	}
}

// files are SQLite's, with the log written into the database.
func (c *court) files() map[string][]byte {
	c.t.Helper()
	var file string
	c.must(c.db.Read(c.t.Context(), func(r *store.Reader) error {
		return r.Raw("SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file).Error
	}))
	pool, err := c.db.SQL()
	c.must(err)
	_, err = pool.ExecContext(c.t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
	c.must(err)
	names, err := filepath.Glob(file + "*")
	c.must(err)
	out := map[string][]byte{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		c.must(err)
		out[filepath.Base(name)] = raw
	}
	if len(out) < 2 {
		c.t.Errorf("only %v", names)
	}
	return out
}

func TestWhoHasTheDatabaseHasNoContact(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		sub := petition("0000000091")
		sub.Name, sub.Phone, sub.Email, sub.Address = canaries[0], canaries[1], canaries[2], canaries[3]
		id := c.accepted(sub)
		part, err := c.Split(ctx, c.dispatcher, id, cases.Suggestion, "增加座椅", "大厅没有座椅。")
		c.must(err)
		for _, x := range []int64{id, part} {
			got, err := c.Reveal(ctx, c.dispatcher, x)
			c.must(err)
			if got.Name != canaries[0] || got.Phone != canaries[1] || got.Email != canaries[2] || got.Address != canaries[3] {
				t.Errorf("%d opens as %+v", x, got)
			}
			if mail, err := c.MailAddress(ctx, x); err != nil || mail != canaries[2] {
				t.Errorf("%q %v", mail, err)
			}
		}
		tell(t, "the database", []byte(storetest.Dump(t, c.db)))

		// Neither in another's place nor under another pepper does a contact open.
		other := c.accepted(complaint("92", "等候太久"))
		c.must(c.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE case_contacts SET sealed = (SELECT sealed FROM case_contacts WHERE case_id = ?) WHERE case_id = ?", id, other).Error
		}))
		if _, err := c.Reveal(ctx, c.dispatcher, other); err == nil || strings.Contains(err.Error(), canaries[0]) {
			t.Errorf("a contact that was moved opens: %v", err)
		}
		thief := cases.New(c.db, c.blobs, seal.Pepper(bytes.Repeat([]byte{8}, 32)))
		defer thief.Close()
		if mail, err := thief.MailAddress(ctx, id); err == nil || mail != "" {
			t.Errorf("another pepper opens %q", mail)
		}
	})
}

func TestContactsFromBeforeAreSealedAndGoneFromTheFiles(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		sub := suggestion()
		sub.Name, sub.Phone, sub.Email, sub.Address = "", "", "", ""
		id := c.submit(sub).ID
		listed := c.submit(suggestion()).ID
		c.must(c.db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Exec("INSERT INTO case_contacts_plain (case_id, name, phone, email, address, caller_hash) VALUES (?, ?, ?, ?, ?, ?)", id, canaries[0], canaries[1], canaries[2], canaries[3], []byte("hash")).Error; err != nil {
				return err
			}
			if err := tx.Exec("INSERT INTO case_imports (id, name, source, digest, row_count, at, actor_id, actor_name) VALUES (1, 'a.xlsx', '信访局', 'x', 1, ?, 1, '甲')", tx.Now).Error; err != nil {
				return err
			}
			if err := tx.Exec("INSERT INTO case_origins (case_id, source, external_id, received_at) VALUES (?, '信访局', '1', ?)", listed, tx.Now).Error; err != nil {
				return err
			}
			return tx.Exec("INSERT INTO case_import_rows (import_id, row_no, state, cells, problem, case_id) VALUES (1, 2, 'accepted', ?, '', ?)", `{"rest":[{"Heading":"身份证号","Text":"`+canaries[4]+`"}]}`, listed).Error
		}))
		var wg sync.WaitGroup
		for range 4 { // as many instances start at once
			wg.Go(func() {
				if err := c.SealContacts(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		c.must(c.SealContacts(ctx)) // nothing is left to do
		tell(t, "the database", []byte(storetest.Dump(t, c.db)))
		got, err := c.Reveal(ctx, c.clerk, id)
		c.must(err)
		if got.Name != canaries[0] || got.Phone != canaries[1] || got.Email != canaries[2] || got.Address != canaries[3] || string(got.CallerHash) != "hash" || !got.Mobile || !got.Mail {
			t.Errorf("%+v", got)
		}
		got, err = c.Reveal(ctx, c.clerk, listed)
		c.must(err)
		if len(got.Rest) != 1 || got.Rest[0].Text != canaries[4] || got.Name == "" {
			t.Errorf("%+v", got)
		}
		if c.db.Dialect() == store.SQLite {
			for name, raw := range c.files() {
				tell(t, name, raw)
			}
		}
		casestest.Check(t, c.db)
		if _, err := c.Reveal(ctx, c.stranger, id); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
	})
}
