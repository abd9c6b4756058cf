package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ventral/internal/memory"
	"ventral/network"
	"ventral/stimuli"
)

// fits refuses a job that needs more bytes than the machine has available,
// with both figures and what would make it fit. Where the system does not say
// what is available, everything fits.
func fits(bytes int64, what, remedy string) error {
	available, ok := memory.Available()
	if !ok || bytes <= available {
		return nil
	}
	return fmt.Errorf("%s need %s of memory, and %s are available: %s", what, gigabytes(bytes), gigabytes(available), remedy)
}

func gigabytes(bytes int64) string { return fmt.Sprintf("%.3g GB", float64(bytes)/1e9) }

// programBytes is about what the program and its libraries take by themselves.
const programBytes = 42e6

// bytes is the memory of the images.
func (s imageSets) bytes() int64 {
	n := stimuli.HeldBytes(s.train)
	if s.test != nil {
		n += stimuli.HeldBytes(s.test)
	}
	return n
}

// checkTraining refuses networks whose training does not fit into memory.
func (f *trainingFlags) checkTraining(images imageSets, models []modelSpec) error {
	if _, h, w := images.train.Shape(); f.preparation.Augment == augmentTranslate && f.preparation.Pad >= min(h, w) {
		return misused("--pad is %d, and the images have %d×%d pixels (width × height): expected less than that, or nothing is left of an image", f.preparation.Pad, w, h)
	}
	for _, m := range models {
		a, err := f.architecture(images, m)
		if err != nil {
			return err
		}
		if local, err := countLocal(a); err != nil {
			if f.layout != "" {
				err = fmt.Errorf("%s: %w", f.layout, err)
			}
			return err
		} else if m.SleepEvery > 0 && local == 0 {
			return misused("%s: with --keep-conv %d no layer is locally connected: there is nothing to share in sleep", m.Name, f.keepConv)
		}
		if size, err := a.Size(); err == nil && a.KeepConv > size.Layers {
			return misused("--keep-conv is %d, and the network has %d filter layers", f.keepConv, size.Layers)
		}
		bytes, err := f.training(m).EstimateBytes(a)
		if err != nil {
			return err
		}
		if err := fits(bytes+images.bytes()+programBytes, "training "+m.Name+": weights, gradients, moments and the activity of a batch", "use a smaller --width, --arch or --batch"); err != nil {
			return err
		}
	}
	return nil
}

// checkSleep refuses flags of sleep where no network sleeps.
func (f *trainingFlags) checkSleep(models []modelSpec) error {
	if slices.ContainsFunc(models, func(m modelSpec) bool { return m.SleepEvery > 0 }) {
		return nil
	}
	for _, flag := range []string{"method", "steps", "patterns", "lr", "gamma", "alpha", "corrected", "normalised", "stimuli", "layers", "runs-on", "before-eval", "records"} {
		if f.preparation.given("sleep-" + flag) {
			return misused("--sleep-%s is for networks that sleep, lc+sleep@N, and none of these does", flag)
		}
	}
	return nil
}

// countLocal is the number of weights in locally connected layers.
func countLocal(a network.Architecture) (int64, error) {
	size, err := a.Size()
	return size.Filters - size.Shared, err
}

// architecture is the architecture of a network for the images.
func (f *trainingFlags) architecture(images imageSets, m modelSpec) (network.Architecture, error) {
	channels, height, width := images.train.Shape()
	a := network.Architecture{
		Name: f.arch, Local: m.Local, Width: f.width, Classes: len(images.train.Classes()),
		Input: network.Shape{Channels: channels, Height: height, Width: width},
	}
	if m.Local {
		a.KeepConv = f.keepConv
		if f.eps >= 0 {
			a.SharedInit, a.Eps = true, f.eps
		}
	}
	if f.layout != "" {
		text, err := os.ReadFile(f.layout)
		if err != nil {
			return a, err
		}
		if strings.TrimSpace(string(text)) == "" {
			return a, fmt.Errorf("%s is empty, expected lines such as  conv1 = filter 3 16 | norm | relu", f.layout)
		}
		a.Name, a.Layout = strings.TrimSuffix(filepath.Base(f.layout), filepath.Ext(f.layout)), string(text)
	}
	return a, nil
}

// check refuses, before any training, what would fail during or after it:
// networks that do not fit into memory, activations that do not (the largest
// region's in float32, and its largest layer in float64 with the copies that
// centring makes), and a layer with too few features for the regression.
func (e *experiment) check() error {
	if err := e.training.checkTraining(e.images, e.models); err != nil {
		return err
	}
	a, err := e.training.architecture(e.images, modelSpec{})
	if err != nil {
		return err
	}
	model, err := network.New(a, e.training.seed)
	if err != nil {
		return err
	}
	widest := 0
	for _, l := range model.LayerNames() {
		s, _ := model.LayerShape(l)
		widest = max(widest, s.Size())
		if least := e.scoring.fewestFeatures(); s.Size() < least {
			return fmt.Errorf("layer %s has %d features and %s %d components: it needs at least as many features; lower --components or raise --width", l, s.Size(), e.scoring.method, least)
		}
	}
	for _, r := range e.records {
		n := r.stimuli.Len()
		need := model.EstimateActivationBytes(n, model.LayerNames()) + 3*8*int64(n)*int64(widest)
		if err := fits(need, "the activations to the stimuli of "+r.assembly.Region, "use a smaller --width or --arch, or fewer stimuli"); err != nil {
			return err
		}
	}
	return nil
}

// peakBytes is the largest resident memory that the process has had; 0 where the
// system does not say.
func peakBytes() int64 {
	bytes, _ := memory.Peak()
	return bytes
}
