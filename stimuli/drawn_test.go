package stimuli

import (
	"math"
	"math/cmplx"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// frame draws a stimulus that must be drawn.
func frame(t *testing.T, s Stimulus, r Raster, ms float64) []float64 {
	t.Helper()
	x := make([]float64, r.Height*r.Width)
	if err := s.Frame(r, ms, x); err != nil {
		t.Fatal(err)
	}
	return x
}

// coefficient is that of a frame at whole cycles per screen to the right and up,
// Σ x e^{−2πi(…)}/n.
func coefficient(x []float64, r Raster, right, up float64) (sum complex128) {
	for i, v := range x {
		px, py := r.place(i)
		sum += cmplx.Rect(v, -2*math.Pi*(right*px+up*py)/r.Degrees)
	}
	return sum / complex(float64(len(x)), 0)
}

func momentsOf(x []float64) (mean, deviation float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		deviation += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, math.Sqrt(deviation)
}

var everyStimulus = map[string]Stimulus{
	"grating":      Grating{Orientation: 30, Frequency: 1, Contrast: 1, TemporalFrequency: 4, Size: 6},
	"gabor":        Gabor{Orientation: 120, Frequency: 1, Phase: 90, Contrast: 1, TemporalFrequency: 4, Sigma: 1},
	"plaid":        Plaid{Grating{Orientation: 60, Frequency: 1, Contrast: .5, TemporalFrequency: 2}, Grating{Orientation: 120, Frequency: 1, Contrast: .5, TemporalFrequency: 2}},
	"bar":          Bar{Orientation: 45, Width: .5, Length: 4, Contrast: 1, Speed: 8},
	"checkerboard": Checkerboard{Check: .8, Contrast: 1, Reversal: 4},
	"dots":         Dots{Seed: 1, Density: 2, Diameter: .3, Coherence: .5, Speed: 4, Lifetime: 200, Contrast: 1},
	"noise":        FilteredNoise{Seed: 1, Contrast: .2, Exponent: 1, Refresh: 20},
	"periodic":     Periodic{Seed: 1, K: 5, Contrast: .3, Refresh: 20},
	"waves":        &RetinalWaves{Seed: 1, Contrast: 1},
	"texture":      textureOf(Grating{Orientation: 30, Frequency: 1, Contrast: 1, Size: 4}, Raster{48, 48, 8}),
}

func textureOf(s Stimulus, r Raster) *Texture {
	x := make([]float64, r.Height*r.Width)
	if err := s.Frame(r, 0, x); err != nil {
		panic(err)
	}
	t, err := NewTexture(x, r.Height, r.Width, 1)
	if err != nil {
		panic(err)
	}
	t.Contrast, t.Refresh = .25, 20
	return t
}

// What every stimulus must do: the same bits for the same time in any order and
// from several goroutines, luminances in [0, 1], another frame at another time,
// errors for a screen that is none and for times that are none.
func TestStimulusConformance(t *testing.T) {
	r := Raster{48, 48, 8}
	for name, s := range everyStimulus {
		t.Run(name, func(t *testing.T) {
			times := []float64{0, 130, 250, 1000. / 60}
			var frames [][]float64
			for _, ms := range times {
				frames = append(frames, frame(t, s, r, ms))
			}
			for _, x := range frames {
				for i, v := range x {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("pixel %d is %g", i, v)
					}
				}
			}
			if slices.Equal(frames[0], frames[1]) {
				t.Error("nothing has changed after 130 ms")
			}
			var group sync.WaitGroup
			for i := range times {
				group.Go(func() {
					x := make([]float64, len(frames[i]))
					for j := range x {
						x[j] = 7 // what was there before is gone
					}
					if err := s.Frame(r, times[i], x); err != nil || !slices.Equal(x, frames[i]) {
						t.Errorf("the frame at %g ms is another when it is drawn again (%v)", times[i], err)
					}
				})
			}
			group.Wait()
			for _, bad := range []Raster{{48, 48, 0}, {48, 48, math.NaN()}, {0, 0, 8}} {
				if s.Frame(bad, 0, make([]float64, bad.Height*bad.Width)) == nil {
					t.Errorf("no error for %+v", bad)
				}
			}
			if s.Frame(r, math.NaN(), make([]float64, 48*48)) == nil {
				t.Error("no error at no time")
			}
		})
	}
}

