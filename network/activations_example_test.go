package network_test

import (
	"context"
	"fmt"

	"ventral/network"
)

// The activity of two layers for the first three images, stimuli × units.
func ExampleModel_Activations() {
	m, err := network.New(tiny, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	activity, err := m.Activations(context.Background(), prepared(10, 1), []int{0, 1, 2}, []string{"conv2", "avgpool"}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"conv2", "avgpool"} {
		shape, _ := m.LayerShape(name)
		fmt.Printf("%s: %d numbers, 3 stimuli of %v\n", name, len(activity[name]), shape)
	}
	// Output:
	// conv2: 1536 numbers, 3 stimuli of 8×8×8
	// avgpool: 48 numbers, 3 stimuli of 16×1×1
}

// The activity of many images, batch by batch, each channel pooled over positions:
// no more than a batch is in memory.
func ExampleModel_StreamActivations() {
	m, err := network.New(tiny, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	shape, _ := m.LayerShape("conv4")
	pooling, err := network.NewPooling("mean", shape)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = m.StreamActivations(context.Background(), prepared(100, 1), nil, []string{"conv4"}, 48, func(layer string, first int, rows []float32) error {
		n := len(rows) / shape.Size()
		pooled := make([]float32, n*pooling.Size())
		pooling.Reduce(pooled, rows)
		fmt.Printf("stimuli %d to %d: %d units become %d\n", first, first+n-1, shape.Size(), pooling.Size())
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// stimuli 0 to 47: 256 units become 16
	// stimuli 48 to 95: 256 units become 16
	// stimuli 96 to 99: 256 units become 16
	// error: <nil>
}

// A random projection keeps squared distances on average: one of 10,000 features on
// 2,000.
func ExampleProjection() {
	const features = 10000
	p := network.NewProjection(1, "conv4", features, 2000)
	rows := make([]float32, 2*features) // two stimuli
	for i := range features {
		rows[i], rows[features+i] = float32(i%7), float32(i%5)
	}
	projected := make([]float32, 2*p.Size())
	p.Reduce(projected, rows)
	distance := func(x []float32) (sum float64) {
		n := len(x) / 2
		for i := range n {
			sum += float64(x[i]-x[n+i]) * float64(x[i]-x[n+i])
		}
		return sum
	}
	fmt.Printf("squared distance × %.1f\n", distance(projected)/distance(rows))
	// Output:
	// squared distance × 1.0
}

// Principal components of a layer: here three directions, in which all of the
// variance lies.
func ExampleFitPCA() {
	const n, d = 50, 8
	x := make([]float32, n*d)
	for i := range n {
		for j := range d {
			x[i*d+j] = float32(5*(i%2)*(j%2) + 2*(i%3)*(j%3) + (i%5)*(j%4))
		}
	}
	p, err := network.FitPCA(n, d, 3, func(first, last int, dst []float32) error {
		for i := range n {
			copy(dst[i*(last-first):][:last-first], x[i*d+first:i*d+last])
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	y := make([]float32, n*p.Size())
	p.Reduce(y, x)
	fmt.Printf("%d components with %.2f of the variance; of each %.1f\n", p.Size(), p.Explained(), p.Variance)
	// Output:
	// 3 components with 1.00 of the variance; of each [90.2 16.0 7.8]
}
