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
	labels, groups, many := g.Splits.Labels, g.Splits.Groups, g.Splits.Many
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
		{"k-fold, defaults", KFold{}, 25, g.Splits.KFold["25_10_1"]},
		{"k-fold, seed 0", KFold{Folds: 4, Seed: SeedZero}, 63, g.Splits.KFold["63_4_0"]},
		{"stratified k-fold", StratifiedKFold{Labels: labels}, len(labels), g.Splits.StratifiedKFold["10_1"]},
		{"stratified k-fold, seed 7", StratifiedKFold{Folds: 3, Seed: 7, Labels: labels}, len(labels), g.Splits.StratifiedKFold["3_7"]},
		{"group k-fold", GroupKFold{Folds: 3, Groups: groups}, 70, g.Splits.GroupKFold["3"]},
		{"group k-fold, many groups", GroupKFold{Groups: many}, 240, g.Splits.GroupKFold["10_many"]},
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

		"k-fold":            KFold{Folds: 3},
		"stratified k-fold": StratifiedKFold{Folds: 3, Labels: labels},
		"group k-fold":      GroupKFold{Folds: 3, Groups: groups},
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
			if strings.HasPrefix(name, "group") {
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
		{KFold{Folds: 1}, 10, "1 folds: expected at least 2"},
		{KFold{}, 9, "10 folds of 9 stimuli"},
		{StratifiedKFold{Labels: []string{"a"}}, 2, "1 labels for 2 stimuli"},
		{StratifiedKFold{Folds: 2, Labels: strings.Split("face face car house house", " ")}, 5, `class "car" has one stimulus, row 2`},
		{StratifiedKFold{Folds: 3, Labels: strings.Split("a a b b", " ")}, 4, "3 folds and at most 2 stimuli of a class"},
		{GroupKFold{Folds: 2, Groups: []string{"m"}}, 2, "1 groups for 2 stimuli"},
		{GroupKFold{Folds: 3, Groups: []string{"m", "k", "m"}}, 3, "3 folds of 2 groups"},
	} {
		_, err := c.splitter.Split(c.n)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v.Split(%d): error %v, expected %q", c.splitter, c.n, err, c.want)
		}
	}
}

// Every stimulus is tested once, and classes are as even over the folds as
// they can be.
func TestFoldsAreEven(t *testing.T) {
	labels := strings.Split("a a a a a a b b b b c c c c c c c c c c c", " ")
	for name, s := range map[string]Splitter{
		"k-fold":     KFold{Folds: 4},
		"stratified": StratifiedKFold{Folds: 4, Labels: labels},
		"group":      GroupKFold{Folds: 4, Groups: strings.Split("r s t u v w x y z r s t u v w x y z r s t", " ")},
	} {
		splits, err := s.Split(21)
		if err != nil {
			t.Fatal(err)
		}
		tested := make([]int, 21)
		for i, s := range splits {
			counts := map[string]int{}
			for _, row := range s.Test {
				tested[row]++
				counts[labels[row]]++
			}
			if n := len(s.Test); n != 5 && n != 6 {
				t.Errorf("%s: fold %d has %d of 21 stimuli", name, i, n)
			}
			if name == "stratified" && (counts["a"] < 1 || counts["a"] > 2 || counts["b"] != 1 || counts["c"] < 2 || counts["c"] > 3) {
				t.Errorf("fold %d has the classes %v of 6, 4 and 11", i, counts)
			}
		}
		if slices.Min(tested) != 1 || slices.Max(tested) != 1 {
			t.Errorf("%s: stimuli are tested %v times", name, tested)
		}
	}
}
