package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/stimuli"
)

// A record is a region's recordings with the stimuli that evoked them.
type record struct {
	assembly  *fit.Assembly
	stimuli   stimuli.Set    // row i is the assembly's stimulus i
	table     *stimuli.Table // of the stimuli's file; nil for simulated ones
	rows      []int          // the table's row of each stimulus
	group     string         // column of the table that splits keep together, or ""
	stratify  string         // column of the table that splits keep in proportion, or ""
	responses *mat.Dense     // n_stimuli × n_neuroids, mean over repetitions
	simulated bool
	rates     *mat.Dense           // n_stimuli × n_neuroids, spikes/s: the truth behind simulated ones
	source    string               // of the stimuli
	view      stimuli.ImageOptions // Crop, Degrees and ScreenDegrees: what the networks see of the stimuli
}

// recordingFlags say which recordings to score, and what their files do not say.
type recordingFlags struct {
	recordings []string
	stimuli    []string
	axes       []string
	dataset    []string
	group      []string
	stratify   []string
	crop       []string
	degrees    []string

	modelDegrees float64
}

func (f *recordingFlags) add(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.recordings, "recordings", nil, "REGION=FILE,…: recordings in HDF5, netCDF-4, MATLAB 7.3, NPY or NPZ; a region coordinate in the file selects the region's neuroids")
	heading(flags, "recordings", "Recordings")
	flags.StringSliceVar(&f.stimuli, "stimuli", nil, "REGION=IMAGES[:TABLE],…: the stimuli, a folder, zip, tar or tar.gz of images, and a CSV with stimulus_id and filename (default: what lies beside the recordings)")
	flags.StringArrayVar(&f.axes, "axes", nil, "[REGION=]AXIS,AXIS,…: the axes of recordings, of stimulus, repetition, neuroid (without REGION: where the file does not name them)")
	flags.StringSliceVar(&f.dataset, "dataset", nil, "[REGION=]NAME: the dataset, where a file holds several")
	flags.StringSliceVar(&f.group, "group", nil, "[REGION=]COLUMN: a column of the stimulus table no value of which may be on both sides of a split (without REGION: for every table that has it)")
	flags.StringSliceVar(&f.stratify, "stratify", nil, "[REGION=]COLUMN: a column of the stimulus table whose values every split keeps in proportion")
	flags.StringSliceVar(&f.crop, "crop", nil, "[REGION=]PIXELS: take the central square of this side from each stimulus before it is resized to the networks' input")
	flags.StringSliceVar(&f.degrees, "stimulus-degrees", nil, "[REGION=]DEGREES: width of the stimuli in degrees of visual angle: they are put on a grey screen of --model-degrees, or its size is cut out of them, before they are resized (default: they fill the networks' input)")
	flags.Float64Var(&f.modelDegrees, "model-degrees", 8, "with --stimulus-degrees: degrees of visual angle of the networks' input")
}

// perRegion parses [REGION=]VALUE settings: those without a region stand under "".
func perRegion(flag string, settings, regions []string) (map[string]string, error) {
	m := map[string]string{}
	for _, s := range settings {
		region, value, named := strings.Cut(s, "=")
		if !named {
			region, value = "", s
		}
		if value == "" {
			return nil, misused("--%s %q has no value", flag, s)
		}
		if named && !slices.Contains(regions, region) {
			return nil, unknown(region, regions, "--%s %s: there are no recordings of region %q; the regions are %s", flag, s, region, strings.Join(regions, ", "))
		}
		if _, twice := m[region]; twice {
			return nil, misused("--%s is given twice for region %q", flag, region)
		}
		m[region] = value
	}
	return m, nil
}

// setting is the value for a region: its own, or the one for all.
func setting(m map[string]string, region string) string {
	if v, ok := m[region]; ok {
		return v
	}
	return m[""]
}

// read reads all recordings and their stimuli at the networks' input shape.
func (f *recordingFlags) read(ctx context.Context, channels, height, width int) ([]*record, error) {
	var regions []string
	files := map[string]string{}
	for _, s := range f.recordings {
		region, file, ok := strings.Cut(s, "=")
		if !ok || region == "" || file == "" {
			return nil, misused("--recordings %q: expected REGION=FILE", s)
		}
		if _, twice := files[region]; twice {
			return nil, misused("--recordings names region %s twice", region)
		}
		regions, files[region] = append(regions, region), file
	}
	settings := map[string]map[string]string{}
	for flag, values := range map[string][]string{
		"stimuli": f.stimuli, "axes": f.axes, "dataset": f.dataset, "group": f.group, "stratify": f.stratify, "crop": f.crop, "stimulus-degrees": f.degrees,
	} {
		m, err := perRegion(flag, values, regions)
		if err != nil {
			return nil, err
		}
		settings[flag] = m
	}
	var records []*record
	for _, region := range regions {
		r := &record{source: setting(settings["stimuli"], region)}
		if err := r.viewed(setting(settings["crop"], region), setting(settings["stimulus-degrees"], region), f.modelDegrees); err != nil {
			return nil, err
		}
		options := fit.ReadOptions{Region: region, Dataset: setting(settings["dataset"], region)}
		if own, ok := settings["axes"][region]; ok {
			options.Axes = strings.Split(own, ",")
		} else if all, ok := settings["axes"][""]; ok {
			options.DefaultAxes = strings.Split(all, ",")
		}
		if err := r.read(ctx, files[region], options, channels, height, width); err != nil {
			return nil, fmt.Errorf("recordings of %s: %w", region, err)
		}
		r.group, r.stratify = r.setting(settings["group"]), r.setting(settings["stratify"])
		if r.group != "" && r.stratify != "" {
			return nil, misused("region %s has both --group %s and --stratify %s; they exclude each other", region, r.group, r.stratify)
		}
		records = append(records, r)
	}
	for _, flag := range []string{"group", "stratify"} {
		all := settings[flag][""]
		if all != "" && !slices.ContainsFunc(records, func(r *record) bool { return slices.Contains(r.table.Columns, all) }) {
			return nil, misused("--%s %s: no stimulus table has such a column", flag, all)
		}
	}
	return records, nil
}

