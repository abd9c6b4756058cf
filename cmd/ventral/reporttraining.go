package main

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"ventral/network"
)

// A trained is a network of a page, with the name and look that it has there.
type trained struct {
	savedNetwork
	label     string
	color     color.Color
	dashes    []vg.Length
	simulated bool // trained on generated images
}

// trainingFigures are accuracy and loss over the epochs.
func trainingFigures(networks []trained) ([]plotted, error) {
	var all []plotted
	for _, c := range []struct {
		name, title, y, caption string
		of                      func(network.Epoch) float64
	}{
		{"accuracy", "Accuracy on test images", "fraction right", "Fraction of the test images that a network classifies rightly, after every epoch.", func(e network.Epoch) float64 { return e.Test.Accuracy }},
		{"loss", "Training loss", "cross-entropy (nats)", "Mean cross-entropy of the training images while the weights changed, for every epoch.", func(e network.Epoch) float64 { return e.Train.Loss }},
	} {
		d := newKeyedPlot(c.title, "epoch", c.y)
		d.X.Tick.Marker = plot.TickerFunc(wholeTicks)
		p := plotted{name: c.name, caption: c.caption + " One training of each network.", drawing: d, header: []string{"network", "epoch", "updates", c.name}}
		some := false
		for _, n := range networks {
			line := curve{name: n.label, color: n.color, dashes: n.dashes}
			for _, e := range n.epochs {
				v := c.of(e)
				line.xs, line.ys = append(line.xs, float64(e.Epoch)), append(line.ys, v)
				p.rows = append(p.rows, []string{n.label, strconv.Itoa(e.Epoch), strconv.Itoa(e.Updates), csvCell(v)})
				some = some || !math.IsNaN(v)
			}
			d.title = marked(d.title, n.simulated)
			if err := d.add(line); err != nil {
				return nil, err
			}
		}
		if !some {
			continue
		}
		if d.X.Max == d.X.Min { // one epoch
			d.X.Min, d.X.Max = d.X.Min-1, d.X.Max+1
		}
		widen(d.Plot)
		all = append(all, p)
	}
	return all, nil
}

// widen gives an axis without a range one, and others a margin.
func widen(p *plot.Plot) {
	roomAbove(p, .04)
	if p.Y.Max-p.Y.Min < 1e-3 {
		p.Y.Min, p.Y.Max = p.Y.Min-.5, p.Y.Max+.5
	}
}

// A sleepStage is how alike filters are before and after one sleep: the median over
// layers.
type sleepStage struct {
	update        int
	before, after savedSleep // only the SNRs
}

// stages are the recorded sleeps of a network.
func (n *savedNetwork) stages() []sleepStage {
	bySleep := map[int][]savedSleep{}
	var order []int
	for _, s := range n.sleeps {
		if _, seen := bySleep[s.sleep]; !seen {
			order = append(order, s.sleep)
		}
		bySleep[s.sleep] = append(bySleep[s.sleep], s)
	}
	var all []sleepStage
	for _, k := range order {
		first, last := map[string]savedSleep{}, map[string]savedSleep{}
		var layers []string
		for _, s := range bySleep[k] {
			if _, seen := first[s.layer]; !seen {
				first[s.layer] = s
				layers = append(layers, s.layer)
			}
			last[s.layer] = s
		}
		over := func(of map[string]savedSleep, what func(savedSleep) float64) float64 {
			var values []float64
			for _, l := range layers {
				if v := what(of[l]); !math.IsNaN(v) {
					values = append(values, v)
				}
			}
			return median(values)
		}
		stage := sleepStage{update: bySleep[k][0].update}
		for _, side := range []struct {
			to *savedSleep
			of map[string]savedSleep
		}{{&stage.before, first}, {&stage.after, last}} {
			side.to.snr = over(side.of, func(s savedSleep) float64 { return s.snr })
			side.to.poolSNR = over(side.of, func(s savedSleep) float64 { return s.poolSNR })
		}
		all = append(all, stage)
	}
	return all
}

