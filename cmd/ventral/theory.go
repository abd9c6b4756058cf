package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"ventral/plasticity"
	"ventral/stimuli"
)

// A theory is what is known of where a rule ends, for the inputs of a run.
type theory struct {
	begin, end [][]float64 // n × d: the start, and the fixed point; end nil = no closed form
	filterNorm float64     // of the filters at the end; NaN = nothing known

	name              string // a measure of its own, "" = none: at the start, now and in theory
	start, now, limit float64
	note              string
}

// Second moments are estimated from at most momentPatterns inputs, for filters
// of at most momentWeights.
const (
	momentPatterns = 4096
	momentWeights  = 600
)

// secondMoments is ⟨xxᵀ⟩ of the inputs, d × d, and where it is from.
func (r *plasticityRun) secondMoments(d int) (c *mat.SymDense, from string, err error) {
	c = mat.NewSymDense(d, nil)
	if _, white := r.Inputs.(stimuli.WhiteNoise); white {
		for j := range d {
			c.SetSym(j, j, 1)
		}
		return c, "the identity, for white noise", nil
	}
	patterns := min(momentPatterns, max(1, r.steps/r.Hold*r.Batch))
	from = fmt.Sprintf("estimated from the first %d inputs", patterns)
	if file, ok := r.Inputs.(repeated); ok {
		patterns, from = len(file.rows), fmt.Sprintf("of the file's %d inputs", len(file.rows))
	}
	x := make([]float64, d)
	for i := range patterns {
		if err := r.Inputs.Pattern(i, x); err != nil {
			return nil, "", err
		}
		c.SymRankOne(c, 1/float64(patterns), mat.NewVecDense(d, x))
	}
	return c, from, nil
}

// theory works out what is known of the rule from its start.
func (r *plasticityRun) theory(begin [][]float64) (theory, error) {
	none := theory{filterNorm: math.NaN()}
	d := len(begin[0])
	components := slices.Contains([]string{"oja", "sanger"}, r.name)
	if d > momentWeights || !components && (r.name != "sharing" || !(r.constants["gamma"] > 0)) {
		return none, nil
	}
	c, from, err := r.secondMoments(d)
	if err != nil {
		return none, err
	}
	if components {
		return r.componentsTheory(c, from, begin)
	}
	end, err := plasticity.FixedPoint(begin, c, r.constants["gamma"], r.alpha)
	if err != nil {
		return none, err
	}
	return theory{
		begin: begin, end: end, name: "distance to the fixed point, relative", start: distance(begin, end), now: distance(r.w, end),
		note: "theory: the rule's fixed point (C + γI)⁻¹(C w̄⁰ + γ w⁰), and for the published circuit γ(C/(1+α) + γI)⁻¹w̄⁰ for the mean; C = ⟨xxᵀ⟩ " + from + ".",
	}, nil
}

// distance is ‖W − V‖/‖V‖ over all weights.
func distance(w, v [][]float64) float64 {
	var away, norm float64
	for i := range w {
		d := floats.Distance(w[i], v[i], 2)
		away += d * d
		norm += floats.Dot(v[i], v[i])
	}
	return math.Sqrt(away / norm)
}

// componentsTheory measures how much input variance lies along the filters, in
// parts of what lies along the principal component that each should become:
// the first for all of Oja's neurons, the i-th for Sanger's.
func (r *plasticityRun) componentsTheory(c *mat.SymDense, from string, begin [][]float64) (theory, error) {
	var eigen mat.EigenSym
	if !eigen.Factorize(c, false) {
		return theory{filterNorm: math.NaN()}, fmt.Errorf("the eigenvalues of the inputs' second moments do not converge")
	}
	values := eigen.Values(nil) // ascending
	d := len(values)
	along := func(w [][]float64) float64 {
		var sum, count float64
		for i, wi := range w {
			component := 0
			if r.name == "sanger" {
				component = i
			}
			if component >= d || values[d-1-component] <= 0 {
				break // no component is left for this neuron
			}
			x := mat.NewVecDense(d, wi)
			sum += mat.Inner(x, c, x) / floats.Dot(wi, wi) / values[d-1-component]
			count++
		}
		return sum / count
	}
	which := "the first principal component"
	if r.name == "sanger" {
		which = "the neuron's own principal component"
	}
	return theory{
		filterNorm: 1, name: "input variance along a filter", start: along(begin), now: along(r.w), limit: 1,
		note: "input variance along a filter: in parts of that along " + which + " of C = ⟨xxᵀ⟩, " + from + ".",
	}, nil
}
