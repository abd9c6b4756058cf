package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"ventral/fit"
)

var scoreVerb = verb{
	name:    "score",
	summary: "score how well features predict recorded responses",
	detail: `
Regresses features onto responses, cross-validated as Brain-Score does, and
prints the score: Pearson's r on held-out stimuli, median over neuroids, mean
over splits, a row for every layer of --features and region of the recordings.
Features and recordings that name their stimuli are aligned by stimulus_id;
others must have them in the same order. Where there are single trials the
split-half ceiling stands beside r.

--regression rsa, cka or procrustes compares all stimuli instead, without
fitting: --distance and --by say how for rsa (--distance given takes features
and responses that are dissimilarity matrices already; crossnobis needs single
trials), --biased for cka. With --splits the score is the mean over test parts.

--bootstrap gives an interval, --permutations a p-value; with several layers
--bootstrap also compares them, pair by pair, on the same splits. --commit .5
chooses the best layer on half of the stimuli and reports its score on the
others, which the choice never saw.

With --group no movie, say, is on both sides of a split, and groups are drawn and
permuted whole. Add --folds, which tests each once, --inner-folds, so that α is
chosen leaving groups out too, and --refit, without which p is too large.

Features in .npy and HDF5 are read by blocks and need not fit into memory.
ventral report puts several --json files side by side.

  ventral score --features layer3.npy --responses v4.npy --regression pls --json score.json
  ventral score --features activations.h5 --responses assembly.nc --stratify object_name \
    --csv scores.csv --figure layers.svg --bootstrap 1000`,
	json: `
The row by itself where there is one; of several, rows and comparisons (between
layers, with --bootstrap: region, window, a, b, difference, low, high, p, p_holm).
Beside these: arguments (every flag), versions, and data, the files that were
read, of each: name, source, items (0), sha256. ventral report shows in which of
them several files differ.

  layer, region, window
  score, error          median over neuroids, mean ± standard error over splits
                        (NaN where there is one split, or none)
  ceiling, ceiled       null where there is none; convention says how it is
                        ceiled
  split_scores          one for each split
  per_neuroid           median over splits
  n_stimuli, n_features, n_neuroids
  n_undefined           correlations (split × neuroid) that do not exist
  permutation           p, null_mean (mean score of the permutations; NaN of a
                        similarity), permutations, refitted, per_neuroid,
                        per_neuroid_fdr
  bootstrap, fev, commitment, chosen
                        where they were asked for or there is something to tell
  regression, parameters, splits, seed, notes, seconds, peak_bytes`,
	flags: func(flags *pflag.FlagSet) action {
		s := &scoreRun{}
		s.input.add(flags)
		s.scoring.add(flags, scoreMethods...)
		flags.BoolVar(&s.reverse, "reverse", false, "predict the features from the responses")
		flags.Uint32Var(&s.seed, "seed", 1, "seed of the splits (Brain-Score: 1) and of all else that is drawn, but for the halves of the ceiling")
		s.similarity.add(flags)
		flags.StringVar(&s.ceiling, "ceiling", "split-half", "split-half (where there are single trials), none, a number, or a .npy file with a ceiling per neuroid")
		heading(flags, "ceiling", "Ceiling")
		examples(flags, "ceiling", "split-half", "none")
		flags.IntVar(&s.halves, "ceiling-splits", 10, "random halves of the split-half ceiling")
		s.statistics.add(flags)
		flags.StringVar(&s.csvPath, "csv", "", "write a row per layer and region to this CSV, while they are scored")
		heading(flags, "csv", "Output")
		flags.StringVar(&s.figurePath, "figure", "", "draw layers × regions as a heat map: .svg or .png")
		flags.StringVar(&s.savePath, "save", "", "write r (n_splits × n_neuroids) and the splits, as rows of --features, to this .npz")
		flags.BoolVar(&s.predictions, "predictions", false, "write the predictions to --save, too")
		return func(ctx context.Context, t *terminal) error {
			if err := s.check(flags); err != nil {
				return err
			}
			return interrupted(ctx, soon(ctx, func() error { return s.run(ctx, t) }))
		}
	},
}

