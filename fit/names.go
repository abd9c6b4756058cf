package fit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A NameError is of a name that is none of those there are: of a layer, an array,
// a coordinate or one of its values.
type NameError struct {
	Name  string
	Known []string
	words string
}

func unknown(name string, known []string, format string, args ...any) error {
	return &NameError{name, known, fmt.Sprintf(format, args...)}
}

func (e *NameError) Error() string { return e.words }

// Unknown returns the name and those there are, for who can tell which was meant.
func (e *NameError) Unknown() (name string, known []string) { return e.Name, e.Known }

// listed writes names for a message: the first few, and how many more.
func listed(names []string) string {
	const few = 5
	if len(names) == 0 {
		return "none"
	}
	if len(names) <= few+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// counted writes the distinct values, each with how often it is there.
func counted(values []string) string {
	names, members := classes(values)
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = fmt.Sprintf("%s (%d)", name, len(members[i]))
	}
	return listed(words)
}

// repeated returns the names that are there more than once, sorted.
func repeated(names []string) []string {
	var twice []string
	distinct, members := classes(names)
	for i, m := range members {
		if len(m) > 1 {
			twice = append(twice, distinct[i])
		}
	}
	return twice
}

func pick[T any](values []T, which []int) []T {
	picked := make([]T, len(which))
	for i, k := range which {
		picked[i] = values[k]
	}
	return picked
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// naturalOrder compares names as people do: numbers in them by value, so that
// conv10 comes after conv9.
func naturalOrder(a, b string) int {
	digits := func(s string) int {
		return len(s) - len(strings.TrimLeft(s, "0123456789"))
	}
	for a != "" && b != "" {
		i, j := digits(a), digits(b)
		if i > 0 && j > 0 {
			x, y := strings.TrimLeft(a[:i], "0"), strings.TrimLeft(b[:j], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[i:], b[j:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}
