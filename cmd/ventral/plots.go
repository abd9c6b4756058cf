package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"ventral/fit"
	"ventral/network"
)

// The networks' colours, distinguishable with colour-blindness (Okabe and Ito
// 2008), in the order of the table; the pixels are grey.
var palette = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, // blue
	color.RGBA{0xd5, 0x5e, 0x00, 0xff}, // vermillion
	color.RGBA{0x00, 0x9e, 0x73, 0xff}, // green
	color.RGBA{0xcc, 0x79, 0xa7, 0xff}, // purple
	color.RGBA{0xe6, 0x9f, 0x00, 0xff}, // orange
	color.RGBA{0x56, 0xb4, 0xe9, 0xff}, // sky
}

var grey = color.RGBA{0x77, 0x77, 0x77, 0xff}

const (
	plotWidth  = 12.5 * vg.Centimeter
	plotHeight = 7.5 * vg.Centimeter
)

func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	sans := func(s *text.Style, size vg.Length) {
		s.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	}
	sans(&p.Title.TextStyle, 11)
	sans(&p.X.Label.TextStyle, 10)
	sans(&p.Y.Label.TextStyle, 10)
	sans(&p.X.Tick.Label, 9)
	sans(&p.Y.Tick.Label, 9)
	sans(&p.Legend.TextStyle, 9)
	p.Legend.ThumbnailWidth = 14
	p.Legend.Padding = 3
	p.Title.Padding = 6
	grid := plotter.NewGrid()
	grid.Horizontal.Color = color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
	grid.Vertical.Width = 0
	p.Add(grid)
	return p
}

// svg draws the plot.
func svg(p *plot.Plot) ([]byte, error) {
	c := vgsvg.New(plotWidth, plotHeight)
	p.Draw(vgdraw.New(c))
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}

// addCurve adds a line with a point at every value; values that are not
// finite are left out. errors (nil: none) are the error bars' half-lengths.
func addCurve(p *plot.Plot, name string, c color.Color, xs, ys, errors []float64) error {
	var points errorPoints
	for i := range ys {
		if math.IsNaN(ys[i]) || math.IsInf(ys[i], 0) {
			continue
		}
		points.XYs = append(points.XYs, plotter.XY{X: xs[i], Y: ys[i]})
		if errors != nil {
			points.YErrors = append(points.YErrors, struct{ Low, High float64 }{errors[i], errors[i]})
		}
	}
	if len(points.XYs) == 0 {
		return nil
	}
	line, dots, err := plotter.NewLinePoints(points.XYs)
	if err != nil {
		return err
	}
	line.Color, line.Width = c, 1.5
	dots.Color, dots.Radius, dots.Shape = c, 2.2, vgdraw.CircleGlyph{}
	if errors != nil {
		bars, err := plotter.NewYErrorBars(points)
		if err != nil {
			return err
		}
		bars.Color = c
		p.Add(bars)
	}
	p.Add(line, dots)
	p.Legend.Add(name, line, dots)
	return nil
}

type errorPoints struct {
	plotter.XYs
	plotter.YErrors
}

// colourOf gives a row of the table its colour.
func (r *results) colourOf(name string) color.Color {
	i := slices.IndexFunc(r.Networks, func(n networkResult) bool { return n.Name == name })
	if i < 0 {
		return grey
	}
	return palette[i%len(palette)]
}

