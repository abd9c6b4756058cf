package main

import (
	"fmt"
	"strings"

	"ventral/stimuli"
)

// imageSets are the images that networks are trained and tested on.
type imageSets struct {
	source      string
	train, test stimuli.Set
}

const imagesUsage = "images to train and test on: cifar10:DIR (binary records), folder:DIR (DIR/train/CLASS/*.png, DIR/test/…) or shapes (generated)"

// The generated images of --images shapes.
const (
	shapesTrain = 4000
	shapesTest  = 1000
)

// openImages opens what --images names. limit > 0 takes the first so many
// training images.
func openImages(source string, limit int, seed uint64) (imageSets, error) {
	s := imageSets{source: source}
	kind, dir, _ := strings.Cut(source, ":")
	var err error
	switch {
	case kind == "cifar10" && dir != "":
		s.train, s.test, err = stimuli.OpenCIFAR10(dir)
	case kind == "folder" && dir != "":
		if s.train, s.test, err = stimuli.OpenFolder(dir, stimuli.ImageOptions{}); err == nil && s.test == nil {
			err = fmt.Errorf("%s: found class folders and no test images: expected %s/train/CLASS/… and %s/test/CLASS/…", dir, dir, dir)
		}
	case source == "shapes":
		s = generatedShapes(seed, shapesTrain, shapesTest)
	default:
		return s, misused("--images %q: expected cifar10:DIR, folder:DIR or shapes", source)
	}
	if err != nil {
		return s, err
	}
	if limit < 0 {
		return s, misused("--train-images is %d, expected a positive number (0: all)", limit)
	}
	if limit > 0 && limit < s.train.Len() {
		first := make([]int, limit)
		for i := range first {
			first[i] = i
		}
		s.train = stimuli.Subset(s.train, first)
	}
	return s, nil
}

// generatedShapes are the images of --images shapes and of the demonstration.
func generatedShapes(seed uint64, train, test int) imageSets {
	return imageSets{"shapes", shapes(seed, 0, train), shapes(seed, 1, test)}
}

// shapes is one of the independent series of generated images of a seed.
func shapes(seed, series uint64, n int) stimuli.Set {
	return stimuli.Shapes(stimuli.ShapeOptions{N: n, Seed: 16*seed + series})
}

// data describes the sets for run.json.
func (s imageSets) data() []datum {
	return []datum{
		{"training images", s.source, s.train.Len(), s.train.Digest()},
		{"test images", s.source, s.test.Len(), s.test.Digest()},
	}
}
