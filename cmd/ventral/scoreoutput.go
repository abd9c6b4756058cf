package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/npy"
)

// A scoreJSON is a row of ventral score as scripts read it.
type scoreJSON struct {
	Layer       string            `json:"layer"`
	Region      string            `json:"region"`
	Window      string            `json:"window,omitempty"` // of time bins
	Score       figure            `json:"score"`
	Error       figure            `json:"error"`
	Ceiling     *figure           `json:"ceiling"`
	Ceiled      *figure           `json:"ceiled"`
	Convention  string            `json:"convention"`
	Under       map[string]figure `json:"ceiled_under,omitempty"` // by each convention
	Normalised  *figure           `json:"normalised,omitempty"`   // median of r/√ceiling, neuroid by neuroid
	SplitScores []figure          `json:"split_scores"`
	PerNeuroid  []figure          `json:"per_neuroid"` // median over splits
	Stimuli     int               `json:"n_stimuli"`
	Features    int               `json:"n_features"`
	Neuroids    int               `json:"n_neuroids"`
	Undefined   int               `json:"n_undefined"` // correlations (split × neuroid) that do not exist
	Negative    bool              `json:"negative"`    // score is negative; its square, and so ceiled, is not
	Bootstrap   *intervalJSON     `json:"bootstrap,omitempty"`
	Permutation *permutationJSON  `json:"permutation,omitempty"`
	FEV         *fevJSON          `json:"fev,omitempty"`
	Commitment  *commitmentJSON   `json:"commitment,omitempty"`
	Notes       []string          `json:"notes"`
	Regression  string            `json:"regression"`
	Parameters  map[string]any    `json:"parameters"`
	Chosen      *choicesJSON      `json:"chosen,omitempty"` // by the regression, inside the training parts
	Splits      string            `json:"splits"`
	Seed        uint32            `json:"seed"`
	Seconds     float64           `json:"seconds"`
	PeakBytes   int64             `json:"peak_bytes"`

	result *fit.Result
	drawn  *fit.Bootstrapped
}

// An intervalJSON is a bootstrap interval.
type intervalJSON struct {
	Low        figure  `json:"low"`
	High       figure  `json:"high"`
	Confidence float64 `json:"confidence"`
	Draws      int     `json:"draws"`
	Resampled  string  `json:"resampled"`
	Deviation  figure  `json:"standard_error"`
}

// A permutationJSON is a test against permuted stimuli.
type permutationJSON struct {
	P            figure   `json:"p"`
	NullMean     figure   `json:"null_mean"`
	Permutations int      `json:"permutations"`
	Refitted     bool     `json:"refitted"`
	PerNeuroid   []figure `json:"per_neuroid,omitempty"`
	Corrected    []figure `json:"per_neuroid_fdr,omitempty"` // Benjamini and Hochberg
}

// A fevJSON is the explained fraction of the explainable variance.
type fevJSON struct {
	Median      figure   `json:"median"`
	Mean        figure   `json:"mean"`
	Floor       float64  `json:"floor"`
	Reliable    int      `json:"n_reliable"` // neuroids that reach the floor
	PerNeuroid  []figure `json:"per_neuroid"`
	Explainable []figure `json:"explainable"`
}

// A commitmentJSON says on what a layer was chosen.
type commitmentJSON struct {
	Selection int               `json:"n_selection_stimuli"`
	Scores    map[string]figure `json:"selection_scores"` // of every layer on them
}

// A differenceJSON compares two layers on the same splits.
type differenceJSON struct {
	Region     string `json:"region"`
	Window     string `json:"window,omitempty"`
	A          string `json:"a"`
	B          string `json:"b"`
	Difference figure `json:"difference"` // of the scores, a − b
	Low        figure `json:"low"`
	High       figure `json:"high"`
	P          figure `json:"p"`
	Holm       figure `json:"p_holm"` // corrected for all pairs of the region
}

// comparedLayers are the differences of all layers on a target.
type comparedLayers struct {
	target      *scoreTarget
	differences []fit.Difference
}

