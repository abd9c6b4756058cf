// Package network trains models of the ventral stream on images: the same
// architecture as a convolutional network, where one filter serves all
// positions, and as a locally connected one, where each position has its own
// and sleep pulls them together (Pogodin et al. 2021, arXiv:2106.13031).
//
// # Concepts
//
// An Architecture says what New builds: a Model of stages, whose activity can be
// read, from the image to a linear readout of the classes. A Training changes its
// weights; a Sleep shares them. A Source supplies the images (stimuli.Prepared is
// one), so that nothing here knows where they lie.
//
// One update's way:
//
//	rows of a Source → input → stages → readout → cross-entropy
//	                                                    ↓
//	perhaps Sleep ← optimizer ← gradients ← back through the layers
//
// What comes out: weights in the names and shapes of the authors' PyTorch
// networks (Model.Save), a State from which a training goes on bit by bit
// (Model.SaveState), and activity, stimuli × units (Model.StreamActivations,
// Model.Activations), whole or through a Reduction: Pooling, Projection, PCA.
//
// # Layouts
//
// An architecture is a text, read from the image to the readout: a line per stage,
//
//	STAGE = LAYER | LAYER | …
//
// where a LAYER is
//
//	[NAME:]filter K C [stride=S] [padding=P] [groups=G] [bias=channel|position]
//	[NAME:]norm
//	relu
//	max K [stride=S] [padding=P]
//	mean K [stride=S] [padding=P]
//	[NAME:]block C [stride=S]
//
// K, S and P are 3 or 3x5 (rows × columns); C is 16, or W, 2W … in parts of the
// architecture's width. Filters are padded by (K−1)/2 unless told otherwise;
// pooling strides by K. A block is He's basic residual block: two 3×3 filters,
// normalised, with a 1×1 projection where the shape changes, rectified at the
// end. # begins a comment. The readout, the mean over positions and a linear
// layer, is added at the end. NAME is the name in a checkpoint; without one,
// filters are STAGE.conv1, STAGE.conv2 …, norms STAGE.bn1 … and blocks
// STAGE.block1 …; the parts of a block that is alone in its stage are
// STAGE.conv1 ….
//
// # Symbols
//
//	conv, LC      one filter for all positions, one each   Architecture.Local
//	eps           noise about one shared filter            Architecture.SharedInit, Eps
//	C, H, W       channels, rows, columns of a layer       Shape
//	k × k         receptive field                          K of a layout, SleepLayer.Kernel
//	d             inputs of a filter, C_in·k²              Size.FanIn
//	z_i, w_i, N   drive, filter, neurons of a pool         type Sleep
//	γ             pull to the weights before the sleep     Sleep.Gamma
//	η             learning rate of the sleep               Sleep.LearningRate
//	α             inhibitory feedback                      Sleep.Alpha
//	SNR           mean filter against the scatter          Model.SNR, SleepRecord.PoolSNR
//	"reps"        translations of an image in a batch      Training.Repetitions
//	"every n"     updates from one sleep to the next       Training.SleepEvery
//
// # Costs
//
// Activity is held in float32 with the stimuli innermost, and receptive fields are
// read in place; all arithmetic on it is package internal/kernel's. A locally
// connected layer takes about the time of a convolution, and for its weights H·W
// times the memory. Training.EstimateBytes, Model.StreamBytes,
// Model.EstimateActivationBytes and PCABytes foresee memory, Architecture.Size
// counts weights without making them. An update allocates nothing once buffers have
// their size.
//
// # Errors
//
// An architecture, a layout (with its line) or a Sleep that makes no sense, files
// that do not fit the model, images that cannot be read, a loss or a sleep that
// diverges, and a cancelled context are errors; a Model is as it was before a Load,
// a sleep or a renewal of its statistics that failed. The same weights, images and
// settings give the same bits on any number of cores.
//
// # Sources
//
// Locally connected layers, pools, sleep, the procedure of training and the names
// of weights: Pogodin, Mehta, Lillicrap and Latham, NeurIPS 2021, and their code.
// ResNets: He, Zhang, Ren and Sun 2016, arXiv:1512.03385.
package network
