//go:build cgo

package hdf5

// #include "shim.h"
import "C"

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// referenceSize is the length of a reference to a text of variable length: its length (4 bytes), the address of its global heap
// collection (8) and its index there (4). HDF5 File Format Specification, III.E and IV.A.2.d.
const referenceSize = 16

// checkReferences holds the references of a dataset of texts of variable length against the heaps that they point into, before the
// library follows them: an index that a heap does not have makes it read other memory. Only references that lie in the file as they are
// can be checked, not those in chunks; compressed chunks have a checksum of their own.
func (d *Dataset) checkReferences() error {
	offset := C.H5Dget_offset(d.id())
	n, _ := product(d.shape)
	if d.elements.C.variable == 0 || ^offset == 0 || uint64(d.elements.C.storage) != uint64(n)*referenceSize || d.file.size > maxChecked {
		return nil
	}
	f, err := os.Open(d.file.name)
	if err != nil {
		return err
	}
	defer f.Close()
	references := make([]byte, n*referenceSize)
	if _, err := f.ReadAt(references, int64(offset)); err != nil {
		return fmt.Errorf("damaged: its texts lie beyond the end of the file")
	}
	base, err := userBlock(f, d.file.size)
	if err != nil {
		return err
	}
	heaps := map[uint64]map[uint32]uint64{}
	for i := range n {
		r := references[i*referenceSize:]
		length, address, index := binary.LittleEndian.Uint32(r), binary.LittleEndian.Uint64(r[4:]), binary.LittleEndian.Uint32(r[12:])
		if address == 0 { // no text; one of length 0 may have an address, which the library follows
			continue
		}
		heap, read := heaps[address]
		if !read {
			if heap, err = heapAt(f, base, address, d.file.size); err != nil {
				return fmt.Errorf("damaged: text %d is to lie in the global heap at byte %d: %w", i, address, err)
			}
			heaps[address] = heap
		}
		if size, ok := heap[index]; !ok || size < uint64(length) {
			return fmt.Errorf("damaged: text %d is to have %d bytes as object %d of the global heap at byte %d, which has %d there", i, length, index, address, size)
		}
	}
	return nil
}

// heapAt returns the sizes of the objects in the global heap collection at an address, by index.
func heapAt(r io.ReaderAt, base int64, address uint64, size int64) (map[uint32]uint64, error) {
	if address >= uint64(size)-uint64(base) {
		return nil, fmt.Errorf("that is beyond the end of the file")
	}
	at := base + int64(address)
	header := make([]byte, 16)
	if _, err := r.ReadAt(header, at); err != nil || string(header[:4]) != "GCOL" {
		return nil, fmt.Errorf("there is none")
	}
	length := binary.LittleEndian.Uint64(header[8:])
	if length > uint64(size-at) {
		return nil, fmt.Errorf("it is to have %d bytes", length)
	}
	b := make([]byte, length)
	if _, err := r.ReadAt(b, at); err != nil {
		return nil, err
	}
	if !soundHeap(bufio.NewReader(bytes.NewReader(b)), uint64(len(b))) {
		return nil, fmt.Errorf("its sizes do not add up")
	}
	objects := map[uint32]uint64{}
	for b = b[16:]; len(b) >= 16; { // soundHeap made sure that each step is right
		index, object := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint64(b[8:])
		if index == 0 { // the free space ends the collection
			break
		}
		objects[uint32(index)] = object
		b = b[16+(object+7)/8*8:]
	}
	return objects, nil
}

// userBlock returns where the file's superblock is: addresses count from there.
func userBlock(r io.ReaderAt, size int64) (int64, error) {
	begin := make([]byte, len(signature))
	for at := int64(0); at < size; at = max(512, 2*at) {
		if _, err := r.ReadAt(begin, at); err != nil {
			return 0, err
		}
		if string(begin) == signature {
			return at, nil
		}
	}
	return 0, fmt.Errorf("not an HDF5 file")
}
