package neuron

import (
	"math"
	"strings"
	"testing"
)

// evenly are n angles over a circle, from 0.
func evenly(n int, circle float64) []float64 {
	var angles []float64
	for i := range n {
		angles = append(angles, float64(i)*circle/float64(n))
	}
	return angles
}

func testGrid() GratingGrid {
	g := GratingGrid{Orientations: evenly(36, 180), Phases: evenly(24, 360)}
	for f := 0.5; f < 3.8; f *= math.Exp2(0.125) {
		g.Frequencies = append(g.Frequencies, f)
	}
	return g
}

func tune(t *testing.T, g GratingGrid, response func(orientation, frequency, phase float64) float64) Tuning {
	t.Helper()
	responses := make([]float64, g.Len())
	for o, θ := range g.Orientations {
		for f, frequency := range g.Frequencies {
			for p, φ := range g.Phases {
				responses[g.Index(o, f, p)] = response(θ, frequency, φ)
			}
		}
	}
	tuning, err := g.Tune(responses)
	if err != nil {
		t.Fatal(err)
	}
	return tuning
}

// The cells of V1 answer as they were built.
func TestTuningOfSimpleAndComplexCells(t *testing.T) {
	g := testGabor() // 60°, 1.5 cycles/degree
	for name, test := range map[string]struct {
		response   func(image []float64) float64
		modulation float64
	}{
		"simple":  {NewSimple(g, testScreen).Response, math.Pi / 2},
		"complex": {NewComplex(g, testScreen).Response, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tuning := tune(t, testGrid(), func(θ, f, φ float64) float64 {
				return test.response(grating(testScreen, θ*math.Pi/180, f, φ*math.Pi/180, 1))
			})
			if tuning.Orientation != 60 || math.Abs(tuning.VectorOrientation-60) > 0.5 {
				t.Errorf("it prefers %g° (vector sum %g°), its Gabor lies at 60°", tuning.Orientation, tuning.VectorOrientation)
			}
			if math.Abs(math.Log2(tuning.Frequency/g.Frequency)) > 0.13 {
				t.Errorf("it prefers %g cycles/degree, its Gabor has %g", tuning.Frequency, g.Frequency)
			}
			if math.Abs(tuning.Modulation-test.modulation) > 0.01 {
				t.Errorf("F1/F0 = %g, want %g", tuning.Modulation, test.modulation)
			}
			// The answer is the Gabor's spectrum, exp(−2π²(σ_u² Δf² + σ_v² f²sin²Δθ)) about
			// its frequency: half height in θ where 2π²f²[σ_v² sin² + σ_u² (1−cos)²] = ln 2.
			half := 0.0
			for ; ; half += 0.01 {
				sin, cos := math.Sincos(half * math.Pi / 180)
				f := g.Frequency
				if 2*math.Pi*math.Pi*f*f*(g.Length*g.Length*sin*sin+g.Sigma*g.Sigma*(1-cos)*(1-cos)) >= math.Ln2 {
					break
				}
			}
			if math.Abs(tuning.OrientationWidth-half) > 0.5 {
				t.Errorf("half width at half height %g°, the Gabor's spectrum has %g°", tuning.OrientationWidth, half)
			}
			Δ := math.Sqrt(math.Ln2/2) / math.Pi / g.Sigma
			if octaves := math.Log2((g.Frequency + Δ) / (g.Frequency - Δ)); math.Abs(tuning.FrequencyWidth-octaves) > 0.1 {
				t.Errorf("%g octaves, the Gabor's spectrum has %g", tuning.FrequencyWidth, octaves)
			}
			Δ /= math.Sqrt2 // ln √2 = ½ ln 2
			if ratio := 100 * (g.Frequency - Δ) / (g.Frequency + Δ); math.Abs(tuning.FrequencyRatio-ratio) > 3 {
				t.Errorf("f_low/f_high = %g %%, the Gabor's spectrum has %g %%", tuning.FrequencyRatio, ratio)
			}
			if tuning.OrthogonalRatio > 0.05 || tuning.OrientationIndex < 0.9 {
				t.Errorf("orthogonal ratio %g, orientation index %g", tuning.OrthogonalRatio, tuning.OrientationIndex)
			}
		})
	}
}

