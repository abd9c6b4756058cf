package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"ventral/internal/npy"
	"ventral/stimuli"
)

var stimuliRenderVerb = verb{
	name:    "stimuli render",
	anew:    true,
	args:    "KIND",
	summary: "draw gratings, dots, noise and other stimuli: a picture, a movie, or a set with its table",
	detail: `
Kinds, with their flags and defaults:

` + kindsHelp() + `  shapes        the labelled images of --images shapes, --number of them, in
                colour, a folder for each class
                seed 1

Black is 0, mid-grey .5, white 1, linear in luminance. Contrast that would lead
beyond is an error, and so is a spatial frequency that the pixels cannot show, or
a temporal one that the frames cannot. --out says by its ending what is written:

  .png    one frame, 256 grey levels
  .gif    a movie that repeats, 256 grey levels
  .npy    frames × rows × columns, float32
  none    a folder: a still PNG for every combination of the flags' values,
          which may be lists, and stimuli.csv with stimulus_id, filename and
          every parameter, as ventral activations --images and ventral tuning
          read it

  ventral stimuli render --orientation 45 --spatial-frequency 2 --out grating.png grating
  ventral stimuli render dots --coherence .5 --lifetime 200 --frames 60 --out dots.gif
  ventral stimuli render grating --orientation 0,45,90,135 --spatial-frequency .5,1,2 --phase 0,90,180,270 --out gratings
  ventral stimuli render texture --image leaves.jpg --seed 1,2,3 --out textures`,
	json: `
  out, kind             the file or folder, and the kind of stimulus
  n_stimuli, n_frames   how many, and frames of each
  width, height         pixels
  degrees               visual angle of the width`,
	flags: func(flags *pflag.FlagSet) action {
		s := &stimuliRender{flags: flags}
		s.folder.add(flags, "")
		flags.Lookup("out").Usage = "file (.png, .gif, .npy) or folder to write"
		heading(flags, "out", "Output and screen")
		flags.IntVar(&s.raster.Width, "pixels", 256, "columns of the screen, and rows but for --rows")
		flags.IntVar(&s.raster.Height, "rows", 0, "rows of the screen (0: as many as columns)")
		flags.Float64Var(&s.raster.Degrees, "degrees", 8, "visual angle of the screen's width")
		flags.Float64Var(&s.time, "time", 0, "time of the first frame, ms")
		flags.IntVar(&s.frames, "frames", 1, "frames of a .gif or .npy")
		flags.Float64Var(&s.fps, "fps", 50, "frames a second")
		flags.IntVar(&s.number, "number", 100, "how many shapes")
		flags.StringVar(&s.image, "image", "", "picture whose power spectrum a texture has")
		s.grid = addStimulusFlags(flags)
		heading(flags, stimulusFlags[0].name, "Stimuli")
		return s.run
	},
}

// stimuliRender is the verb's flags.
type stimuliRender struct {
	flags     *pflag.FlagSet
	grid      stimulusGrid
	raster    stimuli.Raster
	time, fps float64
	frames    int
	number    int // of shapes
	image     string
	folder    folderFlags
}

