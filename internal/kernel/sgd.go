package kernel

// SGD is gradient descent with momentum and weight decay as a penalty, as PyTorch has it:
//
//	v ← μ·v + g + λ·w
//	w ← w − lr·v
type SGD struct{ LearningRate, Momentum, Decay float64 } // lr, μ, λ

// SGD updates the weights w with the gradient g and the velocity v.
func (v *Variant) SGD(o SGD, w, g, velocity []float32) {
	task := arrayTasks.get()
	task.v, task.a, task.b, task.c, task.sgd = v, w, g, velocity, o
	task.op = func(t *arrayTask, from, to int) {
		o := t.sgd
		t.v.sgd(float32(o.LearningRate), float32(o.Momentum), float32(o.Decay), t.a[from:to], t.b[from:to], t.c[from:to])
	}
	overArrays(task)
}
