package stimuli

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ImageOptions says how image files become a Set.
type ImageOptions struct {
	// Table is the CSV file that names the images; "" = stimuli.csv in the
	// folder (or zip) or beside it, if there is one. Not used by OpenFolder.
	Table string

	// The shape of every image: Channels is 1 (grey) or 3 (red, green, blue).
	Channels int // 0 = 3
	Height   int // pixels; 0 = 32
	Width    int // pixels; 0 = 32

	// Crop is the side in pixels of a centred square that is cut out of the
	// image before it is resized; 0 = none.
	Crop int

	// Short keeps every image in its own shape for the Variations of a Prepared,
	// resized, if its short side has more than Store pixels, to those; 0 = images
	// are made Height×Width. Pixels is then the central Height×Width of the image
	// resized to a short side of Short pixels (Frame). Images that take more than
	// MaxMemory are decoded as they are asked for.
	Short int
	Store int // pixels; 0 = images are kept as they are

	// Degrees is the width of visual angle at which the images were shown, and
	// ScreenDegrees that of what a network sees: the image is put, unscaled, at
	// the centre of a grey screen of that size, or its centre fills it, before it
	// is resized (Brain-Score's rule). 0 = the image is what the network sees.
	Degrees       float64
	ScreenDegrees float64

	// Limits that protect from damaged or hostile files.
	MaxPixels int   // of one image file; 0 = 100 million
	MaxBytes  int64 // of one image file; 0 = 256 MiB
	MaxMemory int64 // bytes of the whole set; 0 = 8 GiB
}

// withDefaults replaces zeros by the documented defaults.
func (o ImageOptions) withDefaults() ImageOptions {
	replace(&o.Channels, 3)
	replace(&o.Height, 32)
	replace(&o.Width, 32)
	replace(&o.MaxPixels, 100e6)
	replace(&o.MaxBytes, 256<<20)
	replace(&o.MaxMemory, 8<<30)
	if o.Channels != 1 && o.Channels != 3 {
		panic(fmt.Sprintf("stimuli: images of %d channels, expected 1 (grey) or 3", o.Channels))
	}
	if o.Height < 0 || o.Width < 0 || o.Crop < 0 || o.Short < 0 || o.Store < 0 {
		panic(fmt.Sprintf("stimuli: images of %d×%d pixels, crop %d, short side %d, stored %d", o.Height, o.Width, o.Crop, o.Short, o.Store))
	}
	if !(o.Degrees >= 0) || !(o.ScreenDegrees >= 0) || (o.Degrees > 0) != (o.ScreenDegrees > 0) || math.IsInf(o.Degrees+o.ScreenDegrees, 1) || o.Degrees > 0 && o.Short > 0 {
		panic(fmt.Sprintf("stimuli: images of %g degrees on a screen of %g, short side %d", o.Degrees, o.ScreenDegrees, o.Short))
	}
	return o
}

func replace[T int | int64](value *T, whenZero T) {
	if *value == 0 {
		*value = whenZero
	}
}

