package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"ventral/internal/npy"
	"ventral/neuron"
	"ventral/plasticity"
	"ventral/stimuli"
)

var plasticityConvergenceVerb = verb{
	name:    "plasticity convergence",
	summary: "the convergence experiment of Pogodin et al. 2021, beside the expected values",
	detail: `
Pools of 100 neurons with filters 1 + N(0,1), under white noise, share their
weights: (A) by the mean-field rule, (B) through the published lateral circuit
(α = 10, b = 1, τ = 30 ms, each input held for 150 ms), and (C) through the same
circuit corrected, whose synapses change about b + r_inh in the second half of
each input. Prints log10 of the inverse SNR and the norm of the mean filter
against that of the start, beside the values of an independent simulation
(plasticity/testdata/make_convergence.py), and writes --out: convergence.png and
.svg, norm.png and .svg, convergence.csv, cells/ with the trials' trajectories
and run.json. Interrupted, the same command goes on from the cells that are
complete.

  ventral plasticity convergence --out runs/convergence`,
	json: `
  run, trials           the folder; pools for each k and γ
  cells                 of each panel, k, gamma and inputs: log10_inverse_snr
                        with _min and _max over the trials, expected (NaN:
                        nothing is), mean_norm, expected_mean_norm, mean_cosine,
                        mean_cosine_min and floor`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			c      convergence
			folder folderFlags
			gammas []string
		)
		folder.add(flags, "")
		flags.IntSliceVar(&c.kernels, "k", []int{3, 6, 9}, "sides of the receptive field; a filter has k × k weights")
		flags.StringSliceVar(&gammas, "gamma", []string{"0.1", "0.01", "0.001"}, "pulls to the weights of the start, γ")
		flags.IntVar(&c.trials, "trials", 10, "pools for each k and γ")
		flags.IntVar(&c.inputs[0], "iterations", 2000, "inputs of (A), one for each step")
		flags.IntVar(&c.inputs[1], "presentations", 10000, "inputs of (B) and (C), each held for 150 steps")
		flags.Uint64Var(&c.seed, "seed", 1, "seed of weights and inputs: same seed, same bits")
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "out"); err != nil {
				return err
			}
			for _, text := range gammas {
				γ, err := strconv.ParseFloat(text, 64)
				if err != nil || !(γ > 0) || math.IsInf(γ, 1) || slices.Contains(c.gammas, γ) {
					return misused("--gamma %q: expected different positive numbers", text)
				}
				c.gammas = append(c.gammas, γ)
			}
			for i, k := range c.kernels {
				if k < 1 || slices.Contains(c.kernels[:i], k) {
					return misused("--k %d: expected different numbers, at least 1", k)
				}
			}
			for _, v := range []struct {
				flag string
				n    int
			}{{"trials", c.trials}, {"iterations", c.inputs[0]}, {"presentations", c.inputs[1]}} {
				if v.n < 1 {
					return misused("--%s %d: expected at least 1", v.flag, v.n)
				}
			}
			if len(c.kernels) == 0 || len(c.gammas) == 0 {
				return misused("--k %v --gamma %v: expected at least one of each", c.kernels, gammas)
			}
			if err := folder.check(); err != nil {
				return err
			}
			f, err := t.runFolder(folder, describe(flags))
			if err != nil {
				return err
			}
			defer f.abandon()
			if err := c.run(ctx, t, f); err != nil {
				return err
			}
			if err := c.writeFiles(f); err != nil {
				return err
			}
			if err := f.finish(); err != nil {
				return err
			}
			return t.result(c.result(f.name), func() {
				c.write(t)
				fmt.Fprintf(t.out, "\nThe experiment is in %s: convergence.png, norm.png, convergence.csv, cells/.\n", f.name)
			})
		}
	},
}

// A convergence is the experiment: for every panel, k and γ a cell of trials.
type convergence struct {
	kernels []int
	gammas  []float64
	trials  int
	inputs  [2]int // of panel A, and of the circuits
	seed    uint64
	cells   []*convergenceCell // panel by panel, k by k, γ by γ
}

// The constants of the experiment.
const (
	poolSize       = 100
	circuitHold    = 150 // steps of 1 ms
	circuitRecords = 10  // presentations between records of a circuit
)

// A panel is one form of sharing.
type panel struct {
	name, title string
	dynamic     bool
	rule        func(γ float64) plasticity.Rule
	wait        int
}

