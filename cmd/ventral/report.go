package main

import (
	"context"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"gonum.org/v1/plot/vg"
)

var reportVerb = verb{
	name:    "report",
	args:    "RUN…",
	summary: "a page about a run, or several runs side by side, from their files",
	detail: `
Writes report.html, one file that needs nothing else: for a folder of ventral
compare and demo the question and the answer, tables, predictivity, heat map,
distributions over neuroids, training curves, sharing SNR through waking and
sleep, filters, dissimilarity matrices, examples and all parameters; for train,
sleep, plasticity run and the JSON of ventral score the parts that these have.
The figures are also single files, SVG and PNG, with their data as CSV, in
plots/ beside the page. What is so added to the folder of a run that had no report,
ventral rerun does not compare.

Several runs stand side by side on one page, --out: the parameters in which they
differ, their tables, and their curves in the same axes.

  ventral report runs/first
  ventral report --out both.html runs/first runs/second
  ventral report --out scores.html score1.json score2.json`,
	flags: func(flags *pflag.FlagSet) action {
		var out string
		flags.StringVar(&out, "out", "", "the page to write, .html, with its figures in a folder beside it (default, for one folder: its report.html and plots/)")
		return func(ctx context.Context, t *terminal) error {
			paths := flags.Args()
			switch {
			case len(paths) == 0:
				return needs(flags, "a RUN: the folder of one, or the JSON of ventral score")
			case out != "" && filepath.Ext(out) != ".html":
				return misused("--out is %q, expected a file .html", out)
			case out == "" && len(paths) > 1:
				return misused("%d runs side by side need --out FILE.html", len(paths))
			}
			var runs []*savedRun
			for _, path := range paths {
				r, err := openRun(path)
				if err != nil {
					return err
				}
				runs = append(runs, r)
			}
			plots := figureFolder(strings.TrimSuffix(out, ".html") + ".plots")
			if out == "" {
				if runs[0].dir == "" {
					return misused("the report on %s needs --out FILE.html", paths[0])
				}
				out, plots = reportPath(runs[0].dir), figureFolder(runs[0].path("plots"))
			}
			var p *page
			var err error
			if len(runs) == 1 {
				p, err = runs[0].page(ctx, plots)
			} else {
				p, err = sideBySide(runs, plots)
			}
			if err != nil {
				return err
			}
			text, err := p.render()
			if err != nil {
				return err
			}
			if err := writeFile(out, text); err != nil {
				return err
			}
			fmt.Fprintf(t.out, "The report is in %s; open it in a browser. Its figures and their data are in %s.\n", out, plots)
			return nil
		}
	},
}

// reportPath is where the report of a run lies.
func reportPath(folder string) string {
	return filepath.Join(folder, reportName)
}

const reportName = "report.html"

// writeReport writes the report of a run's folder into it, from its files alone.
func writeReport(ctx context.Context, dir string) error {
	r, err := openRun(dir)
	if err != nil {
		return err
	}
	p, err := r.page(ctx, figureFolder(r.path("plots")))
	if err != nil {
		return err
	}
	text, err := p.render()
	if err != nil {
		return err
	}
	return writeFile(reportPath(dir), text)
}

// page is the report on one run.
func (r *savedRun) page(ctx context.Context, files figureFolder) (*page, error) {
	if r.results != nil {
		return r.comparisonPage(ctx, files)
	}
	return sideBySide([]*savedRun{r}, files)
}

// trainings are the run's networks as a page about it shows them.
func (r *savedRun) trainings() []trained {
	colours := networkColours(r.trained())
	var all []trained
	for _, n := range r.networks {
		all = append(all, trained{savedNetwork: n, label: n.name, color: colours[n.name], simulated: r.generated()})
	}
	return all
}

