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

// toTensor puts rows (n_stimuli × C·H·W, channel-major) into a tensor.
func toTensor(t *kernel.Tensor, rows []float32, shape Shape) {
	positions := shape.Height * shape.Width
	n := len(rows) / shape.Size()
	t.Resize(positions, shape.Channels, n)
	kernel.Parallel(t.Blocks(), func(b int) {
		block := t.Data[b*positions*shape.Channels*kernel.Lanes:][:positions*shape.Channels*kernel.Lanes]
		clear(block)
		for lane := range min(kernel.Lanes, n-b*kernel.Lanes) {
			row := rows[(b*kernel.Lanes+lane)*shape.Size():][:shape.Size()]
			for c := range shape.Channels {
				for p, x := range row[c*positions:][:positions] {
					block[(p*shape.Channels+c)*kernel.Lanes+lane] = x
				}
			}
		}
	})
}

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
