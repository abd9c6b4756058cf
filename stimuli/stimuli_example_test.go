package stimuli_test

import (
	"fmt"
	"math"

	"ventral/stimuli"
)

// draw shows a stimulus at a time: dark and bright pixels, and those of the screen's
// mid-grey.
func draw(s stimuli.Stimulus, ms float64) {
	screen := stimuli.Raster{Height: 5, Width: 10, Degrees: 10}
	x := make([]float64, 5*10)
	if err := s.Frame(screen, ms, x); err != nil {
		fmt.Println(err)
		return
	}
	for row := range 5 {
		for _, v := range x[10*row : 10*row+10] {
			switch {
			case v > .55:
				fmt.Print("█")
			case v < .45:
				fmt.Print("▁")
			default:
				fmt.Print("▒")
			}
		}
		fmt.Println()
	}
}

// A bright vertical bar moves to the left at 20 degrees/s.
func ExampleBar() {
	bar := stimuli.Bar{Orientation: 90, Width: 2, Length: 3, Contrast: 1, Speed: 20, X: 2}
	draw(bar, 0)
	fmt.Println("150 ms later")
	draw(bar, 150)
	// Output:
	// ▒▒▒▒▒▒▒▒▒▒
	// ▒▒▒▒▒▒██▒▒
	// ▒▒▒▒▒▒██▒▒
	// ▒▒▒▒▒▒██▒▒
	// ▒▒▒▒▒▒▒▒▒▒
	// 150 ms later
	// ▒▒▒▒▒▒▒▒▒▒
	// ▒▒▒██▒▒▒▒▒
	// ▒▒▒██▒▒▒▒▒
	// ▒▒▒██▒▒▒▒▒
	// ▒▒▒▒▒▒▒▒▒▒
}

// A checkerboard reverses its contrast twice in every cycle.
func ExampleCheckerboard() {
	board := stimuli.Checkerboard{Check: 2.5, Contrast: 1, Reversal: 2}
	draw(board, 0)
	fmt.Println("250 ms later")
	draw(board, 250)
	// Output:
	// ██▒▁▁██▒▁▁
	// ██▒▁▁██▒▁▁
	// ▒▒▒▒▒▒▒▒▒▒
	// ▁▁▒██▁▁▒██
	// ▁▁▒██▁▁▒██
	// 250 ms later
	// ▁▁▒██▁▁▒██
	// ▁▁▒██▁▁▒██
	// ▒▒▒▒▒▒▒▒▒▒
	// ██▒▁▁██▒▁▁
	// ██▒▁▁██▒▁▁
}

// A Gabor stands at a place in the visual field, in degrees from its centre.
func ExampleGabor() {
	draw(stimuli.Gabor{Orientation: 90, Frequency: .25, Contrast: 1, Sigma: 1, Length: .8, X: -1.5, Y: 1}, 0)
	// Output:
	// ▒▒▒█▒▒▒▒▒▒
	// ▒▁▒█▒▁▒▒▒▒
	// ▒▒▒█▒▒▒▒▒▒
	// ▒▒▒▒▒▒▒▒▒▒
	// ▒▒▒▒▒▒▒▒▒▒
}

// Two gratings that drift apart make a plaid, whose contrasts add up.
func ExamplePlaid() {
	plaid := stimuli.Plaid{
		First:  stimuli.Grating{Orientation: 45, Frequency: .2, Contrast: .5, TemporalFrequency: 2},
		Second: stimuli.Grating{Orientation: 135, Frequency: .2, Contrast: .5, TemporalFrequency: 2},
	}
	frame := make([]float64, 20*20)
	err := plaid.Frame(stimuli.Raster{Height: 20, Width: 20, Degrees: 20}, 0, frame)
	var least, most = 1., 0.
	for _, v := range frame {
		least, most = min(least, v), max(most, v)
	}
	fmt.Printf("luminances from %.1f to %.1f, error: %v\n", least, most, err)
	// Output:
	// luminances from 0.0 to 1.0, error: <nil>
}

