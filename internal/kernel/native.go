//go:build cgo

package kernel

// #cgo CFLAGS: -O3
// #cgo LDFLAGS: -lm
// #include "native.h"
import "C"

import "unsafe"

// native is a variant in C, by its number there.
type native C.int

func nativeVariants() (vs []*Variant) {
	for i, name := range []string{C.variant_avx512: "AVX-512", C.variant_avx2: "AVX2+FMA", C.variant_baseline: "portable C"} {
		if C.ventral_supported(C.int(i)) != 0 {
			vs = append(vs, &Variant{name, native(i)})
		}
	}
	return vs
}

// c is where a slice's floats begin, for C.
func c(s []float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(s))) }

func (f *Wiring) segments() *C.segment {
	return (*C.segment)(unsafe.Pointer(unsafe.SliceData(f.Segments)))
}

func (f *Wiring) start() *C.int32_t { return (*C.int32_t)(unsafe.SliceData(f.Start)) }

func (v native) product(f *Wiring, first, last, stepM, stepR int, w []float32, x, y *Tensor) {
	C.ventral_product(C.int(v), f.segments(), f.start(), C.int(first), C.int(last), C.int(y.Channels), C.int64_t(stepM), C.int64_t(stepR),
		c(w), c(x.Data), C.int64_t(x.blockLen()), c(y.Data), C.int64_t(y.blockLen()), C.int(y.Blocks()))
}

func (v native) weightGradient(f *Wiring, first, last int, add bool, x, dy *Tensor, dw, scratch []float32) {
	var adding C.int
	if add {
		adding = 1
	}
	C.ventral_weight_gradient(C.int(v), f.segments(), f.start(), C.int(first), C.int(last), C.int(dy.Channels), adding,
		c(x.Data), C.int64_t(x.blockLen()), c(dy.Data), C.int64_t(dy.blockLen()), C.int(dy.Stimuli), c(dw), c(scratch))
}

func (v native) moments(x []float32, channels, lanes int, sum, m2 []float32) {
	C.ventral_moments(C.int(v), c(x), positions(x, channels), C.int(channels), C.int(lanes), c(sum), c(m2))
}

func (v native) normalise(y, x []float32, lanes int, scale, shift []float32) {
	C.ventral_normalise(C.int(v), c(y), c(x), positions(x, len(scale)), C.int(len(scale)), C.int(lanes), c(scale), c(shift))
}

func (v native) gradientSums(dy, x []float32, mean, sum, dot []float32) {
	C.ventral_gradient_sums(C.int(v), c(dy), c(x), positions(x, len(mean)), C.int(len(mean)), c(mean), c(sum), c(dot))
}

func (v native) normaliseGradient(dy, x []float32, lanes int, a, b, shift []float32) {
	C.ventral_normalise_gradient(C.int(v), c(dy), c(x), positions(x, len(a)), C.int(len(a)), C.int(lanes), c(a), c(b), c(shift))
}

func positions(x []float32, channels int) C.int { return C.int(len(x) / (channels * Lanes)) }

func (v native) add(y, x []float32) { C.ventral_add(C.int(v), c(y), c(x), C.int64_t(len(y))) }

func (v native) relu(x []float32) { C.ventral_relu(C.int(v), c(x), C.int64_t(len(x))) }

func (v native) reluGradient(dy, y []float32) {
	C.ventral_relu_gradient(C.int(v), c(dy), c(y), C.int64_t(len(y)))
}

func (v native) sgd(rate, momentum, decay float32, w, g, velocity []float32) {
	C.ventral_sgd(C.int(v), C.float(rate), C.float(momentum), C.float(decay), c(w), c(g), c(velocity), C.int64_t(len(w)))
}

func (v native) adamW(s *adamStep, w, g, m, moment2 []float32) {
	C.ventral_adamw(C.int(v), (*C.adam_step)(unsafe.Pointer(s)), c(w), c(g), c(m), c(moment2), C.int64_t(len(w)))
}
