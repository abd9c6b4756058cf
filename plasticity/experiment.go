package plasticity

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Inputs are what the neurons are shown. Package stimuli has noise, gratings
// and patches of images with this method.
type Inputs interface {
	// Pattern writes input i, counted from 0, into x, of d values.
	Pattern(i int, x []float64) error
}

// An Experiment studies a rule by itself: it shows inputs to neurons and lets
// the rule change their weights. A step with momentum μ is
//
//	v ← μ v + η_t Δw(x),  w ← w + v.
type Experiment struct {
	Rule    Rule
	Inputs  Inputs
	Rate    Schedule // η; nil = Constant(0.01)
	Neurons Neurons  // nil = the rule itself if it is Neurons too, else Linear

	Momentum float64 // μ; 0 = none
	Batch    int     // patterns that are shown for a step, whose changes are averaged; 0 = 1
	Hold     int     // steps that an input stays; 0 = 1. More goes with a Batch of 1
	Wait     int     // steps of each held input before anything is learnt (η = 0), while the rates settle; below Hold
	Tau      float64 // time constant of the Traces, patterns; 0 = 100

	// Limit ends a run as diverged when a filter grows beyond it: ‖w_i‖ in parts
	// of the longest filter at the start, or of 1 if that is shorter; 0 = 1e6.
	Limit float64

	// Plain makes every step compute all drives and weights anew, where a held
	// input under Sharing allows less (span.go): for comparison.
	Plain bool
}

// A DivergenceError says when and how a run left all bounds.
type DivergenceError struct {
	Step   int     // steps made, this one included
	Neuron int     // whose filter it was, from 0
	Norm   float64 // ‖w_i‖
	Limit  float64 // what it exceeded
	Rate   float64 // η
	Advice string  // of the rule; may be empty
}

func (e *DivergenceError) Error() string {
	text := fmt.Sprintf("diverged at step %d: the filter of neuron %d has the norm %.3g, beyond the bound of %.3g, at η = %.3g", e.Step, e.Neuron, e.Norm, e.Limit, e.Rate)
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

// Run makes steps, changing w (n × d) in place; rec, which may be nil, records.
// The weights given are the w⁰ of the rule. The same experiment gives the same
// bits.
//
// It fails with a *DivergenceError, with the error of the inputs, and with ctx's
// when that is done; w and rec keep what was reached. It panics if the filters
// differ in length, and on an experiment without rule or inputs.
//
// Cost of a step: about six passes over the weights and none of memory; under
// Sharing with Hold > 1 it is O(n), and an input costs five passes.
func (e Experiment) Run(ctx context.Context, w [][]float64, steps int, rec *Recorder) error {
	r, err := e.start(w, steps, rec)
	if err != nil || len(w) == 0 {
		return err
	}
	if rec != nil {
		rec.record(w, r.W0, 0)
	}
	for step := 0; step < steps; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if step, err = r.advance(step, steps); err != nil {
			return err
		}
		if rec != nil && rec.due(step, steps) {
			rec.record(w, r.W0, step)
		}
		if err := r.bounded(step); err != nil {
			return err
		}
	}
	return nil
}

// run is an experiment under way.
type run struct {
	Experiment
	Activity
	rec    *Recorder
	v      [][]float64 // n × d: velocities
	drive  []float64   // n
	limit  float64
	span   *span // nil: every step computes all weights
	inputs int   // shown so far
}

