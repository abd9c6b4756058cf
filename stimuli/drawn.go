package stimuli

import (
	"fmt"
	"slices"
	"sync"
)

// Drawn is the Set of stimuli on one raster, drawn whenever they are asked for:
// grey, the same in all channels, with the precision of float32.
type Drawn struct {
	raster   Raster
	channels int
	ids      []string
	stimuli  []Stimulus
	frames   sync.Pool // *[]float64, H·W
	digest   func() string
}

// NewDrawn returns the set of stimuli at time 0. It panics unless every stimulus
// has an id and there is a positive number of channels.
func NewDrawn(r Raster, channels int, ids []string, stimuli []Stimulus) *Drawn {
	if len(ids) != len(stimuli) || channels < 1 {
		panic(fmt.Sprintf("stimuli: %d stimuli with %d ids and %d channels", len(stimuli), len(ids), channels))
	}
	d := &Drawn{raster: r, channels: channels, ids: slices.Clone(ids), stimuli: slices.Clone(stimuli)}
	d.frames.New = func() any {
		frame := make([]float64, r.Height*r.Width)
		return &frame
	}
	d.digest = sync.OnceValue(func() string { return digest(d) })
	return d
}

// Len returns the number of stimuli.
func (d *Drawn) Len() int { return len(d.stimuli) }

// Shape returns the shape of every image.
func (d *Drawn) Shape() (channels, height, width int) {
	return d.channels, d.raster.Height, d.raster.Width
}

// Classes returns none.
func (d *Drawn) Classes() []string { return nil }

// ID returns the stimulus_id of stimulus i.
func (d *Drawn) ID(i int) string { return d.ids[i] }

// Label returns -1.
func (d *Drawn) Label(int) int { return -1 }

// Pixels draws stimulus i into dst, as Set says. It fails where Frame does.
func (d *Drawn) Pixels(i int, dst []float32) error {
	if len(dst) != size(d) {
		panic(fmt.Sprintf("stimuli: Pixels into %d elements, an image has %d", len(dst), size(d)))
	}
	frame := d.frames.Get().(*[]float64)
	defer d.frames.Put(frame)
	if err := d.stimuli[i].Frame(d.raster, 0, *frame); err != nil {
		return fmt.Errorf("%s: %w", d.ids[i], err)
	}
	for j, v := range *frame {
		dst[j] = float32(v)
	}
	for c := 1; c < d.channels; c++ {
		copy(dst[c*len(*frame):], dst[:len(*frame)])
	}
	return nil
}

// Digest identifies the content, as Set says.
func (d *Drawn) Digest() string { return d.digest() }
