package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ventral/internal/npy"
	"ventral/plasticity"
)

// plasticityFlags are the flags that make one run of a rule.
type plasticityFlags struct {
	flags *pflag.FlagSet
	sets  *setCache // of the images; nil = each run opens its own

	inputVaries bool                  // a sweep varies --input
	read        func(done, total int) // is told how many images have been read; nil = not

	rule, equation, equationFile string
	set                          map[string]string
	neurons                      string
	n, k, channels               int
	input, images                string
	spectrum                     string
	imageSize                    int
	weights                      string
	mean, deviation              float64
	eta                          string
	momentum, averages           float64
	steps, hold, wait, batch     int
	every, weightsMB             int
	seed                         uint64
}

func (f *plasticityFlags) add(flags *pflag.FlagSet) {
	f.flags = flags
	var rules, neurons []string
	flags.StringVar(&f.rule, "rule", "sharing", "rule, by its name (see above)")
	heading(flags, "rule", "Rule and neurons")
	for _, r := range ruleTable {
		rules = append(rules, r.name)
	}
	for _, n := range neuronsTable {
		neurons = append(neurons, n.name)
	}
	examples(flags, "rule", rules...)
	flags.StringVar(&f.equation, "equation", "", `a rule of your own in place of --rule, such as "`+exampleEquation+`"`)
	flags.StringVar(&f.equationFile, "equation-file", "", "file that holds the equation")
	flags.StringToStringVar(&f.set, "set", nil, "constants of the rule, the equation and the neurons: `NAME=VALUE`,…")
	flags.StringVar(&f.neurons, "neurons", "linear", "neurons, by their name (see above)")
	examples(flags, "neurons", neurons...)
	flags.IntVar(&f.n, "n", 100, "neurons in the pool (foldiak: 16; sanger: no more than a filter has weights)")
	flags.IntVar(&f.k, "k", 3, "side of the receptive field: a filter has channels × k × k weights (foldiak: 8)")
	flags.IntVar(&f.channels, "channels", 1, "input channels")
	flags.StringVar(&f.input, "input", "white", "input: white (noise), correlated (noise, --spectrum; without mean luminance), gratings, lines (of 0 and 1; the default of foldiak), patches (of --images) or FILE.npy (n_patterns × d, repeated when it ends)")
	heading(flags, "input", "Input")
	examples(flags, "input", inputs...)
	flags.StringVar(&f.spectrum, "spectrum", "2", "power spectrum of correlated noise: the exponent e of 1/f^e, or FILE.npy (k × k, in the order of the discrete Fourier transform)")
	flags.StringVar(&f.images, "images", "", "images of the patches: pictures:PATH (any folder, zip, tar or tar.gz), or "+strings.Join(imageKinds, ":PATH, ")+":PATH or shapes, as in ventral train")
	flags.IntVar(&f.imageSize, "image-size", 128, "side to which pictures:PATH is resized, pixels")
	flags.StringVar(&f.weights, "weights", "", "weights of the start, FILE.npy, n × d (default: random)")
	heading(flags, "weights", "Weights of the start")
	flags.Float64Var(&f.mean, "mean", 0, "mean of random weights of the start (default: 1 for sharing and equations, 1/√d for foldiak, else 0)")
	flags.Float64Var(&f.deviation, "deviation", 0, "standard deviation of random weights of the start (default: 1 for sharing and equations, 0.3/√d for foldiak, else 1/√d)")
	flags.StringVar(&f.eta, "eta", "", "learning rate, a formula over the step t, 0 or more (default: the rule's, above; 0.01 for equations; of sharing with circuits "+circuitEta+")")
	heading(flags, "eta", "Learning")
	flags.Float64Var(&f.momentum, "momentum", 0, "momentum (default: the rule's, above, else 0)")
	flags.IntVar(&f.steps, "steps", 0, "steps (default: 2000; 20000 for foldiak; 300000 for circuits, whose steps are steps in time)")
	flags.IntVar(&f.hold, "hold", 0, "steps that an input stays (default: 150 for circuits, else 1)")
	flags.IntVar(&f.wait, "wait", 0, "steps of a held input before anything is learnt, while the rates settle (default: half of them for sharing with circuit-corrected, else 0)")
	flags.IntVar(&f.batch, "batch", 1, "inputs of a step, whose changes are averaged")
	flags.Float64Var(&f.averages, "averages", 100, "time constant of the running averages (theta, avg_pre, avg_post), patterns")
	flags.IntVar(&f.every, "every", 0, "steps between records (default: for about 200 records)")
	heading(flags, "every", "Records and seed")
	flags.IntVar(&f.weightsMB, "weights-mb", 64, "memory for recorded weights, MB: as many records as fit hold them, evenly spaced (0: none)")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of weights and inputs: same seed, same bits")
}

