package stimuli

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// always is a Variation that always shows the same.
type always struct{ v view }

func (f always) check()                                   {}
func (f always) view(*rand.Rand, int, int, int, int) view { return f.v }
func rectangle(left, top, width, height int) always {
	return always{pixelView(top, left, height, width)}
}
func (v view) inside(height, width int) bool { return v.within.In(image.Rect(0, 0, width, height)) }
func (v view) size() (height, width, top, left int) {
	return v.within.Dy(), v.within.Dx(), v.within.Min.Y, v.within.Min.X
}

// sourceSet is source.png as a set of one image.
func sourceSet(t *testing.T) Set {
	t.Helper()
	pixels, h, w := golden(t, "source.png", 3)
	return newMemory(memory{channels: 3, height: h, width: w, ids: []string{"source"}, pixels: pixels})
}

// levels are values from 0 to 1 as grey levels.
func levels(x []float32) []byte {
	b := make([]byte, len(x))
	for i, v := range x {
		b[i] = byte(255*v + 0.5)
	}
	return b
}

// shown are the pixels of image 0 of a set.
func shown(t *testing.T, s Set) []float32 {
	t.Helper()
	x := make([]float32, size(s))
	if err := s.Pixels(0, x); err != nil {
		t.Fatal(err)
	}
	return x
}

// Rectangles of an image stretched to other sizes, larger and smaller, down to a
// single pixel, as Pillow 9.4.0 does.
func TestCropsAgainstPillow(t *testing.T) {
	source := sourceSet(t)
	for _, c := range []struct{ left, top, width, height, toWidth, toHeight int }{
		{0, 0, 97, 61, 33, 50}, {0, 0, 97, 61, 200, 90}, {13, 7, 50, 31, 24, 24}, {60, 40, 9, 11, 40, 40},
		{0, 30, 97, 1, 40, 3}, {50, 0, 1, 61, 2, 100}, {96, 60, 1, 1, 5, 4}, {3, 4, 2, 2, 9, 7},
	} {
		name := fmt.Sprintf("crop_%d_%d_%d_%d_to_%dx%d.png", c.left, c.top, c.width, c.height, c.toWidth, c.toHeight)
		want, _, _ := golden(t, name, 3)
		// The frame is only a size here: whatever it shows, the variation shows the rectangle.
		set := newFramed(uniform{source}, Frame{Height: c.toHeight, Width: c.toWidth})
		p := &Prepared{Set: set, Variation: rectangle(c.left, c.top, c.width, c.height)}
		if d := maxDifference(levels(read(t, p, 0, 0, 0)), want); d > 1 {
			t.Errorf("%s: %d grey levels from Pillow's", name, d)
		}
	}
}

// The centre of images whose short side was resized, as by torchvision's rule.
func TestFramesAgainstPillow(t *testing.T) {
	for _, c := range []struct{ short, side, levels int }{{0, 32, 0}, {40, 32, 1}, {40, 40, 1}, {80, 64, 1}} {
		name := fmt.Sprintf("test_%d_%d.png", c.short, c.side)
		want, _, _ := golden(t, name, 3)
		set, err := Framed(sourceSet(t), Frame{Height: c.side, Width: c.side, Short: c.short})
		if err != nil {
			t.Fatal(err)
		}
		if d := maxDifference(levels(shown(t, set)), want); d > c.levels {
			t.Errorf("%s: %d grey levels from Pillow's, want at most %d", name, d, c.levels)
		}
	}
	for _, f := range []Frame{{Height: 62, Width: 20}, {Height: 20, Width: 98}, {Height: 41, Width: 20, Short: 40}} {
		_, err := Framed(sourceSet(t), f)
		mustFail(t, err, "97×61", fmt.Sprintf("%d×%d", f.Width, f.Height))
	}
}

