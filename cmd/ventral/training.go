package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ventral/network"
	"ventral/stimuli"
)

// trainingFlags are the flags of the verbs that train networks.
type trainingFlags struct {
	arch, layout           string
	width                  int
	keepConv               int
	eps                    float64
	epochs                 int
	batch                  int
	repetitions            int
	optimizer              string
	learningRate, momentum float64
	weightDecay            float64
	preparation            preparation
	sleepRunsOn            bool
	sleepBeforeTest        bool
	sleepRecords           int
	sleep                  sleepFlags
	slept                  network.Sleep // what sleep asks for; see open
	seed                   uint64

	trainingSteps // of ventral train
}

// trainingSteps are what only one network's training can be asked for.
type trainingSteps struct {
	init       string
	validation float64
	iterations int
	keepOrder  bool
	saveEvery  int
}

func (f *trainingFlags) add(flags *pflag.FlagSet, epochs int) {
	flags.StringVar(&f.arch, "arch", "small", "architecture: "+strings.Join(network.Architectures(), ", "))
	oneOf(flags, "arch", network.Architectures()...)
	flags.StringVar(&f.layout, "layout", "", "file with an architecture of your own, in place of --arch (ventral train --help tells the language)")
	flags.IntVar(&f.width, "width", 0, "channels of the first layer (0: 16, and 64 for resnet18)")
	flags.IntVar(&f.keepConv, "keep-conv", 0, "the first so many filter layers of locally connected networks stay convolutional")
	flags.Float64Var(&f.eps, "eps", -1, "locally connected filters start as one shared filter plus so much noise of their own (below 0: independent)")
	flags.IntVar(&f.epochs, "epochs", epochs, "times that training goes through the images")
	heading(flags, "epochs", "Training")
	flags.IntVar(&f.batch, "batch", 128, "images per update")
	flags.IntVar(&f.repetitions, "repetitions", 1, "independent translations or crops of each image in a batch")
	flags.StringVar(&f.optimizer, "optimizer", network.AdamW, "adamw, adam or sgd")
	oneOf(flags, "optimizer", network.AdamW, network.Adam, network.SGD)
	flags.Float64Var(&f.learningRate, "lr", 0, "learning rate, ×0.25 at 1/2 and 3/4 of the epochs (0: 0.01 for conv, 0.001 for lc; 10 times that for sgd)")
	flags.Float64Var(&f.momentum, "momentum", 0.9, "momentum of sgd")
	flags.Float64Var(&f.weightDecay, "weight-decay", 0.01, "weight decay (decoupled in adamw)")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of weights, order, augmentation and splits: same seed, same bits")
	f.preparation.add(flags)
	f.sleep.add(flags, "sleep-")
	heading(flags, "sleep-method", "Sleep")
	flags.BoolVar(&f.sleepRunsOn, "sleep-runs-on", false, "count the iterations between sleeps over epochs, instead of anew in each")
	flags.BoolVar(&f.sleepBeforeTest, "sleep-before-eval", false, "networks that sleep also sleep at the end of each epoch, before they are tested")
	flags.IntVar(&f.sleepRecords, "sleep-records", 0, "record the SNR, drift and mean filter on the way through every so-manieth sleep in sleep.csv, and filters before and after it in filters.npz (0: some 20 sleeps, evenly; below 0: none)")
}

// open reads what the flags name, and says in data what it was.
func (f *trainingFlags) open(data *[]datum) error {
	f.sleep.seed = f.seed
	var err error
	f.slept, err = f.sleep.sleep(data)
	return err
}

