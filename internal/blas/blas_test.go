package blas

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	gonumblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/mat"
)

func normal(seed uint64, n int) []float64 {
	r := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func normal32(seed uint64, n int) []float32 {
	x := make([]float32, n)
	for i, v := range normal(seed, n) {
		x[i] = float32(v)
	}
	return x
}

func TestName(t *testing.T) {
	if n := Name(); !strings.HasPrefix(n, "OpenBLAS 0.") && n != "gonum (pure Go)" {
		t.Errorf("name %q", n)
	}
}

// Products agree with gonum's Go code up to the rounding of a sum of k terms.
func TestProducts(t *testing.T) {
	for _, s := range []struct{ m, n, k int }{{1, 1, 1}, {3, 5, 7}, {64, 33, 128}, {128, 64, 576}} {
		for _, transposed := range []gonumblas.Transpose{gonumblas.NoTrans, gonumblas.Trans} {
			ldb := s.n
			if transposed == gonumblas.Trans {
				ldb = s.k
			}
			tolerance := 8 * float64(s.k)

			a, b, c := normal(1, s.m*s.k), normal(2, s.k*s.n), normal(3, s.m*s.n)
			want := slices.Clone(c)
			blas64.Implementation().Dgemm(gonumblas.NoTrans, transposed, s.m, s.n, s.k, 2, a, s.k, b, ldb, 0.5, c, s.n)
			gonum.Implementation{}.Dgemm(gonumblas.NoTrans, transposed, s.m, s.n, s.k, 2, a, s.k, b, ldb, 0.5, want, s.n)
			for i := range c {
				if math.Abs(c[i]-want[i]) > tolerance*0x1p-52 {
					t.Fatalf("Dgemm %v %c: element %d is %v, want %v", s, transposed, i, c[i], want[i])
				}
			}

			a32, b32, c32 := normal32(1, s.m*s.k), normal32(2, s.k*s.n), normal32(3, s.m*s.n)
			want32 := slices.Clone(c32)
			blas32.Implementation().Sgemm(gonumblas.NoTrans, transposed, s.m, s.n, s.k, 2, a32, s.k, b32, ldb, 0.5, c32, s.n)
			gonum.Implementation{}.Sgemm(gonumblas.NoTrans, transposed, s.m, s.n, s.k, 2, a32, s.k, b32, ldb, 0.5, want32, s.n)
			for i := range c32 {
				if math.Abs(float64(c32[i]-want32[i])) > tolerance*0x1p-23 {
					t.Fatalf("Sgemm %v %c: element %d is %v, want %v", s, transposed, i, c32[i], want32[i])
				}
			}
		}
	}
}

// The same product has the same bits from any goroutine, wherever its operands lie in memory.
func TestSameBits(t *testing.T) {
	const m, n, k = 37, 29, 311
	product := func(offset int) []float64 {
		a, b := append(make([]float64, offset), normal(1, m*k)...)[offset:], append(make([]float64, offset), normal(2, k*n)...)[offset:]
		c := make([]float64, m*n+m+1)
		impl := blas64.Implementation()
		impl.Dgemm(gonumblas.NoTrans, gonumblas.NoTrans, m, n, k, 1, a, k, b, n, 0, c[:m*n], n)
		impl.Dgemv(gonumblas.NoTrans, m, k, 1, a, k, b[:k], 1, 0, c[m*n:m*n+m], 1)
		c[m*n+m] = impl.Ddot(m*k, a, 1, a, 1)
		return c
	}
	want := product(0)
	got := make([][]float64, 200)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = product(i % 8) })
	}
	wg.Wait()
	for i := range got {
		for j := range want {
			if math.Float64bits(got[i][j]) != math.Float64bits(want[j]) {
				t.Fatalf("goroutine %d, offset %d: element %d is %v, want %v", i, i%8, j, got[i][j], want[j])
			}
		}
	}
}

