package stimuli

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func prepared(pad int) *Prepared {
	return &Prepared{
		Set:  Shapes(ShapeOptions{N: 30, Seed: 5, Size: 12}),
		Mean: []float32{0.5, 0.4, 0.3}, Std: []float32{0.2, 0.25, 0.5},
		Variation: Translate{pad}, Seed: 7,
	}
}

func read(t testing.TB, p *Prepared, epoch, repetition int, indices ...int) []float32 {
	t.Helper()
	x := make([]float32, len(indices)*size(p.Set))
	if err := p.Read(epoch, repetition, indices, x, nil); err != nil {
		t.Fatal(err)
	}
	return x
}

// drawn is what a presentation shows of an h×w image in a network's input of
// height×width, and whether it is mirrored.
func drawn(p *Prepared, epoch, repetition, i, h, w, height, width int) (view, bool) {
	rng := rand.New(rand.NewPCG(p.Seed, mix(uint64(epoch), uint64(repetition), uint64(i))))
	v := p.Variation.view(rng, h, w, height, width)
	return v, p.Flip && rng.Uint64()&1 == 1
}

// translation is how far image i moves down and right.
func translation(p *Prepared, epoch, repetition, i int) (down, right int) {
	v, _ := drawn(p, epoch, repetition, i, 9, 9, 9, 9)
	return int(-v.top), int(-v.left)
}

// naive reads one pixel of image i, moved and normalised, by the definition.
func naive(p *Prepared, i, down, right, channel, row, col int) float32 {
	_, h, w := p.Set.Shape()
	row, col = row-down, col-right
	if row < 0 || row >= h || col < 0 || col >= w {
		return 0
	}
	pixels := make([]float32, size(p.Set))
	if err := p.Set.Pixels(i, pixels); err != nil {
		panic(err)
	}
	return (pixels[(channel*h+row)*w+col] - p.Mean[channel]) / p.Std[channel]
}

func TestReadMatchesTheDefinition(t *testing.T) {
	for _, pad := range []int{0, 3, 20} { // 20: the image may leave its frame
		p := prepared(pad)
		for epoch := -1; epoch < 3; epoch++ {
			x := read(t, p, epoch, 1, 4, 9)
			for b, i := range []int{4, 9} {
				down, right := 0, 0
				if epoch >= 0 {
					down, right = translation(p, epoch, 1, i)
				}
				for k, got := range x[b*432 : (b+1)*432] {
					want := naive(p, i, down, right, k/144, k/12%12, k%12)
					if math.Abs(float64(got-want)) > 1e-6 {
						t.Fatalf("pad %d, epoch %d, image %d: %g at %d, want %g", pad, epoch, i, got, k, want)
					}
				}
			}
		}
	}
}

func TestReadNormalises(t *testing.T) {
	set := Shapes(ShapeOptions{N: 50, Seed: 2})
	mean, std, err := Moments(set)
	if err != nil {
		t.Fatal(err)
	}
	x := read(t, &Prepared{Set: set, Mean: mean, Std: std}, 0, 0, upTo(50)...)
	var sum, squares float64
	for _, v := range x {
		sum, squares = sum+float64(v), squares+float64(v)*float64(v)
	}
	n := float64(len(x))
	if math.Abs(sum/n) > 1e-5 || math.Abs(squares/n-1) > 1e-5 {
		t.Errorf("mean %g, variance %g after normalisation", sum/n, squares/n)
	}
	raw := make([]float32, size(set))
	if err := set.Pixels(3, raw); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(raw, read(t, &Prepared{Set: set}, 0, 0, 3)) {
		t.Error("without moments the pixels change")
	}
}

// Neither the batch's composition nor the number of workers changes an image;
// epoch, repetition, index and seed do.
func TestTranslationsAreSeeded(t *testing.T) {
	p := prepared(4)
	batch := read(t, p, 3, 1, upTo(30)...)
	n := size(p.Set)
	if !slices.Equal(batch[8*n:9*n], read(t, p, 3, 1, 8)) {
		t.Error("image 8 alone differs from image 8 in a batch")
	}
	procs := runtime.GOMAXPROCS(1)
	if !slices.Equal(batch, read(t, p, 3, 1, upTo(30)...)) {
		t.Error("another batch with one processor")
	}
	runtime.GOMAXPROCS(procs)

	differ := func(what string, a, b func(i int) (int, int)) {
		same := 0
		for i := range 200 {
			d1, r1 := a(i)
			d2, r2 := b(i)
			if d1 == d2 && r1 == r2 {
				same++
			}
		}
		if same > 12 { // 200/81 expected
			t.Errorf("another %s: %d of 200 translations are the same", what, same)
		}
	}
	at := func(seed uint64, epoch, repetition, plus int) func(i int) (int, int) {
		q := &Prepared{Variation: Translate{4}, Seed: seed}
		return func(i int) (int, int) { return translation(q, epoch, repetition, i+plus) }
	}
	differ("seed", at(1, 0, 0, 0), at(2, 0, 0, 0))
	differ("epoch", at(1, 0, 0, 0), at(1, 1, 0, 0))
	differ("repetition", at(1, 0, 0, 0), at(1, 0, 1, 0))
	differ("index", at(1, 0, 0, 0), at(1, 0, 0, 1))
	differ("epoch for repetition", at(1, 1, 0, 0), at(1, 0, 1, 0))
}

