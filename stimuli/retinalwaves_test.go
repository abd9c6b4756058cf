package stimuli

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// imaged are waves as calcium imaging shows them, and the silence between: what
// the authors' analysis finds.
type imaged struct {
	sizes     []float64 // mm², a cell being a disc of 34 µm
	speeds    []float64 // µm/s, of waves of 100 cells and more that met no other
	intervals []float64 // s, of all cells
	starts    []int     // the cells where waves began
	domains   [][]bool  // the cells of each wave
}

type imagedWave struct {
	cells           []bool
	size, lit       int
	x, y            float64 // where it began
	began           int     // frame
	farthest, speed float64
	met             bool
	start           int
}

// imageWaves images a layer between two times. In every frame, of 100 ms, the
// fluorescence of a cell falls by 15 % and rises by 0.01 if it is depolarised
// and by 0.005 for every other that is so within three cells, up to 1. A wave is
// what hangs together above 0.25 around cells above 0.30.
func imageWaves(l *amacrines, fromMin, toMin float64) imaged {
	const perFrame = 100 / waveStep
	next, spread := l.within(1.1*cellSpacing), l.within(3.1*cellSpacing)
	cells := len(l.input)
	fluorescence := make([]float64, cells)
	wave, offAt := make([]*imagedWave, cells), make([]int, cells)
	for i := range offAt {
		offAt[i] = -1
	}
	tracked := make([]bool, cells) // lit, its interval counted
	var out imaged
	first, last := int(fromMin*600), int(toMin*600)
	for frame := first; frame < last; frame++ {
		l.advance(frame * perFrame)
		for i := range fluorescence {
			fluorescence[i] *= 0.85
		}
		for _, i := range l.depolarised(frame * perFrame) {
			fluorescence[i] = min(fluorescence[i]+0.01, 1)
			for _, j := range spread[i] {
				fluorescence[j] = min(fluorescence[j]+0.005, 1)
			}
		}
		for i, f := range fluorescence {
			if f > 0.30 && !tracked[i] {
				tracked[i] = true
				if offAt[i] >= 0 && frame-offAt[i] > 30 {
					out.intervals = append(out.intervals, float64(frame-offAt[i])/10)
				}
			}
			if w := wave[i]; w != nil && f < 0.25 {
				wave[i], offAt[i], tracked[i] = nil, frame, false
				if w.lit--; w.lit == 0 {
					out.add(w)
				}
			}
		}
		for i, f := range fluorescence {
			if f > 0.30 && wave[i] == nil {
				l.track(i, frame, fluorescence, wave, next)
			}
		}
	}
	return out
}

func (o *imaged) add(w *imagedWave) {
	o.sizes = append(o.sizes, float64(w.size)*math.Pi/4*0.034*0.034)
	o.domains = append(o.domains, w.cells)
	if !w.met {
		o.starts = append(o.starts, w.start)
	}
	if !w.met && w.size >= 100 && w.speed > 0 {
		o.speeds = append(o.speeds, w.speed)
	}
}

// track gives cell i, and what is lit around it, to the wave beside it, or to a
// new one.
func (l *amacrines) track(i, frame int, fluorescence []float64, wave []*imagedWave, next [][]int) {
	found, in := []int{i}, map[int]bool{i: true}
	var beside []*imagedWave
	for k := 0; k < len(found); k++ {
		for _, j := range next[found[k]] {
			switch w := wave[j]; {
			case w != nil:
				if !slices.Contains(beside, w) {
					beside = append(beside, w)
				}
			case fluorescence[j] > 0.25 && !in[j]:
				in[j] = true
				found = append(found, j)
			}
		}
	}
	if len(beside) == 0 {
		w := &imagedWave{cells: make([]bool, len(wave)), began: frame, start: i}
		var sum, right, down float64
		for _, j := range found {
			dx, dy := l.between(i, j)
			f := fluorescence[j]
			sum, right, down = sum+f, right+f*dx, down+f*dy
			w.take(j, wave)
		}
		w.x, w.y = right/sum, down/sum // from cell i
		return
	}
	w := beside[0]
	for _, j := range found {
		if !w.take(j, wave) {
			continue
		}
		dx, dy := l.between(w.start, j)
		if d := math.Hypot(dx-w.x, dy-w.y); d > w.farthest {
			w.farthest, w.speed = d, d/(float64(frame-w.began)/10)
		}
	}
	for _, other := range beside[1:] {
		w.met = true
		for j, was := range other.cells {
			if was && !w.cells[j] {
				w.cells[j] = true
				w.size++
			}
			if wave[j] == other {
				wave[j] = w
				w.lit++
			}
		}
	}
}

