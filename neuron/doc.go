// Package neuron holds what a neuron of the ventral stream is: its receptive
// field on a retinotopic sheet and the pool it belongs to (Sheet), and the
// classical cells of V1, V4 and IT that the simulated recordings are made of.
//
// It knows nothing of synapses that change (package plasticity) or of training
// (package network).
package neuron
