package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"ventral/fit"
)

// fewTested is how many held-out stimuli are too few for an r to rely on.
const fewTested = 10

// splitNotes are what a reader must know of the splits of a score.
func (f *scoringFlags) splitNotes(p partition, splits []fit.Split) []string {
	var notes []string
	if n := smallestTest(splits); n < fewTested {
		notes = append(notes, fmt.Sprintf("only %d held-out stimuli a split, so its r is very uncertain", n))
	}
	if p.groups == nil {
		return notes
	}
	tests := map[string]int{} // of each group
	for _, s := range splits {
		for g := range groupsOf(p.groups, s.Test) {
			tests[g]++
		}
	}
	if all := len(groupsOf(p.groups, nil)); slices.ContainsFunc(slices.Collect(maps.Values(tests)), func(n int) bool { return n > 1 }) {
		of := fmt.Sprintf("only %d of", len(tests))
		if len(tests) == all {
			of = "all"
		}
		notes = append(notes, fmt.Sprintf("%d splits test %s %d groups, some more than once, so that the error over splits is too small: --folds %d tests each once", len(splits), of, all, min(10, all)))
	}
	if f.inner == 0 && slices.Contains([]string{"ridgecv", banded}, f.method) {
		note := "α is chosen leaving out single stimuli, whose neighbours of the same group stay in"
		if f.method == "ridgecv" {
			note += fmt.Sprintf(": --inner-folds %d leaves out whole groups", min(10, f.fewestTrained(p, splits)))
		}
		notes = append(notes, note)
	}
	return notes
}

// groupsOf are the groups of the given stimuli; nil: of all.
func groupsOf(groups []string, rows []int) map[string]bool {
	of := map[string]bool{}
	for _, g := range byRow(groups, rows) {
		of[g] = true
	}
	return of
}

// fewestTrained is the number of groups, or of stimuli where there are none, in
// the smallest training part.
func (f *scoringFlags) fewestTrained(p partition, splits []fit.Split) int {
	n := math.MaxInt
	for _, s := range splits {
		if p.groups != nil {
			n = min(n, len(groupsOf(p.groups, s.Train)))
		} else {
			n = min(n, len(s.Train))
		}
	}
	return n
}

// checkInner refuses more folds inside a training part than it can be divided into.
func (f *scoringFlags) checkInner(p partition, splits []fit.Split) error {
	what := "stimuli"
	if p.groups != nil {
		what = "groups"
	}
	if n := f.fewestTrained(p, splits); f.inner > n {
		return misused("--inner-folds is %d, and a training part has %d %s: expected at most as many folds", f.inner, n, what)
	}
	return nil
}

// smallestTest is the number of stimuli in the smallest test part.
func smallestTest(splits []fit.Split) int {
	n := math.MaxInt
	for _, s := range splits {
		n = min(n, len(s.Test))
	}
	return n
}

// errorOver is the error over splits, of which one has none.
func errorOver(scores []float64, err float64) figure {
	if len(scores) < 2 {
		return figure(math.NaN())
	}
	return figure(err)
}

// orNone is an error, 0 where there is none.
func orNone(err figure) figure {
	if math.IsNaN(float64(err)) {
		return 0
	}
	return err
}

// rowNotes are the notes of rows, each once, with the rows that it is about.
type rowNotes struct {
	notes []string
	about map[string][]int // rows of each
	names [][2]string      // title and layer of every row
}

// add takes the notes of a row.
func (n *rowNotes) add(title, layer string, notes []string) {
	if n.about == nil {
		n.about = map[string][]int{}
	}
	for _, note := range notes {
		if n.about[note] == nil {
			n.notes = append(n.notes, note)
		}
		n.about[note] = append(n.about[note], len(n.names))
	}
	n.names = append(n.names, [2]string{title, layer})
}

// lines are the notes, each behind the rows that it is about, unless these are all.
func (n *rowNotes) lines() []string {
	lines := make([]string, len(n.notes))
	for i, note := range n.notes {
		title := ""
		if rows := n.about[note]; len(rows) < len(n.names) {
			title = n.rows(rows)
		}
		lines[i] = "note: " + joinTitle(title, note)
	}
	return lines
}

// namedRows is how many rows a note names at most.
const namedRows = 6

// rows names rows: by their title alone where it has no others.
func (n *rowNotes) rows(rows []int) string {
	of, all := map[string]int{}, map[string]int{} // rows of each title
	for _, name := range n.names {
		all[name[0]]++
	}
	for _, row := range rows {
		of[n.names[row][0]]++
	}
	var words []string
	for _, row := range rows {
		title, name := n.names[row][0], strings.TrimSpace(n.names[row][0]+" "+n.names[row][1])
		if of[title] >= all[title] && all[title] > 1 {
			name = fmt.Sprintf("%s, all %d layers", title, all[title])
		}
		if !slices.Contains(words, name) {
			words = append(words, name)
		}
	}
	if more := len(words) - namedRows; more > 1 {
		words = append(words[:namedRows], fmt.Sprintf("%d others", more))
	}
	return joined(words)
}

// parameterWords are the name and value of a parameter of a regression or
// similarity as a page has them.
func parameterWords(name string, value any) (words, text string) {
	words, named := map[string]string{
		"alpha":          "regression: α",
		"alphas":         "regression: number of α to choose from",
		"alpha_min":      "regression: smallest α to choose from",
		"alpha_max":      "regression: largest α to choose from",
		"shared":         "regression: α chosen for",
		"folds":          "regression: folds inside the training part",
		"seed":           "regression: seed",
		"components":     "regression: components",
		"components_max": "regression: most components to choose from",
		"bands":          "regression: layers side by side",
		"draws":          "regression: weights of the layers tried",
		"distance":       "similarity: distance",
		"comparison":     "similarity: dissimilarities compared by",
		"biased":         "similarity: biased estimator",
	}[name]
	if !named {
		words = "regression " + name
	}
	switch {
	case name == "shared" && value == 0.:
		return words, "each neuroid"
	case name == "shared":
		return words, "all neuroids together"
	case name == "folds" && value == 0.:
		return words, "none: single stimuli are left out"
	}
	return words, fmt.Sprint(value)
}
