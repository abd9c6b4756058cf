package network

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"ventral/neuron"
)

// An Architecture says what network New builds.
type Architecture struct {
	Name    string `json:"name"`    // one of Architectures
	Local   bool   `json:"local"`   // locally connected: every convolution becomes a filter at every position
	Input   Shape  `json:"input"`   // of the images: 1 or 3 channels, at least 8×8
	Classes int    `json:"classes"` // at least 2
	Width   int    `json:"width"`   // channels of the first layer; 0 = 16
}

// Architectures returns the names that New knows.
func Architectures() []string { return []string{"small", "resnet20"} }

// New builds a network with random weights, which depend on the seed alone. It
// fails where the architecture makes no sense.
func New(a Architecture, seed uint64) (*Model, error) {
	b := &builder{rng: rand.New(rand.NewPCG(seed, weightStream))}
	if err := b.build(a); err != nil {
		return nil, err
	}
	return b.model, nil
}

// NumWeights returns the number of weights in the filters of the network that
// New would build, which takes memory for none of them: all its parameters but
// the few of batch normalisation and the readout.
func (a Architecture) NumWeights() (int64, error) {
	b := &builder{plan: true, rng: rand.New(rand.NewPCG(0, weightStream))}
	err := b.build(a)
	return b.weights, err
}

// build builds the model, or counts its weights.
func (b *builder) build(a Architecture) error {
	if a.Width == 0 {
		a.Width = 16
	}
	in := a.Input
	switch {
	case in.Channels != 1 && in.Channels != 3:
		return fmt.Errorf("network: images of %d channels, expected 1 or 3", in.Channels)
	case in.Height < 8 || in.Width < 8:
		return fmt.Errorf("network: images of %d×%d pixels, expected at least 8×8", in.Height, in.Width)
	case a.Classes < 2:
		return fmt.Errorf("network: %d classes, expected at least 2", a.Classes)
	case a.Width < 1 || a.Width > 1<<16:
		return fmt.Errorf("network: width %d, expected 1 to %d", a.Width, 1<<16)
	}
	b.local, b.shape, b.model = a.Local, in, &Model{arch: a}
	switch a.Name {
	case "small":
		b.small(a.Width)
	case "resnet20":
		b.resnet20(a.Width)
	default:
		return fmt.Errorf("network: unknown architecture %q; known are %s", a.Name, strings.Join(Architectures(), ", "))
	}
	b.readout(a.Classes)
	return nil
}

// small is four rectified filter layers, the second and the third with stride
// 2, with batch normalisation.
func (b *builder) small(width int) {
	b.stage("conv1", b.unit("conv1", "bn1", 3, width, 1))
	b.stage("conv2", b.unit("conv2", "bn2", 3, 2*width, 2))
	b.stage("conv3", b.unit("conv3", "bn3", 3, 4*width, 2))
	b.stage("conv4", b.unit("conv4", "bn4", 3, 4*width, 1))
}

// resnet20 is the residual network for small images: a stem and three groups
// of three blocks of two layers, of one, two and four times the width, with
// 1×1 projections where the shape changes.
//
// Source: He et al. 2016, arXiv:1512.03385, section 4.2; Pogodin et al. 2021.
func (b *builder) resnet20(width int) {
	b.stage("conv1", b.unit("conv1", "bn1", 3, width, 1))
	for group := range 3 {
		for block := range 3 {
			stride := 1
			if group > 0 && block == 0 {
				stride = 2
			}
			name := fmt.Sprintf("layer%d.%d", group+1, block)
			b.stage(name, b.block(name, width<<group, stride))
		}
	}
}

// weightStream keeps the random weights apart from the orders of the epochs,
// which have the streams 0, 1, … of a seed.
const weightStream = 1 << 63

// A builder puts a model together from the image on: its shape is that of the
// activity so far.
type builder struct {
	local   bool
	plan    bool // count the weights, and make none
	weights int64
	rng     *rand.Rand
	model   *Model
	shape   Shape
}

// stage ends a part of the model whose activity can be read under a name.
func (b *builder) stage(name string, layers sequence) {
	b.model.stages = append(b.model.stages, stage{name, layers, b.shape})
}

// filter is a k×k filter layer, padded so that stride 1 keeps the size.
func (b *builder) filter(name string, k, channels, stride int) *filters {
	sheet := neuron.Sheet{
		In:     neuron.Size{Rows: b.shape.Height, Cols: b.shape.Width},
		Kernel: neuron.Square(k), Stride: neuron.Square(stride), Padding: neuron.Square((k - 1) / 2),
	}
	inputs, out := b.shape.Channels, sheet.Out()
	b.shape = Shape{channels, out.Rows, out.Cols}
	n := int64(k*k) * int64(inputs) * int64(channels)
	if b.local {
		n *= int64(out.Area())
	}
	b.weights += n
	if b.plan {
		return nil
	}
	f := newFilters(name, sheet, inputs, channels, b.local, b.rng)
	f.first = len(b.model.filters) == 0
	b.model.filters = append(b.model.filters, f)
	return f
}

// unit is a filter layer, normalised and rectified.
func (b *builder) unit(filter, norm string, k, channels, stride int) sequence {
	return sequence{b.filter(filter, k, channels, stride), newBatchNorm(norm, channels), new(relu)}
}

// block is a residual block of two filter layers.
func (b *builder) block(name string, channels, stride int) sequence {
	before := b.shape
	main := b.unit(name+".conv1", name+".bn1", 3, channels, stride)
	main = append(main, b.filter(name+".conv2", 3, channels, 1), newBatchNorm(name+".bn2", channels))
	after := b.shape
	var shortcut sequence
	if before != after {
		b.shape = before
		shortcut = sequence{b.filter(name+".downsample.0", 1, channels, stride), newBatchNorm(name+".downsample.1", channels)}
		b.shape = after
	}
	return sequence{&residual{main: main, shortcut: shortcut}, new(relu)}
}

// readout ends the model: the mean over positions and a linear readout.
func (b *builder) readout(classes int) {
	b.shape.Height, b.shape.Width = 1, 1
	b.stage("avgpool", sequence{new(average)})
	b.model.readout = newLinear("fc", b.shape.Channels, classes, b.rng)
}
