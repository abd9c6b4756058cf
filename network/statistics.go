package network

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// NormNames returns the names of the batch normalisations, whose running statistics
// RenewStatistics sets.
func (m *Model) NormNames() []string {
	var names []string
	for _, b := range m.norms {
		names = append(names, b.name)
	}
	return names
}

// statisticsStream keeps the order of images apart from other random numbers.
const statisticsStream = 1 << 61

// RenewStatistics sets the running mean and variance of every batch normalisation
// to those of the activity that the weights give now, which sleep and changes from
// outside do not: each is the average over batches of 128 images of the batch's
// mean and unbiased variance, all batches counting the same. Every image of the
// source is shown once, untranslated, in an order that is mixed (sources often have
// one class after the other) and depends on the number of images alone. The network
// is in training mode, so that each layer sees the others normalise by the batch;
// its weights stay. A last batch of a single image is left out, as in Training.
//
// It fails for a network without batch normalisation, less than two images, with the
// errors of the source and the context, and where a statistic is not finite; then
// nothing has changed. The same weights and images give the same bits on any number
// of cores.
//
// Source: the cumulative average of PyTorch's BatchNorm2d (momentum=None) and of
// torch.optim.swa_utils.update_bn; Izmailov et al. 2018, arXiv:1803.05407, section 3.2.
func (m *Model) RenewStatistics(ctx context.Context, src Source) (err error) {
	n := src.Len()
	switch {
	case len(m.norms) == 0:
		return errors.New("network: no layer is a batch normalisation: there are no statistics to renew")
	case n < 2:
		return fmt.Errorf("network: %d images to renew the statistics of batch normalisation on, expected at least two", n)
	}
	before := make([]statistics, len(m.norms))
	for i, b := range m.norms {
		before[i] = b.statistics()
		clear(b.runningMean)
		clear(b.runningVar)
		b.cumulative, b.batches = true, 0
	}
	defer func() {
		for i, b := range m.norms {
			b.cumulative = false
			if err != nil {
				b.set(before[i])
			}
		}
	}()
	order := rand.New(rand.NewPCG(uint64(n), statisticsStream)).Perm(n)
	if n%defaultBatch == 1 {
		order = order[:n-1]
	}
	size := m.arch.Input.Size()
	err = new(loader).each(ctx, order, defaultBatch, func(into batch, part []int) batch {
		into.x = slices.Grow(into.x[:0], len(part)*size)[:len(part)*size]
		into.err = src.Read(-1, 0, part, into.x, nil)
		return into
	}, func(_ int, b batch) error {
		m.show(b.x)
		m.forward(true, nil)
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range m.norms {
		if !finite(b.runningMean) || !finite(b.runningVar) {
			return fmt.Errorf("network: renewing the statistics of batch normalisation: those of %s are not finite", b.name)
		}
	}
	return nil
}

// statistics are the running ones of a batch normalisation.
type statistics struct {
	mean, variance []float32
	batches        int64
}

// statistics returns a copy.
func (b *batchNorm) statistics() statistics {
	return statistics{slices.Clone(b.runningMean), slices.Clone(b.runningVar), b.batches}
}

func (b *batchNorm) set(s statistics) {
	copy(b.runningMean, s.mean)
	copy(b.runningVar, s.variance)
	b.batches = s.batches
}
