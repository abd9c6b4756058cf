package network_test

import (
	"fmt"

	"ventral/network"
)

// The same architecture as a convolutional network and as a locally connected one:
// the latter has a filter for every position.
func ExampleNew() {
	a := network.Architecture{Name: "small", Input: network.Shape{Channels: 3, Height: 16, Width: 16}, Classes: 10, Width: 8}
	for _, a.Local = range []bool{false, true} {
		m, err := network.New(a, 1)
		if err != nil {
			fmt.Println(err)
			return
		}
		shape, _ := m.LayerShape("conv2")
		fmt.Printf("locally connected: %t, %d parameters, conv2 is %v, one of its filters has %d weights\n",
			a.Local, m.NumParameters(), shape, len(m.Filter("conv2", 0, 3, 5)))
	}
	// Output:
	// locally connected: false, 15698 parameters, conv2 is 16×8×8, one of its filters has 72 weights
	// locally connected: true, 350714 parameters, conv2 is 16×8×8, one of its filters has 72 weights
}

// What a network needs is known before it is made: ResNet-20 on CIFAR.
func ExampleArchitecture_Size() {
	a := network.Architecture{Name: "resnet20", Local: true, Input: network.Shape{Channels: 3, Height: 32, Width: 32}, Classes: 10}
	size, err := a.Size()
	if err != nil {
		fmt.Println(err)
		return
	}
	bytes, err := network.Training{BatchSize: 128}.EstimateBytes(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f million weights, at most %d to a filter; training takes %.1f GB\n", float64(size.Filters)/1e6, size.FanIn, float64(bytes)/1e9)
	// Output:
	// 40.8 million weights, at most 576 to a filter; training takes 1.0 GB
}

// A network of one's own, read from the image to the readout, which is added. Those
// of Architectures are such texts, too: see Layout.
func ExampleArchitecture_layout() {
	m, err := network.New(network.Architecture{
		Name: "retina to IT",
		Layout: `
			retina = filter 7 16 stride=2 | norm | relu
			V1     = filter 3x5 2W groups=2 bias=position | norm | relu | max 2
			V2     = block 4W stride=2`,
		Local: true, Input: network.Shape{Channels: 3, Height: 32, Width: 32}, Classes: 10, Width: 8,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range m.LayerNames() {
		shape, _ := m.LayerShape(name)
		fmt.Println(name, shape)
	}
	fmt.Println("filters:", m.FilterNames())

	_, err = network.New(network.Architecture{Name: "own", Layout: "V1 = filter 3", Input: network.Shape{Channels: 1, Height: 8, Width: 8}, Classes: 2}, 1)
	fmt.Println(err)
	// Output:
	// retina 16×16×16
	// V1 16×8×8
	// V2 32×4×4
	// avgpool 32×1×1
	// filters: [retina.conv1 V1.conv1 V2.conv1 V2.conv2 V2.downsample.0]
	// network: own: layout, line 1: "filter 3": expected filter K C
}
