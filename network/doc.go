// Package network trains models of the ventral stream on images: the same
// architecture as a convolutional network, where one filter serves all
// positions, and as a locally connected one, where each position has its own
// and sleep pulls them together (Pogodin et al. 2021, arXiv:2106.13031).
//
// One step's way: rows of a Source → input (input.go) → the stages of a Model
// (architectures.go), each a sequence of layers (layer.go and one file per
// layer) → cross-entropy (loss.go) → back through the layers → AdamW
// (training.go) → perhaps sleep (sharing.go). Activations are kernel.Tensor,
// the stimuli innermost; all arithmetic on them is package kernel's, whose
// results do not depend on the number of cores.
//
// Letters: C channels, H × W positions, k × k the receptive field, N positions
// that share a filter in sleep.
package network
