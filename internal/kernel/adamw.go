package kernel

import "math"

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch has it. With the gradient g of step t = 1, 2, …
//
//	w ← w − lr·λ·w
//	m ← β₁·m + (1 − β₁)·g
//	v ← β₂·v + (1 − β₂)·g²
//	w ← w − lr·m̂/(√v̂ + ε),   m̂ = m/(1 − β₁ᵗ),   v̂ = v/(1 − β₂ᵗ)
type AdamW struct {
	LearningRate, Decay float64 // lr, λ
	Beta1, Beta2        float64 // β₁, β₂
	Epsilon             float64
	L2                  float64 // adds L2·w to the gradient instead: Adam with weight decay as a penalty (Kingma and Ba 2015)
}

// adamStep is an AdamW step with what does not change within it computed before.
type adamStep struct {
	keep         float32 // 1 − lr·λ
	beta1, rest1 float32 // β₁, 1 − β₁
	beta2, rest2 float32 // β₂, 1 − β₂
	step         float32 // lr/(1 − β₁ᵗ)
	root         float32 // 1/√(1 − β₂ᵗ)
	epsilon      float32
	l2           float32
}

// AdamW updates the weights w by step t, from 1, with the gradient g and the moments m and v.
func (v *Variant) AdamW(o AdamW, t int, w, g, m, moment2 []float32) {
	task := arrayTasks.get()
	task.v, task.a, task.b, task.c, task.d = v, w, g, m, moment2
	task.adam = adamStep{
		keep:  float32(1 - o.LearningRate*o.Decay),
		beta1: float32(o.Beta1), rest1: float32(1 - o.Beta1),
		beta2: float32(o.Beta2), rest2: float32(1 - o.Beta2),
		step:    float32(o.LearningRate / (1 - math.Pow(o.Beta1, float64(t)))),
		root:    float32(1 / math.Sqrt(1-math.Pow(o.Beta2, float64(t)))),
		epsilon: float32(o.Epsilon),
		l2:      float32(o.L2),
	}
	task.op = func(t *arrayTask, from, to int) {
		t.v.adamW(&t.adam, t.a[from:to], t.b[from:to], t.c[from:to], t.d[from:to])
	}
	overArrays(task)
}
