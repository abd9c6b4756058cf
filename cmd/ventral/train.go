package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"
)

var trainVerb = verb{
	name:    "train",
	summary: "train one network on images",
	detail: `
Trains a network and writes --out: run.json, model.json, weights.npz (the names
and shapes of the authors' state_dict, after the last epoch), best.npz (with the
best --validation accuracy) and training.csv, a row per epoch, with the sharing
SNR of every filter layer; of networks that sleep also sleep.csv. ventral report
OUT draws them. Stopped at any moment, by Ctrl-C or kill -9, the same
command goes on from the state that was saved last, to the same bits.

  ventral train --images cifar10:cifar-10-batches-bin --model lc+sleep@1 --epochs 10 --out runs/lc-sleep

Another program's run, update by update:

  ventral train --images arrays:X.npy,Y.npy --init weights.npz --no-shuffle --no-augment --iterations 10 --save-every 1 --out runs/steps

What training sees of an image, --augment, and what networks are tested on:

  translate     all of it, moved by up to --pad pixels; the mean follows. CIFAR
  crop          --size pixels about its centre, off by up to --pad; for
                TinyImageNet --augment crop --size 48 --pad 8
  resized-crop  a random rectangle (8 to 100 % of its area, 3:4 to 4:3) at
                --size; tested: the centre, when its short side is --resize;
                for ImageNet --augment resized-crop --size 224 --flip
  none          all of it

Images are normalised by the mean and standard deviation of the training images,
which are kept by the images' content: in moments/ of the environment's
VENTRAL_CACHE, else of ventral in the user's cache folder.

A --layout is a line for each stage, whose activity can be read under its name:

  # retina to V4
  retina = filter 7 16 stride=2 | norm | relu
  V1     = filter 3x5 2W groups=2 bias=position | norm | relu | max 2
  V2     = block 4W stride=2

filter KERNEL CHANNELS [stride=] [padding=] [groups=] [bias=channel|position];
norm; relu; max or mean KERNEL [stride=] [padding=]; block CHANNELS [stride=] is a
residual block; W is --width. The mean over positions and a linear readout follow.`,
	json: `
  run                   the folder
  name                  of the network, as --model has it
  locally_connected     whether it has a filter for every position
  sleep_every           iterations from a sleep to the next, 0: never
  n_parameters, updates
  test_accuracy         after the last epoch
  validation_accuracy   with --validation: the best after an epoch, and
  best_epoch            which epoch that was, the one in best.npz
  sharing_snr           signal-to-noise ratio of weight sharing, median over
                        layers`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			folder    folderFlags
			images    imageFlags
			name      string
			resume    bool
			noAugment bool
			training  trainingFlags
		)
		folder.add(flags, "")
		heading(flags, "out", "The run")
		flags.BoolVar(&resume, "resume", false, "go on with the interrupted run in --out, and fail if there is none (without it, the same command goes on or begins)")
		images.add(flags)
		flags.StringVar(&name, "model", "lc+sleep@1", "network: conv, lc, lc+sleep@N (shares weights in sleep every N iterations, the first after the first update of each epoch, where the count starts anew); lc+sleep is lc+sleep@1")
		heading(flags, "model", "Network")
		examples(flags, "model", modelNames...)
		training.add(flags, 10)
		flags.StringVar(&training.init, "init", "", "weights to start from, .npz with the names of the authors' state_dict (default: random)")
		heading(flags, "init", "One training by itself")
		flags.Float64Var(&training.validation, "validation", 0, "fraction of the training images that is kept for validation (the authors: 0.1)")
		flags.IntVar(&training.iterations, "iterations", 0, "end after so many updates (0: after the epochs)")
		flags.BoolVar(&training.keepOrder, "no-shuffle", false, "show the images in their order")
		flags.BoolVar(&noAugment, "no-augment", false, "the same as --augment none")
		flags.IntVar(&training.saveEvery, "save-every", 0, "write weights and gradients after every so many updates to steps/ (0: never)")
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "images", "out"); err != nil {
				return err
			}
			if noAugment {
				if flags.Changed("augment") && training.preparation.Augment != augmentNone {
					return misused("--no-augment and --augment %s exclude each other", training.preparation.Augment)
				}
				training.preparation.Augment = augmentNone
			}
			spec, err := parseModel(name)
			if err != nil {
				return err
			}
			if err := training.checkSleep([]modelSpec{spec}); err != nil {
				return err
			}
			if err := training.check(); err != nil {
				return err
			}
			if _, err := os.Stat(folder.out + ".partial"); resume && err != nil && exists(filepath.Join(folder.out, "run.json")) {
				return fmt.Errorf("--resume: the run in %s is finished; --overwrite, without --resume, makes it anew", folder.out)
			}
			if err := folder.check(); err != nil {
				return err
			}
			sets, err := images.open(ctx, t, training.seed, training.preparation)
			if err != nil {
				return err
			}
			if err := training.checkTraining(sets, []modelSpec{spec}); err != nil {
				return err
			}
			about := describe(flags)
			about.Data, about.Notes = sets.data(), sets.notes
			if err := training.open(&about.Data); err != nil {
				return err
			}
			for _, file := range []struct{ name, path string }{{"initial weights", training.init}, {"layout", training.layout}} {
				if file.path == "" {
					continue
				}
				if about.Data, err = appendFile(about.Data, file.name, file.path); err != nil {
					return err
				}
			}
			if _, err := os.Stat(folder.out + ".partial"); resume && err != nil {
				return fmt.Errorf("--resume: there is no interrupted run in %s.partial", folder.out)
			}
			f, err := t.runFolder(folder, about)
			if err != nil {
				return err
			}
			defer f.abandon()
			tr, err := newTrainer(training, sets)
			if err != nil {
				return err
			}
			_, r, err := tr.run(ctx, t, f.dir, spec)
			if err != nil {
				return err
			}
			if err := f.finish(); err != nil {
				return err
			}
			return t.result(struct {
				Run string `json:"run"`
				networkResult
			}{f.name, r}, func() {
				rows := table{header: []string{"network", "parameters", "updates", "test acc", "sharing SNR"}, left: 1}
				cells := []string{r.Name, thousands(r.Parameters), thousands(r.Updates), percent(r.TestAccuracy), ratio(r.SharingSNR)}
				if r.ValidationAccuracy != nil {
					rows.header, cells = append(rows.header, "best validation", "epoch"), append(cells, percent(*r.ValidationAccuracy), strconv.Itoa(r.BestEpoch))
				}
				rows.add(cells...)
				rows.write(t.out)
				if r.ValidationAccuracy != nil {
					fmt.Fprintf(t.out, "\n%s has the weights after epoch %d.\n", bestName, r.BestEpoch)
				}
				fmt.Fprintf(t.out, "\nThe network is in %s; ventral activations --weights %s/%s shows it images.\n", f.name, f.name, weightsName)
			})
		}
	},
}
