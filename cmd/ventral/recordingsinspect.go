package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/fit"
)

var recordingsInspectVerb = verb{
	name:    "recordings inspect",
	args:    "FILE",
	summary: "show what a file of recordings holds",
	detail: `
Lists the arrays of an HDF5, netCDF-4, MATLAB 7.3, NPY or NPZ file, and of the
one with the responses its axes, its coordinates with their values, and for each
region what an assembly of it is: stimuli, neuroids, trials per stimulus, time,
split-half reliability and ceiling, and what is left out. Where no assembly can
be made of the file, it says why.

  ventral recordings inspect responses.h5
  ventral recordings inspect trials.npy --axes neuroid,stimulus,repetition
  ventral recordings inspect --select 'region=IT,animal=Chabo|Tito' assembly.nc`,
	json: `
  file, responses       the file, and its array of responses ("": there is none)
  arrays                of each: name, type, shape, dims, content
  axes                  of the responses: name, length
  coordinates           of each: name, axis, numeric, values and their counts
  missing               fraction of the responses that is NaN
  assemblies            of each region: region, n_stimuli, n_neuroids,
                        fewest_trials, most_trials, begin_ms, end_ms,
                        split_half, its quartiles, ceiling, ceiling_error, notes
  problem               why there is no assembly; "" where there is`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			o          fit.ReadOptions
			selections []string
			window     string
		)
		flags.StringVar(&o.Dataset, "dataset", "", "the array of responses, where the file holds several")
		flags.StringSliceVar(&o.Axes, "axes", nil, "its axes in their order: stimulus, repetition, presentation, neuroid, time_bin, or stimulus.NAME for each of several that are the stimulus together (MATLAB: in MATLAB's order)")
		flags.StringArrayVar(&selections, "select", nil, "conditions on coordinates, all of which must hold: region=IT,animal=Chabo|Tito or depth>=1.5 (also !=, <=, <, >; may be given several times)")
		flags.StringVar(&window, "window", "", "BEGIN:END in ms: the time bins that lie wholly inside, averaged")
		flags.StringVar(&o.StimulusTable, "stimuli", "", "CSV with further coordinates of the stimuli or presentations (default for NAME.npy and NAME.npz: NAME_stimuli.csv)")
		flags.StringVar(&o.NeuroidTable, "neuroids", "", "CSV with further coordinates of the neuroids (default for NAME.npy and NAME.npz: NAME_neuroids.csv)")
		return func(ctx context.Context, t *terminal) error {
			if flags.NArg() != 1 {
				return needs(flags, "one FILE")
			}
			for _, s := range selections {
				conditions, err := fit.ParseSelect(s)
				if err != nil {
					return misused("--select: %v", err)
				}
				o.Select = append(o.Select, conditions...)
			}
			if err := parseWindow(window, &o.Window); err != nil {
				return err
			}
			var found *inspection
			err := soon(ctx, func() (err error) {
				found, err = inspect(flags.Arg(0), o)
				return err
			})
			if err != nil {
				return interrupted(ctx, err)
			}
			return t.result(found, func() { found.write(t) })
		}
	},
}

// An inspection is what ventral recordings inspect finds in a file.
type inspection struct {
	File        string              `json:"file"`
	Arrays      []inspectedArray    `json:"arrays"`
	Responses   string              `json:"responses"` // the array; "" where there is none
	Axes        []inspectedAxis     `json:"axes"`
	Coordinates []inspectedValues   `json:"coordinates"`
	Missing     figure              `json:"missing"` // fraction of the responses that is NaN
	Assemblies  []inspectedAssembly `json:"assemblies"`
	Problem     string              `json:"problem"` // why there is no assembly; "" where there is
}

type inspectedArray struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Shape   []int    `json:"shape"`
	Dims    []string `json:"dims"`
	Content string   `json:"content"` // of a single number and of MATLAB's text
}

type inspectedAxis struct {
	Name   string `json:"name"`
	Length int    `json:"length"`
}

type inspectedValues struct {
	Name    string   `json:"name"`
	Axis    string   `json:"axis"`
	Numeric bool     `json:"numeric"`
	Values  []string `json:"values"` // the different ones, sorted
	Counts  []int    `json:"counts"` // entries that have each
}

