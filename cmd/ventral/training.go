package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"

	"ventral/network"
	"ventral/stimuli"
)

// trainingFlags are the flags of the verbs that train networks.
type trainingFlags struct {
	arch         string
	width        int
	epochs       int
	batch        int
	repetitions  int
	learningRate float64
	weightDecay  float64
	pad          int
	seed         uint64
}

func (f *trainingFlags) add(flags *pflag.FlagSet, epochs int) {
	flags.StringVar(&f.arch, "arch", "small", "architecture: small (four filter layers) or resnet20")
	flags.IntVar(&f.width, "width", 16, "channels of the first layer")
	flags.IntVar(&f.epochs, "epochs", epochs, "times that training goes through the images")
	flags.IntVar(&f.batch, "batch", 128, "images per update")
	flags.IntVar(&f.repetitions, "repetitions", 1, "independent translations of each image in a batch")
	flags.Float64Var(&f.learningRate, "lr", 0, "learning rate of AdamW, ×0.25 at 1/2 and 3/4 of the epochs (0: 0.01 for conv, 0.001 for lc)")
	flags.Float64Var(&f.weightDecay, "weight-decay", 0.01, "decoupled weight decay of AdamW")
	flags.IntVar(&f.pad, "pad", 4, "translations: random crop after padding by this many pixels with the mean (0: none)")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of weights, order, translations and splits: same seed, same bits")
}

// check returns a usage error for a value that makes no training.
func (f *trainingFlags) check() error {
	switch {
	case f.width < 1:
		return misused("--width is %d, expected at least 1", f.width)
	case f.epochs < 1:
		return misused("--epochs is %d, expected at least 1", f.epochs)
	case f.batch < 2:
		return misused("--batch is %d, expected at least 2", f.batch)
	case f.repetitions < 1 || f.batch%f.repetitions != 0:
		return misused("--repetitions is %d, expected a divisor of the batch of %d", f.repetitions, f.batch)
	case !(f.learningRate >= 0) || math.IsInf(f.learningRate, 1):
		return misused("--lr is %g, expected a positive number (0: the architecture's)", f.learningRate)
	case !(f.weightDecay >= 0) || math.IsInf(f.weightDecay, 1):
		return misused("--weight-decay is %g, expected 0 or more", f.weightDecay)
	case f.seed >= math.MaxUint32:
		return misused("--seed is %d, expected less than %d", f.seed, uint32(math.MaxUint32))
	case f.pad < 0:
		return misused("--pad is %d, expected 0 or more", f.pad)
	}
	return nil
}

// training returns the settings for a network.
func (f *trainingFlags) training(spec modelSpec) network.Training {
	decay := f.weightDecay
	if decay == 0 {
		decay = -1 // none; 0 is the package's default
	}
	return network.Training{
		Epochs: f.epochs, BatchSize: f.batch, Repetitions: f.repetitions,
		LearningRate: f.learningRate, WeightDecay: decay,
		SleepEvery: spec.SleepEvery, Seed: f.seed,
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
	Pad          int                  `json:"pad"`
	Training     network.Training     `json:"training"`
}

// The files of a trained network.
const (
	weightsName  = "weights.npz"
	modelName    = "model.json"
	trainingName = "training.csv"
)

// A trainer trains networks on one image set.
type trainer struct {
	trainingFlags
	images      imageSets
	train, test stimuli.Set
	mean, std   []float32
}

func newTrainer(f trainingFlags, images imageSets) (*trainer, error) {
	t := &trainer{trainingFlags: f, images: images, train: images.train, test: images.test}
	var err error
	t.mean, t.std, err = stimuli.Moments(images.train)
	return t, err
}

// prepared is a set as the networks see it, normalised by the training images.
func (tr *trainer) prepared(s stimuli.Set) *stimuli.Prepared {
	return &stimuli.Prepared{Set: s, Mean: tr.mean, Std: tr.std, Pad: tr.pad, Seed: tr.seed}
}

// run trains the network that spec names and writes it to the folder dir:
// model.json, and after every epoch weights.npz and training.csv. Where dir
// holds the whole training already, it is read instead.
func (tr *trainer) run(ctx context.Context, t *terminal, dir string, spec modelSpec) (*network.Model, networkResult, error) {
	r := networkResult{modelSpec: spec}
	model, err := network.New(tr.architecture(tr.images, spec), tr.seed)
	if err != nil {
		return nil, r, err
	}
	r.Parameters, r.filterRow = model.NumParameters(), model.FilterNames()
	settings := tr.training(spec)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, r, err
	}
	weights, history := filepath.Join(dir, weightsName), filepath.Join(dir, trainingName)

	epochs, err := readTraining(history)
	if err != nil {
		return nil, r, err
	}
	if len(epochs) == tr.epochs {
		t.say("%s: trained already, read from %s", spec.Name, weights)
		if err := model.Load(weights); err != nil {
			return nil, r, err
		}
		r.finish(epochs)
		return model, r, nil
	}
	about, err := marshal(modelFile{spec, model.Architecture(), tr.train.Classes(), tr.mean, tr.std, tr.pad, settings})
	if err != nil {
		return nil, r, err
	}
	if err := writeFile(filepath.Join(dir, modelName), about); err != nil {
		return nil, r, err
	}

	total := tr.epochs * tr.train.Len() * tr.repetitions
	b := t.bar(spec.Name, total, "images")
	epochs = nil
	err = settings.Run(ctx, model, tr.prepared(tr.train), tr.prepared(tr.test),
		func(p network.Progress) {
			b.at(p.Images, fmt.Sprintf("%s epoch %d/%d loss %.3f", spec.Name, p.Epoch, p.Epochs, p.Loss))
		},
		func(e network.Epoch) error {
			epochs = append(epochs, e)
			if !t.interactive {
				t.say("%s: epoch %d/%d, %d updates, loss %.3f, test accuracy %.1f %%", spec.Name, e.Epoch, tr.epochs, e.Updates, e.TrainLoss, 100*e.TestAccuracy)
			}
			if err := model.Save(weights); err != nil {
				return err
			}
			return writeTraining(history, r.filterRow, epochs)
		})
	b.done()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			if saveErr := model.Save(weights); saveErr != nil {
				return nil, r, errors.Join(err, saveErr)
			}
			return nil, r, fmt.Errorf("training of %s stopped in epoch %d of %d; its weights so far are in %s: %w", spec.Name, len(epochs)+1, tr.epochs, weights, err)
		}
		return nil, r, fmt.Errorf("training %s: %w", spec.Name, err)
	}
	r.finish(epochs)
	t.say("%s: %s parameters, %d updates, test accuracy %s, sharing SNR %s", spec.Name, thousands(r.Parameters), r.Updates, percent(r.TestAccuracy), ratio(r.SharingSNR))
	return model, r, nil
}

