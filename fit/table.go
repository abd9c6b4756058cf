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
	axes   []string
	shape  []int
	coords []coordinate
	// read reads a hyperslab in C order, NaN for missing trials.
	read  func(start, count []int) ([]float64, error)
	notes []string
}

// A coordinate names the entries of an axis.
type coordinate struct {
	name   string
	axis   int
	values []string
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

func (t *table) axis(name string) int { return slices.Index(t.axes, name) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// assembly selects, groups presentations by stimulus, averages time bins, and
// leaves out, with a note, what has no trials.
func (t *table) assembly(o ReadOptions) (*Assembly, error) {
	for i, n := range t.shape {
		if n == 0 {
			return nil, fmt.Errorf("the axis %s is empty (%s)", t.axes[i], shapeWords(t.shape))
		}
	}
	a := &Assembly{Region: o.Region, Source: t.source}
	keep, err := t.selection(o, a)
	if err != nil {
		return nil, err
	}
	offsets := make([][]int, len(t.axes)) // of an entry of an axis in Responses; −1: not selected
	neuroid := t.axis(axisNeuroid)
	a.Neuroids, offsets[neuroid] = t.neuroids(keep[neuroid])
	if err := t.presentations(o, a, keep, offsets); err != nil {
		return nil, err
	}
	if k := t.axis(axisTime); k >= 0 {
		offsets[k] = make([]int, t.shape[k])
		bins := 0
		for i, yes := range keep[k] {
			if yes {
				bins++
			} else {
				offsets[k][i] = -1
			}
		}
		if bins > 1 {
			t.note("the %d time bins are averaged", bins)
		}
	}
	a.Responses = make([]float64, len(a.StimulusIDs)*a.Repetitions*len(a.Neuroids))
	if err := t.fill(a.Responses, offsets); err != nil {
		return nil, err
	}
	a.Notes = t.notes
	if err := a.leaveOut(); err != nil {
		return nil, err
	}
	return a, nil
}

// selection says which entries of each axis the options ask for, and names the
// region.
func (t *table) selection(o ReadOptions, a *Assembly) ([][]bool, error) {
	keep := make([][]bool, len(t.axes))
	for i, n := range t.shape {
		keep[i] = slices.Repeat([]bool{true}, n)
	}
	wanted := map[string]string{}
	for name, value := range o.Select {
		wanted[name] = value
	}
	region, known := t.coordinate("region")
	switch {
	case o.Region != "" && known:
		wanted["region"] = o.Region
	case o.Region != "":
		t.note("the file names no regions: all its neuroids are taken as %s", o.Region)
	case known && wanted["region"] != "":
		a.Region = wanted["region"]
	case known:
		if names, _ := classes(region.values); len(names) == 1 {
			a.Region = names[0]
		} else {
			t.note("the neuroids of all regions are taken: %s", counted(region.values))
		}
	}
	for _, name := range sortedKeys(wanted) {
		c, ok := t.coordinate(name)
		if !ok {
			var names []string
			for _, c := range t.coords {
				names = append(names, c.name)
			}
			return nil, fmt.Errorf("there is no coordinate %q to select by; there are %s", name, listed(names))
		}
		if !slices.Contains(c.values, wanted[name]) {
			return nil, fmt.Errorf("no %s has the %s %q; there are %s", t.axes[c.axis], name, wanted[name], counted(c.values))
		}
		for i, v := range c.values {
			keep[c.axis][i] = keep[c.axis][i] && v == wanted[name]
		}
	}
	for i, k := range keep {
		if !slices.Contains(k, true) {
			return nil, fmt.Errorf("no %s has all that is selected: %v", t.axes[i], wanted)
		}
	}
	return keep, nil
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

// presentations finds the assembly's stimuli and repetitions, and where every
// presentation goes. Stimuli on an axis of their own keep its order.
// Presentations are grouped by stimulus_id, sorted, as Brain-Score does.
func (t *table) presentations(o ReadOptions, a *Assembly, keep [][]bool, offsets [][]int) error {
	k := t.axis(axisStimulus)
	if k < 0 {
		k = t.axis(axisPresentation)
	}
	ids, err := t.stimulusIDs(o, k)
	if err != nil {
		return err
	}
	q := len(a.Neuroids)
	offsets[k] = slices.Repeat([]int{-1}, len(ids))
	if t.axes[k] == axisStimulus {
		a.Repetitions = 1
		if r := t.axis(axisRepetition); r >= 0 {
			a.Repetitions = 0
			offsets[r] = slices.Repeat([]int{-1}, t.shape[r])
			for i, yes := range keep[r] {
				if yes {
					offsets[r][i] = a.Repetitions * q
					a.Repetitions++
				}
			}
		}
		for i, yes := range keep[k] {
			if yes {
				offsets[k][i] = len(a.StimulusIDs) * a.Repetitions * q
				a.StimulusIDs = append(a.StimulusIDs, ids[i])
			}
		}
		if twice := repeated(a.StimulusIDs); len(twice) > 0 {
			return fmt.Errorf("stimulus_id is there more than once along the axis stimulus: %s; call the axis presentation if these are repetitions", listed(twice))
		}
		return nil
	}
	var shown []int // selected presentations
	for i, yes := range keep[k] {
		if yes {
			shown = append(shown, i)
		}
	}
	members := map[string][]int{}
	for _, i := range shown {
		members[ids[i]] = append(members[ids[i]], i)
	}
	a.StimulusIDs = sortedKeys(members)
	slot, repetitions := t.repetitions(k, shown, members)
	a.Repetitions = repetitions
	for s, id := range a.StimulusIDs {
		for _, i := range members[id] {
			offsets[k][i] = (s*repetitions + slot[i]) * q
		}
	}
	return nil
}

// repetitions gives every presentation its place among the repetitions of its
// stimulus: by the value of the coordinate repetition, sorted, so that the
// repetitions that are halved for a ceiling are Brain-Score's; in the order of
// the file where there is none, or where it does not tell presentations apart.
func (t *table) repetitions(axis int, shown []int, members map[string][]int) (slot map[int]int, n int) {
	slot = map[int]int{}
	if c, ok := t.coordinate("repetition"); ok && c.axis == axis {
		var selected []string
		for _, i := range shown {
			selected = append(selected, c.values[i])
		}
		values, _ := classes(selected)
		sortNumbers(values)
		for at, v := range values {
			for _, i := range shown {
				if c.values[i] == v {
					slot[i] = at
				}
			}
		}
		unique := true
		for _, m := range members {
			taken := map[int]bool{}
			for _, i := range m {
				unique = unique && !taken[slot[i]]
				taken[slot[i]] = true
			}
		}
		if unique {
			return slot, len(values)
		}
		t.note("some stimuli have a repetition more than once: repetitions are counted in the order of the file")
	}
	for _, m := range members {
		for at, i := range m {
			slot[i] = at
		}
		n = max(n, len(m))
	}
	return slot, n
}

// stimulusIDs returns the id of every entry of the stimulus or presentation axis.
func (t *table) stimulusIDs(o ReadOptions, axis int) ([]string, error) {
	n := t.shape[axis]
	if c, ok := t.coordinate("stimulus_id", "image_id"); ok && c.axis == axis {
		return c.values, nil
	}
	if o.StimulusIDs != nil {
		if len(o.StimulusIDs) != n {
			return nil, fmt.Errorf("the file has %d entries along the axis %s (%s) and names no stimuli, and %d stimuli are given: the counts must match", n, t.axes[axis], t.named(), len(o.StimulusIDs))
		}
		t.note("the file names no stimuli: the %d given ones are taken in their order", n)
		return o.StimulusIDs, nil
	}
	if t.axes[axis] == axisPresentation {
		return nil, fmt.Errorf("the presentations have no coordinate stimulus_id (or image_id) that says what was shown")
	}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	t.note("the file names no stimuli: they are called 0 … %d in its order", n-1)
	return ids, nil
}

// named writes the shape with the names of the axes.
func (t *table) named() string {
	words := make([]string, len(t.shape))
	for i, n := range t.shape {
		words[i] = fmt.Sprintf("%d %s", n, t.axes[i])
	}
	return strings.Join(words, " × ")
}

// fill reads the array slab by slab and puts its elements where the offsets of
// their axes add up to, the mean of those that share a place.
func (t *table) fill(responses []float64, offsets [][]int) error {
	const slab = 1 << 23 // elements read at once, unless one entry of the first axis has more
	var count []uint32
	if k := t.axis(axisTime); k >= 0 && t.shape[k] > 1 {
		count = make([]uint32, len(responses))
	}
	for i := range responses {
		responses[i] = math.NaN()
	}
	inner := 1
	for _, n := range t.shape[1:] {
		inner *= n
	}
	step := max(1, slab/inner)
	last := len(t.shape) - 1
	index := make([]int, len(t.shape))
	for lo := 0; lo < t.shape[0]; lo += step {
		rows := min(step, t.shape[0]-lo)
		start := make([]int, len(t.shape))
		length := slices.Clone(t.shape)
		start[0], length[0] = lo, rows
		values, err := t.read(start, length)
		if err != nil {
			return err
		}
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
	}
	return nil
}

// leaveOut removes what a score cannot be made of, and notes it: stimuli without
// any trial, neuroids without any trial, and then the neuroids that miss some
// of the stimuli. All neuroids are thus scored on the same stimuli, and a
// neuroid's gap does not cost the others a stimulus.
func (a *Assembly) leaveOut() error {
	trials := a.counts()
	stimuli := a.whichHave(len(a.StimulusIDs), func(s int) bool {
		return slices.ContainsFunc(trials[s], func(n int) bool { return n > 0 })
	})
	shown := make([]int, len(a.Neuroids)) // stimuli that a neuroid has trials of
	for _, s := range stimuli {
		for j, n := range trials[s] {
			if n > 0 {
				shown[j]++
			}
		}
	}
	complete := a.whichHave(len(a.Neuroids), func(j int) bool { return shown[j] == len(stimuli) })
	if len(stimuli) == 0 {
		return fmt.Errorf("there is no trial at all: every response is NaN")
	}
	if out := pick(a.StimulusIDs, others(len(a.StimulusIDs), stimuli)); len(out) > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("%d stimuli without any trial are left out: %s", len(out), listed(out)))
	}
	var silent, partial []string
	for _, j := range others(len(a.Neuroids), complete) {
		if shown[j] == 0 {
			silent = append(silent, a.Neuroids[j])
		} else {
			partial = append(partial, fmt.Sprintf("%s (%d of %d)", a.Neuroids[j], shown[j], len(stimuli)))
		}
	}
	if len(silent) > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("%d neuroids without any trial are left out: %s", len(silent), listed(silent)))
	}
	if len(partial) > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("%d neuroids that have trials of only some stimuli are left out: %s", len(partial), listed(partial)))
	}
	if len(complete) == 0 {
		return fmt.Errorf("no neuroid has trials of all %d stimuli (%s): leave out the stimuli that most neuroids miss", len(stimuli), listed(append(partial, silent...)))
	}
	a.keep(stimuli, complete)
	return nil
}

