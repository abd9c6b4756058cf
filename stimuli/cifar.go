package stimuli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const cifarPixels = 3 * 32 * 32 // red, green and blue planes

// A cifarKind is one of the two sets, in one choice of labels.
type cifarKind struct {
	title      string
	labelBytes int // in front of the pixels of every record
	label      int // which of them is the class
	classes    int
	names      string // file with the names of the classes
	train      *regexp.Regexp
	test       string
	expected   string
}

var (
	cifar10 = cifarKind{"CIFAR-10", 1, 0, 10, "batches.meta.txt",
		regexp.MustCompile(`^data_batch_(\d+)\.bin$`), "test_batch.bin", "data_batch_*.bin and test_batch.bin"}
	cifar100Fine = cifarKind{"CIFAR-100", 2, 1, 100, "fine_label_names.txt",
		regexp.MustCompile(`^train()\.bin$`), "test.bin", "train.bin and test.bin"}
	cifar100Coarse = cifarKind{"CIFAR-100", 2, 0, 20, "coarse_label_names.txt",
		cifar100Fine.train, cifar100Fine.test, cifar100Fine.expected}
)

// OpenCIFAR10 reads CIFAR-10's binary version (Krizhevsky 2009) from a folder
// or, in place, from the official cifar-10-binary.tar.gz or another archive: the
// training images from data_batch_*.bin in the order of their numbers, the test
// images from test_batch.bin and the names of the classes from batches.meta.txt
// (without it they are called 0 to 9). A file may hold any number of records.
// Images are 3×32×32; the id of an image is its file's name and its record,
// counted from 0, as in "data_batch_1/00042".
//
// Errors name the file that is missing, ends within a record, holds none, or
// has a label above 9. When ctx is done before all is read, its error comes back.
func OpenCIFAR10(ctx context.Context, path string) (train, test Set, err error) {
	return cifar10.open(ctx, path)
}

// OpenCIFAR100 reads CIFAR-100's binary version as OpenCIFAR10 does: train.bin,
// test.bin, and the names of its 100 classes from fine_label_names.txt or, if
// coarse, of its 20 superclasses from coarse_label_names.txt. It fails as
// OpenCIFAR10 does.
func OpenCIFAR100(ctx context.Context, path string, coarse bool) (train, test Set, err error) {
	if coarse {
		return cifar100Coarse.open(ctx, path)
	}
	return cifar100Fine.open(ctx, path)
}

func (k cifarKind) open(ctx context.Context, where string) (train, test Set, err error) {
	a, err := openArchive(ctx, where, ImageOptions{}.withDefaults())
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w; expected a folder or archive with %s", k.title, err, k.expected)
	}
	defer a.close()
	dir, batches, err := k.batches(a)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", k.title, err)
	}
	files := append(batches, path.Join(dir, k.test))
	names := path.Join(dir, k.names)
	if a.has(names) {
		files = append(files, names)
	}
	contents, err := a.readFiles(files)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", k.title, err)
	}
	classes := numbers(k.classes)
	if a.has(names) {
		if classes, err = k.classNames(contents[names]); err != nil {
			return nil, nil, fmt.Errorf("%s: %s: %s: %w", k.title, where, names, err)
		}
	}
	if train, err = k.set(a, batches, contents, classes); err != nil {
		return nil, nil, err
	}
	if test, err = k.set(a, []string{path.Join(dir, k.test)}, contents, classes); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// batches finds the training files, in the order of their numbers, and the
// folder that they and the others lie in.
func (k cifarKind) batches(a *archive) (dir string, files []string, err error) {
	type batch struct {
		number int
		file   string
	}
	var all []batch
	for _, f := range a.files {
		m := k.train.FindStringSubmatch(path.Base(f))
		if m == nil {
			continue
		}
		number := 0
		if m[1] != "" {
			if number, err = strconv.Atoi(m[1]); err != nil {
				return "", nil, fmt.Errorf("%s: the number of %s: %w", a.name, f, err)
			}
		}
		all = append(all, batch{number, f})
	}
	if len(all) == 0 {
		return "", nil, fmt.Errorf("none of the %d files of %s is of the training images; expected the binary version (%s)", len(a.files), a.name, k.expected)
	}
	slices.SortFunc(all, func(a, b batch) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.file, b.file))
	})
	dir = path.Dir(all[0].file)
	for _, b := range all {
		if path.Dir(b.file) != dir {
			return "", nil, fmt.Errorf("%s holds two sets, one with %s and one with %s: name the folder of one", a.name, all[0].file, b.file)
		}
		files = append(files, b.file)
	}
	if test := path.Join(dir, k.test); !a.has(test) {
		return "", nil, fmt.Errorf("%s holds %s and no %s", a.name, files[0], test)
	}
	return dir, files, nil
}

// readFiles returns what the files hold, whose names may not come twice.
func (a *archive) readFiles(files []string) (map[string][]byte, error) {
	const most = 1 << 30 // bytes of one file; the official ones have 30 MB, or 150
	contents, errs := make([][]byte, len(files)), make([]error, len(files))
	if err := a.each(files, most, func(i int, data []byte, err error) { contents[i], errs[i] = data, err }); err != nil {
		return nil, err
	}
	of := map[string][]byte{}
	for i, f := range files {
		if errs[i] != nil {
			return nil, fmt.Errorf("%s: %s: %w", a.name, f, errs[i])
		}
		of[f] = contents[i]
	}
	return of, nil
}

// classNames reads one class name per line.
func (k cifarKind) classNames(text []byte) ([]string, error) {
	names := strings.Fields(string(text))
	if len(names) != k.classes {
		return nil, fmt.Errorf("%d class names, expected %d", len(names), k.classes)
	}
	if n := len(distinct(names)); n < len(names) {
		return nil, fmt.Errorf("%d class names of which %d differ", len(names), n)
	}
	return names, nil
}

// numbers returns the names 0 to n−1.
func numbers(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

func (k cifarKind) set(a *archive, files []string, contents map[string][]byte, classes []string) (Set, error) {
	m := memory{channels: 3, height: 32, width: 32, classes: classes}
	for _, f := range files {
		labels, pixels, err := k.parse(contents[f])
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %s: %w", k.title, a.name, f, err)
		}
		for i := range labels {
			m.ids = append(m.ids, fmt.Sprintf("%s/%05d", strings.TrimSuffix(path.Base(f), ".bin"), i))
		}
		m.labels = append(m.labels, labels...)
		m.pixels = append(m.pixels, pixels...)
	}
	return newMemory(m), nil
}

// parse splits records of label bytes and 3,072 pixel bytes.
func (k cifarKind) parse(data []byte) (labels []int, pixels []byte, err error) {
	record := k.labelBytes + cifarPixels
	n, rest := len(data)/record, len(data)%record
	if rest != 0 {
		return nil, nil, fmt.Errorf("truncated record: %d whole records of %d bytes and %d bytes more", n, record, rest)
	}
	if n == 0 {
		return nil, nil, errors.New("the file is empty")
	}
	labels = make([]int, n)
	pixels = make([]byte, 0, n*cifarPixels)
	for i := range labels {
		r := data[i*record : (i+1)*record]
		label := int(r[k.label])
		if label >= k.classes {
			return nil, nil, fmt.Errorf("record %d (from 0): label %d, expected 0 to %d", i, label, k.classes-1)
		}
		labels[i] = label
		pixels = append(pixels, r[k.labelBytes:]...)
	}
	return labels, pixels, nil
}
