package main

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"ventral/fit"
)

func TestAnswer(t *testing.T) {
	score := func(network, region string, r, err float64) layerScore {
		return layerScore{Network: network, Layer: "conv2", Region: region, R: figure(r), Error: figure(err), Best: true}
	}
	network := func(name string, every int, accuracy float64) networkResult {
		return networkResult{modelSpec: modelSpec{Name: name, SleepEvery: every}, TestAccuracy: figure(accuracy)}
	}
	r := &savedRun{
		about: description{Data: []datum{{Name: "test images", Items: 1000}}},
		results: &results{
			Regions:  []regionResult{{Region: "V1", Simulated: true}, {Region: "V4"}, {Region: "IT"}},
			Networks: []networkResult{network("conv", 0, .9), network("lc", 0, .5), network("lc+sleep@1", 1, .8)},
			Scores: []layerScore{
				score("conv", "V1", .6, .01), score("conv", "V4", .5, .01), score("conv", "IT", .01, .02),
				score("lc", "V1", .3, .01), score("lc", "V4", .49, .01), score("lc", "IT", -.1, .02),
				score("lc+sleep@1", "V1", .4, .01), score("lc+sleep@1", "V4", .47, .01), score("lc+sleep@1", "IT", .005, .02),
			},
		},
	}
	say := func() string { return strings.ReplaceAll(strings.Join(r.answer(), "\n"), "\u00a0", " ") }
	// .5 and .47 differ by .03 > 2·√2·.01; .3 of .4 are won back, with the error
	// √(v(.8) + .75² v(.9) + .25² v(.5))/.4, v(p) = p (1−p)/1000.
	want := `Predicted best: V1 (simulated) by conv (conv2, r = .600 ± .010); V4 by conv (conv2, r = .500 ± .010), not told apart from lc (.490 ± .010); IT by none, the best r being .010 ± .020.
On the test images conv is right in 90.0 %, lc in 50.0 %; of that advantage, lc+sleep@1 wins back 75 ± 4 % (it is right in 80.0 %).
Every network was trained once, from one seed: these errors do not tell how trainings differ.`
	if got := say(); got != want {
		t.Errorf("the answer is\n%s\nexpected\n%s", got, want)
	}
	r.results.Networks[1].TestAccuracy = .88
	if got := say(); !strings.Contains(got, "no clear advantage over lc (88.0 %)") {
		t.Errorf("conv is hardly better than lc: %s", got)
	}
	r.results.Networks = r.results.Networks[:1]
	if got := say(); strings.Contains(got, "test images") {
		t.Errorf("without lc: %s", got)
	}
}

func TestFigureIsReadAsItIsWritten(t *testing.T) {
	for _, v := range []float64{0, -.25, math.Inf(1), math.Inf(-1), math.NaN()} {
		text, err := json.Marshal(figure(v))
		if err != nil {
			t.Fatal(err)
		}
		var back figure
		if err := json.Unmarshal(text, &back); err != nil || float64(back) != v && !math.IsNaN(v) || math.IsNaN(v) != math.IsNaN(float64(back)) {
			t.Errorf("%g is written as %s and read as %g, %v", v, text, float64(back), err)
		}
	}
	var f figure
	for _, text := range []string{`"1.5"`, `"much"`, `true`} {
		if err := json.Unmarshal([]byte(text), &f); err == nil {
			t.Errorf("%s is read as %g", text, float64(f))
		}
	}
}

func TestClusterOrder(t *testing.T) {
	// Points on a line: clusters {0, 2}, {1, 4} and 3 by itself, farther from the
	// second than the second from the first.
	at := []float64{0, 10, 1, 30, 12}
	m := &fit.RDM{Stimuli: len(at)}
	for i := range at {
		for j := i + 1; j < len(at); j++ {
			m.Values = append(m.Values, math.Abs(at[i]-at[j]))
		}
	}
	order := clusterOrder(m)
	if want := []int{0, 2, 1, 4, 3}; !slices.Equal(order, want) {
		t.Fatalf("the order is %v, expected %v", order, want)
	}
	again := reordered(m, order)
	for i := range order {
		for j := range order {
			if again.At(i, j) != m.At(order[i], order[j]) {
				t.Errorf("stimuli %d and %d are not where the order puts them", order[i], order[j])
			}
		}
	}
}

func TestPickRows(t *testing.T) {
	categories := make([]string, 400)
	for i := range categories {
		categories[i] = []string{"b", "a"}[i%2]
	}
	rows := pickRows(len(categories), categories)
	if len(rows) != rdmStimuli || rows[0] != 1 || !slices.IsSortedFunc(rows, func(a, b int) int { return strings.Compare(categories[a], categories[b]) }) {
		t.Errorf("%d rows, the first %d, by category: %v", len(rows), rows[0], rows)
	}
	seen := map[int]bool{}
	for _, row := range rows {
		if seen[row] {
			t.Errorf("row %d stands twice", row)
		}
		seen[row] = true
	}
}
