package stimuli_test

import (
	"fmt"

	"ventral/stimuli"
)

// A grating that drifts upwards at 2 Hz: after a quarter of a second it has moved
// on by half a cycle, and bright bars are dark.
func ExampleGrating() {
	grating := stimuli.Grating{Frequency: 0.5, Contrast: 0.8, TemporalFrequency: 2} // horizontal bars
	screen := stimuli.Raster{Height: 5, Width: 5, Degrees: 5}
	frame := make([]float64, 5*5)
	for _, ms := range []float64{0, 250} {
		if err := grating.Frame(screen, ms, frame); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%3.0f ms, downwards:", ms)
		for row := range 5 {
			fmt.Printf(" %.1f", frame[5*row])
		}
		fmt.Println()
	}
	fmt.Println(stimuli.Grating{Frequency: 0.6, Contrast: 0.8}.Frame(screen, 0, frame))
	// Output:
	//   0 ms, downwards: 0.9 0.1 0.9 0.1 0.9
	// 250 ms, downwards: 0.1 0.9 0.1 0.9 0.1
	// a spatial frequency of 0.6 cycles/degree on 1 pixels/degree, which show at most 0.5: take more pixels or a lower frequency
}
