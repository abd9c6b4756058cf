package fit

import (
	"fmt"
	"slices"
	"strings"
)

// The axes that recordings can have. A presentation is one showing of a
// stimulus; stimulus and repetition together are presentations in a rectangle.
const (
	axisStimulus     = "stimulus"
	axisRepetition   = "repetition"
	axisPresentation = "presentation"
	axisNeuroid      = "neuroid"
	axisTime         = "time_bin"
)

var axisNames = []string{axisStimulus, axisRepetition, axisPresentation, axisNeuroid, axisTime}

// axisSynonyms are the names of dimensions that coordinates give their name to.
var axisSynonyms = map[string]string{
	"stimulus_id":   axisStimulus,
	"image_id":      axisStimulus,
	"stimulus_path": axisStimulus,
	"neuroid_id":    axisNeuroid,
}

// axisNamed is the name of an axis in our words.
func axisNamed(name string) string {
	name = strings.TrimSpace(name)
	if s, ok := axisSynonyms[name]; ok {
		return s
	}
	return name
}

// axes returns the checked names of the axes of an array of the given shape:
// those that are asked for, else the file's own (nil: it has none), else the
// default ones.
func (o ReadOptions) axes(file []string, shape []int) ([]string, error) {
	for _, names := range [][]string{o.Axes, file, o.DefaultAxes} {
		if names != nil {
			return parseAxes(names, shape)
		}
	}
	return nil, fmt.Errorf("the file does not say what its axes are (%s): name them, e.g. %s", shapeWords(shape), exampleAxes(len(shape)))
}

// parseAxes checks the names of the axes of an array of the given shape, in its
// order. Each may stand once; neuroid must, and so must stimulus or
// presentation, which exclude each other.
func parseAxes(names []string, shape []int) ([]string, error) {
	axes := make([]string, len(names))
	for i, name := range names {
		name = axisNamed(name)
		if !slices.Contains(axisNames, name) {
			return nil, fmt.Errorf("axes %s: unknown name %q, expected %s", strings.Join(names, ","), name, strings.Join(axisNames, ", "))
		}
		if slices.Contains(axes[:i], name) {
			return nil, fmt.Errorf("axes %s: %s stands there twice", strings.Join(names, ","), name)
		}
		axes[i] = name
	}
	if len(axes) != len(shape) {
		return nil, fmt.Errorf("axes %s: %d names for an array of %d axes, %s", strings.Join(names, ","), len(names), len(shape), shapeWords(shape))
	}
	has := func(name string) bool { return slices.Contains(axes, name) }
	switch {
	case !has(axisStimulus) && !has(axisPresentation):
		return nil, fmt.Errorf("axes %s: none is the stimulus", strings.Join(names, ","))
	case !has(axisNeuroid):
		return nil, fmt.Errorf("axes %s: none is the neuroid", strings.Join(names, ","))
	case has(axisPresentation) && (has(axisStimulus) || has(axisRepetition)):
		return nil, fmt.Errorf("axes %s: presentation already is stimulus and repetition", strings.Join(names, ","))
	}
	return axes, nil
}

// shapeWords writes a shape as it is read: 50 × 640 × 10.
func shapeWords(shape []int) string {
	words := make([]string, len(shape))
	for i, n := range shape {
		words[i] = fmt.Sprint(n)
	}
	return strings.Join(words, " × ")
}

// exampleAxes suggests names for an array of unknown axes.
func exampleAxes(rank int) string {
	switch rank {
	case 2:
		return "stimulus,neuroid"
	case 3:
		return "stimulus,repetition,neuroid"
	}
	return strings.Join(axisNames, ",")
}
