package main

import (
	"fmt"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// A reportFigure is a figure of a page with the data that it shows.
type reportFigure struct {
	Name    string // of its files
	Caption string // what is plotted, n, what error bars are
	Width   int    // px, at most
	Least   int    // px, where figures stand side by side
	SVG     template.HTML
}

// Room is the width of figure and caption, px at most: a caption needs some.
func (f reportFigure) Room() int { return max(f.Width, 340) }

// Wide reports whether paper has room for two beside each other, not for three.
func (f reportFigure) Wide() bool { return f.Width > 450 }

// A figureFolder takes the single files of a page's figures: NAME.svg, NAME.png
// and the data as NAME.csv.
type figureFolder string

// pixelsPerPoint is the scale of figures on a page with room for them: words have
// the same size in all.
const pixelsPerPoint = 1.15

// A plotted is a figure before it is drawn.
type plotted struct {
	name, caption string
	drawing       drawing
	header        []string // of the data
	rows          [][]string
}

// write draws a figure to its files, and returns it for the page.
func (f figureFolder) write(p plotted) (reportFigure, error) {
	if err := os.MkdirAll(string(f), 0o777); err != nil {
		return reportFigure{}, err
	}
	vector, err := svgOf(p.drawing)
	if err != nil {
		return reportFigure{}, fmt.Errorf("figure %s: %w", p.name, err)
	}
	pixels, err := pngOf(p.drawing)
	if err != nil {
		return reportFigure{}, fmt.Errorf("figure %s: %w", p.name, err)
	}
	p.name = strings.ReplaceAll(fileName(p.name), " ", "-")
	stem := filepath.Join(string(f), p.name)
	if err := writeFile(stem+".svg", vector); err != nil {
		return reportFigure{}, err
	}
	if err := writeFile(stem+".png", pixels); err != nil {
		return reportFigure{}, err
	}
	if err := writeCSV(stem+".csv", p.header, p.rows); err != nil {
		return reportFigure{}, err
	}
	width, _ := p.drawing.size()
	return reportFigure{p.name, p.caption, int(width * pixelsPerPoint), int(width), template.HTML(svgInPage(vector, p.caption))}, nil
}

// simulatedMark stands in the title of every figure that shows simulated data.
const simulatedMark = " (simulated)"

func marked(title string, simulated bool) string {
	if simulated && !strings.Contains(title, simulatedMark) {
		return title + simulatedMark
	}
	return title
}

// csvCell is a number as a figure's CSV holds it, empty where there is none.
func csvCell(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return figure(v).csv()
}
