package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// stopping is a source that ends a training while it is read for the n-th time.
type stopping struct {
	Source
	reads *int
	at    int
	stop  context.CancelFunc
}

func (s stopping) Read(epoch, repetition int, indices []int, x []float32, labels []int) error {
	if *s.reads++; *s.reads == s.at {
		s.stop()
	}
	return s.Source.Read(epoch, repetition, indices, x, labels)
}

// A training of so many iterations ends with the epoch that they fall into, its
// row and its weights, wherever it was stopped: in the last update, and while the
// network is evaluated.
func TestIterationsAreResumed(t *testing.T) {
	for _, iterations := range []int{3, 4, 6, 8} { // 4 updates are an epoch
		tr := Training{Epochs: 10, BatchSize: 16, LearningRate: .01, Iterations: iterations, Seed: 3, SleepEvery: 2, SleepBeforeTest: true}
		train := func(m *Model, from State, stopUpdate, stopRead int) (State, []Epoch, error) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var epochs []Epoch
			reads := 0
			data := Data{Train: blobs{53, toyShape}, Test: stopping{blobs{300, toyShape}, &reads, stopRead, cancel}}
			s, err := tr.Run(ctx, m, data, from, Hooks{
				Update: func(p Progress, _ State) error {
					if p.Iteration == stopUpdate {
						cancel()
					}
					return nil
				},
				Epoch: func(e Epoch, _ State) error { epochs = append(epochs, e); return nil },
			})
			return s, epochs, err
		}
		fresh := func(seed uint64) *Model {
			m, err := New(toy("small", true), seed)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		whole := fresh(7)
		end, want, err := train(whole, State{}, -1, -1)
		if err != nil || end.Updates != iterations || len(want) != (iterations+3)/4 || want[len(want)-1].Updates != iterations {
			t.Fatalf("%d iterations: %v, %d updates, epochs %+v", iterations, err, end.Updates, want)
		}
		for _, stop := range [][2]int{{iterations, -1}, {-1, 1}, {-1, 2}, {-1, 3*len(want) - 1}} {
			m := fresh(7)
			s, before, err := train(m, State{}, stop[0], stop[1])
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%d iterations, stopped at %v: %v", iterations, stop, err)
			}
			path := filepath.Join(t.TempDir(), "state.npz")
			if err := m.SaveState(path, s); err != nil {
				t.Fatal(err)
			}
			other := fresh(99)
			if s, err = other.LoadState(path, AdamW); err != nil {
				t.Fatal(err)
			}
			if _, after, err := train(other, s, -1, -1); err != nil || fmt.Sprint(append(before, after...)) != fmt.Sprint(want) || !bytes.Equal(checkpoint(t, other), checkpoint(t, whole)) {
				t.Errorf("%d iterations, stopped at %v: %v; epochs %+v, want %+v, or other weights", iterations, stop, err, append(before, after...), want)
			}
		}
	}
}

// What is recorded of sleeps changes nothing, and only the layers that are named
// sleep.
func TestSleepInTraining(t *testing.T) {
	end := func(s Sleep, record bool) (*Model, int) {
		m, err := New(toy("small", true), 7)
		if err != nil {
			t.Fatal(err)
		}
		records := 0
		hooks := Hooks{}
		if record {
			hooks.Sleep = func(s State) func(SleepRecord) error {
				if s.Sleeps%2 == 1 {
					return nil
				}
				return func(SleepRecord) error { records++; return nil }
			}
		}
		if _, err := (Training{Epochs: 1, BatchSize: 16, SleepEvery: 2, Sleep: s}).Run(t.Context(), m, toyData, State{}, hooks); err != nil {
			t.Fatal(err)
		}
		return m, records
	}
	for _, method := range []string{"", InstantSleep, HebbianSleep} {
		s := Sleep{Method: method, Steps: 4, Patterns: 16, Layers: []string{"conv2"}}
		silent, _ := end(s, false)
		recorded, n := end(s, true)
		if !bytes.Equal(checkpoint(t, silent), checkpoint(t, recorded)) || n == 0 {
			t.Errorf("%q: recorded %d times, the sleep ends with other weights, or nothing was recorded", method, n)
		}
		s.Layers = nil
		all, _ := end(s, false)
		if bytes.Equal(checkpoint(t, silent), checkpoint(t, all)) {
			t.Errorf("%q: one layer or all sleep alike", method)
		}
	}
	m, err := New(toy("small", true), 7)
	if err != nil {
		t.Fatal(err)
	}
	tr := Training{SleepEvery: 1, BatchSize: 16, Sleep: Sleep{Layers: []string{"nosuch"}}}
	if s, err := tr.Run(t.Context(), m, toyData, State{}, Hooks{}); err == nil || !strings.Contains(err.Error(), `no locally connected layer "nosuch"`) || s.Updates != 0 {
		t.Errorf("a layer that is not there: %v after %d updates", err, s.Updates)
	}
}

