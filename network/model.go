package network

import (
	"fmt"
	"slices"

	"ventral/internal/kernel"
)

// A Model is a network with its weights: stages one after the other, whose
// activity can be read, and a linear readout of the classes. It is used by one
// goroutine at a time.
type Model struct {
	arch    Architecture
	stages  []stage
	readout *linear
	filters []*filters // every filter layer, in the order of construction
	norms   []*batchNorm
	input   kernel.Tensor
	learned []*parameter // see parameters
	classes []float64    // scratch of crossEntropy
	reader  reader       // of images into input
	buffer  []float32    // scratch of Save
}

// A stage is a part of the model with a name.
type stage struct {
	name   string
	layers sequence
	shape  Shape // of its output
}

// Architecture returns what the model was built as, defaults filled in.
func (m *Model) Architecture() Architecture { return m.arch }

// NumParameters returns the number of learned weights.
func (m *Model) NumParameters() int {
	n := 0
	for _, e := range m.state() {
		if e.param != nil {
			n += len(e.param.w)
		}
	}
	return n
}

// LayerNames returns the names under which activity can be read, from the
// image to the readout.
func (m *Model) LayerNames() []string {
	var names []string
	for _, s := range m.stages {
		names = append(names, s.name)
	}
	return names
}

// LayerShape returns the shape of a layer's activity for one stimulus, and
// whether there is such a layer.
func (m *Model) LayerShape(name string) (Shape, bool) {
	i := slices.IndexFunc(m.stages, func(s stage) bool { return s.name == name })
	if i < 0 {
		return Shape{}, false
	}
	return m.stages[i].shape, true
}

// FilterNames returns the names of the filter layers.
func (m *Model) FilterNames() []string {
	var names []string
	for _, f := range m.filters {
		names = append(names, f.name)
	}
	return names
}

// Filter returns the filter of an output channel at a position of a filter
// layer, C_in × k × k. It panics if there is none.
func (m *Model) Filter(name string, channel, row, col int) []float32 {
	f := m.filterLayer(name)
	p := row*f.sheet.Out().Cols + col
	filter := make([]float32, 0, f.fanIn())
	for ci := range f.wiring.Inputs { // of the channel's group
		for e := range f.sheet.Kernel.Area() {
			filter = append(filter, f.weights.w[f.index(p, e, ci, channel)])
		}
	}
	return filter
}

// FilterShape returns the channels and positions of a filter layer, and the rows and
// columns of its kernel. It panics if there is no such layer.
func (m *Model) FilterShape(name string) (out Shape, rows, cols int) {
	f := m.filterLayer(name)
	positions, kernel := f.sheet.Out(), f.sheet.Kernel
	return Shape{Channels: f.outputs, Height: positions.Rows, Width: positions.Cols}, kernel.Rows, kernel.Cols
}

func (m *Model) filterLayer(name string) *filters {
	i := slices.IndexFunc(m.filters, func(f *filters) bool { return f.name == name })
	if i < 0 {
		panic(fmt.Sprintf("network: no filter layer %q", name))
	}
	return m.filters[i]
}

// state returns every array of the model under its name in a checkpoint.
func (m *Model) state() []entry {
	var all []entry
	for _, s := range m.stages {
		all = append(all, s.layers.state()...)
	}
	return append(all, m.readout.state()...)
}

// scratch has a number for each class.
func (m *Model) scratch() []float64 {
	if m.classes == nil {
		m.classes = make([]float64, m.arch.Classes)
	}
	return m.classes
}

// forward returns the logits for the model's input; with a read function it
// shows it every stage's activity on the way.
func (m *Model) forward(train bool, read func(s stage, t *kernel.Tensor)) *kernel.Tensor {
	t := &m.input
	for _, s := range m.stages {
		t = s.layers.forward(t, train)
		if read != nil {
			read(s, t)
		}
	}
	return m.readout.forward(t, train)
}

// backward sets the gradients of all parameters from that of the logits.
func (m *Model) backward(dout *kernel.Tensor) {
	dout = m.readout.backward(dout)
	for i := len(m.stages) - 1; i >= 0; i-- {
		dout = m.stages[i].layers.backward(dout)
	}
}
