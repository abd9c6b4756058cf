package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"
	"strings"

	npyio "github.com/sbinet/npyio/npy"
)

const (
	maxHeader = 1 << 20 // bytes; NumPy's own limit is 10,000 unless told otherwise
	maxRank   = 64      // NumPy's limit
)

// readHeader reads the header of an array of which r holds size bytes in all, and checks that exactly its payload is left in r.
func readHeader(r io.Reader, size int64) (Header, error) {
	prefix, text, err := readHeaderText(r)
	if err != nil {
		return Header{}, err
	}
	fields, err := parseDict(text)
	if err != nil {
		return Header{}, fmt.Errorf("NumPy header: %w", err)
	}
	h, err := interpret(fields)
	if err != nil {
		return Header{}, err
	}
	h.offset = int64(prefix + len(text))
	if h.count, err = product(h.Shape); err != nil {
		return Header{}, err
	}
	overflow, payload := bits.Mul64(uint64(h.count), uint64(h.dtype.size))
	if overflow != 0 || payload > math.MaxInt64-maxHeader*2 {
		return Header{}, fmt.Errorf("shape %v of %s is larger than any file", h.Shape, h.DType)
	}
	if want := h.offset + int64(payload); size != want {
		problem := "is truncated"
		if size > want {
			problem = "has trailing bytes"
		}
		return Header{}, fmt.Errorf("%s: shape %v of %s needs %d bytes (header %d + data %d), found %d", problem, h.Shape, h.DType, want, h.offset, payload, size)
	}
	return h, nil
}

// readHeaderText reads magic, version and length, which are prefix bytes, and then the header's text.
func readHeaderText(r io.Reader) (prefix int, text []byte, err error) {
	begin := make([]byte, 8, 12)
	n, err := io.ReadFull(r, begin)
	if n >= len(npyio.Magic) && !bytes.Equal(begin[:len(npyio.Magic)], npyio.Magic[:]) {
		return 0, nil, fmt.Errorf("not a NumPy array (it begins with %q)", begin[:n])
	}
	if err != nil {
		return 0, nil, shortRead("NumPy header", len(begin), n, err)
	}
	width := 4
	switch major, minor := begin[6], begin[7]; {
	case major == 1 && minor == 0:
		width = 2
	case (major == 2 || major == 3) && minor == 0:
	default:
		return 0, nil, fmt.Errorf("NumPy format version %d.%d, expected 1.0, 2.0 or 3.0", major, minor)
	}
	begin = begin[:8+width]
	if n, err := io.ReadFull(r, begin[8:]); err != nil {
		return 0, nil, shortRead("NumPy header", len(begin), 8+n, err)
	}
	length := uint32(binary.LittleEndian.Uint16(begin[8:]))
	if width == 4 {
		length = binary.LittleEndian.Uint32(begin[8:])
	}
	if length > maxHeader {
		return 0, nil, fmt.Errorf("NumPy header of %d bytes, expected at most %d", length, maxHeader)
	}
	text = make([]byte, length)
	if n, err := io.ReadFull(r, text); err != nil {
		return 0, nil, shortRead("NumPy header", len(begin)+len(text), len(begin)+n, err)
	}
	return len(begin), text, nil
}

func shortRead(what string, want, got int, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("is truncated: the %s needs %d bytes, found %d", what, want, got)
	}
	return fmt.Errorf("reading the %s: %w", what, err)
}

// interpret turns the three fields of a header into a Header. They are handed to npyio in the order, spacing and format version it reads.
func interpret(fields map[string]string) (h Header, err error) {
	descr := fields["descr"]
	dt, err := parseDType(descr)
	if err != nil {
		return h, err
	}
	canonical := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", dt.descr, fields["fortran_order"], fields["shape"])
	var file bytes.Buffer
	file.Write(npyio.Magic[:])
	file.Write([]byte{2, 0})
	file.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(canonical))))
	file.WriteString(canonical)

	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("NumPy header %q: %v", canonical, p)
		}
	}()
	r, err := npyio.NewReader(&file)
	if err != nil {
		return h, fmt.Errorf("NumPy header %q: %w", canonical, err)
	}
	d := r.Header.Descr
	return Header{Shape: append([]int{}, d.Shape...), DType: d.Type, Fortran: d.Fortran, dtype: dt}, nil
}

