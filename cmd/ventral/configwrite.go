package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// notOfTheRun are the flags that say where a run is written and what is shown
// meanwhile, and do not make it.
var notOfTheRun = []string{"out", "overwrite", "resume", "json", "config", "save-config", "threads", "quiet", "help"}

// ofTheRun reports whether a flag makes the run.
func ofTheRun(f *pflag.Flag) bool { return !slices.Contains(notOfTheRun, f.Name) }

// everyFlag reports whether a flag can stand in a file.
func everyFlag(f *pflag.Flag) bool {
	return f.Name != "config" && f.Name != "save-config" && f.Name != "help"
}

// config writes the running verb's flags as a file that --config reads: those
// that were given, and the others as defaults.
func (t *terminal) config(which func(*pflag.Flag) bool) ([]byte, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var given, defaults bytes.Buffer
	if args := t.flags.Args(); len(args) > 0 {
		fmt.Fprintf(&given, "%s = %s\n", argsKey, tomlText(args))
	}
	t.flags.VisitAll(func(f *pflag.Flag) {
		if !which(f) {
			return
		}
		into := &defaults
		if t.given[f.Name] {
			into = &given
		}
		fmt.Fprintf(into, "%s = %s\n", f.Name, tomlValue(f))
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "# ventral %s. Relative paths begin at %s.\n%s = %s\n", t.verb.name, startedInKey, startedInKey, tomlText(dir))
	fmt.Fprintf(&b, "\n[%s]\n%s", quotedKey(t.verb.name), given.Bytes())
	if defaults.Len() > 0 {
		fmt.Fprintf(&b, "\n# What was not given, as it was then.\n[%s.%s]\n%s", quotedKey(t.verb.name), defaultsKey, defaults.Bytes())
	}
	return b.Bytes(), nil
}

// quotedKey is a verb's name as the name of a table.
func quotedKey(name string) string {
	if strings.Contains(name, " ") {
		return tomlText(name)
	}
	return name
}

// tomlValue is the value of a flag.
func tomlValue(f *pflag.Flag) string {
	text := f.Value.String()
	switch f.Value.Type() {
	case "bool", "int", "int64", "uint", "uint32":
		return text
	case "uint64":
		if v, err := strconv.ParseUint(text, 10, 64); err == nil && v > math.MaxInt64 {
			return tomlText(text)
		}
		return text
	case "float64":
		return strings.ToLower(text) // nan, +inf
	case "intSlice":
		return strings.ReplaceAll(text, ",", ", ")
	case "float64Slice":
		return "[" + strings.Join(f.Value.(pflag.SliceValue).GetSlice(), ", ") + "]"
	case "stringToString":
		pairs, err := csv.NewReader(strings.NewReader(strings.Trim(text, "[]"))).Read()
		if err != nil { // none
			return "{}"
		}
		slices.Sort(pairs)
		for i, p := range pairs {
			name, value, _ := strings.Cut(p, "=")
			pairs[i] = tomlText(name) + " = " + tomlText(value)
		}
		return "{ " + strings.Join(pairs, ", ") + " }"
	}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return tomlText(list.GetSlice())
	}
	return tomlText(text)
}

// tomlText is a string or a list of strings: JSON's are TOML's too.
func tomlText(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // strings can be encoded
	}
	text := strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\x7f", `\u007f`)
	if text == "null" {
		return "[]"
	}
	return text
}
