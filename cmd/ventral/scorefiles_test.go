package main

import (
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files that could not be written are refused before there is anything to lose.
func TestScoreRefusesOutputs(t *testing.T) {
	e := newGroupedExample(t)
	in := func(name string) string { return filepath.Join(e.dir, name) }
	for want, args := range map[string][]string{
		".svg or .png":                         {"--figure", in("x.pdf")},
		"there is no folder":                   {"--csv", in("nowhere/x.csv")},
		"is a folder, expected a file":         {"--save", e.dir},
		"--csv and --json are the same file":   {"--csv", in("x"), "--json", e.dir + "/./x"},
		"--features and --save are the same":   {"--save", e.features},
		"--responses and --json are the same ": {"--json", e.responses},
	} {
		code, out, errs := ventral(t, e.args(args...)...)
		if code != exitUsage || !strings.Contains(errs, want) || out != "" {
			t.Errorf("%q: exit code %d, %s%s; expected %q", args, code, out, errs, want)
		}
	}
	if err := os.Symlink(e.dir, in("link")); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := ventral(t, e.args("--csv", in("link/x"), "--figure", in("x.svg"), "--save", in("x"))...); code != exitUsage {
		t.Errorf("the same file by two names: exit code %d, %s", code, errs)
	}
}

// What can be written is, and the table is printed, where a file fails in the end.
func TestScoreKeepsItsTable(t *testing.T) {
	e := newGroupedExample(t)
	o := scoreOutput{run: &scoreRun{figurePath: filepath.Join(e.dir, "gone", "x.svg"), csvPath: filepath.Join(e.dir, "gone", "x.csv")}, rows: []*scoreJSON{{Layer: "late", Splits: "1 fold"}}, targets: []*scoreTarget{{}}}
	o.unsaved = o.writeCSV()
	var out, errs strings.Builder
	err := o.write(&terminal{out: &out, err: &errs})
	if err == nil || !strings.Contains(err.Error(), "x.svg") || !strings.Contains(err.Error(), "x.csv") {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(out.String(), "late") {
		t.Errorf("no table:\n%s", out.String())
	}
}

// The JSON tells what was scored, and a report of two in what they differ.
func TestScoreJSONTellsItsInput(t *testing.T) {
	e := newGroupedExample(t)
	in := func(name string) string { return filepath.Join(e.dir, name) }
	other := in("other.npy")
	if err := os.WriteFile(other, readFile(t, e.features), 0o644); err != nil {
		t.Fatal(err)
	}
	ventralOK(t, e.args("--regression", "ridge", "--permutations", "19", "--json", in("a.json"), "--csv", in("a.csv"), "--figure", in("a.svg"))...)
	ventralOK(t, append(e.args("--group", "movie", "--permutations", "19", "--json", in("b.json")), "--features", other)...)
	var a, b struct {
		scoreJSON
		scoreMade
	}
	for name, to := range map[string]any{"a.json": &a, "b.json": &b} {
		if err := readJSON(in(name), to); err != nil {
			t.Fatal(err)
		}
	}
	if a.Arguments["features"] != e.features || a.Arguments["regression"] != "ridge" || a.Versions["ventral"] == "" || a.Score == 0 {
		t.Errorf("arguments %v, versions %v, score %g", a.Arguments, a.Versions, a.Score)
	}
	data, err := appendFile(nil, "responses file", e.responses)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Data) != 3 || a.Data[2] != data[0] || a.Data[0].SHA256 != b.Data[0].SHA256 || a.Data[0].Source == b.Data[0].Source {
		t.Errorf("data %v and %v, expected features, stimuli and %v", a.Data, b.Data, data)
	}
	if csv := string(readFile(t, in("a.csv"))); !strings.Contains(csv, ",p,null_mean,fev,chosen_on,") {
		t.Errorf("the CSV has no null_mean:\n%s", csv)
	}
	if svg := string(readFile(t, in("a.svg"))); !strings.Contains(svg, "standard error over splits") {
		t.Errorf("the figure does not say what ± is")
	}
	ventralOK(t, "report", "--out", in("r.html"), in("a.json"), in("b.json"))
	p := readPage(t, readFile(t, in("r.html")))
	for _, words := range []string{"features file", "group", "movie"} {
		if !strings.Contains(p.tables[0], words) {
			t.Errorf("no %q in what differs: %s", words, p.tables[0])
		}
	}
	for _, words := range []string{"null mean", decimals(a.Permutation.NullMean), short(float64(b.Permutation.P))} {
		if !strings.Contains(p.tables[1], words) {
			t.Errorf("no %q among the scores: %s", words, p.tables[1])
		}
	}
	for _, words := range []string{"each neuroid", "none: single stimuli are left out"} {
		if !strings.Contains(p.text, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}

// A table beside the features that has other rows is not used, which is said; and
// a column that is nowhere is told with those that there are.
func TestScoreTableOfOtherRows(t *testing.T) {
	e := newGroupedExample(t)
	code, _, errs := ventral(t, e.args("--group", "movies")...)
	if code != exitUsage || !strings.Contains(errs, "stimuli.csv has stimulus_id, movie") || !strings.Contains(errs, "Did you mean movie?") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if err := os.WriteFile(filepath.Join(e.dir, "stimuli.csv"), []byte("stimulus_id\n0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, errs := ventral(t, e.args()...); !strings.Contains(errs, "stimuli.csv is not used: it has 1 rows, and the features 60") {
		t.Errorf("no note: %s", errs)
	}
}

// A heat map is as wide as its title, however short its names are.
func TestHeatMapHoldsItsTitle(t *testing.T) {
	m := heatMap{title: "ridge with leave-one-out α per neuroid"}
	m.set("a", "V1", "", .5, .1)
	d, err := m.drawing()
	if err != nil {
		t.Fatal(err)
	}
	if width, _ := d.size(); width < sansOf(11, color.Black).Width(m.title)+figureMargin {
		t.Errorf("the figure is %.0f points wide, its title %.0f", width, sansOf(11, color.Black).Width(m.title))
	}
}

// Notes name the rows that they are about, few of them and no more than needed.
func TestRowNotes(t *testing.T) {
	var n rowNotes
	for _, region := range []string{"V1", "V4", "IT"} {
		for _, layer := range strings.Split("abcdefghi", "") {
			var notes []string
			if region == "V1" || region == "IT" && layer == "b" {
				notes = append(notes, "first")
			}
			if region == "V4" && layer != "a" {
				notes = append(notes, "second")
			}
			n.add(region, layer, append(notes, "third"))
		}
	}
	want := []string{"note: V1, all 9 layers and IT b: first", "note: third", "note: V4 b, V4 c, V4 d, V4 e, V4 f, V4 g and 2 others: second"}
	if got := n.lines(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, expected %q", got, want)
	}
}
