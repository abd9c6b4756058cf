// Package fit says how well features predict recorded neural responses, the
// way Brain-Score does: cross-validated regression, Pearson's r per neuroid,
// median over neuroids, mean over splits, beside a split-half ceiling.
//
// The road of a score:
//
//	a, err := fit.ReadAssembly("responses.h5", fit.ReadOptions{Region: "V1"})
//	rows, err := fit.Align(featureIDs, a)            // features[rows[i]] belongs to a's stimulus i
//	splits, err := fit.ShuffleSplit{}.Split(len(rows))
//	ceiling, err := fit.SplitHalf(a, fit.SplitHalfOptions{})
//	res, err := fit.Score(ctx, x, a.Mean(), fit.Options{Regression: fit.RidgeCV{}, Splits: splits, Ceiling: ceiling.Ceiling})
//
// The package does not know where features come from. Matrices have rows =
// stimuli; numbers are float64; products run in BLAS (OpenBLAS with cgo),
// goroutines work on splits and on tiles of fixed size, so that the bits of a
// result do not depend on GOMAXPROCS.
//
// Mechanisms, one per file: random numbers and splits as numpy and
// scikit-learn draw them (mt19937.go, splits.go, kfold.go), features in memory
// and in files (features.go, featurefile.go), the products that all splits share
// (problem.go), the regressions (ridge.go, spectrum.go, ridgecv.go, banded.go,
// linear.go, pls.go, plsspace.go, plscv.go, onetoone.go) and their memory
// (memory.go), scores and ceilings (score.go,
// convention.go, ceiling.go, normalised.go, fev.go), what chance and choice do to
// them (predictions.go, bootstrap.go, permutation.go, compare.go, corrections.go,
// commit.go), similarities, which fit nothing (similarity.go, rdm.go, rsa.go,
// crossnobis.go, cka.go, procrustes.go), and the recordings: assemblies
// (assembly.go, align.go, leaveout.go, reliable.go), files (read.go,
// assembly_*.go, matlab.go, inspect.go), what they have in common (table.go,
// axes.go, coordinates.go), and what is taken of them (select.go, timebins.go,
// presentations.go).
//
// Score takes features as the source and responses as the target. The reverse
// direction, which predicts the features from the recordings, is Score with the
// two exchanged.
package fit

import _ "ventral/internal/blas" // registers OpenBLAS with gonum
