package stimuli

import "fmt"

// Periodic is what a layer sees in sleep: a tile of K×K pixels of Gaussian white
// noise, repeated in both directions from the upper left corner, so that neurons
// K pixels apart see the same. Tile i holds pattern i of WhiteNoise, scaled to the
// mean of the screen and the rms contrast exactly.
//
// Frame fails, as that of FilteredNoise, if a luminance would leave [0, 1], and
// unless K is at least 2.
//
// Source: Pogodin et al. 2021, arXiv:2106.13031.
type Periodic struct {
	Seed     uint64
	K        int     // period, pixels: the side of the kernel
	Contrast float64 // rms: standard deviation of the luminance over its mean
	Refresh  float64 // another tile so many times a second, Hz; 0 = still
}

// Frame draws the pattern, as Stimulus says.
func (p Periodic) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	if err := checkNumbers("a periodic pattern", p.Refresh, ms); err != nil {
		return err
	}
	if p.K < 2 || p.Refresh < 0 {
		return fmt.Errorf("a pattern of period %d pixels, new at %g Hz, expected at least 2 and 0 or more", p.K, p.Refresh)
	}
	if p.K > min(r.Height, r.Width) {
		return fmt.Errorf("a pattern of period %d pixels on a screen of %d×%d", p.K, r.Height, r.Width)
	}
	tile := make([]float64, p.K*p.K)
	if err := (WhiteNoise{Seed: p.Seed}).Pattern(int(wholeWithin(p.Refresh*ms/1000)), tile); err != nil {
		return err
	}
	if err := toContrast(tile, p.Contrast); err != nil {
		return err
	}
	for i := range x {
		x[i] = tile[i/r.Width%p.K*p.K+i%r.Width%p.K]
	}
	return nil
}
