package main

import (
	"context"
	"encoding/csv"
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
	"sync"
	"time"

	"github.com/spf13/pflag"

	"ventral/plasticity"
)

var plasticitySweepVerb = verb{
	name:    "plasticity sweep",
	summary: "run a plasticity rule over a grid of parameters and seeds",
	detail: `
Runs a rule, as plasticity run does, for every combination of the values of
--vary and every seed, on all cores. NAME is a flag of plasticity run or a
constant of the rule. Writes --out: runs.csv, one row per run in the order of
the grid, with the measures at its end, and run.json. A run that diverges is a
row that says so, with the reason. Interrupted, the same command goes on from the runs that are
complete.

  ventral plasticity sweep --vary gamma=.1,.01,.001 --vary k=3,6,9 --seeds 10 --out runs/grid
  ventral plasticity sweep --neurons circuit --vary alpha=1,3,10,30 --seeds 3 --out runs/alpha`,
	json: `
  run                   the folder
  runs                  of each: run (its number), point (what is varied, by
                        name), seed, status (done, diverged), reason (of a
                        divergence), steps and measures, by the names of the
                        columns of runs.csv`,
	flags: func(flags *pflag.FlagSet) action {
		var (
			f      plasticityFlags
			folder folderFlags
			vary   []string
			seeds  int
		)
		folder.add(flags, "")
		heading(flags, "out", "The sweep")
		flags.StringArrayVar(&vary, "vary", nil, "a flag or constant and its values, `NAME=VALUE,VALUE`,…; may be repeated")
		flags.IntVar(&seeds, "seeds", 1, "seeds for each combination, from --seed on")
		f.add(flags)
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "out", "vary"); err != nil {
				return err
			}
			if seeds < 1 {
				return misused("--seeds is %d, expected at least 1", seeds)
			}
			if err := folder.check(); err != nil {
				return err
			}
			s := &sweep{base: &f, seeds: seeds}
			if err := s.parse(vary); err != nil {
				return err
			}
			var finish func()
			f.read, finish = t.reading()
			data, err := s.check(ctx)
			finish()
			if err != nil {
				return err
			}
			about := describe(flags)
			about.Data = append(about.Data, data...)
			s.describe(&about)
			dir, err := t.runFolder(folder, about)
			if err != nil {
				return err
			}
			defer dir.abandon()
			if err := s.run(ctx, t, dir); err != nil {
				return err
			}
			if err := dir.finish(); err != nil {
				return err
			}
			return t.result(s.result(dir.name), func() {
				s.write(t)
				fmt.Fprintf(t.out, "\nThe %d runs are in %s/runs.csv.\n", len(s.rows), dir.name)
			})
		}
	},
}

// A sweep is a grid of runs: all combinations of the axes' values, each with all
// seeds. Run i is seed i mod seeds of combination i / seeds, the last axis
// running fastest.
type sweep struct {
	base  *plasticityFlags
	axes  []sweepAxis
	seeds int
	rows  [][]string // by run; nil = not done

	chosen []map[string]string // by combination: its flags, defaults resolved
}

type sweepAxis struct {
	name   string
	values []string
}

func (s *sweep) parse(vary []string) error {
	seen := map[string]bool{}
	for _, text := range vary {
		name, values, ok := strings.Cut(text, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.TrimSpace(values) == "" {
			return misused("--vary %q: expected NAME=VALUE,VALUE,…", text)
		}
		if seen[name] {
			return misused("--vary names %s twice", name)
		}
		if slices.Contains(notOfTheRun, name) || slices.Contains([]string{"seed", "seeds", "vary", "set"}, name) {
			return misused("--vary %s: cannot be varied; --seeds gives several seeds", name)
		}
		if s.base.flags.Changed(name) {
			return misused("--vary %s: the flag --%s is given too", name, name)
		}
		if _, given := s.base.set[name]; given {
			return misused("--vary %s: --set gives it too", name)
		}
		seen[name] = true
		axis := sweepAxis{name: name}
		for _, value := range splitOutside(values, ',') {
			value = strings.TrimSpace(value)
			if slices.Contains(axis.values, value) {
				return misused("--vary %s: the value %s is there twice", name, value)
			}
			axis.values = append(axis.values, value)
		}
		s.axes = append(s.axes, axis)
	}
	const most = 1_000_000
	if n := float64(s.combinations()) * float64(s.seeds); n > most {
		return misused("--vary and --seeds make %.3g runs, expected at most %d", n, most)
	}
	return nil
}

// splitOutside splits text at a separator that stands outside parentheses.
func splitOutside(text string, separator byte) (parts []string) {
	depth, begin := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case separator:
			if depth <= 0 {
				parts = append(parts, text[begin:i])
				begin = i + 1
			}
		}
	}
	return append(parts, text[begin:])
}

