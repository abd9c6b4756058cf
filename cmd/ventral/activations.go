package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/internal/hdf5"
	"ventral/network"
	"ventral/stimuli"
)

var activationsVerb = verb{
	name:    "activations",
	anew:    true,
	summary: "show images to a trained network, or to Gabor cells, and write the layers' activations",
	detail: `
Writes the float32 activity of the layers, with stimuli.csv (the stimulus_id of
every row, with the other columns of the images' table, and of labelled images
the class as object_name) and run.json beside it. --format says how:

  npy   LAYER.npy for every layer, stimulus × channel × row × column
  npz   the same arrays in one activations.npz
  hdf5  activations.h5, a netCDF-4 file: the variable activations (stimulus ×
        neuroid) over the neuroids of all layers, with the coordinates
        stimulus_id, layer, channel, row and column, as in Brain-Score:
          ds = xarray.open_dataset("activations.h5")
          conv2 = ds.activations[:, ds.layer == "conv2"]

Layers can be made smaller, batch by batch: --pool takes the mean or maximum of
every channel over its positions; then --project projects what is left onto so
many random sums, or --pca onto so many principal components, which are fitted
on other images. Layers that have no more features than that stay as they are.
reduction.npz keeps the matrices, reduction.csv the numbers.

With --gabor there is no network: the layers are simple, half-rectified Gabor
filters of four phases, and complex, their energy, at 8 orientations and 1/4,
1/8, 1/16 and 1/32 cycles a pixel, half a period apart: what a model of V1 must
beat.

A folder or archive of images is shown whole, resized to the network's input;
images of cifar10:PATH, folder:PATH and the like as the network was tested on
them (centre crops, where it was trained on crops). --degrees puts images at
their size in the visual field.

Memory does not grow with the number of images, but for the images themselves
(float32 at the network's input size); --format npz and --pca collect arrays on
disk first, in the run's folder. Neither --batch nor the number of cores changes
a byte.

  ventral activations --weights runs/lc-sleep/weights.npz --images v1/stimuli --out runs/lc-sleep-v1
  ventral activations --weights runs/lc-sleep/weights.npz --images v1/stimuli --format hdf5 --pca 100 --pca-images photographs --out runs/lc-sleep-pca`,
	json: `
  run, format           the folder, and how the arrays are written
  n_stimuli             in the order of stimuli.csv
  layers                of each: layer, channels, height and width of its units,
                        and n_features, written per stimulus`,
	flags: func(flags *pflag.FlagSet) action {
		a := &activationsRun{}
		flags.StringVar(&a.weights, "weights", "", "weights.npz of a trained network, with model.json beside it")
		flags.IntVar(&a.gabor, "gabor", 0, "in place of a network: simple and complex cells (Gabor filters) on grey images of this side, in pixels")
		flags.StringVar(&a.images, "images", "", "folder, zip, tar or tar.gz of images, or cifar10:PATH, mnist:PATH, folder:PATH … as in ventral train")
		heading(flags, "weights", "The run")
		examples(flags, "images", imageSources()...)
		a.folder.add(flags, "")
		flags.StringSliceVar(&a.layers, "layers", []string{"all"}, "layers, or all")
		flags.StringVar(&a.format, "format", "npy", "npy (a file per layer), npz (one file) or hdf5 (one netCDF-4 file)")
		oneOf(flags, "format", "npy", "npz", "hdf5")
		flags.IntVar(&a.batch, "batch", 128, "images shown at a time")
		flags.StringVar(&a.part, "part", "test", "part of such a source: test or train")
		heading(flags, "part", "What is seen of the images")
		oneOf(flags, "part", "test", "train")
		flags.StringVar(&a.table, "table", "", "CSV with stimulus_id and filename (default: stimuli.csv in or beside the folder, or ARCHIVE.csv; else ids are file names)")
		flags.IntVar(&a.crop, "crop", 0, "take the central square of this side (pixels) before the image is resized to the network's input")
		flags.Float64Var(&a.degrees, "degrees", 0, "width of the images in degrees of visual angle: they are put on a grey screen of --model-degrees, or its size is cut out of them, before they are resized (0: they fill the networks' input)")
		flags.Float64Var(&a.modelDegrees, "model-degrees", 8, "with --degrees: degrees of visual angle of the networks' input")
		a.reduction.add(flags)
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "images", "out"); err != nil {
				return err
			}
			if err := a.check(); err != nil {
				return err
			}
			a.weights = weightsFile(a.weights)
			return a.run(ctx, t, describe(flags))
		}
	},
}

