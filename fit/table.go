package fit

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A table is a file of recordings as it is: an array with named axes, in any
// order, and coordinates along them. Its assembly is the same for every format.
type table struct {
	source string
	array  string // where the responses lie in the file
	axes   []string
	shape  []int
	coords []coordinate // in the order in which the file has them
	// read reads a hyperslab in C order, NaN for missing trials. It is good until
	// the next is read.
	read  func(start, count []int) ([]float64, error)
	notes []string
}

// coordinate finds a coordinate by the first of the names that is there.
func (t *table) coordinate(names ...string) (coordinate, bool) {
	for _, name := range names {
		for _, c := range t.coords {
			if c.name == name {
				return c, true
			}
		}
	}
	return coordinate{}, false
}

func (t *table) coordinateNames() []string {
	var names []string
	for _, c := range t.coords {
		names = append(names, c.name)
	}
	return names
}

func (t *table) axis(name string) int { return slices.Index(t.axes, name) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// assemblies selects, groups presentations by stimulus, averages time bins or
// makes an assembly of each, and leaves out, with a note, what has no trials.
func (t *table) assemblies(o ReadOptions, perBin bool) ([]*Assembly, error) {
	if err := checkAxes(t.axes); err != nil {
		return nil, fmt.Errorf("%s: %w", t.array, wrongAxes(len(t.axes), err))
	}
	for i, n := range t.shape {
		if n == 0 {
			return nil, fmt.Errorf("%s: the axis %s is empty (%s)", t.array, t.axes[i], t.named())
		}
	}
	// What is selected along an axis takes some 32 bytes an entry: names, places.
	entries := 0.
	for _, n := range t.shape {
		entries += float64(n)
	}
	if o.MaxBytes > 0 && 32*entries > float64(o.MaxBytes) {
		return nil, t.tooLarge(32*entries+8*elementsOf(t.shape), o)
	}
	keep, region, err := t.selection(o)
	if err != nil {
		return nil, err
	}
	// Of trials alone, before anything of their number is made.
	selected := 1. // the file may claim more than an int counts
	for k, axis := range t.axes {
		if axis != axisTime || perBin {
			selected *= float64(countTrue(keep[k]))
		}
	}
	if err := t.fits(selected, o); err != nil {
		return nil, err
	}
	a := &Assembly{Region: region, Source: t.source}
	offsets := make([][]int, len(t.axes)) // of an entry of an axis in the responses; −1: not selected
	neuroid := t.axis(axisNeuroid)
	a.Neuroids, offsets[neuroid] = t.neuroids(keep[neuroid])
	if err := t.presentations(o, a, keep, offsets); err != nil {
		return nil, err
	}
	if k := t.stimulusAxis(); k >= 0 { // none where stimuli are arranged along several axes
		a.Coordinates = t.stimulusCoordinates(a, k, offsets[k])
	}
	windows, assembly, err := t.timeBins(o, perBin, keep)
	if err != nil {
		return nil, err
	}
	size := len(a.StimulusIDs) * a.Repetitions * len(a.Neuroids)
	for i, at := range assembly {
		if at > 0 {
			assembly[i] = at * size
		}
	}
	if k := t.axis(axisTime); k >= 0 {
		offsets[k] = assembly
	}
	// Stimuli with fewer repetitions than others take as much as these, and the
	// mean over repetitions comes to them.
	if err := t.fits(float64(len(windows))*float64(size+size/a.Repetitions), o); err != nil {
		return nil, err
	}
	responses := make([]float64, len(windows)*size)
	if err := t.fill(responses, offsets); err != nil {
		return nil, err
	}
	assemblies := make([]*Assembly, len(windows))
	for i, w := range windows {
		bin := *a
		bin.Window, bin.Responses, bin.Notes = w, responses[i*size:(i+1)*size:(i+1)*size], slices.Clone(t.notes)
		assemblies[i] = &bin
	}
	if err := leaveOut(assemblies); err != nil {
		return nil, err
	}
	return assemblies, nil
}

// fits is an error where so many responses, and what is read at a time, take more
// memory than is allowed.
func (t *table) fits(responses float64, o ReadOptions) error {
	read := float64(largestRead)
	if entry := elementsOf(t.shape[1:]); entry > read {
		read = entry
	}
	each := 8.
	if k := t.axis(axisTime); k >= 0 && t.shape[k] > 1 {
		each += 4 // counts of time bins
	}
	if bytes := each*responses + 2*8*read; o.MaxBytes > 0 && bytes > float64(o.MaxBytes) {
		return t.tooLarge(bytes, o)
	}
	return nil
}

func (t *table) tooLarge(bytes float64, o ReadOptions) error {
	return &TooLargeError{fmt.Sprintf("%s (%s)", t.array, t.named()), bytes, o.MaxBytes}
}

// elementsOf is the number of elements of an array, which may be more than an int
// counts.
func elementsOf(shape []int) float64 {
	n := 1.
	for _, d := range shape {
		n *= float64(d)
	}
	return n
}

// stimulusCoordinates are the coordinates that are the same in all presentations
// of each stimulus; place is where the responses of a presentation go.
func (t *table) stimulusCoordinates(a *Assembly, axis int, place []int) map[string][]string {
	all := map[string][]string{}
	for _, c := range t.coords {
		if c.axis != axis {
			continue
		}
		values := make([]string, len(a.StimulusIDs))
		set := make([]bool, len(values))
		alike := true
		for i, at := range place {
			if at < 0 {
				continue
			}
			s := at / (a.Repetitions * len(a.Neuroids))
			alike = alike && (!set[s] || values[s] == c.values[i])
			values[s], set[s] = c.values[i], true
		}
		if alike {
			all[c.name] = values
		}
	}
	return all
}

// neuroids returns the ids of the selected neuroids and where each goes. Where
// the file has no neuroid_id they are "0", "1", …, counted in the file.
func (t *table) neuroids(keep []bool) (ids []string, offsets []int) {
	c, named := t.coordinate("neuroid_id")
	for i, yes := range keep {
		if !yes {
			offsets = append(offsets, -1)
			continue
		}
		offsets = append(offsets, len(ids))
		if named {
			ids = append(ids, c.values[i])
		} else {
			ids = append(ids, strconv.Itoa(i))
		}
	}
	return ids, offsets
}

// named writes the shape with the names of the axes.
func (t *table) named() string {
	words := make([]string, len(t.shape))
	for i, n := range t.shape {
		words[i] = fmt.Sprintf("%d %s", n, t.axes[i])
	}
	return strings.Join(words, " × ")
}

// largestRead is how many elements are read at once, unless one entry of the first
// axis has more.
const largestRead = 1 << 20

// slabs reads the array in parts along its first axis, in C order; lo is where a
// part begins on it.
func (t *table) slabs(part func(lo int, values []float64) error) error {
	step := max(1, largestRead/max(1, elements(t.shape[1:])))
	for lo := 0; lo < t.shape[0]; lo += step {
		start := make([]int, len(t.shape))
		length := slices.Clone(t.shape)
		start[0], length[0] = lo, min(step, t.shape[0]-lo)
		values, err := t.read(start, length)
		if err != nil {
			return err
		}
		if err := part(lo, values); err != nil {
			return err
		}
	}
	return nil
}

// fill reads the array and puts its elements where the offsets of their axes
// add up to, the mean of those that share a place.
func (t *table) fill(responses []float64, offsets [][]int) error {
	var count []uint32
	if k := t.axis(axisTime); k >= 0 && t.shape[k] > 1 {
		count = make([]uint32, len(responses))
	}
	for i := range responses {
		responses[i] = math.NaN()
	}
	last := len(t.shape) - 1
	index := make([]int, len(t.shape))
	return t.slabs(func(lo int, values []float64) error {
		clear(index)
		index[0] = lo
		for at := 0; at < len(values); at += t.shape[last] {
			base := 0
			for d, i := range index[:last] {
				if o := offsets[d][i]; o < 0 || base < 0 {
					base = -1
				} else {
					base += o
				}
			}
			if base >= 0 {
				for i, v := range values[at : at+t.shape[last]] {
					o := offsets[last][i]
					if o < 0 || math.IsNaN(v) {
						continue
					}
					if math.IsInf(v, 0) {
						index[last] = i
						return fmt.Errorf("the response at %v (%s) is %g: expected a number, or NaN for a missing trial", index, strings.Join(t.axes, ","), v)
					}
					place := &responses[base+o]
					if count == nil {
						*place = v
						continue
					}
					// Running mean over the time bins.
					count[base+o]++
					if count[base+o] == 1 {
						*place = v
					} else {
						*place += (v - *place) / float64(count[base+o])
					}
				}
			}
			for d := last - 1; d >= 0; d-- {
				if index[d]++; index[d] < t.shape[d] {
					break
				}
				if d > 0 {
					index[d] = 0
				}
			}
		}
		return nil
	})
}
