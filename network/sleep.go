package network

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"ventral/neuron"
)

// Sleep is a phase in which the locally connected layers share weights: the
// filters of a pool, the neurons of a channel whose positions have the same
// phase, are pulled together. Convolutions are left as they are.
//
// Method "instant" (the default) is Model.Sleep: every filter becomes the mean of
// its pool, borders included. The other methods show patterns x, drawn anew for
// every step and tiled over a layer's input with the period of its kernel, so
// that all neurons of a pool see the same. z_i = w_iᵀx is the drive of neuron i,
// and ⟨…⟩ the mean over the step's patterns.
//
// Method "hebbian" is the mean-field rule
//
//	Δw_i = −η [ ⟨(z_i − z̄) x⟩ + γ (w_i − w_i⁰) ],
//
// w⁰ being the weights before the sleep and z̄ the mean over the pool.
//
// Method "circuit" is the lateral circuit, neurons that an inhibitory one tells
// the pool's mean, with plasticity about the baseline b, in its steady state
// r_i = b + z_i − α r_inh, r_inh = z̄/(1+α):
//
//	Δw_i = −η [ ⟨(r_i − b) x⟩ + γ (w_i − w_i⁰) ].
//
// Its finite α shrinks the mean filter. Corrected, it learns about b + r_inh,
// which gives r_i − b − r_inh = z_i − z̄: the mean-field rule for any α.
//
// The pools of these two are the positions whose receptive field lies wholly on
// the input. Neurons at the border, whose field touches the padding, would only
// be pulled to where they are: they do not move. Nor does a bias.
//
// # How it is computed
//
// With C_t = ⟨xxᵀ⟩ (d × d) over the patterns of step t, the deviations D_i = w_i − w̄
// from the pool's mean filter w̄ obey, for every neuron and every channel alike,
//
//	D ← D − η [ C_t D + γ (D − D⁰) ],
//
// and the mean filter, as Σ_i D_i = 0,
//
//	w̄ ← w̄ − η [ C_t w̄ / (1+α) + γ (w̄ − w̄⁰) ],
//
// α being infinite in the mean-field rule and the corrected circuit: there w̄ is
// conserved. Both are linear in their start. So a whole sleep is one matrix P,
//
//	P₀ = I,  P ← P − η [ C_t P + γ (P − I) ],  D_end = P D⁰,
//
// found once per layer in float64 and applied once. A pool of another phase sees
// the patterns rolled cyclically by R, a permutation of the field's elements: its
// matrix is R P Rᵀ. The cost is 4·Steps·Patterns·d² operations for P and 2·N·d²
// for the N filters of the layer (all positions and channels), where the steps
// one by one take 4·Steps·Patterns·d·N. In groups of channels there is a P for
// every group.
//
// # Stability
//
// A step contracts all deviations if η (λ_max(C_t) + γ) < 2. White noise has
// λ_max ≈ (1 + √(d/Patterns))², so that with the defaults steps begin to amplify
// some deviations beyond d ≈ 1540. As the patterns are new in every step, another
// step may undo that: the mean square of the deviations shrinks under white noise
// as long as η (1 + (d+1)/Patterns) < 2, with the defaults up to d ≈ 2430. What
// counts is the whole sleep: one after which some deviation may be larger than
// before, the largest singular value of P being above 1, is an error. With the
// defaults d = 2016 still shares, and d = 2304 is an error.
//
// Source: Pogodin et al. 2021, arXiv:2106.13031, as in the authors' code; the
// reduction to P, the correction and the normalised step are ours.
type Sleep struct {
	Method string `json:"method"` // "" = "instant", "hebbian" or "circuit"

	// Of hebbian and circuit sleep.
	Steps        int     `json:"steps"`         // 0 = 100
	Patterns     int     `json:"patterns"`      // in a step; 0 = 128
	LearningRate float64 `json:"learning_rate"` // η; 0 = 0.1, and 1 where Normalised
	Gamma        float64 `json:"gamma"`         // γ, the pull to the weights before the sleep; 0 = 1e-5, below 0 none
	// Normalised divides η by λ_max(C_t) in every step, which is stable for any
	// fan-in as long as LearningRate < 2. λ_max is the Rayleigh quotient after 50
	// iterations of the power method, at most some 0.5 % below the true one in
	// white noise.
	Normalised bool `json:"normalised"`

	// Of circuit sleep.
	Alpha     float64 `json:"alpha"`     // α, the strength of the inhibitory feedback; 0 = 10
	Corrected bool    `json:"corrected"` // the plasticity threshold is b + r_inh, not b

	Layers []string `json:"layers,omitempty"` // filter layers that sleep; none = every locally connected one
	Every  int      `json:"every"`            // steps between records; 0 = a tenth of Steps
	Seed   uint64   `json:"seed"`             // of the patterns

	// Stimuli opens the patterns of a layer; nil = white noise, independent
	// N(0, 1) values.
	Stimuli SleepStimuli `json:"-"`
}

