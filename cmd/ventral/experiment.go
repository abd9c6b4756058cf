package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"gonum.org/v1/gonum/mat"

	"ventral/network"
	"ventral/stimuli"
)

// An experiment is the main job: it trains networks on images, shows them the
// stimuli of recordings, and scores how well every layer predicts every region.
type experiment struct {
	title, question string
	simulated       bool
	models          []modelSpec
	images          imageSets
	records         []*record
	training        trainingFlags
	scoring         scoringFlags
	dissimilar      *dissimilarities // of recordings and layers, for the report
	about           description
}

// run does the job and leaves everything in the folder.
func (e *experiment) run(ctx context.Context, t *terminal, f *runFolder, r *results, scorers []*regionScorer) error {
	if f.resumed {
		t.say("going on with the interrupted run in %s", f.shown())
	}
	clock := newStopwatch()
	if e.simulated {
		if err := writeSimulated(f, e.records); err != nil {
			return err
		}
	}

	b := t.bar("scoring the pixels", len(e.records), "regions")
	defer b.done()
	for i, rec := range e.records { // the pixels: what every network must beat
		x, features, err := pixelMatrix(rec.stimuli)
		if err != nil {
			return err
		}
		if err := scorers[i].score(ctx, r, pixelsName, "input", features, x); err != nil {
			return err
		}
		e.dissimilar.see(ctx, i, r.last(), x)
		b.at(i+1, "scoring the pixels")
	}
	b.done()
	clock.lap("pixels")

	tr, err := newTrainer(e.training, e.images)
	if err != nil {
		return err
	}
	for _, spec := range e.models {
		dir := f.path("models", fileName(spec.Name))
		model, trained, err := tr.run(ctx, t, dir, spec)
		if err != nil {
			return err
		}
		r.Networks = append(r.Networks, trained)
		clock.lap("train " + spec.Name)
		if err := e.scoreNetwork(ctx, t, f, r, scorers, tr, model, spec.Name); err != nil {
			return err
		}
		clock.lap("score " + spec.Name)
	}
	markBest(r.Scores)
	for _, g := range r.Regions {
		undefined, most := 0, 0
		for _, s := range r.Scores {
			if s.Region == g.Region && s.Undefined > 0 {
				undefined++
				most = max(most, s.Undefined)
			}
		}
		if undefined > 0 {
			r.Reservation = append(r.Reservation, fmt.Sprintf("%s: in %d layers some correlations (split × neuroid, at most %d) do not exist, for constant responses or predictions, and are left out of the medians.", g.title(), undefined, most))
		}
	}
	if err := e.examples(f, r); err != nil {
		return err
	}
	if err := e.write(f, r); err != nil {
		return err
	}
	if err := writeReport(ctx, f.dir); err != nil {
		return fmt.Errorf("the report: %w", err)
	}
	clock.lap("report")
	if err := f.writeCSV([]string{"stage", "seconds"}, clock.laps, "timing.csv"); err != nil {
		return err
	}
	if err := f.finish(); err != nil {
		return err
	}
	return t.result(struct {
		Run string `json:"run"`
		*results
	}{f.name, r}, func() {
		r.write(t.out)
		fmt.Fprintf(t.out, "\nThe run is in %s; open %s in a browser.\n", f.name, reportPath(f.name))
	})
}

// scoreNetwork writes and scores the activations of every layer of a network
// to every region's stimuli. One region's activations are held at a time.
func (e *experiment) scoreNetwork(ctx context.Context, t *terminal, f *runFolder, r *results, scorers []*regionScorer, tr *trainer, model *network.Model, name string) error {
	layers := model.LayerNames()
	b := t.bar("scoring "+name, len(layers)*len(e.records), "layers")
	defer b.done()
	for i, rec := range e.records {
		acts, err := model.Activations(ctx, tr.prepared(rec.stimuli), nil, layers, 0)
		if err != nil {
			return err
		}
		region := rec.assembly.Region
		if err := writeActivations(f, acts, model, rec.stimuli, layers, "activations", fileName(name), fileName(region)); err != nil {
			return err
		}
		for j, layer := range layers {
			shape, _ := model.LayerShape(layer)
			b.at(i*len(layers)+j, fmt.Sprintf("%s %s → %s", name, layer, region))
			x := toDense(acts[layer], rec.stimuli.Len(), shape.Size())
			if err := scorers[i].score(ctx, r, name, layer, shape.Size(), x); err != nil {
				return err
			}
			e.dissimilar.see(ctx, i, r.last(), x)
		}
	}
	return nil
}