func TestTranslationsAreUniform(t *testing.T) {
	p := &Prepared{Variation: Translate{2}, Seed: 3}
	const n = 20000
	counts := make([]float64, 25)
	for i := range n {
		down, right := translation(p, i%7, i%3, i)
		counts[(down+2)*5+right+2]++
	}
	var χ2 float64
	for _, c := range counts {
		χ2 += (c - n/25) * (c - n/25) / (n / 25)
	}
	if χ2 > 52 { // 24 degrees of freedom, p = .001
		t.Errorf("χ² = %.1f over the 25 translations", χ2)
	}
}

func TestReadLabelsAndErrors(t *testing.T) {
	p := prepared(0)
	x, labels := make([]float32, 2*size(p.Set)), make([]int, 2)
	if err := p.Read(0, 0, []int{13, 2}, x, labels); err != nil || labels[0] != 3 || labels[1] != 2 {
		t.Errorf("labels %d, %v", labels, err)
	}
	p.Set = broken{p.Set}
	err := p.Read(0, 0, []int{4, 7}, x, labels)
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "shape00007") {
		t.Errorf("error %v", err)
	}
	for name, call := range map[string]func(){
		"short x":      func() { p.Read(0, 0, []int{0, 2}, x[1:], nil) },
		"short labels": func() { p.Read(0, 0, []int{0, 2}, x, labels[1:]) },
		"index":        func() { p.Read(0, 0, []int{0, 30}, x, nil) },
		"means":        func() { (&Prepared{Set: p.Set, Mean: []float32{1}}).Read(0, 0, []int{0, 2}, x, nil) },
		"pad":          func() { (&Prepared{Set: p.Set, Variation: Translate{-1}}).Read(0, 0, []int{0, 2}, x, nil) },
		"area": func() {
			(&Prepared{Set: p.Set, Variation: ResizedCrop{Area: [2]float64{.5, 2}}}).Read(0, 0, []int{0, 2}, x, nil)
		},
		"ratio": func() {
			(&Prepared{Set: p.Set, Variation: ResizedCrop{Ratio: [2]float64{2, 1}}}).Read(0, 0, []int{0, 2}, x, nil)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}

// Images in memory become inputs: by what is seen of them and its size.
func BenchmarkRead(b *testing.B) {
	const batch = 64
	kept := func(h, w int, frame Frame) Set { // images in their own shapes
		p := &pictures{memory: memory{channels: 3, ids: make([]string, batch)}}
		for range batch {
			p.all = append(p.all, picture{h, w, make([]byte, 3*h*w)})
		}
		return newFramed(p, frame)
	}
	large, err := Framed(Shapes(ShapeOptions{N: batch, Size: 64}), Frame{Height: 48, Width: 48})
	if err != nil {
		b.Fatal(err)
	}
	photograph := kept(375, 500, Frame{Height: 224, Width: 224, Short: 256})
	for _, c := range []struct {
		name  string
		set   Set
		vary  Variation
		epoch int
	}{
		{"32 none", Shapes(ShapeOptions{N: batch}), nil, 0},
		{"32 translate", Shapes(ShapeOptions{N: batch}), Translate{4}, 0},
		{"48 crop of 64", large, Translate{8}, 0},
		{"48 test", large, Translate{8}, -1},
		{"224 resized crop of 375×500", photograph, ResizedCrop{}, 0},
		{"224 resized crop of 256×341", kept(256, 341, Frame{Height: 224, Width: 224, Short: 256}), ResizedCrop{}, 0},
		{"224 test of 375×500", photograph, ResizedCrop{}, -1},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := &Prepared{Set: c.set, Mean: []float32{.5, .5, .5}, Std: []float32{.2, .2, .2}, Variation: c.vary, Flip: true}
			x, labels, indices := make([]float32, batch*size(c.set)), make([]int, batch), upTo(batch)
			for b.Loop() {
				if err := p.Read(c.epoch, 0, indices, x, labels); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

func BenchmarkDigest(b *testing.B) {
	set := Shapes(ShapeOptions{N: 1000})
	for b.Loop() {
		digest(set)
	}
	b.ReportMetric(float64(b.N*1000)/b.Elapsed().Seconds(), "images/s")
}
