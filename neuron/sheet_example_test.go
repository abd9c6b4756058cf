package neuron_test

import (
	"fmt"

	"ventral/neuron"
)

// A layer of 3×3 receptive fields on 8×8 positions, padded. Neurons three apart
// are a pool; those at the border see padding.
func ExampleSheet() {
	sheet := neuron.Sheet{In: neuron.Square(8), Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}
	if err := sheet.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	row, col := sheet.Origin(0, 4)
	fmt.Println("neurons", sheet.Out())
	fmt.Printf("that at (0, 4) sees from row %d and column %d on, without padding: %t\n", row, col, sheet.Interior(0, 4))
	pools := sheet.Pools()
	fmt.Println(len(pools), "pools; the first shares at positions", pools[0])
	// Output:
	// neurons 8×8
	// that at (0, 4) sees from row -1 and column 3 on, without padding: false
	// 9 pools; the first shares at positions [0 3 6 24 27 30 48 51 54]
}