// The vector sum of a von Mises curve exp(κ(cos 2(θ−μ) − 1)) is I₁(κ)/I₀(κ) at
// μ, whether μ is among the orientations or not.
func TestTuningOfVonMises(t *testing.T) {
	bessel := func(order, x float64) (sum float64) { // I_n by its integral, which the trapezoid rule does to rounding
		const n = 200
		for i := range n {
			θ := 2 * math.Pi * float64(i) / n
			sum += math.Exp(x*math.Cos(θ)) * math.Cos(order*θ) / n
		}
		return sum
	}
	for _, κ := range []float64{0.1, 1, 4} {
		for _, μ := range []float64{0, 37.3, 90, 179} {
			curve := func(θ, _, _ float64) float64 { return 20 * math.Exp(κ*(math.Cos(2*(θ-μ)*math.Pi/180)-1)) }
			g := GratingGrid{Orientations: evenly(36, 180), Frequencies: []float64{1}, Phases: evenly(4, 360)}
			tuning := tune(t, g, curve)
			if want := 1 - bessel(1, κ)/bessel(0, κ); math.Abs(tuning.CircularVariance-want) > 1e-9 {
				t.Errorf("κ = %g, μ = %g°: circular variance %g, want %g", κ, μ, tuning.CircularVariance, want)
			}
			if d := math.Mod(tuning.VectorOrientation-μ+270, 180) - 90; math.Abs(d) > 1e-6 {
				t.Errorf("κ = %g: the vector sum lies at %g°, want %g°", κ, tuning.VectorOrientation, μ)
			}
			half := math.Acos(1-math.Ln2/κ) * 90 / math.Pi
			if μ == 0 || μ == 90 { // else the peak lies between orientations
				if math.IsNaN(half) != math.IsNaN(tuning.OrientationWidth) || math.Abs(half-tuning.OrientationWidth) > 0.3 {
					t.Errorf("κ = %g, μ = %g°: half width %g°, want %g°", κ, μ, tuning.OrientationWidth, half)
				}
				if want := math.Exp(-2 * κ); math.Abs(tuning.OrthogonalRatio-want) > 1e-12 {
					t.Errorf("κ = %g, μ = %g°: orthogonal ratio %g, want %g", κ, μ, tuning.OrthogonalRatio, want)
				}
			}
		}
	}
}

func TestTuningOfExtremes(t *testing.T) {
	g := GratingGrid{Orientations: evenly(9, 180), Frequencies: []float64{1, 2, 4}, Phases: evenly(3, 360)}
	flat := tune(t, g, func(_, _, _ float64) float64 { return 7 })
	if math.Abs(flat.CircularVariance-1) > 1e-12 || flat.OrientationIndex != 0 || flat.Modulation > 1e-12 {
		t.Errorf("a flat curve: circular variance %g, index %g, F1/F0 %g, want 1, 0, 0", flat.CircularVariance, flat.OrientationIndex, flat.Modulation)
	}
	if !math.IsNaN(flat.OrientationWidth) || !math.IsNaN(flat.FrequencyWidth) || !math.IsNaN(flat.FrequencyRatio) {
		t.Errorf("a flat curve has the widths %g, %g, %g, want none", flat.OrientationWidth, flat.FrequencyWidth, flat.FrequencyRatio)
	}
	delta := tune(t, g, func(θ, f, φ float64) float64 {
		if θ == 40 && f == 2 && φ == 120 {
			return 3
		}
		return 0
	})
	if delta.CircularVariance != 0 || delta.OrientationIndex != 1 || math.Abs(delta.VectorOrientation-40) > 1e-12 || math.Abs(delta.Modulation-2) > 1e-12 {
		t.Errorf("a single response: circular variance %g, index %g, at %g°, F1/F0 %g, want 0, 1, 40°, 2", delta.CircularVariance, delta.OrientationIndex, delta.VectorOrientation, delta.Modulation)
	}
	// Its triangle falls to 1/2 half-way to the next of 20°, to 1/√2 before.
	if math.Abs(delta.OrientationWidth-10) > 1e-12 || math.Abs(delta.OrientationWidth707-20*(1-math.Sqrt2/2)) > 1e-12 || math.Abs(delta.FrequencyWidth-1) > 1e-12 {
		t.Errorf("a single response has the widths %g°, %g° and %g octaves, want 10°, 5.86° and 1", delta.OrientationWidth, delta.OrientationWidth707, delta.FrequencyWidth)
	}
	silent := tune(t, g, func(_, _, _ float64) float64 { return 0 })
	if !silent.Silent || !math.IsNaN(silent.CircularVariance) || !math.IsNaN(silent.Orientation) {
		t.Errorf("a silent neuron: %+v", silent)
	}
	// Low-pass: no lower edge.
	if low := tune(t, g, func(_, f, _ float64) float64 { return 1 / f }); low.Frequency != 1 || !math.IsNaN(low.FrequencyWidth) {
		t.Errorf("low-pass: peak at %g, %g octaves, want 1 and none", low.Frequency, low.FrequencyWidth)
	}
	single := GratingGrid{g.Orientations, g.Frequencies, []float64{0}}
	if one := tune(t, single, func(θ, _, _ float64) float64 { return θ }); !math.IsNaN(one.Modulation) || one.Orientation != 160 {
		t.Errorf("of a single phase: F1/F0 %g at %g°, want none at 160°", one.Modulation, one.Orientation)
	}
	responses := make([]float64, g.Len())
	responses[g.Index(2, 1, 0)] = -1
	if _, err := g.Tune(responses); err == nil || !strings.Contains(err.Error(), "40°, 2 cycles/degree and phase 0°") {
		t.Errorf("a negative rate: %v", err)
	}
}

func TestGratingGridCheck(t *testing.T) {
	good := GratingGrid{evenly(4, 180), []float64{1}, evenly(4, 360)}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]GratingGrid{
		"two orientations": {[]float64{0, 90}, good.Frequencies, good.Phases},
		"uneven":           {[]float64{0, 45, 100, 135}, good.Frequencies, good.Phases},
		"over 360":         {evenly(4, 360), good.Frequencies, good.Phases},
		"no frequency":     {good.Orientations, nil, good.Phases},
		"frequency 0":      {good.Orientations, []float64{0}, good.Phases},
		"not ascending":    {good.Orientations, []float64{2, 1}, good.Phases},
		"two phases":       {good.Orientations, good.Frequencies, []float64{0, 180}},
	} {
		if bad.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