// scoreRun is the verb's flags.
type scoreRun struct {
	input                         scoreInputFlags
	scoring                       scoringFlags
	similarity                    similarityFlags
	statistics                    statisticsFlags
	reverse, predictions          bool
	seed                          uint32
	ceiling                       string
	halves                        int
	csvPath, figurePath, savePath string
	splitsGiven, ceilingGiven     bool
	largest                       int64       // memory foreseen so far
	featureFiles                  []namedFile // of the layers, and their table
	work                          *scoreWork
}

// run scores every layer on every target.
func (s *scoreRun) run(ctx context.Context, t *terminal) error {
	x, err := s.input.open()
	if err != nil {
		return err
	}
	defer x.file.Close()
	s.featureFiles = x.readFiles(s.input.features)
	if s.scoring.method == banded {
		x.joined = true
	}
	// Of the trials, which can be most of what is held, little garbage is to add up.
	percent := debug.SetGCPercent(20)
	targets, err := s.input.targets(x)
	debug.SetGCPercent(percent)
	if err != nil {
		return err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1)) // fitsMemory sets it
	}
	for _, note := range x.notes {
		t.say("note: %s", note)
	}
	out := scoreOutput{run: s}
	for _, target := range targets {
		if err := s.divide(target); err != nil {
			return fmt.Errorf("%s: %w", target.source(s), err)
		}
		for _, note := range target.notes {
			t.say("note: %s", joinTitle(target.title(), note))
		}
	}
	layers := x.scored()
	total := 0
	for _, target := range targets {
		total += s.steps(target, len(layers))
	}
	s.work = &scoreWork{bar: t.bar("scores", total, "steps"), label: "scores"}
	defer s.work.bar.done()
	for _, target := range targets {
		if s.statistics.commit > 0 {
			if err := s.commit(ctx, t, x, target, &out); err != nil {
				return fmt.Errorf("%s on %s: %w", s.input.features, target.source(s), err)
			}
			continue
		}
		var candidates []fit.Candidate
		for i, layer := range layers {
			s.work.name(fmt.Sprintf("%s, %d of %d layers", joinTitle(target.title(), layer), i+1, len(layers)))
			begun := time.Now()
			row, err := s.score(ctx, t, x, layer, target)
			if err != nil {
				return fmt.Errorf("%s, layer %s on %s: %w", s.input.features, layer, target.source(s), err)
			}
			row.Seconds, row.PeakBytes = time.Since(begun).Seconds(), peakBytes()
			out.add(row, target)
			if row.drawn != nil {
				candidates = append(candidates, fit.Candidate{Name: layer, Score: row.drawn})
			}
		}
		if len(candidates) > 1 {
			differences, err := fit.Compare(candidates)
			if err != nil {
				return fmt.Errorf("comparing the layers on %s: %w", target.source(s), err)
			}
			out.compared = append(out.compared, comparedLayers{target, differences})
		}
	}
	s.work.bar.done()
	return out.write(t)
}

// steps is how many fits, permutations and draws of a similarity a target takes.
func (s *scoreRun) steps(target *scoreTarget, layers int) int {
	each := len(target.splits) + s.statistics.permutations
	switch {
	case s.statistics.commit > 0:
		each = 1
	case s.kind() == compared:
		each += s.statistics.bootstrap
	}
	return layers * each
}

// scoreWork counts the steps of a score, which are done on all cores.
type scoreWork struct {
	bar   *bar
	mu    sync.Mutex
	n     int
	label string
}

// name says what the next steps are of.
func (w *scoreWork) name(label string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.label = label
	w.bar.at(w.n, label)
}

func (w *scoreWork) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	w.bar.at(w.n, w.label)
}

// joinTitle puts a title before words, where there is one.
func joinTitle(title, words string) string {
	if title == "" {
		return words
	}
	return title + ": " + words
}

// source names the target in errors.
func (s *scoreTarget) source(run *scoreRun) string {
	file := run.input.responses
	if file == "" {
		file = run.input.repetitions
	}
	if title := s.title(); title != "" {
		return file + " (" + title + ")"
	}
	return file
}