// The methods of Sleep.
const (
	InstantSleep = "instant"
	HebbianSleep = "hebbian"
	CircuitSleep = "circuit"
)

// SleepMethods are the values of Sleep.Method.
func SleepMethods() []string { return []string{InstantSleep, HebbianSleep, CircuitSleep} }

// A SleepLayer is what a layer needs to see in sleep.
type SleepLayer struct {
	Name     string
	Channels int         // C_in
	Kernel   neuron.Size // k × k: the period of the patterns
	Seed     uint64      // the layer's own, for patterns that are random
}

// SleepStimuli opens the patterns that a layer is shown. It is called once for
// every layer and sleep.
type SleepStimuli func(SleepLayer) (SleepPatterns, error)

// SleepPatterns are the patterns of one layer. In the sleep that is number phase
// of a training, from 0, step t, from 0, shows the patterns (phase·Steps +
// t)·Patterns + b, b < Patterns.
type SleepPatterns interface {
	// Pattern writes pattern i (from 0) into x: C_in × k × k values,
	// channel-major. It is called from several goroutines.
	Pattern(i int, x []float64) error
}

// A SleepRecord is the state of a layer after Step steps of its sleep. Step 0 is
// before it; instant sharing is one step.
type SleepRecord struct {
	Layer string
	Step  int
	// PoolSNR is plasticity.SNR within the pools of the positions whose receptive
	// field touches no padding: the mean over weights and pools, what sleep raises.
	// It is NaN where no such pool has two neurons, and +Inf where a weight is the
	// same in a whole pool.
	PoolSNR float64
	// SNR is that over all positions of the sheet (Model.SNR). Unless the kernel is
	// 1×1 it stays small, as pools of different phase share nothing, nor do
	// positions at the border.
	SNR   float64
	Drift float64 // ‖W − W⁰‖/‖W⁰‖ over all weights of the layer
	// MeanNorm and MeanCosine compare the mean filters w̄ of these pools with those
	// before the sleep: ‖w̄‖/‖w̄⁰‖ and the cosine, mean over pools and channels, NaN
	// where there is no such pool.
	MeanNorm   float64
	MeanCosine float64
}

// More than anybody needs, and the patterns of all sleeps can be counted.
const (
	maxSteps    = 1 << 24
	maxPatterns = 1 << 20
)

// withDefaults fills in what is zero, or says what makes no sleep.
func (s Sleep) withDefaults() (Sleep, error) {
	setInt := func(v *int, to int) {
		if *v == 0 {
			*v = to
		}
	}
	set := func(v *float64, to float64) {
		if *v == 0 {
			*v = to
		}
	}
	if s.Method == "" {
		s.Method = InstantSleep
	}
	setInt(&s.Steps, 100)
	setInt(&s.Patterns, 128)
	setInt(&s.Every, max(1, s.Steps/10))
	set(&s.Gamma, 1e-5)
	s.Gamma = max(s.Gamma, 0)
	set(&s.Alpha, 10)
	if s.Normalised {
		set(&s.LearningRate, 1)
	}
	set(&s.LearningRate, .1)
	switch {
	case !slices.Contains(SleepMethods(), s.Method):
		return s, fmt.Errorf("unknown method %q; known are %s", s.Method, strings.Join(SleepMethods(), ", "))
	case s.Steps < 0 || s.Patterns < 0 || s.Every < 0 || s.Steps > maxSteps || s.Patterns > maxPatterns:
		return s, fmt.Errorf("%d steps of %d patterns, a record every %d: expected positive numbers, at most %d steps and %d patterns", s.Steps, s.Patterns, s.Every, maxSteps, maxPatterns)
	case !(s.LearningRate > 0) || math.IsInf(s.LearningRate, 1):
		return s, fmt.Errorf("learning rate %g, expected a positive number", s.LearningRate)
	case math.IsNaN(s.Gamma) || math.IsInf(s.Gamma, 1):
		return s, fmt.Errorf("γ = %g, expected a finite number", s.Gamma)
	case !(s.Alpha > 0): // +Inf is the mean-field rule
		return s, fmt.Errorf("α = %g, expected a positive number", s.Alpha)
	}
	return s, nil
}

// Check returns an error that says which setting makes no sleep.
func (s Sleep) Check() error {
	if _, err := s.withDefaults(); err != nil {
		return fmt.Errorf("network: sleep: %w", err)
	}
	return nil
}

