package main

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// nameRuns names runs by the ends of their paths, with as many folders as tell them
// apart.
func nameRuns(runs []*savedRun) {
	for depth := 1; ; depth++ {
		seen := map[string]bool{}
		deeper := false
		for _, r := range runs {
			path, err := filepath.Abs(r.source)
			if err != nil {
				path = r.source
			}
			parts := strings.Split(filepath.ToSlash(path), "/")
			deeper = deeper || len(parts) > depth
			r.name = strings.TrimSuffix(strings.Join(parts[max(0, len(parts)-depth):], "/"), ".json")
			seen[r.name] = true
		}
		if len(seen) == len(runs) || !deeper {
			return
		}
	}
}

// sideBySide is a page about runs of any kind; of one, the parts that it has.
func sideBySide(runs []*savedRun, files figureFolder) (*page, error) {
	nameRuns(runs)
	p := &page{Title: fmt.Sprintf("%d runs side by side", len(runs))}
	if len(runs) == 1 {
		p.Title = "ventral " + runs[0].about.Verb + ": " + runs[0].name
	} else {
		p.Sections = append(p.Sections, differing(runs))
	}
	var simulated []string
	for _, r := range runs {
		if r.results != nil && r.results.Simulated {
			simulated = append(simulated, r.name)
		}
	}
	switch {
	case len(simulated) > 0 && len(simulated) == len(runs):
		p.Simulated = "The recordings are simulated."
	case len(simulated) > 0:
		p.Simulated = "The recordings of " + joined(simulated) + " are simulated."
	}
	for _, part := range []func(*page, []*savedRun, figureFolder) error{addComparisons, addTrainings, addSleeps, addTrajectories, addScores} {
		if err := part(p, runs, files); err != nil {
			return nil, err
		}
	}
	if len(runs) == 1 {
		p.Sections = append(p.Sections, section{Title: "What made this run", Terms: runs[0].about.terms()})
	} else {
		p.Sections = append(p.Sections, otherParameters(runs)...)
	}
	return p, nil
}

// parameters are the terms of every run, by name, and the names in order.
func parameters(runs []*savedRun) (names []string, values []map[string]string) {
	for _, r := range runs {
		of := map[string]string{}
		for _, term := range r.about.terms() {
			if before, twice := of[term[0]]; twice { // notes
				term[1] = before + "; " + term[1]
			}
			of[term[0]] = term[1]
			if !slices.Contains(names, term[0]) {
				names = append(names, term[0])
			}
		}
		values = append(values, of)
	}
	return names, values
}

// A spread is how a parameter is spread over runs.
type spread int

const (
	common   spread = iota // all runs have it, and the same value
	varied                 // runs that have it have different values
	specific               // some runs lack it, and the others agree
)

func spreadOf(values []map[string]string, name string) spread {
	has, first, kind := 0, "", common
	for _, v := range values {
		w, ok := v[name]
		if !ok {
			continue
		}
		if has++; has == 1 {
			first = w
		} else if w != first {
			kind = varied
		}
	}
	if kind == common && has < len(values) {
		return specific
	}
	return kind
}

// shortHashes cuts hashes to what tells them apart.
func shortHashes(words string) string {
	return longHash.ReplaceAllString(words, "$1…")
}

var longHash = regexp.MustCompile(`\b([0-9a-f]{12})[0-9a-f]{52}\b`)

// differing are the parameters in which runs differ.
func differing(runs []*savedRun) section {
	s := section{Title: "What differs"}
	names, values := parameters(runs)
	t := &pageTable{Caption: "Parameters that differ", Head: [][]pageCell{{left("parameter")}}}
	for _, r := range runs {
		t.Head[0] = append(t.Head[0], left(r.name))
	}
	for _, name := range names {
		if spreadOf(values, name) != varied {
			continue
		}
		row := []pageCell{left(name)}
		for _, v := range values {
			text, ok := v[name]
			if !ok {
				text = "–"
			}
			row = append(row, left(shortHashes(text)))
		}
		t.Rows = append(t.Rows, row)
	}
	if t.Rows == nil {
		s.Missing = "Nothing: a parameter that several runs have is the same in all of them."
		return s
	}
	s.Table = t
	return s
}

