package network

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// cloud is n stimuli with d features that vary along few directions, and a
// little along all.
func cloud(seed uint64, n, d, directions int, noise float64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	basis := make([]float64, directions*d)
	for i := range basis {
		basis[i] = rng.NormFloat64()
	}
	x := make([]float32, n*d)
	for i := range n {
		row := x[i*d : (i+1)*d]
		for k := range directions {
			a := rng.NormFloat64() * float64(directions-k)
			for j := range row {
				row[j] += float32(a * basis[k*d+j])
			}
		}
		for j := range row {
			row[j] += float32(3 + noise*rng.NormFloat64())
		}
	}
	return x
}

// columns reads the features of rows in memory, as FitPCA asks for them.
func columns(x []float32, d int) func(first, last int, dst []float32) error {
	return func(first, last int, dst []float32) error {
		for i := range len(x) / d {
			copy(dst[i*(last-first):(i+1)*(last-first)], x[i*d+first:i*d+last])
		}
		return nil
	}
}

// FitPCA agrees with gonum's singular value decomposition of all the data, up
// to the components' signs, on both sides of n = d and with several blocks of
// features.
func TestPCA(t *testing.T) {
	for _, s := range []struct{ n, d, k int }{{30, 12, 5}, {12, 30, 5}, {20, 20, 19}, {40, 2*pcaFeatures + 17, 8}} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			x := cloud(1, s.n, s.d, 3, .1)
			p, err := FitPCA(s.n, s.d, s.k, columns(x, s.d))
			if err != nil {
				t.Fatal(err)
			}
			data := mat.NewDense(s.n, s.d, nil)
			for i, v := range x {
				data.Set(i/s.d, i%s.d, float64(v))
			}
			var want stat.PC
			if !want.PrincipalComponents(data, nil) {
				t.Fatal("gonum fails")
			}
			var vectors mat.Dense
			want.VectorsTo(&vectors)
			variances := want.VarsTo(nil)
			for i := range s.k {
				if math.Abs(p.Variance[i]-variances[i]) > 1e-9*variances[0] {
					t.Errorf("variance %d is %v, want %v", i, p.Variance[i], variances[i])
				}
				v := p.Components[i*s.d : (i+1)*s.d]
				dot, most := 0., float32(0)
				for j, a := range v {
					dot += float64(a) * vectors.At(j, i)
					if max(a, -a) > max(most, -most) {
						most = a
					}
				}
				if i < 3 && math.Abs(math.Abs(dot)-1) > 1e-6 { // beyond, variances are nearly equal
					t.Errorf("component %d has the product %v with gonum's", i, dot)
				}
				if most < 0 {
					t.Errorf("component %d has a negative largest element", i)
				}
				for k := range i + 1 {
					sum := 0.
					for j, a := range v {
						sum += float64(a) * float64(p.Components[k*s.d+j])
					}
					if want := float64(1 - min(1, i-k)); math.Abs(sum-want) > 1e-6 {
						t.Errorf("components %d and %d have the product %v", i, k, sum)
					}
				}
			}
			total := 0.
			for _, v := range variances {
				total += v
			}
			if math.Abs(p.Total-total) > 1e-9*total {
				t.Errorf("total variance %v, want %v", p.Total, total)
			}

			// What comes out for the fit set has mean 0 and the variances, uncorrelated.
			y := make([]float32, s.n*s.k)
			p.Reduce(y, x)
			for a := range s.k {
				for b := range a + 1 {
					mean, sum := 0., 0.
					for i := range s.n {
						mean += float64(y[i*s.k+a]) / float64(s.n)
						sum += float64(y[i*s.k+a]) * float64(y[i*s.k+b]) / float64(s.n-1)
					}
					want := 0.
					if a == b {
						want = p.Variance[a]
					}
					if math.Abs(mean) > 1e-4 || math.Abs(sum-want) > 1e-5*variances[0] {
						t.Errorf("features %d and %d have the mean %v and the covariance %v, want %v", a, b, mean, sum, want)
					}
				}
			}
		})
	}
}

