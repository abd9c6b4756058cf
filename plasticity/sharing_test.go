package plasticity_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/npy"
	"ventral/neuron"
	"ventral/plasticity"
	"ventral/stimuli"
)

// rows are patterns given one by one, and again from the first when they end.
type rows [][]float64

func (r rows) Pattern(i int, x []float64) error { copy(x, r[i%len(r)]); return nil }

// published, corrected are the circuit's plasticity at the paper's baseline.
func published(gamma float64) plasticity.Rule {
	return plasticity.Sharing{Gamma: gamma, Baseline: 1, IgnorePool: true}
}

func corrected(gamma float64) plasticity.Rule {
	return plasticity.Sharing{Gamma: gamma, Baseline: 1}
}

func newCircuit(t testing.TB, n int, o neuron.CircuitOptions) *neuron.Circuit {
	t.Helper()
	c, err := neuron.NewCircuit(n, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func run(t testing.TB, e plasticity.Experiment, w [][]float64, steps int) {
	t.Helper()
	if err := e.Run(context.Background(), w, steps, nil); err != nil {
		t.Fatal(err)
	}
}

// apart is the largest difference between two pools.
func apart(a, b [][]float64) (largest float64) {
	for i := range a {
		for j := range a[i] {
			largest = max(largest, math.Abs(a[i][j]-b[i][j]))
		}
	}
	return largest
}

func mean(w [][]float64) []float64 {
	m := make([]float64, len(w[0]))
	for _, wi := range w {
		for j, v := range wi {
			m[j] += v / float64(len(w))
		}
	}
	return m
}

// patterns draws n white-noise patterns of d inputs, and their second moments.
func patterns(n, d int) (rows, *mat.SymDense) {
	x := rows(plasticity.NewWeights(n, d))
	c := mat.NewSymDense(d, nil)
	for i := range x {
		stimuli.WhiteNoise{Seed: 5}.Pattern(i, x[i])
		c.SymRankOne(c, 1/float64(n), mat.NewVecDense(d, x[i]))
	}
	return x, c
}

// With all patterns shown at once, the rule ends where the closed form
// says: in the mean field, in the settled circuit with finite α (whose mean
// filter shrinks), and in the corrected one (whose mean filter does not).
func TestSharingEndsAtTheFixedPoint(t *testing.T) {
	const n, d, γ = 15, 6, .05
	x, c := patterns(10, d)
	for _, test := range []struct {
		name    string
		rule    plasticity.Rule
		neurons plasticity.Neurons
		alpha   float64
	}{
		{"mean field", plasticity.Sharing{Gamma: γ}, nil, math.Inf(1)},
		{"circuit, α = 10", published(γ), neuron.Settled{Circuit: newCircuit(t, n, neuron.CircuitOptions{})}, 10},
		{"circuit, α = 1", published(γ), neuron.Settled{Circuit: newCircuit(t, n, neuron.CircuitOptions{Alpha: 1})}, 1},
		{"corrected circuit, α = 10", corrected(γ), neuron.Settled{Circuit: newCircuit(t, n, neuron.CircuitOptions{})}, math.Inf(1)},
		{"corrected circuit, α = 1", corrected(γ), neuron.Settled{Circuit: newCircuit(t, n, neuron.CircuitOptions{Alpha: 1})}, math.Inf(1)},
	} {
		w := plasticity.Gaussian(n, d, 1, 1, 2)
		want, err := plasticity.FixedPoint(w, c, γ, test.alpha)
		if err != nil {
			t.Fatal(err)
		}
		before := mean(w)
		run(t, plasticity.Experiment{Rule: test.rule, Neurons: test.neurons, Inputs: x, Batch: len(x), Rate: plasticity.Constant(.3), Momentum: .5}, w, 3000)
		if off := apart(w, want); !(off < 1e-9) {
			t.Errorf("%s: %.3g from the closed form after 3000 steps", test.name, off)
		}
		if after := mean(w); math.IsInf(test.alpha, 1) {
			for j := range after {
				if math.Abs(after[j]-before[j]) > 1e-12 {
					t.Errorf("%s: the mean filter went from %v to %v, want it conserved", test.name, before, after)
					break
				}
			}
		}
	}
}

// Known values of the closed form with C = I: each filter's distance to the mean
// falls by γ/(1+γ), and the mean filter of the circuit to γ/(1/(1+α) + γ).
func TestFixedPointOfWhiteInputs(t *testing.T) {
	const d = 9
	identity := mat.NewDiagDense(d, slices.Repeat([]float64{1}, d))
	w := plasticity.Gaussian(100, d, 1, 1, 1)
	for _, γ := range []float64{.1, .01, .001} {
		end, err := plasticity.FixedPoint(w, identity, γ, math.Inf(1))
		if err != nil {
			t.Fatal(err)
		}
		fall, want := math.Log10(plasticity.InverseSNR(end)/plasticity.InverseSNR(w)), 2*math.Log10(γ/(1+γ))
		if math.Abs(fall-want) > 1e-9 {
			t.Errorf("γ = %g: the inverse SNR falls by 10^%.4f, want 10^%.4f", γ, fall, want)
		}
		shrunk, err := plasticity.FixedPoint(w, identity, γ, 10)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := plasticity.Measure(shrunk, w, 0).MeanNorm, γ/(1./11+γ); math.Abs(got-want) > 1e-9 {
			t.Errorf("γ = %g, α = 10: the mean filter has %.4f of its norm, want %.4f", γ, got, want)
		}
	}
	if _, err := plasticity.FixedPoint(w, identity, 0, 10); err == nil {
		t.Error("γ = 0 has a fixed point")
	}
	if _, err := plasticity.FixedPoint(w, mat.NewDiagDense(d, slices.Repeat([]float64{-1}, d)), .1, 10); err == nil {
		t.Error("negative second moments have a fixed point")
	}
}

// The whole experiments agree with an independent simulation in NumPy
// (testdata/make_convergence.py) on the same inputs, and the reduced circuit
// with the plain loop.
func TestAgainstNumPy(t *testing.T) {
	start, x := golden(t, "start.npy"), rows(golden(t, "inputs.npy"))
	n := len(start)

	w := golden(t, "start.npy")
	run(t, plasticity.Experiment{Rule: plasticity.Sharing{Gamma: .01}, Inputs: x, Rate: plasticity.Inverse(.5, 1000), Momentum: .95}, w, len(x))
	if off := apart(w, golden(t, "mean_field.npy")); off > 1e-12 {
		t.Errorf("mean field: %.3g from NumPy's", off)
	}

	for _, plain := range []bool{false, true} {
		w, c := golden(t, "start.npy"), newCircuit(t, n, neuron.CircuitOptions{})
		run(t, plasticity.Experiment{Rule: published(.01), Neurons: c, Inputs: x, Hold: 150, Rate: plasticity.InverseSqrt(3e-4, 2, 50), Momentum: .95, Plain: plain}, w, 20*150)
		if off := apart(w, golden(t, "circuit.npy")); off > 1e-12 {
			t.Errorf("circuit (plain %t): %.3g from NumPy's", plain, off)
		}
		r, inhibition := c.Rates()
		rates := golden(t, "circuit_rates.npy")[0]
		if off := apart([][]float64{append(slices.Clone(r), inhibition)}, [][]float64{rates}); off > 1e-12 {
			t.Errorf("circuit (plain %t): rates %.3g from NumPy's", plain, off)
		}
	}
}

// golden reads an array as rows; a vector is one row.
func golden(t *testing.T, name string) [][]float64 {
	t.Helper()
	data, shape, err := npy.ReadFile[float64](filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	d := shape[len(shape)-1]
	return slices.Collect(slices.Chunk(data, d))
}

// While an input is held the circuit's filters move in the span of three
// vectors: the reduced computation is the plain one, whatever the rule's form,
// the transfer function, the integrator, momentum, the rest before learning and
// the steps at which something is recorded.
func TestHeldInputsAreReducedExactly(t *testing.T) {
	const n, d, steps = 20, 16, 60 * 40
	for name, c := range map[string]struct {
		rule     plasticity.Rule
		options  neuron.CircuitOptions
		momentum float64
		wait     int
		every    int
	}{
		"published":             {published(.01), neuron.CircuitOptions{}, .95, 0, 60},
		"corrected":             {corrected(.1), neuron.CircuitOptions{Alpha: 3}, .95, 0, 60},
		"no momentum, odd ends": {published(.1), neuron.CircuitOptions{}, 0, 0, 37},
		"rest before learning":  {corrected(.01), neuron.CircuitOptions{Tau: 5, Alpha: 3}, .9, 30, 60},
		"rectified":             {published(.01), neuron.CircuitOptions{Transfer: neuron.Rectify}, .95, 0, 500},
		"Runge–Kutta":           {published(.01), neuron.CircuitOptions{Method: &neuron.RungeKutta{}, Alpha: 100}, .95, 0, 60},
	} {
		var pools [2][][]float64
		var recorders [2]plasticity.Recorder
		for i, plain := range []bool{false, true} {
			w := plasticity.Gaussian(n, d, 1, 1, 3)
			recorders[i].Every = c.every
			e := plasticity.Experiment{
				Rule: c.rule, Neurons: newCircuit(t, n, c.options), Inputs: stimuli.WhiteNoise{Seed: 4}, Hold: 60, Wait: c.wait,
				Rate: plasticity.Constant(5e-4), Momentum: c.momentum, Plain: plain,
			}
			if err := e.Run(context.Background(), w, steps, &recorders[i]); err != nil {
				t.Fatal(err)
			}
			pools[i] = w
		}
		if off := apart(pools[0], pools[1]); !(off < 1e-10) {
			t.Errorf("%s: the reduced computation is %.3g from the plain one", name, off)
		}
		for i, m := range recorders[1].Measures {
			if got := recorders[0].Measures[i]; got.Step != m.Step || math.Abs(got.SNR/m.SNR-1) > 1e-8 {
				t.Fatalf("%s: record %d is %+v, want %+v", name, i, got, m)
			}
		}
		if moved := apart(pools[0], plasticity.Gaussian(n, d, 1, 1, 3)); moved < .1 {
			t.Errorf("%s: the weights moved by %.3g only, which tests nothing", name, moved)
		}
	}
}

// The published circuit shrinks the mean filter; the correction, with a rest for
// the rates to settle, keeps it, at the same or a better SNR.
func TestCorrectionKeepsTheMeanFilter(t *testing.T) {
	measure := func(rule plasticity.Rule, wait int) plasticity.Measures {
		w := plasticity.Gaussian(100, 9, 1, 1, 1)
		var rec plasticity.Recorder
		rec.Every = 1 << 30
		e := plasticity.Experiment{
			Rule: rule, Neurons: newCircuit(t, 100, neuron.CircuitOptions{}), Inputs: stimuli.WhiteNoise{Seed: 1}, Hold: 150, Wait: wait,
			Rate: plasticity.InverseSqrt(3e-4, 2, 50), Momentum: .95,
		}
		if err := e.Run(context.Background(), w, 2000*150, &rec); err != nil {
			t.Fatal(err)
		}
		return rec.Measures[len(rec.Measures)-1]
	}
	p, c := measure(published(.1), 0), measure(corrected(.1), 75)
	t.Logf("published: mean filter × %.3f, log₁₀ inverse SNR %.2f; corrected: × %.4f, %.2f", p.MeanNorm, math.Log10(p.InverseSNR), c.MeanNorm, math.Log10(c.InverseSNR))
	if math.Abs(p.MeanNorm-.56) > .06 || math.Abs(c.MeanNorm-1) > .01 || c.InverseSNR > p.InverseSNR {
		t.Errorf("norm of the mean filter: published %.3f (want about .56), corrected %.4f (want 1); inverse SNR %.3g and %.3g", p.MeanNorm, c.MeanNorm, p.InverseSNR, c.InverseSNR)
	}
}

// Written as an equation, the built-in rule gives the same trajectory.
func TestSharingAsAnEquation(t *testing.T) {
	equation, err := plasticity.ParseEquation("dw = -eta*((post - mean_post)*pre + gamma*(w - w0))", map[string]float64{"gamma": .01})
	if err != nil {
		t.Fatal(err)
	}
	var trajectories [2][]plasticity.Snapshot
	for i, rule := range []plasticity.Rule{plasticity.Sharing{Gamma: .01}, equation} {
		w := plasticity.Gaussian(30, 9, 1, 1, 1)
		rec := plasticity.Recorder{Every: 50, WeightBytes: 1 << 20}
		e := plasticity.Experiment{Rule: rule, Inputs: stimuli.WhiteNoise{Seed: 1}, Rate: plasticity.Inverse(.5, 1000), Momentum: .95}
		if err := e.Run(context.Background(), w, 1000, &rec); err != nil {
			t.Fatal(err)
		}
		trajectories[i] = rec.Snapshots
	}
	if len(trajectories[0]) != 21 {
		t.Fatalf("%d snapshots, want 21", len(trajectories[0]))
	}
	for i, s := range trajectories[0] {
		if off := apart(s.W, trajectories[1][i].W); off > 1e-12 {
			t.Errorf("step %d: %.3g apart", s.Step, off)
		}
	}
}

// BenchmarkCircuit is the paper's circuit experiment, 1.5 million steps with
// their plasticity; make bench-peers runs NumPy beside it.
func BenchmarkCircuit(b *testing.B) {
	for _, k := range []int{3, 9} {
		b.Run(fmt.Sprintf("n100_k%d_1500000steps", k), func(b *testing.B) {
			for b.Loop() {
				w := plasticity.Gaussian(100, k*k, 1, 1, 1)
				run(b, plasticity.Experiment{
					Rule: published(.01), Neurons: newCircuit(b, 100, neuron.CircuitOptions{}), Inputs: stimuli.WhiteNoise{Seed: 2}, Hold: 150,
					Rate: plasticity.InverseSqrt(3e-4, 2, 50), Momentum: .95,
				}, w, 1_500_000)
			}
		})
	}
}

// BenchmarkMeanField is one step of rule (A) with momentum. Its bytes are the 72
// that it moves for each weight; copy is what the memory gives at that size.
func BenchmarkMeanField(b *testing.B) {
	for _, size := range []struct{ n, d int }{{100, 81}, {1000, 576}, {20000, 576}} {
		b.Run(fmt.Sprintf("n%d_d%d", size.n, size.d), func(b *testing.B) {
			w := plasticity.Gaussian(size.n, size.d, 1, 1, 1)
			e := plasticity.Experiment{Rule: plasticity.Sharing{Gamma: .01}, Inputs: stimuli.WhiteNoise{Seed: 2}, Rate: plasticity.Constant(1e-5), Momentum: .95}
			run(b, e, w, 1) // memory is taken and touched
			b.SetBytes(int64(72 * size.n * size.d))
			b.ReportAllocs()
			b.ResetTimer()
			run(b, e, w, b.N)
		})
		b.Run(fmt.Sprintf("copy_n%d_d%d", size.n, size.d), func(b *testing.B) {
			from, to := make([]float64, size.n*size.d), make([]float64, size.n*size.d)
			copy(to, from)
			b.SetBytes(int64(16 * size.n * size.d))
			b.ResetTimer()
			for range b.N {
				copy(to, from)
			}
		})
	}
}
