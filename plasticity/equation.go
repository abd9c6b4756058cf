package plasticity

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
)

// An Equation is a rule given as text, one for the change of each synapse:
//
//	dw = -eta*((post - mean_post)*pre + gamma*(w - w0))
//
// Lines (or parts between semicolons) before it may name intermediate values,
// as in "away = post - mean_post"; # begins a comment. An expression stays on its
// line. It is made of numbers,
// + - * / % **, comparisons, && || !, condition ? this : that, parentheses, the
// functions abs, exp, log, sqrt, tanh, sin, cos, min, max, pow and sign, named
// constants and
//
//	eta                  the learning rate of the step
//	pre, post            x_j and r_i
//	w, w0                w_ij, now and at the start
//	mean_post, mean_pre  the pool's signal (Activity.Signal), and the mean of x
//	                     over the inputs of the pattern
//	avg_pre, avg_post    running averages of pre and post (Traces)
//	theta                the running average of post² (Traces.Threshold)
//
// so that it is local by construction. Comparisons count as 1 and 0. With
// several patterns in a step the changes are averaged.
//
// It is evaluated for whole filters at a time; a pool takes about 1 to 3 ns for
// each operation and synapse. An Equation holds scratch memory: use one for one
// experiment at a time.
type Equation struct {
	text  string
	root  *node
	at    site
	wrong string // what was not finite first, in words
}

// ruleNames are what an equation may speak of; the constants come to it.
func ruleNames() map[string]*node {
	row := func(of func(s *site) []float64) *node { return &node{row: true, eval: of} }
	return map[string]*node{
		"eta":       number(func(s *site) float64 { return s.eta }),
		"post":      number(func(s *site) float64 { return s.a.Post[s.b][s.i] }),
		"mean_post": number(func(s *site) float64 { return s.a.Signal[s.b] }),
		"mean_pre":  number(func(s *site) float64 { return s.meanPre }),
		"avg_post":  number(func(s *site) float64 { return s.a.MeanPost[s.i] }),
		"theta":     number(func(s *site) float64 { return s.a.Threshold[s.i] }),
		"pre":       row(func(s *site) []float64 { return s.a.Pre[s.b] }),
		"avg_pre":   row(func(s *site) []float64 { return s.a.MeanPre }),
		"w":         row(func(s *site) []float64 { return s.a.W[s.i] }),
		"w0":        row(func(s *site) []float64 { return s.a.W0[s.i] }),
	}
}

// A site is where an equation is evaluated: neuron i under pattern b.
type site struct {
	a       *Activity
	b, i    int
	eta     float64
	meanPre float64
	t       float64 // the step, in schedules
	turn    uint64  // counts the evaluations, for once
}

// ParseEquation reads an equation with its named constants. The error points at
// the line and column of what is wrong and lists the names there are; a
// constant that the equation does not use is an error too.
func ParseEquation(text string, constants map[string]float64) (*Equation, error) {
	root, err := parse(text, "dw", ruleNames(), constants)
	if err != nil {
		return nil, err
	}
	return &Equation{text: strings.TrimSpace(text), root: root}, nil
}

// String returns the text of the equation.
func (e *Equation) String() string { return e.text }

// Change adds the equation's value, which holds its own η.
func (e *Equation) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	e.at = site{a: a, eta: eta}
	scale := 1 / float64(len(a.Pre))
	for b, x := range a.Pre {
		e.at.b, e.at.meanPre = b, floats.Sum(x)/float64(len(x))
		for i, dw := range change {
			e.at.i = i
			e.at.turn++
			value := e.root.eval(&e.at)
			if e.wrong == "" && !finite(floats.Sum(value)) {
				e.wrong = e.root.notFinite(&e.at)
			}
			if e.root.row {
				floats.AddScaled(dw, scale, value)
			} else {
				floats.AddConst(scale*value[0], dw)
			}
		}
	}
}

