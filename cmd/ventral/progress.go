package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// A bar is the progress of one stage of work. Its methods serve a nil bar: it
// shows nothing.
type bar struct {
	t        *terminal
	progress *mpb.Progress
	drawn    *mpb.Bar
	unit     string

	mu          sync.Mutex
	label       string
	n, total    int
	first       int     // units that were done before
	part, began float64 // of the work that is done, and was before, where units differ in cost; 0: they do not
	begun, last time.Time
	gone        bool
}

// bar begins a stage of total units (images, layers …), shown with units per
// second and the time left where there is somebody to watch.
func (t *terminal) bar(label string, total int, unit string) *bar {
	if t.program.quiet || !t.interactive || total <= 0 {
		return nil
	}
	b := &bar{t: t, label: label, total: total, unit: unit, begun: time.Now()}
	b.progress = mpb.New(mpb.WithOutput(t.err), mpb.WithRefreshRate(100*time.Millisecond))
	b.drawn = b.progress.AddBar(int64(total), mpb.BarWidth(40),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return b.words() })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return b.speed(time.Now()) })))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shown = b
	return b
}

// reading shows how many image files have been read, until finish is called.
func (t *terminal) reading() (read func(done, total int), finish func()) {
	if t.program.quiet || !t.interactive {
		return nil, func() {}
	}
	var mu sync.Mutex
	var b *bar
	of := 0
	return func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if of != total { // another part of the images
			b.done()
			b, of = t.bar("reading", total, "images"), total
		}
		b.at(done, "reading")
	}, func() { b.done() }
}

// from says that n units were done before: the work goes on from there.
func (b *bar) from(n int) {
	if b != nil {
		b.mu.Lock()
		b.first, b.n = n, n
		b.mu.Unlock()
	}
}

// worth says which part of the work is done, 0 to 1, where the units differ in cost:
// the time left is told from it. before: by an interrupted run.
func (b *bar) worth(part float64, before bool) {
	if b != nil {
		b.mu.Lock()
		if b.part = part; before {
			b.began = part
		}
		b.mu.Unlock()
	}
}

// at shows that n units are done, under the given label.
func (b *bar) at(n int, label string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.n, b.label, b.last = n, label, time.Now()
	b.mu.Unlock()
	b.drawn.SetCurrent(int64(min(n, b.total-1))) // a full bar could not be taken away
}

func (b *bar) words() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprintf("%s %s/%s ", b.label, thousands(b.n), thousands(b.total))
}

// speed is the units per second and the time left, once there is something to
// tell them from; until then the time gone by.
func (b *bar) speed(now time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	done := b.n - b.first
	if done <= 0 {
		return fmt.Sprintf(" %s gone by", now.Sub(b.begun).Round(time.Second))
	}
	each := max(1, b.last.Sub(b.begun)/time.Duration(done))
	left := each * time.Duration(b.total-b.n)
	if b.part > b.began {
		left = time.Duration(float64(b.last.Sub(b.begun)) * (1 - b.part) / (b.part - b.began))
	}
	left = max(0, left-now.Sub(b.last))
	rate := fmt.Sprintf("%.3g", 1/each.Seconds())
	if perSecond := 1 / each.Seconds(); perSecond >= 100 {
		rate = thousands(int(perSecond))
	}
	return fmt.Sprintf(" %s %s/s, %s left", rate, b.unit, left.Round(time.Second))
}

// done takes the bar away.
func (b *bar) done() {
	if b == nil {
		return
	}
	b.t.mu.Lock()
	gone := b.gone
	if b.gone = true; b.t.shown == b {
		b.t.shown = nil
	}
	b.t.mu.Unlock()
	if gone {
		return
	}
	b.drawn.Abort(true)
	b.progress.Wait()
}
