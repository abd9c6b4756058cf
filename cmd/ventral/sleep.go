package main

import (
	"context"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/pflag"
	"gonum.org/v1/plot"

	"ventral/network"
	"ventral/stimuli"
)

var sleepVerb = verb{
	name:    "sleep",
	anew:    true,
	summary: "let a trained network sleep: share weights within its pools",
	detail: `
Reads a network's weights, lets its locally connected layers sleep, and writes
--out: weights.npz and model.json (which ventral activations reads), sleep.csv
(a row per layer and recorded step), sleep.png, sleep.svg and run.json. ventral
report puts several sleeps side by side.

  ventral sleep --weights runs/lc/weights.npz --renew-statistics cifar10:DIR --out runs/lc-slept
  ventral sleep --weights runs/lc/weights.npz --method hebbian --out runs/lc-hebbian
  ventral sleep --weights runs/lc/weights.npz --method circuit --alpha 3 --out runs/lc-circuit
  ventral sleep --weights runs/lc/weights.npz --method hebbian --stimuli waves --normalised --out runs/lc-waves
  ventral sleep --weights runs/lc/weights.npz --method hebbian --stimuli replay --images cifar10:DIR --normalised --out runs/lc-replay

The SNR is the mean over weights of (mean filter)²/(variance over neurons), within
the pools that share (positions of one phase whose field touches no padding) and
over the whole sheet. drift: ‖W − W⁰‖/‖W⁰‖ from the weights before the sleep.
w̄: the mean filter of a pool, its norm and cosine against that before. A step of
η is stable where η (λ_max + γ) < 2; λ_max grows with the weights of a filter over
the patterns in a step. Where filters move apart, the sleep ends with an error and
nothing is written.

Batch normalisation keeps the means and variances of the activity before the
sleep, so that ventral test would show that, not the sleep: --renew-statistics
IMAGES renews them.`,
	json: `
  run                   the folder
  layers                of each: layer, and before and after with step, pool_snr
                        and snr (of the sheet), drift, mean_norm, mean_cosine`,
	flags: func(flags *pflag.FlagSet) action {
		s := &sleepVerbRun{}
		flags.StringVar(&s.weights, "weights", "", "weights.npz of a trained network, with model.json beside it, or its folder")
		heading(flags, "weights", "The run")
		s.folder.add(flags, "")
		s.how.add(flags, "")
		heading(flags, "method", "Sleep")
		flags.StringVar(&s.images, "images", "", "images of --stimuli replay: a folder, zip, tar or tar.gz, or cifar10:PATH, folder:PATH … as in ventral train (the training images)")
		flags.IntVar(&s.replayed, "replay-images", 128, "images, or frames of waves, to replay (the first so many)")
		flags.IntVar(&s.every, "every", 0, "steps between records (0: a tenth of the steps)")
		flags.Uint64Var(&s.how.seed, "seed", 1, "seed of the patterns: same seed, same bits")
		flags.StringVar(&s.renew, "renew-statistics", "", "after the sleep, give batch normalisation the means and variances of the activity to these images: a source as --images (the training images, each once, as the network is tested on them)")
		heading(flags, "renew-statistics", "After it")
		examples(flags, "images", imageSources()...)
		examples(flags, "renew-statistics", imageSources()...)
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "weights", "out"); err != nil {
				return err
			}
			if err := s.check(); err != nil {
				return err
			}
			s.weights = weightsFile(s.weights)
			err := s.run(ctx, t, describe(flags))
			if err != nil && ctx.Err() != nil {
				return beginsAnew{during{"in the sleep of " + s.weights, err}}
			}
			return err
		}
	},
}

// during is the error of work that Ctrl-C ended, which says in what it did.
type during struct {
	what string
	error
}

func (d during) Error() string { return d.what }
func (d during) Unwrap() error { return d.error }

// sleepVerbRun is the verb's flags.
type sleepVerbRun struct {
	how                    sleepFlags
	folder                 folderFlags
	weights, images, renew string
	replayed, every        int
}

// check refuses what can be seen in the flags alone.
func (s *sleepVerbRun) check() error {
	if err := s.how.check(); err != nil {
		return err
	}
	replay := s.how.replays() && s.how.stimuli == "replay"
	switch {
	case s.every < 0 || s.replayed < 1:
		return misused("--every %d --replay-images %d: expected 0 or more steps, and at least 1 image", s.every, s.replayed)
	case replay && s.images == "":
		return misused("--stimuli replay needs --images, the images that are replayed")
	case !replay && s.images != "":
		return misused("--images are those of --method hebbian or circuit with --stimuli replay, and this is --method %s --stimuli %s", s.how.method, s.how.stimuli)
	case !s.how.replays() && s.how.given("replay-images"):
		return misused("--replay-images is for --method hebbian or circuit with --stimuli replay or waves, and this is --method %s --stimuli %s", s.how.method, s.how.stimuli)
	case s.how.method == network.InstantSleep && s.every > 0:
		return s.how.isFor("every", "hebbian and circuit")
	}
	return s.folder.check()
}

