package plasticity

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// FixedPoint is where dynamic weight sharing ends, n × d, from the filters w0
// (n × d) under inputs with second moments C = ⟨xxᵀ⟩ (d × d):
//
//	w_i* = w̄* + γ (C + γI)⁻¹ (w_i⁰ − w̄⁰),   w̄* = γ (C/(1+α) + γI)⁻¹ w̄⁰.
//
// α is the strength of the inhibitory feedback in the published circuit. In the
// mean-field rule and the corrected circuit α is +Inf, and w̄* = w̄⁰: the mean
// filter is kept, and w_i* = (C + γI)⁻¹ (C w̄⁰ + γ w_i⁰).
//
// It fails if γ is not positive or a matrix cannot be factorised, and panics if
// the shapes do not fit.
//
// Source: derived from Pogodin et al. 2021; C = I gives an inverse SNR that is
// (γ/(1+γ))² times that of w0.
func FixedPoint(w0 [][]float64, c mat.Symmetric, gamma, alpha float64) ([][]float64, error) {
	if !(gamma > 0) {
		return nil, fmt.Errorf("the fixed point of sharing with γ = %g, expected γ above 0: without a pull to their start the filters forget it", gamma)
	}
	n := len(w0)
	d := c.SymmetricDim()
	if n == 0 {
		return nil, nil
	}
	if len(w0[0]) != d {
		panic(fmt.Sprintf("plasticity: filters of %d weights and second moments of %d inputs", len(w0[0]), d))
	}
	mean := meanFilter(w0)
	away := mat.NewDense(d, n, nil) // column i: w_i⁰ − w̄⁰
	for i, w := range w0 {
		for j, m := range mean {
			away.Set(j, i, w[j]-m)
		}
	}
	if err := damp(away, c, gamma, 1); err != nil {
		return nil, err
	}
	end := mat.NewDense(d, 1, append([]float64(nil), mean...))
	if !math.IsInf(alpha, 1) {
		if err := damp(end, c, gamma, 1/(1+alpha)); err != nil {
			return nil, err
		}
	}
	w := NewWeights(n, d)
	for i := range w {
		for j := range w[i] {
			w[i][j] = end.At(j, 0) + away.At(j, i)
		}
	}
	return w, nil
}

// damp replaces v by γ (s·C + γI)⁻¹ v.
func damp(v *mat.Dense, c mat.Symmetric, gamma, s float64) error {
	d := c.SymmetricDim()
	m := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			m.SetSym(i, j, s*c.At(i, j)/gamma)
		}
		m.SetSym(i, i, m.At(i, i)+1)
	}
	var factor mat.Cholesky
	if !factor.Factorize(m) {
		return errors.New("the fixed point of sharing: the inputs' second moments are not positive semidefinite")
	}
	if err := factor.SolveTo(v, v); err != nil {
		var condition mat.Condition
		if !errors.As(err, &condition) { // badly conditioned is still the best there is
			return fmt.Errorf("the fixed point of sharing: %w", err)
		}
	}
	return nil
}