// Stability says what made the equation infinite, or else that smaller rates or
// weights may hold it: nothing more is known of it.
func (e *Equation) Stability(a *Activity, momentum float64) string {
	if e.wrong != "" {
		return "in the equation " + e.wrong
	}
	var squares float64
	for _, w := range a.W0 {
		squares = max(squares, floats.Dot(w, w))
	}
	return fmt.Sprintf("of an equation no bound is known; Oja's rule would need η ‖x‖² max(1, ‖w‖²) well below 1−μ: η < %.2g here, for ⟨‖x‖²⟩ = %.3g, ‖w‖² up to %.3g at the start and μ = %g. A smaller η, or smaller weights at the start, may hold it", .5*(1-momentum)/(a.Power*max(1, squares)), a.Power, squares, momentum)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// notFinite names the first operation of the part whose operands are finite and
// whose value is not, with these; "" if there is none.
func (n *node) notFinite(s *site) string {
	for j, v := range n.eval(s) {
		if finite(v) {
			continue
		}
		for _, p := range n.parts {
			if words := p.notFinite(s); words != "" {
				return words
			}
		}
		var operands []string
		for _, p := range n.parts {
			values := p.eval(s)
			v := values[min(j, len(values)-1)]
			if !finite(v) {
				return "" // a trace or weight was so before
			}
			operands = append(operands, fmt.Sprintf("%.4g", v))
		}
		if operands == nil {
			return ""
		}
		return fmt.Sprintf("%s of %s is %g, for neuron %d", n.what, strings.Join(operands, " and "), v, s.i)
	}
	return ""
}

// ParseSchedule reads a learning rate as a formula over the step t, from 0, such
// as 0.5/(1000 + t), in the language of ParseEquation, and fails as that does. The
// Schedule holds scratch memory: use one for one experiment at a time.
func ParseSchedule(text string) (Schedule, error) {
	root, err := parse("eta = "+text, "eta", map[string]*node{"t": number(func(s *site) float64 { return s.t })}, nil)
	if err != nil {
		if e, ok := err.(*EquationError); ok && e.Line == 1 { // the user wrote no "eta = "
			e.Text, e.Column = strings.TrimPrefix(e.Text, "eta = "), max(1, e.Column-len("eta = "))
		}
		return nil, err
	}
	var at site
	return func(t int) float64 {
		at.t = float64(t)
		at.turn++
		return root.eval(&at)[0]
	}, nil
}

// An EquationError points at what is wrong in an equation.
type EquationError struct {
	Text         string // the line of the equation
	Line, Column int    // from 1, in characters
	Message      string
	Unknown      string // the name that is not known; "" = another mistake
}

// Error writes the message with the line and a mark under the column.
func (e *EquationError) Error() string {
	// Of a long line, what is around the column.
	line, at := []rune(strings.ReplaceAll(e.Text, "\t", " ")), e.Column-1
	const most = 100
	if first := at - most/2; first > 0 && len(line) > most {
		line, at = append([]rune("… "), line[min(first, len(line)):]...), most/2+2
	}
	if len(line) > most {
		line = append(line[:most:most], []rune(" …")...)
	}
	return fmt.Sprintf("line %d, column %d: %s\n  %s\n  %s^", e.Line, e.Column, e.Message, string(line), strings.Repeat(" ", at))
}

// A node is a part of an equation: it evaluates to one number, or to one for
// every synapse of a filter.
type node struct {
	row  bool
	eval func(s *site) []float64

	what  string // the function or operator, and its operands: to tell what is not finite
	parts []*node
}

// of says what n does, and to what.
func (n *node) of(what string, parts []*node) *node {
	n.what, n.parts = what, parts
	return n
}

// number is the node of one number.
func number(of func(s *site) float64) *node {
	var value [1]float64
	return &node{eval: func(s *site) []float64 {
		value[0] = of(s)
		return value[:]
	}}
}

// once evaluates n at most once for a neuron and pattern, however often it is
// named.
func once(n *node) *node {
	var turn uint64
	var value []float64
	return &node{row: n.row, what: n.what, parts: n.parts, eval: func(s *site) []float64 {
		if turn != s.turn {
			turn, value = s.turn, n.eval(s)
		}
		return value
	}}
}

func constant(v float64) *node { return number(func(*site) float64 { return v }) }

// each applies f to the values of the parts, one number at a time or synapse by
// synapse; a single number counts for all synapses.
func each(f func(args []float64) float64, parts ...*node) *node {
	n := &node{}
	for _, p := range parts {
		n.row = n.row || p.row
	}
	var out []float64
	values, args := make([][]float64, len(parts)), make([]float64, len(parts))
	n.eval = func(s *site) []float64 {
		size := 1
		for i, p := range parts {
			values[i] = p.eval(s)
			size = max(size, len(values[i]))
		}
		if len(out) < size {
			out = make([]float64, size)
		}
		out := out[:size]
		for j := range out {
			for i, v := range values {
				args[i] = v[min(j, len(v)-1)]
			}
			out[j] = f(args)
		}
		return out
	}
	return n
}

// binary is each for the operators, without the detour over args.
func binary(f func(a, b float64) float64, left, right *node) *node {
	if !left.row && !right.row {
		return number(func(s *site) float64 { return f(left.eval(s)[0], right.eval(s)[0]) })
	}
	var out []float64
	return &node{row: true, eval: func(s *site) []float64 {
		a, b := left.eval(s), right.eval(s)
		size := max(len(a), len(b))
		if len(out) < size {
			out = make([]float64, size)
		}
		out := out[:size]
		switch {
		case !left.row:
			for j, y := range b {
				out[j] = f(a[0], y)
			}
		case !right.row:
			for j, x := range a {
				out[j] = f(x, b[0])
			}
		default:
			for j, x := range a {
				out[j] = f(x, b[j])
			}
		}
		return out
	}}
}

// functions of the language, by name and number of arguments.
var functions = map[string]func(x float64) float64{
	"abs": math.Abs, "exp": math.Exp, "log": math.Log, "sqrt": math.Sqrt, "tanh": math.Tanh, "sin": math.Sin, "cos": math.Cos,
	"sign": func(x float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return x
	},
}

var functions2 = map[string]func(x, y float64) float64{
	"min": func(x, y float64) float64 { return min(x, y) },
	"max": func(x, y float64) float64 { return max(x, y) },
	"pow": math.Pow,
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var operators = map[string]func(x, y float64) float64{
	"+": func(x, y float64) float64 { return x + y },
	"-": func(x, y float64) float64 { return x - y },
	"*": func(x, y float64) float64 { return x * y },
	"/": func(x, y float64) float64 { return x / y },
	"%": math.Mod, "**": math.Pow, "^": math.Pow,
	"<":  func(x, y float64) float64 { return truth(x < y) },
	"<=": func(x, y float64) float64 { return truth(x <= y) },
	">":  func(x, y float64) float64 { return truth(x > y) },
	">=": func(x, y float64) float64 { return truth(x >= y) },
	"==": func(x, y float64) float64 { return truth(x == y) },
	"!=": func(x, y float64) float64 { return truth(x != y) },
	"&&": func(x, y float64) float64 { return truth(x != 0 && y != 0) },
	"||": func(x, y float64) float64 { return truth(x != 0 || y != 0) },
}

// names lists what is known, in order.
func names[V any](known map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
