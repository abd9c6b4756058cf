package stimuli

import (
	"math"
	"slices"
	"testing"
)

func TestLines(t *testing.T) {
	l := Lines{Seed: 1, Channels: 2, Height: 5, Width: 4}
	x := make([]float64, 40)
	const n = 4000
	drawn := 0
	for i := range n {
		l.Pattern(i, x)
		if !slices.Equal(x[:20], x[20:]) {
			t.Fatal("the channels differ")
		}
		for r := range 5 { // a row is drawn if all of it is 1, up to columns that all are
			if slices.Min(x[r*4:r*4+4]) == 1 {
				drawn++
			}
		}
		for j, v := range x[:20] {
			if v != 0 && v != 1 {
				t.Fatalf("value %g", v)
			}
			// A pixel is 1 only on a whole row or column.
			row, col := true, true
			for k := range 4 {
				row = row && x[j/4*4+k] == 1
			}
			for k := range 5 {
				col = col && x[k*4+j%4] == 1
			}
			if v == 1 && !row && !col {
				t.Fatalf("pattern %d: pixel %d is on no line", i, j)
			}
		}
	}
	// 1/8, and the few rows that four columns make.
	if p, want := float64(drawn)/(5*n), 1./8+7./8*math.Pow(1./8, 4); math.Abs(p-want) > .01 {
		t.Errorf("a row is drawn with probability %.4f, want %.4f", p, want)
	}
	again := make([]float64, 40)
	l.Pattern(n-1, again)
	if !slices.Equal(x, again) {
		t.Error("the same pattern differs the second time")
	}
}
