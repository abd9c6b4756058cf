package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/stimuli"
)

// A stimulusKind is a stimulus as the command line names it.
type stimulusKind struct {
	name, summary string
	parameters    []stimulusParameter
	make          func(v stimulusValues) (stimuli.Stimulus, error)
}

// A stimulusParameter is a number that makes a stimulus: its flag, and, with _
// for -, its column of stimuli.csv.
type stimulusParameter struct {
	name  string
	value float64 // the kind's default
}

// stimulusValues are the values of a kind's parameters, by name.
type stimulusValues map[string]float64

// The parameters and what their flags say.
var stimulusFlags = []struct{ name, usage string }{
	{"orientation", "of the bars, degrees anticlockwise from horizontal; what moves moves across them, towards orientation + 90°"},
	{"spatial-frequency", "cycles/degree; of noise, the middle of its band (0: none)"},
	{"phase", "degrees, at the centre"},
	{"contrast", "Michelson (gratings, checkerboards, waves), Weber (bars, dots) or rms (noise, texture, periodic)"},
	{"temporal-frequency", "drift, Hz"},
	{"angle", "between a plaid's gratings, which lie symmetrically to its orientation, degrees"},
	{"size", "diameter of the aperture, degrees (0: the whole screen)"},
	{"sigma", "σ of a Gabor's window across its bars, degrees"},
	{"length", "σ along a Gabor's bars (0: as across), or length of a bar (0: the whole screen), degrees"},
	{"width", "of a bar, degrees"},
	{"check", "side of a check, degrees"},
	{"reversal", "contrast reversal, full cycles, Hz"},
	{"density", "dots/degree²"},
	{"diameter", "of a dot, degrees"},
	{"direction", "of coherent dots, degrees anticlockwise from rightwards"},
	{"coherence", "part of the dots that moves in the direction, 0 to 1"},
	{"lifetime", "of a dot, ms (0: for ever)"},
	{"speed", "degrees/s"},
	{"exponent", "α of noise with the power 1/f^α: 0 white, 1 pink"},
	{"octaves", "full width of the noise's band at half its power"},
	{"orientation-width", "half width of the noise's orientations at half their power, degrees (0: all)"},
	{"refresh", "new, independent noise so many times a second, Hz (0: still)"},
	{"k", "period of periodic patterns, pixels"},
	{"magnification", "of the retina, µm/degree; cells lie 34 µm apart"},
	{"wave-d", "D of waves: how long a cell is depolarised, ms; the longer, the slower the wave"},
	{"wave-p", "P of waves: after how long a cell alone depolarises again, ms"},
	{"wave-k", "K of waves: time constant of a cell's excitation, ms"},
	{"wave-h1", "H1 of waves: by which a depolarisation raises a cell's threshold"},
	{"wave-h2", "H2 of waves: by which it does so further, per unit of input"},
	{"x", "centre, degrees to the right"},
	{"y", "centre, degrees up"},
	{"seed", "seed of what is random"},
}

var (
	place    = []stimulusParameter{{"x", 0}, {"y", 0}}
	rmsNoise = []stimulusParameter{{"contrast", 0.15}, {"refresh", 0}, {"seed", 1}}
	drift    = []stimulusParameter{{"orientation", 0}, {"spatial-frequency", 1}, {"phase", 0}, {"contrast", 1}, {"temporal-frequency", 0}}
)

