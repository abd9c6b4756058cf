package network

import (
	"fmt"
	"strings"
)

// An Architecture says what network New builds.
type Architecture struct {
	Name    string `json:"name"`             // one of Architectures, or what Layout is called
	Layout  string `json:"layout,omitempty"` // the text of a layout; "" = that of the name
	Local   bool   `json:"local"`            // locally connected: every convolution becomes a filter at every position
	Input   Shape  `json:"input"`            // of the images
	Classes int    `json:"classes"`          // at least 2
	Width   int    `json:"width"`            // channels of the first layer; 0 = 16, and 64 for resnet18

	// Of a locally connected network.
	KeepConv   int     `json:"keep_conv,omitempty"`   // the first filter layers that stay convolutional
	SharedInit bool    `json:"shared_init,omitempty"` // all positions start near one shared filter …
	Eps        float64 `json:"eps,omitempty"`         // … plus Eps times noise of their own, over √(1 + Eps²)
}

// New builds a network with random weights, which depend on the seed alone. It
// fails where the architecture makes no sense.
func New(a Architecture, seed uint64) (*Model, error) {
	b := newBuilder(seed, false)
	if err := b.build(a); err != nil {
		return nil, err
	}
	return b.model, nil
}

// Size is what a network needs, found without making it.
type Size struct {
	Layers      int   // filter layers
	Filters     int64 // weights of the filter layers: all parameters but biases and the few of normalisation and readout
	Biases      int64
	Shared      int64 // of Filters, those of convolutions
	Largest     int64 // weights of the largest filter layer
	FanIn       int64 // the largest d: weights of a filter
	Outputs     int64 // float32 values for one image: every layer's output
	Activations int64 // those in training: every layer's output and gradient
}

// Size computes what the network that New would build needs. It fails where New
// would.
func (a Architecture) Size() (Size, error) {
	b := newBuilder(0, true)
	err := b.build(a)
	return b.size, err
}

// withDefaults fills in the width and checks all but the layout.
func (a Architecture) withDefaults() (Architecture, error) {
	if a.Width == 0 {
		a.Width = 16
		if a.Name == "resnet18" {
			a.Width = 64
		}
	}
	in := a.Input
	switch {
	case in.Channels < 1 || in.Channels > 1<<12:
		return a, fmt.Errorf("network: images of %d channels, expected 1 or more (3 in colour)", in.Channels)
	case in.Height < 1 || in.Width < 1 || in.Height > 1<<14 || in.Width > 1<<14:
		return a, fmt.Errorf("network: images of %d×%d pixels", in.Height, in.Width)
	case a.Classes < 2:
		return a, fmt.Errorf("network: %d classes, expected at least 2", a.Classes)
	case a.Width < 1 || a.Width > 1<<16:
		return a, fmt.Errorf("network: width %d, expected 1 to %d", a.Width, 1<<16)
	case a.KeepConv < 0 || a.KeepConv > 0 && !a.Local:
		return a, fmt.Errorf("network: %d filter layers stay convolutional: expected none or more, in a locally connected network", a.KeepConv)
	case !(a.Eps >= 0) || a.Eps > 0 && !a.SharedInit:
		return a, fmt.Errorf("network: eps %g: expected 0 or more, with filters that start near a shared one", a.Eps)
	}
	if a.Layout == "" && Layout(a.Name) == "" {
		return a, fmt.Errorf("network: unknown architecture %q; known are %s", a.Name, strings.Join(Architectures(), ", "))
	}
	return a, nil
}
