package plasticity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// value evaluates an expression for one synapse of someActivity.
func value(t *testing.T, text string, a *Activity) float64 {
	t.Helper()
	e, err := ParseEquation("dw = "+text, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return changeOf(e, 1, a)[1][2]
}

func TestEquationArithmetic(t *testing.T) {
	a := someActivity(3, 4, 1, 1)
	x, w := a.Pre[0][2], a.W[1][2]
	for text, want := range map[string]float64{
		"2 + 3*4 - 1":                        13,
		"-2**2":                              -4, // as in mathematics and Python
		"2**3**2":                            512,
		"2^3":                                8,
		"7 % 4":                              3,
		"6/4":                                1.5, // never whole-number division
		"1e-3":                               .001,
		"pre - w":                            x - w,
		"max(pre, w) + min(pre, 0) - abs(w)": max(x, w) + min(x, 0) - math.Abs(w),
		"exp(w) + log(abs(pre)) + sqrt(4)":   math.Exp(w) + math.Log(math.Abs(x)) + 2,
		"tanh(w) + sin(w) + cos(w)":          math.Tanh(w) + math.Sin(w) + math.Cos(w),
		"sign(-3) + sign(0) + pow(2, 5)":     31,
		"1 < 2 ? 5 : 6":                      5,
		"pre > w ? pre : w":                  max(x, w),
		"(1 < 2) + (2 <= 2) + (3 > 4) + (3 >= 4) + (1 == 1) + (1 != 1)": 3,
		"(1 && 0) + (1 || 0) + !0 + (not 0)":                            3,
		"mean_pre":                                                      (a.Pre[0][0] + a.Pre[0][1] + a.Pre[0][2] + a.Pre[0][3]) / 4,
		"eta":                                                           1,
	} {
		if got := value(t, text, a); math.Abs(got-want) > 1e-13 {
			t.Errorf("%s = %v, want %v", text, got, want)
		}
	}
}

// Intermediate values are worked out once, however often they are named: a chain
// of doublings costs no more than it is long.
func TestEquationIntermediates(t *testing.T) {
	var text strings.Builder
	text.WriteString("\ufeffa0 = pre # as some editors begin files\n")
	for i := range 60 {
		fmt.Fprintf(&text, "a%d = (a%d + a%d)/2\n", i+1, i, i)
	}
	text.WriteString("dw = a60")
	e, err := ParseEquation(text.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := someActivity(3, 4, 2, 1)
	want := (a.Pre[0][2] + a.Pre[1][2]) / 2
	if got := changeOf(e, 1, a)[1][2]; math.Abs(got-want) > 1e-12 {
		t.Errorf("a chain of means of x with itself gives %g, want %g", got, want)
	}
	_, err = ParseEquation("dw = "+strings.Repeat("pre + ", 100_000)+"prre", nil)
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("the error of a long line has %d characters", len(err.Error()))
	}
}

// Every error points at the line and column of what is wrong.
func TestEquationErrors(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
		says         string
	}{
		{"dw = -eta*(post*pre + gama*w)", 1, 23, `unknown name "gama"; known are avg_post, avg_pre, eta, gamma, mean_post`},
		{"a = post\ndw = a*\tprre", 2, 9, `unknown name "prre"`},
		{"a = 1; dw = a*foo(pre)", 1, 15, `unknown function "foo"; there are abs, cos`},
		{"dw = eta*(post", 1, 14, "the expression ends too early"},
		{"dw = pre pre", 1, 10, "unexpected token"},
		{"dw = max(1)", 1, 6, "max takes two arguments, found 1"},
		{"dw = abs(1, 2)", 1, 6, "abs takes one argument, found 2"},
		{"dw = [1, 2]", 1, 6, "only arithmetic can stand here"},
		{`dw = "pre"`, 1, 6, "only arithmetic can stand here"},
		{"dw = pre.x", 1, 10, "only arithmetic can stand here"},
		{"dw = w in pre", 1, 8, "there is no operator in here"},
		{"eta*post*pre", 1, 1, "expected NAME = EXPRESSION"},
		{"  w = 3; dw = w", 1, 3, "w cannot be assigned: it is known already"},
		{"dw = 1; q = 2", 1, 8, "dw = … must be the last assignment"},
		{"dw =", 1, 5, "expected an expression after dw ="},
	} {
		_, err := ParseEquation(c.text, map[string]float64{"gamma": 1})
		var e *EquationError
		if !errors.As(err, &e) {
			t.Errorf("%q: %v, want an error with a place", c.text, err)
			continue
		}
		if e.Line != c.line || e.Column != c.column || !strings.Contains(e.Message, c.says) {
			t.Errorf("%q: line %d, column %d: %s\nwant line %d, column %d: %s", c.text, e.Line, e.Column, e.Message, c.line, c.column, c.says)
		}
		lines := strings.Split(err.Error(), "\n")
		if caret := strings.Index(lines[len(lines)-1], "^"); caret != c.column+1 {
			t.Errorf("%q: the caret stands under character %d, want %d:\n%v", c.text, caret-1, c.column, err)
		}
	}
	for text, says := range map[string]string{
		"":                   "assigns no dw",
		"# nothing":          "assigns no dw",
		"x = 1":              "assigns no dw",
		"dw = eta*post*pre ": "constant gamma is not used",
	} {
		if _, err := ParseEquation(text, map[string]float64{"gamma": 1}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
	if _, err := ParseEquation("dw = w", map[string]float64{"w": 1}); err == nil || !strings.Contains(err.Error(), "taken by a variable") {
		t.Errorf("a constant w: %v", err)
	}
}

func TestParseSchedule(t *testing.T) {
	for text, want := range map[string]Schedule{
		"0.5/(1000 + t)":                    Inverse(.5, 1000),
		"t > 50 ? 3e-4/sqrt(1 + t/2) : 0":   InverseSqrt(3e-4, 2, 50),
		"0.01":                              Constant(.01),
		"max(1e-4, 1e-2*0.5**floor_t) # no": nil,
	} {
		got, err := ParseSchedule(text)
		if want == nil {
			var e *EquationError
			if !errors.As(err, &e) || e.Column != 21 {
				t.Errorf("%q: %v, want an error at column 21", text, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []int{0, 1, 50, 51, 1000} {
			if g, w := got(step), want(step); math.Abs(g-w) > 1e-15 {
				t.Errorf("%q at %d: %v, want %v", text, step, g, w)
			}
		}
	}
}

// FuzzParseEquation: no text crashes or hangs the parser, and what it takes can
// be evaluated.
func FuzzParseEquation(f *testing.F) {
	f.Add("dw = -eta*((post - mean_post)*pre + gamma*(w - w0))")
	f.Add("a = (post > theta) ? 1 : -1 # sign\ndw = a*min(pre, 2)**2")
	f.Add("dw = max(1; b = -x")
	f.Add("a = pre*pre; b = a*a; c = b*b; d = c*c; e = d*d; dw = e*e")
	f.Add("γ = 3; dw = γ*[1, 2].map(# + 1)")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseEquation(text, nil)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		changeOf(e, .1, someActivity(2, 3, 2, 1))
	})
}

func BenchmarkEquation(b *testing.B) {
	e, err := ParseEquation("dw = -eta*((post - mean_post)*pre + gamma*(w - w0))", map[string]float64{"gamma": .01})
	if err != nil {
		b.Fatal(err)
	}
	w := Gaussian(100, 81, 1, 1, 1)
	b.ReportAllocs()
	b.ResetTimer()
	if err := (Experiment{Rule: e, Inputs: white(1), Rate: Constant(1e-4)}).Run(context.Background(), w, b.N, nil); err != nil {
		b.Fatal(err)
	}
}

// An equation that diverges names the operation that was not finite first, or else
// the rate that Oja's rule would need.
func TestEquationStability(t *testing.T) {
	for text, want := range map[string]string{
		"dw = eta*sqrt(-1 - w*w)*pre":                      "in the equation sqrt of -",
		"u = post > 0 ? log(post) : 0; dw = eta*pre/(u-u)": "in the equation / of ",
		"dw = eta*post*pre":                                "of an equation no bound is known",
	} {
		rule, err := ParseEquation(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		e := Experiment{Rule: rule, Inputs: white(1), Rate: Constant(1)}
		err = e.Run(t.Context(), Gaussian(4, 9, 0, 1, 1), 1000, nil)
		if d, ok := Diverged(err); !ok || !strings.Contains(d.Advice, want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	// At half the rate that is advised a copy of Oja's rule is bounded.
	rule, err := ParseEquation("dw = eta*post*(pre - post*w)", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := Gaussian(100, 9, 1, 1, 1)
	err = Experiment{Rule: rule, Inputs: white(1), Rate: Constant(.03)}.Run(t.Context(), Clone(w), 2000, nil)
	d, ok := Diverged(err)
	if !ok {
		t.Fatalf("%v, expected a divergence", err)
	}
	_, text, _ := strings.Cut(d.Advice, "η < ")
	eta, err := strconv.ParseFloat(strings.Fields(text)[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := (Experiment{Rule: rule, Inputs: white(1), Rate: Constant(eta / 2)}).Run(t.Context(), w, 2000, nil); err != nil {
		t.Error(err)
	}
}