// checkEigen checks the definition: A V = V diag(λ), VᵀV = I, λ ascending.
func checkEigen(t *testing.T, a *mat.SymDense) []float64 {
	t.Helper()
	n := a.SymmetricDim()
	before := mat.NewSymDense(n, nil)
	before.CopySym(a)
	values, v, err := EigenSym(a)
	if err != nil {
		t.Fatal(err)
	}
	if !mat.Equal(a, before) {
		t.Error("A was changed")
	}
	if len(values) != n || !slices.IsSorted(values) {
		t.Errorf("eigenvalues %v", values)
	}
	tolerance := 1e-14 * float64(n) * max(1, mat.Norm(a, 2))
	var av, vl, vtv mat.Dense
	av.Mul(a, v)
	vl.Mul(v, mat.NewDiagDense(n, values))
	if av.Sub(&av, &vl); mat.Norm(&av, 2) > tolerance {
		t.Errorf("|AV − V diag(λ)| = %g", mat.Norm(&av, 2))
	}
	vtv.Mul(v.T(), v)
	for i := range n {
		vtv.Set(i, i, vtv.At(i, i)-1)
	}
	if mat.Norm(&vtv, 2) > 1e-14*float64(n) {
		t.Errorf("|VᵀV − I| = %g", mat.Norm(&vtv, 2))
	}
	return values
}

func TestEigenSym(t *testing.T) {
	// [[2, 1], [1, 2]] has the eigenvalues 1 and 3.
	got := checkEigen(t, mat.NewSymDense(2, []float64{2, 1, 1, 2}))
	if math.Abs(got[0]-1) > 1e-15 || math.Abs(got[1]-3) > 1e-15 {
		t.Errorf("eigenvalues %v, want 1 and 3", got)
	}
	checkEigen(t, mat.NewSymDense(1, []float64{-5}))
	// The second difference on a line of n points has the eigenvalues 2 − 2 cos(π k / (n + 1)).
	const n = 150
	line := mat.NewSymDense(n, nil)
	for i := range n {
		line.SetSym(i, i, 2)
		if i > 0 {
			line.SetSym(i-1, i, -1)
		}
	}
	for k, v := range checkEigen(t, line) {
		if want := 2 - 2*math.Cos(math.Pi*float64(k+1)/(n+1)); math.Abs(v-want) > 1e-13 {
			t.Errorf("eigenvalue %d is %v, want %v", k, v, want)
		}
	}
	var full mat.SymDense
	full.SymOuterK(1, mat.NewDense(80, 100, normal(7, 8000)))
	checkEigen(t, &full)
	// A part of a larger matrix, whose rows do not follow each other.
	checkEigen(t, full.SliceSym(10, 47).(*mat.SymDense))

	if values, v, err := EigenSym(new(mat.SymDense)); len(values) != 0 || !v.IsEmpty() || err != nil {
		t.Errorf("of nothing: %v %v %v", values, v, err)
	}
}

func TestEigenSymRefuses(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a := mat.NewSymDense(3, nil)
		a.SetSym(1, 2, bad)
		if _, _, err := EigenSym(a); err == nil || !strings.Contains(err.Error(), "(1, 2)") {
			t.Errorf("with %v: error %v", bad, err)
		}
	}
}

func BenchmarkEigenSym1000(b *testing.B) {
	var a mat.SymDense
	a.SymOuterK(1, mat.NewDense(1000, 1000, normal(7, 1e6)))
	for b.Loop() {
		if _, _, err := EigenSym(&a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSgemm(b *testing.B) {
	x, y, z := normal32(1, 128*576), normal32(2, 576*64), make([]float32, 128*64)
	for b.Loop() {
		blas32.Implementation().Sgemm(gonumblas.NoTrans, gonumblas.NoTrans, 128, 64, 576, 1, x, 576, y, 64, 0, z, 64)
	}
	b.ReportMetric(2*128*576*64/1e9*float64(b.N)/b.Elapsed().Seconds(), "GFLOP/s")
}
