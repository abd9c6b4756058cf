package network

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"ventral/internal/kernel"
)

// Projection is a very sparse random projection of D features onto k,
//
//	y = √(s/k) · R x,   r_ij = +1, 0, −1 with the probabilities 1/2s, 1 − 1/s, 1/2s,   s = √D,
//
// which keeps squared lengths and distances on average. R depends on the seed,
// the layer's name and the index of the feature alone.
//
// Source: Li, Hastie & Church 2006, "Very sparse random projections", KDD,
// equations 2 and 7; Achlioptas 2003 has s = 3.
type Projection struct {
	features, size int
	scale          float32
	start          []int32 // of the entries of each output; size + 1 of them
	feature        []int32 // of each entry, ascending within an output
	sign           []int8  // of each entry, ±1
}

// NewProjection draws the projection of a layer's features onto size ones,
// 1 ≤ size. Memory: about 5·size·√features bytes.
func NewProjection(seed uint64, layer string, features, size int) *Projection {
	if features < 1 || size < 1 {
		panic("network: a projection of no features")
	}
	s := math.Sqrt(float64(features))
	p := &Projection{features: features, size: size, scale: float32(math.Sqrt(s / float64(size)))}
	name := fnv.New64a()
	name.Write([]byte(layer))
	stream := seed ^ name.Sum64()
	// each calls do with the entries of the matrix, feature by feature: after
	// an entry, the number of zeros until the next is geometric.
	each := func(do func(feature, output int, sign int8)) {
		for j := range features {
			rng := rand.New(rand.NewPCG(stream, uint64(j)))
			gap := func() float64 { // of 0 in one with s = 1, where no element is zero
				return math.Floor(math.Log1p(-rng.Float64()) / math.Log1p(-1/s))
			}
			for i := gap(); i < float64(size); i += 1 + gap() {
				do(j, int(i), int8(1-2*int(rng.Uint64()>>63)))
			}
		}
	}
	p.start = make([]int32, size+1)
	each(func(_, output int, _ int8) { p.start[output+1]++ })
	for i := range size {
		p.start[i+1] += p.start[i]
	}
	p.feature, p.sign = make([]int32, p.start[size]), make([]int8, p.start[size])
	next := append([]int32{}, p.start...)
	each(func(feature, output int, sign int8) {
		p.feature[next[output]], p.sign[next[output]] = int32(feature), sign
		next[output]++
	})
	return p
}

// Size returns the number of features that come out.
func (p *Projection) Size() int { return p.size }

// Reduce projects rows (n × D) into dst (n × k), as Reduction says.
func (p *Projection) Reduce(dst, rows []float32) {
	kernel.Parallel(reduceBatch(dst, rows, p.features, p.size), func(i int) {
		x, y := rows[i*p.features:][:p.features], dst[i*p.size:][:p.size]
		for o := range y {
			sum := 0.
			for e := p.start[o]; e < p.start[o+1]; e++ {
				sum += float64(p.sign[e]) * float64(x[p.feature[e]])
			}
			y[o] = p.scale * float32(sum)
		}
	})
}

// Entries returns the entries of the matrix that are not zero, scale included:
// y[output] = Σ value·x[feature].
func (p *Projection) Entries() (output, feature []int64, value []float32) {
	for o := range p.size {
		for e := p.start[o]; e < p.start[o+1]; e++ {
			output, feature = append(output, int64(o)), append(feature, int64(p.feature[e]))
			value = append(value, p.scale*float32(p.sign[e]))
		}
	}
	return output, feature, value
}