// finish takes the figures of the last epoch.
func (r *networkResult) finish(epochs []network.Epoch) {
	last := epochs[len(epochs)-1]
	r.epochs = epochs
	r.Updates, r.TestAccuracy, r.SharingSNR = last.Updates, figure(last.TestAccuracy), figure(median(last.SNR))
}

var trainingHeader = []string{"epoch", "updates", "learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy"}

// writeTraining writes training.csv: a row per epoch, the sharing SNR of every
// filter layer in columns snr_LAYER.
func writeTraining(path string, layers []string, epochs []network.Epoch) error {
	header := append([]string{}, trainingHeader...)
	for _, l := range layers {
		header = append(header, "snr_"+l)
	}
	var rows [][]string
	for _, e := range epochs {
		row := []string{strconv.Itoa(e.Epoch), strconv.Itoa(e.Updates)}
		for _, v := range append([]float64{e.LearningRate, e.TrainLoss, e.TrainAccuracy, e.TestLoss, e.TestAccuracy}, e.SNR...) {
			row = append(row, figure(v).csv())
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
			if values[j], err = strconv.ParseFloat(cell, 64); err != nil {
				return nil, fmt.Errorf("%s: row %d: %w", path, i+2, err)
			}
		}
		if len(values) < len(trainingHeader) {
			return nil, fmt.Errorf("%s: row %d has %d columns, expected %d or more", path, i+2, len(values), len(trainingHeader))
		}
		epochs = append(epochs, network.Epoch{
			Epoch: int(values[0]), Updates: int(values[1]), LearningRate: values[2],
			TrainLoss: values[3], TrainAccuracy: values[4], TestLoss: values[5], TestAccuracy: values[6],
			SNR: values[len(trainingHeader):],
		})
	}
	return epochs, nil
}

// openModel reads a trained network: weights is the path of weights.npz, with
// model.json beside it.
func openModel(weights string) (*network.Model, modelFile, error) {
	var m modelFile
	about := filepath.Join(filepath.Dir(weights), modelName)
	text, err := os.ReadFile(about)
	if err != nil {
		return nil, m, fmt.Errorf("%s says what network %s belongs to, and cannot be read: %w", modelName, weights, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, m, fmt.Errorf("%s: %w", about, err)
	}
	if c := m.Architecture.Input.Channels; len(m.Mean) != c || len(m.Std) != c {
		return nil, m, fmt.Errorf("%s: mean and std have %d and %d values, expected %d, one per channel", about, len(m.Mean), len(m.Std), c)
	}
	model, err := network.New(m.Architecture, 0)
	if err != nil {
		return nil, m, fmt.Errorf("%s: %w", about, err)
	}
	return model, m, model.Load(weights)
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