// examples writes pictures of the first images of every class and of stimuli of
// every region.
func (e *experiment) examples(f *runFolder, r *results) error {
	add := func(name, caption string, simulated bool, set stimuli.Set, picks []int) error {
		m, err := stimuli.ContactSheet(set, picks, exampleColumns, 2)
		if err != nil {
			return err
		}
		data, err := encodePNG(m)
		if err != nil {
			return err
		}
		p, err := f.file("examples", name+".png")
		if err != nil {
			return err
		}
		shown := exampleFile{Caption: caption, File: "examples/" + name + ".png", Simulated: simulated}
		for _, i := range picks {
			shown.Stimuli = append(shown.Stimuli, set.ID(i))
		}
		r.Examples = append(r.Examples, shown)
		return writeFile(p, data)
	}
	classes := len(e.images.train.Classes())
	var picks []int
	for c, found := 0, 0; c < classes; c++ {
		found = 0
		for i := 0; i < e.images.train.Len() && found < 2; i++ {
			if e.images.train.Label(i) == c {
				picks = append(picks, i)
				found++
			}
		}
	}
	if err := add("images", "training images, two of each class", e.images.generated(), e.images.train, picks); err != nil {
		return err
	}
	for i, rec := range e.records {
		regions, simulated := []string{rec.assembly.Region}, rec.simulated
		shownBefore := false
		for j, other := range e.records { // regions may share their stimuli
			if j != i && other.stimuli.Digest() == rec.stimuli.Digest() {
				regions, simulated = append(regions, other.assembly.Region), simulated || other.simulated
				shownBefore = shownBefore || j < i
			}
		}
		if shownBefore {
			continue
		}
		n := rec.stimuli.Len()
		picks := make([]int, min(n, 20))
		for k := range picks {
			picks[k] = k * n / len(picks)
			if n > 2*len(picks) {
				picks[k] = (picks[k] + k) % n // not always of one class, where these alternate
			}
		}
		if err := add("stimuli-"+fileName(regions[0]), "stimuli of "+joined(regions)+", as the networks see them", simulated, rec.stimuli, picks); err != nil {
			return err
		}
	}
	return nil
}

// write writes everything that the results are, as tables, JSON and arrays.
func (e *experiment) write(f *runFolder, r *results) error {
	var rows [][]string
	for _, s := range r.Scores {
		ceiling := figure(0)
		for _, g := range r.Regions {
			if g.Region == s.Region {
				ceiling = g.Ceiling
			}
		}
		rows = append(rows, []string{s.Network, s.Layer, s.Region, strconv.Itoa(s.Features), s.R.csv(), s.Error.csv(), ceiling.csv(), s.Ceiled.csv(), r.Convention, strconv.FormatBool(s.Negative), strconv.Itoa(s.Undefined), strconv.FormatBool(s.Best)})
	}
	header := []string{"network", "layer", "region", "n_features", "r", "error", "ceiling", "ceiled", "convention", "negative", "undefined", "best"}
	if err := f.writeCSV(header, rows, "scores.csv"); err != nil {
		return err
	}
	rows = nil
	for _, s := range r.Scores {
		names := e.neuroids(s.Region)
		for i, v := range s.perNeuroid {
			cell := ""
			if !math.IsNaN(v) {
				cell = exact(v)
			}
			rows = append(rows, []string{s.Network, s.Layer, s.Region, names[i], cell})
		}
	}
	if err := f.writeCSV([]string{"network", "layer", "region", "neuroid", "r"}, rows, neuroidsName); err != nil {
		return err
	}
	rows = nil
	for _, n := range r.Networks {
		rows = append(rows, []string{n.Name, strconv.Itoa(n.Parameters), strconv.Itoa(n.Updates), n.TestAccuracy.csv(), n.SharingSNR.csv()})
	}
	if err := f.writeCSV([]string{"network", "n_parameters", "updates", "test_accuracy", "sharing_snr"}, rows, "networks.csv"); err != nil {
		return err
	}
	if err := e.dissimilar.write(f); err != nil {
		return err
	}
	return f.writeJSON(r, resultsName)
}