// check returns a usage error for a value that makes no training.
func (f *trainingFlags) check() error {
	switch {
	case f.width < 0:
		return misused("--width is %d, expected at least 1 (0: the architecture's)", f.width)
	case f.epochs < 1:
		return misused("--epochs is %d, expected at least 1", f.epochs)
	case f.batch < 2:
		return misused("--batch is %d, expected at least 2", f.batch)
	case f.repetitions < 1 || f.batch%f.repetitions != 0:
		return misused("--repetitions is %d, expected a divisor of the batch of %d", f.repetitions, f.batch)
	case !(f.learningRate >= 0) || math.IsInf(f.learningRate, 1):
		return misused("--lr is %g, expected a positive number (0: the architecture's)", f.learningRate)
	case !(f.momentum >= 0 && f.momentum < 1):
		return misused("--momentum is %g, expected from 0 to below 1", f.momentum)
	case !(f.weightDecay >= 0) || math.IsInf(f.weightDecay, 1):
		return misused("--weight-decay is %g, expected 0 or more", f.weightDecay)
	case math.IsNaN(f.eps) || math.IsInf(f.eps, 0):
		return misused("--eps is %g, expected a number", f.eps)
	case f.keepConv < 0:
		return misused("--keep-conv is %d, expected 0 or more", f.keepConv)
	case f.seed >= math.MaxUint32:
		return misused("--seed is %d, expected less than %d", f.seed, uint32(math.MaxUint32))
	case !(f.validation >= 0 && f.validation < 1):
		return misused("--validation is %g, expected a fraction from 0 to below 1", f.validation)
	case f.iterations < 0 || f.saveEvery < 0:
		return misused("--iterations %d --save-every %d: expected 0 or more", f.iterations, f.saveEvery)
	}
	if f.layout != "" && f.preparation.given("arch") {
		return misused("--arch %s and --layout %s exclude each other", f.arch, f.layout)
	}
	if err := f.preparation.check(); err != nil {
		return err
	}
	return f.sleep.check()
}

// training returns the settings for a network.
func (f *trainingFlags) training(spec modelSpec) network.Training {
	none := func(v float64) float64 { // 0 is the package's default
		if v == 0 {
			return -1
		}
		return v
	}
	return network.Training{
		Epochs: f.epochs, BatchSize: f.batch, Repetitions: f.repetitions,
		Optimizer: f.optimizer, LearningRate: f.learningRate, Momentum: none(f.momentum), WeightDecay: none(f.weightDecay),
		Iterations: f.iterations, KeepOrder: f.keepOrder,
		SleepEvery: spec.SleepEvery, SleepRunsOn: f.sleepRunsOn, SleepBeforeTest: f.sleepBeforeTest && spec.SleepEvery > 0, Sleep: f.slept,
		Seed: f.seed,
	}
}

// A modelFile is model.json: what is needed, beside weights.npz, to show a
// trained network new images.
type modelFile struct {
	modelSpec
	Architecture network.Architecture `json:"architecture"`
	Classes      []string             `json:"classes"`
	Mean         []float32            `json:"mean"` // per channel, of pixels in [0, 1]
	Std          []float32            `json:"std"`
	Preparation  preparation          `json:"preparation"`
	Prepared     bool                 `json:"prepared,omitempty"` // trained on numbers that were shown as they are
	Training     network.Training     `json:"training"`
}

// A trainer trains networks on one image set.
type trainer struct {
	trainingFlags
	images                  imageSets
	train, validation, test stimuli.Set // validation and test may be nil
	mean, std               []float32
}

// validationStream keeps the choice of validation images apart from the other
// uses of a seed.
const validationStream = 1 << 62

func newTrainer(f trainingFlags, images imageSets) (*trainer, error) {
	t := &trainer{trainingFlags: f, images: images, train: images.train, test: images.test}
	var part []int // of images.train, that is trained on
	if f.validation > 0 {
		n := images.train.Len()
		held := int(math.Round(f.validation * float64(n)))
		if held < 1 || held > n-2 {
			return nil, misused("--validation %g leaves %d of %d images to train on and %d to validate on", f.validation, n-held, n, held)
		}
		order := rand.New(rand.NewPCG(f.seed, validationStream)).Perm(n)
		part = order[held:]
		t.validation, t.train = stimuli.Subset(images.train, order[:held]), stimuli.Subset(images.train, part)
	}
	if images.prepared {
		channels, _, _ := images.train.Shape()
		t.mean, t.std = make([]float32, channels), make([]float32, channels)
		for c := range t.std {
			t.std[c] = 1
		}
		return t, nil
	}
	var err error
	t.mean, t.std, err = momentsOf(images.train, part, f.preparation, momentsFolder())
	return t, err
}

// prepared is a set as the networks see it, normalised by the training images.
func (tr *trainer) prepared(s stimuli.Set) *stimuli.Prepared {
	return &stimuli.Prepared{Set: s, Mean: tr.mean, Std: tr.std, Variation: tr.preparation.variation(), Flip: tr.preparation.Flip, Seed: tr.seed}
}

