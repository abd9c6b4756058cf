package main

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// A figurePage is plots in rows and columns, for one file.
type figurePage struct{ rows [][]*plot.Plot }

func (p *figurePage) draw(c vgdraw.Canvas) {
	tiles := vgdraw.Tiles{Rows: len(p.rows), Cols: len(p.rows[0]), PadX: 5 * vg.Millimeter, PadY: 4 * vg.Millimeter, PadTop: 2 * vg.Millimeter, PadBottom: 2 * vg.Millimeter, PadLeft: 2 * vg.Millimeter, PadRight: 3 * vg.Millimeter}
	for _, row := range p.rows {
		for _, drawn := range row {
			for _, axis := range []*plot.Axis{&drawn.X, &drawn.Y} {
				if _, usual := axis.Tick.Marker.(plot.DefaultTicks); usual {
					axis.Tick.Marker = plot.TickerFunc(roundTicks)
				}
			}
		}
	}
	for i, canvases := range plot.Align(p.rows, tiles, c) {
		for j, canvas := range canvases {
			p.rows[i][j].Draw(canvas)
		}
	}
}

func (p *figurePage) size() (width, height vg.Length) {
	return plotWidth * vg.Length(len(p.rows[0])), plotHeight * vg.Length(len(p.rows))
}

// write draws the page as NAME.svg and NAME.png, 150 dots an inch.
func (p *figurePage) write(f *runFolder, name string) error {
	vector, err := svgOf(p)
	if err != nil {
		return err
	}
	if err := writeFile(f.path(name+".svg"), vector); err != nil {
		return err
	}
	pixels, err := pngOf(p)
	if err != nil {
		return err
	}
	return writeFile(f.path(name+".png"), pixels)
}

// finitePoints are the points that can be drawn.
func finitePoints(xs, ys []float64) plotter.XYs {
	var points plotter.XYs
	for i, y := range ys {
		if !math.IsNaN(y) && !math.IsInf(y, 0) {
			points = append(points, plotter.XY{X: xs[i], Y: y})
		}
	}
	return points
}

// addLine adds a line without marks; values that are not finite are left out.
// An empty name stays out of the legend.
func addLine(p *plot.Plot, name string, c color.Color, xs, ys []float64, dashes ...vg.Length) error {
	points := finitePoints(xs, ys)
	if len(points) == 0 {
		return nil
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.Color, line.Width, line.Dashes = c, 1.5, dashes
	p.Add(line)
	if name != "" {
		p.Legend.Add(name, line)
	}
	return nil
}

// addFloor adds a dashed horizontal line from 0 to reach.
func addFloor(p *plot.Plot, name string, c color.Color, y, reach float64) error {
	return addLine(p, name, c, []float64{0, reach}, []float64{y, y}, 4, 3)
}

// addBand shades between low and high.
func addBand(p *plot.Plot, c color.RGBA, xs, low, high []float64) error {
	outline := finitePoints(xs, high)
	for i := len(xs) - 1; i >= 0; i-- {
		if !math.IsNaN(low[i]) && !math.IsInf(low[i], 0) {
			outline = append(outline, plotter.XY{X: xs[i], Y: low[i]})
		}
	}
	if len(outline) < 3 {
		return nil
	}
	band, err := plotter.NewPolygon(outline)
	if err != nil {
		return err
	}
	const part = 5 // opacity 1/5; RGBA is premultiplied
	band.Color, band.LineStyle.Width = color.RGBA{c.R / part, c.G / part, c.B / part, 0xff / part}, 0
	p.Add(band)
	return nil
}

// roomAbove leaves a part of the y-axis above the data to the legend.
func roomAbove(p *plot.Plot, part float64) {
	if span := p.Y.Max - p.Y.Min; span > 0 {
		p.Y.Max += part * span
	}
}

// roundTicks marks about five round numbers (1, 2 or 5 times a power of ten).
func roundTicks(low, high float64) []plot.Tick {
	if !(high > low) {
		return []plot.Tick{{Value: low, Label: short(low)}}
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*step >= (high-low)/6 {
			step *= m
			break
		}
	}
	var ticks []plot.Tick
	for i := math.Ceil(low/step - 1e-9); i*step <= high+1e-9*step; i++ {
		i += 0 // −0 reads as 0
		ticks = append(ticks, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'g', 6, 64)})
	}
	return ticks
}
