package stimuli

import "fmt"

// Lines are binary patterns of H rows and W columns, each of which is drawn, as a
// line of ones on zeros, with probability P, independently of the others; the
// same in all channels. They are not centred: their values are 0 and 1.
//
// Source: the example of Földiák 1990, Biol. Cybern. 64:165 (8 × 8, P = 1/8).
type Lines struct {
	Seed                    uint64
	Channels, Height, Width int     // 0 = 1, 8, 8
	P                       float64 // between 0 and 1; 0 = 1/8
}

// Pattern writes pattern i (from 0) into x, C·H·W values. It never fails, and
// panics if the length of x or P does not fit.
func (l Lines) Pattern(i int, x []float64) error {
	channels, h, w, p := l.Channels, l.Height, l.Width, l.P
	replace(&channels, 1)
	replace(&h, 8)
	replace(&w, 8)
	if p == 0 {
		p = 1. / 8
	}
	if len(x) != channels*h*w || !(p > 0 && p <= 1) {
		panic(fmt.Sprintf("stimuli: lines of %d×%d×%d, P = %g, into %d elements", channels, h, w, p, len(x)))
	}
	clear(x)
	rng := generatorOf(l.Seed, i)
	plane := x[:h*w]
	for r := range h {
		if rng.Float64() < p {
			for c := range w {
				plane[r*w+c] = 1
			}
		}
	}
	for c := range w {
		if rng.Float64() < p {
			for r := range h {
				plane[r*w+c] = 1
			}
		}
	}
	rng.free()
	for c := 1; c < channels; c++ {
		copy(x[c*h*w:], plane)
	}
	return nil
}
