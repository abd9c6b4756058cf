package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/stimuli"
)

var activationsVerb = verb{
	name:    "activations",
	summary: "show images to a trained network and write its layers' activations",
	detail: `
Writes one float32 array per layer, stimulus × channel × row × column, with
stimuli.csv (the stimulus_id of every row) and run.json beside them: LAYER.npy,
or one activations.npz with --format npz.

  ventral activations --weights runs/lc-sleep/weights.npz --images v1/stimuli --out runs/lc-sleep-v1`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			weights, images, tablePath, out, format string
			layers                                  []string
			batch, crop                             int
			overwrite                               bool
		)
		flags.StringVar(&weights, "weights", "", "weights.npz of a trained network, with model.json beside it")
		flags.StringVar(&images, "images", "", "folder or zip of images")
		flags.StringVar(&tablePath, "table", "", "CSV with stimulus_id and filename (default: stimuli.csv in or beside the folder; else ids are file names)")
		flags.IntVar(&crop, "crop", 0, "take the central square of this side (pixels) before the image is resized to the network's input")
		flags.StringSliceVar(&layers, "layers", []string{"all"}, "layers, or all")
		flags.IntVar(&batch, "batch", 128, "images shown at a time")
		flags.StringVar(&format, "format", "npy", "npy (a file per layer) or npz (one file)")
		flags.StringVar(&out, "out", "", "folder to write")
		flags.BoolVar(&overwrite, "overwrite", false, "replace the folder of an earlier run")
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "weights", "images", "out"); err != nil {
				return err
			}
			if format != "npy" && format != "npz" {
				return misused("--format %q: expected npy or npz", format)
			}
			if crop < 0 {
				return misused("--crop is %d, expected 0 (none) or more pixels", crop)
			}
			if len(layers) == 0 {
				return misused("--layers is empty: expected all, or names of layers")
			}
			if batch < 1 {
				return misused("--batch is %d, expected at least 1", batch)
			}
			if err := checkRunFolder(out, overwrite); err != nil {
				return err
			}
			model, about, err := openModel(weights)
			if err != nil {
				return err
			}
			known := model.LayerNames()
			if slices.Equal(layers, []string{"all"}) {
				layers = known
			}
			for _, l := range layers {
				if !slices.Contains(known, l) {
					return misused("--layers: the network has no layer %q; it has %s", l, strings.Join(known, ", "))
				}
			}
			in := about.Architecture.Input
			set, _, err := stimuli.OpenImages(images, stimuli.ImageOptions{Table: tablePath, Channels: in.Channels, Height: in.Height, Width: in.Width, Crop: crop})
			if err != nil {
				return err
			}
			if err := fits(model.EstimateActivationBytes(set.Len(), layers), "the activations of "+fmt.Sprint(set.Len())+" images", "name fewer --layers"); err != nil {
				return err
			}
			what := describe(flags)
			what.Data = []datum{{"images", images, set.Len(), set.Digest()}}
			if what.Data, err = appendFile(what.Data, "weights", weights); err != nil {
				return err
			}
			if what.Data, err = appendFile(what.Data, "network", filepath.Join(filepath.Dir(weights), modelName)); err != nil {
				return err
			}
			f, err := newRunFolder(out, overwrite, what)
			if err != nil {
				return err
			}
			defer f.abandon()
			acts, err := model.Activations(ctx, &stimuli.Prepared{Set: set, Mean: about.Mean, Std: about.Std}, nil, layers, batch)
			if err != nil {
				return err
			}
			if format == "npy" {
				err = writeActivations(f, acts, model, set, layers)
			} else {
				err = writeActivationsZip(f, acts, model, set, layers)
			}
			if err != nil {
				return err
			}
			if err := f.finish(); err != nil {
				return err
			}
			rows := table{header: []string{"layer", "shape (stimulus × channel × row × column)"}, left: 2}
			for _, l := range layers {
				s, _ := model.LayerShape(l)
				rows.add(l, fmt.Sprintf("%d × %d × %d × %d", set.Len(), s.Channels, s.Height, s.Width))
			}
			rows.write(t.out)
			fmt.Fprintf(t.out, "\nThe activations are in %s.\n", f.name)
			return nil
		}
	},
}
