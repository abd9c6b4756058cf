package fit

import (
	"fmt"
	"math"
	"strconv"
)

// A Window is a span of time in ms after the onset of the stimulus. The zero
// value is the whole recording, or one that is not known.
type Window struct{ Begin, End float64 }

// String writes the window as "70–170 ms".
func (w Window) String() string {
	return strconv.FormatFloat(w.Begin, 'g', -1, 64) + "–" + strconv.FormatFloat(w.End, 'g', -1, 64) + " ms"
}

// timeBins says what the bins along the axis of time become: the windows of the
// assemblies to make, and for each bin the assembly that it goes to, −1 for
// none. Bins that go to the same one are averaged. Without an axis of time there
// is one assembly and no bin.
func (t *table) timeBins(o ReadOptions, perBin bool, keep [][]bool) (windows []Window, assembly []int, err error) {
	k := t.axis(axisTime)
	if k < 0 {
		if o.Window != (Window{}) {
			return nil, nil, fmt.Errorf("the window %v is asked for and there are no time bins to choose from (%s)", o.Window, t.named())
		}
		return []Window{{}}, nil, nil
	}
	start, ok := t.coordinate("time_bin_start")
	end, ok2 := t.coordinate("time_bin_end")
	known := ok && ok2 && start.numbers != nil && end.numbers != nil && start.axis == k && end.axis == k
	if o.Window != (Window{}) {
		if !known {
			return nil, nil, fmt.Errorf("the window %v is asked for and the time bins have no numbers time_bin_start and time_bin_end that say when they are; the coordinates are %s", o.Window, listed(t.coordinateNames()))
		}
		if !(o.Window.Begin < o.Window.End) {
			return nil, nil, fmt.Errorf("the window %v is empty: expected its beginning before its end", o.Window)
		}
	}
	var first, last Window // the first and the last bin in time
	all := Window{math.Inf(1), math.Inf(-1)}
	bins := 0
	for i := range t.shape[k] {
		assembly = append(assembly, -1)
		var bin Window
		if known {
			if bin = (Window{start.numbers[i], end.numbers[i]}); i == 0 || bin.Begin < first.Begin {
				first = bin
			}
			if i == 0 || bin.End > last.End {
				last = bin
			}
		}
		inside := o.Window == (Window{}) || bin.Begin >= o.Window.Begin && bin.End <= o.Window.End
		if !keep[k][i] || !inside {
			continue
		}
		bins++
		all = Window{min(all.Begin, bin.Begin), max(all.End, bin.End)}
		assembly[i] = len(windows)
		if perBin {
			windows = append(windows, bin)
		} else {
			assembly[i] = 0
		}
	}
	if bins == 0 {
		return nil, nil, fmt.Errorf("no selected time bin lies wholly in the window %v; the first of the %d bins is %v, the last %v", o.Window, t.shape[k], first, last)
	}
	if perBin {
		return windows, assembly, nil
	}
	switch {
	case bins > 1 && known:
		t.note("the %d time bins of %v are averaged", bins, all)
	case bins > 1:
		t.note("the %d time bins are averaged", bins)
	}
	if o.Window != (Window{}) && all != o.Window {
		t.note("the time bins in the window %v are those of %v", o.Window, all)
	}
	return []Window{all}, assembly, nil
}
