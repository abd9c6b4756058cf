package stimuli_test

import (
	"fmt"
	"slices"

	"ventral/stimuli"
)

// A set as a network's input: normalised by its own moments, and in training
// translated at random. Epoch, repetition and image decide what is seen, whatever
// the batch.
func ExamplePrepared() {
	set := stimuli.Shapes(stimuli.ShapeOptions{N: 20, Seed: 1, Size: 16})
	mean, std, err := stimuli.Moments(set)
	if err != nil {
		fmt.Println(err)
		return
	}
	input := &stimuli.Prepared{Set: set, Mean: mean, Std: std, Variation: stimuli.Translate{Pad: 4}, Flip: true, Seed: 1}

	size := 3 * 16 * 16
	show := func(epoch, repetition int, indices ...int) []float32 {
		x, labels := make([]float32, len(indices)*size), make([]int, len(indices))
		if err := input.Read(epoch, repetition, indices, x, labels); err != nil {
			panic(err)
		}
		return x
	}
	batch := show(0, 0, 5, 6, 7)
	fmt.Println("image 6 alone:", slices.Equal(batch[size:2*size], show(0, 0, 6)))
	fmt.Println("its second repetition:", slices.Equal(batch[size:2*size], show(0, 1, 6)))
	fmt.Println("in a test, always:", slices.Equal(show(-1, 0, 6), show(-1, 1, 6)))
	// Output:
	// image 6 alone: true
	// its second repetition: false
	// in a test, always: true
}

// The centre of larger images is what a network is tested on; in training other
// pixels of them come into view.
func ExampleFramed() {
	whole := stimuli.Shapes(stimuli.ShapeOptions{N: 4, Seed: 1, Size: 24})
	set, err := stimuli.Framed(whole, stimuli.Frame{Height: 16, Width: 16})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set.Shape())
	input := &stimuli.Prepared{Set: set, Variation: stimuli.ResizedCrop{}, Flip: true, Seed: 1}
	x := make([]float32, 3*16*16)
	fmt.Println("a random rectangle of the 24×24 pixels, error:", input.Read(0, 0, []int{2}, x, nil))
	// Output:
	// 3 16 16
	// a random rectangle of the 24×24 pixels, error: <nil>
}

// Luminances of all images, rows = stimuli.
func ExampleGrey() {
	set := stimuli.Shapes(stimuli.ShapeOptions{N: 5, Seed: 1, Size: 16})
	grey, err := stimuli.Grey(set)
	fmt.Println(len(grey), "= 5 stimuli × 16·16 pixels", err)
	// Output:
	// 1280 = 5 stimuli × 16·16 pixels <nil>
}
