package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ventral/network"
)

// A pageSeen is what a test needs of a page or figure: headings, figures with their
// words, and whatever it would load.
type pageSeen struct {
	headings, figures, loads, tables []string
	text                             string
	alt                              []string // of the figures
}

// readPage reads a page, which is well-formed XML too.
func readPage(t *testing.T, text []byte) pageSeen {
	t.Helper()
	var p pageSeen
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Entity = xml.HTMLEntity
	var in []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p
		} else if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			in = append(in, name)
			switch name {
			case "figure":
				p.figures = append(p.figures, "")
			case "h2":
				p.headings = append(p.headings, "")
			case "table":
				p.tables = append(p.tables, "")
			case "script", "link", "iframe", "object", "video", "audio":
				p.loads = append(p.loads, name)
			}
			for _, a := range token.Attr {
				if slices.Contains([]string{"src", "href", "srcset", "data"}, a.Name.Local) && !strings.HasPrefix(a.Value, "data:image/png;base64,") {
					p.loads = append(p.loads, a.Value)
				}
				if name == "svg" && a.Name.Local == "aria-label" {
					p.alt = append(p.alt, a.Value)
				}
			}
		case xml.EndElement:
			in = in[:len(in)-1]
			if name := token.Name.Local; name == "th" || name == "td" || name == "caption" {
				p.tables[len(p.tables)-1] += " "
			}
		case xml.CharData:
			words := string(token)
			p.text += words
			for _, part := range []struct {
				element string
				to      []string
			}{{"h2", p.headings}, {"table", p.tables}} {
				if slices.Contains(in, part.element) {
					part.to[len(part.to)-1] += words
				}
			}
			if slices.Contains(in, "svg") { // not the caption: what a copied figure keeps
				p.figures[len(p.figures)-1] += words
			}
			if slices.Contains(in, "style") && strings.Contains(words, "url(") {
				p.loads = append(p.loads, "url(")
			}
		}
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// reported is a small demonstration, made once.
func reported(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	args := []string{"demo", "--epochs", "2", "--train-images", "160", "--width", "2", "--regression", "ridge", "--models", "conv,lc,lc+sleep@1", "--out", dir}
	ventralOK(t, args...)
	return dir
}

