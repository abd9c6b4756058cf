package fit

// A Sizer is a Regression that knows the memory of its Fit. All regressions of
// this package do.
type Sizer interface {
	// Workspace returns the bytes that fitting on train of the stimuli needs at
	// its peak beyond the shared products of a Problem of this size: shared is
	// what all splits hold together, split what each of them holds while it is
	// being fitted. Counted are its matrices (the training part's K or C and
	// responses, decompositions and their workspace, eigenvectors, residuals),
	// not what Go's collector has yet to free.
	Workspace(stimuli, features, neuroids, train int) (shared, split int64)
}

// EstimateBytes foresees the memory at the peak of a Score by regression r with
// train training stimuli, of which parallel splits are fitted at a time (Score:
// GOMAXPROCS): the shared products of Problem and what Sizer counts. Features
// and responses themselves are the caller's and not counted. A regression that
// is no Sizer is taken to need two matrices of its training part's size.
//
// Go's collector lets garbage add up to as much again before it frees it, less
// where GOGC or GOMEMLIMIT say so.
func EstimateBytes(r Regression, stimuli, features, neuroids, train, parallel int) int64 {
	s := sizes{stimuli, features, neuroids, train}
	products := s.products()
	if _, reads := r.(featureReader); reads {
		products = 0
	}
	shared, split := float64s(0), s.training()+float64s(s.order()*s.order())
	if sized, ok := r.(Sizer); ok {
		shared, split = sized.Workspace(stimuli, features, neuroids, train)
	}
	reading := float64s(stimuli * blockWidth(stimuli, features))
	return products + max(reading, shared+int64(parallel)*split)
}

// float64s is the memory of n numbers.
func float64s(n int) int64 { return 8 * int64(n) }

// sizes are those of a problem and of its training part.
type sizes struct{ stimuli, features, neuroids, train int }

func (s sizes) dual() bool { return s.stimuli < s.features }

// order is that of the training part's K or C.
func (s sizes) order() int {
	if s.dual() {
		return s.train
	}
	return s.features
}

// products are those of a Problem.
func (s sizes) products() int64 {
	if s.dual() {
		return float64s(s.stimuli * s.stimuli)
	}
	return float64s(s.features * (s.stimuli + s.features + s.neuroids))
}

// training is a training part: K or C, the responses, and B.
func (s sizes) training() int64 {
	bytes := float64s(s.order()*s.order() + s.train*s.neuroids)
	if !s.dual() {
		bytes += float64s(s.features * s.neuroids)
	}
	return bytes
}

// centring is a training part while it is being made: in the primal form with
// the part of the stimuli that makes it.
func (s sizes) centring() int64 {
	if s.dual() {
		return s.training()
	}
	return s.training() + float64s(min(s.train, s.stimuli-s.train)*(s.features+s.neuroids))
}

// coefficients are one set of them.
func (s sizes) coefficients() int64 { return float64s(s.order() * s.neuroids) }

// spectrum is an eigendecomposition under way: beside the training part the
// workspace of LAPACK, which has made K or C its own.
func (s sizes) spectrum() int64 {
	return max(s.centring(), s.training()+float64s(2*s.order()*s.order()))
}

// rotation is a decomposition for some penalties and rows of quadratic forms; into
// a band it needs no workspace. Where penalties are too small for it, which only the
// features tell, it is the spectrum's and more.
func (s sizes) rotation(alphas, rows int) int64 {
	if bandIsQuicker(s.order(), alphas, rows, s.neuroids) {
		return max(s.centring(), s.training()+float64s(s.order()*(s.order()+160)))
	}
	return s.spectrum()
}

// decomposed is a training part with the Q of its decomposition in the place
// of K or C.
func (s sizes) decomposed() int64 { return s.training() + s.coefficients() }

// folded returns the sizes of the largest of k folds of the training part, and
// its number of test stimuli.
func (s sizes) folded(k int) (fold sizes, test int) {
	fold, test = s, (s.train+k-1)/k
	fold.train -= s.train / k
	return fold, test
}

// leaveOneOut is a decomposition and the leave-one-out errors.
func (s sizes) leaveOneOut(alphas int) int64 {
	basis := 2 * s.train * s.features // inputs and F
	if s.dual() {
		basis = 0 // Q is the basis
	}
	return max(s.rotation(alphas, s.train), s.decomposed()+float64s(basis), s.decomposed()+float64s(basis/2)+s.solutions(alphas, s.train))
}

// heldOut is a decomposition and the errors of predicting test other stimuli.
func (s sizes) heldOut(test, alphas int) int64 {
	predictions := 2*test*s.order() + test*s.neuroids // inputs, F and responses
	return max(s.rotation(alphas, 0), s.decomposed()+float64s(predictions)+s.solutions(alphas, 0))
}

// solutions are those for the penalties at a time, their resolvents, the residuals
// of some stimuli, and the errors of all penalties.
func (s sizes) solutions(alphas, rows int) int64 {
	const residuals = 2 * residualRows // those that are worked on, and those that have been
	return float64s((min(alphas, penalties)*(s.order()+residuals)+2*alphas)*s.neuroids) + s.resolvents(alphas, rows)
}

// resolvents are those for the penalties at a time; a band's are its Cholesky
// decomposition and, where there are quadratic forms, the inverses of its blocks.
func (s sizes) resolvents(alphas, rows int) int64 {
	each := 1
	if bandIsQuicker(s.order(), alphas, rows, s.neuroids) {
		each = 64
		if rows > 0 {
			each = 128
		}
	}
	return float64s(min(alphas, penalties) * s.order() * each)
}
