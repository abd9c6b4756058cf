package kernel

import "math"

// portable is the variant in plain Go, for machines and builds without a C compiler.
type portable struct{}

type line = [Lanes]float32

func (portable) product(f *Wiring, first, last, stepM, stepR int, w []float32, x, y *Tensor) {
	for p := first; p < last; p++ {
		segments := f.Segments[f.Start[p]:f.Start[p+1]]
		for b := range y.Blocks() {
			in, out := x.lines(b, 0, x.Positions), y.lines(b, p, p+1)
			for m := 0; m < y.Channels; m++ {
				sums(segments, w[m*stepM:], stepR, in, (*line)(out[m*Lanes:]))
			}
		}
	}
}

// sums computes one line, four stimuli at a time, which the compiler keeps in registers.
func sums(segments []Segment, w []float32, stepR int, x []float32, y *line) {
	for l := 0; l < Lanes; l += 4 {
		var s0, s1, s2, s3 float32
		for _, s := range segments {
			from, at := x[int(s.X)*Lanes+l:], int(s.W)
			for r := range int(s.N) {
				weight, v := w[at], (*[4]float32)(from[r*Lanes:])
				s0 += weight * v[0]
				s1 += weight * v[1]
				s2 += weight * v[2]
				s3 += weight * v[3]
				at += stepR
			}
		}
		y[l], y[l+1], y[l+2], y[l+3] = s0, s1, s2, s3
	}
}

func (portable) weightGradient(f *Wiring, first, last int, add bool, x, dy *Tensor, dw, _ []float32) {
	for p := first; p < last; p++ {
		for _, s := range f.Segments[f.Start[p]:f.Start[p+1]] {
			for r := range int(s.N) {
				to := dw[int(s.W)+r*dy.Channels:][:dy.Channels]
				for m := range to {
					var sum float32
					for b := range dy.Blocks() {
						a := (*line)(x.Data[b*x.blockLen()+(int(s.X)+r)*Lanes:])
						d := (*line)(dy.Data[b*dy.blockLen()+(p*dy.Channels+m)*Lanes:])
						for l := range dy.lanes(b) {
							sum += a[l] * d[l]
						}
					}
					if add {
						sum += to[m]
					}
					to[m] = sum
				}
			}
		}
	}
}

func (portable) moments(x []float32, channels, lanes int, sum, m2 []float32) {
	for ch := range channels {
		var s float32
		n := 0
		for at := ch * Lanes; at < len(x); at += channels * Lanes {
			for _, v := range x[at : at+lanes] {
				s += v
			}
			n += lanes
		}
		var squares float32
		mean := s / float32(n)
		for at := ch * Lanes; at < len(x); at += channels * Lanes {
			for _, v := range x[at : at+lanes] {
				squares += (v - mean) * (v - mean)
			}
		}
		sum[ch], m2[ch] = s, squares
	}
}

func (portable) normalise(y, x []float32, lanes int, scale, shift []float32) {
	for i := 0; i < len(x); i += Lanes {
		ch := i / Lanes % len(scale)
		from, to := (*line)(x[i:]), (*line)(y[i:])
		for l := range lanes {
			to[l] = scale[ch]*from[l] + shift[ch]
		}
		clear(to[lanes:])
	}
}

func (portable) gradientSums(dy, x []float32, mean, sum, dot []float32) {
	channels := len(mean)
	for ch := range channels {
		var s, d float32
		for at := ch * Lanes; at < len(x); at += channels * Lanes {
			for l := at; l < at+Lanes; l++ {
				s += dy[l]
				d += dy[l] * (x[l] - mean[ch])
			}
		}
		sum[ch], dot[ch] = s, d
	}
}

func (portable) normaliseGradient(dy, x []float32, lanes int, a, b, c []float32) {
	for i := 0; i < len(x); i += Lanes {
		ch := i / Lanes % len(a)
		from, to := (*line)(x[i:]), (*line)(dy[i:])
		for l := range lanes {
			to[l] = a[ch]*to[l] + b[ch]*from[l] + c[ch]
		}
		clear(to[lanes:])
	}
}

func (portable) add(y, x []float32) {
	for i, v := range x {
		y[i] += v
	}
}

func (portable) relu(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

func (portable) reluGradient(dy, y []float32) {
	for i, v := range y {
		if !(v > 0) {
			dy[i] = 0
		}
	}
}

func (portable) adamW(s *adamStep, w, g, m, v []float32) {
	for i, gi := range g {
		gi += s.l2 * w[i]
		m[i] = s.beta1*m[i] + s.rest1*gi
		v[i] = s.beta2*v[i] + s.rest2*gi*gi
		w[i] = s.keep*w[i] - s.step*m[i]/(float32(math.Sqrt(float64(v[i])))*s.root+s.epsilon)
	}
}

func (portable) sgd(rate, momentum, decay float32, w, g, v []float32) {
	for i, gi := range g {
		v[i] = momentum*v[i] + (gi + decay*w[i])
		w[i] -= rate * v[i]
	}
}
