package stimuli

import (
	"cmp"
	"fmt"
	"sync"
)

// RetinalWaves are the waves of activity that cross the retina before the eyes
// open, in the model of Godfrey & Swindale 2007: one layer of starburst amacrine
// cells, 34 µm apart, which excite each other where their dendrites overlap,
// depolarise by themselves from time to time, and do so the later and answer the
// less the more input they had. Waves begin anywhere, end where cells have not
// recovered, and have other borders each time. A cell is ½(1 + C) while it is
// depolarised and else ½(1 − C), with edges antialiased over a pixel; the mean is
// near the latter. Equations and what differs from the authors' program are with
// the layer, amacrines.
//
// Time is the retina's: of a patch of a millimetre most is silent most of the
// time. The layer has 15 minutes to forget its first state, and time 0 is the
// first after it at which 1 % of the screen is depolarised.
//
// Measured as below on 60 min of 2.2 × 2.2 mm, and by the authors' analysis on 60
// min of their program (a copy of 2023, with their first parameters: dendrites of
// 85 µm, a disc of 36 cells' radius); mean ± standard deviation:
//
//	               wave, mm²       interval, s   speed, µm/s
//	ferret         0.186 ± 0.171   107 ± 43      174 ± 38
//	  program      0.148 ± 0.135   116 ± 47      176 ± 36
//	rabbit         0.239 ± 0.236   104 ± 37      196 ± 39
//	  program      0.184 ± 0.168   111 ± 42      199 ± 38
//	mouse          0.250 ± 0.276    76 ± 32      109 ± 32
//	  program      0.194 ± 0.187    82 ± 35      109 ± 28
//	turtle         0.213 ± 0.210    59 ± 22      227 ± 53
//	  program      0.168 ± 0.151    63 ± 24      223 ± 50
//
// Waves are larger here, and cells are reached more often, as no border cuts
// waves: on the program's disc this layer has 0.157 ± 0.133 mm² and 174 ± 36 µm/s.
// In ferrets, on electrodes, waves travelled at 168 ± 78 µm/s (Neural Dev. 2018,
// doi:10.1186/s13064-018-0101-1, Fig. 5). Repeat with
//
//	VENTRAL_WAVES=60 go test ./stimuli -run TestRetinalWavesAsMeasured -v
//
// in which a cell fluoresces with what is depolarised within three cells, waves
// are what fluoresces together, and a wave's speed is the distance from where it
// began to where it came furthest over the time between.
//
// Cost: 2 ns for 25 ms of a cell, on a retina of at least 2.2 × 2.2 mm (4,940
// cells), so that the 15 minutes of these take 0.5 s, once; and 0.13 µs for a pixel
// of a frame. A time is simulated but once, and frames can be asked for in any order.
//
// Frame fails for a contrast outside [0, 1], negative numbers, a time before 0,
// pixels wider than three cells, and retinas or times that would take hours.
//
// Source: Godfrey & Swindale 2007, PLoS Comput. Biol. 3:e245; equations and numbers
// from its authors' program (github.com/BennyCa/Retinal-Wave-Simulator, base model).
// Ours are the torus, time 0, magnification and contrast.
type RetinalWaves struct {
	Seed          uint64
	Contrast      float64 // C, Michelson
	Magnification float64 // of the retina, µm/degree; 0 = 200, about a macaque's
	WaveParameters

	mutex sync.Mutex
	shown wavesShown // what layer and the numbers below are of
	layer *amacrines
	start int // the step of time 0
}

// wavesShown is all that the activity on a screen depends on.
type wavesShown struct {
	raster        Raster
	seed          uint64
	magnification float64
	WaveParameters
}

// Frame draws the waves, as Stimulus says.
func (v *RetinalWaves) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	if err := checkContrast("Michelson", v.Contrast); err != nil {
		return err
	}
	if err := checkNumbers("retinal waves", v.Magnification, v.D, v.P, v.K, v.H1, v.H2, ms); err != nil {
		return err
	}
	if err := v.activity(r, ms, x); err != nil {
		return err
	}
	for i, active := range x {
		x[i] = 0.5 * (1 + v.Contrast*(2*active-1))
	}
	return nil
}

// activity writes which part of each pixel's cells is depolarised.
func (v *RetinalWaves) activity(r Raster, ms float64, x []float64) error {
	if ms < 0 {
		return fmt.Errorf("retinal waves at %g ms, expected a time from 0", ms)
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if err := v.show(r); err != nil {
		return err
	}
	steps := ms / waveStep
	const most = 1 << 37 // cells times steps, minutes of work
	if cells := float64(len(v.layer.input)); steps*cells > most {
		return fmt.Errorf("retinal waves at %g ms on %g cells, expected at most %.3g ms: take a time nearer to 0 or a smaller retina", ms, cells, most/cells*waveStep)
	}
	v.draw(v.start+int(wholeWithin(steps)), x)
	return nil
}

// show makes layer that of a screen, and finds its time 0.
func (v *RetinalWaves) show(r Raster) error {
	magnification := cmp.Or(v.Magnification, 200)
	want := wavesShown{r, v.Seed, magnification, v.WaveParameters}
	if v.layer != nil && v.shown == want {
		return nil
	}
	pixel := magnification / r.PixelsPerDegree()
	if !(pixel > 0 && pixel <= 3*cellSpacing) {
		return fmt.Errorf("retinal waves on pixels of %.3g µm, expected at most three cells, %g µm: take more pixels, fewer degrees or fewer µm/degree than %g", pixel, 3*cellSpacing, magnification)
	}
	layer, err := newAmacrines(pixel*float64(r.Width), pixel*float64(r.Height), v.Seed, v.WaveParameters)
	if err != nil {
		return err
	}
	v.layer, v.shown = layer, want
	x := make([]float64, r.Height*r.Width)
	const search = 10 * 60 * 1000 / waveStep // steps after which there may be no waves
	for v.start = waveWarmUp; v.start < waveWarmUp+search; v.start++ {
		v.layer.advance(v.start)
		if onsets := v.layer.log[v.layer.begin[v.start]:]; len(onsets) == 0 {
			continue
		}
		v.draw(v.start, x)
		if meanOf(x) >= 0.01 {
			return nil
		}
	}
	v.start = waveWarmUp
	return nil
}

// draw writes which part of each pixel is depolarised in a step, from 4 × 4
// points of each.
func (v *RetinalWaves) draw(step int, x []float64) {
	v.layer.advance(step)
	active := v.layer.depolarised(step)
	if len(active) == 0 {
		clear(x)
		return
	}
	depolarised := make([]bool, len(v.layer.input))
	for _, i := range active {
		depolarised[i] = true
	}
	r := v.shown.raster
	const points = 4
	apart := v.shown.magnification / r.PixelsPerDegree() / points
	for i := range x {
		count := 0
		for p := range points * points {
			if depolarised[v.layer.cellAt((float64(i%r.Width*points+p%points)+0.5)*apart, (float64(i/r.Width*points+p/points)+0.5)*apart)] {
				count++
			}
		}
		x[i] = float64(count) / (points * points)
	}
}

func meanOf(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
