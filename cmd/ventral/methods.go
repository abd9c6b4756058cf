package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ventral/fit"
)

// A method is a value of --regression: a regression, or a similarity, which fits
// nothing.
type method struct {
	name  string
	about string   // to a reader of the help, who may know it by its name: ""
	flags []string // that mean something to it and not to all

	// words are how a table calls it. nil: by its name.
	words func(f *scoringFlags) string

	// One of the two is nil.
	regression func(f *scoringFlags, of problem) (fit.Regression, error)
	similarity func(f *similarityFlags) fit.Similarity
}

// A problem is what a regression needs to know beside the flags.
type problem struct {
	seed   uint32
	groups []string // one per stimulus, which folds inside the training part keep together, or nil
	bands  []int    // features of each layer, where layers are side by side
}

// regressions are the methods of all verbs that score, in the order of the help.
var regressions = []method{
	{
		name: "ridgecv", about: "leave-one-out α per neuroid", flags: []string{"alphas", "shared-alpha", "inner-folds"},
		words: func(f *scoringFlags) string {
			per := "neuroid"
			if f.shared {
				per = "region"
			}
			if f.inner > 0 {
				return fmt.Sprintf("ridge with α per %s from %d folds", per, f.inner)
			}
			return "ridge with leave-one-out α per " + per
		},
		regression: func(f *scoringFlags, of problem) (fit.Regression, error) {
			return fit.RidgeCV{Alphas: f.penalties(), Shared: f.shared, Folds: f.inner, Seed: of.seed, Groups: of.groups}, nil
		},
	}, {
		name: "pls", flags: []string{"components"},
		words: func(f *scoringFlags) string { return fmt.Sprintf("PLS (%d components)", f.components) },
		regression: func(f *scoringFlags, _ problem) (fit.Regression, error) {
			return fit.PLS{Components: f.components}, f.checkComponents()
		},
	}, {
		name: "ridge", flags: []string{"alpha"},
		words: func(f *scoringFlags) string { return fmt.Sprintf("ridge (α = %g)", f.alpha) },
		regression: func(f *scoringFlags, _ problem) (fit.Regression, error) {
			if !(f.alpha > 0) || math.IsInf(f.alpha, 1) {
				return nil, misused("--alpha is %g, expected a positive number (0 is --regression linear)", f.alpha)
			}
			return fit.Ridge{Alpha: f.alpha}, nil
		},
	}, {
		name:       "linear",
		words:      func(*scoringFlags) string { return "least squares" },
		regression: func(*scoringFlags, problem) (fit.Regression, error) { return fit.Linear{}, nil },
	}, {
		name: "plscv", about: "chooses the components", flags: []string{"components", "inner-folds"},
		words: func(f *scoringFlags) string { return fmt.Sprintf("PLS (up to %d components)", f.components) },
		regression: func(f *scoringFlags, of problem) (fit.Regression, error) {
			return fit.PLSCV{Components: f.components, Folds: f.inner, Seed: of.seed, Groups: of.groups}, f.checkComponents()
		},
	}, {
		name:       "one-to-one",
		words:      func(*scoringFlags) string { return "the best single feature" },
		regression: func(*scoringFlags, problem) (fit.Regression, error) { return fit.OneToOne{}, nil },
	},
}

// banded takes layers side by side.
const banded = "banded"

// scoreMethods are those of ventral score beside them.
var scoreMethods = []method{
	{
		name: banded, about: "ridge with a penalty per layer, side by side", flags: []string{"alphas"},
		words: func(*scoringFlags) string { return "ridge with leave-one-out penalties per layer and neuroid" },
		regression: func(f *scoringFlags, of problem) (fit.Regression, error) {
			return fit.BandedRidge{Bands: of.bands, Alphas: f.penalties(), Seed: of.seed}, nil
		},
	}, {
		name: "rsa", flags: []string{"distance", "by"},
		similarity: func(f *similarityFlags) fit.Similarity {
			distance := fit.Distance(f.distance)
			if f.distance == crossnobis {
				distance = fit.SquaredEuclideanDistance
			}
			return fit.RSA{Distance: distance, Comparison: fit.RDMComparison(f.by)}
		},
	}, {
		name: "cka", flags: []string{"biased"},
		similarity: func(f *similarityFlags) fit.Similarity { return fit.CKA{Biased: f.biased} },
	}, {
		name:       "procrustes",
		similarity: func(*similarityFlags) fit.Similarity { return fit.Procrustes{} },
	},
}

func methodNames(methods []method) []string {
	var names []string
	for _, m := range methods {
		names = append(names, m.name)
	}
	return names
}

// aboutMethods is what the help says of the methods: regressions, then
// similarities.
func aboutMethods(methods []method) string {
	var fits, compares []string
	for _, m := range methods {
		words := m.name
		if m.about != "" {
			words += " (" + m.about + ")"
		}
		if m.similarity != nil {
			compares = append(compares, words)
		} else {
			fits = append(fits, words)
		}
	}
	text := strings.Join(fits, ", ")
	if len(compares) > 0 {
		text += "; or, without a fit, " + strings.Join(compares, ", ")
	}
	return text
}

// chosen is the method that the flags name.
func (f *scoringFlags) chosen() (method, error) {
	return find(f.methods, func(m method) string { return m.name }, "--regression", f.method)
}

// checkFlags refuses a flag that means nothing to the method.
func (f *scoringFlags) checkFlags(chosen method) error {
	for _, m := range f.methods {
		for _, flag := range m.flags {
			if !f.given(flag) || slices.Contains(chosen.flags, flag) {
				continue
			}
			var of []string
			for _, m := range f.methods {
				if slices.Contains(m.flags, flag) {
					of = append(of, m.name)
				}
			}
			return misused("--%s is for --regression %s, and means nothing to %s", flag, strings.Join(of, " and "), chosen.name)
		}
	}
	return nil
}

// regression is the regression that the flags name.
func (f *scoringFlags) regression(of problem) (fit.Regression, error) {
	m, err := f.chosen()
	if err != nil {
		return nil, err
	}
	return m.regression(f, of)
}

// words describe the method to a reader.
func (f *scoringFlags) words() string {
	m, err := f.chosen()
	if err != nil || m.words == nil {
		return f.method
	}
	return m.words(f)
}

// penalties are --alphas; nil, the default, where there are none: an empty list
// would be an error.
func (f *scoringFlags) penalties() []float64 {
	if len(f.alphas) == 0 {
		return nil
	}
	return f.alphas
}

func (f *scoringFlags) checkComponents() error {
	if f.components < 1 {
		return misused("--components is %d, expected at least 1", f.components)
	}
	return nil
}

// fewestFeatures returns the fewest features that the regression needs.
func (f *scoringFlags) fewestFeatures() int {
	if m, err := f.chosen(); err == nil && slices.Contains(m.flags, "components") {
		return f.components
	}
	return 1
}
