package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
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
	p.Y.Label.Padding = 3
	p.Legend.ThumbnailWidth = 14
	p.Legend.Padding = 3
	p.Title.Padding = 6
	grid := plotter.NewGrid()
	grid.Horizontal.Color = color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
	grid.Vertical.Width = 0
	p.Add(grid)
	return p
}

// addCurve adds a line with a point at every value; values that are not
// finite are left out. An empty name stays out of the legend.
func addCurve(p *plot.Plot, s curve) error {
	var points errorPoints
	for i := range s.ys {
		if math.IsNaN(s.ys[i]) || math.IsInf(s.ys[i], 0) {
			continue
		}
		points.XYs = append(points.XYs, plotter.XY{X: s.xs[i], Y: s.ys[i]})
		if s.errors != nil {
			e := float64(orNone(figure(s.errors[i])))
			points.YErrors = append(points.YErrors, struct{ Low, High float64 }{e, e})
		}
	}
	if len(points.XYs) == 0 {
		return nil
	}
	line, dots, err := plotter.NewLinePoints(points.XYs)
	if err != nil {
		return err
	}
	line.Color, line.Width, line.Dashes = s.color, 1.5, s.dashes
	dots.Color, dots.Radius, dots.Shape = s.color, 2.2, vgdraw.CircleGlyph{}
	if s.errors != nil {
		bars, err := plotter.NewYErrorBars(points)
		if err != nil {
			return err
		}
		bars.Color = s.color
		p.Add(bars)
	}
	p.Add(line, dots)
	if s.name != "" {
		p.Legend.Add(s.name, line, dots)
	}
	return nil
}

type errorPoints struct {
	plotter.XYs
	plotter.YErrors
}

// networkColours gives networks their colours: a convolution and a locally connected
// network the same ones on every page, the others theirs in order; pixels are grey.
func networkColours(names []string) map[string]color.Color {
	colours := map[string]color.Color{pixelsName: grey, "conv": palette[0], "lc": palette[1]}
	others := 0
	for _, name := range names {
		if colours[name] == nil {
			colours[name] = palette[2+others%(len(palette)-2)]
			others++
		}
	}
	return colours
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

func encodePNG(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}
