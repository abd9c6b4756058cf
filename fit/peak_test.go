//go:build peers

package fit

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"

	vblas "ventral/internal/blas"
)

// peak is the largest number of bytes that were live beyond those before, while
// f was running, over two collections in a row: one alone also counts what is
// made and dropped while it is at work.
func peak(f func()) int64 {
	live := func() int64 {
		runtime.GC()
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	before := live()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	most, last := int64(0), before
	for {
		select {
		case <-done:
			return most - before
		default:
			now := live()
			most, last = max(most, min(last, now)), now
		}
	}
}

// foreseen fails unless one of several runs of f has a peak within 15 % of
// want. Collections may miss a short one, always so where other programs hold
// the processors: then the peaks that were seen must have want among them.
func foreseen(t *testing.T, name string, want int64, f func() error) {
	t.Helper()
	var seen []string
	low, high := int64(math.MaxInt64), int64(0)
	for range 12 {
		var err error
		most := peak(func() { err = f() })
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, fmt.Sprintf("%.1f", float64(most)/1e6))
		low, high = min(low, most), max(high, most)
		if ratio := float64(want) / float64(most); ratio > 1/1.15 && ratio < 1.15 {
			t.Logf("%s: %v MB, foreseen %.1f MB", name, seen, float64(want)/1e6)
			return
		}
	}
	if float64(low) > 1.15*float64(want) || float64(high) < float64(want)/1.6 {
		t.Errorf("%s: %v MB, foreseen %.1f MB", name, seen, float64(want)/1e6)
	}
}

func memoryTest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	if !strings.HasPrefix(vblas.Name(), "OpenBLAS") {
		t.Skip("the estimates are those with LAPACK's workspace")
	}
}

func TestWorkspace(t *testing.T) {
	memoryTest(t)
	for _, s := range []struct{ n, p, q int }{{600, 900, 40}, {900, 600, 40}, {2000, 400, 60}} {
		x, y := problemOf("noise", 3, s.n, s.p, s.q)
		p := problem(t, x, y)
		train := rowsUpTo(s.n * 9 / 10)
		if _, err := p.train(train); err != nil {
			t.Fatal(err)
		}
		for _, r := range []Regression{
			Ridge{}, Linear{}, RidgeCV{}, RidgeCV{Folds: 3}, PLS{}, PLSCV{Folds: 3}, OneToOne{},
			BandedRidge{Bands: []int{s.p / 2, s.p - s.p/2}, Draws: 2, Alphas: []float64{1, 10, 100}},
		} {
			shared, split := r.(Sizer).Workspace(s.n, s.p, s.q, len(train))
			foreseen(t, fmt.Sprintf("%s, n %d, p %d", r.Name(), s.n, s.p), shared+split, func() error {
				p.bands, p.grams = nil, nil
				f, err := r.Fit(p, train)
				runtime.KeepAlive(f)
				return err
			})
		}
	}
}

// Products and one split, of a whole Score.
func TestEstimateBytesOfAScore(t *testing.T) {
	memoryTest(t)
	for _, s := range []struct{ n, p, q int }{{600, 900, 40}, {900, 600, 40}} {
		x, y := problemOf("noise", 3, s.n, s.p, s.q)
		train, test := trainTest(s.n)
		for _, r := range []Regression{PLS{}, RidgeCV{Alphas: []float64{1, 10}}} {
			want := EstimateBytes(r, s.n, s.p, s.q, len(train), 1)
			foreseen(t, fmt.Sprintf("%s, n %d, p %d", r.Name(), s.n, s.p), want, func() error {
				_, err := Score(context.Background(), Dense(x), y, Options{Regression: r, Splits: []Split{{train, test}}})
				return err
			})
		}
	}
}
