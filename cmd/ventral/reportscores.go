package main

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"ventral/fit"
)

// limitOf is what a perfect model would reach in r, and its name: r²/ceiling is 1
// at r = √ceiling. It is NaN without a ceiling.
func limitOf(ceiling figure, convention string) (float64, string) {
	if convention == string(fit.SquaredOverCeiling) {
		return math.Sqrt(float64(ceiling)), "√ceiling" // NaN where it is below 0
	}
	return float64(ceiling), "ceiling"
}

// predictivity draws r of every layer for one region, a line per network, with the
// r that a perfect model would reach. The networks of several runs are series of
// their own.
func predictivity(region string, simulated bool, series []scoredSeries, limit float64, limitName string) (*keyedPlot, error) {
	p := newKeyedPlot(marked(region, simulated), "", "r (median over neuroids)")
	var layers []string
	for _, s := range series {
		for _, l := range s.layers {
			if !slices.Contains(layers, l) {
				layers = append(layers, l)
			}
		}
	}
	last := float64(len(layers)) - .7
	if !math.IsNaN(limit) {
		if err := p.add(curve{name: limitName, color: color.Black, dashes: []vg.Length{4, 3}, xs: []float64{-.3, last}, ys: []float64{limit, limit}, bare: true}); err != nil {
			return nil, err
		}
	}
	for _, s := range series {
		c := s.curve
		for _, l := range s.layers {
			c.xs = append(c.xs, float64(slices.Index(layers, l)))
		}
		if err := p.add(c); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(p.keys, func(a, b key) int { return cmp.Compare(b2i(a.name == limitName), b2i(b.name == limitName)) })
	p.nominalX(layers)
	p.X.Min, p.X.Max = -.3, last
	p.Y.Min = min(p.Y.Min, 0)
	roomAbove(p.Plot, .04)
	return p, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A scoredSeries is the scores of a network's layers for a region.
type scoredSeries struct {
	curve
	layers []string
}

func (r *savedRun) scoredSeries(region string, colours map[string]color.Color) []scoredSeries {
	var all []scoredSeries
	for _, name := range r.results.rowNames() {
		s := scoredSeries{curve: curve{name: name, color: colours[name]}}
		for _, score := range r.results.Scores {
			if score.Network == name && score.Region == region {
				s.layers = append(s.layers, score.Layer)
				s.ys, s.errors = append(s.ys, float64(score.R)), append(s.errors, float64(score.Error))
			}
		}
		all = append(all, s)
	}
	return all
}

// predictivityFigures are those of all regions.
func (r *savedRun) predictivityFigures(colours map[string]color.Color) ([]plotted, error) {
	var all []plotted
	for _, g := range r.results.Regions {
		limit, limitName := limitOf(g.Ceiling, r.results.Convention)
		d, err := predictivity(g.Region, g.Simulated, r.scoredSeries(g.Region, colours), limit, limitName)
		if err != nil {
			return nil, err
		}
		caption := fmt.Sprintf("%s: r of every layer, median over %d neuroids, on held-out ones of %d stimuli. Error bars: ± 1 standard error over splits (%s).", g.title(), g.Neuroids, g.Stimuli, g.Splits)
		if !math.IsNaN(limit) {
			caption += " Dashed: what a perfect model would reach, " + limitName + "."
		}
		p := plotted{name: "predictivity-" + fileName(g.Region), caption: caption, drawing: d, header: []string{"network", "layer", "r", "error", limitName}}
		for _, s := range r.results.Scores {
			if s.Region == g.Region {
				p.rows = append(p.rows, []string{s.Network, s.Layer, csvCell(float64(s.R)), csvCell(float64(s.Error)), csvCell(limit)})
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// heatMapFigure is layers × regions.
func (r *savedRun) heatMapFigure() (plotted, error) {
	m := heatMap{title: "r of every layer and region", scale: "r"}
	p := plotted{name: "layers", header: []string{"network", "layer", "region", "r", "error", "ceiling", "ceiling_error"},
		caption: "r of every layer of every network for every region, median over neuroids, mean ± 1 standard error over splits; below each region its ceiling (split-half, Spearman–Brown corrected, median over neuroids) ± its standard error."}
	for _, s := range r.results.Scores {
		for _, g := range r.results.Regions {
			if g.Region != s.Region {
				continue
			}
			under := "no ceiling"
			if !math.IsNaN(float64(g.Ceiling)) {
				under = "ceiling " + decimals(g.Ceiling) + " ± " + decimals(g.CeilingError)
			}
			m.title = marked(m.title, g.Simulated)
			m.set(s.Network+" "+s.Layer, g.Region, under, float64(s.R), float64(s.Error))
			p.rows = append(p.rows, []string{s.Network, s.Layer, s.Region, csvCell(float64(s.R)), csvCell(float64(s.Error)), csvCell(float64(g.Ceiling)), csvCell(float64(g.CeilingError))})
		}
	}
	d, err := m.drawing()
	p.drawing = d
	return p, err
}

// strip is how many points of a group a distribution shows at most: quantiles of
// more neuroids.
const strip = 100

// A distribution is values in groups, each a strip of points beside its quartiles.
type distribution struct {
	name, label string
	color       color.Color
	values      []float64
}

// distributions draws groups side by side.
func distributions(title string, groups []distribution) (*keyedPlot, error) {
	p := newKeyedPlot(title, "", "r")
	var names []string
	for i, g := range groups {
		values := slices.DeleteFunc(slices.Clone(g.values), math.IsNaN)
		names = append(names, g.label)
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		quantile := func(q float64) float64 {
			at := q * float64(len(values)-1)
			low := int(at)
			high := min(low+1, len(values)-1)
			return values[low] + (at-float64(low))*(values[high]-values[low])
		}
		n := min(len(values), strip)
		points := make(plotter.XYs, n)
		for k := range points {
			q := .5
			if n > 1 {
				q = float64(k) / float64(n-1)
			}
			// Side by side in an order that spreads neighbours (the golden section).
			_, across := math.Modf(float64(k) * (math.Sqrt(5) - 1) / 2)
			points[k] = plotter.XY{X: float64(i) + .08 + .3*across, Y: quantile(q)}
		}
		dots, err := plotter.NewScatter(points)
		if err != nil {
			return nil, err
		}
		dots.GlyphStyle = vgdraw.GlyphStyle{Color: g.color, Radius: 1.2, Shape: vgdraw.CircleGlyph{}}
		p.Plot.Add(dots)
		x := float64(i) - .15
		low, median, high := quantile(.25), quantile(.5), quantile(.75)
		box, err := plotter.NewLine(plotter.XYs{{X: x - .12, Y: low}, {X: x + .12, Y: low}, {X: x + .12, Y: high}, {X: x - .12, Y: high}, {X: x - .12, Y: low}})
		if err != nil {
			return nil, err
		}
		middle, err := plotter.NewLine(plotter.XYs{{X: x - .12, Y: median}, {X: x + .12, Y: median}})
		if err != nil {
			return nil, err
		}
		box.Color, box.Width, middle.Color, middle.Width = g.color, 1, g.color, 2.5
		p.Plot.Add(box, middle)
	}
	p.nominalX(names)
	p.X.Min, p.X.Max = -.5, float64(len(groups))-.5
	return p, nil
}

// neuroidFigures are the distributions of r over the neuroids of every region, for
// every network's best layer.
func (r *savedRun) neuroidFigures(colours map[string]color.Color) ([]plotted, error) {
	var all []plotted
	for _, g := range r.results.Regions {
		p := plotted{name: "neuroids-" + fileName(g.Region), header: []string{"network", "layer", "neuroid", "r"},
			caption: fmt.Sprintf("%s: r of each of the %d neuroids, median over splits (%s), from the best layer of every network. Box: quartiles and median.", g.title(), g.Neuroids, g.Splits)}
		if g.Neuroids > strip {
			p.caption += fmt.Sprintf(" Points: %d quantiles.", strip)
		}
		var groups []distribution
		for _, name := range r.results.rowNames() {
			s, ok := r.results.bestOf(name, g.Region)
			if !ok {
				continue
			}
			d := distribution{name: name, label: name, color: colours[name]}
			for _, n := range r.neuroids[[3]string{name, s.Layer, g.Region}] {
				d.values = append(d.values, n.r)
				p.rows = append(p.rows, []string{name, s.Layer, n.name, csvCell(n.r)})
			}
			groups = append(groups, d)
		}
		d, err := distributions(marked(g.Region, g.Simulated), groups)
		if err != nil {
			return nil, err
		}
		p.drawing = d
		all = append(all, p)
	}
	return all, nil
}
