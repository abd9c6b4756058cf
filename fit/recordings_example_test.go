package fit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/npy"
)

// simulated are features of stimuli, and recordings of neuroids that are driven by
// the features, with noise of the given standard deviation in every trial.
func simulated(stimuli, features, neuroids, repetitions int, noise float64) (*mat.Dense, *fit.Assembly) {
	rng := rand.New(rand.NewPCG(1, 1))
	normal := func(rows, cols int) *mat.Dense {
		m := mat.NewDense(rows, cols, nil)
		m.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, m)
		return m
	}
	x, weights := normal(stimuli, features), normal(features, neuroids)
	var signal mat.Dense
	signal.Mul(x, weights)
	a := &fit.Assembly{Region: "V4", Repetitions: repetitions}
	for j := range neuroids {
		a.Neuroids = append(a.Neuroids, fmt.Sprintf("unit%02d", j))
	}
	for s := range stimuli {
		a.StimulusIDs = append(a.StimulusIDs, fmt.Sprintf("image%03d", s))
		for range repetitions {
			for j := range neuroids {
				a.Responses = append(a.Responses, signal.At(s, j)+noise*rng.NormFloat64())
			}
		}
	}
	return x, a
}

// Recordings are written so that another program finds them, and read back; a
// table beside them names the regions.
func ExampleReadAssembly() {
	dir, err := os.MkdirTemp("", "ventral")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "responses.npz")
	_, a := simulated(50, 3, 6, 4, 1)
	a.Region = "" // to be told by the table
	if err := a.Write(path); err != nil {
		fmt.Println(err)
		return
	}
	neuroids := filepath.Join(dir, "neuroids.csv")
	table := "neuroid_id,region\nunit00,V4\nunit01,V4\nunit02,V4\nunit03,IT\nunit04,IT\nunit05,IT\n"
	if err := os.WriteFile(neuroids, []byte(table), 0o666); err != nil {
		fmt.Println(err)
		return
	}

	o := fit.ReadOptions{NeuroidTable: neuroids}
	regions, err := fit.Regions(path, o)
	fmt.Println(regions, err)
	o.Region = "IT"
	it, err := fit.ReadAssembly(path, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %d stimuli × %d repetitions × %d neuroids, from %s\n", it.Region, len(it.StimulusIDs), it.Repetitions, len(it.Neuroids), it.Neuroids[0])
	// Output:
	// [IT V4] <nil>
	// IT: 50 stimuli × 4 repetitions × 3 neuroids, from unit03
}

// An array that says nothing of itself: its axes are named when it is read.
func ExampleReadOptions() {
	dir, err := os.MkdirTemp("", "ventral")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "v4.npy") // as np.save writes it
	spikes := []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	if err := npy.WriteFile(path, []int{2, 3, 2}, spikes); err != nil {
		fmt.Println(err)
		return
	}
	a, err := fit.ReadAssembly(path, fit.ReadOptions{Region: "V4", Axes: []string{"neuroid", "stimulus", "repetition"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("mean of stimulus 1 over repetitions, both neuroids:", a.Mean().RawRowView(1))
	for _, note := range a.Notes {
		fmt.Println("note:", note)
	}
	// Output:
	// mean of stimulus 1 over repetitions, both neuroids: [2.5 8.5]
	// note: the file names no regions: all its neuroids are taken as V4
	// note: the file names no stimuli: they are called 0 … 2 in its order
}

// What of a file is wanted, by its coordinates.
func ExampleParseSelect() {
	conditions, err := fit.ParseSelect(`region=IT, animal=Chabo|Tito, x>=1.5`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range conditions {
		fmt.Println(c.Coordinate, c.Compare, c.Values)
	}
	_, err = fit.ParseSelect("region")
	fmt.Println(err)
	// Output:
	// region = [IT]
	// animal = [Chabo Tito]
	// x >= [1.5]
	// selection "region": no comparison at "region"; expected conditions like region=IT,animal=Chabo|Tito,x>=1.5
}

// How well responses predict themselves, and the neuroids that do so best.
func ExampleSplitHalf() {
	_, a := simulated(60, 3, 20, 10, 6)
	c, err := fit.SplitHalf(a, fit.SplitHalfOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("ceiling %.2f (r of halves %.2f)\n", c.Ceiling, c.SplitHalf)
	reliable, err := a.Reliable(.6, fit.SplitHalfOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d of %d neuroids reach .6\n", len(reliable.Neuroids), len(a.Neuroids))
	fmt.Println("note:", reliable.Notes[0])
	// Output:
	// ceiling 0.47 (r of halves 0.34)
	// 2 of 20 neuroids reach .6
	// note: 18 of 20 neuroids, whose split-half reliability (Spearman–Brown corrected, 10 splits) is below 0.6 or undefined, are left out: unit00, unit01, unit02, unit03, unit05 and 13 more; the reliability was computed from the same responses that are scored
}

// Features of more stimuli than were recorded, in another order, find theirs by
// the stimulus_id.
func ExampleAlign() {
	_, a := simulated(3, 2, 1, 2, 0)
	rows, err := fit.Align([]string{"image002", "image001", "image000", "image777"}, a)
	fmt.Println(rows, err)
	fmt.Println("note:", a.Notes[0])
	_, err = fit.Align([]string{"image000", "image001"}, a)
	fmt.Println(err)
	// Output:
	// [2 1 0] <nil>
	// note: features of 1 of 4 stimuli are not used: the recordings do not have these stimuli
	// 1 of 3 stimulus_ids of the recordings have no features (there are 2): image002; features are called like "image000"
}

// Layers side by side, of the stimuli that were recorded.
func ExampleJoin() {
	early, late := mat.NewDense(4, 2, []float64{1, 2, 3, 4, 5, 6, 7, 8}), mat.NewDense(4, 1, []float64{10, 20, 30, 40})
	both := fit.Rows(fit.Join(fit.Dense(early), fit.Dense(late)), []int{3, 0})
	stimuli, features := both.Dims()
	x := mat.NewDense(stimuli, features, nil)
	if err := both.Columns(x, 0); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mat.Formatted(x))
	// Output:
	// ⎡ 7   8  40⎤
	// ⎣ 1   2  10⎦
}

// Every layer of a folder of arrays, each opened when it is asked for and read by
// blocks of columns.
func ExampleOpenFeatures() {
	dir, err := os.MkdirTemp("", "ventral")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, layer := range []string{"conv1", "conv2"} {
		if err := npy.WriteFile(filepath.Join(dir, layer+".npy"), []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}); err != nil {
			fmt.Println(err)
			return
		}
	}

	f, err := fit.OpenFeatures(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	for _, name := range f.Layers {
		layer, err := f.Layer(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		stimuli, features := layer.Dims()
		fmt.Printf("%s: %d stimuli × %d features\n", name, stimuli, features)
	}
	// Output:
	// conv1: 2 stimuli × 3 features
	// conv2: 2 stimuli × 3 features
}

// Single trials that were kept in another order than the means are put beside them
// by the names of stimuli and neuroids.
func ExampleAlignTrials() {
	means := &fit.Assembly{StimulusIDs: []string{"a", "b"}, Neuroids: []string{"u0"}, Repetitions: 1, Responses: []float64{1, 2}}
	trials := &fit.Assembly{StimulusIDs: []string{"b", "a"}, Neuroids: []string{"u0"}, Repetitions: 2, Responses: []float64{1.9, 2.1, .8, 1.2}}
	aligned, err := fit.AlignTrials(trials, means)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(aligned.StimulusIDs, aligned.Responses)
	// Output: [a b] [0.8 1.2 1.9 2.1]
}
