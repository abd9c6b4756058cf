package fit

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"
)

// Features are the features of stimuli, n_stimuli × n_features, read a block of
// columns at a time: they need not be in memory. Whatever is computed from them
// is computed in one or a few passes over the blocks.
type Features interface {
	Dims() (stimuli, features int)
	// Columns sets dst, n_stimuli × n, to the features from … from+n−1 of all
	// stimuli. It is not called concurrently.
	Columns(dst *mat.Dense, from int) error
}

// Dense are features in memory, n_stimuli × n_features.
func Dense(x *mat.Dense) Features { return dense{x} }

type dense struct{ *mat.Dense }

func (d dense) Columns(dst *mat.Dense, from int) error {
	n, width := dst.Dims()
	for i := range n {
		copy(dst.RawRowView(i), d.RawRowView(i)[from:from+width])
	}
	return nil
}

// Rows are the given rows of features, in their order: those of the stimuli
// that were recorded. The rows of a block that are not among them are read and
// left.
func Rows(f Features, rows []int) Features {
	if d, ok := f.(dense); ok {
		return dense{gather(d.Dense, rows)}
	}
	return &selectedRows{Features: f, rows: rows}
}

type selectedRows struct {
	Features
	rows []int
}

func (r *selectedRows) Dims() (stimuli, features int) {
	_, features = r.Features.Dims()
	return len(r.rows), features
}

// Columns reads as many columns of all rows at once as a pass over all of them
// does, so that a few rows of many cost no more memory.
func (r *selectedRows) Columns(dst *mat.Dense, from int) error {
	n, _ := r.Features.Dims()
	_, width := dst.Dims()
	step := blockWidth(n, width)
	store := make([]float64, n*step)
	for at := 0; at < width; at += step {
		size := min(step, width-at)
		block := mat.NewDense(n, size, store[:n*size])
		if err := r.Features.Columns(block, from+at); err != nil {
			return err
		}
		for i, row := range r.rows {
			copy(dst.RawRowView(i)[at:at+size], block.RawRowView(row))
		}
	}
	return nil
}

func (r *selectedRows) buffer(width int) int64 {
	n, _ := r.Features.Dims()
	width = blockWidth(n, width)
	return float64s(n*width) + bufferOf(r.Features, width)
}

// oneAtATime lets several goroutines read features in turn.
type oneAtATime struct {
	Features
	sync.Mutex
}

func (f *oneAtATime) Columns(dst *mat.Dense, from int) error {
	f.Lock()
	defer f.Unlock()
	return f.Features.Columns(dst, from)
}

// Join are features side by side: all of the first, then all of the next. It
// panics where they have different numbers of stimuli.
func Join(parts ...Features) Features {
	if len(parts) == 1 {
		return parts[0]
	}
	j := &joined{parts: parts}
	for i, f := range parts {
		n, features := f.Dims()
		if i > 0 && n != j.stimuli {
			panic(fmt.Sprintf("fit: Join of features of %d and of %d stimuli", j.stimuli, n))
		}
		j.stimuli, j.first = n, append(j.first, j.features)
		j.features += features
	}
	return j
}

type joined struct {
	parts             []Features
	first             []int // feature of each part
	stimuli, features int
}

func (j *joined) Dims() (stimuli, features int) { return j.stimuli, j.features }

func (j *joined) Columns(dst *mat.Dense, from int) error {
	n, width := dst.Dims()
	for i, f := range j.parts {
		_, size := f.Dims()
		lo, hi := max(from, j.first[i]), min(from+width, j.first[i]+size)
		if lo >= hi {
			continue
		}
		// A block of its own, since a source may count on its elements lying side by side.
		block := mat.NewDense(n, hi-lo, nil)
		if err := f.Columns(block, lo-j.first[i]); err != nil {
			return err
		}
		dst.Slice(0, n, lo-from, hi-from).(*mat.Dense).Copy(block)
	}
	return nil
}

func (j *joined) buffer(width int) int64 {
	most := int64(0)
	for _, f := range j.parts {
		_, features := f.Dims()
		most = max(most, float64s(j.stimuli*min(width, features))+bufferOf(f, min(width, features)))
	}
	return most
}

// ReadingBytes is the memory that reading f block by block takes beside the
// block, where it is read from a file or only some of its rows are taken.
func ReadingBytes(f Features) int64 {
	n, features := f.Dims()
	return bufferOf(f, blockWidth(n, features))
}

// bufferOf is what f holds while it reads a block of the given width.
func bufferOf(f Features, width int) int64 {
	if b, ok := f.(interface{ buffer(width int) int64 }); ok {
		return b.buffer(width)
	}
	return 0
}