// take makes a cell part of a wave, and says whether it is new there.
func (w *imagedWave) take(j int, wave []*imagedWave) bool {
	wave[j] = w
	w.lit++
	if w.cells[j] {
		return false
	}
	w.cells[j] = true
	w.size++
	return true
}

// Waves are as fast, as frequent and as large as those of the authors' program,
// whose figures are with RetinalWaves, for several species; larger on a torus,
// where no border cuts them.
func TestRetinalWavesAsMeasured(t *testing.T) {
	slowUnderRace(t)
	minutes := 12.
	for _, species := range []struct {
		name string
		WaveParameters
		speed, interval, size float64 // of the program
	}{
		{"ferret", WaveParameters{}, 175.5, 116.2, 0.148},
		{"rabbit", WaveParameters{D: 1050, P: 44000, H2: 0.6}, 198.8, 111.4, 0.184},
		{"mouse", WaveParameters{D: 2300, P: 32000, K: 350}, 109.4, 81.7, 0.194},
		{"turtle", WaveParameters{D: 1000, P: 23000, K: 200, H2: 0.7}, 223.5, 63.3, 0.168},
	} {
		if testing.Short() {
			if minutes = 8; species.name != "ferret" {
				continue
			}
		}
		if given, err := strconv.ParseFloat(os.Getenv("VENTRAL_WAVES"), 64); err == nil {
			minutes = given // 60 for the figures that RetinalWaves gives
		}
		l, err := newAmacrines(0, 0, 1, species.WaveParameters)
		if err != nil {
			t.Fatal(err)
		}
		o := imageWaves(l, 15, 15+minutes)
		size, sizeDeviation := momentsOf(o.sizes)
		interval, intervalDeviation := momentsOf(o.intervals)
		speed, speedDeviation := momentsOf(o.speeds)
		t.Logf("%s: %d waves of %.3f ± %.3f mm², every %.1f ± %.1f s, %d of them measured: %.1f ± %.1f µm/s", species.name, len(o.sizes), size, sizeDeviation, interval, intervalDeviation, len(o.speeds), speed, speedDeviation)
		if math.Abs(speed/species.speed-1) > 0.1 {
			t.Errorf("%s: %g µm/s, the program has %g", species.name, speed, species.speed)
		}
		if math.Abs(interval/species.interval-1) > 0.15 {
			t.Errorf("%s: every %g s, the program has %g", species.name, interval, species.interval)
		}
		if r := size / species.size; r < 0.95 || r > 1.6 {
			t.Errorf("%s: %g mm², the program has %g", species.name, size, species.size)
		}
	}
}

// What the paper says of waves: they begin anywhere, have other borders each
// time, end at cells that were active not long before, and tile the retina within
// minutes.
func TestRetinalWavesTileTheRetina(t *testing.T) {
	slowUnderRace(t)
	minutes := 30.
	if testing.Short() {
		minutes = 10
	}
	l, err := newAmacrines(0, 0, 5, WaveParameters{})
	if err != nil {
		t.Fatal(err)
	}
	o := imageWaves(l, 15, 15+minutes)

	// Of 4 × 4 parts of the retina, none is where far more or fewer waves begin.
	var parts [16]float64
	for _, i := range o.starts {
		parts[i/l.cols*4/l.rows*4+i%l.cols*4/l.cols]++
	}
	expected := float64(len(o.starts)) / 16
	var χ2 float64
	for _, n := range parts {
		χ2 += (n - expected) * (n - expected) / expected
	}
	if χ2 > 37.7 { // p < .001 with 15 degrees of freedom
		t.Errorf("%d waves begin in unlike numbers in 16 parts of the retina: %v (χ² = %.1f)", len(o.starts), parts, χ2)
	}

	// Of two waves after each other over a cell, the part that both cover of what
	// either does: 1 if borders repeat.
	var both, pairs float64
	for i := 0; i < len(l.input); i += 97 {
		var before []bool
		for _, wave := range o.domains {
			if !wave[i] {
				continue
			}
			if before != nil {
				var common, either float64
				for j := range wave {
					if wave[j] || before[j] {
						either++
						if wave[j] && before[j] {
							common++
						}
					}
				}
				both, pairs = both+common/either, pairs+1
			}
			before = wave
		}
	}
	if part := both / pairs; part > 0.45 {
		t.Errorf("waves over a cell have %.2f in common with those before", part)
	} else {
		t.Logf("waves over a cell have %.2f in common with those before", part)
	}

	// How long before a wave came by its cells were active, and those just outside.
	inside, outside := l.silenceAroundWaves(15, 15+minutes)
	if inside < 1.25*outside {
		t.Errorf("cells of waves were silent for %.0f s, those at their borders for %.0f s", inside, outside)
	} else {
		t.Logf("cells of waves were silent for %.0f s, those at their borders for %.0f s", inside, outside)
	}

	// The part of the cells that have been depolarised within some time.
	for _, within := range []struct{ seconds, least, most float64 }{{60, .2, .7}, {240, .95, 1}} {
		seen := map[int32]bool{}
		from := waveWarmUp
		for _, i := range l.log[l.begin[from]:l.begin[from+int(within.seconds)*1000/waveStep]] {
			seen[i] = true
		}
		if part := float64(len(seen)) / float64(len(l.input)); part < within.least || part > within.most {
			t.Errorf("after %g s waves have covered %.2f of the retina, expected %g to %g", within.seconds, part, within.least, within.most)
		} else {
			t.Logf("after %g s waves have covered %.2f of the retina", within.seconds, part)
		}
	}
}