func (s *stimuliRender) run(ctx context.Context, t *terminal) error {
	if err := required(s.flags, "out"); err != nil {
		return err
	}
	if s.raster.Height == 0 {
		s.raster.Height = s.raster.Width
	}
	const most = 1 << 14
	switch {
	case s.flags.NArg() != 1:
		return needs(s.flags, "one KIND of stimulus")
	case min(s.raster.Width, s.raster.Height) < 1 || max(s.raster.Width, s.raster.Height) > most || !(s.raster.Degrees > 0) || math.IsInf(s.raster.Degrees, 1):
		return misused("--pixels %d --rows %d --degrees %g: expected 1 to %d pixels and a positive angle", s.raster.Width, s.raster.Height, s.raster.Degrees, most)
	case s.frames < 1 || !(s.fps > 0) || math.IsInf(s.fps, 1) || !(math.Abs(s.time) < 1e12):
		return misused("--frames %d --fps %g --time %g: expected at least 1 frame, a positive rate and a finite time", s.frames, s.fps, s.time)
	}
	if s.flags.Arg(0) == "shapes" {
		return s.writeShapes(ctx, t)
	}
	if s.flags.Changed("number") {
		return misused("--number is of shapes; a list of --seed makes several stimuli of what is random")
	}
	kind, err := findStimulus(stimulusKinds(s.image, s.raster), s.flags.Arg(0))
	if err != nil {
		return err
	}
	if s.image != "" && kind.name != "texture" {
		return misused("--image is for textures, not for %s", kind.name)
	}
	values, err := s.grid.values(s.flags, kind)
	if err != nil {
		return err
	}
	// A frame's luminances, what noise is transformed in, and levels.
	if err := fits(48*int64(s.raster.Height)*int64(s.raster.Width), "a frame", "take fewer --pixels"); err != nil {
		return err
	}
	ending := filepath.Ext(s.folder.out)
	switch {
	case ending == "":
		if s.frames > 1 {
			return misused("--frames %d: a folder holds still pictures; give --out FILE.gif or FILE.npy", s.frames)
		}
		return s.writeSet(ctx, t, kind, values)
	case len(values) > 1:
		return misused("the flags make %d stimuli: give --out a folder, without an ending, or single values", len(values))
	case ending == ".png" && s.frames > 1:
		return misused("--frames %d: a PNG is one frame; give --out FILE.gif or FILE.npy", s.frames)
	}
	for _, name := range []string{"temporal-frequency", "reversal"} {
		if f := math.Abs(values[0][name]); s.frames > 1 && f > s.fps/2 {
			return misused("--%s %g: %g frames/s show at most %g Hz", name, f, s.fps, s.fps/2)
		}
	}
	stimulus, err := kind.make(values[0])
	if err != nil {
		return err
	}
	switch ending {
	case ".png":
		err = s.writePNG(stimulus, s.folder.out)
	case ".gif":
		err = s.writeGIF(ctx, t, stimulus)
	case ".npy":
		err = s.writeNPY(ctx, t, stimulus)
	default:
		return misused("--out %s: expected .png, .gif, .npy, or a folder without an ending", s.folder.out)
	}
	if err != nil {
		return err
	}
	return t.result(s.rendered(kind.name, 1), func() {
		fmt.Fprintf(t.out, "%s: %d × %d pixels, %g × %g degrees, %s\n", s.folder.out, s.raster.Width, s.raster.Height, s.raster.Degrees,
			s.raster.Degrees*float64(s.raster.Height)/float64(s.raster.Width), counted(s.frames, "frame"))
	})
}

// A renderedJSON is what was drawn, as scripts read it.
type renderedJSON struct {
	Out     string  `json:"out"`
	Kind    string  `json:"kind"`
	Stimuli int     `json:"n_stimuli"`
	Frames  int     `json:"n_frames"` // of each
	Width   int     `json:"width"`
	Height  int     `json:"height"`
	Degrees float64 `json:"degrees"`
}

func (s *stimuliRender) rendered(kind string, n int) renderedJSON {
	return renderedJSON{s.folder.out, kind, n, s.frames, s.raster.Width, s.raster.Height, s.raster.Degrees}
}

// eachFrame draws the frames in their order; use must not keep the pixels.
func (s *stimuliRender) eachFrame(ctx context.Context, t *terminal, stimulus stimuli.Stimulus, use func(x []float64) error) error {
	b := t.bar("frames", s.frames, "frames")
	defer b.done()
	x := make([]float64, s.raster.Height*s.raster.Width)
	for i := range s.frames {
		if err := ctx.Err(); err != nil {
			return beginsAnew{err}
		}
		if err := stimulus.Frame(s.raster, s.time+1000*float64(i)/s.fps, x); err != nil {
			return err
		}
		if err := use(x); err != nil {
			return err
		}
		b.at(i+1, "frames")
	}
	return nil
}

func (s *stimuliRender) writePNG(stimulus stimuli.Stimulus, path string) error {
	x := make([]float64, s.raster.Height*s.raster.Width)
	if err := stimulus.Frame(s.raster, s.time, x); err != nil {
		return err
	}
	picture := image.NewGray(image.Rect(0, 0, s.raster.Width, s.raster.Height))
	greyLevels(picture.Pix, x)
	content, err := encodePNG(picture)
	if err != nil {
		return err
	}
	return writeFile(path, content)
}

