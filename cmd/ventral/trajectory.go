package main

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"

	"ventral/internal/npy"
	"ventral/plasticity"
)

// measureColumns are the measures as trajectory.npz, trajectory.csv and
// runs.csv name them.
var measureColumns = []struct {
	name string
	of   func(plasticity.Measures) float64
}{
	{"snr", func(m plasticity.Measures) float64 { return m.SNR }},
	{"inverse_snr", func(m plasticity.Measures) float64 { return m.InverseSNR }},
	{"mean_to_sd", func(m plasticity.Measures) float64 { return m.MeanToSD }},
	{"mean_norm", func(m plasticity.Measures) float64 { return m.MeanNorm }},
	{"mean_cosine", func(m plasticity.Measures) float64 { return m.MeanCosine }},
	{"filter_norm", func(m plasticity.Measures) float64 { return m.FilterNorm }},
	{"drift", func(m plasticity.Measures) float64 { return m.Drift }},
}

// writeTrajectory writes trajectory.npz, trajectory.csv and the plot:
//
//	step, eta, snr, …           one value for each record
//	weights_step, weights       the records that hold weights, records × n × d
//	weights_end                 n × d
//	fixed_point                 n × d, where the rule has one
//	lateral, thresholds         n × n and n, of foldiak at the end
func (r *plasticityRun) writeTrajectory(f *runFolder, th theory) error {
	records := r.rec.Measures
	z, err := npy.CreateZip(f.path("trajectory.npz"))
	if err != nil {
		return err
	}
	defer z.Abort()
	steps, eta := make([]int64, len(records)), make([]float64, len(records))
	header, rows := []string{"step", "eta"}, make([][]string, len(records))
	for i, m := range records {
		steps[i], eta[i] = int64(m.Step), r.Rate(m.Step)
		rows[i] = []string{strconv.Itoa(m.Step), exact(eta[i])}
	}
	add := func(name string, shape []int, data []float64) {
		npy.AddEntry(z, name, shape, data) // z keeps the first error
	}
	npy.AddEntry(z, "step", []int{len(steps)}, steps)
	add("eta", []int{len(eta)}, eta)
	for _, c := range measureColumns {
		values := make([]float64, len(records))
		header = append(header, c.name)
		for i, m := range records {
			values[i] = c.of(m)
			rows[i] = append(rows[i], exact(values[i]))
		}
		add(c.name, []int{len(values)}, values)
	}
	n, d := len(r.w), len(r.w[0])
	var at []int64
	weights := make([]float64, 0, len(r.rec.Snapshots)*n*d)
	for _, s := range r.rec.Snapshots {
		at = append(at, int64(s.Step))
		for _, w := range s.W {
			weights = append(weights, w...)
		}
	}
	npy.AddEntry(z, "weights_step", []int{len(at)}, at)
	add("weights", []int{len(at), n, d}, weights)
	add("weights_end", []int{n, d}, slices.Concat(r.w...))
	if own, ok := r.Experiment.Rule.(*plasticity.Foldiak); ok {
		add("lateral", []int{n, n}, slices.Concat(own.Lateral...))
		add("thresholds", []int{n}, own.Thresholds)
	}
	if th.end != nil {
		add("fixed_point", []int{n, d}, slices.Concat(th.end...))
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := f.writeCSV(header, rows, "trajectory.csv"); err != nil {
		return err
	}
	fig, err := r.figure(th)
	if err != nil {
		return err
	}
	return fig.write(f, "plot")
}

// exact is the shortest text that reads back as v.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// figure draws the scatter of a run's filters, and how they differ from those of
// the start; first the one that tells more of the rule.
func (r *plasticityRun) figure(th theory) (*figurePage, error) {
	records := r.rec.Measures
	xs := make([]float64, len(records))
	for i, m := range records {
		xs[i] = float64(m.Step)
	}
	series := func(of func(plasticity.Measures) float64) []float64 {
		ys := make([]float64, len(records))
		for i, m := range records {
			ys[i] = of(m)
		}
		return ys
	}
	snr := newPlot("scatter of the filters around their mean", "step", "log10 inverse SNR")
	if err := addLine(snr, r.name, palette[0], xs, series(func(m plasticity.Measures) float64 { return math.Log10(m.InverseSNR) })); err != nil {
		return nil, err
	}
	if th.end != nil {
		floor := math.Log10(plasticity.InverseSNR(th.end))
		if err := addFloor(snr, "fixed point", color.Black, floor, xs[len(xs)-1]); err != nil {
			return nil, err
		}
	}
	roomAbove(snr, .2)
	snr.Legend.Top = true
	norms := newPlot("filters against those of the start", "step", "")
	for i, c := range []struct {
		name string
		of   func(plasticity.Measures) float64
	}{
		{"norm of the mean filter (relative)", func(m plasticity.Measures) float64 { return m.MeanNorm }},
		{"cosine to the first mean filter", func(m plasticity.Measures) float64 { return m.MeanCosine }},
		{"drift (relative)", func(m plasticity.Measures) float64 { return m.Drift }},
		{"mean norm of a filter (relative)", func(m plasticity.Measures) float64 { return m.FilterNorm / records[0].FilterNorm }},
	} {
		if err := addLine(norms, c.name, palette[i], xs, series(c.of)); err != nil {
			return nil, err
		}
	}
	roomAbove(norms, .6)
	norms.Legend.Top = true
	panels := []*plot.Plot{norms, snr}
	if th.end != nil { // the scatter is what the rule is about
		panels = []*plot.Plot{snr, norms}
	}
	return &figurePage{rows: [][]*plot.Plot{panels}}, nil
}
