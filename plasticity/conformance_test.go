package plasticity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A ruleCase is a rule with its equation once more, synapse by synapse, as the
// doc comment states it: Δw_ij/η under pattern b alone.
type ruleCase struct {
	name      string
	make      func() Rule
	reference func(a *Activity, b, i, j int) float64
	uses      string // "others": what the neurons before i do is part of the rule
}

func ruleCases() []ruleCase {
	equation := func(text string, constants map[string]float64) func() Rule {
		return func() Rule {
			e, err := ParseEquation(text, constants)
			if err != nil {
				panic(err)
			}
			return e
		}
	}
	return []ruleCase{
		{"hebb", func() Rule { return Hebb{} }, func(a *Activity, b, i, j int) float64 {
			return a.Post[b][i] * a.Pre[b][j]
		}, ""},
		{"hebb with decay", func() Rule { return Hebb{Decay: .3} }, func(a *Activity, b, i, j int) float64 {
			return a.Post[b][i]*a.Pre[b][j] - .3*a.W[i][j]
		}, ""},
		{"hebb, normalised", func() Rule { return Hebb{Normalise: true} }, func(a *Activity, b, i, j int) float64 {
			return a.Post[b][i] * a.Pre[b][j]
		}, ""},
		{"antihebb", func() Rule { return AntiHebb{Baseline: .7} }, func(a *Activity, b, i, j int) float64 {
			return -(a.Post[b][i] - .7) * a.Pre[b][j]
		}, ""},
		{"covariance", func() Rule { return Covariance{} }, func(a *Activity, b, i, j int) float64 {
			return (a.Post[b][i] - a.MeanPost[i]) * (a.Pre[b][j] - a.MeanPre[j])
		}, ""},
		{"oja", func() Rule { return Oja{} }, func(a *Activity, b, i, j int) float64 {
			y := a.Post[b][i]
			return y * (a.Pre[b][j] - y*a.W[i][j])
		}, ""},
		{"sanger", func() Rule { return Sanger{} }, func(a *Activity, b, i, j int) float64 {
			rest := a.Pre[b][j]
			for k := range i + 1 {
				rest -= a.Post[b][k] * a.W[k][j]
			}
			return a.Post[b][i] * rest
		}, "others"},
		{"bcm", func() Rule { return BCM{} }, func(a *Activity, b, i, j int) float64 {
			y := a.Post[b][i]
			return y * (y - a.Threshold[i]) * a.Pre[b][j]
		}, ""},
		{"foldiak", func() Rule { return &Foldiak{} }, func(a *Activity, b, i, j int) float64 {
			return a.Post[b][i] * (a.Pre[b][j] - a.W[i][j])
		}, ""},
		{"sharing, mean field", func() Rule { return Sharing{Gamma: .2} }, func(a *Activity, b, i, j int) float64 {
			return -((a.Post[b][i]-a.Signal[b])*a.Pre[b][j] + .2*(a.W[i][j]-a.W0[i][j]))
		}, ""},
		{"sharing, circuit", func() Rule { return Sharing{Gamma: .2, Baseline: 1.5, IgnorePool: true} }, func(a *Activity, b, i, j int) float64 {
			return -((a.Post[b][i]-1.5)*a.Pre[b][j] + .2*(a.W[i][j]-a.W0[i][j]))
		}, ""},
		{"sharing, corrected", func() Rule { return Sharing{Gamma: .2, Baseline: 1.5} }, func(a *Activity, b, i, j int) float64 {
			return -((a.Post[b][i]-1.5-a.Signal[b])*a.Pre[b][j] + .2*(a.W[i][j]-a.W0[i][j]))
		}, ""},
		{"equation of every name", equation("y = post*max(0, post - theta) + avg_post\n dw = eta*(y*(pre - avg_pre) - mean_post*(w - w0)**3 + (pre > 0 ? k : -k))", map[string]float64{"k": .1}), func(a *Activity, b, i, j int) float64 {
			y := a.Post[b][i]*max(0, a.Post[b][i]-a.Threshold[i]) + a.MeanPost[i]
			k := -.1
			if a.Pre[b][j] > 0 {
				k = .1
			}
			return y*(a.Pre[b][j]-a.MeanPre[j]) - a.Signal[b]*math.Pow(a.W[i][j]-a.W0[i][j], 3) + k
		}, ""},
	}
}

// someActivity is an activity of n neurons with d inputs under some patterns, all
// of it random.
func someActivity(n, d, patterns int, seed uint64) *Activity {
	rng := rand.New(rand.NewPCG(seed, 9))
	vector := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	matrix := func(n, d int) (m [][]float64) {
		for range n {
			m = append(m, vector(d))
		}
		return m
	}
	return &Activity{
		W: matrix(n, d), W0: matrix(n, d), Pre: matrix(patterns, d), Post: matrix(patterns, n), Signal: vector(patterns),
		Traces: Traces{MeanPre: vector(d), MeanPost: vector(n), Threshold: vector(n)},
	}
}

