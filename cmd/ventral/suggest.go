package main

import (
	"errors"
	"fmt"
	"strings"
)

// A nameError is of a name that is none of those there are. Packages fit and
// network have their own, with the same method.
type nameError struct {
	error
	name  string
	known []string
}

func (e nameError) Unknown() (name string, known []string) { return e.name, e.known }

// unknown is the usage error of a name that is none of the known ones.
func unknown(name string, known []string, format string, args ...any) error {
	return usageError{nameError{fmt.Errorf(format, args...), name, known}}
}

// none is unknown for a flag's value.
func none(flag, name string, known []string) error {
	return unknown(name, known, "--%s %q: expected %s", flag, name, alternatives(known))
}

// suggestion asks whether another name was meant than the unknown one that err is
// of; "" if it is of none, or none is near.
func suggestion(err error) string {
	var e interface{ Unknown() (string, []string) }
	if errors.As(err, &e) {
		if near := meant(e.Unknown()); near != "" {
			return "Did you mean " + near + "?"
		}
	}
	return ""
}

// alternatives lists words as a sentence does: a, b or c.
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// meant returns the known name that was probably meant: the nearest one, if at
// most a third of its letters are wrong, or the only one that begins so.
func meant(name string, known []string) string {
	best, least := "", 0
	for _, k := range known {
		wrong := edits(strings.ToLower(name), strings.ToLower(k))
		if wrong <= max(1, len([]rune(k))/3) && (best == "" || wrong < least) {
			best, least = k, wrong
		}
	}
	if best != "" || name == "" {
		return best
	}
	for _, k := range known {
		if strings.HasPrefix(k, name) {
			if best != "" {
				return ""
			}
			best = k
		}
	}
	return best
}

// edits is how many letters must be put in, left out, replaced or exchanged with
// their neighbours to make b of a: the optimal string alignment distance.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	d := make([][]int, len(x)+1)
	for i := range d {
		d[i] = make([]int, len(y)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			replace := 1
			if x[i-1] == y[j-1] {
				replace = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+replace)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(x)][len(y)]
}
