package band

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	vblas "ventral/internal/blas"
)

func random(seed uint64, rows, cols int) *mat.Dense {
	r := rand.New(rand.NewPCG(seed, 0))
	a := mat.NewDense(rows, cols, nil)
	for i := range a.RawMatrix().Data {
		a.RawMatrix().Data[i] = r.NormFloat64()
	}
	return a
}

func symmetric(seed uint64, n int) *mat.Dense {
	a := random(seed, n, n)
	a.Add(a, mat.DenseCopyOf(a.T()))
	return a
}

// gram is a matrix with eigenvalues ≥ 0, n − rank of them 0.
func gram(seed uint64, n, rank int) *mat.Dense {
	x := random(seed, n, rank)
	var a mat.Dense
	a.Mul(x, x.T())
	return &a
}

func (b *Matrix) dense() *mat.Dense {
	a := mat.NewDense(b.n, b.n, nil)
	for j, d := range b.diag {
		rows, _ := d.Dims()
		for i := range rows {
			for k := i; k < rows; k++ {
				a.Set(j*width+i, j*width+k, d.At(i, k))
				a.Set(j*width+k, j*width+i, d.At(i, k))
			}
		}
		if j == len(b.next) {
			continue
		}
		_, cols := b.next[j].Dims()
		for i := range rows {
			for k := range cols {
				a.Set(j*width+i, (j+1)*width+k, b.next[j].At(i, k))
				a.Set((j+1)*width+k, j*width+i, b.next[j].At(i, k))
			}
		}
	}
	return a
}

// apart is the distance of a and b relative to b.
func apart(a, b mat.Matrix) float64 {
	var d mat.Dense
	d.Sub(a, b)
	return mat.Norm(&d, 2) / mat.Norm(b, 2)
}

func identity(n int) *mat.Dense {
	a := mat.NewDense(n, n, nil)
	for i := range n {
		a.Set(i, i, 1)
	}
	return a
}

// The definition: A = QBQᵀ, QᵀQ = I, B a band; at all positions of the ends of blocks and tiles, and where there is little or nothing to reduce.
func TestReduce(t *testing.T) {
	cases := map[string]*mat.Dense{}
	for _, n := range []int{1, 2, 31, 32, 33, 34, 63, 64, 65, 127, 128, 129, 160, 161, 163, 200, 256, 383, 384, 385, 416, 417, 600, 833} {
		cases[fmt.Sprint(n)] = symmetric(uint64(n), n)
	}
	cases["rank 3"] = gram(1, 300, 3)
	cases["identity"] = identity(200)
	cases["zero"] = mat.NewDense(200, 200, nil)
	tiny := symmetric(2, 150)
	tiny.Scale(1e-308, tiny)
	cases["tiny"] = tiny
	// 1/(α − β) would overflow.
	smaller := symmetric(2, 150)
	smaller.Scale(1e-310, smaller)
	cases["denormal"] = smaller
	for name, a := range cases {
		n, _ := a.Dims()
		b, q := Reduce(mat.DenseCopyOf(a))
		var back, square mat.Dense
		back.Product(q, b.dense(), q.T())
		square.Mul(q.T(), q)
		bound := 1e-14
		if name == "denormal" {
			bound = 1e-12 // such numbers have fewer digits
		}
		if d := apart(&square, identity(n)); !(d < bound) {
			t.Errorf("%s: QᵀQ is %.2g from I", name, d)
		}
		if name == "zero" {
			if mat.Norm(&back, 2) != 0 {
				t.Errorf("zero: QBQᵀ is not")
			}
		} else if d := apart(&back, a); !(d < bound*float64(1+n/100)) {
			t.Errorf("%s: QBQᵀ is %.2g from A", name, d)
		}
		for j, l := range b.next {
			rows, cols := l.Dims()
			for i := range rows {
				for k := i + 1; k < cols; k++ {
					if l.At(i, k) != 0 {
						t.Fatalf("%s: element (%d, %d) of block %d is outside the band", name, i, k, j)
					}
				}
			}
		}
	}
}

