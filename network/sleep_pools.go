package network

import (
	"context"
	"math"
	"runtime"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/floats"

	"ventral/internal/kernel"
)

// A sleepPool is the positions of a sheet that share weights in Hebbian sleep:
// under a pattern tiled over the input with the period of the kernel they see the
// same.
type sleepPool struct {
	positions []int
	// rolled[κ] is the element of the pattern that is under element κ of the
	// receptive field: the pattern rolled cyclically by (i·stride − padding) mod k.
	rolled []int
}

// sleepPools are the pools of a layer: the positions whose receptive field lies
// wholly on the input, by row and column modulo the kernel.
func (f *filters) sleepPools() []sleepPool {
	s := f.sheet
	k, out := s.Kernel, s.Out()
	var pools []sleepPool
	numbers := make([]int, k.Area()) // of the pool, plus 1
	for i := range out.Rows {
		for j := range out.Cols {
			if !s.Interior(i, j) {
				continue
			}
			number := &numbers[i%k.Rows*k.Cols+j%k.Cols]
			if *number == 0 {
				row, col := s.Origin(i, j) // of an interior position: not negative
				pool := sleepPool{rolled: make([]int, k.Area())}
				for e := range pool.rolled {
					pool.rolled[e] = (row+e/k.Cols)%k.Rows*k.Cols + (col+e%k.Cols)%k.Cols
				}
				pools = append(pools, pool)
				*number = len(pools)
			}
			pool := &pools[*number-1]
			pool.positions = append(pool.positions, i*out.Cols+j)
		}
	}
	return pools
}

// A sleeper is a layer with what it was before its sleep.
type sleeper struct {
	f      *filters
	before []float32
	norm   float64 // ‖W⁰‖
	pools  []sleepPool

	d, outputs int         // of a group of channels
	means      [][]float64 // w̄⁰ of every pool, in the order of the weights at a position
}

func newSleeper(f *filters, before []float32) *sleeper {
	l := &sleeper{f: f, before: before, norm: norm(before), pools: f.sleepPools(), d: f.fanIn(), outputs: f.wiring.Outputs}
	l.means = l.poolMeans(before)
	return l
}

// canChange reports whether sleep could change the layer: a filter that is its
// own mean deviates from nothing.
func (l *sleeper) canChange(s Sleep) bool {
	return slices.ContainsFunc(l.pools, func(p sleepPool) bool { return len(p.positions) > 1 || !s.keepsMean() })
}

// poolMeans are the mean filters of the pools in w.
func (l *sleeper) poolMeans(w []float32) [][]float64 {
	n := l.f.perPosition()
	means := make([][]float64, len(l.pools))
	for q := range means {
		means[q] = make([]float64, n)
	}
	parts := (n + viewColumns - 1) / viewColumns
	kernel.Parallel(len(l.pools)*parts, func(i int) {
		q, from := i/parts, i%parts*viewColumns
		to := min(from+viewColumns, n)
		mean := means[q][from:to]
		for _, p := range l.pools[q].positions {
			for j, v := range w[p*n+from : p*n+to] {
				mean[j] += float64(v)
			}
		}
		floats.Scale(1/float64(len(l.pools[q].positions)), mean)
	})
	return means
}

// meanMatrix is w̄⁰ of all pools as columns, d × pools·outputs, for a group: the
// rows are in the order of the pattern's elements, which are the same for all
// pools.
func (l *sleeper) meanMatrix(group int) []float64 {
	columns := len(l.pools) * l.outputs
	m := make([]float64, l.d*columns)
	for q, pool := range l.pools {
		for κ, e := range pool.rolled {
			for c := range l.f.wiring.Inputs {
				from := l.row(group, κ, c)
				copy(m[l.patternRow(e, c)*columns+q*l.outputs:], l.means[q][from:from+l.outputs])
			}
		}
	}
	return m
}

// row is where the weights of the output channels of a group begin, among those
// of a position, for element κ of the field and input channel c of the group.
func (l *sleeper) row(group, κ, c int) int {
	return (group*l.d + l.patternRow(κ, c)) * l.outputs
}

// patternRow is the row of P for element e of the pattern and channel c.
func (l *sleeper) patternRow(e, c int) int { return e*l.f.wiring.Inputs + c }

// applyColumns is about how many filters are multiplied with P at a time.
const applyColumns = 256

// apply writes the weights w = w̄ + P (w⁰ − w̄⁰) after the steps so far, or some of
// them and ctx's error.
//
// The product is in float32: its error, some 1e-7 of the deviations, is that of
// the weights themselves, which are float32 before and after.
func (r *sleepRun) apply(ctx context.Context) error {
	operators := make([][]float32, r.f.groups)
	for g, p := range r.operators {
		operators[g] = make([]float32, len(p.at))
		for i, v := range p.at {
			operators[g][i] = float32(v)
		}
	}
	type item struct{ pool, group, from, to int }
	var items []item
	most := max(1, applyColumns/r.outputs) // positions at a time
	for q, pool := range r.pools {
		if len(pool.positions) == 1 && r.meanFilters == nil {
			continue // the filter is its own mean
		}
		for g := range r.f.groups {
			for from := 0; from < len(pool.positions); from += most {
				items = append(items, item{q, g, from, min(len(pool.positions), from+most)})
			}
		}
	}
	buffers := make([][]float32, runtime.GOMAXPROCS(0))
	kernel.ParallelWorkers(len(items), func(worker, i int) {
		if ctx.Err() != nil {
			return
		}
		need := 2 * r.d * most * r.outputs
		if buffers[worker] == nil {
			buffers[worker] = make([]float32, need)
		}
		it := items[i]
		r.applyTo(operators[it.group], it.pool, it.group, r.pools[it.pool].positions[it.from:it.to], buffers[worker])
	})
	return ctx.Err()
}

