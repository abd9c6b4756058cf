package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ventral/plasticity"
)

var plasticityRunVerb = verb{
	name:    "plasticity run",
	anew:    true,
	summary: "run one plasticity rule by itself and record its weights and sharing SNR",
	detail: `
Shows inputs to a pool of neurons and lets a rule change their weights. Writes
--out: trajectory.npz (step, eta, snr and its relatives, norm of and cosine to
the mean filter, weights at the recorded steps), trajectory.csv, plot.png,
plot.svg and run.json; ventral report puts several runs side by side. A run that
diverged also has diverged.json, which says when and why.

  ventral plasticity run --rule sharing --set gamma=.01 --n 100 --k 3 --out runs/sharing
  ventral plasticity run --neurons circuit --out runs/circuit
  ventral plasticity run --rule oja --input correlated --k 9 --steps 20000 --out runs/oja
  ventral plasticity run --equation 'dw = -eta*((post - mean_post)*pre + gamma*(w - w0))' --set gamma=.01 --eta '0.5/(1000+t)' --momentum .95 --out runs/own

` + rulesHelp() + `
An equation speaks of pre, post, w, w0, mean_post (the pool's signal: the mean, or
the rate of the inhibitory neuron), mean_pre (the mean over the inputs), the
running averages avg_pre, avg_post and theta (of post²), eta and the constants of
--set. Lines before "dw = …" may name intermediate values. Functions: abs, exp,
log, sqrt, tanh, sin, cos, sign, min, max, pow. Operators: + - * / % ** (power),
< <= > >= == !=, && || !, and condition ? this : that; comparisons are 1 or 0. d is
the number of weights of a filter. The same letters stand in the rules above.

The measures, by their columns in trajectory.csv; w̄_j and var_j are the mean and
the population variance of weight j over the neurons, w̄⁰ and W⁰ those of the start:
  snr          sharing SNR: the mean over j of w̄_j²/var_j
  inverse_snr  the mean over j of var_j/w̄_j²; the table has its log10. It is not
               1/snr: weights whose mean is near 0 dominate it
  mean_to_sd   mean |w̄|/sd: the mean over j of |w̄_j|/√var_j
  mean_norm    norm of the mean filter, relative: ‖w̄‖/‖w̄⁰‖
  mean_cosine  cosine to the first mean filter: of w̄ and w̄⁰
  filter_norm  mean norm of a filter: the mean over neurons of ‖w_i‖
  drift        drift from the start, relative: ‖W − W⁰‖/‖W⁰‖, over all weights`,
	json: `
  run, rule, steps      the folder, the rule and the last step
  start, end            the measures then, by the names of the columns of
                        trajectory.csv, and the theory's own where it has one
  theory                what is known of them at the end; {}: nothing
  note                  on the theory`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			f      plasticityFlags
			folder folderFlags
		)
		folder.add(flags, "")
		heading(flags, "out", "The run")
		f.add(flags)
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "out"); err != nil {
				return err
			}
			if err := folder.check(); err != nil {
				return err
			}
			var finish func()
			f.read, finish = t.reading()
			r, err := f.build(ctx)
			finish()
			if err != nil {
				return interrupted(ctx, err)
			}
			about := describe(flags)
			r.describe(&about)
			dir, err := t.runFolder(folder, about)
			if err != nil {
				return err
			}
			defer dir.abandon()
			if r.filters != "" {
				t.say("%s", r.filters)
			}
			return r.do(ctx, t, dir)
		}
	},
}

// describe adds to a description what the run found and chose.
func (r *plasticityRun) describe(about *description) {
	about.Data = append(about.Data, r.data...)
	about.Arguments["set"], about.Arguments["equation"] = r.constantsText(), r.equation
	about.Arguments["d"] = strconv.Itoa(len(r.w[0]))
	if r.equation != "" {
		delete(about.Arguments, "rule")
	}
	if r.filters != "" {
		delete(about.Arguments, "k")
		delete(about.Arguments, "channels")
		about.Notes = append(about.Notes, r.filters)
	}
}

// do runs the experiment and writes what it recorded, also when it ends early.
func (r *plasticityRun) do(ctx context.Context, t *terminal, f *runFolder) error {
	begin := plasticity.Clone(r.w)
	bar := t.bar(r.name, max(1, r.steps/r.Hold)*r.Batch, "inputs")
	e := r.Experiment
	e.Inputs = &watched{Inputs: r.Inputs, bar: bar, label: r.name}
	failed := e.Run(ctx, r.w, r.steps, r.rec)
	bar.done()
	d, diverged := plasticity.Diverged(failed)
	if failed != nil && !diverged && !errors.Is(failed, context.Canceled) {
		return failed
	}
	th, err := r.theory(begin)
	if err != nil {
		t.say("what theory expects is left out: %v", err)
	}
	if err := r.writeTrajectory(f, th); err != nil {
		return err
	}
	if errors.Is(failed, context.Canceled) {
		f.keep()
		return beginsAnew{fmt.Errorf("after %d of %d steps, which are recorded in %s: %w", r.last().Step, r.steps, f.shown(), failed)}
	}
	if diverged {
		if err := f.writeJSON(divergenceJSON{d.Step, d.Neuron, figure(d.Norm), d.Error()}, divergedName); err != nil {
			return err
		}
	}
	if err := f.finish(); err != nil {
		return err
	}
	if diverged {
		advice := ""
		if r.name == "hebb" {
			advice = "\n--set normalise=1 keeps the length of the filters, --set decay=NUMBER lets them shrink"
		} else if r.equation != "" {
			advice = fmt.Sprintf("\n--eta (now %s) sets the rate, --mean and --deviation the weights at the start", r.eta)
		}
		return fmt.Errorf("%s %w%s\nWhat was recorded until then is in %s, whose %s marks it as diverged", r.name, failed, advice, f.name, divergedName)
	}
	return t.result(r.result(f.name, th), func() {
		r.write(t, th)
		fmt.Fprintf(t.out, "\nThe run is in %s: plot.png, trajectory.npz, trajectory.csv.\n", f.name)
	})
}

