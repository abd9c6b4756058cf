package fit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// Resampled says what a bootstrap draws anew.
type Resampled string

const (
	// ResampleBoth draws stimuli and neuroids together, the "dual" bootstrap:
	// how well would the score repeat with other stimuli and other neuroids.
	// The noise of single responses enters through both, so that its interval is
	// rather too wide than too narrow (Schütt et al. 2023, eLife 12:e82566).
	ResampleBoth     Resampled = "stimuli and neuroids"
	ResampleStimuli  Resampled = "stimuli"
	ResampleNeuroids Resampled = "neuroids"
)

// BootstrapOptions say how a score is resampled.
type BootstrapOptions struct {
	Draws      int       // 0 = 1000
	Seed       uint64    // results that are drawn with the same seed are paired
	Resample   Resampled // "" = ResampleBoth
	Groups     []string  // of all stimuli, e.g. the movie; nil = each stimulus is drawn alone
	Confidence float64   // of the interval; 0 = .95
}

// A Bootstrapped is the score of predictions with its percentile interval.
type Bootstrapped struct {
	Score      float64 // as Score computes it
	Low, High  float64 // percentile interval
	Confidence float64
	Draws      Draws // the score in every draw; Deviation is its standard error
	Resampled  Resampled
	// Units is the number of stimuli, or of groups of stimuli, that were drawn
	// from: those that are in a test set.
	Units int
	// Undefined counts the correlations (draw × split × drawn neuroid) that do
	// not exist, since the drawn responses or predictions are constant: the
	// medians leave them out. EmptySplits counts the splits (draw × split)
	// without any correlation, as where no stimulus of a small test set was
	// drawn: the means leave them out.
	Undefined, EmptySplits int
	Notes                  []string

	of    *Predictions // what Compare must find alike
	drawn BootstrapOptions
}

