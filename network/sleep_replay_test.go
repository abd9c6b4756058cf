package network

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestReplay: the patterns are pieces of what reaches each layer, standardised
// by channel, and a model can sleep on them.
func TestReplay(t *testing.T) {
	m, err := New(toy("resnet20", true), 3)
	if err != nil {
		t.Fatal(err)
	}
	images := blobs{40, toyShape}
	stimuli, err := m.Replay(t.Context(), images, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The second block's first layer sees the first block's activity.
	shape, _ := m.LayerShape("layer1.0")
	acts, err := m.Activations(t.Context(), images, nil, []string{"layer1.0"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows := acts["layer1.0"]
	area := shape.Height * shape.Width
	mean, sd := make([]float64, shape.Channels), make([]float64, shape.Channels)
	for c := range mean {
		var values []float64
		for i := range images.n {
			for _, v := range rows[i*shape.Size()+c*area:][:area] {
				values = append(values, float64(v))
				mean[c] += float64(v)
			}
		}
		mean[c] /= float64(len(values))
		for _, v := range values {
			sd[c] += (v - mean[c]) * (v - mean[c])
		}
		sd[c] = math.Sqrt(sd[c] / float64(len(values)))
	}
	f := m.filters[slices.Index(m.FilterNames(), "layer1.1.conv1")]
	patterns, err := stimuli(SleepLayer{Name: f.name, Channels: f.inputs, Kernel: f.sheet.Kernel, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	x, y := make([]float64, f.fanIn()), make([]float64, f.fanIn())
	for n := range 20 {
		patterns.Pattern(n, x)
		found := false
		for i := 0; i < images.n && !found; i++ {
			for top := 0; top+3 <= shape.Height && !found; top++ {
				for left := 0; left+3 <= shape.Width && !found; left++ {
					for j := range y {
						c, row, col := j/9, top+j%9/3, left+j%3
						y[j] = (float64(rows[i*shape.Size()+c*area+row*shape.Width+col]) - mean[c]) / sd[c]
					}
					found = slices.EqualFunc(x, y, func(a, b float64) bool { return math.Abs(a-b) < 1e-5 })
				}
			}
		}
		if !found {
			t.Fatalf("pattern %d is no piece of the activity: %v", n, x)
		}
	}
	before := slices.Clone(m.filters[1].weights.w)
	var first, last SleepRecord
	s := Sleep{Method: HebbianSleep, Normalised: true, Stimuli: stimuli}
	if err := s.Run(t.Context(), m, 0, func(r SleepRecord) error {
		if r.Layer == "layer1.0.conv1" {
			if r.Step == 0 {
				first = r
			}
			last = r
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(before, m.filters[1].weights.w) || !(last.PoolSNR > 2*first.PoolSNR) {
		t.Errorf("sleep on replayed images: from %+v to %+v", first, last)
	}
	if _, err := m.Replay(t.Context(), blobs{0, toyShape}, 0); err == nil || !strings.Contains(err.Error(), "no images") {
		t.Errorf("no images: %v", err)
	}
	small, _ := New(sleepy(true), 3)
	if err := s.Run(t.Context(), small, 0, nil); err == nil || !strings.Contains(err.Error(), "no images are replayed") {
		t.Errorf("images replayed for another model: %v", err)
	}
}
