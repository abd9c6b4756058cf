package main

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/internal/npy"
	"ventral/network"
	"ventral/stimuli"
)

// sleepFlags are the flags that say how a network sleeps.
type sleepFlags struct {
	prefix string // of the flags' names: "" or "sleep-"

	method                string
	steps, patterns       int
	rate, gamma, alpha    float64
	corrected, normalised bool
	stimuli               string
	layers                []string
	seed                  uint64 // add has no flag for it

	given func(flag string) bool // whether it is other than its default
}

// add adds the flags, their names with a prefix where other flags have a steps
// or a rate too.
func (f *sleepFlags) add(flags *pflag.FlagSet, prefix string) {
	f.prefix = prefix
	f.given = func(flag string) bool {
		of := flags.Lookup(flag)
		return of.Value.String() != of.DefValue
	}
	flags.StringVar(&f.method, prefix+"method", network.InstantSleep, "how it sleeps: instant (every filter becomes its pool's mean), hebbian (mean-field rule) or circuit (lateral circuit)")
	oneOf(flags, prefix+"method", network.SleepMethods()...)
	flags.IntVar(&f.steps, prefix+"steps", 100, "steps of hebbian and circuit sleep")
	flags.IntVar(&f.patterns, prefix+"patterns", 128, "patterns in a step of sleep")
	flags.Float64Var(&f.rate, prefix+"lr", 0, "learning rate η of sleep (0: 0.1, or 1 where it is normalised)")
	flags.Float64Var(&f.gamma, prefix+"gamma", 1e-5, "pull γ to the weights before the sleep")
	flags.Float64Var(&f.alpha, prefix+"alpha", 10, "strength α of the circuit's inhibitory feedback")
	flags.BoolVar(&f.corrected, prefix+"corrected", false, "the circuit learns about b + r_inh, which keeps the mean filter, not about b")
	flags.BoolVar(&f.normalised, prefix+"normalised", false, "divide η by the largest eigenvalue λ_max of the patterns' ⟨xxᵀ⟩: stable for any fan-in")
	flags.StringVar(&f.stimuli, prefix+"stimuli", "white", "what a layer sees in sleep: white (noise), replay (images) or waves (retinal waves, Godfrey & Swindale 2007, a pixel being 34 µm), as they reach it through the layers before, or FILE.npy (n_patterns × C × k × k) or FILE.npz (such an array for each layer, by its name); a file's patterns are repeated when they end")
	examples(flags, prefix+"stimuli", "white", "replay", "waves")
	flags.StringSliceVar(&f.layers, prefix+"layers", []string{"all"}, "filter layers that sleep, or all that are locally connected")
}

// check returns a usage error for a value that makes no sleep.
func (f *sleepFlags) check() error {
	flag := "--" + f.prefix
	switch {
	case f.steps < 1:
		return misused("%ssteps is %d, expected at least 1", flag, f.steps)
	case f.patterns < 1:
		return misused("%spatterns is %d, expected at least 1", flag, f.patterns)
	case !(f.rate >= 0) || math.IsInf(f.rate, 1):
		return misused("%slr is %g, expected a positive number (0: the default)", flag, f.rate)
	case !(f.gamma >= 0) || math.IsInf(f.gamma, 1):
		return misused("%sgamma is %g, expected 0 or more", flag, f.gamma)
	case !(f.alpha > 0):
		return misused("%salpha is %g, expected a positive number", flag, f.alpha)
	case len(f.layers) == 0:
		return misused("%slayers is empty: expected all, or names of layers", flag)
	case !slices.Contains([]string{"white", "waves", "replay"}, f.stimuli) && !slices.Contains([]string{".npy", ".npz"}, filepath.Ext(f.stimuli)):
		return unknown(f.stimuli, []string{"white", "waves", "replay"}, "%sstimuli %q: expected white, waves, replay, FILE.npy or FILE.npz", flag, f.stimuli)
	}
	if err := f.settings().Check(); err != nil {
		return misused("%w", err)
	}
	return f.unused()
}

// unused returns a usage error for a flag that the method does not look at.
func (f *sleepFlags) unused() error {
	for _, flags := range []struct{ of, names []string }{
		{[]string{network.HebbianSleep, network.CircuitSleep}, []string{"steps", "patterns", "lr", "gamma", "normalised", "stimuli"}},
		{[]string{network.CircuitSleep}, []string{"alpha", "corrected"}},
	} {
		for _, name := range flags.names {
			if f.given(f.prefix+name) && !slices.Contains(flags.of, f.method) {
				return f.isFor(f.prefix+name, strings.Join(flags.of, " and "))
			}
		}
	}
	return nil
}

// isFor says that a flag is for other methods than the one that is asked for.
func (f *sleepFlags) isFor(flag, methods string) error {
	return misused("--%s is for --%smethod %s, and --%smethod is %s", flag, f.prefix, methods, f.prefix, f.method)
}

