package main

import (
	"strconv"
	"strings"
)

// A modelSpec is a network as the command line names it:
//
//	conv          a convolution: one filter for all positions
//	lc            locally connected: a filter at every position
//	lc+sleep@N    locally connected, with instant weight sharing in sleep
//	              every N training iterations (lc+sleep: every one)
type modelSpec struct {
	Name       string `json:"name"`
	Local      bool   `json:"locally_connected"`
	SleepEvery int    `json:"sleep_every"` // iterations; 0: never
}

// modelNames are networks to choose from.
var modelNames = []string{"conv", "lc", "lc+sleep@1", "lc+sleep@10", "lc+sleep@100"}

func parseModel(s string) (modelSpec, error) {
	m := modelSpec{Name: s}
	base, sleep, asleep := strings.Cut(s, "+")
	switch base {
	case "conv":
	case "lc":
		m.Local = true
	default:
		return m, unknown(s, modelNames, "unknown network %q: expected conv, lc, lc+sleep or lc+sleep@N", s)
	}
	if !asleep {
		return m, nil
	}
	if !m.Local {
		return m, misused("network %q: a convolution has nothing to share in sleep; expected lc+sleep@N", s)
	}
	word, every, counted := strings.Cut(sleep, "@")
	m.SleepEvery = 1
	if counted {
		n, err := strconv.Atoi(every)
		if err != nil || n < 1 {
			return m, misused("network %q: sleep every %q iterations is no positive whole number", s, every)
		}
		m.SleepEvery = n
	}
	if word != "sleep" {
		return m, unknown(s, modelNames, "unknown network %q: expected conv, lc, lc+sleep or lc+sleep@N", s)
	}
	m.Name = base + "+sleep@" + strconv.Itoa(m.SleepEvery)
	return m, nil
}

// parseModels parses a list of networks, each of which may stand in it once.
func parseModels(names []string) ([]modelSpec, error) {
	if len(names) == 0 {
		return nil, misused("--models is empty: expected some of conv, lc, lc+sleep@N")
	}
	var models []modelSpec
	seen := map[string]bool{}
	for _, name := range names {
		m, err := parseModel(name)
		if err != nil {
			return nil, err
		}
		if seen[m.Name] {
			return nil, misused("network %s is named twice in --models", m.Name)
		}
		seen[m.Name] = true
		models = append(models, m)
	}
	return models, nil
}
