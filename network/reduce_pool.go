package network

import (
	"fmt"

	"ventral/internal/kernel"
)

// Pooling is the mean or the maximum of every channel over all positions:
// C·H·W features, channel-major, become C.
type Pooling struct {
	shape Shape
	max   bool
}

// NewPooling returns the pooling of a layer's shape by "mean" or "max". It
// fails for another word.
func NewPooling(how string, shape Shape) (*Pooling, error) {
	if how != "mean" && how != "max" {
		return nil, fmt.Errorf("network: pooling %q, expected mean or max", how)
	}
	return &Pooling{shape, how == "max"}, nil
}

// Size returns the number of channels.
func (p *Pooling) Size() int { return p.shape.Channels }

// Reduce pools rows (n × C·H·W) into dst (n × C), as Reduction says.
func (p *Pooling) Reduce(dst, rows []float32) {
	positions := p.shape.Height * p.shape.Width
	kernel.Parallel(reduceBatch(dst, rows, p.shape.Size(), p.Size()), func(i int) {
		for c := range p.shape.Channels {
			x := rows[i*p.shape.Size()+c*positions:][:positions]
			sum, most := 0., x[0]
			for _, v := range x {
				sum += float64(v)
				most = max(most, v)
			}
			if !p.max {
				most = float32(sum / float64(positions))
			}
			dst[i*p.Size()+c] = most
		}
	})
}
