package stimuli

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
)

// A Variation chooses at random the part of an image that fills a network's
// input in training: Translate or ResizedCrop.
type Variation interface {
	// view draws the part of an h×w image that fills a height×width input.
	view(rng *rand.Rand, h, w, height, width int) view
	// check panics if the variation's values make none.
	check()
}

// Translate moves what is shown by up to Pad pixels down or up and right or
// left, every distance as likely. Beyond the image it shows the mean: this is a
// random crop after padding (the paper's CIFAR). Of a Set that Framed made, whose
// images are larger than what is shown, it moves to pixels of the image, as far
// as there are any: a random crop of real pixels (the paper's TinyImageNet).
type Translate struct {
	Pad int // pixels
}

func (t Translate) check() {
	if t.Pad < 0 {
		panic(fmt.Sprintf("stimuli: Translate by %d pixels", t.Pad))
	}
}

func (t Translate) view(rng *rand.Rand, h, w, height, width int) view {
	down, right := rng.IntN(2*t.Pad+1)-t.Pad, rng.IntN(2*t.Pad+1)-t.Pad // of the image, behind the frame
	return pixelView(centred(h, height)-down, centred(w, width)-right, height, width)
}

// ResizedCrop shows a random rectangle of the image, resampled to the network's
// input with antialiasing (the paper's ImageNet; torchvision's RandomResizedCrop).
// The rectangle has an area uniform over Area of the image's and a width/height
// whose logarithm is uniform over Ratio, and lies anywhere. After ten draws that
// do not fit the image it is the image's centre, as much of it as Ratio allows.
//
// The pixels beyond the rectangle do not count; the result is not rounded to
// grey levels.
type ResizedCrop struct {
	Area  [2]float64 // fractions; 0, 0 = 0.08 to 1
	Ratio [2]float64 // 0, 0 = 3/4 to 4/3
}

func (c ResizedCrop) withDefaults() ResizedCrop {
	if c.Area == [2]float64{} {
		c.Area = [2]float64{0.08, 1}
	}
	if c.Ratio == [2]float64{} {
		c.Ratio = [2]float64{3. / 4, 4. / 3}
	}
	return c
}

func (c ResizedCrop) check() {
	c = c.withDefaults()
	if !(0 < c.Area[0] && c.Area[0] <= c.Area[1] && c.Area[1] <= 1 && 0 < c.Ratio[0] && c.Ratio[0] <= c.Ratio[1]) || math.IsInf(c.Ratio[1], 1) {
		panic(fmt.Sprintf("stimuli: ResizedCrop of areas %g and ratios %g", c.Area, c.Ratio))
	}
}

func (c ResizedCrop) view(rng *rand.Rand, h, w, _, _ int) view {
	c = c.withDefaults()
	uniform := func(least, most float64) float64 { return least + rng.Float64()*(most-least) }
	rounded := func(v float64) int { return int(math.RoundToEven(v)) }
	for range 10 {
		area := float64(h) * float64(w) * uniform(c.Area[0], c.Area[1])
		ratio := math.Exp(uniform(math.Log(c.Ratio[0]), math.Log(c.Ratio[1])))
		width, height := rounded(math.Sqrt(area*ratio)), rounded(math.Sqrt(area/ratio))
		if 0 < width && width <= w && 0 < height && height <= h {
			return pixelView(rng.IntN(h-height+1), rng.IntN(w-width+1), height, width)
		}
	}
	width, height := w, h
	if ratio := float64(w) / float64(h); ratio < c.Ratio[0] {
		height = max(1, rounded(float64(w)/c.Ratio[0]))
	} else if ratio > c.Ratio[1] {
		width = max(1, rounded(float64(h)*c.Ratio[1]))
	}
	return pixelView((h-height)/2, (w-width)/2, height, width)
}

// pixelView is the view of a rectangle of whole pixels.
func pixelView(top, left, height, width int) view {
	return view{
		box{float64(left), float64(top), float64(left + width), float64(top + height)},
		image.Rect(left, top, left+width, top+height),
	}
}

// centred returns where an inner length begins that is centred in an outer one.
// Half pixels go to the even side, as in torchvision and numpy.
func centred(outer, inner int) int {
	return int(math.RoundToEven(float64(outer-inner) / 2))
}

// pixels returns the first row and column of a view that fills height×width
// pixel by pixel; ok is false if it must be resampled.
func (v view) pixels(height, width int) (top, left int, ok bool) {
	top, left = int(v.top), int(v.left)
	ok = v.bottom-v.top == float64(height) && v.right-v.left == float64(width) && float64(top) == v.top && float64(left) == v.left
	return top, left, ok
}