// silenceAroundWaves is the mean time, in s, since the last depolarisation of
// cells that depolarise among five others or more, and of the neighbours of such
// that do not, 10 s before to 10 s after.
func (l *amacrines) silenceAroundWaves(fromMin, toMin float64) (inside, outside float64) {
	const minute = 60 * 1000 / waveStep
	next := l.within(1.1 * cellSpacing)
	times := make([][]int, len(l.input))
	for step := range len(l.begin) - 1 {
		for _, i := range l.log[l.begin[step]:l.begin[step+1]] {
			times[i] = append(times[i], step)
		}
	}
	// last is when a cell was active before a step, and whether it is within 10 s.
	last := func(i, step int) (before int, near bool) {
		k, _ := slices.BinarySearch(times[i], step-minute/6)
		if k < len(times[i]) && times[i][k] <= step+minute/6 {
			near = true
		}
		if k == 0 {
			return -1, near
		}
		return times[i][k-1], near
	}
	var in, out, ins, outs float64
	for step := int(fromMin * minute); step < int(toMin*minute)-minute/6; step++ {
		for _, cell := range l.log[l.begin[step]:l.begin[step+1]] {
			i := int(cell)
			with := 0
			for _, j := range next[i] {
				if _, near := last(j, step); near {
					with++
				}
			}
			if with < 3 {
				continue
			}
			if before, _ := last(i, step); before >= 0 {
				in, ins = in+float64(step-before), ins+1
			}
			for _, j := range next[i] {
				if before, near := last(j, step); !near && before >= 0 {
					out, outs = out+float64(step-before), outs+1
				}
			}
		}
	}
	return in / ins * waveStep / 1000, out / outs * waveStep / 1000
}

