package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ventral/internal/npy"
	"ventral/network"
	"ventral/stimuli"
)

// appendFile describes a file for run.json: its path as given, and its hash.
func appendFile(data []datum, name, path string) ([]datum, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return append(data, datum{Name: name, Source: path, SHA256: hex.EncodeToString(h.Sum(nil))}), nil
}

// digest is the hash of numbers, for run.json.
func digest(values []float64) string {
	h := sha256.New()
	var b [8]byte
	for _, v := range values {
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(v))
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hashOf is the hash of words, for run.json.
func hashOf(words []string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return hex.EncodeToString(sum[:])
}

// writeActivations writes LAYER.npy for every layer, stimulus × channel × row
// × column, and stimuli.csv, which names every row, beside them.
func writeActivations(f *runFolder, acts map[string][]float32, model *network.Model, set stimuli.Set, layers []string, elem ...string) error {
	for _, layer := range layers {
		p, err := f.file(append(elem[:len(elem):len(elem)], fileName(layer)+".npy")...)
		if err != nil {
			return err
		}
		if err := npy.WriteFile(p, activationShape(model, layer, set), acts[layer]); err != nil {
			return err
		}
	}
	return writeStimuli(f, set, elem...)
}

func activationShape(model *network.Model, layer string, set stimuli.Set) []int {
	s, _ := model.LayerShape(layer)
	return []int{set.Len(), s.Channels, s.Height, s.Width}
}

// writeStimuliTable writes stimuli.csv with all columns of the table of a set, the
// ids first; where there is none, or it says no more than the files' names, as
// writeStimuli does.
func writeStimuliTable(f *runFolder, set stimuli.Set, t *stimuli.Table) error {
	if t == nil || len(t.Columns) == 2 && slices.Contains(t.Columns, "filename") {
		return writeStimuli(f, set)
	}
	header := []string{"stimulus_id"}
	var others []int
	for j, name := range t.Columns {
		if name != "stimulus_id" && (name != "image_id" || slices.Contains(t.Columns, "stimulus_id")) {
			header, others = append(header, name), append(others, j)
		}
	}
	rows := make([][]string, set.Len())
	for i := range rows {
		rows[i] = []string{set.ID(i)}
		for _, j := range others {
			rows[i] = append(rows[i], t.Rows[i][j])
		}
	}
	return f.writeCSV(header, rows, "stimuli.csv")
}

// writeStimuli writes stimuli.csv: the ids of a set in the order of the rows,
// and the class of each as object_name where images have one.
func writeStimuli(f *runFolder, set stimuli.Set, elem ...string) error {
	header, classes := []string{"stimulus_id"}, set.Classes()
	if len(classes) > 0 {
		header = append(header, "object_name")
	}
	rows := make([][]string, set.Len())
	for i := range rows {
		rows[i] = []string{set.ID(i)}
		if len(classes) > 0 {
			rows[i] = append(rows[i], classes[set.Label(i)])
		}
	}
	return f.writeCSV(header, rows, append(elem[:len(elem):len(elem)], "stimuli.csv")...)
}

// stem is a file's name without folders and ending.
func stem(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }
