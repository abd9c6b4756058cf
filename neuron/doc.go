// Package neuron holds what a neuron of the ventral stream is: where its
// receptive field lies, how its rate follows its drive, and how the classical
// cells of V1, V4 and IT answer to images. It knows nothing of synapses that
// change (package plasticity) or of training (package network).
//
// # Concepts
//
// A Sheet is the geometry of a layer: a retinotopic sheet of neurons with their
// receptive fields on the sheet before it, and the pools whose neurons share
// weights in sleep.
//
// A Transfer function is the rate that a neuron tends to at a given input:
// Rectify, Power, Logistic, Tanh, or nil, the linear neuron. Static neurons are
// there at once. In a Circuit, the lateral circuit of Pogodin et al. 2021, a pool
// and the inhibitory neuron it shares get there in steps of an Integrator (Euler
// or RungeKutta); Settled answers with the state at which a linear circuit comes
// to rest. These three have the method Respond of plasticity.Neurons.
//
// Cells answer to images, which are luminances from 0 (black) to 1 in row-major
// order on a Screen:
//
//	Gabor     receptive field in degrees; Filter samples it on pixels
//	Simple    half-rectified Filter
//	Complex   energy of two Filters in quadrature
//	Bank      both, for every place, orientation and frequency: features to score
//	Stream    V1, V4 and IT with a known origin: recordings to test a score on
//	Poisson   spike counts of rates, trial by trial
//
// A GratingGrid's Tune goes the other way: from the responses of any neuron,
// simulated or recorded, to gratings to its Tuning.
//
// # Symbols
//
// Those of the lateral circuit are the paper's:
//
//	z_i     drive of neuron i, w_iᵀx      drive[i] of Circuit.Respond
//	r_i     its rate                      post[i] of Circuit.Respond
//	r_inh   rate of the inhibitory one    what Circuit.Respond returns
//	τ       time constant, ms             CircuitOptions.Tau
//	α       inhibitory feedback           CircuitOptions.Alpha
//	b       rate without drive            CircuitOptions.Baseline
//	f       transfer function             CircuitOptions.Transfer
//	k × k   receptive field               Sheet.Kernel
//
// Angles of a Gabor are radians, as in its formula; those of a GratingGrid and a
// Tuning degrees, as in what is reported. Both are of the bars, anticlockwise from
// horizontal.
//
// # Errors and costs
//
// Constants that make no circuit, rates that do not settle, and responses that are no
// rates are errors; Sheet.Validate and GratingGrid.Check say what makes no sheet and
// no grid. Lengths that do not fit, and Gabors that are none, panic. A step of a Circuit costs O(n); an answer of a cell
// one product per pixel of its field. A Stream uses all cores, with the same bits
// on any number of them.
//
// # Sources
//
// Circuit and pools: Pogodin, Mehta, Lillicrap and Latham, NeurIPS 2021,
// arXiv:2106.13031. Every cell and every measure of a Tuning names its own.
package neuron