// activationsRun is the verb's flags.
type activationsRun struct {
	folder                               folderFlags
	weights, images, part, table, format string
	layers                               []string
	gabor, batch, crop                   int
	degrees, modelDegrees                float64
	reduction                            reductionFlags
}

// check refuses what can be seen in the flags alone.
func (a *activationsRun) check() error {
	switch {
	case (a.weights == "") == (a.gabor == 0):
		return misused("activations needs either --weights, a network, or --gabor, the side in pixels at which cells see the images; see ventral activations --help")
	case a.gabor != 0 && (a.gabor < 16 || a.gabor > 4096):
		return misused("--gabor is %d pixels, expected 16 to 4096: the cells prefer down to 1/32 cycle a pixel", a.gabor)
	case a.crop < 0:
		return misused("--crop is %d, expected 0 (none) or more pixels", a.crop)
	case !(a.degrees >= 0) || math.IsInf(a.degrees, 1):
		return misused("--degrees is %g, expected a positive number of degrees of visual angle (0: the images fill the networks' input)", a.degrees)
	case !(a.modelDegrees > 0) || math.IsInf(a.modelDegrees, 1):
		return misused("--model-degrees is %g, expected a positive number of degrees of visual angle", a.modelDegrees)
	case a.degrees > 0 && a.crop > 0:
		return misused("--crop and --degrees exclude each other: both say what part of the images is seen")
	case len(a.layers) == 0:
		return misused("--layers is empty: expected all, or names of layers")
	case a.batch < 1:
		return misused("--batch is %d, expected at least 1", a.batch)
	}
	if err := a.reduction.check(); err != nil {
		return err
	}
	if a.format == "hdf5" && !hdf5.Available {
		_, err := hdf5.Create(filepath.Join(a.folder.out, "activations.h5"))
		return err
	}
	return a.folder.check()
}

// choose replaces all by the network's layers, or checks the names.
func (a *activationsRun) choose(model responder) error {
	known := model.LayerNames()
	if slices.Equal(a.layers, []string{"all"}) {
		a.layers = known
	}
	for i, l := range a.layers {
		if !slices.Contains(known, l) {
			return unknown(l, known, "--layers: there is no layer %q; there are %s", l, strings.Join(known, ", "))
		}
		if slices.Contains(a.layers[:i], l) {
			return misused("--layers: %s is named twice", l)
		}
	}
	return nil
}

// open opens what answers the images, and says what it sees.
func (a *activationsRun) open() (responder, modelFile, error) {
	if a.gabor > 0 {
		g := newGaborCells(a.gabor)
		return g, g.input(), nil
	}
	return openModel(a.weights)
}

