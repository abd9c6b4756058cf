package network

import (
	"fmt"
	"math/rand/v2"

	"ventral/neuron"
)

// weightStream keeps the random weights apart from the orders of the epochs,
// which have the streams 0, 1, … of a seed.
const weightStream = 1 << 63

// A builder puts a model together from the image on: its shape is that of the
// activity so far.
type builder struct {
	arch  Architecture
	plan  bool // find the size, and make nothing
	size  Size
	names map[string]bool // in the checkpoint
	count int             // filter layers so far
	begun bool            // something stands between the image and the next layer
	rng   *rand.Rand
	model *Model
	shape Shape
}

func newBuilder(seed uint64, plan bool) *builder {
	return &builder{plan: plan, names: map[string]bool{"fc": true}, rng: rand.New(rand.NewPCG(seed, weightStream))}
}

// build builds the model, or finds its size.
func (b *builder) build(a Architecture) error {
	a, err := a.withDefaults()
	if err != nil {
		return err
	}
	text := a.Layout
	if text == "" {
		text = Layout(a.Name)
	}
	stages, err := parseLayout(text, a.Width)
	if err != nil {
		return fmt.Errorf("network: %s: %w", a.Name, err)
	}
	b.arch, b.shape, b.model = a, a.Input, &Model{arch: a}
	for _, s := range stages {
		var layers sequence
		for _, l := range s.layers {
			more, err := b.layer(l)
			if err != nil {
				return fmt.Errorf("network: %s: stage %s: %w", a.Name, s.name, err)
			}
			layers = append(layers, more...)
			b.begun = true
		}
		b.stage(s.name, layers)
	}
	if b.count == 0 {
		return fmt.Errorf("network: %s: the layout has no filters", a.Name)
	}
	b.readout(a.Classes)
	return nil
}

// stage ends a part of the model whose activity can be read under a name.
func (b *builder) stage(name string, layers sequence) {
	b.model.stages = append(b.model.stages, stage{name, layers, b.shape})
}

// layer makes what a layout asks for.
func (b *builder) layer(l layerSpec) (sequence, error) {
	switch l.kind {
	case "filter":
		return b.filter(l)
	case "norm":
		return b.norm(l.name)
	case "relu":
		return sequence{new(relu)}, nil
	case "max", "mean":
		return b.pool(l)
	}
	return b.block(l)
}

// output counts a layer's output, which has memory of its own.
func (b *builder) output() {
	b.size.Outputs += int64(b.shape.Size())
	b.size.Activations += int64(b.shape.Size())
}

// name takes a name in the checkpoint.
func (b *builder) name(name string) error {
	if b.names[name] {
		return fmt.Errorf("two layers are called %s: give one a name of its own, NAME:filter …", name)
	}
	b.names[name] = true
	return nil
}

// sheet is the geometry of a layer on the activity so far.
func (b *builder) sheet(l layerSpec) (neuron.Sheet, error) {
	s := neuron.Sheet{In: neuron.Size{Rows: b.shape.Height, Cols: b.shape.Width}, Kernel: l.kernel, Stride: l.stride, Padding: l.padding}
	return s, s.Validate()
}