// stimulusKinds lists the kinds. image is the file whose spectrum textures have.
func stimulusKinds(image string, r stimuli.Raster) []stimulusKind {
	return []stimulusKind{
		{"grating", "sinusoidal grating, still or drifting", slices.Concat(drift, []stimulusParameter{{"size", 0}}, place),
			func(v stimulusValues) (stimuli.Stimulus, error) { return v.grating(), nil }},
		{"gabor", "grating in a Gaussian window", slices.Concat(drift, []stimulusParameter{{"sigma", 1}, {"length", 0}}, place),
			func(v stimulusValues) (stimuli.Stimulus, error) {
				return stimuli.Gabor{Orientation: v["orientation"], Frequency: v["spatial-frequency"], Phase: v["phase"], Contrast: v["contrast"],
					TemporalFrequency: v["temporal-frequency"], Sigma: v["sigma"], Length: v["length"], X: v["x"], Y: v["y"]}, nil
			}},
		{"plaid", "sum of two gratings of half the contrast", slices.Concat(drift, []stimulusParameter{{"angle", 90}, {"size", 0}}, place),
			func(v stimulusValues) (stimuli.Stimulus, error) {
				a, b := v.grating(), v.grating()
				a.Orientation, b.Orientation = a.Orientation-v["angle"]/2, b.Orientation+v["angle"]/2
				a.Contrast, b.Contrast = a.Contrast/2, b.Contrast/2
				return stimuli.Plaid{First: a, Second: b}, nil
			}},
		{"bar", "bright or dark (contrast below 0) bar, still or moving", slices.Concat([]stimulusParameter{{"orientation", 0}, {"width", 0.5}, {"length", 0}, {"contrast", 1}, {"speed", 0}}, place),
			func(v stimulusValues) (stimuli.Stimulus, error) {
				return stimuli.Bar{Orientation: v["orientation"], Width: v["width"], Length: v["length"], Contrast: v["contrast"], Speed: v["speed"], X: v["x"], Y: v["y"]}, nil
			}},
		{"checkerboard", "checkerboard, also reversing", []stimulusParameter{{"check", 1}, {"contrast", 1}, {"reversal", 0}},
			func(v stimulusValues) (stimuli.Stimulus, error) {
				return stimuli.Checkerboard{Check: v["check"], Contrast: v["contrast"], Reversal: v["reversal"]}, nil
			}},
		{"dots", "random dots in motion", []stimulusParameter{{"density", 2}, {"diameter", 0.2}, {"direction", 0}, {"coherence", 1}, {"speed", 5}, {"lifetime", 0}, {"contrast", 1}, {"size", 0}, {"seed", 1}},
			func(v stimulusValues) (stimuli.Stimulus, error) {
				return stimuli.Dots{Seed: uint64(v["seed"]), Density: v["density"], Diameter: v["diameter"], Direction: v["direction"], Coherence: v["coherence"],
					Speed: v["speed"], Lifetime: v["lifetime"], Contrast: v["contrast"], Size: v["size"]}, nil
			}},
		{"noise", "Gaussian noise: white, 1/f^α, of a band of frequencies, orientations", slices.Concat([]stimulusParameter{{"exponent", 0}, {"spatial-frequency", 0}, {"octaves", 1}, {"orientation", 0}, {"orientation-width", 0}}, rmsNoise),
			func(v stimulusValues) (stimuli.Stimulus, error) {
				return stimuli.FilteredNoise{Seed: uint64(v["seed"]), Contrast: v["contrast"], Exponent: v["exponent"], Frequency: v["spatial-frequency"], Octaves: v["octaves"],
					Orientation: v["orientation"], OrientationWidth: v["orientation-width"], Refresh: v["refresh"]}, nil
			}},
		{"texture", "noise with the power spectrum of --image", rmsNoise,
			func(v stimulusValues) (stimuli.Stimulus, error) {
				if image == "" {
					return nil, misused("a texture needs --image, the file whose power spectrum it has")
				}
				luminance, err := stimuli.ReadLuminance(image, r.Height, r.Width)
				if err != nil {
					return nil, err
				}
				t, err := stimuli.NewTexture(luminance, r.Height, r.Width, uint64(v["seed"]))
				if err != nil {
					return nil, fmt.Errorf("%s: %w", image, err)
				}
				t.Contrast, t.Refresh = v["contrast"], v["refresh"]
				return t, nil
			}},
		{"periodic", "what layers see in sleep: k × k pixels of white noise, repeated", slices.Concat([]stimulusParameter{{"k", 3}}, rmsNoise),
			func(v stimulusValues) (stimuli.Stimulus, error) {
				return stimuli.Periodic{Seed: uint64(v["seed"]), K: int(v["k"]), Contrast: v["contrast"], Refresh: v["refresh"]}, nil
			}},
		{"waves", "retinal waves (Godfrey & Swindale 2007), of the ferret unless other numbers say so", []stimulusParameter{{"contrast", 1}, {"magnification", 200}, {"wave-d", 1300}, {"wave-p", 43000}, {"wave-k", 250}, {"wave-h1", 4}, {"wave-h2", 0.75}, {"seed", 1}},
			func(v stimulusValues) (stimuli.Stimulus, error) {
				for _, name := range []string{"magnification", "wave-d", "wave-p", "wave-k", "wave-h1", "wave-h2"} {
					if !(v[name] > 0) {
						return nil, misused("--%s %g: expected a positive number", name, v[name])
					}
				}
				return &stimuli.RetinalWaves{Seed: uint64(v["seed"]), Contrast: v["contrast"], Magnification: v["magnification"],
					WaveParameters: stimuli.WaveParameters{D: v["wave-d"], P: v["wave-p"], K: v["wave-k"], H1: v["wave-h1"], H2: v["wave-h2"]}}, nil
			}},
	}
}

