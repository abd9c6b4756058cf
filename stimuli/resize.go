package stimuli

import "math"

// resize samples a box of a w×h image to the Height×Width of o and rounds to
// 8 bits. The filter is a triangle as wide as two output pixels, or two input
// pixels where the image grows (Pillow's BILINEAR): every input pixel counts,
// so fine patterns fade instead of aliasing. It is separable; rows are
// resampled as they are read, so that only the narrow ones are kept.
func resize(dst []byte, row func(y int, dst []float32), w, h int, b box, o ImageOptions) {
	across := triangle(w, b.left, b.right, o.Width)
	down := triangle(h, b.top, b.bottom, o.Height)

	first := down[0].first
	last := down[len(down)-1].first + len(down[len(down)-1].weights)
	wide := make([]float32, o.Channels*w)
	narrow := make([]float32, (last-first)*o.Channels*o.Width) // row, channel, column
	for y := first; y < last; y++ {
		row(y, wide)
		to := narrow[(y-first)*o.Channels*o.Width:]
		for c := range o.Channels {
			plane := wide[c*w : (c+1)*w]
			for x, t := range across {
				var sum float32
				for k, weight := range t.weights {
					sum += weight * plane[t.first+k]
				}
				to[c*o.Width+x] = sum
			}
		}
	}

	sums := make([]float32, o.Channels*o.Width)
	for y, t := range down {
		clear(sums)
		for k, weight := range t.weights {
			from := narrow[(t.first-first+k)*len(sums):][:len(sums)]
			for i, v := range from {
				sums[i] += weight * v
			}
		}
		for i, v := range sums {
			c, x := i/o.Width, i%o.Width
			dst[(c*o.Height+y)*o.Width+x] = byte(min(max(v+0.5, 0), 255))
		}
	}
}

// taps are the weights of consecutive input pixels in one output pixel.
type taps struct {
	first   int
	weights []float32 // they sum to 1
}

// triangle returns the taps of n output pixels that divide the interval from
// left to right of an axis of in pixels. Pixels outside the axis do not count.
func triangle(in int, left, right float64, n int) []taps {
	scale := (right - left) / float64(n) // input pixels per output pixel
	radius := max(scale, 1)
	all := make([]taps, n)
	for i := range all {
		centre := left + (float64(i)+0.5)*scale
		first := max(0, int(math.Floor(centre-radius)))
		last := min(in-1, int(math.Ceil(centre+radius)))
		var weights []float64
		var sum float64
		for j := first; j <= last; j++ {
			weight := max(0, 1-math.Abs(float64(j)+0.5-centre)/radius)
			weights = append(weights, weight)
			sum += weight
		}
		all[i] = taps{first, make([]float32, len(weights))}
		for k, weight := range weights {
			all[i].weights[k] = float32(weight / sum)
		}
	}
	return all
}
