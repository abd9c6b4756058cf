package stimuli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// countdown is a context that is done when it was asked so many times.
type countdown struct {
	context.Context
	left *atomic.Int64
}

func (c countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// Opening a set of any kind, from any container, ends wherever its context is done,
// and takes no image for damaged. Once it is open the context does not matter.
func TestOpeningStops(t *testing.T) {
	dir := t.TempDir()
	for i, part := range []string{"train/a/1", "train/a/2", "train/b/1", "train/b/2", "test/a/1", "test/b/1"} {
		write(t, dir, part+".png", pngOf(t, 5, 4, byte(i)))
	}
	mnist := write(t, t.TempDir(), "train-images-idx3-ubyte", idx([]byte{1, 2, 3, 4, 5, 6}, 1, 2, 3), "train-labels-idx1-ubyte", idx([]byte{2}, 1),
		"t10k-images.idx3-ubyte", idx([]byte{1, 2, 3, 4, 5, 6}, 1, 2, 3), "t10k-labels.idx1-ubyte", idx([]byte{0}, 1))
	cifar := write(t, t.TempDir(), "c/data_batch_1.bin", records(3, 4), "c/data_batch_2.bin", records(5), "c/test_batch.bin", records(4))
	for name, kind := range map[string]struct {
		dir  string
		open func(ctx context.Context, path string, o ImageOptions) (Set, error)
	}{
		"folders of classes": {dir, func(ctx context.Context, path string, o ImageOptions) (Set, error) {
			train, _, err := OpenFolder(ctx, path, o)
			return train, err
		}},
		"images": {dir, func(ctx context.Context, path string, o ImageOptions) (Set, error) {
			set, _, err := OpenImages(ctx, path, o)
			return set, err
		}},
		"pictures": {dir, func(ctx context.Context, path string, o ImageOptions) (Set, error) {
			o.Short = 4
			set, _, err := OpenImages(ctx, path, o)
			return set, err
		}},
		"MNIST": {mnist, func(ctx context.Context, path string, _ ImageOptions) (Set, error) {
			_, test, err := OpenMNIST(ctx, path, ImageOptions{Height: 4, Width: 4})
			return test, err
		}},
		"CIFAR-10": {cifar, func(ctx context.Context, path string, _ ImageOptions) (Set, error) {
			train, _, err := OpenCIFAR10(ctx, path)
			return train, err
		}},
	} {
		for _, path := range []string{kind.dir, zipOf(t, kind.dir), tarOf(t, kind.dir, false, false), tarOf(t, kind.dir, true, false)} {
			for _, memory := range []int64{1 << 20, 1} {
				o := ImageOptions{Height: 4, Width: 4, MaxMemory: memory, Damaged: func(file string, err error) {
					t.Errorf("%s of %s: %s is taken for damaged: %v", name, filepath.Base(path), file, err)
				}}
				for n := int64(0); ; n++ {
					left := new(atomic.Int64)
					left.Store(n)
					set, err := kind.open(countdown{t.Context(), left}, path, o)
					if err == nil {
						left.Store(0)
						if n < 2 {
							t.Errorf("%s of %s asks its context %d times", name, filepath.Base(path), n)
						}
						if err := set.Pixels(0, make([]float32, size(set))); err != nil {
							t.Errorf("%s of %s, with its context done after it was opened: %v", name, filepath.Base(path), err)
						}
						break
					}
					if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "damaged") {
						t.Errorf("%s of %s, ended at question %d: %v", name, filepath.Base(path), n, err)
					}
				}
			}
		}
	}
}
