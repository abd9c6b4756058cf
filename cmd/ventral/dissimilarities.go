package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
	"ventral/internal/npy"
)

// rdmStimuli is how many stimuli of a region the dissimilarity matrices of a run
// have at most: more could not be told apart in a figure.
const rdmStimuli = 160

// Dissimilarities are how the recordings of every region and the best layer of
// every network tell its stimuli apart: 1 − Pearson's r between the responses to
// two stimuli (Kriegeskorte, Mur and Bandettini 2008).
type dissimilarities struct {
	regions []*regionDissimilarities
	notes   []string // what is missing, in words
}

type regionDissimilarities struct {
	region     string
	rows       []int    // the stimuli, in the order of the matrices
	ids        []string // of these
	categories []string // of these; nil: not known, the order is that of a clustering
	recordings *fit.RDM
	networks   []string // in the order in which they are seen
	best       map[string]layerDissimilarity
}

type layerDissimilarity struct {
	layer string
	r     figure
	rdm   *fit.RDM
}

// newDissimilarities computes those of the recordings. Stimuli come by category
// where these are known, and else as a clustering of the first region that was
// shown them puts them; regions with the same stimuli have them in the same order.
func newDissimilarities(records []*record) *dissimilarities {
	d := &dissimilarities{}
	orders := map[string][]int{}
	for _, rec := range records {
		g := &regionDissimilarities{region: rec.assembly.Region, best: map[string]layerDissimilarity{}}
		d.regions = append(d.regions, g)
		categories := rec.categories()
		of := rec.stimuli.Digest()
		rows, known := orders[of]
		if !known {
			rows = pickRows(rec.stimuli.Len(), categories)
		}
		var err error
		if g.recordings, err = rdmOf(context.Background(), rec.responses, rows); err != nil {
			d.notes = append(d.notes, fmt.Sprintf("%s: there is no dissimilarity matrix of the recordings: %v", rec.title(), err))
			continue
		}
		if !known && categories == nil {
			order := clusterOrder(g.recordings)
			rows = byRow(rows, order)
			g.recordings = reordered(g.recordings, order)
		}
		orders[of] = rows
		g.rows, g.ids = rows, byRow(rec.assembly.StimulusIDs, rows)
		if categories != nil {
			g.categories = byRow(categories, rows)
		}
	}
	return d
}

// categories are the categories of the stimuli, or nil: a column of the stimuli's
// table or of the recordings that names some, or the classes of generated images.
func (r *record) categories() []string {
	usable := func(values []string) bool {
		distinct := map[string]bool{}
		for _, v := range values {
			distinct[v] = true
		}
		return len(distinct) >= 2 && 2*len(distinct) <= len(values)
	}
	for _, name := range []string{"category_name", "object_name", "category", "class"} {
		if r.table != nil {
			if values, ok := r.table.Column(name); ok && usable(byRow(values, r.rows)) {
				return byRow(values, r.rows)
			}
		}
		if values := r.assembly.Coordinates[name]; usable(values) {
			return values
		}
	}
	classes := r.stimuli.Classes()
	var values []string
	for i := range r.stimuli.Len() {
		label := r.stimuli.Label(i)
		if label < 0 || label >= len(classes) {
			return nil
		}
		values = append(values, classes[label])
	}
	if !usable(values) {
		return nil
	}
	return values
}

// pickRows takes at most rdmStimuli of n stimuli, evenly, sorted by category.
func pickRows(n int, categories []string) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	if categories != nil {
		slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(categories[a], categories[b]) })
	}
	picks := make([]int, min(n, rdmStimuli))
	for i := range picks {
		picks[i] = all[i*n/len(picks)]
	}
	return picks
}