// Data along two directions have two components; data without variance and
// damaged data are errors.
func TestPCAOfPoorData(t *testing.T) {
	for _, d := range []int{8, 100} {
		x := cloud(2, 20, d, 2, 0)
		p, err := FitPCA(20, d, 6, columns(x, d))
		if err != nil {
			t.Fatal(err)
		}
		// Rounding to float32 adds a little variance along all directions.
		if p.Size() < 2 || p.Explained() < 1-1e-9 || p.Variance[min(2, p.Size()-1)] > p.Variance[0] {
			t.Errorf("%d features: %v", d, p.Variance)
		}
		whole := make([]float32, 20*d)
		for i := range whole {
			whole[i] = float32((i/d)*(i%d)) + float32((i/d)%2)
		}
		if p, err = FitPCA(20, d, 6, columns(whole, d)); err != nil || p.Size() != 2 {
			t.Errorf("%d features along two directions: %v, %v", d, p, err)
		}
		if _, err := FitPCA(20, d, 3, columns(slices.Repeat([]float32{.1}, 20*d), d)); err == nil || !strings.Contains(err.Error(), "do not differ") {
			t.Errorf("constant data: %v", err)
		}
		whole[3] = float32(math.NaN())
		if _, err := FitPCA(20, d, 3, columns(whole, d)); err == nil || !strings.Contains(err.Error(), "NaN") {
			t.Errorf("NaN: %v", err)
		}
		bad := errors.New("bad disk")
		if _, err := FitPCA(20, d, 3, func(int, int, []float32) error { return bad }); !errors.Is(err, bad) {
			t.Errorf("unreadable data: %v", err)
		}
	}
}

// A projection is the product with its matrix, keeps squared lengths on
// average, has as many entries as the source says, and depends on the seed, the
// layer and the feature alone.
func TestProjection(t *testing.T) {
	const d, k, n = 400, 300, 37
	x := cloud(3, n, d, 4, 1)
	p := NewProjection(7, "conv1", d, k)
	output, feature, value := p.Entries()
	if mean := float64(k) * math.Sqrt(d); math.Abs(float64(len(value))-mean) > 5*math.Sqrt(mean) {
		t.Errorf("%d entries, expected %.0f ± %.0f", len(value), mean, math.Sqrt(mean))
	}
	r := mat.NewDense(d, k, nil)
	signs := 0.
	for e, v := range value {
		if got, want := math.Abs(float64(v)), math.Sqrt(math.Sqrt(d)/k); math.Abs(got-want) > 1e-6 {
			t.Fatalf("an entry is %v, want ±%v", v, want)
		}
		if r.At(int(feature[e]), int(output[e])) != 0 {
			t.Fatal("an entry is there twice")
		}
		r.Set(int(feature[e]), int(output[e]), float64(v))
		signs += math.Copysign(1, float64(v))
	}
	if math.Abs(signs) > 5*math.Sqrt(float64(len(value))) {
		t.Errorf("the signs of %d entries sum to %v", len(value), signs)
	}
	y := make([]float32, n*k)
	p.Reduce(y, x)
	ratio := 0.
	for i := range n {
		row := mat.NewVecDense(d, nil)
		for j := range d {
			row.SetVec(j, float64(x[i*d+j]))
		}
		var want mat.VecDense
		want.MulVec(r.T(), row)
		length := 0.
		for o := range k {
			if math.Abs(float64(y[i*k+o])-want.AtVec(o)) > 1e-4 {
				t.Fatalf("feature %d of stimulus %d is %v, want %v", o, i, y[i*k+o], want.AtVec(o))
			}
			length += float64(y[i*k+o]) * float64(y[i*k+o])
		}
		ratio += length / mat.Dot(row, row) / n
	}
	if math.Abs(ratio-1) > .15 {
		t.Errorf("squared lengths change by the factor %v on average", ratio)
	}

	if again := NewProjection(7, "conv1", d, k); !slices.Equal(again.feature, p.feature) || !slices.Equal(again.sign, p.sign) {
		t.Error("the same seed and layer give another matrix")
	}
	for _, other := range []*Projection{NewProjection(8, "conv1", d, k), NewProjection(7, "conv2", d, k)} {
		if slices.Equal(other.feature, p.feature) {
			t.Error("another seed or layer gives the same matrix")
		}
	}
	if one := NewProjection(1, "x", 1, 3); len(one.feature) != 3 { // s = 1: nothing is zero
		t.Errorf("one feature has %d entries of 3", len(one.feature))
	}
}

func TestPooling(t *testing.T) {
	x := []float32{1, 2, 3, 6, -1, -2, -3, -4, 0, 0, 0, 8, 5, 5, 5, 5}
	for how, want := range map[string][]float32{"mean": {3, -2.5, 2, 5}, "max": {6, -1, 8, 5}} {
		p, err := NewPooling(how, Shape{2, 2, 2})
		if err != nil {
			t.Fatal(err)
		}
		y := make([]float32, 4)
		p.Reduce(y, x)
		if !slices.Equal(y, want) || p.Size() != 2 {
			t.Errorf("%s: %v, want %v", how, y, want)
		}
	}
	if _, err := NewPooling("median", Shape{1, 1, 1}); err == nil || !strings.Contains(err.Error(), "median") {
		t.Errorf("another pooling: %v", err)
	}
}

