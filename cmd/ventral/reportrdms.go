package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"ventral/fit"
	"ventral/internal/npy"
)

// rdmFigures show the dissimilarity matrices of every region: of the recordings and
// of the best layer of every network, stimuli in the same order.
func (r *savedRun) rdmFigures(ctx context.Context) ([]plotted, error) {
	path := r.path(rdmsName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		r.missing["rdms"] = "The run has no " + rdmsName + ": it was made before ventral wrote one."
		return nil, nil
	}
	z, err := npy.OpenZip(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	header, rows, err := readTable(r.path(rdmRowsName))
	if err != nil {
		return nil, err
	}
	at, err := columnsOf(r.path(rdmRowsName), header, "region", "stimulus_id", "category")
	if err != nil {
		return nil, err
	}
	names := z.Names()
	var all []plotted
	for _, g := range r.results.Regions {
		if !slices.Contains(names, g.Region+".recordings") {
			continue
		}
		var ids, categories []string
		for _, row := range rows {
			if row[at[0]] == g.Region {
				ids, categories = append(ids, row[at[1]]), append(categories, row[at[2]])
			}
		}
		if len(ids) < 3 {
			return nil, fmt.Errorf("%s names %d stimuli of %s, expected at least 3", r.path(rdmRowsName), len(ids), g.Region)
		}
		read := func(name string) (*fit.RDM, error) {
			values, shape, err := npy.ReadEntry[float32](z, name)
			if err != nil {
				return nil, err
			}
			if n := len(ids); len(shape) != 2 || shape[0] != n || shape[1] != n {
				return nil, shapeError(path, name, shape, fmt.Sprintf("%d × %d, as %s names so many stimuli", n, n, rdmRowsName))
			}
			return rdmFrom(values, len(ids)), nil
		}
		recorded, err := read(g.Region + ".recordings")
		if err != nil {
			return nil, err
		}
		const side = 160 // points, as many as stimuli
		sheet := &pictureSheet{title: marked(g.Region, g.Simulated), columns: 3}
		sheet.images = append(sheet.images, sheetPicture{name: "recordings", under: fmt.Sprintf("%d neuroids", g.Neuroids), image: drawRDM(recorded), width: side, height: side})
		p := plotted{name: "rdm-" + fileName(g.Region), drawing: sheet, header: []string{"stimulus_a", "stimulus_b", "recordings"}}
		matrices := []*fit.RDM{recorded}
		var without []string
		for _, network := range r.results.rowNames() {
			s, ok := r.results.bestOf(network, g.Region)
			name := g.Region + "." + network + "." + s.Layer
			if !ok || !slices.Contains(names, name) {
				without = append(without, network)
				continue
			}
			m, err := read(name)
			if err != nil {
				return nil, err
			}
			under := "ρ not defined"
			if alike, err := fit.ScoreRDMs(ctx, fit.BySpearman, m, recorded, fit.SimilarityOptions{}); err == nil {
				under = "ρ = " + decimals(figure(alike.Score))
			}
			sheet.images = append(sheet.images, sheetPicture{name: network + " " + s.Layer, under: under, image: drawRDM(m), width: side, height: side})
			matrices, p.header = append(matrices, m), append(p.header, network+" "+s.Layer)
		}
		order := "by an average-linkage clustering of the recordings of the first region with these stimuli"
		if categories[0] != "" {
			order = "by category (" + strings.Join(slices.Compact(slices.Clone(categories)), ", ") + ")"
		}
		p.caption = fmt.Sprintf("%s: dissimilarity, 1 − Pearson's r, of every two of %d of the %d stimuli, as ranks: light alike, dark unlike. Stimuli are ordered %s, everywhere alike. ρ: Spearman's correlation of a matrix with that of the recordings.", g.title(), len(ids), g.Stimuli, order)
		if without != nil {
			p.caption += " Without " + joined(without) + ", whose features are all alike to some stimulus."
		}
		k := 0
		for i := range ids {
			for j := i + 1; j < len(ids); j++ {
				row := []string{ids[i], ids[j]}
				for _, m := range matrices {
					row = append(row, strconv.FormatFloat(m.Values[k], 'g', 6, 64))
				}
				p.rows = append(p.rows, row)
				k++
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// rdmFrom is a matrix of n × n values.
func rdmFrom(values []float32, n int) *fit.RDM {
	m := &fit.RDM{Stimuli: n}
	for i := range n {
		for j := i + 1; j < n; j++ {
			m.Values = append(m.Values, float64(values[i*n+j]))
		}
	}
	return m
}

// drawRDM draws the ranks of a matrix, a square of pixels for each pair; the diagonal
// is light.
func drawRDM(m *fit.RDM) image.Image {
	order := make([]int, len(m.Values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := m.Values[a], m.Values[b]; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	shade := make([]uint8, len(order))
	for rank, i := range order {
		shade[i] = uint8(math.Round(float64(rank) / float64(max(1, len(order)-1)) * (shades - 1)))
	}
	zoom := (rdmStimuli + m.Stimuli - 1) / m.Stimuli // large enough to be shown as it is
	out := image.NewPaletted(image.Rect(0, 0, m.Stimuli*zoom, m.Stimuli*zoom), color.Palette(blues{}.Colors()))
	set := func(x, y int, shade uint8) {
		for p := range zoom * zoom {
			out.SetColorIndex(x*zoom+p%zoom, y*zoom+p/zoom, shade)
		}
	}
	k := 0
	for i := range m.Stimuli {
		for j := i + 1; j < m.Stimuli; j++ {
			set(i, j, shade[k])
			set(j, i, shade[k])
			k++
		}
	}
	return out
}
