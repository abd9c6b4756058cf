package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/memory"
	"ventral/stimuli"
)

// scoreInputFlags say what ventral score reads.
type scoreInputFlags struct {
	features, responses, repetitions string
	layers                           []string
	join                             bool
	table, neuroidTable              string
	axes                             []string
	dataset, selection               string
	regions                          []string
	window                           string
	timeBins                         bool
	minReliability                   float64
	group, stratify                  string
}

func (f *scoreInputFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.features, "features", "", "features, n_stimuli × n_features (further axes are flattened): .npy, .npz, .h5 or .nc, or a folder of .npy files, a layer each; an array stimulus_id in .npz and HDF5 names the rows")
	heading(flags, "features", "Features and recordings")
	flags.StringVar(&f.responses, "responses", "", "responses, n_stimuli × n_neuroids, or with --axes single trials: .npy, .npz, .h5, .nc (Brain-Score), .mat")
	flags.StringVar(&f.repetitions, "repetitions", "", "single trials of the same neuroids: for the ceiling, and where there are no --responses their mean is scored")
	flags.StringSliceVar(&f.layers, "layers", nil, "layers of --features that holds several (default: all)")
	flags.BoolVar(&f.join, "join", false, "score the layers together, side by side, as one set of features")
	flags.StringSliceVar(&f.axes, "axes", nil, "axes of single trials that do not name them: stimulus, repetition, neuroid (or presentation, time_bin) in their order")
	examples(flags, "axes", "stimulus", "repetition", "neuroid", "presentation", "time_bin")
	flags.StringVar(&f.dataset, "dataset", "", "array of the recordings, where the file holds several")
	flags.StringSliceVar(&f.regions, "region", nil, "regions, one row each (default: every region that the file names)")
	flags.StringVar(&f.selection, "select", "", "of the recordings only what has these coordinates: animal=Chabo|Tito,object_name!=face")
	flags.StringVar(&f.window, "window", "", "of the time bins only those wholly inside BEGIN:END, in ms: 70:170")
	flags.BoolVar(&f.timeBins, "time-bins", false, "score every time bin by itself, one row each (default: their mean)")
	flags.Float64Var(&f.minReliability, "min-reliability", 0, "leave out neuroids with a split-half reliability below this (0: none)")
	flags.StringVar(&f.table, "stimuli", "", "CSV with the stimulus_id of each row of --features (default: stimuli.csv beside them, if it has as many rows)")
	flags.StringVar(&f.neuroidTable, "neuroids", "", "CSV with coordinates of the neuroids: neuroid_id, region, …")
	flags.StringVar(&f.group, "group", "", "COLUMN of the stimuli's table or recordings, or FILE.csv:COLUMN: no value of it on both sides of a split")
	flags.StringVar(&f.stratify, "stratify", "", "COLUMN or FILE.csv:COLUMN: every split keeps its values in proportion")
}

// check refuses what can be seen in the flags alone.
func (f *scoreInputFlags) check(flags *pflag.FlagSet) error {
	if err := required(flags, "features"); err != nil {
		return err
	}
	switch {
	case f.responses == "" && f.repetitions == "":
		return needs(flags, "--responses or --repetitions")
	case f.group != "" && f.stratify != "":
		return misused("--group and --stratify exclude each other")
	case f.minReliability < 0 || f.minReliability >= 1:
		return misused("--min-reliability is %g, expected from 0 to less than 1", f.minReliability)
	}
	return nil
}

// A featureSource is the layers that are scored, and what names their rows.
type featureSource struct {
	file   *fit.FeatureFile
	layers []string
	rows   int
	ids    []string       // of the rows; nil: not known
	table  *stimuli.Table // a row for each row of the features; nil: none
	joined bool

	tablePath string
	notes     []string // of the table that was found
}

// joinedName is what the layers are called when they are scored together.
const joinedName = "all layers"

// open opens the features and finds out what their rows are.
func (f *scoreInputFlags) open() (*featureSource, error) {
	file, err := fit.OpenFeatures(f.features)
	if err != nil {
		return nil, ofFlag("features", err)
	}
	s := &featureSource{file: file, layers: f.layers, ids: file.StimulusIDs, joined: f.join}
	if err := s.examine(f); err != nil {
		file.Close()
		return nil, err
	}
	return s, nil
}

