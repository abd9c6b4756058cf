package main

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A heatMap is numbers by row and column, each written into its cell.
type heatMap struct {
	title, scale  string
	note          string // below, small
	rows, columns []string
	under         map[string]string // a second line below a column's name
	cells         map[[2]string]heatCell
}

type heatCell struct{ value, deviation float64 }

// set sets a cell; rows and columns come in the order in which they are first set.
func (h *heatMap) set(row, column, under string, value, deviation float64) {
	if h.cells == nil {
		h.cells, h.under = map[[2]string]heatCell{}, map[string]string{}
	}
	if !slices.Contains(h.rows, row) {
		h.rows = append(h.rows, row)
	}
	if !slices.Contains(h.columns, column) {
		h.columns = append(h.columns, column)
	}
	h.under[column] = under
	h.cells[[2]string{row, column}] = heatCell{value, deviation}
}

// Dims, Z, X and Y are plotter.GridXYZ; the first row is at the top.
func (h *heatMap) Dims() (c, r int)   { return len(h.columns), len(h.rows) }
func (h *heatMap) X(c int) float64    { return float64(c) }
func (h *heatMap) Y(r int) float64    { return float64(r) }
func (h *heatMap) Z(c, r int) float64 { return h.at(c, r).value }
func (h *heatMap) at(c, r int) heatCell {
	cell, ok := h.cells[[2]string{h.rows[len(h.rows)-1-r], h.columns[c]}]
	if !ok {
		return heatCell{math.NaN(), math.NaN()}
	}
	return cell
}

// blues go from nearly white to dark blue, even in lightness.
type blues struct{}

const shades = 64

func (blues) Colors() []color.Color {
	colors := make([]color.Color, shades)
	for i := range colors {
		colors[i] = blue(float64(i) / (shades - 1))
	}
	return colors
}

func blue(part float64) color.Color {
	mix := func(from, to float64) uint8 { return uint8(math.Round(from + part*(to-from))) }
	return color.RGBA{mix(0xf4, 0x08), mix(0xf7, 0x4a), mix(0xfb, 0x91), 0xff}
}

// heatMapFormats are the endings of the files that a map can be drawn to.
var heatMapFormats = []string{".svg", ".png"}

// file draws the map as .svg or .png.
func (h *heatMap) file(ext string) ([]byte, error) {
	d, err := h.drawing()
	switch {
	case err != nil:
		return nil, err
	case ext == ".svg":
		return svgOf(d)
	case ext == ".png":
		return pngOf(d)
	}
	return nil, fmt.Errorf("figures are written as .svg or .png, not as %q", ext)
}

// drawing draws the map.
func (h *heatMap) drawing() (*keyedPlot, error) {
	p := newKeyedPlot(h.title, "", "")
	p.HideAxes()
	low, high := 0., 1e-3
	for _, c := range h.cells {
		if !math.IsNaN(c.value) {
			low, high = min(low, c.value), max(high, c.value)
		}
	}
	grid := plotter.NewHeatMap(h, blues{})
	grid.Min, grid.Max, grid.NaN = low, high, color.White
	p.Plot.Add(grid)
	var labels plotter.XYLabels
	var styles []text.Style
	label := func(x, y float64, words string, c color.Color, size vg.Length, align text.XAlignment) {
		labels.XYs, labels.Labels = append(labels.XYs, plotter.XY{X: x, Y: y}), append(labels.Labels, words)
		styles = append(styles, text.Style{
			Color: c, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
			XAlign: align, YAlign: text.YCenter, Handler: p.TextHandler,
		})
	}
	longest := 0
	for i, row := range h.rows {
		y := float64(len(h.rows) - 1 - i)
		longest = max(longest, columns(row))
		label(-.56, y, row, color.Black, 9, text.XRight)
		for c := range h.columns {
			cell := h.at(c, len(h.rows)-1-i)
			if math.IsNaN(cell.value) {
				continue
			}
			ink := color.Color(cellInk)
			if (cell.value-low)/(high-low) > .55 {
				ink = color.RGBA{0xfe, 0xfe, 0xfe, 0xff} // stays white on a dark page
			}
			words := decimals(figure(cell.value))
			if !math.IsNaN(cell.deviation) {
				words += " ± " + decimals(figure(cell.deviation))
			}
			label(float64(c), y, words, ink, 9, text.XCenter)
		}
	}
	for c, name := range h.columns {
		label(float64(c), -.8, name, color.Black, 10, text.XCenter)
		label(float64(c), -1.28, h.under[name], grey, 8, text.XCenter)
	}
	// A data unit is a cell: the margin of the names in cells.
	const cellWidth, cellHeight = 2.6 * vg.Centimeter, .7 * vg.Centimeter
	margin := float64(vg.Length(longest)*5.2/cellWidth) + .3
	p.X.Min, p.X.Max = -.5-margin, float64(len(h.columns))-.5
	if h.note != "" {
		label(p.X.Min, -1.75, h.note, grey, 8, text.XLeft)
	}
	p.Y.Min, p.Y.Max = -1.6-.4*float64(b2i(h.note != "")), float64(len(h.rows))-.5
	// Beside the cells there is room for the longest line.
	const sides = .6 * vg.Centimeter
	longestLine := max(sansOf(11, color.Black).Width(h.title)+2*figureMargin, sansOf(8, grey).Width(h.note)+sides)
	p.X.Max = max(p.X.Max, p.X.Min+float64((longestLine-sides)/cellWidth))
	p.width = vg.Length(p.X.Max-p.X.Min)*cellWidth + sides
	p.height = vg.Length(p.Y.Max-p.Y.Min)*cellHeight + 1.4*vg.Centimeter
	words, err := plotter.NewLabels(labels)
	if err != nil {
		return nil, err
	}
	words.TextStyle = styles
	p.Plot.Add(words)
	return p, nil
}
