package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/npy"
)

// divide divides a target's stimuli into training and test parts, and finds its
// ceiling.
func (s *scoreRun) divide(t *scoreTarget) error {
	n, _ := t.responses.Dims()
	if s.kind() == regressed || s.splitsGiven {
		var err error
		if t.splits, err = s.scoring.splitter(t.partition, splitSeed(uint64(s.seed))).Split(n); err != nil {
			return err
		}
	}
	if s.kind() == regressed {
		if err := s.scoring.checkInner(t.partition, t.splits); err != nil {
			return err
		}
	}
	if s.kind() == compared || s.reverse {
		if s.ceilingGiven && s.ceiling != "none" {
			return misused("--ceiling %s: the ceiling is that of predicted neuroids; there is none here", s.ceiling)
		}
		return nil
	}
	switch v, isNumber := s.givenCeiling(); {
	case s.ceiling == "none":
	case isNumber:
		if !(v > 0 && v <= 1) {
			return misused("--ceiling is %g, expected a correlation, more than 0 and at most 1", v)
		}
		t.given = v
	case s.ceiling == "split-half":
		if t.trials == nil {
			if s.ceilingGiven {
				return misused("--ceiling split-half needs single trials: --repetitions, or --responses with repetitions")
			}
			return nil
		}
		c, err := fit.SplitHalf(t.trials, fit.SplitHalfOptions{Splits: s.halves})
		if err != nil {
			return err
		}
		t.ceiling, t.given = c, c.Ceiling
	default:
		return t.readCeiling(s.ceiling)
	}
	return nil
}

// readCeiling reads a ceiling per neuroid, whose median is that of the region.
func (t *scoreTarget) readCeiling(path string) error {
	if filepath.Ext(path) != ".npy" {
		return misused("--ceiling %q: expected split-half, none, a number or a .npy file", path)
	}
	values, shape, err := npy.ReadFile[float64](path)
	if err != nil {
		return err
	}
	if _, q := t.responses.Dims(); len(values) != q {
		return fmt.Errorf("%s has the shape %v, expected a ceiling for each of %d neuroids", path, shape, q)
	}
	for i, v := range values {
		if !(v >= -1 && v <= 1) {
			return fmt.Errorf("%s: the ceiling of neuroid %d is %g, expected a correlation, at most 1", path, i, v)
		}
	}
	t.ceiling = &fit.Ceiling{PerNeuroid: values}
	t.given = median(values)
	return nil
}

// score scores a layer on a target.
func (s *scoreRun) score(ctx context.Context, t *terminal, x *featureSource, layer string, target *scoreTarget) (*scoreJSON, error) {
	features, sizes, err := x.layer(layer, target.rows)
	if err != nil {
		return nil, err
	}
	row := s.newRow(layer, target)
	if s.kind() == compared {
		return row, s.compareLayer(ctx, t, x, row, features, target)
	}
	regression, err := s.regressionOf(sizes, target.partition.groups)
	if err != nil {
		return nil, err
	}
	if err := s.fitsMemory(t, x, layer, regression, features, target); err != nil {
		return nil, err
	}
	responses := target.responses
	if s.reverse {
		if features, responses, err = swap(features, responses); err != nil {
			return nil, err
		}
	}
	if err := s.checkComponents(features, target.splits); err != nil {
		return nil, err
	}
	o := fit.Options{Regression: regression, Splits: target.splits, Ceiling: target.given, Convention: s.scoring.conventionOf(), KeepPredictions: s.wantsPredictions()}
	chosen := newChoices(len(target.splits))
	o.Fitted = func(split int, f fit.Predictor) {
		chosen.take(split, f)
		s.work.tick()
	}
	res, err := fit.Score(ctx, features, responses, o)
	if err != nil {
		return nil, err
	}
	row.fill(res, regression)
	row.Notes = append(row.Notes, s.scoring.splitNotes(target.partition, target.splits)...)
	row.Notes = append(row.Notes, chosen.atTheEnd(row.Parameters)...)
	row.Chosen = chosen.summary(x.layers)
	if err := s.statisticsOf(ctx, row, res, features, responses, target, o); err != nil {
		return nil, err
	}
	return row, nil
}

