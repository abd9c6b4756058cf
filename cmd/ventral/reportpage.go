package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

//go:embed report.html
var reportPage string

var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// A page is what report.html shows, from top to bottom.
type page struct {
	Title     string
	Simulated string // what is simulated, "" if nothing
	Question  string
	Answer    []string
	Sections  []section
}

// A section is a part of a page.
type section struct {
	Title   string
	Text    string
	Table   *pageTable
	Notes   []string // below the table
	Figures []reportFigure
	Terms   [][2]string // names and values
	Missing string      // why there is nothing
}

// A pageTable is a table, whose first column names its rows.
type pageTable struct {
	Caption string
	Head    [][]pageCell
	Rows    [][]pageCell
}

// Broad reports whether paper has no room for the table with every number on a line.
func (t *pageTable) Broad() bool {
	const most = 13 // columns: a network and three regions
	return len(t.Rows) > 0 && len(t.Rows[0]) > most
}

type pageCell struct {
	Text       string
	Left, Best bool
	Cols, Rows int  // that it spans; 0: 1
	Group      bool // the head of several columns
	First      bool // begins a group of rows
}

// render is the page as HTML.
func (p *page) render() ([]byte, error) {
	var b strings.Builder
	err := reportTemplate.Execute(&b, p)
	return []byte(b.String()), err
}

// add adds a section with figures that are written to the folder.
func (p *page) add(s section, files figureFolder, figures []plotted) error {
	for _, f := range figures {
		drawn, err := files.write(f)
		if err != nil {
			return err
		}
		s.Figures = append(s.Figures, drawn)
	}
	p.Sections = append(p.Sections, s)
	return nil
}

func left(words string) pageCell { return pageCell{Text: words, Left: true} }

func cells(words ...string) []pageCell {
	var row []pageCell
	for _, w := range words {
		row = append(row, pageCell{Text: w})
	}
	return row
}

// bestTable is the networks with their best layers.
func (r *savedRun) bestTable() *pageTable {
	res := r.results
	t := &pageTable{Caption: "Networks and their best layers", Head: [][]pageCell{
		{{Text: "network", Left: true, Rows: 2}, {Text: "parameters", Rows: 2}, {Text: "test accuracy", Rows: 2}, {Text: "sharing SNR", Rows: 2}}, nil,
	}}
	for _, g := range res.Regions {
		t.Head[0] = append(t.Head[0], pageCell{Text: g.title(), Cols: 3, Group: true})
		t.Head[1] = append(t.Head[1], cells("layer", "r", "ceiled")...)
	}
	for _, name := range res.rowNames() {
		row := []pageCell{left(name), {Text: "–"}, {Text: "–"}, {Text: "–"}}
		for _, n := range res.Networks {
			if n.Name == name {
				row[1].Text, row[2].Text, row[3].Text = thousands(n.Parameters), percent(n.TestAccuracy), ratio(n.SharingSNR)
			}
		}
		for _, g := range res.Regions {
			s, ok := res.bestOf(name, g.Region)
			if !ok {
				row = append(row, cells("–", "–", "–")...)
				continue
			}
			row = append(row, cells(s.Layer, withError(s), ceiled(s))...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// layersTable is every layer of every network.
func (r *savedRun) layersTable() *pageTable {
	res := r.results
	t := &pageTable{Caption: "Every layer", Head: [][]pageCell{{{Text: "network", Left: true, Rows: 2}, {Text: "layer", Left: true, Rows: 2}, {Text: "features", Rows: 2}}, nil}}
	at := map[string]int{}
	for _, g := range res.Regions {
		at[g.Region] = len(at)
		t.Head[0] = append(t.Head[0], pageCell{Text: g.title(), Cols: 2, Group: true})
		t.Head[1] = append(t.Head[1], cells("r", "ceiled")...)
	}
	rows := map[[2]string]int{}
	before := ""
	for _, s := range res.Scores {
		k := [2]string{s.Network, s.Layer}
		i, ok := rows[k]
		if !ok {
			i = len(t.Rows)
			rows[k] = i
			row := []pageCell{{Text: s.Network, Left: true, First: s.Network != before}, left(s.Layer), {Text: fmt.Sprint(s.Features)}}
			before = s.Network
			for range res.Regions {
				row = append(row, cells("–", "–")...)
			}
			t.Rows = append(t.Rows, row)
		}
		j := 3 + 2*at[s.Region]
		t.Rows[i][j], t.Rows[i][j+1] = pageCell{Text: withError(s), Best: s.Best}, pageCell{Text: ceiled(s), Best: s.Best}
	}
	return t
}

// recordingsTable is the recordings as they were scored.
func (r *savedRun) recordingsTable() *pageTable {
	t := &pageTable{Caption: "Recordings", Head: [][]pageCell{{left("region"), left("source"), {Text: "stimuli"}, {Text: "repetitions"}, {Text: "neuroids"}, {Text: "ceiling"}, left("splits")}}}
	for _, g := range r.results.Regions {
		t.Rows = append(t.Rows, []pageCell{left(g.title()), left(g.Source), {Text: fmt.Sprint(g.Stimuli)}, {Text: fmt.Sprint(g.Repetitions)}, {Text: fmt.Sprint(g.Neuroids)}, {Text: decimals(g.Ceiling) + " ± " + decimals(g.CeilingError)}, left(g.Splits)})
	}
	return t
}

// networksTable is the trained networks, where nothing was scored.
func networksTable(networks []trained) *pageTable {
	t := &pageTable{Caption: "Networks", Head: [][]pageCell{{left("network"), {Text: "epochs"}, {Text: "updates"}, {Text: "training loss"}, {Text: "training accuracy"}, {Text: "validation accuracy"}, {Text: "test accuracy"}, {Text: "sharing SNR"}}}}
	for _, n := range networks {
		last := n.epochs[len(n.epochs)-1]
		t.Rows = append(t.Rows, []pageCell{left(n.label), {Text: fmt.Sprint(last.Epoch)}, {Text: thousands(last.Updates)}, {Text: short(last.Train.Loss)},
			{Text: percent(figure(last.Train.Accuracy))}, {Text: percent(figure(last.Validation.Accuracy))}, {Text: percent(figure(last.Test.Accuracy))}, {Text: ratio(figure(median(last.SNR)))}})
	}
	return t
}

// terms are all that made the run: verb, arguments, versions and data.
func (d description) terms() [][2]string {
	var terms [][2]string
	add := func(name, value string) {
		if value == "" {
			value = "–"
		}
		terms = append(terms, [2]string{name, value})
	}
	add("verb", "ventral "+d.Verb)
	for _, name := range slices.Sorted(maps.Keys(d.Arguments)) {
		add(name, d.Arguments[name])
	}
	for _, name := range slices.Sorted(maps.Keys(d.Versions)) {
		add("version of "+name, d.Versions[name])
	}
	for _, data := range d.Data {
		what := data.Source
		if data.Items > 0 {
			what += ", " + thousands(data.Items) + " items"
		}
		add(data.Name, what+", sha256 "+data.SHA256)
	}
	for _, note := range d.Notes {
		add("note", note)
	}
	return terms
}