// otherParameters are those that all runs share, and then what only some have.
func otherParameters(runs []*savedRun) []section {
	names, values := parameters(runs)
	shared := section{Title: "What the runs have in common"}
	for _, name := range names {
		if spreadOf(values, name) == common {
			shared.Terms = append(shared.Terms, [2]string{name, values[0][name]})
		}
	}
	if shared.Terms == nil {
		shared.Missing = "Nothing."
	}
	sections := []section{shared}
	for i, r := range runs {
		own := section{Title: "What not all runs have: " + r.name}
		for _, name := range names {
			if v, ok := values[i][name]; ok && spreadOf(values, name) == specific {
				own.Terms = append(own.Terms, [2]string{name, v})
			}
		}
		if own.Terms != nil {
			sections = append(sections, own)
		}
	}
	return sections
}

// dashesOf tell runs apart where colours tell networks apart.
func dashesOf(i int) []vg.Length {
	return [][]vg.Length{nil, {5, 3}, {1.5, 2.5}, {7, 2, 1.5, 2}, {3, 1.5}}[i%5]
}

// look is the colour and dashes of a network of run i. Where every run has one
// network, runs have colours; else networks have, and runs are dashed.
type look func(i int, network string) (label string, c color.Color, dashes []vg.Length)

func lookOf(runs []*savedRun, networks func(*savedRun) []string) look {
	var all []string
	single := true
	for _, r := range runs {
		names := slices.DeleteFunc(slices.Clone(networks(r)), func(n string) bool { return n == pixelsName })
		single = single && len(names) <= 1
		all = append(all, names...)
	}
	colours := networkColours(all)
	return func(i int, network string) (string, color.Color, []vg.Length) {
		switch {
		case len(runs) == 1:
			return network, colours[network], nil
		case single && network != pixelsName:
			return runs[i].name, palette[i%len(palette)], dashesOf(i / len(palette))
		}
		return runs[i].name + ": " + network, colours[network], dashesOf(i)
	}
}

// addComparisons puts the results of comparisons side by side.
func addComparisons(p *page, runs []*savedRun, files figureFolder) error {
	var scored []*savedRun
	for _, r := range runs {
		if r.results != nil {
			scored = append(scored, r)
		}
	}
	if scored == nil {
		return nil
	}
	var regions []regionResult // simulated recordings and real ones are never one region
	for _, r := range scored {
		for _, g := range r.results.Regions {
			if !slices.ContainsFunc(regions, g.same) {
				regions = append(regions, g)
			}
		}
	}
	t := &pageTable{Caption: "Networks and their best layers", Head: [][]pageCell{
		{{Text: "run", Left: true, Rows: 2}, {Text: "network", Left: true, Rows: 2}, {Text: "test accuracy", Rows: 2}, {Text: "sharing SNR", Rows: 2}}, nil}}
	for _, g := range regions {
		t.Head[0] = append(t.Head[0], pageCell{Text: g.title(), Cols: 3, Group: true})
		t.Head[1] = append(t.Head[1], cells("layer", "r", "ceiled")...)
	}
	for _, r := range scored {
		for k, name := range r.results.rowNames() {
			row := []pageCell{{Text: r.name, Left: true, First: k == 0}, left(name), {Text: "–"}, {Text: "–"}}
			for _, n := range r.results.Networks {
				if n.Name == name {
					row[2].Text, row[3].Text = percent(n.TestAccuracy), ratio(n.SharingSNR)
				}
			}
			for _, g := range regions {
				if s, ok := r.results.bestOf(name, g.Region); ok && slices.ContainsFunc(r.results.Regions, g.same) {
					row = append(row, cells(s.Layer, withError(s), ceiled(s))...)
				} else {
					row = append(row, cells("–", "–", "–")...)
				}
			}
			t.Rows = append(t.Rows, row)
		}
	}
	p.Sections = append(p.Sections, section{Title: "Networks and their best layers", Table: t, Notes: []string{
		"r: Pearson's r on held-out stimuli, median over neuroids, mean ± standard error over splits; ceiled as each run's convention says.",
	}})

	looks := lookOf(scored, func(r *savedRun) []string { return r.results.rowNames() })
	var figures []plotted
	for _, g := range regions {
		var series []scoredSeries
		f := plotted{name: "predictivity-" + fileName(g.Region), header: []string{"run", "network", "layer", "r", "error"},
			caption: g.title() + ": r of every layer of every run, median over neuroids. Error bars: ± 1 standard error over splits."}
		if g.Simulated {
			f.name += "-simulated"
		}
		limit, limitName := math.NaN(), ""
		limits := map[float64]bool{}
		for i, r := range scored {
			own := slices.IndexFunc(r.results.Regions, g.same)
			if own < 0 {
				continue
			}
			limit, limitName = limitOf(r.results.Regions[own].Ceiling, r.results.Convention)
			limits[limit] = true
			for _, s := range r.scoredSeries(g.Region, nil) {
				name := s.name
				s.name, s.color, s.dashes = looks(i, s.name)
				series = append(series, s)
				for k, layer := range s.layers {
					f.rows = append(f.rows, []string{r.name, name, layer, csvCell(s.ys[k]), csvCell(s.errors[k])})
				}
			}
		}
		if len(limits) != 1 { // each run has its own
			limit = math.NaN()
		} else if !math.IsNaN(limit) {
			f.caption += " Dashed: what a perfect model would reach, " + limitName + "."
		}
		d, err := predictivity(g.Region, g.Simulated, series, limit, limitName)
		if err != nil {
			return err
		}
		f.drawing = d
		figures = append(figures, f)
	}
	return p.add(section{Title: "How well each layer predicts each region"}, files, figures)
}

