package stimuli

import (
	"fmt"
	"math"
)

// Dots are random dots that move at one speed, each for its lifetime: with the
// probability Coherence in the common direction, else in a random one. Then it
// begins anew at a random place, with a new direction; births are spread evenly
// over time. A dot that leaves the screen comes in at the opposite border. Half
// the dots are bright and half dark, ½(1 ± C), so that the mean is the screen's.
// Where dots overlap, a later one covers an earlier.
//
// Frame fails for a contrast or coherence outside [0, 1], and unless Density and
// Diameter are positive and Lifetime and Size not negative.
//
// Source: Scase, Braddick & Raymond 1996, Vision Res. 36:2579 (noise of random
// directions at the signal's speed).
type Dots struct {
	Seed      uint64
	Density   float64 // dots/degree²
	Diameter  float64 // of a dot, degrees
	Direction float64 // degrees anticlockwise from rightwards
	Coherence float64 // 0 to 1
	Speed     float64 // degrees/s
	Lifetime  float64 // ms; 0 = for ever
	Contrast  float64 // C, Weber
	Size      float64 // diameter of the aperture around the screen's centre, degrees; 0 = the whole screen
}

// Frame draws the dots, as Stimulus says.
func (d Dots) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	if err := checkNumbers("a field of dots", d.Density, d.Diameter, d.Direction, d.Speed, d.Lifetime, d.Size, ms); err != nil {
		return err
	}
	if err := checkContrast("Weber", d.Contrast); err != nil {
		return err
	}
	if !(d.Coherence >= 0 && d.Coherence <= 1) {
		return fmt.Errorf("dots of coherence %g, expected 0 to 1", d.Coherence)
	}
	if !(d.Density > 0 && d.Diameter > 0 && d.Lifetime >= 0 && d.Size >= 0) {
		return fmt.Errorf("%g dots/degree² of a diameter of %g degrees and a lifetime of %g ms in an aperture of %g degrees, expected a positive density and diameter, and 0 or more", d.Density, d.Diameter, d.Lifetime, d.Size)
	}
	const most = 1 << 24
	if n := d.Density * r.Degrees * r.height(); n > most {
		return fmt.Errorf("%g dots/degree² on %g×%g degrees are %.3g dots, expected at most %d", d.Density, r.Degrees, r.height(), n, most)
	}
	// What is painted, a square about each dot.
	if side := min(d.Diameter*r.PixelsPerDegree()+3, float64(max(r.Height, r.Width))); d.Density*r.Degrees*r.height()*side*side > 1<<31 {
		return fmt.Errorf("%g dots/degree² of a diameter of %g degrees cover the screen many thousand times: take fewer or smaller ones", d.Density, d.Diameter)
	}
	half := r.half()
	for i, p := range d.places(r, ms) {
		ink := 0.5 * d.Contrast
		if i%2 == 1 {
			ink = -ink
		}
		r.drawDot(x, p.x, p.y, d.Diameter, 0.5+ink)
	}
	if d.Size > 0 {
		for i := range x {
			right, up := r.place(i)
			x[i] = 0.5 + (x[i]-0.5)*disc(right, up, d.Size, half)
		}
	}
	return nil
}

// height is the raster's, in degrees.
func (r Raster) height() float64 { return r.Degrees * float64(r.Height) / float64(r.Width) }

// A dotPlace is a dot at a time: its place, and the number of its life.
type dotPlace struct {
	x, y float64
	life int
}

// places are all dots at a time.
func (d Dots) places(r Raster, ms float64) []dotPlace {
	n := int(math.Round(d.Density * r.Degrees * r.height()))
	places := make([]dotPlace, n)
	for i := range places {
		first := generatorOf(mix(d.Seed, 0), i)
		age, life := ms, 0.0
		if d.Lifetime > 0 {
			lives := ms/d.Lifetime + first.Float64()
			life = math.Floor(lives)
			age = (lives - life) * d.Lifetime
		}
		first.free()
		rng := generatorOf(mix(d.Seed, 1, uint64(int64(life))), i)
		x, y := rng.Float64(), rng.Float64()
		direction := 360 * rng.Float64()
		if rng.Float64() < d.Coherence {
			direction = d.Direction
		}
		rng.free()
		sin, cos := math.Sincos(direction * math.Pi / 180)
		travelled := d.Speed * age / 1000
		places[i] = dotPlace{
			x:    (around(x+travelled*cos/r.Degrees) - 0.5) * r.Degrees,
			y:    (around(y+travelled*sin/r.height()) - 0.5) * r.height(),
			life: int(life),
		}
	}
	return places
}

// around is x in [0, 1), coming in where it left.
func around(x float64) float64 { return x - math.Floor(x) }

// drawDot paints a disc at (right, up), around the borders.
func (r Raster) drawDot(x []float64, right, up, diameter, luminance float64) {
	scale := r.PixelsPerDegree()
	col, row := right*scale+float64(r.Width)/2, float64(r.Height)/2-up*scale
	reach := diameter/2*scale + 1
	// A dot larger than the screen would meet itself: each pixel is painted once.
	rows, cols := min(int(math.Ceil(2*reach))+1, r.Height), min(int(math.Ceil(2*reach))+1, r.Width)
	top, left := int(math.Floor(row-reach)), int(math.Floor(col-reach))
	for i := range rows {
		for j := range cols {
			cover := disc(float64(left+j)+0.5-col, float64(top+i)+0.5-row, diameter*scale, 0.5)
			if cover > 0 {
				at := &x[modulo(top+i, r.Height)*r.Width+modulo(left+j, r.Width)]
				*at += cover * (luminance - *at)
			}
		}
	}
}

func modulo(i, n int) int { return (i%n + n) % n }
