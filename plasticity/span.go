package plasticity

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// A span follows the filters of a pool under Sharing while one input x is held.
// Every change is then in the span of x, the velocity v and the displacement
// from w⁰, so that for any schedule η and momentum μ
//
//	w_i(t) = w_i⁰ + a (w_i(0) − w_i⁰) + b v_i(0) + c_i x
//	v_i(t) =        a'(w_i(0) − w_i⁰) + b'v_i(0) + c'_i x,
//
// with a, b the same for all neurons and one scalar c_i each. A step costs O(N)
// instead of O(N·d); the filters are written back when the input ends. The
// change of a step, v ← μv − η [ (r_i − θ) x + γ (w_i − w_i⁰) ], w ← w + v, is
//
//	a' ← μa' − ηγ a,  a ← a + a'   (b likewise)
//	c'_i ← μc'_i − η [ (r_i − θ) + γ c_i ],  c_i ← c_i + c'_i.
//
// Source: derived from the rule; exact up to rounding.
type span struct {
	rule     Sharing
	momentum float64

	x         []float64 // the input
	xx        float64   // ‖x‖²
	a, da     float64
	b, db     float64
	c, dc     []float64 // n
	start     []float64 // n: w_i⁰ᵀx
	away, vel []float64 // n: (w_i(0) − w_i⁰)ᵀx and v_i(0)ᵀx
}

func newSpan(rule Sharing, momentum float64, n int) *span {
	s := &span{rule: rule, momentum: momentum}
	for _, v := range []*[]float64{&s.c, &s.dc, &s.start, &s.away, &s.vel} {
		*v = make([]float64, n)
	}
	return s
}

// begin takes up the filters w and their velocities v as x appears.
func (s *span) begin(x []float64, w, v, w0 [][]float64) {
	s.x, s.xx = x, floats.Dot(x, x)
	s.a, s.da, s.b, s.db = 1, 0, 0, 1
	clear(s.c)
	clear(s.dc)
	for i := range w {
		s.start[i] = floats.Dot(w0[i], x)
		s.away[i] = floats.Dot(w[i], x) - s.start[i]
		s.vel[i] = floats.Dot(v[i], x)
	}
}

// reach is how far x has carried the filters from w⁰: max_i |c_i| ‖x‖.
func (s *span) reach() float64 {
	var reach float64
	for _, c := range s.c {
		reach = max(reach, math.Abs(c))
	}
	return reach * math.Sqrt(s.xx)
}

// drive writes w_iᵀx.
func (s *span) drive(z []float64) {
	a, b, xx := s.a, s.b, s.xx
	start, away, vel, c := s.start[:len(z)], s.away[:len(z)], s.vel[:len(z)], s.c[:len(z)]
	for i := range z {
		z[i] = start[i] + a*away[i] + b*vel[i] + c[i]*xx
	}
}

// step changes the filters by one step of the rule.
func (s *span) step(eta float64, post []float64, signal float64) {
	μ, pull := s.momentum, eta*s.rule.Gamma
	s.da = μ*s.da - pull*s.a
	s.a += s.da
	s.db = μ*s.db - pull*s.b
	s.b += s.db
	θ := s.rule.threshold(signal)
	c, dc := s.c[:len(post)], s.dc[:len(post)]
	for i, r := range post {
		dc[i] = μ*dc[i] - eta*(r-θ) - pull*c[i]
		c[i] += dc[i]
	}
}

// end writes the filters and velocities back.
func (s *span) end(w, v, w0 [][]float64) {
	for i := range w {
		c, dc := s.c[i], s.dc[i]
		wi, vi, w0i := w[i][:len(s.x)], v[i][:len(s.x)], w0[i][:len(s.x)]
		for j, x := range s.x {
			away, vel := wi[j]-w0i[j], vi[j]
			wi[j] = w0i[j] + s.a*away + s.b*vel + c*x
			vi[j] = s.da*away + s.db*vel + dc*x
		}
	}
}
