package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
)

var trainVerb = verb{
	name:    "train",
	summary: "train one network on images",
	detail: `
Trains a network and writes --out: run.json, model.json, weights.npz (the names
and shapes of the authors' state_dict) and training.csv, a row per epoch, with
the sharing SNR of every filter layer. Weights are saved after every epoch.

  ventral train --images cifar10:cifar-10-batches-bin --model lc+sleep@1 --epochs 10 --out runs/lc-sleep`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			images, out, name string
			limit             int
			overwrite         bool
			training          trainingFlags
		)
		flags.StringVar(&images, "images", "", imagesUsage)
		flags.IntVar(&limit, "train-images", 0, "train on the first so many images (0: all)")
		flags.StringVar(&name, "model", "lc+sleep@1", "network: conv, lc, lc+sleep@N (shares weights in sleep every N iterations)")
		training.add(flags, 10)
		flags.StringVar(&out, "out", "", "folder of the run")
		flags.BoolVar(&overwrite, "overwrite", false, "replace the folder of an earlier run")
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "images", "out"); err != nil {
				return err
			}
			spec, err := parseModel(name)
			if err != nil {
				return err
			}
			if err := training.check(); err != nil {
				return err
			}
			if err := checkRunFolder(out, overwrite); err != nil {
				return err
			}
			sets, err := openImages(images, limit, training.seed)
			if err != nil {
				return err
			}
			if err := training.checkTraining(sets, []modelSpec{spec}); err != nil {
				return err
			}
			about := describe(flags)
			about.Data = sets.data()
			f, err := newRunFolder(out, overwrite, about)
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
			rows := table{header: []string{"network", "parameters", "updates", "test acc", "sharing SNR"}, left: 1}
			rows.add(r.Name, thousands(r.Parameters), thousands(r.Updates), percent(r.TestAccuracy), ratio(r.SharingSNR))
			rows.write(t.out)
			fmt.Fprintf(t.out, "\nThe network is in %s; ventral activations --weights %s/%s shows it images.\n", f.name, f.name, weightsName)
			return nil
		}
	},
}
