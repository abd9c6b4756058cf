package stimuli

import (
	"errors"
	"fmt"
	"sync"
)

// Patches are square pieces of the images of a Set, from a uniformly random
// image and place within it. Each channel is less the set's mean, over the
// set's standard deviation (Moments). Pixels near an image's border are in
// fewer patches than others, so that mean 0 and variance 1 hold over patches as
// far as the set's images are the same at the border as in the middle.
type Patches struct {
	set       Set
	k         int
	seed      uint64
	mean, std []float64 // per channel
	pixels    sync.Pool // *[]float32, of one image
}

// NewPatches prepares patches of k×k pixels. It reads all images once, for
// their moments, and fails if one cannot be read, the set is empty, k is not
// positive or larger than the images, or a channel has no variance.
func NewPatches(set Set, k int, seed uint64) (*Patches, error) {
	channels, h, w := set.Shape()
	if k < 1 || k > min(h, w) {
		return nil, fmt.Errorf("patches of %d×%d pixels from images of %d×%d", k, k, h, w)
	}
	if set.Len() == 0 {
		return nil, errors.New("patches from a set of no images")
	}
	mean, std, err := Moments(set)
	if err != nil {
		return nil, fmt.Errorf("patches: %w", err)
	}
	p := &Patches{set: set, k: k, seed: seed}
	for c := range channels {
		// Rounding alone leaves a deviation too; a grey level is 4e-3.
		if !(std[c] > 1e-5) {
			return nil, fmt.Errorf("patches from images whose channel %d (of %d) has no variance: all its pixels are %g", c, channels, mean[c])
		}
		p.mean, p.std = append(p.mean, float64(mean[c])), append(p.std, float64(std[c]))
	}
	p.pixels.New = func() any {
		pixels := make([]float32, channels*h*w)
		return &pixels
	}
	return p, nil
}

// Pattern writes pattern i (from 0) into x, C·k·k values, channel-major. It
// fails if the image cannot be read, with its stimulus_id, and panics on another
// length of x.
//
// Cost: reading one whole image.
func (p *Patches) Pattern(i int, x []float64) error {
	channels, h, w := p.set.Shape()
	k := p.k
	checkPattern("Patches", x, channels, k, k)

	rng := generatorOf(p.seed, i)
	image, top, left := rng.IntN(p.set.Len()), rng.IntN(h-k+1), rng.IntN(w-k+1)
	rng.free()

	buffer := p.pixels.Get().(*[]float32)
	defer p.pixels.Put(buffer)
	pixels := *buffer
	if err := p.set.Pixels(image, pixels); err != nil {
		return fmt.Errorf("image %s: %w", p.set.ID(image), err)
	}
	for c := range channels {
		for row := range k {
			from := pixels[(c*h+top+row)*w+left:][:k]
			to := x[(c*k+row)*k:][:k]
			for col, v := range from {
				to[col] = (float64(v) - p.mean[c]) / p.std[c]
			}
		}
	}
	return nil
}
