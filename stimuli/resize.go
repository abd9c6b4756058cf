package stimuli

import (
	"image"
	"math"
	"slices"
)

// resize samples a box of a w×h image to the Height×Width of o and rounds to
// 8 bits. row writes row y of the image, a run of all columns per channel; rows
// are resampled as they are read, so that only the narrow ones are kept.
func resize(dst []byte, row func(y int, dst []float32), w, h int, b box, o ImageOptions) {
	var s sampler
	s.plan(view{b, image.Rect(0, 0, w, h)}, o.Height, o.Width)
	first, end := s.rows()
	wide := make([]float32, o.Channels*w)
	narrow := make([]float32, (end-first)*o.Channels*o.Width) // row, channel, column
	for y := first; y < end; y++ {
		row(y, wide)
		to := narrow[(y-first)*o.Channels*o.Width:][:o.Channels*o.Width]
		if o.Channels == 3 {
			s.columns.apply3(to, wide)
		} else {
			s.columns.apply(to, wide)
		}
	}
	sums := make([]float32, o.Channels*o.Width)
	for y := range o.Height {
		s.sumRows(sums, narrow, y)
		for i, v := range sums {
			c, x := i/o.Width, i%o.Width
			dst[(c*o.Height+y)*o.Width+x] = grey8(v)
		}
	}
}

// A box is a rectangle of an image, in pixels from its top left corner.
type box struct{ left, top, right, bottom float64 }

// A view is the part of an image that fills a network's input. Where it is
// resampled, only the pixels within count.
type view struct {
	box
	within image.Rectangle
}

// A sampler resamples views. The filter is a triangle as wide as two output
// pixels, or two input pixels where the view grows (Pillow's BILINEAR): every
// input pixel counts, so fine patterns fade instead of aliasing. It is separable.
//
// A sampler keeps its buffers: after a few images it allocates nothing.
type sampler struct {
	columns, lines axis // of the output: its x, its y
	narrow         []float32
}

// plan prepares for a view that fills height×width.
func (s *sampler) plan(v view, height, width int) {
	s.columns.triangle(v.within.Min.X, v.within.Max.X, v.left, v.right, width)
	s.lines.triangle(v.within.Min.Y, v.within.Max.Y, v.top, v.bottom, height)
}

// rows returns the first row of the image that counts and that after the last.
func (s *sampler) rows() (first, end int) {
	last := s.lines.taps[len(s.lines.taps)-1]
	return s.lines.taps[0].first, last.first + len(last.weights)
}

// sumRows writes row y of the output into dst; narrow are the image's rows from
// rows' first on, resampled to len(dst).
func (s *sampler) sumRows(dst, narrow []float32, y int) {
	t := s.lines.taps[y]
	first, _ := s.rows()
	clear(dst)
	for k, weight := range t.weights {
		from := narrow[(t.first-first+k)*len(dst):][:len(dst)]
		for i, v := range from {
			dst[i] += weight * v
		}
	}
}

// plane resamples one plane of an image of width w as planned, and writes
// (value − mean)·scale into dst.
func (s *sampler) plane(dst, src []float32, w int, mean, scale float32) {
	width := len(s.columns.taps)
	first, end := s.rows()
	s.narrow = slices.Grow(s.narrow[:0], (end-first)*width)[:(end-first)*width]
	for y := first; y < end; y++ {
		s.columns.apply(s.narrow[(y-first)*width:][:width], src[y*w:(y+1)*w])
	}
	for y := range s.lines.taps {
		row := dst[y*width : (y+1)*width]
		s.sumRows(row, s.narrow, y)
		for x, v := range row {
			row[x] = (v - mean) * scale
		}
	}
}

// taps are the weights of consecutive input pixels in one output pixel.
type taps struct {
	first   int
	weights []float32 // they sum to 1
}

// An axis is the taps of the output pixels along it.
type axis struct {
	taps    []taps
	weights []float32 // of all taps
}

// triangle makes the taps of n output pixels that divide the interval from left
// to right. Input pixels outside first … end−1 do not count; each output pixel's
// centre must lie among them.
func (a *axis) triangle(first, end int, left, right float64, n int) {
	scale := (right - left) / float64(n) // input pixels per output pixel
	radius := max(scale, 1)
	a.taps = slices.Grow(a.taps[:0], n)[:n]
	a.weights = slices.Grow(a.weights[:0], n*(2*int(math.Ceil(radius))+1))
	for i := range a.taps {
		centre := left + (float64(i)+0.5)*scale
		weight := func(j int) float64 { return max(0, 1-math.Abs(float64(j)+0.5-centre)/radius) }
		from := max(first, int(math.Floor(centre-radius+0.5)))
		to := min(end, int(math.Floor(centre+radius+0.5)))
		var sum float64
		for j := from; j < to; j++ {
			sum += weight(j)
		}
		begin := len(a.weights)
		for j := from; j < to; j++ {
			a.weights = append(a.weights, float32(weight(j)/sum))
		}
		a.taps[i] = taps{from, a.weights[begin:]}
	}
}

// apply resamples one row.
func (a *axis) apply(dst, src []float32) {
	for x, t := range a.taps {
		var sum float32
		from := src[t.first:][:len(t.weights)]
		for k, weight := range t.weights {
			sum += weight * from[k]
		}
		dst[x] = sum
	}
}

// apply3 resamples a row of each of three channels, together, so that no sum
// waits for another.
func (a *axis) apply3(dst, src []float32) {
	n, w := len(dst)/3, len(src)/3
	for x, t := range a.taps {
		weights := t.weights
		r := src[t.first:][:len(weights)]
		g := src[w+t.first:][:len(weights)]
		b := src[2*w+t.first:][:len(weights)]
		var red, green, blue float32
		for k, weight := range weights {
			red += weight * r[k]
			green += weight * g[k]
			blue += weight * b[k]
		}
		dst[x], dst[n+x], dst[2*n+x] = red, green, blue
	}
}
