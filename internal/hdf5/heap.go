package hdf5

import (
	"bufio"
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
	const piece = 1 << 20 // searched at a time
	begin := []byte("GCOL\x01\x00\x00\x00")
	buffer := make([]byte, min(size, piece+int64(len(begin))-1)) // a signature may begin in one piece and end in the next
	for from := int64(0); from < size; from += piece {
		content := buffer[:min(int64(len(buffer)), size-from)]
		if _, err := io.ReadFull(io.NewSectionReader(r, from, size-from), content); err != nil {
			return err
		}
		for at := 0; ; at++ {
			next := bytes.Index(content[at:], begin)
			if next < 0 {
				break
			}
			at += next
			place := from + int64(at)
			if !soundHeap(bufio.NewReader(io.NewSectionReader(r, place, size-place)), uint64(size-place)) {
				return fmt.Errorf("damaged HDF5 file: the sizes in the global heap at byte %d do not add up; if other programs read the file, copy it with h5repack", place)
			}
		}
	}
	return nil
}

// soundHeap tells whether the objects of the collection that r begins with, in a file of which room bytes are left, fill it. Sizes are of
// 8 bytes, as in practically every file.
func soundHeap(r *bufio.Reader, room uint64) bool {
	const header = 16 // of the collection: signature, version, size; and of an object: index, references, size
	b, err := r.Peek(header)
	if err != nil {
		return false
	}
	left := binary.LittleEndian.Uint64(b[8:])
	if left < header || left > room {
		return false
	}
	for step := uint64(header); ; {
		if _, err := r.Discard(int(step)); err != nil {
			return false
		}
		if left -= step; left < header {
			return true
		}
		if b, err = r.Peek(header); err != nil {
			return false
		}
		index, object := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint64(b[8:])
		if object > left {
			return false
		}
		step = object // of index 0, the free space, the header is counted in
		if index > 0 {
			step = header + (object+7)/8*8
		}
		if step < header || step > left {
			return false
		}
	}
}
