package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A file is cleaned by a process of its own: this program, started once more under
// another name. What reads PDFs can be sent into an endless loop, or to the end of
// memory, by a file made for it, and a process can be ended where a goroutine cannot.
// It has neither environment nor files, only the two pipes, so nothing of the site
// is in its reach; and what it took of memory goes back with it.
const (
	cleanerName   = "mingjing-clean"
	cleanerCPU    = 10 // seconds; a file of 20 MB takes about one
	cleanerTime   = time.Minute
	cleanerMemory = 512 << 20
	cleanerStack  = 64 << 20
	exitRefused   = 3 // of a cleaner that says no
	exitFailed    = 1 // of one that could not work; any other end is the file's doing
)

// Every program that links this room can be its cleaner, tests too: so it is
// decided here, before any main.
func init() {
	if len(os.Args) == 2 && os.Args[0] == cleanerName {
		os.Exit(cleaner(os.Args[1], os.Stdin, os.Stdout))
	}
}

// cleaner is the other process: a file of the media type in, its clean copy out.
func cleaner(media string, in io.Reader, out io.Writer) int {
	limit := syscall.Rlimit{Cur: cleanerCPU, Max: cleanerCPU}
	if err := syscall.Setrlimit(syscall.RLIMIT_CPU, &limit); err != nil {
		return exitFailed
	}
	syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19) // whoever waits for a page comes first
	debug.SetMaxStack(cleanerStack)                  // what is nested without end dies of it; nothing can recover that
	go func() {
		held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
		for range time.Tick(20 * time.Millisecond) {
			if metrics.Read(held); held[0].Value.Uint64() > cleanerMemory {
				os.Exit(exitRefused)
			}
		}
	}()
	raw, err := io.ReadAll(in)
	if err != nil {
		return exitFailed
	}
	clean, err := clean(media, raw)
	if err != nil {
		return exitRefused
	}
	if _, err := out.Write(clean); err != nil {
		return exitFailed
	}
	return 0
}

// cleaning is a cleaner at work; its Read gives the copy. It ends with EOF only
// where the cleaner was content.
type cleaning struct {
	io.Reader
	cmd     *exec.Cmd
	stop    context.CancelFunc
	once    sync.Once
	stopped atomic.Bool // by who read it, before its end
	err     error
}

func startCleaner(ctx context.Context, media string, in io.Reader) (*cleaning, error) {
	self := "/proc/self/exe" // also when the program on disk has been replaced since
	if runtime.GOOS != "linux" {
		var err error
		if self, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("blob: cleaner: %w", err)
		}
	}
	ctx, stop := context.WithTimeout(ctx, cleanerTime)
	c := &cleaning{cmd: exec.CommandContext(ctx, self), stop: stop}
	c.cmd.Args, c.cmd.Env, c.cmd.Dir = []string{cleanerName, media}, []string{"GOMAXPROCS=1"}, "/"
	c.cmd.WaitDelay = 5 * time.Second // for what it is read from
	c.cmd.Stdin = in                  // what it says when it dies may quote the file, and is heard by nobody
	out, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("blob: cleaner: %w", err)
	}
	c.Reader = out
	return c, nil
}

func (c *cleaning) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		if bad := c.wait(); bad != nil {
			err = bad
		}
	}
	return n, err
}

// Close ends the cleaner if it is not at its end, and says why it refused.
func (c *cleaning) Close() error {
	c.stopped.Store(true)
	c.stop()
	return c.wait()
}

func (c *cleaning) wait() error {
	c.once.Do(func() {
		stopped := c.stopped.Load()
		err := c.cmd.Wait()
		c.stop()
		var exit *exec.ExitError
		switch {
		case err == nil:
		case errors.As(err, &exit) && exit.ExitCode() < 0 && stopped: // whoever read it gave up, for reasons of their own
			c.err = errStopped
		case errors.As(err, &exit) && exit.ExitCode() != exitFailed: // refused, died of it, or ended for its time
			c.err = errDamaged
		default:
			c.err = fmt.Errorf("blob: cleaner: %w", err)
		}
	})
	return c.err
}

var errStopped = errors.New("blob: a cleaning was given up")
