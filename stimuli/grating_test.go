package stimuli

import (
	"math"
	"slices"
	"testing"
)

// Bars turn anticlockwise from horizontal, as those of neuron.Gabor.
func TestGratingOrientation(t *testing.T) {
	const h, w, f, phase = 7, 9, 0.11, 0.7
	for _, test := range []struct {
		name        string
		orientation float64
		down, right int // along the bars
	}{
		{"horizontal", 0, 0, 1},
		{"uphill", math.Pi / 4, -1, 1},
		{"steep", math.Atan(2), -2, 1},
		{"vertical", math.Pi / 2, 1, 0},
		{"downhill", 3 * math.Pi / 4, 1, 1},
	} {
		x := make([]float64, h*w)
		drawGrating(x, h, w, test.orientation, f, phase)
		if centre := x[h/2*w+w/2]; math.Abs(centre-math.Sqrt2*math.Cos(phase)) > 1e-12 {
			t.Errorf("%s: %g at the centre, want the phase's %g", test.name, centre, math.Sqrt2*math.Cos(phase))
		}
		along, across := 0., 0.
		for i, v := range x {
			row, col := i/w+test.down, i%w+test.right
			if row >= 0 && row < h && col < w {
				along = max(along, math.Abs(v-x[row*w+col]))
			}
			row, col = i/w+test.right, i%w-test.down
			if row >= 0 && row < h && col >= 0 && col < w {
				across = max(across, math.Abs(v-x[row*w+col]))
			}
		}
		if along > 1e-12 || across < 0.3 {
			t.Errorf("%s: changes by %g along the bars, %g across", test.name, along, across)
		}
	}

	// The phase advances upwards and, for vertical bars, to the left.
	x := make([]float64, 9)
	drawGrating(x, 3, 3, 0, f, phase)
	if want := math.Sqrt2 * math.Cos(2*math.Pi*f+phase); math.Abs(x[1]-want) > 1e-12 {
		t.Errorf("%g above the centre, want %g", x[1], want)
	}
	drawGrating(x, 3, 3, math.Pi/2, f, phase)
	if want := math.Sqrt2 * math.Cos(2*math.Pi*f+phase); math.Abs(x[3]-want) > 1e-12 {
		t.Errorf("%g left of the centre, want %g", x[3], want)
	}
	// Of an even field the centre is between pixels.
	x = make([]float64, 2)
	drawGrating(x, 2, 1, 0, f, 0)
	if want := math.Sqrt2 * math.Cos(math.Pi*f); math.Abs(x[0]-want) > 1e-12 || math.Abs(x[1]-want) > 1e-12 {
		t.Errorf("%g and %g beside the centre, want %g", x[0], x[1], want)
	}
}

// Over uniform phases and orientations the covariance at a distance d is
// J₀(2πfd), here averaged over the logarithm of f.
func TestGratingsHaveTheirCovariance(t *testing.T) {
	bessel := func(d, lowest, highest float64) (mean float64) {
		const n = 200
		for i := range n {
			f := lowest * math.Pow(highest/lowest, (float64(i)+0.5)/n)
			mean += math.J0(2*math.Pi*f*d) / n
		}
		return mean
	}
	for _, test := range []struct {
		g               Gratings
		channels, h, w  int
		lowest, highest float64
	}{
		{Gratings{}, 1, 9, 9, 1. / 16, 1. / 4},
		{Gratings{Seed: 3, Channels: 2, Height: 4, Width: 5, MinFrequency: 0.02, MaxFrequency: 0.5}, 2, 4, 5, 0.02, 0.5},
		{Gratings{Seed: 4, Height: 3, Width: 6, MinFrequency: 0.25}, 1, 3, 6, 0.25, 0.25},
	} {
		at := make(map[[2]int]float64)
		for row := range test.h {
			for col := range test.w {
				at[[2]int{row, col}] = bessel(math.Hypot(float64(row), float64(col)), test.lowest, test.highest)
			}
		}
		n := test.h * test.w
		abs := func(i int) int { return max(i, -i) }
		// A product of two values is cos δ + cos(δ + twice a phase): its variance is
		// at most 3/2 − C².
		mustHaveMoments(t, test.g, test.channels*n, 3000, 1.5, func(j, k int) float64 {
			j, k = j%n, k%n // the same in all channels
			return at[[2]int{abs(j/test.w - k/test.w), abs(j%test.w - k%test.w)}]
		})
	}
}

// Each octave has as many frequencies.
func TestGratingFrequenciesAreLogUniform(t *testing.T) {
	g := Gratings{Height: 1, Width: 3, MinFrequency: 1. / 32, MaxFrequency: 1. / 2}
	const m = 2000
	var octaves [4]float64
	x := make([]float64, 3)
	for i := range m {
		if err := g.Pattern(i, x); err != nil {
			t.Fatal(err)
		}
		// Along the row the frequency is f |sin θ|, which three pixels tell:
		// x₀ + x₂ = 2 x₁ cos(2πf sin θ).
		cos := (x[0] + x[2]) / (2 * x[1])
		along := math.Acos(min(max(cos, -1), 1)) / (2 * math.Pi)
		for o := range octaves {
			if along > math.Exp2(float64(o-5)) {
				octaves[o]++
			}
		}
	}
	// P(f |sin θ| > a) by the definition.
	for o, got := range octaves {
		a, want := math.Exp2(float64(o-5)), 0.
		const steps = 400
		for s := range steps {
			if f := math.Exp2(-5 + 4*(float64(s)+0.5)/steps); f > a {
				want += (1 - 2/math.Pi*math.Asin(a/f)) / steps
			}
		}
		if σ := math.Sqrt(want * (1 - want) / m); math.Abs(got/m-want) > 4*σ {
			t.Errorf("%.3f of the gratings have more than %g cycles/pixel along the row, want %.3f", got/m, a, want)
		}
	}
}

func TestGratingsAreSeeded(t *testing.T) {
	mustBeSeeded(t, func(seed uint64) patterns { return Gratings{Seed: seed, Channels: 2, Height: 3, Width: 5} }, 30)
	defaults := Gratings{Channels: 1, Height: 9, Width: 9, MinFrequency: 1. / 16, MaxFrequency: 1. / 4}
	if !slices.Equal(pattern(t, Gratings{}, 5, 81), pattern(t, defaults, 5, 81)) {
		t.Error("the zero value is not the documented one")
	}
	x := make([]float64, 81)
	for name, g := range map[string]Gratings{
		"channels":  {Channels: -1},
		"height":    {Height: -9},
		"negative":  {MinFrequency: -0.1},
		"reversed":  {MinFrequency: 0.3, MaxFrequency: 0.2},
		"too fine":  {MaxFrequency: 0.6},
		"no number": {MinFrequency: math.NaN()},
	} {
		mustPanic(t, name, func() { g.Pattern(0, x) })
	}
}
