package stimuli

import (
	"os"
	"path/filepath"
	"testing"

	"ventral/internal/npy"
)

// Goldens of Pillow 9.4.0, made by testdata/make_formats.py.
func TestAllFormatsAgainstPillow(t *testing.T) {
	z, err := npy.OpenZip(filepath.Join("testdata", "formats.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	names := z.Names()
	entries, err := os.ReadDir(filepath.Join("testdata", "formats"))
	if err != nil || len(entries) != len(names) {
		t.Fatalf("%d files and %d goldens, %v", len(entries), len(names), err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			want, shape, err := npy.ReadEntry[uint8](z, name)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(want))
			o := ImageOptions{Height: shape[1], Width: shape[2]}.withDefaults()
			if err := decode(got, readTestdata(t, filepath.Join("formats", name)), o); err != nil {
				t.Fatal(err)
			}
			if d := maxDifference(got, want); d > 2 {
				t.Errorf("%d grey levels apart", d)
			}
		})
	}
}
