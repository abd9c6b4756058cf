package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"ventral/fit"
)

// scoringFlags are the flags of the verbs that score.
type scoringFlags struct {
	method     string
	components int
	alpha      float64
	alphas     []float64
	shared     bool
	inner      int
	splits     int
	train      float64
	folds      int
	convention string
	further    []string // what --regression can name in the verb beside regressions

	given func(flag string) bool // whether the command line has it
}

// belongs says which values of --regression a flag means something to.
var belongs = []struct {
	flag    string
	methods []string
}{
	{"components", []string{"pls", "plscv"}},
	{"alpha", []string{"ridge"}},
	{"alphas", []string{"ridgecv", banded}},
	{"shared-alpha", []string{"ridgecv"}},
	{"inner-folds", []string{"ridgecv", "plscv"}},
	{"distance", []string{"rsa"}},
	{"by", []string{"rsa"}},
	{"biased", []string{"cka"}},
}

func (f *scoringFlags) add(flags *pflag.FlagSet) {
	f.given = flags.Changed
	flags.StringVar(&f.method, "regression", "ridgecv", "ridgecv (leave-one-out α per neuroid), pls, ridge, linear, plscv (chooses the components), one-to-one")
	heading(flags, "regression", "Regression and splits")
	oneOf(flags, "regression", append(slices.Clip(regressions), f.further...)...)
	flags.IntVar(&f.components, "components", 25, "components of pls, or the most that plscv may choose")
	flags.Float64Var(&f.alpha, "alpha", 1, "penalty of ridge")
	flags.Float64SliceVar(&f.alphas, "alphas", nil, "penalties, `numbers`, that ridgecv chooses among (default: Brain-Score's 99 from .01 to 1e7)")
	flags.Lookup("alphas").DefValue = "" // nil reads as []
	flags.BoolVar(&f.shared, "shared-alpha", false, "ridgecv chooses one α for all neuroids")
	flags.IntVar(&f.inner, "inner-folds", 0, "folds inside the training part that ridgecv and plscv choose on, which keep groups together (0: ridgecv leaves each stimulus out, plscv has 10 folds, or as many as there are groups)")
	flags.IntVar(&f.splits, "splits", 10, "cross-validation splits")
	flags.Float64Var(&f.train, "train", 0.9, "fraction of the stimuli (of the groups) in the training part of a split")
	flags.IntVar(&f.folds, "folds", 0, "folds in place of --splits: every stimulus (group) is tested once (0: none)")
	flags.StringVar(&f.convention, "convention", string(fit.SquaredOverCeiling), "ceiled score: "+string(fit.SquaredOverCeiling)+" (Brain-Score since 2026) or "+string(fit.RatioSquared)+" (before)")
	oneOf(flags, "convention", string(fit.SquaredOverCeiling), string(fit.RatioSquared))
}

// check returns a usage error for a value that makes no score.
func (f *scoringFlags) check() error {
	if _, err := f.regression(0, nil); err != nil && !slices.Contains(f.further, f.method) {
		return err
	}
	switch {
	case f.splits < 1:
		return misused("--splits is %d, expected at least 1", f.splits)
	case !(f.train > 0 && f.train < 1):
		return misused("--train is %g, expected a fraction between 0 and 1", f.train)
	case f.folds < 0 || f.folds == 1:
		return misused("--folds is %d, expected at least 2, or 0 for --splits", f.folds)
	case f.inner < 0 || f.inner == 1:
		return misused("--inner-folds is %d, expected at least 2, or 0", f.inner)
	}
	for _, b := range belongs {
		if f.given(b.flag) && !slices.Contains(b.methods, f.method) {
			return misused("--%s is for --regression %s, and means nothing to %s", b.flag, strings.Join(b.methods, " and "), f.method)
		}
	}
	for _, a := range f.alphas {
		if !(a > 0) || math.IsInf(a, 1) {
			return misused("--alphas has %g, expected positive numbers", a)
		}
	}
	return nil
}

func (f *scoringFlags) conventionOf() fit.Convention { return fit.Convention(f.convention) }

// regressions are what --regression can name, in the order of the help.
var regressions = []string{"ridgecv", "pls", "ridge", "linear", "plscv", "one-to-one"}

// regression is the regression that the flags name. Folds inside the training
// part keep the groups, one name per stimulus or nil, together.
func (f *scoringFlags) regression(seed uint32, groups []string) (fit.Regression, error) {
	switch f.method {
	case "ridgecv":
		alphas := f.alphas
		if len(alphas) == 0 {
			alphas = nil // the default: an empty list is an error
		}
		return fit.RidgeCV{Alphas: alphas, Shared: f.shared, Folds: f.inner, Seed: seed, Groups: groups}, nil
	case "pls", "plscv":
		if f.components < 1 {
			return nil, misused("--components is %d, expected at least 1", f.components)
		}
		if f.method == "plscv" {
			return fit.PLSCV{Components: f.components, Folds: f.inner, Seed: seed, Groups: groups}, nil
		}
		return fit.PLS{Components: f.components}, nil
	case "ridge":
		if !(f.alpha > 0) || math.IsInf(f.alpha, 1) {
			return nil, misused("--alpha is %g, expected a positive number (0 is --regression linear)", f.alpha)
		}
		return fit.Ridge{Alpha: f.alpha}, nil
	case "linear":
		return fit.Linear{}, nil
	case "one-to-one":
		return fit.OneToOne{}, nil
	}
	return nil, misused("--regression %q: expected %s", f.method, strings.Join(append(slices.Clip(regressions), f.further...), ", "))
}

// A partition says how stimuli may be divided: groups, e.g. movies, stay on one
// side; labels, e.g. objects, are on both sides in proportion. One name per
// stimulus, or nil; not both.
type partition struct {
	groups, labels []string
	words          string // "grouped by movie"
}

// of is the partition of some of the stimuli.
func (p partition) of(rows []int) partition {
	some := partition{words: p.words}
	if p.groups != nil {
		some.groups = byRow(p.groups, rows)
	}
	if p.labels != nil {
		some.labels = byRow(p.labels, rows)
	}
	return some
}

// splitter is the cross-validation that the flags ask for.
func (f *scoringFlags) splitter(p partition, seed uint32) fit.Splitter {
	switch {
	case f.folds > 0 && p.groups != nil:
		return fit.GroupKFold{Folds: f.folds, Groups: p.groups}
	case f.folds > 0 && p.labels != nil:
		return fit.StratifiedKFold{Folds: f.folds, Seed: seed, Labels: p.labels}
	case f.folds > 0:
		return fit.KFold{Folds: f.folds, Seed: seed}
	case p.groups != nil:
		return fit.GroupShuffleSplit{Splits: f.splits, Train: f.train, Seed: seed, Groups: p.groups}
	case p.labels != nil:
		return fit.StratifiedShuffleSplit{Splits: f.splits, Train: f.train, Seed: seed, Labels: p.labels}
	}
	return fit.ShuffleSplit{Splits: f.splits, Train: f.train, Seed: seed}
}

// splitWords describes the splits to a reader.
func (f *scoringFlags) splitWords(p partition) string {
	words := fmt.Sprintf("%d × %.4g %%", f.splits, 100*f.train)
	if f.folds > 0 {
		words = fmt.Sprintf("%d folds", f.folds)
	}
	if p.words != "" {
		words += ", " + p.words
	}
	return words
}

// A regionScorer scores layers against one region, always on the same splits.
type regionScorer struct {
	region    string
	responses *mat.Dense
	options   fit.Options
}

func newRegionScorer(rec *record, f scoringFlags, seed uint32) (*regionScorer, regionResult, error) {
	a := rec.assembly
	g := regionResult{
		Region: a.Region, Source: a.Source, Simulated: rec.simulated,
		Stimuli: len(a.StimulusIDs), Repetitions: a.Repetitions, Neuroids: len(a.Neuroids),
	}
	p, err := rec.partition()
	if err != nil {
		return nil, g, err
	}
	splits, err := f.splitter(p, seed).Split(rec.stimuli.Len())
	if err != nil {
		return nil, g, err
	}
	if err := f.checkInner(p, splits); err != nil {
		return nil, g, err
	}
	g.notes = f.splitNotes(p, splits)
	regression, err := f.regression(seed, p.groups)
	if err != nil {
		return nil, g, err
	}
	g.Splits, g.TestStimuli = f.splitWords(p), smallestTest(splits)
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
		R: figure(res.Score), Error: errorOver(res.SplitScores, res.Error), Ceiled: figure(res.Ceiled), Negative: res.Negative, Undefined: res.Undefined,
		perNeuroid: res.PerNeuroid,
	})
	return nil
}

// words describes the regression to a reader.
func (f *scoringFlags) words() string {
	switch f.method {
	case "ridgecv":
		per := "neuroid"
		if f.shared {
			per = "region"
		}
		if f.inner > 0 {
			return fmt.Sprintf("ridge with α per %s from %d folds", per, f.inner)
		}
		return "ridge with leave-one-out α per " + per
	case "ridge":
		return fmt.Sprintf("ridge (α = %g)", f.alpha)
	case "pls":
		return fmt.Sprintf("PLS (%d components)", f.components)
	case "plscv":
		return fmt.Sprintf("PLS (up to %d components)", f.components)
	case "one-to-one":
		return "the best single feature"
	case banded:
		return "ridge with leave-one-out penalties per layer and neuroid"
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

// features returns the fewest features that the regression needs.
func (f *scoringFlags) fewestFeatures() int {
	if slices.Contains([]string{"pls", "plscv"}, f.method) {
		return f.components
	}
	return 1
}