// keepsMean reports whether the mean filter is conserved.
func (s Sleep) keepsMean() bool {
	return s.Method != CircuitSleep || s.Corrected || math.IsInf(s.Alpha, 1)
}

// Run lets the model sleep, layer by layer from the image on. phase is the number
// of this sleep within a training, from 0: every sleep has its own patterns,
// which depend on Seed, phase, layer and step alone. observe, unless it is nil,
// is called for every layer at step 0, after every Every steps and at the end.
// The running statistics of batch normalisation stay those of the activity before
// the sleep; Model.RenewStatistics sets them.
//
// Errors are those of Check, a name in Layers that is no locally connected layer,
// those of the patterns and of observe, the context's, and *SleepDivergence, which
// the layer's name comes before. A sleep that ends with an error has not been: all
// layers have the weights that they had before. A done context ends it within a
// step, less than a second where the filters have up to some 4,000 weights.
//
// Memory: the weights of the layers that sleep once more, but for instant sleep
// that nobody observes.
//
// The same weights, settings and patterns give the same bits on any number of
// cores. Adam's moments are left as they are.
func (s Sleep) Run(ctx context.Context, m *Model, phase uint64, observe func(SleepRecord) error) error {
	s, err := s.withDefaults()
	if err != nil {
		return fmt.Errorf("network: sleep: %w", err)
	}
	if err := s.of(m); err != nil {
		return err
	}
	if most := uint64(math.MaxInt / (s.Steps * s.Patterns)); phase >= most {
		return fmt.Errorf("network: sleep %d: its patterns cannot be counted, expected less than %d", phase, most)
	}
	var sleeping []*filters
	for _, f := range m.filters {
		if f.local && (s.Layers == nil || slices.Contains(s.Layers, f.name)) {
			sleeping = append(sleeping, f)
		}
	}
	if s.Method == InstantSleep && observe == nil {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("network: sleep: %w", err)
		}
		share(sleeping) // all at once
		return nil
	}
	before := make([][]float32, len(sleeping))
	for i, f := range sleeping {
		before[i] = slices.Clone(f.weights.w)
		if err := s.layer(ctx, f, before[i], slices.Index(m.filters, f), int(phase), observe); err != nil {
			for j, b := range before[:i+1] {
				copy(sleeping[j].weights.w, b)
			}
			return fmt.Errorf("network: sleep of layer %s: %w", f.name, err)
		}
	}
	return nil
}

// of returns an error if the model has no such layers that could sleep.
func (s Sleep) of(m *Model) error {
	local := m.localNames()
	if len(local) == 0 {
		return errors.New("network: sleep: no layer is locally connected: there is nothing to share")
	}
	for _, name := range s.Layers {
		if !slices.Contains(local, name) {
			return noLayer(name, local, "network: sleep: no locally connected layer %q; there are %s", name, strings.Join(local, ", "))
		}
	}
	return nil
}

// localNames are the names of the locally connected layers.
func (m *Model) localNames() []string {
	names := []string{}
	for _, f := range m.filters {
		if f.local {
			names = append(names, f.name)
		}
	}
	return names
}

// layer is the sleep of one layer, whose weights before it are given. index is its
// number among the filter layers.
func (s Sleep) layer(ctx context.Context, f *filters, before []float32, index, phase int, observe func(SleepRecord) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l := newSleeper(f, before)
	if math.IsNaN(l.norm) || math.IsInf(l.norm, 0) {
		return errors.New("its weights are not finite before the sleep")
	}
	record := func(step int) error {
		if observe == nil {
			return nil
		}
		return observe(l.record(step))
	}
	if err := record(0); err != nil {
		return err
	}
	if s.Method == InstantSleep {
		share([]*filters{f})
		return record(1)
	}
	if !l.canChange(s) {
		return record(s.Steps)
	}
	patterns, err := s.open(f, index)
	if err != nil {
		return err
	}
	run := sleepRun{Sleep: s, sleeper: l, patterns: patterns, first: phase * s.Steps * s.Patterns}
	run.begin()
	for step := 0; step < s.Steps; {
		to := s.Steps
		if observe != nil {
			to = min(to, (step/s.Every+1)*s.Every)
		}
		if err := run.advance(ctx, step, to); err != nil {
			return err
		}
		step = to
		if step == s.Steps {
			if err := run.contracted(ctx); err != nil {
				return err
			}
		}
		if observe != nil || step == s.Steps {
			if err := run.apply(ctx); err != nil {
				return err
			}
			if err := record(step); err != nil {
				return err
			}
		}
	}
	return nil
}