// Every reduction makes the same bits of a stimulus, whatever the batch and the
// number of cores.
func TestReductionsDoNotDependOnTheBatch(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	m, err := New(toy("resnet20", false), 1)
	if err != nil {
		t.Fatal(err)
	}
	const layer = "layer1.0"
	shape, _ := m.LayerShape(layer)
	fit, err := m.Activations(t.Context(), blobs{40, toyShape}, nil, []string{layer}, 0)
	if err != nil {
		t.Fatal(err)
	}
	src := blobs{53, toyShape}
	make3 := func() []Reduction {
		pca, err := FitPCA(40, shape.Size(), 10, columns(fit[layer], shape.Size()))
		if err != nil {
			t.Fatal(err)
		}
		pool, err := NewPooling("mean", shape)
		if err != nil {
			t.Fatal(err)
		}
		return []Reduction{pca, pool, NewProjection(3, layer, shape.Size(), 20)}
	}
	reduce := func(batch int) (all [][]float32) {
		for _, r := range make3() {
			y := make([]float32, src.n*r.Size())
			err := m.StreamActivations(t.Context(), src, nil, []string{layer}, batch, func(_ string, first int, rows []float32) error {
				n := len(rows) / shape.Size()
				r.Reduce(y[first*r.Size():][:n*r.Size()], rows)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, y)
		}
		return all
	}
	want := reduce(53)
	for _, c := range []struct{ batch, cores int }{{1, 1}, {7, 2}, {16, 1}, {40, 4}} {
		runtime.GOMAXPROCS(c.cores)
		for i, y := range reduce(c.batch) {
			if !slices.Equal(y, want[i]) {
				t.Errorf("batches of %d on %d cores: reduction %d makes other features", c.batch, c.cores, i)
			}
		}
	}
}

// What StreamActivations hands over are the rows in order, and errors end it.
func TestStreamActivations(t *testing.T) {
	m, err := New(toy("small", true), 1)
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Activations(t.Context(), blobs{37, toyShape}, []int{5, 3, 36, 3}, []string{"conv2", "avgpool"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := m.Activations(t.Context(), blobs{37, toyShape}, nil, []string{"conv2"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	shape, _ := m.LayerShape("conv2")
	for i, from := range []int{5, 3, 36, 3} {
		if !slices.Equal(want["conv2"][i*shape.Size():(i+1)*shape.Size()], whole["conv2"][from*shape.Size():(from+1)*shape.Size()]) {
			t.Errorf("row %d is not that of image %d", i, from)
		}
	}
	var calls []string
	bad := errors.New("disk full")
	err = m.StreamActivations(t.Context(), blobs{37, toyShape}, nil, []string{"avgpool", "conv2"}, 9, func(layer string, first int, rows []float32) error {
		calls = append(calls, fmt.Sprint(layer, first))
		if first == 16 {
			return bad
		}
		return nil
	})
	if !errors.Is(err, bad) || !slices.Equal(calls, []string{"conv20", "avgpool0", "conv216"}) {
		t.Errorf("%v after %v", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.StreamActivations(ctx, blobs{37, toyShape}, nil, nil, 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a done context: %v", err)
	}
}

// StreamBytes is what is allocated, within 15 %, for the first batch and all
// that follow.
func TestStreamBytes(t *testing.T) {
	for _, c := range []struct {
		arch  string
		local bool
		side  int
		batch int
	}{{"resnet20", false, 32, 128}, {"resnet20", true, 32, 128}, {"resnet20", false, 32, 30}, {"resnet18", false, 64, 32}} {
		shape := Shape{3, c.side, c.side}
		m, err := New(Architecture{Name: c.arch, Local: c.local, Input: shape, Classes: 10, Width: 8}, 1)
		if err != nil {
			t.Fatal(err)
		}
		const n = 160
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		if err := m.StreamActivations(t.Context(), blobs{n, shape}, nil, m.LayerNames(), c.batch, func(_ string, first int, _ []float32) error {
			if first > 0 {
				runtime.GC()
				runtime.ReadMemStats(&after)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		runtime.KeepAlive(m)
		measured, estimate := float64(after.HeapAlloc)-float64(before.HeapAlloc), float64(m.StreamBytes(n, m.LayerNames(), c.batch))
		t.Logf("%+v: %.1f MB are estimated and %.1f MB measured", c, estimate/1e6, measured/1e6)
		if math.Abs(measured-estimate) > .15*measured {
			t.Errorf("%+v: %.1f MB are estimated and %.1f MB measured", c, estimate/1e6, measured/1e6)
		}
	}
}
