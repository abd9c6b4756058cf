package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/stimuli"
)

// imageSets are the images that networks are trained and tested on.
type imageSets struct {
	source      string
	train, test stimuli.Set // test nil: none
	prepared    bool        // the numbers are shown as they are
	notes       []string    // what was left out
}

// imageKinds are the sources of labelled images that have a name: KIND:PATH.
var imageKinds = []string{"cifar10", "cifar100", "cifar100-coarse", "mnist", "folder", "arrays"}

const imagesUsage = "images to train and test on, each PATH a folder or, read in place, a zip, tar or tar.gz: cifar10:PATH, cifar100:PATH or cifar100-coarse:PATH (binary records), mnist:PATH (IDX files), folder:PATH (train/CLASS/*.png and test/… or val/…; TinyImageNet), shapes (generated) or arrays:X.npy,Y.npy[,XTEST.npy,YTEST.npy] (n × C × H × W and classes, also FILE.npz:NAME or FILE.h5:DATASET; floats are shown as they are)"

// imageKind returns the kind of a source and whether it has one: what has none is
// images without classes.
func imageKind(source string) (kind string, named bool) {
	kind, _, ok := strings.Cut(source, ":")
	return kind, source == "shapes" || ok && slices.Contains(imageKinds, kind)
}

// imageFlags are the flags of the verbs that train on images.
type imageFlags struct {
	source      string
	limit       int
	channels    int
	skipDamaged bool
	maxPixels   int
	memory      float64
}

func (f *imageFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.source, "images", "", imagesUsage)
	heading(flags, "images", "Images")
	examples(flags, "images", imageSources()...)
	flags.IntVar(&f.limit, "train-images", 0, "train on so many of the images (0: all): the first, or of folders evenly over the classes")
	f.addReading(flags)
	flags.BoolVar(&f.skipDamaged, "skip-damaged", false, "leave out images that cannot be read, and say which, instead of failing")
}

// addReading adds the flags that say how image files are read.
func (f *imageFlags) addReading(flags *pflag.FlagSet) {
	flags.IntVar(&f.channels, "image-channels", 0, "1 (grey) or 3 channels of images of folder: and mnist: (0: 3, and 1 for mnist)")
	flags.IntVar(&f.maxPixels, "max-pixels", 0, "refuse image files that claim more pixels than this (0: 100 million)")
	flags.Float64Var(&f.memory, "image-memory", 8, "GB that a set of images may take in memory; larger ones are decoded as they are needed, or from a tar.gz once to a temporary file")
}

// options returns the options of reading, or a usage error.
func (f *imageFlags) options() (o stimuli.ImageOptions, err error) {
	switch {
	case f.channels != 0 && f.channels != 1 && f.channels != 3:
		return o, misused("--image-channels is %d, expected 1 or 3 (0: the source's)", f.channels)
	case f.maxPixels < 0:
		return o, misused("--max-pixels is %d, expected a positive number (0: 100 million)", f.maxPixels)
	case !(f.memory > 0 && f.memory < 1e9):
		return o, misused("--image-memory is %g, expected a positive number of GB", f.memory)
	}
	return stimuli.ImageOptions{Channels: f.channels, MaxPixels: f.maxPixels, MaxMemory: max(1, int64(f.memory*1e9))}, nil
}

// checkChannels returns a usage error if images cannot have the channels asked for.
func (f *imageFlags) checkChannels(s stimuli.Set) error {
	if c, _, _ := s.Shape(); f.channels != 0 && c != f.channels {
		return misused("--image-channels is %d, and the images have %d channels: only those of folders and MNIST can be given others", f.channels, c)
	}
	return nil
}

// open opens what --images names, as p makes it the input of networks.
func (f *imageFlags) open(ctx context.Context, t *terminal, seed uint64, p preparation) (imageSets, error) {
	o, err := f.options()
	if err != nil {
		return imageSets{}, err
	}
	var damaged []string
	if f.skipDamaged {
		o.Damaged = func(file string, err error) { damaged = append(damaged, fmt.Sprintf("%s (%v)", file, err)) }
	}
	var finish func()
	o.Read, finish = t.reading()
	s, err := openImages(ctx, f.source, f.limit, seed, p, o)
	finish()
	var broken *stimuli.DamagedError
	switch {
	case errors.As(err, &broken) && broken.Damaged < broken.All:
		return s, fmt.Errorf("%w: mend the file, or leave out what cannot be read with --skip-damaged", err)
	case err != nil:
		return s, err
	}
	if len(damaged) > 0 {
		s.notes = append(s.notes, fmt.Sprintf("%d damaged images were left out: %s", len(damaged), strings.Join(damaged, ", ")))
		t.say("note: %s", s.notes[0])
	}
	if n := s.train.Len(); f.limit > n {
		t.say("note: --train-images is %d, and there are %d", f.limit, n)
	}
	if err := f.checkChannels(s.train); err != nil {
		return s, err
	}
	return s, digested(ctx, s.train, s.test)
}