// comparisonPage is the report on a comparison.
func (r *savedRun) comparisonPage(ctx context.Context, files figureFolder) (*page, error) {
	res := r.results
	p := &page{Title: res.Title, Question: res.Question, Answer: r.answer()}
	if p.Title == "" { // an older run
		var regions []string
		for _, g := range res.Regions {
			regions = append(regions, g.Region)
		}
		p.Title = "How well networks predict " + joined(regions)
	}
	if res.Simulated {
		p.Simulated = "The recordings are simulated."
	}
	colours := networkColours(res.rowNames())
	p.Sections = append(p.Sections, section{Title: "Networks and their best layers", Table: r.bestTable(), Notes: res.legend()})

	figures, err := r.predictivityFigures(colours)
	if err != nil {
		return nil, err
	}
	if err := p.add(section{Title: "How well each layer predicts each region"}, files, figures); err != nil {
		return nil, err
	}
	heat, err := r.heatMapFigure()
	if err != nil {
		return nil, err
	}
	if err := p.add(section{Title: "Layers and regions"}, files, []plotted{heat}); err != nil {
		return nil, err
	}

	s := section{Title: "Distribution over neuroids", Missing: r.missing["neuroids"]}
	figures = nil
	if s.Missing == "" {
		if figures, err = r.neuroidFigures(colours); err != nil {
			return nil, err
		}
	}
	if err := p.add(s, files, figures); err != nil {
		return nil, err
	}
	if err := p.addTraining(r.trainings(), files); err != nil {
		return nil, err
	}

	figures, err = r.rdmFigures(ctx)
	if err != nil {
		return nil, err
	}
	s = section{Title: "Representational dissimilarity matrices", Missing: r.missing["rdms"]}
	if s.Missing == "" && figures == nil {
		s.Missing = "There is none: some stimuli have no dissimilarity, as the notes below the first table tell."
	}
	if err := p.add(s, files, figures); err != nil {
		return nil, err
	}

	s = section{Title: "Images and stimuli"}
	figures = nil
	for _, e := range res.Examples {
		f, err := r.exampleFigure(e)
		if err != nil {
			return nil, err
		}
		figures = append(figures, f)
	}
	if figures == nil {
		s.Missing = "The run has no folder examples/: it was made before ventral wrote one."
	}
	if err := p.add(s, files, figures); err != nil {
		return nil, err
	}
	p.Sections = append(p.Sections,
		section{Title: "Recordings", Table: r.recordingsTable()},
		section{Title: "Every layer", Table: r.layersTable()},
		section{Title: "What made this run", Terms: r.about.terms()},
	)
	return p, nil
}

// addTraining adds what trainings left: curves, SNR and filters.
func (p *page) addTraining(networks []trained, files figureFolder) error {
	figures, err := trainingFigures(networks)
	if err != nil {
		return err
	}
	if err := p.add(section{Title: "Training"}, files, figures); err != nil {
		return err
	}
	if figures, err = snrFigures(networks); err != nil {
		return err
	}
	s := section{Title: "Weight sharing through waking and sleep"}
	if len(figures) == 0 {
		s.Missing = "Convolutions share their weights: there is nothing to show."
	} else if len(figures) == 1 {
		s.Text = "No sleep was recorded: there is a point for every epoch."
	}
	if err := p.add(s, files, figures); err != nil {
		return err
	}
	s, figures = section{Title: "Filters before and after sleep"}, nil
	if f, ok := filterFigure(networks); ok {
		figures = []plotted{f}
	} else {
		s.Missing = "The run has no " + filtersName + ": it is not complete, or was made before ventral wrote one."
	}
	return p.add(s, files, figures)
}

// exampleFigure is a picture of some images.
func (r *savedRun) exampleFigure(e exampleFile) (plotted, error) {
	path := r.path(filepath.FromSlash(e.File))
	f, err := os.Open(path)
	if err != nil {
		return plotted{}, fmt.Errorf("example images: %w", err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		return plotted{}, fmt.Errorf("%s: %w", path, err)
	}
	var rows [][]string
	for i, id := range e.Stimuli {
		rows = append(rows, []string{strconv.Itoa(i / exampleColumns), strconv.Itoa(i % exampleColumns), id})
	}
	title := strings.ToUpper(e.Caption[:1]) + e.Caption[1:]
	width := 500. // points
	height := width * float64(m.Bounds().Dy()) / float64(m.Bounds().Dx())
	return plotted{
		name: "example-" + strings.TrimSuffix(filepath.Base(e.File), ".png"), caption: title + ".",
		drawing: &pictureSheet{title: marked(title, e.Simulated), columns: 1, images: []sheetPicture{{image: m, width: vg.Length(width), height: vg.Length(height)}}},
		header:  []string{"row", "column", "stimulus_id"}, rows: rows,
	}, nil
}
