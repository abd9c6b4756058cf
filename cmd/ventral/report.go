package main

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"math"
	"path/filepath"
	"strings"

	"ventral/network"
)

//go:embed report.html
var reportPage string

// A reportData is what report.html shows.
type reportData struct {
	Title        string
	Question     string
	Simulated    bool
	Results      *results
	Best         [][]string // header first
	Legend       []string
	Predictivity []template.HTML // one plot per region
	Training     []template.HTML
	Filters      []captioned
	Examples     []captioned
	About        description
}

// A captioned is a picture with its caption.
type captioned struct {
	Caption string
	Data    template.URL
	Width   int
}

// writeReport writes report.html, one file that needs nothing else, and its
// plots as SVG files beside it, in plots/.
func writeReport(f *runFolder, title, question string, about description, r *results, pictures reportPictures) error {
	d := reportData{Title: title, Question: question, Simulated: r.Simulated, Results: r, Legend: r.legend(), About: about}
	plot := func(name string, drawing []byte, err error) (template.HTML, error) {
		if err != nil {
			return "", fmt.Errorf("plot %s: %w", name, err)
		}
		p, err := f.file("plots", name+".svg")
		if err != nil {
			return "", err
		}
		_, body, _ := strings.Cut(string(drawing), "<svg") // an XML declaration has no place in HTML
		return template.HTML("<svg" + body), writeFile(p, drawing)
	}
	for _, g := range r.Regions {
		drawing, err := r.plotPredictivity(g)
		h, err := plot("predictivity-"+fileName(g.Region), drawing, err)
		if err != nil {
			return err
		}
		d.Predictivity = append(d.Predictivity, h)
	}
	for _, c := range []struct {
		name, title, y string
		of             func(network.Epoch) float64
	}{
		{"accuracy", "Accuracy on test images", "fraction right", func(e network.Epoch) float64 { return e.Test.Accuracy }},
		{"loss", "Training loss", "cross-entropy (nats)", func(e network.Epoch) float64 { return e.Train.Loss }},
		{"snr", "Sharing SNR of the locally connected networks", "log10, median over layers", func(e network.Epoch) float64 { return math.Log10(median(e.SNR)) }},
	} {
		drawing, err := r.plotTraining(c.title, c.y, c.of)
		h, err := plot(c.name, drawing, err)
		if err != nil {
			return err
		}
		d.Training = append(d.Training, h)
	}
	for _, n := range r.Networks {
		c, err := picture(n.Name, pictures.filters[n.Name])
		if err != nil {
			return err
		}
		d.Filters = append(d.Filters, c)
	}
	for _, e := range pictures.examples {
		c, err := picture(e.name, e.image)
		if err != nil {
			return err
		}
		d.Examples = append(d.Examples, c)
	}
	t, err := template.New("report").Funcs(template.FuncMap{
		"decimals": decimals, "percent": percent, "ratio": ratio, "withError": withError, "ceiled": ceiled, "thousands": thousands,
		"best": func(network string, g regionResult) *layerScore {
			s, ok := r.bestOf(network, g.Region)
			if !ok {
				return nil
			}
			return &s
		},
		"score": func(network, layer string, g regionResult) *layerScore {
			for i, s := range r.Scores {
				if s.Network == network && s.Layer == layer && s.Region == g.Region {
					return &r.Scores[i]
				}
			}
			return nil
		},
		"layers": func(network string) []layerScore {
			var layers []layerScore
			for _, s := range r.Scores {
				if s.Network == network && s.Region == r.Regions[0].Region {
					layers = append(layers, s)
				}
			}
			return layers
		},
		"network": func(name string) *networkResult {
			for i, n := range r.Networks {
				if n.Name == name {
					return &r.Networks[i]
				}
			}
			return nil
		},
		"rows": r.rowNames,
	}).Parse(reportPage)
	if err != nil {
		return err
	}
	var page strings.Builder
	if err := t.Execute(&page, d); err != nil {
		return err
	}
	return writeFile(f.path("report.html"), []byte(page.String()))
}

// The pictures that a report shows beside its plots.
type reportPictures struct {
	filters  map[string]image.Image // by network
	examples []example
}

type example struct {
	name  string
	image image.Image
}

func picture(caption string, m image.Image) (captioned, error) {
	data, err := encodePNG(m)
	return captioned{caption, template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(data)), m.Bounds().Dx()}, err
}

// reportPath is where the report of a run lies.
func reportPath(folder string) string {
	return filepath.Join(folder, "report.html")
}
