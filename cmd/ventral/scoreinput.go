package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/npy"
	"ventral/stimuli"
)

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
	for _, note := range a.Notes {
		t.say("note: %s: %s", path, note)
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