func (s *sweep) combinations() int {
	n := 1
	for _, a := range s.axes {
		n *= len(a.values)
	}
	return n
}

// point returns the value of every axis for a combination.
func (s *sweep) point(combination int) []string {
	values := make([]string, len(s.axes))
	for i := len(s.axes) - 1; i >= 0; i-- {
		n := len(s.axes[i].values)
		values[i] = s.axes[i].values[combination%n]
		combination /= n
	}
	return values
}

// flagsOf are the flags of a combination and a seed.
func (s *sweep) flagsOf(combination, seed int) (*plasticityFlags, error) {
	f := &plasticityFlags{sets: s.base.sets, read: s.base.read, inputVaries: slices.ContainsFunc(s.axes, func(a sweepAxis) bool { return a.name == "input" })}
	flags := pflag.NewFlagSet(s.base.flags.Name(), pflag.ContinueOnError)
	f.add(flags)
	var failed error
	s.base.flags.VisitAll(func(f *pflag.Flag) {
		switch own := flags.Lookup(f.Name); {
		case own == nil || f.Name == "set":
		case f.Changed:
			failed = errors.Join(failed, flags.Set(f.Name, f.Value.String()))
		default: // a config file's
			failed = errors.Join(failed, own.Value.Set(f.Value.String()))
		}
	})
	f.set = maps.Clone(s.base.set)
	for i, value := range s.point(combination) {
		name := s.axes[i].name
		if flags.Lookup(name) == nil {
			if f.set == nil {
				f.set = map[string]string{}
			}
			f.set[name] = value
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return nil, misused("--vary %s: %v", name, err)
		}
	}
	f.seed = s.base.seed + uint64(seed)
	return f, failed
}

// check builds every combination once, so that a mistake is told before any
// run, and returns what was read.
func (s *sweep) check(ctx context.Context) ([]datum, error) {
	s.base.sets = newSetCache()
	data := []datum{}
	seen := map[datum]bool{}
	for c := range s.combinations() {
		f, err := s.flagsOf(c, 0)
		if err != nil {
			return nil, err
		}
		r, err := f.build(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.words(c), err)
		}
		chosen := map[string]string{"set": r.constantsText(), "d": strconv.Itoa(len(r.w[0]))}
		f.flags.VisitAll(func(flag *pflag.Flag) {
			if flag.Name != "set" && flag.Name != "seed" {
				chosen[flag.Name] = flag.Value.String()
			}
		})
		if r.equation != "" {
			delete(chosen, "rule")
		}
		s.chosen = append(s.chosen, chosen)
		for _, d := range r.data {
			if !seen[d] {
				data, seen[d] = append(data, d), true
			}
		}
	}
	return data, nil
}

// describe replaces the flags that were left alone by the defaults that the runs
// took, where these are the same in all.
func (s *sweep) describe(about *description) {
	about.Arguments["d"] = "" // the weights of a filter: no flag
	if _, named := s.chosen[0]["rule"]; !named {
		delete(about.Arguments, "rule")
	}
	for name := range about.Arguments {
		flag := s.base.flags.Lookup(name)
		if flag != nil && flag.Changed || s.chosen[0][name] == "" {
			continue
		}
		value := s.chosen[0][name]
		for _, chosen := range s.chosen {
			if chosen[name] != value {
				value = "varies"
			}
		}
		about.Arguments[name] = value
	}
}