// staleStatistics is what sleep leaves of a network with batch normalisation.
const staleStatistics = "batch normalisation keeps the means and variances of the activity before the sleep, so ventral test would show that, not the sleep: --renew-statistics IMAGES renews them"

func (s *sleepVerbRun) run(ctx context.Context, t *terminal, what description) error {
	model, about, err := openModel(s.weights)
	if err != nil {
		return err
	}
	if local, err := countLocal(about.Architecture); err != nil {
		return err
	} else if local == 0 {
		return fmt.Errorf("%s: no layer of this network is locally connected: it has nothing to share in sleep", s.weights)
	}
	normalised := len(model.NormNames()) > 0
	if s.renew != "" && !normalised {
		return misused("--renew-statistics: %s has no batch normalisation, and so no statistics to renew", s.weights)
	}
	size, err := about.Architecture.Size()
	if err != nil {
		return err
	}
	if err := fits(4*(size.Filters-size.Shared), "the weights once more, as they were before the sleep,", "use a machine with more"); err != nil {
		return err
	}
	if what.Data, err = appendFile(what.Data, "weights", s.weights); err != nil {
		return err
	}
	modelPath := filepath.Join(filepath.Dir(s.weights), modelName)
	if what.Data, err = appendFile(what.Data, "network", modelPath); err != nil {
		return err
	}
	sleep := slept{stages: map[string][]network.SleepRecord{}}
	if sleep.Sleep, err = s.how.sleep(&what.Data); err != nil {
		return err
	}
	sleep.Every = s.every
	images := func(name, source string) (*stimuli.Prepared, error) {
		shown, err := about.imagesFor(ctx, t, source, "train", stimuli.ImageOptions{})
		if err == nil {
			what.Data = append(what.Data, datum{name, source, shown.Set.Len(), shown.Set.Digest()})
		}
		return shown, err
	}
	if s.how.replays() {
		var source network.Source = newRetinalWaves(about.Architecture.Input, s.replayed, s.how.seed)
		if s.how.stimuli == "replay" {
			if source, err = images("replayed images", s.images); err != nil {
				return err
			}
		}
		if sleep.Stimuli, err = model.Replay(ctx, source, s.replayed); err != nil {
			return err
		}
	}
	var renewed *stimuli.Prepared
	if s.renew != "" {
		if renewed, err = images("images of the statistics", s.renew); err != nil {
			return err
		}
	} else if normalised {
		what.Notes = append(what.Notes, staleStatistics)
		t.say("note: %s", staleStatistics)
	}
	dir, err := t.runFolder(s.folder, what)
	if err != nil {
		return err
	}
	defer dir.abandon()
	if err := sleep.run(ctx, t, model); err != nil {
		return s.how.advise(err)
	}
	if renewed != nil {
		t.say("the means and variances of batch normalisation: those of %s images", thousands(renewed.Len()))
		if err := model.RenewStatistics(ctx, renewed); err != nil {
			return fmt.Errorf("--renew-statistics %s: %w", s.renew, err)
		}
	}
	which, err := os.ReadFile(modelPath)
	if err != nil {
		return err
	}
	if err := writeFile(dir.path(modelName), which); err != nil {
		return err
	}
	if err := sleep.write(dir); err != nil {
		return err
	}
	if err := model.Save(dir.path(weightsName)); err != nil {
		return err
	}
	if err := dir.finish(); err != nil {
		return err
	}
	return t.result(sleep.result(dir.name), func() {
		sleep.table(t)
		fmt.Fprintf(t.out, "\nThe network is in %s: %s, sleep.csv, sleep.png.\n", dir.name, weightsName)
	})
}

// slept is a sleep with its records.
type slept struct {
	network.Sleep
	layers []string // that slept
	stages map[string][]network.SleepRecord
}

// run lets the model sleep.
func (s *slept) run(ctx context.Context, t *terminal, model *network.Model) error {
	total := len(s.Layers)
	if total == 0 {
		total = len(model.FilterNames())
	}
	b := t.bar("sleep", total, "layers")
	defer b.done()
	return s.Sleep.Run(ctx, model, 0, func(r network.SleepRecord) error {
		if r.Step == 0 {
			s.layers = append(s.layers, r.Layer)
			b.at(len(s.layers)-1, "sleep "+r.Layer)
		}
		s.stages[r.Layer] = append(s.stages[r.Layer], r)
		return nil
	})
}

// A sleepColumn is a figure of a record, as sleep.csv names it.
type sleepColumn struct {
	name string
	of   func(network.SleepRecord) float64
}

var sleepColumns = []sleepColumn{
	{"pool_snr", func(r network.SleepRecord) float64 { return r.PoolSNR }},
	{"snr", func(r network.SleepRecord) float64 { return r.SNR }},
	{"drift", func(r network.SleepRecord) float64 { return r.Drift }},
	{"mean_norm", func(r network.SleepRecord) float64 { return r.MeanNorm }},
	{"mean_cosine", func(r network.SleepRecord) float64 { return r.MeanCosine }},
}

