package main

import (
	"fmt"
	"strings"

	"ventral/stimuli"
)

// imageSets are the images that networks are trained and tested on.
type imageSets struct {
	source      string
	train, test stimuli.Set // test nil: none
	prepared    bool        // the numbers are shown as they are
}

const imagesUsage = "images to train and test on: cifar10:DIR (binary records), folder:DIR (DIR/train/CLASS/*.png, DIR/test/…), shapes (generated) or arrays:X.npy,Y.npy[,XTEST.npy,YTEST.npy] (n × C × H × W and classes; floats are shown as they are)"

// The generated images of --images shapes.
const (
	shapesTrain = 4000
	shapesTest  = 1000
)

// openImages opens what --images names. limit > 0 takes the first so many
// training images, or of class folders so many evenly over the classes. p says how
// they become a network's input.
func openImages(source string, limit int, seed uint64, p preparation) (imageSets, error) {
	s := imageSets{source: source}
	kind, dir, _ := strings.Cut(source, ":")
	var err error
	switch {
	case kind == "cifar10" && dir != "":
		s.train, s.test, err = stimuli.OpenCIFAR10(dir)
	case kind == "folder" && dir != "":
		if s.train, s.test, err = stimuli.OpenFolder(dir, p.files()); err == nil && s.test == nil {
			err = fmt.Errorf("%s: found class folders and no test images: expected %s/train/CLASS/… and %s/test/CLASS/…", dir, dir, dir)
		}
	case kind == "arrays" && dir != "":
		err = s.openArrays(strings.Split(dir, ","))
	case source == "shapes":
		s = generatedShapes(seed, p.side(), shapesTrain, shapesTest)
	default:
		return s, misused("--images %q: expected cifar10:DIR, folder:DIR, shapes or arrays:X.npy,Y.npy", source)
	}
	if err == nil {
		err = s.frame(p)
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
			if kind == "folder" { // its images come class by class
				some[i] = i * s.train.Len() / limit
			}
		}
		s.train = stimuli.Subset(s.train, some)
	}
	return s, nil
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

func size3(a, b, c int) [3]int { return [3]int{a, b, c} }

// imagesFor opens images that a trained network is to be shown: pictures, a folder
// or zip that options say how to read, or a source of --images of which part
// ("train" or "test") is taken. The network's mean and deviation are put on them,
// unless they are numbers that are shown as they are.
func (m modelFile) imagesFor(source, part string, options stimuli.ImageOptions) (*stimuli.Prepared, error) {
	in := m.Architecture.Input
	p := &stimuli.Prepared{Mean: m.Mean, Std: m.Std}
	if kind, _, named := strings.Cut(source, ":"); source == "shapes" || named && (kind == "cifar10" || kind == "folder" || kind == "arrays") {
		if options.Degrees > 0 {
			return nil, misused("--degrees is for a folder or zip of stimuli, and %s are shown as the network was tested on them", source)
		}
		sets, err := openImages(source, 0, 1, m.Preparation)
		if err != nil {
			return nil, err
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
			return nil, fmt.Errorf("%s: these are %s, and the network was trained on %s", source, how[sets.prepared], how[m.Prepared])
		}
	} else {
		if m.Prepared {
			return nil, fmt.Errorf("%s: these are pixels, and the network was trained on numbers that are shown as they are: give --images arrays:X.npy,Y.npy of such", source)
		}
		options.Channels, options.Height, options.Width = in.Channels, in.Height, in.Width
		var err error
		if p.Set, _, err = stimuli.OpenImages(source, options); err != nil {
			return nil, err
		}
	}
	if c, h, w := p.Set.Shape(); c != in.Channels || h != in.Height || w != in.Width {
		return nil, fmt.Errorf("%s: images of %d×%d×%d, and the network sees %v", source, c, h, w, in)
	}
	return p, nil
}

// generatedShapes are the images of --images shapes and of the demonstration.
func generatedShapes(seed uint64, side, train, test int) imageSets {
	return imageSets{source: "shapes", train: shapes(seed, 0, side, train), test: shapes(seed, 1, side, test)}
}

// shapes is one of the independent series of generated images of a seed.
func shapes(seed, series uint64, side, n int) stimuli.Set {
	return stimuli.Shapes(stimuli.ShapeOptions{N: n, Seed: 16*seed + series, Size: side})
}

// data describes the sets for run.json.
func (s imageSets) data() []datum {
	data := []datum{{"training images", s.source, s.train.Len(), s.train.Digest()}}
	if s.test != nil {
		data = append(data, datum{"test images", s.source, s.test.Len(), s.test.Digest()})
	}
	return data
}
