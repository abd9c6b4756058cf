package kernel

// SGD is gradient descent with momentum and weight decay as a penalty, as PyTorch has it:
//
//	v ← μ·v + g + λ·w
//	w ← w − lr·v
type SGD struct{ LearningRate, Momentum, Decay float64 } // lr, μ, λ

// SGD updates the weights w with the gradient g and the velocity v.
func (v *Variant) SGD(o SGD, w, g, velocity []float32) {
	rate, momentum, decay := float32(o.LearningRate), float32(o.Momentum), float32(o.Decay)
	chunks(len(w), func(from, to int) { v.sgd(rate, momentum, decay, w[from:to], g[from:to], velocity[from:to]) })
}
