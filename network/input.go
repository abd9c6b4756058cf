package network

import (
	"fmt"

	"ventral/internal/kernel"
)

// A Shape is the activity of a layer for one stimulus.
type Shape struct {
	Channels int `json:"channels"`
	Height   int `json:"height"`
	Width    int `json:"width"`
}

// Size returns the number of units.
func (s Shape) Size() int { return s.Channels * s.Height * s.Width }

// String writes the shape as C×H×W.
func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d", s.Channels, s.Height, s.Width) }

// A Source supplies labelled images, one shape for all.
type Source interface {
	// Len returns the number of images.
	Len() int
	// Read writes the images at the indices into x, one row per image
	// (len(indices) × C·H·W, channel-major), and their classes into labels,
	// unless that is nil. epoch, from 0, and repetition select the random
	// translation; an epoch below 0 asks for the untranslated images. Read is
	// called from one goroutine at a time.
	Read(epoch, repetition int, indices []int, x []float32, labels []int) error
}

// A reader puts rows of images into a tensor.
type reader struct {
	t     *kernel.Tensor
	rows  []float32
	shape Shape
	block func(b int) // made once: a step allocates nothing
}

// read puts rows (n_stimuli × C·H·W, channel-major) into t.
func (r *reader) read(t *kernel.Tensor, rows []float32, shape Shape) {
	if r.block == nil {
		r.block = r.readBlock
	}
	t.Resize(shape.Height*shape.Width, shape.Channels, len(rows)/shape.Size())
	r.t, r.rows, r.shape = t, rows, shape
	kernel.Parallel(t.Blocks(), r.block)
	r.rows = nil
}

func (r *reader) readBlock(b int) {
	positions, channels := r.t.Positions, r.t.Channels
	block := r.t.Data[b*positions*channels*kernel.Lanes:][:positions*channels*kernel.Lanes]
	clear(block)
	for lane := range min(kernel.Lanes, r.t.Stimuli-b*kernel.Lanes) {
		row := r.rows[(b*kernel.Lanes+lane)*r.shape.Size():][:r.shape.Size()]
		for c := range channels {
			for p, x := range row[c*positions:][:positions] {
				block[(p*channels+c)*kernel.Lanes+lane] = x
			}
		}
	}
}

// toTensor is a reader's read, once.
func toTensor(t *kernel.Tensor, rows []float32, shape Shape) { new(reader).read(t, rows, shape) }

// show puts images into the model's input.
func (m *Model) show(rows []float32) { m.reader.read(&m.input, rows, m.arch.Input) }

// fromTensor writes a tensor into rows (n_stimuli × C·H·W, channel-major).
func fromTensor(rows []float32, t *kernel.Tensor) {
	size := t.Positions * t.Channels
	kernel.Parallel(t.Stimuli, func(s int) {
		row := rows[s*size:][:size]
		for c := range t.Channels {
			for p := range t.Positions {
				row[c*t.Positions+p] = t.Data[t.Index(s, p, c)]
			}
		}
	})
}