// advise names the flags that a sleep which diverged needs.
func (f *sleepFlags) advise(err error) error {
	var d *network.SleepDivergence
	switch {
	case !errors.As(err, &d):
		return err
	case d.Normalised:
		return fmt.Errorf("%w (--%slr)", err, f.prefix)
	}
	return fmt.Errorf("%w (--%[2]slr, --%[2]spatterns, --%[2]snormalised)", err, f.prefix)
}

// settings is the sleep, without its stimuli.
func (f *sleepFlags) settings() network.Sleep {
	s := network.Sleep{
		Method: f.method, Steps: f.steps, Patterns: f.patterns, LearningRate: f.rate, Gamma: f.gamma,
		Normalised: f.normalised, Alpha: f.alpha, Corrected: f.corrected, Seed: f.seed,
	}
	if f.gamma == 0 {
		s.Gamma = -1 // none; 0 is the package's default
	}
	if !slices.Equal(f.layers, []string{"all"}) {
		s.Layers = f.layers
	}
	return s
}

// replays reports whether images or waves are shown to the whole network: Stimuli
// must then be set to those of network.Model.Replay before every sleep, from the
// images or from retinalWaves.
func (f *sleepFlags) replays() bool {
	return f.method != network.InstantSleep && (f.stimuli == "replay" || f.stimuli == "waves")
}

// sleep is the sleep that the flags ask for. A file of stimuli is read, and
// appended to data for run.json.
func (f *sleepFlags) sleep(data *[]datum) (network.Sleep, error) {
	s := f.settings()
	if f.method == network.InstantSleep {
		return s, nil
	}
	if f.stimuli == "white" || f.replays() {
		return s, nil
	}
	var err error
	if *data, err = appendFile(*data, "stimuli of sleep", f.stimuli); err != nil {
		return s, err
	}
	s.Stimuli, err = f.recordedStimuli()
	return s, err
}

// retinalWaves are frames of waves as a network's images, a pixel being 34 µm of
// retina.
type retinalWaves struct {
	waves  *stimuli.Waves
	in     network.Shape
	frames int
}

func newRetinalWaves(in network.Shape, frames int, seed uint64) retinalWaves {
	return retinalWaves{&stimuli.Waves{Seed: seed, Channels: in.Channels, Height: in.Height, Width: in.Width}, in, frames}
}

func (w retinalWaves) Len() int { return w.frames }

func (w retinalWaves) Read(_, _ int, indices []int, x []float32, _ []int) error {
	frame := make([]float64, w.in.Channels*w.in.Height*w.in.Width)
	for row, i := range indices {
		if err := w.waves.Pattern(i, frame); err != nil {
			return err
		}
		for j, v := range frame {
			x[row*len(frame)+j] = float32(v)
		}
	}
	return nil
}

// recordedStimuli reads patterns from a file: one array for all layers, or one
// for each by its name.
func (f *sleepFlags) recordedStimuli() (network.SleepStimuli, error) {
	arrays := map[string]recordedPatterns{}
	add := func(name string, data []float64, shape []int) error {
		where := f.stimuli
		if name != "" {
			where += ": " + name
		}
		if len(shape) != 4 || len(data) == 0 {
			return fmt.Errorf("%s: an array of shape %v, expected patterns, n × C × k × k", where, shape)
		}
		arrays[name] = recordedPatterns{where, data, shape}
		return nil
	}
	if filepath.Ext(f.stimuli) == ".npy" {
		data, shape, err := npy.ReadFile[float64](f.stimuli)
		if err != nil {
			return nil, err
		}
		if err := add("", data, shape); err != nil {
			return nil, err
		}
	} else {
		z, err := npy.OpenZip(f.stimuli)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		for _, name := range z.Names() {
			data, shape, err := npy.ReadEntry[float64](z, name)
			if err != nil {
				return nil, err
			}
			if err := add(name, data, shape); err != nil {
				return nil, err
			}
		}
	}
	return func(l network.SleepLayer) (network.SleepPatterns, error) {
		p, ok := arrays[l.Name]
		if !ok {
			p, ok = arrays[""]
		}
		if !ok {
			return nil, fmt.Errorf("%s holds no patterns for it: name the layers it has in --%slayers", f.stimuli, f.prefix)
		}
		if want := []int{l.Channels, l.Kernel.Rows, l.Kernel.Cols}; !slices.Equal(p.shape[1:], want) {
			return nil, fmt.Errorf("%s holds patterns of %d×%d×%d, and the layer sees %d×%d×%d (C × k × k): name those that fit in --%slayers", p.where, p.shape[1], p.shape[2], p.shape[3], want[0], want[1], want[2], f.prefix)
		}
		return p, nil
	}, nil
}

// recordedPatterns are patterns from a file, from the first again when they end.
type recordedPatterns struct {
	where string
	data  []float64
	shape []int // n × C × k × k
}

func (p recordedPatterns) Pattern(i int, x []float64) error {
	copy(x, p.data[i%p.shape[0]*len(x):])
	return nil
}
