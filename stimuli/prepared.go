package stimuli

import (
	"fmt"
	"math/rand/v2"
)

// Prepared makes a Set a network's input: it normalises by channel and
// translates at random. It has the methods of network.Source and may be read
// concurrently.
//
// The translation is the paper's: a random crop of the image's own size after
// padding each side by Pad pixels of the mean, which normalisation turns into
// 0. It depends on Seed, epoch, repetition and the image's index in Set, and
// on nothing else.
type Prepared struct {
	Set       Set
	Mean, Std []float32 // per channel; nil = 0 and 1. A Std of 0 counts as 1
	Pad       int       // pixels; 0 = no translations
	Seed      uint64
}

// Len returns the number of images.
func (p *Prepared) Len() int { return p.Set.Len() }

// Read writes the images at the given indices into x, one row per image
// (len(indices) × C·H·W, channel-major), and their classes into labels unless
// that is nil; the class of an unlabelled image is -1. An epoch below 0 asks
// for images without translation.
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
	case p.Pad < 0:
		panic(fmt.Sprintf("stimuli: Prepared with Pad %d", p.Pad))
	}
	for _, i := range indices {
		if i < 0 || i >= p.Set.Len() {
			panic(fmt.Sprintf("stimuli: Read of image %d of a set of %d", i, p.Set.Len()))
		}
	}

	errs := make([]error, len(indices))
	parallel(len(indices), func() func(int) {
		pixels := make([]float32, n)
		return func(b int) {
			i := indices[b]
			if err := p.Set.Pixels(i, pixels); err != nil {
				errs[b] = fmt.Errorf("image %s: %w", p.Set.ID(i), err)
				return
			}
			down, right := p.translation(epoch, repetition, i)
			for c := range channels {
				mean, scale := p.normalisation(c)
				plane := c * h * w
				shift(x[b*n+plane:][:h*w], pixels[plane:][:h*w], h, w, down, right, mean, scale)
			}
			if labels != nil {
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

// translation returns how far image i moves down and right, each uniform over
// -Pad … Pad pixels.
func (p *Prepared) translation(epoch, repetition, i int) (down, right int) {
	if p.Pad == 0 || epoch < 0 {
		return 0, 0
	}
	rng := rand.New(rand.NewPCG(p.Seed, mix(uint64(epoch), uint64(repetition), uint64(i))))
	return rng.IntN(2*p.Pad+1) - p.Pad, rng.IntN(2*p.Pad+1) - p.Pad
}

// shift writes (src − mean)·scale into dst, both h×w, moved down and right;
// what enters from outside the image is 0, the normalised mean.
func shift(dst, src []float32, h, w, down, right int, mean, scale float32) {
	clear(dst)
	first, last := max(0, right), min(w, w+right) // columns of dst that src covers
	if first >= last {
		return
	}
	for r := max(0, down); r < min(h, h+down); r++ {
		to := dst[r*w+first : r*w+last]
		from := src[(r-down)*w+first-right:][:len(to)]
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
