// Ventral trains models of the ventral visual stream with and without weight
// sharing, and scores how well their layers predict recorded responses.
//
// Run it without arguments for the list of verbs, and with a verb and --help
// for the verb's flags. One file holds one verb: its flags, its wiring and
// what it prints; the work itself is done by the packages beside cmd.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
)

// Exit codes; exitCodes tells people of them.
const (
	exitOK          = 0
	exitFailed      = 1   // the input, the files or the computation
	exitUsage       = 2   // the command line
	exitInterrupted = 130 // Ctrl-C
)

// A verb is one thing that ventral does.
type verb struct {
	name    string
	args    string // what stands beside the flags, as the usage shows it; "": nothing may
	summary string // one line
	detail  string // what it reads, does and writes, with an example
	json    string // the keys of what --json writes; "": the verb prints no result
	anew    bool   // an interrupted run begins anew: the folder that it leaves holds nothing to go on with
	flags   func(*pflag.FlagSet) action
}

// An action is a verb whose flags have been parsed.
type action func(ctx context.Context, t *terminal) error

// A verbGroup is the verbs of one use.
type verbGroup struct {
	title string
	verbs []verb
}

// groups are in the order of the help, verbs the same in one list. They are
// filled by init, as some verbs (rerun, completion) look at them.
var (
	groups []verbGroup
	verbs  []verb
)

func init() {
	groups = []verbGroup{
		{"Scores from arrays", []verb{scoreVerb, recordingsInspectVerb}},
		{"A rule by itself", []verb{plasticityRunVerb, plasticitySweepVerb, plasticityConvergenceVerb}},
		{"Networks to notebooks", []verb{demoVerb, compareVerb, trainVerb, sleepVerb, testVerb, activationsVerb, tuningVerb, reproduceVerb}},
		{"Images and stimuli", []verb{stimuliInspectVerb, stimuliRenderVerb, fetchVerb}},
		{"Runs", []verb{reportVerb, rerunVerb}},
		{"The program", []verb{infoVerb, completionVerb}},
	}
	for _, g := range groups {
		verbs = append(verbs, g.verbs...)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGXFSZ) // a file at its limit (ulimit -f) is an error like a full disk
	go func() {                    // a second Ctrl-C ends the program at once
		<-ctx.Done()
		stop()
	}()
	os.Exit(run(ctx, os.Args[1:], newTerminal(os.Stdout, os.Stderr)))
}

// run is ventral without the process around it: it returns the exit code.
func run(ctx context.Context, args []string, t *terminal) int {
	if len(args) == 0 {
		usage(t.out)
		return exitUsage
	}
	switch args[0] {
	case "help", "--help", "-h":
		return t.report(help(ctx, args[1:], t))
	case "version", "--version":
		fmt.Fprintln(t.out, versions())
		return exitOK
	case completeName:
		complete(t.out, args[1:])
		return exitOK
	}
	if v, rest, ok := findVerb(args); ok {
		return t.report(v.run(ctx, rest, t))
	}
	return t.report(noVerb(args, t))
}

// findVerb returns the verb that the arguments begin with, and what follows it.
func findVerb(args []string) (v verb, rest []string, ok bool) {
	for _, v := range verbs {
		if words := strings.Fields(v.name); len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return v, args[len(words):], true
		}
	}
	return verb{}, nil, false
}

// noVerb tells which verbs there are: those of a family, such as plasticity, where
// only its name was given.
func noVerb(args []string, t *terminal) error {
	var family []verb
	for _, v := range verbs {
		if strings.HasPrefix(v.name, args[0]+" ") {
			family = append(family, v)
		}
	}
	switch {
	case family == nil:
		return unknown(strings.Join(args[:min(2, len(args))], " "), verbNames(verbs), "there is no verb %q; ventral help lists them", args[0])
	case len(args) > 1 && (args[1] == "--help" || args[1] == "-h" || args[1] == "help"):
		fmt.Fprintf(t.out, "Usage: ventral %s VERB [flags]\n\n", args[0])
		listVerbs(t.out, family)
		fmt.Fprintf(t.out, "\nventral %s VERB --help tells a verb's flags, with an example.\n", args[0])
		return nil
	case len(args) == 1:
		return misused("%s needs one of its verbs: %s", args[0], strings.Join(verbNames(family), ", "))
	}
	return unknown(args[0]+" "+args[1], verbNames(family), "there is no verb %q; ventral %s has %s", args[0]+" "+args[1], args[0], strings.Join(verbNames(family), ", "))
}

func verbNames(list []verb) []string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = v.name
	}
	return names
}

// programFlags are the flags that every verb has.
type programFlags struct {
	quiet              bool
	json               string // "": nowhere
	threads            int
	config, saveConfig string
}

