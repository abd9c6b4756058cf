package stimuli

import (
	"cmp"
	"fmt"
	"math"
)

// WaveParameters are what makes retinal waves those of a species and an age, in
// the letters of Godfrey & Swindale 2007. 0 stands for the ferret's.
//
//	                    D ms   P ms   K ms   H1    H2
//	ferret  P2–P4       1300  43000    250   4     0.75
//	rabbit  E24–P1      1050  44000    250   4     0.6
//	mouse   P0–P13      2300  32000    350   4     0.75
//	chick   E14–E15     1050  38000     25   4     0.4
//	chick   E16          800  30000     20   3.1   0.1
//	turtle  E23–E24     1000  23000    200   4     0.7
//
// Source: the authors' program.
type WaveParameters struct {
	D  float64 // how long a cell is depolarised, ms
	P  float64 // in which time its threshold falls by H1, ms
	K  float64 // time constant of its excitation, ms; below 25 it follows its input at once
	H1 float64 // by which a depolarisation raises the threshold
	H2 float64 // by which it does so further, per unit of mean input
}

func (p WaveParameters) withDefaults() WaveParameters {
	return WaveParameters{cmp.Or(p.D, 1300), cmp.Or(p.P, 43000), cmp.Or(p.K, 250), cmp.Or(p.H1, 4), cmp.Or(p.H2, 0.75)}
}

// check fails for parameters that make no cell, after withDefaults.
func (p WaveParameters) check() error {
	if !(p.D >= waveStep && p.D <= 1e5 && p.P >= waveStep && p.P <= 1e6 && p.K > 0 && p.H1 > 0 && p.H2 >= 0) || math.IsInf(p.K+p.H1+p.H2, 1) {
		return fmt.Errorf("waves with D = %g ms, P = %g ms, K = %g ms, H1 = %g and H2 = %g: expected D of %g to 1e5 ms, P up to 1e6 ms and positive numbers", p.D, p.P, p.K, p.H1, p.H2, float64(waveStep))
	}
	return nil
}

const (
	waveStep    = 25                        // ms, Δt
	cellSpacing = 34.0                      // µm, between neighbours
	rowSpacing  = 29.444863728670914        // µm, √3/2 of it
	dendrites   = 85.0                      // µm, the radius of a dendritic field
	waveNoise   = 0.2                       // relative standard deviation of P
	leastRetina = 2200.0                    // µm, about the diameter of the authors' retina
	waveWarmUp  = 12 * 60 * 1000 / waveStep // steps
)

// amacrines is a layer of starburst amacrine cells on a hexagonal lattice, the
// model of RetinalWaves. With the states A, 1 while a cell is depolarised and
// else 0, every step of Δt does
//
//	N_i  = Σ_j W_ij A_j
//	X_i += (N_i − X_i) Δt/K                            where A_i = 0
//	A_i  = 1 for the time D, from X_i ≥ R_i on; then X_i = 0
//	R_i += (−H1/P_i + A_i (H1 + H2 N_i)/D) Δt          and not below 0
//
// in which N is the input, X the excitation, R the threshold, and W_ij the part
// of cell i's dendritic field that overlaps with that of j, of the 60 cells at most
// four spacings away (beyond, fields overlap by less than 6 %). A cell without
// input thus depolarises once in the time P, when its threshold has fallen to 0,
// and later the more input it had. P_i is drawn anew after each depolarisation,
// 1/P_i from a normal distribution with a standard deviation of 20 % of 1/P.
//
// The authors' lattice is a disc of 36 cells' radius, at whose border, where cells
// have fewer neighbours, P is longer by as much. This one is closed to a torus.
//
// Cost of a step: a few operations per cell, and the neighbours of those that
// change their state.
type amacrines struct {
	rows, cols int // of cells; odd rows lie half a cell to the right
	steps      int // of a depolarisation
	p          WaveParameters

	input, excitation, threshold []float64 // N, X, R
	fall                         []float64 // H1/P_i, per ms
	onset                        []int     // the step in which a depolarised cell began, or −1

	neighbours [2][]neighbour // of a cell in an even and in an odd row
	ended      []int          // cells that the step has silenced

	// Step t began the depolarisation of the cells log[begin[t]:begin[t+1]]: all
	// that there is to know, as each lasts for as many steps.
	log   []int32
	begin []int
	rng   *generator
}

// A neighbour lies so many rows and columns away.
type neighbour struct {
	row, col int
	weight   float64
}

