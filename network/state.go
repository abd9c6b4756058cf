package network

import (
	"fmt"
	"slices"
	"strings"

	"ventral/internal/npy"
)

// The names of a state's own arrays, beside those of the checkpoint.
const (
	stateProgress = "training.progress"  // Updates, Epoch, Done, Sleeps, the tally's counts, 1 = slept or 2 = due
	stateLoss     = "training.loss"      // the tally's; where a sleep is due, the last update's too
	stateGradient = "training.gradient." // before a parameter's name, where a sleep is due; in memory order
	momentM       = "optimizer.m."       // before a parameter's name; in memory order
	momentV       = "optimizer.v."
)

// SaveState writes a training that can be taken up again bit by bit: the arrays
// of Save, the optimizer's moments and the state. The file appears only when it
// is complete.
func (m *Model) SaveState(path string, s State) error {
	z, err := npy.CreateZip(path)
	if err != nil {
		return err
	}
	defer z.Abort()
	if err := m.write(z); err != nil {
		return err
	}
	for _, e := range m.state() {
		if e.param == nil {
			continue
		}
		if e.param.m != nil {
			npy.AddEntry(z, momentM+e.name, []int{len(e.param.m)}, e.param.m) // z keeps the first error
		}
		if e.param.v != nil {
			npy.AddEntry(z, momentV+e.name, []int{len(e.param.v)}, e.param.v)
		}
		if s.due { // Hooks.Update, which may save them, comes after the sleep
			npy.AddEntry(z, stateGradient+e.name, []int{len(e.param.w)}, e.param.gradient())
		}
	}
	progress := []int64{int64(s.Updates), int64(s.Epoch), int64(s.Done), int64(s.Sleeps), int64(s.tally.right), int64(s.tally.top5), int64(s.tally.seen), 0}
	loss := []float64{s.tally.loss}
	switch {
	case s.slept:
		progress[7] = 1
	case s.due:
		progress[7], loss = 2, append(loss, s.loss)
	}
	npy.AddEntry(z, stateProgress, []int{len(progress)}, progress)
	npy.AddEntry(z, stateLoss, []int{len(loss)}, loss)
	return z.Close()
}

// LoadState reads what SaveState wrote into a model of the same architecture. It
// fails, and changes nothing, where Load would, and where the file is no state
// or that of another optimizer than the one that is to go on.
func (m *Model) LoadState(path, optimizer string) (State, error) {
	z, err := npy.OpenZip(path)
	if err != nil {
		return State{}, err
	}
	defer z.Close()
	progress, _, err := npy.ReadEntry[int64](z, stateProgress)
	if err != nil {
		return State{}, fmt.Errorf("%s: no state of a training: %w", path, err)
	}
	loss, _, err := npy.ReadEntry[float64](z, stateLoss)
	if err != nil {
		return State{}, err
	}
	due := len(progress) == 8 && progress[7] == 2
	if want := map[bool]int{false: 1, true: 2}[due]; len(progress) != 8 || len(loss) != want || slices.Min(progress) < 0 {
		return State{}, fmt.Errorf("%s: %s and %s have %d and %d values, expected 8 counts and %d", path, stateProgress, stateLoss, len(progress), len(loss), want)
	}
	type moment struct {
		name string
		of   *parameter
		into *[]float32
	}
	var kept []moment
	for _, e := range m.state() {
		if e.param == nil {
			continue
		}
		if optimizer != SGD {
			kept = append(kept, moment{momentM + e.name, e.param, &e.param.m})
		}
		kept = append(kept, moment{momentV + e.name, e.param, &e.param.v})
		if due {
			kept = append(kept, moment{stateGradient + e.name, e.param, &e.param.grad})
		}
	}
	for _, k := range kept {
		shape, err := npy.CheckEntry[float32](z, k.name)
		if err != nil {
			return State{}, err
		}
		if len(shape) != 1 || shape[0] != len(k.of.w) {
			return State{}, fmt.Errorf("%s: %s has the shape %v, the weights are %d", path, k.name, shape, len(k.of.w))
		}
	}
	own := func(name string) bool {
		return name == stateProgress || name == stateLoss || strings.HasPrefix(name, stateGradient) || strings.HasPrefix(name, momentM) || strings.HasPrefix(name, momentV)
	}
	if err := m.read(z, path, slices.DeleteFunc(z.Names(), own)); err != nil {
		return State{}, err
	}
	for _, k := range kept {
		k.of.alloc(optimizer)
		k.of.gradient()
		if err := npy.ReadEntryInto(z, k.name, *k.into); err != nil {
			return State{}, err
		}
	}
	n := func(i int) int { return int(progress[i]) }
	s := State{Updates: n(0), Epoch: n(1), Done: n(2), Sleeps: n(3), slept: n(7) == 1, tally: tally{loss: loss[0], right: n(4), top5: n(5), seen: n(6)}, due: due}
	if due {
		s.loss = loss[1]
	}
	return s, nil
}
