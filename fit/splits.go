package fit

import (
	"fmt"
	"math"
	"slices"
)

// A Split divides stimuli, by their rows, into those that a regression is
// fitted on and those that it is tested on.
type Split struct{ Train, Test []int }

// A Splitter divides n stimuli several times.
type Splitter interface {
	Split(n int) ([]Split, error)
}

// SeedZero asks a splitter for numpy's seed 0, since the zero value of a Seed
// field means the default, 1.
const SeedZero = math.MaxUint32

// ShuffleSplit draws the test stimuli of every split anew, without regard to
// what they are: scikit-learn's ShuffleSplit, with its very splits.
type ShuffleSplit struct {
	Splits int     // 0 = 10
	Train  float64 // fraction of the stimuli, 0 = .9; n_train = ⌊Train·n⌋, all others are tested
	Seed   uint32  // of numpy's RandomState; 0 = 1, Brain-Score's; SeedZero = 0
}

// Split divides n stimuli. It fails when one of the parts would be empty.
func (s ShuffleSplit) Split(n int) ([]Split, error) {
	d, err := newDraw(s.Splits, s.Train, s.Seed, n, "stimuli")
	if err != nil {
		return nil, err
	}
	splits := make([]Split, d.splits)
	for i := range splits {
		p := d.rng.permutation(n)
		splits[i] = Split{Train: p[d.test:], Test: p[:d.test:d.test]}
	}
	return splits, nil
}

// StratifiedShuffleSplit is ShuffleSplit with the classes of Labels in the same
// proportions on both sides: scikit-learn's StratifiedShuffleSplit, with its
// very splits for string labels. Brain-Score stratifies by object_name.
type StratifiedShuffleSplit struct {
	Splits int      // 0 = 10
	Train  float64  // 0 = .9
	Seed   uint32   // 0 = 1; SeedZero = 0
	Labels []string // class per stimulus
}

// Split divides n stimuli. It fails when a class has a single member or when
// one of the sides has fewer stimuli than there are classes.
func (s StratifiedShuffleSplit) Split(n int) ([]Split, error) {
	if len(s.Labels) != n {
		return nil, fmt.Errorf("there are %d labels for %d stimuli: expected one per stimulus", len(s.Labels), n)
	}
	d, err := newDraw(s.Splits, s.Train, s.Seed, n, "stimuli")
	if err != nil {
		return nil, err
	}
	classes, members := classes(s.Labels)
	counts := make([]int, len(classes))
	for c, m := range members {
		if counts[c] = len(m); counts[c] < 2 {
			return nil, oneMember(classes[c], m[0])
		}
	}
	if min(d.train, d.test) < len(classes) {
		return nil, fmt.Errorf("%d training and %d test stimuli for %d classes: each side needs at least one per class; change the training fraction or do not stratify", d.train, d.test, len(classes))
	}
	splits := make([]Split, d.splits)
	for i := range splits {
		inTrain := d.rng.apportion(counts, d.train)
		left := make([]int, len(counts))
		for c := range left {
			left[c] = counts[c] - inTrain[c]
		}
		inTest := d.rng.apportion(left, d.test)
		var t Split
		for c, m := range members {
			for k, j := range d.rng.permutation(counts[c]) {
				switch {
				case k < inTrain[c]:
					t.Train = append(t.Train, m[j])
				case k < inTrain[c]+inTest[c]:
					t.Test = append(t.Test, m[j])
				}
			}
		}
		d.rng.shuffle(t.Train)
		d.rng.shuffle(t.Test)
		splits[i] = t
	}
	return splits, nil
}

// GroupShuffleSplit keeps each group, e.g. the frames of a movie, on one side
// of every split: scikit-learn's GroupShuffleSplit, with its very splits for
// string groups. Train is a fraction of the groups.
type GroupShuffleSplit struct {
	Splits int      // 0 = 10
	Train  float64  // 0 = .9
	Seed   uint32   // 0 = 1; SeedZero = 0
	Groups []string // group per stimulus
}