// same reports whether two runs score recordings of the same name and kind.
func (g regionResult) same(other regionResult) bool {
	return g.Region == other.Region && g.Simulated == other.Simulated
}

// addTrainings overlays trainings.
func addTrainings(p *page, runs []*savedRun, files figureFolder) error {
	var with []*savedRun
	for _, r := range runs {
		if r.networks != nil {
			with = append(with, r)
		}
	}
	if with == nil {
		return nil
	}
	looks := lookOf(with, (*savedRun).trained)
	var networks []trained
	for i, r := range with {
		for _, n := range r.networks {
			t := trained{savedNetwork: n, simulated: r.generated()}
			t.label, t.color, t.dashes = looks(i, n.name)
			networks = append(networks, t)
		}
	}
	if slices.ContainsFunc(networks, func(t trained) bool { return !t.simulated }) { // each bears its own mark
		for i, t := range networks {
			networks[i].label, networks[i].simulated = marked(t.label, t.simulated), false
		}
	}
	p.Sections = append(p.Sections, section{Title: "Networks after training", Table: networksTable(networks)})
	return p.addTraining(networks, files)
}

// addSleeps overlays runs of ventral sleep: of one, a line for each layer; of
// several, the median over layers.
func addSleeps(p *page, runs []*savedRun, files figureFolder) error {
	d := newKeyedPlot("Sharing SNR within pools in sleep", "step", "log10 SNR")
	f := plotted{name: "sleep", drawing: d, header: []string{"run", "layer", "step", "pool_snr", "snr", "drift"},
		caption: "Sharing SNR within the pools that share, mean over weights and pools, on the way through the sleep; log10."}
	several := 0
	for _, r := range runs {
		several += b2i(r.slept != nil)
	}
	for i, r := range runs {
		var layers []string
		bySteps := map[int][]float64{}
		var steps []int
		for _, s := range r.slept {
			if !slices.Contains(layers, s.layer) {
				layers = append(layers, s.layer)
			}
			if !slices.Contains(steps, s.step) {
				steps = append(steps, s.step)
			}
			if !math.IsNaN(s.poolSNR) {
				bySteps[s.step] = append(bySteps[s.step], s.poolSNR)
			}
			f.rows = append(f.rows, []string{r.name, s.layer, strconv.Itoa(s.step), csvCell(s.poolSNR), csvCell(s.snr), csvCell(s.drift)})
		}
		var lines []curve
		if several > 1 {
			line := curve{name: r.name, color: palette[i%len(palette)], dashes: dashesOf(i / len(palette))}
			for _, step := range steps {
				line.xs, line.ys = append(line.xs, float64(step)), append(line.ys, math.Log10(median(bySteps[step])))
			}
			lines = append(lines, line)
		} else {
			for k, layer := range layers {
				line := curve{name: layer, color: depthColour(k, len(layers))}
				for _, s := range r.slept {
					if s.layer == layer {
						line.xs, line.ys = append(line.xs, float64(s.step)), append(line.ys, math.Log10(s.poolSNR))
					}
				}
				lines = append(lines, line)
			}
		}
		for _, line := range lines {
			if err := d.add(line); err != nil {
				return err
			}
		}
	}
	if several == 0 {
		return nil
	}
	if several > 1 {
		f.caption += " Median over layers."
	}
	return p.add(section{Title: "Sleep", Text: "Where sleep makes the filters of a pool one, their SNR is infinite and has no point."}, files, []plotted{f})
}

