package network

import "fmt"

// A NameError is of a layer that the model does not have.
type NameError struct {
	Name  string
	Known []string
	words string
}

func noLayer(name string, known []string, format string, args ...any) error {
	return &NameError{name, known, fmt.Sprintf(format, args...)}
}

func (e *NameError) Error() string { return e.words }

// Unknown returns the name and those there are, for who can tell which was meant.
func (e *NameError) Unknown() (name string, known []string) { return e.Name, e.Known }
