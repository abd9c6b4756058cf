package main

import (
	"context"
	"os"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/npy"
	"ventral/neuron"
	"ventral/stimuli"
)

// The size of the demonstration: small enough for three minutes on two cores.
const (
	demoTrain       = 3000 // images
	demoTest        = 1000
	demoSide        = 32  // pixels
	demoFamiliar    = 100 // images that the simulated IT's prototypes come from
	demoStimuli     = 300
	demoRepetitions = 12
	demoWindow      = 100 // ms
)

var demoVerb = verb{
	name:    "demo",
	summary: "the main job on generated images and simulated recordings",
	detail: `
Generates images (classes of shapes whose position varies) and simulates
recordings of V1, V4 and IT with known ground truth: simple and complex cells,
conjunctions of orientations, and position-tolerant prototypes, with Poisson
noise from trial to trial. Trains a convolutional network, a locally connected
one, and a locally connected one whose weights are shared in sleep; scores how
well every layer predicts every region; prints the table and writes --out with
arrays, CSV, JSON and report.html, as ventral compare does for real data. The
simulated recordings are in recordings/, so that every number can be repeated
with ventral score or elsewhere.

  ventral demo --out runs/demo`,
	json: resultsKeys,
	flags: func(flags *pflag.FlagSet) action {
		var (
			folder   folderFlags
			limit    int
			names    []string
			training trainingFlags
			scoring  scoringFlags
		)
		folder.add(flags, "runs/demo")
		heading(flags, "out", "The run")
		flags.StringSliceVar(&names, "models", []string{"conv", "lc", "lc+sleep@1"}, "networks: conv, lc, lc+sleep@N (shares weights in sleep every N iterations)")
		flags.IntVar(&limit, "train-images", demoTrain, "images to train on")
		heading(flags, "models", "Networks")
		examples(flags, "models", modelNames...)
		training.add(flags, 12)
		scoring.add(flags)
		return func(ctx context.Context, t *terminal) error {
			models, err := parseModels(names)
			if err != nil {
				return err
			}
			if limit < 2 {
				return misused("--train-images is %d, expected at least 2", limit)
			}
			if err := training.checkSleep(models); err != nil {
				return err
			}
			if err := training.check(); err != nil {
				return err
			}
			if err := scoring.check(); err != nil {
				return err
			}
			if err := folder.check(); err != nil {
				return err
			}
			if s := training.preparation.Size; s != 0 && s != demoSide {
				return misused("--size is %d: the demonstration's images and stimuli have %d×%d pixels", s, demoSide, demoSide)
			}
			images := generatedShapes(training.seed, training.preparation.side(), limit, demoTest)
			if err := images.frame(training.preparation); err != nil {
				return err
			}
			records, err := simulate(training.seed)
			if err != nil {
				return err
			}
			e := &experiment{
				title:     "Predicting simulated V1, V4 and IT without weight sharing",
				question:  "Does sleep make a network with a filter at every position recognise shapes wherever they are, as a convolution does, and which of the layers resembles which of the simulated areas?",
				simulated: true,
				models:    models, images: images, records: records, training: training, scoring: scoring,
				about: describe(flags),
			}
			return e.start(ctx, t, folder)
		}
	},
}

// simulate shows generated images to a simulated ventral stream.
func simulate(seed uint64) ([]*record, error) {
	familiar, shown := shapes(seed, 2, demoSide, demoFamiliar), shapes(seed, 3, demoSide, demoStimuli)
	_, height, width := shown.Shape()
	known, err := luminance(familiar)
	if err != nil {
		return nil, err
	}
	seen, err := luminance(shown)
	if err != nil {
		return nil, err
	}
	stream := neuron.NewStream(neuron.StreamOptions{Screen: neuron.Screen{Size: neuron.Size{Rows: height, Cols: width}}, Seed: seed}, known)
	ids := make([]string, shown.Len())
	for i := range ids {
		ids[i] = shown.ID(i)
	}
	var records []*record
	for i, region := range stream.Rates(seen) {
		a := &fit.Assembly{
			Region: region.Name, Source: "simulated", StimulusIDs: ids, Neuroids: region.Neuroids, Repetitions: demoRepetitions,
			Responses: neuron.Poisson(region.Rates, demoRepetitions, demoWindow, 16*seed+uint64(8+i)),
		}
		records = append(records, &record{assembly: a, stimuli: shown, simulated: true, rates: region.Rates, responses: a.Mean()})
	}
	return records, nil
}

// luminance is the images as a simulated eye sees them, n_stimuli × H·W.
func luminance(s stimuli.Set) (*mat.Dense, error) {
	grey, err := stimuli.Grey(s)
	if err != nil {
		return nil, err
	}
	return mat.NewDense(s.Len(), len(grey)/s.Len(), grey), nil
}

// writeSimulated writes simulated recordings as a laboratory's would lie on
// disk: the trials of REGION.npy (stimulus × repetition × neuroid, spike
// counts), stimuli.csv and the images in stimuli/; and, what no laboratory
// has, the true rates REGION_rates.npy (stimulus × neuroid, spikes/s).
func writeSimulated(f *runFolder, records []*record) error {
	for _, r := range records {
		a := r.assembly
		trials, err := f.file("recordings", a.Region+".npy")
		if err != nil {
			return err
		}
		n, q := r.rates.Dims()
		if err := npy.WriteFile(trials, []int{n, a.Repetitions, q}, a.Responses); err != nil {
			return err
		}
		if err := npy.WriteFile(f.path("recordings", a.Region+"_rates.npy"), []int{n, q}, r.rates.RawMatrix().Data); err != nil {
			return err
		}
	}
	shown := records[0].stimuli
	if err := os.MkdirAll(f.path("recordings", "stimuli"), 0o777); err != nil {
		return err
	}
	rows := make([][]string, shown.Len())
	for i := range rows {
		name := fileName(shown.ID(i)) + ".png"
		rows[i] = []string{shown.ID(i), name, shown.Classes()[shown.Label(i)]}
		picture, err := stimuli.Picture(shown, i)
		if err != nil {
			return err
		}
		if err := stimuli.WritePNG(f.path("recordings", "stimuli", name), picture); err != nil {
			return err
		}
	}
	return f.writeCSV([]string{"stimulus_id", "filename", "object_name"}, rows, "recordings", "stimuli.csv")
}
