package stimuli

import (
	"encoding/binary"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"
)

// tiffWith is a TIFF container whose directory has other tags before the
// orientation.
func tiffWith(order binary.AppendByteOrder, o uint16) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 10)
	b = append(b, 0, 0)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x0100, 9}, {0x0112, o}} {
		b = order.AppendUint16(b, e[0])
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, e[1])
		b = append(b, 0, 0)
	}
	return b
}

func TestOrientation(t *testing.T) {
	for o := uint16(0); o < 11; o++ {
		want := int(o)
		if o < 1 || o > 8 {
			want = 1
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			if got := tiffOrientation(tiffWith(order, o)); got != want {
				t.Errorf("%v: orientation %d is read as %d", order, o, got)
			}
		}
	}
	// Where the pixel that is top left in the file shows: EXIF's table, row by row.
	w, h := 3, 2
	img := image.NewGray(image.Rect(5, 7, 5+w, 7+h)) // not at the origin
	img.SetGray(5, 7, color.Gray{200})
	img.SetGray(6, 7, color.Gray{100}) // its right neighbour
	for o, at := range map[int][2][2]int{
		1: {{0, 0}, {1, 0}}, 2: {{2, 0}, {1, 0}}, 3: {{2, 1}, {1, 1}}, 4: {{0, 1}, {1, 1}},
		5: {{0, 0}, {0, 1}}, 6: {{1, 0}, {1, 1}}, 7: {{1, 2}, {1, 1}}, 8: {{0, 2}, {0, 1}},
	} {
		turned := upright(img, o)
		corner := turned.Bounds().Min
		if b := turned.Bounds(); (o >= 5) != (b.Dx() == h) {
			t.Errorf("orientation %d: %v", o, b)
		}
		for k, level := range []uint32{200, 100} {
			r, _, _, _ := turned.At(corner.X+at[k][0], corner.Y+at[k][1]).RGBA()
			if r>>8 != level {
				t.Errorf("orientation %d: %d at %v, want %d", o, r>>8, at[k], level)
			}
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(tiffWith(binary.LittleEndian, 6))
	f.Add(tiffWith(binary.BigEndian, 3)[:20])
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPEXIF\xff\xff\xff\xff"))
	f.Add([]byte("\xff\xd8\xff\xff\xe1\x00\x10Exif\x00\x00II*\x00"))
	for _, name := range []string{"orientation6.jpg", "orientation6.png", "orientation8.webp", "orientation3.tiff"} {
		data, err := os.ReadFile(filepath.Join("testdata", "formats", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
	})
}
