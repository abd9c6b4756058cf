// Package stimuli reads, prepares and generates the images that networks are
// trained on and that animals were shown.
//
// A Set is a numbered list of images of one shape, each with a stimulus_id and
// perhaps a class. Sets come from
//
//   - OpenCIFAR10: the binary records of CIFAR-10;
//   - OpenFolder: labelled images, one folder per class;
//   - OpenArrays: arrays of images and classes, from NumPy;
//   - OpenImages: the images beside recordings, in a folder or a zip, with the
//     Table that names them;
//   - Shapes: generated images whose classes vary in position.
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
//   - Waves: frames of retinal waves;
//   - Patches: pieces of the images of a Set.
//
// Pixels are channel-major (channel, row, column) in [0, 1]. The sets of this
// package are held in memory with 8 bits per pixel and channel, the depth that
// image files and Pillow-based pipelines have.
package stimuli
