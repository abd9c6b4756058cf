package stimuli

import (
	"cmp"
	"context"
	"errors"
	"math"
)

// Moments returns the mean and the (population) standard deviation of each
// channel over all images and positions, summed in float64 in the order of the
// images. It fails on an empty set or an image that cannot be read.
//
// Cost: reading all images once.
func Moments(s Set) (mean, std []float32, err error) {
	return moments(context.Background(), s, func([]float32) {})
}

// moments is Moments that shows every image to see, in order, and asks ctx before
// each.
func moments(ctx context.Context, s Set, see func(pixels []float32)) (mean, std []float32, err error) {
	if s.Len() == 0 {
		return nil, nil, errors.New("the mean and standard deviation of no images")
	}
	channels, h, w := s.Shape()
	plane := h * w
	sum, squares := make([]float64, channels), make([]float64, channels)
	eachInOrder(s, func(_ int, image seen) bool {
		if err = cmp.Or(ctx.Err(), image.err); err != nil {
			return false
		}
		see(image.pixels)
		for c := range channels {
			var one, two float64 // of this image: short sums lose nothing
			for _, p := range image.pixels[c*plane : (c+1)*plane] {
				v := float64(p)
				one += v
				two += v * v
			}
			sum[c] += one
			squares[c] += two
		}
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	n := float64(s.Len()) * float64(plane)
	mean, std = make([]float32, channels), make([]float32, channels)
	for c := range channels {
		m := sum[c] / n
		mean[c] = float32(m)
		std[c] = float32(math.Sqrt(max(0, squares[c]/n-m*m)))
	}
	return mean, std, nil
}
