package stimuli_test

import (
	"fmt"
	"math"

	"ventral/stimuli"
)

// covariance is that of two values of patterns, over n of them.
func covariance(pattern func(i int, x []float64) error, d, n, a, b int) (sum float64) {
	x := make([]float64, d)
	for i := range n {
		if err := pattern(i, x); err != nil {
			panic(err)
		}
		sum += x[a] * x[b] / float64(n)
	}
	return sum
}

// Patterns are drawn by their number: the same seed and number, the same pattern.
func ExampleWhiteNoise() {
	noise := stimuli.WhiteNoise{Seed: 1}
	x, again := make([]float64, 9), make([]float64, 9)
	noise.Pattern(5, x)
	noise.Pattern(5, again)
	fmt.Println("pattern 5 is the same again:", x[0] == again[0])
	fmt.Printf("variance %.1f, covariance of neighbours within %.1f\n", covariance(noise.Pattern, 9, 5000, 4, 4), math.Abs(covariance(noise.Pattern, 9, 5000, 4, 5))+.05)
	// Output:
	// pattern 5 is the same again: true
	// variance 1.0, covariance of neighbours within 0.1
}

// Noise with the spectrum of natural images: neighbouring values go together.
func ExampleNewCorrelatedNoise() {
	noise, err := stimuli.NewCorrelatedNoise(stimuli.CorrelatedOptions{Seed: 1, Height: 8, Width: 8}) // 1/f²
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("variance %.1f, covariance of neighbours %.1f, over half the field %.1f\n",
		covariance(noise.Pattern, 64, 5000, 0, 0), covariance(noise.Pattern, 64, 5000, 0, 1), covariance(noise.Pattern, 64, 5000, 0, 4))
	// Output:
	// variance 1.0, covariance of neighbours 0.5, over half the field -0.1
}

// Gratings of random orientation, frequency and phase.
func ExampleGratings() {
	gratings := stimuli.Gratings{Seed: 1, Height: 9, Width: 9, MinFrequency: 1. / 8, MaxFrequency: 1. / 8}
	fmt.Printf("variance %.1f, four pixels apart, half a cycle at most, %.1f\n",
		covariance(gratings.Pattern, 81, 5000, 36, 36), covariance(gratings.Pattern, 81, 5000, 36, 40))
	// Output:
	// variance 1.0, four pixels apart, half a cycle at most, -0.3
}

// Pieces of images as patterns, normalised by the moments of their set.
func ExampleNewPatches() {
	set := stimuli.Shapes(stimuli.ShapeOptions{N: 50, Seed: 1, Size: 24, Channels: 1})
	patches, err := stimuli.NewPatches(set, 5, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	neighbours, far := covariance(patches.Pattern, 25, 5000, 12, 13), covariance(patches.Pattern, 25, 5000, 0, 24)
	fmt.Println("neighbouring pixels are alike:", neighbours > .5, " and more than distant ones:", neighbours > far)
	// Output:
	// neighbouring pixels are alike: true  and more than distant ones: true
}

// The lines of Földiák's example: each of the 16 is there one time in eight.
func ExampleLines() {
	x := make([]float64, 64)
	if err := (stimuli.Lines{Seed: 1}).Pattern(5, x); err != nil {
		fmt.Println(err)
		return
	}
	for row := range 8 {
		for col := range 8 {
			fmt.Print([]string{"·", "█"}[int(x[8*row+col])])
		}
		fmt.Println()
	}
	// Output:
	// ····█···
	// ····█···
	// ████████
	// ····█···
	// ████████
	// ····█···
	// ····█···
	// ····█···
}

// A wave crosses a millimetre of a ferret's retina: how much of it is depolarised,
// a second apart. Time 0 is the first at which 1 % is.
func ExampleRetinalWaves() {
	screen := stimuli.Raster{Height: 32, Width: 32, Degrees: 5} // at 200 µm/degree
	waves := &stimuli.RetinalWaves{Seed: 1, Contrast: 1}
	frame := make([]float64, 32*32)
	for second := range 4 {
		if err := waves.Frame(screen, 1000*float64(second), frame); err != nil {
			fmt.Println(err)
			return
		}
		active := 0.
		for _, v := range frame {
			active += v / float64(len(frame))
		}
		fmt.Printf("%d s: %.0f %%\n", second, 100*active)
	}
	// Output:
	// 0 s: 1 %
	// 1 s: 2 %
	// 2 s: 4 %
	// 3 s: 8 %
}

// Frames of retinal waves as what a layer sees in sleep: of mean 0 and variance 1,
// and neighbours alike.
func ExampleWaves() {
	waves := &stimuli.Waves{Seed: 1, Height: 16, Width: 16}
	fmt.Printf("variance within %.1f of 1: %t, neighbours covary: %t\n", .6,
		math.Abs(covariance(waves.Pattern, 256, 256, 100, 100)-1) < .6, covariance(waves.Pattern, 256, 256, 100, 101) > .3)
	// Output:
	// variance within 0.6 of 1: true, neighbours covary: true
}
