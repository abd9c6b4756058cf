package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"ventral/internal/npy"
	"ventral/network"
)

// reductionFlags are the flags that make a layer's features fewer: positions
// are pooled first, then what is left is projected.
type reductionFlags struct {
	pool      string
	project   int
	pca       int
	pcaImages string
	seed      uint64
}

func (r *reductionFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&r.pool, "pool", "", "mean or max: of every channel over its positions, before anything else")
	heading(flags, "pool", "Fewer features")
	oneOf(flags, "pool", "mean", "max")
	flags.IntVar(&r.project, "project", 0, "features per layer, by a sparse random projection; layers that have no more are kept (0: none)")
	flags.IntVar(&r.pca, "pca", 0, "principal components per layer, fitted on --pca-images; layers that have no more features are kept (0: none)")
	flags.StringVar(&r.pcaImages, "pca-images", "", "folder, zip, tar or tar.gz of other images, or cifar10:PATH, folder:PATH … as in ventral train; more than --pca")
	flags.Uint64Var(&r.seed, "seed", 1, "seed of --project")
}

// check returns a usage error for values that make no reduction.
func (r *reductionFlags) check() error {
	switch {
	case r.project < 0:
		return misused("--project is %d, expected 0 (none) or more features", r.project)
	case r.pca < 0:
		return misused("--pca is %d, expected 0 (none) or more components", r.pca)
	case r.project > 0 && r.pca > 0:
		return misused("--project and --pca exclude each other: choose one")
	case r.pca > 0 && r.pcaImages == "":
		return misused("--pca needs --pca-images: the components are fitted on other images than those they are applied to")
	case r.pca == 0 && r.pcaImages != "":
		return misused("--pca-images needs --pca, the number of components")
	}
	return nil
}

func (r *reductionFlags) any() bool { return r.pool != "" || r.project > 0 || r.pca > 0 }

// An aboutReduction describes the reduction in run.json.
type aboutReduction struct {
	Pool   string `json:"pool,omitempty"`
	Method string `json:"method,omitempty"`
	Source string `json:"source,omitempty"`
	Saved  string `json:"saved,omitempty"`
}

func (r *reductionFlags) about() *aboutReduction {
	if !r.any() {
		return nil
	}
	a := &aboutReduction{Pool: r.pool}
	switch {
	case r.project > 0:
		a.Method = fmt.Sprintf("%d features y = sum of value·x[feature] over a sparse random matrix of density 1/√features, drawn from seed %d, layer and feature", r.project, r.seed)
		a.Source = "Li, Hastie & Church 2006, Very sparse random projections, KDD"
		a.Saved = reductionName + ": LAYER.output, LAYER.feature, LAYER.value, the entries that are not zero"
	case r.pca > 0:
		a.Method = fmt.Sprintf("y = components·(x − mean), %d principal components of the activations to the PCA images, the largest element of each positive", r.pca)
		a.Source = "Jolliffe 2002, Principal Component Analysis, 2nd ed., section 3.5"
		a.Saved = reductionName + ": LAYER.mean, LAYER.components, LAYER.variance, LAYER.total_variance"
	}
	return a
}

const reductionName = "reduction.npz"

// plan begins the layers that are written: it pools, and draws the projections.
// projected are those that components are still to be fitted for.
func (r *reductionFlags) plan(model responder, layers []string) (out []layerOut, projected []int, err error) {
	for _, name := range layers {
		shape, _ := model.LayerShape(name)
		l := layerOut{name: name, shape: shape, axes: []int{shape.Channels, shape.Height, shape.Width}}
		if r.pool != "" {
			p, err := network.NewPooling(r.pool, shape)
			if err != nil {
				return nil, nil, err
			}
			l.axes, l.kept, l.reduce = []int{p.Size()}, channels, append(l.reduce, p)
		}
		switch {
		case r.project > 0 && l.size() > r.project:
			l.add(network.NewProjection(r.seed, name, l.size(), r.project))
		case r.pca > 0 && l.size() > r.pca:
			projected = append(projected, len(out))
		}
		out = append(out, l)
	}
	return out, projected, nil
}

// add ends a layer's reductions.
func (l *layerOut) add(r network.Reduction) {
	l.reduce = append(slices.Clip(l.reduce), r)
	l.axes, l.kept = []int{r.Size()}, features
}

// bytes is the memory that the reductions need beside StreamBytes: their
// matrices and buffers, and where components are fitted to n images, the fit.
func (r *reductionFlags) bytes(out []layerOut, projected []int, n, batch int) int64 {
	var matrices, fit int64
	buffer := 0
	for i, l := range out {
		if len(l.reduce) > 0 {
			buffer = max(buffer, l.size())
		}
		if slices.Contains(projected, i) {
			matrices += 4 * int64(r.pca+1) * int64(l.size())
			fit = max(fit, network.PCABytes(n, l.size(), r.pca)-4*int64(r.pca+1)*int64(l.size()))
			matrices += 4 * 32 * int64(l.size())
			buffer = max(buffer, r.pca)
		}
	}
	return matrices + fit + 2*4*int64(batch)*int64(buffer)
}

