package network

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
)

// Batches come whole and in order, in the memory of two; the next is read while
// one is used; and the first error, whoever's it is, ends it with no reader left.
func TestLoader(t *testing.T) {
	indices := []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11}
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		failing, refused, cancelled int // index that cannot be read, batches after which use and the context end it
		used                        int // indices
		want                        error
	}{
		"all":       {-1, -1, -1, 11, nil},
		"first":     {9, -1, -1, 0, broken},
		"unread":    {3, -1, -1, 4, broken},
		"last":      {11, -1, -1, 8, broken},
		"refused":   {-1, 2, -1, 8, broken},
		"at end":    {-1, 3, -1, 11, broken},
		"cancelled": {-1, -1, 1, 4, context.Canceled},
		"before":    {-1, -1, 0, 0, context.Canceled},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if c.cancelled == 0 {
			cancel()
		}
		var l loader
		var reading atomic.Int32
		var used []int
		begun := make(chan struct{}, 9)
		batches := 0
		err := l.each(ctx, indices, 4, func(into batch, part []int) batch {
			if reading.Add(1) > 1 {
				t.Errorf("%s: two batches are read at a time", name)
			}
			defer reading.Add(-1)
			begun <- struct{}{}
			into.labels, into.err = append(into.labels[:0], part...), nil
			if slices.Contains(part, c.failing) {
				into.err = broken
			}
			return into
		}, func(first int, b batch) error {
			if first != len(used) {
				t.Errorf("%s: a batch begins at %d, want %d", name, first, len(used))
			}
			<-begun
			if first+4 < len(indices) {
				<-begun // the next: it would never come if it were read afterwards
				begun <- struct{}{}
			}
			used = append(used, b.labels...)
			batches++
			if batches == c.cancelled {
				cancel()
			}
			if batches == c.refused {
				return broken
			}
			return nil
		})
		cancel()
		if !errors.Is(err, c.want) || !slices.Equal(used, indices[:c.used]) {
			t.Errorf("%s: used %v, %v", name, used, err)
		}
		if reading.Load() != 0 || len(l.spare) > 2 {
			t.Errorf("%s: %d batches are still read, %d are kept", name, reading.Load(), len(l.spare))
		}
	}
	if err := new(loader).each(t.Context(), nil, 4, nil, nil); err != nil {
		t.Error(err)
	}
}
