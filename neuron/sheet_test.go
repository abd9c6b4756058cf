package neuron

import (
	"slices"
	"testing"
)

func TestSheet(t *testing.T) {
	for _, c := range []struct {
		sheet    Sheet
		out      Size
		interior int // neurons whose receptive field sees no padding
		pools    int
	}{
		{Sheet{Square(32), Square(3), Square(1), Square(1)}, Square(32), 30 * 30, 9},
		{Sheet{Square(32), Square(3), Square(2), Square(1)}, Square(16), 15 * 15, 9},
		{Sheet{Square(32), Square(1), Square(2), Square(0)}, Square(16), 16 * 16, 1},
		{Sheet{Size{7, 5}, Size{3, 2}, Square(1), Size{1, 0}}, Size{7, 4}, 5 * 4, 6},
		{Sheet{Square(3), Square(5), Square(1), Square(2)}, Square(3), 0, 9},
	} {
		if err := c.sheet.Validate(); err != nil {
			t.Errorf("%+v: %v", c.sheet, err)
		}
		out := c.sheet.Out()
		if out != c.out {
			t.Errorf("%+v: out %v, want %v", c.sheet, out, c.out)
		}
		interior := 0
		for i := range out.Rows {
			for j := range out.Cols {
				if c.sheet.Interior(i, j) {
					interior++
				}
			}
		}
		if interior != c.interior {
			t.Errorf("%+v: %d interior neurons, want %d", c.sheet, interior, c.interior)
		}
		pools := c.sheet.Pools()
		if len(pools) != c.pools {
			t.Errorf("%+v: %d pools, want %d", c.sheet, len(pools), c.pools)
		}
		// The pools partition the sheet.
		all := slices.Concat(pools...)
		slices.Sort(all)
		for i, p := range all {
			if i != p {
				t.Fatalf("%+v: the pools hold position %d where %d was due", c.sheet, p, i)
			}
		}
		if len(all) != out.Area() {
			t.Errorf("%+v: the pools hold %d positions of %d", c.sheet, len(all), out.Area())
		}
	}
}

func TestSheetValidate(t *testing.T) {
	for _, s := range []Sheet{
		{Square(0), Square(3), Square(1), Square(1)},
		{Square(8), Square(0), Square(1), Square(1)},
		{Square(8), Square(3), Square(0), Square(1)},
		{Square(8), Square(3), Square(1), Square(-1)},
		{Square(8), Square(9), Square(1), Square(0)},
	} {
		if s.Validate() == nil {
			t.Errorf("%+v passes as a sheet", s)
		}
	}
}
