package stimuli

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
)

// WhiteNoise is Gaussian white noise: all values of all patterns are
// independent, of mean 0 and variance 1.
type WhiteNoise struct {
	Seed uint64
}

// Pattern writes pattern i (from 0) into x, which may have any length. It never
// fails.
//
// Cost: one normal number per value.
func (n WhiteNoise) Pattern(i int, x []float64) error {
	rng := generatorOf(n.Seed, i)
	for j := range x {
		x[j] = rng.NormFloat64()
	}
	rng.free()
	return nil
}

// CorrelatedOptions says which noise NewCorrelatedNoise makes.
type CorrelatedOptions struct {
	Seed uint64

	// The shape of a pattern.
	Channels int // independent of each other; 0 = 1
	Height   int // pixels; 0 = 9
	Width    int // pixels; 0 = 9

	// Exponent is that of the power spectrum 1/f^Exponent, f being the radial
	// frequency in cycles/pixel; 0 = 2, as in natural images (Field 1987). The
	// power at f = 0, where 1/f² has no value, is 0: every channel of every
	// pattern has the mean 0, like an image less its mean luminance.
	Exponent float64

	// Power is the power spectrum itself in place of 1/f^Exponent, up to a
	// factor; nil = none. It is H × W in the order of the discrete Fourier
	// transform: frequency 0 first, row u is u/H cycles/pixel up to 1/2 and
	// u/H − 1 beyond. It must be that of a real pattern, P(−f) = P(f), to 1e-9 of
	// its largest value.
	Power []float64
}

// CorrelatedNoise is stationary Gaussian noise with a given power spectrum P.
// Its patterns are periodic: a pixel is as near to those at the opposite border
// as to its neighbours. Each value has mean 0 and variance 1, two values of a
// channel at a distance d the covariance
//
//	C(d) = Σ_f P(f) cos(2π f·d) / Σ_f P(f).
//
// Source: Field 1987, J. Opt. Soc. Am. A 4:2379 (the spectrum of natural images).
type CorrelatedNoise struct {
	seed                    uint64
	channels, height, width int

	// H × 2W: the inverse transform of √P, of unit Euclidean norm, every row
	// twice so that a row of it shifted circularly is a slice.
	filter []float64
}

// NewCorrelatedNoise prepares the filter that makes white noise the asked one.
// It fails if a size is negative, both Exponent and Power are given, the
// exponent is not finite or leaves no finite power, or Power has another length
// than H·W, a value that is negative or not finite, nothing but zeros, or no
// symmetry.
//
// Cost: H·W·(H+W) complex multiplications; memory: 16·H·W bytes.
func NewCorrelatedNoise(o CorrelatedOptions) (*CorrelatedNoise, error) {
	replace(&o.Channels, 1)
	replace(&o.Height, 9)
	replace(&o.Width, 9)
	h, w := o.Height, o.Width
	if o.Channels < 0 || h < 0 || w < 0 {
		return nil, fmt.Errorf("correlated noise of %d×%d×%d values, expected positive numbers", o.Channels, h, w)
	}
	power := o.Power
	if power == nil {
		power = powerLaw(cmp.Or(o.Exponent, 2), h, w)
	} else if o.Exponent != 0 {
		return nil, fmt.Errorf("correlated noise with an exponent (%g) and a power spectrum (%d values), expected one of them", o.Exponent, len(power))
	}
	largest, err := checkPower(power, h, w)
	if err != nil {
		if o.Power == nil {
			return nil, fmt.Errorf("correlated noise with the power 1/f^%g: %w", cmp.Or(o.Exponent, 2), err)
		}
		return nil, fmt.Errorf("correlated noise: %w", err)
	}

	amplitude := make([]float64, h*w)
	for i, p := range power {
		amplitude[i] = math.Sqrt(p / largest)
	}
	filter := inverseTransform(amplitude, h, w)
	var squares float64
	for _, v := range filter {
		squares += v * v
	}
	n := &CorrelatedNoise{seed: o.Seed, channels: o.Channels, height: h, width: w}
	n.filter = make([]float64, 2*h*w)
	for i, v := range filter {
		row, col := i/w, i%w
		n.filter[2*w*row+col] = v / math.Sqrt(squares)
		n.filter[2*w*row+w+col] = v / math.Sqrt(squares)
	}
	return n, nil
}

