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
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
)

// Exit codes.
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
	flags   func(*pflag.FlagSet) action
}

// An action is a verb whose flags have been parsed.
type action func(ctx context.Context, t *terminal) error

// verbs are in the order of the help: by who uses them.
var verbs = []verb{
	demoVerb, compareVerb, reportVerb,
	scoreVerb, recordingsInspectVerb,
	plasticityRunVerb, plasticitySweepVerb, plasticityConvergenceVerb,
	trainVerb, sleepVerb, activationsVerb, reproduceVerb,
	stimuliInspectVerb, stimuliRenderVerb, tuningVerb, fetchVerb,
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
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		if len(args) > 1 && args[0] == "help" {
			return run(ctx, append(args[1:], "--help"), t)
		}
		usage(t.out)
		if len(args) == 0 {
			return exitUsage
		}
		return exitOK
	}
	if args[0] == "--version" || args[0] == "version" {
		fmt.Fprintln(t.out, versions())
		return exitOK
	}
	for _, v := range verbs {
		if words := strings.Fields(v.name); len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return t.report(v.run(ctx, args[len(words):], t))
		}
	}
	return t.report(noVerb(args, t))
}

// noVerb tells which verbs there are: those of a group, such as plasticity, where
// only its name was given.
func noVerb(args []string, t *terminal) error {
	var group []verb
	for _, v := range verbs {
		if strings.HasPrefix(v.name, args[0]+" ") {
			group = append(group, v)
		}
	}
	switch {
	case group == nil:
		return misused("there is no verb %q; the verbs are %s", args[0], verbNames(verbs))
	case len(args) > 1 && (args[1] == "--help" || args[1] == "-h" || args[1] == "help"):
		fmt.Fprintf(t.out, "Usage: ventral %s VERB [flags]\n\n", args[0])
		listVerbs(t.out, group)
		fmt.Fprintf(t.out, "\nventral %s VERB --help tells a verb's flags, with an example.\n", args[0])
		return nil
	case len(args) == 1:
		return misused("ventral %s needs one of its verbs: %s", args[0], verbNames(group))
	}
	return misused("there is no verb %q; ventral %s has %s", args[0]+" "+args[1], args[0], verbNames(group))
}

// run parses the arguments of v and acts on them.
func (v verb) run(ctx context.Context, args []string, t *terminal) error {
	flags := pflag.NewFlagSet(v.name, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.SortFlags = false
	act := v.flags(flags)
	flags.BoolVar(&t.quiet, "quiet", false, "no progress on standard error")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			fmt.Fprintf(t.out, "ventral %s: %s\n\n%s\n\nFlags:\n%s", strings.TrimSpace(v.name+" "+v.args), v.summary, strings.TrimSpace(v.detail), flags.FlagUsagesWrapped(t.width()))
			return nil
		}
		return misused("ventral %s: %v; see ventral %s --help", v.name, err, v.name)
	}
	if v.args == "" && flags.NArg() > 0 {
		return misused("ventral %s takes flags only, found %q; see ventral %s --help", v.name, flags.Arg(0), v.name)
	}
	t.flags = flags
	return act(ctx, t)
}

func usage(w io.Writer) {
	fmt.Fprintf(w, "ventral: learning in the visual stream without weight sharing, and how well it predicts V1, V2, V4 and IT\n\nUsage: ventral VERB [flags]\n\n")
	listVerbs(w, verbs)
	fmt.Fprintf(w, "\nventral VERB --help tells a verb's flags, with an example; ventral version what it was built with.\nExit codes: 0 done, 1 failed (files, data, computation), 2 wrong usage, 130 interrupted.\n")
}

func listVerbs(w io.Writer, list []verb) {
	width := 0
	for _, v := range list {
		width = max(width, len(v.name))
	}
	for _, v := range list {
		fmt.Fprintf(w, "  %-*s  %s\n", width, v.name, v.summary)
	}
}

func verbNames(list []verb) string {
	var names []string
	for _, v := range list {
		names = append(names, v.name)
	}
	return strings.Join(names, ", ")
}

// A usageError is a mistake on the command line: exit code 2.
type usageError struct{ error }

func misused(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// required returns a usage error that names the first flag without a value.
func required(flags *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		if flags.Lookup(name).Value.String() == "" || flags.Lookup(name).Value.String() == "[]" {
			return misused("ventral %s needs --%s; see ventral %s --help", flags.Name(), name, flags.Name())
		}
	}
	return nil
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