func TestRetinalWavesOnAScreen(t *testing.T) {
	slowUnderRace(t)
	// Pixels of half a cell's spacing: a pixel is the mean over what lies in it.
	r := Raster{60, 80, 80 * 17 / 200.}
	v := &RetinalWaves{Seed: 2, Contrast: 0.6}
	x := frame(t, v, r, 0)
	if mean, _ := momentsOf(x); (mean-0.2)/0.6 < 0.01 {
		t.Errorf("at time 0 %.3f of the screen is active, want at least .01", (mean-0.2)/0.6)
	}
	for _, ms := range []float64{0, 375, 1000} {
		x := frame(t, v, r, ms)
		step := v.start + int(ms)/waveStep
		on := map[int]bool{}
		for _, i := range v.layer.depolarised(step) {
			on[int(i)] = true
		}
		for i, got := range x {
			if got < 0.2-1e-12 || got > 0.8+1e-12 {
				t.Fatalf("pixel %d is %g with a contrast of 0.6", i, got)
			}
			// Where cells within a pixel and a half agree, the pixel is theirs.
			px, py := (float64(i%80)+.5)*17, (float64(i/80)+.5)*17
			agree, state := true, false
			n := 0
			for dy := -1.; dy <= 1; dy++ {
				for dx := -1.; dx <= 1; dx++ {
					if px+dx*17 < 0 || py+dy*17 < 0 {
						continue
					}
					now := on[v.layer.cellAt(px+dx*17, py+dy*17)]
					agree = agree && (n == 0 || now == state)
					state, n = now, n+1
				}
			}
			if want := map[bool]float64{true: 0.8, false: 0.2}[state]; agree && math.Abs(got-want) > 1e-12 {
				t.Fatalf("pixel %d is %g at %g ms, want %g", i, got, ms, want)
			}
		}
	}
	// Another screen, other parameters: another layer, and back again the same.
	small := frame(t, v, Raster{30, 40, 40 * 34 / 200.}, 500)
	v.D = 800
	if slices.Equal(frame(t, v, r, 0), x) {
		t.Error("another D makes the same waves")
	}
	v.D = 0
	if !slices.Equal(frame(t, v, r, 0), x) || !slices.Equal(frame(t, v, Raster{30, 40, 40 * 34 / 200.}, 500), small) {
		t.Error("the same waves come out otherwise after others")
	}
	for want, test := range map[string]struct {
		v  *RetinalWaves
		r  Raster
		ms float64
	}{
		"a time from 0":             {&RetinalWaves{}, r, -25},
		"ms: take a time nearer":    {&RetinalWaves{}, r, 1e12},
		"pixels of 200 µm":          {&RetinalWaves{}, Raster{8, 8, 8}, 0},
		"cells, expected at most":   {&RetinalWaves{Magnification: 1000}, Raster{1000, 1000, 100}, 0},
		"D = 10 ms":                 {&RetinalWaves{WaveParameters: WaveParameters{D: 10}}, r, 0},
		"H2 = -1":                   {&RetinalWaves{WaveParameters: WaveParameters{H2: -1}}, r, 0},
		"a Michelson contrast of 2": {&RetinalWaves{Contrast: 2}, r, 0},
		"has the number NaN":        {&RetinalWaves{Magnification: math.NaN()}, r, 0},
	} {
		if err := test.v.Frame(test.r, test.ms, make([]float64, test.r.Height*test.r.Width)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

func TestWaves(t *testing.T) {
	if raceEnabled { // one layer, from several goroutines
		v := &Waves{Seed: 3}
		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				if err := v.Pattern(10*i, make([]float64, 81)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		return
	}
	shared := map[uint64]*Waves{} // a layer takes a while
	mustBeSeeded(t, func(seed uint64) patterns {
		if shared[seed] == nil {
			shared[seed] = &Waves{Seed: seed, Height: 16, Width: 12}
		}
		return shared[seed]
	}, 16*12)

	v := &Waves{Seed: 3, Channels: 2, Height: 16, Width: 12}
	var sum, squares, space, time float64
	const n, pixels = 256, 16 * 12
	var before []float64
	for i := range n {
		x := pattern(t, v, i, 2*pixels)
		if !slices.Equal(x[:pixels], x[pixels:]) {
			t.Fatal("the channels differ")
		}
		active := 0.
		for j, a := range x[:pixels] {
			sum, squares = sum+a, squares+a*a
			active += (a*v.std + v.mean) / pixels
			if j%12 > 0 {
				space += a * x[j-1] / (n * pixels * 11 / 12)
			}
			if i > 0 {
				time += a * before[j] / ((n - 1) * pixels)
			}
		}
		if active < 0.01-1e-9 {
			t.Errorf("pattern %d: %.3f of the cells are active", i, active)
		}
		before = x[:pixels]
	}
	if mean, variance := sum/(n*pixels), squares/(n*pixels); math.Abs(mean) > 1e-9 || math.Abs(variance-1) > 1e-9 {
		t.Errorf("mean %g and variance %g over %d patterns", mean, variance, n)
	}
	// Neighbours are alike, and so are frames that follow each other.
	if space < 0.6 || time < 0.5 {
		t.Errorf("correlations: %g of neighbours, %g of frames", space, time)
	}
	for what, v := range map[string]*Waves{
		"no height": {Height: -1}, "no channels": {Channels: -1}, "pixels of no size": {Pixel: -1}, "an infinite pixel": {Pixel: math.Inf(1)},
	} {
		mustPanic(t, what, func() { v.Pattern(0, make([]float64, 81)) })
	}
	if (&Waves{Pixel: 500}).Pattern(0, make([]float64, 81)) == nil {
		t.Error("pixels as large as a wave are no error")
	}
}
