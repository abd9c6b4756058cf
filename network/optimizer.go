package network

import (
	"fmt"

	"ventral/internal/kernel"
)

// The optimizers of Training.
const (
	AdamW = "adamw" // Adam with decoupled weight decay, the authors'
	Adam  = "adam"  // Adam with weight decay as a penalty
	SGD   = "sgd"   // gradient descent with momentum, weight decay as a penalty
)

// moments is how many arrays of the weights' size an optimizer keeps.
func moments(optimizer string) int {
	if optimizer == SGD {
		return 1
	}
	return 2
}

// restart forgets what the optimizer has learned of the weights.
func (m *Model) restart() {
	for _, e := range m.state() {
		if e.param != nil {
			clear(e.param.m)
			clear(e.param.v)
		}
	}
}

// update makes one step of the optimizer, the step-th from 1, with the gradients
// of the last backward.
func (t Training) update(m *Model, rate float64, step int) {
	adam := kernel.AdamW{LearningRate: rate, Beta1: .9, Beta2: .999, Epsilon: 1e-8}
	sgd := kernel.SGD{LearningRate: rate, Momentum: t.Momentum, Decay: t.WeightDecay}
	if t.Optimizer == Adam {
		adam.L2 = t.WeightDecay
	} else {
		adam.Decay = t.WeightDecay
	}
	for _, p := range m.parameters() {
		p.alloc(t.Optimizer)
		if t.Optimizer == SGD {
			kernel.Best().SGD(sgd, p.w, p.grad, p.v)
		} else {
			kernel.Best().AdamW(adam, step, p.w, p.grad, p.m, p.v)
		}
	}
}

// alloc gives a parameter the memory that an optimizer needs.
func (p *parameter) alloc(optimizer string) {
	if p.v == nil {
		p.v = kernel.Alloc(len(p.w))
	}
	if p.m == nil && optimizer != SGD {
		p.m = kernel.Alloc(len(p.w))
	}
}

// parameters returns what is learned, in the order of the checkpoint.
func (m *Model) parameters() []*parameter {
	if m.learned == nil {
		for _, e := range m.state() {
			if e.param != nil {
				m.learned = append(m.learned, e.param)
			}
		}
	}
	return m.learned
}

// checkOptimizer returns an error for a name that is none.
func checkOptimizer(name string) error {
	if name != AdamW && name != Adam && name != SGD {
		return fmt.Errorf("network: optimizer %q: expected %s, %s or %s", name, AdamW, Adam, SGD)
	}
	return nil
}
