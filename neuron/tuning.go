package neuron

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"slices"
)

// GratingGrid are gratings of every orientation with every spatial frequency and
// phase, for tuning curves.
type GratingGrid struct {
	Orientations []float64 // of the bars, degrees anticlockwise from horizontal, evenly over 180°, ascending
	Frequencies  []float64 // cycles/degree, ascending
	Phases       []float64 // degrees, evenly over 360°, ascending; a single one where they are not known
}

// Check says why a tuning cannot be read off responses to the grid: fewer than 3
// orientations, 2 phases, which leave F1 open, angles that do not lie evenly over
// the circle, no frequencies or not positive ones, values out of order.
func (g GratingGrid) Check() error {
	if err := even("orientations", g.Orientations, 180); err != nil {
		return err
	}
	if len(g.Phases) != 1 {
		if err := even("phases", g.Phases, 360); err != nil {
			return err
		}
	}
	if len(g.Frequencies) == 0 {
		return errors.New("no spatial frequencies, expected one or more")
	}
	for i, f := range g.Frequencies {
		if !(f > 0) || math.IsInf(f, 1) || i > 0 && f <= g.Frequencies[i-1] {
			return fmt.Errorf("the spatial frequencies %v cycles/degree, expected positive numbers in ascending order", g.Frequencies)
		}
	}
	return nil
}

// even says whether angles lie evenly over a circle of so many degrees.
func even(what string, angles []float64, circle float64) error {
	n := len(angles)
	if n < 3 {
		return fmt.Errorf("%d %s (%v), expected at least 3, evenly over %g degrees", n, what, angles, circle)
	}
	step := circle / float64(n)
	for i := 1; i < n; i++ {
		if d := angles[i] - angles[i-1]; !(math.Abs(d-step) < 1e-3*step) {
			return fmt.Errorf("%d %s, of which %g follows on %g degrees, expected steps of %g: evenly over %g degrees", n, what, angles[i], angles[i-1], step, circle)
		}
	}
	return nil
}

// Len is the number of gratings.
func (g GratingGrid) Len() int { return len(g.Orientations) * len(g.Frequencies) * len(g.Phases) }

// Index is the place of a grating in a list of responses: orientation by
// orientation, in each frequency by frequency, in each phase by phase.
func (g GratingGrid) Index(orientation, frequency, phase int) int {
	return (orientation*len(g.Frequencies)+frequency)*len(g.Phases) + phase
}

// Tuning is how a neuron responds to gratings. Its curves are F0, the mean over
// the phases. A measure that does not exist is NaN: all of a neuron that is
// Silent, and a width where the curve does not fall below the height on both
// sides of its peak. Heights are parts of the peak; between the gratings shown
// the curves are straight, over the logarithm of frequency.
type Tuning struct {
	Silent bool // no response above 0 to any grating

	OrientationCurve []float64 // F0 at the preferred frequency, n_orientations
	FrequencyCurve   []float64 // F0 at the preferred orientation, n_frequencies
	PhaseCurve       []float64 // responses to the preferred orientation and frequency, n_phases

	Peak        float64 // the largest F0
	Orientation float64 // where it is, degrees
	Frequency   float64 // where it is, cycles/degree

	// VectorOrientation is half the angle of Σ R(θ) e^{2iθ}, degrees in [0, 180).
	VectorOrientation float64
	// CircularVariance is 1 − |Σ R(θ) e^{2iθ}| / Σ R(θ): 0 for an answer to a
	// single orientation, 1 for equal ones to all. Source: Ringach, Shapley &
	// Hawken 2002, J. Neurosci. 22:5639.
	CircularVariance float64
	// OrthogonalRatio is R_orth/R_pref, the preferred orientation being that of the
	// peak. Source: as CircularVariance.
	OrthogonalRatio float64
	// OrientationIndex is (R_pref − R_orth)/(R_pref + R_orth). Source: Niell &
	// Stryker 2008, J. Neurosci. 28:7520.
	OrientationIndex float64
	// OrientationWidth is half the curve's width at half its height, degrees.
	OrientationWidth float64
	// OrientationWidth707 is half its width at 1/√2 of its height, degrees, the
	// bandwidth of Ringach et al. 2002 (there of a smoothed curve).
	OrientationWidth707 float64

	// FrequencyWidth is the width of the frequency curve at half its height,
	// octaves. Source: De Valois, Albrecht & Thorell 1982, Vision Res. 22:545.
	FrequencyWidth float64
	// FrequencyRatio is 100 f_low/f_high, the frequencies at 1/√2 of the height:
	// small where the tuning is broad. Source: Schiller, Finlay & Volman 1976, J.
	// Neurophysiol. 39:1334, at the height that Brain-Score takes (there of a
	// smoothed curve).
	FrequencyRatio float64

	// Modulation is F1/F0 over the phases of the preferred grating, as of a grating
	// that drifts: above 1 in simple cells, below in complex ones. F1 is the
	// amplitude of the first harmonic. NaN for a single phase. Source: Skottun et
	// al. 1991, Vision Res. 31:1079.
	Modulation float64
}

