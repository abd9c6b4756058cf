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
	exactGap       = .01 // of moments that are no estimate
)

// A moments is ⟨xxᵀ⟩ of the inputs.
type moments struct {
	c    *mat.SymDense // d × d
	from string        // where it is from, in words

	// gap is by how much, in parts of itself, an eigenvalue must differ from its
	// neighbours to have an eigenvector of its own.
	gap float64
}

// secondMoments works out the moments of inputs of d values.
func (r *plasticityRun) secondMoments(d int) (moments, error) {
	c := mat.NewSymDense(d, nil)
	switch noise := r.Inputs.(type) {
	case stimuli.WhiteNoise:
		for j := range d {
			c.SetSym(j, j, 1)
		}
		return moments{c, "the identity, for white noise", exactGap}, nil
	case *stimuli.CorrelatedNoise:
		of, k := noise.Autocovariance(), r.side
		for i := range d {
			for j := i; j < d; j++ {
				if i/(k*k) == j/(k*k) { // channels are independent
					row, col := (j/k-i/k)%k, (j%k-i%k+k)%k
					c.SetSym(i, j, of[(row+k)%k*k+col])
				}
			}
		}
		return moments{c, "from the noise's spectrum", exactGap}, nil
	}
	patterns := min(momentPatterns, max(1, r.steps/r.Hold*r.Batch))
	// The error of an eigenvalue is about √(2/patterns) of it (Anderson 1963, for
	// Gaussian inputs).
	from, gap := fmt.Sprintf("estimated from the first %d inputs", patterns), max(exactGap, 4*math.Sqrt(2/float64(patterns)))
	if file, ok := r.Inputs.(repeated); ok {
		patterns, from, gap = len(file.rows), fmt.Sprintf("of the file's %d inputs", len(file.rows)), exactGap
	}
	x := make([]float64, d)
	for i := range patterns {
		if err := r.Inputs.Pattern(i, x); err != nil {
			return moments{}, err
		}
		c.SymRankOne(c, 1/float64(patterns), mat.NewVecDense(d, x))
	}
	return moments{c, from, gap}, nil
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
		none.note = "no theory for these neurons: what is known holds for linear ones."
		return none, nil
	case d > momentWeights:
		none.note = fmt.Sprintf("no theory: it is worked out for filters of at most %d weights.", momentWeights)
		return none, nil
	}
	m, err := r.secondMoments(d)
	if err != nil {
		return none, err
	}
	if components {
		return r.componentsTheory(m, begin)
	}
	end, err := plasticity.FixedPoint(begin, m.c, r.constants["gamma"], r.alpha)
	if err != nil {
		return none, err
	}
	formula := "(C + γI)⁻¹(C w̄⁰ + γ w⁰)"
	if !math.IsInf(r.alpha, 1) {
		formula = "γ(C/(1+α) + γI)⁻¹ w̄⁰ of the mean filter, and γ(C + γI)⁻¹(w⁰ − w̄⁰) of what a filter has beside it"
	}
	return theory{
		begin: begin, end: end, name: "distance to the fixed point, relative", start: distance(begin, end), now: distance(r.w, end),
		note: "theory: the limit t → ∞, the rule's fixed point " + formula + "; C = ⟨xxᵀ⟩ " + m.from + ".",
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
// neighbours, so that there is one such vector; its neurons beyond the rank of C
// find nothing left of the input and go to 0.
func (r *plasticityRun) componentsTheory(m moments, begin [][]float64) (theory, error) {
	var eigen mat.EigenSym
	if !eigen.Factorize(m.c, true) {
		return theory{filterNorm: math.NaN()}, fmt.Errorf("the eigenvalues of the inputs' second moments do not converge")
	}
	values := eigen.Values(nil)
	slices.Reverse(values) // the largest first
	d := len(values)
	if r.name == "oja" {
		along := func(w [][]float64) (sum float64) {
			for _, wi := range w {
				x := mat.NewVecDense(d, wi)
				sum += mat.Inner(x, m.c, x) / floats.Dot(wi, wi) / values[0] / float64(len(w))
			}
			return sum
		}
		return theory{
			filterNorm: 1, name: "input variance along a filter", start: along(begin), now: along(r.w), limit: 1,
			note: "input variance along a filter: in parts of that along the first eigenvector of C = ⟨xxᵀ⟩, " + m.from + ".",
		}, nil
	}
	n, rank := len(begin), 0
	for rank < d && values[rank] > 1e-10*values[0] {
		rank++
	}
	t := theory{filterNorm: float64(min(n, rank)) / float64(n)}
	beyond := ""
	if n > rank {
		beyond = fmt.Sprintf("\nThe inputs have %d components: of %d neurons those beyond go to 0, slowly, and the mean norm of a filter to %d/%d.", rank, n, rank, n)
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	apart := func(i, j int) bool { return j < 0 || j >= d || math.Abs(values[i]-values[j]) > m.gap*values[i] }
	cosine := func(w [][]float64) (mean float64, of int) {
		for i, wi := range w[:min(n, rank)] {
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
		t.note = "no theory for directions: no eigenvalue of C = ⟨xxᵀ⟩, " + m.from + ", stands apart from the next." + beyond
		return t, nil
	}
	t.name, t.start, t.now, t.limit = "|cosine| to the own component", start, now, 1
	t.note = fmt.Sprintf("|cosine| of filter i to the i-th eigenvector of C = ⟨xxᵀ⟩, %s; mean over the %s whose eigenvalue stands %.2g %% apart from the next.", m.from, counted(of, "neuron"), 100*m.gap) + beyond
	return t, nil
}