func (s *featureSource) examine(f *scoreInputFlags) error {
	if len(s.layers) == 0 {
		s.layers = s.file.Layers
	}
	for i, name := range s.layers {
		if !slices.Contains(s.file.Layers, name) {
			return unknown(name, s.file.Layers, "--layers: %s has no layer %q; it has %s", f.features, name, strings.Join(s.file.Layers, ", "))
		}
		if slices.Contains(s.layers[:i], name) {
			return misused("--layers: %s is named twice", name)
		}
	}
	first, err := s.file.Layer(s.layers[0])
	if err != nil {
		return err
	}
	s.rows, _ = first.Dims()
	path := f.table
	if path == "" {
		dir := filepath.Dir(f.features)
		if info, err := os.Stat(f.features); err == nil && info.IsDir() {
			dir = f.features
		}
		if path = filepath.Join(dir, "stimuli.csv"); !exists(path) {
			return nil
		}
	}
	table, err := stimuli.ReadTable(path)
	if err != nil {
		return ofFlag("stimuli", err)
	}
	if len(table.Rows) != s.rows {
		if f.table == "" {
			s.notes = append(s.notes, fmt.Sprintf("%s is not used: it has %d rows, and the features %d", path, len(table.Rows), s.rows))
			return nil
		}
		return fmt.Errorf("%s has %d rows and %s has %d: expected a row for each", path, len(table.Rows), f.features, s.rows)
	}
	ids, _ := table.Column("stimulus_id")
	if s.ids != nil && !slices.Equal(s.ids, ids) {
		return fmt.Errorf("%s and %s name other stimuli, or in another order: leave out --stimuli, or make them agree", path, f.features)
	}
	s.ids, s.table, s.tablePath = ids, table, path
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// layer opens the features of a layer, or of all of them side by side, of the
// given rows (nil: all), and returns the numbers of features side by side.
func (s *featureSource) layer(name string, rows []int) (fit.Features, []int, error) {
	names := []string{name}
	if s.joined {
		names = s.layers
	}
	var parts []fit.Features
	var sizes []int
	for _, n := range names {
		x, err := s.file.Layer(n)
		if err != nil {
			return nil, nil, err
		}
		count, size := x.Dims()
		if count != s.rows {
			return nil, nil, fmt.Errorf("%s: layer %s has %d rows and %s has %d: all layers must have the same stimuli", s.file.Path, n, count, s.layers[0], s.rows)
		}
		parts, sizes = append(parts, x), append(sizes, size)
	}
	x := fit.Join(parts...)
	if rows != nil {
		x = fit.Rows(x, rows)
	}
	return x, sizes, nil
}

// scored are the names of what is scored: the layers, or all together.
func (s *featureSource) scored() []string {
	if s.joined {
		return []string{joinedName}
	}
	return s.layers
}

// A scoreTarget is the responses of a region, in a time bin or in all.
type scoreTarget struct {
	region    string
	measured  fit.Window    // the time that the responses are of, where it is known
	several   bool          // time bins of the region
	ids       []string      // of the stimuli
	rows      []int         // of the features, one per stimulus; nil: all in their order
	responses *mat.Dense    // n_stimuli × n_neuroids
	trials    *fit.Assembly // of the same neuroids, of all of the stimuli or some, in their order; nil: none
	partition partition
	splits    []fit.Split
	ceiling   *fit.Ceiling // nil: none, or a given one
	given     float64      // ceiling
	notes     []string
}

// title names the target in tables.
func (s *scoreTarget) title() string {
	words := s.region
	if s.several {
		words = strings.TrimSpace(words + " " + s.measured.String())
	}
	return words
}

// targets reads the recordings.
func (f *scoreInputFlags) targets(x *featureSource) ([]*scoreTarget, error) {
	source, flag := f.responses, "responses"
	if source == "" {
		source, flag = f.repetitions, "repetitions"
	}
	o := fit.ReadOptions{Dataset: f.dataset, DefaultAxes: []string{"stimulus", "neuroid"}, StimulusIDs: x.ids, NeuroidTable: f.neuroidTable}
	if f.responses == "" || f.repetitions == "" {
		o.Axes = f.axes
	}
	if f.selection != "" {
		var err error
		if o.Select, err = fit.ParseSelect(f.selection); err != nil {
			return nil, misused("--select: %v", err)
		}
	}
	if err := parseWindow(f.window, &o.Window); err != nil {
		return nil, err
	}
	regions := f.regions
	if len(regions) == 0 {
		var err error
		if regions, err = fit.Regions(source, o); err != nil {
			return nil, ofFlag(flag, err)
		}
		if len(regions) == 0 {
			regions = []string{""}
		}
	}
	var targets []*scoreTarget
	for _, region := range regions {
		o.Region = region
		read := fit.ReadAssemblies
		if !f.timeBins {
			read = func(path string, o fit.ReadOptions) ([]*fit.Assembly, error) {
				a, err := fit.ReadAssembly(path, o)
				return []*fit.Assembly{a}, err
			}
		}
		bins, err := read(source, within(o))
		if err != nil {
			return nil, ofFlag(flag, err)
		}
		for _, a := range bins {
			t, err := f.target(x, a, o)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", strings.TrimSpace(source+" "+region), err)
			}
			t.several = len(bins) > 1
			targets = append(targets, t)
		}
	}
	return targets, nil
}

