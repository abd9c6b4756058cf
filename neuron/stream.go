package neuron

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// StreamOptions says which simulated ventral stream NewStream builds.
type StreamOptions struct {
	Screen   Screen  // the images' pixels; 0 degrees per pixel = 8 degrees across
	Neuroids int     // in each region; 0 = 60
	MeanRate float64 // of a region, spikes/s; 0 = 15
	Spread   float64 // SD of a neuroid's rates over images, in parts of its mean rate; 0 = 0.7
	Seed     uint64
}

// A Stream is a simulated ventral stream, for recordings whose origin is
// known: in V1 simple and complex cells by turns, in V4 conjunctions of two
// orientations, in IT prototypes that are found anywhere on the screen.
type Stream struct {
	o       StreamOptions
	lattice *lattice
	v1      []interface{ Response(image []float64) float64 }
	v4      []conjunction
	it      []*prototype
	scales  [3][]scale // per region and neuroid
}

// A Region is a part of the stream and what its neuroids answer.
type Region struct {
	Name     string // "V1", "V4", "IT"
	Neuroids []string
	Rates    *mat.Dense // n_stimuli × n_neuroids, spikes/s, without noise
}

// A scale turns a response into spikes/s, max(0, rate·(1 + spread·(r − mean)/sd)).
type scale struct{ rate, spread, mean, sd float64 }

func (s scale) apply(response float64) float64 {
	if s.sd == 0 {
		return s.rate
	}
	return max(0, s.rate*(1+s.spread*(response-s.mean)/s.sd))
}

// NewStream builds a stream whose IT cells know parts of the familiar images
// (n_familiar × H·W luminances in [0, 1], row-major). The familiar images also
// set each neuroid's scale: over them its rate has a mean of about MeanRate
// (log-normal over neuroids, half a natural-log unit wide) and a standard
// deviation of about Spread times that, a little less and more where it is
// rectified at 0. A neuroid's rate depends on the image alone, not on which
// others are shown.
//
// It panics if the images are not of the screen's size, or fewer than two.
func NewStream(o StreamOptions, familiar mat.Matrix) *Stream {
	if o.Screen.DegreesPerPixel == 0 {
		o.Screen.DegreesPerPixel = 8 / float64(o.Screen.Size.Cols)
	}
	if o.Neuroids == 0 {
		o.Neuroids = 60
	}
	if o.MeanRate == 0 {
		o.MeanRate = 15
	}
	if o.Spread == 0 {
		o.Spread = 0.7
	}
	n, _ := familiar.Dims()
	if n < 2 || o.Neuroids < 1 || o.MeanRate < 0 || o.Spread < 0 {
		panic(fmt.Sprintf("neuron: a stream of %d neuroids at %g spikes/s, spread %g, with %d familiar images; expected at least 2 images", o.Neuroids, o.MeanRate, o.Spread, n))
	}
	s := &Stream{o: o}
	images := rows(familiar, o.Screen.Size)

	lowest, highest := band(o.Screen)
	s.lattice = newLattice(gaborOf(math.Sqrt(lowest*highest)), o.Screen)
	maps := make([][]float64, n)
	each(n, func(i int) { maps[i] = s.lattice.maps(images[i]) })

	rng := rand.New(rand.NewPCG(o.Seed, 0))
	for i := range o.Neuroids {
		g := gaborOf(lowest * math.Pow(highest/lowest, rng.Float64()))
		g.Orientation = math.Pi * rng.Float64()
		g.Phase = 2 * math.Pi * rng.Float64()
		// Centres within the middle 80 % of the screen, where images have content.
		g.X = 0.8 * (rng.Float64() - 0.5) * float64(o.Screen.Size.Cols) * o.Screen.DegreesPerPixel
		g.Y = 0.8 * (rng.Float64() - 0.5) * float64(o.Screen.Size.Rows) * o.Screen.DegreesPerPixel
		if i%2 == 0 {
			s.v1 = append(s.v1, NewSimple(g, o.Screen))
		} else {
			s.v1 = append(s.v1, NewComplex(g, o.Screen))
		}
		s.v4 = append(s.v4, newConjunction(s.lattice, rng))
		s.it = append(s.it, newPrototype(s.lattice, maps[rng.IntN(n)], rng))
	}

	const width = 0.5 // of the log-normal rates; the exponent's shift keeps their mean
	for region, responses := range s.responses(images) {
		for j := range o.Neuroids {
			mean, sd := stat.MeanStdDev(mat.Col(nil, j, responses), nil)
			rate := o.MeanRate * math.Exp(width*rng.NormFloat64()-width*width/2)
			s.scales[region] = append(s.scales[region], scale{rate, o.Spread, mean, sd})
		}
	}
	return s
}

