package main

import (
	"fmt"
	"math"
	"strings"
)

// target names the target of a score.
func (s *scoreJSON) target() string {
	if words := strings.TrimSpace(s.Region + " " + s.Window); words != "" {
		return words
	}
	return "responses"
}

// addScores puts the scores of ventral score side by side.
func addScores(p *page, runs []*savedRun, files figureFolder) error {
	t := &pageTable{Caption: "Scores", Head: [][]pageCell{{left("run"), left("region"), left("layer"), left("by"), {Text: "stimuli"}, {Text: "features"}, {Text: "neuroids"}, {Text: "score"}, {Text: "ceiling"}, {Text: "ceiled"}, {Text: "95 % interval"}, {Text: "p"}, {Text: "null mean"}}}}
	m := heatMap{title: "Score of every layer and region", scale: "r"}
	heat := plotted{name: "scores", drawing: nil, header: []string{"run", "layer", "region", "score", "error", "ceiling", "ceiled"},
		caption: "Score of every layer for every region, mean ± 1 standard error over splits, with the ceiling below the region where all runs have the same."}
	var neuroids []plotted
	groups := map[string][]distribution{}
	var targets []string
	values := map[string][][]string{}
	ceilings := map[string]string{}
	count := 0
	for _, r := range runs {
		count += b2i(r.scores != nil)
	}
	for i, r := range runs {
		for k, s := range r.scores {
			row := []pageCell{{Text: r.name, Left: true, First: k == 0}, left(s.target()), left(s.Layer), left(s.Regression)}
			score := decimals(s.Score)
			if !math.IsNaN(float64(s.Error)) {
				score += " ± " + decimals(s.Error)
			}
			row = append(row, cells(fmt.Sprint(s.Stimuli), fmt.Sprint(s.Features), fmt.Sprint(s.Neuroids), score, "–", "–", "–", "–", "–")...)
			ceiling, under := math.NaN(), "no ceiling"
			if s.Ceiling != nil {
				ceiling = float64(*s.Ceiling)
				row[8].Text, under = decimals(*s.Ceiling), "ceiling "+decimals(*s.Ceiling)
			}
			if before, seen := ceilings[s.target()]; seen && before != under {
				under = ""
			}
			ceilings[s.target()] = under
			ceiled := math.NaN()
			switch {
			case s.Negative:
				row[9].Text = "r < 0"
			case s.Ceiled != nil:
				ceiled = float64(*s.Ceiled)
				row[9].Text = decimals(*s.Ceiled)
			}
			if s.Bootstrap != nil {
				row[10].Text = decimals(s.Bootstrap.Low) + " … " + decimals(s.Bootstrap.High)
			}
			if s.Permutation != nil {
				row[11].Text, row[12].Text = short(float64(s.Permutation.P)), decimals(s.Permutation.NullMean)
			}
			t.Rows = append(t.Rows, row)
			name := s.Layer
			if count > 1 {
				name = strings.TrimSpace(r.name + " " + s.Layer)
			}
			m.set(name, s.target(), under, float64(s.Score), float64(s.Error))
			heat.rows = append(heat.rows, []string{r.name, s.Layer, s.target(), csvCell(float64(s.Score)), csvCell(float64(s.Error)), csvCell(ceiling), csvCell(ceiled)})
			if len(s.PerNeuroid) == 0 {
				continue
			}
			d := distribution{name: name, label: name, color: palette[i%len(palette)]}
			for j, v := range s.PerNeuroid {
				d.values = append(d.values, float64(v))
				values[s.target()] = append(values[s.target()], []string{r.name, s.Layer, fmt.Sprint(j), csvCell(float64(v))})
			}
			if groups[s.target()] == nil {
				targets = append(targets, s.target())
			}
			groups[s.target()] = append(groups[s.target()], d)
		}
	}
	if count == 0 {
		return nil
	}
	var err error
	if heat.drawing, err = m.drawing(); err != nil {
		return err
	}
	notes := scoreNotes(runs)
	if err := p.add(section{Title: "Scores", Table: t, Notes: notes}, files, []plotted{heat}); err != nil {
		return err
	}
	if t := differencesTable(runs); t != nil {
		p.Sections = append(p.Sections, section{Title: "The best layer beside the others", Table: t})
	}
	for _, target := range targets {
		d, err := distributions(target, groups[target])
		if err != nil {
			return err
		}
		neuroids = append(neuroids, plotted{name: "neuroids-" + fileName(target), drawing: d, header: []string{"run", "layer", "neuroid", "r"}, rows: values[target],
			caption: fmt.Sprintf("%s: r of each neuroid, median over splits. Box: quartiles and median. Points: neuroids, or %d quantiles of more.", target, strip)})
	}
	if neuroids == nil {
		return nil
	}
	return p.add(section{Title: "Distribution over neuroids"}, files, neuroids)
}

// differencesTable compares the best layer of every target with the others; nil
// where no layers were compared.
func differencesTable(runs []*savedRun) *pageTable {
	t := &pageTable{Caption: "Differences on the same splits", Head: [][]pageCell{{left("run"), left("region"), left("best"), left("than"), {Text: "by"}, {Text: "95 % interval"}, {Text: "p (Holm)"}}}}
	for _, r := range runs {
		best := map[string]scoreJSON{}
		for _, s := range r.scores {
			if b, seen := best[s.target()]; !seen || s.Score > b.Score {
				best[s.target()] = s
			}
		}
		for k, d := range r.compared {
			target := (&scoreJSON{Region: d.Region, Window: d.Window}).target()
			name, than, sign := best[target].Layer, d.B, figure(1)
			low, high := d.Low, d.High
			switch name {
			case d.A:
			case d.B:
				than, sign, low, high = d.A, -1, -d.High, -d.Low
			default:
				continue
			}
			row := []pageCell{{Text: r.name, Left: true, First: k == 0}, left(target), left(name), left(than)}
			t.Rows = append(t.Rows, append(row, cells(decimals(sign*d.Difference), decimals(low)+" … "+decimals(high), short(float64(d.Holm)))...))
		}
	}
	if t.Rows == nil {
		return nil
	}
	return t
}

// scoreNotes are what a reader of the scores must know, each once, with the rows
// that it is about unless it is about all.
func scoreNotes(runs []*savedRun) []string {
	var notes rowNotes
	for _, r := range runs {
		for _, s := range r.scores {
			notes.add(strings.TrimSpace(r.name+" "+s.target()), s.Layer, s.Notes)
		}
	}
	return notes.lines()
}
