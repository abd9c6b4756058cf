// Package stimuli reads, prepares and generates the images that networks are
// trained on and that animals were shown.
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
// or tar.gz. Files and SurveyOf tell what is there.
//
// Framed shows the centre of larger images, which remain behind it.
//
// Prepared turns a Set into a network's input: normalised by Moments and varied
// at random by a Variation (Translate, ResizedCrop) and mirroring, the same for a
// given seed, epoch, image and repetition whatever the batches and the number of
// workers.
//
// Patterns, the inputs of single pools of neurons, have zero mean and unit
// variance and are drawn one by one; pattern i depends on the seed and i alone.
// They come from
//
//   - WhiteNoise: independent Gaussian values;
//   - CorrelatedNoise: Gaussian noise with a power spectrum, 1/f² or another;
//   - Gratings: sinusoids of random orientation, frequency and phase;
//   - Waves: frames of RetinalWaves;
//   - Patches: pieces of the images of a Set.
//
// A Stimulus is what vision is studied with, in degrees of visual angle, ms and
// contrast, drawn on a Raster at any time: Grating, Gabor, Plaid, Bar,
// Checkerboard, Dots, FilteredNoise, Texture, Periodic (what layers see in sleep)
// and RetinalWaves.
//
// Pixels are channel-major (channel, row, column) in [0, 1]. The sets of image
// files have 8 bits per pixel and channel, the depth that the files and
// Pillow-based pipelines have. They are held in memory; one that does not fit is
// decoded image by image as it is asked for, with the same pixels, by as many
// goroutines as there are processors. Where the images lie in a compressed tar,
// in which no image can be reached but through all before it, they are decoded
// once, in the order of the archive, into a temporary file of 8-bit values.
package stimuli
