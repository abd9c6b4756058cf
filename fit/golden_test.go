package fit

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// goldens are the values of testdata/fit.json, which testdata/make_fit.py made
// with numpy 1.24.2, scikit-learn 1.2.1 and scipy 1.10.1.
type goldens struct {
	RandomState []struct {
		Seed         uint32
		First        []uint32
		Output2000   uint32
		Permutations [][]int
		Normal       []float64
	} `json:"random_state"`
	Splits struct {
		Labels, Groups, Many       []string
		Shuffle, Stratified, Group map[string][]Split
		KFold                      map[string][]Split `json:"kfold"`
		StratifiedKFold            map[string][]Split `json:"stratified_kfold"`
		GroupKFold                 map[string][]Split `json:"group_kfold"`
	}
	BrainScore struct {
		Score, Error float64
		Medians      []float64
		Splits       []Split
	} `json:"brain_score"`
	Alphas      []float64
	Regressions []struct {
		Kind       string
		Seed       uint32
		N, P, Q    int
		PLS        [][]float64
		Iterations []int
		Ridge      [][]float64
		RidgeCV    [][]float64
		Alphas     []float64
		Shared     [][]float64 `json:"ridgecv_shared"`
		Alpha      float64
		Linear     [][]float64

		EachPLS         [][][]float64 `json:"each_pls"` // by number of components
		PLSCV           [][]float64   `json:"plscv"`
		PLSCVComponents int           `json:"plscv_components"`
		FoldRidgeCV     [][]float64   `json:"ridgecv_folds"`
		FoldAlphas      []float64     `json:"alphas_folds"`
		FoldShared      [][]float64   `json:"ridgecv_folds_shared"`
		FoldAlpha       float64       `json:"alpha_folds"`
	}
	Ceiling struct {
		Ceiling, Error float64
		Medians        []float64
		PerNeuroid     []float64 `json:"per_neuroid"`
		Reliability    []float64
	}
	BrainScoreAlphas []float64 `json:"brain_score_alphas"`
}

func readGoldens(t *testing.T) *goldens {
	t.Helper()
	text, err := os.ReadFile("testdata/fit.json")
	if err != nil {
		t.Fatal(err)
	}
	g := new(goldens)
	if err := json.Unmarshal(text, g); err != nil {
		t.Fatal(err)
	}
	return g
}

// normals draws from RandomState's legacy standard_normal: Marsaglia's polar
// method on 53-bit uniforms, the second of each pair first.
type normals struct {
	*mt19937
	spare float64
	kept  bool
}

func (r *normals) uniform() float64 {
	a, b := r.uint32()>>5, r.uint32()>>6
	return (float64(a)*67108864 + float64(b)) / 9007199254740992
}

func (r *normals) next() float64 {
	if r.kept {
		r.kept = false
		return r.spare
	}
	for {
		x, y := 2*r.uniform()-1, 2*r.uniform()-1
		if s := x*x + y*y; s < 1 && s != 0 {
			f := math.Sqrt(-2 * math.Log(s) / s)
			r.spare, r.kept = f*x, true
			return f * y
		}
	}
}

func (r *normals) matrix(rows, cols int) *mat.Dense {
	m := mat.NewDense(rows, cols, nil)
	for i := range rows {
		for j := range cols {
			m.Set(i, j, r.next())
		}
	}
	return m
}

func newNormals(seed uint32) *normals { return &normals{mt19937: newMT19937(seed)} }

// problemOf makes the inputs of make_fit.py's problem.
func problemOf(kind string, seed uint32, n, p, q int) (x, y *mat.Dense) {
	r := newNormals(seed)
	if kind == "noise" {
		x = r.matrix(n, p)
		return x, r.matrix(n, q)
	}
	const k = 30
	z := r.matrix(n, k)
	z.Apply(func(_, j int, v float64) float64 { return v / float64(1+j) }, z)
	mix := func(cols int, noise, offset float64) *mat.Dense {
		var m mat.Dense
		m.Mul(z, r.matrix(k, cols))
		e := r.matrix(n, cols)
		m.Apply(func(i, j int, v float64) float64 { return v + noise*e.At(i, j) + offset }, &m)
		return &m
	}
	x = mix(p, .05, 3)
	return x, mix(q, .1, -2)
}

func rowsUpTo(n int) (rows []int) {
	for i := range n {
		rows = append(rows, i)
	}
	return rows
}

// distance is ‖a − b‖/‖b‖ over all elements.
func distance(a *mat.Dense, b [][]float64) float64 {
	var d, size float64
	for i, row := range b {
		for j, v := range row {
			e := a.At(i, j) - v
			d += e * e
			size += v * v
		}
	}
	return math.Sqrt(d / size)
}

func TestRandomState(t *testing.T) {
	for _, g := range readGoldens(t).RandomState {
		r := newMT19937(g.Seed)
		for i, want := range g.First {
			if got := r.uint32(); got != want {
				t.Errorf("seed %d: output %d is %d, numpy's %d", g.Seed, i, got, want)
			}
		}
		for range 1994 {
			r.uint32()
		}
		if got := r.uint32(); got != g.Output2000 {
			t.Errorf("seed %d: output 1999 is %d, numpy's %d", g.Seed, got, g.Output2000)
		}
		r = newMT19937(g.Seed)
		for _, want := range g.Permutations {
			if got := r.permutation(len(want)); !slices.Equal(got, want) {
				t.Errorf("seed %d: permutation(%d) = %v, numpy's %v", g.Seed, len(want), got, want)
			}
		}
		n := normals{mt19937: r}
		for i, want := range g.Normal {
			if got := n.next(); math.Abs(got-want) > 1e-15 {
				t.Errorf("seed %d: normal %d is %v, numpy's %v", g.Seed, i, got, want)
			}
		}
	}
}
