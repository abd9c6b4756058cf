package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ventral/network"
)

// The files that a comparison leaves for its report, beside those of its networks.
const (
	resultsName  = "results.json"
	neuroidsName = "neuroids.csv"
	rdmsName     = "rdms.npz"
	rdmRowsName  = "rdms.csv"
)

// A savedRun is what the files of a run say. What a run of its verb does not write,
// or did not when it was made, is nil.
type savedRun struct {
	name       string
	source     string // the path that was given
	dir        string // the folder, "" for the JSON of ventral score
	about      description
	results    *results                // of compare and demo
	networks   []savedNetwork          // in the order of the results
	neuroids   map[[3]string][]neuroid // by network, layer and region
	trajectory *savedTrajectory        // of plasticity run
	diverged   *divergenceJSON         // of plasticity run, if it did
	slept      []savedSleep            // of ventral sleep
	scores     []scoreJSON             // of ventral score
	compared   []differenceJSON        // of its layers
	missing    map[string]string       // why a part is not there
}

// A savedNetwork is a trained network.
type savedNetwork struct {
	name    string
	layers  []string // that have filters
	epochs  []network.Epoch
	sleeps  []savedSleep
	filters filterPatch
}

// A savedSleep is a row of sleep.csv.
type savedSleep struct {
	sleep, step, update int
	layer               string
	poolSNR, snr, drift float64
}

type neuroid struct {
	name string
	r    float64
}

type savedTrajectory struct {
	steps   []float64
	columns map[string][]float64
}

// openRun reads a run: its folder, or the JSON that ventral score wrote.
func openRun(path string) (*savedRun, error) {
	r := &savedRun{name: filepath.Base(filepath.Clean(path)), source: path, dir: path, missing: map[string]string{}}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is not there: expected the folder of a run of ventral's, or the JSON of ventral score", path)
	case err != nil:
		return nil, fmt.Errorf("the run: %w", err)
	case !info.IsDir():
		r.dir, r.about.Verb = "", "score"
		return r, r.readScores(path)
	}
	if err := readJSON(filepath.Join(path, "run.json"), &r.about); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s holds no run.json: expected the folder of a run of ventral's, or the JSON of ventral score", path)
		}
		return nil, err
	}
	for _, read := range []func() error{r.readResults, r.readNetworks, r.readNeuroids, r.readTrajectory, r.readSlept} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	if verb := r.about.Verb; r.results == nil && (verb == "demo" || verb == "compare") {
		return nil, fmt.Errorf("%s has no %s: the run is not complete; the command that began it goes on with it", path, resultsName)
	}
	if r.results == nil && r.networks == nil && r.trajectory == nil && r.slept == nil {
		return nil, fmt.Errorf("%s is a run of ventral %s, which leaves nothing to report on: expected one of demo, compare, train, sleep or plasticity run", path, r.about.Verb)
	}
	return r, nil
}

func readJSON(path string, to any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("%s: %w: the file is damaged, or not one of ventral's", path, err)
	}
	return nil
}

func (r *savedRun) path(elem ...string) string {
	return filepath.Join(append([]string{r.dir}, elem...)...)
}

func (r *savedRun) readScores(path string) error {
	var file struct {
		Rows        []scoreJSON      `json:"rows"`
		Comparisons []differenceJSON `json:"comparisons"`
		scoreMade
	}
	if err := readJSON(path, &file); err != nil {
		return err
	}
	if r.scores = file.Rows; r.scores == nil {
		var row scoreJSON
		if err := readJSON(path, &row); err != nil {
			return err
		}
		if row.Splits == "" || row.SplitScores == nil {
			return fmt.Errorf("%s: found no score: expected the JSON of ventral score", path)
		}
		r.scores = []scoreJSON{row}
	}
	r.compared = file.Comparisons
	first := r.scores[0]
	r.about.Arguments, r.about.Versions, r.about.Data = map[string]string{}, file.Versions, file.Data // older files have none
	maps.Copy(r.about.Arguments, file.Arguments)
	maps.Copy(r.about.Arguments, map[string]string{"regression": first.Regression, "splits": first.Splits, "seed": fmt.Sprint(first.Seed), "convention": first.Convention})
	for name, value := range first.Parameters {
		words, text := parameterWords(name, value)
		r.about.Arguments[words] = text
	}
	return nil
}

func (r *savedRun) readResults() error {
	var found results
	err := readJSON(r.path(resultsName), &found)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && (len(found.Regions) == 0 || len(found.Scores) == 0) {
		err = fmt.Errorf("%s: found %d regions and %d scores, expected some of both", r.path(resultsName), len(found.Regions), len(found.Scores))
	}
	r.results = &found
	return err
}

// readNetworks reads the trainings: one in the folder itself, or those in models/.
func (r *savedRun) readNetworks() error {
	dirs := []string{}
	if r.results != nil {
		for _, n := range r.results.Networks {
			dirs = append(dirs, r.path("models", fileName(n.Name)))
		}
	} else if _, err := os.Stat(r.path(trainingName)); err == nil {
		dirs = append(dirs, r.dir)
	}
	for _, dir := range dirs {
		n, err := openNetwork(dir)
		if err != nil {
			return err
		}
		r.networks = append(r.networks, n)
	}
	return nil
}

