// Package plasticity holds what a synapse does: rules that change the filters
// of a pool of neurons, and the measures of what they reached.
//
// A pool is n_neurons × d: element i is the filter w_i of neuron i,
// d = C_in·k² the number of inputs in a receptive field. The letters are those
// of Pogodin, Mehta, Lillicrap and Latham (NeurIPS 2021, arXiv:2106.13031).
package plasticity