func TestStimulusErrors(t *testing.T) {
	r := Raster{48, 48, 8} // 6 pixels/degree
	x := make([]float64, 48*48)
	for want, s := range map[string]Stimulus{
		"3.1 cycles/degree on 6 pixels/degree, which show at most 3": Grating{Frequency: 3.1, Contrast: 1},
		"Michelson contrast of 1.2":                                  Grating{Frequency: 1, Contrast: 1.2},
		"Michelson contrast of NaN":                                  Gabor{Sigma: 1, Frequency: 1, Contrast: math.NaN()},
		"a sum of at most 1":                                         Plaid{Grating{Frequency: 1, Contrast: .6}, Grating{Frequency: 1, Contrast: .5}},
		"σ 0 degrees":                                                Gabor{Frequency: 1, Contrast: 1},
		"Weber contrast of -1.5":                                     Bar{Width: 1, Contrast: -1.5},
		"a bar 0 degrees wide":                                       Bar{Contrast: 1},
		"checks of 0.1 degrees":                                      Checkerboard{Check: .1, Contrast: 1},
		"coherence 2":                                                Dots{Density: 1, Diameter: 1, Coherence: 2},
		"are 6.4e+10 dots":                                           Dots{Density: 1e9, Diameter: 1},
		"an rms contrast of 0.5":                                     FilteredNoise{Contrast: .5},
		"pattern of period 1":                                        Periodic{K: 1},
		"from an image of 4×4 pixels on a screen of 48×48":           &Texture{height: 4, width: 4},
	} {
		if err := s.Frame(r, 0, x); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q in it", s, err, want)
		}
	}
	// The contrast that the error names fits, a little more does not.
	err := FilteredNoise{Contrast: .9}.Frame(r, 0, x)
	_, most, _ := strings.Cut(err.Error(), "at most ")
	most, _, _ = strings.Cut(most, " here")
	fits, err := strconv.ParseFloat(most, 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := (FilteredNoise{Contrast: fits}).Frame(r, 0, x); err != nil {
		t.Error(err)
	}
	if (FilteredNoise{Contrast: fits + 2e-4}).Frame(r, 0, x) == nil {
		t.Errorf("more than the highest rms contrast, %g, is drawn", fits)
	}
	if _, err := NewTexture(make([]float64, 16), 4, 4, 1); err == nil {
		t.Error("the texture of nothing is no error")
	}
}

// A grating has its power at its frequency, across its bars, and half its
// contrast as amplitude; over its drift it moves on by w t cycles in the
// direction that Stimulus tells.
func TestGratingStimulus(t *testing.T) {
	r := Raster{64, 64, 8}
	for _, test := range []struct {
		orientation, right, up float64 // whole cycles on the screen
	}{{0, 0, 8}, {90, -8, 0}, {180, 0, -8}, {45, -8 / math.Sqrt2, 8 / math.Sqrt2}, {30, -4, 4 * math.Sqrt(3)}} {
		g := Grating{Orientation: test.orientation, Frequency: 1, Phase: 25, Contrast: .8, TemporalFrequency: 4}
		for _, ms := range []float64{0, 40} {
			c := coefficient(frame(t, g, r, ms), r, test.right, test.up)
			// ½ C/2 e^{iφ}; frequencies that are not whole leak a little.
			want := cmplx.Rect(.2, (25-360*4*ms/1000)*math.Pi/180)
			if tolerance := 1e-12 + math.Abs(math.Remainder(test.right, 1)) + math.Abs(math.Remainder(test.up, 1)); cmplx.Abs(c-want) > min(tolerance, .02) {
				t.Errorf("orientation %g° at %g ms: %.4f, want %.4f", test.orientation, ms, c, want)
			}
		}
	}
	x := frame(t, Grating{Frequency: 1, Contrast: .8}, r, 0)
	low, high := slices.Min(x), slices.Max(x)
	if c := (high - low) / (high + low); c > .8 || c < .8*math.Cos(math.Pi/8) {
		t.Errorf("the Michelson contrast is %g, want .8 but for the pixels", c)
	}
	// The aperture leaves the screen around it.
	x = frame(t, Grating{Frequency: 1, Contrast: 1, Size: 3, X: 1, Y: -1}, r, 0)
	for i, v := range x {
		px, py := r.place(i)
		if d := math.Hypot(px-1, py+1); d > 1.6 && v != .5 {
			t.Fatalf("%g at %g degrees from the centre of an aperture of 3", v, d)
		}
	}
	if mean, _ := momentsOf(x); math.Abs(mean-.5) > .01 {
		t.Errorf("the mean is %g", mean)
	}
}

