package fit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// presentations finds the assembly's stimuli and repetitions, and where every
// presentation goes. Stimuli on an axis of their own keep its order.
func (t *table) presentations(o ReadOptions, a *Assembly, keep [][]bool, offsets [][]int) error {
	if t.stimulusAxis() < 0 {
		return t.arranged(o, a, keep, offsets)
	}
	k := t.stimulusAxis()
	ids, err := t.stimulusIDs(o, k)
	if err != nil {
		return err
	}
	q := len(a.Neuroids)
	offsets[k] = slices.Repeat([]int{-1}, len(ids))
	if t.axes[k] == axisStimulus {
		t.repetitionAxis(a, keep, offsets)
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
	var members map[string][]int
	a.StimulusIDs, members = t.groups(k, shown, ids)
	slot, repetitions := t.repetitions(k, shown, members)
	a.Repetitions = repetitions
	for s, id := range a.StimulusIDs {
		for _, i := range members[id] {
			offsets[k][i] = (s*repetitions + slot[i]) * q
		}
	}
	return nil
}

// repetitionAxis counts the repetitions of a rectangle, of which there is one
// without an axis of them, and finds where they go.
func (t *table) repetitionAxis(a *Assembly, keep [][]bool, offsets [][]int) {
	a.Repetitions = 1
	r := t.axis(axisRepetition)
	if r < 0 {
		return
	}
	a.Repetitions = 0
	offsets[r] = slices.Repeat([]int{-1}, t.shape[r])
	for i, yes := range keep[r] {
		if yes {
			offsets[r][i] = a.Repetitions * len(a.Neuroids)
			a.Repetitions++
		}
	}
}

// arranged is presentations for stimuli along several axes stimulus.NAME. They
// are called by their places, counted from 0, such as movie3_frame10, unless
// they are given, the last of the axes counted fastest (in MATLAB's order the
// first).
func (t *table) arranged(o ReadOptions, a *Assembly, keep [][]bool, offsets [][]int) error {
	t.repetitionAxis(a, keep, offsets)
	ids, all, stride := []string{""}, 1, a.Repetitions*len(a.Neuroids)
	for k := len(t.axes) - 1; k >= 0; k-- {
		name, ok := strings.CutPrefix(t.axes[k], axisFactor)
		if !ok {
			continue
		}
		offsets[k] = slices.Repeat([]int{-1}, t.shape[k])
		all *= t.shape[k]
		var longer []string
		places := 0
		for i, yes := range keep[k] {
			if !yes {
				continue
			}
			offsets[k][i] = places * stride
			places++
			for _, id := range ids {
				longer = append(longer, strings.TrimSuffix(name+strconv.Itoa(i)+"_"+id, "_"))
			}
		}
		stride *= places
		ids = longer
	}
	if o.StimulusIDs == nil {
		t.note("the file names no stimuli: they are called by their places, such as %s", ids[0])
		a.StimulusIDs = ids
		return nil
	}
	if len(ids) != all {
		return fmt.Errorf("stimuli are selected by their places along several axes, and names are given for all of them: give none")
	}
	if len(o.StimulusIDs) != all {
		return fmt.Errorf("the file has %d stimuli along %s, and %d are given: the counts must match", all, t.named(), len(o.StimulusIDs))
	}
	t.note("the file names no stimuli: the %d given ones are taken in their order", all)
	a.StimulusIDs = o.StimulusIDs
	return nil
}

// stimulusAxis is the axis of stimuli or of presentations, −1 if there is none.
func (t *table) stimulusAxis() int {
	if k := t.axis(axisStimulus); k >= 0 {
		return k
	}
	return t.axis(axisPresentation)
}

// groups brings presentations together that showed the same stimulus, in the
// order of Brain-Score's average_repetition (vision's neural_common.py with
// brainio's multi_groupby): that groups by the tuple of all coordinates of
// presentations but repetition, in the order in which the file made them, and
// sorts the groups by it: numbers by value, text by code point. The indices of
// splits count in this order.
//
// There, presentations of a stimulus that differ in such a coordinate are groups
// of their own, so that a stimulus can be on both sides of a split. Here a
// stimulus stays one group: the coordinate is left out of the tuple, and a note
// says so. Missing numbers, which are all different there, are alike here and
// sorted last.
func (t *table) groups(axis int, shown []int, ids []string) (order []string, members map[string][]int) {
	members = map[string][]int{}
	for _, i := range shown {
		members[ids[i]] = append(members[ids[i]], i)
	}
	var key []coordinate
	var differ []string // coordinates in which presentations of a stimulus differ
	along := func(yield func(coordinate) bool) {
		for _, c := range t.coords {
			if c.axis == axis && c.name != "repetition" && !yield(c) {
				return
			}
		}
	}
	for c := range along {
		alike := true
		for _, m := range members {
			for _, i := range m {
				alike = alike && c.values[i] == c.values[m[0]]
			}
		}
		if alike {
			key = append(key, c)
		} else {
			differ = append(differ, c.name)
		}
	}
	key = append(key, coordinate{axis: axis, values: ids}) // where they are given and no coordinate
	if len(differ) > 0 {
		split := 0
		tuples := map[string]bool{}
		for _, m := range members {
			own := map[string]bool{}
			for _, i := range m {
				var tuple strings.Builder
				for c := range along {
					tuple.WriteString(c.values[i] + "\x00")
				}
				own[tuple.String()] = true
			}
			if len(own) > 1 {
				split++
			}
			for tuple := range own {
				tuples[tuple] = true
			}
		}
		t.note("presentations of %d of %d stimuli differ in %s: all presentations of a stimulus are taken as its repetitions, where Brain-Score would make %d groups of them", split, len(members), strings.Join(differ, ", "), len(tuples))
	}
	order = sortedKeys(members)
	slices.SortStableFunc(order, func(a, b string) int {
		for _, c := range key {
			if by := c.order(members[a][0], members[b][0]); by != 0 {
				return by
			}
		}
		return 0
	})
	return order, members
}

// repetitions gives every presentation its place among the repetitions of its
// stimulus: by the value of the coordinate repetition, sorted, so that the
// repetitions that are halved for a ceiling are Brain-Score's; in the order of
// the file where there is none, or where it does not tell presentations apart.
func (t *table) repetitions(axis int, shown []int, members map[string][]int) (slot map[int]int, n int) {
	slot = map[int]int{}
	if c, ok := t.coordinate("repetition"); ok && c.axis == axis {
		sorted := slices.Clone(shown)
		slices.SortStableFunc(sorted, c.order)
		for i, at := range sorted {
			if i > 0 && c.order(sorted[i-1], at) != 0 {
				n++
			}
			slot[at] = n
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
			return slot, n + 1
		}
		t.note("some stimuli have a repetition more than once: repetitions are counted in the order of the file")
	}
	n = 0
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
	if c, ok := t.coordinate(stimulusNames...); ok && c.axis == axis {
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
		return nil, fmt.Errorf("the presentations have no coordinate stimulus_id (or image_id) that says what was shown; the coordinates are %s: add it to the file, or give a table of %d rows with it", listed(t.coordinateNames()), n)
	}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	t.note("the file names no stimuli: they are called 0 … %d in its order", n-1)
	return ids, nil
}