// OpenImages reads the images beside recordings from a folder or, in place,
// from a zip file. A CSV table with the columns stimulus_id (or image_id) and
// filename gives their order, ids and metadata; without one every image file
// is taken in name order, its id being its path without the extension. A
// filename that is no path within the folder or zip may also be the name of a
// file in one of its folders, if it is the only one so called.
//
// Each image is decoded (PNG, JPEG, BMP, TIFF, the first frame of a GIF),
// cropped to the centred square of side Crop or put on a screen of ScreenDegrees
// if asked, cropped further to the target's aspect ratio (centred: nothing is stretched), resized with
// antialiasing as Pillow's BILINEAR does, and made grey (ITU-R 601 luma) if
// one channel is asked for. Transparency and the orientation tag of cameras
// are ignored, as in Pillow's convert.
//
// The Set is unlabelled; the rows of the Table are aligned with it. Errors name
// the table's line and column or the damaged or missing images.
func OpenImages(path string, o ImageOptions) (Set, *Table, error) {
	o = o.withDefaults()
	a, err := openArchive(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { a.close() }() // which load may replace
	table, name, err := a.table(o.Table)
	if err != nil {
		return nil, nil, err
	}
	files := a.files
	if table == nil {
		if table, err = tableOfFiles(files); err != nil {
			return nil, nil, fmt.Errorf("images: %s: %w", a.name, err)
		}
	} else if files, err = a.find(table, name); err != nil {
		return nil, nil, err
	}
	ids, _ := table.Column("stimulus_id")
	set, err := a.load(files, memory{ids: ids}, o)
	if err != nil {
		return nil, nil, err
	}
	return set, table, nil
}

// table reads the table that the user named or that lies with the images; it
// returns nil if there is none.
func (a *archive) table(named string) (t *Table, name string, err error) {
	const usual = "stimuli.csv"
	if named != "" {
		t, err = ReadTable(named)
		return t, named, err
	}
	f, err := a.fsys.Open(usual)
	if err == nil {
		defer f.Close()
		name = filepath.Join(a.name, usual)
		if t, err = readTable(f); err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
		return t, name, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("images: %s: %w", a.name, err)
	}
	// Beside it; Abs so that "." has a parent.
	absolute, err := filepath.Abs(a.name)
	if err != nil {
		return nil, "", fmt.Errorf("images: %w", err)
	}
	name = filepath.Join(filepath.Dir(absolute), usual)
	t, err = ReadTable(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, "", nil
	}
	return t, name, err
}

// tableOfFiles is the table of images that come without one.
func tableOfFiles(files []string) (*Table, error) {
	t := &Table{Columns: []string{"stimulus_id", "filename"}}
	seen := map[string]string{}
	for _, f := range files {
		id := strings.TrimSuffix(f, path.Ext(f))
		if other, ok := seen[id]; ok {
			return nil, fmt.Errorf("%q and %q would both be stimulus %q; a table (stimuli.csv) can tell them apart", other, f, id)
		}
		seen[id] = f
		t.Rows = append(t.Rows, []string{id, f})
	}
	return t, nil
}

// load decodes the files, in parallel, into the pixels of m.
func (a *archive) load(files []string, m memory, o ImageOptions) (Set, error) {
	if o.Short > 0 {
		return a.loadPictures(files, m, o)
	}
	m.channels, m.height, m.width = o.Channels, o.Height, o.Width
	if need := float64(len(files)) * float64(size(&m)); need > float64(o.MaxMemory) {
		return nil, fmt.Errorf("images: %s: %d images of %d×%d×%d take %.3g GB in memory, above the limit of %.3g GB",
			a.name, len(files), m.channels, m.height, m.width, need/1e9, float64(o.MaxMemory)/1e9)
	}
	m.pixels = make([]byte, len(files)*size(&m))
	errs := make([]error, len(files))
	a.each(files, o.MaxBytes, func(i int, data []byte, err error) {
		if errs[i] = err; err == nil {
			errs[i] = decode(m.image(i), data, o)
		}
	})
	if err := a.damaged(files, errs); err != nil {
		return nil, err
	}
	return newMemory(m), nil
}

// each reads the files, of at most limit bytes, and calls do with their bytes or
// why they cannot be read, in parallel.
func (a *archive) each(files []string, limit int64, do func(i int, data []byte, err error)) {
	parallel(len(files), func() func(int) {
		return func(i int) {
			data, err := a.read(files[i], limit)
			do(i, data, err)
		}
	})
}

// damaged is the error of files that cannot be read.
func (a *archive) damaged(files []string, errs []error) error {
	damaged, first := 0, -1
	for i, err := range errs {
		if err != nil {
			damaged++
			if first < 0 {
				first = i
			}
		}
	}
	switch damaged {
	case 0:
		return nil
	case 1:
		return a.wrap(files[first], errs[first])
	default:
		return fmt.Errorf("images: %s: %d of %d images cannot be read, the first being %s: %w",
			a.name, damaged, len(files), files[first], errs[first])
	}
}

// wrap says in which file an error, if any, occurred.
func (a *archive) wrap(file string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("images: %s: %s: %w", a.name, file, err)
}
