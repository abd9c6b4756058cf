package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ventral/network"
)

// The files of a training:
//
//	model.json      what is needed, beside the weights, to show the network images
//	weights.npz     the weights after the last complete epoch
//	best.npz        those with the best validation accuracy, where there is one
//	training.csv    a row per epoch
//	state.npz       while it is under way: weights, moments and progress
//	sleep.csv       of networks that sleep: the sharing SNR on the way through sleeps
//	filters.npz     filters of neighbouring positions, at the end and around a sleep
//	timing.csv      seconds and images per second of every epoch
//	steps/          with --save-every: weights and gradients of single updates
const (
	weightsName  = "weights.npz"
	bestName     = "best.npz"
	modelName    = "model.json"
	trainingName = "training.csv"
	stateName    = "state.npz"
	sleepName    = "sleep.csv"
	filtersName  = "filters.npz"
	timingName   = "timing.csv"
)

// A killed training loses at most the work since its state was saved: this long,
// and what saving takes, or so many times what saving takes where that is longer.
var ( // tests shorten them
	stateInterval               = time.Minute
	stateShare    time.Duration = 30
)

// A trainingRun is the training of one network in its folder.
type trainingRun struct {
	*trainer
	t        *terminal
	dir      string
	spec     modelSpec
	settings network.Training
	model    *network.Model
	filters  []string // names of the filter layers

	from   network.State
	last   network.State // in which the training ended
	epochs []network.Epoch
	saved  time.Time
	begun  time.Time     // the epoch, in this process
	cost   time.Duration // of the last saving
	seen   int           // images when it began
	shown  int           // images so far
	made   int           // updates of the epoch in this process
	bar    *bar
	every  int         // sleeps between those that are recorded; 0: none is
	around filterPatch // what filters.npz is to hold
}

func (r *trainingRun) path(name string) string { return filepath.Join(r.dir, name) }

// resume takes up what the folder holds; done says that it is all.
func (r *trainingRun) resume() (done bool, err error) {
	if r.epochs, err = readTraining(r.path(trainingName)); err != nil {
		return false, err
	}
	_, err = os.Stat(r.path(stateName))
	switch {
	case err == nil:
		if r.from, err = r.model.LoadState(r.path(stateName), r.settings.Optimizer); err != nil {
			return false, fmt.Errorf("%w: remove the file to train anew", err)
		}
		if len(r.epochs) < r.from.Epoch {
			return false, fmt.Errorf("%s is in epoch %d, and %s has %d: remove both to train anew", r.path(stateName), r.from.Epoch+1, r.path(trainingName), len(r.epochs))
		}
		r.epochs = r.epochs[:r.from.Epoch]
		r.t.say("%s: going on from update %d", r.spec.Name, r.from.Updates)
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	case r.ended():
		r.t.say("%s: trained already, read from %s", r.spec.Name, r.path(weightsName))
		return true, r.model.Load(r.path(weightsName))
	}
	r.epochs = nil
	if r.init == "" {
		return false, nil
	}
	return false, r.model.Load(r.init)
}

// ended reports whether the epochs are all that were asked for.
func (r *trainingRun) ended() bool {
	if len(r.epochs) == 0 {
		return false
	}
	last := r.epochs[len(r.epochs)-1]
	return last.Epoch == r.settings.Epochs || r.settings.Iterations > 0 && last.Updates >= r.settings.Iterations
}

