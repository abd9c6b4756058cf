package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/npy"
)

var scoreVerb = verb{
	name:    "score",
	summary: "score how well features predict recorded responses",
	detail: `
Regresses features (n_stimuli × n_features, .npy) onto responses (n_stimuli ×
n_neuroids, .npy), cross-validated as Brain-Score does, and prints the score:
Pearson's r on held-out stimuli, median over neuroids, mean over splits.
Rows of both are the same stimuli in the same order. With --repetitions the
split-half ceiling is computed, and where there are no --responses they are the
mean over the repetitions, aligned with the features by stimulus_id where the
file of trials names its stimuli.

  ventral score --features layer3.npy --responses v4.npy --regression pls --json score.json`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			features, responses, repetitions, group, stratify string
			jsonPath, savePath, ceiling                       string
			region, dataset, stimulusTable                    string
			order                                             []int // feature rows in the order of the trials' stimuli; nil: as they are
			axes                                              []string
			seed                                              uint32
			scoring                                           scoringFlags
		)
		flags.StringVar(&features, "features", "", "features, n_stimuli × n_features (further axes are flattened), .npy")
		flags.StringVar(&responses, "responses", "", "responses, n_stimuli × n_neuroids, .npy")
		flags.StringVar(&repetitions, "repetitions", "", "single-trial responses, .npy with --axes, or an HDF5 or netCDF file: for the ceiling")
		flags.StringSliceVar(&axes, "axes", nil, "axes of --repetitions: stimulus, repetition and neuroid in their order")
		flags.StringVar(&region, "region", "", "region of --repetitions, where the file holds several")
		flags.StringVar(&dataset, "dataset", "", "dataset of --repetitions, where the file holds several")
		flags.StringVar(&stimulusTable, "stimuli", "", "CSV with the stimulus_id of each row of --features (default: stimuli.csv beside them, if it has as many rows): trials that name their stimuli are aligned by it")
		flags.StringVar(&group, "group", "", "FILE.csv:COLUMN: no value of the column on both sides of a split; a row per stimulus")
		flags.StringVar(&stratify, "stratify", "", "FILE.csv:COLUMN: every split keeps the column's values in proportion")
		scoring.add(flags)
		flags.Uint32Var(&seed, "seed", 1, "seed of the splits (Brain-Score: 1)")
		flags.StringVar(&ceiling, "ceiling", "split-half", "split-half (needs --repetitions) or none")
		flags.StringVar(&jsonPath, "json", "", "write the result as JSON to this file (- for standard output)")
		flags.StringVar(&savePath, "save", "", "write r (n_splits × n_neuroids) and the splits' indices to this .npz")
		return func(ctx context.Context, t *terminal) error {
			begun := time.Now()
			if err := required(flags, "features"); err != nil {
				return err
			}
			if responses == "" && repetitions == "" {
				return misused("ventral score needs --responses or --repetitions; see ventral score --help")
			}
			if err := scoring.check(); err != nil {
				return err
			}
			if seed == fit.SeedZero {
				return misused("--seed is %d, expected less", seed)
			}
			if flags.Changed("ceiling") && ceiling == "split-half" && repetitions == "" {
				return misused("--ceiling split-half needs --repetitions")
			}
			if ceiling != "split-half" && ceiling != "none" {
				return misused("--ceiling %q: expected split-half or none", ceiling)
			}
			if group != "" && stratify != "" {
				return misused("--group and --stratify exclude each other")
			}
			x, err := readMatrix(features)
			if err != nil {
				return err
			}
			n, _ := x.Dims()
			o := fit.Options{Convention: scoring.conventionOf()}
			if o.Regression, err = scoring.regression(); err != nil {
				return err
			}
			var y *mat.Dense
			if responses != "" {
				if y, err = readMatrix(responses); err != nil {
					return err
				}
				if m, _ := y.Dims(); m != n {
					return fmt.Errorf("%s has %d rows and %s has %d: rows must be the same stimuli in the same order", features, n, responses, m)
				}
			}
			if repetitions != "" {
				a, rows, err := readRepetitions(t, repetitions, stimulusTable, features, n, fit.ReadOptions{Region: region, Dataset: dataset, Axes: axes})
				if err != nil {
					return err
				}
				if y == nil {
					x, y = byRow(x, rows), a.Mean()
					order = rows
				} else if _, q := y.Dims(); q != len(a.Neuroids) {
					return fmt.Errorf("%s has %d neuroids and %s has %d: the ceiling must be that of the same neuroids", responses, q, repetitions, len(a.Neuroids))
				}
				if ceiling == "split-half" {
					c, err := fit.SplitHalf(a, fit.SplitHalfOptions{})
					if err != nil {
						return fmt.Errorf("%s: %w", repetitions, err)
					}
					o.Ceiling = c.Ceiling
				}
			}
			shown, _ := x.Dims()
			if o.Splits, err = scoreSplits(n, shown, order, scoring, splitSeed(uint64(seed)), group, stratify); err != nil {
				return err
			}
			res, err := fit.Score(ctx, fit.Dense(x), y, o)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", features, responses+repetitions, err)
			}
			if savePath != "" {
				if err := saveScore(savePath, res, o.Splits); err != nil {
					return err
				}
			}
			out := scoreJSON{
				Score: figure(res.Score), Error: figure(res.Error),
				SplitScores: figures(res.SplitScores), PerNeuroid: figures(res.PerNeuroid),
				Stimuli: res.Stimuli, Features: res.Features, Neuroids: res.Neuroids, Undefined: res.Undefined,
				Negative: res.Negative, Notes: res.Notes,
				Regression: scoring.method, Parameters: o.Regression.Parameters(), Seed: seed,
				Seconds: time.Since(begun).Seconds(), PeakBytes: peakBytes(),
			}
			if o.Ceiling != 0 {
				c, ceiled := figure(o.Ceiling), figure(res.Ceiled)
				out.Ceiling, out.Ceiled, out.Convention = &c, &ceiled, res.Convention
			}
			if jsonPath != "" {
				text, err := marshal(out)
				if err != nil {
					return err
				}
				if jsonPath == "-" {
					_, err = t.out.Write(text)
					return err
				}
				if err := writeFile(jsonPath, text); err != nil {
					return err
				}
			}
			out.write(t)
			return nil
		}
	},
}

