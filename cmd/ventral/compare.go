package main

import (
	"context"
	"strings"

	"github.com/spf13/pflag"
)

var compareVerb = verb{
	name:    "compare",
	summary: "train networks on images and score how well their layers predict recordings",
	detail: `
Trains every network of --models on --images, shows it the stimuli of the
recordings, and scores each layer against each region: a cross-validated
regression to every neuroid, with split-half ceilings. Prints the table and
writes --out: run.json (all that made the run), models/, activations/,
scores.csv, neuroids.csv (r of every neuroid), networks.csv, results.json,
rdms.npz (dissimilarity matrices, whose rows rdms.csv names), examples/, and
report.html with its figures and their data in plots/, which ventral report
makes from the other files. Interrupted, it keeps what it has in OUT.partial; the
same command goes on from the networks that are complete there.

  ventral compare --images cifar10:cifar-10-batches-bin \
    --recordings V1=v1/responses.h5,V4=v4/responses.npy,IT=it/assembly.nc \
    --axes V4=neuroid,stimulus,repetition --group V1=movie \
    --models conv,lc,lc+sleep@1,lc+sleep@10 --epochs 3 --out runs/first`,
	json: resultsKeys,
	flags: func(flags *pflag.FlagSet) action {
		var (
			folder     folderFlags
			images     imageFlags
			names      []string
			training   trainingFlags
			scoring    scoringFlags
			recordings recordingFlags
		)
		folder.add(flags, "")
		heading(flags, "out", "The run")
		images.add(flags)
		recordings.add(flags)
		flags.StringSliceVar(&names, "models", []string{"conv", "lc", "lc+sleep@1"}, "networks: conv, lc, lc+sleep@N (shares weights in sleep every N iterations)")
		heading(flags, "models", "Networks")
		examples(flags, "models", modelNames...)
		training.add(flags, 3)
		scoring.add(flags)
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "images", "recordings", "out"); err != nil {
				return err
			}
			models, err := parseModels(names)
			if err != nil {
				return err
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
			sets, err := images.open(ctx, t, training.seed, training.preparation)
			if err != nil {
				return err
			}
			channels, height, width := sets.train.Shape()
			records, err := recordings.read(ctx, channels, height, width)
			if err != nil {
				return err
			}
			e := &experiment{
				title:    "Predicting " + regionNames(records) + " without weight sharing",
				question: "How well do the layers of networks with shared filters, with a filter at every position, and with filters that sleep pulls together predict what was recorded?",
				models:   models, images: sets, records: records, training: training, scoring: scoring,
				about: describe(flags),
			}
			return e.start(ctx, t, folder)
		}
	},
}

// regionNames names the regions, "V1, V4 and IT".
func regionNames(records []*record) string {
	var names []string
	for _, r := range records {
		names = append(names, r.assembly.Region)
	}
	return joined(names)
}

// joined lists words as a sentence does.
func joined(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// start describes the experiment's data, opens the run's folder and runs.
func (e *experiment) start(ctx context.Context, t *terminal, folder folderFlags) error {
	e.about.Simulated = e.simulated
	e.about.Data, e.about.Notes = e.images.data(), e.images.notes
	if err := e.training.open(&e.about.Data); err != nil {
		return err
	}
	for _, r := range e.records {
		data, err := r.data()
		if err != nil {
			return err
		}
		e.about.Data = append(e.about.Data, data...)
		for _, note := range r.assembly.Notes {
			e.about.Notes = append(e.about.Notes, r.assembly.Region+": "+note)
		}
	}
	if err := e.check(); err != nil {
		return err
	}
	r, scorers, err := e.prepare()
	if err != nil {
		return err
	}
	f, err := t.runFolder(folder, e.about)
	if err != nil {
		return err
	}
	defer f.abandon()
	return e.run(ctx, t, f, r, scorers)
}
