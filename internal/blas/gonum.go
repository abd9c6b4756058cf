//go:build !cgo

package blas

import (
	"errors"

	"gonum.org/v1/gonum/mat"
)

func name() string { return "gonum (pure Go)" }

func config() string { return "" }

func eigenSym(a *mat.SymDense) ([]float64, *mat.Dense, error) {
	var e mat.EigenSym
	if !e.Factorize(a, true) {
		return nil, nil, errors.New("the iteration did not converge")
	}
	vectors := new(mat.Dense)
	e.VectorsTo(vectors)
	return e.Values(nil), vectors, nil
}
