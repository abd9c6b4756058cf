package network

import (
	"cmp"
	"context"
)

// A loader reads batches ahead of their use, in memory that it uses again.
type loader struct{ spare []batch }

// each calls use with the images at the indices, size of them at a time, as
// read fills batches of them, and with where in indices a batch begins. While use
// has one, the next is read. It ends with the first error: of a batch, of the
// context, which is asked before each, or of use. No reading outlives it.
func (l *loader) each(ctx context.Context, indices []int, size int, read func(into batch, part []int) batch, use func(first int, b batch) error) error {
	next := make(chan batch, 1)
	begin := func(first int) {
		var into batch
		if last := len(l.spare) - 1; last >= 0 {
			into, l.spare = l.spare[last], l.spare[:last]
		}
		part := indices[first:min(first+size, len(indices))]
		go func() { next <- read(into, part) }()
	}
	if len(indices) > 0 {
		begin(0)
	}
	for first := 0; first < len(indices); first += size {
		b, more := <-next, first+size < len(indices)
		err := cmp.Or(b.err, ctx.Err())
		if err == nil {
			if more {
				begin(first + size)
			}
			if err = use(first, b); err != nil && more {
				l.spare = append(l.spare, <-next)
			}
		}
		l.spare = append(l.spare, b)
		if err != nil {
			return err
		}
	}
	return nil
}

// allOf are the indices of all images.
func allOf(src Source) []int {
	all := make([]int, src.Len())
	for i := range all {
		all[i] = i
	}
	return all
}
