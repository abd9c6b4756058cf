package neuron

// A Simple cell of V1 answers to a bar or grating of its orientation, spatial
// frequency and phase: the half-rectified drive of a Gabor filter.
//
// Source: Movshon, Thompson & Tolhurst 1978, J. Physiol. 283:53.
type Simple struct{ filter *Filter }

// NewSimple returns the simple cell with receptive field g.
func NewSimple(g Gabor, s Screen) *Simple { return &Simple{g.Filter(s)} }

// Response returns max(0, drive) for an image of H·W luminances.
func (c *Simple) Response(image []float64) float64 { return max(0, c.filter.Drive(image)) }
