package plasticity

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// A Recorder keeps what an experiment shows: Measures at regular steps, and the
// weights at as many of these steps as fit into WeightBytes. Use one for one
// run.
//
// Memory: 72 bytes a record, and at most WeightBytes. A record costs three
// passes over the weights.
type Recorder struct {
	Every int // steps between records; 0 = 1. Step 0 and the last are always recorded

	// WeightBytes bounds the memory of the recorded weights; 0 = none are
	// recorded. When the next would exceed it, every second one is dropped and
	// only half as many are recorded from there on, so that they stay evenly
	// spaced over the run.
	WeightBytes int64

	Measures  []Measures
	Snapshots []Snapshot

	start  start
	stride int // of the snapshots, in records
}

// Measures are what is known of a pool after Step steps.
type Measures struct {
	Step       int
	SNR        float64 // SNR
	InverseSNR float64 // InverseSNR
	MeanToSD   float64 // MeanToSD
	MeanNorm   float64 // ‖w̄‖/‖w̄⁰‖: the mean filter against that of the start
	MeanCosine float64 // cos(w̄, w̄⁰)
	FilterNorm float64 // the mean over neurons of ‖w_i‖
	Drift      float64 // ‖W − W⁰‖/‖W⁰‖, over all weights
}

// A Snapshot is the weights after Step steps, n × d.
type Snapshot struct {
	Step int
	W    [][]float64
}

// start is what a pool is compared with: its weights at the start.
type start struct {
	w0             [][]float64
	mean           []float64
	norm           float64 // ‖W⁰‖
	mean1, scatter []float64
}

func newStart(w0 [][]float64) start {
	s := start{w0: w0, mean: meanFilter(w0)}
	var squares float64
	for _, w := range w0 {
		squares += floats.Dot(w, w)
	}
	s.norm = math.Sqrt(squares)
	s.mean1, s.scatter = make([]float64, len(s.mean)), make([]float64, len(s.mean))
	return s
}

// Measure returns the measures of a pool w against its start w0, both n × d.
func Measure(w, w0 [][]float64, step int) Measures {
	s := newStart(w0)
	return s.measure(w, step)
}

func (s *start) measure(w [][]float64, step int) Measures {
	m := Measures{Step: step}
	meanInto(s.mean1, w)
	scatter(w, s.mean1, s.scatter)
	m.SNR = average(s.mean1, s.scatter, func(m, v float64) float64 { return m * m / v })
	m.InverseSNR = average(s.mean1, s.scatter, func(m, v float64) float64 { return v / (m * m) })
	m.MeanToSD = average(s.mean1, s.scatter, func(m, v float64) float64 { return math.Abs(m) / math.Sqrt(v) })
	now, before := floats.Norm(s.mean1, 2), floats.Norm(s.mean, 2)
	m.MeanNorm = now / before
	m.MeanCosine = floats.Dot(s.mean1, s.mean) / (now * before)
	var away float64
	for i, wi := range w {
		m.FilterNorm += floats.Norm(wi, 2) / float64(len(w))
		d := floats.Distance(wi, s.w0[i], 2)
		away += d * d
	}
	m.Drift = math.Sqrt(away) / s.norm
	return m
}

// due reports whether the state after step steps is recorded.
func (r *Recorder) due(step, steps int) bool {
	return step == 0 || step == steps || step%max(r.Every, 1) == 0
}

// next is the first step after step at which something is recorded.
func (r *Recorder) next(step, steps int) int {
	every := max(r.Every, 1)
	return min(steps, (step/every+1)*every)
}

func (r *Recorder) record(w, w0 [][]float64, step int) {
	if r.Measures == nil {
		r.start, r.stride = newStart(w0), 1
	}
	r.Measures = append(r.Measures, r.start.measure(w, step))
	one := int64(8 * len(w) * len(w[0]))
	if (len(r.Measures)-1)%r.stride != 0 || one > r.WeightBytes {
		return
	}
	if int64(len(r.Snapshots)+1)*one > r.WeightBytes {
		kept := r.Snapshots[:0]
		for i := 0; i < len(r.Snapshots); i += 2 {
			kept = append(kept, r.Snapshots[i])
		}
		clear(r.Snapshots[len(kept):])
		r.Snapshots = kept
		r.stride *= 2
		if (len(r.Measures)-1)%r.stride != 0 || int64(len(kept)+1)*one > r.WeightBytes {
			return
		}
	}
	r.Snapshots = append(r.Snapshots, Snapshot{step, Clone(w)})
}
