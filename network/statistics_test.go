package network

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// seen notes which images are read, and that they are the untranslated ones without
// their classes.
type seen struct {
	Source
	t     *testing.T
	parts *[][]int
}

func (s seen) Read(epoch, repetition int, indices []int, x []float32, labels []int) error {
	if epoch >= 0 || labels != nil {
		s.t.Errorf("epoch %d and %d labels are asked for", epoch, len(labels))
	}
	*s.parts = append(*s.parts, slices.Clone(indices))
	return s.Source.Read(epoch, repetition, indices, x, labels)
}

// TestRenewedStatisticsAgainstTheReference: they are the averages over the batches,
// of a network in training mode, and every image is shown once.
func TestRenewedStatisticsAgainstTheReference(t *testing.T) {
	for n, batches := range map[int][]int{5: {5}, 257: {128, 128}, 300: {128, 128, 44}} {
		m, reference, _ := everyKind(t)
		for _, b := range m.norms { // far from anything that the network has
			b.runningMean[0], b.runningVar[0], b.batches = 1e8, 1e8, 7
		}
		weights := arraysOf(m.state())
		var parts [][]int
		source := blobs{n, m.arch.Input}
		if err := m.RenewStatistics(t.Context(), seen{source, t, &parts}); err != nil {
			t.Fatal(err)
		}
		want := arrays{}
		var shown []int
		for i, part := range parts {
			if len(part) != batches[i] {
				t.Fatalf("%d images: batch %d has %d", n, i, len(part))
			}
			shown = append(shown, part...)
			x := make([]float32, len(part)*m.arch.Input.Size())
			if err := source.Read(-1, 0, part, x, nil); err != nil {
				t.Fatal(err)
			}
			a := arraysOf(m.state())
			for _, b := range m.norms {
				clear(a[b.name+".running_mean"])
				clear(a[b.name+".running_var"])
			}
			reference.forward(a, float64s(x), len(part), true) // moves them by a tenth
			for _, b := range m.norms {
				for _, name := range []string{b.name + ".running_mean", b.name + ".running_var"} {
					if want[name] == nil {
						want[name] = make([]float64, len(a[name]))
					}
					for c, v := range a[name] {
						want[name][c] += 10 * v / float64(len(parts))
					}
				}
			}
		}
		slices.Sort(shown)
		if len(parts) != len(batches) || len(slices.Compact(shown)) != len(shown) || slices.IsSorted(parts[0]) {
			t.Errorf("%d images: %d batches, %d images, the first batch %v", n, len(parts), len(shown), parts[0])
		}
		for name, got := range arraysOf(m.state()) {
			if moments := want[name]; moments == nil {
				if !slices.Equal(got, weights[name]) {
					t.Errorf("%s changed", name)
				}
			} else if d := apart(got, moments); !(d <= rounding) {
				t.Errorf("%d images: %s is off by %.2g of the largest, allowed %g", n, name, d, rounding)
			}
		}
		for _, b := range m.norms {
			if b.batches != int64(len(parts)) || b.cumulative {
				t.Errorf("%s: %d batches, cumulative %t", b.name, b.batches, b.cumulative)
			}
		}
	}
}

// checkers are images of 3 + c ± 2 in channel c, every other pixel.
type checkers struct{ blobs }

func (s checkers) Read(_, _ int, indices []int, x []float32, _ []int) error {
	for i := range indices {
		for j := range s.shape.Size() {
			x[i*s.shape.Size()+j] = float32(3 + j/(s.shape.Height*s.shape.Width) + 2 - 4*(j%2))
		}
	}
	return nil
}