// rdmOf is the dissimilarity matrix of some rows of x, n_stimuli × n_features.
func rdmOf(ctx context.Context, x *mat.Dense, rows []int) (*fit.RDM, error) {
	_, features := x.Dims()
	some := mat.NewDense(len(rows), features, nil)
	for i, row := range rows {
		some.SetRow(i, x.RawRowView(row))
	}
	return fit.ComputeRDM(ctx, fit.Dense(some), fit.CorrelationDistance)
}

// see takes notice of a layer that was scored on region i, whose activations are
// x: if it is the network's best so far, its dissimilarities are kept.
func (d *dissimilarities) see(ctx context.Context, i int, s layerScore, x *mat.Dense) {
	g := d.regions[i]
	before, seen := g.best[s.Network]
	if g.recordings == nil || seen && !(s.R > before.r) {
		return
	}
	if !seen {
		g.networks = append(g.networks, s.Network)
	}
	rdm, err := rdmOf(ctx, x, g.rows)
	if err != nil { // to some stimulus all its features are alike: there is no correlation
		rdm = nil
	}
	g.best[s.Network] = layerDissimilarity{s.Layer, s.R, rdm}
}

// write writes rdms.npz, an array REGION.recordings and REGION.NETWORK.LAYER for
// every matrix, n_stimuli × n_stimuli, and rdms.csv, which names their rows.
func (d *dissimilarities) write(f *runFolder) error {
	z, err := npy.CreateZip(f.path(rdmsName))
	if err != nil {
		return err
	}
	defer z.Abort()
	var rows [][]string
	for _, g := range d.regions {
		if g.recordings == nil {
			continue
		}
		add := func(name string, rdm *fit.RDM) {
			n := rdm.Stimuli
			square := make([]float32, n*n)
			for i := range n {
				for j := range n {
					square[i*n+j] = float32(rdm.At(i, j))
				}
			}
			npy.AddEntry(z, name, []int{n, n}, square) // z keeps the first error
		}
		add(g.region+".recordings", g.recordings)
		for _, network := range g.networks {
			if b := g.best[network]; b.rdm != nil {
				add(g.region+"."+network+"."+b.layer, b.rdm)
			}
		}
		for i, id := range g.ids {
			category := ""
			if g.categories != nil {
				category = g.categories[i]
			}
			rows = append(rows, []string{g.region, strconv.Itoa(i), id, category})
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.writeCSV([]string{"region", "row", "stimulus_id", "category"}, rows, rdmRowsName)
}

// reordered is a matrix with its stimuli in another order.
func reordered(r *fit.RDM, order []int) *fit.RDM {
	out := &fit.RDM{Stimuli: r.Stimuli, Features: r.Features, Notes: r.Notes}
	for i := range order {
		for j := i + 1; j < len(order); j++ {
			out.Values = append(out.Values, r.At(order[i], order[j]))
		}
	}
	return out
}

// clusterOrder is the order of the leaves of an average-linkage tree (UPGMA, Sokal
// and Michener 1958): what is alike stands together. Of two clusters that are
// joined the one with the earlier stimulus comes first.
func clusterOrder(r *fit.RDM) []int {
	n := r.Stimuli
	clusters := make([][]int, n)
	distance := make([][]float64, n)
	for i := range n {
		clusters[i] = []int{i}
		distance[i] = make([]float64, n)
		for j := range n {
			distance[i][j] = r.At(i, j)
		}
	}
	for range n - 1 {
		a, b := -1, -1
		for i := range n {
			for j := i + 1; j < n; j++ {
				if clusters[i] != nil && clusters[j] != nil && (a < 0 || distance[i][j] < distance[a][b]) {
					a, b = i, j
				}
			}
		}
		na, nb := float64(len(clusters[a])), float64(len(clusters[b]))
		for k := range n {
			mean := (na*distance[a][k] + nb*distance[b][k]) / (na + nb)
			distance[a][k], distance[k][a] = mean, mean
		}
		clusters[a], clusters[b] = append(clusters[a], clusters[b]...), nil
	}
	return clusters[0]
}
