package neuron

import "fmt"

// A Size is a height and a width, in neurons, pixels or steps.
type Size struct{ Rows, Cols int }

// Square returns the size with n rows and n columns.
func Square(n int) Size { return Size{n, n} }

// Area returns the number of positions.
func (s Size) Area() int { return s.Rows * s.Cols }

// String writes the size as rows×columns.
func (s Size) String() string { return fmt.Sprintf("%d×%d", s.Rows, s.Cols) }

// A Sheet is a retinotopic sheet of neurons, each with a receptive field of
// Kernel positions on the input sheet. The neuron at output position (i, j)
// sees the input rows i·Stride.Rows − Padding.Rows + [0, Kernel.Rows) and the
// columns alike; what lies outside the input is zero.
//
// The geometry is the same whether all neurons share one filter (a
// convolution) or each has its own (a locally connected layer).
type Sheet struct {
	In      Size // input positions
	Kernel  Size // receptive field
	Stride  Size
	Padding Size // zeros added on each side of the input
}

// Validate returns an error that names the quantity that makes no sheet.
func (s Sheet) Validate() error {
	positive := func(what string, z Size) error {
		if z.Rows < 1 || z.Cols < 1 {
			return fmt.Errorf("sheet: %s is %v, expected at least 1×1", what, z)
		}
		return nil
	}
	if err := positive("the input", s.In); err != nil {
		return err
	}
	if err := positive("the kernel", s.Kernel); err != nil {
		return err
	}
	if err := positive("the stride", s.Stride); err != nil {
		return err
	}
	if s.Padding.Rows < 0 || s.Padding.Cols < 0 {
		return fmt.Errorf("sheet: the padding is %v, expected none or more", s.Padding)
	}
	if s.Kernel.Rows > s.In.Rows+2*s.Padding.Rows || s.Kernel.Cols > s.In.Cols+2*s.Padding.Cols {
		return fmt.Errorf("sheet: a kernel of %v does not fit an input of %v with padding %v", s.Kernel, s.In, s.Padding)
	}
	return nil
}

// Out returns the size of the sheet itself: one neuron (per channel) at each
// of ⌊(In + 2·Padding − Kernel)/Stride⌋ + 1 rows and columns.
func (s Sheet) Out() Size {
	return Size{
		(s.In.Rows+2*s.Padding.Rows-s.Kernel.Rows)/s.Stride.Rows + 1,
		(s.In.Cols+2*s.Padding.Cols-s.Kernel.Cols)/s.Stride.Cols + 1,
	}
}

// Origin returns the input row and column under the first element of the
// receptive field at output position (i, j); they are negative in the padding.
func (s Sheet) Origin(i, j int) (row, col int) {
	return i*s.Stride.Rows - s.Padding.Rows, j*s.Stride.Cols - s.Padding.Cols
}

// Interior reports whether the receptive field at output position (i, j) lies
// wholly on the input, so that no part of it sees padding.
func (s Sheet) Interior(i, j int) bool {
	r, c := s.Origin(i, j)
	return r >= 0 && c >= 0 && r+s.Kernel.Rows <= s.In.Rows && c+s.Kernel.Cols <= s.In.Cols
}

// Pools returns the pools that share weights in sleep: the interleaved grids
// of output positions with the same phase, rows i::Kernel.Rows and columns
// j::Kernel.Cols, borders included. Positions are row-major indices into
// Out(). Under an input of period Kernel (with Stride 1) all neurons of a pool
// see the same pattern. Grids that hold no position are left out.
//
// Source: Pogodin et al. 2021, sharing as in the authors' code.
func (s Sheet) Pools() [][]int {
	out := s.Out()
	var pools [][]int
	for i := 0; i < min(s.Kernel.Rows, out.Rows); i++ {
		for j := 0; j < min(s.Kernel.Cols, out.Cols); j++ {
			var pool []int
			for r := i; r < out.Rows; r += s.Kernel.Rows {
				for c := j; c < out.Cols; c += s.Kernel.Cols {
					pool = append(pool, r*out.Cols+c)
				}
			}
			pools = append(pools, pool)
		}
	}
	return pools
}