var panels = []panel{
	{"A", "(A) mean-field rule", false, func(γ float64) plasticity.Rule { return plasticity.Sharing{Gamma: γ} }, 0},
	{"B", "(B) lateral circuit, as published", true, func(γ float64) plasticity.Rule {
		return plasticity.Sharing{Gamma: γ, Baseline: 1, IgnorePool: true}
	}, 0},
	{"C", "(C) lateral circuit, corrected", true, func(γ float64) plasticity.Rule { return plasticity.Sharing{Gamma: γ, Baseline: 1} }, circuitHold / 2},
}

// A convergenceCell is the trials of one panel, k and γ.
type convergenceCell struct {
	panel   panel
	k       int
	gamma   float64
	inputs  []int64 // at each record, the inputs shown so far
	inverse []float64
	norm    []float64
	cosine  []float64 // trials × records, like inverse and norm
	trials  int
}

func (c *convergenceCell) file() string {
	return fmt.Sprintf("%s_k%d_gamma%g.npz", c.panel.name, c.k, c.gamma)
}

// over applies f to a quantity of all trials at a record.
func (c *convergenceCell) over(values []float64, record int, f func(v float64) float64) []float64 {
	out := make([]float64, c.trials)
	for i := range out {
		out[i] = f(values[i*len(c.inputs)+record])
	}
	return out
}

// at is the record after so many inputs; false where there is none.
func (c *convergenceCell) at(inputs int) (int, bool) {
	return slices.BinarySearch(c.inputs, int64(inputs))
}

// logInverse is log10 of the inverse SNR, mean over the trials.
func (c *convergenceCell) logInverse(record int) float64 {
	return meanOf(c.over(c.inverse, record, math.Log10))
}

func (c *convergenceCell) meanNorm(record int) float64 {
	return meanOf(c.over(c.norm, record, func(v float64) float64 { return v }))
}

func meanOf(values []float64) (mean float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	return mean
}

