//go:build cgo

package hdf5

// #cgo pkg-config: hdf5
// #cgo LDFLAGS: -lhdf5_hl
// #cgo CFLAGS: -DH5_USE_110_API
// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"errors"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"gonum.org/v1/hdf5"
)

// Available tells whether HDF5 files can be read by this build.
const Available = true

// Version is the HDF5 library's.
func Version() string {
	defer lock()()
	v, err := hdf5.LibVersion()
	if err != nil {
		return "unknown"
	}
	return v.String()
}

// library is held during every call into the HDF5 library, which is serial.
var library sync.Mutex

// lock takes the library for this goroutine and keeps it on its thread, because the library keeps its errors by thread, and would
// print them. It returns what gives the library back.
func lock() (unlock func()) {
	library.Lock()
	runtime.LockOSThread()
	hdf5.DisplayErrors(false)
	return func() {
		runtime.UnlockOSThread()
		library.Unlock()
	}
}

// libraryError is the error of the call that failed last on this thread: the system's, or in the library's words.
func libraryError() error {
	var text [512]C.char
	C.shim_error(&text[0], C.size_t(len(text)))
	message := strings.ReplaceAll(C.GoString(&text[0]), "\n", "") // a time stamp ends with one
	if strings.Contains(message, "lock file") {
		message += "; on a file system without locks, set the environment variable HDF5_USE_FILE_LOCKING=FALSE"
	}
	if m := systemError.FindStringSubmatch(message); m != nil {
		if number, err := strconv.Atoi(m[1]); err == nil && number > 0 {
			return syscall.Errno(number)
		}
	}
	return errors.New(message)
}

// systemError is in the library's words where the system refused something, in the
// midst of much else.
var systemError = regexp.MustCompile(`\berrno = (\d+),`)

// takeNames runs one of the shim's lists.
func takeNames(list func(*C.shim_names) C.int) ([]string, error) {
	var names C.shim_names
	defer func() { C.free(unsafe.Pointer(names.text)) }()
	if list(&names) < 0 {
		return nil, libraryError()
	}
	if names.length == 0 {
		return nil, nil
	}
	text := unsafe.Slice((*byte)(unsafe.Pointer(names.text)), int(names.length))
	return strings.Split(string(text[:len(text)-1]), "\x00"), nil
}

// elements is what the library says about the elements of a dataset or an attribute.
type elements struct {
	C    C.shim_elements
	kind Kind
	what string // the kind in words
}

func describe(object C.hid_t) (elements, error) {
	var e elements
	if C.shim_describe(object, &e.C) < 0 {
		return e, libraryError()
	}
	switch e.C.class_ {
	case C.H5T_FLOAT:
		e.kind = Float
	case C.H5T_INTEGER, C.H5T_ENUM:
		e.kind = Integer
	case C.H5T_STRING:
		e.kind = Text
	case C.H5T_REFERENCE:
		e.kind = Reference
	}
	e.what = e.kind.String()
	if words := map[C.int]string{
		C.H5T_COMPOUND: "records", C.H5T_VLEN: "lists of varying length", C.H5T_ARRAY: "small arrays",
		C.H5T_OPAQUE: "raw bytes", C.H5T_BITFIELD: "bit fields", C.H5T_TIME: "times",
	}[e.C.class_]; words != "" {
		e.what = words
	}
	if e.kind == Integer && e.C.size > 8 {
		e.kind, e.what = Other, "whole numbers of more than 64 bits"
	}
	return e, nil
}