// data are the images of a training.
func (tr *trainer) data() network.Data {
	source := func(s stimuli.Set) network.Source {
		if s == nil {
			return nil
		}
		return tr.prepared(s)
	}
	data := network.Data{Train: source(tr.train), Validation: source(tr.validation), Test: source(tr.test)}
	if tr.sleep.replays() {
		data.Replay = source(tr.train)
		if tr.sleep.stimuli == "waves" {
			channels, height, width := tr.train.Shape()
			data.Replay = newRetinalWaves(network.Shape{Channels: channels, Height: height, Width: width}, 128, tr.seed)
		}
	}
	return data
}

// run trains the network that spec names and writes it to the folder dir (see
// training, below). Where dir holds the whole training already, it is read
// instead; where it holds a part, training goes on from there.
func (tr *trainer) run(ctx context.Context, t *terminal, dir string, spec modelSpec) (*network.Model, networkResult, error) {
	r := networkResult{modelSpec: spec}
	a, err := tr.architecture(tr.images, spec)
	if err != nil {
		return nil, r, err
	}
	model, err := network.New(a, tr.seed)
	if err != nil {
		return nil, r, err
	}
	r.Parameters = model.NumParameters()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, r, err
	}
	run := &trainingRun{trainer: tr, t: t, dir: dir, spec: spec, settings: tr.training(spec), model: model, filters: model.FilterNames()}
	done, err := run.resume()
	if err != nil {
		return nil, r, err
	}
	if !done {
		if err := run.run(ctx); err != nil {
			return nil, r, tr.sleep.advise(err)
		}
	}
	r.finish(run.epochs)
	if !done {
		t.say("%s: %s parameters, %s updates, test accuracy %s, sharing SNR %s", spec.Name, thousands(r.Parameters), thousands(r.Updates), percent(r.TestAccuracy), ratio(r.SharingSNR))
	}
	return model, r, nil
}

// finish takes the figures of the last epoch.
func (r *networkResult) finish(epochs []network.Epoch) {
	last := epochs[len(epochs)-1]
	r.epochs = epochs
	r.Updates, r.TestAccuracy, r.SharingSNR = last.Updates, figure(last.Test.Accuracy), figure(median(last.SNR))
	for _, e := range epochs { // as trainingRun.epoch keeps the best: the first of equals
		if v := figure(e.Validation.Accuracy); !math.IsNaN(float64(v)) && (r.ValidationAccuracy == nil || v > *r.ValidationAccuracy) {
			r.ValidationAccuracy, r.BestEpoch = &v, e.Epoch
		}
	}
}

// weightsFile is the path of weights.npz, where --weights may name its folder.
func weightsFile(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, weightsName)
	}
	return path
}

// openModel reads a trained network: weights is the path of weights.npz, or of its
// folder, with model.json beside it.
func openModel(weights string) (*network.Model, modelFile, error) {
	var m modelFile
	weights = weightsFile(weights)
	about := filepath.Join(filepath.Dir(weights), modelName)
	text, err := os.ReadFile(about)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, m, noModel(weights)
	case err != nil:
		return nil, m, fmt.Errorf("%s says what network %s belongs to, and cannot be read: %w", modelName, weights, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, m, fmt.Errorf("%s: %w", about, err)
	}
	if c := m.Architecture.Input.Channels; len(m.Mean) != c || len(m.Std) != c {
		return nil, m, fmt.Errorf("%s: mean and std have %d and %d values, expected %d, one per channel", about, len(m.Mean), len(m.Std), c)
	}
	size, err := m.Architecture.Size()
	if err != nil {
		return nil, m, fmt.Errorf("%s: %w", about, err)
	}
	if err := fits(4*(size.Filters+size.Largest), "the weights of "+weights, "use a machine with more"); err != nil {
		return nil, m, err
	}
	model, err := network.New(m.Architecture, 0)
	if err != nil {
		return nil, m, fmt.Errorf("%s: %w", about, err)
	}
	return model, m, model.Load(weights)
}

// noModel says why there is no model.json beside weights.
func noModel(weights string) error {
	if _, err := os.Stat(weights); err == nil {
		return fmt.Errorf("%s: there is no %s beside it, which says what network the weights belong to: ventral train and sleep write both into one folder, and they stay together", weights, modelName)
	}
	for dir := filepath.Dir(weights); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir + ".partial"); err == nil {
			return fmt.Errorf("%s is not there, as the run in %s.partial is not complete: the command that began it goes on with it", weights, dir)
		}
	}
	return fmt.Errorf("%s: there is no such file: expected the %s of a trained network, with %s beside it, or their folder", weights, weightsName, modelName)
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
