package stimuli

import "fmt"

// A Plaid is the sum of two gratings. Frame fails if their contrasts together
// exceed 1, and as those of the gratings.
//
// Source: Movshon, Adelson, Gizzi & Newsome 1985, Exp. Brain Res. Suppl. 11:117.
type Plaid struct{ First, Second Grating }

// Frame draws the plaid, as Stimulus says.
func (p Plaid) Frame(r Raster, ms float64, x []float64) error {
	if sum := p.First.Contrast + p.Second.Contrast; sum > 1 {
		return fmt.Errorf("a plaid of gratings of the Michelson contrasts %g and %g, expected a sum of at most 1", p.First.Contrast, p.Second.Contrast)
	}
	if err := p.First.Frame(r, ms, x); err != nil {
		return err
	}
	return p.Second.add(r, ms, x)
}
