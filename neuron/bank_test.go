package neuron

import (
	"math"
	"slices"
	"testing"
)

// luminances is a grating of full contrast on a square screen, f in cycles/pixel.
func luminances(size int, f, orientation, phase float64) []float64 {
	image := make([]float64, size*size)
	sin, cos := math.Sincos(orientation)
	for i := range image {
		x, y := float64(i%size)+.5-float64(size)/2, float64(size)/2-float64(i/size)-.5
		image[i] = Background + .5*math.Cos(2*math.Pi*f*(y*cos-x*sin)+phase)
	}
	return image
}

// Of all complex cells those of the grating's frequency and orientation answer
// most, and alike wherever its phase is; a simple cell follows the phase.
func TestBankPrefersItsGrating(t *testing.T) {
	const size, orientations = 64, 8
	frequencies := []float64{1. / 4, 1. / 8, 1. / 16}
	b := NewBank(Screen{Square(size), 1}, frequencies, orientations)
	nSimple, nComplex := b.Cells()
	simple, complex := make([]float64, nSimple), make([]float64, nComplex)
	for k, f := range frequencies {
		for o := range orientations {
			first := 0 // of the cells of f and o
			middle := 0
			for i, p := range b.pairs {
				if i < k*orientations+o {
					first += p.rows * p.cols
				} else if i == k*orientations+o {
					middle = first + p.rows/2*p.cols + p.cols/2
				}
			}
			var energies, phases []float64
			for phase := 0.; phase < 2*math.Pi; phase += math.Pi / 4 {
				b.Respond(luminances(size, f, math.Pi*float64(o)/orientations, phase), simple, complex)
				best := 0
				for i, v := range complex {
					if v > complex[best] {
						best = i
					}
				}
				if pair := b.pairs[k*orientations+o]; best < first || best >= first+pair.rows*pair.cols {
					t.Fatalf("a grating of %g cycles/pixel and orientation %d: cell %d answers most, expected one from %d", f, o, best, first)
				}
				energies, phases = append(energies, complex[middle]), append(phases, simple[4*middle])
			}
			if low, high := slices.Min(energies), slices.Max(energies); high > 1.05*low {
				t.Errorf("%g cycles/pixel, orientation %d: a complex cell answers %g to %g with the phase", f, o, low, high)
			}
			if low, high := slices.Min(phases), slices.Max(phases); low != 0 || high < .9*slices.Max(energies) {
				t.Errorf("%g cycles/pixel, orientation %d: a simple cell answers %g to %g with the phase, its complex cell %g", f, o, low, high, slices.Max(energies))
			}
		}
	}
}

// Filters that are moved are those that are sampled at their place, uniform light
// evokes nothing within the image, and a cell answers as Drive does.
func TestBankPlaces(t *testing.T) {
	const size = 32
	b := NewBank(Screen{Square(size), 1}, []float64{1. / 8}, 2)
	image := luminances(size, .11, .7, .3)
	_, n := b.Cells()
	complex := make([]float64, n)
	b.Respond(image, nil, complex)
	at := 0
	for o := range 2 {
		for r := range 8 {
			for c := range 8 {
				g := gaborOf(1. / 8)
				g.Orientation = math.Pi * float64(o) / 2
				g.X, g.Y = float64(4*c+2)-size/2, size/2-float64(4*r+2)
				e := g.Filter(Screen{Square(size), 1}).Drive(image)
				g.Phase = math.Pi / 2
				want := math.Hypot(e, g.Filter(Screen{Square(size), 1}).Drive(image))
				if math.Abs(complex[at]-want) > 1e-9 {
					t.Errorf("orientation %d at %d, %d: %g, expected %g", o, r, c, complex[at], want)
				}
				at++
			}
		}
	}
	if at != n {
		t.Errorf("%d cells, expected %d", n, at)
	}
	for i := range image {
		image[i] = .9
	}
	b.Respond(image, nil, complex)
	if v := complex[3*8+4]; v > 1e-3 { // the fields in the middle hardly reach over the border
		t.Errorf("uniform light evokes %g", v)
	}
}

func BenchmarkBank(b *testing.B) {
	bank := NewBank(Screen{Square(128), 1}, []float64{1. / 4, 1. / 8, 1. / 16, 1. / 32}, 8)
	image := luminances(128, .1, .5, 0)
	_, n := bank.Cells()
	complex := make([]float64, n)
	for b.Loop() {
		bank.Respond(image, nil, complex)
	}
}
