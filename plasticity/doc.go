// Package plasticity holds what a synapse does: rules that change the filters
// of a pool of neurons, and the measures of what they reached.
//
// A pool is n_neurons × d: element i is the filter w_i of neuron i,
// d = C_in·k² the number of inputs in a receptive field. The letters are those
// of Pogodin, Mehta, Lillicrap and Latham (NeurIPS 2021, arXiv:2106.13031):
//
//	x    the input that all neurons of the pool see     Activity.Pre
//	z_i  = w_iᵀx, the drive of neuron i                 what Neurons answer to
//	r_i  its rate; z_i in linear neurons                Activity.Post
//	z̄    the pool's signal: the mean drive, or r_inh,   Activity.Signal
//	     the rate of the inhibitory neuron
//	w⁰   the weights at the start of a sleep phase      Activity.W0
//	γ    the pull back to w⁰                            Sharing.Gamma
//	η    the learning rate                              Schedule
//
// A Rule is one law of change, one file each: Hebb, AntiHebb, Covariance, Oja,
// Sanger, BCM, Foldiak, Sharing, and Equation, a rule given as text. An
// Experiment drives a rule: Inputs → Neurons → Rule → weights, and a Recorder
// keeps what happened. Nothing here knows how neurons get their rates: Neurons
// is an interface, Linear its simplest case, and package neuron has circuits.
//
// Share is the limit of dynamic weight sharing for γ → 0, which networks use in
// sleep; FixedPoint is its limit for any γ; SNR and its relatives measure how
// far it has come.
package plasticity
