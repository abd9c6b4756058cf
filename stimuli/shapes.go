package stimuli

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// ShapeOptions says which images Shapes draws.
type ShapeOptions struct {
	N        int    // images; the class of image i is i mod the number of classes
	Seed     uint64 // image i depends on Seed and i alone, however many are drawn
	Size     int    // height and width in pixels; 0 = 32
	Channels int    // 1 (grey) or 3 (red, green, blue); 0 = 3
}

// Shapes draws labelled images: one shape, or a patch of grating, on a cloudy
// and noisy background. Position, size, colour, contrast polarity and a
// slight rotation vary freely within a class, so that a class can only be told
// by a form that may be anywhere. Edges are antialiased.
func Shapes(o ShapeOptions) Set {
	replace(&o.Size, 32)
	replace(&o.Channels, 3)
	if o.N < 0 || o.Size < 8 || o.Channels != 1 && o.Channels != 3 {
		panic(fmt.Sprintf("stimuli: %d shapes of %d pixels and %d channels, expected at least 8 pixels and 1 or 3 channels", o.N, o.Size, o.Channels))
	}
	m := memory{channels: o.Channels, height: o.Size, width: o.Size}
	for _, s := range shapes {
		m.classes = append(m.classes, s.name)
	}
	m.labels = make([]int, o.N)
	m.ids = make([]string, o.N)
	for i := range o.N {
		m.labels[i] = i % len(shapes)
		m.ids[i] = fmt.Sprintf("shape%05d", i)
	}
	m.pixels = make([]byte, o.N*size(&m))
	parallel(o.N, func() func(int) {
		return func(i int) {
			rng := rand.New(rand.NewPCG(o.Seed, mix(uint64(i))))
			drawShape(m.image(i), shapes[m.labels[i]].paint, o, rng)
		}
	})
	return newMemory(m)
}

// A shape is a form of about unit radius around the origin, y downwards. paint
// returns how much of a pixel of the given width at (x, y) it covers, 0 to 1.
type shape struct {
	name  string
	paint func(x, y, width float64) float64
}

var shapes = []shape{
	{"disc", solid(func(x, y float64) float64 { return math.Hypot(x, y) - 0.85 })},
	{"ring", solid(func(x, y float64) float64 { return math.Abs(math.Hypot(x, y)-0.7) - 0.2 })},
	{"square", solid(bar(0, 0, 0.75, 0.75))},
	{"triangle", solid(func(x, y float64) float64 {
		return max(y-0.6, math.Abs(x)*0.866-y*0.5-0.6) // three half planes
	})},
	{"plus", solid(union(bar(0, 0, 0.9, 0.25), bar(0, 0, 0.25, 0.9)))},
	{"T", solid(union(bar(0, -0.65, 0.85, 0.22), bar(0, 0.1, 0.22, 0.75)))},
	{"L", solid(union(bar(-0.5, 0, 0.22, 0.85), bar(0.1, 0.63, 0.75, 0.22)))},
	{"U", solid(union(bar(-0.55, 0, 0.22, 0.85), bar(0.55, 0, 0.22, 0.85), bar(0, 0.63, 0.75, 0.22)))},
	{"horizontal grating", patch(func(_, y float64) float64 { return y })},
	{"vertical grating", patch(func(x, _ float64) float64 { return x })},
}

// solid paints where the distance to a form's border is negative, with edges
// one pixel wide.
func solid(distance func(x, y float64) float64) func(x, y, width float64) float64 {
	return func(x, y, width float64) float64 {
		return min(max(0.5-distance(x, y)/width, 0), 1)
	}
}

// patch paints bars across the given axis, two and a half cycles in a disc.
func patch(axis func(x, y float64) float64) func(x, y, width float64) float64 {
	disc := solid(func(x, y float64) float64 { return math.Hypot(x, y) - 1 })
	return func(x, y, width float64) float64 {
		return disc(x, y, width) * (1 + math.Cos(2*math.Pi*1.25*axis(x, y))) / 2
	}
}

// bar is the distance to a rectangle with the given centre and half sides.
func bar(cx, cy, rx, ry float64) func(x, y float64) float64 {
	return func(x, y float64) float64 {
		return max(math.Abs(x-cx)-rx, math.Abs(y-cy)-ry)
	}
}

func union(forms ...func(x, y float64) float64) func(x, y float64) float64 {
	return func(x, y float64) float64 {
		d := math.Inf(1)
		for _, form := range forms {
			d = min(d, form(x, y))
		}
		return d
	}
}

// drawShape draws one image, channel-major, into dst.
func drawShape(dst []byte, paint func(x, y, width float64) float64, o ShapeOptions, rng *rand.Rand) {
	between := func(a, b float64) float64 { return a + (b-a)*rng.Float64() }
	side := float64(o.Size)

	// The form's place, kept inside the image, and its colour: a contrast with
	// the background that is common to all channels, and a tint.
	radius := between(0.2, 0.3) * side
	cx, cy := between(radius, side-radius), between(radius, side-radius)
	sin, cos := math.Sincos(between(-15, 15) * math.Pi / 180)
	contrast := between(0.22, 0.45)
	if rng.IntN(2) == 0 {
		contrast = -contrast
	}
	var ground, ink [3]float64
	luminance := between(0.38, 0.62)
	for c := range o.Channels {
		ground[c] = luminance + between(-0.08, 0.08)
		ink[c] = contrast + between(-0.1, 0.1)
	}

	// Clouds: coarse and fine noise, each with a tint of its own.
	clouds := []cloud{newCloud(side/3, 0.25, o, rng), newCloud(side/9, 0.16, o, rng)}

	for y := range o.Size {
		for x := range o.Size {
			dx, dy := (float64(x)+0.5-cx)/radius, (float64(y)+0.5-cy)/radius
			cover := paint(cos*dx+sin*dy, cos*dy-sin*dx, 1/radius)
			for c := range o.Channels {
				v := ground[c] + cover*ink[c] + 0.04*rng.NormFloat64()
				for _, k := range clouds {
					v += k.at(c, float64(x), float64(y))
				}
				dst[(c*o.Size+y)*o.Size+x] = byte(min(max(255*v+0.5, 0), 255))
			}
		}
	}
}

// A cloud is smooth noise: random values on a grid, interpolated between.
type cloud struct {
	spacing float64 // pixels
	columns int
	values  []float64
	tint    [3]float64 // amplitude in each channel
}

func newCloud(spacing, amplitude float64, o ShapeOptions, rng *rand.Rand) cloud {
	k := cloud{spacing: spacing, columns: int(float64(o.Size)/spacing) + 2}
	k.values = make([]float64, k.columns*k.columns)
	for i := range k.values {
		k.values[i] = rng.Float64() - 0.5
	}
	for c := range o.Channels {
		k.tint[c] = amplitude * (0.8 + 0.4*rng.Float64())
	}
	return k
}

func (k cloud) at(channel int, x, y float64) float64 {
	column, fx := math.Modf(x / k.spacing)
	row, fy := math.Modf(y / k.spacing)
	fx, fy = fx*fx*(3-2*fx), fy*fy*(3-2*fy) // no creases at the grid's lines
	v := k.values[int(row)*k.columns+int(column):]
	top := v[0] + fx*(v[1]-v[0])
	bottom := v[k.columns] + fx*(v[k.columns+1]-v[k.columns])
	return k.tint[channel] * (top + fy*(bottom-top))
}
