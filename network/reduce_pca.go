package network

import (
	"fmt"
	"math"
	"runtime"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	ventralblas "ventral/internal/blas"
	"ventral/internal/kernel"
)

// PCA projects D features onto k principal components of a fit set of n
// stimuli,
//
//	y = V (x − μ),   V: k × D, rows orthonormal, by falling variance,
//
// each with the sign that makes its element of largest magnitude positive. It
// is used by one goroutine at a time.
type PCA struct {
	Mean       []float32 // μ, D
	Components []float32 // V, k × D
	Variance   []float64 // of each component over the fit set, divisor n − 1, k
	Total      float64   // variance of all features together

	scratch []pcaScratch // per worker
}

// pcaScratch is a block of stimuli, centred, and its projection.
type pcaScratch struct{ x, y []float32 }

// pcaFeatures is how many features FitPCA reads at a time. It is fixed, for the
// order of the sums decides their bits.
const pcaFeatures = 1024

// FitPCA computes k principal components of n stimuli with d features, 1 ≤ k <
// n and k ≤ d, in PCABytes of memory. read sets dst to the
// features from first to last, n × (last − first), rows = stimuli; it is called
// twice for each, in order.
//
// With X the centred data and n ≤ d it decomposes the Gram matrix X Xᵀ = U Λ Uᵀ,
// n × n, exactly, whence V = Λ^(−1/2) Uᵀ X (Jolliffe 2002, Principal Component
// Analysis, 2nd ed., section 3.5); with n > d it decomposes Xᵀ X, d × d, and
// reads the features at once. Where the data vary along fewer than k
// directions, the components are as many as those. It fails where they do not
// vary at all, are not finite, or cannot be read.
func FitPCA(n, d, k int, read func(first, last int, dst []float32) error) (*PCA, error) {
	if k < 1 || k >= n || k > d {
		panic(fmt.Sprintf("network: %d principal components of %d stimuli with %d features", k, n, d))
	}
	p := &PCA{Mean: make([]float32, d)}
	mean := make([]float64, d)
	step := pcaFeatures
	if n > d {
		step = d
	}
	raw, x := make([]float32, n*min(step, d)), make([]float64, n*min(step, d))
	// centred reads the features from first to last and subtracts their means,
	// which are sums of differences from the first stimulus: what is constant
	// has exactly no variance.
	centred := func(first, last int) ([]float64, error) {
		c := last - first
		if err := read(first, last, raw[:n*c]); err != nil {
			return nil, err
		}
		m := mean[first:last]
		clear(m)
		for i := range n {
			for j, v := range raw[i*c : (i+1)*c] {
				m[j] += (float64(v) - float64(raw[j])) / float64(n)
			}
		}
		for j, v := range raw[:c] {
			m[j] += float64(v)
		}
		for i := range n {
			for j, v := range raw[i*c : (i+1)*c] {
				x[i*c+j] = float64(v) - m[j]
			}
		}
		return x[:n*c], nil
	}

	side := min(n, d)
	gram := mat.NewSymDense(side, nil)
	for first := 0; first < d; first += step {
		last := min(first+step, d)
		block, err := centred(first, last)
		if err != nil {
			return nil, err
		}
		addGram(gram, block, n, last-first, n > d)
	}
	values, vectors, err := ventralblas.EigenSym(gram)
	if err != nil {
		return nil, fmt.Errorf("principal components of %d stimuli with %d features: %w", n, d, err)
	}
	largest := values[side-1]
	// Beyond rounding: see numpy.linalg.matrix_rank, here on squared singular values.
	floor := largest * float64(max(n, d)) * 0x1p-52
	for i := range side {
		p.Total += max(values[i], 0) / float64(n-1)
	}
	for i := 0; i < k && values[side-1-i] > floor; i++ {
		p.Variance = append(p.Variance, values[side-1-i]/float64(n-1))
	}
	if k = len(p.Variance); k == 0 {
		return nil, fmt.Errorf("principal components of %d stimuli with %d features: the stimuli do not differ in any", n, d)
	}
	for j, m := range mean {
		p.Mean[j] = float32(m)
	}

	// by holds the leading eigenvectors in rows, k × side; for the Gram matrix
	// divided by the singular values.
	by := make([]float64, k*side)
	for i := range k {
		length := 1.
		if n <= d {
			length = math.Sqrt(values[side-1-i])
		}
		for j := range side {
			by[i*side+j] = vectors.At(j, side-1-i) / length
		}
	}
	p.Components = make([]float32, k*d)
	if n > d {
		for i, v := range by {
			p.Components[i] = float32(v)
		}
	} else {
		part := make([]float64, k*min(step, d))
		for first := 0; first < d; first += step {
			last := min(first+step, d)
			block, err := centred(first, last)
			if err != nil {
				return nil, err
			}
			c := last - first
			const rows = 64
			kernel.Parallel((k+rows-1)/rows, func(b int) {
				from, to := b*rows, min(k, (b+1)*rows)
				blas64.Implementation().Dgemm(blas.NoTrans, blas.NoTrans, to-from, c, n, 1, by[from*n:], n, block, c, 0, part[from*c:], c)
			})
			for i := range k {
				for j, v := range part[i*c : (i+1)*c] {
					p.Components[i*d+first+j] = float32(v)
				}
			}
		}
	}
	kernel.Parallel(k, func(i int) { fixSign(p.Components[i*d : (i+1)*d]) })
	return p, nil
}

