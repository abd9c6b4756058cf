package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/npy"
	"ventral/stimuli"
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
			res, err := fit.Score(ctx, x, y, o)
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

// readRepetitions reads single trials, and finds the row of the features that
// belongs to each of their stimuli: by stimulus_id where the file names its
// stimuli, by order where it does not.
func readRepetitions(t *terminal, path, tablePath, features string, n int, o fit.ReadOptions) (*fit.Assembly, []int, error) {
	ids, err := featureIDs(tablePath, features, n)
	if err != nil {
		return nil, nil, err
	}
	o.StimulusIDs = ids
	a, err := fit.ReadAssembly(path, o)
	if err != nil {
		return nil, nil, err
	}
	for _, note := range a.Notes {
		t.say("note: %s: %s", path, note)
	}
	if ids == nil {
		for i, id := range a.StimulusIDs {
			if id != strconv.Itoa(i) {
				return nil, nil, fmt.Errorf("%s names its stimuli (%s, …) and the rows of %s have no names: pass --stimuli FILE.csv with the stimulus_id of each row", path, id, features)
			}
		}
		if len(a.StimulusIDs) != n {
			return nil, nil, fmt.Errorf("%s has %d stimuli and %s has %d rows: rows must be the same stimuli in the same order", path, len(a.StimulusIDs), features, n)
		}
		ids = a.StimulusIDs
	}
	rows, err := fit.Align(ids, a)
	if err != nil {
		return nil, nil, fmt.Errorf("%s and the rows of %s: %w", path, features, err)
	}
	return a, rows, nil
}

// featureIDs reads the stimulus_id of each of the n rows of the features; nil
// where no table is named and none of n rows lies beside them.
func featureIDs(path, features string, n int) ([]string, error) {
	beside := path == ""
	if beside {
		path = filepath.Join(filepath.Dir(features), "stimuli.csv")
		if _, err := os.Stat(path); err != nil {
			return nil, nil
		}
	}
	table, err := stimuli.ReadTable(path)
	if err != nil {
		return nil, err
	}
	if len(table.Rows) != n {
		if beside {
			return nil, nil
		}
		return nil, fmt.Errorf("%s has %d rows and %s has %d: expected a row for each", path, len(table.Rows), features, n)
	}
	ids, _ := table.Column("stimulus_id")
	return ids, nil
}

// byRow returns the given rows of a matrix, in their order.
func byRow(x *mat.Dense, rows []int) *mat.Dense {
	_, p := x.Dims()
	out := mat.NewDense(len(rows), p, nil)
	for i, r := range rows {
		out.SetRow(i, x.RawRowView(r))
	}
	return out
}

func figures(values []float64) []figure {
	f := make([]figure, len(values))
	for i, v := range values {
		f[i] = figure(v)
	}
	return f
}

// readMatrix reads an array whose first axis is the stimulus, the other axes
// flattened: n_stimuli × the rest.
func readMatrix(path string) (*mat.Dense, error) {
	if strings.ToLower(filepath.Ext(path)) != ".npy" {
		return nil, fmt.Errorf("%s: expected a .npy file", path)
	}
	data, shape, err := npy.ReadFile[float64](path)
	if err != nil {
		return nil, err
	}
	if len(shape) < 2 || len(data) == 0 {
		return nil, fmt.Errorf("%s: found the shape %v, expected n_stimuli × n_features", path, shape)
	}
	return mat.NewDense(shape[0], len(data)/shape[0], data), nil
}

// scoreSplits divides the stimuli as the flags say. Columns have a value for
// each of the n feature rows; order is the feature row of each stimulus, nil
// where they are the same.
func scoreSplits(n, shown int, order []int, f scoringFlags, seed uint32, group, stratify string) ([]fit.Split, error) {
	column := func(spec string) ([]string, error) {
		values, err := readColumn(spec, n)
		if err != nil || order == nil {
			return values, err
		}
		mine := make([]string, len(order))
		for i, row := range order {
			mine[i] = values[row]
		}
		return mine, nil
	}
	switch {
	case group != "":
		groups, err := column(group)
		if err != nil {
			return nil, err
		}
		return fit.GroupShuffleSplit{Splits: f.splits, Train: f.train, Seed: seed, Groups: groups}.Split(shown)
	case stratify != "":
		labels, err := column(stratify)
		if err != nil {
			return nil, err
		}
		return fit.StratifiedShuffleSplit{Splits: f.splits, Train: f.train, Seed: seed, Labels: labels}.Split(shown)
	}
	return fit.ShuffleSplit{Splits: f.splits, Train: f.train, Seed: seed}.Split(shown)
}

// readColumn reads a column of n values, FILE.csv:COLUMN.
func readColumn(spec string, n int) ([]string, error) {
	i := strings.LastIndex(spec, ":")
	if i < 1 || i == len(spec)-1 {
		return nil, misused("%q: expected FILE.csv:COLUMN", spec)
	}
	path, name := spec[:i], spec[i+1:]
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s is empty, expected a header row with a column %s", path, name)
	}
	for j, header := range rows[0] {
		if header != name {
			continue
		}
		if len(rows)-1 != n {
			return nil, fmt.Errorf("%s has %d rows, expected %d, one per stimulus", path, len(rows)-1, n)
		}
		values := make([]string, n)
		for k, row := range rows[1:] {
			values[k] = row[j]
		}
		return values, nil
	}
	return nil, fmt.Errorf("%s has no column %q; it has %s", path, name, strings.Join(rows[0], ", "))
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