func (e Experiment) start(w [][]float64, steps int, rec *Recorder) (*run, error) {
	if e.Rule == nil || e.Inputs == nil {
		panic("plasticity: an experiment needs a Rule and Inputs")
	}
	if e.Neurons == nil {
		e.Neurons = Linear{}
		if own, ok := e.Rule.(Neurons); ok {
			e.Neurons = own
		}
	}
	if e.Rate == nil {
		e.Rate = Constant(.01)
	}
	e.Batch, e.Hold = max(e.Batch, 1), max(e.Hold, 1)
	e.Tau = max(orDefault(e.Tau, 100), 1)
	e.Limit = orDefault(e.Limit, 1e6)
	switch {
	case e.Batch > 1 && e.Hold > 1:
		return nil, fmt.Errorf("plasticity: %d inputs at once, each held for %d steps: neurons with dynamics see one input at a time", e.Batch, e.Hold)
	case e.Wait < 0 || e.Wait > 0 && e.Wait >= e.Hold:
		return nil, fmt.Errorf("plasticity: nothing is learnt in the first %d steps of an input that is held for %d", e.Wait, e.Hold)
	case steps < 0:
		return nil, fmt.Errorf("plasticity: %d steps", steps)
	case !(e.Momentum >= 0 && e.Momentum < 1):
		return nil, fmt.Errorf("plasticity: a momentum of %g, expected at least 0 and below 1", e.Momentum)
	}
	r := &run{Experiment: e, rec: rec, limit: 1}
	if len(w) == 0 {
		return r, nil
	}
	n, d := len(w), len(w[0])
	r.W, r.W0, r.v, r.drive = w, clone(w), NewWeights(n, d), make([]float64, n)
	r.Pre, r.Post, r.Signal = NewWeights(e.Batch, d), NewWeights(e.Batch, n), make([]float64, e.Batch)
	r.MeanPre, r.MeanPost, r.Threshold = make([]float64, d), make([]float64, n), make([]float64, n)
	for _, wi := range w {
		r.limit = max(r.limit, floats.Norm(wi, 2))
	}
	r.limit *= e.Limit
	if rule, ok := e.Rule.(Sharing); ok && e.Hold > 1 && !e.Plain {
		r.span = newSpan(rule, e.Momentum, n)
	}
	return r, nil
}

// rate is η at a step.
func (r *run) rate(step int) float64 {
	if step%r.Hold < r.Wait {
		return 0
	}
	return r.Rate(step)
}

// advance makes the next steps: one, or with a span all until the input
// changes or something is recorded. It returns the steps made so far.
func (r *run) advance(step, steps int) (int, error) {
	if step%r.Hold == 0 {
		for b := range r.Pre {
			if err := r.Inputs.Pattern(r.inputs, r.Pre[b]); err != nil {
				return step, fmt.Errorf("input %d: %w", r.inputs, err)
			}
			r.inputs++
		}
	}
	if r.span == nil {
		return step + 1, r.plain(step)
	}
	until := min(steps, (step/r.Hold+1)*r.Hold)
	if r.rec != nil {
		until = min(until, r.rec.next(step, steps))
	}
	r.span.begin(r.Pre[0], r.W, r.v, r.W0)
	for ; step < until; step++ {
		r.span.drive(r.drive)
		signal := r.Neurons.Respond(r.Post[0], r.drive)
		r.span.step(r.rate(step), r.Post[0], signal)
	}
	r.span.end(r.W, r.v, r.W0)
	return step, nil
}

// plain makes one step, as the equations stand.
func (r *run) plain(step int) error {
	for b, x := range r.Pre {
		for i, wi := range r.W {
			r.drive[i] = floats.Dot(wi, x)
		}
		r.Signal[b] = r.Neurons.Respond(r.Post[b], r.drive)
	}
	if r.seen == 0 {
		r.fold(r.Tau) // the first patterns are their own average
		r.seen = 0
	}
	for _, vi := range r.v {
		if r.Momentum == 0 {
			clear(vi)
		} else {
			floats.Scale(r.Momentum, vi)
		}
	}
	r.Rule.Change(r.v, r.rate(step), &r.Activity)
	for i, wi := range r.W {
		floats.Add(wi, r.v[i])
	}
	if c, ok := r.Rule.(Constrained); ok {
		c.Constrain(r.W, r.W0)
	}
	r.fold(r.Tau)
	return nil
}

// bounded returns an error if a filter is longer than the limit, or not finite.
func (r *run) bounded(step int) error {
	for i, wi := range r.W {
		if norm := math.Sqrt(floats.Dot(wi, wi)); !(norm <= r.limit) {
			e := &DivergenceError{Step: step, Neuron: i, Norm: norm, Limit: r.limit, Rate: r.rate(step - 1)}
			if rule, ok := r.Rule.(Bounded); ok {
				e.Advice = rule.Stability(&r.Activity, r.Momentum)
			}
			return e
		}
	}
	return nil
}

// Diverged reports whether err says that a run diverged, and how.
func Diverged(err error) (*DivergenceError, bool) {
	var e *DivergenceError
	return e, errors.As(err, &e)
}
