// Package stimuli reads, prepares and generates the images that networks are
// trained on and that animals were shown. It knows nothing of networks and
// recordings; what they take of it is pixels and stimulus_ids.
//
// # Sets
//
// A Set is a numbered list of images of one shape, each with a stimulus_id and
// perhaps a class. Sets come from
//
//   - OpenCIFAR10, OpenCIFAR100: the binary records of CIFAR;
//   - OpenMNIST: IDX files, as of MNIST;
//   - OpenFolder: labelled images, one folder per class; ImageNet, TinyImageNet;
//   - OpenArrays: arrays of images and classes, from NumPy or HDF5;
//   - OpenImages: the images beside recordings, with the Table that names them
//     (Brain-Score's stimulus sets);
//   - Shapes: generated images whose classes vary in position;
//   - NewDrawn: generated stimuli.
//
// All but arrays are read from a folder or, without unpacking, from a zip, tar
// or tar.gz. Files and SurveyOf tell what is there; Subset takes some of it;
// Picture, ContactSheet, LabelledSheet and WritePNG show it.
//
// # From a Set to a network
//
//	file → Set → Framed → Prepared → rows of a batch
//
// Framed shows the centre of larger images, which remain behind it. Prepared
// normalises by Moments and varies what is seen at random, by a Variation
// (Translate, ResizedCrop) and mirroring, the same for a given seed, epoch, image
// and repetition whatever the batches and the number of workers. It is a
// network.Source.
//
// # Patterns
//
// Patterns, the inputs of single pools of neurons, have zero mean and unit
// variance (but for Lines) and are drawn one by one; pattern i depends on the seed
// and i alone. They are plasticity.Inputs and network.SleepPatterns, and come from
//
//   - WhiteNoise: independent Gaussian values;
//   - CorrelatedNoise: Gaussian noise with a power spectrum, 1/f² or another;
//   - Gratings: sinusoids of random orientation, frequency and phase;
//   - Waves: frames of RetinalWaves;
//   - Patches: pieces of the images of a Set;
//   - Lines: the lines of Földiák's example, 0 and 1.
//
// # Stimuli
//
// A Stimulus is what vision is studied with, in degrees of visual angle, ms and
// contrast, drawn on a Raster at any time: Grating, Gabor, Plaid, Bar,
// Checkerboard, Dots, FilteredNoise, Texture, Periodic (what layers see in sleep)
// and RetinalWaves.
//
// # Symbols
//
//	x        a pattern, C_in × k × k                  Pattern(i, x)
//	p        the paper's padding of translations      Translate.Pad
//	"reps"   translations of an image in a batch      repetition of Prepared.Read
//	C        contrast, Michelson or Weber             Contrast
//	f, φ     spatial frequency, phase                 Frequency, Phase
//	w        temporal frequency, Hz                   TemporalFrequency
//	α        exponent of a power spectrum, 1/f^α      Exponent
//
// # Pixels and memory
//
// Pixels are channel-major (channel, row, column) in [0, 1]. The sets of image
// files have 8 bits per pixel and channel, the depth that the files and
// Pillow-based pipelines have. They are held in memory (HeldBytes); one that does
// not fit is decoded image by image as it is asked for, with the same pixels, by as
// many goroutines as there are processors. Where the images lie in a compressed
// tar, in which no image can be reached but through all before it, they are decoded
// once, in the order of the archive, into a temporary file of 8-bit values.
//
// # Errors
//
// Files that are missing, damaged, too large or ambiguous are errors that name the
// file, and the line or the image in it; a Stimulus that pixels or contrast cannot
// show is one that says by how much. Nothing is clipped or left out in silence.
// Lengths that do not fit and indices outside a set panic.
package stimuli
