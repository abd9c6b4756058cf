package stimuli

import (
	"fmt"
	"image"
	"sync"
)

// A Frame says what is shown of an image without variation: its central
// Height×Width pixels, after it was resized so that its short side has Short
// pixels (antialiased; torchvision's Resize and CenterCrop).
type Frame struct {
	Height, Width int // pixels
	Short         int // pixels; 0 = the image is not resized
}

// Framed returns s as seen through f: its Shape is the frame's, and the whole
// images remain for a Prepared, whose Variation takes other parts of them.
//
// It fails if the images are smaller than the frame, and panics unless the
// frame has at least one pixel.
func Framed(s Set, f Frame) (Set, error) {
	_, h, w := s.Shape()
	if _, err := f.view(h, w); err != nil {
		return nil, err
	}
	return newFramed(uniform{s}, f), nil
}

// view is what the frame shows of an h×w image.
func (f Frame) view(h, w int) (view, error) {
	if f.Height < 1 || f.Width < 1 || f.Short < 0 {
		panic(fmt.Sprintf("stimuli: Frame %+v", f))
	}
	height, width := f.resized(h, w)
	if height < f.Height || width < f.Width {
		resized := ""
		if f.Short > 0 {
			resized = fmt.Sprintf(" (%d×%d when the short side has %d)", width, height, f.Short)
		}
		return view{}, fmt.Errorf("an image of %d×%d pixels%s, width × height, is smaller than the %d×%d that are to be shown of it", w, h, resized, f.Width, f.Height)
	}
	down, across := float64(h)/float64(height), float64(w)/float64(width) // image pixels per resized one
	top, left := centred(height, f.Height), centred(width, f.Width)
	return view{
		box{float64(left) * across, float64(top) * down, float64(left+f.Width) * across, float64(top+f.Height) * down},
		image.Rect(0, 0, w, h),
	}, nil
}

// resized is the size of an h×w image whose short side was resized.
func (f Frame) resized(h, w int) (height, width int) {
	switch {
	case f.Short == 0:
		return h, w
	case w <= h:
		return f.Short * h / w, f.Short
	default:
		return f.Short, f.Short * w / h
	}
}

// wholes are sets whose images are parts of larger ones.
type wholes interface {
	// whole returns all of image i, channel-major (C, height, width), in buffer
	// if that has room.
	whole(i int, buffer []float32) (pixels []float32, height, width int, err error)
}

// A source is images of any sizes; a frame makes them a Set.
type source interface {
	Len() int
	Classes() []string
	ID(i int) string
	Label(i int) int
	channels() int
	heldBytes() int64
	wholes
}

// framed is the Set that a frame shows of a source.
type framed struct {
	source
	frame  Frame
	digest func() string
}

func newFramed(s source, f Frame) *framed {
	set := &framed{source: s, frame: f}
	set.digest = sync.OnceValue(func() string { return digest(set) })
	return set
}

func (f *framed) Shape() (channels, height, width int) {
	return f.channels(), f.frame.Height, f.frame.Width
}

func (f *framed) Digest() string { return f.digest() }

func (f *framed) Pixels(i int, dst []float32) error {
	if len(dst) != size(f) {
		panic(fmt.Sprintf("stimuli: Pixels into %d elements, an image has %d", len(dst), size(f)))
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	var h, w int
	var err error
	if s.image, h, w, err = f.whole(i, s.image); err != nil {
		return err
	}
	v, err := f.frame.view(h, w)
	if err != nil {
		return err
	}
	s.show(dst, f.channels(), h, w, v, f.frame.Height, f.frame.Width, asItIs)
	return nil
}

// asItIs is the normalisation that changes nothing.
func asItIs(int) (mean, scale float32) { return 0, 1 }

// uniform is the source of a Set's images as they are.
type uniform struct{ Set }

func (u uniform) channels() int {
	channels, _, _ := u.Shape()
	return channels
}

func (u uniform) heldBytes() int64 { return HeldBytes(u.Set) }

func (u uniform) whole(i int, buffer []float32) ([]float32, int, int, error) {
	_, h, w := u.Shape()
	buffer = resized(buffer, size(u))
	return buffer, h, w, u.Pixels(i, buffer)
}
