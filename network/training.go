package network

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"ventral/internal/kernel"
)

// Training is the authors' procedure: cross-entropy, AdamW, a learning rate
// that is multiplied by 0.25 at 1/2 and 3/4 of the epochs, every image once an
// epoch in an order that depends on the seed and the epoch, and sleep.
//
// The last batch of an epoch may be smaller; one of a single image is left out,
// since batch normalisation needs more.
type Training struct {
	Epochs       int     `json:"epochs"`        // 0 = 1
	BatchSize    int     `json:"batch_size"`    // images in an update, repetitions included; 0 = 128
	Repetitions  int     `json:"repetitions"`   // independent translations of each image in a batch; 0 = 1
	LearningRate float64 `json:"learning_rate"` // 0 = 0.01 for a convolutional network, 0.001 for a locally connected one
	WeightDecay  float64 `json:"weight_decay"`  // of all parameters, decoupled; 0 = 0.01, below 0 none
	// SleepEvery shares weights instantly (Model.Sleep) after the update
	// whenever the iteration, counted from 0 anew in each epoch, is a multiple
	// of it; 0 = never.
	SleepEvery int    `json:"sleep_every"`
	Seed       uint64 `json:"seed"` // of the order of the images
}

// Progress is what is known after an update.
type Progress struct {
	Epoch, Epochs         int // from 1
	Iteration, Iterations int // of the whole training, from 1
	Images                int // shown so far
	Loss                  float64
}

// An Epoch is what is known after going through the training images once.
type Epoch struct {
	Epoch         int // from 1
	Updates       int // since the beginning
	LearningRate  float64
	TrainLoss     float64 // mean cross-entropy in nats, while the weights changed
	TrainAccuracy float64 // fraction right, likewise
	TestLoss      float64
	TestAccuracy  float64
	SNR           []float64 // of weight sharing, per filter layer (Model.SNR)
}

// withDefaults fills in what is zero.
func (t Training) withDefaults(local bool) Training {
	if t.Epochs == 0 {
		t.Epochs = 1
	}
	if t.BatchSize == 0 {
		t.BatchSize = defaultBatch
	}
	if t.Repetitions == 0 {
		t.Repetitions = 1
	}
	if t.LearningRate == 0 {
		t.LearningRate = 1e-2
		if local {
			t.LearningRate = 1e-3
		}
	}
	switch {
	case t.WeightDecay == 0:
		t.WeightDecay = 1e-2
	case t.WeightDecay < 0:
		t.WeightDecay = 0
	}
	return t
}

// rate returns the learning rate of an epoch, from 0.
func (t Training) rate(epoch int) float64 {
	lr := t.LearningRate
	for _, milestone := range []int{(t.Epochs + 1) / 2, (3*t.Epochs + 3) / 4} { // ⌈E/2⌉, ⌈3E/4⌉
		if epoch >= milestone {
			lr *= .25
		}
	}
	return lr
}