// A crop is what cutting the rectangle out and resampling it by the definition
// gives: the mean of its pixels under a triangle, in float64.
func TestResizedCropMatchesTheDefinition(t *testing.T) {
	set, err := Framed(Shapes(ShapeOptions{N: 6, Seed: 3, Size: 40}), Frame{Height: 17, Width: 23})
	if err != nil {
		t.Fatal(err)
	}
	p := &Prepared{Set: set, Mean: []float32{.5, .4, .3}, Std: []float32{.2, .25, .5}, Variation: ResizedCrop{}, Flip: true, Seed: 2}
	whole := make([]float32, 3*40*40)
	flips := 0
	for epoch := range 20 {
		for i := range 6 {
			got := read(t, p, epoch, 1, i)
			v, flip := drawn(p, epoch, 1, i, 40, 40, 17, 23)
			height, width, top, left := v.size()
			if whole, _, _, err = set.(wholes).whole(i, whole); err != nil {
				t.Fatal(err)
			}
			if flip {
				flips++
			}
			weight := func(out, n, in, j int) float64 {
				scale := float64(in) / float64(n)
				return max(0, 1-math.Abs((float64(j)+.5)-(float64(out)+.5)*scale)/max(1, scale))
			}
			for k := range got {
				c, y, x := k/(17*23), k/23%17, k%23
				if flip {
					x = 22 - x
				}
				var sum, total float64
				for r := range height {
					for q := range width {
						at := weight(y, 17, height, r) * weight(x, 23, width, q)
						sum += at * float64(whole[(c*40+top+r)*40+left+q])
						total += at
					}
				}
				want := (sum/total - float64(p.Mean[c])) / float64(p.Std[c])
				if math.Abs(float64(got[k])-want) > 1e-5 {
					t.Fatalf("epoch %d, image %d, %d×%d at (%d, %d), value %d: %g, want %g", epoch, i, width, height, left, top, k, got[k], want)
				}
			}
		}
	}
	if flips < 40 || flips > 80 {
		t.Errorf("%d of 120 presentations are mirrored", flips)
	}
}

// χ² of counts against a uniform distribution.
func chiSquare(counts []int) float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	var sum float64
	expected := float64(n) / float64(len(counts))
	for _, c := range counts {
		sum += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	return sum
}

// Areas and the logarithms of ratios are uniform where no draw is refused, and
// rectangles lie anywhere.
func TestResizedCropsAreUniform(t *testing.T) {
	const h, w, n = 400, 500, 20000
	v := ResizedCrop{Area: [2]float64{.05, .25}}
	p := &Prepared{Variation: v, Seed: 4}
	areas, ratios, tops, lefts := make([]int, 10), make([]int, 10), make([]int, 10), make([]int, 10)
	least, most := math.Inf(1), 0.
	edges := [4]int{h, w, 0, 0}
	for i := range n {
		view, _ := drawn(p, i%5, i%3, i, h, w, 224, 224)
		height, width, top, left := view.size()
		if !view.inside(h, w) {
			t.Fatalf("%v lies outside the image", view.within)
		}
		area, ratio := float64(height*width)/(h*w), float64(width)/float64(height)
		least, most = min(least, ratio), max(most, ratio)
		bin := func(counts []int, x float64) { counts[min(9, max(0, int(10*x)))]++ }
		bin(areas, (area-.05)/.2)
		bin(ratios, math.Log(ratio*4/3)/math.Log(16./9))
		bin(tops, (float64(top)+.5)/float64(h-height+1))
		bin(lefts, (float64(left)+.5)/float64(w-width+1))
		edges = [4]int{min(edges[0], top), min(edges[1], left), max(edges[2], top+height), max(edges[3], left+width)}
	}
	for name, counts := range map[string][]int{"area": areas, "ratio": ratios, "top": tops, "left": lefts} {
		if x := chiSquare(counts); x > 35 { // 9 degrees of freedom: p = 6e-5; whole pixels shift bins by some 0.1 %
			t.Errorf("%s: χ² = %.1f over the bins %d", name, x, counts)
		}
	}
	if least < .74 || least > .76 || most < 1.32 || most > 1.35 {
		t.Errorf("ratios from %g to %g, want 3/4 to 4/3", least, most)
	}
	if edges != [4]int{0, 0, h, w} {
		t.Errorf("rectangles reach %d, want all of the image", edges)
	}
}