// Rates returns what the regions V1, V4 and IT answer to images, n_stimuli ×
// H·W luminances in [0, 1], row-major. It panics if they are not of the
// screen's size.
func (s *Stream) Rates(images mat.Matrix) []Region {
	all := s.responses(rows(images, s.o.Screen.Size))
	regions := make([]Region, len(all))
	for region, rates := range all {
		rates.Apply(func(_, j int, r float64) float64 { return s.scales[region][j].apply(r) }, rates)
		name := [...]string{"V1", "V4", "IT"}[region]
		regions[region] = Region{Name: name, Rates: rates}
		for j := range s.o.Neuroids {
			kind := [...]string{"complex", "conjunction", "prototype"}[region]
			if region == 0 && j%2 == 0 {
				kind = "simple"
			}
			regions[region].Neuroids = append(regions[region].Neuroids, fmt.Sprintf("%s_%s_%03d", name, kind, j))
		}
	}
	return regions
}

// responses returns the unscaled responses of V1, V4 and IT.
func (s *Stream) responses(images [][]float64) [3]*mat.Dense {
	var all [3]*mat.Dense
	for region := range all {
		all[region] = mat.NewDense(len(images), s.o.Neuroids, nil)
	}
	each(len(images), func(i int) {
		maps := s.lattice.maps(images[i])
		tuned := tunedPart(maps)
		for j := range s.o.Neuroids {
			all[0].Set(i, j, s.v1[j].Response(images[i]))
			all[1].Set(i, j, s.v4[j].response(maps))
			all[2].Set(i, j, s.it[j].response(tuned))
		}
	})
	return all
}

// band returns the lowest and highest spatial frequency, in cycles/degree,
// that the cells of V1 prefer: up to 4, or half of what the pixels can show.
func band(s Screen) (lowest, highest float64) {
	highest = min(4, 0.25/s.DegreesPerPixel)
	return highest / 2.5, highest
}

// gaborOf returns a Gabor of the given frequency with the bandwidth that V1
// has at the median, 1.4 octaves (De Valois, Albrecht & Thorell 1982, Vision
// Res. 22:545), and 1.5 times as long as wide.
func gaborOf(frequency float64) Gabor {
	const octaves = 1.4
	ratio := math.Exp2(octaves)
	sigma := math.Sqrt(math.Ln2/2) / (math.Pi * frequency) * (ratio + 1) / (ratio - 1)
	return Gabor{Frequency: frequency, Sigma: sigma, Length: 1.5 * sigma}
}

// rows returns the rows of a matrix of images of the given size.
func rows(images mat.Matrix, size Size) [][]float64 {
	n, pixels := images.Dims()
	if pixels != size.Area() {
		panic(fmt.Sprintf("neuron: images of %d pixels on a screen of %v", pixels, size))
	}
	all := make([][]float64, n)
	for i := range all {
		all[i] = mat.Row(nil, i, images)
	}
	return all
}

// each calls work for every i in [0, n) on at most GOMAXPROCS goroutines.
func each(n int, work func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	group.Wait()
}