func openNetwork(dir string) (savedNetwork, error) {
	var about modelFile
	if err := readJSON(filepath.Join(dir, modelName), &about); err != nil {
		return savedNetwork{}, err
	}
	n := savedNetwork{name: about.Name}
	var err error
	path := filepath.Join(dir, trainingName)
	if n.epochs, err = readTraining(path); err != nil {
		return n, err
	}
	if len(n.epochs) == 0 {
		return n, fmt.Errorf("%s: found no epoch, expected a row for each", path)
	}
	header, _, err := readTable(path)
	if err != nil {
		return n, err
	}
	for _, name := range header {
		if layer, ok := strings.CutPrefix(name, "snr_"); ok {
			n.layers = append(n.layers, layer)
		}
	}
	if n.sleeps, err = readSleeps(filepath.Join(dir, sleepName)); err != nil {
		return n, err
	}
	if n.filters, err = readFilters(filepath.Join(dir, filtersName), n.layers); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return n, err
	}
	return n, nil
}

// readTable reads a CSV file: its header and its rows.
func readTable(path string) (header []string, rows [][]string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	rows, err = csv.NewReader(f).ReadAll()
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	case len(rows) == 0:
		return nil, nil, fmt.Errorf("%s is empty, expected a header", path)
	}
	return rows[0], rows[1:], nil
}

// columnsOf are the numbers of columns with the given names.
func columnsOf(path string, header []string, names ...string) ([]int, error) {
	var at []int
	for _, name := range names {
		i := slices.Index(header, name)
		if i < 0 {
			return nil, fmt.Errorf("%s has no column %s; it has %s", path, name, strings.Join(header, ", "))
		}
		at = append(at, i)
	}
	return at, nil
}

// readSleeps reads sleep.csv of a training, or of ventral sleep, which is one sleep;
// nothing, if there is no file.
func readSleeps(path string) ([]savedSleep, error) {
	header, rows, err := readTable(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	at, err := columnsOf(path, header, "layer", "step", "pool_snr", "snr", "drift")
	if err != nil {
		return nil, err
	}
	sleep, update := slices.Index(header, "sleep"), slices.Index(header, "update")
	var all []savedSleep
	for i, row := range rows {
		read := numbers{path: path, row: i + 2, cells: row}
		s := savedSleep{layer: row[at[0]], step: read.whole(at[1]), poolSNR: read.number(at[2]), snr: read.number(at[3]), drift: read.number(at[4]), update: -1}
		if sleep >= 0 {
			s.sleep = read.whole(sleep)
		}
		if update >= 0 {
			s.update = read.whole(update)
		}
		if read.err != nil {
			return nil, read.err
		}
		all = append(all, s)
	}
	return all, nil
}

func (r *savedRun) readSlept() (err error) {
	if r.about.Verb == "sleep" {
		r.slept, err = readSleeps(r.path(sleepName))
	}
	return err
}

func (r *savedRun) readNeuroids() error {
	if r.results == nil {
		return nil
	}
	path := r.path(neuroidsName)
	header, rows, err := readTable(path)
	if errors.Is(err, fs.ErrNotExist) {
		r.missing["neuroids"] = "The run has no " + neuroidsName + ": it was made before ventral wrote one."
		return nil
	} else if err != nil {
		return err
	}
	at, err := columnsOf(path, header, "network", "layer", "region", "neuroid", "r")
	if err != nil {
		return err
	}
	r.neuroids = map[[3]string][]neuroid{}
	for i, row := range rows {
		read := numbers{path: path, row: i + 2, cells: row}
		key := [3]string{row[at[0]], row[at[1]], row[at[2]]}
		r.neuroids[key] = append(r.neuroids[key], neuroid{row[at[3]], read.number(at[4])})
		if read.err != nil {
			return read.err
		}
	}
	return nil
}

func (r *savedRun) readTrajectory() error {
	path := r.path("trajectory.csv")
	if r.about.Verb != "plasticity run" {
		return nil
	}
	header, rows, err := readTable(path)
	if err != nil {
		return err
	}
	if _, err := columnsOf(path, header, "step", "snr", "inverse_snr", "drift", "mean_norm"); err != nil {
		return err
	}
	t := &savedTrajectory{columns: map[string][]float64{}}
	for i, row := range rows {
		read := numbers{path: path, row: i + 2, cells: row}
		for j, name := range header {
			t.columns[name] = append(t.columns[name], read.number(j))
		}
		if read.err != nil {
			return read.err
		}
	}
	t.steps = t.columns["step"]
	if path := r.path(divergedName); exists(path) {
		r.diverged = new(divergenceJSON)
		if err := readJSON(path, r.diverged); err != nil {
			return err
		}
	}
	r.trajectory = t
	return nil
}

// numbers reads the cells of a row and keeps the first error.
type numbers struct {
	path  string
	row   int
	cells []string
	err   error
}

// number is a cell; an empty one is NaN.
func (n *numbers) number(i int) float64 {
	if n.cells[i] == "" {
		return math.NaN()
	}
	v, err := strconv.ParseFloat(n.cells[i], 64)
	if err != nil && n.err == nil {
		n.err = fmt.Errorf("%s: row %d: found %q, expected a number", n.path, n.row, n.cells[i])
	}
	return v
}

func (n *numbers) whole(i int) int {
	v, err := strconv.Atoi(n.cells[i])
	if err != nil && n.err == nil {
		n.err = fmt.Errorf("%s: row %d: found %q, expected a whole number", n.path, n.row, n.cells[i])
	}
	return v
}

// generated reports whether the run's images were drawn by ventral.
func (r *savedRun) generated() bool {
	return slices.ContainsFunc(r.about.Data, func(d datum) bool { return d.Name == "training images" && d.Source == shapesSource })
}

// trained are the names of the networks.
func (r *savedRun) trained() []string {
	var names []string
	for _, n := range r.networks {
		names = append(names, n.name)
	}
	return names
}
