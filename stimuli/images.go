package stimuli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// ImageOptions says how image files become a Set. Numbers that make no image panic:
// negative ones, channels other than 1 and 3, one of Degrees and ScreenDegrees
// without the other.
type ImageOptions struct {
	// Table is the CSV file that names the images; "" = stimuli.csv in the
	// folder (or archive) or beside it, or the file of the archive's own name
	// with .csv beside it, if there is one. Only used by OpenImages.
	Table string

	// The shape of every image: Channels is 1 (grey) or 3 (red, green, blue).
	Channels int // 0 = 3; OpenMNIST: 1
	Height   int // pixels; 0 = 32; OpenMNIST: as in the file
	Width    int // pixels; 0 = 32; OpenMNIST: as in the file

	// Crop is the side in pixels of a centred square that is cut out of the
	// image before it is resized; 0 = none.
	Crop int

	// Short keeps every image in its own shape for the Variations of a Prepared,
	// resized, if its short side has more than Store pixels, to those; 0 = images
	// are made Height×Width. Pixels is then the central Height×Width of the image
	// resized to a short side of Short pixels (Frame). Not used by OpenMNIST.
	Short int
	Store int // pixels; 0 = images are kept as they are

	// Degrees is the width of visual angle at which the images were shown, and
	// ScreenDegrees that of what a network sees: the image is put, unscaled, at
	// the centre of a grey screen of that size, or its centre fills it, before it
	// is resized (Brain-Score's rule). 0 = the image is what the network sees. Not
	// used by OpenMNIST.
	Degrees       float64
	ScreenDegrees float64

	// Damaged is called for every image that cannot be read, in the order of
	// the set, and the image is left out. nil = such an image is an error. An
	// archive that is damaged itself is an error in any case.
	Damaged func(file string, err error)

	// Read is called, from several goroutines at a time, when done of total files
	// have been read; nil = not.
	Read func(done, total int)

	// MaxMemory is how many bytes a set may take in memory; 0 = 8 GiB. A larger
	// one is decoded image by image as it is asked for, or, from a compressed
	// tar, once into a temporary file.
	MaxMemory int64

	// Limits that protect from damaged or hostile files.
	MaxPixels   int   // of one image file; 0 = 100 million
	MaxBytes    int64 // of one image file; 0 = 256 MiB
	MaxUnpacked int64 // of a compressed tar; 0 = 1 TiB
}

// telling is use of n files, after each of which Read is called.
func (o ImageOptions) telling(n int, use func(i int, data []byte, err error)) func(i int, data []byte, err error) {
	if o.Read == nil {
		return use
	}
	var done atomic.Int64
	return func(i int, data []byte, err error) {
		use(i, data, err)
		o.Read(int(done.Add(1)), n)
	}
}

// withDefaults replaces zeros by the documented defaults.
func (o ImageOptions) withDefaults() ImageOptions {
	replace(&o.Channels, 3)
	replace(&o.Height, 32)
	replace(&o.Width, 32)
	return o.withLimits()
}

