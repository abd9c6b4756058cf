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
	Wait     int     // steps of each held input with η = 0, while the rates settle; below Hold. Momentum and constraints go on
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
	Step   int     // steps made when it was seen: at most 8 after it happened
	Neuron int     // whose filter it was, from 0
	Norm   float64 // ‖w_i‖
	Limit  float64 // what it exceeded
	Rate   float64 // η
	Advice string  // of the rule; may be empty
}

// Error says when which filter left its bound, at which η, and what the rule
// advises.
func (e *DivergenceError) Error() string {
	norm := fmt.Sprintf("has the norm %.3g, beyond the bound of %.3g", e.Norm, e.Limit)
	if math.IsNaN(e.Norm) || math.IsInf(e.Norm, 0) {
		norm = fmt.Sprintf("is not finite (the bound of its norm is %.3g)", e.Limit)
	}
	text := fmt.Sprintf("diverged by step %d: the filter of neuron %d %s, at η = %.3g", e.Step, e.Neuron, norm, e.Rate)
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

// Run makes steps, changing w (n × d) in place; rec, which may be nil, records.
// The weights given are the w⁰ of the rule. The same experiment gives the same
// bits, on new Neurons and a new Rule where these have a state of their own
// (circuits, Foldiak).
//
// It fails with a *DivergenceError, with the error of the inputs, and with ctx's
// when that is done; w and rec keep what was reached, its last state included. It
// also fails, before the first step, for settings that exclude each other, a momentum
// outside [0, 1), and weights that are not finite.
// It panics if the filters differ in length, and on an experiment without rule
// or inputs.
//
// Cost of a step: w is read three times and written once, the velocities are
// read and written twice and w⁰ is read once, 72 bytes a weight, and no memory
// is taken (Sanger: O(n) times that; Foldiak: its settling). Under Sharing with
// Hold > 1 a step is O(n), and an input costs five passes over the weights.
func (e Experiment) Run(ctx context.Context, w [][]float64, steps int, rec *Recorder) error {
	r, err := e.start(w, steps, rec)
	if err != nil || len(w) == 0 {
		return err
	}
	if rec != nil {
		rec.record(w, r.W0, 0)
	}
	step, recorded := 0, 0
	for step < steps && err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		if step, err = r.advance(step, steps); err == nil {
			err = r.bounded(step)
		}
		if rec != nil && rec.due(step, steps) && step > recorded {
			rec.record(w, r.W0, step)
			recorded = step
		}
	}
	if rec != nil && step > recorded { // the state in which it ended early
		rec.record(w, r.W0, step)
	}
	return err
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

	squares []float64 // n: ‖w_i‖²
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
	r.W, r.W0, r.v, r.drive, r.squares = w, Clone(w), NewWeights(n, d), make([]float64, n), make([]float64, n)
	r.Pre, r.Post, r.Signal = NewWeights(e.Batch, d), NewWeights(e.Batch, n), make([]float64, e.Batch)
	r.MeanPre, r.MeanPost, r.Threshold = make([]float64, d), make([]float64, n), make([]float64, n)
	for i, wi := range w {
		r.limit = max(r.limit, floats.Norm(wi, 2))
		if !(r.limit*e.Limit <= math.MaxFloat64) {
			return nil, fmt.Errorf("plasticity: the filter of neuron %d has the norm %g at the start, expected finite weights that can grow", i, floats.Norm(wi, 2))
		}
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
	if step%r.Hold == 0 {
		r.seePower()
	}
	for step < until {
		r.span.drive(r.drive)
		signal := r.Neurons.Respond(r.Post[0], r.drive)
		r.span.step(r.rate(step), r.Post[0], signal)
		step++
		if step%8 == 0 && !(r.span.reach() <= r.limit) {
			break // bounded tells how far it went
		}
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
	r.Rule.Change(r.v, r.rate(step), &r.Activity)
	for i, wi := range r.W {
		vi := r.v[i]
		floats.Add(wi, vi)
		if r.Momentum == 0 { // for the next step, while the row is at hand
			clear(vi)
		} else {
			floats.Scale(r.Momentum, vi)
		}
		r.squares[i] = floats.Dot(wi, wi)
	}
	if c, ok := r.Rule.(Constrained); ok {
		c.Constrain(r.W, r.W0)
	}
	if (step+1)%r.Hold == 0 { // a held input counts once
		r.fold(r.Tau)
	}
	return nil
}

// seePower takes a held input into the only trace that Sharing needs.
func (r *run) seePower() {
	r.seen++
	x := r.Pre[0]
	r.Power += (floats.Dot(x, x) - r.Power) / min(float64(r.seen), r.Tau)
}

// bounded returns an error if a filter is longer than the limit, or not finite.
func (r *run) bounded(step int) error {
	for i, wi := range r.W {
		if r.span != nil {
			r.squares[i] = floats.Dot(wi, wi)
		}
		norm := math.Sqrt(r.squares[i])
		if norm <= r.limit {
			continue
		}
		e := &DivergenceError{Step: step, Neuron: i, Norm: norm, Limit: r.limit, Rate: r.rate(step - 1)}
		rule, ok := r.Rule.(Bounded)
		switch {
		case !(e.Rate >= 0) || math.IsInf(e.Rate, 1):
			e.Advice = "a learning rate must be finite, and 0 or more"
		case ok:
			e.Advice = rule.Stability(&r.Activity, r.Momentum)
		}
		return e
	}
	return nil
}

// Diverged reports whether err says that a run diverged, and how.
func Diverged(err error) (*DivergenceError, bool) {
	var e *DivergenceError
	return e, errors.As(err, &e)
}