func TestResizedCropBounds(t *testing.T) {
	p := &Prepared{Variation: ResizedCrop{}, Seed: 1}
	least, most := 1., 0.
	for i := range 5000 {
		v, _ := drawn(p, 0, 0, i, 375, 500, 224, 224)
		height, width, _, _ := v.size()
		area, ratio := float64(height*width)/(375*500), float64(width)/float64(height)
		least, most = min(least, area), max(most, area)
		if !v.inside(375, 500) || area < .078 || area > 1 || ratio < .74 || ratio > 1.35 {
			t.Fatalf("a rectangle of %d×%d: area %g, ratio %g", width, height, area, ratio)
		}
	}
	if least > .085 || most < .97 {
		t.Errorf("areas from %g to %g, want .08 to 1", least, most)
	}
	// Nothing fits: the centre, as much of it as the ratio allows; in an image of
	// allowed shape, all of it.
	for _, c := range []struct{ h, w, top, left, height, width int }{
		{10, 1000, 0, 493, 10, 13}, {1000, 10, 493, 0, 13, 10}, {1, 1, 0, 0, 1, 1},
	} {
		p := &Prepared{Variation: ResizedCrop{Area: [2]float64{1, 1}, Ratio: [2]float64{3. / 4, 4. / 3}}}
		v, _ := drawn(p, 0, 0, 0, c.h, c.w, 224, 224)
		if height, width, top, left := v.size(); top != c.top || left != c.left || height != c.height || width != c.width {
			t.Errorf("of %d×%d: %d×%d at (%d, %d), want %d×%d at (%d, %d)", c.w, c.h, width, height, left, top, c.width, c.height, c.left, c.top)
		}
	}
}

// Of larger images, translations show real pixels at every offset alike, and the
// centre when tested.
func TestTranslateShowsRealPixels(t *testing.T) {
	large := Shapes(ShapeOptions{N: 4, Seed: 9, Size: 24})
	set, err := Framed(large, Frame{Height: 16, Width: 16})
	if err != nil {
		t.Fatal(err)
	}
	p := &Prepared{Set: set, Variation: Translate{4}, Seed: 5}
	whole, counts := make([]float32, size(large)), make([]int, 81)
	for epoch := -1; epoch < 3000; epoch++ {
		got := read(t, p, epoch, 0, 1)
		if err := large.Pixels(1, whole); err != nil {
			t.Fatal(err)
		}
		top, left := 4, 4
		if epoch >= 0 {
			v, _ := drawn(p, epoch, 0, 1, 24, 24, 16, 16)
			_, _, top, left = v.size()
			counts[9*top+left]++
		}
		for k, v := range got {
			if want := whole[(k/256*24+top+k/16%16)*24+left+k%16]; v != want {
				t.Fatalf("epoch %d: value %d is %g, want %g", epoch, k, v, want)
			}
		}
	}
	if x := chiSquare(counts); x > 130 || slices.Min(counts) == 0 { // 80 degrees of freedom: p = 4e-4
		t.Errorf("χ² = %.1f over the offsets %d", x, counts)
	}
}

// Mirrored presentations are the others mirrored, half of all, independently of
// where the image moves.
func TestFlip(t *testing.T) {
	plain, flipped := prepared(3), prepared(3)
	flipped.Flip = true
	n, both := 0, 0
	for i := range 2000 {
		image := i % 30
		x, y := read(t, plain, i, 0, image), read(t, flipped, i, 0, image)
		if slices.Equal(x, y) {
			continue
		}
		n++
		if _, right := translation(plain, i, 0, image); right > 0 {
			both++
		}
		for r := range 3 * 12 {
			slices.Reverse(y[r*12 : (r+1)*12])
		}
		if !slices.Equal(x, y) {
			t.Fatalf("presentation %d is neither the image nor its mirror image", i)
		}
	}
	if n < 900 || n > 1100 || both < 350 || both > 510 { // 1000 ± 22, and 3/7 of them
		t.Errorf("%d of 2000 are mirrored, %d of them moved right", n, both)
	}
	p := &Prepared{Set: plain.Set, Flip: true}
	if x := read(t, p, -1, 0, 2); !slices.Equal(x, read(t, &Prepared{Set: plain.Set}, 0, 0, 2)) {
		t.Error("a test image is mirrored")
	}
}

// differing is a set of images of differing shapes.
func differing(n int) *framed {
	p := &pictures{memory: memory{channels: 3}}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		h, w := 20+i%7, 33-i%5
		levels := make([]byte, 3*h*w)
		for j := range levels {
			levels[j] = byte(rng.Uint32())
		}
		p.ids = append(p.ids, fmt.Sprint(i))
		p.all = append(p.all, picture{h, w, levels})
	}
	return newFramed(p, Frame{Height: 14, Width: 16, Short: 18})
}