// filter is a filter layer, and its bias if it has one.
func (b *builder) filter(l layerSpec) (sequence, error) {
	if err := b.name(l.name); err != nil {
		return nil, err
	}
	sheet, err := b.sheet(l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	inputs, out := b.shape.Channels, sheet.Out()
	if inputs%l.groups != 0 || l.channels%l.groups != 0 {
		return nil, fmt.Errorf("%s: %d input and %d output channels cannot be cut into %d groups", l.name, inputs, l.channels, l.groups)
	}
	local := b.arch.Local && b.count >= b.arch.KeepConv
	first := !b.begun // nobody needs the gradient by the image
	b.begun = true
	b.count++
	n := int64(l.kernel.Area()) * int64(inputs/l.groups) * int64(l.channels)
	if float64(n)*float64(out.Area()) > 1e15 {
		return nil, fmt.Errorf("%s: %g weights are too many", l.name, float64(n)*float64(out.Area()))
	}
	if local {
		n *= int64(out.Area())
	}
	b.size.Layers++
	b.size.Filters += n
	b.size.Largest = max(b.size.Largest, n)
	b.size.FanIn = max(b.size.FanIn, int64(l.kernel.Area())*int64(inputs/l.groups))
	if !local {
		b.size.Shared += n
	}
	if !first {
		b.size.Activations += int64(b.shape.Size()) // the gradient by the input
	}
	b.shape = Shape{l.channels, out.Rows, out.Cols}
	b.output()
	switch l.bias {
	case "channel":
		b.size.Biases += int64(l.channels)
	case "position":
		b.size.Biases += int64(b.shape.Size())
	}
	if b.plan {
		return nil, nil
	}
	f := newFilters(l.name, sheet, inputs, l.channels, filterOptions{local: local, groups: l.groups, near: b.arch.SharedInit, eps: b.arch.Eps}, b.rng)
	f.first = first
	b.model.filters = append(b.model.filters, f)
	layers := sequence{f}
	if l.bias != "" {
		layers = append(layers, newBias(l.name, b.shape, l.bias == "position"))
	}
	return layers, nil
}

// norm is batch normalisation.
func (b *builder) norm(name string) (sequence, error) {
	b.output()
	if err := b.name(name); err != nil || b.plan {
		return nil, err
	}
	n := newBatchNorm(name, b.shape.Channels)
	b.model.norms = append(b.model.norms, n)
	return sequence{n}, nil
}

// pool is max or mean pooling.
func (b *builder) pool(l layerSpec) (sequence, error) {
	sheet, err := b.sheet(l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.kind, err)
	}
	if l.padding.Rows >= l.kernel.Rows || l.padding.Cols >= l.kernel.Cols {
		return nil, fmt.Errorf("%s: a padding of %v leaves fields of %v without input", l.kind, l.padding, l.kernel)
	}
	b.size.Activations += int64(b.shape.Size()) // the gradient by the input
	b.shape.Height, b.shape.Width = sheet.Out().Rows, sheet.Out().Cols
	b.output()
	if l.kind == "max" {
		b.size.Activations += int64(b.shape.Size()) // which input was the largest
	}
	return sequence{&pool{sheet: sheet, mean: l.kind == "mean"}}, nil
}

// block is a residual block of two filter layers, with a projection where the
// shape changes.
//
// Source: He et al. 2016, arXiv:1512.03385; the projections are the authors'.
func (b *builder) block(l layerSpec) (sequence, error) {
	before := b.shape
	b.begun = true // the shortcut needs the gradient too
	part := func(name string, k int, stride neuron.Size) layerSpec {
		return layerSpec{kind: "filter", name: l.name + "." + name, kernel: neuron.Square(k), channels: l.channels, stride: stride, padding: neuron.Square((k - 1) / 2), groups: 1}
	}
	var failed error
	add := func(to *sequence, layers sequence, err error) {
		*to = append(*to, layers...)
		if failed == nil {
			failed = err
		}
	}
	filter := func(to *sequence, spec layerSpec) { layers, err := b.filter(spec); add(to, layers, err) }
	norm := func(to *sequence, name string) { layers, err := b.norm(l.name + "." + name); add(to, layers, err) }

	var main, shortcut sequence
	filter(&main, part("conv1", 3, l.stride))
	norm(&main, "bn1")
	main = append(main, new(relu))
	filter(&main, part("conv2", 3, neuron.Square(1)))
	norm(&main, "bn2")
	after := b.shape
	b.size.Activations += int64(after.Size()) // the shortcut's copy of the gradient
	if before != after && failed == nil {
		b.shape = before
		filter(&shortcut, part("downsample.0", 1, l.stride))
		norm(&shortcut, "downsample.1")
		b.shape = after
	}
	if failed != nil || b.plan {
		return nil, failed
	}
	return sequence{&residual{main: main, shortcut: shortcut}, new(relu)}, nil
}

// readout ends the model: the mean over positions and a linear readout.
func (b *builder) readout(classes int) {
	b.size.Activations += int64(b.shape.Size()) // the gradient by the input
	b.shape.Height, b.shape.Width = 1, 1
	b.output()
	b.stage("avgpool", sequence{new(average)})
	b.model.readout = newLinear("fc", b.shape.Channels, classes, b.rng)
}
