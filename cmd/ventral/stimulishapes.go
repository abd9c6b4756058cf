package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"ventral/stimuli"
)

// writeShapes writes the labelled images of package stimuli, with the class of
// each in the table.
func (s *stimuliRender) writeShapes(ctx context.Context, t *terminal) error {
	for _, p := range stimulusFlags {
		if p.name != "seed" && s.flags.Changed(p.name) {
			return misused("--%s: shapes have --number, --seed and --pixels", p.name)
		}
	}
	seed := uint64(1)
	if s.flags.Changed("seed") {
		var err error
		if seed, err = strconv.ParseUint(strings.Join(*s.grid["seed"], ","), 10, 32); err != nil {
			return misused("--seed %s: expected one whole number for shapes", strings.Join(*s.grid["seed"], ","))
		}
	}
	const most = 1_000_000
	switch {
	case s.number < 1 || s.number > most || s.raster.Width < 8 || s.raster.Height != s.raster.Width:
		return misused("--number %d --pixels %d --rows %d: expected 1 to %s shapes, and at least 8 pixels, as many rows", s.number, s.raster.Width, s.raster.Height, thousands(most))
	case filepath.Ext(s.folder.out) != "":
		return misused("--out %s: shapes are a folder, without an ending", s.folder.out)
	}
	if err := fits(3*int64(s.number)*int64(s.raster.Width)*int64(s.raster.Width), fmt.Sprintf("%d shapes", s.number), "take fewer, or fewer --pixels"); err != nil {
		return err
	}
	about := describe(s.flags)
	about.Arguments["kind"] = "shapes"
	f, err := t.runFolder(s.folder, about)
	if err != nil {
		return err
	}
	defer f.abandon()
	set := stimuli.Shapes(stimuli.ShapeOptions{N: s.number, Seed: seed, Size: s.raster.Width})
	b := t.bar("pictures", set.Len(), "pictures")
	defer b.done()
	rows := make([][]string, set.Len())
	for i := range rows {
		if err := ctx.Err(); err != nil {
			return beginsAnew{err}
		}
		class := set.Classes()[set.Label(i)]
		rows[i] = []string{set.ID(i), class + "/" + set.ID(i) + ".png", class}
		picture, err := stimuli.Picture(set, i)
		if err != nil {
			return err
		}
		path, err := f.file(class, set.ID(i)+".png")
		if err != nil {
			return err
		}
		if err := stimuli.WritePNG(path, picture); err != nil {
			return err
		}
		b.at(i+1, "pictures")
	}
	if err := f.writeCSV([]string{"stimulus_id", "filename", "object_name"}, rows, "stimuli.csv"); err != nil {
		return err
	}
	if err := f.finish(); err != nil {
		return err
	}
	return t.result(s.rendered("shapes", set.Len()), func() {
		fmt.Fprintf(t.out, "%s: %s of %d × %d pixels in %d classes, and stimuli.csv\n", f.name, counted(set.Len(), "picture"), s.raster.Width, s.raster.Height, len(set.Classes()))
	})
}
