package npy

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"

	npyio "github.com/sbinet/npyio/npy"
)

// dtype is how one element lies in a file.
type dtype struct {
	descr string // as NumPy writes it
	kind  reflect.Kind
	size  int  // bytes
	swap  bool // the bytes are in the other order than this machine's
}

// half is the kind of a 16-bit float, which Go has not.
const half = reflect.Invalid

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// parseDType reads a descr: a byte order, a letter for the kind, and the bytes of one element.
func parseDType(descr string) (dtype, error) {
	refuse := func(what string) (dtype, error) {
		return dtype{}, fmt.Errorf("dtype %s is %s, expected numbers (f2 f4 f8, i1 … i8, u1 … u8, bool)", descr, what)
	}
	if len(descr) > 0 && (descr[0] == '[' || descr[0] == '(') {
		return refuse("structured")
	}
	if len(descr) < 2 || !slices.Contains([]byte("<>|"), descr[0]) {
		return refuse("unknown")
	}
	switch descr[1] {
	case 'O':
		return refuse("Python objects")
	case 'S', 'U', 'a':
		return refuse("text")
	case 'c':
		return refuse("complex")
	case 'M', 'm':
		return refuse("dates")
	case 'V':
		return refuse("raw bytes")
	}
	dt := dtype{descr: descr}
	if descr[1:] == "f2" {
		dt.kind, dt.size = half, 2
	} else if t := npyio.TypeFrom("<" + descr[1:]); t != nil {
		dt.kind, dt.size = t.Kind(), int(t.Size())
	} else {
		return refuse("unknown")
	}
	if dt.size > 1 && descr[0] == '|' {
		return refuse("without byte order")
	}
	dt.swap = dt.size > 1 && (descr[0] == '<') != littleEndian
	return dt, nil
}

// kindOf is the kind below T.
func kindOf[T Element]() reflect.Kind { return reflect.TypeFor[T]().Kind() }

// descrOf is how arrays of T are written.
func descrOf[T Element]() string {
	switch kindOf[T]() {
	case reflect.Float32:
		return "<f4"
	case reflect.Float64:
		return "<f8"
	case reflect.Int64:
		return "<i8"
	default:
		return "|u1"
	}
}
