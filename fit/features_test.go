package fit

import (
	"testing"

	"gonum.org/v1/gonum/mat"
)

// placed are features that say where they lie, and the widest block that was read.
type placed struct {
	stimuli, features int
	widest            *int
}

func (f placed) Dims() (int, int) { return f.stimuli, f.features }

func (f placed) Columns(dst *mat.Dense, from int) error {
	n, width := dst.Dims()
	*f.widest = max(*f.widest, width)
	for i := range n {
		for j := range width {
			dst.Set(i, j, float64(i*f.features+from+j))
		}
	}
	return nil
}

// A few rows of many are read in blocks no wider than all of them would be.
func TestRowsReadNarrowBlocks(t *testing.T) {
	const n, p = 9000, 1200
	widest := 0
	f := placed{n, p, &widest}
	rows := []int{8999, 3, 4000}
	some := Rows(f, rows)
	x := all(t, some, p)
	for k, i := range rows {
		for j := range p {
			if got := x.At(k, j); got != float64(i*p+j) {
				t.Fatalf("row %d, column %d is %g", i, j, got)
			}
		}
	}
	if want := blockWidth(n, p); widest != want {
		t.Errorf("%d columns were read at once, expected %d", widest, want)
	}
	if got, want := ReadingBytes(some), int64(8*n*blockWidth(n, p)); got != want {
		t.Errorf("reading takes %d bytes, expected %d", got, want)
	}
	if got := ReadingBytes(Dense(x)); got != 0 {
		t.Errorf("reading from memory takes %d bytes", got)
	}
}
