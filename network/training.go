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
	Optimizer    string  `json:"optimizer"`     // AdamW, Adam or SGD; "" = AdamW
	LearningRate float64 `json:"learning_rate"` // 0 = 0.01 for a convolutional network, 0.001 for a locally connected one; 10 times that for SGD
	Momentum     float64 `json:"momentum"`      // of SGD; 0 = 0.9, below 0 none
	WeightDecay  float64 `json:"weight_decay"`  // of all parameters; 0 = 0.01, below 0 none
	Iterations   int     `json:"iterations"`    // end after so many updates, be the epoch over or not; 0 = never
	KeepOrder    bool    `json:"keep_order"`    // show the images as they are numbered

	// SleepEvery lets the network sleep after the update whenever the iteration,
	// counted from 0, is a multiple of it; 0 = never. The count begins anew with
	// each epoch, as the authors' does, unless SleepRunsOn.
	SleepEvery  int  `json:"sleep_every"`
	SleepRunsOn bool `json:"sleep_runs_on"`
	// SleepBeforeTest lets it sleep at the end of each epoch too, before it is
	// evaluated; it goes on with the weights that it slept to.
	SleepBeforeTest bool `json:"sleep_before_test"`
	// Sleep is how it sleeps.
	Sleep Sleep `json:"sleep"`

	Seed uint64 `json:"seed"` // of the order of the images
}

// Data are the images of a training.
type Data struct {
	Train, Validation, Test Source // Validation and Test may be nil
	// Replay are images that are replayed in sleep (Model.Replay) as they reach the
	// layers by then; nil = Training.Sleep.Stimuli. It may be read while Train is: if
	// they are one set, it must be safe for that.
	Replay Source
}

// Progress is what is known after an update.
type Progress struct {
	Epoch, Epochs         int // from 1
	Iteration, Iterations int // of the whole training, from 1
	Images                int // shown so far
	Loss                  float64
}

// An Evaluation is how a network does on images.
type Evaluation struct {
	Loss     float64 // mean cross-entropy, nats
	Accuracy float64 // fraction right
	Top5     float64 // fraction with the class among the five likeliest
}

// An Epoch is what is known after going through the training images once.
type Epoch struct {
	Epoch        int // from 1
	Updates      int // since the beginning
	LearningRate float64
	Train        Evaluation // while the weights changed
	Validation   Evaluation // NaN without such images
	Test         Evaluation // NaN without such images
	SNR          []float64  // of weight sharing, per filter layer (Model.SNR)
}

// Hooks are called while a training goes on; each may be nil. Their errors end
// it and are returned.
type Hooks struct {
	// Update is called after every update and the sleep that may follow it, with
	// all that Model.SaveState needs to go on from there.
	Update func(Progress, State) error
	// Epoch is called after every epoch, when the model may be saved.
	Epoch func(Epoch, State) error
	// Sleep is called before every sleep, which is number State.Sleeps from 0, and
	// returns what is called on the way through it; nil records nothing, which is
	// quicker.
	Sleep func(State) func(SleepRecord) error
}

// A State is where a training is.
type State struct {
	Updates int  // made
	Epoch   int  // that is under way, from 0
	Done    int  // updates made in it
	Sleeps  int  // had
	slept   bool // at the end of this epoch
	tally   tally

	due  bool    // the sleep after the last update, and Hooks.Update, are still to come
	loss float64 // mean of the last update
}

