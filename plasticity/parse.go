package plasticity

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// assignment is NAME = EXPRESSION, not a comparison.
var assignment = regexp.MustCompile(`^\s*([\pL_][\pL\pN_]*)\s*=([^=].*)?$`)

// parse reads assignments, the last of them to target, over known names and
// constants. The expressions are read by the parser of expr-lang/expr, of whose
// language only arithmetic is taken.
func parse(text, target string, known map[string]*node, constants map[string]float64) (*node, error) {
	p := &equationParser{names: maps.Clone(known), used: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(constants)) {
		if known[name] != nil {
			return nil, fmt.Errorf("constant %s: the name is taken by a variable of the equation; the variables are %s", name, names(known))
		}
		p.names[name] = constant(constants[name])
	}
	var last string
	text = strings.TrimPrefix(text, "\ufeff") // as some editors begin a file
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\r"), "#")
		column := 0 // characters of the line before the part
		for part := range strings.SplitSeq(line, ";") {
			p.line, p.number, p.column = line, i+1, column
			column += utf8.RuneCountInString(part) + 1
			if strings.TrimSpace(part) == "" {
				continue
			}
			if last == target {
				return nil, p.fail(1, "%s = … must be the last assignment", target)
			}
			var err error
			if last, err = p.assign(part); err != nil {
				return nil, err
			}
		}
	}
	if last != target {
		return nil, fmt.Errorf("%q assigns no %s: expected an equation such as %s = …", strings.TrimSpace(text), target, target)
	}
	for _, name := range slices.Sorted(maps.Keys(constants)) {
		if !p.used[name] {
			return nil, fmt.Errorf("constant %s is not used by %q, which uses %s", name, strings.TrimSpace(text), names(p.used))
		}
	}
	return p.names[target], nil
}

type equationParser struct {
	names  map[string]*node
	used   map[string]bool
	line   string
	number int // of the line, from 1
	column int // characters before the part that is being read
}

// fail makes an error that points at a column of the part, from 1.
func (p *equationParser) fail(column int, format string, args ...any) *EquationError {
	return &EquationError{Text: p.line, Line: p.number, Column: p.column + column, Message: fmt.Sprintf(format, args...)}
}

// assign reads NAME = EXPRESSION, and makes NAME known.
func (p *equationParser) assign(part string) (name string, err error) {
	at := assignment.FindStringSubmatchIndex(part)
	first := utf8.RuneCountInString(part) - utf8.RuneCountInString(strings.TrimLeft(part, " \t")) + 1
	if at == nil {
		return "", p.fail(first, "expected NAME = EXPRESSION")
	}
	name = part[at[2]:at[3]]
	if p.names[name] != nil {
		return "", p.fail(first, "%s cannot be assigned: it is known already", name)
	}
	if at[4] < 0 || strings.TrimSpace(part[at[4]:]) == "" {
		return "", p.fail(utf8.RuneCountInString(part)+1, "expected an expression after %s =", name)
	}
	// Blanks in the place of the name keep the columns as the user counts them.
	source := strings.Repeat(" ", utf8.RuneCountInString(part[:at[4]])) + part[at[4]:]
	tree, err := parser.Parse(source)
	if err != nil {
		if e := new(file.Error); errors.As(err, &e) {
			return "", p.fail(e.Column+1, "%s", strings.Replace(e.Message, "unexpected token EOF", "the expression ends too early", 1))
		}
		return "", p.fail(first, "%v", err)
	}
	n, err := p.node(tree.Node)
	if err != nil {
		return "", err
	}
	p.names[name] = once(n)
	return name, nil
}

// node makes what evaluates a part of the syntax tree.
func (p *equationParser) node(n ast.Node) (*node, error) {
	column := n.Location().From + 1
	switch n := n.(type) {
	case *ast.IntegerNode:
		return constant(float64(n.Value)), nil
	case *ast.FloatNode:
		return constant(n.Value), nil
	case *ast.IdentifierNode:
		if p.names[n.Value] == nil {
			err := p.fail(column, "unknown name %q; known are %s; functions are %s, %s", n.Value, names(p.names), names(functions), names(functions2))
			err.Unknown = n.Value
			return nil, err
		}
		p.used[n.Value] = true
		return p.names[n.Value], nil
	case *ast.UnaryNode:
		value, err := p.node(n.Node)
		if err != nil {
			return nil, err
		}
		switch n.Operator {
		case "+":
			return value, nil
		case "-":
			return binary(operators["*"], constant(-1), value).of("-", []*node{value}), nil
		case "!", "not":
			return binary(operators["=="], constant(0), value).of("!", []*node{value}), nil
		}
	case *ast.BinaryNode:
		f, ok := operators[map[string]string{"and": "&&", "or": "||"}[n.Operator]]
		if !ok {
			f, ok = operators[n.Operator]
		}
		if !ok {
			return nil, p.fail(column, "there is no operator %s here; there are %s", n.Operator, names(operators))
		}
		parts, err := p.nodes(n.Left, n.Right)
		if err != nil {
			return nil, err
		}
		return binary(f, parts[0], parts[1]).of(n.Operator, parts), nil
	case *ast.ConditionalNode:
		parts, err := p.nodes(n.Cond, n.Exp1, n.Exp2)
		if err != nil {
			return nil, err
		}
		return each(func(a []float64) float64 {
			if a[0] != 0 {
				return a[1]
			}
			return a[2]
		}, parts...).of("?", parts), nil
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			return p.call(column, callee.Value, n.Arguments)
		}
	case *ast.BuiltinNode: // the names that expr's own language has too
		return p.call(column, n.Name, n.Arguments)
	}
	return nil, p.fail(column, "only arithmetic can stand here, found %s", n)
}

func (p *equationParser) nodes(parts ...ast.Node) ([]*node, error) {
	all := make([]*node, len(parts))
	for i, part := range parts {
		var err error
		if all[i], err = p.node(part); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (p *equationParser) call(column int, name string, arguments []ast.Node) (*node, error) {
	f, one := functions[name]
	g, two := functions2[name]
	if !one && !two {
		return nil, p.fail(column, "unknown function %q; there are %s, %s", name, names(functions), names(functions2))
	}
	args, err := p.nodes(arguments...)
	if err != nil {
		return nil, err
	}
	switch {
	case one && len(args) == 1:
		return each(func(a []float64) float64 { return f(a[0]) }, args...).of(name, args), nil
	case two && len(args) == 2:
		return binary(g, args[0], args[1]).of(name, args), nil
	case one:
		return nil, p.fail(column, "%s takes one argument, found %d", name, len(args))
	}
	return nil, p.fail(column, "%s takes two arguments, found %d", name, len(args))
}
