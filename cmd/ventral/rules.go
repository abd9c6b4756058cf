package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"ventral/neuron"
	"ventral/plasticity"
)

// A constant of a rule or of neurons, set by --set NAME=VALUE.
type constant struct {
	name    string
	value   float64 // the default
	meaning string
}

// A ruleEntry is a rule of package plasticity as the command line names it.
type ruleEntry struct {
	name, equation string
	constants      []constant
	rate           string  // the default of --eta; NUMBER/d is in parts of the weights of a filter
	momentum       float64 // the default of --momentum
	n, k           int     // the defaults of --n and --k; 0 = those of all rules
	make           func(c map[string]float64, neurons neuronsEntry) plasticity.Rule
}

var ruleTable = []ruleEntry{
	{"sharing", "dw = -eta*((post - mean_post)*pre + gamma*(w - w0))", []constant{{"gamma", .01, "pull to the weights of the start"}}, "0.5/(1000 + t)", .95, 0, 0,
		func(c map[string]float64, n neuronsEntry) plasticity.Rule {
			return plasticity.Sharing{Gamma: c["gamma"], Baseline: c["b"], IgnorePool: n.ignorePool}
		}},
	{"hebb", "dw = eta*(post*pre - decay*w)", []constant{{"decay", 0, "decay of the weights"}, {"normalise", 1, "1 keeps the length of every filter; 0 does not, and without a decay the weights then grow without end"}}, "0.1/d", 0, 0, 0,
		func(c map[string]float64, _ neuronsEntry) plasticity.Rule {
			return plasticity.Hebb{Decay: c["decay"], Normalise: c["normalise"] != 0}
		}},
	{"antihebb", "dw = -eta*(post - b)*pre", []constant{{"b", 0, "baseline rate"}}, "0.1/d", 0, 0, 0,
		func(c map[string]float64, _ neuronsEntry) plasticity.Rule {
			return plasticity.AntiHebb{Baseline: c["b"]}
		}},
	{"covariance", "dw = eta*(post - avg_post)*(pre - avg_pre)", nil, "0.01/d", 0, 0, 0,
		func(map[string]float64, neuronsEntry) plasticity.Rule { return plasticity.Covariance{} }},
	{"oja", "dw = eta*post*(pre - post*w)", nil, "0.1/d", 0, 0, 0,
		func(map[string]float64, neuronsEntry) plasticity.Rule { return plasticity.Oja{} }},
	{"sanger", "dw_i = eta*post_i*(pre - Σ_k≤i post_k*w_k)", nil, "0.1/d", 0, 0, 0,
		func(map[string]float64, neuronsEntry) plasticity.Rule { return plasticity.Sanger{} }},
	{"bcm", "dw = eta*post*(post - theta)*pre", nil, "0.005/d", 0, 0, 0,
		func(map[string]float64, neuronsEntry) plasticity.Rule { return plasticity.BCM{} }},
	{"foldiak", "dw = eta*post*(pre - w); lateral weights and thresholds change too", []constant{
		{"p", 1. / 8, "the rate at which thresholds keep each neuron"}, {"lateral", 5, "rate of the lateral weights, in parts of eta"},
		{"thresholds", 1, "rate of the thresholds, in parts of eta"}, {"gain", 10, "gain of the logistic neurons"}}, "0.02", 0, 16, 8,
		func(c map[string]float64, _ neuronsEntry) plasticity.Rule {
			return &plasticity.Foldiak{P: c["p"], LateralRate: orBelow(c["lateral"]), ThresholdRate: orBelow(c["thresholds"]), Gain: c["gain"]}
		}},
}

// A neuronsEntry is what --neurons names.
type neuronsEntry struct {
	name, meaning string
	constants     []constant
	dynamic       bool // each input is held while the rates move
	ignorePool    bool // sharing about b alone, as the published circuit does
	make          func(n int, c map[string]float64) (plasticity.Neurons, error)
}

func static(f neuron.Transfer) func(int, map[string]float64) (plasticity.Neurons, error) {
	return func(int, map[string]float64) (plasticity.Neurons, error) { return neuron.Static{Transfer: f}, nil }
}

// circuit makes the lateral circuit of the constants.
func circuit(n int, c map[string]float64) (*neuron.Circuit, error) {
	o := neuron.CircuitOptions{Tau: c["tau"], Alpha: orBelow(c["alpha"]), Baseline: orBelow(c["b"]), Step: c["dt"]}
	for _, name := range []string{"alpha", "b"} {
		if c[name] < 0 {
			return nil, misused("--set %s=%g: expected 0 or more", name, c[name])
		}
	}
	for _, name := range []string{"tau", "dt"} {
		if !(c[name] > 0) {
			return nil, misused("--set %s=%g: expected a positive number", name, c[name])
		}
	}
	if c["order"] == 4 {
		o.Method = &neuron.RungeKutta{}
	} else if c["order"] != 1 {
		return nil, misused("--set order=%g: expected 1 (Euler) or 4 (Runge–Kutta)", c["order"])
	}
	made, err := neuron.NewCircuit(n, o)
	if err != nil {
		hint := ""
		if o.Method = (&neuron.RungeKutta{}); c["order"] == 1 {
			if _, other := neuron.NewCircuit(n, o); other == nil {
				hint = ", --set order=4"
			}
		}
		return nil, misused("--set dt=%g: %w%s", c["dt"], err, hint)
	}
	return made, nil
}

