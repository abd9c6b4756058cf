package fit

import (
	"fmt"
	"math"
	"slices"
)

// Reliable returns the assembly with only the neuroids whose split-half
// reliability (Spearman–Brown corrected, median over splits: the PerNeuroid of
// SplitHalf) is at least minimum; those that have none are left out. The note
// that it adds says how many went and that the same responses decided it, which
// raises the ceiling of those that stay. It fails like SplitHalf, and when no
// neuroid is left.
func (a *Assembly) Reliable(minimum float64, o SplitHalfOptions) (*Assembly, error) {
	if math.IsNaN(minimum) || minimum > 1 {
		panic(fmt.Sprintf("fit: a minimal reliability of %v: expected at most 1", minimum))
	}
	c, err := SplitHalf(a, o)
	if err != nil {
		return nil, err
	}
	reliable := whichHave(len(a.Neuroids), func(j int) bool { return c.PerNeuroid[j] >= minimum })
	if len(reliable) == 0 {
		best := math.NaN()
		for _, r := range c.PerNeuroid {
			if !math.IsNaN(r) && !(r <= best) {
				best = r
			}
		}
		return nil, fmt.Errorf("%s: none of %d neuroids has a split-half reliability (Spearman–Brown corrected) of at least %g; the largest is %.3g", a.name(), len(a.Neuroids), minimum, best)
	}
	kept := *a
	kept.keep(rowsBelow(len(a.StimulusIDs)), reliable, nil)
	out := pick(a.Neuroids, others(len(a.Neuroids), reliable))
	kept.Notes = append(slices.Clone(a.Notes), fmt.Sprintf("%d of %d neuroids, whose split-half reliability (Spearman–Brown corrected, %d splits) is below %g or undefined, are left out: %s; the reliability was computed from the same responses that are scored",
		len(out), len(a.Neuroids), len(c.SplitScores), minimum, listed(out)))
	return &kept, nil
}