// checkComponents refuses more components than can be fitted.
func (s *scoreRun) checkComponents(features fit.Features, splits []fit.Split) error {
	_, p := features.Dims()
	train := s.scoring.fewestTrained(partition{}, splits)
	most := min(p, train-1)
	if c := s.scoring.fewestFeatures(); c > max(1, most) {
		return fmt.Errorf("%s with %d components needs as many features and a training stimulus more; there are %d features and %d training stimuli: pass --components %d or less", s.scoring.method, c, p, train, most)
	}
	return nil
}

// regressionOf is the regression for a layer, or layers of the given numbers of
// features side by side.
func (s *scoreRun) regressionOf(sizes []int, groups []string) (fit.Regression, error) {
	return s.scoring.regression(problem{splitSeed(uint64(s.seed)), groups, sizes})
}

// wantsPredictions tells whether the predictions are needed after the score.
func (s *scoreRun) wantsPredictions() bool {
	return s.predictions || s.statistics.bootstrap > 0 || s.statistics.permutations > 0 || s.statistics.fev > 0
}

// swap makes responses of the features, and features of the responses.
func swap(features fit.Features, responses *mat.Dense) (fit.Features, *mat.Dense, error) {
	n, p := features.Dims()
	y := mat.NewDense(n, p, nil)
	if err := features.Columns(y, 0); err != nil {
		return nil, nil, err
	}
	return fit.Dense(responses), y, nil
}

// blasBytes is about what OpenBLAS packs matrices into, per thread, and tileBytes
// where they come in tiles of some hundred rows and columns.
const (
	blasBytes = 15e6
	tileBytes = 3e6
)

// fitsMemory refuses a layer whose score does not fit into memory, says what the
// largest one needs, and keeps the collector from letting garbage add up to as
// much again.
func (s *scoreRun) fitsMemory(t *terminal, x *featureSource, layer string, r fit.Regression, features fit.Features, target *scoreTarget) error {
	n, p := features.Dims()
	_, q := target.responses.Dims()
	if s.reverse {
		p, q = q, p
	}
	train := 0
	for _, split := range target.splits {
		train = max(train, len(split.Train))
	}
	parallel := min(runtime.GOMAXPROCS(0), len(target.splits))
	need := fit.EstimateBytes(r, n, p, q, train, parallel) + 2*8*int64(n)*int64(q) + int64(parallel)*blasBytes
	if s.wantsPredictions() {
		predictions := int64(0)
		for _, split := range target.splits {
			predictions += 8 * int64(len(split.Test)) * int64(q)
		}
		need += predictions * int64(len(x.scored())) // all layers' are kept to be compared
		if s.statistics.bootstrap > 0 {
			need += 7 * predictions // fit.Bootstrap
		}
	}
	return s.reserve(t, x, layer, features, target, need, fmt.Sprintf("%s on %d × %d features and %d neuroids", s.scoring.method, n, p, q), s.wouldFit(parallel, n < p))
}

// reserve is what fitsMemory does with the memory of the work itself, to which
// those of the features and of the trials come.
func (s *scoreRun) reserve(t *terminal, x *featureSource, layer string, features fit.Features, target *scoreTarget, need int64, what, remedy string) error {
	need += fit.ReadingBytes(features)
	if target.trials != nil {
		need += 8 * int64(len(target.trials.Responses))
	}
	for _, name := range x.layers {
		if name == layer || x.joined {
			need += x.file.Bytes(name)
		}
	}
	if err := fits(need+programBytes, what, remedy); err != nil {
		return err
	}
	if need > s.largest {
		s.largest = need
		t.say("%s: about %s of memory are needed", layer, gigabytes(need+programBytes))
		if os.Getenv("GOMEMLIMIT") == "" {
			debug.SetMemoryLimit(need)
		}
	}
	return nil
}