// Tune reads the tuning off a neuron's responses to the gratings of a grid, in
// the order of Index. Responses are rates, not less than 0: Tune fails at one
// that is negative or not finite, and says which. It panics if the number of
// responses does not fit, or at a grid that does not pass Check.
func (g GratingGrid) Tune(responses []float64) (Tuning, error) {
	if err := g.Check(); err != nil {
		panic("neuron: Tune: " + err.Error())
	}
	if len(responses) != g.Len() {
		panic(fmt.Sprintf("neuron: Tune of %d responses to %d gratings", len(responses), g.Len()))
	}
	for i, r := range responses {
		if !(r >= 0) || math.IsInf(r, 1) {
			o, f, p := i/len(g.Phases)/len(g.Frequencies), i/len(g.Phases)%len(g.Frequencies), i%len(g.Phases)
			return Tuning{}, fmt.Errorf("the response to the grating of orientation %g°, %g cycles/degree and phase %g° is %g, expected a rate of 0 or more",
				g.Orientations[o], g.Frequencies[f], g.Phases[p], r)
		}
	}
	// F0 of orientation o and frequency f is at o·n_frequencies + f.
	f0 := make([]float64, 0, len(g.Orientations)*len(g.Frequencies))
	for phases := range slices.Chunk(responses, len(g.Phases)) {
		f0 = append(f0, mean(phases))
	}
	best := 0
	for i, r := range f0 {
		if r > f0[best] {
			best = i
		}
	}
	o, f := best/len(g.Frequencies), best%len(g.Frequencies)
	t := Tuning{
		Peak:           f0[best],
		FrequencyCurve: f0[o*len(g.Frequencies):][:len(g.Frequencies):len(g.Frequencies)],
		PhaseCurve:     slices.Clone(responses[best*len(g.Phases):][:len(g.Phases)]),
	}
	for i := range g.Orientations {
		t.OrientationCurve = append(t.OrientationCurve, f0[i*len(g.Frequencies)+f])
	}
	if t.Peak == 0 {
		none := math.NaN()
		t.Silent = true
		t.Orientation, t.Frequency, t.VectorOrientation = none, none, none
		t.CircularVariance, t.OrthogonalRatio, t.OrientationIndex = none, none, none
		t.OrientationWidth, t.OrientationWidth707, t.FrequencyWidth, t.FrequencyRatio, t.Modulation = none, none, none, none, none
		return t, nil
	}
	t.Orientation, t.Frequency = math.Mod(math.Mod(g.Orientations[o], 180)+180, 180), g.Frequencies[f]
	t.ofOrientation(g.Orientations, o)
	t.ofFrequency(g.Frequencies, f)
	t.Modulation = math.NaN()
	if len(g.Phases) > 1 {
		t.Modulation = cmplx.Abs(harmonic(t.PhaseCurve, g.Phases, 1)) * 2 / t.Peak / float64(len(g.Phases))
	}
	return t, nil
}

// ofOrientation fills in what the orientation curve, with its peak at best, says.
func (t *Tuning) ofOrientation(degrees []float64, best int) {
	curve := t.OrientationCurve
	sum := harmonic(curve, degrees, 2)
	t.CircularVariance = max(0, 1-cmplx.Abs(sum)/(mean(curve)*float64(len(curve)))) // rounding may leave −1e-16
	t.VectorOrientation = math.Mod(cmplx.Phase(sum)*90/math.Pi+180, 180)

	n := len(curve)
	orthogonal := (curve[(best+n/2)%n] + curve[(best+(n+1)/2)%n]) / 2 // of an odd number, the mean of both neighbours
	t.OrthogonalRatio = orthogonal / t.Peak
	t.OrientationIndex = (t.Peak - orthogonal) / (t.Peak + orthogonal)

	width := func(height float64) float64 {
		up := descent(n, func(i int) float64 { return curve[(best+i)%n] }, height*t.Peak)
		down := descent(n, func(i int) float64 { return curve[(best+n-i)%n] }, height*t.Peak)
		return (up + down) / 2 * 180 / float64(n)
	}
	t.OrientationWidth, t.OrientationWidth707 = width(0.5), width(math.Sqrt2/2)
}

// ofFrequency fills in what the frequency curve, with its peak at best, says.
func (t *Tuning) ofFrequency(frequencies []float64, best int) {
	curve := t.FrequencyCurve
	// edge is log2 of the frequency at a height on one side, step = ±1.
	edge := func(height float64, step int) float64 {
		n := len(curve) - best
		if step < 0 {
			n = best + 1
		}
		at := descent(n, func(i int) float64 { return curve[best+step*i] }, height*t.Peak)
		if math.IsNaN(at) {
			return at
		}
		i := int(math.Ceil(at))
		from, to := math.Log2(frequencies[best+step*(i-1)]), math.Log2(frequencies[best+step*i])
		return from + (at-float64(i-1))*(to-from)
	}
	t.FrequencyWidth = edge(0.5, 1) - edge(0.5, -1)
	t.FrequencyRatio = 100 * math.Exp2(edge(math.Sqrt2/2, -1)-edge(math.Sqrt2/2, 1))
}

// descent returns how many steps from its start, which is above it, a curve of n
// points falls to a height: NaN if it does not.
func descent(n int, curve func(i int) float64, height float64) float64 {
	for i := 1; i < n; i++ {
		if here, before := curve(i), curve(i-1); here <= height {
			return float64(i-1) + (before-height)/(before-here)
		}
	}
	return math.NaN()
}

// harmonic returns Σ curve(α) e^{i k α}, α in degrees.
func harmonic(curve, degrees []float64, k float64) (sum complex128) {
	for i, r := range curve {
		sum += cmplx.Rect(r, k*degrees[i]*math.Pi/180)
	}
	return sum
}