// Bars cover their area whatever their width and place: a pixel's part counts.
func TestBarStimulus(t *testing.T) {
	r := Raster{60, 60, 10}
	for _, width := range []float64{.05, .3, 1.5} {
		for _, ms := range []float64{0, 33, 710} {
			x := frame(t, Bar{Width: width, Length: 4, Contrast: -.6, Speed: 3}, r, ms)
			var area, up float64
			for i, v := range x {
				_, py := r.place(i)
				area += (v - .5) / -.3 / 36
				up += (v - .5) / -.3 / 36 * py
			}
			if math.Abs(area-4*width) > 1e-9 {
				t.Errorf("a bar of %g×4 degrees at %g ms covers %g degree²", width, ms, area)
			}
			if math.Abs(up/area-3*ms/1000) > 0.09 {
				t.Errorf("a bar of 3 degrees/s lies at %g degrees after %g ms", up/area, ms)
			}
		}
	}
}

func TestCheckerboardStimulus(t *testing.T) {
	r := Raster{40, 40, 10}
	c := Checkerboard{Check: 1, Contrast: .5, Reversal: 2}
	x := frame(t, c, r, 0)
	for i, v := range x {
		px, py := r.place(i)
		want := .25
		if (int(math.Floor(px))+int(math.Floor(py)))%2 == 0 {
			want = .75
		}
		if v != want {
			t.Fatalf("%g at %g, %g, want %g", v, px, py, want)
		}
	}
	for ms, reversed := range map[float64]bool{249.9: false, 250: true, 499: true, 500: false, 750: true} {
		y := frame(t, c, r, ms)
		if got := y[0] != x[0]; got != reversed {
			t.Errorf("at %g ms reversed is %v", ms, got)
		}
	}
	// Squares that pixels do not divide: the mean stays.
	if mean, _ := momentsOf(frame(t, Checkerboard{Check: .73, Contrast: 1}, r, 0)); math.Abs(mean-.5) > 1e-12 {
		t.Errorf("the mean is %g", mean)
	}
}

func TestDotsStimulus(t *testing.T) {
	r := Raster{80, 160, 20}
	// Of full coherence and no end, all dots move together, around the borders.
	d := Dots{Seed: 3, Density: 5, Diameter: .2, Direction: 30, Coherence: 1, Speed: 7, Contrast: 1}
	from, to := d.places(r, 100), d.places(r, 150)
	if len(from) != 1000 {
		t.Errorf("%d dots, want 5 × 20 × 10", len(from))
	}
	for i := range from {
		dx, dy := math.Remainder(to[i].x-from[i].x, 20), math.Remainder(to[i].y-from[i].y, 10)
		if math.Hypot(dx-.35*math.Cos(math.Pi/6), dy-.35*math.Sin(math.Pi/6)) > 1e-9 {
			t.Fatalf("dot %d moved by %g, %g", i, dx, dy)
		}
	}
	// The mean displacement of dots in their lives is the coherence's part, at any
	// time the same share of them; all have the speed.
	d.Coherence, d.Lifetime = .4, 200
	var dx, dy float64
	moved, reborn := 0, 0
	for step := range 40 {
		from, to := d.places(r, float64(10*step)), d.places(r, float64(10*step+10))
		for i := range from {
			if from[i].life != to[i].life {
				reborn++
				continue
			}
			x, y := math.Remainder(to[i].x-from[i].x, 20), math.Remainder(to[i].y-from[i].y, 10)
			if math.Abs(math.Hypot(x, y)-.07) > 1e-9 {
				t.Fatalf("dot %d moved by %g degrees in 10 ms", i, math.Hypot(x, y))
			}
			dx, dy, moved = dx+x, dy+y, moved+1
		}
	}
	// 40,000 steps of some 3000 lives: the mean of the random part has a standard
	// error of about .07 × √(.6/2/3000).
	if along := (dx*math.Cos(math.Pi/6) + dy*math.Sin(math.Pi/6)) / float64(moved) / .07; math.Abs(along-.4) > .04 {
		t.Errorf("the dots moved by %g of their speed in the common direction, want .4", along)
	}
	if part := float64(reborn) / 40000; math.Abs(part-.05) > .003 {
		t.Errorf("%g of the dots were born anew in 10 ms of 200", part)
	}
	if mean, _ := momentsOf(frame(t, d, r, 0)); math.Abs(mean-.5) > .01 {
		t.Errorf("the mean is %g", mean)
	}
	// A single dot has its area, also across a corner.
	for _, at := range [][2]float64{{0, 0}, {9.99, 4.99}, {-3.21, 4.87}} {
		x := make([]float64, 80*160)
		r.drawDot(x, at[0], at[1], 1.3, 1)
		mean, _ := momentsOf(x)
		if want := math.Pi / 4 * 1.3 * 1.3; math.Abs(mean*200-want) > .01*want {
			t.Errorf("a dot at %v covers %g degree², want %g", at, mean*200, want)
		}
	}
}

