package network

import "testing"

func BenchmarkSleep(b *testing.B) {
	m, err := New(Architecture{Name: "resnet20", Local: true, Input: Shape{3, 32, 32}, Classes: 10}, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(4 * m.NumParameters()))
	for b.Loop() {
		m.Sleep()
	}
}
