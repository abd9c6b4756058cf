package stimuli

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"testing"
)

// photographs are class folders of pictures of differing shapes, cut out of
// source.png.
func photographs(t *testing.T) string {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(readTestdata(t, "source.png")))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, r := range map[string]image.Rectangle{
		"a/wide": image.Rect(0, 0, 97, 50), "a/tall": image.Rect(20, 0, 65, 61), "b/square": image.Rect(3, 5, 43, 45),
	} {
		var b bytes.Buffer
		if err := png.Encode(&b, img.(*image.RGBA).SubImage(r)); err != nil {
			t.Fatal(err)
		}
		write(t, dir, name+".png", b.Bytes())
	}
	return dir
}

// Images keep their shapes; in memory, decoded as they are asked for, and in a
// zip they are the same.
func TestKeptShapes(t *testing.T) {
	dir := photographs(t)
	o := ImageOptions{Height: 28, Width: 30, Short: 32}
	set, test, err := OpenFolder(t.Context(), dir, o)
	if err != nil || test != nil {
		t.Fatal(err)
	}
	if c, h, w := set.Shape(); c != 3 || h != 28 || w != 30 || set.Len() != 3 || set.Label(2) != 1 || !slices.Equal(ids(set), []string{"a/tall", "a/wide", "b/square"}) {
		t.Errorf("%d×%d×%d, %q", c, h, w, ids(set))
	}
	pixels, _, sourceWidth := golden(t, "source.png", 3)
	for i, want := range []image.Rectangle{image.Rect(20, 0, 65, 61), image.Rect(0, 0, 97, 50), image.Rect(3, 5, 43, 45)} {
		x, h, w, err := set.(wholes).whole(i, nil)
		if err != nil || h != want.Dy() || w != want.Dx() {
			t.Fatalf("image %d has %d×%d pixels, %v; want %v", i, w, h, err, want)
		}
		for k, b := range levels(x) {
			y, col := want.Min.Y+k/w%h, want.Min.X+k%w
			if b != pixels[(k/(w*h)*61+y)*sourceWidth+col] {
				t.Fatalf("image %d has other pixels", i)
			}
		}
	}

	const all = 3 * (97*50 + 45*61 + 40*40)
	if n := HeldBytes(Subset(set, []int{1})); n != all {
		t.Errorf("%d bytes are held in memory, want %d", n, all)
	}
	var others []Set
	for _, path := range []string{dir, zipOf(t, dir), tarOf(t, dir, false, false), tarOf(t, dir, true, false)} {
		for _, memory := range []int64{0, 1, 3 * 97 * 50} { // of which one image takes all
			o.MaxMemory = memory
			other, _, err := OpenFolder(t.Context(), path, o)
			if err != nil {
				t.Fatal(err)
			}
			if n := HeldBytes(other); memory == 0 && n != all || memory > 0 && n > memory {
				t.Errorf("%s: %d bytes are held in memory of at most %d", path, n, memory)
			}
			others = append(others, other)
		}
	}
	for _, other := range others {
		if other.Digest() != set.Digest() {
			t.Error("other content when decoded as it is asked for")
		}
		p, q := &Prepared{Set: set, Variation: ResizedCrop{}, Flip: true}, &Prepared{Set: other, Variation: ResizedCrop{}, Flip: true}
		if !slices.Equal(read(t, p, 4, 2, 2, 0, 1), read(t, q, 4, 2, 2, 0, 1)) || !slices.Equal(read(t, p, -1, 0, 1), read(t, q, -1, 0, 1)) {
			t.Error("other inputs when decoded as they are asked for")
		}
	}

	o.MaxMemory, o.Store = 0, 40
	smaller, _, err := OpenFolder(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []image.Point{{40, 54}, {77, 40}, {40, 40}} { // int(40·61/45), int(40·97/50)
		if _, h, w, err := smaller.(wholes).whole(i, nil); err != nil || h != want.Y || w != want.X {
			t.Errorf("image %d is stored with %d×%d pixels, want %v", i, w, h, want)
		}
	}
}

func TestKeptShapesErrors(t *testing.T) {
	dir := photographs(t)
	_, _, err := OpenFolder(t.Context(), dir, ImageOptions{Height: 50, Width: 46, Short: 46})
	mustFail(t, err, "2 of 3", "a/wide.png", "97×50", "89×46", "46×50")
	_, _, err = OpenFolder(t.Context(), dir, ImageOptions{Height: 50, Width: 80, Short: 50})
	mustFail(t, err, "2 of 3", "a/tall.png", "80×50")
	write(t, dir, "a/torn.png", readTestdata(t, "source.png")[:3000])
	_, _, err = OpenFolder(t.Context(), dir, ImageOptions{Height: 28, Width: 30, Short: 32})
	mustFail(t, err, "a/torn.png", "damaged")
	whole, _, err := OpenFolder(t.Context(), photographs(t), ImageOptions{Height: 28, Width: 30, Short: 32})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, tarOf(t, dir, true, true)} { // the torn one may be left out
		for _, memory := range []int64{0, 1} {
			var torn []string
			set, _, err := OpenFolder(t.Context(), path, ImageOptions{Height: 28, Width: 30, Short: 32, MaxMemory: memory, Damaged: func(file string, _ error) { torn = append(torn, file) }})
			if err != nil || !slices.Equal(torn, []string{"a/torn.png"}) || set.Digest() != whole.Digest() {
				t.Errorf("%s: without %q it is another set, %v", path, torn, err)
			}
		}
	}
	// A crop of real pixels.
	_, _, err = OpenFolder(t.Context(), photographs(t), ImageOptions{Height: 45, Width: 45, Crop: 45})
	mustFail(t, err, "b/square.png", "40×40", "45")

	// A file that is damaged after its set was opened.
	dir = photographs(t)
	set, _, err := OpenFolder(t.Context(), dir, ImageOptions{Height: 28, Width: 30, Short: 32, MaxMemory: 1})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a/wide.png", "no image")
	p := &Prepared{Set: set, Variation: ResizedCrop{}}
	for _, epoch := range []int{-1, 0} {
		mustFail(t, p.Read(epoch, 0, []int{0, 1}, make([]float32, 2*size(set)), nil), "a/wide.png")
	}
}
