package main

import (
	"context"
	"fmt"
	"math"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"ventral/fit"
)

// scoringFlags are the flags of the verbs that score.
type scoringFlags struct {
	method     string
	components int
	alpha      float64
	splits     int
	train      float64
	convention string
}

func (f *scoringFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.method, "regression", "ridgecv", "ridgecv (leave-one-out α per neuroid), ridge, pls or linear")
	flags.IntVar(&f.components, "components", 25, "components of pls")
	flags.Float64Var(&f.alpha, "alpha", 1, "penalty of ridge")
	flags.IntVar(&f.splits, "splits", 10, "cross-validation splits")
	flags.Float64Var(&f.train, "train", 0.9, "fraction of the stimuli in the training part of a split")
	flags.StringVar(&f.convention, "convention", string(fit.SquaredOverCeiling), "ceiled score: "+string(fit.SquaredOverCeiling)+" (Brain-Score since 2026) or "+string(fit.RatioSquared)+" (before)")
}

// check returns a usage error for a value that makes no score.
func (f *scoringFlags) check() error {
	if _, err := f.regression(); err != nil {
		return err
	}
	switch {
	case f.splits < 1:
		return misused("--splits is %d, expected at least 1", f.splits)
	case !(f.train > 0 && f.train < 1):
		return misused("--train is %g, expected a fraction between 0 and 1", f.train)
	case f.conventionOf() != fit.SquaredOverCeiling && f.conventionOf() != fit.RatioSquared:
		return misused("--convention %q: expected %s or %s", f.convention, fit.SquaredOverCeiling, fit.RatioSquared)
	}
	return nil
}

func (f *scoringFlags) conventionOf() fit.Convention { return fit.Convention(f.convention) }

// regression is the regression that the flags name.
func (f *scoringFlags) regression() (fit.Regression, error) {
	switch f.method {
	case "ridgecv":
		return fit.RidgeCV{}, nil
	case "ridge":
		if !(f.alpha > 0) || math.IsInf(f.alpha, 1) {
			return nil, misused("--alpha is %g, expected a positive number (0 is --regression linear)", f.alpha)
		}
		return fit.Ridge{Alpha: f.alpha}, nil
	case "pls":
		if f.components < 1 {
			return nil, misused("--components is %d, expected at least 1", f.components)
		}
		return fit.PLS{Components: f.components}, nil
	case "linear":
		return fit.Linear{}, nil
	}
	return nil, misused("--regression %q: expected ridgecv, ridge, pls or linear", f.method)
}

// A regionScorer scores layers against one region, always on the same splits.
type regionScorer struct {
	region    string
	responses *mat.Dense
	options   fit.Options
}

func newRegionScorer(rec *record, f scoringFlags, regression fit.Regression, seed uint32) (*regionScorer, regionResult, error) {
	a := rec.assembly
	g := regionResult{
		Region: a.Region, Source: a.Source, Simulated: rec.simulated,
		Stimuli: len(a.StimulusIDs), Repetitions: a.Repetitions, Neuroids: len(a.Neuroids),
	}
	splits, words, err := rec.splits(f, seed)
	if err != nil {
		return nil, g, err
	}
	g.Splits, g.TestStimuli = words, len(splits[0].Test)
	for _, s := range splits {
		g.TestStimuli = min(g.TestStimuli, len(s.Test))
	}
	s := &regionScorer{a.Region, rec.responses, fit.Options{Regression: regression, Splits: splits, Convention: f.conventionOf()}}
	if a.Repetitions < 2 { // nothing to compute a ceiling from: r stands by itself
		g.Ceiling, g.CeilingError = figure(math.NaN()), figure(math.NaN())
		return s, g, nil
	}
	c, err := fit.SplitHalf(a, fit.SplitHalfOptions{})
	if err != nil {
		return nil, g, err
	}
	g.Ceiling, g.CeilingError, g.ceilingUndefined = figure(c.Ceiling), figure(c.Error), c.Undefined
	s.options.Ceiling = c.Ceiling
	return s, g, nil
}

// score appends the score of one layer, whose activations are x, to r.
func (s *regionScorer) score(ctx context.Context, r *results, network, layer string, features int, x *mat.Dense) error {
	res, err := fit.Score(ctx, fit.Dense(x), s.responses, s.options)
	if err != nil {
		return fmt.Errorf("%s, layer %s on %s: %w", network, layer, s.region, err)
	}
	r.Scores = append(r.Scores, layerScore{
		Network: network, Layer: layer, Region: s.region, Features: features,
		R: figure(res.Score), Error: figure(res.Error), Ceiled: figure(res.Ceiled), Negative: res.Negative, Undefined: res.Undefined,
	})
	return nil
}

// words describes the regression to a reader.
func (f *scoringFlags) words() string {
	switch f.method {
	case "ridgecv":
		return "ridge with leave-one-out α per neuroid"
	case "ridge":
		return fmt.Sprintf("ridge (α = %g)", f.alpha)
	case "pls":
		return fmt.Sprintf("PLS (%d components)", f.components)
	}
	return "least squares"
}

// splitSeed is a seed as numpy's generator of splits takes it.
func splitSeed(seed uint64) uint32 {
	if seed == 0 {
		return fit.SeedZero
	}
	return uint32(seed)
}
