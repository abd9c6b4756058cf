package stimuli

import (
	"math"
	"slices"
	"testing"
)

func TestWavesMoveOutwards(t *testing.T) {
	// A row with the centre at its left end: fronts 10 pixels apart, 4 of them
	// active, after 3 pixels of travel.
	x := make([]float64, 20)
	drawWave(x, 20, .5, 0, .3, 10, .4)
	for i, v := range x {
		distance := float64(i) + .5 // the fronts are at 3 and 13, and those behind them
		past := math.Mod(13-distance+10, 10)
		want := -.4 / math.Sqrt(.24)
		if past < 4 {
			want = .6 / math.Sqrt(.24)
		}
		if math.Abs(v-want) > 1e-12 {
			t.Errorf("pixel %d is %g, want %g", i, v, want)
		}
	}
	// A frame later the same is one pixel further.
	later := make([]float64, 20)
	drawWave(later, 20, .5, 0, .4, 10, .4)
	if !slices.Equal(later[1:], x[:19]) {
		t.Errorf("a frame later: %v, before %v", later, x)
	}
}

func TestWaves(t *testing.T) {
	mustBeSeeded(t, func(seed uint64) patterns { return Waves{Seed: seed, Frames: 1} }, 81)
	// One frame of each wave: the moments are those of independent patterns.
	one := func(int, int) float64 { return 1 }
	mustHaveMoments(t, Waves{Seed: 1, Height: 1, Width: 1, Frames: 1}, 1, 4000, 1, one)
	mustHaveMoments(t, Waves{Seed: 2, Channels: 2, Height: 1, Width: 1, Frames: 1, Active: .2, Spacing: 7}, 2, 4000, 4, one)

	w := Waves{Seed: 3, Channels: 2, Frames: 5, Speed: .5}
	x := pattern(t, w, 7, 2*81)
	if !slices.Equal(x[:81], x[81:]) {
		t.Error("the channels differ")
	}
	// Neighbours are alike, and so are frames of a wave, but not of two.
	var space, time, between float64
	const n = 400
	for i := range n {
		x, next := pattern(t, w, i, 2*81), pattern(t, w, i+1, 2*81)
		space += x[40] * x[41] / n
		if i%5 < 4 {
			time += x[40] * next[40] / (n * 4 / 5)
		} else {
			between += x[40] * next[40] / (n / 5)
		}
	}
	if space < .6 || time < .6 || math.Abs(between) > .4 {
		t.Errorf("correlations: %g of neighbours, %g of frames, %g of waves", space, time, between)
	}
	for what, w := range map[string]Waves{
		"a negative speed": {Speed: -1}, "no silence": {Active: 1}, "an infinite spacing": {Spacing: math.Inf(1)}, "no height": {Height: -1}, "no frames": {Frames: -1},
	} {
		mustPanic(t, what, func() { w.Pattern(0, make([]float64, 81)) })
	}
	mustPanic(t, "another length", func() { w.Pattern(0, make([]float64, 81)) })
}