// orBelow is how options say 0 where their zero means a default.
func orBelow(v float64) float64 {
	if v == 0 {
		return -1
	}
	return v
}

var circuitConstants = []constant{
	{"alpha", 10, "inhibitory feedback"}, {"b", 1, "baseline rate"}, {"tau", 30, "time constant, ms"},
	{"dt", 1, "step in time, ms"}, {"order", 1, "order of the step: 1 (Euler) or 4 (Runge–Kutta)"},
}

var settledConstants = circuitConstants[:2]

func dynamic(n int, c map[string]float64) (plasticity.Neurons, error) { return circuit(n, c) }

// settled is the circuit's steady state, to which its steps in time are nothing.
func settled(n int, c map[string]float64) (plasticity.Neurons, error) {
	c = maps.Clone(c)
	for _, k := range circuitConstants[2:] {
		c[k.name] = k.value
	}
	c["dt"] = c["tau"] / (1 + max(0, c["alpha"])) / 2 // a step that is stable, and is not made
	made, err := circuit(n, c)
	return neuron.Settled{Circuit: made}, err
}

var neuronsTable = []neuronsEntry{
	{"linear", "r = z = wᵀx", nil, false, false, static(nil)},
	{"rectified", "r = max(0, z)", nil, false, false, static(neuron.Rectify)},
	{"tanh", "r = tanh(z)", nil, false, false, static(neuron.Tanh)},
	{"logistic", "r = 1/(1 + exp(-z))", nil, false, false, static(neuron.Logistic(1))},
	{"circuit", "a pool with lateral inhibition, in time, from rates of 0: tau*dr/dt = -r + z - alpha*r_inh + b, tau*dr_inh/dt = -r_inh + mean(r) - b; sharing is about b in place of mean_post", circuitConstants, true, true, dynamic},
	{"circuit-corrected", "the circuit; sharing is about b + r_inh", circuitConstants, true, false, dynamic},
	{"settled", "its steady state at once; sharing is about b", settledConstants, false, true, settled},
	{"settled-corrected", "its steady state; sharing is about b + r_inh", settledConstants, false, false, settled},
}

// find returns the entry of a table by its name, or an error that lists them.
func find[E any](table []E, nameOf func(E) string, flag, name string) (E, error) {
	var known []string
	for _, e := range table {
		if nameOf(e) == name {
			return e, nil
		}
		known = append(known, nameOf(e))
	}
	var nothing E
	return nothing, unknown(name, known, "%s %q: expected one of %s", flag, name, strings.Join(known, ", "))
}

// constantsOf is the value of every constant: its default, or what --set says.
// A later list's default counts where both have a name.
func constantsOf(set map[string]string, of string, lists ...[]constant) (map[string]float64, error) {
	values := map[string]float64{}
	for _, list := range lists {
		for _, c := range list {
			values[c.name] = c.value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if _, known := values[name]; !known {
			if len(values) == 0 {
				return nil, misused("--set %s: %s has no constants", name, of)
			}
			known := slices.Sorted(maps.Keys(values))
			return nil, unknown(name, known, "--set: %s has no constant %q; it has %s", of, name, strings.Join(known, ", "))
		}
		v, err := number(name, set[name])
		if err != nil {
			return nil, err
		}
		values[name] = v
	}
	return values, nil
}

// checkConstants returns an error for constants that make no rule.
func checkConstants(rule string, c map[string]float64) error {
	if rule == "foldiak" {
		if !(c["p"] > 0 && c["p"] < 1) {
			return misused("--set p=%g: expected p between 0 and 1", c["p"])
		}
		if !(c["gain"] > 0) {
			return misused("--set gain=%g: expected a positive number", c["gain"])
		}
	}
	for _, name := range []string{"gamma", "decay", "lateral", "thresholds"} {
		if c[name] < 0 {
			return misused("--set %s=%g: expected 0 or more", name, c[name])
		}
	}
	return nil
}

func number(name, text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, misused("--set %s=%s: expected a finite number", name, text)
	}
	return v, nil
}

// rulesHelp lists rules and neurons with their equations and constants.
func rulesHelp() string {
	var b strings.Builder
	b.WriteString("Rules (--rule), with their constants (--set NAME=VALUE) and default learning rate:\n")
	for _, r := range ruleTable {
		fmt.Fprintf(&b, "  %-11s %s\n%s%13s eta %s", r.name, r.equation, describeConstants(r.constants, 13), "", r.rate)
		if r.momentum != 0 {
			fmt.Fprintf(&b, ", momentum %g", r.momentum)
		}
		if r.n != 0 {
			fmt.Fprintf(&b, ", --n %d, --k %d", r.n, r.k)
		}
		b.WriteString("\n")
	}
	b.WriteString("\nNeurons (--neurons):\n")
	for _, n := range neuronsTable {
		fmt.Fprintf(&b, "  %-17s  %s\n", n.name, n.meaning)
		if n.name == "circuit" {
			b.WriteString(describeConstants(n.constants, 20))
		}
	}
	return b.String()
}

func describeConstants(list []constant, indent int) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%*s %s = %.3g: %s\n", indent, "", c.name, c.value, c.meaning)
	}
	return b.String()
}