// Split divides n stimuli. It fails with fewer than 2 groups.
func (s GroupShuffleSplit) Split(n int) ([]Split, error) {
	if len(s.Groups) != n {
		return nil, fmt.Errorf("there are %d groups for %d stimuli: expected one name per stimulus", len(s.Groups), n)
	}
	names, members := classes(s.Groups)
	if len(names) < 2 {
		return nil, fmt.Errorf("all %d stimuli are in the same group (%q): splits by group need at least 2 groups", n, names)
	}
	byGroup, err := newDraw(s.Splits, s.Train, s.Seed, len(names), "groups")
	if err != nil {
		return nil, err
	}
	splits := make([]Split, byGroup.splits)
	for i := range splits {
		for k, g := range byGroup.rng.permutation(len(names)) {
			if k < byGroup.test {
				splits[i].Test = append(splits[i].Test, members[g]...)
			} else {
				splits[i].Train = append(splits[i].Train, members[g]...)
			}
		}
		slices.Sort(splits[i].Train)
		slices.Sort(splits[i].Test)
	}
	return splits, nil
}

func oneMember(class string, row int) error {
	return fmt.Errorf("class %q has one stimulus, row %d: stratified splits need at least 2 per class; leave it out, merge it with another class, or do not stratify", class, row)
}

// seedOf is numpy's seed for the value of a Seed field.
func seedOf(seed uint32) uint32 {
	switch seed {
	case 0:
		return 1
	case SeedZero:
		return 0
	}
	return seed
}

// A draw is what the three kinds of shuffled splits have in common.
type draw struct {
	splits, train, test int
	rng                 *mt19937
}

func newDraw(splits int, train float64, seed uint32, n int, what string) (draw, error) {
	if splits == 0 {
		splits = 10
	}
	if train == 0 {
		train = .9
	}
	if splits < 0 || !(train > 0 && train < 1) {
		return draw{}, fmt.Errorf("%d splits with a training fraction of %g: expected at least 1 split and a fraction between 0 and 1", splits, train)
	}
	d := draw{splits: splits, train: int(math.Floor(train * float64(n))), rng: newMT19937(seedOf(seed))}
	d.test = n - d.train
	if d.train == 0 || n < 2 {
		return draw{}, fmt.Errorf("%d %s are too few to train on a fraction of %g of them and to test on the others", n, what, train)
	}
	return d, nil
}

// classes returns the distinct labels, sorted, and the rows of each.
func classes(labels []string) (names []string, members [][]int) {
	rows := map[string][]int{}
	for i, l := range labels {
		rows[l] = append(rows[l], i)
	}
	for l := range rows {
		names = append(names, l)
	}
	slices.Sort(names)
	for _, l := range names {
		members = append(members, rows[l])
	}
	return names, members
}

// apportion divides n draws over classes of the given sizes in proportion: the
// whole parts first, the rest by largest remainder, equal remainders drawn.
// It is scikit-learn's _approximate_mode, in its arithmetic.
func (m *mt19937) apportion(counts []int, n int) []int {
	total := 0
	for _, c := range counts {
		total += c
	}
	share := make([]int, len(counts))
	remainder := make([]float64, len(counts))
	missing := n
	for i, c := range counts {
		// The conversion keeps the product rounded where the hardware could
		// fuse it with the subtraction: ties must stay ties.
		exact := float64(float64(c) / float64(total) * float64(n))
		whole := math.Floor(exact)
		share[i], remainder[i] = int(whole), exact-whole
		missing -= share[i]
	}
	values := slices.Clone(remainder)
	slices.Sort(values)
	values = slices.Compact(values)
	for v := len(values) - 1; v >= 0 && missing > 0; v-- {
		var tied []int
		for i, r := range remainder {
			if r == values[v] {
				tied = append(tied, i)
			}
		}
		take := min(len(tied), missing)
		for _, k := range m.permutation(len(tied))[:take] {
			share[tied[k]]++
		}
		missing -= take
	}
	return share
}