// greyLevels rounds luminances to 256 levels.
func greyLevels(levels []byte, x []float64) {
	for i, v := range x {
		levels[i] = byte(math.Round(255 * v))
	}
}

func (s *stimuliRender) writeGIF(ctx context.Context, t *terminal, stimulus stimuli.Stimulus) error {
	need := 2 * int64(s.frames) * int64(s.raster.Height) * int64(s.raster.Width) // the frames, and encoded
	if err := fits(need, fmt.Sprintf("%d frames of a GIF", s.frames), "take fewer --frames or --pixels, or --out FILE.npy"); err != nil {
		return err
	}
	greys := make(color.Palette, 256)
	for i := range greys {
		greys[i] = color.Gray{Y: uint8(i)}
	}
	delay := max(1, int(math.Round(100/s.fps))) // hundredths of a second
	if shown := 100 / float64(delay); math.Abs(shown-s.fps) > 1e-3*s.fps && s.frames > 1 {
		t.say("note: a GIF counts hundredths of a second: it plays %g frames/s in place of %g", shown, s.fps)
	}
	movie := &gif.GIF{}
	if err := s.eachFrame(ctx, t, stimulus, func(x []float64) error {
		picture := image.NewPaletted(image.Rect(0, 0, s.raster.Width, s.raster.Height), greys)
		greyLevels(picture.Pix, x)
		movie.Image, movie.Delay = append(movie.Image, picture), append(movie.Delay, delay)
		return nil
	}); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, movie); err != nil {
		return err
	}
	return writeFile(s.folder.out, b.Bytes())
}

func (s *stimuliRender) writeNPY(ctx context.Context, t *terminal, stimulus stimuli.Stimulus) error {
	w, err := npy.Create[float32](s.folder.out, []int{s.frames, s.raster.Height, s.raster.Width})
	if err != nil {
		return err
	}
	defer w.Abort()
	frame := make([]float32, s.raster.Height*s.raster.Width)
	if err := s.eachFrame(ctx, t, stimulus, func(x []float64) error {
		for i, v := range x {
			frame[i] = float32(v)
		}
		return w.Append(frame)
	}); err != nil {
		return err
	}
	return w.Close()
}

// writeSet writes a folder of pictures with their table.
func (s *stimuliRender) writeSet(ctx context.Context, t *terminal, kind stimulusKind, values []stimulusValues) error {
	about := describe(s.flags)
	about.Arguments["kind"] = kind.name
	if s.image != "" {
		var err error
		if about.Data, err = appendFile(about.Data, "image", s.image); err != nil {
			return err
		}
	}
	f, err := t.runFolder(s.folder, about)
	if err != nil {
		return err
	}
	defer f.abandon()
	header := []string{"stimulus_id", "filename", "kind"}
	for _, p := range kind.parameters {
		header = append(header, strings.ReplaceAll(p.name, "-", "_"))
	}
	header = append(header, "degrees")
	rows := make([][]string, len(values))
	digits := len(fmt.Sprint(len(values) - 1))
	b := t.bar("pictures", len(values), "pictures")
	defer b.done()
	for i, v := range values {
		if err := ctx.Err(); err != nil {
			return beginsAnew{err}
		}
		id := fmt.Sprintf("%s_%0*d", kind.name, digits, i)
		rows[i] = []string{id, id + ".png", kind.name}
		for _, p := range kind.parameters {
			rows[i] = append(rows[i], exact(v[p.name]))
		}
		rows[i] = append(rows[i], exact(s.raster.Degrees))
		stimulus, err := kind.make(v)
		if err != nil {
			return err
		}
		if err := s.writePNG(stimulus, f.path(id+".png")); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		b.at(i+1, "pictures")
	}
	if err := f.writeCSV(header, rows, "stimuli.csv"); err != nil {
		return err
	}
	if err := f.finish(); err != nil {
		return err
	}
	return t.result(s.rendered(kind.name, len(values)), func() {
		fmt.Fprintf(t.out, "%s: %s of %d × %d pixels, and stimuli.csv\n", f.name, counted(len(values), "picture"), s.raster.Width, s.raster.Height)
	})
}