// scoreOutput collects rows and writes them.
type scoreOutput struct {
	run      *scoreRun
	rows     []*scoreJSON
	targets  []*scoreTarget // of the rows
	compared []comparedLayers
	unsaved  error // of the CSV, when it was last written
}

// add takes a row, and writes the CSV of all so far.
func (o *scoreOutput) add(row *scoreJSON, target *scoreTarget) {
	o.rows, o.targets = append(o.rows, row), append(o.targets, target)
	if o.run.csvPath != "" {
		o.unsaved = o.writeCSV()
	}
}

// write prints the table and then writes the files that the flags ask for: where
// one cannot be written the others, and the table, are not lost.
func (o *scoreOutput) write(t *terminal) error {
	if t.program.json != "-" {
		o.print(t)
	}
	errs := []error{o.unsaved}
	if t.program.json != "" {
		made, err := o.run.made(t.flags)
		if err == nil {
			err = t.result(o.json(made), func() {})
		}
		errs = append(errs, err)
	}
	if o.run.savePath != "" {
		errs = append(errs, o.save())
	}
	if o.run.figurePath != "" {
		errs = append(errs, o.draw())
	}
	return errors.Join(errs...)
}

// json is the row by itself where there is one, and all of them otherwise.
func (o *scoreOutput) json(made scoreMade) any {
	if len(o.rows) == 1 {
		return struct {
			*scoreJSON
			scoreMade
		}{o.rows[0], made}
	}
	return struct {
		Rows        []*scoreJSON     `json:"rows"`
		Comparisons []differenceJSON `json:"comparisons"`
		scoreMade
	}{o.rows, o.differences(), made}
}

func (o *scoreOutput) differences() []differenceJSON {
	differences := []differenceJSON{}
	for _, c := range o.compared {
		window := ""
		if c.target.measured != (fit.Window{}) {
			window = c.target.measured.String()
		}
		for _, d := range c.differences {
			differences = append(differences, differenceJSON{c.target.region, window, d.A, d.B, figure(d.Difference), figure(d.Low), figure(d.High), figure(d.P), figure(d.Holm)})
		}
	}
	return differences
}