// wouldFit says how a score would need less memory.
func (s *scoreRun) wouldFit(parallel int, dual bool) string {
	words := "use fewer stimuli"
	if !dual {
		words = "use fewer features (ventral activations --pca or --project)"
	}
	if parallel > 1 {
		words = "fit one split at a time (--threads 1), or " + words
	}
	return words
}

// statisticsOf adds what the flags ask for beside the score.
func (s *scoreRun) statisticsOf(ctx context.Context, row *scoreJSON, res *fit.Result, features fit.Features, responses *mat.Dense, target *scoreTarget, o fit.Options) error {
	st, groups := s.statistics, target.partition.groups
	if st.bootstrap > 0 {
		b, err := fit.Bootstrap(ctx, res.Predictions, st.bootstrapOptions(s.seed, groups))
		if err != nil {
			return err
		}
		row.drawn = b
		row.Bootstrap = &intervalJSON{figure(b.Low), figure(b.High), b.Confidence, len(b.Draws), string(b.Resampled), figure(b.Draws.Deviation())}
		row.Notes = append(row.Notes, b.Notes...)
	}
	if st.permutations > 0 {
		po := fit.PermutationOptions{Permutations: st.permutations, Seed: uint64(s.seed), Groups: groups, Done: s.work.tick}
		permute := func() (*fit.Permuted, error) { return fit.Permute(ctx, res.Predictions, po) }
		if st.refit {
			o.KeepPredictions = false
			permute = func() (*fit.Permuted, error) { return fit.PermuteAndRefit(ctx, features, responses, o, po) }
		}
		p, err := permute()
		if err != nil {
			return err
		}
		row.Permutation = &permutationJSON{P: figure(p.P), NullMean: figure(p.Null.Mean()), Permutations: len(p.Null), Refitted: p.Refitted, PerNeuroid: figures(p.PerNeuroid), Corrected: figures(fit.BenjaminiHochberg(p.PerNeuroid))}
		for _, note := range p.Notes {
			if st.commit == 0 { // which goes without --refit
				note += " (--refit fits anew)"
			}
			row.Notes = append(row.Notes, note)
		}
	}
	if st.fev > 0 {
		if target.trials == nil || s.input.responses != "" && s.input.repetitions != "" {
			return misused("--fev needs single trials whose mean is scored: --repetitions without --responses, or --responses with repetitions")
		}
		e, err := fit.FEV(target.trials, res.Predictions, fit.FEVOptions{Floor: st.fev})
		if err != nil {
			return err
		}
		row.FEV = &fevJSON{Median: figure(e.Median), Mean: figure(e.Mean), Floor: e.Floor, Reliable: e.Reliable, PerNeuroid: figures(e.PerNeuroid), Explainable: figures(e.Explainable)}
		row.Notes = append(row.Notes, e.Notes...)
	}
	if target.ceiling != nil {
		if normalised, err := res.Normalised(target.ceiling); err == nil {
			v := figure(normalised.Score)
			row.Normalised = &v
		}
	}
	return nil
}

