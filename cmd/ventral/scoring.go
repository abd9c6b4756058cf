package main

import (
	"context"
	"fmt"
	"math"
	"slices"

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
	methods    []method // that --regression can name in the verb

	given func(flag string) bool // whether the command line has it
}

// add adds the flags of a verb that has these methods beside all regressions.
func (f *scoringFlags) add(flags *pflag.FlagSet, further ...method) {
	f.given, f.methods = flags.Changed, append(slices.Clip(regressions), further...)
	flags.StringVar(&f.method, "regression", "ridgecv", aboutMethods(f.methods))
	heading(flags, "regression", "Regression and splits")
	oneOf(flags, "regression", methodNames(f.methods)...)
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
	m, err := f.chosen()
	if err == nil && m.regression != nil {
		_, err = m.regression(f, problem{})
	}
	switch {
	case err != nil:
		return err
	case f.splits < 1:
		return misused("--splits is %d, expected at least 1", f.splits)
	case !(f.train > 0 && f.train < 1):
		return misused("--train is %g, expected a fraction between 0 and 1", f.train)
	case f.folds < 0 || f.folds == 1:
		return misused("--folds is %d, expected at least 2, or 0 for --splits", f.folds)
	case f.inner < 0 || f.inner == 1:
		return misused("--inner-folds is %d, expected at least 2, or 0", f.inner)
	}
	if err := f.checkFlags(m); err != nil {
		return err
	}
	for _, a := range f.alphas {
		if !(a > 0) || math.IsInf(a, 1) {
			return misused("--alphas has %g, expected positive numbers", a)
		}
	}
	return nil
}

func (f *scoringFlags) conventionOf() fit.Convention { return fit.Convention(f.convention) }

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
	regression, err := f.regression(problem{seed: seed, groups: p.groups})
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

// splitSeed is a seed as numpy's generator of splits takes it.
func splitSeed(seed uint64) uint32 {
	if seed == 0 {
		return fit.SeedZero
	}
	return uint32(seed)
}
