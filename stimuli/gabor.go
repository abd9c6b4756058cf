package stimuli

import (
	"fmt"
	"math"
)

// A Gabor is a grating in a Gaussian window,
//
//	L = ½ [1 + C exp(−u²/2σ_u² − v²/2σ_v²) cos(2π(f u − w t) + φ)],
//
// u running across the bars and v along them from its centre, the receptive field
// of package neuron's Gabor. C is the contrast at the window's top. The mean is
// that of the screen for the odd phases ±90°; of the even ones it is a little off
// where the window holds few cycles.
//
// Frame fails as that of a Grating, and unless both σ are positive.
type Gabor struct {
	Orientation       float64 // of the bars, degrees anticlockwise from horizontal
	Frequency         float64 // f, cycles/degree
	Phase             float64 // φ, degrees
	Contrast          float64 // C, Michelson
	TemporalFrequency float64 // w, Hz; across the bars, below 0 backwards
	Sigma             float64 // σ_u, degrees
	Length            float64 // σ_v, degrees; 0 = Sigma
	X, Y              float64 // centre, degrees
}

// Frame draws the Gabor, as Stimulus says.
func (g Gabor) Frame(r Raster, ms float64, x []float64) error {
	length := g.Length
	if length == 0 {
		length = g.Sigma
	}
	if !(g.Sigma > 0 && length > 0) || math.IsInf(g.Sigma+length, 1) {
		return fmt.Errorf("a Gabor of σ %g degrees across and %g along, expected positive numbers", g.Sigma, g.Length)
	}
	if err := (Grating{Orientation: g.Orientation, Frequency: g.Frequency, Phase: g.Phase, Contrast: g.Contrast,
		TemporalFrequency: g.TemporalFrequency, X: g.X, Y: g.Y}).Frame(r, ms, x); err != nil {
		return err
	}
	turned := axesOf(g.Orientation)
	for i := range x {
		right, up := r.place(i)
		u, v := turned.turn(right-g.X, up-g.Y)
		x[i] = 0.5 + (x[i]-0.5)*math.Exp(-u*u/(2*g.Sigma*g.Sigma)-v*v/(2*length*length))
	}
	return nil
}