// circuitEta is the rate of sharing with circuits, as in the convergence experiment
// of Pogodin et al. 2021: nothing is learnt before the rates have settled once.
const circuitEta = "t > 50 ? 3e-4/sqrt(1 + t/2) : 0"

// inputs are the values of --input that are no files.
var inputs = []string{"white", "correlated", "gratings", "lines", "patches"}

// A plasticityRun is an experiment ready to run.
type plasticityRun struct {
	plasticity.Experiment
	equation  string // "" = none
	neurons   string
	name      string // of the rule
	w         [][]float64
	steps     int
	rec       *plasticity.Recorder
	data      []datum
	constants map[string]float64
	alpha     float64 // of the mean filter under sharing; +Inf where it is kept
	side      int     // k
	eta       string
	filters   string // where the weights of a filter are not channels × k × k: how many, and from which file
}

// A ruleChoice is the rule and the neurons that the flags name.
type ruleChoice struct {
	ruleEntry
	neurons   neuronsEntry
	constants map[string]float64
	equation  string // "" = a rule of the table
}

// choose finds the rule and the neurons and checks their constants.
func (f *plasticityFlags) choose() (ruleChoice, error) {
	var c ruleChoice
	var err error
	if c.neurons, err = find(neuronsTable, func(n neuronsEntry) string { return n.name }, "--neurons", f.neurons); err != nil {
		return c, err
	}
	if f.flags.Changed("equation") && strings.TrimSpace(f.equation) == "" {
		return c, misused("--equation is empty, expected such as \"dw = eta*post*(pre - post*w)\"")
	}
	c.equation = f.equation
	if f.flags.Changed("equation") && strings.TrimSpace(f.equation) == "" {
		return c, misused("--equation is empty, expected one such as %q", exampleEquation)
	}
	if f.flags.Changed("equation-file") && f.equationFile == "" {
		return c, misused("--equation-file is empty, expected a file")
	}
	if f.equationFile != "" {
		if f.equation != "" {
			return c, misused("--equation and --equation-file: expected one of them")
		}
		text, err := os.ReadFile(f.equationFile)
		if err != nil {
			return c, err
		}
		if c.equation = string(text); strings.TrimSpace(c.equation) == "" {
			return c, misused("%s is empty, expected an equation such as %q", f.equationFile, exampleEquation)
		}
	}
	if c.equation == "" {
		if c.ruleEntry, err = find(ruleTable, func(r ruleEntry) string { return r.name }, "--rule", f.rule); err != nil {
			return c, err
		}
		of := "rule " + f.rule
		if f.neurons != "linear" {
			of += " with " + f.neurons + " neurons"
		}
		if c.constants, err = constantsOf(f.set, of, c.ruleEntry.constants, c.neurons.constants); err != nil {
			return c, err
		}
		if c.name == "foldiak" && leftAlone(f.flags, "input") {
			f.input = "lines"
		}
		f.size(c)
		return c, checkConstants(c.name, c.constants)
	}
	if f.flags.Changed("rule") {
		return c, misused("--rule and an equation: expected one of them")
	}
	c.ruleEntry = ruleEntry{name: "equation", rate: "0.01"}
	return c, f.chooseEquation(&c)
}