// changeOf is what a rule would add to weights at rest.
func changeOf(r Rule, eta float64, a *Activity) [][]float64 {
	change := NewWeights(len(a.W), len(a.W[0]))
	r.Change(change, eta, a)
	return change
}

// TestRules is what all rules have in common.
func TestRules(t *testing.T) {
	const n, d = 5, 7
	for _, c := range ruleCases() {
		t.Run(c.name, func(t *testing.T) {
			for _, patterns := range []int{1, 4} { // online, and in a batch
				a := someActivity(n, d, patterns, 1)
				before := fmt.Sprint(a)
				got := changeOf(c.make(), .01, a)
				if fmt.Sprint(a) != before {
					t.Fatal("the rule changed the activity it was shown")
				}
				for i := range n {
					for j := range d {
						var want float64
						for b := range patterns {
							want += .01 * c.reference(a, b, i, j) / float64(patterns)
						}
						if math.Abs(got[i][j]-want) > 1e-14*(1+math.Abs(want)) {
							t.Fatalf("%d patterns: Δw[%d,%d] = %v, the equation gives %v", patterns, i, j, got[i][j], want)
						}
					}
				}
				again := changeOf(c.make(), .01, a)
				for i := range n {
					if !slices.Equal(got[i], again[i]) {
						t.Fatal("the same rule gives other bits the second time")
					}
				}
				twice, none := changeOf(c.make(), .02, a), changeOf(c.make(), 0, a)
				for i := range n {
					for j := range d {
						if math.Abs(twice[i][j]-2*got[i][j]) > 1e-15 || none[i][j] != 0 {
							t.Fatalf("Δw[%d,%d] is %v at η, %v at 2η and %v at η = 0: not linear in η", i, j, got[i][j], twice[i][j], none[i][j])
						}
					}
				}
				c.make().Change(again, .01, a) // it adds to what is there
				for i := range n {
					for j := range d {
						if math.Abs(again[i][j]-twice[i][j]) > 1e-15 {
							t.Fatalf("added twice, Δw[%d,%d] is %v, want %v", i, j, again[i][j], twice[i][j])
						}
					}
				}
			}
			t.Run("local", func(t *testing.T) { testLocality(t, c, n, d) })
			t.Run("shapes", func(t *testing.T) { testShapes(t, c, n, d) })
		})
	}
}

// testLocality changes everything that a synapse cannot know: the change of
// synapse (i, j) must stay, bit by bit.
func testLocality(t *testing.T, c ruleCase, n, d int) {
	const i, j = 2, 3
	a := someActivity(n, d, 2, 1)
	want := changeOf(c.make(), .01, a)[i][j]
	other := someActivity(n, d, 2, 77)
	for k := range n {
		if k == i {
			continue
		}
		if c.uses != "others" || k > i {
			a.W[k] = other.W[k]
			for b := range a.Post {
				a.Post[b][k] = other.Post[b][k]
			}
		}
		a.W0[k], a.MeanPost[k], a.Threshold[k] = other.W0[k], other.MeanPost[k], other.Threshold[k]
	}
	for l := range d {
		if l == j {
			continue
		}
		a.W[i][l], a.W0[i][l], a.MeanPre[l] = other.W[i][l], other.W0[i][l], other.MeanPre[l]
		for b := range a.Pre {
			a.Pre[b][l] = other.Pre[b][l]
		}
	}
	if got := changeOf(c.make(), .01, a)[i][j]; got != want {
		t.Errorf("Δw[%d,%d] went from %v to %v when only other synapses changed", i, j, want, got)
	}
}

// testShapes: a caller's mistake panics, with both numbers.
func testShapes(t *testing.T, c ruleCase, n, d int) {
	for name, spoil := range map[string]func(a *Activity){
		"an input of d+1":      func(a *Activity) { a.Pre[0] = make([]float64, d+1) },
		"answers of n+1":       func(a *Activity) { a.Post[0] = make([]float64, n+1) },
		"no signal":            func(a *Activity) { a.Signal = nil },
		"a filter of d+1":      func(a *Activity) { a.W[1] = make([]float64, d+1) },
		"a start of d+1":       func(a *Activity) { a.W0[1] = make([]float64, d+1) },
		"n+1 starting filters": func(a *Activity) { a.W0 = append(a.W0, a.W0[0]) },
	} {
		a := someActivity(n, d, 1, 1)
		change := NewWeights(n, d)
		spoil(a)
		func() {
			defer func() {
				if message := fmt.Sprint(recover()); !strings.HasPrefix(message, "plasticity: ") {
					t.Errorf("%s: %s, want a panic of the package's", name, message)
				}
			}()
			c.make().Change(change, .01, a)
		}()
	}
}
