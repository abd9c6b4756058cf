// Package neuron holds what a neuron of the ventral stream is: its receptive
// field on a retinotopic sheet and the pool it belongs to (Sheet), how its rate
// follows its drive, and the classical cells of V1, V4 and IT that the simulated
// recordings are made of.
//
// A Transfer function is the rate that a neuron tends to at a given input:
// Rectify, Power, Logistic, Tanh, or nil, the linear neuron. Static neurons are
// there at once. In a Circuit, the lateral circuit of Pogodin et al. 2021, a pool
// and the inhibitory neuron it shares get there in steps of an Integrator (Euler
// or RungeKutta); Settled answers with the state at which a linear circuit comes
// to rest.
//
// A GratingGrid's Tune reads the tuning of any neuron, simulated or recorded, off
// its responses to gratings: preferred orientation and frequency, widths,
// circular variance, F1/F0.
//
// It knows nothing of synapses that change (package plasticity) or of training
// (package network).
package neuron