// Solutions and quadratic forms against gonum's dense Cholesky.
func TestFactor(t *testing.T) {
	for _, n := range []int{1, 5, 32, 33, 64, 65, 128, 150, 333} {
		for _, alpha := range []float64{.5, 1e3} {
			a := gram(uint64(n), n, (n+1)/2)
			b, q := Reduce(mat.DenseCopyOf(a))
			f := b.Factor(alpha)
			if f == nil {
				t.Fatalf("order %d, α %g: not positive definite", n, alpha)
			}
			shifted := mat.NewSymDense(n, mat.DenseCopyOf(a).RawMatrix().Data)
			for i := range n {
				shifted.SetSym(i, i, shifted.At(i, i)+alpha)
			}
			var chol mat.Cholesky
			if !chol.Factorize(shifted) {
				t.Fatal("not positive definite")
			}
			y := random(7, n, 3)
			var want, x, got mat.Dense
			if err := chol.SolveTo(&want, y); err != nil {
				t.Fatal(err)
			}
			x.Mul(q.T(), y)
			f.Solve(&x)
			got.Mul(q, &x)
			if d := apart(&got, &want); !(d < 1e-11) {
				t.Errorf("order %d, α %g: solution is %.2g off", n, alpha, d)
			}
			forms := make([]float64, n)
			f.Invert()
			f.Quadratic(forms, q)
			var inverse mat.SymDense
			if err := chol.InverseTo(&inverse); err != nil {
				t.Fatal(err)
			}
			for i, v := range forms {
				if d := v/inverse.At(i, i) - 1; !(d < 1e-10 && d > -1e-10) {
					t.Errorf("order %d, α %g: form %d is %g, expected %g", n, alpha, i, v, inverse.At(i, i))
				}
			}
		}
	}
}

// What is not positive definite has no factor, wherever the pivot is.
func TestFactorOfWhatIsNotPositiveDefinite(t *testing.T) {
	for _, at := range []int{0, 15, 16, 31, 32, 40, 63, 64, 100, 149} {
		a := identity(150)
		a.Set(at, at, -2)
		b, _ := Reduce(a)
		if b.Factor(1) != nil {
			t.Errorf("element %d: a factor", at)
		}
		if b.Factor(3) == nil {
			t.Errorf("element %d: no factor with α = 3", at)
		}
	}
	nan := identity(150)
	nan.Set(100, 100, nanOf())
	b, _ := Reduce(nan)
	if b.Factor(1) != nil {
		t.Error("a factor of NaN")
	}
}

func nanOf() float64 { z := 0.; return z / z }

func BenchmarkReduce(b *testing.B) {
	for _, n := range []int{1000, 2592} {
		a, work := gram(1, n, n+10), mat.NewDense(n, n, nil)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				work.Copy(a)
				Reduce(work)
			}
		})
		b.Run(fmt.Sprintf("eigen_%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := vblas.EigenSym(mat.NewSymDense(n, a.RawMatrix().Data)); err != nil {
					b.Fatal(err)
				}
			}
		})
		work.Copy(a)
		m, q := Reduce(work)
		var f *Factor
		b.Run(fmt.Sprintf("factor_%d", n), func(b *testing.B) {
			for b.Loop() {
				f = m.Factor(1)
				f.Invert()
			}
		})
		x := random(2, n, 168)
		b.Run(fmt.Sprintf("solve_%d", n), func(b *testing.B) {
			for b.Loop() {
				f.Solve(x)
			}
		})
		forms, part := make([]float64, tile), q.Slice(0, tile, 0, n).(*mat.Dense)
		b.Run(fmt.Sprintf("forms_%d_of_%d", n, tile), func(b *testing.B) {
			for b.Loop() {
				f.Quadratic(forms, part)
			}
			b.ReportMetric(4*width*float64(n*tile*b.N)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
		})
	}
}
