package main

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ventral/fit"
)

// A scoreKind says what --regression does.
type scoreKind int

const (
	regressed scoreKind = iota // fits and predicts
	compared                   // compares without fitting
)

func (s *scoreRun) kind() scoreKind {
	if m, err := s.scoring.chosen(); err == nil && m.similarity != nil {
		return compared
	}
	return regressed
}

// similarityFlags say how rsa and cka compare.
type similarityFlags struct {
	distance, by string
	biased       bool
}

func (f *similarityFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.distance, "distance", "correlation", "rsa: correlation (1 − r), euclidean, squared-euclidean, cosine, given (matrices of dissimilarities), or crossnobis (between trials; squared-euclidean of the features)")
	heading(flags, "distance", "Similarity")
	oneOf(flags, "distance", append(namesOf(fit.Distances), crossnobis)...)
	flags.StringVar(&f.by, "by", "spearman", "rsa: spearman, pearson, kendall (τ-a) or cosine between dissimilarities")
	oneOf(flags, "by", namesOf(fit.RDMComparisons)...)
	flags.BoolVar(&f.biased, "biased", false, "cka: the biased estimator, Brain-Score's until 2026")
}

// crossnobis is the distance that needs single trials.
const crossnobis = "crossnobis"

func namesOf[S ~string](values []S) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return names
}

// statisticsFlags ask for more than a score.
type statisticsFlags struct {
	bootstrap, permutations int
	resample                string
	refit                   bool
	fev                     float64
	commit                  float64
}

func (f *statisticsFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.bootstrap, "bootstrap", 0, "draws of the bootstrap interval (0: none)")
	flags.StringVar(&f.resample, "resample", "both", "what the bootstrap draws: both (stimuli and neuroids), stimuli or neuroids; groups of --group are drawn whole")
	oneOf(flags, "resample", "both", "stimuli", "neuroids")
	heading(flags, "bootstrap", "Statistics")
	flags.IntVar(&f.permutations, "permutations", 0, "permutations of the stimuli, or of the groups of --group whole, for the p-value (0: none)")
	flags.BoolVar(&f.refit, "refit", false, "fit anew to every permutation: p is exact, which with --group it is not without; as many scores as permutations")
	flags.Float64Var(&f.fev, "fev", 0, "explained fraction of the explainable variance, over neuroids with at least this explainable fraction, such as .15 (0: none; needs single trials)")
	flags.Float64Var(&f.commit, "commit", 0, "choose the best layer on this fraction of the stimuli and report its score on the others (0: score every layer)")
}

// resampled are the values of --resample.
var resampled = map[string]fit.Resampled{"both": fit.ResampleBoth, "stimuli": fit.ResampleStimuli, "neuroids": fit.ResampleNeuroids}

func (f *statisticsFlags) bootstrapOptions(seed uint32, groups []string) fit.BootstrapOptions {
	return fit.BootstrapOptions{Draws: f.bootstrap, Seed: uint64(seed), Resample: resampled[f.resample], Groups: groups}
}

// check refuses what can be seen in the flags alone.
func (s *scoreRun) check(flags *pflag.FlagSet) error {
	if err := s.input.check(flags); err != nil {
		return err
	}
	if err := s.scoring.check(); err != nil {
		return err
	}
	s.splitsGiven = flags.Changed("splits") || flags.Changed("train") || flags.Changed("folds")
	s.ceilingGiven = flags.Changed("ceiling")
	st := s.statistics
	switch {
	case s.seed == fit.SeedZero:
		return misused("--seed is %d, expected less", s.seed)
	case s.halves < 1:
		return misused("--ceiling-splits is %d, expected at least 1", s.halves)
	case s.ceilingGiven && s.ceiling == "split-half" && s.input.repetitions == "" && len(s.input.axes) == 0 && strings.HasSuffix(s.input.responses, ".npy"):
		return misused("--ceiling split-half needs single trials: --repetitions, or --responses with --axes")
	case st.bootstrap < 0 || st.permutations < 0:
		return misused("--bootstrap %d and --permutations %d: expected 0 or more", st.bootstrap, st.permutations)
	case st.commit < 0 || st.commit >= 1:
		return misused("--commit is %g, expected a fraction of the stimuli, such as .5", st.commit)
	case st.fev < 0 || st.fev >= 1:
		return misused("--fev is %g, expected a fraction, such as .15", st.fev)
	case st.refit && st.permutations == 0:
		return misused("--refit needs --permutations")
	case s.predictions && s.savePath == "":
		return misused("--predictions needs --save, the file that they go to")
	case st.commit > 0 && (s.input.join || s.scoring.method == banded):
		return misused("--commit chooses among layers, and --join and --regression banded take them together: leave one of them out")
	case st.commit > 0 && (s.reverse || st.refit):
		return misused("--commit goes with neither --reverse nor --refit")
	case st.fev > 0 && s.reverse:
		return misused("--fev is of predicted neuroids, and --reverse predicts features")
	}
	if s.kind() == regressed {
		return s.checkOutputs(flags)
	}
	// What belongs to predictions means nothing to a similarity.
	for _, name := range []string{"commit", "fev", "refit", "reverse", "save", "predictions", "resample", "convention"} {
		if flags.Changed(name) {
			return misused("--%s belongs to a regression, and %s fits nothing", name, s.scoring.method)
		}
	}
	return s.checkOutputs(flags)
}

// givenCeiling reads a ceiling that is given as a number; ok is false for the
// words and for files.
func (s *scoreRun) givenCeiling() (float64, bool) {
	v, err := strconv.ParseFloat(s.ceiling, 64)
	return v, err == nil
}
