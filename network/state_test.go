package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A training that is stopped after any update, and taken up from the file, ends
// with the same bits as one that was not.
func TestResumeIsBitIdentical(t *testing.T) {
	data := Data{Train: blobs{53, toyShape}, Validation: blobs{9, toyShape}, Test: blobs{20, toyShape}}
	for _, optimizer := range []string{AdamW, Adam, SGD} {
		tr := Training{
			Epochs: 3, BatchSize: 16, Optimizer: optimizer, LearningRate: .01, Seed: 3,
			SleepEvery: 3, SleepRunsOn: true, SleepBeforeTest: true, Sleep: Sleep{Method: HebbianSleep, Steps: 5, Patterns: 16, Seed: 5},
		}
		if optimizer == SGD {
			tr.Sleep.Method = InstantSleep
		}
		train := func(m *Model, from State, stop int, path string) (State, []string, error) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var epochs []string
			last, err := tr.Run(ctx, m, data, from, Hooks{
				Update: func(_ Progress, s State) error {
					if s.Updates == stop {
						cancel()
					}
					return nil
				},
				Epoch: func(e Epoch, _ State) error {
					epochs = append(epochs, fmt.Sprintf("%+v", e))
					return nil
				},
			})
			if err != nil {
				if saveErr := m.SaveState(path, last); saveErr != nil {
					t.Fatal(saveErr)
				}
			}
			return last, epochs, err
		}
		fresh := func(seed uint64) *Model {
			m, err := New(toy("small", true), seed)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		whole := fresh(7)
		_, wantEpochs, err := train(whole, State{}, -1, "")
		if err != nil {
			t.Fatal(err)
		}
		want := checkpoint(t, whole)
		for _, stop := range []int{1, 3, 4, 6, 11} { // within, and at the end of, an epoch of four updates
			path := filepath.Join(t.TempDir(), "state.npz")
			m := fresh(7)
			_, before, err := train(m, State{}, stop, path)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s: %v", optimizer, err)
			}
			other := fresh(99) // nothing but the file goes on
			s, err := other.LoadState(path, optimizer)
			if err != nil {
				t.Fatal(err)
			}
			if s.Updates != stop {
				t.Errorf("%s: the state is after update %d, want %d", optimizer, s.Updates, stop)
			}
			_, after, err := train(other, s, -1, "")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(checkpoint(t, other), want) {
				t.Errorf("%s: stopped after update %d, the end has other bits", optimizer, stop)
			}
			if got := append(before, after...); strings.Join(got, "\n") != strings.Join(wantEpochs, "\n") {
				t.Errorf("%s: stopped after update %d, the epochs are\n%s\nwant\n%s", optimizer, stop, strings.Join(got, "\n"), strings.Join(wantEpochs, "\n"))
			}
		}
	}
}

func TestStateRefuses(t *testing.T) {
	m, err := New(toy("small", false), 1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "state.npz")
	var state State
	if _, err := (Training{BatchSize: 16, Iterations: 2, Optimizer: SGD}).Run(t.Context(), m, toyData, State{}, Hooks{Update: func(_ Progress, s State) error { state = s; return nil }}); err != nil {
		t.Fatal(err)
	}
	if state.Updates != 2 {
		t.Errorf("asked for 2 updates, made %d", state.Updates)
	}
	if err := m.SaveState(path, state); err != nil {
		t.Fatal(err)
	}
	before := checkpoint(t, m)
	fails := func(what, says string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", what, err, says)
		}
		if !bytes.Equal(checkpoint(t, m), before) {
			t.Errorf("%s: the model changed", what)
		}
	}
	_, err = m.LoadState(path, AdamW)
	fails("the state of SGD for AdamW", `array "optimizer.m.conv1.weight"`, err)
	other, err := New(toy("small", true), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.LoadState(path, SGD); err == nil || !strings.Contains(err.Error(), "conv1.weight") {
		t.Errorf("the state of a convolution for a locally connected network: %v", err)
	}
	plain := filepath.Join(t.TempDir(), "w.npz")
	if err := m.Save(plain); err != nil {
		t.Fatal(err)
	}
	_, err = m.LoadState(plain, SGD)
	fails("a checkpoint without a state", "no state of a training", err)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b[:len(b)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = m.LoadState(path, SGD)
	fails("a truncated file", path, err)
	if _, err := (Training{Optimizer: "lion"}).Run(t.Context(), m, toyData, State{}, Hooks{}); err == nil || !strings.Contains(err.Error(), "adamw, adam or sgd") {
		t.Errorf("an unknown optimizer: %v", err)
	}
}