// Run trains the model. progress is called after every update and epochDone
// after every epoch, when the model may be saved; either may be nil. An error
// of epochDone or of a source ends the training and is returned. A done context
// ends it after the update that is under way, with the context's error; the
// model keeps its weights. So does a loss that is not finite, with an error
// that names epoch, iteration and layer.
//
// Adam's moments begin at zero with every Run. The same weights, sources and
// settings give the same bits on any number of cores.
func (t Training) Run(ctx context.Context, m *Model, train, test Source, progress func(Progress), epochDone func(Epoch) error) error {
	t = t.withDefaults(m.arch.Local)
	loader := t.BatchSize / t.Repetitions
	if min(loader, train.Len())*t.Repetitions < 2 {
		return fmt.Errorf("network: %d images, %d repetitions and batches of %d: a batch needs at least two images", train.Len(), t.Repetitions, t.BatchSize)
	}
	perEpoch := (train.Len() + loader - 1) / loader
	if last := train.Len() % loader; last == 1 && t.Repetitions == 1 {
		perEpoch--
	}
	m.restart()
	updates, shown := 0, 0
	for epoch := range t.Epochs {
		done := Epoch{Epoch: epoch + 1, LearningRate: t.rate(epoch)}
		optimizer := kernel.AdamW{LearningRate: done.LearningRate, Decay: t.WeightDecay, Beta1: .9, Beta2: .999, Epsilon: 1e-8}
		order := rand.New(rand.NewPCG(t.Seed, uint64(epoch))).Perm(train.Len())
		images, right := 0, 0
		next := make(chan batch, 1)
		read := func(iteration int, into batch) {
			part := order[iteration*loader : min((iteration+1)*loader, len(order))]
			next <- into.read(train, epoch, t.Repetitions, part, m.arch)
		}
		var spare batch
		go read(0, batch{})
		for iteration := range perEpoch {
			b := <-next
			if b.err != nil {
				return b.err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if iteration+1 < perEpoch { // the next batch is read meanwhile
				go read(iteration+1, spare)
			}
			toTensor(&m.input, b.x, m.arch.Input)
			logits := m.forward(true, nil)
			loss, correct := crossEntropy(logits, b.labels, true)
			updates++
			if mean := loss / float64(len(b.labels)); math.IsNaN(mean) || math.IsInf(mean, 0) {
				if iteration+1 < perEpoch {
					<-next
				}
				return fmt.Errorf("network: the loss is %g in epoch %d, iteration %d (update %d): %s; lower the learning rate (%g)", mean, epoch+1, iteration+1, updates, m.firstNotFinite(), done.LearningRate)
			}
			m.backward(logits)
			m.update(optimizer, updates)
			if t.SleepEvery > 0 && iteration%t.SleepEvery == 0 {
				m.Sleep()
			}
			done.TrainLoss += loss
			right += correct
			images += len(b.labels)
			shown += len(b.labels)
			spare = b
			if progress != nil {
				progress(Progress{Epoch: epoch + 1, Epochs: t.Epochs, Iteration: updates, Iterations: t.Epochs * perEpoch, Images: shown, Loss: loss / float64(len(b.labels))})
			}
			if err := ctx.Err(); err != nil {
				if iteration+1 < perEpoch {
					<-next
				}
				return err
			}
		}
		done.Updates = updates
		done.TrainLoss /= float64(images)
		done.TrainAccuracy = float64(right) / float64(images)
		var err error
		if done.TestLoss, done.TestAccuracy, err = m.Evaluate(ctx, test); err != nil {
			return err
		}
		if math.IsNaN(done.TestLoss) || math.IsInf(done.TestLoss, 0) {
			return fmt.Errorf("network: the test loss is %g after epoch %d (update %d): %s; lower the learning rate (%g)", done.TestLoss, epoch+1, updates, m.firstNotFinite(), done.LearningRate)
		}
		done.SNR = m.SNR()
		if epochDone != nil {
			if err := epochDone(done); err != nil {
				return err
			}
		}
	}
	return nil
}

// A batch is images and labels of an update, or why they could not be read.
type batch struct {
	x      []float32 // n_images × C·H·W
	labels []int
	err    error
}

// read fills a batch, whose memory it uses again: all the images in one
// translation, then all in the next.
func (b batch) read(src Source, epoch, repetitions int, indices []int, a Architecture) batch {
	n, size := len(indices), a.Input.Size()
	if cap(b.labels) < n*repetitions {
		b.x, b.labels = make([]float32, n*repetitions*size), make([]int, n*repetitions)
	}
	b.x, b.labels = b.x[:n*repetitions*size], b.labels[:n*repetitions]
	for r := range repetitions {
		if b.err = src.Read(epoch, r, indices, b.x[r*n*size:(r+1)*n*size], b.labels[r*n:(r+1)*n]); b.err != nil {
			return b
		}
	}
	for i, label := range b.labels {
		if label < 0 || label >= a.Classes {
			b.err = fmt.Errorf("network: image %d has the label %d, expected 0 to %d", indices[i%n], label, a.Classes-1)
			return b
		}
	}
	return b
}

// restart sets Adam's moments to zero.
func (m *Model) restart() {
	for _, e := range m.state() {
		if e.param != nil {
			clear(e.param.m)
			clear(e.param.v)
		}
	}
}

// update makes one step of the optimizer, the step-th from 1.
func (m *Model) update(o kernel.AdamW, step int) {
	for _, e := range m.state() {
		p := e.param
		if p == nil {
			continue
		}
		if p.m == nil {
			p.m, p.v = kernel.Alloc(len(p.w)), kernel.Alloc(len(p.w))
		}
		kernel.Best().AdamW(o, step, p.w, p.grad, p.m, p.v)
	}
}

// Evaluate returns the mean cross-entropy (nats) and the fraction of images
// that are classified right, untranslated.
func (m *Model) Evaluate(ctx context.Context, src Source) (loss, accuracy float64, err error) {
	right := 0
	var b batch
	for at := 0; at < src.Len(); at += defaultBatch {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		indices := make([]int, min(defaultBatch, src.Len()-at))
		for i := range indices {
			indices[i] = at + i
		}
		if b = b.read(src, -1, 1, indices, m.arch); b.err != nil {
			return 0, 0, b.err
		}
		toTensor(&m.input, b.x, m.arch.Input)
		sum, correct := crossEntropy(m.forward(false, nil), b.labels, false)
		loss += sum
		right += correct
	}
	n := float64(max(src.Len(), 1))
	return loss / n, float64(right) / n, nil
}

// firstNotFinite says which array or activity is the first with a value that is
// not finite.
func (m *Model) firstNotFinite() string {
	finite := func(a []float32) bool {
		for _, v := range a {
			if v-v != 0 {
				return false
			}
		}
		return true
	}
	for _, e := range m.state() {
		if e.param != nil && !finite(e.param.w) {
			return "the weights " + e.name + " are not finite"
		}
	}
	where := "the logits are not finite"
	m.forward(true, func(s stage, t *kernel.Tensor) {
		if where == "the logits are not finite" && !finite(t.Data) {
			where = "the activity of layer " + s.name + " is not finite"
		}
	})
	return where
}