// exampleEquation is Oja's rule.
const exampleEquation = "dw = eta*post*(pre - post*w)"

// equationHint says what to do about a name that an equation does not know.
func equationHint(err error) string {
	e := new(plasticity.EquationError)
	if !errors.As(err, &e) || e.Unknown == "" {
		return ""
	}
	if latin := greek[e.Unknown]; latin != "" {
		return fmt.Sprintf("\n%s is written %s", e.Unknown, latin)
	}
	return fmt.Sprintf("\nA constant of your own is given by --set %s=VALUE.", e.Unknown)
}

var greek = map[string]string{"η": "eta", "θ": "theta"}

// size takes the rule's own number of neurons and side of the receptive field,
// where these were left alone.
func (f *plasticityFlags) size(c ruleChoice) {
	if c.n > 0 && leftAlone(f.flags, "n") {
		f.n = c.n
	}
	if c.k > 0 && leftAlone(f.flags, "k") && leftAlone(f.flags, "channels") {
		f.k = c.k
	}
}

// chooseEquation parses the equation. A constant of --set is the equation's,
// the neurons' or both's.
func (f *plasticityFlags) chooseEquation(c *ruleChoice) error {
	own, others := map[string]float64{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(f.set)) {
		text := f.set[name]
		if slices.ContainsFunc(c.neurons.constants, func(k constant) bool { return k.name == name }) {
			others[name] = text
			continue
		}
		v, err := number(name, text)
		if err != nil {
			return err
		}
		own[name] = v
	}
	var err error
	if c.constants, err = constantsOf(others, "neurons "+f.neurons, c.neurons.constants); err != nil {
		return err
	}
	if _, err := plasticity.ParseEquation(c.equation, own); err != nil {
		where := "--equation"
		if f.equationFile != "" {
			where = f.equationFile
		}
		return misused("%s: %w%s", where, err, equationHint(err))
	}
	maps.Copy(c.constants, own)
	c.make = func(map[string]float64, neuronsEntry) plasticity.Rule {
		rule, _ := plasticity.ParseEquation(c.equation, own) // parsed above
		return rule
	}
	return nil
}

// complete gives the flags that were not set the defaults of the choice, so that
// run.json holds what made the run. d is the number of weights of a filter.
func (f *plasticityFlags) complete(c ruleChoice, d int) error {
	rate := c.rate
	if number, per, ok := strings.Cut(c.rate, "/"); ok && per == "d" {
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			panic(err)
		}
		rate = short(v / float64(d))
	}
	unit := 1 / math.Sqrt(float64(d)) // filters of about unit norm
	defaults := map[string]string{
		"eta": rate, "momentum": fmt.Sprint(c.momentum), "hold": "1", "wait": "0", "steps": "2000",
		"mean": "0", "deviation": fmt.Sprint(unit), "input": f.input,
	}
	switch c.name {
	case "sharing", "equation":
		defaults["mean"], defaults["deviation"] = "1", "1"
	case "foldiak": // its inputs are 0 and 1
		defaults["mean"], defaults["deviation"], defaults["steps"] = fmt.Sprint(unit), fmt.Sprint(.3*unit), "20000"
	}
	if c.neurons.dynamic {
		hold := 150
		if !leftAlone(f.flags, "hold") {
			hold = f.hold
		}
		defaults["hold"], defaults["steps"] = fmt.Sprint(hold), "300000"
		if c.name == "sharing" {
			defaults["eta"] = circuitEta
			if !c.neurons.ignorePool {
				defaults["wait"] = fmt.Sprint(hold / 2)
			}
		}
	}
	for _, flag := range slices.Sorted(maps.Keys(defaults)) {
		if leftAlone(f.flags, flag) {
			if err := f.flags.Set(flag, defaults[flag]); err != nil {
				return err
			}
		}
	}
	if f.steps < 1 || f.steps > 1<<40 {
		return misused("--steps %d: expected 1 to %d", f.steps, 1<<40)
	}
	if f.hold < 1 || f.hold > 1<<30 {
		return misused("--hold %d: expected 1 to %d steps for an input", f.hold, 1<<30)
	}
	if leftAlone(f.flags, "every") {
		presentations := max(1, f.steps/f.hold)
		return f.flags.Set("every", fmt.Sprint(f.hold*max(1, presentations/200)))
	}
	return nil
}