// applyTo writes the weights at some positions of a pool.
func (r *sleepRun) applyTo(p []float32, q, group int, positions []int, buffer []float32) {
	f, pool, n := r.f, r.pools[q], r.f.perPosition()
	columns := len(positions) * r.outputs
	size := r.d * columns
	d0, d1 := buffer[:size], buffer[size:2*size]
	// Rows in the order of the pattern, which serves all pools with one P.
	for κ, e := range pool.rolled {
		for c := range f.wiring.Inputs {
			at, to := r.row(group, κ, c), d0[r.patternRow(e, c)*columns:]
			mean := r.means[q][at : at+r.outputs]
			for i, position := range positions {
				from := r.before[position*n+at:][:len(mean)]
				into := to[i*r.outputs:][:len(mean)]
				for o, m := range mean {
					into[o] = float32(float64(from[o]) - m)
				}
			}
		}
	}
	matrix := func(rows int, data []float32) blas32.General {
		return blas32.General{Rows: rows, Cols: len(data) / rows, Stride: len(data) / rows, Data: data}
	}
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, matrix(r.d, p), matrix(r.d, d0), 0, matrix(r.d, d1))
	for κ, e := range pool.rolled {
		for c := range f.wiring.Inputs {
			at, row := r.row(group, κ, c), r.patternRow(e, c)
			mean := r.means[q][at : at+r.outputs]
			if r.meanFilters != nil {
				m := r.meanFilters[group]
				mean = m.at[row*m.columns+q*r.outputs:][:r.outputs]
			}
			for i, position := range positions {
				from := d1[row*columns+i*r.outputs:][:len(mean)]
				to := f.weights.w[position*n+at:][:len(mean)]
				for o, m := range mean {
					to[o] = float32(m + float64(from[o]))
				}
			}
		}
	}
}

// record measures the layer as it is now.
func (l *sleeper) record(step int) SleepRecord {
	f := l.f
	r := SleepRecord{Layer: f.name, Step: step, SNR: f.snr(f.everywhere()), Drift: l.drift()}
	var shared [][]int
	for _, pool := range l.pools {
		if len(pool.positions) > 1 {
			shared = append(shared, pool.positions)
		}
	}
	r.PoolSNR = f.snr(shared...)
	r.MeanNorm, r.MeanCosine = l.compareMeans(l.poolMeans(f.weights.w))
	return r
}

// compareMeans returns the norm of the mean filters against those before the
// sleep, and their cosine: the mean over pools and channels.
func (l *sleeper) compareMeans(now [][]float64) (norm, cosine float64) {
	parts := make([][3]float64, len(l.pools)*l.f.groups)
	kernel.Parallel(len(parts), func(i int) {
		q, g := i/l.f.groups, i%l.f.groups
		at := g * l.d * l.outputs
		a, b := now[q][at:], l.means[q][at:]
		aa, bb, ab := make([]float64, l.outputs), make([]float64, l.outputs), make([]float64, l.outputs)
		for j := range l.d * l.outputs {
			o := j % l.outputs
			aa[o] += a[j] * a[j]
			bb[o] += b[j] * b[j]
			ab[o] += a[j] * b[j]
		}
		for o := range aa {
			if bb[o] == 0 {
				continue // no mean filter to compare with
			}
			parts[i][0]++
			parts[i][1] += math.Sqrt(aa[o] / bb[o])
			if aa[o] > 0 {
				parts[i][2] += ab[o] / math.Sqrt(aa[o]*bb[o])
			}
		}
	})
	var count float64
	for _, p := range parts {
		count, norm, cosine = count+p[0], norm+p[1], cosine+p[2]
	}
	return norm / count, cosine / count
}

// drift is ‖W − W⁰‖/‖W⁰‖.
func (l *sleeper) drift() float64 {
	now := l.f.weights.w
	away := inParts(len(now), func(from, to int) (sum float64) {
		before := l.before[from:to]
		for i, v := range now[from:to] {
			d := float64(v) - float64(before[i])
			sum += d * d
		}
		return sum
	})
	if away == 0 {
		return 0
	}
	return math.Sqrt(away) / l.norm
}

// norm is ‖w‖.
func norm(w []float32) float64 {
	return math.Sqrt(inParts(len(w), func(from, to int) (sum float64) {
		for _, v := range w[from:to] {
			sum += float64(v) * float64(v)
		}
		return sum
	}))
}

// inParts sums over n numbers in parts, whose order is fixed.
func inParts(n int, of func(from, to int) float64) float64 {
	const size = 1 << 15
	parts := make([]float64, (n+size-1)/size)
	kernel.Parallel(len(parts), func(p int) { parts[p] = of(p*size, min(n, (p+1)*size)) })
	return floats.Sum(parts)
}