// newAmacrines returns a layer of at least so many µm, in its first state: no
// cell is depolarised, and thresholds lie between 0.5 and 5, uniformly.
func newAmacrines(width, height float64, seed uint64, p WaveParameters) (*amacrines, error) {
	p = p.withDefaults()
	if err := p.check(); err != nil {
		return nil, err
	}
	// Two fields more than is shown, so that no cell sees itself around the torus,
	// and an even number of rows, so that it closes.
	width, height = max(width+4*dendrites, leastRetina), max(height+4*dendrites, leastRetina)
	const most = 1 << 22
	if cells := width / cellSpacing * height / rowSpacing; !(cells <= most) {
		return nil, fmt.Errorf("waves on %.3g × %.3g mm of retina are %.3g cells, expected at most %d: take fewer degrees or µm/degree", width/1000, height/1000, cells, most)
	}
	l := &amacrines{
		cols: int(math.Ceil(width / cellSpacing)), rows: 2 * int(math.Ceil(height/rowSpacing/2)),
		steps: int(math.Round(p.D / waveStep)), p: p, begin: []int{0}, rng: generatorOf(seed, 0),
	}
	cells := l.rows * l.cols
	l.input, l.excitation, l.threshold, l.fall = make([]float64, cells), make([]float64, cells), make([]float64, cells), make([]float64, cells)
	l.onset = make([]int, cells)
	for i := range cells {
		l.threshold[i] = 0.5 + 4.5*l.rng.Float64()
		l.onset[i] = -1
		l.fall[i] = l.drawFall()
	}
	for parity := range l.neighbours {
		for row := -4; row <= 4; row++ {
			for col := -4; col <= 4; col++ {
				x := float64(col)
				if row%2 != 0 { // from an even row to the right, from an odd one to the left
					x += 0.5 - float64(parity)
				}
				if d := cellSpacing * math.Hypot(x, float64(row)*rowSpacing/cellSpacing); d > 1 && d < 4*cellSpacing+1 {
					l.neighbours[parity] = append(l.neighbours[parity], neighbour{row, col, overlap(d)})
				}
			}
		}
	}
	return l, nil
}

// overlap is the part of a dendritic field that one at a distance d, in µm and
// below two radii, covers. It is a multiple of 2⁻³², so that inputs are exact sums, which come back
// to what they were when cells fall silent, in any order.
func overlap(d float64) float64 {
	half := d / (2 * dendrites)
	return math.Ldexp(math.Round(math.Ldexp(2/math.Pi*(math.Acos(half)-half*math.Sqrt(1-half*half)), 32)), -32)
}

// drawFall draws H1/P_i. One in two million would be below a tenth of H1/P, and
// is that.
func (l *amacrines) drawFall() float64 {
	return l.p.H1 / l.p.P * max(1+waveNoise*l.rng.NormFloat64(), 0.1)
}

// advance simulates up to a step, from where it is.
func (l *amacrines) advance(step int) {
	for len(l.begin)-1 <= step {
		l.step()
	}
}

func (l *amacrines) step() {
	now := len(l.begin) - 1
	follow := min(waveStep/l.p.K, 1)
	perStep := waveStep / l.p.D
	l.ended = l.ended[:0]
	for i, n := range l.input {
		rise := 0.0
		if began := l.onset[i]; began >= 0 && now-began < l.steps {
			rise = (l.p.H1 + l.p.H2*n) * perStep
		} else if began >= 0 {
			l.onset[i], l.excitation[i] = -1, 0
			l.fall[i] = l.drawFall()
			l.ended = append(l.ended, i)
		} else if l.excitation[i] += (n - l.excitation[i]) * follow; l.excitation[i] >= l.threshold[i] {
			l.onset[i] = now
			l.log = append(l.log, int32(i))
			rise = (l.p.H1 + l.p.H2*n) * perStep
		}
		l.threshold[i] = max(l.threshold[i]+rise-l.fall[i]*waveStep, 0)
	}
	// What has changed is seen from the next step on.
	for _, i := range l.ended {
		l.excite(i, -1)
	}
	for _, i := range l.log[l.begin[now]:] {
		l.excite(int(i), 1)
	}
	l.begin = append(l.begin, len(l.log))
}

// excite adds what cell i does to its neighbours, times sign.
func (l *amacrines) excite(i int, sign float64) {
	row, col := i/l.cols, i%l.cols
	for _, n := range l.neighbours[row%2] {
		l.input[wrap(row+n.row, l.rows)*l.cols+wrap(col+n.col, l.cols)] += sign * n.weight
	}
}

// wrap is i, at most n beyond [0, n), come in at the other side.
func wrap(i, n int) int {
	if i < 0 {
		return i + n
	}
	if i >= n {
		return i - n
	}
	return i
}

// depolarised are the cells that are so in a step, up to which the layer has
// been advanced.
func (l *amacrines) depolarised(step int) []int32 {
	return l.log[l.begin[max(0, step+1-l.steps)]:l.begin[step+1]]
}

// cellAt is the cell nearest to a place on the torus, in µm to the right of and
// below cell 0.
func (l *amacrines) cellAt(x, y float64) int {
	x, y = x/cellSpacing, y/rowSpacing
	upper := int(y)
	best, row, col := math.Inf(1), 0, 0
	for r := upper; r <= upper+1; r++ {
		shifted := x - 0.5*float64(r&1)
		c := int(shifted + 0.5)
		dx, dy := shifted-float64(c), (y-float64(r))*(rowSpacing/cellSpacing)
		if d := dx*dx + dy*dy; d < best {
			best, row, col = d, r, c
		}
	}
	return wrap(row, l.rows)*l.cols + wrap(col, l.cols)
}