// A sleep that is interrupted, at whichever layer and step, has not been: the state
// is that before it, and the training that is taken up from the file sleeps first
// and ends with the same bits, though replayed images reach later layers through
// those that had slept. Nor does it lose the loss and the gradients of the update
// before.
func TestInterruptedSleepIsMadeAgain(t *testing.T) {
	shape := Shape{1, 20, 20} // on which conv1 to conv3 have pools
	data := Data{Train: blobs{53, shape}, Test: blobs{20, shape}, Replay: blobs{30, shape}}
	tr := Training{
		Epochs: 2, BatchSize: 16, LearningRate: .01, Seed: 3, SleepEvery: 2, SleepBeforeTest: true,
		Sleep: Sleep{Method: HebbianSleep, Normalised: true, Steps: 6, Patterns: 16, Every: 2, Seed: 5},
	}
	fresh := func(seed uint64) *Model {
		m, err := New(Architecture{Name: "small", Local: true, Input: shape, Classes: 2, Width: 2}, seed)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	// train tells of every update and epoch, and is interrupted in a sleep.
	train := func(m *Model, from State, sleep int, layer string, step int) (last State, told []string, err error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		last, err = tr.Run(ctx, m, data, from, Hooks{
			Update: func(p Progress, _ State) error {
				told = append(told, fmt.Sprint(p, gradients(m.state())["conv2.weights"][:3]))
				return nil
			},
			Epoch: func(e Epoch, _ State) error {
				told = append(told, fmt.Sprintf("%+v", e))
				return nil
			},
			Sleep: func(s State) func(SleepRecord) error {
				return func(r SleepRecord) error {
					if s.Sleeps == sleep && r.Layer == layer && r.Step == step {
						cancel()
					}
					return nil
				}
			},
		})
		return last, told, err
	}
	whole := fresh(7)
	_, want, err := train(whole, State{}, -1, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sleep   int
		layer   string
		step    int
		updates int
	}{{0, "conv1", 0, 1}, {1, "conv3", 2, 3}, {1, "conv3", 6, 3}, {2, "conv2", 4, 4}, {3, "conv3", 0, 5}} { // sleep 2 is before the test
		m, path := fresh(7), filepath.Join(t.TempDir(), "state.npz")
		s, before, err := train(m, State{}, c.sleep, c.layer, c.step)
		if !errors.Is(err, context.Canceled) || s.Updates != c.updates || s.Sleeps != c.sleep {
			t.Fatalf("%+v: the state has %d updates and %d sleeps; %v", c, s.Updates, s.Sleeps, err)
		}
		if err := m.SaveState(path, s); err != nil {
			t.Fatal(err)
		}
		other := fresh(99) // nothing but the file goes on
		if s, err = other.LoadState(path, AdamW); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(checkpoint(t, other), checkpoint(t, m)) {
			t.Errorf("%+v: other weights come back", c)
		}
		_, after, err := train(other, s, -1, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(checkpoint(t, other), checkpoint(t, whole)) {
			t.Errorf("%+v: the end has other bits", c)
		}
		if got := append(before, after...); !slices.Equal(got, want) {
			t.Errorf("%+v: told is\n%s\nwant\n%s", c, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
