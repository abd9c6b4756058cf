package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// A terminal is where ventral speaks: results to out, progress and errors to
// err. On a terminal long work shows a bar; elsewhere a plain line per stage.
type terminal struct {
	out, err    io.Writer
	interactive bool           // err is a terminal
	quiet       bool           // no progress at all
	flags       *pflag.FlagSet // the verb's flags, as parsed
}

func newTerminal(out, err *os.File) *terminal {
	return &terminal{out: out, err: err, interactive: term.IsTerminal(int(err.Fd()))}
}

// width returns the columns of standard output, 100 where it is no terminal.
func (t *terminal) width() int {
	if f, ok := t.out.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 40 {
			return w
		}
	}
	return 100
}

// say prints a line of progress.
func (t *terminal) say(format string, args ...any) {
	if !t.quiet {
		fmt.Fprintf(t.err, format+"\n", args...)
	}
}

// report prints err, if any, and returns the exit code that it means.
func (t *terminal) report(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		next := "The same command goes on from what is complete."
		if errors.As(err, new(beginsAnew)) {
			next = "The same command begins anew."
		}
		fmt.Fprintf(t.err, "ventral: interrupted: %v\n%s\n", err, next)
		return exitInterrupted
	}
	fmt.Fprintln(t.err, "ventral:", err)
	if why := noRoom(err); why != "" {
		fmt.Fprintln(t.err, why+" and give the same command again: it goes on from what is complete.")
	}
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailed
}

// noRoom says why a file could not grow, and what to do; nothing of other errors.
func noRoom(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "The disk is full: make room"
	case errors.Is(err, syscall.EDQUOT):
		return "Your quota on the disk is used up: make room"
	case errors.Is(err, syscall.EFBIG):
		return "Files may not grow so large here: raise the limit (ulimit -f, or that of the file system)"
	}
	return ""
}

// beginsAnew is the error of work that was interrupted and does not go on from
// where it was.
type beginsAnew struct{ error }

func (e beginsAnew) Unwrap() error { return e.error }

// interrupted says of work that Ctrl-C ended that it begins anew.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return beginsAnew{err}
	}
	return err
}

// soon returns what work returns, or the error of ctx a second after its end:
// a decomposition or a read that is under way cannot be stopped, and is left to
// the end of the program. It is for work that leaves nothing half written.
func soon(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(time.Second):
		return ctx.Err()
	}
}

// A bar is the progress of one stage of work. Its methods serve a nil bar: it
// shows nothing.
type bar struct{ *progressbar.ProgressBar }

// bar begins a stage of total units (images, layers …), shown with units per
// second and the time left where there is somebody to watch.
func (t *terminal) bar(label string, total int, unit string) *bar {
	if t.quiet || !t.interactive || total <= 0 {
		return nil
	}
	return &bar{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(t.err),
		progressbar.OptionSetDescription(label),
		progressbar.OptionSetItsString(unit),
		progressbar.OptionShowIts(),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(24),
		progressbar.OptionFullWidth(),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionUseANSICodes(true),
	)}
}

// at shows that n units are done, under the given label.
func (b *bar) at(n int, label string) {
	if b != nil {
		b.Describe(label)
		_ = b.Set(n) // a bar that cannot be drawn stops no work
	}
}

// done takes the bar away.
func (b *bar) done() {
	if b != nil {
		_ = b.Finish()
	}
}