// A divergenceJSON marks a run that diverged, in its diverged.json.
type divergenceJSON struct {
	Step   int    `json:"step"`   // by which it was seen
	Neuron int    `json:"neuron"` // from 0
	Norm   figure `json:"norm"`   // of its filter
	Reason string `json:"reason"`
}

const divergedName = "diverged.json"

// A plasticityJSON is what a run came to, as scripts read it.
type plasticityJSON struct {
	Run    string            `json:"run"`
	Rule   string            `json:"rule"`
	Steps  int               `json:"steps"`
	Start  map[string]figure `json:"start"`
	End    map[string]figure `json:"end"`
	Theory map[string]figure `json:"theory"` // where something is known
	Note   string            `json:"note"`
}

func (r *plasticityRun) result(folder string, th theory) plasticityJSON {
	of := func(m plasticity.Measures) map[string]figure {
		values := map[string]figure{}
		for _, c := range measureColumns {
			values[c.name] = figure(c.of(m))
		}
		return values
	}
	j := plasticityJSON{folder, r.name, r.last().Step, of(r.rec.Measures[0]), of(r.last()), map[string]figure{}, th.note}
	if th.end != nil {
		j.Theory = of(plasticity.Measure(th.end, th.begin, 0))
	} else if !math.IsNaN(th.filterNorm) {
		j.Theory["filter_norm"] = figure(th.filterNorm)
	}
	if th.name != "" {
		j.Start[th.name], j.End[th.name], j.Theory[th.name] = figure(th.start), figure(th.now), figure(th.limit)
	}
	return j
}

// watched shows how many inputs have been seen.
type watched struct {
	plasticity.Inputs
	bar   *bar
	label string
}

func (w *watched) Pattern(i int, x []float64) error {
	if i%256 == 0 {
		w.bar.at(i, w.label)
	}
	return w.Inputs.Pattern(i, x)
}

func (r *plasticityRun) last() plasticity.Measures { return r.rec.Measures[len(r.rec.Measures)-1] }

// write prints the measures at the start and the end, and the theory's.
func (r *plasticityRun) write(t *terminal, th theory) {
	first, last := r.rec.Measures[0], r.last()
	known := th.end != nil || th.name != "" || !math.IsNaN(th.filterNorm)
	rows := table{header: []string{"measure", "start", "step " + thousands(last.Step)}, left: 1}
	if known {
		rows.header = append(rows.header, "theory")
	}
	add := func(name string, start, end, limit float64) {
		cells := []string{name, short(start), short(end)}
		if known {
			cells = append(cells, "")
			if !math.IsNaN(limit) {
				cells[3] = short(limit)
			}
		}
		rows.add(cells...)
	}
	none := math.NaN()
	limit := plasticity.Measures{SNR: none, InverseSNR: none, MeanToSD: none, MeanNorm: none, MeanCosine: none, FilterNorm: th.filterNorm, Drift: none}
	if th.end != nil {
		limit = plasticity.Measure(th.end, th.begin, 0)
	}
	add("sharing SNR", first.SNR, last.SNR, limit.SNR)
	add("log10 inverse SNR", math.Log10(first.InverseSNR), math.Log10(last.InverseSNR), math.Log10(limit.InverseSNR))
	add("mean |w̄|/sd", first.MeanToSD, last.MeanToSD, limit.MeanToSD)
	add("norm of the mean filter, relative", first.MeanNorm, last.MeanNorm, limit.MeanNorm)
	add("cosine to the first mean filter", first.MeanCosine, last.MeanCosine, limit.MeanCosine)
	add("mean norm of a filter", first.FilterNorm, last.FilterNorm, limit.FilterNorm)
	add("drift from the start, relative", first.Drift, last.Drift, limit.Drift)
	if th.name != "" {
		add(th.name, th.start, th.now, th.limit)
	}
	rows.write(t.out)
	fmt.Fprintln(t.out, "\ninverse SNR: mean_j(var_j/w̄_j²), which is not 1/SNR, as SNR is mean_j(w̄_j²/var_j); ventral plasticity run --help defines all measures.")
	if th.note != "" {
		fmt.Fprintln(t.out, th.note)
	}
}

// constantsText is every constant of the rule, the equation and the neurons.
func (r *plasticityRun) constantsText() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.constants)) {
		parts = append(parts, name+"="+exact(r.constants[name]))
	}
	return strings.Join(parts, ",")
}

// short is a number of four digits.
func short(v float64) string {
	if math.IsInf(v, 0) {
		return strings.Replace(strconv.FormatFloat(v, 'g', 4, 64), "Inf", "∞", 1)[b2i(v > 0):]
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
