package main

import (
	"slices"

	"github.com/spf13/pflag"
)

// What the shell knows of a flag beside its usage, as annotations.
const (
	headingNote = "heading" // the title above it in the help
	choiceNote  = "choice"  // all that it can be
	exampleNote = "example" // some of what it can be, for the completion
)

// everyVerb is the heading of the flags that all verbs have.
const everyVerb = "Every verb"

// heading puts a title above a flag, and those defined after it, in the help.
func heading(flags *pflag.FlagSet, flag, title string) { note(flags, flag, headingNote, title) }

// oneOf says all that a flag, or each element of its list, can be. The command
// line is held against them, and the shell completes them. "" is allowed where it
// is the default.
func oneOf(flags *pflag.FlagSet, flag string, values ...string) {
	note(flags, flag, choiceNote, values...)
}

// examples says some of what a flag can be: the shell completes them.
func examples(flags *pflag.FlagSet, flag string, values ...string) {
	note(flags, flag, exampleNote, values...)
}

func note(flags *pflag.FlagSet, flag, kind string, values ...string) {
	if err := flags.SetAnnotation(flag, kind, values); err != nil {
		panic(err)
	}
}

// checkChoices refuses a value on the command line that is none of its flag's
// choices.
func checkChoices(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if err == nil {
			err = checkChoice(f)
		}
	})
	return err
}

func checkChoice(f *pflag.Flag) error {
	known := f.Annotations[choiceNote]
	if known == nil {
		return nil
	}
	values := []string{f.Value.String()}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		values = list.GetSlice()
	}
	for _, v := range values {
		if !slices.Contains(known, v) && (v != "" || f.DefValue != "") {
			return none(f.Name, v, known)
		}
	}
	return nil
}
