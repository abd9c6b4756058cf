package stimuli

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

func TestSurvey(t *testing.T) {
	grey := func(v byte) []byte { return pngOf(t, 6, 6, v) }
	dir := write(t, t.TempDir(), "a/1.png", grey(10), "a/2.png", grey(20), "b/3.png", grey(10))
	set, _, err := OpenFolder(t.Context(), dir, ImageOptions{Height: 4, Width: 4})
	if err != nil {
		t.Fatal(err)
	}
	v, err := SurveyOf(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	mean, std, err := Moments(set)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.Counts, []int{2, 1}) || !slices.Equal(v.Mean, mean) || !slices.Equal(v.Std, std) || v.Content[0] != v.Content[2] || v.Content[0] == v.Content[1] {
		t.Errorf("%+v", v)
	}
	if _, err := SurveyOf(t.Context(), broken{set}); err != errBroken {
		t.Errorf("%v", err)
	}
	if _, err := SurveyOf(t.Context(), Subset(set, nil)); err == nil {
		t.Error("a survey of nothing")
	}
}

func TestFiles(t *testing.T) {
	dir := write(t, t.TempDir(), "d.png", "no image", "sub/a.png", pngOf(t, 30, 20, 1))
	for _, name := range []string{"grey.jpg", "cmyk.jpg", "rgba8.png", "part.gif", "lossy.webp"} {
		write(t, dir, name, readTestdata(t, filepath.Join("formats", name)))
	}
	for _, path := range []string{dir, tarOf(t, dir, true, true)} {
		files, err := Files(t.Context(), path, ImageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := []FileInfo{
			{Name: "cmyk.jpg", Format: "jpeg", Width: 17, Height: 11, Channels: 4},
			{Name: "d.png"},
			{Name: "grey.jpg", Format: "jpeg", Width: 17, Height: 11, Channels: 1},
			{Name: "lossy.webp", Format: "webp", Width: 17, Height: 11, Channels: 3},
			{Name: "part.gif", Format: "gif", Width: 17, Height: 11, Channels: 3},
			{Name: "rgba8.png", Format: "png", Width: 17, Height: 11, Channels: 4},
			{Name: "sub/a.png", Format: "png", Width: 30, Height: 20, Channels: 3},
		}
		for i, f := range files {
			if (f.Err != nil) != (f.Name == "d.png") {
				t.Errorf("%s: %v", f.Name, f.Err)
			}
			f.Err = nil
			if f != want[i] {
				t.Errorf("%+v, want %+v", f, want[i])
			}
		}
	}
}

func TestLabelledSheet(t *testing.T) {
	m := newMemory(memory{channels: 1, height: 2, width: 2, ids: []string{"a"}, pixels: []byte{200, 200, 200, 200}})
	sheet, err := LabelledSheet(m, []SheetRow{{"cat", []int{0, 0}}, {"a name of many more letters than fit", []int{0}}}, 10)
	if err != nil {
		t.Fatal(err)
	}
	count := map[byte]int{}
	for i := 0; i < len(sheet.Pix); i += 4 {
		count[sheet.Pix[i]]++
	}
	if count[200] != 3*20*20 || count[0] < 50 || count[0]+count[200]+count[255] != len(sheet.Pix)/4 {
		t.Errorf("%v: levels %v", sheet.Rect, count)
	}
	if _, err := LabelledSheet(broken{Subset(m, []int{0, 0})}, []SheetRow{{"", []int{1}}}, 1); err != errBroken {
		t.Errorf("%v", err)
	}
}

// A set that does not fit keeps its names and the images in work, whatever its
// size: here 150 times 1.5 MB that are never in memory.
func TestMemoryOfALargeSet(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 150 large images twice")
	}
	dir := t.TempDir()
	picture := pngOf(t, 64, 64, 7)
	for i := range 150 {
		write(t, dir, "c/"+string(rune('a'+i%20))+string(rune('a'+i/20))+".png", picture)
	}
	for _, path := range []string{dir, tarOf(t, dir, true, false)} {
		set, _, err := OpenFolder(t.Context(), path, ImageOptions{Height: 700, Width: 700, MaxMemory: 1})
		if err != nil {
			t.Fatal(err)
		}
		var most uint64
		p := Prepared{Set: set, Variation: Translate{4}}
		x := make([]float32, 4*size(set))
		for first := 0; first < set.Len()-3; first += 4 {
			if err := p.Read(0, 0, []int{first, first + 1, first + 2, first + 3}, x, nil); err != nil {
				t.Fatal(err)
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
		if most > 160<<20 { // all of it would be 220 MB, or 880 as float32
			t.Errorf("%s: %d MB", path, most>>20)
		}
	}
	f, err := temporary()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := os.Stat(f.Name()); err == nil {
		t.Errorf("%s would be left behind", f.Name())
	}
}

// BenchmarkPrepared reads batches of CIFAR's size: crop and normalisation.
func BenchmarkPrepared(b *testing.B) {
	data := newMemory(memory{channels: 3, height: 32, width: 32, ids: make([]string, 5000), pixels: make([]byte, 5000*cifarPixels)})
	p := Prepared{Set: data, Mean: []float32{.5, .5, .5}, Std: []float32{.2, .2, .2}, Variation: Translate{4}}
	x := make([]float32, 512*cifarPixels)
	i := 0
	for b.Loop() {
		indices := make([]int, 512)
		for k := range indices {
			indices[k] = (i*7919 + k*31) % 5000
		}
		i++
		if err := p.Read(i, 0, indices, x, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(512*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
