package fit

import "math"

// Contents are what a file of recordings holds, as far as it can be told.
type Contents struct {
	Arrays []Array
	// The rest is of the array of responses, and empty where Problem says why
	// none could be found.
	Responses   string
	Axes        []Axis
	Coordinates []Coordinate
	Missing     float64 // fraction of the responses that is NaN
	Problem     error
}

// An Array is a dataset of an HDF5 file, or a NumPy array.
type Array struct {
	Name  string
	Type  string // as NumPy names it, or in words
	Shape []int  // in MATLAB's order, that of size(x), where MATLAB wrote it
	Dims  []string
	// Content is what a single number is, or what text of MATLAB's says, its
	// lines behind each other; "" for others.
	Content string
}

// An Axis is an axis of the responses.
type Axis struct {
	Name   string
	Length int
}

// A Coordinate names the entries of an axis.
type Coordinate struct {
	Name, Axis string
	Numeric    bool
	Values     []string // the different ones, sorted
	Counts     []int    // how often each is there
}

// Inspect tells what a file holds, whether or not ReadAssembly can make an
// assembly of it. It reads all responses once, in parts. Of the options Dataset
// and those that name axes and tables count. It fails where the file cannot be
// read; that no responses are found in it is Contents.Problem.
func Inspect(path string, o ReadOptions) (*Contents, error) {
	r, err := openRecordings(path)
	if err != nil {
		return nil, naming(path, err)
	}
	defer r.Close()
	c := &Contents{Missing: math.NaN()}
	if c.Arrays, err = r.arrays(); err != nil {
		return nil, naming(path, err)
	}
	t, err := r.table(o)
	if err != nil {
		c.Problem = naming(path, err)
		return c, nil
	}
	c.Responses = t.array
	for i, name := range t.axes {
		c.Axes = append(c.Axes, Axis{name, t.shape[i]})
	}
	for _, k := range t.coords {
		values, counts := k.distinct()
		c.Coordinates = append(c.Coordinates, Coordinate{k.name, t.axes[k.axis], k.numbers != nil, values, counts})
	}
	missing, all := 0, 0
	err = t.slabs(func(_ int, values []float64) error {
		for _, v := range values {
			if math.IsNaN(v) {
				missing++
			}
		}
		all += len(values)
		return nil
	})
	if err != nil {
		return nil, naming(path, err)
	}
	c.Missing = float64(missing) / float64(all)
	return c, nil
}

// Regions are the regions that the selected neuroids of a file of recordings are
// of, in the order of their names; none where it does not say. No response is read.
// It fails where ReadAssembly would for the file, its axes or its tables.
func Regions(path string, o ReadOptions) ([]string, error) {
	r, err := openRecordings(path)
	if err != nil {
		return nil, naming(path, err)
	}
	defer r.Close()
	t, err := r.table(o)
	if err != nil {
		return nil, naming(path, err)
	}
	c, ok := t.coordinate("region")
	if !ok {
		return nil, nil
	}
	o.Region = ""
	keep, _, err := t.selection(o)
	if err != nil {
		return nil, naming(path, err)
	}
	regions, _ := classes(pick(c.values, whichHave(len(c.values), func(i int) bool { return keep[c.axis][i] })))
	return regions, nil
}

// Trials returns the fewest and the most trials that a neuroid has of a stimulus.
func (a *Assembly) Trials() (fewest, most int) {
	fewest = a.Repetitions
	for _, row := range a.counts() {
		for _, n := range row {
			fewest, most = min(fewest, n), max(most, n)
		}
	}
	return fewest, most
}