// plotTraining draws a quantity of the training, per epoch, for every network.
func (r *results) plotTraining(title, y string, of func(network.Epoch) float64) ([]byte, error) {
	p := newPlot(title, "epoch", y)
	p.X.Tick.Marker = plot.TickerFunc(wholeTicks)
	p.Legend.Top, p.Legend.Left = true, true
	low, high := math.Inf(1), math.Inf(-1)
	for _, n := range r.Networks {
		var xs, ys []float64
		for _, e := range n.epochs {
			v := of(e)
			xs, ys = append(xs, float64(e.Epoch)), append(ys, v)
			if !math.IsInf(v, 0) && !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
		if err := addCurve(p, n.Name, r.colourOf(n.Name), xs, ys, nil); err != nil {
			return nil, err
		}
	}
	if low <= high {
		leaveRoom(p, low, high)
	}
	return svg(p)
}

// plotPredictivity draws r of every layer for one region, a line per network,
// with the r that a perfect model would
// reach as a dashed line.
func (r *results) plotPredictivity(g regionResult) ([]byte, error) {
	p := newPlot(g.title(), "", "r (median over neuroids)")
	p.Legend.Top, p.Legend.Left = true, true
	var layers []string
	at := func(layer string) float64 {
		i := slices.Index(layers, layer)
		if i < 0 {
			layers = append(layers, layer)
			i = len(layers) - 1
		}
		return float64(i)
	}
	// What a perfect model would reach on this axis: r²/ceiling is 1 at r = √ceiling.
	limit, limitName := float64(g.Ceiling), "ceiling"
	if math.IsNaN(limit) { // there is none
		limit = 0
	}
	if r.Convention == string(fit.SquaredOverCeiling) {
		limit, limitName = math.Sqrt(max(limit, 0)), "√ceiling"
	}
	low, high := 0.0, max(limit, 0)
	for _, name := range r.rowNames() {
		var xs, ys, errors []float64
		for _, s := range r.Scores {
			if s.Network == name && s.Region == g.Region {
				xs, ys, errors = append(xs, at(s.Layer)), append(ys, float64(s.R)), append(errors, float64(s.Error))
				low, high = min(low, float64(s.R-s.Error)), max(high, float64(s.R+s.Error))
			}
		}
		if err := addCurve(p, name, r.colourOf(name), xs, ys, errors); err != nil {
			return nil, err
		}
	}
	if limit > 0 {
		ceiling, err := plotter.NewLine(plotter.XYs{{X: -.3, Y: limit}, {X: float64(len(layers)) - .5, Y: limit}})
		if err != nil {
			return nil, err
		}
		ceiling.Color, ceiling.Dashes = color.Black, []vg.Length{4, 3}
		p.Add(ceiling)
		p.Legend.Add(limitName, ceiling)
	}
	p.NominalX(layers...)
	p.X.Min, p.X.Max = -.3, float64(len(layers))-.5
	leaveRoom(p, low, high)
	return svg(p)
}

// leaveRoom sets the y-axis to values from low to high, with room for the
// legend above them that bears no ticks.
func leaveRoom(p *plot.Plot, low, high float64) {
	if high-low < 1e-3 { // hardly a range: one value, or one epoch
		low, high = low-.5, high+.5
	}
	span := high - low
	p.Y.Min, p.Y.Max = low-.05*span, high+.55*span
	p.Y.Tick.Marker = plot.TickerFunc(func(_, _ float64) []plot.Tick {
		return slices.DeleteFunc(plot.DefaultTicks{}.Ticks(low, high), func(t plot.Tick) bool { return t.Value > high+.05*span })
	})
}

// wholeTicks marks at most about ten whole numbers.
func wholeTicks(low, high float64) []plot.Tick {
	step := math.Ceil(max(1, (high-low)/10))
	var ticks []plot.Tick
	for v := math.Ceil(low); v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.Itoa(int(v))})
	}
	return ticks
}

// drawFilters draws filters of the first filter layer of a network: a row for
// each of the first channels, a column for each of a run of neighbouring
// positions in the middle row of the sheet. A convolution's are all alike.
// Each channel is scaled to its own range.
func drawFilters(m *network.Model, channels, positions, zoom int) (image.Image, error) {
	name := m.FilterNames()[0]
	in := m.Architecture().Input
	first := m.Filter(name, 0, 0, 0)
	k := int(math.Round(math.Sqrt(float64(len(first) / in.Channels))))
	shape, _ := m.LayerShape(m.LayerNames()[0])
	channels, positions = min(channels, shape.Channels), min(positions, shape.Width)
	row, col := shape.Height/2, (shape.Width-positions)/2

	const gap = 2
	cell := k*zoom + gap
	out := image.NewRGBA(image.Rect(0, 0, positions*cell-gap, channels*cell-gap))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Transparent), image.Point{}, draw.Src)
	for ch := range channels {
		var filters [][]float32
		var peak float32
		for p := range positions {
			f := m.Filter(name, ch, row, col+p)
			filters = append(filters, f)
			for _, w := range f {
				peak = max(peak, w, -w)
			}
		}
		for p, f := range filters {
			for y := range k * zoom {
				for x := range k * zoom {
					level := func(c int) uint8 {
						w := f[(c%in.Channels)*k*k+y/zoom*k+x/zoom]
						return uint8(127.5 + 127*w/max(peak, 1e-20))
					}
					out.SetRGBA(p*cell+x, ch*cell+y, color.RGBA{level(0), level(1), level(2), 255})
				}
			}
		}
	}
	return out, nil
}

func encodePNG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}
