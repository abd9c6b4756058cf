package hdf5

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

const signature = "\x89HDF\r\n\x1a\n"

// checkFile refuses, before the library sees it, what is not a complete HDF5 file. It returns the file's length.
func checkFile(name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s: not a regular file (%v)", name, info.Mode())
	}
	err = checkSuperblock(f, info.Size())
	if err == nil {
		err = checkHeaps(f, info.Size())
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return info.Size(), nil
}

// checkSuperblock finds the signature, which is at byte 0, 512, 1024, 2048, … of the file, and compares the end of the file
// that is written behind it with the file's length.
func checkSuperblock(r io.ReaderAt, size int64) error {
	for at := int64(0); at < size; at = max(512, 2*at) {
		block := make([]byte, 96)
		n, err := r.ReadAt(block, at)
		if err != nil && err != io.EOF {
			return err
		}
		if n < len(signature) || string(block[:len(signature)]) != signature {
			continue
		}
		end, ok := endOfFile(block[:n])
		if !ok {
			return fmt.Errorf("damaged HDF5 file: its superblock is not one of version 0 to 3, or is cut off")
		}
		if end > uint64(size) {
			return fmt.Errorf("truncated HDF5 file: it is to have %d bytes, found %d", end, size)
		}
		return nil
	}
	begin := make([]byte, min(size, int64(len(signature))))
	if _, err := r.ReadAt(begin, 0); err != nil && err != io.EOF {
		return err
	}
	if len(begin) == 0 {
		return fmt.Errorf("not an HDF5 file (it is empty)")
	}
	remedy := ""
	switch {
	case bytes.HasPrefix(begin, []byte("CDF")):
		remedy = `: it is netCDF-3; save it as netCDF-4 (nccopy -k netCDF-4, or xarray's to_netcdf with format="NETCDF4")`
	case bytes.HasPrefix(begin, []byte("MATLAB")):
		remedy = `: it is of an older MATLAB; save it with save('FILE.mat', …, '-v7.3')`
	}
	return fmt.Errorf("not an HDF5 file (it begins with %q)%s", begin, remedy)
}

// endOfFile returns the end-of-file address of a superblock (HDF5 File Format Specification, II.A), false where there is none to read.
func endOfFile(block []byte) (uint64, bool) {
	if len(block) < 16 {
		return 0, false
	}
	var width byte // of an address
	var at int     // of the base address; an address and the end follow it
	switch version := block[8]; version {
	case 0, 1:
		width, at = block[13], 24+4*int(version)
	case 2, 3:
		width, at = block[9], 12
	default:
		return 0, false
	}
	at += 2 * int(width)
	if at+int(width) > len(block) {
		return 0, false
	}
	switch field := block[at:]; width {
	case 2:
		return uint64(binary.LittleEndian.Uint16(field)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(field)), true
	case 8:
		return binary.LittleEndian.Uint64(field), true
	}
	return 0, false
}