// The generated images of --images shapes.
const (
	shapesTrain = 4000
	shapesTest  = 1000
)

// openImages opens what --images names. limit > 0 takes the first so many
// training images, or of class folders so many evenly over the classes. p says how
// they become a network's input, o how files are read.
func openImages(ctx context.Context, source string, limit int, seed uint64, p preparation, o stimuli.ImageOptions) (imageSets, error) {
	s, err := openSource(ctx, source, seed, p, o)
	if err == nil && s.test == nil && strings.HasPrefix(source, "folder:") {
		dir := strings.TrimPrefix(source, "folder:")
		err = fmt.Errorf("%s: found class folders and no test images: expected %s/train/CLASS/… and %s/test/CLASS/…", dir, dir, dir)
	}
	if err != nil {
		return s, err
	}
	if limit < 0 {
		return s, misused("--train-images is %d, expected a positive number (0: all)", limit)
	}
	if limit > 0 && limit < s.train.Len() {
		some := make([]int, limit)
		for i := range some {
			some[i] = i
			if strings.HasPrefix(source, "folder:") { // its images come class by class
				some[i] = i * s.train.Len() / limit
			}
		}
		s.train = stimuli.Subset(s.train, some)
	}
	return s, nil
}

// openSource opens all images of a source, as openImages does.
func openSource(ctx context.Context, source string, seed uint64, p preparation, o stimuli.ImageOptions) (imageSets, error) {
	s := imageSets{source: source}
	kind, named := imageKind(source)
	path := strings.TrimPrefix(source, kind+":")
	if !named || path == "" {
		if slices.Contains(imageKinds, kind) {
			return s, misused("--images %s: expected %s:PATH", source, kind)
		}
		if exists(source) {
			return s, misused("--images %s: expected KIND:PATH; of class folders, or an archive of them, folder:%s", source, source)
		}
		return s, unknown(kind, append(imageKinds, "shapes"), "images %q: expected %s:PATH or shapes", source, strings.Join(imageKinds, ":PATH, "))
	}
	var err error
	switch kind {
	case "shapes":
		s = generatedShapes(seed, p.side(), shapesTrain, shapesTest)
	case "cifar10":
		s.train, s.test, err = stimuli.OpenCIFAR10(ctx, path)
	case "cifar100", "cifar100-coarse":
		s.train, s.test, err = stimuli.OpenCIFAR100(ctx, path, kind == "cifar100-coarse")
	case "mnist":
		s.train, s.test, err = stimuli.OpenMNIST(ctx, path, p.digits(o))
	case "folder":
		s.train, s.test, err = stimuli.OpenFolder(ctx, path, p.files(o))
	case "arrays":
		err = s.openArrays(strings.Split(path, ","))
	}
	if err == nil {
		err = s.frame(p)
	}
	return s, err
}

// frame makes the networks' input of the images.
func (s *imageSets) frame(p preparation) (err error) {
	if s.train, err = p.frame(s.train); err == nil && s.test != nil {
		s.test, err = p.frame(s.test)
	}
	if err != nil {
		return fmt.Errorf("--images %s: %w", s.source, err)
	}
	return nil
}

// openArrays opens images and classes, and perhaps those of a test.
func (s *imageSets) openArrays(files []string) error {
	if len(files) != 2 && len(files) != 4 {
		return misused("--images arrays: %d files, expected X.npy,Y.npy or X.npy,Y.npy,XTEST.npy,YTEST.npy", len(files))
	}
	train, err := stimuli.OpenArrays(files[0], files[1])
	if err != nil {
		return err
	}
	s.train, s.prepared = train, train.Prepared
	if len(files) == 2 {
		return nil
	}
	test, err := stimuli.OpenArrays(files[2], files[3])
	if err != nil {
		return err
	}
	if c, h, w := test.Shape(); size3(c, h, w) != size3(train.Shape()) || test.Prepared != train.Prepared || len(test.Classes()) > len(train.Classes()) {
		return fmt.Errorf("%s and %s are images of other shapes, types or classes than %s and %s", files[2], files[3], files[0], files[1])
	}
	s.test = test
	return nil
}

