package stimuli

import (
	"fmt"
	"testing"
)

// Screens that testdata/make_images.py made by Brain-Score's rule: pixel for
// pixel, and resized to a network's input within a grey level.
func TestDegreesAgainstPillow(t *testing.T) {
	source := readTestdata(t, "source.png")
	for _, c := range []struct{ degrees, screen float64 }{{4, 8}, {8, 4}, {5, 8}, {10, 8}, {8, 8.1}, {.7, .5}} {
		name := fmt.Sprintf("screen_%g_%g", c.degrees, c.screen)
		for _, suffix := range []string{".png", "_32x32.png"} {
			want, h, w := golden(t, name+suffix, 3)
			got := make([]byte, len(want))
			o := ImageOptions{Height: h, Width: w, Degrees: c.degrees, ScreenDegrees: c.screen}.withDefaults()
			if err := decode(got, source, o); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			allowed := 0
			if suffix != ".png" {
				allowed = 1
			}
			if d := maxDifference(got, want); d > allowed {
				t.Errorf("%s%s: %d grey levels away, want at most %d", name, suffix, d, allowed)
			}
		}
	}
}

// An image of half the screen's width is its middle, on grey 128, in colour and
// in grey; one of the screen's width is as it is.
func TestDegreesKnownAnswers(t *testing.T) {
	for _, channels := range []int{1, 3} {
		o := ImageOptions{Channels: channels, Height: 12, Width: 12, Degrees: 4, ScreenDegrees: 8}
		got := make([]byte, channels*144)
		if err := decode(got, pngOf(t, 6, 6, 200), o.withDefaults()); err != nil {
			t.Fatal(err)
		}
		for i := range 144 {
			y, x := i/12, i%12
			if inside := y >= 3 && y < 9 && x >= 3 && x < 9; inside && got[i] == 128 || !inside && got[i] != 128 {
				t.Fatalf("%d channels: %d at (%d, %d)", channels, got[i], x, y)
			}
		}
		o.Degrees = 8
		same, plain := make([]byte, channels*144), make([]byte, channels*144)
		if err := decode(same, pngOf(t, 6, 6, 200), o.withDefaults()); err != nil {
			t.Fatal(err)
		}
		if err := decode(plain, pngOf(t, 6, 6, 200), (ImageOptions{Channels: channels, Height: 12, Width: 12}).withDefaults()); err != nil {
			t.Fatal(err)
		}
		if maxDifference(same, plain) != 0 {
			t.Error("an image of the screen's width is changed")
		}
	}
	for _, degrees := range []float64{1e-6, 1e6} {
		o := ImageOptions{Degrees: degrees, ScreenDegrees: 8}.withDefaults()
		mustFail(t, decode(make([]byte, 3*32*32), pngOf(t, 6, 6, 200), o), "6×6", fmt.Sprint(degrees), "8 degrees")
	}
	for _, o := range []ImageOptions{{Degrees: -1, ScreenDegrees: 8}, {Degrees: 4}, {ScreenDegrees: 8}, {Degrees: 4, ScreenDegrees: 8, Short: 40}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v: no panic", o)
				}
			}()
			o.withDefaults()
		}()
	}
}
