package main

import (
	"errors"
	"testing"
)

func TestParseModel(t *testing.T) {
	for s, want := range map[string]modelSpec{
		"conv":        {"conv", false, 0},
		"lc":          {"lc", true, 0},
		"lc+sleep":    {"lc+sleep@1", true, 1},
		"lc+sleep@10": {"lc+sleep@10", true, 10},
	} {
		if got, err := parseModel(s); err != nil || got != want {
			t.Errorf("%q → %+v, %v; want %+v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "cnn", "conv+sleep", "lc+", "lc+sleep@", "lc+sleep@0", "lc+sleep@-1", "lc+nap", "lc+nap@3"} {
		if m, err := parseModel(s); !errors.As(err, new(usageError)) {
			t.Errorf("%q → %+v, %v; want a usage error", s, m, err)
		}
	}
	if _, err := parseModels([]string{"lc", "lc+sleep", "lc+sleep@1"}); err == nil {
		t.Error("the same network twice passes")
	}
}