// inputsShown is the axis on which runs of ventral plasticity run stand side by side:
// steps or, where these show different numbers of inputs, the inputs shown, with
// their number for each step of each run. A step in time of a circuit shows
// 1/--hold of one, other steps --batch.
func inputsShown(runs []*savedRun) (axis string, perStep []float64) {
	different := false
	perStep = make([]float64, len(runs))
	for i, r := range runs {
		hold, err := strconv.ParseFloat(r.about.Arguments["hold"], 64)
		batch, err2 := strconv.ParseFloat(r.about.Arguments["batch"], 64)
		if r.trajectory == nil {
			continue
		}
		if err != nil || err2 != nil {
			return "step", nil
		}
		perStep[i] = batch / hold
		for k := range i {
			different = different || runs[k].trajectory != nil && perStep[k] != perStep[i]
		}
	}
	if !different {
		return "step", nil
	}
	return "inputs shown", perStep
}

// addTrajectories overlays runs of ventral plasticity run.
func addTrajectories(p *page, runs []*savedRun, files figureFolder) error {
	var figures []plotted
	x, shown := inputsShown(runs)
	t := &pageTable{Caption: "Weights at the end", Head: [][]pageCell{{left("run"), {Text: "steps"}, {Text: "sharing SNR"}, {Text: "norm of the mean filter"}, {Text: "drift"}}}}
	for _, c := range []struct {
		name, column, title, y, caption string
		of                              func(float64) float64
	}{
		{"inverse-snr", "inverse_snr", "Scatter of the filters around their mean", "log10 inverse SNR", "Variance of the filters over their squared mean, mean over weights; log10. It is not 1/SNR, the SNR being the mean of the squared mean over the variance.", math.Log10},
		{"mean-norm", "mean_norm", "Norm of the mean filter", "relative to the start", "Norm of the mean filter over that at the start.", func(v float64) float64 { return v }},
		{"drift", "drift", "Drift from the start", "relative", "Distance of the weights from those at the start, over the norm of these.", func(v float64) float64 { return v }},
	} {
		d := newKeyedPlot(c.title, x, c.y)
		f := plotted{name: c.name, drawing: d, caption: c.caption, header: []string{"run", "step", c.column}}
		if shown != nil {
			f.header = []string{"run", "step", "inputs", c.column}
		}
		for i, r := range runs {
			if r.trajectory == nil {
				continue
			}
			line := curve{name: r.name, color: palette[i%len(palette)], dashes: dashesOf(i / len(palette)), bare: true}
			for k, v := range r.trajectory.columns[c.column] {
				step := r.trajectory.steps[k]
				row := []string{r.name, exact(step)}
				if shown != nil {
					step *= shown[i]
					row = append(row, exact(step))
				}
				line.xs, line.ys = append(line.xs, step), append(line.ys, c.of(v))
				f.rows = append(f.rows, append(row, csvCell(v)))
			}
			if err := d.add(line); err != nil {
				return err
			}
		}
		if f.rows == nil {
			return nil
		}
		widen(d.Plot)
		figures = append(figures, f)
	}
	var notes []string
	for _, r := range runs {
		if r.trajectory != nil && len(r.trajectory.steps) > 0 {
			last := func(column string) string {
				values := r.trajectory.columns[column]
				return short(values[len(values)-1])
			}
			steps := thousands(int(r.trajectory.steps[len(r.trajectory.steps)-1]))
			if r.diverged != nil {
				steps += ", diverged"
				notes = append(notes, r.name+" "+r.diverged.Reason+".")
			}
			t.Rows = append(t.Rows, append([]pageCell{left(r.name)}, cells(steps, last("snr"), last("mean_norm"), last("drift"))...))
		}
	}
	return p.add(section{Title: "Plasticity", Table: t, Notes: notes}, files, figures)
}
