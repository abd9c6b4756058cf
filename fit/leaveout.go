package fit

import (
	"fmt"
	"math"
	"slices"
)

// leaveOut removes from assemblies of the same stimuli and neuroids what a score
// cannot be made of, and notes it: stimuli without any trial, neuroids without
// any trial, and then the neuroids that miss some of the stimuli. All neuroids
// are thus scored on the same stimuli, and a neuroid's gap does not cost the
// others a stimulus. What is missing in one assembly is missing in all.
func leaveOut(assemblies []*Assembly) error {
	for _, a := range assemblies {
		if !slices.ContainsFunc(a.Responses, func(v float64) bool { return !math.IsNaN(v) }) {
			where := ""
			if len(assemblies) > 1 {
				where = fmt.Sprintf(" in the time bin %v", a.Window)
			}
			return fmt.Errorf("there is no trial at all%s: every response that is selected is NaN; select others, or check what the file has for missing trials", where)
		}
	}
	a := assemblies[0]
	trials := a.counts()
	for _, other := range assemblies[1:] {
		for s, row := range other.counts() {
			for j, n := range row {
				trials[s][j] = min(trials[s][j], n)
			}
		}
	}
	stimuli := whichHave(len(a.StimulusIDs), func(s int) bool {
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
	complete := whichHave(len(a.Neuroids), func(j int) bool { return shown[j] == len(stimuli) })
	if len(stimuli) == 0 {
		return fmt.Errorf("no stimulus has a trial in every one of the %d time bins: select fewer", len(assemblies))
	}
	var notes []string
	note := func(one, many string, names []string) {
		switch n := len(names); {
		case n == 1:
			notes = append(notes, fmt.Sprintf("1 %s is left out: %s", one, names[0]))
		case n > 1:
			notes = append(notes, fmt.Sprintf("%d %s are left out: %s", n, many, listed(names)))
		}
	}
	note("stimulus without any trial", "stimuli without any trial", pick(a.StimulusIDs, others(len(a.StimulusIDs), stimuli)))
	var silent, partial []string
	for _, j := range others(len(a.Neuroids), complete) {
		if shown[j] == 0 {
			silent = append(silent, a.Neuroids[j])
		} else {
			partial = append(partial, fmt.Sprintf("%s (%d of %d)", a.Neuroids[j], shown[j], len(stimuli)))
		}
	}
	note("neuroid without any trial", "neuroids without any trial", silent)
	note("neuroid that has trials of only some stimuli", "neuroids that have trials of only some stimuli", partial)
	if len(complete) == 0 {
		return fmt.Errorf("no neuroid has trials of all %d stimuli (%s): leave out the stimuli that most neuroids miss", len(stimuli), listed(append(partial, silent...)))
	}
	for _, a := range assemblies {
		a.keep(stimuli, complete, a.Responses[:0])
		a.Notes = append(a.Notes, notes...)
	}
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

func whichHave(n int, yes func(i int) bool) []int {
	var which []int
	for i := range n {
		if yes(i) {
			which = append(which, i)
		}
	}
	return which
}

// keep keeps the given stimuli and neuroids. Their responses are appended to
// kept, nil for new memory, unless they are all; ascending ones may take the
// place of the assembly's own.
func (a *Assembly) keep(stimuli, neuroids []int, kept []float64) {
	if slices.Equal(stimuli, rowsBelow(len(a.StimulusIDs))) && slices.Equal(neuroids, rowsBelow(len(a.Neuroids))) {
		return
	}
	kept = slices.Grow(kept, len(stimuli)*a.Repetitions*len(neuroids))
	for _, s := range stimuli {
		for r := range a.Repetitions {
			trials := a.trials(s, r)
			for _, j := range neuroids {
				kept = append(kept, trials[j])
			}
		}
	}
	a.Responses, a.StimulusIDs, a.Neuroids = kept, pick(a.StimulusIDs, stimuli), pick(a.Neuroids, neuroids)
	coordinates := make(map[string][]string, len(a.Coordinates))
	for name, values := range a.Coordinates {
		coordinates[name] = pick(values, stimuli)
	}
	a.Coordinates = coordinates
}