// build makes the run.
func (f *plasticityFlags) build(ctx context.Context) (*plasticityRun, error) {
	c, err := f.choose()
	if err != nil {
		return nil, err
	}
	for _, v := range []struct {
		flag      string
		value, at int
	}{{"n", f.n, 1}, {"k", f.k, 1}, {"channels", f.channels, 1}, {"batch", f.batch, 1}, {"weights-mb", f.weightsMB, 0}, {"image-size", f.imageSize, 1}} {
		const most = 1 << 30 // far beyond any memory; their products fit a float64
		if v.value < v.at || v.value > most {
			return nil, misused("--%s is %d, expected %d to %d", v.flag, v.value, v.at, most)
		}
	}
	if size := float64(f.channels) * float64(f.k) * float64(f.k); size > 1<<30 {
		return nil, misused("--channels %d × --k %d × %d are %.3g weights for each filter", f.channels, f.k, f.k, size)
	}
	r := &plasticityRun{name: c.name, equation: c.equation, neurons: f.neurons}
	if f.equationFile != "" {
		if r.data, err = appendFile(r.data, "equation", f.equationFile); err != nil {
			return nil, err
		}
	}
	if f.weights != "" && (f.flags.Changed("mean") || f.flags.Changed("deviation")) {
		return nil, misused("--mean and --deviation are those of random weights, and --weights %s gives them", f.weights)
	}
	d, err := f.shape(ctx, r)
	if err != nil {
		return nil, err
	}
	if c.name == "sanger" && r.w == nil && leftAlone(f.flags, "n") {
		f.n = min(f.n, d) // those beyond find nothing left of the input
	}
	r.side = f.k
	if d != f.channels*f.k*f.k {
		file := f.input
		if f.weights != "" {
			file = f.weights
		}
		r.filters = fmt.Sprintf("filters of %d weights, from %s", d, file)
	}
	if err := f.complete(c, d); err != nil {
		return nil, err
	}
	switch {
	case f.every < 1:
		return nil, misused("--every %d: expected at least 1 step between records", f.every)
	case f.wait < 0 || f.wait > 0 && f.wait >= f.hold:
		return nil, misused("--wait %d: expected 0 or more steps, fewer than the %d that an input is held (--hold)", f.wait, f.hold)
	case !(f.averages >= 1):
		return nil, misused("--averages %g: expected at least 1", f.averages)
	case !(f.momentum >= 0 && f.momentum < 1):
		return nil, misused("--momentum %g: expected at least 0 and below 1", f.momentum)
	}
	// Weights, their start, velocities, the theory's and a copy; a batch with its
	// answers; the records and their columns; the recorded weights.
	bytes := 8*(5*float64(f.n)*float64(d)+float64(f.batch)*float64(d+f.n)) + 250*float64(f.steps)/float64(f.every) + float64(f.weightsMB)*(1<<20)
	if err := fits(int64(min(bytes, math.MaxInt64/2)), fmt.Sprintf("%d neurons of %d weights, with %d records", f.n, d, f.steps/f.every), "use fewer --n, --batch, --weights-mb, or a larger --every"); err != nil {
		return nil, err
	}
	if r.w == nil {
		if !(f.deviation >= 0) || math.IsInf(f.deviation, 1) {
			return nil, misused("--deviation %g: expected a finite number, 0 or more", f.deviation)
		}
		if math.IsNaN(f.mean) || math.IsInf(f.mean, 0) {
			return nil, misused("--mean %g: expected a finite number", f.mean)
		}
		r.w = plasticity.Gaussian(f.n, d, f.mean, f.deviation, 16*f.seed)
	}
	rate, err := plasticity.ParseSchedule(f.eta)
	if err != nil {
		return nil, misused("--eta: %w", err)
	}
	for _, step := range []int{0, f.steps / 2, f.steps - 1} {
		if η := rate(step); !(η >= 0) || math.IsInf(η, 1) {
			return nil, misused("--eta %s is %g at step %d, expected finite numbers, 0 or more", f.eta, η, step)
		}
	}
	r.steps, r.eta = f.steps, f.eta
	r.Experiment.Rule, r.Experiment.Rate = c.make(c.constants, c.neurons), rate
	r.Momentum, r.Hold, r.Wait, r.Batch, r.Tau = f.momentum, f.hold, f.wait, f.batch, f.averages
	if _, own := r.Experiment.Rule.(plasticity.Neurons); !own {
		if r.Neurons, err = c.neurons.make(f.n, c.constants); err != nil {
			return nil, err
		}
	} else if f.flags.Changed("neurons") {
		return nil, misused("--neurons: rule %s has neurons of its own", c.name)
	}
	if c.neurons.dynamic && f.batch > 1 {
		return nil, misused("--batch %d with --neurons %s: neurons with dynamics see one input at a time", f.batch, f.neurons)
	}
	r.rec = &plasticity.Recorder{Every: f.every, WeightBytes: int64(f.weightsMB) << 20}
	r.constants, r.alpha = c.constants, math.Inf(1)
	if c.neurons.ignorePool {
		r.alpha = c.constants["alpha"]
	}
	return r, nil
}