// slope is that of log power over log radial frequency, between 3 cycles a screen
// and the highest whole circle, over many frames.
func slope(t *testing.T, s Stimulus, r Raster, frames int) float64 {
	t.Helper()
	power := make([]float64, r.Width/2)
	count := make([]float64, r.Width/2)
	for k := range frames {
		a := make([]complex128, r.Height*r.Width)
		for i, v := range frame(t, s, r, float64(k)*1000/20) {
			a[i] = complex(v, 0)
		}
		transform(a, r.Height, r.Width)
		for i := range a {
			radius := math.Hypot(frequency(i/r.Width, r.Height), frequency(i%r.Width, r.Width)) * float64(r.Width)
			if at := int(math.Round(radius)); at < len(power) {
				power[at] += real(a[i])*real(a[i]) + imag(a[i])*imag(a[i])
				count[at]++
			}
		}
	}
	var n, sx, sy, sxx, sxy float64
	for k := 3; k < len(power); k++ {
		x, y := math.Log(float64(k)), math.Log(power[k]/count[k])
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

func TestNoiseSpectra(t *testing.T) {
	r := Raster{64, 64, 8}
	for _, α := range []float64{0, 1, 2} {
		if got := slope(t, FilteredNoise{Seed: 2, Contrast: .2, Exponent: α, Refresh: 20}, r, 20); math.Abs(got+α) > .1 {
			t.Errorf("noise of 1/f^%g has the slope %g", α, got)
		}
	}
	// Band-passed: the mean frequency, and the power at half the band's widths.
	n := FilteredNoise{Seed: 2, Contrast: .2, Frequency: 1.5, Octaves: 1, Orientation: 30, OrientationWidth: 15}
	if n.power(-1.5*math.Sin(math.Pi/6), 1.5*math.Cos(math.Pi/6)) != 1 {
		t.Error("the top of the band does not lie across the bars at its frequency")
	}
	for _, f := range []float64{1.5 * math.Sqrt2, 1.5 / math.Sqrt2} {
		if p := n.power(-f*math.Sin(math.Pi/6), f*math.Cos(math.Pi/6)); math.Abs(p-.5) > 1e-9 {
			t.Errorf("power %g at %g cycles/degree, want 1/2", p, f)
		}
	}
	for _, θ := range []float64{15, 45} {
		sin, cos := math.Sincos(θ * math.Pi / 180)
		if p := n.power(-1.5*sin, 1.5*cos); math.Abs(p-.5) > 1e-9 {
			t.Errorf("power %g at the orientation %g°, want 1/2", p, θ)
		}
		if math.Abs(n.power(-1.5*sin, 1.5*cos)-n.power(1.5*sin, -1.5*cos)) > 1e-12 {
			t.Error("the spectrum is not that of a real pattern")
		}
	}
	a := make([]complex128, 64*64)
	for i, v := range frame(t, n, r, 0) {
		a[i] = complex(v, 0)
	}
	transform(a, 64, 64)
	var all, doubled complex128
	var frequencies, power float64
	for i := 1; i < len(a); i++ {
		up, right := -frequency(i/64, 64)*8, frequency(i%64, 64)*8
		p := real(a[i])*real(a[i]) + imag(a[i])*imag(a[i])
		frequencies, power = frequencies+p*math.Log2(math.Hypot(right, up)), power+p
		all, doubled = all+complex(p, 0), doubled+cmplx.Rect(p, 2*math.Atan2(up, right))
	}
	if f := math.Exp2(frequencies / power); math.Abs(math.Log2(f/1.5)) > .25 {
		t.Errorf("the frame's mean frequency is %g cycles/degree, want 1.5", f)
	}
	if θ := math.Remainder(cmplx.Phase(doubled)*90/math.Pi-90-30, 180); math.Abs(θ) > 4 || cmplx.Abs(doubled/all) < .7 {
		t.Errorf("the frame's mean orientation is %g° off", θ)
	}
	for name, s := range everyStimulus {
		want := map[string]float64{"noise": .2, "texture": .25}[name]
		if want == 0 {
			continue
		}
		if mean, deviation := momentsOf(frame(t, s, Raster{48, 48, 8}, 50)); math.Abs(mean-.5) > 1e-12 || math.Abs(deviation/mean-want) > 1e-12 {
			t.Errorf("%s: mean %g and rms contrast %g, want .5 and %g", name, mean, deviation/mean, want)
		}
	}
}

// The Fourier transform undoes its inverse, which is held to the definition beside
// the noise that it makes.
func TestTransform(t *testing.T) {
	const h, w = 5, 6
	a := make([]float64, h*w)
	if err := (WhiteNoise{}).Pattern(0, a); err != nil {
		t.Fatal(err)
	}
	got := make([]complex128, h*w)
	for i, v := range a {
		got[i] = complex(v, 0)
	}
	inverse(got, h, w)
	transform(got, h, w)
	for i := range got {
		if cmplx.Abs(got[i]-complex(h*w*a[i], 0)) > 1e-11 {
			t.Fatalf("there and back: element %d is %g, want %g", i, got[i], h*w*a[i])
		}
	}
}

// A texture has the image's amplitudes, up to one factor, and other phases.
func TestTextureSpectrum(t *testing.T) {
	r := Raster{32, 40, 8}
	image := frame(t, Gabor{Orientation: 30, Frequency: 1, Contrast: 1, Sigma: .7, X: 1}, r, 0)
	texture, err := NewTexture(image, r.Height, r.Width, 5)
	if err != nil {
		t.Fatal(err)
	}
	texture.Contrast = .2
	_, deviation := momentsOf(image)
	x := frame(t, texture, r, 0)
	phases := 0
	for _, k := range [][2]float64{{0, 1}, {-4, 7}, {-5, 6}, {3, 2}, {-1, -8}} {
		// Whole cycles a screen: up, in cycles a width, is k·40/32.
		a, b := coefficient(image, r, k[0], k[1]*40/32), coefficient(x, r, k[0], k[1]*40/32)
		if math.Abs(cmplx.Abs(b)/.1-cmplx.Abs(a)/deviation) > 1e-9 {
			t.Errorf("at %v cycles a screen: amplitude %g, the image's is %g", k, cmplx.Abs(b)/.1, cmplx.Abs(a)/deviation)
		}
		if math.Abs(cmplx.Phase(a/b)) > .1 {
			phases++
		}
	}
	if phases < 3 {
		t.Error("the phases are the image's")
	}
}

func TestPeriodicStimulus(t *testing.T) {
	r := Raster{23, 31, 8}
	for _, k := range []int{2, 3, 7} {
		p := Periodic{Seed: 4, K: k, Contrast: .2, Refresh: 10}
		x := frame(t, p, r, 100)
		for i, v := range x {
			if i%31+k < 31 && x[i+k] != v || i/31+k < 23 && x[i+k*31] != v {
				t.Fatalf("period %d: pixel %d has no equal %d pixels on", k, i, k)
			}
		}
		// A tile is the pattern of that number.
		tile := make([]float64, k*k)
		if err := (WhiteNoise{Seed: 4}).Pattern(1, tile); err != nil {
			t.Fatal(err)
		}
		mean, deviation := momentsOf(tile)
		for i, v := range tile {
			if got := (x[i/k*31+i%k]*2 - 1) / .2; math.Abs(got-(v-mean)/deviation) > 1e-9 {
				t.Fatalf("period %d: %g in the tile, the pattern has %g", k, got, (v-mean)/deviation)
			}
		}
	}
}

// Drawn is a Set like others.
func TestDrawn(t *testing.T) {
	r := Raster{10, 12, 4}
	set := NewDrawn(r, 3, []string{"a", "b", "c"}, []Stimulus{Grating{Frequency: 1, Contrast: 1}, Grating{Frequency: 1, Contrast: .5}, Grating{Frequency: 9, Contrast: 1}})
	if c, h, w := set.Shape(); c != 3 || h != 10 || w != 12 || set.Len() != 3 || set.ID(1) != "b" || set.Label(0) != -1 || set.Classes() != nil {
		t.Errorf("a set of %d images of %d×%d×%d", set.Len(), c, h, w)
	}
	dst := make([]float32, 360)
	if err := set.Pixels(1, dst); err != nil {
		t.Fatal(err)
	}
	want := frame(t, Grating{Frequency: 1, Contrast: .5}, r, 0)
	for i, v := range dst {
		if v != float32(want[i%120]) {
			t.Fatalf("pixel %d is %g, want %g", i, v, want[i%120])
		}
	}
	if err := set.Pixels(2, dst); err == nil || !strings.HasPrefix(err.Error(), "c: ") {
		t.Errorf("a stimulus that cannot be shown: %v", err)
	}
	other := NewDrawn(r, 3, []string{"a", "b", "c"}, []Stimulus{Grating{Frequency: 1, Contrast: 1}, Grating{Frequency: 1, Contrast: .6}, Grating{Frequency: 9, Contrast: 1}})
	if set.Digest() == other.Digest() || set.Digest() != digest(set) {
		t.Error("the digest does not follow the content")
	}
}