// run makes the cells that are not complete, trial by trial on all cores.
func (c *convergence) run(ctx context.Context, t *terminal, f *runFolder) error {
	for _, p := range panels {
		for _, k := range c.kernels {
			for _, γ := range c.gammas {
				c.cells = append(c.cells, &convergenceCell{panel: p, k: k, gamma: γ, trials: c.trials})
			}
		}
	}
	bar := t.bar("trials", len(c.cells)*c.trials, "trials")
	defer bar.done()
	type job struct{ cell, trial int }
	var jobs []job
	for i, cell := range c.cells {
		if f.resumed && cell.load(f) == nil {
			continue
		}
		for trial := range c.trials {
			jobs = append(jobs, job{i, trial})
		}
	}
	recorders := make([][]*plasticity.Recorder, len(c.cells))
	done := (len(c.cells) * c.trials) - len(jobs)
	var cost, all float64 // of the trials that are done, and of all
	for _, cell := range c.cells {
		all += c.cost(cell) * float64(c.trials)
	}
	cost = all
	for _, j := range jobs {
		cost -= c.cost(c.cells[j.cell])
	}
	bar.from(done)
	bar.worth(cost/all, true)
	var mu sync.Mutex
	return inParallel(len(jobs), func(i int) error {
		j := jobs[i]
		rec, err := c.trial(ctx, c.cells[j.cell], j.trial)
		if err != nil {
			return fmt.Errorf("panel %s, k = %d, γ = %g, trial %d: %w", c.cells[j.cell].panel.name, c.cells[j.cell].k, c.cells[j.cell].gamma, j.trial+1, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if recorders[j.cell] == nil {
			recorders[j.cell] = make([]*plasticity.Recorder, c.trials)
		}
		recorders[j.cell][j.trial] = rec
		done++
		cost += c.cost(c.cells[j.cell])
		bar.worth(cost/all, false)
		bar.at(done, "trials")
		if slices.Contains(recorders[j.cell], nil) {
			return nil
		}
		cell := c.cells[j.cell]
		cell.take(recorders[j.cell])
		recorders[j.cell] = nil
		f.keep()
		return cell.save(f)
	})
}

// cost is what a trial takes, in the time of an input's passes over one weight of a
// circuit's filters, which a step of its rates takes too. The inputs of (A), each of
// which is recorded, take 2.5 times that (as measured for k = 3 and 9).
func (c *convergence) cost(cell *convergenceCell) float64 {
	weights := float64(cell.k * cell.k)
	if cell.panel.dynamic {
		return float64(c.inputs[1]) * (weights + circuitHold)
	}
	return float64(c.inputs[0]) * 2.5 * weights
}

// trial makes one pool's run. The weights and inputs of a trial are the same in
// all panels and for all γ.
func (c *convergence) trial(ctx context.Context, cell *convergenceCell, trial int) (*plasticity.Recorder, error) {
	seed := 16 * (c.seed<<20 + uint64(trial)<<8 + uint64(cell.k))
	e := plasticity.Experiment{Rule: cell.panel.rule(cell.gamma), Inputs: stimuli.WhiteNoise{Seed: seed + 1}, Momentum: .95}
	rec := &plasticity.Recorder{}
	steps := c.inputs[0]
	if cell.panel.dynamic {
		circuit, err := neuron.NewCircuit(poolSize, neuron.CircuitOptions{})
		if err != nil {
			return nil, err
		}
		e.Neurons, e.Hold, e.Wait = circuit, circuitHold, cell.panel.wait
		e.Rate = plasticity.InverseSqrt(3e-4, 2, 50)
		steps, rec.Every = c.inputs[1]*circuitHold, circuitRecords*circuitHold
	} else {
		e.Rate = plasticity.Inverse(.5, 1000)
	}
	return rec, e.Run(ctx, plasticity.Gaussian(poolSize, cell.k*cell.k, 1, 1, seed), steps, rec)
}

// take fills the cell with what was recorded.
func (c *convergenceCell) take(trials []*plasticity.Recorder) {
	per := int64(1)
	if c.panel.dynamic {
		per = circuitHold
	}
	for _, m := range trials[0].Measures {
		c.inputs = append(c.inputs, int64(m.Step)/per)
	}
	for _, rec := range trials {
		for _, m := range rec.Measures {
			c.inverse, c.norm, c.cosine = append(c.inverse, m.InverseSNR), append(c.norm, m.MeanNorm), append(c.cosine, m.MeanCosine)
		}
	}
}

// save writes cells/PANEL_kK_gammaΓ.npz: inputs (records), and inverse_snr,
// mean_norm and mean_cosine (trials × records).
func (c *convergenceCell) save(f *runFolder) error {
	path, err := f.file("cells", c.file())
	if err != nil {
		return err
	}
	z, err := npy.CreateZip(path)
	if err != nil {
		return err
	}
	defer z.Abort()
	npy.AddEntry(z, "inputs", []int{len(c.inputs)}, c.inputs) // z keeps the first error
	shape := []int{c.trials, len(c.inputs)}
	npy.AddEntry(z, "inverse_snr", shape, c.inverse)
	npy.AddEntry(z, "mean_norm", shape, c.norm)
	npy.AddEntry(z, "mean_cosine", shape, c.cosine)
	return z.Close()
}

// load takes up a cell that an interrupted run completed.
func (c *convergenceCell) load(f *runFolder) error {
	z, err := npy.OpenZip(f.path("cells", c.file()))
	if err != nil {
		return err
	}
	defer z.Close()
	var l convergenceCell
	if l.inputs, _, err = npy.ReadEntry[int64](z, "inputs"); err != nil {
		return err
	}
	for name, into := range map[string]*[]float64{"inverse_snr": &l.inverse, "mean_norm": &l.norm, "mean_cosine": &l.cosine} {
		values, shape, err := npy.ReadEntry[float64](z, name)
		if err != nil {
			return err
		}
		if !slices.Equal(shape, []int{c.trials, len(l.inputs)}) {
			return fmt.Errorf("%s is %v, expected %d trials × %d records", name, shape, c.trials, len(l.inputs))
		}
		*into = values
	}
	c.inputs, c.inverse, c.norm, c.cosine = l.inputs, l.inverse, l.norm, l.cosine
	return nil
}

// cell finds a cell of the experiment.
func (c *convergence) cell(panel string, k int, γ float64) *convergenceCell {
	i := slices.IndexFunc(c.cells, func(cell *convergenceCell) bool {
		return cell.panel.name == panel && cell.k == k && cell.gamma == γ
	})
	return c.cells[i]
}

// floor is the least log10 inverse SNR of rule (A) under white noise: that of
// the start, by (γ/(1+γ))².
func floor(γ float64) float64 { return 2 * math.Log10(γ/(1+γ)) }

// A column of the table: a panel's log10 inverse SNR or norm of the mean filter
// after so many inputs, with the value that it should have.
type convergenceColumn struct {
	panel    string
	inputs   int
	norm     bool
	expected func(e expectation) float64 // nil = none
}

var convergenceColumns = []convergenceColumn{
	{"A", 300, false, func(e expectation) float64 { return e.a300 }},
	{"A", 2000, false, func(e expectation) float64 { return e.a2000 }},
	{"B", 1000, false, func(e expectation) float64 { return e.b1000 }},
	{"B", 2000, false, func(e expectation) float64 { return e.b2000 }},
	{"B", 10000, false, func(e expectation) float64 { return e.b10000 }},
	{"B", 2000, true, func(e expectation) float64 { return e.norm2000 }},
	{"B", 10000, true, func(e expectation) float64 { return e.norm10000 }},
	{"C", 2000, false, nil},
	{"C", 10000, false, nil},
	{"C", 10000, true, nil},
}

// An expectation is a row of the expected values: log10 of the inverse SNR, and
// norms of the mean filter.
type expectation struct {
	k                                 int
	gamma                             float64
	a300, a2000, b1000, b2000, b10000 float64
	norm2000, norm10000               float64
}

// expected is an independent simulation of the experiment (NumPy, mean of 10
// trials for A and of 5 for B); plasticity/testdata/make_convergence.py table
// repeats it.
var expected = []expectation{
	{3, .1, -1.79, -2.07, -1.46, -1.39, -1.28, .56, .50},
	{3, .01, -2.36, -3.97, -2.86, -2.95, -2.26, .40, .17},
	{3, .001, -2.47, -5.99, -3.48, -4.54, -3.95, .40, .12},
	{6, .1, -1.64, -2.05, -1.43, -1.39, -1.29, .57, .50},
	{6, .01, -1.93, -3.97, -2.62, -2.90, -2.24, .41, .17},
	{6, .001, -1.93, -5.95, -2.83, -4.09, -3.78, .37, .11},
	{9, .1, -1.28, -2.02, -1.32, -1.33, -1.26, .58, .50},
	{9, .01, -1.32, -3.94, -2.11, -2.74, -2.20, .42, .17},
	{9, .001, -1.32, -5.89, -2.18, -3.49, -3.76, .41, .13},
}

// tolerance is how far a panel's log10 may lie from the expected value.
var tolerance = map[string]float64{"A": .1, "B": .15}

// value is a column's value for k and γ, NaN if it was not reached.
func (c *convergence) value(col convergenceColumn, k int, γ float64) float64 {
	cell := c.cell(col.panel, k, γ)
	record, ok := cell.at(col.inputs)
	switch {
	case !ok:
		return math.NaN()
	case col.norm:
		return cell.meanNorm(record)
	}
	return cell.logInverse(record)
}

// expectedOf is what a column should be for k and γ, NaN if nothing is known.
func (col convergenceColumn) expectedOf(k int, γ float64) float64 {
	i := slices.IndexFunc(expected, func(e expectation) bool { return e.k == k && e.gamma == γ })
	if i < 0 || col.expected == nil {
		return math.NaN()
	}
	return col.expected(expected[i])
}

func (col convergenceColumn) title() string {
	if col.norm {
		return fmt.Sprintf("%s‖w̄‖@%d", col.panel, col.inputs)
	}
	return fmt.Sprintf("%s@%d", col.panel, col.inputs)
}

// write prints the table, value (expected), and how far the two are apart.
func (c *convergence) write(t *terminal) {
	rows := table{header: []string{"k", "γ", "floor"}, left: 2}
	for _, col := range convergenceColumns {
		rows.header = append(rows.header, col.title())
	}
	worst := map[string]float64{}
	for _, k := range c.kernels {
		for _, γ := range c.gammas {
			row := []string{strconv.Itoa(k), fmt.Sprint(γ), fmt.Sprintf("%.2f", floor(γ))}
			for _, col := range convergenceColumns {
				value, want := c.value(col, k, γ), col.expectedOf(k, γ)
				text := "–"
				if !math.IsNaN(value) {
					text = fmt.Sprintf("%.2f", value)
					if !math.IsNaN(want) {
						text += fmt.Sprintf(" (%.2f)", want)
						if !col.norm {
							worst[col.panel] = max(worst[col.panel], math.Abs(value-want))
						}
					}
				}
				row = append(row, text)
			}
			rows.add(row...)
		}
	}
	rows.write(t.out)
	fmt.Fprintf(t.out, `
PANEL@INPUTS: log10 of the inverse SNR, mean_j(var_j/w̄_j²), after so many inputs, mean over %d trials; in brackets the value
expected from an independent simulation. ‖w̄‖: norm of the mean filter against that of the start. floor: 2 log10(γ/(1+γ)).
A: mean-field rule; B: lateral circuit as published, which shrinks the mean filter; C: corrected circuit, which keeps it.
`, c.trials)
	var words []string
	for _, p := range []string{"A", "B"} {
		if off, ok := worst[p]; ok {
			verdict := "within"
			if off > tolerance[p] {
				verdict = "beyond"
			}
			words = append(words, fmt.Sprintf("%s %.3f (%s the tolerance of %g)", p, off, verdict, tolerance[p]))
		}
	}
	if words != nil {
		fmt.Fprintf(t.out, "largest difference from the expected: %s\n", strings.Join(words, ", "))
	}
}

// A convergenceRow is a cell after so many inputs, NaN where nothing is expected:
// a row of convergence.csv and of the JSON.
type convergenceRow struct {
	Panel        string `json:"panel"`
	K            int    `json:"k"`
	Gamma        figure `json:"gamma"`
	Inputs       int    `json:"inputs"`
	Log          figure `json:"log10_inverse_snr"`
	LogMin       figure `json:"log10_inverse_snr_min"`
	LogMax       figure `json:"log10_inverse_snr_max"`
	Expected     figure `json:"expected"`
	Norm         figure `json:"mean_norm"`
	ExpectedNorm figure `json:"expected_mean_norm"`
	Cosine       figure `json:"mean_cosine"`
	CosineMin    figure `json:"mean_cosine_min"`
	Floor        figure `json:"floor"`
}

// A convergenceJSON is the experiment as scripts read it.
type convergenceJSON struct {
	Run    string           `json:"run"`
	Trials int              `json:"trials"`
	Cells  []convergenceRow `json:"cells"`
}

func (c *convergence) result(folder string) convergenceJSON {
	return convergenceJSON{folder, c.trials, c.table()}
}

// table is every cell after the numbers of inputs that it has reached.
func (c *convergence) table() []convergenceRow {
	rows := []convergenceRow{}
	for _, cell := range c.cells {
		for _, inputs := range []int{300, 1000, 2000, 10000} {
			record, ok := cell.at(inputs)
			if !ok {
				continue
			}
			want, wantNorm := math.NaN(), math.NaN()
			for _, col := range convergenceColumns {
				if col.panel == cell.panel.name && col.inputs == inputs {
					if v := col.expectedOf(cell.k, cell.gamma); col.norm {
						wantNorm = v
					} else {
						want = v
					}
				}
			}
			logs := cell.over(cell.inverse, record, math.Log10)
			cosines := cell.over(cell.cosine, record, func(v float64) float64 { return v })
			rows = append(rows, convergenceRow{cell.panel.name, cell.k, figure(cell.gamma), inputs,
				figure(meanOf(logs)), figure(slices.Min(logs)), figure(slices.Max(logs)), figure(want),
				figure(cell.meanNorm(record)), figure(wantNorm), figure(meanOf(cosines)), figure(slices.Min(cosines)), figure(floor(cell.gamma))})
		}
	}
	return rows
}

// writeFiles writes the table and the figures.
func (c *convergence) writeFiles(f *runFolder) error {
	header := []string{"panel", "k", "gamma", "inputs", "log10_inverse_snr", "log10_inverse_snr_min", "log10_inverse_snr_max", "expected", "mean_norm", "expected_mean_norm", "mean_cosine", "mean_cosine_min", "floor"}
	var rows [][]string
	for _, r := range c.table() {
		row := []string{r.Panel, strconv.Itoa(r.K), exact(float64(r.Gamma)), strconv.Itoa(r.Inputs)}
		for _, v := range []figure{r.Log, r.LogMin, r.LogMax, r.Expected, r.Norm, r.ExpectedNorm, r.Cosine, r.CosineMin, r.Floor} {
			if math.IsNaN(float64(v)) {
				row = append(row, "")
			} else {
				row = append(row, exact(float64(v)))
			}
		}
		rows = append(rows, row)
	}
	if err := f.writeCSV(header, rows, "convergence.csv"); err != nil {
		return err
	}
	return c.draw(f)
}
