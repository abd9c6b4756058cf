package hdf5

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// maxChecked is the length of the largest file whose heaps are checked, since for that it is read once from end to end.
const maxChecked = 256 << 20

// checkHeaps follows the chains of sizes in all global heap collections, which hold texts of variable length and the lists of dimensions
// (HDF5 File Format Specification, III.E). The library believes those sizes: a wrong one makes it read other memory, or loop for ever.
func checkHeaps(r io.ReaderAt, size int64) error {
	if size > maxChecked {
		return nil
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), content); err != nil {
		return err
	}
	begin := []byte("GCOL\x01\x00\x00\x00")
	for at := 0; ; at++ {
		next := bytes.Index(content[at:], begin)
		if next < 0 {
			return nil
		}
		at += next
		if !soundHeap(content[at:]) {
			return fmt.Errorf("damaged HDF5 file: the sizes in the global heap at byte %d do not add up; if other programs read the file, copy it with h5repack", at)
		}
	}
}

// soundHeap tells whether the objects of the collection at the beginning of b fill it. Sizes are of 8 bytes, as in practically every file.
func soundHeap(b []byte) bool {
	const header = 16 // of the collection: signature, version, size; and of an object: index, references, size
	if len(b) < header {
		return false
	}
	size := binary.LittleEndian.Uint64(b[8:])
	if size < header || size > uint64(len(b)) {
		return false
	}
	for b = b[header:size]; len(b) >= header; {
		index, object := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint64(b[8:])
		if object > uint64(len(b)) {
			return false
		}
		step := object // of index 0, the free space, the header is counted in
		if index > 0 {
			step = header + (object+7)/8*8
		}
		if step < header || step > uint64(len(b)) {
			return false
		}
		b = b[step:]
	}
	return true
}
