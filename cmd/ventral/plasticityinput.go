package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"ventral/internal/npy"
	"ventral/stimuli"
)

// openInput opens what the neurons see. given says that d is not open to change.
func (f *plasticityFlags) openInput(ctx context.Context, r *plasticityRun, d int, given bool) (int, error) {
	seed := 16*f.seed + 1
	if err := f.unused(); err != nil {
		return 0, err
	}
	spatial := func() error {
		if d != f.channels*f.k*f.k {
			return misused("--input %s: filters of %d weights are no %d channels of %d × %d; give --k and --channels", f.input, d, f.channels, f.k, f.k)
		}
		return nil
	}
	switch f.input {
	case "white":
		r.Inputs = stimuli.WhiteNoise{Seed: seed}
		return d, nil
	case "correlated":
		if err := spatial(); err != nil {
			return 0, err
		}
		return d, f.correlated(r, seed)
	case "gratings":
		r.Inputs = stimuli.Gratings{Seed: seed, Channels: f.channels, Height: f.k, Width: f.k}
		return d, spatial()
	case "lines":
		r.Inputs = stimuli.Lines{Seed: seed, Channels: f.channels, Height: f.k, Width: f.k}
		return d, spatial()
	case "patches":
		if err := spatial(); err != nil {
			return 0, err
		}
		set, err := f.openPatchImages(ctx)
		if err != nil {
			return 0, err
		}
		if channels, _, _ := set.Shape(); channels != f.channels {
			return 0, misused("--images %s: the images have %d channels, the filters %d; give --channels %d", f.images, channels, f.channels, channels)
		}
		r.data = append(r.data, datum{"images", f.images, set.Len(), set.Digest()})
		patches, err := stimuli.NewPatches(set, f.k, seed)
		r.Inputs = patches
		return d, err
	}
	if !strings.HasSuffix(f.input, ".npy") {
		return 0, unknown(f.input, inputs, "--input %q: expected white, correlated, gratings, lines, patches or FILE.npy", f.input)
	}
	data, shape, err := matrixFile(f.input, "inputs, n_patterns × d")
	if err != nil {
		return 0, err
	}
	if given && shape[1] != d {
		return 0, misused("--input %s: the file is %d × %d, patterns × values, and the filters%s have %d weights", f.input, shape[0], shape[1], f.weightsShape(), d)
	}
	r.Inputs = repeated{slices.Collect(slices.Chunk(data, shape[1]))}
	r.data, err = appendFile(r.data, "inputs", f.input)
	return shape[1], err
}

// unused refuses flags of another input. Where a sweep varies the input they may be
// for one of its values.
func (f *plasticityFlags) unused() error {
	for _, c := range [][2]string{{"spectrum", "correlated"}, {"images", "patches"}, {"image-size", "patches"}} {
		if flag, input := c[0], c[1]; f.input != input && f.flags.Changed(flag) && !f.inputVaries {
			return misused("--%s is for --input %s, not for --input %s", flag, input, f.input)
		}
	}
	return nil
}

// weightsShape names the file of the filters, where they are from one.
func (f *plasticityFlags) weightsShape() string {
	if f.weights == "" {
		return ""
	}
	return fmt.Sprintf(" of %s (%d filters)", f.weights, f.n)
}

// correlated makes noise with the spectrum that --spectrum gives.
func (f *plasticityFlags) correlated(r *plasticityRun, seed uint64) error {
	o := stimuli.CorrelatedOptions{Seed: seed, Channels: f.channels, Height: f.k, Width: f.k}
	if strings.HasSuffix(f.spectrum, ".npy") {
		power, shape, err := npy.ReadFile[float64](f.spectrum)
		if err != nil {
			return err
		}
		if len(shape) != 2 || shape[0] != f.k || shape[1] != f.k {
			return misused("--spectrum %s: the file is an array of shape %v, the receptive field is %d × %d", f.spectrum, shape, f.k, f.k)
		}
		o.Power = power
		if r.data, err = appendFile(r.data, "spectrum", f.spectrum); err != nil {
			return err
		}
	} else {
		exponent, err := strconv.ParseFloat(f.spectrum, 64)
		switch {
		case err != nil || math.IsNaN(exponent) || math.IsInf(exponent, 0):
			return misused("--spectrum %q: expected an exponent, or FILE.npy", f.spectrum)
		case f.k == 1 && exponent != 0:
			return misused("--input correlated with --k 1: one pixel has no frequency but 0; take a larger --k or --input white")
		case exponent == 0:
			r.Inputs = stimuli.WhiteNoise{Seed: seed}
			return nil
		}
		o.Exponent = exponent
	}
	noise, err := stimuli.NewCorrelatedNoise(o)
	if err != nil {
		return fmt.Errorf("--spectrum %s: %w", f.spectrum, err)
	}
	r.Inputs = noise
	return nil
}

// openPatchImages opens the images that patches are cut from.
func (f *plasticityFlags) openPatchImages(ctx context.Context) (stimuli.Set, error) {
	if f.images == "" {
		return nil, misused("--input patches needs --images")
	}
	open := func() (stimuli.Set, error) {
		if kind, dir, _ := strings.Cut(f.images, ":"); kind == "pictures" {
			set, _, err := stimuli.OpenImages(ctx, dir, stimuli.ImageOptions{Channels: f.channels, Height: f.imageSize, Width: f.imageSize, Read: f.read})
			return set, err
		}
		sets, err := openImages(ctx, f.images, 0, 1, preparation{}, stimuli.ImageOptions{Read: f.read})
		return sets.train, err
	}
	if f.sets == nil {
		return open()
	}
	return f.sets.get(fmt.Sprint(f.images, f.channels, f.imageSize), open)
}

// A setCache opens each set of images once, for the runs of a sweep.
type setCache struct {
	mu   sync.Mutex
	sets map[string]stimuli.Set
}

func newSetCache() *setCache { return &setCache{sets: map[string]stimuli.Set{}} }

func (c *setCache) get(name string, open func() (stimuli.Set, error)) (stimuli.Set, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if set := c.sets[name]; set != nil {
		return set, nil
	}
	set, err := open()
	if err == nil {
		c.sets[name] = set
	}
	return set, err
}

// repeated are patterns from a file, from the first again when they end.
type repeated struct{ rows [][]float64 }

func (r repeated) Pattern(i int, x []float64) error {
	copy(x, r.rows[i%len(r.rows)])
	return nil
}