// parseDict splits the text of a header, a Python dictionary literal with exactly the keys descr, fortran_order and shape in any order,
// into the values' text: descr as written, fortran_order True or False, shape in NumPy's spacing.
func parseDict(text []byte) (map[string]string, error) {
	s := scanner{text: string(text)}
	fields := map[string]string{}
	if !s.take("{") {
		return nil, s.errorf("expected {")
	}
	for !s.take("}") {
		key, err := s.str()
		if err != nil {
			return nil, err
		}
		if !s.take(":") {
			return nil, s.errorf("expected : after %q", key)
		}
		if _, seen := fields[key]; seen {
			return nil, s.errorf("key %q appears twice", key)
		}
		switch key {
		case "descr":
			fields[key], err = s.value()
		case "fortran_order":
			fields[key], err = s.boolean()
		case "shape":
			fields[key], err = s.shape()
		default:
			err = s.errorf("unknown key %q", key)
		}
		if err != nil {
			return nil, err
		}
		if !s.take(",") && s.peek() != '}' {
			return nil, s.errorf("expected , or }")
		}
	}
	if s.space(); s.at != len(s.text) {
		return nil, s.errorf("text after }")
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if _, ok := fields[key]; !ok {
			return nil, fmt.Errorf("key %q is missing in %q", key, text)
		}
	}
	return fields, nil
}

// scanner reads the few Python literals that occur in headers.
type scanner struct {
	text string
	at   int
}

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("%s at byte %d of %q", fmt.Sprintf(format, args...), s.at, s.text)
}

func (s *scanner) space() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

// peek returns the next byte that is not a space, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) take(token string) bool {
	s.space()
	if !strings.HasPrefix(s.text[s.at:], token) {
		return false
	}
	s.at += len(token)
	return true
}

// str reads a string without escapes.
func (s *scanner) str() (string, error) {
	quote := s.peek()
	if quote != '\'' && quote != '"' {
		return "", s.errorf("expected a string")
	}
	rest := s.text[s.at+1:]
	end := strings.IndexByte(rest, quote)
	if end < 0 {
		return "", s.errorf("string without end")
	}
	if strings.IndexByte(rest[:end], '\\') >= 0 {
		return "", s.errorf("string with an escape")
	}
	s.at += end + 2
	return rest[:end], nil
}

// value reads a string, or a list or tuple with all it holds (the descr of a structured dtype), which it returns as written.
func (s *scanner) value() (string, error) {
	if c := s.peek(); c != '[' && c != '(' {
		return s.str()
	}
	begin := s.at
	for depth := 0; ; {
		switch c := s.peek(); c {
		case 0:
			return "", s.errorf("list without end")
		case '\'', '"':
			if _, err := s.str(); err != nil {
				return "", err
			}
			continue
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		}
		s.at++
		if depth == 0 {
			return s.text[begin:s.at], nil
		}
	}
}

func (s *scanner) boolean() (string, error) {
	for _, word := range []string{"True", "False"} {
		if s.take(word) {
			return word, nil
		}
	}
	return "", s.errorf("expected True or False")
}

// shape reads a tuple of whole numbers. Python 2 wrote long ones with an L.
func (s *scanner) shape() (string, error) {
	if !s.take("(") {
		return "", s.errorf("expected the tuple of the shape")
	}
	var dims []string
	comma := true
	for !s.take(")") {
		if !comma {
			return "", s.errorf("expected , or )")
		}
		s.space()
		begin := s.at
		for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
			s.at++
		}
		n, err := strconv.Atoi(s.text[begin:s.at])
		if err != nil {
			s.at = begin
			return "", s.errorf("expected a whole number in the shape")
		}
		dims = append(dims, strconv.Itoa(n))
		s.take("L")
		comma = s.take(",")
	}
	switch {
	case len(dims) > maxRank:
		return "", fmt.Errorf("%d axes, expected at most %d", len(dims), maxRank)
	case len(dims) == 1 && !comma: // (3) is a number in Python, not a tuple
		return "", s.errorf("the shape is not a tuple")
	case len(dims) == 1:
		return "(" + dims[0] + ",)", nil
	}
	return "(" + strings.Join(dims, ", ") + ")", nil
}

var errShape = errors.New("shape has more elements than can be counted")

// product is the number of elements of a shape. A shape that would overflow without its zeros is refused too.
func product(shape []int) (int, error) {
	n, empty := 1, false
	for _, d := range shape {
		if d == 0 {
			empty = true
			continue
		}
		if d < 0 || n > math.MaxInt/d {
			return 0, fmt.Errorf("%v: %w", shape, errShape)
		}
		n *= d
	}
	if empty {
		return 0, nil
	}
	return n, nil
}
