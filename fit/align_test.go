package fit

import (
	"slices"
	"strings"
	"testing"
)

func TestAlignTrials(t *testing.T) {
	assembly := func(stimuli, neuroids string, repetitions int) *Assembly {
		a := &Assembly{StimulusIDs: strings.Fields(stimuli), Neuroids: strings.Fields(neuroids), Repetitions: repetitions}
		for i := range len(a.StimulusIDs) * repetitions * len(a.Neuroids) {
			a.Responses = append(a.Responses, float64(i))
		}
		return a
	}
	responses := assembly("a b c", "n m", 1)
	for _, c := range []struct {
		trials  *Assembly
		stimuli string
		want    []float64
		notes   int
	}{
		{assembly("a b c", "n m", 2), "a b c", []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 0},
		{assembly("c a b", "m n", 1), "a b c", []float64{3, 2, 5, 4, 1, 0}, 0},
		{assembly("c d a", "n m", 1), "a c", []float64{4, 5, 0, 1}, 2},
		{assembly("b a c", "0 1", 1), "a b c", []float64{2, 3, 0, 1, 4, 5}, 0}, // neuroids without names
	} {
		got, err := AlignTrials(c.trials, responses)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.StimulusIDs, strings.Fields(c.stimuli)) || !slices.Equal(got.Responses, c.want) || len(got.Notes) != c.notes {
			t.Errorf("%v × %v: %v, %v, notes %q", c.trials.StimulusIDs, c.trials.Neuroids, got.StimulusIDs, got.Responses, got.Notes)
		}
	}
	for want, trials := range map[string]*Assembly{
		"1 of 2 neuroids have no trials":     assembly("a b c", "n x", 2),
		"must be those of the same neuroids": assembly("a b c", "n m o", 2),
		"none of 3 stimuli has trials":       assembly("x y", "n m", 2),
		"stimuli or neuroids of one name: a": assembly("a b a", "n m", 2),
	} {
		if _, err := AlignTrials(trials, responses); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}
