package fit

import (
	"slices"
	"strings"
	"testing"
)

func sameSplits(t *testing.T, name string, got, want []Split) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d splits, scikit-learn's %d", name, len(got), len(want))
	}
	for i := range want {
		if !slices.Equal(got[i].Train, want[i].Train) || !slices.Equal(got[i].Test, want[i].Test) {
			t.Errorf("%s: split %d is\n%v, scikit-learn's\n%v", name, i, got[i], want[i])
		}
	}
}

func TestSplitsAreScikitLearns(t *testing.T) {
	g := readGoldens(t)
	labels, groups := g.Splits.Labels, g.Splits.Groups
	for _, c := range []struct {
		name     string
		splitter Splitter
		n        int
		want     []Split
	}{
		{"shuffle, defaults", ShuffleSplit{}, 25, g.Splits.Shuffle["25_0.9_1"]},
		{"shuffle, seed 0", ShuffleSplit{Splits: 3, Train: .5, Seed: SeedZero}, 63, g.Splits.Shuffle["63_0.5_0"]},
		{"stratified", StratifiedShuffleSplit{Train: .8, Labels: labels}, len(labels), g.Splits.Stratified["0.8_1"]},
		{"stratified, seed 7", StratifiedShuffleSplit{Splits: 3, Train: .6, Seed: 7, Labels: labels}, len(labels), g.Splits.Stratified["0.6_7"]},
		{"group, defaults", GroupShuffleSplit{Groups: groups}, 70, g.Splits.Group["0.9_1"]},
		{"group, seed 4", GroupShuffleSplit{Splits: 3, Train: .5, Seed: 4, Groups: groups}, 70, g.Splits.Group["0.5_4"]},
	} {
		got, err := c.splitter.Split(c.n)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		sameSplits(t, c.name, got, c.want)
	}
}

func TestSplitsPartition(t *testing.T) {
	labels := strings.Split("a a a a a a b b b b c c c c c c c c c c", " ")
	groups := strings.Split("u v w x y z u v w x y z u v w x y z u v", " ")
	for name, s := range map[string]Splitter{
		"shuffle":    ShuffleSplit{Train: .7},
		"stratified": StratifiedShuffleSplit{Train: .7, Labels: labels},
		"group":      GroupShuffleSplit{Train: .7, Groups: groups},
	} {
		splits, err := s.Split(20)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range splits {
			all := slices.Sorted(slices.Values(slices.Concat(s.Train, s.Test)))
			if !slices.Equal(all, rowsUpTo(20)) {
				t.Errorf("%s, split %d: %v is not every stimulus once", name, i, s)
			}
			if name == "group" {
				for _, a := range s.Train {
					for _, b := range s.Test {
						if groups[a] == groups[b] {
							t.Errorf("split %d: group %s is on both sides", i, groups[a])
						}
					}
				}
			}
		}
	}
}

func TestSplitErrors(t *testing.T) {
	for _, c := range []struct {
		splitter Splitter
		n        int
		want     string
	}{
		{ShuffleSplit{}, 1, "1 stimuli are too few"},
		{ShuffleSplit{Train: 1}, 10, "a fraction between 0 and 1"},
		{ShuffleSplit{Splits: -1}, 10, "at least 1 split"},
		{StratifiedShuffleSplit{Labels: []string{"a"}}, 2, "1 labels for 2 stimuli"},
		{StratifiedShuffleSplit{Train: .5, Labels: strings.Split("face face car house house", " ")}, 5, `class "car" has one stimulus, row 2`},
		{StratifiedShuffleSplit{Labels: strings.Split("a a a a a b b b b b", " ")}, 10, "9 training and 1 test stimuli for 2 classes"},
		{GroupShuffleSplit{Groups: []string{"m", "m", "m"}}, 3, "all 3 stimuli are in the same group"},
		{GroupShuffleSplit{Groups: []string{"m", "k"}}, 3, "2 groups for 3 stimuli"},
		{GroupShuffleSplit{Train: .4, Groups: []string{"m", "k"}}, 2, "2 groups are too few"},
	} {
		_, err := c.splitter.Split(c.n)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v.Split(%d): error %v, expected %q", c.splitter, c.n, err, c.want)
		}
	}
}