// An inspectedAssembly is a region as it would be scored.
type inspectedAssembly struct {
	Region       string   `json:"region"` // "" where it is not known, or several are together
	Stimuli      int      `json:"n_stimuli"`
	Neuroids     int      `json:"n_neuroids"`
	Fewest       int      `json:"fewest_trials"` // of a stimulus and a neuroid
	Most         int      `json:"most_trials"`
	Begin        float64  `json:"begin_ms"` // of the time that the responses are of; both 0 where it is not known
	End          float64  `json:"end_ms"`
	SplitHalf    figure   `json:"split_half"` // median over neuroids, not corrected
	Quartiles    []figure `json:"split_half_quartiles"`
	Ceiling      figure   `json:"ceiling"` // Spearman–Brown corrected, median over neuroids, mean over splits
	CeilingError figure   `json:"ceiling_error"`
	Notes        []string `json:"notes"`
}

// inspect looks at a file. Where regions are not one assembly together, each is
// one by itself.
func inspect(path string, o fit.ReadOptions) (*inspection, error) {
	c, err := fit.Inspect(path, o)
	if err != nil {
		return nil, err
	}
	found := &inspection{
		File: path, Responses: c.Responses, Missing: figure(c.Missing),
		Axes: []inspectedAxis{}, Coordinates: []inspectedValues{}, Assemblies: []inspectedAssembly{},
	}
	for _, a := range c.Arrays {
		found.Arrays = append(found.Arrays, inspectedArray(a))
	}
	for _, a := range c.Axes {
		found.Axes = append(found.Axes, inspectedAxis(a))
	}
	var regions []string
	for _, k := range c.Coordinates {
		found.Coordinates = append(found.Coordinates, inspectedValues(k))
		if k.Name == "region" {
			regions = k.Values
		}
	}
	if c.Problem != nil {
		found.Problem = problemWords(c.Problem)
		return found, nil
	}
	all, problem := fit.ReadAssembly(path, within(o))
	if problem == nil && (all.Region != "" || len(regions) == 0) {
		found.Assemblies = append(found.Assemblies, inspectAssembly(all))
		return found, nil
	}
	for _, region := range regions {
		one := o
		one.Region = region
		if a, err := fit.ReadAssembly(path, within(one)); err == nil {
			found.Assemblies = append(found.Assemblies, inspectAssembly(a))
		} else if problem == nil { // a region of which nothing is selected, or that is incomplete
			problem = err
		}
	}
	if len(found.Assemblies) == 0 {
		found.Problem = problemWords(problem)
	}
	return found, nil
}

// problemWords is why there is no assembly.
func problemWords(err error) string {
	err = withAxes(err)
	return strings.TrimSpace(err.Error() + "\n" + suggestion(err))
}

func inspectAssembly(a *fit.Assembly) inspectedAssembly {
	nan := figure(math.NaN())
	r := inspectedAssembly{
		Region: a.Region, Stimuli: len(a.StimulusIDs), Neuroids: len(a.Neuroids), Begin: a.Window.Begin, End: a.Window.End,
		SplitHalf: nan, Quartiles: []figure{nan, nan}, Ceiling: nan, CeilingError: nan, Notes: slices.Clone(a.Notes),
	}
	r.Fewest, r.Most = a.Trials()
	c, err := fit.SplitHalf(a, fit.SplitHalfOptions{})
	if err != nil {
		r.Notes = append(r.Notes, "no reliability: "+strings.TrimPrefix(err.Error(), a.Source+": "))
		return r
	}
	defined := fit.Draws(slices.DeleteFunc(slices.Clone(c.Reliability), math.IsNaN))
	r.SplitHalf, r.Ceiling, r.CeilingError = figure(c.SplitHalf), figure(c.Ceiling), figure(c.Error)
	r.Quartiles = []figure{figure(defined.Quantile(.25)), figure(defined.Quantile(.75))}
	return r
}

