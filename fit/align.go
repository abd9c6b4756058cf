package fit

import (
	"fmt"
	"slices"
	"strings"
)

// Align finds the rows of features that belong to the stimuli of an assembly:
// featureIDs[rows[i]] == a.StimulusIDs[i]. Features of other stimuli are
// allowed; a note of a counts them. It fails, and lists them, when stimuli have
// no features or when an id is there twice on either side.
func Align(featureIDs []string, a *Assembly) (rows []int, err error) {
	row := make(map[string]int, len(featureIDs))
	for i, id := range featureIDs {
		row[id] = i
	}
	var missing []string
	for _, id := range a.StimulusIDs {
		if i, ok := row[id]; ok {
			rows = append(rows, i)
		} else {
			missing = append(missing, id)
		}
	}
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