// write writes sleep.csv and the plot. A figure that a layer does not have, as it
// has no pool of two neurons, is empty.
func (s *slept) write(f *runFolder) error {
	header := []string{"layer", "step"}
	for _, c := range sleepColumns {
		header = append(header, c.name)
	}
	var rows [][]string
	for _, layer := range s.layers {
		for _, r := range s.stages[layer] {
			row := []string{layer, strconv.Itoa(r.Step)}
			for _, c := range sleepColumns {
				cell := ""
				if v := c.of(r); !math.IsNaN(v) {
					cell = exact(v)
				}
				row = append(row, cell)
			}
			rows = append(rows, row)
		}
	}
	if err := f.writeCSV(header, rows, "sleep.csv"); err != nil {
		return err
	}
	fig, err := s.figure()
	if err != nil {
		return err
	}
	return fig.write(f, "sleep")
}

// namedLayers is how many layers the legend has room for.
const namedLayers = 8

// figure draws SNR, drift and norm of the mean filter over the steps, a line per
// layer, the deeper the warmer.
func (s *slept) figure() (*figurePage, error) {
	page := &figurePage{rows: [][]*plot.Plot{nil}}
	for _, c := range []struct {
		title, y string
		of       func(network.SleepRecord) float64
	}{
		{"sharing SNR within pools", "log10 SNR", func(r network.SleepRecord) float64 { return math.Log10(r.PoolSNR) }},
		{"drift from the weights before, relative", "", func(r network.SleepRecord) float64 { return r.Drift }},
		{"norm of the mean filters, relative", "", func(r network.SleepRecord) float64 { return r.MeanNorm }},
	} {
		p := newPlot(c.title, "step", c.y)
		first, named := len(page.rows[0]) == 0, 0 // one legend is enough
		for i, layer := range s.layers {
			var xs, ys []float64
			for _, r := range s.stages[layer] {
				xs, ys = append(xs, float64(r.Step)), append(ys, c.of(r))
			}
			name := "" // of many layers the legend shows the ends of the scale
			if first && (len(s.layers) <= namedLayers || i == 0 || i == len(s.layers)-1) {
				name, named = layer, named+1
			}
			if err := addLine(p, name, depthColour(i, len(s.layers)), xs, ys); err != nil {
				return nil, err
			}
		}
		if p.Y.Max-p.Y.Min < 1e-3 { // rounding is nothing to look at
			p.Y.Min, p.Y.Max = p.Y.Min-.05, p.Y.Max+.05
		}
		roomAbove(p, .1*float64(named+1))
		p.Legend.Top = true
		page.rows[0] = append(page.rows[0], p)
	}
	return page, nil
}

// depthColour goes from blue to vermillion.
func depthColour(i, n int) color.Color {
	part := 0.
	if n > 1 {
		part = float64(i) / float64(n-1)
	}
	from, to := palette[0].(color.RGBA), palette[1].(color.RGBA)
	between := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + part*(float64(b)-float64(a)))) }
	return color.RGBA{between(from.R, to.R), between(from.G, to.G), between(from.B, to.B), 0xff}
}

// sleptJSON is what sleep did, as scripts read it.
type sleptJSON struct {
	Run    string           `json:"run"`
	Layers []sleptLayerJSON `json:"layers"`
}

type sleptLayerJSON struct {
	Layer  string            `json:"layer"`
	Before map[string]figure `json:"before"`
	After  map[string]figure `json:"after"`
}

func (s *slept) result(folder string) sleptJSON {
	j := sleptJSON{folder, []sleptLayerJSON{}}
	of := func(r network.SleepRecord) map[string]figure {
		values := map[string]figure{"step": figure(r.Step)}
		for _, c := range sleepColumns {
			values[c.name] = figure(c.of(r))
		}
		return values
	}
	for _, layer := range s.layers {
		stages := s.stages[layer]
		j.Layers = append(j.Layers, sleptLayerJSON{layer, of(stages[0]), of(stages[len(stages)-1])})
	}
	return j
}

// table prints what sleep did to every layer.
func (s *slept) table(t *terminal) {
	rows := table{header: []string{"layer", "SNR in pools", "after", "SNR of the sheet", "after", "drift", "norm of w̄", "cosine of w̄"}, left: 1}
	cell := func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		return ratio(figure(v))
	}
	alone := false
	for _, layer := range s.layers {
		stages := s.stages[layer]
		first, last := stages[0], stages[len(stages)-1]
		alone = alone || math.IsNaN(first.PoolSNR)
		rows.add(layer, cell(first.PoolSNR), cell(last.PoolSNR), cell(first.SNR), cell(last.SNR), cell(last.Drift), cell(last.MeanNorm), cell(last.MeanCosine))
	}
	rows.write(t.out)
	if alone {
		fmt.Fprintln(t.out, "\n–: the layer has no pool of two neurons whose field touches no padding.")
	}
	if i := slices.IndexFunc(s.layers, func(l string) bool { return s.stages[l][len(s.stages[l])-1].MeanNorm < .99 }); i >= 0 && s.Method == network.CircuitSleep && !s.Corrected {
		fmt.Fprintf(t.out, "\nThe mean filters shrink as α = %g is finite; --corrected keeps them.\n", s.Alpha)
	}
}
