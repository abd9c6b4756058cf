package main

import (
	"image"
	"image/color"

	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// A pictureSheet is pictures in rows, each below its name, as one figure.
type pictureSheet struct {
	title   string
	columns int
	images  []sheetPicture
}

// A sheetPicture is a picture with the size that it is drawn in, points.
type sheetPicture struct {
	name, under   string // under: a second line, in grey
	image         image.Image
	width, height vg.Length
}

const (
	sheetTitle = 22 // points above the pictures
	sheetName  = 13
	sheetGap   = 12
)

func (p *pictureSheet) size() (vg.Length, vg.Length) {
	width, height := vg.Length(0), vg.Length(sheetTitle)
	for i := 0; i < len(p.images); i += p.columns {
		w, h := p.row(i)
		width, height = max(width, w), height+h
	}
	width = max(width, sansOf(11, color.Black).Width(p.title))
	return width + 2*figureMargin, height
}

// row is the width and height of the row that begins with picture i.
func (p *pictureSheet) row(i int) (width, height vg.Length) {
	for _, im := range p.images[i:min(i+p.columns, len(p.images))] {
		w := max(im.width, sansOf(9, color.Black).Width(im.name), sansOf(8, color.Black).Width(im.under))
		if width > 0 {
			width += sheetGap
		}
		width, height = width+w, max(height, im.height+im.head())
	}
	return width, height + sheetGap
}

func (p sheetPicture) head() vg.Length {
	switch {
	case p.under != "":
		return 2 * sheetName
	case p.name != "":
		return sheetName
	}
	return 0
}

func (p *pictureSheet) draw(c vgdraw.Canvas) {
	c.FillText(sansOf(11, color.Black), vg.Point{X: c.Min.X + figureMargin, Y: c.Max.Y - 14}, p.title)
	y := c.Max.Y - sheetTitle
	for i := 0; i < len(p.images); i += p.columns {
		x := c.Min.X + figureMargin
		for _, im := range p.images[i:min(i+p.columns, len(p.images))] {
			c.FillText(sansOf(9, color.Black), vg.Point{X: x, Y: y - 9}, im.name)
			if im.under != "" {
				c.FillText(sansOf(8, grey), vg.Point{X: x, Y: y - sheetName - 8}, im.under)
			}
			top := y - im.head()
			c.DrawImage(vg.Rectangle{Min: vg.Point{X: x, Y: top - im.height}, Max: vg.Point{X: x + im.width, Y: top}}, im.image)
			x += max(im.width, sansOf(9, color.Black).Width(im.name), sansOf(8, color.Black).Width(im.under)) + sheetGap
		}
		_, h := p.row(i)
		y -= h
	}
}