// snrFigures show the sharing SNR through waking and sleep: over the whole sheet, of
// all locally connected networks, and within the pools that share, of those that
// sleep.
func snrFigures(networks []trained) ([]plotted, error) {
	sheet := newKeyedPlot("Sharing SNR of the sheet", "updates", "log10 SNR, median over layers")
	pools := newKeyedPlot("Sharing SNR within pools", "updates", "log10 SNR, median over layers")
	s := plotted{name: "snr", drawing: sheet, header: []string{"network", "updates", "moment", "snr"},
		caption: "Sharing SNR over all positions of a layer's sheet, (mean filter)²/(variance over positions), mean over weights, median over layers; log10. Of networks that sleep it goes up in every recorded sleep and down, if at all, in the waking until the next one; of others there is a point for every epoch. A convolution's is infinite and has no line."}
	q := plotted{name: "snr-pools", drawing: pools, header: []string{"network", "updates", "moment", "pool_snr"},
		caption: "Sharing SNR within the pools that share weights in sleep, median over layers; log10. Solid: at the end of waking, just before a recorded sleep."}
	asleep, dotted := false, false
	for _, n := range networks {
		stages := n.stages()
		sheet.title, pools.title = marked(sheet.title, n.simulated), marked(pools.title, n.simulated)
		line := curve{name: n.label, color: n.color, dashes: n.dashes, bare: true}
		if len(stages) == 0 || stages[0].update < 0 {
			line.bare = false
			for _, e := range n.epochs {
				v := median(e.SNR)
				s.rows = append(s.rows, []string{n.label, strconv.Itoa(e.Updates), "epoch", csvCell(v)})
				line.xs, line.ys = append(line.xs, float64(e.Updates)), append(line.ys, math.Log10(v))
			}
			if err := sheet.add(line); err != nil {
				return nil, err
			}
			continue
		}
		waking := curve{name: n.label, color: n.color, dashes: n.dashes}
		slept := curve{name: n.label + " after sleep", color: n.color, dashes: []vg.Length{1, 3}, bare: true}
		for _, stage := range stages {
			x := float64(stage.update)
			line.xs, line.ys = append(line.xs, x, x), append(line.ys, math.Log10(stage.before.snr), math.Log10(stage.after.snr))
			waking.xs, waking.ys = append(waking.xs, x), append(waking.ys, math.Log10(stage.before.poolSNR))
			slept.xs, slept.ys = append(slept.xs, x), append(slept.ys, math.Log10(stage.after.poolSNR))
			if v := math.Log10(stage.after.poolSNR); v-v == 0 {
				dotted = true
			}
			for _, row := range []struct {
				moment string
				savedSleep
			}{{"before sleep", stage.before}, {"after sleep", stage.after}} {
				s.rows = append(s.rows, []string{n.label, strconv.Itoa(stage.update), row.moment, csvCell(row.snr)})
				q.rows = append(q.rows, []string{n.label, strconv.Itoa(stage.update), row.moment, csvCell(row.poolSNR)})
			}
		}
		if err := sheet.add(line); err != nil {
			return nil, err
		}
		for _, c := range []curve{waking, slept} {
			if err := pools.add(c); err != nil {
				return nil, err
			}
		}
		asleep = true
	}
	var all []plotted
	if len(sheet.keys) > 0 {
		widen(sheet.Plot)
		all = append(all, s)
	}
	if asleep && len(pools.keys) > 0 {
		if dotted {
			q.caption += " Dotted: after it; where"
		} else {
			q.caption += " After it, since"
		}
		q.caption += " sleep makes the filters of a pool one, as instant sharing does, it is infinite and has no line."
		widen(pools.Plot)
		all = append(all, q)
	}
	return all, nil
}

// filterFigure shows filters of neighbouring positions: a row for each channel, a
// column for each position.
func filterFigure(networks []trained) (plotted, bool) {
	const zoom = 6 // points a weight, of 3 × 3 kernels
	sheet := &pictureSheet{title: "Filters of neighbouring positions", columns: 2}
	p := plotted{name: "filters", drawing: sheet, header: []string{"network", "layer", "moment", "channel", "position", "input", "row", "column", "weight"},
		caption: "Filters of the first layer (of networks that sleep, the first that does): a row for each of the first channels, a column for each of a run of neighbouring positions in the middle of the sheet; each channel scaled to its largest weight, the first three input channels as red, green and blue. A convolution has the same filter everywhere. Sleep makes those filters of a locally connected layer alike that see the same part of a pattern of period k: every k-th one of a row."}
	for _, n := range networks {
		sheet.title = marked(sheet.title, n.simulated)
		f := &n.filters
		var moments []moment
		if f.firstBefore != nil && f.firstAfter != nil {
			moments = append(moments,
				moment{"before its first sleep", f.layer, f.firstBefore},
				moment{"after its first sleep", f.layer + ", the same filters", f.firstAfter})
		}
		if f.before != nil && f.after != nil && f.update > 1 {
			moments = append(moments,
				moment{"before a late sleep", fmt.Sprintf("%s, after update %s", f.layer, thousands(f.update)), f.before},
				moment{"after this sleep", f.layer + ", the same filters", f.after})
		}
		if moments == nil && f.end != nil {
			moments = []moment{{"", f.layer + ", after training", f.end}}
		}
		for _, m := range moments {
			shape := m.shape
			image := m.draw()
			scale := zoom * 3 / float64(max(shape[3], shape[4], 3))
			sheet.images = append(sheet.images, sheetPicture{
				name: strings.TrimSpace(n.label + " " + m.name), under: m.under, image: image,
				width: vg.Length(scale * float64(image.Bounds().Dx()) / filterZoom), height: vg.Length(scale * float64(image.Bounds().Dy()) / filterZoom),
			})
			size := shape[2] * shape[3] * shape[4]
			for i, w := range m.weights {
				at := []string{n.label, f.layer, m.name}
				for _, index := range []int{i / (size * shape[1]), i / size % shape[1], i / (shape[3] * shape[4]) % shape[2], i / shape[4] % shape[3], i % shape[4]} {
					at = append(at, strconv.Itoa(index))
				}
				p.rows = append(p.rows, append(at, strconv.FormatFloat(float64(w), 'g', -1, 32)))
			}
		}
	}
	return p, len(sheet.images) > 0
}

type moment struct {
	name, under string
	*patch
}

// filterZoom is the pixels of a weight; one pixel lies between filters.
const filterZoom = 4

// draw draws a patch, each channel scaled to its own range.
func (p *patch) draw() image.Image {
	channels, positions, inputs, rows, cols := p.shape[0], p.shape[1], p.shape[2], p.shape[3], p.shape[4]
	width, height := cols*filterZoom+2, rows*filterZoom+2
	out := image.NewRGBA(image.Rect(0, 0, positions*width-2, channels*height-2))
	size := inputs * rows * cols
	for ch := range channels {
		all := p.weights[ch*positions*size : (ch+1)*positions*size]
		peak := max(slices.Max(all), -slices.Min(all), 1e-20)
		for i := range positions {
			f := all[i*size : (i+1)*size]
			for y := range rows * filterZoom {
				for x := range cols * filterZoom {
					level := func(c int) uint8 {
						return uint8(127.5 + 127*f[c%inputs*rows*cols+y/filterZoom*cols+x/filterZoom]/peak)
					}
					out.SetRGBA(i*width+x, ch*height+y, color.RGBA{level(0), level(1), level(2), 255})
				}
			}
		}
	}
	return out
}
