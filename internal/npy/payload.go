package npy

import (
	"fmt"
	"io"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"unsafe"
)

// piece is how many elements are converted at a time.
const piece = 1 << 17

// readPayload reads len(dst) elements as h describes them, in the file's order. Where the file holds T itself, they are read in place.
func readPayload[T Element](r io.Reader, h Header, dst []T) error {
	dt := h.dtype
	if dt.kind == kindOf[T]() {
		raw := bytesOf(dst)
		if n, err := io.ReadFull(r, raw); err != nil {
			return shortRead("data", len(raw), n, err)
		}
		if dt.swap {
			swap(raw, dt.size)
		}
		return nil
	}
	// uint64, so that the elements viewed in it are aligned.
	buffer := bytesOf(make([]uint64, (min(len(dst), piece)*dt.size+7)/8))
	for done := 0; done < len(dst); {
		part := dst[done:min(done+piece, len(dst))]
		raw := buffer[:len(part)*dt.size]
		if n, err := io.ReadFull(r, raw); err != nil {
			return shortRead("data", len(dst)*dt.size, done*dt.size+n, err)
		}
		if dt.swap {
			swap(raw, dt.size)
		}
		if bad, value := convert(part, raw, dt.kind); bad >= 0 {
			return fmt.Errorf("element %v: %s as %s", position(done+bad, h), value, reflect.TypeFor[T]())
		}
		done += len(part)
	}
	return nil
}

// bytesOf is the memory of s.
func bytesOf[S any](s []S) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}

// swap reverses the bytes of every element.
func swap(raw []byte, size int) {
	for i := 0; i < len(raw); i += size {
		slices.Reverse(raw[i : i+size])
	}
}

// convert turns the elements in raw, of the given kind and in this machine's byte order, into dst. It returns the first that does not
// fit and what is wrong with it, or −1.
func convert[T Element](dst []T, raw []byte, kind reflect.Kind) (bad int, value string) {
	switch kind {
	case reflect.Bool:
		for i, b := range raw {
			if b > 1 {
				return i, fmt.Sprintf("byte %d is neither false nor true", b)
			}
			dst[i] = T(b)
		}
		return -1, ""
	case half:
		single := make([]float32, len(dst))
		for i, b := range view[uint16](raw) {
			single[i] = halfToSingle(b)
		}
		return convertFrom(dst, single)
	case reflect.Float32:
		return convertFrom(dst, view[float32](raw))
	case reflect.Float64:
		return convertFrom(dst, view[float64](raw))
	case reflect.Int8:
		return convertFrom(dst, view[int8](raw))
	case reflect.Int16:
		return convertFrom(dst, view[int16](raw))
	case reflect.Int32:
		return convertFrom(dst, view[int32](raw))
	case reflect.Int64:
		return convertFrom(dst, view[int64](raw))
	case reflect.Uint8:
		return convertFrom(dst, raw)
	case reflect.Uint16:
		return convertFrom(dst, view[uint16](raw))
	case reflect.Uint32:
		return convertFrom(dst, view[uint32](raw))
	case reflect.Uint64:
		return convertFrom(dst, view[uint64](raw))
	}
	panic(fmt.Sprintf("npy: no conversion from %v", kind))
}

// view looks at raw, which is aligned, as elements of S.
func view[S any](raw []byte) []S {
	var s S
	return unsafe.Slice((*S)(unsafe.Pointer(unsafe.SliceData(raw))), len(raw)/int(unsafe.Sizeof(s)))
}

type stored interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func convertFrom[S stored, T Element](dst []T, src []S) (bad int, value string) {
	fits := fitting[S, T]()
	for i, v := range src {
		if fits != nil && !fits(v) {
			return i, fmt.Sprintf("%v does not fit", v)
		}
		dst[i] = T(v)
	}
	return -1, ""
}

// fitting returns what tells whether T can hold a value of S: floats may be rounded but not overflow, whole numbers must stay exact,
// fractions and NaN do not become whole numbers. It returns nil where all do.
func fitting[S stored, T Element]() func(S) bool {
	s, t := reflect.TypeFor[S](), kindOf[T]()
	fromFloat := s.Kind() == reflect.Float32 || s.Kind() == reflect.Float64
	signed := s.Kind() >= reflect.Int8 && s.Kind() <= reflect.Int64
	switch t {
	case reflect.Float64, reflect.Float32:
		mantissa := 53
		if t == reflect.Float32 {
			mantissa = 24
		}
		if fromFloat {
			if s.Bits() <= 32 || t == reflect.Float64 {
				return nil
			}
			return func(v S) bool { return math.IsInf(float64(v), 0) || !math.IsInf(float64(float32(v)), 0) }
		}
		if s.Bits() <= mantissa {
			return nil
		}
		return func(v S) bool {
			magnitude := uint64(v)
			if signed && v < 0 {
				magnitude = -magnitude
			}
			return magnitude == 0 || bits.Len64(magnitude)-bits.TrailingZeros64(magnitude) <= mantissa
		}
	case reflect.Int64:
		if fromFloat {
			return func(v S) bool { f := float64(v); return f == math.Trunc(f) && f >= -1<<63 && f < 1<<63 }
		}
		if s.Kind() == reflect.Uint64 {
			return func(v S) bool { return uint64(v) <= math.MaxInt64 }
		}
		return nil
	default: // uint8
		if fromFloat {
			return func(v S) bool { f := float64(v); return f == math.Trunc(f) && f >= 0 && f <= 255 }
		}
		return func(v S) bool { return v >= 0 && uint64(v) <= 255 }
	}
}

// halfToSingle decodes an IEEE 754 binary16 number.
func halfToSingle(b uint16) float32 {
	sign := uint32(b>>15) << 31
	exponent, fraction := uint32(b>>10&0x1f), uint32(b&0x3ff)
	switch exponent {
	case 0x1f: // infinity, NaN
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	case 0: // zero, subnormal: fraction · 2⁻²⁴
		f := float32(fraction) * (1.0 / (1 << 24))
		if sign != 0 {
			f = -f
		}
		return f
	}
	return math.Float32frombits(sign | (exponent-15+127)<<23 | fraction<<13)
}

// position is the index along each axis of the element at place i of the file.
func position(i int, h Header) []int {
	index := make([]int, len(h.Shape))
	for k := range h.Shape {
		d := len(h.Shape) - 1 - k
		if h.Fortran {
			d = k
		}
		index[d] = i % h.Shape[d]
		i /= h.Shape[d]
	}
	return index
}
