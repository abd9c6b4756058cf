package stimuli

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// Prepared makes a Set a network's input: it normalises by channel and varies at
// random what is seen of an image. It has the methods of network.Source and may
// be read concurrently.
//
// The variation depends on Seed, epoch, repetition and the image's index in Set,
// and on nothing else.
type Prepared struct {
	Set       Set
	Mean, Std []float32 // per channel; nil = 0 and 1. A Std of 0 counts as 1
	Variation Variation // nil = none
	Flip      bool      // mirror left and right, with probability ½
	Seed      uint64
}

// Len returns the number of images.
func (p *Prepared) Len() int { return p.Set.Len() }

// Read writes the images at the given indices into x, one row per image
// (len(indices) × C·H·W, channel-major), and their classes into labels unless
// that is nil; the class of an unlabelled image is -1. An epoch below 0 asks
// for images without variation.
//
// It fails if an image cannot be read, with the error of the first such index,
// and panics if a length does not fit or an index lies outside the set.
func (p *Prepared) Read(epoch, repetition int, indices []int, x []float32, labels []int) error {
	channels, h, w := p.Set.Shape()
	n := channels * h * w
	switch {
	case len(x) != len(indices)*n:
		panic(fmt.Sprintf("stimuli: Read of %d images of %d×%d×%d into %d elements", len(indices), channels, h, w, len(x)))
	case labels != nil && len(labels) != len(indices):
		panic(fmt.Sprintf("stimuli: Read of %d labels into %d elements", len(indices), len(labels)))
	case p.Mean != nil && len(p.Mean) != channels || p.Std != nil && len(p.Std) != channels:
		panic(fmt.Sprintf("stimuli: Prepared with %d means and %d standard deviations for %d channels", len(p.Mean), len(p.Std), channels))
	}
	if p.Variation != nil {
		p.Variation.check()
	}
	for _, i := range indices {
		if i < 0 || i >= p.Set.Len() {
			panic(fmt.Sprintf("stimuli: Read of image %d of a set of %d", i, p.Set.Len()))
		}
	}

	errs := make([]error, len(indices))
	parallel(len(indices), func() func(int) {
		return func(b int) {
			i := indices[b]
			if err := p.show(x[b*n:(b+1)*n], epoch, repetition, i); err != nil {
				errs[b] = fmt.Errorf("image %s: %w", p.Set.ID(i), err)
			} else if labels != nil {
				labels[b] = p.Set.Label(i)
			}
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// show writes one presentation of image i into dst.
func (p *Prepared) show(dst []float32, epoch, repetition, i int) error {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	channels, height, width := p.Set.Shape()
	varied := epoch >= 0 && (p.Variation != nil || p.Flip)
	if varied {
		s.pcg.Seed(p.Seed, mix(uint64(epoch), uint64(repetition), uint64(i)))
	}
	h, w, v := height, width, pixelView(0, 0, height, width)
	if whole, ok := p.Set.(wholes); ok && varied && p.Variation != nil {
		var err error
		if s.image, h, w, err = whole.whole(i, s.image); err != nil {
			return err
		}
	} else {
		s.image = resized(s.image, channels*h*w)
		if err := p.Set.Pixels(i, s.image); err != nil {
			return err
		}
	}
	if varied && p.Variation != nil {
		v = p.Variation.view(s.rng, h, w, height, width)
	}
	s.show(dst, channels, h, w, v, height, width, p.normalisation)
	if varied && p.Flip && s.rng.Uint64()&1 == 1 {
		for r := range channels * height {
			slices.Reverse(dst[r*width : (r+1)*width])
		}
	}
	return nil
}

// normalisation returns the mean of channel c and 1 over its deviation.
func (p *Prepared) normalisation(c int) (mean, scale float32) {
	scale = 1
	if p.Mean != nil {
		mean = p.Mean[c]
	}
	if p.Std != nil && p.Std[c] != 0 {
		scale = 1 / p.Std[c]
	}
	return mean, scale
}

// A scratch is what preparing an image needs, kept for the next one.
type scratch struct {
	pcg     rand.PCG
	rng     *rand.Rand // draws from pcg
	image   []float32  // C·h·w, an image or the whole of one
	sampler sampler
}

var scratches = sync.Pool{New: func() any {
	s := new(scratch)
	s.rng = rand.New(&s.pcg)
	return s
}}

// resized returns a buffer of n elements, which is buffer if that has room.
func resized(buffer []float32, n int) []float32 {
	return slices.Grow(buffer[:0], n)[:n]
}

// show writes a view of s.image, channels×h×w, into dst, channels×height×width,
// normalised. Where pixels are shown as they are, those from outside the image
// are 0, the normalised mean.
func (s *scratch) show(dst []float32, channels, h, w int, v view, height, width int, normalisation func(c int) (mean, scale float32)) {
	top, left, asTheyAre := v.pixels(height, width)
	if !asTheyAre {
		s.sampler.plan(v, height, width)
	}
	for c := range channels {
		mean, scale := normalisation(c)
		to, from := dst[c*height*width:][:height*width], s.image[c*h*w:][:h*w]
		if asTheyAre {
			crop(to, height, width, from, h, w, top, left, mean, scale)
		} else {
			s.sampler.plane(to, from, w, mean, scale)
		}
	}
}

// crop writes (src − mean)·scale of the height×width pixels of src, h×w, from row
// top and column left on into dst, and 0 where these lie outside src.
func crop(dst []float32, height, width int, src []float32, h, w, top, left int, mean, scale float32) {
	first, end := max(0, -left), min(width, w-left) // columns of dst that src covers
	if top < 0 || top+height > h || first > 0 || end < width {
		clear(dst)
	}
	if first >= end {
		return
	}
	for r := max(0, -top); r < min(height, h-top); r++ {
		to := dst[r*width+first : r*width+end]
		from := src[(top+r)*w+left+first:][:len(to)]
		for j, v := range from {
			to[j] = (v - mean) * scale
		}
	}
}

// mix hashes a few counters into one seed word (splitmix64's finaliser, Steele
// et al. 2014), so that neighbouring counters give unrelated generators.
func mix(counters ...uint64) uint64 {
	var z uint64
	for _, c := range counters {
		z += c + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}
