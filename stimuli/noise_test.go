package stimuli

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"
	"sync"
	"testing"
)

type patterns interface {
	Pattern(i int, x []float64) error
}

func pattern(t testing.TB, p patterns, i, n int) []float64 {
	t.Helper()
	x := make([]float64, n)
	for j := range x {
		x[j] = math.NaN() // whatever is not written shows
	}
	if err := p.Pattern(i, x); err != nil {
		t.Fatal(err)
	}
	return x
}

// A pattern depends on the seed and its number, not on the calls before it or
// beside it.
func mustBeSeeded(t *testing.T, of func(seed uint64) patterns, n int) {
	t.Helper()
	const number = 50
	var all [number][]float64
	p := of(3)
	for i := range all {
		all[i] = pattern(t, p, i, n)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			x := make([]float64, n)
			for i := number - 1; i >= 0; i-- {
				if err := p.Pattern(i, x); err != nil || !slices.Equal(x, all[i]) {
					t.Errorf("pattern %d differs among others or backwards (%v)", i, err)
				}
			}
		})
	}
	group.Wait()

	for i := range all[1:] {
		if slices.Equal(all[i], all[i+1]) {
			t.Errorf("patterns %d and %d are the same", i, i+1)
		}
	}
	for _, seed := range []uint64{0, 2, 4, 3 + 1<<63} {
		same := 0
		for i := range all {
			if slices.Equal(pattern(t, of(seed), i, n), all[i]) {
				same++
			}
		}
		if same > 1 {
			t.Errorf("seeds 3 and %d: %d of %d patterns are the same", seed, same, number)
		}
	}
	mustPanic(t, "short pattern", func() { p.Pattern(0, make([]float64, n-1)) })
	mustPanic(t, "long pattern", func() { p.Pattern(0, make([]float64, n+1)) })
}

func mustPanic(t *testing.T, what string, call func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	call()
}

// mustHaveMoments compares the mean of m patterns of n values with 0 and their
// mean products with the covariance. The product of two Gaussian values has the
// variance C_jj C_kk + C_jk², that of others at most spread times this.
func mustHaveMoments(t *testing.T, p patterns, n, m int, spread float64, covariance func(j, k int) float64) {
	t.Helper()
	mean, second := make([]float64, n), make([]float64, n*n)
	x := make([]float64, n)
	for i := range m {
		if err := p.Pattern(i, x); err != nil {
			t.Fatal(err)
		}
		for j, v := range x {
			mean[j] += v / float64(m)
			for k, u := range x[:j+1] {
				second[j*n+k] += v * u / float64(m)
			}
		}
	}
	const most = 5 // standard deviations; among 5000 normal numbers one is so large with p = .003
	bad := 0
	for j := range n {
		if z := mean[j] / math.Sqrt(covariance(j, j)/float64(m)); math.Abs(z) > most {
			t.Errorf("mean %g of value %d is %.1f σ from 0", mean[j], j, z)
		}
		for k := range j + 1 {
			want := covariance(j, k)
			σ := math.Sqrt(spread * (covariance(j, j)*covariance(k, k) + want*want) / float64(m))
			if d := second[j*n+k] - want; math.Abs(d) > most*σ {
				if bad++; bad <= 3 {
					t.Errorf("covariance of values %d and %d is %g, want %g (%.1f σ)", j, k, second[j*n+k], want, d/σ)
				}
			}
		}
	}
	if bad > 3 {
		t.Errorf("%d covariances are wrong", bad)
	}
}

func TestWhiteNoise(t *testing.T) {
	mustHaveMoments(t, WhiteNoise{Seed: 1}, 20, 5000, 1, func(j, k int) float64 {
		if j == k {
			return 1
		}
		return 0
	})
	if x := pattern(t, WhiteNoise{}, 0, 0); len(x) != 0 {
		t.Error("an empty pattern has values")
	}
	// The normal distribution: fourth moment 3 and the share beyond 2 σ.
	var fourth, beyond float64
	const n = 100000
	for _, v := range pattern(t, WhiteNoise{Seed: 9}, 4, n) {
		fourth += v * v * v * v / n
		if math.Abs(v) > 2 {
			beyond++
		}
	}
	if math.Abs(fourth-3) > 5*math.Sqrt(96./n) || math.Abs(beyond/n-0.0455) > 5*math.Sqrt(0.0455/n) {
		t.Errorf("fourth moment %g, %g of the values beyond 2 σ", fourth, beyond/n)
	}
}

