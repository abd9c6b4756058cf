package stimuli

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// noisy is a Set of n images of independent random pixels.
func noisy(n, channels, h, w int) *memory {
	m := memory{channels: channels, height: h, width: w, ids: make([]string, n), pixels: make([]byte, n*channels*h*w)}
	for i := range m.ids {
		m.ids[i] = fmt.Sprintf("noise%04d", i)
	}
	for i, v := range patternOf(len(m.pixels)) {
		m.pixels[i] = byte(min(max(128+40*v, 0), 255))
	}
	return newMemory(m)
}

func patternOf(n int) []float64 {
	x := make([]float64, n)
	WhiteNoise{Seed: 77}.Pattern(0, x)
	return x
}

func patchesOf(t testing.TB, set Set, k int, seed uint64) *Patches {
	t.Helper()
	p, err := NewPatches(set, k, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every pattern is one of the patches cut by the definition, and each of them
// is as frequent.
func TestPatchesMatchTheDefinition(t *testing.T) {
	const images, channels, h, w, k, m = 3, 2, 5, 6, 3, 3600
	set := noisy(images, channels, h, w)
	mean, std, err := Moments(set)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]float64
	pixels := make([]float32, size(set))
	for i := range images {
		if err := set.Pixels(i, pixels); err != nil {
			t.Fatal(err)
		}
		for top := range h - k + 1 {
			for left := range w - k + 1 {
				var patch []float64
				for j := range channels * k * k {
					c, row, col := j/(k*k), top+j/k%k, left+j%k
					patch = append(patch, float64(pixels[(c*h+row)*w+col]-mean[c])/float64(std[c]))
				}
				all = append(all, patch)
			}
		}
	}
	p := patchesOf(t, set, k, 5)
	counts := make([]float64, len(all))
	for i := range m {
		x := pattern(t, p, i, channels*k*k)
		found := false
		for n, patch := range all {
			far := 0.
			for j := range patch {
				far = max(far, math.Abs(patch[j]-x[j]))
			}
			if far < 1e-5 {
				counts[n]++
				found = true
				break
			}
		}
		if !found {
			t.Fatalf("pattern %d is no patch of the images", i)
		}
	}
	var χ2 float64
	expected := m / float64(len(all))
	for _, c := range counts {
		χ2 += (c - expected) * (c - expected) / expected
	}
	if len(all) != 36 || χ2 > 66.6 { // 35 degrees of freedom, p = .001
		t.Errorf("χ² = %.1f over %d patches", χ2, len(all))
	}
}

// Of images without structure patches are white noise of mean 0, variance 1.
func TestPatchesAreNormalised(t *testing.T) {
	mustHaveMoments(t, patchesOf(t, noisy(20, 3, 40, 40), 2, 1), 12, 3000, 1, func(j, k int) float64 {
		if j == k {
			return 1
		}
		return 0
	})
}

func TestPatchesAreSeeded(t *testing.T) {
	set := noisy(20, 1, 12, 15)
	mustBeSeeded(t, func(seed uint64) patterns { return patchesOf(t, set, 4, seed) }, 16)
	// A patch as large as the images is an image.
	whole := pattern(t, patchesOf(t, noisy(1, 2, 3, 3), 3, 0), 9, 18)
	for c := range 2 {
		var sum, squares float64
		for _, v := range whole[9*c : 9*(c+1)] {
			sum, squares = sum+v, squares+v*v
		}
		if math.Abs(sum/9) > 1e-5 || math.Abs(squares/9-1) > 1e-5 {
			t.Errorf("channel %d of the only image: mean %g, variance %g", c, sum/9, squares/9)
		}
	}
}

func TestPatchesErrors(t *testing.T) {
	set := noisy(4, 2, 8, 6)
	dull := noisy(1000, 3, 8, 8)
	for i := range dull.pixels {
		if i/64%3 == 1 {
			dull.pixels[i] = 77 // no binary fraction: rounding leaves a deviation
		}
	}
	for name, test := range map[string]struct {
		set   Set
		k     int
		words []string
	}{
		"large":  {set, 7, []string{"7×7", "8×6"}},
		"zero":   {set, 0, []string{"0×0", "8×6"}},
		"empty":  {Subset(set, nil), 3, []string{"no images"}},
		"dull":   {dull, 3, []string{"channel 1 (of 3)", "no variance", "0.30196"}},
		"broken": {broken{set}, 3, []string{"patches", "broken"}},
	} {
		p, err := NewPatches(test.set, test.k, 0)
		if p != nil {
			t.Errorf("%s: patches beside the error", name)
		}
		mustFail(t, err, test.words...)
	}

	// An image that becomes unreadable later.
	p := patchesOf(t, set, 3, 0)
	p.set = broken{set}
	x := make([]float64, 18)
	failed := 0
	for i := range 100 {
		err := p.Pattern(i, x)
		if err == nil {
			continue
		}
		failed++
		if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "noise0001") && !strings.Contains(err.Error(), "noise0003") {
			t.Fatalf("error %v", err)
		}
	}
	if failed < 25 || failed > 75 {
		t.Errorf("%d of 100 patches failed, half the images are broken", failed)
	}
}
