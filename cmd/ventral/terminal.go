package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// A terminal is where ventral speaks: results to out, progress and errors to
// err. On a terminal long work shows a bar; elsewhere a plain line per stage.
// Nothing is ever coloured.
type terminal struct {
	out, err    io.Writer
	interactive bool // err is a terminal that can move its cursor
	program     programFlags

	verb  verb            // that runs
	flags *pflag.FlagSet  // its flags, as parsed
	given map[string]bool // those that were given

	mu    sync.Mutex // of shown
	shown *bar       // the bar that is there now
}

func newTerminal(out, err *os.File) *terminal {
	return &terminal{out: out, err: err, interactive: term.IsTerminal(int(err.Fd())) && os.Getenv("TERM") != "dumb"}
}

// begin says which verb runs, with which flags.
func (t *terminal) begin(v verb, flags *pflag.FlagSet) {
	t.verb, t.flags, t.given = v, flags, map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { t.given[f.Name] = true })
}

// width returns the columns of standard output, 80 where it is no terminal.
func (t *terminal) width() int {
	if f, ok := t.out.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 40 {
			return w
		}
	}
	return 80
}

// say prints a line of progress, above the bar where there is one.
func (t *terminal) say(format string, args ...any) {
	if t.program.quiet {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var w io.Writer = t.err
	if t.shown != nil {
		w = t.shown.progress
	}
	fmt.Fprintf(w, format+"\n", args...)
}

// result gives the result of a verb to whom it is for: as JSON to --json, and by
// print to people, unless the JSON has standard output. A bar is taken away.
func (t *terminal) result(result any, print func()) error {
	t.mu.Lock()
	shown := t.shown
	t.mu.Unlock()
	shown.done()
	path := t.program.json
	if path == "" {
		print()
		return nil
	}
	text, err := marshal(result)
	if err != nil {
		return err
	}
	if path == "-" {
		_, err = t.out.Write(text)
		return err
	}
	if err := writeFile(path, text); err != nil {
		return err
	}
	print()
	return nil
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
		words := "ventral: interrupted"
		if where := strings.TrimPrefix(strings.ReplaceAll(": "+err.Error(), ": "+context.Canceled.Error(), ""), ": "); where != "" {
			words += ": " + where
		}
		fmt.Fprintf(t.err, "%s\n%s\n", words, next)
		return exitInterrupted
	}
	fmt.Fprintln(t.err, "ventral:", err)
	if why := noRoom(err); why != "" {
		fmt.Fprintln(t.err, why+" and give the same command again: it goes on from what is complete.")
	}
	if s := suggestion(err); s != "" {
		fmt.Fprintln(t.err, s)
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