// counts returns the number of trials, stimuli × neuroids.
func (a *Assembly) counts() [][]int {
	trials := make([][]int, len(a.StimulusIDs))
	for s := range trials {
		trials[s] = make([]int, len(a.Neuroids))
		for r := range a.Repetitions {
			for j, v := range a.trials(s, r) {
				if !math.IsNaN(v) {
					trials[s][j]++
				}
			}
		}
	}
	return trials
}

func (a *Assembly) whichHave(n int, yes func(i int) bool) []int {
	var which []int
	for i := range n {
		if yes(i) {
			which = append(which, i)
		}
	}
	return which
}

// keep keeps the given stimuli and neuroids.
func (a *Assembly) keep(stimuli, neuroids []int) {
	if len(stimuli) == len(a.StimulusIDs) && len(neuroids) == len(a.Neuroids) {
		return
	}
	kept := make([]float64, 0, len(stimuli)*a.Repetitions*len(neuroids))
	for _, s := range stimuli {
		for r := range a.Repetitions {
			trials := a.trials(s, r)
			for _, j := range neuroids {
				kept = append(kept, trials[j])
			}
		}
	}
	a.Responses, a.StimulusIDs, a.Neuroids = kept, pick(a.StimulusIDs, stimuli), pick(a.Neuroids, neuroids)
}
