package stimuli

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
)

// decode writes the image in a file's bytes into dst (C·H·W of o).
func decode(dst, file []byte, o ImageOptions) error {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return err
	}
	w, h := config.Width, config.Height
	if w < 1 || h < 1 || w > o.MaxPixels/h {
		return fmt.Errorf("a %s of %d×%d pixels, expected 1 to %d in all", format, w, h, o.MaxPixels)
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return fmt.Errorf("damaged %s: %w", format, err)
	}
	box, err := centre(img.Bounds().Dx(), img.Bounds().Dy(), o)
	if err != nil {
		return err
	}
	resize(dst, planes(img, o.Channels), img.Bounds().Dx(), img.Bounds().Dy(), box, o)
	return nil
}

// A box is a rectangle of an image, in pixels from its top left corner.
type box struct{ left, top, right, bottom float64 }

// centre returns the part of a w×h image that is resized: the centred square
// of side Crop or else the whole, reduced to the aspect ratio of the target.
func centre(w, h int, o ImageOptions) (box, error) {
	b := box{0, 0, float64(w), float64(h)}
	if o.Crop > 0 {
		if o.Crop > w || o.Crop > h {
			return b, fmt.Errorf("an image of %d×%d pixels (width × height), too small for a crop of %d", w, h, o.Crop)
		}
		b.left, b.top = float64((w-o.Crop)/2), float64((h-o.Crop)/2)
		b.right, b.bottom = b.left+float64(o.Crop), b.top+float64(o.Crop)
	}
	scale := min((b.right-b.left)/float64(o.Width), (b.bottom-b.top)/float64(o.Height))
	dx := (b.right - b.left - scale*float64(o.Width)) / 2
	dy := (b.bottom - b.top - scale*float64(o.Height)) / 2
	return box{b.left + dx, b.top + dy, b.right - dx, b.bottom - dy}, nil
}

// planes returns a function that writes row y of the image, from the top, into
// dst: one run of all columns per channel, in grey levels from 0 to 255.
// Transparency is dropped.
func planes(img image.Image, channels int) func(y int, dst []float32) {
	at := pixel(img)
	w := img.Bounds().Dx()
	if channels == 1 {
		return func(y int, dst []float32) {
			for x := range w {
				r, g, b := at(x, y)
				dst[x] = 0.299*r + 0.587*g + 0.114*b // ITU-R 601 luma
			}
		}
	}
	return func(y int, dst []float32) {
		for x := range w {
			dst[x], dst[w+x], dst[2*w+x] = at(x, y)
		}
	}
}

// pixel returns a function that reads column x of row y, counted from the top
// left corner. Formats with 8 opaque bits go through image/draw, which knows
// them; anyPixel is right for all.
func pixel(img image.Image) func(x, y int) (r, g, b float32) {
	switch img := img.(type) {
	case *image.Gray:
		return func(x, y int) (r, g, b float32) {
			v := float32(img.Pix[y*img.Stride+x])
			return v, v, v
		}
	case *image.NRGBA:
		return func(x, y int) (r, g, b float32) {
			p := img.Pix[y*img.Stride+4*x:][:3]
			return float32(p[0]), float32(p[1]), float32(p[2])
		}
	case *image.RGBA:
		if !img.Opaque() {
			break
		}
		return func(x, y int) (r, g, b float32) {
			p := img.Pix[y*img.Stride+4*x:][:3]
			return float32(p[0]), float32(p[1]), float32(p[2])
		}
	case *image.YCbCr, *image.CMYK:
		rgba := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
		draw.Draw(rgba, rgba.Rect, img, img.Bounds().Min, draw.Src)
		return pixel(rgba)
	}
	return anyPixel(img)
}

func anyPixel(img image.Image) func(x, y int) (r, g, b float32) {
	origin := img.Bounds().Min
	return func(x, y int) (r, g, b float32) {
		c := img.At(origin.X+x, origin.Y+y)
		if c, ok := c.(color.NRGBA); ok { // the model below would lose its colour where it is transparent
			return float32(c.R), float32(c.G), float32(c.B)
		}
		n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
		return float32(n.R) / 257, float32(n.G) / 257, float32(n.B) / 257
	}
}