// digested finds the digests of sets, where there are any, which takes as long as
// reading all their images: a set keeps its own. When ctx is done it does not wait
// for them, and the program is about to end.
func digested(ctx context.Context, sets ...stimuli.Set) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, s := range sets {
			if s != nil && ctx.Err() == nil {
				s.Digest()
			}
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading the images for their digest: %w", err)
	}
	return nil
}

func size3(a, b, c int) [3]int { return [3]int{a, b, c} }

// imagesFor opens images that a trained network is to be shown: pictures, a folder
// or zip that options say how to read, or a source of --images of which part
// ("train" or "test") is taken. The network's mean and deviation are put on them,
// unless they are numbers that are shown as they are.
func (m modelFile) imagesFor(ctx context.Context, t *terminal, source, part string, options stimuli.ImageOptions) (*stimuli.Prepared, error) {
	p, _, err := m.imagesAndTable(ctx, t, source, part, options)
	return p, err
}

// imagesAndTable is imagesFor with the table of the pictures, a row for each; nil
// for a source.
func (m modelFile) imagesAndTable(ctx context.Context, t *terminal, source, part string, options stimuli.ImageOptions) (*stimuli.Prepared, *stimuli.Table, error) {
	var finish func()
	options.Read, finish = t.reading()
	defer finish()
	in := m.Architecture.Input
	var table *stimuli.Table
	p := &stimuli.Prepared{Mean: m.Mean, Std: m.Std}
	options.Channels, options.Height, options.Width = in.Channels, in.Height, in.Width
	if _, named := imageKind(source); named {
		if options.Table != "" || options.Crop > 0 || options.Degrees > 0 {
			return nil, nil, misused("--table, --crop and --degrees are for a folder or archive of stimuli, and %s are shown as the network was tested on them", source)
		}
		if _, err := os.Stat(source); err == nil { // shapes, which needs no path
			t.say("note: --images %s are the generated ones; the folder of that name is ./%s", source, source)
		}
		sets, err := openImages(ctx, source, 0, cmp.Or(m.Training.Seed, 1), m.Preparation, options)
		if err != nil {
			return nil, nil, err
		}
		p.Set = sets.train
		if part == "test" && sets.test != nil {
			p.Set = sets.test
		}
		if sets.prepared {
			p.Mean, p.Std = nil, nil
		}
		if sets.prepared != m.Prepared {
			how := map[bool]string{true: "numbers that are shown as they are (floats)", false: "pixels"}
			return nil, nil, fmt.Errorf("%s: these are %s, and the network was trained on %s", source, how[sets.prepared], how[m.Prepared])
		}
	} else {
		if m.Prepared {
			return nil, nil, fmt.Errorf("%s: these are pixels, and the network was trained on numbers that are shown as they are: give --images arrays:X.npy,Y.npy of such", source)
		}
		var err error
		if p.Set, table, err = stimuli.OpenImages(ctx, source, options); err != nil {
			return nil, nil, err
		}
	}
	if c, h, w := p.Set.Shape(); c != in.Channels || h != in.Height || w != in.Width {
		return nil, nil, fmt.Errorf("%s: images of %d×%d×%d, and the network sees %v: only folders, archives, folder: and mnist: are made to size", source, c, h, w, in)
	}
	return p, table, digested(ctx, p.Set)
}

// shapesSource is the source of generated images, as run.json names it.
const shapesSource = "shapes"

// generatedShapes are the images of --images shapes and of the demonstration.
func generatedShapes(seed uint64, side, train, test int) imageSets {
	return imageSets{source: shapesSource, train: shapes(seed, 0, side, train), test: shapes(seed, 1, side, test)}
}

// shapes is one of the independent series of generated images of a seed.
func shapes(seed, series uint64, side, n int) stimuli.Set {
	return stimuli.Shapes(stimuli.ShapeOptions{N: n, Seed: 16*seed + series, Size: side})
}

// generated reports whether the images are drawn by ventral.
func (s imageSets) generated() bool { return s.source == shapesSource }

// data describes the sets for run.json.
func (s imageSets) data() []datum {
	data := []datum{{"training images", s.source, s.train.Len(), s.train.Digest()}}
	if s.test != nil {
		data = append(data, datum{"test images", s.source, s.test.Len(), s.test.Digest()})
	}
	return data
}
