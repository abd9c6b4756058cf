package main

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// draw writes convergence.png and norm.png, and both as SVG.
func (c *convergence) draw(f *runFolder) error {
	var page figurePage
	for i, k := range c.kernels {
		var row []*plot.Plot
		for _, p := range panels {
			title, x := fmt.Sprintf("k = %d", k), ""
			if i == 0 {
				title = p.title + ", " + title
			}
			if i == len(c.kernels)-1 {
				x = "inputs"
			}
			y := ""
			if p.name == "A" {
				y = "log10 inverse SNR"
			}
			drawn := newPlot(title, x, y)
			if err := c.drawPanel(drawn, p, k, i == 0 && p.name == "A"); err != nil {
				return err
			}
			row = append(row, drawn)
		}
		page.rows = append(page.rows, row)
	}
	sameY(page.rows)
	if err := page.write(f, "convergence"); err != nil {
		return err
	}

	var norms []*plot.Plot
	for i, k := range c.kernels {
		y := ""
		if i == 0 {
			y = "norm of the mean filter (relative)"
		}
		drawn := newPlot(fmt.Sprintf("circuit, k = %d", k), "inputs", y)
		for g, γ := range c.gammas {
			for _, p := range panels[1:] {
				cell := c.cell(p.name, k, γ)
				var dashes []vg.Length
				name := fmt.Sprintf("γ = %g", γ)
				if p.name == "C" {
					dashes, name = []vg.Length{4, 3}, ""
					if g == len(c.gammas)-1 {
						name = "corrected"
					}
				}
				if i > 0 {
					name = ""
				}
				mean, low, high := cell.bands(cell.norm, func(v float64) float64 { return v })
				if err := addBand(drawn, colourAt(g), floats64(cell.inputs), low, high); err != nil {
					return err
				}
				if err := addLine(drawn, name, colourAt(g), floats64(cell.inputs), mean, dashes...); err != nil {
					return err
				}
			}
		}
		drawn.Y.Min, drawn.Y.Max = 0, 1.55
		drawn.Y.Tick.Marker = plot.TickerFunc(func(_, _ float64) []plot.Tick { return roundTicks(0, 1.01) })
		drawn.Legend.Top = true
		norms = append(norms, drawn)
	}
	return (&figurePage{rows: [][]*plot.Plot{norms}}).write(f, "norm")
}

// drawPanel draws the SNR of one panel and k: a curve for each γ, the mean over
// trials, shaded from the least to the greatest, and its floor, dashed.
func (c *convergence) drawPanel(p *plot.Plot, pan panel, k int, legend bool) error {
	for g, γ := range c.gammas {
		cell := c.cell(pan.name, k, γ)
		xs := floats64(cell.inputs)
		mean, low, high := cell.bands(cell.inverse, math.Log10)
		if err := addBand(p, colourAt(g), xs, low, high); err != nil {
			return err
		}
		name, floorName := "", ""
		if legend {
			name = fmt.Sprintf("γ = %g", γ)
			if g == len(c.gammas)-1 {
				floorName = "floor of (A)"
			}
		}
		if err := addLine(p, name, colourAt(g), xs, mean); err != nil {
			return err
		}
		if err := addFloor(p, floorName, colourAt(g), floor(γ), xs[len(xs)-1]); err != nil {
			return err
		}
	}
	p.Legend.Top = true
	return nil
}

// bands is the mean, least and greatest of f of a quantity over the trials, at
// every record.
func (c *convergenceCell) bands(values []float64, f func(float64) float64) (mean, low, high []float64) {
	for record := range c.inputs {
		v := c.over(values, record, f)
		mean, low, high = append(mean, meanOf(v)), append(low, slices.Min(v)), append(high, slices.Max(v))
	}
	return mean, low, high
}

func colourAt(i int) color.RGBA { return palette[i%len(palette)].(color.RGBA) }

func floats64(values []int64) []float64 {
	f := make([]float64, len(values))
	for i, v := range values {
		f[i] = float64(v)
	}
	return f
}

// sameY gives all plots of a page one y-axis.
func sameY(rows [][]*plot.Plot) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range slices.Concat(rows...) {
		low, high = min(low, p.Y.Min), max(high, p.Y.Max)
	}
	for _, p := range slices.Concat(rows...) {
		p.Y.Min, p.Y.Max = low, high
	}
}
