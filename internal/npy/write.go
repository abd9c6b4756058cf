package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	npyio "github.com/sbinet/npyio/npy"

	"ventral/internal/whole"
)

// WriteFile writes data, in C order, as an array of the given shape to the .npy file path. The file appears, or replaces what was
// there, only when it is complete; the same content gives the same bytes. It panics when the shape does not count len(data) elements.
func WriteFile[T Element](path string, shape []int, data []T) error {
	f, err := whole.Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := write(f, shape, data); err != nil {
		return err
	}
	return f.Commit()
}

// write writes header and payload.
func write[T Element](w io.Writer, shape []int, data []T) error {
	if n, err := product(shape); err != nil || n != len(data) {
		panic(fmt.Sprintf("npy: shape %v does not count %d elements", shape, len(data)))
	}
	if _, err := w.Write(encodeHeader(descrOf[T](), shape)); err != nil {
		return err
	}
	return writeElements(w, data)
}

// encodeHeader is NumPy's: format version 1.0, padded with spaces so that the payload begins at a multiple of 64 bytes. The longest
// shape there can be stays far below that version's 65,535 bytes.
func encodeHeader(descr string, shape []int) []byte {
	if len(shape) > maxRank {
		panic(fmt.Sprintf("npy: %d axes, at most %d can be written", len(shape), maxRank))
	}
	var tuple strings.Builder
	for i, n := range shape {
		if i > 0 {
			tuple.WriteString(", ")
		}
		fmt.Fprint(&tuple, n)
	}
	if len(shape) == 1 {
		tuple.WriteString(",")
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple.String())
	const prefix = 10 // magic, version, length
	total := (prefix + len(text) + 1 + 63) / 64 * 64
	b := append(npyio.Magic[:], 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(total-prefix))
	b = append(b, text...)
	for len(b) < total-1 {
		b = append(b, ' ')
	}
	return append(b, '\n')
}