func (v stimulusValues) grating() stimuli.Grating {
	return stimuli.Grating{Orientation: v["orientation"], Frequency: v["spatial-frequency"], Phase: v["phase"], Contrast: v["contrast"],
		TemporalFrequency: v["temporal-frequency"], Size: v["size"], X: v["x"], Y: v["y"]}
}

// findStimulus returns the kind of that name. "sleep" is what periodic patterns are
// for, and shapes, which are labelled images, are no kind but a name too.
func findStimulus(kinds []stimulusKind, name string) (stimulusKind, error) {
	var names []string
	for _, k := range kinds {
		if k.name == name {
			return k, nil
		}
		names = append(names, k.name)
	}
	names = append(names, "shapes")
	meant := ""
	if name == "sleep" {
		meant = "; what layers see in sleep is periodic"
	}
	return stimulusKind{}, unknown(name, names, "stimulus %q: expected one of %s%s", name, strings.Join(names, ", "), meant)
}

// kindsHelp lists the kinds with their parameters and defaults.
func kindsHelp() string {
	var b strings.Builder
	for _, k := range stimulusKinds("", stimuli.Raster{}) {
		var parts []string
		for _, p := range k.parameters {
			parts = append(parts, p.name+" "+exact(p.value))
		}
		fmt.Fprintf(&b, "  %-13s %s\n                %s\n", k.name, k.summary, strings.Join(parts, ", "))
	}
	return b.String()
}

// stimulusGrid are the values of the flags of stimuli.
type stimulusGrid map[string]*[]string

func addStimulusFlags(flags *pflag.FlagSet) stimulusGrid {
	g := stimulusGrid{}
	for _, f := range stimulusFlags {
		g[f.name] = flags.StringSlice(f.name, nil, f.usage)
	}
	return g
}

// values are all combinations of what the flags say of a kind, the last
// parameter changing fastest. A flag that the kind has no use for is an error.
func (g stimulusGrid) values(flags *pflag.FlagSet, k stimulusKind) ([]stimulusValues, error) {
	for _, f := range stimulusFlags {
		if flags.Changed(f.name) && !slices.ContainsFunc(k.parameters, func(p stimulusParameter) bool { return p.name == f.name }) {
			var has []string
			for _, p := range k.parameters {
				has = append(has, "--"+p.name)
			}
			return nil, misused("--%s: %s has %s", f.name, k.name, strings.Join(has, ", "))
		}
	}
	all := []stimulusValues{{}}
	for _, p := range k.parameters {
		list := []float64{p.value}
		if flags.Changed(p.name) {
			var err error
			if list, err = numbersOf(p.name, *g[p.name]); err != nil {
				return nil, err
			}
		}
		if p.name == "seed" || p.name == "k" {
			for _, v := range list {
				if v != math.Trunc(v) || v < 0 || v > 1<<53 {
					return nil, misused("--%s %g: expected whole numbers from 0", p.name, v)
				}
			}
		}
		var next []stimulusValues
		for _, before := range all {
			for _, v := range list {
				with := stimulusValues{p.name: v}
				for name, value := range before {
					with[name] = value
				}
				next = append(next, with)
			}
		}
		const most = 1_000_000
		if all = next; len(all) > most {
			return nil, misused("the flags make more than %s stimuli", thousands(most))
		}
	}
	return all, nil
}
