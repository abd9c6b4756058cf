// Package network trains models of the ventral stream on images: the same
// architecture as a convolutional network, where one filter serves all
// positions, and as a locally connected one, where each position has its own
// and sleep pulls them together (Pogodin et al. 2021, arXiv:2106.13031).
//
// An Architecture is built from a layout, a text that is read from the image to
// the readout (layout.go, layouts/, build.go), into a Model of stages, each a
// sequence of layers (layer.go and one file per layer).
//
// One step's way: rows of a Source → input (input.go) → the stages → cross-entropy
// (loss.go) → back through the layers → the optimizer (optimizer.go) → perhaps
// Sleep: instant sharing (sharing.go), or plasticity in closed form (sleep.go,
// sleep_operator.go, sleep_pools.go). Training (training.go) makes the steps,
// and goes on from a State (state.go) bit by bit. StreamActivations
// (activations.go) and Reductions (reduce.go and one file each) take the
// activity out.
//
// Activations are kernel.Tensor, the stimuli innermost; all arithmetic on them is
// package kernel's, whose results do not depend on the number of cores.
//
// Letters: C channels, H × W positions, k × k the receptive field, N positions
// that share a filter in sleep.
package network
