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
	_ "golang.org/x/image/webp"
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

// decodeImage decodes the image in a file's bytes, upright, and cuts o.Crop out
// of it.
func decodeImage(file []byte, o ImageOptions) (image.Image, error) {
	config, format, err := header(file, o)
	if err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("damaged %s: %w", format, err)
	}
	switch format {
	case "gif":
		img = onScreen(img, config)
	case "webp":
		img = studioRange(img)
	}
	img = upright(img, orientation(file))
	if o.Crop > 0 {
		return cropped(img, o.Crop)
	}
	return img, nil
}

// header reads what a file says of its image before anything is made of it: the
// limit on pixels comes first.
func header(file []byte, o ImageOptions) (image.Config, string, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return config, format, err
	}
	if w, h := config.Width, config.Height; w < 1 || h < 1 || w > o.MaxPixels/h {
		return config, format, fmt.Errorf("a %s of %d×%d pixels, expected 1 to %d in all", format, w, h, o.MaxPixels)
	}
	return config, format, nil
}

// onScreen puts a GIF's first frame, which may be smaller, on its screen.
func onScreen(frame image.Image, config image.Config) image.Image {
	screen := image.Rect(0, 0, config.Width, config.Height)
	if frame.Bounds() == screen {
		return frame
	}
	whole := image.NewNRGBA(screen)
	draw.Draw(whole, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return whole
}

// studioRange returns a lossy WebP's image in RGB. Its luma goes from 16 to 235 and
// its chroma from 16 to 240 (ITU-R 601), where package image, which decoded it,
// means JPEG's full range.
func studioRange(img image.Image) image.Image {
	var planes *image.YCbCr
	switch img := img.(type) {
	case *image.YCbCr:
		planes = img
	case *image.NYCbCrA:
		planes = &img.YCbCr
	default:
		return img
	}
	out := image.NewNRGBA(planes.Rect)
	for y := planes.Rect.Min.Y; y < planes.Rect.Max.Y; y++ {
		for x := planes.Rect.Min.X; x < planes.Rect.Max.X; x++ {
			c := planes.YCbCrAt(x, y)
			luma, cb, cr := 255./219*(float32(c.Y)-16), 255./224*(float32(c.Cb)-128), 255./224*(float32(c.Cr)-128)
			out.SetNRGBA(x, y, color.NRGBA{grey8(luma + 1.402*cr), grey8(luma - 0.344136*cb - 0.714136*cr), grey8(luma + 1.772*cb), 255})
		}
	}
	return out
}

// grey8 rounds to 8 bits.
func grey8(v float32) byte { return byte(min(max(v+0.5, 0), 255)) }

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

// scaleGrey prepares h×w grey levels as decode does an image.
func scaleGrey(dst, grey []byte, h, w int, o ImageOptions) {
	img := image.Image(&image.Gray{Pix: grey, Stride: w, Rect: image.Rect(0, 0, w, h)})
	if o.Crop > 0 {
		img, _ = cropped(img, o.Crop) // which the caller saw to fit
		w, h = o.Crop, o.Crop
	}
	resize(dst, planes(img, o.Channels), w, h, centre(w, h, o), o)
}

// planes returns a function that writes row y of the image, from the top, into
// dst: one run of all columns per channel, in grey levels from 0 to 255.
// Transparency is dropped.
func planes(img image.Image, channels int) func(y int, dst []float32) {
	row := rows(img)
	w := img.Bounds().Dx()
	if channels == 1 {
		rgb := make([]float32, 3*w)
		r, g, b := rgb[:w], rgb[w:2*w], rgb[2*w:]
		return func(y int, dst []float32) {
			row(y, r, g, b)
			for x := range w {
				dst[x] = 0.299*r[x] + 0.587*g[x] + 0.114*b[x] // ITU-R 601 luma
			}
		}
	}
	return func(y int, dst []float32) { row(y, dst[:w], dst[w:2*w], dst[2*w:3*w]) }
}

// rows returns a function that reads row y, counted from the top, into three
// slices of the image's width. Formats with 8 opaque bits are read as they lie,
// or through image/draw, which knows them; anyRow is right for all.
func rows(img image.Image) func(y int, r, g, b []float32) {
	w := img.Bounds().Dx()
	switch img := img.(type) {
	case *image.Gray:
		return func(y int, r, g, b []float32) {
			for x, v := range img.Pix[y*img.Stride:][:w] {
				r[x] = float32(v)
			}
			copy(g, r)
			copy(b, r)
		}
	case *image.NRGBA:
		return func(y int, r, g, b []float32) { rgba(img.Pix[y*img.Stride:][:4*w], r, g, b) }
	case *image.RGBA:
		if !img.Opaque() {
			break
		}
		return func(y int, r, g, b []float32) { rgba(img.Pix[y*img.Stride:][:4*w], r, g, b) }
	case *image.YCbCr, *image.CMYK:
		one := image.NewRGBA(image.Rect(0, 0, w, 1))
		origin := img.Bounds().Min
		return func(y int, r, g, b []float32) {
			draw.Draw(one, one.Rect, img, origin.Add(image.Pt(0, y)), draw.Src)
			rgba(one.Pix, r, g, b)
		}
	}
	return anyRow(img)
}

// rgba takes pixels of four bytes apart.
func rgba(pixels []byte, r, g, b []float32) {
	for x := range r {
		p := pixels[4*x:][:3]
		r[x], g[x], b[x] = float32(p[0]), float32(p[1]), float32(p[2])
	}
}

func anyRow(img image.Image) func(y int, r, g, b []float32) {
	origin := img.Bounds().Min
	return func(y int, r, g, b []float32) {
		for x := range r {
			c := img.At(origin.X+x, origin.Y+y)
			if c, ok := c.(color.NRGBA); ok { // the model below would lose its colour where it is transparent
				r[x], g[x], b[x] = float32(c.R), float32(c.G), float32(c.B)
				continue
			}
			n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
			r[x], g[x], b[x] = float32(n.R)/257, float32(n.G)/257, float32(n.B)/257
		}
	}
}
