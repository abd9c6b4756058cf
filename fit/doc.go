// Package fit says how well features predict recorded neural responses, the
// way Brain-Score does: cross-validated regression, Pearson's r per neuroid,
// median over neuroids, mean over splits, beside a split-half ceiling. It does not
// know where features come from.
//
// # The road of a score
//
//	a, err := fit.ReadAssembly("responses.h5", fit.ReadOptions{Region: "V1"})
//	file, err := fit.OpenFeatures("activations.h5")
//	x, err := file.Layer("conv2")
//	rows, err := fit.Align(file.StimulusIDs, a)      // row rows[i] of x belongs to a's stimulus i
//	splits, err := fit.ShuffleSplit{}.Split(len(rows))
//	ceiling, err := fit.SplitHalf(a, fit.SplitHalfOptions{})
//	res, err := fit.Score(ctx, fit.Rows(x, rows), a.Mean(), fit.Options{Regression: fit.RidgeCV{}, Splits: splits, Ceiling: ceiling.Ceiling})
//
// # Concepts
//
// An Assembly holds the responses of neuroids to stimuli, trial by trial. It comes
// from a file (ReadAssembly, ReadAssemblies; Inspect and Regions tell what a file
// holds) or from numbers in memory. Features are stimuli × features, in memory
// (Dense) or read by blocks from a file (OpenFeatures), so that they need not fit.
//
// A Splitter divides the stimuli; a Regression fits features to responses on one
// part of them, in a Problem, which keeps the products that all splits share; its
// Predictor predicts the other part. Regressions are PLS, Ridge, RidgeCV, Linear,
// PLSCV, OneToOne and BandedRidge. Score puts them together; in the reverse
// direction the two sides are exchanged.
//
// With Options.KeepPredictions the statistics follow without another fit:
// Bootstrap (intervals), Permute (p-values; PermuteAndRefit fits again), Compare
// (paired differences), FEV (explainable variance), Holm and BenjaminiHochberg (of
// many p-values). Commit chooses a layer on some stimuli and scores it on others.
//
// A Similarity fits nothing: RSA, CKA, Procrustes, by ScoreSimilarity; ScoreRDMs
// compares dissimilarities that are there, as of ComputeRDM and Crossnobis.
//
// # Symbols
//
//	X         features, n_stimuli × n_features                  Features
//	Y         mean responses, n_stimuli × n_neuroids            Assembly.Mean
//	K, C, B   XXᵀ (dual form), XᵀX and XᵀY (primal), centred    Problem
//	α         penalty of a ridge                                Ridge.Alpha, RidgeCV.Alphas
//	γ_b       weight of a band of features                      BandedPredictor.Weights
//	w, t      weights and scores of a component                 PLS
//	r         Pearson's r of a neuroid on a split's test part   Result.R
//	c         ceiling: split-half r, 2r/(1+r)                   Ceiling.Ceiling
//	r²/c      ceiled score, and the former (r/c)²               Convention
//
// and the names in Brain-Score:
//
//	average_repetition      ReadAssembly (its order), Assembly.Mean
//	pls, ridge              Score with PLS, Ridge
//	linear_predictivity     Score with Linear
//	neuron_to_neuron        Score with OneToOne
//	internal_consistency    SplitHalf
//	rdm_cv, cka_cv          RSA, CKA with the splits of ShuffleSplit{Train: .1}
//	stratification_coord    StratifiedShuffleSplit.Labels
//
// # Costs
//
// Numbers are float64; products run in BLAS (OpenBLAS with cgo). Every regression
// tells its cost per split, and its memory as a Sizer: EstimateBytes foresees that of
// a Score, Similarity.Bytes that of a comparison. Goroutines work on splits and on
// tiles of fixed size, so that the bits of a result do not depend on GOMAXPROCS.
//
// # Errors
//
// Every error of a file names it, and what was found and expected. Data that do not
// allow a fit, splits that overlap, correlations that do not exist, and a cancelled
// context are errors too. What was left out or chosen is no error but a note, in
// words for the user (Notes).
//
// # Sources
//
// Brain-Score (brain-score/vision): Schrimpf, Kubilius et al. 2018,
// bioRxiv 407007; Schrimpf et al. 2020, Neuron 108:413. Splits are scikit-learn's to
// the last draw, PLS and ridge its to rounding; each mechanism names its paper.
package fit

import _ "ventral/internal/blas" // registers OpenBLAS with gonum
