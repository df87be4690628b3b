package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func write(t testing.TB, db *store.DB, f func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func index(t testing.TB, db *store.DB, kind string, docs map[int64]string) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error {
		for ref, text := range docs {
			if err := Index(tx, kind, ref, text); err != nil {
				return err
			}
		}
		return nil
	})
}

func refs(t testing.TB, db *store.DB, kind, query string, before int64, limit int) (got []int64) {
	t.Helper()
	got = []int64{}
	if strings.TrimSpace(query) == "" || limit <= 0 {
		return got // Scope leaves everything as it is
	}
	err := db.Read(t.Context(), func(r *store.Reader) error {
		q := r.Table("search_docs AS x").Select("x.ref").Where("x.kind = ?", kind).Order("x.ref DESC").Limit(limit)
		if before > 0 {
			q = q.Where("x.ref < ?", before)
		}
		if err := Scope(q, kind, query, "x.ref").Scan(&got).Error; err != nil {
			return err
		}
		// The other way to the same.
		latest := []int64{}
		q = r.Table("search_docs AS x").Select("x.ref").Where("x.kind = ?", kind).Limit(limit)
		if err := Latest(q, kind, query, "x.ref", before).Scan(&latest).Error; err != nil {
			return err
		}
		if d := cmp.Diff(got, latest); d != "" {
			t.Errorf("%.80q: the latest differ %s", query, d)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%.80q: %v", query, err)
	}
	return got
}

// naive is what the databases must agree with.
func naive(docs map[int64]string, query string) []int64 {
	got := []int64{}
	q := strings.Fields(clip(Normalize(query), longestQuery))
	for ref, text := range docs {
		body, all := Normalize(text), len(q) > 0
		for _, p := range q {
			all = all && strings.Contains(body, p)
		}
		if all {
			got = append(got, ref)
		}
	}
	slices.Sort(got)
	slices.Reverse(got)
	return got
}

func TestSearchFindsWhatAReaderSees(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		index(t, db, "case", map[int64]string{
			1: "立案窗口态度生硬，等了两个小时。",
			2: "（2020）云01民终123号案件，执行款迟迟不发放！",
			3: "建议法院官网增加ＰＤＦ下载，字号调大",
			4: "执行局答复：款项发放中。C++ is fine; Été 2020",
		})
		index(t, db, "problem", map[int64]string{1: "立案难", 2: "执行"})
		for _, x := range []struct {
			query string
			want  []int64
		}{
			{"立案", []int64{1}},
			{"执行", []int64{4, 2}},
			{"执行款", []int64{2}},
			{"执行 发放", []int64{4, 2}},
			{"行执", []int64{}},
			{"云01民终123号", []int64{2}},
			{"(2020)云01民终１２３号", []int64{2}},
			{"生硬等了", []int64{}}, // a comma stands between
			{"生硬，等了", []int64{1}},
			{"pdf", []int64{3}},
			{"字", []int64{3}},
			{"款", []int64{4, 2}},
			{"ÉTÉ", []int64{4}},
			{"ete", []int64{}},
			{"c", []int64{4}},
			{"", []int64{}},
			{"，。！", []int64{}},
			{"𰻝", []int64{}},
		} {
			if d := cmp.Diff(x.want, refs(t, db, "case", x.query, 0, 10)); d != "" {
				t.Errorf("%s: %s", x.query, d)
			}
		}
		if d := cmp.Diff([]int64{1}, refs(t, db, "problem", "立案", 0, 10)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]int64{}, refs(t, db, "other", "立案", 0, 10)); d != "" {
			t.Error(d)
		}
	})
}

func TestIndexReplacesAndRemoveForgets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		index(t, db, "case", map[int64]string{1: "旧的内容", 2: "旧的内容"})
		index(t, db, "case", map[int64]string{1: "新的内容"})
		if d := cmp.Diff([]int64{2}, refs(t, db, "case", "旧的", 0, 10)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]int64{1}, refs(t, db, "case", "新的", 0, 10)); d != "" {
			t.Error(d)
		}
		for range 2 {
			write(t, db, func(tx *store.Tx) error { return Remove(tx, "case", 1) })
		}
		if d := cmp.Diff([]int64{2}, refs(t, db, "case", "内容", 0, 10)); d != "" {
			t.Error(d)
		}
		write(t, db, func(tx *store.Tx) error {
			for _, bad := range []int64{0, -1, 1 << refBits} {
				if Index(tx, "case", bad, "x") == nil {
					t.Errorf("%d was taken for a key", bad)
				}
			}
			return nil
		})
	})
}

func TestPagesGoDownByKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		docs := map[int64]string{}
		for i := int64(1); i <= 25; i++ {
			docs[i] = fmt.Sprintf("第%d件：执行款", i)
		}
		index(t, db, "case", docs)
		var got []int64
		for before := int64(0); ; {
			page := refs(t, db, "case", "执行款", before, 10)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			before = page[len(page)-1]
		}
		if d := cmp.Diff(naive(docs, "执行款"), got); d != "" {
			t.Error(d)
		}
	})
}

func TestHostileQueriesNeverFail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		index(t, db, "case", map[int64]string{1: "执行 OR NEAR 100%_完成 \x00\xff 云南"})
		for _, q := range []string{
			`"`, `'`, `"" OR ""`, `执行*`, `NEAR(a b)`, `a AND NOT b`, `^a`, `{grams}:a`, `grams:a`, `-a`, `a:b`, `(((`, `\`, `%`, `_`, `?`, `$1`, `@x`, `:x`,
			"\x00", "\xff\xfe", "a\x00b", "'; DROP TABLE search_docs; --", `' & '`, `!a | b <-> c`,
			strings.Repeat("执行", 5000), strings.Repeat("a ", 5000), strings.Repeat(`"`, 10000), strings.Repeat("\u0301", 3000), "😀👨‍👩‍👧", "ﷺ",
		} {
			refs(t, db, "case", q, 0, 10)
			err := db.Read(t.Context(), func(r *store.Reader) error {
				var ids []int64
				if _, err := Similar(r, "case", q, 5); err != nil {
					return err
				}
				return Scope(r.Table("search_docs").Select("ref"), "case", q, "search_docs.ref").Limit(5).Scan(&ids).Error
			})
			if err != nil {
				t.Errorf("%.60q: %v", q, err)
			}
		}
		if d := cmp.Diff([]int64{1}, refs(t, db, "case", "100%", 0, 10)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]int64{}, refs(t, db, "case", "9%9", 0, 10)); d != "" {
			t.Error(d)
		}
	})
}

func TestTheFirstPartOfALongDocumentIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		var b strings.Builder
		b.WriteString("开头 ")
		for r := range rune(20000) { // as many different pairs as there are
			b.WriteRune(0x4e00 + r)
			b.WriteRune(0x4e00 + (r*7919)%20000)
			b.WriteRune(0x4e00 + (r*104729)%20000)
		}
		b.WriteString(" 末尾尾")
		index(t, db, "case", map[int64]string{1: b.String()})
		if d := cmp.Diff([]int64{1}, refs(t, db, "case", "开头", 0, 1)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]int64{}, refs(t, db, "case", "末尾尾", 0, 1)); d != "" {
			t.Error(d)
		}
	})
}

// words are few, so that random texts share them.
var words = []string{"执行", "法院", "行法", "立案", "院立", "款", "了", "a", "B", "ab", "１２", "2", "é", "，", " ", "。", "\x00", "%", "_", "𠮷", "①", "İ", "ﬁ"}

func TestBothDatabasesAgreeWithAPlainScan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		text := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(t, "words"), "")
		})
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			kind := fmt.Sprint("case", round) // a fresh collection for each round
			docs := map[int64]string{}
			for i := range rapid.IntRange(1, 8).Draw(rt, "docs") {
				docs[int64(i+1)] = text.Draw(rt, "doc")
			}
			index(t, db, kind, docs)
			queries := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
				return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 4).Draw(t, "query"), "")
			}), 1, 6).Draw(rt, "queries")
			for _, q := range queries {
				want := naive(docs, q)
				if d := cmp.Diff(want, refs(t, db, kind, q, 0, 100)); d != "" {
					rt.Fatalf("%q in %v: %s", q, docs, d)
				}
				if strings.TrimSpace(q) == "" {
					continue
				}
				got := []int64{}
				err := db.Read(t.Context(), func(r *store.Reader) error {
					return Scope(r.Table("search_docs AS x").Select("x.ref").Where("x.kind = ?", kind).Order("x.ref DESC"), kind, q, "x.ref").Scan(&got).Error
				})
				if err != nil {
					rt.Fatal(err)
				}
				if d := cmp.Diff(want, got); d != "" {
					rt.Fatalf("scope %q in %v: %s", q, docs, d)
				}
			}
		})
	})
}

func TestScopeAppliesPermissionBeforeTheLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		write(t, db, func(tx *store.Tx) error {
			return tx.Exec(`CREATE TABLE things (id BIGINT PRIMARY KEY, department BIGINT NOT NULL)`).Error
		})
		docs := map[int64]string{}
		for i := int64(1); i <= frequent+500; i++ {
			docs[i] = "法院收到的来件"
			if i%500 == 3 {
				docs[i] += "，涉及执行款"
			}
		}
		index(t, db, "thing", docs)
		write(t, db, func(tx *store.Tx) error {
			for i := range docs {
				if err := tx.Exec(`INSERT INTO things (id, department) VALUES (?, ?)`, i, i%1000).Error; err != nil {
					return err
				}
			}
			return nil
		})
		list := func(query string, department int64) (got []int64) {
			t.Helper()
			err := db.Read(t.Context(), func(r *store.Reader) error {
				mine := r.Table("things").Select("id").Where("department = ?", department)
				return Scope(mine, "thing", query, "things.id").Order("id DESC").Limit(2).Scan(&got).Error
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for _, x := range []struct {
			query      string
			department int64
			want       []int64
		}{
			{"执行款", 3, []int64{2003, 1003}}, // rare: from the index
			{"来件", 3, []int64{2003, 1003}},  // frequent: by the caller's rows
			{"来件 收到", 7, []int64{2007, 1007}},
			{"执行款", 7, nil},
			{"没有", 3, nil},
			{"，", 3, nil},
			{" ", 3, []int64{2003, 1003}}, // no query, no narrowing
		} {
			if d := cmp.Diff(x.want, list(x.query, x.department)); d != "" {
				t.Errorf("%s %d: %s", x.query, x.department, d)
			}
		}
	})
}

func TestSimilarPutsTheMostAlikeFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		docs := map[int64]string{
			1: "昆明市盘龙区张某反映：执行案款三年未发放，多次联系承办人没有结果，请求尽快处理。",
			2: "执行案款三年未发放，承办人一直不接电话。",
			3: "建议在官网增加大字版，方便老年人阅读。",
			4: "短",
		}
		for i := int64(10); i < 400; i++ {
			docs[i] = fmt.Sprintf("请求尽快处理。编号%d的普通咨询，关于立案需要哪些材料。", i)
		}
		index(t, db, "case", docs)
		var got []Likeness
		similar := func(text string, limit int) []Likeness {
			err := db.Read(t.Context(), func(r *store.Reader) (err error) {
				got, err = Similar(r, "case", text, limit)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if d := cmp.Diff([]Likeness{{1, 100}, {2, 62}}, similar(docs[1], 5)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]Likeness{{1, 100}}, similar(docs[1], 1)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]Likeness{{3, 78}}, similar("建议官网增加大字版，老年人阅读不便", 5)); d != "" {
			t.Error(d)
		}
		for _, alone := range []string{"", "短", "完全无关的另一件事情，与谁都不相同"} {
			if d := cmp.Diff([]Likeness{}, similar(alone, 5)); d != "" {
				t.Errorf("%s: %s", alone, d)
			}
		}
		for i, l := range similar(docs[399], 1000) {
			if i == 0 && l != (Likeness{399, 100}) || l.Share < 80 {
				t.Errorf("%v among the many alike", l)
			}
		}
	})
}

func TestScopeReportsAFailedLookup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		err := db.Read(t.Context(), func(r *store.Reader) error {
			var ids []int64
			broken := r.Table("search_docs").Select("ref").Session(&gorm.Session{})
			return Scope(broken, "case", "执行", "no_such_column").Scan(&ids).Error
		})
		if err == nil {
			t.Error("a wrong column went unnoticed")
		}
	})
}
