package fit

import (
	"math"
	"testing"
)

// A correlation of −1 to rounding has no reliability, and not one of −10¹⁶.
func TestSpearmanBrown(t *testing.T) {
	for r, want := range map[float64]float64{1: 1, .5: 2. / 3, 0: 0, -.5: -2, -1: math.NaN(), math.Nextafter(-1, 0): math.NaN(), math.NaN(): math.NaN()} {
		if got := spearmanBrown(r); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("of r = %v: %v, expected %v", r, got, want)
		}
	}
}