// within lets no more be read than there is memory for.
func within(o fit.ReadOptions) fit.ReadOptions {
	o.MaxBytes, _ = memory.Available()
	return o
}

// ofFlag says of a file that is not there which flag names it, and of axes that do
// not fit what names them.
func ofFlag(flag string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	var large *fit.TooLargeError
	if errors.As(err, &large) {
		return fmt.Errorf("--%s: %w: choose some of them with --region, --select or --window", flag, err)
	}
	return withAxes(err)
}

// withAxes says what names axes that do not fit.
func withAxes(err error) error {
	var axes *fit.AxesError
	switch {
	case errors.As(err, &axes) && strings.Contains(err.Error(), axes.Example):
		return fmt.Errorf("%w: pass --axes", err)
	case errors.As(err, &axes):
		return fmt.Errorf("%w: pass --axes, e.g. %s", err, axes.Example)
	}
	return err
}

// parseWindow reads BEGIN:END; "" leaves the window as it is.
func parseWindow(text string, w *fit.Window) error {
	if text == "" {
		return nil
	}
	if _, err := fmt.Sscanf(text+"\n", "%g:%g\n", &w.Begin, &w.End); err != nil || !(w.Begin < w.End) {
		return misused("--window %q: expected BEGIN:END in ms, such as 70:170", text)
	}
	return nil
}

// target aligns recordings with the features.
func (f *scoreInputFlags) target(x *featureSource, a *fit.Assembly, o fit.ReadOptions) (*scoreTarget, error) {
	t := &scoreTarget{region: a.Region, measured: a.Window}
	if f.responses != "" && f.repetitions != "" {
		o.Axes, o.DefaultAxes = f.axes, nil
		trials, err := fit.ReadAssembly(f.repetitions, within(o))
		if err != nil {
			return nil, ofFlag("repetitions", err)
		}
		if t.trials, err = fit.AlignTrials(trials, a); err != nil {
			return nil, err
		}
	} else if a.Repetitions > 1 {
		t.trials = a
	}
	if f.minReliability > 0 {
		if t.trials != a {
			return nil, misused("--min-reliability needs single trials as --responses, or --repetitions without --responses")
		}
		reliable, err := a.Reliable(f.minReliability, fit.SplitHalfOptions{})
		if err != nil {
			return nil, err
		}
		a, t.trials = reliable, reliable
	}
	t.responses, t.ids = a.Mean(), a.StimulusIDs
	ids := x.ids
	if ids == nil {
		for i, id := range a.StimulusIDs {
			if id != strconv.Itoa(i) {
				return nil, fmt.Errorf("the recordings name their stimuli (%s, …) and the rows of %s have no names: pass --stimuli FILE.csv with the stimulus_id of each row", id, f.features)
			}
		}
		if len(a.StimulusIDs) != x.rows {
			return nil, fmt.Errorf("the recordings have %d stimuli and %s has %d rows: rows must be the same stimuli in the same order", len(a.StimulusIDs), f.features, x.rows)
		}
	} else {
		rows, err := fit.Align(ids, a)
		if err != nil {
			return nil, fmt.Errorf("the recordings and the rows of %s: %w", f.features, err)
		}
		t.rows = rows
	}
	t.notes = slices.Clone(a.Notes)
	if t.trials != nil && t.trials != a {
		for _, note := range t.trials.Notes {
			if !slices.Contains(t.notes, note) {
				t.notes = append(t.notes, "repetitions: "+note)
			}
		}
	}
	return t, f.divide(x, a, t)
}

