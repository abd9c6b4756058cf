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
	img, err := decodeImage(file, o)
	if err != nil {
		return err
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	row := planes(img, o.Channels)
	if o.Degrees > 0 {
		if row, w, h, err = atDegrees(row, w, h, o); err != nil {
			return err
		}
	}
	resize(dst, row, w, h, centre(w, h, o), o)
	return nil
}

// decodePicture reads the image in a file's bytes in its own shape, made smaller
// if its short side has more than o.Store pixels.
func decodePicture(file []byte, o ImageOptions) (picture, error) {
	img, err := decodeImage(file, o)
	if err != nil {
		return picture{}, err
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	o.Height, o.Width = h, w
	if o.Store > 0 && min(w, h) > o.Store {
		o.Height, o.Width = Frame{Short: o.Store}.resized(h, w)
	}
	p := picture{o.Height, o.Width, make([]byte, o.Channels*o.Height*o.Width)}
	resize(p.levels, planes(img, o.Channels), w, h, box{0, 0, float64(w), float64(h)}, o)
	return p, nil
}

// decodeImage decodes the image in a file's bytes and cuts o.Crop out of it.
func decodeImage(file []byte, o ImageOptions) (image.Image, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	w, h := config.Width, config.Height
	if w < 1 || h < 1 || w > o.MaxPixels/h {
		return nil, fmt.Errorf("a %s of %d×%d pixels, expected 1 to %d in all", format, w, h, o.MaxPixels)
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("damaged %s: %w", format, err)
	}
	if o.Crop > 0 {
		return cropped(img, o.Crop)
	}
	return img, nil
}

// cropped returns the centred square of the given side in pixels.
func cropped(img image.Image, side int) (image.Image, error) {
	r := img.Bounds()
	if side > r.Dx() || side > r.Dy() {
		return nil, fmt.Errorf("an image of %d×%d pixels (width × height), too small for a crop of %d", r.Dx(), r.Dy(), side)
	}
	corner := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	part := img.(interface {
		SubImage(image.Rectangle) image.Image // which every decoded image has
	})
	return part.SubImage(image.Rectangle{corner, corner.Add(image.Pt(side, side))}), nil
}

// centre returns the largest centred part of a w×h image that has the target's
// aspect ratio.
func centre(w, h int, o ImageOptions) box {
	width, height := float64(w), float64(h)
	scale := min(width/float64(o.Width), height/float64(o.Height))
	dx := (width - scale*float64(o.Width)) / 2
	dy := (height - scale*float64(o.Height)) / 2
	return box{dx, dy, width - dx, height - dy}
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
