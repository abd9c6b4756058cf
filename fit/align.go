package fit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Align finds the rows of features that belong to the stimuli of an assembly:
// featureIDs[rows[i]] == a.StimulusIDs[i]. Features of other stimuli are
// allowed; a note of a counts them. It fails, and lists them, when stimuli have
// no features or when an id is there twice on either side.
func Align(featureIDs []string, a *Assembly) (rows []int, err error) {
	rows, missing := places(featureIDs, a.StimulusIDs)
	var faults []string
	fault := func(what string, ids []string) {
		if len(ids) > 0 {
			faults = append(faults, fmt.Sprintf("%d %s: %s", len(ids), what, listed(ids)))
		}
	}
	fault(fmt.Sprintf("of %d stimulus_ids of the recordings have no features (there are %d)", len(a.StimulusIDs), len(featureIDs)), missing)
	fault("stimulus_ids are there more than once in the features", repeated(featureIDs))
	fault("stimulus_ids are there more than once in the recordings", repeated(a.StimulusIDs))
	if len(faults) > 0 {
		if len(missing) > 0 && len(featureIDs) > 0 {
			faults = append(faults, fmt.Sprintf("features are called like %q", featureIDs[0]))
		}
		return nil, fmt.Errorf("%s", strings.Join(faults, "; "))
	}
	if unused := len(featureIDs) - len(rows); unused > 0 {
		note := fmt.Sprintf("features of %d of %d stimuli are not used: the recordings do not have these stimuli", unused, len(featureIDs))
		if !slices.Contains(a.Notes, note) {
			a.Notes = append(a.Notes, note)
		}
	}
	return rows, nil
}

// AlignTrials puts single trials of the same neuroids beside the responses a:
// the stimuli of a that have trials, in a's order, and a's neuroids in theirs.
// Notes of the result tell of stimuli that only one of the two has. Neuroids
// are taken in their order where one of the files does not name them. It fails
// when no stimulus is in both, when neuroids differ, and when an id is there
// twice in the trials.
func AlignTrials(trials, a *Assembly) (*Assembly, error) {
	if len(trials.Neuroids) != len(a.Neuroids) {
		return nil, fmt.Errorf("%d neuroids, and %s has %d: trials must be those of the same neuroids", len(a.Neuroids), trials.name(), len(trials.Neuroids))
	}
	neuroids, missing := places(trials.Neuroids, a.Neuroids)
	if len(missing) > 0 {
		if !unnamed(trials.Neuroids) && !unnamed(a.Neuroids) {
			return nil, fmt.Errorf("%d of %d neuroids have no trials in %s: %s; it has %s", len(missing), len(a.Neuroids), trials.name(), listed(missing), listed(trials.Neuroids))
		}
		neuroids = rowsBelow(len(a.Neuroids))
	}
	stimuli, missing := places(trials.StimulusIDs, a.StimulusIDs)
	if len(stimuli) == 0 {
		return nil, fmt.Errorf("none of %d stimuli has trials in %s, whose stimuli are called like %q, not %q", len(a.StimulusIDs), trials.name(), trials.StimulusIDs[0], a.StimulusIDs[0])
	}
	if twice := append(repeated(trials.StimulusIDs), repeated(trials.Neuroids)...); len(twice) > 0 {
		return nil, fmt.Errorf("%s has stimuli or neuroids of one name: %s", trials.name(), listed(twice))
	}
	aligned := *trials
	aligned.keep(stimuli, neuroids, nil)
	aligned.Notes = slices.Clone(trials.Notes)
	if len(missing) > 0 {
		aligned.Notes = append(aligned.Notes, fmt.Sprintf("%s has trials of only %d of the %d stimuli", trials.name(), len(stimuli), len(a.StimulusIDs)))
	}
	if unused := len(trials.StimulusIDs) - len(stimuli); unused > 0 {
		aligned.Notes = append(aligned.Notes, fmt.Sprintf("trials of %d other stimuli in %s are not used", unused, trials.name()))
	}
	return &aligned, nil
}

// places finds wanted names among names: the places of those that are there, in
// the order of wanted, and those that are not.
func places(names, wanted []string) (found []int, missing []string) {
	place := make(map[string]int, len(names))
	for i, name := range names {
		place[name] = i
	}
	for _, name := range wanted {
		if i, ok := place[name]; ok {
			found = append(found, i)
		} else {
			missing = append(missing, name)
		}
	}
	return found, missing
}

// unnamed tells whether names are ascending numbers, as those are that a file
// without names gets.
func unnamed(names []string) bool {
	last := -1
	for _, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil || n <= last {
			return false
		}
		last = n
	}
	return true
}