func (a *activationsRun) run(ctx context.Context, t *terminal, what description) error {
	model, about, err := a.open()
	if err != nil {
		return err
	}
	if err := a.choose(model); err != nil {
		return err
	}
	what.Arguments["layers"] = strings.Join(a.layers, ",")
	out, projected, err := a.reduction.plan(model, a.layers)
	if err != nil {
		return err
	}
	options := stimuli.ImageOptions{Table: a.table, Crop: a.crop}
	if a.degrees > 0 {
		options.Degrees, options.ScreenDegrees = a.degrees, a.modelDegrees
	}
	shown, named, err := about.imagesAndTable(ctx, t, a.images, a.part, options)
	if err != nil {
		return err
	}
	set := shown.Set
	what.Data = []datum{{"images", a.images, set.Len(), set.Digest()}}
	var others *stimuli.Prepared
	fitted := 0
	if a.reduction.pca > 0 {
		options := stimuli.ImageOptions{}
		if _, named := imageKind(a.reduction.pcaImages); !named {
			options.Crop = a.crop
		}
		if others, err = about.imagesFor(ctx, t, a.reduction.pcaImages, "train", options); err != nil {
			return err
		}
		fitted = others.Set.Len()
		if fitted <= a.reduction.pca {
			return misused("--pca %d: %s has %d images, and components need more images than they are", a.reduction.pca, a.reduction.pcaImages, fitted)
		}
		what.Data = append(what.Data, datum{"PCA images", a.reduction.pcaImages, fitted, others.Set.Digest()})
		if others.Set.Digest() == set.Digest() {
			what.Notes = append(what.Notes, "the components are fitted on the images that they are applied to")
			t.say("note: %s", what.Notes[0])
		}
	}
	need := model.StreamBytes(max(set.Len(), fitted), a.layers, a.batch) + a.reduction.bytes(out, projected, fitted, a.batch)
	if err := fits(need, fmt.Sprintf("the activations of %d images at a time", a.batch), "use a smaller --batch, fewer --layers or fewer components and images to fit them on"); err != nil {
		return err
	}
	beside := "them and the weights"
	if a.gabor > 0 {
		beside = "them"
	}
	t.say("%d images; beside %s about %s of memory are needed", set.Len(), beside, gigabytes(need))
	if a.weights != "" {
		if what.Data, err = appendFile(what.Data, "weights", a.weights); err != nil {
			return err
		}
		if what.Data, err = appendFile(what.Data, "network", filepath.Join(filepath.Dir(a.weights), modelName)); err != nil {
			return err
		}
	}
	f, err := t.runFolder(a.folder, struct {
		description
		Reduction *aboutReduction `json:"reduction,omitempty"`
	}{what, a.reduction.about()})
	if err != nil {
		return err
	}
	defer f.abandon()
	if len(projected) > 0 {
		if err := a.reduction.fit(ctx, t, f, model, others, a.batch, out, projected); err != nil {
			return interrupted(ctx, err)
		}
	}
	if err := a.reduction.save(f, out); err != nil {
		return err
	}
	if err := a.write(ctx, t, f, model, shown, set, out); err != nil {
		return interrupted(ctx, err)
	}
	if err := writeStimuliTable(f, set, named); err != nil {
		return err
	}
	if err := f.finish(); err != nil {
		return err
	}
	return t.result(activationsResult(f.name, a.format, set.Len(), out), func() {
		rows := table{header: []string{"layer", "units", "written per stimulus"}, left: 1}
		for _, l := range out {
			rows.add(l.name, fmt.Sprint(l.shape), l.words())
		}
		rows.write(t.out)
		fmt.Fprintf(t.out, "\nThe activations to %d stimuli are in %s.\n", set.Len(), f.name)
	})
}

// An activationsJSON is what was written, as scripts read it.
type activationsJSON struct {
	Run     string                 `json:"run"`
	Format  string                 `json:"format"`
	Stimuli int                    `json:"n_stimuli"`
	Layers  []activationsLayerJSON `json:"layers"`
}

type activationsLayerJSON struct {
	Layer    string `json:"layer"`
	Channels int    `json:"channels"`
	Height   int    `json:"height"`
	Width    int    `json:"width"`
	Features int    `json:"n_features"`
}

func activationsResult(folder, format string, n int, out []layerOut) activationsJSON {
	j := activationsJSON{folder, format, n, []activationsLayerJSON{}}
	for _, l := range out {
		features := 1
		for _, size := range l.axes {
			features *= size
		}
		j.Layers = append(j.Layers, activationsLayerJSON{l.name, l.shape.Channels, l.shape.Height, l.shape.Width, features})
	}
	return j
}

// imagesIn is how many images the activations of a layer are of.
func imagesIn(model responder, layer string, rows []float32) int {
	shape, _ := model.LayerShape(layer)
	return len(rows) / shape.Size()
}

// write streams the activations from the network through the reductions to the
// files.
func (a *activationsRun) write(ctx context.Context, t *terminal, f *runFolder, model responder, src network.Source, set stimuli.Set, out []layerOut) error {
	ids := make([]string, set.Len())
	for i := range ids {
		ids[i] = set.ID(i)
	}
	w, err := newActivationWriter(a.format, f, out, ids)
	if err != nil {
		return err
	}
	defer w.abort()
	b := t.bar("activations", src.Len(), "images")
	defer b.done()
	reduced := newReducer(out)
	if err := model.StreamActivations(ctx, src, nil, a.layers, a.batch, func(layer string, first int, rows []float32) error {
		b.at(first+imagesIn(model, layer, rows), "activations")
		return w.write(layer, reduced.reduce(layer, rows))
	}); err != nil {
		return err
	}
	return w.close()
}