// TestRenewedStatisticsOfKnownMoments, of images that a network normalises first.
func TestRenewedStatisticsOfKnownMoments(t *testing.T) {
	shape := Shape{2, 4, 4}
	m, err := New(Architecture{Name: "own", Input: shape, Classes: 2, Layout: "a = norm | filter 1 2"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.RenewStatistics(t.Context(), checkers{blobs{256, shape}}); err != nil {
		t.Fatal(err)
	}
	b := m.norms[0]
	for c := range 2 {
		const count = 128 * 16.
		if mean, variance := float64(b.runningMean[c]), float64(b.runningVar[c]); math.Abs(mean-float64(3+c)) > 1e-6 || math.Abs(variance-4*count/(count-1)) > 1e-6 {
			t.Errorf("channel %d: mean %g, variance %g", c, mean, variance)
		}
	}
}

// TestRenewedStatisticsAreThoseOfTraining: where all images are one batch, the
// network answers them as in training, but for the unbiased variance, 1 part in
// 2·128·9 and more, in every layer; before it does not.
func TestRenewedStatisticsAreThoseOfTraining(t *testing.T) {
	m, _, _ := everyKind(t)
	source := blobs{128, m.arch.Input}
	x, all := make([]float32, 128*m.arch.Input.Size()), allOf(source)
	if err := source.Read(-1, 0, all, x, nil); err != nil {
		t.Fatal(err)
	}
	answer := func(train bool) []float64 {
		m.show(x)
		a := make([]float32, 128*m.arch.Classes)
		fromTensor(a, m.forward(train, nil))
		return float64s(a)
	}
	stale := answer(false)
	if err := m.RenewStatistics(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	renewed := answer(false)
	training := answer(true)
	if before, after := apart(stale, training), apart(renewed, training); !(after < 2e-3 && before > 100*after) {
		t.Errorf("the answers are %.2g of the largest from those in training, %.2g before", after, before)
	}
}

func TestRenewedStatisticsAreTheSameOnAnyNumberOfCores(t *testing.T) {
	cores := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(cores)
	var want []byte
	for _, n := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(n)
		m, _, _ := everyKind(t)
		if err := m.RenewStatistics(t.Context(), blobs{300, m.arch.Input}); err != nil {
			t.Fatal(err)
		}
		got := checkpoint(t, m)
		if want == nil {
			want = got
		} else if !bytes.Equal(got, want) {
			t.Errorf("%d cores give other bits than 1", n)
		}
	}
}

// unreadable images cannot be read from a batch on; blank ones are not numbers.
type unreadable struct {
	blobs
	reads *int
	from  int
}

var errUnreadable = errors.New("unreadable")

func (s unreadable) Read(epoch, repetition int, indices []int, x []float32, labels []int) error {
	if *s.reads++; *s.reads > s.from {
		return errUnreadable
	}
	return s.blobs.Read(epoch, repetition, indices, x, labels)
}

type blank struct{ blobs }

func (s blank) Read(_, _ int, indices []int, x []float32, _ []int) error {
	for i := range x {
		x[i] = float32(math.NaN())
	}
	return nil
}

// TestRenewalIsWholeOrHasNotBeen, wherever it fails.
func TestRenewalIsWholeOrHasNotBeen(t *testing.T) {
	m, _, _ := everyKind(t)
	before := checkpoint(t, m)
	unchanged := func(what string, err error, is func(error) bool) {
		t.Helper()
		if err == nil || !is(err) || !bytes.Equal(checkpoint(t, m), before) {
			t.Errorf("%s: %v, or the network changed", what, err)
		}
	}
	says := func(text string) func(error) bool {
		return func(err error) bool { return strings.Contains(err.Error(), text) }
	}
	source := blobs{300, m.arch.Input}
	for from := range 3 {
		unchanged("unreadable", m.RenewStatistics(t.Context(), unreadable{source, new(int), from}), func(err error) bool { return errors.Is(err, errUnreadable) })
		left := new(atomic.Int64)
		left.Store(int64(from))
		unchanged("interrupted", m.RenewStatistics(countdown{t.Context(), left}, source), func(err error) bool { return errors.Is(err, context.Canceled) })
	}
	unchanged("one image", m.RenewStatistics(t.Context(), blobs{1, m.arch.Input}), says("at least two"))
	unchanged("no numbers", m.RenewStatistics(t.Context(), blank{source}), says("not finite"))
	plain, err := New(Architecture{Name: "own", Input: source.shape, Classes: 2, Layout: "a = filter 3 2 | relu"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.RenewStatistics(t.Context(), source); err == nil || !strings.Contains(err.Error(), "no layer is a batch normalisation") || plain.NormNames() != nil {
		t.Errorf("no batch normalisation: %v", err)
	}
}