// A reducer applies the reductions of layers, batch by batch.
type reducer struct {
	layers  map[string]layerOut
	buffers [2][]float32
}

func newReducer(layers []layerOut) *reducer {
	r := &reducer{layers: map[string]layerOut{}}
	for _, l := range layers {
		r.layers[l.name] = l
	}
	return r
}

// reduce returns what is written of a layer's rows, in memory that is used
// again.
func (r *reducer) reduce(layer string, rows []float32) []float32 {
	l := r.layers[layer]
	n := len(rows) / l.shape.Size()
	for i, step := range l.reduce {
		b := &r.buffers[i%2]
		if need := n * step.Size(); cap(*b) < need {
			*b = make([]float32, need)
		}
		to := (*b)[:n*step.Size()]
		step.Reduce(to, rows)
		rows = to
	}
	return rows
}

// fit computes the components of the projected layers from their activations to
// the images of src, which are collected on disk, beside what the run writes,
// and removed.
func (r *reductionFlags) fit(ctx context.Context, t *terminal, f *runFolder, model responder, src network.Source, batch int, out []layerOut, projected []int) error {
	var names []string
	var fitted []layerOut
	for _, i := range projected {
		names, fitted = append(names, out[i].name), append(fitted, out[i])
	}
	w, err := newArrayActivations(f, fitted, src.Len(), ".pca-")
	if err != nil {
		return err
	}
	defer func() {
		w.abort()
		for _, path := range w.paths {
			os.Remove(path)
		}
	}()
	b := t.bar("images for the components", src.Len(), "images")
	pooled := newReducer(fitted)
	err = model.StreamActivations(ctx, src, nil, names, batch, func(layer string, first int, rows []float32) error {
		b.at(first+imagesIn(model, layer, rows), "images for the components")
		return w.write(layer, pooled.reduce(layer, rows))
	})
	b.done()
	if err != nil {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	b = t.bar("components", len(projected), "layers")
	defer b.done()
	for at, i := range projected {
		if err := ctx.Err(); err != nil {
			return err
		}
		l := &out[i]
		b.at(at, l.name)
		debug.FreeOSMemory() // of the layer before, which takes as much
		p, err := fitLayer(w.paths[l.name], r.pca)
		if err != nil {
			return fmt.Errorf("layer %s: %w", l.name, err)
		}
		l.add(p)
		if err := os.Remove(w.paths[l.name]); err != nil {
			return err
		}
		less := ""
		if p.Size() < r.pca {
			less = fmt.Sprintf(", and no more along which the %d images differ", src.Len())
		}
		t.say("%s: %d components explain %s of the variance%s", l.name, p.Size(), percent(figure(p.Explained())), less)
	}
	return nil
}

func fitLayer(path string, k int) (*network.PCA, error) {
	x, err := npy.OpenMatrix(path)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	return network.FitPCA(x.Rows, x.Columns, k, func(first, last int, dst []float32) error {
		return npy.ReadColumns(x, first, last, dst)
	})
}

// save writes what repeats the reductions: reduction.npz, and reduction.csv
// with the numbers of features.
func (r *reductionFlags) save(f *runFolder, layers []layerOut) error {
	if !r.any() {
		return nil
	}
	var rows [][]string
	saved := false
	z, err := npy.CreateZip(f.path(reductionName))
	if err != nil {
		return err
	}
	defer z.Abort()
	for _, l := range layers {
		explained := ""
		for _, step := range l.reduce {
			switch s := step.(type) {
			case *network.PCA:
				explained = strconv.FormatFloat(s.Explained(), 'g', 6, 64)
				k, d := s.Size(), len(s.Mean)
				for _, err := range []error{
					npy.AddEntry(z, l.name+".mean", []int{d}, s.Mean),
					npy.AddEntry(z, l.name+".components", []int{k, d}, s.Components),
					npy.AddEntry(z, l.name+".variance", []int{k}, s.Variance),
					npy.AddEntry(z, l.name+".total_variance", nil, []float64{s.Total}),
				} {
					if err != nil {
						return err
					}
				}
				saved = true
			case *network.Projection:
				output, feature, value := s.Entries()
				for _, err := range []error{
					npy.AddEntry(z, l.name+".output", []int{len(output)}, output),
					npy.AddEntry(z, l.name+".feature", []int{len(feature)}, feature),
					npy.AddEntry(z, l.name+".value", []int{len(value)}, value),
				} {
					if err != nil {
						return err
					}
				}
				saved = true
			}
		}
		rows = append(rows, []string{l.name, strconv.Itoa(l.shape.Size()), strconv.Itoa(l.size()), explained})
	}
	if saved {
		if err := z.Close(); err != nil {
			return err
		}
	}
	return f.writeCSV([]string{"layer", "units", "features", "explained_variance"}, rows, "reduction.csv")
}