// viewed parses what the networks see of the region's stimuli; an empty setting is
// none.
func (r *record) viewed(crop, degrees string, modelDegrees float64) (err error) {
	if crop != "" {
		if r.view.Crop, err = strconv.Atoi(crop); err != nil || r.view.Crop < 1 {
			return misused("--crop %q: expected a positive number of pixels", crop)
		}
	}
	if degrees == "" {
		return nil
	}
	positive := func(d float64) bool { return d > 0 && !math.IsInf(d, 1) }
	if r.view.Degrees, err = strconv.ParseFloat(degrees, 64); err != nil || !positive(r.view.Degrees) {
		return misused("--stimulus-degrees %q: expected a positive number of degrees of visual angle", degrees)
	}
	if r.view.ScreenDegrees = modelDegrees; !positive(modelDegrees) {
		return misused("--model-degrees is %g, expected a positive number of degrees of visual angle", modelDegrees)
	}
	if crop != "" {
		return misused("--crop %s and --stimulus-degrees %s exclude each other: both say what part of the stimuli is seen", crop, degrees)
	}
	return nil
}

// setting is the column that the record is split by: its own, or the one for
// all regions if its table has it.
func (r *record) setting(columns map[string]string) string {
	if own, ok := columns[r.assembly.Region]; ok {
		return own
	}
	if all := columns[""]; slices.Contains(r.table.Columns, all) {
		return all
	}
	return ""
}

// read reads one region's recordings and stimuli and puts these in the
// assembly's order.
func (r *record) read(ctx context.Context, file string, o fit.ReadOptions, channels, height, width int) error {
	if _, err := os.Stat(file); err != nil {
		return ofFlag("recordings", err)
	}
	if r.source == "" {
		var err error
		if r.source, err = stimuliBeside(file); err != nil {
			return err
		}
	}
	images, table, _ := strings.Cut(r.source, ":")
	options := r.view
	options.Table, options.Channels, options.Height, options.Width = table, channels, height, width
	set, tab, err := stimuli.OpenImages(ctx, images, options)
	if err != nil {
		return err
	}
	ids := make([]string, set.Len())
	for i := range ids {
		ids[i] = set.ID(i)
	}
	o.StimulusIDs = ids
	r.assembly, err = fit.ReadAssembly(file, within(o))
	if err != nil {
		return ofFlag("recordings", err)
	}
	rows, err := fit.Align(ids, r.assembly)
	if err != nil {
		return fmt.Errorf("%s and the stimuli in %s: %w", file, images, err)
	}
	r.stimuli, r.table, r.rows = stimuli.Subset(set, rows), tab, rows
	r.responses = r.assembly.Mean()
	return nil
}

// stimuliBeside finds the stimuli of a file of recordings where none are
// named: a folder "stimuli" or "images" beside it, or the only zip there.
func stimuliBeside(file string) (string, error) {
	dir := filepath.Dir(file)
	for _, name := range []string{"stimuli", "images"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
			return filepath.Join(dir, name), nil
		}
	}
	zips, err := filepath.Glob(filepath.Join(dir, "*.zip"))
	if err != nil {
		return "", err
	}
	if len(zips) == 1 {
		return zips[0], nil
	}
	return "", fmt.Errorf("%s: no stimuli beside it (looked for the folders stimuli and images, and for one zip; found %d zips): pass --stimuli REGION=FOLDER_OR_ZIP", file, len(zips))
}

// partition says how the record's stimuli may be divided.
func (r *record) partition() (p partition, err error) {
	switch {
	case r.group != "":
		p.words = "grouped by " + r.group
		p.groups, err = r.column("group", r.group)
	case r.stratify != "":
		p.words = "stratified by " + r.stratify
		p.labels, err = r.column("stratify", r.stratify)
	}
	return p, err
}

// column is a column of the stimulus table, a value per stimulus of the record.
func (r *record) column(flag, name string) ([]string, error) {
	values, ok := r.table.Column(name)
	if !ok {
		return nil, nameError{fmt.Errorf("--%s %s: the table of its stimuli has no such column; it has %s", flag, name, strings.Join(r.table.Columns, ", ")), name, r.table.Columns}
	}
	return byRow(values, r.rows), nil
}

// title names the region, and says so where its recordings are simulated.
func (r *record) title() string {
	if r.simulated {
		return r.assembly.Region + " (simulated)"
	}
	return r.assembly.Region
}

// data describes the record for run.json: its responses and its stimuli.
func (r *record) data() ([]datum, error) {
	if r.simulated {
		return []datum{{r.title(), "simulated", len(r.assembly.StimulusIDs), digest(r.assembly.Responses)}}, nil
	}
	data, err := appendFile(nil, r.assembly.Region, r.assembly.Source)
	if err != nil {
		return nil, err
	}
	data[0].Items = len(r.assembly.StimulusIDs)
	for _, name := range []string{r.group, r.stratify} {
		if name == "" {
			continue
		}
		values, err := r.column("group or --stratify", name)
		if err != nil {
			return nil, err
		}
		data = append(data, datum{"column " + name + " of the stimuli of " + r.assembly.Region, r.source, len(values), hashOf(values)})
	}
	return append(data, datum{"stimuli of " + r.assembly.Region, r.source, r.stimuli.Len(), r.stimuli.Digest()}), nil
}
