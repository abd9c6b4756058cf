package stimuli

import (
	"fmt"
	"image"
	"image/color"
	"image/png"

	"ventral/internal/whole"
)

// Picture returns image i of s for the eye. Sets of one or three channels have
// one; others, and images that cannot be read, are an error.
func Picture(s Set, i int) (*image.NRGBA, error) {
	channels, h, w := s.Shape()
	if channels != 1 && channels != 3 {
		return nil, fmt.Errorf("a picture of %d channels, expected 1 or 3", channels)
	}
	pixels := make([]float32, channels*h*w)
	if err := s.Pixels(i, pixels); err != nil {
		return nil, err
	}
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			at := func(c int) byte { return byte(min(max(255*pixels[(c*h+y)*w+x]+0.5, 0), 255)) }
			picture.SetNRGBA(x, y, color.NRGBA{at(0), at(channels / 2), at(channels - 1), 255})
		}
	}
	return picture, nil
}

// ContactSheet returns the images of s at the given indices in rows of
// columns, each pixel drawn as scale×scale, on white. It fails where Picture does,
// and panics unless columns and scale are positive.
func ContactSheet(s Set, indices []int, columns, scale int) (*image.NRGBA, error) {
	if columns < 1 || scale < 1 {
		panic(fmt.Sprintf("stimuli: ContactSheet with %d columns at scale %d", columns, scale))
	}
	const gap = 2
	_, h, w := s.Shape()
	rows := (len(indices) + columns - 1) / columns
	sheet := image.NewNRGBA(image.Rect(0, 0, columns*(w*scale+gap)+gap, rows*(h*scale+gap)+gap))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	for n, i := range indices {
		picture, err := Picture(s, i)
		if err != nil {
			return nil, err
		}
		left, top := gap+n%columns*(w*scale+gap), gap+n/columns*(h*scale+gap)
		for y := range h * scale {
			for x := range w * scale {
				sheet.SetNRGBA(left+x, top+y, picture.NRGBAAt(x/scale, y/scale))
			}
		}
	}
	return sheet, nil
}

// WritePNG writes a picture to a file, which appears only when it is complete. It
// fails if the file cannot be written.
func WritePNG(path string, picture image.Image) error {
	f, err := whole.Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := png.Encode(f, picture); err != nil {
		return err
	}
	return f.Commit()
}

// Grey returns the luminance of every image, n_stimuli × H·W, in [0, 1]: the
// ITU-R 601 luma of three channels, or the only channel. It fails for another
// number of channels, and for an image that cannot be read.
func Grey(s Set) ([]float64, error) {
	channels, h, w := s.Shape()
	if channels != 1 && channels != 3 {
		return nil, fmt.Errorf("the luminance of %d channels, expected 1 or 3", channels)
	}
	plane := h * w
	pixels := make([]float32, channels*plane)
	grey := make([]float64, s.Len()*plane)
	for i := range s.Len() {
		if err := s.Pixels(i, pixels); err != nil {
			return nil, err
		}
		for j := range plane {
			r, g, b := pixels[j], pixels[channels/2*plane+j], pixels[(channels-1)*plane+j]
			grey[i*plane+j] = 0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)
		}
	}
	return grey, nil
}
