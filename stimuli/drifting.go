package stimuli

import (
	"fmt"
	"math"
)

// A Grating is a sinusoidal grating that stands or drifts, as V1 is studied with,
//
//	L = ½ [1 + C cos(2π(f u − w t) + φ)],
//
// u running across the bars from the grating's centre. Within its aperture, a
// disc with an edge of one pixel, its mean is that of the screen over whole
// cycles.
//
// Frame fails beyond the pixels' frequency, for a contrast outside [0, 1], and
// for a frequency or diameter below 0.
type Grating struct {
	Orientation       float64 // of the bars, degrees anticlockwise from horizontal
	Frequency         float64 // f, cycles/degree
	Phase             float64 // φ, degrees
	Contrast          float64 // C, Michelson
	TemporalFrequency float64 // w, Hz; across the bars, below 0 backwards
	Size              float64 // diameter of the aperture, degrees; 0 = the whole screen
	X, Y              float64 // its centre, degrees
}

// Frame draws the grating, as Stimulus says.
func (g Grating) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	return g.add(r, ms, x)
}

// add draws the grating upon what is there.
func (g Grating) add(r Raster, ms float64, x []float64) error {
	if err := checkNumbers("a grating", g.Orientation, g.Phase, g.TemporalFrequency, g.X, g.Y, ms); err != nil {
		return err
	}
	if err := checkContrast("Michelson", g.Contrast); err != nil {
		return err
	}
	if !(g.Frequency >= 0) || !(g.Size >= 0) || math.IsInf(g.Size, 1) {
		return fmt.Errorf("a grating of %g cycles/degree and a diameter of %g degrees, expected 0 or more", g.Frequency, g.Size)
	}
	if err := r.shows(g.Frequency); err != nil {
		return err
	}
	turned, half := axesOf(g.Orientation), r.half()
	phase := g.Phase*math.Pi/180 - 2*math.Pi*math.Mod(g.TemporalFrequency*ms/1000, 1)
	for i := range x {
		right, up := r.place(i)
		right, up = right-g.X, up-g.Y
		if cover := disc(right, up, g.Size, half); cover > 0 {
			u, _ := turned.turn(right, up)
			x[i] += 0.5 * g.Contrast * cover * math.Cos(2*math.Pi*g.Frequency*u+phase)
		}
	}
	return nil
}
