package fit

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// withNoise predicts as p does with noise added.
func withNoise(p *Predictions, seed uint32, size float64) *Predictions {
	n, q := p.Responses.Dims()
	x := newNormals(seed).matrix(n, q)
	other := &Predictions{Splits: p.Splits, Responses: p.Responses}
	for i, s := range p.Splits {
		noise := gather(x, s.Test)
		noise.Scale(size, noise)
		noise.Add(noise, p.Predicted[i])
		other.Predicted = append(other.Predicted, noise)
	}
	return other
}

func TestCompare(t *testing.T) {
	p := noisyPredictions(6, 200, 10, .5)
	good, alike, bad := withNoise(p, 1, .5), withNoise(p, 2, .5), withNoise(p, 3, 1.5)
	o := BootstrapOptions{Draws: 400, Seed: 3}
	a, b := bootstrap(t, good, o), bootstrap(t, bad, o)
	near := bootstrap(t, alike, o)
	differences, err := Compare([]Candidate{{"good", a}, {"alike", near}, {"bad", b}, {"itself", a}})
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	var ps []float64
	difference := map[string]Difference{}
	for _, d := range differences {
		pairs = append(pairs, d.A+"–"+d.B)
		ps = append(ps, d.P)
		difference[d.A+"–"+d.B] = d
	}
	if want := strings.Fields("good–alike good–bad good–itself alike–bad alike–itself bad–itself"); !slices.Equal(pairs, want) {
		t.Fatalf("pairs %v", pairs)
	}
	d := difference["good–bad"]
	for k, v := range d.Draws {
		if v != a.Draws[k]-b.Draws[k] {
			t.Fatalf("draw %d: %v, expected %v", k, v, a.Draws[k]-b.Draws[k])
		}
	}
	if d.Difference != a.Score-b.Score || d.P != 2./401 || !(d.Low > 0) || d.Holm < 6*d.P-1e-12 {
		t.Errorf("good against bad: difference %v, p %v, Holm's %v, from %v", d.Difference, d.P, d.Holm, d.Low)
	}
	if d := difference["good–alike"]; !(d.P > .05) || !(d.Low < 0 && d.High > 0) {
		t.Errorf("alike: p %v, %v … %v", d.P, d.Low, d.High)
	}
	if d := difference["good–itself"]; d.P != 1 || d.Low != 0 || d.High != 0 {
		t.Errorf("itself: p %v, %v … %v", d.P, d.Low, d.High)
	}
	for k, v := range Holm(ps) {
		if differences[k].Holm != v {
			t.Errorf("%s: Holm's p %v, expected %v", pairs[k], differences[k].Holm, v)
		}
	}
	// What stimuli and neuroids share cancels.
	independent := math.Hypot(a.Draws.Deviation(), near.Draws.Deviation())
	if paired := difference["good–alike"].Draws.Deviation(); !(paired < .8*independent) {
		t.Errorf("standard error of a paired difference %v, of an unpaired one %v", paired, independent)
	}
}

func TestCompareErrors(t *testing.T) {
	p := noisyPredictions(6, 60, 3, .5)
	other := noisyPredictions(6, 60, 3, .4)
	shifted := predictionsOf(p.Responses, p.Responses, noisyPredictions(7, 60, 3, .5).Splits)
	fewer := &Predictions{Splits: p.Splits[1:], Responses: p.Responses, Predicted: p.Predicted[1:]}
	narrow := noisyPredictions(6, 60, 2, .5)
	drawn := func(p *Predictions) *Bootstrapped { return bootstrap(t, p, BootstrapOptions{Draws: 10}) }
	for _, c := range []struct {
		candidates []Candidate
		want       string
	}{
		{[]Candidate{{"a", drawn(p)}}, "1 scores to compare: expected at least 2"},
		{[]Candidate{{"a", drawn(p)}, {"a", drawn(p)}}, `two of the scores to compare are called "a"`},
		{[]Candidate{{"a", drawn(p)}, {"b", drawn(other)}}, "b cannot be compared with a: their responses differ"},
		{[]Candidate{{"a", drawn(p)}, {"b", drawn(shifted)}}, "b cannot be compared with a: split 1 of 10 has other test stimuli"},
		{[]Candidate{{"a", drawn(p)}, {"b", drawn(fewer)}}, "9 splits, and 10"},
		{[]Candidate{{"a", drawn(p)}, {"b", drawn(narrow)}}, "60 stimuli × 2 neuroids, and to 60 × 3"},
		{[]Candidate{{"a", drawn(p)}, {"b", bootstrap(t, p, BootstrapOptions{Draws: 10, Seed: 1})}}, "not drawn alike"},
		{[]Candidate{{"a", drawn(p)}, {"b", bootstrap(t, p, BootstrapOptions{Draws: 10, Resample: ResampleStimuli})}}, "not drawn alike"},
	} {
		if _, err := Compare(c.candidates); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
}
