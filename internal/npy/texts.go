package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Texts reads an array of text: NumPy's U, UTF-32, and S, which must hold UTF-8. Both are padded with zeros, which are taken off. ok is
// false for an array of anything else.
func (z *Zip) Texts(name string) (values []string, shape []int, ok bool, err error) {
	err = z.open(name, func(r io.Reader, size int64) error {
		prefix, text, err := readHeaderText(r)
		if err != nil {
			return err
		}
		fields, err := parseDict(text)
		if err != nil {
			return fmt.Errorf("NumPy header: %w", err)
		}
		t, isText := parseText(fields["descr"])
		if !isText {
			return nil
		}
		ok = true
		if shape, err = axesIn(fields["shape"]); err != nil {
			return err
		}
		n, err := product(shape)
		if err != nil {
			return err
		}
		if n > 0 && fields["fortran_order"] == "True" && len(shape) > 1 {
			return fmt.Errorf("text in Fortran order: expected C order")
		}
		// Nothing is allocated that the file, whose size was checked, does not hold.
		payload := size - int64(prefix+len(text))
		if payload < 0 || payload > math.MaxInt || n > 0 && (t.width == 0 || payload/int64(t.width) != int64(n) || payload%int64(t.width) != 0) || n == 0 && payload != 0 {
			return fmt.Errorf("shape %v of %s does not fit its %d bytes", shape, fields["descr"], payload)
		}
		raw := make([]byte, payload)
		if got, err := io.ReadFull(r, raw); err != nil {
			return shortRead("text", len(raw), got, err)
		}
		values = make([]string, n)
		for i := range values {
			if values[i], err = t.decode(raw[i*t.width : (i+1)*t.width]); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return atEnd(r)
	})
	return values, shape, ok, err
}

// A textType is how an element of text lies in a file.
type textType struct {
	width int              // bytes
	order binary.ByteOrder // of UTF-32; nil: UTF-8
}

// parseText reads a descr such as <U12 or |S8.
func parseText(descr string) (t textType, ok bool) {
	if len(descr) < 3 || descr[1] != 'U' && descr[1] != 'S' {
		return t, false
	}
	const longest = 1 << 20 // characters
	n, err := strconv.Atoi(descr[2:])
	if err != nil || n < 0 || n > longest {
		return t, false
	}
	switch descr[:2] {
	case "|S":
		return textType{n, nil}, true
	case "<U":
		return textType{4 * n, binary.LittleEndian}, true
	case ">U":
		return textType{4 * n, binary.BigEndian}, true
	}
	return t, false
}

func (t textType) decode(raw []byte) (string, error) {
	if t.order == nil {
		text := strings.TrimRight(string(raw), "\x00")
		if !utf8.ValidString(text) {
			return "", fmt.Errorf("%q is not UTF-8", text)
		}
		return text, nil
	}
	var b strings.Builder
	for ; len(raw) > 0; raw = raw[4:] {
		c := t.order.Uint32(raw)
		if c > utf8.MaxRune || !utf8.ValidRune(rune(c)) {
			return "", fmt.Errorf("%#x is no character", c)
		}
		b.WriteRune(rune(c))
	}
	return strings.TrimRight(b.String(), "\x00"), nil
}

// axesIn are the numbers of a shape in NumPy's spacing.
func axesIn(tuple string) ([]int, error) {
	shape := []int{}
	for _, word := range strings.FieldsFunc(tuple, func(r rune) bool { return strings.ContainsRune("(), ", r) }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("shape %s: %w", tuple, err)
		}
		shape = append(shape, n)
	}
	return shape, nil
}
