package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// exitCodes tells of the exit codes.
const exitCodes = "Exit codes: 0 done, 1 failed (files, data, computation), 2 wrong usage, 130 interrupted."

// A topic is what ventral help tells beside the verbs.
type topic struct{ name, summary, text string }

var topics = []topic{
	{"exit-codes", "what the exit code of every verb says", `
  0    done
  1    failed: a file, the data or the computation; or what a verb looks for is
       there (stimuli inspect: damaged files; rerun: files that differ)
  2    wrong usage: the verb, its flags or a --config file
  130  interrupted, by Ctrl-C or SIGTERM: the message says whether the same
       command goes on from what is complete or begins anew

An error is one message on standard error that begins with "ventral:".`},
	{"config", "files that hold flags, and how a run is repeated", `
--config FILE reads flags from a TOML file: a table for each verb, whose keys are
the names of its flags without the dashes. Keys above all tables are flags of
every verb. The command line wins over the file.

  threads = 2

  [train]
  images = "cifar10:cifar-10-batches-bin"
  model = "lc+sleep@10"
  epochs = 20

  ["plasticity run"]            # or [plasticity.run]
  rule = "sharing"
  set = { gamma = 0.01 }

What is no flag is given as args: args = ["grating"] in ["stimuli render"].
Paths are relative to where ventral is started.

--save-config FILE writes such a file of a command. Every run's folder has one,
config.toml, with two tables: the flags that were given, and, as VERB.defaults,
all others with the values that they had, which count as if they were the
program's defaults. ventral rerun FOLDER repeats the run from it.`},
	{"json", "what --json writes", `
Every verb that prints a result writes it as one JSON document with --json FILE,
beside the table, or with --json - to standard output, in its place:

  ventral score --features x.npy --responses y.npy --json - | jq .score

The help of a verb tells its keys. Numbers are not rounded. Those that JSON does
not have are the strings "NaN", "Inf" and "-Inf". Progress and errors are never on
standard output.`},
}

// help answers ventral help [VERB | TOPIC].
func help(ctx context.Context, args []string, t *terminal) error {
	if len(args) == 0 {
		usage(t.out)
		return nil
	}
	if i := slices.IndexFunc(topics, func(p topic) bool { return p.name == args[0] }); i >= 0 {
		fmt.Fprintf(t.out, "%s: %s\n\n%s\n", topics[i].name, topics[i].summary, strings.Trim(topics[i].text, "\n"))
		return nil
	}
	if v, _, ok := findVerb(args); ok {
		return v.run(ctx, []string{"--help"}, t)
	}
	if slices.ContainsFunc(verbs, func(v verb) bool { return strings.HasPrefix(v.name, args[0]+" ") }) {
		return noVerb(append(args[:1:1], "--help"), t)
	}
	known := verbNames(verbs)
	for _, p := range topics {
		known = append(known, p.name)
	}
	name := strings.Join(args, " ")
	return unknown(name, known, "there is no help on %q; ventral help lists verbs and topics", name)
}

func usage(w io.Writer) {
	fmt.Fprint(w, `ventral: learning in the visual stream without weight sharing, and how well it
predicts V1, V2, V4 and IT

Usage: ventral VERB [flags]
`)
	width := nameWidth(verbs)
	for _, g := range groups {
		fmt.Fprintf(w, "\n%s:\n", g.title)
		listVerbsIn(w, g.verbs, width)
	}
	fmt.Fprint(w, "\nMore: ventral help VERB (or VERB --help), with examples, and\n")
	for _, p := range topics {
		fmt.Fprintf(w, "  ventral help %-10s  %s\n", p.name, p.summary)
	}
	fmt.Fprintf(w, "\n%s\n", hanging(exitCodes, 0, usageWidth))
}

func nameWidth(list []verb) (width int) {
	for _, v := range list {
		width = max(width, len(v.name))
	}
	return width
}

func listVerbs(w io.Writer, list []verb) { listVerbsIn(w, list, nameWidth(list)) }

func listVerbsIn(w io.Writer, list []verb, width int) {
	for _, v := range list {
		fmt.Fprintf(w, "  %-*s  %s\n", width, v.name, hanging(v.summary, width+4, usageWidth))
	}
}

// usageWidth is the columns of the list of verbs.
const usageWidth = 80

// help prints all about v.
func (v verb) help(w io.Writer, flags *pflag.FlagSet, width int) {
	width = min(width, 100) // longer lines are hard to read
	title := "ventral " + strings.TrimSpace(v.name+" "+v.args) + ": " + v.summary
	fmt.Fprintf(w, "%s\n\n%s", hanging(title, 2, width), reflow(v.detail, width))
	if v.json != "" {
		fmt.Fprintf(w, "\n--json writes:\n\n%s", reflow(v.json, width))
	}
	first := true
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		title := f.Annotations[headingNote]
		if first && title == nil {
			title = []string{"Flags"}
		}
		if first = false; title != nil {
			fmt.Fprintf(w, "\n%s:\n", title[0])
		}
		writeFlag(w, f, width)
	})
	fmt.Fprintf(w, "\n%s\n", hanging(exitCodes, 0, width))
}

// flagColumn is where the words on flags begin.
const flagColumn = 28

// writeFlag prints a flag with its type, what it does and its default.
func writeFlag(w io.Writer, f *pflag.Flag, width int) {
	kind, words := pflag.UnquoteUsage(f)
	switch kind {
	case "stringArray":
		kind = "strings"
	case "uint32":
		kind = "uint"
	}
	name := strings.TrimSpace("--" + f.Name + " " + kind)
	if value := defaultOf(f); value != "" {
		words += " (default " + value + ")"
	}
	gap := flagColumn - 2 - len([]rune(name))
	if gap < 2 {
		name, gap = name+"\n", flagColumn
	}
	fmt.Fprintf(w, "  %s%s%s\n", name, strings.Repeat(" ", gap), hanging(words, flagColumn, width))
}

// defaultOf is a flag's default as the help shows it; "" where there is nothing
// to show.
func defaultOf(f *pflag.Flag) string {
	value := f.DefValue
	if _, list := f.Value.(pflag.SliceValue); list {
		value = strings.Trim(value, "[]")
	}
	switch value {
	case "", "0", "0s", "false", "[]":
		return ""
	}
	return value
}

// example is the first command in the detail of v.
func (v verb) example() string {
	for _, line := range joinedLines(v.detail) {
		if strings.HasPrefix(line, "  ventral "+v.name) {
			return line
		}
	}
	return "  ventral " + v.name
}
