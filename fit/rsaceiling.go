package fit

import "fmt"

// An RSACeiling bounds the RSA that a model could reach, given how the
// dissimilarities of the subjects differ (Nili et al. 2014).
type RSACeiling struct {
	// Upper compares each subject's dissimilarities with the mean of all
	// subjects, which is closest to all of them on average; Lower with the mean
	// of the others. Both are means over subjects. Brain-Score's ceiling is
	// Upper.
	Upper, Lower                     float64
	UpperPerSubject, LowerPerSubject []float64
}

// ComputeRSACeiling computes the ceilings from the dissimilarities of at least
// 2 subjects, all for the same stimuli in the same order. Dissimilarities are
// averaged as they are, as Brain-Score does, so that they should have one scale. It
// fails for fewer subjects, other numbers of stimuli, and where a comparison does not
// exist.
func ComputeRSACeiling(subjects []*RDM, by RDMComparison) (*RSACeiling, error) {
	if len(subjects) < 2 {
		return nil, fmt.Errorf("%d subjects are too few for a ceiling of RSA: expected at least 2", len(subjects))
	}
	c := new(RSACeiling)
	for i, s := range subjects {
		if s.Stimuli != subjects[0].Stimuli {
			return nil, fmt.Errorf("subject %d has dissimilarities of %d stimuli and subject 0 of %d: expected the same stimuli", i, s.Stimuli, subjects[0].Stimuli)
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("subject %d: %w", i, err)
		}
	}
	all := rowsBelow(subjects[0].Stimuli)
	for i, s := range subjects {
		for _, bound := range []struct {
			without int
			to      *[]float64
		}{{-1, &c.UpperPerSubject}, {i, &c.LowerPerSubject}} {
			comparison, err := by.between(givenRDM(s), givenRDM(meanRDM(subjects, bound.without)))
			if err != nil {
				return nil, err
			}
			r, err := comparison.At(all, all)
			if err != nil {
				return nil, fmt.Errorf("subject %d (x) and the mean of subjects (y): %w", i, err)
			}
			*bound.to = append(*bound.to, r)
		}
	}
	c.Upper, c.Lower = mean(c.UpperPerSubject), mean(c.LowerPerSubject)
	return c, nil
}

// meanRDM is the mean over all subjects but one (−1: over all).
func meanRDM(subjects []*RDM, without int) *RDM {
	m := &RDM{Stimuli: subjects[0].Stimuli, Values: make([]float64, len(subjects[0].Values))}
	n := 0.0
	for i, s := range subjects {
		if i == without {
			continue
		}
		n++
		for k, v := range s.Values {
			m.Values[k] += v
		}
	}
	for k := range m.Values {
		m.Values[k] /= n
	}
	return m
}
