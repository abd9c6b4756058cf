package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"gonum.org/v1/plot"

	"ventral/network"
)

var reproduceVerb = verb{
	name:    "reproduce cifar10",
	summary: "the rows of the paper's table: conv, lc, lc with repetitions, lc with sleep every 1, 10, 100 iterations",
	detail: `
Trains the networks of the table of Pogodin et al. 2021 for CIFAR-10, each with
--seeds seeds, and writes --out: results.csv (a row per network and seed),
accuracy.png and .svg, models/ (every network, with its training.csv) and
run.json. A row is conv, lc, lc*R (R independent translations of each image in a
batch) or lc+sleep@N. Stopped at any moment, the same command goes on from where
it was.

  ventral reproduce cifar10 --images folder:cifar10-jpeg --arch resnet20 --batch 512 --epochs 20 --out runs/table`,
	json: `
  run                   the folder
  rows                  of each: network, repetitions, sleep_every,
                        n_parameters, updates, and seeds, a list with seed,
                        test_accuracy, test_top5, test_loss, train_accuracy,
                        train_loss, sharing_snr`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			folder   folderFlags
			images   imageFlags
			names    []string
			seeds    int
			training trainingFlags
		)
		folder.add(flags, "")
		heading(flags, "out", "The run")
		images.add(flags)
		flags.StringSliceVar(&names, "rows", []string{"conv", "lc", "lc*4", "lc+sleep@1", "lc+sleep@10", "lc+sleep@100"}, "rows of the table")
		flags.IntVar(&seeds, "seeds", 1, "seeds for each row, from --seed on (the paper: 5)")
		heading(flags, "rows", "Networks")
		examples(flags, "rows", "conv", "lc", "lc*4", "lc+sleep@1", "lc+sleep@10", "lc+sleep@100")
		training.add(flags, 20)
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "images", "out"); err != nil {
				return err
			}
			rows, err := parseRows(names)
			if err != nil {
				return err
			}
			if seeds < 1 {
				return misused("--seeds is %d, expected at least 1", seeds)
			}
			if err := training.check(); err != nil {
				return err
			}
			if training.repetitions != 1 {
				return misused("--repetitions: the rows say how many (lc*4)")
			}
			for _, r := range rows {
				if training.batch%r.repetitions != 0 {
					return misused("row %s: %d repetitions do not divide the batch of %d", r.name, r.repetitions, training.batch)
				}
			}
			if err := folder.check(); err != nil {
				return err
			}
			sets, err := images.open(ctx, t, training.seed, training.preparation)
			if err != nil {
				return err
			}
			if sets.test == nil {
				return misused("--images %s: the table needs test images", images.source)
			}
			for _, r := range rows {
				if err := training.checkTraining(sets, []modelSpec{r.spec}); err != nil {
					return err
				}
			}
			about := describe(flags)
			about.Data, about.Notes = sets.data(), sets.notes
			if err := training.open(&about.Data); err != nil {
				return err
			}
			f, err := t.runFolder(folder, about)
			if err != nil {
				return err
			}
			defer f.abandon()
			table := &tableRun{rows: rows, seeds: seeds, training: training, images: sets}
			if err := table.run(ctx, t, f); err != nil {
				return err
			}
			if err := table.writeFiles(f); err != nil {
				return err
			}
			if err := f.finish(); err != nil {
				return err
			}
			return t.result(table.result(f.name), func() {
				table.write(t)
				fmt.Fprintf(t.out, "\nThe table is in %s: results.csv, accuracy.png, models/.\n", f.name)
			})
		}
	},
}

// A tableRow is a row of the table: a network and how it is trained.
type tableRow struct {
	name        string
	spec        modelSpec
	repetitions int
}

func parseRows(names []string) ([]tableRow, error) {
	var rows []tableRow
	for _, name := range names {
		base, times, repeated := strings.Cut(name, "*")
		spec, err := parseModel(base)
		if err != nil {
			return nil, err
		}
		r := tableRow{spec.Name, spec, 1}
		if repeated {
			if r.repetitions, err = strconv.Atoi(times); err != nil || r.repetitions < 1 {
				return nil, misused("row %q: expected a positive whole number of repetitions, as in lc*4", name)
			}
			r.name += "*" + strconv.Itoa(r.repetitions)
		}
		if slices.ContainsFunc(rows, func(o tableRow) bool { return o.name == r.name }) {
			return nil, misused("row %s is there twice", r.name)
		}
		rows = append(rows, r)
	}
	if rows == nil {
		return nil, misused("--rows is empty: expected some of conv, lc, lc*R, lc+sleep@N")
	}
	return rows, nil
}

// A tableRun trains the rows of the table.
type tableRun struct {
	rows     []tableRow
	seeds    int
	training trainingFlags
	images   imageSets
	results  [][]networkResult // rows × seeds
}

func (r *tableRun) run(ctx context.Context, t *terminal, f *runFolder) error {
	r.results = make([][]networkResult, len(r.rows))
	for seed := range r.seeds { // a whole table for each seed: an early look has all rows
		for i, row := range r.rows {
			training := r.training
			training.seed += uint64(seed)
			training.slept.Seed = training.seed
			training.repetitions = row.repetitions
			tr, err := newTrainer(training, r.images)
			if err != nil {
				return err
			}
			spec := row.spec
			spec.Name = fmt.Sprintf("%s, seed %d", row.name, training.seed)
			_, result, err := tr.run(ctx, t, f.path("models", fmt.Sprintf("%s-seed%d", fileName(row.name), training.seed)), spec)
			if err != nil {
				return err
			}
			r.results[i] = append(r.results[i], result)
		}
	}
	return nil
}