// widestBlock bounds the features that are read at once.
const widestBlock = 8192

// blockWidth is the number of features that are read at once: some 32 MB of
// them, for then reading costs little beside the products.
func blockWidth(stimuli, features int) int {
	return min(features, max(512, min(widestBlock, 1<<22/stimuli)))
}

// eachBlock calls use with all features, block by block, for it to change; from is
// the first feature of the block, which is overwritten by the next. A value that
// is not finite is an error that names the feature.
func eachBlock(ctx context.Context, f Features, use func(from int, block *mat.Dense) error) error {
	n, features := f.Dims()
	store := make([]float64, n*blockWidth(n, features))
	return walk(ctx, f, func(from, width int) (*mat.Dense, error) {
		block := mat.NewDense(n, width, store[:n*width])
		return block, f.Columns(block, from)
	}, func(from int, block *mat.Dense) error {
		if err := checkFinite(block, "feature", from); err != nil {
			return err
		}
		return use(from, block)
	})
}

// eachView is eachBlock for a use that changes nothing, and looks for values that
// are not finite itself, as centre does: features in memory are not copied.
func eachView(ctx context.Context, f Features, use func(from int, block *mat.Dense) error) error {
	x := inMemory(f)
	if x == nil {
		return eachBlock(ctx, f, use)
	}
	n, _ := x.Dims()
	return walk(ctx, f, func(from, width int) (*mat.Dense, error) {
		return x.Slice(0, n, from, from+width).(*mat.Dense), nil
	}, use)
}

// inMemory returns the features that are a matrix, or nil.
func inMemory(f Features) *mat.Dense {
	switch f := f.(type) {
	case dense:
		return f.Dense
	case *oneAtATime:
		return inMemory(f.Features)
	}
	return nil
}

// walk calls use with block after block of f.
func walk(ctx context.Context, f Features, block func(from, width int) (*mat.Dense, error), use func(from int, block *mat.Dense) error) error {
	n, features := f.Dims()
	step := blockWidth(n, features)
	for from := 0; from < features; from += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := block(from, min(step, features-from))
		if err != nil {
			return err
		}
		if err := use(from, b); err != nil {
			return err
		}
	}
	return nil
}

// centre sets dst to a block of features, from feature first on, in the given
// order of rows, less its means over the rows over (both nil: all), which it
// returns. A value that is not finite is an error that names the feature.
//
// A value that is not finite makes its mean one too, so only rows that are in no
// mean are looked at.
func centre(dst, block *mat.Dense, order, over []int, first int) (means []float64, err error) {
	n, cols := block.Dims()
	var rest []int
	if over != nil {
		rest = others(n, over)
	}
	means = make([]float64, cols)
	var doubtful atomic.Bool
	inBlocks(cols, wide, func(lo, hi int) {
		part := block.Slice(0, n, lo, hi).(*mat.Dense)
		mean := columnMeans(part, over)
		copy(means[lo:hi], mean)
		all := allFinite(mean)
		for _, i := range rest {
			all = all && allFinite(part.RawRowView(i))
		}
		if !all {
			doubtful.Store(true)
		}
		to, _ := dst.Dims()
		subtractRow(dst.Slice(0, to, lo, hi).(*mat.Dense), part, order, mean)
	})
	if doubtful.Load() {
		return means, checkFinite(block, "feature", first) // nil where only a sum is too large
	}
	return means, nil
}

// allFinite is false where there is a NaN or an infinity.
func allFinite(values []float64) bool {
	for _, v := range values {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// checkFinite returns an error that names the first column with a NaN or an
// infinity, and says how many columns have one; columns are counted from first.
func checkFinite(a *mat.Dense, what string, first int) error {
	rows, cols := a.Dims()
	var all atomic.Bool
	all.Store(true)
	inBlocks(rows, tall, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			if !allFinite(a.RawRowView(i)) {
				all.Store(false)
				return
			}
		}
	})
	if all.Load() {
		return nil
	}
	row := make(map[int]int) // column → first row with such a value
	column := cols
	for i := range rows {
		for j, v := range a.RawRowView(i) {
			if isFinite(v) {
				continue
			}
			if _, seen := row[j]; !seen {
				row[j] = i
				column = min(column, j)
			}
		}
	}
	return fmt.Errorf("%s %d is %g for the stimulus in row %d (of the %ss %d … %d, %d have values that are not finite): leave out the %ss or the stimuli",
		what, first+column, a.At(row[column], column), row[column], what, first, first+cols-1, len(row), what)
}
