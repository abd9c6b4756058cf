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

// axisFactor begins the names of axes that stimuli are arranged along together:
// stimulus.movie, stimulus.frame.
const axisFactor = "stimulus."

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

// An AxesError is of an array whose axes are not named, or so that no assembly can
// be made of it. Example names the axes of an array of as many.
type AxesError struct {
	Example string
	err     error
}

func (e *AxesError) Error() string { return e.err.Error() }
func (e *AxesError) Unwrap() error { return e.err }

func wrongAxes(rank int, err error) error { return &AxesError{exampleAxes(rank), err} }

// axes returns the names of the axes of an array of the given shape: those that
// are asked for, else the file's own (nil: it has none), else the default ones.
func (o ReadOptions) axes(file []string, shape []int) ([]string, error) {
	if len(shape) == 0 {
		return nil, fmt.Errorf("the array is a single number: expected axes of stimuli and neuroids")
	}
	for i, names := range [][]string{o.Axes, file, o.DefaultAxes} {
		if len(names) == 0 {
			continue
		}
		axes, err := nameAxes(names, shape)
		switch {
		case err == nil:
			return axes, nil
		case i == 2:
			err = fmt.Errorf("the file does not say what its axes are, and those that are assumed do not fit: %w", err)
		}
		return nil, wrongAxes(len(shape), err)
	}
	return nil, wrongAxes(len(shape), fmt.Errorf("the file does not say what its axes are (%s): name them, e.g. %s", shapeWords(shape), exampleAxes(len(shape))))
}

// nameAxes takes the names of the axes of an array of the given shape, in its
// order, to the ones that are used here. What they are is not checked.
func nameAxes(names []string, shape []int) ([]string, error) {
	axes := make([]string, len(names))
	for i, name := range names {
		axes[i] = axisNamed(name)
	}
	if len(axes) != len(shape) {
		return nil, fmt.Errorf("axes %s: %d names for an array of %d axes, %s", strings.Join(names, ","), len(names), len(shape), shapeWords(shape))
	}
	return axes, nil
}

// checkAxes checks that an assembly can be made of axes of these names. Each may
// stand once; neuroid must, and so must one of stimulus, presentation, or axes
// stimulus.NAME, which exclude each other.
func checkAxes(axes []string) error {
	all := strings.Join(axes, ",")
	factors := 0
	for i, name := range axes {
		if strings.HasPrefix(name, axisFactor) && name != axisFactor {
			factors++
		} else if !slices.Contains(axisNames, name) {
			return fmt.Errorf("axes %s: unknown name %q, expected %s; stimuli that are arranged along several axes have these as stimulus.NAME", all, name, strings.Join(axisNames, ", "))
		}
		if slices.Contains(axes[:i], name) {
			return fmt.Errorf("axes %s: %s stands there twice", all, name)
		}
	}
	has := func(name string) bool { return slices.Contains(axes, name) }
	switch {
	case factors > 0 && (has(axisStimulus) || has(axisPresentation)):
		return fmt.Errorf("axes %s: the axes stimulus.NAME already are the stimulus", all)
	case factors == 0 && !has(axisStimulus) && !has(axisPresentation):
		return fmt.Errorf("axes %s: none is the stimulus", all)
	case !has(axisNeuroid):
		return fmt.Errorf("axes %s: none is the neuroid", all)
	case has(axisPresentation) && (has(axisStimulus) || has(axisRepetition)):
		return fmt.Errorf("axes %s: presentation already is stimulus and repetition", all)
	}
	return nil
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
	case 4:
		return "stimulus,repetition,neuroid,time_bin"
	}
	return strings.Join(axisNames, ",")
}

// elements is the number of elements of an array.
func elements(shape []int) int {
	n := 1
	for _, k := range shape {
		n *= k
	}
	return n
}