// run trains, and saves as it goes.
func (r *trainingRun) run(ctx context.Context) error {
	about, err := marshal(modelFile{r.spec, r.model.Architecture(), r.train.Classes(), r.mean, r.std, r.preparation, r.images.prepared, r.settings})
	if err != nil {
		return err
	}
	if err := writeFile(r.path(modelName), about); err != nil {
		return err
	}
	bytes, err := r.settings.EstimateBytes(r.model.Architecture())
	if err != nil {
		return err
	}
	r.t.say("%s: %s parameters, images of %v; training takes about %s of memory", r.spec.Name, thousands(r.model.NumParameters()), r.model.Architecture().Input, gigabytes(bytes+r.images.bytes()+programBytes))
	if batch, n := r.settings.BatchSize/r.settings.Repetitions, r.train.Len(); batch > n {
		r.t.say("note: a batch of %d images is more than there are, %d: there is one update an epoch", batch, n)
	}
	if err := cutRows(r.path(timingName), []string{"epoch", "updates", "seconds", "images_per_second"}, r.from.Epoch+1); err != nil {
		return err
	}
	r.saved, r.begun, r.seen = time.Now(), time.Now(), r.from.Epoch*r.train.Len()*r.repetitions+r.from.Seen()
	total := r.settings.Epochs * r.train.Len() * r.repetitions
	if n := r.settings.Iterations; n > 0 {
		total = min(total, n*r.settings.BatchSize)
	}
	r.bar = r.t.bar(r.spec.Name, total, "images")
	r.bar.from(r.seen)
	hooks := network.Hooks{Update: r.update, Epoch: r.epoch}
	if r.every = r.recordedSleeps(); r.every > 0 {
		hooks.Sleep = r.sleep
		if err := cutRows(r.path(sleepName), sleepHeader, r.from.Sleeps); err != nil {
			return err
		}
		if r.from.Sleeps > 0 { // of the process before this one
			if r.around, err = readFilters(r.path(filtersName), r.filters); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	r.last, err = r.settings.Run(ctx, r.model, r.data(), r.from, hooks)
	r.bar.done()
	if err == nil {
		return r.complete()
	}
	if !errors.Is(err, context.Canceled) {
		kept := ""
		if _, statErr := os.Stat(r.path(weightsName)); statErr == nil {
			kept = "; the weights that were saved last are in " + r.path(weightsName)
		}
		return fmt.Errorf("training %s: %w%s", r.spec.Name, err, kept)
	}
	if r.last.Updates == 0 {
		return fmt.Errorf("training of %s stopped before its first update: %w", r.spec.Name, err)
	}
	r.t.say("%s: interrupted after update %d: saving where it is", r.spec.Name, r.last.Updates)
	if saveErr := r.model.SaveState(r.path(stateName), r.last); saveErr != nil {
		return errors.Join(err, saveErr)
	}
	return fmt.Errorf("training of %s stopped in epoch %d of %d, after update %d, and goes on from %s: %w", r.spec.Name, r.last.Epoch+1, r.settings.Epochs, r.last.Updates, r.path(stateName), err)
}

// update follows every update.
func (r *trainingRun) update(p network.Progress, s network.State) error {
	r.shown = p.Images
	r.made++
	r.bar.at(p.Images, fmt.Sprintf("%s epoch %d/%d loss %.3f", r.spec.Name, p.Epoch, p.Epochs, p.Loss))
	if r.saveEvery > 0 && s.Updates%r.saveEvery == 0 {
		if err := r.saveStep(p, s); err != nil {
			return err
		}
	}
	if afterUpdate != nil {
		afterUpdate()
	}
	return r.saveState(s)
}

// afterUpdate is for tests that stop a training at a certain update.
var afterUpdate func()

// saveState saves the state if enough work was done since it was saved.
func (r *trainingRun) saveState(s network.State) error {
	if time.Since(r.saved) < max(stateInterval, stateShare*r.cost) {
		return nil
	}
	begun := time.Now()
	err := r.model.SaveState(r.path(stateName), s)
	r.saved = time.Now()
	r.cost = r.saved.Sub(begun)
	return err
}

// saveStep writes steps/N/weights.npz and gradients.npz for update N.
func (r *trainingRun) saveStep(p network.Progress, s network.State) error {
	dir := filepath.Join(r.dir, "steps", strconv.Itoa(s.Updates))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := r.model.Save(filepath.Join(dir, weightsName)); err != nil {
		return err
	}
	if err := r.model.SaveGradients(filepath.Join(dir, "gradients.npz")); err != nil {
		return err
	}
	return writeCSV(filepath.Join(dir, "step.csv"), []string{"update", "loss"}, [][]string{{strconv.Itoa(s.Updates), exact(p.Loss)}})
}

// epoch follows every epoch.
func (r *trainingRun) epoch(e network.Epoch, s network.State) error {
	best := math.Inf(-1)
	for _, before := range r.epochs {
		best = max(best, before.Validation.Accuracy)
	}
	r.epochs = append(r.epochs, e)
	if !r.t.interactive {
		held := ""
		if r.validation != nil {
			held = ", validation accuracy " + percent(figure(e.Validation.Accuracy))
		}
		r.t.say("%s: epoch %d/%d, %d updates, loss %.3f%s, test accuracy %s", r.spec.Name, e.Epoch, r.settings.Epochs, e.Updates, e.Train.Loss, held, percent(figure(e.Test.Accuracy)))
	}
	if e.Validation.Accuracy > best {
		if err := r.model.Save(r.path(bestName)); err != nil {
			return err
		}
	}
	if err := r.model.Save(r.path(weightsName)); err != nil {
		return err
	}
	if err := writeTraining(r.path(trainingName), r.filters, r.epochs); err != nil {
		return err
	}
	if err := r.clock(e); err != nil {
		return err
	}
	if s.Epoch == r.settings.Epochs {
		return nil
	}
	return r.saveState(s) // an older state would make the epoch again, to the same end
}

// clock adds a row to timing.csv: how long the epoch took, its evaluation
// included, and the images shown per second. Of an epoch that was interrupted it
// counts what this process did.
func (r *trainingRun) clock(e network.Epoch) error {
	seconds := time.Since(r.begun).Seconds()
	rate := float64(r.shown-r.seen) / seconds
	row := []string{strconv.Itoa(e.Epoch), strconv.Itoa(r.made), strconv.FormatFloat(seconds, 'f', 2, 64), strconv.FormatFloat(rate, 'f', 1, 64)}
	r.begun, r.seen, r.made = time.Now(), r.shown, 0
	return appendRow(r.path(timingName), row...)
}

// cutRows begins a table, or keeps those of its rows whose first number is below
// the given one: the others are made again. The last row of a killed run may be
// cut, and is left out.
func cutRows(path string, header []string, below int) error {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1
	all, _ := reader.ReadAll()
	var rows [][]string
	for _, row := range all[min(1, len(all)):] {
		if n, err := strconv.Atoi(row[0]); err == nil && n < below && len(row) == len(header) {
			rows = append(rows, row)
		}
	}
	return writeCSV(path, header, rows)
}

// appendRow adds a row to a table on disk.
func appendRow(path string, cells ...string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	w.Write(cells) // w keeps the first error
	w.Flush()
	return errors.Join(w.Error(), f.Close())
}

// complete ends a training: its weights stay, the state is no longer needed.
func (r *trainingRun) complete() error {
	if !r.ended() {
		return fmt.Errorf("the training of %s ended after update %d, which %s does not have", r.spec.Name, r.last.Updates, r.path(trainingName))
	}
	if err := r.saveFilters(); err != nil {
		return err
	}
	err := os.Remove(r.path(stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

var evaluations = []struct {
	name string
	of   func(*network.Epoch) *network.Evaluation
}{
	{"train", func(e *network.Epoch) *network.Evaluation { return &e.Train }},
	{"validation", func(e *network.Epoch) *network.Evaluation { return &e.Validation }},
	{"test", func(e *network.Epoch) *network.Evaluation { return &e.Test }},
}

// trainingColumns is how many columns come before the SNRs.
const trainingColumns = 3 + 3*3

// writeTraining writes training.csv: a row per epoch, with loss, accuracy and
// top-5 accuracy on the training images (while the weights changed), the
// validation and the test images, and the sharing SNR of every filter layer in
// columns snr_LAYER. What was not measured is empty.
func writeTraining(path string, layers []string, epochs []network.Epoch) error {
	header := []string{"epoch", "updates", "learning_rate"}
	for _, e := range evaluations {
		header = append(header, e.name+"_loss", e.name+"_accuracy", e.name+"_top5")
	}
	for _, l := range layers {
		header = append(header, "snr_"+l)
	}
	var rows [][]string
	for _, e := range epochs {
		row := []string{strconv.Itoa(e.Epoch), strconv.Itoa(e.Updates), exact(e.LearningRate)}
		for _, part := range evaluations {
			v := part.of(&e)
			for _, x := range []float64{v.Loss, v.Accuracy, v.Top5} {
				if math.IsNaN(x) {
					row = append(row, "")
				} else {
					row = append(row, exact(x))
				}
			}
		}
		for _, x := range e.SNR {
			row = append(row, figure(x).csv())
		}
		rows = append(rows, row)
	}
	return writeCSV(path, header, rows)
}

// readTraining reads what writeTraining wrote; nothing, if there is no file.
func readTraining(path string) ([]network.Epoch, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var epochs []network.Epoch
	for i, row := range rows[min(1, len(rows)):] {
		values := make([]float64, len(row))
		for j, cell := range row {
			if cell == "" {
				values[j] = math.NaN()
			} else if values[j], err = strconv.ParseFloat(cell, 64); err != nil {
				return nil, fmt.Errorf("%s: row %d: %w", path, i+2, err)
			}
		}
		if len(values) < trainingColumns {
			return nil, fmt.Errorf("%s: row %d has %d columns, expected %d or more", path, i+2, len(values), trainingColumns)
		}
		e := network.Epoch{Epoch: int(values[0]), Updates: int(values[1]), LearningRate: values[2], SNR: values[trainingColumns:]}
		for j, part := range evaluations {
			v := values[3+3*j:]
			*part.of(&e) = network.Evaluation{Loss: v[0], Accuracy: v[1], Top5: v[2]}
		}
		epochs = append(epochs, e)
	}
	return epochs, nil
}