func TestReportOfADemonstration(t *testing.T) {
	dir := reported(t)
	text := readFile(t, filepath.Join(dir, "report.html"))
	p := readPage(t, text)
	want := []string{
		"Networks and their best layers", "How well each layer predicts each region", "Layers and regions", "Distribution over neuroids", "Training",
		"Weight sharing through waking and sleep", "Filters before and after sleep", "Representational dissimilarity matrices", "Images and stimuli",
		"Recordings", "Every layer", "What made this run",
	}
	if !slices.Equal(p.headings, want) {
		t.Errorf("the sections are %q, expected %q", p.headings, want)
	}
	if len(p.loads) > 0 {
		t.Errorf("the page would load %q", p.loads)
	}
	if len(text) > 2e6 {
		t.Errorf("the page has %d bytes", len(text))
	}
	for i, words := range p.figures {
		if !strings.Contains(words, "(simulated)") {
			t.Errorf("figure %d does not say that its data are simulated: %q", i, words)
		}
	}
	if len(p.alt) != len(p.figures) || slices.Contains(p.alt, "") || len(p.figures) != 3+1+3+2+2+1+3+2 {
		t.Errorf("%d figures with the descriptions %q", len(p.figures), p.alt)
	}
	for _, words := range []string{"Predicted best: V1 (simulated) by", "sha256", "seed", "before its first sleep", "ceiling .8"} {
		if !strings.Contains(p.text, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	// The numbers are those of results.json.
	var r results
	if err := readJSON(filepath.Join(dir, resultsName), &r); err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Scores {
		if !strings.Contains(p.tables[len(p.tables)-1], withError(s)) {
			t.Errorf("%s %s on %s: r = %s is not in the table", s.Network, s.Layer, s.Region, withError(s))
		}
	}

	// Every figure is a file of its own, with its data.
	figures, err := filepath.Glob(filepath.Join(dir, "plots", "*.svg"))
	if err != nil || len(figures) != len(p.figures) {
		t.Errorf("%d files for %d figures", len(figures), len(p.figures))
	}
	for _, path := range figures {
		figure := readFile(t, path)
		if d := xml.NewDecoder(bytes.NewReader(figure)); true {
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
			}
		}
		if !bytes.Contains(figure, []byte("(simulated)")) || bytes.Contains(figure, []byte("var(")) {
			t.Errorf("%s is not marked, or needs the page", path)
		}
		stem := strings.TrimSuffix(path, ".svg")
		if rows := csvRows(t, stem+".csv"); len(rows) == 0 {
			t.Errorf("%s.csv has no data", stem)
		}
		if _, err := os.Stat(stem + ".png"); err != nil {
			t.Error(err)
		}
	}
	for _, row := range csvRows(t, filepath.Join(dir, "plots", "layers.csv")) {
		if !slices.ContainsFunc(r.Scores, func(s layerScore) bool {
			return s.Network == row["network"] && s.Layer == row["layer"] && s.Region == row["region"] && s.R.csv() == row["r"]
		}) {
			t.Errorf("layers.csv has %v, which is no score", row)
		}
	}

	t.Run("again from its files", func(t *testing.T) {
		before := files(t, dir)
		ventralOK(t, "report", dir)
		for name, content := range files(t, dir) {
			if before[name] != content {
				t.Errorf("%s has other bytes", name)
			}
		}
	})

	t.Run("narrow and wide", func(t *testing.T) {
		for _, width := range []int{390, 1280} {
			if seen := widthInChromium(t, filepath.Join(dir, "report.html"), width); seen > width {
				t.Errorf("at %d px the page is %d px wide", width, seen)
			}
		}
	})

	t.Run("scores", func(t *testing.T) {
		var paths []string
		for _, method := range []string{"ridge", "one-to-one"} {
			path := filepath.Join(t.TempDir(), method+".json")
			paths = append(paths, path)
			ventralOK(t, "score", "--features", filepath.Join(dir, "activations/conv/V4"), "--responses", filepath.Join(dir, "recordings/V4.npy"),
				"--axes", "stimulus,repetition,neuroid", "--regression", method, "--splits", "2", "--json", path)
		}
		out := filepath.Join(t.TempDir(), "scores.html")
		ventralOK(t, append([]string{"report", "--out", out}, paths...)...)
		p := readPage(t, readFile(t, out))
		var file struct{ Rows []scoreJSON }
		if err := readJSON(paths[1], &file); err != nil {
			t.Fatal(err)
		}
		if len(file.Rows) != 5 || len(p.figures) != 2 {
			t.Errorf("%d scores and %d figures", len(file.Rows), len(p.figures))
		}
		for _, row := range file.Rows {
			if words := decimals(row.Score) + " ± " + decimals(row.Error); !strings.Contains(p.tables[1], words) || !strings.Contains(p.figures[0], words) {
				t.Errorf("%s: %s is not on the page", row.Layer, words)
			}
		}
	})

	t.Run("an older run", func(t *testing.T) {
		old := filepath.Join(t.TempDir(), "old")
		if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{neuroidsName, rdmsName, rdmRowsName, "models/conv/" + filtersName, "models/lc/" + filtersName, "models/lc+sleep@1/" + filtersName, "models/lc+sleep@1/" + sleepName} {
			if err := os.Remove(filepath.Join(old, name)); err != nil {
				t.Fatal(err)
			}
		}
		ventralOK(t, "report", old)
		p := readPage(t, readFile(t, filepath.Join(old, "report.html")))
		for _, words := range []string{"The run has no neuroids.csv", "The run has no rdms.npz", "The run has no filters.npz", "No sleep was recorded"} {
			if !strings.Contains(p.text, words) {
				t.Errorf("the page does not say %q", words)
			}
		}
	})

	t.Run("damaged", func(t *testing.T) {
		for _, c := range []struct{ file, content, want string }{
			{resultsName, `{"regions": [], "scores": []}`, "results.json: found 0 regions"},
			{resultsName, `{"regions`, "results.json: unexpected end"},
			{"run.json", "", "run.json"},
			{neuroidsName, "network,layer,region,r\n", "neuroids.csv has no column neuroid"},
			{neuroidsName, "network,layer,region,neuroid,r\nconv,conv1,V1,a,x\n", `neuroids.csv: row 2: found "x", expected a number`},
			{"models/lc/" + trainingName, "epoch\n", "training.csv: found no epoch"},
			{"models/lc+sleep@1/" + sleepName, "sleep,layer\n", "sleep.csv has no column step"},
			{"models/lc/" + filtersName, "x", "filters.npz"},
			{rdmRowsName, "region,row,stimulus_id,category\nV1,0,a,b\n", "rdms.csv names 1 stimuli of V1"},
			{rdmRowsName, "region,row,stimulus_id,category\nV1,0,a,b\nV1,1,c,b\nV1,2,d,b\n", "rdms.npz: V1.recordings has shape"},
			{"examples/images.png", "x", "images.png"},
		} {
			path := filepath.Join(dir, c.file)
			before := readFile(t, path)
			if err := os.WriteFile(path, []byte(c.content), 0o666); err != nil {
				t.Fatal(err)
			}
			if code, _, errs := ventral(t, "report", dir); code != exitFailed || !strings.Contains(errs, c.want) {
				t.Errorf("%s holds %q: exit code %d: %s", c.file, c.content, code, errs)
			}
			if err := os.WriteFile(path, before, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// widthInChromium is the width that a page needs in a window of the given width.
func widthInChromium(t *testing.T, page string, width int) int {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium")
	}
	frame := filepath.Join(filepath.Dir(page), "frame.html")
	script := fmt.Sprintf(`<iframe id="f" src="%s" width="%d" height="900"></iframe><pre id="w"></pre><script>
document.getElementById("f").onload = function() { document.getElementById("w").textContent = "width=" + this.contentDocument.documentElement.scrollWidth }</script>`, filepath.Base(page), width)
	if err := os.WriteFile(frame, []byte("<!DOCTYPE html>"+script), 0o666); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(frame)
	cmd := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--user-data-dir="+t.TempDir(), "--dump-dom", "file://"+frame)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	found := regexp.MustCompile(`width=(\d+)`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Skipf("chromium shows no page here: %v", err)
	}
	var seen int
	fmt.Sscan(string(found[1]), &seen)
	return seen
}

func TestReportSideBySide(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, args := range map[string][]string{
		"slow": {"train", "--images", "shapes", "--train-images", "160", "--epochs", "2", "--width", "2", "--model", "lc+sleep@1", "--lr", ".0001"},
		"fast": {"train", "--images", "shapes", "--train-images", "160", "--epochs", "2", "--width", "2", "--model", "lc+sleep@1", "--lr", ".001"},
		"weak": {"plasticity", "run", "--rule", "sharing", "--set", "gamma=.1", "--steps", "50"},
		"deep": {"plasticity", "run", "--rule", "sharing", "--set", "gamma=.01", "--steps", "50"},
	} {
		ventralOK(t, append(args, "--out", in(name))...)
	}
	ventralOK(t, "sleep", "--weights", in("fast/weights.npz"), "--method", "hebbian", "--steps", "10", "--out", in("slept"))

	ventralOK(t, "report", in("slow"), in("fast"), "--out", in("two.html"))
	text := readFile(t, in("two.html"))
	p := readPage(t, text)
	if differs := strings.Join(strings.Fields(p.tables[0]), " "); !strings.HasSuffix(differs, "parameter slow fast lr 0.0001 0.001") {
		t.Errorf("the runs differ in %q", differs)
	}
	for i, words := range p.figures {
		if !strings.Contains(words, "slow") || !strings.Contains(words, "fast") || !strings.Contains(words, "(simulated)") {
			t.Errorf("figure %d shows %q", i, words)
		}
	}
	if _, err := os.Stat(in("two.plots/accuracy.csv")); err != nil || len(p.loads) > 0 || len(p.figures) != 5 {
		t.Errorf("%d figures, %v, the page would load %v", len(p.figures), err, p.loads)
	}
	networks, err := openNetwork(in("fast"))
	if err != nil {
		t.Fatal(err)
	}
	last := networks.epochs[1]
	if !strings.Contains(p.tables[1], percent(figure(last.Test.Accuracy))) || !strings.Contains(p.tables[1], short(last.Train.Loss)) {
		t.Errorf("the table of the networks is %q", p.tables[1])
	}
	ventralOK(t, "report", in("slow"), in("fast"), "--out", in("two.html"))
	if !bytes.Equal(text, readFile(t, in("two.html"))) {
		t.Error("the same runs give other bytes")
	}

	// Runs of several kinds, each with what it has.
	ventralOK(t, "report", in("weak"), in("deep"), in("slept"), in("fast"), "--out", in("all.html"))
	p = readPage(t, readFile(t, in("all.html")))
	for _, heading := range []string{"What differs", "Plasticity", "Sleep", "Training", "What not all runs have: slept"} {
		if !slices.Contains(p.headings, heading) {
			t.Errorf("the page has no section %q, but %q", heading, p.headings)
		}
	}
	// A circuit beside the mean-field rule: an input of each in one place.
	ventralOK(t, "plasticity", "run", "--neurons", "circuit", "--steps", "300", "--out", in("circuit"))
	ventralOK(t, "report", in("weak"), in("circuit"), "--out", in("axes.html"))
	rows := csvRows(t, in("axes.plots/drift.csv"))
	if last := rows[len(rows)-1]; last["run"] != "circuit" || last["step"] != "300" || last["inputs"] != "2" {
		t.Errorf("the last row is %v, want 2 inputs in 300 steps", last)
	}
	if p := readPage(t, readFile(t, in("axes.html"))); !strings.Contains(p.figures[0], "inputs shown") || strings.Contains(p.figures[0], "step") {
		t.Errorf("the figure shows %q", p.figures[0])
	}
	for _, name := range []string{"slow", "slept", "weak"} { // one run by itself
		ventralOK(t, "report", in(name))
		if p := readPage(t, readFile(t, filepath.Join(in(name), "report.html"))); len(p.figures) == 0 || !slices.Contains(p.headings, "What made this run") {
			t.Errorf("the report on %s has %d figures and the sections %q", name, len(p.figures), p.headings)
		}
	}

	if err := os.Mkdir(in("empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("no.json"), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "needs a RUN"},
		{[]string{in("slow"), in("fast")}, exitUsage, "--out FILE.html"},
		{[]string{in("slow"), "--out", in("page")}, exitUsage, "expected a file .html"},
		{[]string{in("none")}, exitFailed, "none"},
		{[]string{in("empty")}, exitFailed, "holds no run.json"},
		{[]string{in("no.json"), "--out", in("x.html")}, exitFailed, "found no score"},
	} {
		if code, _, errs := ventral(t, append([]string{"report"}, c.args...)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("report %q: exit code %d: %s", c.args, code, errs)
		}
	}
	if _, err := os.Stat(in("x.html")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a report that failed left a page")
	}
}

// Simulated and real recordings of one name are two regions, and of networks side by
// side those trained on generated images bear the mark.
func TestReportKeepsSimulatedAndRealApart(t *testing.T) {
	run := func(name string, simulated bool) *savedRun {
		source := "photographs"
		if simulated {
			source = shapesSource
		}
		return &savedRun{
			name: name, source: name, about: description{Verb: "compare", Data: []datum{{Name: "training images", Source: source}}},
			results: &results{
				Simulated: simulated, Regions: []regionResult{{Region: "V1", Simulated: simulated, Ceiling: .9}},
				Networks: []networkResult{{modelSpec: modelSpec{Name: "lc"}}},
				Scores:   []layerScore{{Network: "lc", Layer: "conv1", Region: "V1", R: .5, Error: .1, Best: true}},
			},
			networks: []savedNetwork{{name: "lc", layers: []string{"conv1"}, epochs: []network.Epoch{{Epoch: 1, SNR: []float64{.1}}, {Epoch: 2, Updates: 9, SNR: []float64{.2}}}}},
		}
	}
	files := figureFolder(filepath.Join(t.TempDir(), "plots"))
	made, err := sideBySide([]*savedRun{run("made", true), run("real", false)}, files)
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.render()
	if err != nil {
		t.Fatal(err)
	}
	p := readPage(t, text)
	for i, want := range []string{"V1 (simulated)", "V1", "Accuracy on test images", "Training loss", "Sharing SNR of the sheet"} {
		words := p.figures[i]
		hasMade, hasReal := strings.Contains(words, "made"), strings.Contains(words, "real")
		switch {
		case !strings.Contains(words, want):
			t.Errorf("figure %d shows %q, expected %s", i, words, want)
		case i == 0 && (!hasMade || hasReal), i == 1 && (hasMade || !hasReal || strings.Contains(words, "simulated")):
			t.Errorf("figure %d mixes simulated and real recordings: %q", i, words)
		case i > 1 && (!strings.Contains(words, "made (simulated)") || strings.Contains(words, "real (simulated)")):
			t.Errorf("figure %d does not mark the network of the generated images alone: %q", i, words)
		}
	}
	if !strings.Contains(p.text, "The recordings of made are simulated.") {
		t.Error("the page does not say whose recordings are simulated")
	}
}