// Generators of neighbouring patterns and of seeds that differ in one bit are
// unrelated, bit by bit. (PCGs with the bare seeds 0 and 1<<63 are not.)
func TestGeneratorsAreUnrelated(t *testing.T) {
	const m = 4000
	for name, other := range map[string]func(i int) *generator{
		"pattern i+1":         func(i int) *generator { return generatorOf(5, i+1) },
		"seed 4":              func(i int) *generator { return generatorOf(4, i) },
		"seed 4, pattern i+1": func(i int) *generator { return generatorOf(4, i+1) },
		"seed 5+2⁴⁰":          func(i int) *generator { return generatorOf(5+1<<40, i) },
		"seed 5+2⁶³":          func(i int) *generator { return generatorOf(5+1<<63, i) },
	} {
		var counts [64]float64
		for i := range m {
			a, b := generatorOf(5, i), other(i)
			d := a.Uint64() ^ b.Uint64()
			a.free()
			b.free()
			for bit := range counts {
				counts[bit] += float64(d >> bit & 1)
			}
		}
		for bit, c := range counts {
			if z := (c - m/2) / math.Sqrt(m/4); math.Abs(z) > 5 {
				t.Errorf("%s: bit %d differs in %g of %d patterns", name, bit, c, m)
			}
		}
	}
}

func TestNoiseIsSeeded(t *testing.T) {
	for i := range 3 {
		if slices.Equal(pattern(t, WhiteNoise{1}, i, 9), pattern(t, WhiteNoise{2}, i, 9)) {
			t.Error("another seed, the same white noise")
		}
	}
	if !slices.Equal(pattern(t, WhiteNoise{1}, 7, 9), pattern(t, WhiteNoise{1}, 7, 30)[:9]) {
		t.Error("white noise depends on its length")
	}
	mustBeSeeded(t, func(seed uint64) patterns {
		return correlated(t, CorrelatedOptions{Seed: seed, Channels: 2, Height: 3, Width: 4})
	}, 24)
}

func correlated(t testing.TB, o CorrelatedOptions) *CorrelatedNoise {
	t.Helper()
	n, err := NewCorrelatedNoise(o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// spectrum returns 1/(0.05 + a fu² + b fuv + fv²) on h×w frequencies, a power
// without symmetry between rows and columns, by the definition of frequency.
func spectrum(h, w int) []float64 {
	power := make([]float64, h*w)
	wrap := func(u, n int) float64 { f := float64(u) / float64(n); return f - math.Round(f) }
	for i := range power {
		u, v := wrap(i/w, h), wrap(i%w, w)
		if 2*(i/w) == h || 2*(i%w) == w {
			u, v = math.Abs(u), math.Abs(v) // of no sign, like its opposite frequency
			power[i] = 1 / (0.05 + 9*u*u + v*v)
			continue
		}
		power[i] = 1 / (0.05 + 9*u*u + 3*u*v + v*v)
	}
	return power
}

// covariance returns the inverse DFT of a power spectrum, term by term, as the
// covariance of two values of noise.
func covariance(power []float64, h, w int) func(j, k int) float64 {
	var total float64
	for _, p := range power {
		total += p
	}
	at := make([]float64, h*w)
	for d := range at {
		var sum complex128
		for i, p := range power {
			phase := float64(i/w)*float64(d/w)/float64(h) + float64(i%w)*float64(d%w)/float64(w)
			sum += complex(p/total, 0) * cmplx.Exp(complex(0, 2*math.Pi*phase))
		}
		at[d] = real(sum)
	}
	return func(j, k int) float64 {
		if j/(h*w) != k/(h*w) {
			return 0 // other channels
		}
		j, k = j%(h*w), k%(h*w)
		return at[(j/w-k/w+h)%h*w+(j%w-k%w+w)%w]
	}
}

func TestCorrelatedNoiseHasItsCovariance(t *testing.T) {
	inverseSquare := func(h, w int) []float64 {
		power := make([]float64, h*w)
		for i := 1; i < h*w; i++ {
			u, v := float64(min(i/w, h-i/w))/float64(h), float64(min(i%w, w-i%w))/float64(w)
			power[i] = 1 / (u*u + v*v)
		}
		return power
	}
	for _, test := range []struct {
		name  string
		o     CorrelatedOptions
		power []float64
	}{
		{"natural", CorrelatedOptions{}, inverseSquare(9, 9)},
		{"natural, even sizes", CorrelatedOptions{Height: 4, Width: 8}, inverseSquare(4, 8)},
		{"a row", CorrelatedOptions{Height: 1, Width: 16}, inverseSquare(1, 16)},
		{"own spectrum", CorrelatedOptions{Channels: 2, Height: 5, Width: 6, Power: spectrum(5, 6)}, spectrum(5, 6)},
		{"white", CorrelatedOptions{Height: 3, Width: 3, Power: slices.Repeat([]float64{7e-300}, 9)}, slices.Repeat([]float64{1}, 9)},
		{"mean alone", CorrelatedOptions{Height: 2, Width: 2, Power: []float64{1e308, 0, 0, 0}}, []float64{1, 0, 0, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Seed = 11
			n := correlated(t, test.o)
			mustHaveMoments(t, n, n.channels*n.height*n.width, 4000, 1, covariance(test.power, n.height, n.width))
		})
	}
}

// Without sampling: the filter's own correlation is the covariance.
func TestFilterHasItsCovariance(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 7}, {8, 1}, {5, 6}, {9, 9}, {4, 4}} {
		h, w := size[0], size[1]
		n := correlated(t, CorrelatedOptions{Height: h, Width: w, Power: spectrum(h, w)})
		want := covariance(spectrum(h, w), h, w)
		for d, got := range n.Autocovariance() {
			if math.Abs(got-want(d, 0)) > 1e-12 {
				t.Fatalf("%d×%d: correlation %.15g at distance (%d, %d), want %.15g", h, w, got, d/w, d%w, want(d, 0))
			}
		}
	}
}