// Seen returns the images shown in the epoch that is under way.
func (s State) Seen() int { return s.tally.seen }

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
	if t.Optimizer == "" {
		t.Optimizer = AdamW
	}
	if t.LearningRate == 0 {
		t.LearningRate = 1e-2
		if local {
			t.LearningRate = 1e-3
		}
		if t.Optimizer == SGD {
			t.LearningRate *= 10
		}
	}
	switch {
	case t.Momentum == 0:
		t.Momentum = .9
	case t.Momentum < 0:
		t.Momentum = 0
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

// UpdatesPerEpoch is the number of updates in an epoch of n images.
func (t Training) UpdatesPerEpoch(n int) int {
	t = t.withDefaults(false)
	loader := max(1, t.BatchSize/t.Repetitions)
	updates := (n + loader - 1) / loader
	if n%loader == 1 && t.Repetitions == 1 {
		updates--
	}
	return updates
}

// Run trains the model from the given state on: the zero State, or the one with
// which Model.LoadState read the model. It fails for settings that make no training
// or no sleep. An error of a source or of a hook ends the training and is returned.
// A done context ends it after the update that is under way, with the context's
// error; the sleep that follows, or is under way, comes when the training goes on.
// So does a loss that is not finite, with an error that names epoch, iteration and
// layer. Run returns the state in which it leaves the model.
//
// From the zero State the optimizer begins anew. The same weights, sources and
// settings give the same bits on any number of cores, and however often the
// training was stopped and taken up again.
func (t Training) Run(ctx context.Context, m *Model, data Data, from State, hooks Hooks) (State, error) {
	t = t.withDefaults(m.arch.Local)
	if err := checkOptimizer(t.Optimizer); err != nil {
		return from, err
	}
	if err := t.Sleep.Check(); err != nil {
		return from, err
	}
	if t.SleepEvery > 0 || t.SleepBeforeTest {
		if err := t.Sleep.of(m); err != nil {
			return from, err
		}
	}
	loader := t.BatchSize / t.Repetitions
	if min(loader, data.Train.Len())*t.Repetitions < 2 {
		return from, fmt.Errorf("network: %d images, %d repetitions and batches of %d: a batch needs at least two images", data.Train.Len(), t.Repetitions, t.BatchSize)
	}
	if from.Updates == 0 {
		m.restart()
	}
	r := &training{Training: t, m: m, data: data, hooks: hooks, state: from, perEpoch: t.UpdatesPerEpoch(data.Train.Len())}
	for r.state.Epoch < t.Epochs && (!r.over() || r.state.Done > 0) { // an epoch that has begun is evaluated
		if err := r.epoch(ctx); err != nil {
			return r.state, err
		}
	}
	return r.state, nil
}

// training is a Training under way.
type training struct {
	Training
	m        *Model
	data     Data
	hooks    Hooks
	state    State
	perEpoch int
	loader   loader
}

// over reports whether all the updates that were asked for are made.
func (r *training) over() bool { return r.Iterations > 0 && r.state.Updates >= r.Iterations }

// epoch goes through the rest of an epoch, and evaluates the network.
func (r *training) epoch(ctx context.Context) error {
	s := &r.state
	order := rand.New(rand.NewPCG(r.Seed, uint64(s.Epoch))).Perm(r.data.Train.Len())
	if r.KeepOrder {
		for i := range order {
			order[i] = i
		}
	}
	if err := r.updates(ctx, order); err != nil {
		return err
	}
	if r.SleepBeforeTest && !s.slept {
		if err := r.sleep(ctx); err != nil {
			return err
		}
		s.slept = true
	}
	done := Epoch{Epoch: s.Epoch + 1, Updates: s.Updates, LearningRate: r.rate(s.Epoch), Train: s.tally.evaluation(), Validation: unknown, Test: unknown}
	for _, e := range []struct {
		src  Source
		into *Evaluation
		what string
	}{{r.data.Validation, &done.Validation, "validation"}, {r.data.Test, &done.Test, "test"}} {
		if e.src == nil {
			continue
		}
		var err error
		if *e.into, err = r.m.Evaluate(ctx, e.src); err != nil {
			return err
		}
		if loss := e.into.Loss; math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("network: the %s loss is %g after epoch %d (update %d): %s; lower the learning rate (%g)", e.what, loss, s.Epoch+1, s.Updates, r.m.firstNotFinite(false), done.LearningRate)
		}
	}
	if where := r.m.notFinite(); where != "" {
		return fmt.Errorf("network: after epoch %d (update %d) %s; lower the learning rate (%g)", s.Epoch+1, s.Updates, where, done.LearningRate)
	}
	done.SNR = r.m.SNR()
	s.Epoch, s.Done, s.slept, s.tally = s.Epoch+1, 0, false, tally{}
	if r.hooks.Epoch == nil {
		return nil
	}
	return r.hooks.Epoch(done, *s)
}

// unknown is the evaluation on no images.
var unknown = Evaluation{math.NaN(), math.NaN(), math.NaN()}