// write prints the inspection in tables.
func (found *inspection) write(t *terminal) {
	const most, wide = 30, 60 // rows, columns
	arrays := table{header: []string{"array", "type", "shape", "dimensions or content"}, left: 4}
	for i, a := range found.Arrays {
		if i == most && len(found.Arrays) > most+1 {
			arrays.add(fmt.Sprintf("… and %d more (--json lists all)", len(found.Arrays)-most))
			break
		}
		words := []rune(strings.Join(a.Dims, ", "))
		if a.Content != "" {
			if words = []rune(a.Content); len(words) > wide {
				words = append(words[:wide], '…')
			}
		}
		arrays.add(a.Name, a.Type, shapeWords(a.Shape), string(words))
	}
	arrays.write(t.out)
	if found.Responses != "" {
		axes := make([]string, len(found.Axes))
		for i, a := range found.Axes {
			axes[i] = fmt.Sprintf("%d %s", a.Length, a.Name)
		}
		fmt.Fprintf(t.out, "\nresponses: %s, %s, %s NaN\n", found.Responses, strings.Join(axes, " × "), percent(found.Missing))
	}
	if len(found.Coordinates) > 0 {
		fmt.Fprintln(t.out)
		coordinates := table{header: []string{"coordinate", "axis", "different", "values"}, left: 4}
		for _, c := range found.Coordinates {
			coordinates.add(c.Name, c.Axis, fmt.Sprint(len(c.Values)), c.words())
		}
		coordinates.write(t.out)
	}
	if found.Problem != "" {
		fmt.Fprintf(t.out, "\nno assembly: %s\n", found.Problem)
		return
	}
	fmt.Fprintln(t.out)
	regions := table{header: []string{"region", "stimuli", "trials each", "neuroids", "time", "split-half r", "quartiles", "ceiling"}, left: 1}
	reliable := false
	for _, a := range found.Assemblies {
		region, trials, time := a.Region, fmt.Sprint(a.Most), "–"
		if region == "" {
			region = "–"
		}
		if a.Fewest != a.Most {
			trials = fmt.Sprintf("%d–%d", a.Fewest, a.Most)
		}
		if a.Begin != a.End {
			time = fit.Window{Begin: a.Begin, End: a.End}.String()
		}
		quartiles, ceiling := "–", "–"
		if !math.IsNaN(float64(a.Ceiling)) {
			reliable = true
			quartiles = decimals(a.Quartiles[0]) + " to " + decimals(a.Quartiles[1])
			ceiling = decimals(a.Ceiling) + " ± " + decimals(a.CeilingError)
		}
		regions.add(region, fmt.Sprint(a.Stimuli), trials, fmt.Sprint(a.Neuroids), time, decimals(a.SplitHalf), quartiles, ceiling)
	}
	regions.write(t.out)
	if reliable {
		fmt.Fprintln(t.out, "split-half r: between the means of two halves of the repetitions, mean over 10 splits; median and quartiles over neuroids.")
		fmt.Fprintln(t.out, "ceiling: the same, Spearman–Brown corrected, median over neuroids, mean ± standard error over splits.")
	}
	for _, a := range found.Assemblies {
		for _, note := range a.Notes {
			if len(found.Assemblies) > 1 {
				note = a.Region + ": " + note
			}
			fmt.Fprintln(t.out, "note:", note)
		}
	}
}

// words shortens the values of a coordinate: all of a few, with how many have
// each, the range of numbers, or the first ones.
func (v inspectedValues) words() string {
	const few, wide = 5, 60
	n := len(v.Values)
	if n <= few && slices.Max(append([]int{0}, v.Counts...)) > 1 {
		words := make([]string, n)
		for i, value := range v.Values {
			words[i] = fmt.Sprintf("%s (%d)", value, v.Counts[i])
		}
		if all := strings.Join(words, ", "); columns(all) <= wide {
			return all
		}
	}
	if v.Numeric && n > few {
		return fmt.Sprintf("%s … %s", v.Values[0], v.Values[n-1])
	}
	if n == 0 {
		return ""
	}
	words := v.Values[0]
	for _, value := range v.Values[1:] {
		if columns(words+", "+value) > wide {
			return words + ", …"
		}
		words += ", " + value
	}
	return words
}

// shapeWords writes a shape as it is read; a single number has none.
func shapeWords(shape []int) string {
	if len(shape) == 0 {
		return "1"
	}
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", " × ")
}
