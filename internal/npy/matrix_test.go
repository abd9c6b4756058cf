package npy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMatrix(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.npy")
	if err := WriteFile(path, []int{3, 2, 4}, upTo[float32](24)); err != nil {
		t.Fatal(err)
	}
	m, err := OpenMatrix(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	part := make([]float32, 6)
	if err := ReadColumns(m, 5, 7, part); err != nil || m.Rows != 3 || m.Columns != 8 || !slices.Equal(part, []float32{5, 6, 13, 14, 21, 22}) {
		t.Errorf("%d × %d, columns 5 and 6 are %v, %v", m.Rows, m.Columns, part, err)
	}
	wide := make([]float64, 6)
	if err := ReadColumns(m, 2, 4, wide); err != nil || !slices.Equal(wide, []float64{2, 3, 10, 11, 18, 19}) {
		t.Errorf("columns 2 and 3 as float64 are %v, %v", wide, err)
	}
	bytes := make([]uint8, 3)
	if err := ReadColumns(m, 7, 8, bytes); err != nil || !slices.Equal(bytes, []uint8{7, 15, 23}) {
		t.Errorf("column 7 as uint8 is %v, %v", bytes, err)
	}

	vector, columnMajor := filepath.Join(dir, "vector.npy"), filepath.Join(dir, "fortran.npy")
	if err := WriteFile(vector, []int{6}, upTo[float32](6)); err != nil {
		t.Fatal(err)
	}
	_, err = OpenMatrix(vector)
	wants(t, err, vector, "shape [6]: expected a matrix")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(columnMajor, []byte(strings.Replace(string(content), "'fortran_order': False", "'fortran_order': True ", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	want, _, err := ReadFile[float64](columnMajor)
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenMatrix(columnMajor)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for first := range f.Columns {
		for last := first; last <= f.Columns; last++ {
			got := make([]float64, f.Rows*(last-first))
			if err := ReadColumns(f, first, last, got); err != nil {
				t.Fatal(err)
			}
			for i := range f.Rows {
				if row := got[i*(last-first) : (i+1)*(last-first)]; !slices.Equal(row, want[i*f.Columns+first:i*f.Columns+last]) {
					t.Errorf("column-major row %d, columns %d to %d: %v", i, first, last, row)
				}
			}
		}
	}
}

// A stored array is read in place: what ReadEntry reads.
func TestMatrixInZip(t *testing.T) {
	z, err := OpenZip("testdata/stored.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	matrices := 0
	for _, name := range z.Names() {
		m, err := z.Matrix(name)
		want, shape, readErr := ReadEntry[float64](z, name)
		if readErr != nil || len(shape) < 2 || len(want) == 0 {
			if err == nil && readErr == nil {
				t.Errorf("%s of shape %v is a matrix", name, shape)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		matrices++
		got := make([]float64, len(want))
		if err := ReadColumns(m, 0, m.Columns, got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	if matrices == 0 {
		t.Error("no matrix was read")
	}
	packed, err := OpenZip("testdata/deflated.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	if name := packed.Names()[0]; packed.Stored(name) {
		t.Errorf("%s is said to be stored", name)
	} else if _, err := packed.Matrix(name); err == nil {
		t.Errorf("%s, which is compressed, was opened", name)
	}
}
