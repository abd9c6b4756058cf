package fit

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A coordinate names the entries of an axis.
type coordinate struct {
	name    string
	axis    int
	values  []string
	numbers []float64 // nil where the values are text
}

// stimulusNames are the coordinates that name stimuli; image_id is the older.
var stimulusNames = []string{"stimulus_id", "image_id"}

// newInts is a coordinate of whole numbers.
func newInts(name string, axis int, values []int64) coordinate {
	c := coordinate{name: name, axis: axis, numbers: make([]float64, len(values))}
	for i, v := range values {
		c.values = append(c.values, strconv.FormatInt(v, 10))
		c.numbers[i] = float64(v)
	}
	return c
}

// newFloats is a coordinate of numbers.
func newFloats(name string, axis int, values []float64) coordinate {
	c := coordinate{name: name, axis: axis, numbers: values}
	for _, v := range values {
		c.values = append(c.values, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return c
}

// newCells is a coordinate of the texts of a table: numbers where all are.
func newCells(name string, axis int, values []string) coordinate {
	c := coordinate{name: name, axis: axis, values: values}
	numbers := make([]float64, len(values))
	for i, v := range values {
		var err error
		if numbers[i], err = strconv.ParseFloat(v, 64); err != nil {
			return c
		}
	}
	c.numbers = numbers
	return c
}

// order compares two entries: numbers by value, missing ones last, else as text.
func (c coordinate) order(i, j int) int {
	if c.numbers != nil {
		x, y := c.numbers[i], c.numbers[j]
		switch {
		case math.IsNaN(x) && !math.IsNaN(y):
			return 1
		case math.IsNaN(y) && !math.IsNaN(x):
			return -1
		case x != y && !math.IsNaN(x):
			return cmp.Compare(x, y)
		}
	}
	return strings.Compare(c.values[i], c.values[j])
}

// is tells whether an entry has the value; 70 is 70.0 where both are numbers.
func (c coordinate) is(i int, value string) bool {
	if c.values[i] == value {
		return true
	}
	if c.numbers == nil {
		return false
	}
	v, err := strconv.ParseFloat(value, 64)
	return err == nil && v == c.numbers[i]
}

// distinct returns the different values, sorted, and how often each is there.
func (c coordinate) distinct() (values []string, counts []int) {
	entries := make([]int, len(c.values))
	for i := range entries {
		entries[i] = i
	}
	slices.SortFunc(entries, c.order)
	for k, i := range entries {
		if k == 0 || c.values[i] != c.values[entries[k-1]] {
			values, counts = append(values, c.values[i]), append(counts, 0)
		}
		counts[len(counts)-1]++
	}
	return values, counts
}

// counted writes the different values for a message.
func (c coordinate) counted() string {
	values, counts := c.distinct()
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf("%s (%d)", v, counts[i])
	}
	return listed(words)
}

// coordinateAxis says along which axis the coordinates run whose names tell.
var coordinateAxis = map[string]string{
	"stimulus_id":    axisStimulus,
	"image_id":       axisStimulus,
	"object_name":    axisStimulus,
	"repetition":     axisPresentation,
	"neuroid_id":     axisNeuroid,
	"region":         axisNeuroid,
	"animal":         axisNeuroid,
	"time_bin_start": axisTime,
	"time_bin_end":   axisTime,
}

// axisOf finds the axis of a coordinate from its name, or else from its length
// if that fits one axis only; −1 if there is none.
func (t *table) axisOf(name string, length int) (int, error) {
	if axis, ok := coordinateAxis[name]; ok {
		k := t.axis(axis)
		if k < 0 && axis == axisStimulus {
			k = t.axis(axisPresentation)
		}
		if k >= 0 && t.shape[k] != length {
			return k, fmt.Errorf("%s has %d values for %d entries of the axis %s (%s)", name, length, t.shape[k], t.axes[k], t.named())
		}
		return k, nil
	}
	found := -1
	for k, n := range t.shape {
		if n == length {
			if found >= 0 {
				return -1, nil
			}
			found = k
		}
	}
	return found, nil
}

// An array file does not name its entries. They may stand in tables beside it,
// with one row per entry of the axis and a header; each column is a coordinate.
const (
	stimulusTable = "_stimuli.csv"  // stimulus_id, …; of presentations, where these are an axis
	neuroidTable  = "_neuroids.csv" // neuroid_id, region, …
)

// beside is the name of a table beside a file: responses.npz → responses_stimuli.csv.
func beside(file, suffix string) string {
	if i := strings.LastIndexByte(file, '.'); i >= 0 {
		file = file[:i]
	}
	return file + suffix
}

// addTables adds the coordinates of the tables that are given or, where tables
// beside the file are looked for, those that are there.
func (t *table) addTables(o ReadOptions, lookBeside bool) error {
	for _, from := range []struct {
		path, suffix string
		axis         int
		keys         []string
	}{
		{o.StimulusTable, stimulusTable, t.stimulusAxis(), stimulusNames},
		{o.NeuroidTable, neuroidTable, t.axis(axisNeuroid), []string{"neuroid_id"}},
	} {
		path := from.path
		if path == "" && lookBeside {
			path = beside(t.source, from.suffix)
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				continue
			}
		}
		if path == "" {
			continue
		}
		if from.axis < 0 {
			return fmt.Errorf("%s belongs to an axis that %s does not have (%s)", path, t.source, t.named())
		}
		if err := t.addTable(path, from.axis, from.keys); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// addTable adds the columns of a table as coordinates, but those that the file
// has itself. Rows are found by the first of the keys that both have, as
// brainio merges the table of a stimulus set; by their order where the file has
// no key.
func (t *table) addTable(path string, axis int, keys []string) error {
	rows, err := readTable(path)
	if err != nil {
		return err
	}
	header, rows := rows[0], rows[1:]
	row := make([]int, t.shape[axis]) // of each entry
	names, named := t.coordinate(keys...)
	if named = named && names.axis == axis; named {
		key := slices.IndexFunc(header, func(name string) bool { return slices.Contains(keys, name) })
		if key < 0 {
			return fmt.Errorf("no column %s to find rows by; it has %s", strings.Join(keys, " or "), listed(header))
		}
		at := map[string]int{}
		var twice, missing []string
		for i, r := range rows {
			if _, ok := at[r[key]]; ok {
				twice = append(twice, r[key])
			}
			at[r[key]] = i
		}
		for i, name := range names.values {
			k, ok := at[name]
			if row[i] = k; !ok && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
		}
		switch {
		case len(twice) > 0:
			return fmt.Errorf("%s is there more than once: %s", header[key], listed(twice))
		case len(missing) > 0:
			return fmt.Errorf("no row for %d of the %s of %s: %s", len(missing), names.name, t.source, listed(missing))
		}
	} else {
		if len(rows) != t.shape[axis] {
			return fmt.Errorf("has %d rows for %d entries of the axis %s (%s)", len(rows), t.shape[axis], t.axes[axis], t.named())
		}
		for i := range row {
			row[i] = i
		}
	}
	for j, name := range header {
		if _, there := t.coordinate(name); there {
			continue
		}
		values := make([]string, len(row))
		for i, k := range row {
			values[i] = rows[k][j]
		}
		t.coords = append(t.coords, newCells(name, axis, values))
	}
	return nil
}

// readTable reads a CSV with a header, all rows of one length.
func readTable(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("is empty: expected a header")
	}
	rows[0][0] = strings.TrimPrefix(rows[0][0], "\ufeff") // byte order mark
	if twice := slices.DeleteFunc(repeated(rows[0]), func(name string) bool { return name == "" }); len(twice) > 0 {
		return nil, fmt.Errorf("has several columns of one name: %s", listed(twice))
	}
	return rows, nil
}
