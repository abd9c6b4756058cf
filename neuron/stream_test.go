package neuron

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// objects draws n images, n × H·W: on faint noise a pair of bars of random
// orientations around the middle of the screen, moved right by shift pixels.
func objects(n int, size Size, shift float64, seed uint64) *mat.Dense {
	images := mat.NewDense(n, size.Area(), nil)
	for i := range n {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		angles := []float64{math.Pi * rng.Float64(), math.Pi * rng.Float64()}
		places := []float64{-3 - 2*rng.Float64(), 3 + 2*rng.Float64()}
		ink := 0.25 + 0.2*rng.Float64()
		row := images.RawRowView(i)
		for p := range row {
			x := float64(p%size.Cols) - float64(size.Cols)/2 - shift
			y := float64(p/size.Cols) - float64(size.Rows)/2
			row[p] = Background + 0.01*rng.NormFloat64()
			for b, angle := range angles {
				u := (y-places[b])*math.Cos(angle) - x*math.Sin(angle)
				v := x*math.Cos(angle) + (y-places[b])*math.Sin(angle)
				row[p] += ink * math.Exp(-u*u/2-v*v/30)
			}
		}
	}
	return images
}

func TestToleranceToTranslationGrowsAlongTheStream(t *testing.T) {
	size := Square(32)
	s := NewStream(StreamOptions{Screen: Screen{Size: size}, Seed: 3}, objects(60, size, 0, 1))
	here := s.Rates(objects(80, size, 0, 2))
	moved := s.Rates(objects(80, size, 5, 2))
	var tolerance []float64
	for region := range here {
		var r []float64
		for j := range here[region].Neuroids {
			a, b := mat.Col(nil, j, here[region].Rates), mat.Col(nil, j, moved[region].Rates)
			if v := stat.Correlation(a, b, nil); !math.IsNaN(v) {
				r = append(r, v)
			}
		}
		tolerance = append(tolerance, stat.Mean(r, nil))
	}
	t.Logf("mean correlation across a shift of 5 pixels: V1 %.2f, V4 %.2f, IT %.2f", tolerance[0], tolerance[1], tolerance[2])
	if !(tolerance[0] < tolerance[1] && tolerance[1] < tolerance[2]) || tolerance[0] > 0.4 || tolerance[2] < 0.7 {
		t.Errorf("tolerances %.2f, want them to grow from V1 (below .4) to IT (above .7)", tolerance)
	}
}

func TestRatesAreScaledAsDocumented(t *testing.T) {
	size := Square(32)
	familiar := objects(200, size, 0, 1)
	s := NewStream(StreamOptions{Screen: Screen{Size: size}, Neuroids: 80, Seed: 5}, familiar)
	for _, region := range s.Rates(familiar) {
		var means, spreads []float64
		for j := range region.Neuroids {
			mean, sd := stat.MeanStdDev(mat.Col(nil, j, region.Rates), nil)
			means, spreads = append(means, mean), append(spreads, sd/mean)
		}
		if m := stat.Mean(means, nil); m < 12 || m > 19 {
			t.Errorf("%s: a mean rate of %.1f spikes/s, want about 15", region.Name, m)
		}
		if m := stat.Mean(spreads, nil); m < 0.5 || m > 0.75 {
			t.Errorf("%s: SD/mean of %.2f, want about 0.7", region.Name, m)
		}
		if low := mat.Min(region.Rates); low < 0 {
			t.Errorf("%s: a rate of %g", region.Name, low)
		}
	}
}

// A neuroid's rate depends on the image alone, and on the seed.
func TestRatesAreReproducible(t *testing.T) {
	size := Square(24)
	familiar, images := objects(20, size, 0, 1), objects(12, size, 0, 2)
	o := StreamOptions{Screen: Screen{Size: size}, Neuroids: 9, Seed: 7}
	all := NewStream(o, familiar).Rates(images)

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := NewStream(o, familiar)
	part := s.Rates(images.Slice(4, 7, 0, size.Area()))
	o.Seed++
	other := NewStream(o, familiar).Rates(images)
	for region := range all {
		if !mat.Equal(all[region].Rates.Slice(4, 7, 0, 9), part[region].Rates) {
			t.Errorf("%s: other rates with one processor and other company", all[region].Name)
		}
		if mat.Equal(all[region].Rates, other[region].Rates) {
			t.Errorf("%s: the same rates with another seed", all[region].Name)
		}
	}
}

// An IT cell knows the image part it was made of: no other image matches better.
func TestPrototypeFindsItsObject(t *testing.T) {
	size := Square(32)
	screen := Screen{size, 0.25}
	l := newLattice(gaborOf(0.6), screen)
	images := rows(objects(10, size, 0, 4), size)
	own := l.maps(images[0])
	cell := newPrototype(l, own, rand.New(rand.NewPCG(1, 2)))
	if r := cell.response(tunedPart(own)); math.Abs(r-1) > 1e-12 {
		t.Errorf("it answers %g to its own image, want 1", r)
	}
	for i, image := range images[1:] {
		if r := cell.response(tunedPart(l.maps(image))); r > 0.9 {
			t.Errorf("it answers %g to image %d", r, i+1)
		}
	}
}

func TestUniformImages(t *testing.T) {
	size := Square(16)
	grey := mat.NewDense(3, size.Area(), nil)
	for _, region := range NewStream(StreamOptions{Screen: Screen{Size: size}}, grey).Rates(grey) {
		for _, v := range region.Rates.RawMatrix().Data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%s: a rate of %g", region.Name, v)
			}
		}
	}
}

func BenchmarkRates(b *testing.B) {
	size := Square(32)
	s := NewStream(StreamOptions{Screen: Screen{Size: size}}, objects(60, size, 0, 1))
	images := objects(300, size, 0, 2)
	for b.Loop() {
		s.Rates(images)
	}
}