// A pattern is the white noise of its generator, convolved by the definition.
func TestCorrelatedNoiseMatchesTheDefinition(t *testing.T) {
	const channels, h, w = 3, 5, 4
	n := correlated(t, CorrelatedOptions{Seed: 2, Channels: channels, Height: h, Width: w, Power: spectrum(h, w)})
	white := pattern(t, WhiteNoise{Seed: 2}, 8, channels*h*w)
	for i, got := range pattern(t, n, 8, channels*h*w) {
		plane, row, col := white[i/(h*w)*h*w:], i/w%h, i%w
		var want float64
		for j := range h * w {
			want += plane[j] * n.filter[2*w*((row-j/w+h)%h)+(col-j%w+w)%w]
		}
		if math.Abs(got-want) > 1e-12 {
			t.Fatalf("value %d is %g, want %g", i, got, want)
		}
	}
}

func TestInverseTransformMatchesTheDefinition(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 6}, {7, 1}, {4, 5}, {6, 6}} {
		h, w := size[0], size[1]
		a := pattern(t, WhiteNoise{}, h, h*w)
		for i, got := range inverseTransform(a, h, w) {
			var want float64
			for f, v := range a {
				want += v * math.Cos(2*math.Pi*(float64(f/w*(i/w))/float64(h)+float64(f%w*(i%w))/float64(w)))
			}
			if math.Abs(got-want) > 1e-12 {
				t.Errorf("%d×%d: %g at %d, want %g", h, w, got, i, want)
			}
		}
	}
}

func TestNaturalNoiseHasNoMean(t *testing.T) {
	n := correlated(t, CorrelatedOptions{Channels: 2, Exponent: 1.5})
	for i := range 20 {
		x := pattern(t, n, i, 162)
		for c := range 2 {
			var sum float64
			for _, v := range x[81*c : 81*(c+1)] {
				sum += v
			}
			if math.Abs(sum) > 1e-11 {
				t.Errorf("pattern %d, channel %d: the sum is %g", i, c, sum)
			}
		}
	}
}

