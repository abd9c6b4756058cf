package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Transfers are what is told while files are on their way: a bar for each where
// there is somebody to watch, and a line for each that is done.
type transfers struct {
	t    *terminal
	bars *mpb.Progress // nil: none
	mu   sync.Mutex    // of the lines
}

func (t *terminal) transfers() *transfers {
	s := &transfers{t: t}
	if t.interactive && !t.program.quiet {
		s.bars = mpb.New(mpb.WithOutput(t.err))
	}
	return s
}

// say prints a line, above the bars.
func (s *transfers) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bars == nil {
		s.t.say(format, args...)
		return
	}
	fmt.Fprintf(s.bars, format+"\n", args...)
}

// wait returns when the last bars are taken away.
func (s *transfers) wait() {
	if s.bars != nil {
		s.bars.Wait()
	}
}

// A transfer is the bar of one file. Its methods serve a nil one: it shows
// nothing.
type transfer struct {
	bar     *mpb.Bar
	words   atomic.Value // what is waited for: a string
	endless atomic.Bool  // the length is not known
	last    time.Time    // of the last report
	n       int64        // bytes then
}

func (s *transfers) begin(name string) *transfer {
	if s.bars == nil {
		return nil
	}
	b := &transfer{last: time.Now()}
	b.words.Store("")
	b.bar = s.bars.AddBar(0,
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR), decor.Any(func(decor.Statistics) string { return b.words.Load().(string) })),
		mpb.AppendDecorators(
			decor.Any(amounts, decor.WCSyncSpace),
			decor.EwmaSpeed(decor.SizeB1000(0), "% .1f", 60, decor.WCSyncSpace),
			decor.Meta(decor.EwmaETA(decor.ET_STYLE_GO, 60, decor.WCSyncSpace), b.knowing),
		),
	)
	return b
}

// amounts are what has come, and of how much where that is known.
func amounts(s decor.Statistics) string {
	if s.Total <= 0 {
		return byteSize(s.Current)
	}
	return byteSize(s.Current) + " / " + byteSize(s.Total)
}

// knowing is the time left, blank where it is not known.
func (b *transfer) knowing(left string) string {
	if b.endless.Load() {
		return strings.Repeat(" ", len(left))
	}
	return left
}

// at shows that n of total bytes have come; total is below 0 where it is not known.
func (b *transfer) at(n, total int64) {
	if b == nil {
		return
	}
	now := time.Now()
	b.words.Store("")
	b.endless.Store(total <= 0)
	b.bar.SetTotal(max(total, 0), false)
	if n > b.n && b.n > 0 {
		b.bar.EwmaSetCurrent(n, now.Sub(b.last))
	} else { // where it goes on, or begins anew
		b.bar.SetCurrent(n)
	}
	b.n, b.last = n, now
}

// note shows what is waited for.
func (b *transfer) note(words string) {
	if b != nil {
		b.words.Store(words + " ")
	}
}

// done takes the bar away.
func (b *transfer) done() {
	if b != nil {
		b.bar.Abort(true)
	}
}
