package main

import (
	"context"
	"fmt"

	"ventral/network"
	"ventral/neuron"
)

// A responder answers images with the activity of its layers: a trained network,
// or cells that never learned.
type responder interface {
	LayerNames() []string
	LayerShape(name string) (network.Shape, bool)
	StreamBytes(n int, layers []string, batch int) int64
	StreamActivations(ctx context.Context, src network.Source, indices []int, layers []string, batch int, take func(layer string, first int, rows []float32) error) error
}

// gaborCells are simple and complex cells of V1 on grey images of side × side
// pixels, at four frequencies an octave apart and eight orientations.
type gaborCells struct {
	side int
	bank *neuron.Bank
}

// gaborFrequencies are in cycles/pixel.
var gaborFrequencies = []float64{1. / 4, 1. / 8, 1. / 16, 1. / 32}

const gaborOrientations = 8

func newGaborCells(side int) *gaborCells {
	return &gaborCells{side, neuron.NewBank(neuron.Screen{Size: neuron.Square(side), DegreesPerPixel: 1}, gaborFrequencies, gaborOrientations)}
}

// input describes the images that the cells see, luminances from 0 to 1, as a
// network's file does.
func (g *gaborCells) input() modelFile {
	var m modelFile
	m.Architecture.Input = network.Shape{Channels: 1, Height: g.side, Width: g.side}
	return m
}

func (g *gaborCells) LayerNames() []string { return []string{"simple", "complex"} }

// LayerShape counts every cell as a channel: lattices differ with the frequency.
func (g *gaborCells) LayerShape(name string) (network.Shape, bool) {
	simple, complex := g.bank.Cells()
	switch name {
	case "simple":
		return network.Shape{Channels: simple, Height: 1, Width: 1}, true
	case "complex":
		return network.Shape{Channels: complex, Height: 1, Width: 1}, true
	}
	return network.Shape{}, false
}

// StreamBytes counts a batch of images and of the cells' responses to it, these
// in float64 too.
func (g *gaborCells) StreamBytes(n int, _ []string, batch int) int64 {
	simple, complex := g.bank.Cells()
	return 12 * int64(min(n, batch)) * int64(g.side*g.side+simple+complex)
}

func (g *gaborCells) StreamActivations(ctx context.Context, src network.Source, indices []int, layers []string, batch int, take func(layer string, first int, rows []float32) error) error {
	if indices == nil {
		for i := range src.Len() {
			indices = append(indices, i)
		}
	}
	pixels := g.side * g.side
	batch = min(batch, len(indices))
	x := make([]float32, batch*pixels)
	nSimple, nComplex := g.bank.Cells()
	rows := map[string][]float32{"simple": make([]float32, batch*nSimple), "complex": make([]float32, batch*nComplex)}
	for first := 0; first < len(indices); first += batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := indices[first:min(first+batch, len(indices))]
		if err := src.Read(-1, 0, part, x[:len(part)*pixels], nil); err != nil {
			return err
		}
		err := inParallel(len(part), func(i int) error {
			image := make([]float64, pixels)
			for k, v := range x[i*pixels : (i+1)*pixels] {
				image[k] = float64(v)
			}
			simple, complex := make([]float64, nSimple), make([]float64, nComplex)
			g.bank.Respond(image, simple, complex)
			for k, v := range simple {
				rows["simple"][i*nSimple+k] = float32(v)
			}
			for k, v := range complex {
				rows["complex"][i*nComplex+k] = float32(v)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, name := range layers {
			shape, ok := g.LayerShape(name)
			if !ok {
				return fmt.Errorf("there is no layer %q of Gabor cells; there are %v", name, g.LayerNames())
			}
			if err := take(name, first, rows[name][:len(part)*shape.Channels]); err != nil {
				return err
			}
		}
	}
	return nil
}
