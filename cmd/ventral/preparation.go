package main

import (
	"fmt"
	"math"

	"github.com/spf13/pflag"

	"ventral/stimuli"
)

// A preparation is how images become the input of a network: what is seen of
// them in training, and what when the network is tested. model.json keeps it.
type preparation struct {
	Augment string `json:"augment"` // of augmentations
	Pad     int    `json:"pad"`     // pixels
	Flip    bool   `json:"flip"`
	Size    int    `json:"size"`   // of the network's input, pixels; 0: the images' own
	Resize  int    `json:"resize"` // short side before the central square is tested; 0: none
	Store   int    `json:"store"`  // short side that images are kept with at most; 0: their own

	given func(flag string) bool // whether the command line has it
}

// What --augment can be: nothing moves; the image moves and the mean follows;
// a square of its pixels is seen, about its centre; a rectangle of it is.
const (
	augmentNone        = "none"
	augmentTranslate   = "translate"
	augmentCrop        = "crop"
	augmentResizedCrop = "resized-crop"
)

var augmentations = []string{augmentTranslate, augmentCrop, augmentResizedCrop, augmentNone}

func (p *preparation) add(flags *pflag.FlagSet) {
	p.given = flags.Changed
	flags.StringVar(&p.Augment, "augment", augmentTranslate, "what training sees of an image: translate (a random crop after padding with the mean), crop (a random --size crop of the central --size + 2 --pad pixels, tested at their centre), resized-crop (a random rectangle resized to --size; tested at the centre of the image resized to --resize) or none")
	heading(flags, "augment", "What training sees of an image")
	oneOf(flags, "augment", augmentations...)
	flags.IntVar(&p.Pad, "pad", 4, "translate and crop: how far images move in each direction, pixels")
	flags.BoolVar(&p.Flip, "flip", false, "mirror images left and right in training, with probability 1/2")
	flags.IntVar(&p.Size, "size", 0, "height and width of the networks' input, pixels (0: the images' own; of folders and shapes 32)")
	flags.IntVar(&p.Resize, "resize", 0, "resized-crop: short side of the images of whose centre networks are tested (0: --size × 256/224)")
	flags.IntVar(&p.Store, "store", 0, "resized-crop: reduce images to this short side when they are read, which saves memory (0: as they are)")
}

// check returns a usage error for values that make no preparation, and sets those
// that follow from others.
func (p *preparation) check() error {
	const most = 4096 // pixels: beyond are mistakes
	moves := p.Augment == augmentTranslate || p.Augment == augmentCrop
	switch {
	case p.Pad < 0 || p.Pad > most:
		return misused("--pad is %d, expected 0 to %d", p.Pad, most)
	case !moves && p.given("pad") && p.Pad > 0:
		return misused("--pad %d is for --augment translate and crop, and --augment is %s", p.Pad, p.Augment)
	case p.Size != 0 && (p.Size < 8 || p.Size > most):
		return misused("--size is %d, expected 8 to %d (0: the images' own)", p.Size, most)
	case p.Size == 0 && (p.Augment == augmentCrop || p.Augment == augmentResizedCrop):
		return misused("--augment %s needs --size, the height and width of the networks' input", p.Augment)
	case p.Augment != augmentResizedCrop && (p.Resize != 0 || p.Store != 0):
		return misused("--resize and --store are for --augment resized-crop, and --augment is %s", p.Augment)
	case p.Resize != 0 && (p.Resize < p.Size || p.Resize > most):
		return misused("--resize is %d, expected --size, %d, to %d", p.Resize, p.Size, most)
	}
	if !moves {
		p.Pad = 0
	}
	if p.Augment == augmentResizedCrop && p.Resize == 0 {
		p.Resize = int(math.Round(float64(p.Size) * 256 / 224))
	}
	if p.Store != 0 && (p.Store < p.Resize || p.Store > most) {
		return misused("--store is %d, expected --resize, %d, to %d: smaller images would be enlarged again", p.Store, p.Resize, most)
	}
	return nil
}

// variation is what training sees of an image.
func (p preparation) variation() stimuli.Variation {
	switch p.Augment {
	case augmentTranslate, augmentCrop:
		return stimuli.Translate{Pad: p.Pad}
	case augmentResizedCrop:
		return stimuli.ResizedCrop{}
	}
	return nil
}

// side is the height and width that images which can have any are made with.
func (p preparation) side() int {
	switch {
	case p.Augment == augmentCrop:
		return p.Size + 2*p.Pad
	case p.Augment == augmentResizedCrop:
		return p.Resize
	case p.Size > 0:
		return p.Size
	}
	return 32
}

// files says how image files are read: as o does, but for the shapes that o leaves
// open or that crops need.
func (p preparation) files(o stimuli.ImageOptions) stimuli.ImageOptions {
	switch {
	case p.Augment == augmentCrop:
		o.Crop, o.Height, o.Width = p.side(), p.side(), p.side()
	case p.Augment == augmentResizedCrop:
		o.Short, o.Store, o.Height, o.Width = p.Resize, p.Store, p.Size, p.Size
	case o.Height == 0:
		o.Height, o.Width = p.side(), p.side()
	}
	return o
}

// digits is files for images of one shape, which they keep where nothing else is
// asked for, and of which frame takes the crops.
func (p preparation) digits(o stimuli.ImageOptions) stimuli.ImageOptions {
	switch {
	case p.Augment == augmentCrop || p.Augment == augmentResizedCrop:
		o.Height, o.Width = 0, 0
	case o.Height == 0:
		o.Height, o.Width = p.Size, p.Size
	}
	return o
}

// frame makes the networks' input of images of one shape: what is tested, with
// what else training may see behind it.
func (p preparation) frame(s stimuli.Set) (stimuli.Set, error) {
	_, h, w := s.Shape()
	switch {
	case p.Size == 0 || p.Augment != augmentCrop && h == p.Size && w == p.Size:
		return s, nil
	case p.Augment == augmentCrop:
		if p.side() != h || p.side() != w {
			var err error
			if s, err = stimuli.Framed(s, stimuli.Frame{Height: p.side(), Width: p.side()}); err != nil {
				return nil, fmt.Errorf("--augment crop, --size %d and twice --pad %d: %w", p.Size, p.Pad, err)
			}
		}
		return stimuli.Framed(s, stimuli.Frame{Height: p.Size, Width: p.Size})
	case p.Augment == augmentResizedCrop:
		return stimuli.Framed(s, stimuli.Frame{Height: p.Size, Width: p.Size, Short: p.Resize})
	}
	return nil, misused("--size is %d, and the images are of %d×%d pixels (width × height): only folders, MNIST and shapes are made to size; of others ventral train can see parts (--augment crop and resized-crop)", p.Size, w, h)
}
