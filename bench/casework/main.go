// Command casework measures the desk on a database of many cases: it loads the
// demonstration where there is none yet, calls what the pages call, some
// hundred times each, and prints the median and the 99th percentile in
// milliseconds. Absolute times mean little; how they grow with the cases does.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"time"

	"mingjing/app"
	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/staff"
	"mingjing/app/store"
)

func main() {
	data := flag.String("data", "", "the data folder")
	url := flag.String("database-url", "", "PostgreSQL URL")
	n := flag.Int("cases", 10_000, "how many cases to load into an empty database; 0: measure what is there")
	times := flag.Int("times", 300, "how often each is called")
	flag.Parse()
	if err := run(context.Background(), *data, *url, *n, *times); err != nil {
		fmt.Fprintln(os.Stderr, "casework:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, data, url string, n, times int) error {
	c, err := config.Load(nil)
	if err != nil {
		return err
	}
	c.DataDir, c.DatabaseURL, c.Seed = data, url, "none"
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	began := time.Now()
	if n > 0 {
		if err := app.LoadDemo(ctx, c, log, n, 1, nil); err != nil {
			return err
		}
	}
	fmt.Printf("cases=%d load_s=%.0f", n, time.Since(began).Seconds())
	a, err := app.New(ctx, c, log, time.Now)
	if err != nil {
		return err
	}
	defer a.Close()
	var who staff.Actor
	ids := make([]int64, 0, times)
	err = a.DB.Read(ctx, func(r *store.Reader) error {
		list, err := staff.Holding(r, staff.Dispatcher, 0)
		if err != nil || len(list) == 0 {
			return fmt.Errorf("no dispatcher: %w", err)
		}
		if who, err = staff.Acting(r, list[0].ID); err != nil {
			return err
		}
		var most int64
		if err := r.Table("cases").Select("max(id)").Scan(&most).Error; err != nil {
			return err
		}
		for range times {
			var id []int64
			if err := r.Table("cases").Where("id >= ?", 1+rand.Int64N(most)).Order("id").Limit(1).Pluck("id", &id).Error; err != nil {
				return err
			}
			ids = append(ids, id...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	list := func(f cases.Filter) error {
		f.Limit = 50
		_, err := a.Cases.List(ctx, who, f)
		return err
	}
	reader := int64(0)
	words := []string{"案款", "窗口", "缴费", "态度", "立案", "执行案款", "工作人员", "增加支付", "跨区立案", "没有人接"}
	queue := func(i int) error { return list(cases.Filter{Basket: cases.Baskets[i%len(cases.Baskets)].Name}) }
	measures := []struct {
		name string
		call func(i int) error
	}{
		{"queue", queue},
		{"case", func(i int) error { _, err := a.Cases.Open(ctx, who, ids[i%len(ids)]); return err }},
		{"search2", func(i int) error { return list(cases.Filter{Query: words[i%5]}) }},
		{"search4", func(i int) error { return list(cases.Filter{Query: words[5+i%5]}) }},
		{"similar", func(i int) error {
			_, _, err := a.Cases.Kin(ctx, who, fmt.Sprintf("139000%05d", i%700), "", "窗口工作人员态度生硬，问了三遍都不理人")
			return err
		}},
		{"views", queue}, // once more, with fifty views beside it
		{"anew", func(i int) error { // the same for a reader for whom they were never counted
			reader++
			other := who
			other.DepartmentID = -reader
			_, err := a.Cases.List(ctx, other, cases.Filter{Basket: cases.Baskets[i%len(cases.Baskets)].Name, Limit: 50})
			return err
		}},
	}
	for _, m := range measures {
		if m.name == "views" {
			for i := range 50 {
				f := cases.Filter{Kind: cases.Kinds[i%len(cases.Kinds)], Within: 1 + i%30, Nobody: i%2 == 0, Channel: cases.Channels[i%len(cases.Channels)]}
				if _, err := a.Cases.SaveView(ctx, who, cases.View{Name: fmt.Sprint("视图", i), Filter: f.Values().Encode()}, 0); err != nil {
					return err
				}
			}
		}
		took := make([]float64, 0, times)
		for i := range times + 20 {
			began := time.Now()
			if err := m.call(i); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			if i >= 20 { // the first ones warm what is cold
				took = append(took, float64(time.Since(began).Microseconds())/1000)
			}
		}
		slices.Sort(took)
		fmt.Printf(" %s_p50=%.1f %s_p99=%.1f", m.name, took[len(took)/2], m.name, took[len(took)*99/100])
	}
	e, err := a.Cases.PrepareExport(ctx, who, cases.Filter{}, "xlsx")
	if err != nil {
		return err
	}
	runtime.GC()
	writing, stop := context.WithCancel(ctx)
	most := make(chan uint64)
	go func() {
		var m runtime.MemStats
		top := uint64(0)
		for writing.Err() == nil {
			runtime.ReadMemStats(&m)
			top = max(top, m.HeapInuse)
			time.Sleep(20 * time.Millisecond)
		}
		most <- top
	}()
	began = time.Now()
	err = e.Write(ctx, io.Discard)
	stop()
	fmt.Printf(" export_s=%.1f export_heap_mb=%d\n", time.Since(began).Seconds(), <-most>>20)
	return err
}
