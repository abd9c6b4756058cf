package fit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// An Assembly holds the responses of neuroids (recording sites or cells) to
// stimuli, trial by trial.
type Assembly struct {
	Region      string // brain region, e.g. "V4"; empty when not known
	Source      string // the file
	StimulusIDs []string
	Neuroids    []string
	Repetitions int
	Window      Window // the time that the responses are of, where the file says
	// Responses is n_stimuli × n_repetitions × n_neuroids in the unit of the
	// recording (spikes, spikes/s), NaN where there was no trial. Every stimulus
	// has at least one trial of every neuroid.
	Responses []float64
	// Coordinates of the stimuli by name, a value for each, such as
	// object_name: what the recordings say of a stimulus in all its
	// presentations alike.
	Coordinates map[string][]string
	Notes       []string // what the reader chose or left out, in words for the user
}

// Mean returns the mean over the repetitions that are there, n_stimuli ×
// n_neuroids.
func (a *Assembly) Mean() *mat.Dense {
	return a.meanOver(rowsBelow(a.Repetitions))
}

// Stimuli returns the assembly with only the given stimuli, in their order.
func (a *Assembly) Stimuli(rows []int) *Assembly {
	some := *a
	some.keep(rows, rowsBelow(len(a.Neuroids)), nil)
	return &some
}

// meanOver is the mean over the given repetitions; NaN where none has a trial.
func (a *Assembly) meanOver(repetitions []int) *mat.Dense {
	q := len(a.Neuroids)
	m := mat.NewDense(len(a.StimulusIDs), q, nil)
	count := make([]int, q)
	for s := range a.StimulusIDs {
		clear(count)
		row := m.RawRowView(s)
		for _, r := range repetitions {
			for j, v := range a.trials(s, r) {
				if !math.IsNaN(v) {
					row[j] += v
					count[j]++
				}
			}
		}
		for j, n := range count {
			if n == 0 {
				row[j] = math.NaN()
			} else {
				row[j] /= float64(n)
			}
		}
	}
	return m
}

// trials are the responses of all neuroids to a repetition of a stimulus.
func (a *Assembly) trials(stimulus, repetition int) []float64 {
	q := len(a.Neuroids)
	at := (stimulus*a.Repetitions + repetition) * q
	return a.Responses[at : at+q]
}

// name says which recordings an error is about.
func (a *Assembly) name() string {
	switch {
	case a.Source != "" && a.Region != "":
		return fmt.Sprintf("%s (%s)", a.Source, a.Region)
	case a.Source != "":
		return a.Source
	case a.Region != "":
		return a.Region
	}
	return "assembly"
}
