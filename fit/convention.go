package fit

import (
	"fmt"
	"math"
)

// A Convention is how a score is normalised by its ceiling. Brain-Score changed
// it in January 2026; numbers under different conventions must not be compared.
type Convention string

const (
	// SquaredOverCeiling is r²/c, Brain-Score's since January 2026 and the
	// default: the ceiling c is a reliability, of the order of a squared
	// correlation with the true response.
	SquaredOverCeiling Convention = "r²/ceiling"
	// RatioSquared is (r/c)², Brain-Score's until then.
	RatioSquared Convention = "(r/ceiling)²"
)

// Ceiled normalises the correlation r by the ceiling c. Squaring makes a
// negative r positive, as in Brain-Score; Result.Negative flags it. It fails
// for an unknown convention and for a ceiling that is not positive, which
// nothing can be normalised by.
func (v Convention) Ceiled(r, c float64) (float64, error) {
	if !(c > 0) {
		return math.NaN(), fmt.Errorf("the ceiling is %.3g: a score can only be normalised by a positive one (the responses do not repeat)", c)
	}
	switch v {
	case "", SquaredOverCeiling:
		return r * r / c, nil
	case RatioSquared:
		return r / c * (r / c), nil
	}
	return math.NaN(), fmt.Errorf("unknown ceiling convention %q: expected %q or %q", v, SquaredOverCeiling, RatioSquared)
}

// name is the convention that is in force.
func (v Convention) name() Convention {
	if v == "" {
		return SquaredOverCeiling
	}
	return v
}
