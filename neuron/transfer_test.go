package neuron

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestTransfer(t *testing.T) {
	for name, c := range map[string]struct {
		f      Transfer
		values [][2]float64 // input, rate
	}{
		"Rectify":       {Rectify, [][2]float64{{-2, 0}, {0, 0}, {3, 3}}},
		"Power(2, 3)":   {Power(2, 3), [][2]float64{{-1, 0}, {0, 0}, {1, 2}, {2, 16}}},
		"Power(1, 0.5)": {Power(1, 0.5), [][2]float64{{-4, 0}, {9, 3}}},
		"Logistic(1)":   {Logistic(1), [][2]float64{{0, 0.5}, {math.Log(3), 0.75}, {-math.Log(3), 0.25}, {1e4, 1}, {-1e4, 0}}},
		"Logistic(2)":   {Logistic(2), [][2]float64{{math.Log(3) / 2, 0.75}}},
		"Tanh":          {Tanh, [][2]float64{{0, 0}, {math.Log(3) / 2, 0.5}, {-math.Log(3) / 2, -0.5}, {1e4, 1}}},
		"Power(0, 2)":   {Power(0, 2), [][2]float64{{5, 0}}},
	} {
		for _, v := range c.values {
			if got := c.f(v[0]); !(math.Abs(got-v[1]) <= 1e-15*(1+v[1])) {
				t.Errorf("%s at %g: %g, want %g", name, v[0], got, v[1])
			}
		}
		if got := c.f(math.NaN()); !math.IsNaN(got) {
			t.Errorf("%s makes %g of NaN", name, got)
		}
	}
}

func TestStatic(t *testing.T) {
	for name, c := range map[string]struct {
		f      Transfer
		post   []float64
		signal float64
	}{
		"linear":    {nil, []float64{-3, 1, 4, 6}, 2},
		"rectified": {Rectify, []float64{0, 1, 4, 6}, 2.75},
		"squared":   {Power(1, 2), []float64{0, 1, 16, 36}, 13.25},
	} {
		drive, post := []float64{-3, 1, 4, 6}, make([]float64, 4)
		signal := Static{c.f}.Respond(post, drive)
		if !slices.Equal(post, c.post) || signal != c.signal {
			t.Errorf("%s: %v with signal %g, want %v with %g", name, post, signal, c.post, c.signal)
		}
		if !slices.Equal(drive, []float64{-3, 1, 4, 6}) {
			t.Errorf("%s: the drive became %v", name, drive)
		}
		for _, n := range []int{3, 5} {
			expectPanic(t, func() { Static{c.f}.Respond(make([]float64, n), drive) }, "4 drives", "rates")
		}
	}
}

// expectPanic runs call and expects it to panic with a message of these parts.
func expectPanic(t *testing.T, call func(), parts ...string) {
	t.Helper()
	defer func() {
		t.Helper()
		message, _ := recover().(string)
		for _, part := range parts {
			if !strings.Contains(message, part) {
				t.Errorf("panicked with %q, expected %q in it", message, part)
			}
		}
	}()
	call()
}