// neuroids are the names of a region's neuroids.
func (e *experiment) neuroids(region string) []string {
	for _, rec := range e.records {
		if rec.assembly.Region == region {
			return rec.assembly.Neuroids
		}
	}
	return nil
}

// prepare makes ready what scores every layer: each region's splits and its
// ceiling.
func (e *experiment) prepare() (*results, []*regionScorer, error) {
	r := &results{Title: e.title, Question: e.question, Simulated: e.simulated, Regression: e.scoring.words(), Convention: string(e.scoring.conventionOf())}
	var scorers []*regionScorer
	for _, rec := range e.records {
		s, g, err := newRegionScorer(rec, e.scoring, splitSeed(e.training.seed))
		if err != nil {
			return nil, nil, fmt.Errorf("recordings of %s: %w", rec.assembly.Region, err)
		}
		scorers = append(scorers, s)
		r.Regions = append(r.Regions, g)
		for _, note := range g.notes {
			r.Reservation = append(r.Reservation, g.title()+": "+note+".")
		}
		if g.Repetitions < 2 {
			r.Reservation = append(r.Reservation, g.title()+": a single repetition, so there is no ceiling and no ceiled score.")
		}
		if g.ceilingUndefined > 0 {
			r.Reservation = append(r.Reservation, fmt.Sprintf("%s: %d correlations between halves (split × neuroid) do not exist and are left out of the ceiling.", g.title(), g.ceilingUndefined))
		}
		for _, note := range rec.assembly.Notes {
			r.Reservation = append(r.Reservation, g.Region+": "+note)
		}
	}
	r.Reservation = append(r.Reservation, "the best layer is chosen on the stimuli that its score is reported on, which favours networks with more layers a little.")
	e.dissimilar = newDissimilarities(e.records)
	r.Reservation = append(r.Reservation, e.dissimilar.notes...)
	if e.simulated {
		r.Reservation = append(r.Reservation, "V1, V4 and IT are simulated: the figures test the method and say nothing about brains.")
	}
	return r, scorers, nil
}

// pixelMatrix is the stimuli themselves as features, n_stimuli × pixels.
func pixelMatrix(set stimuli.Set) (*mat.Dense, int, error) {
	c, h, w := set.Shape()
	pixels := make([]float32, set.Len()*c*h*w)
	for i := range set.Len() {
		if err := set.Pixels(i, pixels[i*c*h*w:(i+1)*c*h*w]); err != nil {
			return nil, 0, err
		}
	}
	return toDense(pixels, set.Len(), c*h*w), c * h * w, nil
}

// toDense is a float32 matrix in float64.
func toDense(values []float32, rows, cols int) *mat.Dense {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return mat.NewDense(rows, cols, wide)
}

// A stopwatch notes how long the stages of a run took.
type stopwatch struct {
	last time.Time
	laps [][]string
}

func newStopwatch() *stopwatch { return &stopwatch{last: time.Now()} }

func (s *stopwatch) lap(stage string) {
	now := time.Now()
	s.laps = append(s.laps, []string{stage, strconv.FormatFloat(now.Sub(s.last).Seconds(), 'f', 2, 64)})
	s.last = now
}