// A scoreJSON is the result of ventral score as scripts read it.
type scoreJSON struct {
	Score       figure             `json:"score"`
	Error       figure             `json:"error"`
	Ceiling     *figure            `json:"ceiling"`
	Ceiled      *figure            `json:"ceiled"`
	Convention  string             `json:"convention"`
	SplitScores []figure           `json:"split_scores"`
	PerNeuroid  []figure           `json:"per_neuroid"` // median over splits
	Stimuli     int                `json:"n_stimuli"`
	Features    int                `json:"n_features"`
	Neuroids    int                `json:"n_neuroids"`
	Undefined   int                `json:"n_undefined"` // correlations (split × neuroid) that do not exist
	Negative    bool               `json:"negative"`    // score is negative; its square, and so ceiled, is not
	Notes       []string           `json:"notes"`
	Regression  string             `json:"regression"`
	Parameters  map[string]float64 `json:"parameters"`
	Seed        uint32             `json:"seed"`
	Seconds     float64            `json:"seconds"`
	PeakBytes   int64              `json:"peak_bytes"`
}

func (s scoreJSON) write(t *terminal) {
	rows := table{header: []string{"regression", "stimuli", "features", "neuroids", "r", "ceiling", "ceiled"}, left: 1}
	ceiling, ceiled := "–", "–"
	if s.Ceiling != nil {
		ceiling, ceiled = decimals(*s.Ceiling), decimals(*s.Ceiled)
		if s.Negative {
			ceiled = "r < 0"
		}
	}
	rows.add(s.Regression, fmt.Sprint(s.Stimuli), fmt.Sprint(s.Features), fmt.Sprint(s.Neuroids), decimals(s.Score)+" ± "+decimals(s.Error), ceiling, ceiled)
	rows.write(t.out)
	if s.Ceiling != nil {
		fmt.Fprintf(t.out, "ceiled: %s\n", s.Convention)
	}
	for _, note := range s.Notes {
		fmt.Fprintln(t.out, "note:", note)
	}
}

func figures(values []float64) []figure {
	f := make([]figure, len(values))
	for i, v := range values {
		f[i] = figure(v)
	}
	return f
}

// saveScore writes r (n_splits × n_neuroids) and every split's indices.
func saveScore(path string, res *fit.Result, splits []fit.Split) error {
	z, err := npy.CreateZip(path)
	if err != nil {
		return err
	}
	defer z.Abort()
	rows, cols := res.R.Dims()
	r := make([]float64, 0, rows*cols)
	for i := range rows {
		r = append(r, res.R.RawRowView(i)...)
	}
	if err := npy.AddEntry(z, "r", []int{rows, cols}, r); err != nil {
		return err
	}
	for i, s := range splits {
		if err := npy.AddEntry(z, fmt.Sprintf("train_%d", i), []int{len(s.Train)}, int64s(s.Train)); err != nil {
			return err
		}
		if err := npy.AddEntry(z, fmt.Sprintf("test_%d", i), []int{len(s.Test)}, int64s(s.Test)); err != nil {
			return err
		}
	}
	return z.Close()
}

func int64s(values []int) []int64 {
	wide := make([]int64, len(values))
	for i, v := range values {
		wide[i] = int64(v)
	}
	return wide
}

// peakBytes is the largest resident memory that the process has had.
func peakBytes() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return u.Maxrss << 10 // kilobytes on Linux
}
