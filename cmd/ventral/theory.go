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
	switch {
	case !components && (r.name != "sharing" || !(r.constants["gamma"] > 0)):
		return none, nil // nothing is known
	case slices.Contains([]string{"rectified", "tanh", "logistic"}, r.neurons) || components && r.neurons != "linear":
		none.note = "no theory: it is of linear neurons."
		return none, nil
	case d > momentWeights:
		none.note = fmt.Sprintf("no theory: it is worked out for filters of at most %d weights.", momentWeights)
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

// componentsTheory compares the filters with the eigenvectors of C. Oja's neurons
// all go to the first: it measures how much input variance lies along them, in
// parts of what lies along that. Sanger's neuron i goes to the i-th: it measures
// the cosine to it, over the neurons whose eigenvalue stands apart from its
// neighbours by 1 %, so that there is one such vector.
func (r *plasticityRun) componentsTheory(c *mat.SymDense, from string, begin [][]float64) (theory, error) {
	var eigen mat.EigenSym
	if !eigen.Factorize(c, true) {
		return theory{filterNorm: math.NaN()}, fmt.Errorf("the eigenvalues of the inputs' second moments do not converge")
	}
	values := eigen.Values(nil)
	slices.Reverse(values) // the largest first
	d := len(values)
	if r.name == "oja" {
		along := func(w [][]float64) (sum float64) {
			for _, wi := range w {
				x := mat.NewVecDense(d, wi)
				sum += mat.Inner(x, c, x) / floats.Dot(wi, wi) / values[0] / float64(len(w))
			}
			return sum
		}
		return theory{
			filterNorm: 1, name: "input variance along a filter", start: along(begin), now: along(r.w), limit: 1,
			note: "input variance along a filter: in parts of that along the first eigenvector of C = ⟨xxᵀ⟩, " + from + ".",
		}, nil
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	apart := func(i, j int) bool { return j < 0 || j >= d || math.Abs(values[i]-values[j]) > .01*values[i] }
	cosine := func(w [][]float64) (mean float64, of int) {
		for i, wi := range w[:min(len(w), d)] {
			if apart(i, i-1) && apart(i, i+1) {
				v := mat.Col(nil, d-1-i, &vectors)
				mean += math.Abs(floats.Dot(wi, v)) / floats.Norm(wi, 2)
				of++
			}
		}
		return mean / float64(of), of
	}
	start, of := cosine(begin)
	now, _ := cosine(r.w)
	if of == 0 {
		return theory{filterNorm: 1, note: "no theory for directions: no eigenvalue of C = ⟨xxᵀ⟩, " + from + ", stands apart from the next."}, nil
	}
	return theory{
		filterNorm: 1, name: "|cosine| to the own component", start: start, now: now, limit: 1,
		note: fmt.Sprintf("|cosine| of filter i to the i-th eigenvector of C = ⟨xxᵀ⟩, %s; mean over the %d neurons whose eigenvalue stands apart.", from, of),
	}, nil
}
