package stimuli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"image/color"
	"math"
)

// A Survey is what a set holds.
type Survey struct {
	Counts    []int     // images of each class
	Mean, Std []float32 // per channel, as Moments returns them

	// Content is the SHA-256 of each image's pixels: images of equal content
	// look the same at the set's size.
	Content [][sha256.Size]byte
}

// SurveyOf reads all images of s once. It fails on an empty set or an image
// that cannot be read.
func SurveyOf(ctx context.Context, s Set) (Survey, error) {
	v := Survey{Counts: make([]int, len(s.Classes()))}
	for i := range s.Len() {
		if label := s.Label(i); label >= 0 {
			v.Counts[label]++
		}
	}
	var err error
	bytes := make([]byte, 4*size(s))
	v.Mean, v.Std, err = moments(ctx, s, func(pixels []float32) {
		for j, p := range pixels {
			binary.LittleEndian.PutUint32(bytes[4*j:], math.Float32bits(p))
		}
		v.Content = append(v.Content, sha256.Sum256(bytes))
	})
	return v, err
}

// A FileInfo is what an image file says of itself in its header.
type FileInfo struct {
	Name     string
	Format   string // png, jpeg, gif, bmp, tiff or webp
	Width    int    // pixels, as the file holds them: not yet turned upright
	Height   int
	Channels int   // 1 grey, 3 colour, 4 colour and transparency, or CMYK
	Err      error // why there is nothing to know, or nil
}

// Files returns what the image files of a folder, zip, tar or tar.gz say of
// themselves, in name order. Every file is read, and only its header decoded: a
// file without an error may still be damaged. Once ctx is cancelled the rest is
// left, with its error.
func Files(ctx context.Context, path string, o ImageOptions) ([]FileInfo, error) {
	o = o.withDefaults()
	a, err := openArchive(ctx, path, o)
	if err != nil {
		return nil, err
	}
	defer a.close()
	if err := a.needImages(); err != nil {
		return nil, err
	}
	all := make([]FileInfo, len(a.images))
	err = a.each(a.images, o.MaxBytes, o.telling(len(a.images), func(i int, data []byte, err error) {
		f := &all[i]
		f.Name, f.Err = a.images[i], cmp.Or(ctx.Err(), err)
		if f.Err != nil {
			return
		}
		config, format, err := header(data, o)
		if err != nil {
			f.Err = err
			return
		}
		f.Format, f.Width, f.Height, f.Channels = format, config.Width, config.Height, channelsOf(config.ColorModel)
	}))
	return all, cmp.Or(err, ctx.Err())
}

func channelsOf(m color.Model) int {
	switch m {
	case color.GrayModel, color.Gray16Model:
		return 1
	case color.NRGBAModel, color.NRGBA64Model, color.CMYKModel:
		return 4
	}
	return 3
}