// Bootstrap resamples a score. In every draw as many stimuli are drawn with
// replacement as were tested, once for all splits: a stimulus that is drawn k
// times counts k times in every test set that it is in, as a weight in
// Pearson's r. Test sets that overlap, those of shuffle splits, so stay
// consistent. As many neuroids as there are are drawn with replacement for the
// median. The score of a draw is the mean over splits of the median over the
// drawn neuroids. With Groups whole groups are drawn.
//
// No fit is repeated: the interval is that of the fitted predictions on new
// test stimuli, and holds no variation of the training. Random numbers depend
// on Seed, the draw, and the numbers of tested units and of neuroids only.
//
// Time is a matrix product of n_draws × n_test × 5 n_neuroids per split, in
// parallel over the draws; memory 7 times that of the predictions. Errors:
// predictions that do not fit the responses, options out of range, and a draw
// without any correlation. When ctx is cancelled it returns its error.
func Bootstrap(ctx context.Context, p *Predictions, o BootstrapOptions) (*Bootstrapped, error) {
	if err := o.normalise(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	n, q := p.Responses.Dims()
	units, err := exchangeable(p.tested(), o.Groups, n)
	if err != nil {
		return nil, err
	}
	observed := p.correlations()
	b := &Bootstrapped{Resampled: o.Resample, Units: len(units), Confidence: o.Confidence, Draws: make(Draws, o.Draws), of: p, drawn: o}
	if b.Score, err = p.score(observed); err != nil {
		return nil, err
	}
	splits := make([]*weighing, len(p.Splits))
	if o.Resample != ResampleNeuroids {
		kernel.Parallel(len(splits), func(i int) {
			splits[i] = newWeighing(p.Predicted[i], gather(p.Responses, p.Splits[i].Test))
		})
	}
	// Blocks of draws of a fixed size: the products do not depend on GOMAXPROCS.
	const block = 64
	undefined, empty := make([]int, o.Draws), make([]int, o.Draws)
	kernel.Parallel((o.Draws+block-1)/block, func(k int) {
		if ctx.Err() != nil {
			return
		}
		from, to := k*block, min((k+1)*block, o.Draws)
		weights := mat.NewDense(to-from, n, nil)
		neuroids := make([][]int, to-from)
		for d := range neuroids {
			rng := rand.New(rand.NewPCG(o.Seed, uint64(from+d)))
			if o.Resample != ResampleNeuroids {
				drawWeights(weights.RawRowView(d), units, rng)
			}
			neuroids[d] = drawNeuroids(q, o.Resample, rng)
		}
		sums, defined := make([]float64, to-from), make([]int, to-from)
		r, values := mat.NewDense(to-from, q, nil), make([]float64, 0, q)
		for i, s := range p.Splits {
			if splits[i] != nil {
				splits[i].correlations(r, columns(weights, s.Test))
			}
			for d := range neuroids {
				row := r.RawRowView(d)
				if splits[i] == nil {
					row = observed.RawRowView(i)
				}
				values = values[:0]
				for _, j := range neuroids[d] {
					if !math.IsNaN(row[j]) {
						values = append(values, row[j])
					}
				}
				undefined[from+d] += q - len(values)
				if len(values) == 0 {
					empty[from+d]++
					continue
				}
				sums[d] += medianOf(values)
				defined[d]++
			}
		}
		for d, v := range sums {
			b.Draws[from+d] = v / float64(defined[d]) // NaN without any
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for d, v := range b.Draws {
		if math.IsNaN(v) {
			return nil, fmt.Errorf("draw %d of %d (seed %d): no correlation exists in any split: %d %s and %d neuroids are too few, or too many of them are constant", d+1, o.Draws, o.Seed, len(units), unitWord(o.Groups), q)
		}
		b.Undefined += undefined[d]
		b.EmptySplits += empty[d]
	}
	b.Low, b.High = b.Draws.Interval(o.Confidence)
	b.Notes = append(b.Notes, "fits are not repeated: the interval holds no variation of the training")
	if constant := b.Undefined - q*b.EmptySplits; constant > 0 {
		b.Notes = append(b.Notes, fmt.Sprintf("%d of %d correlations (draw × split × neuroid) do not exist, since drawn responses or predictions are constant; the medians leave them out", constant, o.Draws*len(p.Splits)*q))
	}
	if b.EmptySplits > 0 {
		b.Notes = append(b.Notes, fmt.Sprintf("%d of %d splits (draw × split) have no correlation, since few or none of their %s were drawn; the means leave them out", b.EmptySplits, o.Draws*len(p.Splits), unitWord(o.Groups)))
	}
	return b, nil
}

// normalise puts the defaults in place and refuses what is out of range.
func (o *BootstrapOptions) normalise() error {
	if o.Draws == 0 {
		o.Draws = 1000
	}
	if o.Resample == "" {
		o.Resample = ResampleBoth
	}
	if o.Confidence == 0 {
		o.Confidence = .95
	}
	if o.Draws < 2 || !(o.Confidence > 0 && o.Confidence < 1) {
		return fmt.Errorf("a bootstrap of %d draws with an interval of %g: expected at least 2 draws and a fraction between 0 and 1", o.Draws, o.Confidence)
	}
	if known := []Resampled{ResampleBoth, ResampleStimuli, ResampleNeuroids}; !slices.Contains(known, o.Resample) {
		return fmt.Errorf("a bootstrap cannot resample %q: expected %q, %q or %q", o.Resample, known[0], known[1], known[2])
	}
	return nil
}

// drawWeights counts, per stimulus, how often it is in a sample of as many
// units as there are, drawn with replacement.
func drawWeights(weights []float64, units [][]int, rng *rand.Rand) {
	for range units {
		for _, row := range units[rng.IntN(len(units))] {
			weights[row]++
		}
	}
}

// drawNeuroids are q of q neuroids with replacement, or each once where only
// stimuli are drawn.
func drawNeuroids(q int, resample Resampled, rng *rand.Rand) []int {
	drawn := make([]int, q)
	for k := range drawn {
		drawn[k] = k
		if resample != ResampleStimuli {
			drawn[k] = rng.IntN(q)
		}
	}
	return drawn
}

// columns copies the given columns of a.
func columns(a *mat.Dense, which []int) *mat.Dense {
	n, _ := a.Dims()
	c := mat.NewDense(n, len(which), nil)
	for i := range n {
		from, to := a.RawRowView(i), c.RawRowView(i)
		for k, j := range which {
			to[k] = from[j]
		}
	}
	return c
}

func unitWord(groups []string) string {
	if groups == nil {
		return "stimuli"
	}
	return "groups of stimuli"
}

// medianOf is the median of at least one value, none of them NaN; it orders
// them anew. Quickselect (Hoare 1961): no more is sorted than the middle needs.
func medianOf(v []float64) float64 {
	k := len(v) / 2
	lo, hi := 0, len(v)-1
	for lo < hi {
		pivot := v[(lo+hi)/2]
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch { // v[lo…j] ≤ pivot, v[j+1…i−1] = pivot, v[i…hi] ≥ pivot
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			lo = hi
		}
	}
	if len(v)%2 == 1 {
		return v[k]
	}
	return (slices.Max(v[:k]) + v[k]) / 2
}
