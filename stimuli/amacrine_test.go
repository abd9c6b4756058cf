package stimuli

import (
	"math"
	"slices"
	"testing"
)

// place is where a cell lies, in µm.
func (l *amacrines) place(i int) (x, y float64) {
	return (float64(i%l.cols) + 0.5*float64(i/l.cols%2)) * cellSpacing, float64(i/l.cols) * rowSpacing
}

// between is the way from one cell to another, the shortest around the torus.
func (l *amacrines) between(from, to int) (dx, dy float64) {
	x0, y0 := l.place(from)
	x1, y1 := l.place(to)
	return math.Remainder(x1-x0, float64(l.cols)*cellSpacing), math.Remainder(y1-y0, float64(l.rows)*rowSpacing)
}

// within lists, for each cell, the others at most so many µm away.
func (l *amacrines) within(reach float64) [][]int {
	near := make([][]int, len(l.input))
	for i := range near {
		row, col := i/l.cols, i%l.cols
		for r := row - 6; r <= row+6; r++ {
			for c := col - 6; c <= col+6; c++ {
				j := modulo(r, l.rows)*l.cols + modulo(c, l.cols)
				if dx, dy := l.between(i, j); i != j && math.Hypot(dx, dy) <= reach {
					near[i] = append(near[i], j)
				}
			}
		}
	}
	return near
}

// slowUnderRace skips what one goroutine works on for long: the race detector
// finds nothing there and takes ten times as long.
func slowUnderRace(t *testing.T) {
	if raceEnabled {
		t.Skip("one goroutine")
	}
}

// The layer does what its equations say: against a simulation that keeps every
// cell's overlaps, from distances, and sums all inputs anew in every step.
func TestAmacrinesAreTheirEquations(t *testing.T) {
	slowUnderRace(t)
	const steps = 1600 // 40 s, of which the last half has waves
	l, err := newAmacrines(100, 100, 4, WaveParameters{D: 500, P: 9000, K: 200, H1: 3, H2: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	cells := len(l.input)
	// The same numbers, drawn in the same order.
	rng := generatorOf(4, 0)
	fall := func() float64 { return 3. / 9000 * max(1+0.2*rng.NormFloat64(), 0.1) }
	X, R, F := make([]float64, cells), make([]float64, cells), make([]float64, cells)
	left := make([]int, cells) // steps that a cell will be depolarised
	for i := range cells {
		R[i], F[i] = 0.5+4.5*rng.Float64(), fall()
	}
	near := l.within(4*34 + 1e-6)
	W := make([][]float64, cells)
	for i, list := range near {
		if len(list) != 60 {
			t.Fatalf("cell %d has %d neighbours, expected 60", i, len(list))
		}
		for _, j := range list {
			dx, dy := l.between(i, j)
			d := math.Hypot(dx, dy)
			// Two discs of radius r at a distance d have the area in common
			// 2r² acos(d/2r) − d/2 √(4r² − d²).
			area := 2*85*85*math.Acos(d/(2*85)) - d/2*math.Sqrt(4*85*85-d*d)
			W[i] = append(W[i], area/(math.Pi*85*85))
		}
	}
	const dt = 25.
	most := 0
	for step := range steps {
		N := make([]float64, cells)
		for i, list := range near {
			for k, j := range list {
				if left[j] > 0 {
					N[i] += W[i][k]
				}
			}
		}
		now := 0
		for i := range cells {
			wasOn := left[i] > 0
			if wasOn {
				left[i]--
				if left[i] == 0 {
					X[i], F[i] = 0, fall()
				}
			} else {
				X[i] += (N[i] - X[i]) * dt / 200
				if X[i] >= R[i] {
					left[i] = 20
				}
			}
			if left[i] > 0 {
				R[i] += (3 + 0.5*N[i]) / 500 * dt
				now++
			}
			R[i] = max(R[i]-F[i]*dt, 0)
		}
		most = max(most, now)
		l.advance(step)
		got := l.depolarised(step)
		if len(got) != now {
			t.Fatalf("step %d: %d cells are depolarised, want %d", step, len(got), now)
		}
		for _, i := range got {
			if left[i] == 0 {
				t.Fatalf("step %d: cell %d is depolarised and should not be", step, i)
			}
		}
	}
	if most < cells/50 {
		t.Errorf("at most %d of %d cells were depolarised: no waves to compare", most, cells)
	}
}

// A cell that no other excites depolarises once in P, for D: its threshold rises
// by H1 in the one and falls by it in the other.
func TestAmacrineAlone(t *testing.T) {
	slowUnderRace(t)
	l, err := newAmacrines(100, 100, 1, WaveParameters{})
	if err != nil {
		t.Fatal(err)
	}
	l.neighbours = [2][]neighbour{} // none
	l.advance(20 * 43000 / waveStep)
	// As many intervals of every cell: the last ones of slow cells are cut short.
	const each = 10
	intervals := make([]float64, 0, len(l.log))
	last, counted := map[int32]int{}, map[int32]int{}
	for step := range len(l.begin) - 1 {
		for _, i := range l.log[l.begin[step]:l.begin[step+1]] {
			if before, ok := last[i]; ok && counted[i] < each {
				counted[i]++
				intervals = append(intervals, float64(step-before)*waveStep)
			}
			last[i] = step
		}
	}
	slices.Sort(intervals)
	if median := intervals[len(intervals)/2]; math.Abs(median-43000) > 100 {
		t.Errorf("the median interval is %g ms, want P = 43000", median)
	}
	// 16 % of a normal distribution lie a standard deviation below: 1/P·1.2.
	if early := intervals[len(intervals)*1587/10000]; math.Abs(early-43000/1.2) > 300 {
		t.Errorf("16 %% of the intervals are below %g ms, want %g", early, 43000/1.2)
	}
}

func TestCellAt(t *testing.T) {
	slowUnderRace(t)
	l, err := newAmacrines(100, 100, 1, WaveParameters{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		x, y := float64(l.cols)*cellSpacing*around(float64(i)*math.Phi), float64(l.rows)*rowSpacing*around(float64(i)*math.Sqrt2)
		got := l.cellAt(x, y)
		nearest, at := math.Inf(1), 0
		for j := range l.input {
			jx, jy := l.place(j)
			d := math.Hypot(math.Remainder(x-jx, float64(l.cols)*cellSpacing), math.Remainder(y-jy, float64(l.rows)*rowSpacing))
			if d < nearest {
				nearest, at = d, j
			}
		}
		if got != at {
			t.Fatalf("the cell at %g, %g µm is %d, want %d", x, y, got, at)
		}
	}
}
