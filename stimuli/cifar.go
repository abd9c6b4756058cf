package stimuli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	cifarClasses = 10
	cifarPixels  = 3 * 32 * 32
	cifarRecord  = 1 + cifarPixels // label, then red, green and blue planes
)

var cifarBatch = regexp.MustCompile(`^data_batch_(\d+)\.bin$`)

// OpenCIFAR10 reads CIFAR-10's binary version (Krizhevsky 2009) from a folder:
// the training images from data_batch_*.bin in the order of their numbers, the
// test images from test_batch.bin and the names of the classes from
// batches.meta.txt (without it they are called 0 to 9). A file may hold any
// number of records. Images are 3×32×32; the id of an image is its file's name
// and its record, counted from 0, as in "data_batch_1/00042".
//
// Errors name the file that is missing, ends within a record, holds none, or
// has a label above 9.
func OpenCIFAR10(dir string) (train, test Set, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("CIFAR-10: %w; expected a folder with data_batch_*.bin and test_batch.bin", err)
	}
	type batch struct {
		number int
		name   string
	}
	var batches []batch
	for _, e := range entries {
		if m := cifarBatch.FindStringSubmatch(e.Name()); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return nil, nil, fmt.Errorf("CIFAR-10: the number of %s: %w", filepath.Join(dir, e.Name()), err)
			}
			batches = append(batches, batch{n, e.Name()})
		}
	}
	if len(batches) == 0 {
		return nil, nil, fmt.Errorf("CIFAR-10: no data_batch_*.bin among the %d files of %s; expected the binary version (data_batch_1.bin … and test_batch.bin)", len(entries), dir)
	}
	slices.SortFunc(batches, func(a, b batch) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, b := range batches {
		names = append(names, b.name)
	}

	classes, err := cifarClassNames(filepath.Join(dir, "batches.meta.txt"))
	if err != nil {
		return nil, nil, err
	}
	if train, err = readCIFAR10(dir, names, classes); err != nil {
		return nil, nil, err
	}
	if test, err = readCIFAR10(dir, []string{"test_batch.bin"}, classes); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// cifarClassNames reads one class name per line.
func cifarClassNames(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		names := make([]string, cifarClasses)
		for i := range names {
			names[i] = strconv.Itoa(i)
		}
		return names, nil
	}
	if err != nil {
		return nil, fmt.Errorf("CIFAR-10: %w", err)
	}
	names := strings.Fields(string(text))
	if len(names) != cifarClasses {
		return nil, fmt.Errorf("CIFAR-10: %s: %d class names, expected %d", path, len(names), cifarClasses)
	}
	return names, nil
}

func readCIFAR10(dir string, names, classes []string) (Set, error) {
	m := memory{channels: 3, height: 32, width: 32, classes: classes}
	for _, name := range names {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("CIFAR-10: %w", err)
		}
		labels, pixels, err := parseCIFAR10(data)
		if err != nil {
			return nil, fmt.Errorf("CIFAR-10: %s: %w", path, err)
		}
		for i := range labels {
			m.ids = append(m.ids, fmt.Sprintf("%s/%05d", strings.TrimSuffix(name, ".bin"), i))
		}
		m.labels = append(m.labels, labels...)
		m.pixels = append(m.pixels, pixels...)
	}
	return newMemory(m), nil
}

// parseCIFAR10 splits records of one label byte and 3,072 pixel bytes.
func parseCIFAR10(data []byte) (labels []int, pixels []byte, err error) {
	n, rest := len(data)/cifarRecord, len(data)%cifarRecord
	if rest != 0 {
		return nil, nil, fmt.Errorf("truncated record: %d whole records of %d bytes and %d bytes more", n, cifarRecord, rest)
	}
	if n == 0 {
		return nil, nil, errors.New("the file is empty")
	}
	labels = make([]int, n)
	pixels = make([]byte, 0, n*cifarPixels)
	for i := range labels {
		record := data[i*cifarRecord : (i+1)*cifarRecord]
		if record[0] >= cifarClasses {
			return nil, nil, fmt.Errorf("record %d (from 0): label %d, expected 0 to %d", i, record[0], cifarClasses-1)
		}
		labels[i] = int(record[0])
		pixels = append(pixels, record[1:]...)
	}
	return labels, pixels, nil
}