// withLimits replaces zeros by defaults in all but the shape.
func (o ImageOptions) withLimits() ImageOptions {
	replace(&o.MaxPixels, 100e6)
	replace(&o.MaxBytes, 256<<20)
	replace(&o.MaxUnpacked, 1<<40)
	replace(&o.MaxMemory, 8<<30)
	if o.Channels != 0 && o.Channels != 1 && o.Channels != 3 {
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
// from a zip, tar or tar.gz. A CSV table with the columns stimulus_id (or
// image_id) and filename, as Brain-Score's stimulus sets have, gives their
// order, ids and metadata; without one every image file is taken in name order,
// its id being its path without the extension. A filename that is no path within
// the folder or archive may also be the name of a file in one of its folders, if
// it is the only one so called.
//
// Each image is decoded (PNG, JPEG, BMP, TIFF, WebP, the first frame of a GIF),
// turned as its EXIF orientation says, cropped to the centred square of side
// Crop or put on a screen of ScreenDegrees if asked, cropped further to the
// target's aspect ratio (centred: nothing is stretched), resized with
// antialiasing as Pillow's BILINEAR does, and made grey (ITU-R 601 luma) if one
// channel is asked for. Transparency is dropped, as in Pillow's convert: a
// transparent pixel shows the colour that it has.
//
// The Set is unlabelled; the rows of the Table are aligned with it. Errors name
// the table's line and column or the damaged or missing images. When ctx is done
// before all is read, its error comes back; afterwards the Set does not ask it.
//
// A compressed tar is read twice from end to end: for the names, then for the
// images, which are decoded in the order of the archive.
func OpenImages(ctx context.Context, path string, o ImageOptions) (Set, *Table, error) {
	o = o.withDefaults()
	a, err := openArchive(ctx, path, o)
	if err != nil {
		return nil, nil, err
	}
	defer func() { a.close() }()
	if err := a.needImages(); err != nil {
		return nil, nil, err
	}
	table, name, err := a.table(o)
	if err != nil {
		return nil, nil, err
	}
	files := a.images
	if table == nil {
		if table, err = tableOfFiles(files); err != nil {
			return nil, nil, fmt.Errorf("images: %s: %w", a.name, err)
		}
	} else if files, err = a.find(table, name); err != nil {
		return nil, nil, err
	}
	ids, _ := table.Column("stimulus_id")
	set, good, err := a.load(files, memory{ids: ids}, o)
	if err != nil {
		return nil, nil, err
	}
	table.keep(good)
	return set, table, nil
}

// table reads the table that the user named or that lies with the images; it
// returns nil if there is none.
func (a *archive) table(o ImageOptions) (t *Table, name string, err error) {
	const usual = "stimuli.csv"
	if o.Table != "" {
		t, err = ReadTable(o.Table)
		return t, o.Table, err
	}
	if a.has(usual) {
		name = filepath.Join(a.name, usual)
		f, err := a.open(usual)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
		defer f.Close()
		if t, err = readTable(f); err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
		return t, name, nil
	}
	// Beside it; Abs so that "." has a parent.
	absolute, err := filepath.Abs(a.name)
	if err != nil {
		return nil, "", fmt.Errorf("images: %w", err)
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(absolute, filepath.Ext(absolute)), ".tar")
	for _, name := range []string{filepath.Join(filepath.Dir(absolute), usual), stem + ".csv"} {
		if t, err = ReadTable(name); !errors.Is(err, fs.ErrNotExist) {
			return t, name, err
		}
	}
	return nil, "", nil
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

// load makes the files a Set, with the ids and labels of m. good are the indices
// of the files that could be read, all of them unless o lets damaged ones be left
// out.
//
// A set that does not fit the memory is decoded as it is asked for, and a takes
// care of its files as long as it is used: then a.close does nothing any more.
func (a *archive) load(files []string, m memory, o ImageOptions) (s Set, good []int, err error) {
	if o.Short > 0 {
		return a.loadPictures(files, m, o)
	}
	m.channels, m.height, m.width = o.Channels, o.Height, o.Width
	n := size(&m)
	errs := make([]error, len(files))
	into := func(dst func(i int) []byte, done func(i int, dst []byte) error) error {
		var lost firstError // which is no fault of the image
		err := a.each(files, o.MaxBytes, o.telling(len(files), func(i int, data []byte, err error) {
			if errs[i] = err; err != nil {
				return
			}
			to := dst(i)
			if errs[i] = decode(to, data, o); errs[i] == nil {
				lost.note(done(i, to))
			}
		}))
		return cmp.Or(err, lost.err)
	}
	scratch := func(int) []byte { return make([]byte, n) }
	none := func(int, []byte) error { return nil }
	switch {
	case float64(len(files))*float64(n) <= float64(o.MaxMemory):
		m.pixels = make([]byte, len(files)*n)
		err = into(m.image, none)
	case a.pass != nil:
		var f *os.File
		if f, err = temporary(); err == nil {
			m.fetch = func(i int, dst []byte) error { return wrapOf(readAt(f, dst, i), a.name, files[i]) }
			err = into(scratch, func(i int, dst []byte) error { return writeAt(f, dst, i) })
		}
	default:
		m.fetch = func(i int, dst []byte) error {
			data, err := a.read(files[i], o.MaxBytes)
			if err == nil {
				err = decode(dst, data, o)
			}
			return wrapOf(err, a.name, files[i])
		}
		if o.Damaged != nil {
			err = into(scratch, none)
		}
		a.close = func() error { return nil }
	}
	if err != nil {
		return nil, nil, err
	}
	if good, err = a.undamaged(files, errs, o.Damaged); err != nil {
		return nil, nil, err
	}
	return among(newMemory(m), good), good, nil
}

// among is s without the images that are not good.
func among(s Set, good []int) Set {
	if len(good) < s.Len() {
		return Subset(s, good)
	}
	return s
}

// undamaged returns the indices without an error, having reported the others.
func (a *archive) undamaged(files []string, errs []error, report func(file string, err error)) (good []int, err error) {
	var bad []int
	for i, err := range errs {
		if err == nil {
			good = append(good, i)
		} else {
			bad = append(bad, i)
		}
	}
	switch {
	case len(bad) == 0:
		return good, nil
	case report == nil || len(good) == 0:
		return nil, &DamagedError{a.name, files[bad[0]], len(bad), len(files), errs[bad[0]]}
	}
	for _, i := range bad {
		report(files[i], errs[i])
	}
	return good, nil
}

// A DamagedError says that images of a set cannot be read. ImageOptions.Damaged
// leaves them out, where there are others.
type DamagedError struct {
	Archive, First string // the set, and the first of them
	Damaged, All   int    // numbers of images
	Err            error  // why the first cannot be read
}

func (e *DamagedError) Error() string {
	if e.Damaged == 1 && e.All > 1 {
		return wrapOf(e.Err, e.Archive, e.First).Error()
	}
	return fmt.Sprintf("images: %s: %d of %d images cannot be read, the first being %s: %v", e.Archive, e.Damaged, e.All, e.First, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// wrapOf says in which file an error, if any, occurred.
func wrapOf(err error, archive, file string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("images: %s: %s: %w", archive, file, err)
}
