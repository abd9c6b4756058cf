package fit

import (
	"fmt"
	"math"

	"ventral/internal/kernel"
)

// FEVOptions say which neuroids FEV reports.
type FEVOptions struct {
	// Floor is the explainable fraction that a neuroid needs for its explained
	// fraction to be reported; 0 = .15, that of Cadena et al.
	Floor float64
}

// Explained is the fraction of explainable variance that predictions explain.
type Explained struct {
	// Mean and Median are those of PerNeuroid over the neuroids that reach
	// Floor; NaN, with a note, where none does.
	Mean, Median float64
	PerNeuroid   []float64 // FEVE; NaN below the floor
	Explainable  []float64 // FEV of every neuroid; NaN where its single trials do not vary
	Floor        float64
	Reliable     int // neuroids that reach the floor
	Notes        []string
}

// FEV computes, per neuroid and from single trials, the explainable fraction of
// the variance and the fraction of it that the predictions explain:
//
//	FEV  = (σ² − σ²_noise)/σ²
//	FEVE = 1 − (MSE − σ²_noise)/(σ² − σ²_noise)
//
// with σ² the variance of all single trials of the test stimuli (n − 1), σ²_noise
// the mean over stimuli of the variance over their trials (n − 1), and MSE the
// mean squared error of the predictions over single trials. The three are
// computed on the test stimuli of every split and averaged over splits before
// the fractions are taken: a mean of ratios would hang on the split with the
// smallest denominator. With one test set it is what neuralpredictors computes.
//
// 1 is a prediction of the true means, 0 is no better than the overall mean, and
// less is worse than that; nothing is clipped. Unlike a correlation it counts
// wrong offsets and scales as errors.
//
// S. A. Cadena et al., "Deep convolutional models improve predictions of macaque
// V1 responses to natural images", PLOS Computational Biology 15, 2019.
//
// Trials that are missing are left out, and so is a stimulus of which a neuroid
// has fewer than 2. Errors: an assembly with fewer than 2 repetitions, one whose
// mean responses are not those that were predicted, and a split in which a
// neuroid has fewer than 2 stimuli with 2 trials.
func FEV(a *Assembly, p *Predictions, o FEVOptions) (*Explained, error) {
	if o.Floor == 0 {
		o.Floor = .15
	}
	if !(o.Floor > 0 && o.Floor < 1) {
		return nil, fmt.Errorf("a floor of %g for the explainable fraction: expected a number between 0 and 1", o.Floor)
	}
	if a.Repetitions < 2 {
		return nil, fmt.Errorf("%s: the explainable variance needs at least 2 repetitions per stimulus, found %d", a.name(), a.Repetitions)
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := a.checkMeans(p); err != nil {
		return nil, err
	}
	q, splits := len(a.Neuroids), make([]*trialVariances, len(p.Splits))
	kernel.Parallel(len(splits), func(i int) {
		splits[i] = a.trialVariances(p.Splits[i].Test, func(k, j int) float64 { return p.Predicted[i].At(k, j) })
	})
	e := &Explained{Floor: o.Floor}
	var reported []float64
	for j := range q {
		var total, noise, mse float64
		for i, v := range splits {
			if v.stimuli[j] < 2 {
				return nil, fmt.Errorf("%s: neuroid %s has 2 trials of only %d of the %d test stimuli of split %d: expected at least 2", a.name(), a.Neuroids[j], v.stimuli[j], len(p.Splits[i].Test), i+1)
			}
			total += v.total[j]
			noise += v.noise[j]
			mse += v.mse[j]
		}
		fev, feve := math.NaN(), math.NaN()
		if total > 0 {
			fev = (total - noise) / total
		}
		if fev >= o.Floor {
			feve = 1 - (mse-noise)/(total-noise)
			reported = append(reported, feve)
		}
		e.Explainable, e.PerNeuroid = append(e.Explainable, fev), append(e.PerNeuroid, feve)
	}
	e.Reliable = len(reported)
	e.Mean = meanDefined(reported)
	e.Median, _ = medianDefined(reported)
	if below := q - e.Reliable; below > 0 {
		e.Notes = append(e.Notes, fmt.Sprintf("%d of %d neuroids have an explainable fraction below %g and are not reported", below, q, o.Floor))
	}
	left := 0
	for _, v := range splits {
		left += v.left
	}
	if left > 0 {
		e.Notes = append(e.Notes, fmt.Sprintf("%d of the test stimuli (split × stimulus × neuroid) have fewer than 2 trials and are left out", left))
	}
	return e, nil
}

// checkMeans holds that predictions are of the assembly's mean responses.
func (a *Assembly) checkMeans(p *Predictions) error {
	n, q := p.Responses.Dims()
	if n != len(a.StimulusIDs) || q != len(a.Neuroids) {
		return fmt.Errorf("%s has %d stimuli × %d neuroids, and predictions are of %d × %d", a.name(), len(a.StimulusIDs), len(a.Neuroids), n, q)
	}
	means := a.Mean()
	for j := range q {
		scale := 0.0
		for i := range n {
			scale = max(scale, math.Abs(means.At(i, j)))
		}
		for i := range n {
			const single = 1e-5 // responses may have been stored in single precision
			if v, m := p.Responses.At(i, j), means.At(i, j); !(math.Abs(v-m) <= single*scale) {
				return fmt.Errorf("%s: the response of neuroid %s to stimulus %s was %g when it was predicted, and the mean of its trials is %g: expected predictions of the means of these very trials, in their unit", a.name(), a.Neuroids[j], a.StimulusIDs[i], v, m)
			}
		}
	}
	return nil
}

// trialVariances are sums over the single trials of some stimuli, per neuroid.
type trialVariances struct {
	total, noise, mse []float64
	stimuli           []int // with 2 trials or more
	left              int   // stimuli × neuroids with fewer
}

// trialVariances computes the variances over the trials of the given stimuli;
// predicted(k, j) is for neuroid j and stimulus rows[k].
func (a *Assembly) trialVariances(rows []int, predicted func(k, j int) float64) *trialVariances {
	q := len(a.Neuroids)
	v := &trialVariances{make([]float64, q), make([]float64, q), make([]float64, q), make([]int, q), 0}
	var all, trials []float64
	for j := range q {
		all = all[:0]
		for k, s := range rows {
			trials = trials[:0]
			for r := range a.Repetitions {
				if x := a.trials(s, r)[j]; !math.IsNaN(x) {
					trials = append(trials, x)
				}
			}
			if len(trials) < 2 {
				v.left++
				continue
			}
			v.stimuli[j]++
			v.noise[j] += variance(trials)
			for _, x := range trials {
				e := x - predicted(k, j)
				v.mse[j] += e * e
			}
			all = append(all, trials...)
		}
		if v.stimuli[j] > 0 {
			v.total[j] = variance(all)
			v.noise[j] /= float64(v.stimuli[j])
			v.mse[j] /= float64(len(all))
		}
	}
	return v
}

// variance is the sample variance (n − 1) of at least 2 values.
func variance(x []float64) float64 {
	m, ss := mean(x), 0.0
	for _, v := range x {
		ss += (v - m) * (v - m)
	}
	return ss / float64(len(x)-1)
}