// words names a combination.
func (s *sweep) words(combination int) string {
	var parts []string
	for i, value := range s.point(combination) {
		parts = append(parts, s.axes[i].name+"="+value)
	}
	return strings.Join(parts, " ")
}

const runsName = "runs.csv"

func (s *sweep) header() []string {
	header := []string{"run"}
	for _, a := range s.axes {
		header = append(header, a.name)
	}
	header = append(header, "seed", "status", "steps")
	for _, c := range measureColumns {
		header = append(header, c.name)
	}
	return append(header, "reason")
}

// saveEvery is how much work a killed sweep can lose.
const saveEvery = time.Second

// run makes the runs that are not yet done, on all cores. The rows are the same
// whatever their number.
func (s *sweep) run(ctx context.Context, t *terminal, f *runFolder) error {
	s.rows = make([][]string, s.combinations()*s.seeds)
	if f.resumed {
		if err := s.resume(f); err != nil {
			return err
		}
	}
	bar := t.bar("runs", len(s.rows), "runs")
	defer bar.done()
	var todo []int
	for i, row := range s.rows {
		if row == nil {
			todo = append(todo, i)
		}
	}
	var mu sync.Mutex
	done, saved := len(s.rows)-len(todo), time.Now()
	bar.from(done)
	failed := inParallel(len(todo), func(i int) error {
		row, err := s.one(ctx, todo[i])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		s.rows[todo[i]] = row
		done++
		bar.at(done, "runs")
		if time.Since(saved) < saveEvery {
			return nil
		}
		saved = time.Now()
		return s.save(f)
	})
	if err := s.save(f); err != nil {
		return errors.Join(failed, err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%d of %d runs are complete: %w", done, len(s.rows), ctx.Err())
	}
	return failed
}

// one makes run i and returns its row.
func (s *sweep) one(ctx context.Context, i int) ([]string, error) {
	f, err := s.flagsOf(i/s.seeds, i%s.seeds)
	if err != nil {
		return nil, err
	}
	r, err := f.build(ctx)
	if err != nil {
		return nil, err
	}
	r.rec = &plasticity.Recorder{Every: r.steps}
	err = r.Run(ctx, r.w, r.steps, r.rec)
	e, diverged := plasticity.Diverged(err)
	if err != nil && !diverged {
		return nil, err
	}
	row := append([]string{strconv.Itoa(i)}, s.point(i/s.seeds)...)
	row = append(row, strconv.FormatUint(f.seed, 10))
	if diverged { // the measures stay empty
		row = append(append(row, "diverged", strconv.Itoa(e.Step)), make([]string, len(measureColumns))...)
		return append(row, e.Error()), nil
	}
	row = append(row, "done", strconv.Itoa(r.last().Step))
	for _, c := range measureColumns {
		row = append(row, exact(c.of(r.last())))
	}
	return append(row, ""), nil
}

// save writes the rows that are done.
func (s *sweep) save(f *runFolder) error {
	var rows [][]string
	for _, row := range s.rows {
		if row != nil {
			rows = append(rows, row)
		}
	}
	if len(rows) > 0 {
		f.keep()
	}
	return f.writeCSV(s.header(), rows, runsName)
}

// resume takes up the rows of an interrupted sweep.
func (s *sweep) resume(f *runFolder) error {
	text, err := os.ReadFile(f.path(runsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("%s cannot be read (%v): remove it to begin anew", filepath.Join(f.shown(), runsName), err)
	}
	for _, row := range rows[1:] {
		i, err := strconv.Atoi(row[0])
		if err != nil || i < 0 || i >= len(s.rows) || len(row) != len(s.header()) {
			return fmt.Errorf("%s: a row begins with %q and has %d columns, expected a run of 0 to %d and %d columns: remove it to begin anew", filepath.Join(f.shown(), runsName), row[0], len(row), len(s.rows)-1, len(s.header()))
		}
		s.rows[i] = row
	}
	return nil
}

// A sweepJSON is a sweep as scripts read it.
type sweepJSON struct {
	Run  string         `json:"run"`
	Runs []sweepRunJSON `json:"runs"`
}

// A sweepRunJSON is a row of runs.csv.
type sweepRunJSON struct {
	Run      int               `json:"run"`
	Point    map[string]string `json:"point"`
	Seed     uint64            `json:"seed"`
	Status   string            `json:"status"`
	Reason   string            `json:"reason"` // why it diverged, else ""
	Steps    int               `json:"steps"`
	Measures map[string]figure `json:"measures"` // none of a run that diverged
}

func (s *sweep) result(folder string) sweepJSON {
	j := sweepJSON{Run: folder}
	for i, row := range s.rows {
		r := sweepRunJSON{Run: i, Point: map[string]string{}, Measures: map[string]figure{}}
		for k, a := range s.axes {
			r.Point[a.name] = row[1+k]
		}
		row = row[1+len(s.axes):]
		r.Seed, _ = strconv.ParseUint(row[0], 10, 64) // written by one
		r.Status, r.Reason = row[1], row[3+len(measureColumns)]
		r.Steps, _ = strconv.Atoi(row[2])
		for k, c := range measureColumns {
			if v, err := strconv.ParseFloat(row[3+k], 64); err == nil {
				r.Measures[c.name] = figure(v)
			}
		}
		j.Runs = append(j.Runs, r)
	}
	return j
}

// write prints a row per combination: means over the seeds that did not diverge.
func (s *sweep) write(t *terminal) {
	rows := table{left: len(s.axes)}
	for _, a := range s.axes {
		rows.header = append(rows.header, a.name)
	}
	rows.header = append(rows.header, "runs", "diverged", "log10 inverse SNR", "norm of the mean filter", "cosine", "drift")
	first := 1 + len(s.axes) + 3 // column of the first measure
	column := func(name string) int {
		for i, c := range measureColumns {
			if c.name == name {
				return first + i
			}
		}
		panic("no measure " + name)
	}
	for c := range s.combinations() {
		var inverse, norm, cosine, drift []float64
		diverged := 0
		for i := c * s.seeds; i < (c+1)*s.seeds; i++ {
			row := s.rows[i]
			if row[first-2] != "done" {
				diverged++
				continue
			}
			at := func(name string) float64 {
				v, _ := strconv.ParseFloat(row[column(name)], 64)
				return v
			}
			inverse = append(inverse, math.Log10(at("inverse_snr")))
			norm, cosine, drift = append(norm, at("mean_norm")), append(cosine, at("mean_cosine")), append(drift, at("drift"))
		}
		cells := append([]string{}, s.point(c)...)
		cells = append(cells, strconv.Itoa(s.seeds), strconv.Itoa(diverged))
		for _, values := range [][]float64{inverse, norm, cosine, drift} {
			cells = append(cells, meanSpread(values))
		}
		rows.add(cells...)
	}
	rows.write(t.out)
	words := "the one seed; a run that diverged has no measures."
	if s.seeds > 1 {
		words = "mean over seeds ± half the range; runs that diverged do not count."
	}
	fmt.Fprintln(t.out, words)
}

// meanSpread is the mean of values and, of several, half their range.
func meanSpread(values []float64) string {
	if len(values) == 0 {
		return "–"
	}
	low, high, sum := math.Inf(1), math.Inf(-1), 0.
	for _, v := range values {
		low, high, sum = min(low, v), max(high, v), sum+v
	}
	mean := sum / float64(len(values))
	switch {
	case math.IsInf(mean, 0):
		return short(mean)
	case len(values) == 1:
		return fmt.Sprintf("%.3f", mean)
	}
	return fmt.Sprintf("%.3f ± %.3f", mean, (high-low)/2)
}
