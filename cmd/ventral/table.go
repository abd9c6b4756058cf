package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// A table is text in columns: the first ones named left are flush left, the
// others flush right.
type table struct {
	header []string
	left   int
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// columns is the width of s on a terminal: combining marks, as in w̄, take none.
func columns(s string) (n int) {
	for _, r := range s {
		if !unicode.Is(unicode.Mn, r) {
			n++
		}
	}
	return n
}

// write prints the table with two blanks between columns.
func (t *table) write(w io.Writer) {
	width := make([]int, len(t.header))
	for _, row := range append([][]string{t.header}, t.rows...) {
		for i, c := range row {
			width[i] = max(width[i], columns(c))
		}
	}
	line := func(row []string) {
		var b strings.Builder
		for i, c := range row {
			pad := strings.Repeat(" ", width[i]-columns(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if i < t.left {
				b.WriteString(c + pad)
			} else {
				b.WriteString(pad + c)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	line(t.header)
	for _, row := range t.rows {
		line(row)
	}
}

// pixelsName is the row of the table in which the images themselves predict:
// what a network must beat.
const pixelsName = "pixels"

// write prints the results: the recordings, the networks with their best
// layers, and every layer.
func (r *results) write(w io.Writer) {
	regions := table{header: []string{"recordings", "stimuli", "repetitions", "neuroids", "ceiling", "splits"}, left: 1}
	for _, g := range r.Regions {
		regions.add(g.title(), fmt.Sprint(g.Stimuli), fmt.Sprint(g.Repetitions), fmt.Sprint(g.Neuroids), decimals(g.Ceiling), g.Splits)
	}
	regions.write(w)
	fmt.Fprintln(w)

	best := table{header: []string{"network", "test acc", "sharing SNR"}, left: 1}
	for _, g := range r.Regions {
		best.header = append(best.header, g.Region+" layer", "r", "ceiled")
	}
	for _, name := range r.rowNames() {
		row := []string{name, "–", "–"}
		for _, n := range r.Networks {
			if n.Name == name {
				row[1], row[2] = percent(n.TestAccuracy), ratio(n.SharingSNR)
			}
		}
		for _, g := range r.Regions {
			s, ok := r.bestOf(name, g.Region)
			if !ok {
				row = append(row, "–", "–", "–")
				continue
			}
			row = append(row, s.Layer, withError(s), ceiled(s))
		}
		best.add(row...)
	}
	best.write(w)
	fmt.Fprintln(w)

	all := table{header: []string{"network", "layer", "features"}, left: 2}
	for _, g := range r.Regions {
		all.header = append(all.header, g.Region+" r", "ceiled")
	}
	at := map[[2]string]int{}
	for _, s := range r.Scores {
		key := [2]string{s.Network, s.Layer}
		i, ok := at[key]
		if !ok {
			i = len(all.rows)
			at[key] = i
			all.add(s.Network, s.Layer, fmt.Sprint(s.Features))
		}
		all.rows[i] = append(all.rows[i], withError(s), ceiled(s))
	}
	all.write(w)
	fmt.Fprintln(w)
	for _, line := range r.legend() {
		fmt.Fprintln(w, line)
	}
}

// rowNames are the networks in the order of the scores, the pixels first.
func (r *results) rowNames() []string {
	var names []string
	for _, s := range r.Scores {
		if len(names) == 0 || names[len(names)-1] != s.Network {
			names = append(names, s.Network)
		}
	}
	return names
}

// legend says how the figures were made, and what to mind.
func (r *results) legend() []string {
	lines := []string{
		"r: " + r.Regression + " from a layer's activations to each neuroid; Pearson's r on held-out stimuli, median over neuroids,",
		"   mean ± standard error over splits. ceiled: " + r.Convention + ". ceiling: split-half, Spearman–Brown corrected, median over neuroids.",
		"sharing SNR: mean over weights of (mean filter)²/(variance over positions), median over layers; ∞ where weights are shared.",
	}
	for _, s := range r.Reservation {
		lines = append(lines, "note: "+s)
	}
	return lines
}

func (g regionResult) title() string {
	if g.Simulated {
		return g.Region + " (simulated)"
	}
	return g.Region
}

// decimals is a correlation or score in the field's style: .412.
func decimals(f figure) string {
	v := float64(f)
	if math.IsNaN(v) {
		return "–"
	}
	s := strconv.FormatFloat(v, 'f', 3, 64)
	if rest, ok := strings.CutPrefix(s, "0."); ok {
		return "." + rest
	}
	if rest, ok := strings.CutPrefix(s, "-0."); ok {
		return "-." + rest
	}
	return s
}

func withError(s layerScore) string { return decimals(s.R) + " ± " + decimals(s.Error) }

// ceiled is the ceiled score, which means nothing where r is negative.
func ceiled(s layerScore) string {
	if s.Negative {
		return "r < 0"
	}
	return decimals(s.Ceiled)
}

func percent(f figure) string {
	if math.IsNaN(float64(f)) {
		return "–"
	}
	return strconv.FormatFloat(100*float64(f), 'f', 1, 64) + " %"
}

// ratio is a signal-to-noise ratio as a plain number of three digits.
func ratio(f figure) string {
	if math.IsInf(float64(f), 1) {
		return "∞"
	}
	return strconv.FormatFloat(float64(f), 'g', 3, 64)
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return thousands(n) + " " + thing
}
