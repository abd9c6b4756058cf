package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/stimuli"
)

//go:embed completions
var completions embed.FS

var shells = []string{"bash", "zsh", "fish"}

var completionVerb = verb{
	name:    "completion",
	args:    "SHELL",
	summary: "print a script that completes verbs, flags and their values in bash, zsh or fish",
	detail: `
Prints a script for SHELL: bash, zsh or fish. It asks ventral itself what can
follow, so it need not be made anew with a new version.

  ventral completion bash > ~/.local/share/bash-completion/completions/ventral
  ventral completion zsh > ~/.zfunc/_ventral      # with ~/.zfunc in fpath
  ventral completion fish > ~/.config/fish/completions/ventral.fish

Or, in bash and zsh, for this session only:

  source <(ventral completion bash)`,
	flags: func(flags *pflag.FlagSet) action {
		return func(_ context.Context, t *terminal) error {
			if flags.NArg() != 1 {
				return needs(flags, "one SHELL, "+alternatives(shells))
			}
			shell := flags.Arg(0)
			if !slices.Contains(shells, shell) {
				return unknown(shell, shells, "there is no completion for %q, only for %s", shell, joined(shells))
			}
			script, err := completions.ReadFile("completions/ventral." + shell)
			if err != nil {
				return err
			}
			_, err = t.out.Write(script)
			return err
		}
	},
}

// completeName is the hidden verb that the scripts call: ventral __complete
// WORD…, the last word being the one to complete.
const completeName = "__complete"

// A candidate is a word that can stand where the cursor is.
type candidate struct{ word, meaning string }

// filesToo asks the shell for files, too, after the last of = : , in the word.
const filesToo = ":files"

// complete prints what the last word can be, one word a line, with its meaning
// behind a tab.
func complete(w io.Writer, words []string) {
	if len(words) == 0 {
		return
	}
	list, files := candidates(words[:len(words)-1], words[len(words)-1])
	for _, c := range list {
		if c.meaning == "" {
			fmt.Fprintln(w, c.word)
		} else {
			fmt.Fprintf(w, "%s\t%s\n", c.word, c.meaning)
		}
	}
	if files {
		fmt.Fprintln(w, filesToo)
	}
}

// candidates are what begins with word and can follow the words before it.
func candidates(before []string, word string) (list []candidate, files bool) {
	add := func(c string, meaning string) {
		if strings.HasPrefix(c, word) {
			list = append(list, candidate{c, meaning})
		}
	}
	helping := len(before) > 0 && before[0] == "help"
	if helping {
		before = before[1:]
	}
	v, rest, ok := findVerb(before)
	if !ok {
		if len(before) == 0 {
			for _, p := range topics {
				if helping {
					add(p.name, p.summary)
				}
			}
			if !helping {
				add("help", "tell of a verb or topic")
			}
		}
		offerVerbs(before, add)
		return list, false
	}
	if helping {
		return nil, false
	}
	flags, _ := v.flagSet(new(programFlags))
	if name, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(name, "--") {
		f := flags.Lookup(name[2:])
		if f == nil {
			return nil, false
		}
		list, files := flagValues(f, value)
		for i := range list {
			list[i].word = name + "=" + list[i].word
		}
		return list, files
	}
	if len(rest) > 0 {
		if name, dashed := strings.CutPrefix(rest[len(rest)-1], "--"); dashed {
			if f := flags.Lookup(name); f != nil && f.NoOptDefVal == "" {
				return flagValues(f, word)
			}
		}
	}
	if !strings.HasPrefix(word, "-") && v.args != "" {
		known := argumentsOf(v)
		for _, c := range known {
			add(c, "")
		}
		return list, known == nil || v.name == stimuliInspectVerb.name
	}
	flags.VisitAll(func(f *pflag.Flag) {
		_, usage := pflag.UnquoteUsage(f)
		add("--"+f.Name, firstWords(usage))
	})
	return list, false
}

// offerVerbs offers the next word of every verb that begins with those before.
func offerVerbs(before []string, add func(word, meaning string)) {
	var seen []string
	for _, v := range verbs {
		words := strings.Fields(v.name)
		if len(words) <= len(before) || !slices.Equal(words[:len(before)], before) {
			continue
		}
		next, meaning := words[len(before)], v.summary
		if len(words) > len(before)+1 {
			meaning = "…"
		}
		if !slices.Contains(seen, next) {
			seen = append(seen, next)
			add(next, meaning)
		}
	}
}

// withoutFiles are flags of words that name no file.
var withoutFiles = []string{"model", "models", "layers", "sleep-layers"}

// flagValues are what a flag can be; of a list, what its last element can.
func flagValues(f *pflag.Flag, word string) (list []candidate, files bool) {
	stem := ""
	_, several := f.Value.(pflag.SliceValue)
	if at := strings.LastIndexByte(word, ','); several && at >= 0 {
		stem = word[:at+1]
	}
	known := f.Annotations[choiceNote]
	files = known == nil && !slices.Contains(withoutFiles, f.Name) && strings.HasPrefix(f.Value.Type(), "string")
	for _, c := range append(known, f.Annotations[exampleNote]...) {
		if strings.HasPrefix(stem+c, word) && !slices.Contains(strings.Split(stem, ","), c) {
			list = append(list, candidate{stem + c, ""})
		}
	}
	return list, files
}

// argumentsOf are what can stand beside a verb's flags; nil: files.
func argumentsOf(v verb) (words []string) {
	switch v.name {
	case completionVerb.name:
		return shells
	case fetchVerb.name:
		words = append(words, "list")
		for _, s := range catalogue {
			words = append(words, s.name)
		}
	case stimuliRenderVerb.name:
		for _, k := range stimulusKinds("", stimuli.Raster{}) {
			words = append(words, k.name)
		}
		words = append(words, "shapes")
	case stimuliInspectVerb.name:
		words = imageSources()
	}
	return words
}

// imageSources are what the name of a source of images begins with.
func imageSources() (words []string) {
	for _, k := range imageKinds {
		words = append(words, k+":")
	}
	return append(words, "shapes")
}

// firstWords is about the first line of a flag's usage.
func firstWords(usage string) string {
	const most = 60
	if r := []rune(usage); len(r) > most {
		return string(r[:most]) + "…"
	}
	return usage
}