// updates makes the updates of an epoch that are still to make. The next batch
// is read while the network learns from one.
func (r *training) updates(ctx context.Context, order []int) error {
	s, images := &r.state, r.BatchSize/r.Repetitions
	if s.due {
		if err := r.finish(ctx); err != nil {
			return err
		}
	}
	epoch, left := s.Epoch, r.perEpoch-s.Done
	if r.Iterations > 0 {
		left = min(left, r.Iterations-s.Updates)
	}
	if left <= 0 {
		return nil
	}
	order = order[s.Done*images : min((s.Done+left)*images, len(order))]
	return r.loader.each(ctx, order, images, func(into batch, part []int) batch {
		return into.read(r.data.Train, epoch, r.Repetitions, part, r.m.arch)
	}, func(_ int, b batch) error {
		if err := r.one(ctx, b); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// one makes one update.
func (r *training) one(ctx context.Context, b batch) error {
	s, m := &r.state, r.m
	m.show(b.x)
	logits := m.forward(true, nil)
	t := crossEntropy(logits, b.labels, m.scratch(), true)
	mean := t.loss / float64(t.seen)
	if math.IsNaN(mean) || math.IsInf(mean, 0) {
		return fmt.Errorf("network: the loss is %g in epoch %d, iteration %d (update %d): %s; lower the learning rate (%g)", mean, s.Epoch+1, s.Done+1, s.Updates+1, m.firstNotFinite(true), r.rate(s.Epoch))
	}
	m.backward(logits)
	s.Updates++
	r.update(m, r.rate(s.Epoch), s.Updates)
	iteration := s.Done
	if r.SleepRunsOn {
		iteration = s.Updates - 1
	}
	s.Done++
	s.tally.add(t)
	s.due, s.loss = r.SleepEvery > 0 && iteration%r.SleepEvery == 0, mean
	return r.finish(ctx)
}

// finish ends an update with the sleep after it, if one is due.
func (r *training) finish(ctx context.Context) error {
	s := &r.state
	if s.due {
		if err := r.sleep(ctx); err != nil {
			return err
		}
		s.due = false
	}
	if r.hooks.Update == nil {
		return nil
	}
	return r.hooks.Update(Progress{
		Epoch: s.Epoch + 1, Epochs: r.Epochs, Iteration: s.Updates, Iterations: r.Epochs * r.perEpoch,
		Images: s.Epoch*r.data.Train.Len()*r.Repetitions + s.tally.seen, Loss: s.loss,
	}, *s)
}

// sleep lets the network sleep; where that ends with an error, it has not slept.
func (r *training) sleep(ctx context.Context) error {
	how, number := r.Training.Sleep, r.state.Sleeps
	if r.data.Replay != nil && how.Method != "" && how.Method != InstantSleep {
		var err error
		if how.Stimuli, err = r.m.Replay(ctx, r.data.Replay, 0); err != nil {
			return err
		}
	}
	var observe func(SleepRecord) error
	if r.hooks.Sleep != nil {
		observe = r.hooks.Sleep(r.state)
	}
	if err := how.Run(ctx, r.m, uint64(number), observe); err != nil {
		return err
	}
	r.state.Sleeps++
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
	b.x, b.labels, b.err = b.x[:n*repetitions*size], b.labels[:n*repetitions], nil
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

// Evaluate shows images untranslated, with the running statistics of batch
// normalisation. The next batch is read while the network sees one. It fails with the
// errors of the source, for a label that is no class, and with that of the context.
func (m *Model) Evaluate(ctx context.Context, src Source) (Evaluation, error) {
	var all tally
	err := new(loader).each(ctx, allOf(src), defaultBatch, func(into batch, part []int) batch {
		return into.read(src, -1, 1, part, m.arch)
	}, func(_ int, b batch) error {
		m.show(b.x)
		all.add(crossEntropy(m.forward(false, nil), b.labels, m.scratch(), false))
		return nil
	})
	if err != nil {
		return unknown, err
	}
	return all.evaluation(), nil
}

func finite(a []float32) bool {
	for _, v := range a {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// notFinite says which array of the model is the first with a value that is not
// finite, "" if none is.
func (m *Model) notFinite() string {
	for _, e := range m.state() {
		switch {
		case e.param != nil && !finite(e.param.w):
			return "the weights " + e.name + " are not finite"
		case e.param == nil && e.counter == nil && !finite(e.save(nil)):
			return "the statistics " + e.name + " are not finite"
		}
	}
	return ""
}

// firstNotFinite says which array, or which layer's activity to the images that
// were shown last, is the first with a value that is not finite.
func (m *Model) firstNotFinite(train bool) string {
	if where := m.notFinite(); where != "" {
		return where
	}
	where := "the logits are not finite"
	found := false
	m.forward(train, func(s stage, t *kernel.Tensor) {
		if !found && !finite(t.Data) {
			where, found = "the activity of layer "+s.name+" is not finite", true
		}
	})
	return where
}

// EstimateBytes returns the memory that training a network takes: its weights
// with gradients and the optimizer's moments, every layer's output and gradient
// for a batch, and what sleep takes. Neither the images count nor the program. It
// fails where New would.
func (t Training) EstimateBytes(a Architecture) (int64, error) {
	size, err := a.Size()
	if err != nil {
		return 0, err
	}
	t = t.withDefaults(a.Local)
	blocks := int64(t.BatchSize+kernel.Lanes-1) / kernel.Lanes
	floats := int64(2+moments(t.Optimizer))*(size.Filters+size.Biases) + blocks*kernel.Lanes*size.Activations + kernel.GradientSums*size.Shared
	if t.SleepEvery > 0 || t.SleepBeforeTest {
		floats += size.Filters - size.Shared // the weights before a sleep; of instant ones where they are recorded
		if t.Sleep.Method != "" && t.Sleep.Method != InstantSleep {
			floats += 2 * 6 * size.FanIn * size.FanIn // P with its predecessors and products, in float64
		}
	}
	return 4 * floats, nil
}