// compareLayer fills a row with a similarity.
func (s *scoreRun) compareLayer(ctx context.Context, t *terminal, x *featureSource, row *scoreJSON, features fit.Features, target *scoreTarget) error {
	method, err := s.scoring.chosen()
	if err != nil {
		return err
	}
	measure := method.similarity(&s.similarity)
	row.Stimuli, row.Features = features.Dims()
	_, row.Neuroids = target.responses.Dims()
	parallel := 0 // selections compared at a time
	if target.splits != nil || s.statistics.bootstrap > 0 || s.statistics.permutations > 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	need := measure.Bytes(row.Stimuli, row.Features, row.Neuroids, parallel) + 2*8*int64(row.Stimuli)*int64(row.Neuroids) + int64(runtime.GOMAXPROCS(0))*tileBytes
	if err := s.reserve(t, x, row.Layer, features, target, need, fmt.Sprintf("%s of %d stimuli", s.scoring.method, row.Stimuli), "use fewer stimuli, or cka, which needs least"); err != nil {
		return err
	}
	o := fit.SimilarityOptions{Splits: target.splits, Bootstraps: s.statistics.bootstrap, Permutations: s.statistics.permutations, Seed: uint64(s.seed), Done: s.work.tick}
	var res *fit.SimilarityResult
	parameters := maps.Clone(measure.Parameters())
	if s.similarity.distance == crossnobis && s.scoring.method == "rsa" {
		if target.trials == nil {
			return misused("--distance crossnobis needs single trials: --repetitions, or --responses with repetitions")
		}
		if with := len(target.trials.StimulusIDs); with < row.Stimuli {
			return fmt.Errorf("crossnobis needs trials of all stimuli, and %s has those of %d of %d", target.trials.Source, with, row.Stimuli)
		}
		parameters["distance"] = crossnobis + " (features: " + string(fit.SquaredEuclideanDistance) + ")"
		ofFeatures, err := fit.ComputeRDM(ctx, features, fit.SquaredEuclideanDistance)
		if err != nil {
			return err
		}
		ofTrials, err := fit.Crossnobis(ctx, target.trials, fit.CrossnobisOptions{})
		if err != nil {
			return err
		}
		res, err = fit.ScoreRDMs(ctx, fit.RDMComparison(s.similarity.by), ofFeatures, ofTrials, o)
		if err != nil {
			return err
		}
	} else if res, err = fit.ScoreSimilarity(ctx, measure, features, fit.Dense(target.responses), o); err != nil {
		return err
	}
	row.Score, row.Error, row.SplitScores = figure(res.Score), errorOver(res.SplitScores, res.Error), figures(res.SplitScores)
	row.PerNeuroid = []figure{}
	row.Parameters = parameters
	for _, note := range res.Notes { // of crossnobis: x and y
		for side, words := range map[string]string{"x: ": "features: ", "y: ": "responses: "} {
			if rest, ok := strings.CutPrefix(note, side); ok {
				note = words + rest
			}
		}
		row.Notes = append(row.Notes, note)
	}
	row.Negative = res.Score < 0
	if o.Bootstraps > 0 {
		row.Bootstrap = &intervalJSON{figure(res.Low), figure(res.High), .95, o.Bootstraps, string(fit.ResampleStimuli), figure(math.NaN())}
	}
	if o.Permutations > 0 {
		row.Permutation = &permutationJSON{P: figure(res.P), NullMean: figure(math.NaN()), Permutations: o.Permutations}
	}
	return nil
}

// rowsOf are the rows, of those given (nil: all), of a part of the stimuli.
func rowsOf(rows, part []int) []int {
	if rows == nil {
		return part
	}
	return byRow(rows, part)
}

// rowsWith are the rows of all whose name is among some.
func rowsWith(all, some []string) (rows []int) {
	for i, name := range all {
		if slices.Contains(some, name) {
			rows = append(rows, i)
		}
	}
	return rows
}