// writeCSV writes a row per layer and target.
func (o *scoreOutput) writeCSV() error {
	header := []string{"region", "window", "layer", "regression", "n_stimuli", "n_features", "n_neuroids", "score", "error", "ceiling", "ceiled", "convention", "low", "high", "p", "null_mean", "fev", "chosen_on", "splits", "seconds"}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	rows := [][]string{header}
	optional := func(f *figure) string {
		if f == nil {
			return ""
		}
		return f.csv()
	}
	for _, r := range o.rows {
		var low, high, p, null, fev, chosenOn string
		if r.Bootstrap != nil {
			low, high = r.Bootstrap.Low.csv(), r.Bootstrap.High.csv()
		}
		if r.Permutation != nil {
			p, null = r.Permutation.P.csv(), r.Permutation.NullMean.csv()
		}
		if r.FEV != nil {
			fev = r.FEV.Median.csv()
		}
		if r.Commitment != nil {
			chosenOn = strconv.Itoa(r.Commitment.Selection)
		}
		rows = append(rows, []string{
			r.Region, r.Window, r.Layer, r.Regression, strconv.Itoa(r.Stimuli), strconv.Itoa(r.Features), strconv.Itoa(r.Neuroids),
			r.Score.csv(), r.Error.csv(), optional(r.Ceiling), optional(r.Ceiled), r.Convention, low, high, p, null, fev, chosenOn, r.Splits,
			strconv.FormatFloat(r.Seconds, 'f', 3, 64),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return writeFile(o.run.csvPath, text.Bytes())
}

// print shows the table, with the columns that there is something in.
func (o *scoreOutput) print(t *terminal) {
	score := "r"
	if o.run.kind() == compared {
		score = o.run.scoring.method
	}
	rows := table{header: []string{"region", "layer", "stimuli", "features", "neuroids", score}, left: 2}
	any := func(has func(*scoreJSON) bool) bool {
		for _, r := range o.rows {
			if has(r) {
				return true
			}
		}
		return false
	}
	// Further columns, each where some row has it.
	type column struct {
		header string
		has    func(*scoreJSON) bool
		cell   func(*scoreJSON) string
	}
	var columns []column
	for _, c := range []column{
		{"ceiling", func(r *scoreJSON) bool { return r.Ceiling != nil }, func(r *scoreJSON) string { return decimals(*r.Ceiling) }},
		{"ceiled", func(r *scoreJSON) bool { return r.Ceiled != nil }, func(r *scoreJSON) string {
			if r.Negative {
				return "r < 0"
			}
			return decimals(*r.Ceiled)
		}},
		{"95 % interval", func(r *scoreJSON) bool { return r.Bootstrap != nil }, func(r *scoreJSON) string { return decimals(r.Bootstrap.Low) + " … " + decimals(r.Bootstrap.High) }},
		{"p", func(r *scoreJSON) bool { return r.Permutation != nil }, func(r *scoreJSON) string { return short(float64(r.Permutation.P)) }},
		{"null mean", func(r *scoreJSON) bool { return r.Permutation != nil && !math.IsNaN(float64(r.Permutation.NullMean)) }, func(r *scoreJSON) string { return decimals(r.Permutation.NullMean) }},
		{"explained", func(r *scoreJSON) bool { return r.FEV != nil }, func(r *scoreJSON) string {
			return fmt.Sprintf("%s (%d)", decimals(r.FEV.Median), r.FEV.Reliable)
		}},
		{"chosen on", func(r *scoreJSON) bool { return r.Commitment != nil }, func(r *scoreJSON) string {
			return fmt.Sprintf("%d others", r.Commitment.Selection)
		}},
	} {
		if any(c.has) {
			columns = append(columns, c)
			rows.header = append(rows.header, c.header)
		}
	}
	for i, r := range o.rows {
		value := decimals(r.Score)
		if !math.IsNaN(float64(r.Error)) || len(r.SplitScores) == 1 {
			value += " ± " + decimals(r.Error)
		}
		region := o.targets[i].title()
		if region == "" {
			region = "–"
		}
		row := []string{region, r.Layer, fmt.Sprint(r.Stimuli), fmt.Sprint(r.Features), fmt.Sprint(r.Neuroids), value}
		for _, c := range columns {
			cell := "–"
			if c.has(r) {
				cell = c.cell(r)
			}
			row = append(row, cell)
		}
		rows.add(row...)
	}
	rows.write(t.out)
	words := o.run.scoring.words()
	if o.run.kind() == compared {
		words = o.run.scoring.method + ", " + o.rows[0].Splits
	} else {
		words += "; " + o.rows[0].Splits
	}
	if any(func(r *scoreJSON) bool { return r.Ceiled != nil }) {
		words += "; ceiled: " + o.rows[0].Convention
	}
	if any(func(r *scoreJSON) bool { return r.FEV != nil }) {
		words += "; explained: fraction of the explainable variance, median over neuroids that have enough of it (their number)"
	}
	fmt.Fprintf(t.out, "\n%s.\n", words)
	for i, r := range o.rows {
		if r.Chosen != nil && r.Chosen.BandWeights != nil {
			var words []string
			for _, name := range slices.Sorted(maps.Keys(r.Chosen.BandWeights)) {
				words = append(words, name+" "+decimals(r.Chosen.BandWeights[name]))
			}
			fmt.Fprintln(t.out, joinTitle(o.targets[i].title(), "weights of the layers: "+strings.Join(words, ", ")))
		}
	}
	o.printComparisons(t)
	o.printNotes(t)
}

// printComparisons compares the best layer of every target with the others.
func (o *scoreOutput) printComparisons(t *terminal) {
	for _, c := range o.compared {
		var best *scoreJSON
		for i, row := range o.rows {
			if o.targets[i] == c.target && (best == nil || row.Score > best.Score) {
				best = row
			}
		}
		name := best.Layer
		fmt.Fprintf(t.out, "\n%s is best%s:\n", name, inTitle(c.target.title()))
		rows := table{header: []string{"than", "by", "95 % interval", "p (Holm)"}, left: 1}
		for _, d := range c.differences {
			switch name {
			case d.A:
				rows.add(d.B, decimals(figure(d.Difference)), decimals(figure(d.Low))+" … "+decimals(figure(d.High)), short(d.Holm))
			case d.B:
				rows.add(d.A, decimals(figure(-d.Difference)), decimals(figure(-d.High))+" … "+decimals(figure(-d.Low)), short(d.Holm))
			}
		}
		rows.write(t.out)
	}
}

func inTitle(title string) string {
	if title == "" {
		return ""
	}
	return " in " + title
}

// printNotes prints what a reader must know, each note once, with the rows that
// it is about unless it is about all.
func (o *scoreOutput) printNotes(t *terminal) {
	var notes rowNotes
	for i, r := range o.rows {
		notes.add(o.targets[i].title(), r.Layer, r.Notes)
	}
	for _, note := range notes.lines() {
		fmt.Fprintln(t.out, note)
	}
}

func figures(values []float64) []figure {
	f := make([]figure, len(values))
	for i, v := range values {
		f[i] = figure(v)
	}
	return f
}

// save writes r (n_splits × n_neuroids) of every row, the splits as rows of the
// features and, if asked, predictions (n_test × n_neuroids per split, in the order
// of its test part). Of several rows the names begin with layer and region.
func (o *scoreOutput) save() error {
	z, err := npy.CreateZip(o.run.savePath)
	if err != nil {
		return err
	}
	defer z.Abort()
	add := func(name string, m *mat.Dense) error {
		rows, cols := m.Dims()
		values := make([]float64, 0, rows*cols)
		for i := range rows {
			values = append(values, m.RawRowView(i)...)
		}
		return npy.AddEntry(z, name, []int{rows, cols}, values)
	}
	divided := map[*scoreTarget]bool{}
	for i, row := range o.rows {
		target := o.targets[i]
		of, ofTarget := "", ""
		if len(o.rows) > 1 {
			of = strings.TrimSuffix(row.Layer+"."+target.title(), ".") + "."
			if target.title() != "" {
				ofTarget = target.title() + "."
			}
		}
		if err := add(of+"r", row.result.R); err != nil {
			return err
		}
		if o.run.predictions {
			for k, m := range row.result.Predictions.Predicted {
				if err := add(fmt.Sprintf("%spredicted_%d", of, k), m); err != nil {
					return err
				}
			}
		}
		if divided[target] {
			continue
		}
		divided[target] = true
		for k, s := range row.result.Splits {
			for _, side := range []struct {
				name string
				rows []int
			}{{"train", s.Train}, {"test", s.Test}} {
				rows := rowsOf(target.rows, side.rows)
				if err := npy.AddEntry(z, fmt.Sprintf("%s%s_%d", ofTarget, side.name, k), []int{len(rows)}, int64s(rows)); err != nil {
					return err
				}
			}
		}
	}
	return z.Close()
}

func int64s(values []int) []int64 {
	wide := make([]int64, len(values))
	for i, v := range values {
		wide[i] = int64(v)
	}
	return wide
}

// draw writes the heat map of all rows.
func (o *scoreOutput) draw() error {
	m := heatMap{title: o.run.scoring.words(), scale: "r"}
	if slices.ContainsFunc(o.rows, func(r *scoreJSON) bool { return !math.IsNaN(float64(r.Error)) }) {
		m.note = "± standard error over splits"
	}
	if o.run.kind() == compared {
		m.title, m.scale = o.run.scoring.method, o.run.scoring.method
	}
	for i, r := range o.rows {
		under := ""
		if r.Ceiling != nil {
			under = "ceiling " + decimals(*r.Ceiling)
		}
		m.set(r.Layer, o.targets[i].title(), under, float64(r.Score), float64(r.Error))
	}
	ext := filepath.Ext(o.run.figurePath)
	drawing, err := m.file(ext)
	if err != nil {
		return fmt.Errorf("%s: %w", o.run.figurePath, err)
	}
	return writeFile(o.run.figurePath, drawing)
}