// divide finds the column that splits keep together or in proportion.
func (f *scoreInputFlags) divide(x *featureSource, a *fit.Assembly, t *scoreTarget) error {
	for _, c := range []struct {
		flag, spec, words string
		to                *[]string
	}{
		{"--group", f.group, "grouped by ", &t.partition.groups},
		{"--stratify", f.stratify, "stratified by ", &t.partition.labels},
	} {
		if c.spec == "" {
			continue
		}
		values, name, err := x.column(c.flag, c.spec, a, t.rows)
		if err != nil {
			return err
		}
		*c.to, t.partition.words = values, c.words+name
	}
	return nil
}

// column is a column of the stimuli: of a file with a row for each row of the
// features (or with stimulus_id), of the table beside the features, or a
// coordinate of the recordings.
func (x *featureSource) column(flag, spec string, a *fit.Assembly, rows []int) (column []string, name string, err error) {
	path, name, inFile := strings.Cut(spec, ".csv:")
	if !inFile {
		if x.table != nil {
			if values, ok := x.table.Column(spec); ok {
				return byRow(values, rows), spec, nil
			}
		}
		if values, ok := a.Coordinates[spec]; ok {
			return values, spec, nil
		}
		return nil, "", x.noColumn(flag, spec, a)
	}
	path += ".csv"
	header, cells, err := readCells(path)
	if err != nil {
		return nil, "", err
	}
	values, ok := cells[name]
	if !ok {
		return nil, "", nameError{fmt.Errorf("%s has no column %q; it has %s", path, name, strings.Join(header, ", ")), name, header}
	}
	named, ok := cells["stimulus_id"]
	if !ok {
		named = cells["image_id"]
	}
	if named != nil && x.ids != nil {
		at := map[string]string{}
		for i, id := range named {
			if other, twice := at[id]; twice && other != values[i] {
				return nil, "", fmt.Errorf("%s has the stimulus %s with the %s %q and with %q: expected one of them", path, id, name, other, values[i])
			}
			at[id] = values[i]
		}
		mine := make([]string, len(a.StimulusIDs))
		for i, id := range a.StimulusIDs {
			if mine[i], ok = at[id]; !ok {
				return nil, "", fmt.Errorf("%s has no row for the stimulus %s", path, id)
			}
		}
		return mine, name, nil
	}
	if len(values) != x.rows {
		return nil, "", fmt.Errorf("%s has %d rows, expected %d, one per row of the features (or a column stimulus_id)", path, len(values), x.rows)
	}
	return byRow(values, rows), name, nil
}

// noColumn is the usage error of a column that is nowhere, with all places that
// were looked at.
func (x *featureSource) noColumn(flag, name string, a *fit.Assembly) error {
	table, known := "there is no table of the stimuli (--stimuli, or stimuli.csv beside the features)", []string{}
	if x.table != nil {
		table, known = fmt.Sprintf("%s has %s", x.tablePath, strings.Join(x.table.Columns, ", ")), slices.Clone(x.table.Columns)
	}
	recordings := "the recordings have no coordinates of the stimuli"
	if names := slices.Sorted(maps.Keys(a.Coordinates)); len(names) > 0 {
		recordings = "the recordings have " + strings.Join(names, ", ")
		known = append(known, names...)
	}
	return unknown(name, known, "%s %s: there is no such column: %s, and %s; give one of these, or FILE.csv:COLUMN", flag, name, table, recordings)
}

// readCells reads a CSV file with a header, column by column.
func readCells(path string) (header []string, cells map[string][]string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("%s is empty, expected a header row", path)
	}
	rows[0][0] = strings.TrimPrefix(rows[0][0], "\ufeff") // byte order mark
	cells = map[string][]string{}
	for j, name := range rows[0] {
		if _, twice := cells[name]; twice && name != "" {
			return nil, nil, fmt.Errorf("%s has two columns %q", path, name)
		}
		cells[name] = make([]string, len(rows)-1)
		for i, row := range rows[1:] {
			cells[name][i] = row[j]
		}
	}
	return rows[0], cells, nil
}

// byRow are the values of the given rows, in their order; nil: all.
func byRow[T any](values []T, rows []int) []T {
	if rows == nil {
		return values
	}
	mine := make([]T, len(rows))
	for i, r := range rows {
		mine[i] = values[r]
	}
	return mine
}