// Pattern writes pattern i (from 0) into x, C·H·W values, channel-major. It
// never fails, and panics on another length of x.
//
// Cost: C·(H·W)² multiplications and C·H·W normal numbers.
func (n *CorrelatedNoise) Pattern(i int, x []float64) error {
	h, w := n.height, n.width
	checkPattern("CorrelatedNoise", x, n.channels, h, w)
	clear(x)
	rng := generatorOf(n.seed, i)
	for c := range n.channels {
		plane := x[c*h*w:][:h*w]
		for row := range h {
			for col := range w {
				// One number of white noise, spread by the filter around it.
				white := rng.NormFloat64()
				from := (h - row) % h // the filter's row on row 0
				for r := range h {
					filter := n.filter[2*w*from+w-col:][:w]
					to := plane[r*w:][:len(filter)]
					for j, v := range filter {
						to[j] += white * v
					}
					if from++; from == h {
						from = 0
					}
				}
			}
		}
	}
	rng.free()
	return nil
}

// Autocovariance returns C(d) of a channel, H × W: at row r and column c the
// covariance of two values that lie r rows and c columns apart, circularly.
//
// Cost: (H·W)² multiplications.
func (n *CorrelatedNoise) Autocovariance() []float64 {
	h, w := n.height, n.width
	all := make([]float64, h*w)
	for row := range h {
		for col := range w {
			for r := range h {
				from, to := n.filter[2*w*r:][:w], n.filter[2*w*((r+row)%h)+col:][:w]
				for j, v := range from {
					all[row*w+col] += v * to[j]
				}
			}
		}
	}
	return all
}

// powerLaw returns 1/f^exponent on h×w frequencies, 0 at f = 0.
func powerLaw(exponent float64, h, w int) []float64 {
	power := make([]float64, h*w)
	for i := 1; i < h*w; i++ {
		f := math.Hypot(frequency(i/w, h), frequency(i%w, w))
		power[i] = math.Pow(f, -exponent)
	}
	return power
}

// frequency returns the frequency of term u of a discrete Fourier transform of
// n pixels, in cycles/pixel, −1/2 < f ≤ 1/2.
func frequency(u, n int) float64 {
	if 2*u > n {
		u -= n
	}
	return float64(u) / float64(n)
}

// checkPower returns the largest power, or says why this is no power spectrum
// of an h×w pattern.
func checkPower(power []float64, h, w int) (largest float64, err error) {
	if len(power) != h*w {
		return 0, fmt.Errorf("a power spectrum of %d values, expected %d×%d = %d", len(power), h, w, h*w)
	}
	for i, p := range power {
		if !(p >= 0) || math.IsInf(p, 1) {
			return 0, fmt.Errorf("the power %d (row %d, column %d) is %g, expected a finite number of at least 0", i, i/w, i%w, p)
		}
		largest = max(largest, p)
	}
	if largest == 0 {
		return 0, errors.New("all power is 0, expected some above")
	}
	for i, p := range power {
		mirror := (h-i/w)%h*w + (w-i%w)%w
		if q := power[mirror]; math.Abs(p-q) > 1e-9*largest {
			return 0, fmt.Errorf("the power %d (row %d, column %d) is %g, expected %g as at the opposite frequency, %d (row %d, column %d)", i, i/w, i%w, p, q, mirror, mirror/w, mirror%w)
		}
	}
	return largest, nil
}

// checkPattern panics unless x holds a pattern of the given shape.
func checkPattern(source string, x []float64, channels, h, w int) {
	if len(x) != channels*h*w {
		panic(fmt.Sprintf("stimuli: a pattern of %s, %d×%d×%d, into %d elements", source, channels, h, w, len(x)))
	}
}

// A generator draws the random numbers of one pattern. Generators are used
// again: a new one per pattern would be an allocation, as rand.Rand knows its
// source as an interface.
type generator struct {
	*rand.Rand // of pcg
	pcg        rand.PCG
}

var generators = sync.Pool{New: func() any {
	g := new(generator)
	g.Rand = rand.New(&g.pcg)
	return g
}}

// generatorOf returns the generator of pattern i. The seed goes through mix too
// and enters both words: PCGs whose upper words differ in few high bits draw
// correlated numbers.
func generatorOf(seed uint64, i int) *generator {
	g := generators.Get().(*generator)
	g.pcg.Seed(mix(seed), mix(seed, uint64(i)))
	return g
}

func (g *generator) free() { generators.Put(g) }
