package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

func layer(name string, x *mat.Dense) Layer {
	return Layer{name, func() (Features, error) { return Dense(x), nil }}
}

func commit(t *testing.T, layers []Layer, y *mat.Dense, o CommitOptions) *Committed {
	t.Helper()
	c, err := Commit(t.Context(), layers, y, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Of layers that are noise the best looks good where it was chosen, and is
// nothing where it is reported.
func TestCommitReportsWhatItDidNotChooseOn(t *testing.T) {
	const simulations, n = 60, 60
	best, report := make([]float64, simulations), make([]float64, simulations)
	kernel.Parallel(simulations, func(s int) {
		r := newNormals(uint32(s) + 1)
		y := r.matrix(n, 2)
		var layers []Layer
		for l := range 8 {
			layers = append(layers, layer(fmt.Sprint("layer", l), r.matrix(n, 3)))
		}
		c, err := Commit(t.Context(), layers, y, CommitOptions{Score: Options{Regression: Ridge{}}, Seed: uint32(s) + 1,
			Within: func([]int) Splitter { return ShuffleSplit{Splits: 5, Train: .7} }})
		if err != nil {
			panic(err)
		}
		report[s] = c.Report.Score
		for _, l := range c.Selection {
			if l.Layer == c.Layer {
				best[s] = l.Result.Score
			}
		}
	})
	chosen, _ := meanAndError(best)
	reported, e := meanAndError(report)
	t.Logf("chosen with r %.3f, reported with %.3f ± %.3f", chosen, reported, e)
	if !(chosen > .15) || math.Abs(reported) > .08 || math.Abs(reported) > 3*e {
		t.Errorf("chosen with r %.3f, reported with %.3f ± %.3f: expected something and nothing", chosen, reported, e)
	}
}

func TestCommitChoosesTheBestLayer(t *testing.T) {
	const n = 120
	x, y := problemOf("smooth", 5, n, 20, 4)
	noise := newNormals(9).matrix(n, 20)
	movies, classes := make([]string, n), make([]string, n)
	for i := range n {
		movies[i], classes[i] = fmt.Sprint("movie", i/5), fmt.Sprint("class", i%3)
	}
	layers := []Layer{layer("noise", noise), layer("good", x), layer("good again", x)}
	for name, o := range map[string]CommitOptions{
		"plain":      {},
		"movies":     {Groups: movies},
		"stratified": {Labels: classes, Selection: .4, Seed: 7},
		"movies, also where α is chosen": {Groups: movies, Regression: func(rows []int) Regression {
			return RidgeCV{Alphas: []float64{.1, 1, 10}, Folds: 3, Groups: pick(movies, rows)}
		}},
	} {
		o.Score = Options{Regression: Ridge{}, Ceiling: .9, KeepPredictions: true}
		c := commit(t, layers, y, o)
		if c.Layer != "good" || len(c.Selection) != 3 || c.Selection[2].Layer != "good again" || c.Selection[1].Result.Score != c.Selection[2].Result.Score {
			t.Errorf("%s: chose %s of %+v", name, c.Layer, c.Selection)
		}
		if !(c.Report.Score > .8) || !(c.Report.Ceiled > .6) || !(c.Selection[0].Result.Score < .4) {
			t.Errorf("%s: reported %v, noise %v", name, c.Report.Score, c.Selection[0].Result.Score)
		}
		if all := slices.Sorted(slices.Values(slices.Concat(c.SelectionRows, c.ReportRows))); !slices.Equal(all, rowsBelow(n)) || !slices.IsSorted(c.SelectionRows) || !slices.IsSorted(c.ReportRows) {
			t.Errorf("%s: %v and %v are not all stimuli once", name, c.SelectionRows, c.ReportRows)
		}
		want := int(n * .5)
		if o.Selection != 0 {
			want = int(n * o.Selection)
		}
		if len(c.SelectionRows) != want {
			t.Errorf("%s: %d stimuli to choose on, expected %d", name, len(c.SelectionRows), want)
		}
		// By the score of the part by itself.
		if mat.Equal(c.Report.Predictions.Responses, gather(y, c.ReportRows)) {
			regression := o.Score.Regression
			if o.Regression != nil {
				regression = o.Regression(c.ReportRows)
			}
			res, err := Score(t.Context(), Dense(gather(x, c.ReportRows)), gather(y, c.ReportRows), Options{Regression: regression, Splits: c.Report.Splits})
			if err != nil || res.Score != c.Report.Score {
				t.Errorf("%s: reported %v, scored by itself %v, %v", name, c.Report.Score, res.Score, err)
			}
		} else {
			t.Errorf("%s: the reported responses are not those of the reported stimuli", name)
		}
		sides := map[string]map[string]bool{}
		for part, rows := range map[string][]int{"selection": c.SelectionRows, "report": c.ReportRows} {
			for _, row := range rows {
				for _, of := range []string{movies[row], classes[row]} {
					if sides[of] == nil {
						sides[of] = map[string]bool{}
					}
					sides[of][part] = true
				}
			}
		}
		for of, in := range sides {
			if o.Groups != nil && strings.HasPrefix(of, "movie") && len(in) != 1 {
				t.Errorf("%s is in both parts", of)
			}
			if strings.HasPrefix(of, "class") && len(in) != 2 {
				t.Errorf("%s: %s is in one part only", name, of)
			}
		}
		for _, s := range c.Report.Predictions.Splits { // by movie within the part as well
			for _, a := range s.Train {
				for _, b := range s.Test {
					if o.Groups != nil && movies[c.ReportRows[a]] == movies[c.ReportRows[b]] {
						t.Fatalf("%s is on both sides of a split", movies[c.ReportRows[a]])
					}
				}
			}
		}
	}
}

// closing counts how many features are open.
type closing struct {
	Features
	open *int
	err  error
}

func (c closing) Close() error {
	*c.open--
	return c.err
}

func TestCommitOpensOneLayerAtATime(t *testing.T) {
	x, y := problemOf("smooth", 5, 60, 20, 4)
	open, opened := 0, []string{}
	lazily := func(name string, x *mat.Dense, fault error) Layer {
		return Layer{name, func() (Features, error) {
			if open++; open != 1 {
				t.Errorf("%d layers are open", open)
			}
			opened = append(opened, name)
			return closing{Dense(x), &open, fault}, nil
		}}
	}
	layers := []Layer{lazily("noise", newNormals(2).matrix(60, 20), nil), lazily("good", x, nil), lazily("less", mat.DenseCopyOf(x.Slice(0, 60, 0, 2)), nil)}
	c := commit(t, layers, y, CommitOptions{Score: Options{Regression: Ridge{}}})
	if open != 0 || c.Layer != "good" || !slices.Equal(opened, []string{"noise", "good", "less", "good"}) {
		t.Errorf("opened %v, chose %s, %d are open", opened, c.Layer, open)
	}
	fault := errors.New("the disk is gone")
	if _, err := Commit(t.Context(), []Layer{lazily("a", x, fault)}, y, CommitOptions{Score: Options{Regression: Ridge{}}}); !errors.Is(err, fault) {
		t.Errorf("closing: %v", err)
	}
}

func TestCommitErrors(t *testing.T) {
	x, y := problemOf("smooth", 5, 60, 20, 4)
	good := []Layer{layer("good", x)}
	ridge := Options{Regression: Ridge{}}
	for _, c := range []struct {
		layers []Layer
		o      CommitOptions
		want   string
	}{
		{nil, CommitOptions{}, "no layers to choose from"},
		{good, CommitOptions{}, "layer good, 30 stimuli to choose on: split 1 of 10: pls with 25 components needs"},
		{good, CommitOptions{Score: Options{Splits: []Split{}}}, "give CommitOptions.Within"},
		{good, CommitOptions{Score: ridge, Selection: 2}, "dividing the stimuli for the choice of a layer: 1 splits with a training fraction of 2"},
		{good, CommitOptions{Score: ridge, Groups: make([]string, 60), Labels: make([]string, 60)}, "not both"},
		{good, CommitOptions{Score: ridge, Groups: make([]string, 60)}, "in the same group"},
		{[]Layer{layer("short", mat.NewDense(59, 2, nil))}, CommitOptions{Score: ridge}, "layer short, 30 stimuli to choose on: features have 59 rows and responses 60"},
		{[]Layer{{"gone", func() (Features, error) { return nil, errors.New("no such file") }}}, CommitOptions{Score: ridge}, "layer gone, 30 stimuli to choose on: no such file"},
		{good, CommitOptions{Score: ridge, Selection: .95}, "layer good, 3 stimuli to report on"},
	} {
		if _, err := Commit(t.Context(), c.layers, y, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Commit(ctx, good, y, CommitOptions{Score: ridge}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The ceiling of the reported stimuli is asked for once, and only for them.
func TestCommitCeilingOfTheReport(t *testing.T) {
	const n = 60
	x, y := problemOf("smooth", 5, n, 10, 3)
	layers, asked := []Layer{layer("good", x)}, 0
	o := CommitOptions{Score: Options{Regression: Ridge{}, Ceiling: .5}}
	o.Ceiling = func(rows []int) (float64, error) {
		asked++
		if len(rows) != n/2 {
			t.Errorf("the ceiling of %d stimuli", len(rows))
		}
		return .8, nil
	}
	if c := commit(t, layers, y, o); c.Report.Ceiling != .8 || c.Selection[0].Result.Ceiling != .5 || asked != 1 {
		t.Errorf("ceilings %v and %v, asked for %d times", c.Report.Ceiling, c.Selection[0].Result.Ceiling, asked)
	}
	o.Ceiling = func([]int) (float64, error) { return 0, fmt.Errorf("no trials") }
	if _, err := Commit(t.Context(), layers, y, o); err == nil || !strings.Contains(err.Error(), "ceiling of the 30 stimuli to report on: no trials") {
		t.Errorf("error %v", err)
	}
}
