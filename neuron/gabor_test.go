package neuron

import (
	"math"
	"testing"
)

var testScreen = Screen{Square(48), 0.125} // 6 degrees

func testGabor() Gabor {
	g := gaborOf(1.5)
	g.Orientation, g.X, g.Y = math.Pi/3, 0.4, -0.3
	return g
}

// grating is a full-screen grating, drawn from the Gabor's own definition of
// orientation (bars, anticlockwise from horizontal) and phase (from the centre
// of the screen), with the given contrast.
func grating(s Screen, orientation, frequency, phase, contrast float64) []float64 {
	image := make([]float64, s.Size.Area())
	for i := range image {
		x := (float64(i%s.Size.Cols) + 0.5 - float64(s.Size.Cols)/2) * s.DegreesPerPixel
		y := (float64(s.Size.Rows)/2 - 0.5 - float64(i/s.Size.Cols)) * s.DegreesPerPixel
		u := y*math.Cos(orientation) - x*math.Sin(orientation)
		image[i] = Background * (1 + contrast*math.Cos(2*math.Pi*frequency*u+phase))
	}
	return image
}

func TestGaborIgnoresUniformLight(t *testing.T) {
	for _, phase := range []float64{0, 0.7, math.Pi / 2} {
		g := testGabor()
		g.X, g.Y, g.Phase = 0, 0, phase // wholly on the screen
		f := g.Filter(testScreen)
		var norm float64
		for _, w := range f.weights {
			norm += w * w
		}
		if math.Abs(norm-1) > 1e-12 {
			t.Errorf("phase %g: the squared weights sum to %g, want 1", phase, norm)
		}
		for _, light := range []float64{0, 0.5, 1} {
			image := make([]float64, testScreen.Size.Area())
			for i := range image {
				image[i] = light
			}
			if d := f.Drive(image); math.Abs(d) > 1e-12 {
				t.Errorf("phase %g: a drive of %g by uniform light %g", phase, d, light)
			}
		}
	}
}

// The window is a cut-out: the drive equals the sum of the formula over all
// pixels of a screen that is larger than the receptive field.
func TestFilterDrivesLikeTheFormula(t *testing.T) {
	g := testGabor()
	g.Phase = 0.9
	s := Screen{Size{41, 52}, 0.125}
	image := grating(s, 1.1, 1.2, 0.4, 0.8)
	at := func(i int) (x, y float64) {
		return (float64(i%52)+0.5-26)*0.125 - g.X, (20.5-0.5-float64(i/52))*0.125 - g.Y
	}
	var weights, envelope []float64
	var sum, area, norm, want float64
	for i := range image {
		x, y := at(i)
		u, v := y*math.Cos(g.Orientation)-x*math.Sin(g.Orientation), x*math.Cos(g.Orientation)+y*math.Sin(g.Orientation)
		e := math.Exp(-(u*u/(g.Sigma*g.Sigma) + v*v/(g.Length*g.Length)) / 2)
		envelope = append(envelope, e)
		weights = append(weights, e*math.Cos(2*math.Pi*g.Frequency*u+g.Phase))
		sum, area = sum+weights[i], area+e
	}
	for i := range weights {
		weights[i] -= envelope[i] * sum / area
		norm += weights[i] * weights[i]
	}
	for i := range weights {
		want += weights[i] * (image[i] - Background) / math.Sqrt(norm)
	}
	// Beyond 3 σ there is 1 % of the envelope.
	if got := g.Filter(s).Drive(image); math.Abs(got-want) > 0.02*math.Abs(want) {
		t.Errorf("drive %g, the formula over the whole screen gives %g", got, want)
	}
}

func TestOrientationAndFrequencyTuning(t *testing.T) {
	g := testGabor()
	cell := NewComplex(g, testScreen)
	best := func(n int, at func(i int) []float64) (argmax int) {
		var top float64
		for i := range n {
			if r := cell.Response(at(i)); r > top {
				top, argmax = r, i
			}
		}
		return argmax
	}
	if i := best(36, func(i int) []float64 {
		return grating(testScreen, float64(i)*math.Pi/36, g.Frequency, 0, 1)
	}); i != 12 { // π/3
		t.Errorf("it prefers %d°, its Gabor lies at 60°", 5*i)
	}
	if i := best(41, func(i int) []float64 {
		return grating(testScreen, g.Orientation, 0.5+0.05*float64(i), 0, 1)
	}); math.Abs(0.5+0.05*float64(i)-g.Frequency) > 0.11 {
		t.Errorf("it prefers %g cycles/degree, its Gabor has %g", 0.5+0.05*float64(i), g.Frequency)
	}
	along := cell.Response(grating(testScreen, g.Orientation, g.Frequency, 0, 1))
	across := cell.Response(grating(testScreen, g.Orientation+math.Pi/2, g.Frequency, 0, 1))
	if across > 0.05*along {
		t.Errorf("it answers %g to the orthogonal orientation, %g to its own", across, along)
	}
}

// F1/F0 of the answer to a drifting grating tells the two classes of V1 apart
// (Skottun et al. 1991): above 1 in simple, below in complex cells; half-wave
// rectification alone makes it π/2.
func TestPhase(t *testing.T) {
	g := testGabor()
	ratio := func(response func([]float64) float64) float64 {
		const n = 48
		var f0, re, im float64
		for i := range n {
			phase := 2 * math.Pi * float64(i) / n
			r := response(grating(testScreen, g.Orientation, g.Frequency, phase, 1))
			f0, re, im = f0+r/n, re+2*r*math.Cos(phase)/n, im+2*r*math.Sin(phase)/n
		}
		return math.Hypot(re, im) / f0
	}
	if f := ratio(NewSimple(g, testScreen).Response); math.Abs(f-math.Pi/2) > 0.01 {
		t.Errorf("simple cell: F1/F0 = %g, want π/2", f)
	}
	if f := ratio(NewComplex(g, testScreen).Response); f > 0.01 {
		t.Errorf("complex cell: F1/F0 = %g, want 0", f)
	}
}

func TestFilterOffTheScreen(t *testing.T) {
	g := testGabor()
	g.X = 40
	if d := g.Filter(testScreen).Drive(grating(testScreen, 0, 1, 0, 1)); d != 0 {
		t.Errorf("a receptive field beside the screen is driven by %g", d)
	}
}
