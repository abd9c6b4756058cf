package fit

import (
	"bytes"
	"encoding/csv"

	"ventral/internal/npy"
	"ventral/internal/whole"
)

// Write writes the assembly so that ReadAssembly reads it back and numpy.load
// opens it: path, an .npz with the array responses (n_stimuli × n_repetitions ×
// n_neuroids, NaN = no trial) and the names of its axes (text as uint8), and
// beside it the tables NAME_stimuli.csv (stimulus_id) and NAME_neuroids.csv
// (neuroid_id, and region where it is known). Every file appears whole or not
// at all, the .npz last. It fails if one cannot be written.
func (a *Assembly) Write(path string) error {
	stimuli := [][]string{{"stimulus_id"}}
	for _, id := range a.StimulusIDs {
		stimuli = append(stimuli, []string{id})
	}
	neuroids := [][]string{{"neuroid_id"}}
	if a.Region != "" {
		neuroids[0] = append(neuroids[0], "region")
	}
	for _, id := range a.Neuroids {
		row := []string{id}
		if a.Region != "" {
			row = append(row, a.Region)
		}
		neuroids = append(neuroids, row)
	}
	if err := writeTable(beside(path, stimulusTable), stimuli); err != nil {
		return err
	}
	if err := writeTable(beside(path, neuroidTable), neuroids); err != nil {
		return err
	}
	z, err := npy.CreateZip(path)
	if err != nil {
		return err
	}
	defer z.Abort()
	if err := npy.AddEntry(z, "responses", []int{len(a.StimulusIDs), a.Repetitions, len(a.Neuroids)}, a.Responses); err != nil {
		return err
	}
	axes := []byte(exampleAxes(3))
	if err := npy.AddEntry(z, "axes", []int{len(axes)}, axes); err != nil {
		return err
	}
	return z.Close()
}

// writeTable writes a CSV.
func writeTable(path string, rows [][]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return err
	}
	return whole.WriteFile(path, text.Bytes())
}
