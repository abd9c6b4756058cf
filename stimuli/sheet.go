package stimuli

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// A SheetRow is a line of a LabelledSheet.
type SheetRow struct {
	Label  string
	Images []int
}

// LabelledSheet returns rows of images of s behind their labels, each pixel
// drawn as scale×scale, on white. Labels are cut after 24 letters, and letters
// beyond Latin show as boxes. It fails where Picture does, and panics unless scale is
// positive.
func LabelledSheet(s Set, rows []SheetRow, scale int) (*image.NRGBA, error) {
	if scale < 1 {
		panic(fmt.Sprintf("stimuli: LabelledSheet at scale %d", scale))
	}
	const gap, most = 4, 24 // pixels; letters
	face := basicfont.Face7x13
	_, h, w := s.Shape()
	columns, letters := 0, 0
	labels := make([]string, len(rows))
	for i, r := range rows {
		label := []rune(strings.ToValidUTF8(r.Label, "?"))
		if len(label) > most {
			label = append(label[:most-1], '~')
		}
		labels[i] = string(label)
		columns, letters = max(columns, len(r.Images)), max(letters, len(label))
	}
	left, step := gap+letters*face.Advance+gap, max(h*scale, face.Height)+gap
	sheet := image.NewNRGBA(image.Rect(0, 0, left+columns*(w*scale+gap), gap+len(rows)*step))
	draw.Draw(sheet, sheet.Rect, image.White, image.Point{}, draw.Src)
	for n, r := range rows {
		top := gap + n*step
		d := font.Drawer{Dst: sheet, Src: image.NewUniform(color.Black), Face: face,
			Dot: fixed.P(gap, top+(step-gap-face.Height)/2+face.Ascent)}
		d.DrawString(labels[n])
		for column, i := range r.Images {
			picture, err := Picture(s, i)
			if err != nil {
				return nil, err
			}
			x0 := left + column*(w*scale+gap)
			for y := range h * scale {
				for x := range w * scale {
					sheet.SetNRGBA(x0+x, top+y, picture.NRGBAAt(x/scale, y/scale))
				}
			}
		}
	}
	return sheet, nil
}
