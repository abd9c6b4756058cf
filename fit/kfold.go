package fit

import (
	"fmt"
	"slices"
)

// KFold tests every stimulus once, in one of Folds parts of the shuffled
// stimuli: scikit-learn's KFold(shuffle=True), with its very folds.
type KFold struct {
	Folds int    // 0 = 10
	Seed  uint32 // of numpy's RandomState; 0 = 1, Brain-Score's; SeedZero = 0
}

// Split divides n stimuli. It fails with fewer stimuli than folds.
func (s KFold) Split(n int) ([]Split, error) {
	k, err := foldCount(s.Folds, n, "stimuli")
	if err != nil {
		return nil, err
	}
	fold := make([]int, n)
	for at, i := range newMT19937(seedOf(s.Seed)).permutation(n) {
		// The first n mod k folds have one stimulus more.
		size, larger := n/k, n%k
		if at < larger*(size+1) {
			fold[i] = at / (size + 1)
		} else {
			fold[i] = larger + (at-larger*(size+1))/size
		}
	}
	return splitsOf(fold, k), nil
}

// StratifiedKFold is KFold with the classes of Labels in the same proportions
// in every fold: scikit-learn's StratifiedKFold(shuffle=True), with its very
// folds for string labels.
type StratifiedKFold struct {
	Folds  int      // 0 = 10
	Seed   uint32   // 0 = 1; SeedZero = 0
	Labels []string // class per stimulus
}

// Split divides n stimuli. A class with fewer members than folds is missing
// from some of them; it fails when that holds for all classes, and when a class
// has a single member, which is never in training when it is tested.
func (s StratifiedKFold) Split(n int) ([]Split, error) {
	if len(s.Labels) != n {
		return nil, fmt.Errorf("there are %d labels for %d stimuli: expected one per stimulus", len(s.Labels), n)
	}
	k, err := foldCount(s.Folds, n, "stimuli")
	if err != nil {
		return nil, err
	}
	names, members := classes(s.Labels)
	largest := 0
	for c, m := range members {
		if len(m) < 2 {
			return nil, oneMember(names[c], m[0])
		}
		largest = max(largest, len(m))
	}
	if largest < k {
		return nil, fmt.Errorf("%d folds and at most %d stimuli of a class: expected a class with one for every fold; lower the number of folds or do not stratify", k, largest)
	}
	// Folds are dealt out in turn to the stimuli sorted by class, the classes in
	// the order in which they appear, then shuffled within each class.
	slices.SortFunc(members, func(a, b []int) int { return a[0] - b[0] })
	rng := newMT19937(seedOf(s.Seed))
	fold := make([]int, n)
	dealt := 0
	for _, m := range members {
		turns := make([]int, len(m))
		for i := range turns {
			turns[i] = (dealt + i) % k
		}
		dealt += len(m)
		slices.Sort(turns)
		rng.shuffle(turns)
		for i, row := range m {
			fold[row] = turns[i]
		}
	}
	return splitsOf(fold, k), nil
}

// GroupKFold keeps each group, e.g. the frames of a movie, in one fold and the
// folds of about equal size, by giving the largest group that is left to the
// smallest fold: scikit-learn's GroupKFold, with its very folds for string
// groups. Nothing is drawn.
type GroupKFold struct {
	Folds  int      // 0 = 10
	Groups []string // group per stimulus
}

// Split divides n stimuli. It fails with fewer groups than folds.
func (s GroupKFold) Split(n int) ([]Split, error) {
	if len(s.Groups) != n {
		return nil, fmt.Errorf("there are %d groups for %d stimuli: expected one name per stimulus", len(s.Groups), n)
	}
	_, members := classes(s.Groups)
	k, err := foldCount(s.Folds, len(members), "groups")
	if err != nil {
		return nil, err
	}
	sizes := make([]int, len(members))
	for g, m := range members {
		sizes[g] = len(m)
	}
	order := argsort(sizes)
	slices.Reverse(order)
	fold, filled := make([]int, n), make([]int, k)
	for _, g := range order {
		smallest := slices.Index(filled, slices.Min(filled))
		filled[smallest] += sizes[g]
		for _, i := range members[g] {
			fold[i] = smallest
		}
	}
	return splitsOf(fold, k), nil
}

// foldCount is the number of folds for n things, which it must not exceed.
func foldCount(folds, n int, what string) (int, error) {
	if folds == 0 {
		folds = 10
	}
	if folds < 2 {
		return 0, fmt.Errorf("%d folds: expected at least 2", folds)
	}
	if n < folds {
		return 0, fmt.Errorf("%d folds of %d %s: expected at least one of them for each fold; lower the number of folds", folds, n, what)
	}
	return folds, nil
}

// splitsOf tests each of the folds 0 … k−1, given per stimulus, in turn; the
// rows of both sides ascend.
func splitsOf(fold []int, k int) []Split {
	splits := make([]Split, k)
	for i, f := range fold {
		for j := range splits {
			if j == f {
				splits[j].Test = append(splits[j].Test, i)
			} else {
				splits[j].Train = append(splits[j].Train, i)
			}
		}
	}
	return splits
}

// argsort returns the indices that sort values in ascending order, equal values
// in the order of numpy's argsort (introsort without its vectorised variant),
// which is not stable: median of three, partition, insertion sort of up to 17.
func argsort(values []int) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	var sort func(o []int)
	sort = func(o []int) {
		if len(o) <= 17 {
			slices.SortStableFunc(o, func(a, b int) int { return values[a] - values[b] })
			return
		}
		last := len(o) - 1
		middle := last / 2
		inOrder := func(a, b int) {
			if values[o[b]] < values[o[a]] {
				o[a], o[b] = o[b], o[a]
			}
		}
		inOrder(0, middle)
		inOrder(middle, last)
		inOrder(0, middle)
		pivot := values[o[middle]]
		o[middle], o[last-1] = o[last-1], o[middle]
		i, j := 0, last-1
		for {
			for i++; values[o[i]] < pivot; i++ {
			}
			for j--; pivot < values[o[j]]; j-- {
			}
			if i >= j {
				break
			}
			o[i], o[j] = o[j], o[i]
		}
		o[i], o[last-1] = o[last-1], o[i]
		sort(o[:i])
		sort(o[i+1:])
	}
	sort(order)
	return order
}