// For every variation: neither the batch, its order nor the number of workers
// changes a bit; repetitions and epochs differ; and a part of a set is varied as
// the set itself.
func TestVariationsAreSeeded(t *testing.T) {
	large, err := Framed(Shapes(ShapeOptions{N: 30, Size: 24}), Frame{Height: 16, Width: 16})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*Prepared{
		"flip":                        {Set: Shapes(ShapeOptions{N: 30, Size: 12}), Flip: true},
		"translate":                   {Set: Shapes(ShapeOptions{N: 30, Size: 12}), Variation: Translate{3}},
		"crop":                        {Set: large, Variation: Translate{4}, Flip: true},
		"resized crop":                {Set: large, Variation: ResizedCrop{}, Flip: true},
		"resized crop of one size":    {Set: Shapes(ShapeOptions{N: 30, Size: 12}), Variation: ResizedCrop{}},
		"resized crop of their sizes": {Set: differing(30), Variation: ResizedCrop{}, Flip: true},
		"translate of their sizes":    {Set: differing(30), Variation: Translate{8}},
	} {
		p.Seed = 11
		n := size(p.Set)
		batch := read(t, p, 3, 1, upTo(30)...)
		procs := runtime.GOMAXPROCS(1)
		alone := read(t, p, 3, 1, upTo(30)...)
		runtime.GOMAXPROCS(3)
		back := upTo(30)
		slices.Reverse(back)
		reversed := read(t, p, 3, 1, back...)
		runtime.GOMAXPROCS(procs)
		if !slices.Equal(batch, alone) {
			t.Errorf("%s: another batch with one processor", name)
		}
		for i := range 30 {
			if !slices.Equal(batch[i*n:(i+1)*n], reversed[(29-i)*n:(30-i)*n]) {
				t.Errorf("%s: image %d depends on its place in the batch", name, i)
			}
		}
		if slices.Equal(batch, read(t, p, 4, 1, upTo(30)...)) || slices.Equal(batch, read(t, p, 3, 2, upTo(30)...)) {
			t.Errorf("%s: epochs or repetitions are the same", name)
		}
		if slices.ContainsFunc(batch, func(v float32) bool { return v-v != 0 || v < 0 || v > 1.00001 }) {
			t.Errorf("%s: values outside 0 to 1", name)
		}
		q := *p
		q.Set = Subset(Subset(p.Set, upTo(20)), upTo(10))
		if !slices.Equal(read(t, &q, 3, 1, upTo(10)...), batch[:10*n]) || !slices.Equal(read(t, &q, -1, 1, 7), read(t, p, -1, 1, 7)) {
			t.Errorf("%s: a part of the set is not varied as the whole", name)
		}
	}
}

// After the first images, an image costs no allocation.
func TestReadAllocatesNothingPerImage(t *testing.T) {
	procs := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(procs)
	for name, p := range map[string]*Prepared{
		"translate":    {Set: Shapes(ShapeOptions{N: 60, Size: 12}), Variation: Translate{3}},
		"resized crop": {Set: differing(60), Variation: ResizedCrop{}, Flip: true},
	} {
		x, indices := make([]float32, 60*size(p.Set)), upTo(60)
		epoch := 0
		for _, tested := range []bool{false, true} {
			if allocs := testing.AllocsPerRun(20, func() {
				if epoch++; tested {
					epoch = -1
				}
				if err := p.Read(epoch, 0, indices, x, nil); err != nil {
					t.Fatal(err)
				}
			}); allocs > 30 && !raceEnabled {
				t.Errorf("%s, tested %v: %g allocations for 60 images", name, tested, allocs)
			}
		}
	}
}

func TestFramedDigest(t *testing.T) {
	images := func(change int) memory {
		m := memory{channels: 1, height: 4, width: 4, ids: []string{"a", "b"}, pixels: make([]byte, 32)}
		m.pixels[change]++
		return m
	}
	digestOf := func(change int, f Frame) string {
		set, err := Framed(newMemory(images(change)), f)
		if err != nil {
			t.Fatal(err)
		}
		return set.Digest()
	}
	centre := Frame{Height: 2, Width: 2}
	all := []string{
		digestOf(16, centre), digestOf(17, centre), // pixels that the frame does not show
		digestOf(16, Frame{Height: 2, Width: 3}), newMemory(images(16)).Digest(),
	}
	set, err := Framed(newMemory(images(16)), centre)
	if err != nil {
		t.Fatal(err)
	}
	if d := Subset(set, []int{0, 1}).Digest(); d != all[0] {
		t.Error("equal content with other digests")
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 4 {
		t.Errorf("%d digests of 4 contents", n)
	}
}