func (f *programFlags) add(flags *pflag.FlagSet, v verb) {
	if v.json != "" {
		flags.StringVar(&f.json, "json", "", "write the result as JSON to this `FILE` too (- for standard output, in place of the table)")
	}
	flags.StringVar(&f.config, "config", "", "take flags of this and other verbs from this `FILE` (TOML); the command line wins")
	flags.StringVar(&f.saveConfig, "save-config", "", "write the flags to this `FILE`, for --config")
	flags.IntVar(&f.threads, "threads", 0, "processor cores to use (0: all); the result is the same, to the bit")
	flags.BoolVar(&f.quiet, "quiet", false, "no progress on standard error")
	if v.json != "" {
		heading(flags, "json", everyVerb)
	} else {
		heading(flags, "config", everyVerb)
	}
}

// flagSet makes the flags of v.
func (v verb) flagSet(program *programFlags) (*pflag.FlagSet, action) {
	flags := pflag.NewFlagSet(v.name, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.SortFlags = false
	act := v.flags(flags)
	program.add(flags, v)
	return flags, act
}

// run parses the arguments of v and acts on them.
func (v verb) run(ctx context.Context, args []string, t *terminal) error {
	flags, act := v.flagSet(&t.program)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			v.help(t.out, flags, t.width())
			return nil
		}
		return v.misparsed(flags, err)
	}
	if err := checkChoices(flags); err != nil {
		return err
	}
	if t.program.config != "" {
		if err := readConfig(t.program.config, v, flags); err != nil {
			return err
		}
	}
	if v.args == "" && flags.NArg() > 0 {
		return v.leftOver(flags)
	}
	switch n := t.program.threads; {
	case n < 0:
		return misused("--threads is %d, expected at least 1 (0: all cores)", n)
	case n > 0:
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n)) // the BLAS has one thread in each
	}
	t.begin(v, flags)
	if path := t.program.saveConfig; path != "" {
		text, err := t.config(everyFlag)
		if err == nil {
			err = writeFile(path, text)
		}
		if err != nil {
			return err
		}
	}
	return act(ctx, t)
}

// leftOver is the error of words beside the flags of a verb that takes none. They
// are often elements of a list.
func (v verb) leftOver(flags *pflag.FlagSet) error {
	remedy := ""
	flags.Visit(func(f *pflag.Flag) {
		if _, list := f.Value.(pflag.SliceValue); list && remedy == "" {
			remedy = fmt.Sprintf("; a list has commas between: --%s …,%s", f.Name, strings.Join(flags.Args(), ","))
		}
	})
	return misused("%s takes flags only, found %q%s; see ventral %s --help", v.name, flags.Arg(0), remedy, v.name)
}

// misparsed is the error of arguments that cannot be parsed.
func (v verb) misparsed(flags *pflag.FlagSet, err error) error {
	var missing *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		expected := map[string]string{"int": "a whole number", "uint32": "a whole number", "uint64": "a whole number", "float64": "a number", "bool": "true or false", "float64Slice": "numbers with commas between", "intSlice": "whole numbers with commas between"}[f.Value.Type()]
		if expected != "" {
			return misused("--%s %q: expected %s", f.Name, invalid.GetValue(), expected)
		}
	case errors.As(err, &missing):
		var known []string
		flags.VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		if word := missing.GetSpecifiedShortnames(); len(word) > 1 { // -features
			word, _, _ = strings.Cut(word, "=")
			return unknown("--"+word, known, "there is no flag -%s: names of flags have two dashes; see ventral %s --help", word, v.name)
		}
		return unknown("--"+missing.GetSpecifiedName(), known, "there is no flag --%s; see ventral %s --help", missing.GetSpecifiedName(), v.name)
	}
	words := strings.ReplaceAll(err.Error(), " must be formatted as key=value", ": expected NAME=VALUE")
	return misused("%s: %s; see ventral %s --help", v.name, words, v.name)
}

// A usageError is a mistake on the command line: exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func misused(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// required returns a usage error that names the flags without a value, with the
// verb's example.
func required(flags *pflag.FlagSet, names ...string) error {
	var missing []string
	for _, name := range names {
		if value := flags.Lookup(name).Value.String(); value == "" || value == "[]" {
			missing = append(missing, "--"+name)
		}
	}
	if missing == nil {
		return nil
	}
	return needs(flags, joined(missing))
}

// needs is the usage error of a verb that lacks something.
func needs(flags *pflag.FlagSet, what string) error {
	v, _, _ := findVerb(strings.Fields(flags.Name()))
	return misused("%s needs %s, as in\n\n%s\n\nventral %s --help tells all flags.", v.name, what, strings.TrimSuffix(reflow(v.example(), usageWidth), "\n"), v.name)
}

// numbersOf are the finite numbers of a flag, of which there is at least one.
func numbersOf(flag string, texts []string) ([]float64, error) {
	var list []float64
	for _, text := range texts {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, misused("--%s %s: expected finite numbers, separated by commas", flag, text)
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return nil, misused("--%s is empty, expected a number", flag)
	}
	return list, nil
}
