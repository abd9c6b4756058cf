// Package plasticity holds what a synapse does: rules that change the filters
// of a pool of neurons, and the measures of what they reached.
//
// # Concepts
//
// A pool is n_neurons × d: element i is the filter w_i of neuron i,
// d = C_in·k² the number of inputs in a receptive field. An Experiment studies a
// rule on one pool:
//
//	Inputs  —x→  weights  —z→  Neurons  —r, signal→  Rule  —Δw→  weights
//	                                                                ↓
//	                                            Recorder: Measures, Snapshots
//
// Inputs draw patterns x (package stimuli has noise, gratings, waves and patches
// of images). Neurons turn drives into rates: Linear, or those of package neuron.
// A Rule is one law of change, one file each: Hebb, AntiHebb, Covariance, Oja,
// Sanger, BCM, Foldiak, Sharing, and Equation, a rule given as text. It sees an
// Activity: what a synapse could know, and no more. A rule may also hold weights
// to something (Constrained) and know when it is stable (Bounded).
//
// Without an experiment: Share is dynamic weight sharing for γ → 0, which networks
// use in sleep; FixedPoint is where it ends for any γ; SNR, InverseSNR, MeanToSD
// and Measure say how far a pool has come.
//
// # Symbols
//
// The letters are those of Pogodin, Mehta, Lillicrap and Latham (NeurIPS 2021,
// arXiv:2106.13031):
//
//	x        the input that the whole pool sees          Activity.Pre
//	w_i      the filter of neuron i                      Activity.W
//	w_i⁰     that at the start of the sleep phase        Activity.W0
//	z_i      its drive, w_iᵀx                            drive of Neurons.Respond
//	r_i      its rate; z_i in linear neurons             Activity.Post
//	z̄        the mean drive of the pool                  Activity.Signal of Linear
//	r_inh    the rate of its inhibitory neuron           Activity.Signal of a circuit
//	b        the rate without drive                      Sharing.Baseline
//	γ        the pull back to w⁰                         Sharing.Gamma
//	α        the inhibitory feedback                     alpha of FixedPoint
//	η_t      the learning rate at step t                 Schedule
//	μ        the momentum                                Experiment.Momentum
//	C        second moments of the inputs, ⟨xxᵀ⟩         c of FixedPoint
//	w̄, SNR   mean filter; its square over the scatter    SNR
//
// # Dynamic weight sharing
//
//	mean field           Δw_i = −η [ (z_i − z̄) x + γ (w_i − w_i⁰) ]          Sharing, Linear
//	circuit, published   Δw_i = −η [ (r_i − b) x + γ (w_i − w_i⁰) ]          Sharing with IgnorePool
//	circuit, corrected   Δw_i = −η [ (r_i − b − r_inh) x + γ (w_i − w_i⁰) ]  Sharing
//	fixed point          w_i* = (C + γI)⁻¹ (C w̄⁰ + γ w_i⁰)                   FixedPoint, α = +Inf
//	signal to noise      SNR = (1/d) Σ_j [ w̄_j² / var_i(w_ij) ]              SNR
//
// The published circuit with finite α also shrinks the mean filter. In the steady
// state r_i − b − r_inh = z_i − z̄, so that the corrected one, which is ours, is the
// mean field for any α.
//
// # Errors and costs
//
// A run that leaves all bounds ends with a *DivergenceError, which holds the
// rule's advice; a text that is no equation with an *EquationError, which points at
// the column. Errors of inputs and of a cancelled context are returned; w and the
// Recorder keep what was reached. Shapes that do not fit panic. Experiment.Run and
// Recorder tell their costs in time and memory. The same experiment gives the same
// bits.
package plasticity
