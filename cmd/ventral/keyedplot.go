package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A drawing draws itself as one file.
type drawing interface {
	size() (width, height vg.Length)
	draw(c vgdraw.Canvas)
}

// svgOf is the drawing as SVG, on white. Black is left to the reader's page, as
// svgInPage says; ink that stands on a colour of its own is cellInk.
func svgOf(d drawing) ([]byte, error) {
	c := vgsvg.New(d.size())
	d.draw(vgdraw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, err
	}
	return []byte(strings.NewReplacer(
		"font-family:Liberation Sans", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif",
		"data:image/jpg;", "data:image/png;", // what vgsvg writes
	).Replace(b.String())), nil
}

// pngOf is the drawing at 150 dots an inch, on white.
func pngOf(d drawing) ([]byte, error) {
	width, height := d.size()
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(150), vgimg.UseBackgroundColor(color.White))
	d.draw(vgdraw.New(c))
	var b bytes.Buffer
	_, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b)
	return b.Bytes(), err
}

// cellInk is black that stays black on a dark page.
var cellInk = color.RGBA{1, 1, 1, 0xff}

// svgInPage is an SVG as it stands in a page: black, white, greys and the dark blue
// follow the page's colours, and a screen reader hears label.
func svgInPage(svg []byte, label string) string {
	_, body, _ := strings.Cut(string(svg), "<svg") // an XML declaration has no place in HTML
	var quoted bytes.Buffer
	for _, r := range label {
		switch r {
		case '&':
			quoted.WriteString("&amp;")
		case '<':
			quoted.WriteString("&lt;")
		case '"':
			quoted.WriteString("&quot;")
		default:
			quoted.WriteRune(r)
		}
	}
	return fmt.Sprintf(`<svg role="img" aria-label="%s"`, quoted.String()) + strings.NewReplacer(
		"#000000", "var(--ink)", "#FFFFFF", "var(--paper)", "#DDDDDD", "var(--line)", "#777777", "var(--soft)",
		"#0072B2", "var(--blue)", // too dark on a dark page
	).Replace(body)
}

// A key says what a colour stands for.
type key struct {
	name   string
	color  color.Color
	dashes []vg.Length
	dot    bool
	only   bool // dots without a line
}

// A keyedPlot is a plot below a title and a line of keys, which leave the plot to
// the data.
type keyedPlot struct {
	*plot.Plot
	title         string
	keys          []key
	width, height vg.Length
}

func newKeyedPlot(title, x, y string) *keyedPlot {
	return &keyedPlot{Plot: newPlot("", x, y), title: title, width: plotWidth, height: plotHeight}
}

func sansOf(size vg.Length, c color.Color) text.Style {
	return text.Style{Color: c, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Handler: plot.DefaultTextHandler}
}

func (k *keyedPlot) size() (vg.Length, vg.Length) { return k.width, k.height }

const (
	figureMargin = 6 // points
	keyHeight    = 13
	keyLine      = 16
	keyGap       = 12
)

// draw draws title, keys and plot.
func (k *keyedPlot) draw(c vgdraw.Canvas) {
	c.FillText(sansOf(11, color.Black), vg.Point{X: c.Min.X + figureMargin, Y: c.Max.Y - 14}, k.title)
	style := sansOf(9, color.Black)
	x, y := c.Min.X+figureMargin, c.Max.Y-14-keyHeight-2
	for i, key := range k.keys {
		width := keyLine + 3 + style.Width(key.name)
		if i > 0 && x+width > c.Max.X-figureMargin {
			x, y = c.Min.X+figureMargin, y-keyHeight
		}
		middle := y + 3.2
		if !key.only {
			line := vgdraw.LineStyle{Color: key.color, Width: 1.5, Dashes: key.dashes}
			c.StrokeLine2(line, x, middle, x+keyLine, middle)
		}
		if key.dot || key.only {
			c.DrawGlyph(vgdraw.GlyphStyle{Color: key.color, Radius: 2.2, Shape: vgdraw.CircleGlyph{}}, vg.Point{X: x + keyLine/2, Y: middle})
		}
		c.FillText(style, vg.Point{X: x + keyLine + 3, Y: y}, key.name)
		x += width + keyGap
	}
	if len(k.keys) == 0 {
		y += keyHeight
	}
	for _, axis := range []*plot.Axis{&k.X, &k.Y} {
		if _, usual := axis.Tick.Marker.(plot.DefaultTicks); usual {
			axis.Tick.Marker = plot.TickerFunc(roundTicks)
		}
	}
	k.Plot.Draw(vgdraw.Crop(c, 2, -figureMargin, 2, y-5-c.Max.Y))
}

// nominalX names the places 0, 1, … of the x-axis: the plot is widened as the names
// need it, and where they need too much they stand slanted.
func (k *keyedPlot) nominalX(names []string) {
	const beside, most = 62, 640 // points: the y-axis, and what a page has room for
	longest := vg.Length(0)
	for _, name := range names {
		longest = max(longest, sansOf(9, color.Black).Width(name))
	}
	k.NominalX(names...)
	k.width = max(k.width, beside+vg.Length(len(names))*(longest+8))
	if k.width > most {
		k.width = max(plotWidth, beside+vg.Length(len(names))*24)
		k.height += longest * .6
		k.X.Tick.Label.Rotation, k.X.Tick.Label.XAlign, k.X.Tick.Label.YAlign = math.Pi/4, text.XRight, text.YCenter
	}
}

// add adds a curve and its key. Curves of the same name share one key.
func (k *keyedPlot) add(s curve) error {
	points := finitePoints(s.xs, s.ys)
	if len(points) == 0 {
		return nil
	}
	before := len(k.keys)
	for i, other := range k.keys {
		if other.name == s.name {
			before = i
		}
	}
	if before == len(k.keys) && s.name != "" {
		k.keys = append(k.keys, key{s.name, s.color, s.dashes, !s.bare, false})
	}
	if s.bare {
		return addLine(k.Plot, "", s.color, s.xs, s.ys, s.dashes...)
	}
	s.name = "" // the key has it
	return addCurve(k.Plot, s)
}

// A curve is a line through points of one colour.
type curve struct {
	name   string
	color  color.Color
	dashes []vg.Length
	xs, ys []float64
	errors []float64 // half-lengths of the error bars; nil: none
	bare   bool      // a line without points
}