// commit chooses a layer on a part of the stimuli and reports it on the others.
func (s *scoreRun) commit(ctx context.Context, t *terminal, x *featureSource, target *scoreTarget, out *scoreOutput) error {
	begun, seed := time.Now(), splitSeed(uint64(s.seed))
	regression, err := s.scoring.regression(problem{seed: seed, groups: target.partition.groups})
	if err != nil {
		return err
	}
	var layers []fit.Layer
	for _, name := range x.layers {
		features, _, err := x.layer(name, target.rows)
		if err != nil {
			return err
		}
		if err := s.fitsMemory(t, x, name, regression, features, target); err != nil {
			return err
		}
		layers = append(layers, fit.Layer{Name: name, Open: func() (fit.Features, error) {
			s.work.name(joinTitle(target.title(), name))
			s.work.tick()
			features, _, err := x.layer(name, target.rows)
			return features, err
		}})
	}
	part := *target // that is reported on
	c, err := fit.Commit(ctx, layers, target.responses, fit.CommitOptions{
		Selection: s.statistics.commit, Seed: seed, Groups: target.partition.groups, Labels: target.partition.labels,
		Within: func(rows []int) fit.Splitter { return s.scoring.splitter(target.partition.of(rows), seed) },
		Regression: func(rows []int) fit.Regression {
			r, _ := s.scoring.regression(problem{seed: seed, groups: target.partition.of(rows).groups}) // as above, without an error
			return r
		},
		Ceiling: func(rows []int) (float64, error) {
			part.partition, part.rows = target.partition.of(rows), rowsOf(target.rows, rows)
			part.ids = byRow(target.ids, rows)
			if target.trials == nil {
				return target.given, nil
			}
			part.trials = target.trials.Stimuli(rowsWith(target.trials.StimulusIDs, part.ids))
			if s.ceiling != "split-half" {
				return target.given, nil
			}
			ceiling, err := fit.SplitHalf(part.trials, fit.SplitHalfOptions{Splits: s.halves})
			if err != nil {
				return 0, err
			}
			part.ceiling, part.given = ceiling, ceiling.Ceiling
			return ceiling.Ceiling, nil
		},
		Score: fit.Options{Ceiling: target.given, Convention: s.scoring.conventionOf(), KeepPredictions: s.wantsPredictions()},
	})
	if err != nil {
		return err
	}
	row := s.newRow(c.Layer, target)
	row.fill(c.Report, regression)
	row.Notes = append(row.Notes, s.scoring.splitNotes(target.partition.of(c.ReportRows), c.Report.Splits)...)
	row.Commitment = &commitmentJSON{Selection: len(c.SelectionRows), Scores: map[string]figure{}}
	for _, l := range c.Selection {
		row.Commitment.Scores[l.Layer] = figure(l.Result.Score)
	}
	if err := s.statisticsOf(ctx, row, c.Report, nil, nil, &part, fit.Options{}); err != nil {
		return err
	}
	row.Seconds, row.PeakBytes = time.Since(begun).Seconds(), peakBytes()
	out.add(row, &part)
	return nil
}

// newRow begins the row of a layer on a target.
func (s *scoreRun) newRow(layer string, target *scoreTarget) *scoreJSON {
	row := &scoreJSON{
		Layer: layer, Region: target.region, Regression: s.scoring.method, Seed: s.seed,
		Splits: s.scoring.splitWords(target.partition), Notes: []string{},
	}
	if target.splits == nil && s.kind() == compared {
		row.Splits = "all stimuli"
	}
	if target.measured != (fit.Window{}) {
		row.Window = target.measured.String()
	}
	return row
}

// fill fills a row with the result of a regression.
func (row *scoreJSON) fill(res *fit.Result, r fit.Regression) {
	row.Score, row.Error = figure(res.Score), errorOver(res.SplitScores, res.Error)
	row.SplitScores, row.PerNeuroid = figures(res.SplitScores), figures(res.PerNeuroid)
	row.Stimuli, row.Features, row.Neuroids, row.Undefined = res.Stimuli, res.Features, res.Neuroids, res.Undefined
	row.Negative, row.Notes = res.Negative, append(row.Notes, res.Notes...)
	row.Convention = res.Convention
	row.Parameters = map[string]any{}
	for k, v := range r.Parameters() {
		row.Parameters[k] = v
	}
	if res.Ceiling != 0 {
		c, ceiled := figure(res.Ceiling), figure(res.Ceiled)
		row.Ceiling, row.Ceiled = &c, &ceiled
		row.Under = map[string]figure{}
		for _, v := range []fit.Convention{fit.SquaredOverCeiling, fit.RatioSquared} {
			if other, err := res.CeiledUnder(v); err == nil {
				row.Under[string(v)] = figure(other)
			}
		}
	}
	row.result = res
}
