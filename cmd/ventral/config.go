package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"
)

const (
	configName   = "config.toml" // in a run's folder
	startedInKey = "started-in"  // where the run was started: its relative paths begin there
	defaultsKey  = "defaults"    // the table, in a verb's, of what its flags are where they are not given
	argsKey      = "args"        // what stands beside the flags
)

// A configFile is a file of flags, parsed: see topics.
type configFile struct {
	path      string
	md        toml.MetaData
	startedIn string
	program   map[string]toml.Primitive // flags of every verb
	tables    []configTable             // in the order of the verbs
}

// A configTable is the flags of one verb.
type configTable struct {
	verb   verb
	values map[string]toml.Primitive
}

// readConfig sets the flags of v that the file has and the command line has not.
// The file's tables for other verbs are checked too.
func readConfig(path string, v verb, flags *pflag.FlagSet) error {
	c, err := openConfig(path)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.program)) {
		if err := c.set(c.program[name], flags, name, true); err != nil {
			return err
		}
	}
	for _, table := range c.tables {
		into := flags
		if table.verb.name != v.name {
			into, _ = table.verb.flagSet(new(programFlags))
		}
		if err := c.apply(table, into); err != nil {
			return err
		}
	}
	return nil
}

func openConfig(path string) (*configFile, error) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--config: %s is not there: expected what --save-config has written, or the config.toml of a run's folder", path)
	case err != nil:
		return nil, fmt.Errorf("--config: %w", err)
	}
	c := &configFile{path: path, program: map[string]toml.Primitive{}}
	var top map[string]toml.Primitive
	if c.md, err = toml.Decode(string(text), &top); err != nil {
		if parse := (toml.ParseError{}); errors.As(err, &parse) {
			return nil, misused("%s, line %d: %s", path, parse.Position.Line, parse.Message)
		}
		return nil, misused("%s: %w", path, err)
	}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		switch {
		case c.isTable(top[name]):
			err = c.find(top[name], name)
		case name == startedInKey:
			err = c.md.PrimitiveDecode(top[name], &c.startedIn)
		case slices.Contains(configurable, name):
			c.program[name] = top[name]
		default:
			known := append(verbNames(verbs), configurable...)
			err = c.at(top[name], unknown(name, known, "%s: above all tables there may be %s; other flags belong in the table of a verb", name, alternatives(configurable)))
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// configurable are the flags that a file can have for every verb.
var configurable = []string{"quiet", "threads"}

// isTable reports whether a value is a table.
func (c *configFile) isTable(value toml.Primitive) bool {
	var v any
	err := c.md.PrimitiveDecode(value, &v)
	_, is := v.(map[string]any)
	return err == nil && is
}

// find takes the table of a verb, or, under the first word of several verbs, those
// of each.
func (c *configFile) find(table toml.Primitive, words ...string) error {
	name := strings.Join(words, " ")
	var values map[string]toml.Primitive
	if err := c.md.PrimitiveDecode(table, &values); err != nil {
		return err
	}
	family := false
	for _, v := range verbs {
		if v.name == name {
			c.tables = append(c.tables, configTable{v, values})
			return nil
		}
		family = family || strings.HasPrefix(v.name, name+" ")
	}
	if !family {
		return c.at(table, unknown(name, verbNames(verbs), "[%s]: there is no such verb", name))
	}
	for _, word := range slices.Sorted(maps.Keys(values)) {
		if !c.isTable(values[word]) {
			return c.at(values[word], misused("[%s] %s: expected a table for each of the verbs of ventral %s", name, word, name))
		}
		if err := c.find(values[word], append(words, word)...); err != nil {
			return err
		}
	}
	return nil
}

// apply sets the flags of a table.
func (c *configFile) apply(t configTable, flags *pflag.FlagSet) error {
	var defaults map[string]toml.Primitive
	for _, name := range slices.Sorted(maps.Keys(t.values)) {
		value := t.values[name]
		switch name {
		case defaultsKey:
			if err := c.md.PrimitiveDecode(value, &defaults); err != nil {
				return c.at(value, misused("[%s] %s: expected a table", t.verb.name, name))
			}
		case argsKey:
			var args []string
			if err := c.md.PrimitiveDecode(value, &args); err != nil {
				return c.at(value, misused("[%s] %s: expected a list of strings", t.verb.name, name))
			}
			if flags.NArg() == 0 {
				if err := flags.Parse(append([]string{"--"}, args...)); err != nil {
					return err
				}
			}
		default:
			if err := c.set(value, flags, name, true); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		if err := c.set(defaults[name], flags, name, false); err != nil {
			return err
		}
	}
	return nil
}

// set sets a flag, as given or only in place of its default, unless it was given
// before.
func (c *configFile) set(value toml.Primitive, flags *pflag.FlagSet, name string, given bool) error {
	f := flags.Lookup(name)
	if f == nil || name == "config" || name == "save-config" {
		var known []string
		flags.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		return c.at(value, unknown(name, known, "[%s] %s: ventral %s has no such flag; ventral %s --help tells all", flags.Name(), name, flags.Name(), flags.Name()))
	}
	var v any
	if err := c.md.PrimitiveDecode(value, &v); err != nil {
		return c.at(value, err)
	}
	texts, err := flagTexts(f, v)
	if err == nil && !f.Changed {
		if given {
			err = setGiven(flags, f, texts)
		} else {
			err = setDefault(f, texts)
		}
		if err == nil {
			err = checkChoice(f)
		}
	}
	if err == nil {
		return nil
	}
	return c.at(value, usageError{fmt.Errorf("[%s] %s: %w", flags.Name(), name, err)})
}

// at says where in the file an error is.
func (c *configFile) at(value toml.Primitive, err error) error {
	if parse := (toml.ParseError{}); errors.As(c.md.PrimitiveDecode(value, refused{}), &parse) && parse.Position.Line > 0 {
		return usageError{fmt.Errorf("%s, line %d: %w", c.path, parse.Position.Line, err)}
	}
	return usageError{fmt.Errorf("%s: %w", c.path, err)}
}

// refused takes no value: the error of decoding one into it has the place of the
// value.
type refused struct{}

func (refused) UnmarshalTOML(any) error { return errors.New("refused") }

// flagTexts are the values of a flag, one or a list, as the command line has
// them. An error tells what the flag expects.
func flagTexts(f *pflag.Flag, v any) ([]string, error) {
	scalar := func(v any, kinds ...string) (string, bool) {
		switch v := v.(type) {
		case string:
			return v, slices.Contains(kinds, "string")
		case int64:
			return strconv.FormatInt(v, 10), slices.Contains(kinds, "int")
		case float64:
			return strconv.FormatFloat(v, 'g', -1, 64), slices.Contains(kinds, "float")
		case bool:
			return strconv.FormatBool(v), slices.Contains(kinds, "bool")
		}
		return "", false
	}
	var expected string
	var kinds []string
	switch f.Value.Type() {
	case "bool":
		expected, kinds = "true or false", []string{"bool"}
	case "int", "int64", "uint", "uint32":
		expected, kinds = "a whole number", []string{"int"}
	case "uint64": // more than TOML's integers
		expected, kinds = "a whole number", []string{"int", "string"}
	case "float64":
		expected, kinds = "a number", []string{"int", "float"}
	case "duration":
		expected, kinds = `a time such as "30s"`, []string{"string"}
	case "stringToString":
		table, ok := v.(map[string]any)
		texts := []string{}
		for _, name := range slices.Sorted(maps.Keys(table)) {
			text, fits := scalar(table[name], "string", "int", "float")
			ok = ok && fits
			texts = append(texts, name+"="+text)
		}
		if !ok {
			return nil, fmt.Errorf("found %s, expected a table such as { gamma = 0.01 }", tomlWords(v))
		}
		return texts, nil
	default: // strings and lists of anything: the verb looks at the words
		expected, kinds = "a string", []string{"string", "int", "float"}
	}
	if _, list := f.Value.(pflag.SliceValue); list {
		if values, ok := v.([]any); ok {
			texts := make([]string, len(values))
			for i, e := range values {
				if texts[i], ok = scalar(e, kinds...); !ok {
					return nil, fmt.Errorf("found %s in the list, expected %s", tomlWords(e), expected)
				}
			}
			return texts, nil
		}
		expected = "a list"
	}
	text, ok := scalar(v, kinds...)
	if !ok {
		return nil, fmt.Errorf("found %s, expected %s", tomlWords(v), expected)
	}
	return []string{text}, nil
}

// tomlWords is a value of a file for an error.
func tomlWords(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("the string %q", v)
	case bool, int64, float64:
		return fmt.Sprint(v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprintf("%v", v)
}

// setGiven sets a flag as the command line does.
func setGiven(flags *pflag.FlagSet, f *pflag.Flag, texts []string) error {
	switch list, isList := f.Value.(pflag.SliceValue); {
	case len(texts) == 0: // a list, or a table
		f.Changed = true
		if isList {
			return list.Replace(nil)
		}
		return nil
	case f.Value.Type() == "stringArray":
		for _, text := range texts {
			if err := flags.Set(f.Name, text); err != nil {
				return err
			}
		}
		return nil
	case isList || f.Value.Type() == "stringToString":
		return flags.Set(f.Name, commaSeparated(texts))
	}
	return flags.Set(f.Name, texts[0])
}

// setDefault sets a flag's value and leaves it as not given. An empty list stays
// the one that the flag began with: some verbs tell nil from none.
func setDefault(f *pflag.Flag, texts []string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok && len(texts)+len(list.GetSlice()) > 0 {
		return list.Replace(texts)
	}
	if len(texts) == 0 {
		return nil
	}
	if f.Value.Type() == "stringToString" {
		return f.Value.Set(commaSeparated(texts))
	}
	return f.Value.Set(texts[0])
}

// leftAlone reports whether a flag has the program's default.
func leftAlone(flags *pflag.FlagSet, name string) bool {
	f := flags.Lookup(name)
	return !f.Changed && f.Value.String() == f.DefValue
}

// commaSeparated is a list as a flag takes it.
func commaSeparated(texts []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write(texts) // to memory, which does not fail
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
