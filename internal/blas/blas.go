// Package blas puts OpenBLAS below gonum and adds its eigenvalue decomposition.
//
// Importing it, `import _ "ventral/internal/blas"` where nothing of it is called, registers OpenBLAS as the implementation behind
// gonum's blas32 and blas64, and so behind mat. OpenBLAS runs in one thread: who wants more runs goroutines over a fixed partition of the
// work, which is faster than the library's own threads for products of our sizes, and gives the same bits for any number of processors.
// Another machine may give other last bits, because OpenBLAS picks its kernels by the processor; Name says which.
//
// Built without cgo, gonum's own Go code does the same work, some ten times slower.
package blas

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Name says which library computes, with its version and kernels, for run records: "OpenBLAS 0.3.21 (Haswell)" or "gonum (pure Go)".
func Name() string { return name() }

// Config is how the library was built, in its own words; "" for gonum.
func Config() string { return config() }

// EigenSym decomposes the symmetric n × n matrix A = V diag(λ) Vᵀ. It returns the eigenvalues λ in ascending order and V, n × n, whose
// columns are the orthonormal eigenvectors in the same order; their signs are arbitrary. A is not changed.
// With OpenBLAS this is LAPACK's divide and conquer, dsyevd. It needs 16 n² bytes beside the result.
// Errors: an element that is NaN or infinite, no convergence.
func EigenSym(a *mat.SymDense) (values []float64, vectors *mat.Dense, err error) {
	n := a.SymmetricDim()
	if n == 0 {
		return nil, new(mat.Dense), nil
	}
	raw := a.RawSymmetric()
	for i := range n {
		for j, v := range raw.Data[i*raw.Stride+i : i*raw.Stride+n] {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, nil, fmt.Errorf("eigenvalues of a %d × %d matrix: element (%d, %d) is %v", n, n, i, i+j, v)
			}
		}
	}
	values, vectors, err = eigenSym(a)
	if err != nil {
		return nil, nil, fmt.Errorf("eigenvalues of a %d × %d matrix: %w", n, n, err)
	}
	return values, vectors, nil
}