func TestCorrelatedNoiseErrors(t *testing.T) {
	flat := func(change int, to float64) []float64 {
		power := slices.Repeat([]float64{1}, 12)
		if change >= 0 {
			power[change] = to
		}
		return power
	}
	for name, test := range map[string]struct {
		o     CorrelatedOptions
		words []string
	}{
		"channels":         {CorrelatedOptions{Channels: -1}, []string{"-1×9×9"}},
		"height":           {CorrelatedOptions{Height: -2}, []string{"1×-2×9"}},
		"both":             {CorrelatedOptions{Exponent: 1, Power: flat(-1, 0)}, []string{"exponent (1)", "12 values", "one of them"}},
		"length":           {CorrelatedOptions{Height: 3, Width: 5, Power: flat(-1, 0)}, []string{"12 values", "3×5 = 15"}},
		"empty":            {CorrelatedOptions{Power: []float64{}}, []string{"0 values", "9×9 = 81"}},
		"negative":         {CorrelatedOptions{Height: 3, Width: 4, Power: flat(6, -2)}, []string{"power 6 (row 1, column 2)", "-2", "at least 0"}},
		"NaN":              {CorrelatedOptions{Height: 3, Width: 4, Power: flat(11, math.NaN())}, []string{"power 11 (row 2, column 3)", "NaN"}},
		"infinite":         {CorrelatedOptions{Height: 3, Width: 4, Power: flat(0, math.Inf(1))}, []string{"power 0", "Inf"}},
		"zeros":            {CorrelatedOptions{Height: 3, Width: 4, Power: make([]float64, 12)}, []string{"power is 0"}},
		"asymmetric":       {CorrelatedOptions{Height: 3, Width: 4, Power: flat(5, 1.5)}, []string{"power 5 (row 1, column 1) is 1.5, expected 1", "11 (row 2, column 3)"}},
		"steep":            {CorrelatedOptions{Exponent: 900}, []string{"1/f^900", "Inf"}},
		"no number":        {CorrelatedOptions{Exponent: math.NaN()}, []string{"1/f^NaN"}},
		"one pixel's mean": {CorrelatedOptions{Height: 1, Width: 1}, []string{"1/f^2", "power is 0"}},
	} {
		n, err := NewCorrelatedNoise(test.o)
		if n != nil {
			t.Errorf("%s: noise beside the error", name)
		}
		mustFail(t, err, test.words...)
	}
	// Rounding is no asymmetry.
	correlated(t, CorrelatedOptions{Height: 3, Width: 4, Power: flat(5, 1+1e-12)})
}

func TestPatternsDoNotAllocate(t *testing.T) {
	x := make([]float64, 81)
	for name, p := range map[string]patterns{
		"white":      WhiteNoise{},
		"correlated": correlated(t, CorrelatedOptions{}),
		"gratings":   Gratings{},
	} {
		i := 0
		if n := testing.AllocsPerRun(200, func() { p.Pattern(i, x); i++ }); n > 0 {
			t.Errorf("%s: %g allocations per pattern", name, n)
		}
	}
}

func BenchmarkPattern(b *testing.B) {
	set := Shapes(ShapeOptions{N: 100})
	patches, err := NewPatches(set, 5, 0)
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		p    patterns
		n    int
	}{
		{"white", WhiteNoise{}, 81},
		{"correlated", correlated(b, CorrelatedOptions{}), 81},
		{"gratings", Gratings{}, 81},
		{"patches", patches, 75},
	} {
		b.Run(fmt.Sprintf("%s%d", bench.name, bench.n), func(b *testing.B) {
			b.ReportAllocs()
			x := make([]float64, bench.n)
			for i := 0; b.Loop(); i++ {
				if err := bench.p.Pattern(i, x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The autocovariance is that of many patterns: 4,000 of them know it to a few
// hundredths.
func TestAutocovariance(t *testing.T) {
	const h, w, patterns = 4, 4, 4000
	n, err := NewCorrelatedNoise(CorrelatedOptions{Height: h, Width: w, Exponent: 2, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	got := n.Autocovariance()
	if math.Abs(got[0]-1) > 1e-12 {
		t.Errorf("the variance is %g, expected 1", got[0])
	}
	x := make([]float64, h*w)
	sums := make([]float64, h*w)
	for i := range patterns {
		if err := n.Pattern(i, x); err != nil {
			t.Fatal(err)
		}
		for at := range x {
			row, col := at/w, at%w
			for lag := range sums {
				sums[lag] += x[at] * x[(row+lag/w)%h*w+(col+lag%w)%w] / (patterns * h * w)
			}
		}
	}
	for lag, want := range sums {
		if math.Abs(got[lag]-want) > .04 {
			t.Errorf("%d rows and %d columns apart: %.3f, of the patterns %.3f", lag/w, lag%w, got[lag], want)
		}
	}
}