// write prints the table: means over seeds, with the range.
func (r *tableRun) write(t *terminal) {
	rows := table{header: []string{"network", "parameters", "updates", "test accuracy", "range", "train accuracy", "sharing SNR"}, left: 1}
	for i, row := range r.rows {
		var test, train, snr []float64
		for _, n := range r.results[i] {
			last := n.epochs[len(n.epochs)-1]
			test, train, snr = append(test, last.Test.Accuracy), append(train, last.Train.Accuracy), append(snr, float64(n.SharingSNR))
		}
		spread := "–"
		if r.seeds > 1 {
			spread = fmt.Sprintf("%.1f", 100*(slices.Max(test)-slices.Min(test)))
		}
		first := r.results[i][0]
		rows.add(row.name, thousands(first.Parameters), thousands(first.Updates), percent(figure(meanOf(test))), spread, percent(figure(meanOf(train))), ratio(figure(meanOf(snr))))
	}
	rows.write(t.out)
	fmt.Fprintf(t.out, "accuracies: %s; range: greatest − least. train accuracy: while the weights changed, on translated images.\nsharing SNR: median over layers, at the end.\n", r.words())
}

// A tableJSON is the table as scripts read it.
type tableJSON struct {
	Run  string         `json:"run"`
	Rows []tableRowJSON `json:"rows"`
}

type tableRowJSON struct {
	Network     string          `json:"network"`
	Repetitions int             `json:"repetitions"`
	SleepEvery  int             `json:"sleep_every"`
	Parameters  int             `json:"n_parameters"`
	Updates     int             `json:"updates"`
	Seeds       []tableSeedJSON `json:"seeds"`
}

// A tableSeedJSON is a network of a row, after its last epoch.
type tableSeedJSON struct {
	Seed          uint64 `json:"seed"`
	TestAccuracy  figure `json:"test_accuracy"`
	TestTop5      figure `json:"test_top5"`
	TestLoss      figure `json:"test_loss"`
	TrainAccuracy figure `json:"train_accuracy"`
	TrainLoss     figure `json:"train_loss"`
	SharingSNR    figure `json:"sharing_snr"`
}

func (r *tableRun) result(folder string) tableJSON {
	j := tableJSON{Run: folder}
	for i, row := range r.rows {
		first := r.results[i][0]
		of := tableRowJSON{Network: row.name, Repetitions: row.repetitions, SleepEvery: row.spec.SleepEvery, Parameters: first.Parameters, Updates: first.Updates}
		for s, n := range r.results[i] {
			e := n.epochs[len(n.epochs)-1]
			of.Seeds = append(of.Seeds, tableSeedJSON{r.training.seed + uint64(s), figure(e.Test.Accuracy), figure(e.Test.Top5), figure(e.Test.Loss),
				figure(e.Train.Accuracy), figure(e.Train.Loss), n.SharingSNR})
		}
		j.Rows = append(j.Rows, of)
	}
	return j
}

// words says what the figures are of.
func (r *tableRun) words() string {
	if r.seeds == 1 {
		return fmt.Sprintf("one seed (%d)", r.training.seed)
	}
	return fmt.Sprintf("mean of %d seeds", r.seeds)
}

// writeFiles writes results.csv and the curves of the test accuracy.
func (r *tableRun) writeFiles(f *runFolder) error {
	header := []string{"network", "repetitions", "sleep_every", "seed", "epochs", "updates", "parameters", "test_accuracy", "test_top5", "test_loss", "train_accuracy", "train_loss", "sharing_snr"}
	var rows [][]string
	p := newPlot("accuracy on test images, "+r.words(), "epoch", "%")
	for i, row := range r.rows {
		for s, n := range r.results[i] {
			e := n.epochs[len(n.epochs)-1]
			cells := []string{row.name, strconv.Itoa(row.repetitions), strconv.Itoa(row.spec.SleepEvery), strconv.FormatUint(r.training.seed+uint64(s), 10), strconv.Itoa(e.Epoch), strconv.Itoa(n.Updates), strconv.Itoa(n.Parameters)}
			for _, v := range []float64{e.Test.Accuracy, e.Test.Top5, e.Test.Loss, e.Train.Accuracy, e.Train.Loss} {
				cells = append(cells, exact(v))
			}
			rows = append(rows, append(cells, n.SharingSNR.csv()))
		}
		xs, mean, low, high := curves(r.results[i], func(e network.Epoch) float64 { return 100 * e.Test.Accuracy })
		if err := addBand(p, colourAt(i), xs, low, high); err != nil {
			return err
		}
		if err := addLine(p, row.name, colourAt(i), xs, mean); err != nil {
			return err
		}
	}
	p.Legend.Left, p.Legend.Top = true, true
	roomAbove(p, .4)
	if err := f.writeCSV(header, rows, "results.csv"); err != nil {
		return err
	}
	return (&figurePage{rows: [][]*plot.Plot{{p}}}).write(f, "accuracy")
}

// curves are a quantity of every epoch: mean, least and greatest over trainings.
func curves(results []networkResult, of func(network.Epoch) float64) (xs, mean, low, high []float64) {
	for i := range results[0].epochs {
		sum, least, most := 0., math.Inf(1), math.Inf(-1)
		for _, r := range results {
			v := of(r.epochs[i])
			sum, least, most = sum+v, min(least, v), max(most, v)
		}
		xs = append(xs, float64(i+1))
		mean, low, high = append(mean, sum/float64(len(results))), append(low, least), append(high, most)
	}
	return xs, mean, low, high
}