// Random dots, bright and dark, all of which move to the right at 10 degrees/s.
func ExampleDots() {
	dots := stimuli.Dots{Seed: 3, Density: .15, Diameter: 1, Coherence: 1, Speed: 10, Contrast: 1}
	draw(dots, 0)
	fmt.Println("200 ms later")
	draw(dots, 200)
	// Output:
	// █▒▒▁▁▁██▁▒
	// ▒▁▒▒█▒▒▒▁▒
	// ▒▁▒▒▒▒▒▒▒▒
	// ▒▒▒▒▒▒▒▒▒▒
	// █▒██▁▁█▒▒▒
	// 200 ms later
	// ▁▒█▒▒▁▁▁██
	// ▁▒▒▁▒▒█▒▒▒
	// ▒▒▒▁▒▒▒▒▒▒
	// ▒▒▒▒▒▒▒▒▒▒
	// ▒▒█▒██▁▁█▒
}

// rms is the standard deviation of luminances over their mean.
func rms(x []float64) float64 {
	var mean, squares float64
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		squares += (v - mean) * (v - mean) / float64(len(x))
	}
	return math.Sqrt(squares) / mean
}

// Pink noise in a band of one octave around 2 cycles/degree: its contrast is exact in
// every frame. Too much of it does not fit the screen, and the error says what would.
func ExampleFilteredNoise() {
	noise := stimuli.FilteredNoise{Seed: 1, Contrast: .15, Exponent: 1, Frequency: 2, Octaves: 1}
	screen := stimuli.Raster{Height: 64, Width: 64, Degrees: 8}
	x := make([]float64, 64*64)
	err := noise.Frame(screen, 0, x)
	fmt.Printf("rms contrast %.2f, error: %v\n", rms(x), err)
	noise.Contrast = .9
	fmt.Println(noise.Frame(screen, 0, x))
	// Output:
	// rms contrast 0.15, error: <nil>
	// an rms contrast of 0.9, with which luminances would lie outside 0 to 1: at most 0.2557 here
}

// The texture of an image: its spectrum, with phases that are random.
func ExampleNewTexture() {
	grey, err := stimuli.Grey(stimuli.Shapes(stimuli.ShapeOptions{N: 1, Seed: 1, Size: 32}))
	if err != nil {
		fmt.Println(err)
		return
	}
	texture, err := stimuli.NewTexture(grey, 32, 32, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	texture.Contrast = .15
	x := make([]float64, 32*32)
	err = texture.Frame(stimuli.Raster{Height: 32, Width: 32, Degrees: 8}, 0, x)
	fmt.Printf("rms contrast %.2f, error: %v\n", rms(x), err)
	// Output:
	// rms contrast 0.15, error: <nil>
}

// What a layer sees in sleep: noise whose period is the kernel's, so that neurons of
// a pool see the same.
func ExamplePeriodic() {
	x := make([]float64, 12*12)
	err := stimuli.Periodic{Seed: 1, K: 3, Contrast: .2}.Frame(stimuli.Raster{Height: 12, Width: 12, Degrees: 4}, 0, x)
	fmt.Println("three pixels apart:", x[0] == x[3] && x[0] == x[3*12], " one apart:", x[0] == x[1], err)
	// Output:
	// three pixels apart: true  one apart: false <nil>
}

// Stimuli as a Set, to be shown to a network or written as pictures.
func ExampleNewDrawn() {
	var ids []string
	var gratings []stimuli.Stimulus
	for _, orientation := range []float64{0, 45, 90, 135} {
		ids = append(ids, fmt.Sprintf("grating%03.0f", orientation))
		gratings = append(gratings, stimuli.Grating{Orientation: orientation, Frequency: 1, Contrast: 1, Size: 6})
	}
	set := stimuli.NewDrawn(stimuli.Raster{Height: 32, Width: 32, Degrees: 8}, 3, ids, gratings)
	channels, height, width := set.Shape()
	fmt.Printf("%d stimuli of %d×%d×%d, the third is %s\n", set.Len(), channels, height, width, set.ID(2))
	// Output:
	// 4 stimuli of 3×32×32, the third is grating090
}
