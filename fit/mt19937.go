package fit

// mt19937 is the Mersenne Twister with the draws of numpy's legacy
// RandomState, bit for bit, so that splits are the ones that Python makes.
//
// M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally
// equidistributed uniform pseudo-random number generator", ACM TOMACS 8, 1998.
type mt19937 struct {
	state [624]uint32
	next  int
}

// newMT19937 is RandomState(seed).
func newMT19937(seed uint32) *mt19937 {
	m := &mt19937{next: len(mt19937{}.state)}
	m.state[0] = seed
	for i := 1; i < len(m.state); i++ {
		seed = 1812433253*(seed^seed>>30) + uint32(i)
		m.state[i] = seed
	}
	return m
}

// uint32 is the generator's next output.
func (m *mt19937) uint32() uint32 {
	const n, shift = len(mt19937{}.state), 397
	if m.next == n {
		m.next = 0
		for i := range n {
			y := m.state[i]&0x80000000 | m.state[(i+1)%n]&0x7fffffff
			z := m.state[(i+shift)%n] ^ y>>1
			if y&1 != 0 {
				z ^= 0x9908b0df
			}
			m.state[i] = z
		}
	}
	y := m.state[m.next]
	m.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// upTo is uniform in 0 … limit, both included: outputs under the smallest mask
// of ones that covers limit, the larger ones rejected.
func (m *mt19937) upTo(limit uint32) uint32 {
	if limit == 0 {
		return 0
	}
	mask := limit
	for s := 1; s < 32; s *= 2 {
		mask |= mask >> s
	}
	for {
		if v := m.uint32() & mask; v <= limit {
			return v
		}
	}
}

// shuffle permutes x by Fisher and Yates from the end.
func (m *mt19937) shuffle(x []int) {
	for i := len(x) - 1; i > 0; i-- {
		j := m.upTo(uint32(i))
		x[i], x[j] = x[j], x[i]
	}
}

// permutation is a random order of 0 … n−1.
func (m *mt19937) permutation(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	m.shuffle(p)
	return p
}