// addGram adds X Xᵀ, or Xᵀ X, to the upper triangle of g; x is n × c. The bands
// of rows are fixed, whoever computes them.
func addGram(g *mat.SymDense, x []float64, n, c int, transposed bool) {
	const rows = 64
	raw := g.RawSymmetric()
	kernel.Parallel((raw.N+rows-1)/rows, func(b int) {
		from, to := b*rows, min(raw.N, (b+1)*rows)
		band := raw.Data[from*raw.Stride+from:]
		if transposed {
			blas64.Implementation().Dgemm(blas.Trans, blas.NoTrans, to-from, raw.N-from, n, 1, x[from:], c, x[from:], c, 1, band, raw.Stride)
		} else {
			blas64.Implementation().Dgemm(blas.NoTrans, blas.Trans, to-from, raw.N-from, c, 1, x[from*c:], c, x[from*c:], c, 1, band, raw.Stride)
		}
	})
}

// fixSign makes the element of largest magnitude positive, the first of equals.
func fixSign(v []float32) {
	most := float32(0)
	for _, a := range v {
		if max(a, -a) > max(most, -most) {
			most = a
		}
	}
	if most < 0 {
		for i := range v {
			v[i] = -v[i]
		}
	}
}

// Size returns the number of components.
func (p *PCA) Size() int { return len(p.Variance) }

// Explained returns the fraction of the fit set's variance that the components
// have.
func (p *PCA) Explained() float64 {
	sum := 0.
	for _, v := range p.Variance {
		sum += v
	}
	return sum / p.Total
}

// Reduce projects rows (n × D) into dst (n × k), as Reduction says.
func (p *PCA) Reduce(dst, rows []float32) {
	d, k := len(p.Mean), p.Size()
	n := reduceBatch(dst, rows, d, k)
	for len(p.scratch) < runtime.GOMAXPROCS(0) {
		p.scratch = append(p.scratch, pcaScratch{})
	}
	kernel.ParallelWorkers((n+blockRows-1)/blockRows, func(worker, b int) {
		w := &p.scratch[worker]
		if w.x == nil {
			w.x, w.y = make([]float32, blockRows*d), make([]float32, blockRows*k)
		}
		from, to := b*blockRows, min(n, (b+1)*blockRows)
		for i := range to - from {
			for j, v := range rows[(from+i)*d:][:d] {
				w.x[i*d+j] = v - p.Mean[j]
			}
		}
		clear(w.x[(to-from)*d:])
		blas32.Implementation().Sgemm(blas.NoTrans, blas.Trans, blockRows, k, d, 1, w.x, d, p.Components, d, 0, w.y, k)
		copy(dst[from*k:to*k], w.y)
	})
}

// PCABytes returns the memory that FitPCA needs for k components of n stimuli
// with d features, the components included.
func PCABytes(n, d, k int) int64 {
	side, step := int64(min(n, d)), int64(min(pcaFeatures, d))
	if n > d {
		step = int64(d)
	}
	return 8*(4*side*side+int64(k)*side) + 12*int64(n)*step + 8*int64(k)*step + 4*int64(k+1)*int64(d)
}
