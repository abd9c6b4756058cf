package network

import "testing"

// BenchmarkSleep is one sleep of LC ResNet-20 of width 16 on 32×32 images.
// "observed" measures the layers at the start and after every tenth step.
func BenchmarkSleep(b *testing.B) {
	m, err := New(Architecture{Name: "resnet20", Local: true, Input: Shape{3, 32, 32}, Classes: 10}, 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		sleep   Sleep
		observe func(SleepRecord) error
	}{
		{"instant/resnet20", Sleep{}, nil},
		{"hebbian/resnet20", Sleep{Method: HebbianSleep}, nil},
		{"hebbian-observed/resnet20", Sleep{Method: HebbianSleep}, func(SleepRecord) error { return nil }},
		{"circuit/resnet20", Sleep{Method: CircuitSleep}, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(4 * m.NumParameters()))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.sleep.Run(b.Context(), m, 0, c.observe); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
