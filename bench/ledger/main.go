// Command ledger measures the ledger's spreadsheets: it has portal import
// 10,000 measures and export 200,000, and prints how long that took and the most
// memory that the program held. With -fill it imports that many and stops.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"mingjing/app/sheet"
)

func main() {
	portal := flag.String("portal", "build/portal", "the program")
	data := flag.String("data", "", "its data folder")
	url := flag.String("database-url", "", "PostgreSQL URL")
	n := flag.Int("n", 200_000, "measures to export")
	only := flag.Int("fill", 0, "measures to import and measure nothing, at most 40000")
	flag.Parse()
	if err := run(*portal, *data, *url, *n, *only); err != nil {
		fmt.Fprintln(os.Stderr, "ledger:", err)
		os.Exit(1)
	}
}

// A file ends with a whole problem (seven measures) and a whole part (three): a
// row without a code is matched by its place within them.
const (
	whole   = 21
	perFile = 40_000 / whole * whole
	first   = 10_000/whole*whole + whole // where the second file begins
)

func run(portal, data, url string, n, only int) error {
	dir, err := os.MkdirTemp("", "ledger-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	call := func(args ...string) (seconds float64, megabytes int64, err error) {
		cmd := exec.Command(portal, append([]string{"--data", data, "--database-url", url, "ledger"}, args...)...)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, 0, fmt.Errorf("%v: %w: %s", args, err, out)
		}
		used, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		return time.Since(began).Seconds(), used.Maxrss >> 10, nil
	}
	file := filepath.Join(dir, "import.xlsx")
	if only > 0 {
		if err := fill(file, 0, min(only, perFile)); err != nil {
			return err
		}
		_, _, err := call("import", file)
		return err
	}
	if err := fill(file, 0, 10_000); err != nil {
		return err
	}
	seconds, memory, err := call("import", file)
	if err != nil {
		return err
	}
	again, againMemory, err := call("import", file)
	if err != nil {
		return err
	}
	fmt.Printf("import_s=%.1f import_mb=%d again_s=%.1f again_mb=%d", seconds, memory, again, againMemory)
	for from := first; from < n; from += perFile {
		// A programme of its own per file would be a ledger of its own: these go
		// into one, whose other measures the import has to know.
		if err := fill(file, from, min(perFile, n-from)); err != nil {
			return err
		}
		if _, _, err := call("import", file); err != nil {
			return err
		}
	}
	for _, format := range []string{"xlsx", "csv"} {
		seconds, memory, err := call("export", filepath.Join(dir, "export."+format))
		if err != nil {
			return err
		}
		fmt.Printf(" %s_s=%.1f %s_mb=%d", format, seconds, format, memory)
	}
	fmt.Println()
	return nil
}

var departments = []string{"立案庭", "刑事审判庭", "民事审判庭", "行政审判庭", "执行局", "审判管理办公室", "政治部", "机关党委", "办公室"}

// fill writes measures, seven to a problem, as a ledger words them.
func fill(path string, from, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var columns []sheet.Column
	for _, h := range []string{"反馈方面", "反馈问题", "细化问题", "整改措施", "责任领导", "牵头部门", "配合部门", "整改时限", "整改状态", "完成情况", "佐证材料", "销号时间"} {
		columns = append(columns, sheet.Column{Heading: h, Width: 20})
	}
	w, err := sheet.NewXLSX(io.Writer(f), "台账", time.Unix(0, 0), columns)
	if err != nil {
		return err
	}
	for i := from; i < from+n; i++ {
		problem := i / 7
		row := []string{fmt.Sprintf("方面%d", problem%20), fmt.Sprintf("问题%d：审判管理和监督制度落实不到位，长期未结案件清理力度不够", problem), fmt.Sprintf("细化问题%d：部分案件超过法定审限", i/3),
			fmt.Sprintf("措施%d：建立长期未结案件台账，逐案明确责任人和办结时限，每月通报一次进展情况", i), "分管副院长", departments[i%len(departments)], departments[(i+1)%len(departments)],
			fmt.Sprintf("%d-%02d-28", 2020+i%3, 1+i%12), []string{"已完成", "整改中", "基本完成", ""}[i%4], "已建立台账并逐月通报，截至目前清理长期未结案件若干件，其余正在按计划推进。", "会议纪要、通报", ""}
		if i%8 == 0 {
			row[11] = "2020-12-20"
		}
		if err := w.Row(row); err != nil {
			return err
		}
	}
	return w.Close()
}
