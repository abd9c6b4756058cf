package fit

import (
	"context"
	"fmt"
	"io"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Layer is a candidate for Commit.
type Layer struct {
	Name string
	// Open opens its features, n_stimuli × n_features, in the order of the
	// responses. They are let go of before the next layer is opened, and closed
	// where they are an io.Closer. The layer that is chosen is opened twice.
	Open func() (Features, error)
}

// CommitOptions say how stimuli are divided between the choice of a layer and
// the score that is reported.
type CommitOptions struct {
	Selection float64 // fraction of the stimuli (of the groups) to choose on; 0 = .5
	Seed      uint32  // of that division; 0 = 1; SeedZero = 0
	// Groups keep the stimuli of a group in one part, Labels divide the stimuli
	// of every class alike; one per stimulus, nil, or one of the two only.
	Groups, Labels []string
	// Within divides the stimuli of a part, which are those in rows, into
	// training and test parts, for cross-validation. nil = ten splits of 90 %,
	// by group with Groups, stratified with Labels.
	Within func(rows []int) Splitter
	// Regression is that for a part, where it depends on its stimuli, as one with
	// groups does. nil = Score.Regression.
	Regression func(rows []int) Regression
	// Ceiling is that of the responses to the stimuli in rows, on which the layer
	// is reported. nil = Score.Ceiling.
	Ceiling func(rows []int) (float64, error)
	Score   Options // for both parts; its Splits must be nil
}

// A Committed is a layer that was chosen on some stimuli beside its score on
// the others.
type Committed struct {
	Layer string // the chosen one
	// Selection are the results of all layers on the selection part, in their
	// order. The best of them is biased: it is the largest of several.
	Selection []LayerResult
	// Report is that of the chosen layer on the other stimuli, which nothing was
	// chosen on. Rows of its splits and predictions count within ReportRows.
	Report                    *Result
	SelectionRows, ReportRows []int // ascending; together all stimuli, each once
}

// A LayerResult is the score of a layer.
type LayerResult struct {
	Layer  string
	Result *Result
}

// Commit chooses the layer that stands for a region: every layer is scored,
// cross-validated, within a selection part of the stimuli, and the one with the
// largest Score (the first among equals) is scored, cross-validated, within the
// others. The score of that layer on the stimuli that it was chosen on would be
// too good: the more layers there are the more.
//
// y is n_stimuli × n_neuroids. Errors: layers that do not open or have another
// number of stimuli, parts too small, and what Score refuses, with the name of
// the layer. When ctx is cancelled it returns its error.
func Commit(ctx context.Context, layers []Layer, y *mat.Dense, o CommitOptions) (*Committed, error) {
	if len(layers) == 0 {
		return nil, fmt.Errorf("there are no layers to choose from")
	}
	if o.Score.Splits != nil {
		return nil, fmt.Errorf("splits of all stimuli cannot be used within a part of them: give CommitOptions.Within")
	}
	n, _ := y.Dims()
	c := new(Committed)
	var err error
	if c.SelectionRows, c.ReportRows, err = o.parts(n); err != nil {
		return nil, err
	}
	best := 0
	for i, l := range layers {
		res, err := o.score(ctx, l, y, c.SelectionRows)
		if err != nil {
			return nil, fmt.Errorf("layer %s, %d stimuli to choose on: %w", l.Name, len(c.SelectionRows), err)
		}
		c.Selection = append(c.Selection, LayerResult{l.Name, res})
		if res.Score > c.Selection[best].Result.Score {
			best = i
		}
	}
	c.Layer = layers[best].Name
	if o.Ceiling != nil {
		if o.Score.Ceiling, err = o.Ceiling(c.ReportRows); err != nil {
			return nil, fmt.Errorf("the ceiling of the %d stimuli to report on: %w", len(c.ReportRows), err)
		}
	}
	if c.Report, err = o.score(ctx, layers[best], y, c.ReportRows); err != nil {
		return nil, fmt.Errorf("layer %s, %d stimuli to report on: %w", c.Layer, len(c.ReportRows), err)
	}
	return c, nil
}

// parts divides n stimuli.
func (o *CommitOptions) parts(n int) (selection, report []int, err error) {
	if o.Groups != nil && o.Labels != nil {
		return nil, nil, fmt.Errorf("stimuli are divided by group or stratified by label, not both")
	}
	fraction := o.Selection
	if fraction == 0 {
		fraction = .5
	}
	var s Splitter = ShuffleSplit{Splits: 1, Train: fraction, Seed: o.Seed}
	if o.Groups != nil {
		s = GroupShuffleSplit{Splits: 1, Train: fraction, Seed: o.Seed, Groups: o.Groups}
	} else if o.Labels != nil {
		s = StratifiedShuffleSplit{Splits: 1, Train: fraction, Seed: o.Seed, Labels: o.Labels}
	}
	parts, err := s.Split(n)
	if err != nil {
		return nil, nil, fmt.Errorf("dividing the stimuli for the choice of a layer: %w", err)
	}
	selection, report = slices.Clone(parts[0].Train), slices.Clone(parts[0].Test)
	slices.Sort(selection)
	slices.Sort(report)
	return selection, report, nil
}

// score scores a layer, cross-validated within the stimuli rows.
func (o *CommitOptions) score(ctx context.Context, l Layer, y *mat.Dense, rows []int) (res *Result, err error) {
	splits, err := o.within(rows).Split(len(rows))
	if err != nil {
		return nil, err
	}
	f, err := l.Open()
	if err != nil {
		return nil, err
	}
	if closer, ok := f.(io.Closer); ok {
		defer func() {
			if fault := closer.Close(); err == nil {
				err = fault
			}
		}()
	}
	n, _ := y.Dims()
	if m, _ := f.Dims(); m != n {
		return nil, fmt.Errorf("features have %d rows and responses %d: rows must be the same stimuli", m, n)
	}
	score := o.Score
	score.Splits = splits
	if o.Regression != nil {
		score.Regression = o.Regression(rows)
	}
	return Score(ctx, Rows(f, rows), gather(y, rows), score)
}

// within is the cross-validation of a part.
func (o *CommitOptions) within(rows []int) Splitter {
	switch {
	case o.Within != nil:
		return o.Within(rows)
	case o.Groups != nil:
		return GroupShuffleSplit{Groups: pick(o.Groups, rows)}
	case o.Labels != nil:
		return StratifiedShuffleSplit{Labels: pick(o.Labels, rows)}
	}
	return ShuffleSplit{}
}