// shape opens the weights and inputs and returns d, the weights of a filter.
// What the files say counts where the flags were left alone.
func (f *plasticityFlags) shape(ctx context.Context, r *plasticityRun) (d int, err error) {
	d = f.channels * f.k * f.k
	given := f.flags.Changed("k") || f.flags.Changed("channels")
	if f.weights != "" {
		data, shape, err := matrixFile(f.weights, "weights, n × d")
		if err != nil {
			return 0, err
		}
		if f.flags.Changed("n") && shape[0] != f.n {
			return 0, misused("--weights %s: the file is %d × %d, filters × weights, and --n is %d", f.weights, shape[0], shape[1], f.n)
		}
		if given && shape[1] != d {
			return 0, misused("--weights %s: the file is %d × %d, filters × weights, and --channels %d × --k %d × %d make %d weights", f.weights, shape[0], shape[1], f.channels, f.k, f.k, d)
		}
		f.n, d, given = shape[0], shape[1], true
		if err := f.flags.Set("n", strconv.Itoa(f.n)); err != nil {
			return 0, err
		}
		r.w = slices.Collect(slices.Chunk(data, d))
		if r.data, err = appendFile(r.data, "weights", f.weights); err != nil {
			return 0, err
		}
	}
	return f.openInput(ctx, r, d, given)
}

// matrixFile reads a .npy of two or more axes, the further ones flattened.
func matrixFile(path, what string) (data []float64, shape []int, err error) {
	data, shape, err = npy.ReadFile[float64](path)
	if err != nil {
		return nil, nil, err
	}
	if len(shape) < 2 || len(data) == 0 {
		return nil, nil, fmt.Errorf("%s: an array of shape %v, expected %s", path, shape, what)
	}
	for i, v := range data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			d := len(data) / shape[0]
			return nil, nil, fmt.Errorf("%s: row %d, value %d is %g, expected finite numbers", path, i/d, i%d, v)
		}
	}
	return data, []int{shape[0], len(data) / shape[0]}, nil
}
