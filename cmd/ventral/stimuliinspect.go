package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/pflag"

	"ventral/stimuli"
)

var stimuliInspectVerb = verb{
	name:    "stimuli inspect",
	args:    "SOURCE",
	summary: "tell what a set of images holds: classes, sizes, means, damaged files, duplicates",
	detail: `
SOURCE is what --images takes (cifar10:PATH, cifar100:PATH, mnist:PATH,
folder:PATH, arrays:X.npy,Y.npy, shapes), or a folder, zip, tar or tar.gz of
images, perhaps with a table (stimuli.csv), as for ventral activations. Nothing
is unpacked.

Every image is read as a network would see it, at --size. The mean and
standard deviation are those of pixels from 0 to 1. Images that look the same
at that size are duplicates, also between training and test images. A damaged
file is listed with the reason, and the exit code is 1.

  ventral stimuli inspect --size 64 --sheet tiny.png folder:tiny-imagenet-200.zip`,
	json: `
  source                as it was given
  files                 of image files: count, formats, channels, sizes,
                        smallest, largest, usual
  damaged               of each damaged file: file, reason
  unlisted              images that the table does not name
  parts                 of training and test images: part, count, channels,
                        height, width, mean, std, sha256, classes, class_counts
  duplicates            groups of equal images
  notes                 what to mind`,
	flags: func(flags *pflag.FlagSet) action {
		v := &stimuliInspection{}
		flags.IntVar(&v.size, "size", 0, "height and width at which the images are read, pixels (0: the images' own; of folders and shapes 32)")
		v.images.addReading(flags)
		flags.StringVar(&v.table, "table", "", "CSV with stimulus_id and filename, for images without classes (default: stimuli.csv in or beside the folder)")
		flags.IntVar(&v.crop, "crop", 0, "take the central square of this side (pixels) before an image is resized")
		flags.StringVar(&v.sheet, "sheet", "", "write a PNG with some images of every class to this file")
		flags.IntVar(&v.perClass, "per-class", 10, "images of a class on the sheet, spread evenly over them")
		flags.IntVar(&v.list, "list", 20, "name at most so many classes, damaged files and duplicates (0: all)")
		return func(ctx context.Context, t *terminal) error {
			if flags.NArg() != 1 {
				return needs(flags, "one SOURCE")
			}
			if v.perClass < 1 || v.list < 0 || v.crop < 0 {
				return misused("--per-class %d --list %d --crop %d: expected at least 1, 0 and 0", v.perClass, v.list, v.crop)
			}
			return interrupted(ctx, v.run(ctx, t, flags.Arg(0)))
		}
	},
}

// stimuliInspection is the verb's flags.
type stimuliInspection struct {
	images                     imageFlags
	table, sheet               string
	size, perClass, list, crop int
}

// inspectedSets is what the verb finds.
type inspectedSets struct {
	Source     string           `json:"source"`
	Files      *inspectedFiles  `json:"files,omitempty"` // of sources that are image files
	Damaged    []damagedFile    `json:"damaged"`
	Unlisted   []string         `json:"unlisted,omitempty"` // images that the table does not name
	Parts      []*inspectedPart `json:"parts"`
	Duplicates [][]string       `json:"duplicates"` // groups of equal images, as part and stimulus_id
	Notes      []string         `json:"notes,omitempty"`
}

// inspectedFiles is what image files say of themselves.
type inspectedFiles struct {
	Count    int            `json:"count"`
	Formats  map[string]int `json:"formats"`
	Channels map[string]int `json:"channels"` // files by their number of channels
	Sizes    map[string]int `json:"sizes"`    // files by width × height
	Smallest string         `json:"smallest"` // by pixels
	Largest  string         `json:"largest"`
	Usual    string         `json:"usual"`
}

type damagedFile struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// An inspectedPart is the training images, the test images, or all.
type inspectedPart struct {
	Part     string         `json:"part"`
	Count    int            `json:"count"`
	Channels int            `json:"channels"`
	Height   int            `json:"height"`
	Width    int            `json:"width"`
	Mean     []float32      `json:"mean"`
	Std      []float32      `json:"std"`
	SHA256   string         `json:"sha256"`
	Classes  []string       `json:"classes"`
	Counts   map[string]int `json:"class_counts"`

	set     stimuli.Set
	content [][sha256.Size]byte
}

func (v *stimuliInspection) run(ctx context.Context, t *terminal, source string) error {
	found, err := v.inspect(ctx, t, source)
	if err != nil {
		return err
	}
	if v.sheet != "" {
		if err := v.writeSheet(found); err != nil {
			return err
		}
	}
	err = t.result(found, func() {
		found.write(t.out, v.list)
		if v.sheet != "" {
			fmt.Fprintf(t.out, "\nSome images of every class are in %s.\n", v.sheet)
		}
	})
	if err == nil && len(found.Damaged) > 0 {
		err = fmt.Errorf("%s: %d damaged files", source, len(found.Damaged))
	}
	return err
}

// inspect opens the source and reads it once for every figure.
func (v *stimuliInspection) inspect(ctx context.Context, t *terminal, source string) (*inspectedSets, error) {
	o, err := v.images.options()
	if err != nil {
		return nil, err
	}
	found := &inspectedSets{Source: source, Damaged: []damagedFile{}, Duplicates: [][]string{}}
	o.Table, o.Crop = v.table, v.crop
	read, finish := t.reading()
	defer finish()
	o.Read = read
	o.Damaged = func(file string, err error) {
		found.Damaged = append(found.Damaged, damagedFile{file, err.Error()})
	}
	whole := preparation{Augment: augmentTranslate, Size: v.size}
	if err := whole.check(); err != nil {
		return nil, err
	}
	kind, named := imageKind(source)
	switch {
	case named && kind != "shapes" && source == kind+":":
		return nil, misused("SOURCE %q names no path", source)
	case named && v.table != "":
		return nil, misused("--table is for images without classes, and %s have classes", source)
	case named && kind != "folder" && kind != "mnist" && v.crop > 0:
		return nil, misused("--crop is for image files and mnist:, and %s are neither", source)
	}
	if !named || kind == "folder" {
		files, err := stimuli.Files(ctx, strings.TrimPrefix(source, "folder:"), o)
		if err != nil {
			return nil, err
		}
		found.Files = filesOf(files)
	}
	sets := imageSets{}
	names := [2]string{"training images", "test images"}
	if named {
		sets, err = openSource(ctx, source, 1, whole, o)
	} else {
		o.Height, o.Width = v.size, v.size
		var table *stimuli.Table
		names[0] = "images"
		if sets.train, table, err = stimuli.OpenImages(ctx, source, o); err == nil {
			found.Unlisted = table.Unlisted
		}
	}
	if err == nil {
		err = v.images.checkChannels(sets.train)
	}
	if err != nil {
		return nil, err
	}
	for i, set := range []stimuli.Set{sets.train, sets.test} {
		if set == nil {
			continue
		}
		part, err := inspectPart(ctx, t, names[i], set)
		if err != nil {
			return nil, err
		}
		found.Parts = append(found.Parts, part)
	}
	found.duplicates()
	found.note()
	return found, nil
}

func filesOf(files []stimuli.FileInfo) *inspectedFiles {
	f := &inspectedFiles{Count: len(files), Formats: map[string]int{}, Channels: map[string]int{}, Sizes: map[string]int{}}
	smallest, largest := -1, -1
	for _, file := range files {
		if file.Err != nil {
			continue
		}
		size, pixels := fmt.Sprintf("%d×%d", file.Width, file.Height), file.Width*file.Height
		f.Formats[file.Format]++
		f.Channels[fmt.Sprint(file.Channels)]++
		f.Sizes[size]++
		if smallest < 0 || pixels < smallest {
			smallest, f.Smallest = pixels, size
		}
		if pixels > largest {
			largest, f.Largest = pixels, size
		}
	}
	if sizes := byCount(f.Sizes); len(sizes) > 0 {
		f.Usual = sizes[0]
	}
	return f
}

// byCount returns the keys, the most frequent first.
func byCount(counts map[string]int) []string {
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return keys
}

// A watchedSet shows how many of its images have been seen.
type watchedSet struct {
	stimuli.Set
	seen atomic.Int64
	bar  *bar
}

func (w *watchedSet) Pixels(i int, dst []float32) error {
	w.bar.at(int(w.seen.Add(1)), "comparing")
	return w.Set.Pixels(i, dst)
}

func inspectPart(ctx context.Context, t *terminal, name string, set stimuli.Set) (*inspectedPart, error) {
	b := t.bar("comparing", set.Len(), "images")
	defer b.done()
	survey, err := stimuli.SurveyOf(ctx, &watchedSet{Set: set, bar: b})
	if err != nil {
		return nil, err
	}
	p := &inspectedPart{Part: name, Count: set.Len(), Mean: survey.Mean, Std: survey.Std, SHA256: set.Digest(),
		Classes: append([]string{}, set.Classes()...), Counts: map[string]int{}, set: set, content: survey.Content}
	p.Channels, p.Height, p.Width = set.Shape()
	for i, class := range p.Classes {
		p.Counts[class] = survey.Counts[i]
	}
	return p, nil
}

// duplicates groups the images that are equal, in order.
func (f *inspectedSets) duplicates() {
	groups := map[[sha256.Size]byte]int{} // of content that came before: its group, or -1 and first
	first := map[[sha256.Size]byte]string{}
	for _, p := range f.Parts {
		for i, content := range p.content {
			name := p.set.ID(i)
			if len(f.Parts) > 1 {
				name = strings.TrimSuffix(p.Part, " images") + " " + name
			}
			before, seen := first[content]
			if !seen {
				first[content] = name
				continue
			}
			g, ok := groups[content]
			if !ok {
				g = len(f.Duplicates)
				groups[content] = g
				f.Duplicates = append(f.Duplicates, []string{before})
			}
			f.Duplicates[g] = append(f.Duplicates[g], name)
		}
	}
}

// note says what a reader may not expect.
func (f *inspectedSets) note() {
	lower := map[string]string{}
	for _, class := range f.Parts[0].Classes {
		l := strings.ToLower(class)
		if other, ok := lower[l]; ok {
			f.Notes = append(f.Notes, fmt.Sprintf("the classes %q and %q differ in case only", other, class))
		}
		lower[l] = class
	}
	for _, p := range f.Parts {
		for _, class := range p.Classes {
			if p.Counts[class] == 0 {
				f.Notes = append(f.Notes, fmt.Sprintf("the class %q has no %s", class, p.Part))
			}
		}
	}
	shown := 0
	if len(f.Parts) == 2 {
		known := map[[sha256.Size]byte]bool{}
		for _, content := range f.Parts[0].content {
			known[content] = true
		}
		for _, content := range f.Parts[1].content {
			if known[content] {
				shown++
			}
		}
	}
	if shown > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("%d of the %d test images are training images too", shown, f.Parts[1].Count))
	}
}

// write prints what was found, naming at most list things of a kind (0: all).
func (f *inspectedSets) write(w io.Writer, list int) {
	if f.Files != nil {
		count := func(counts map[string]int, what string) string {
			var words []string
			for _, key := range byCount(counts) {
				words = append(words, fmt.Sprintf("%s %s%s", thousands(counts[key]), key, what))
			}
			return strings.Join(words, ", ")
		}
		fmt.Fprintf(w, "%s files: %s; with %s\n", thousands(f.Files.Count), count(f.Files.Formats, ""), count(f.Files.Channels, " channels"))
		if n := len(f.Files.Sizes); n > 0 {
			fmt.Fprintf(w, "%d sizes (width × height): smallest %s, largest %s, most often %s (%s)\n\n", n, f.Files.Smallest, f.Files.Largest, f.Files.Usual, thousands(f.Files.Sizes[f.Files.Usual]))
		}
	}
	parts := table{header: []string{"", "count", "read as", "classes", "mean", "standard deviation"}, left: 1}
	for _, p := range f.Parts {
		parts.add(p.Part, thousands(p.Count), fmt.Sprintf("%d×%d×%d", p.Channels, p.Height, p.Width), fmt.Sprint(len(p.Classes)), levels(p.Mean), levels(p.Std))
	}
	parts.write(w)
	f.writeClasses(w, list)
	damaged := make([]string, len(f.Damaged))
	for i, d := range f.Damaged {
		damaged[i] = d.File + ": " + d.Reason
	}
	duplicates := make([]string, len(f.Duplicates))
	for i, group := range f.Duplicates {
		duplicates[i] = strings.Join(group, " = ")
	}
	some(w, "damaged files", damaged, list)
	some(w, "groups of equal images", duplicates, list)
	some(w, "images that the table does not name", f.Unlisted, list)
	some(w, "notes", f.Notes, list)
}

// writeClasses prints a table of classes.
func (f *inspectedSets) writeClasses(w io.Writer, list int) {
	if len(f.Parts[0].Classes) == 0 {
		return
	}
	fmt.Fprintln(w)
	classes := table{header: []string{"class"}, left: 1}
	for _, p := range f.Parts {
		classes.header = append(classes.header, p.Part)
	}
	names := f.Parts[0].Classes
	shown := names
	if list > 0 && len(names) > list {
		shown = names[:list]
	}
	for _, class := range shown {
		row := []string{class}
		for _, p := range f.Parts {
			row = append(row, thousands(p.Counts[class]))
		}
		classes.add(row...)
	}
	classes.write(w)
	if more := len(names) - len(shown); more > 0 {
		fmt.Fprintf(w, "… and %d more (--list 0: all)\n", more)
	}
}

// some prints a titled list, or so much of it.
func some(w io.Writer, title string, lines []string, list int) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%d %s\n", len(lines), title)
	for i, line := range lines {
		if list > 0 && i == list {
			fmt.Fprintf(w, "  … and %d more (--list 0: all)\n", len(lines)-list)
			return
		}
		fmt.Fprintf(w, "  %s\n", line)
	}
}

// levels prints a figure per channel.
func levels(v []float32) string {
	words := make([]string, len(v))
	for i, x := range v {
		words[i] = fmt.Sprintf("%.4f", x)
	}
	return strings.Join(words, " ")
}

// writeSheet writes a row of images for every class, of the training images
// where there are several parts.
func (v *stimuliInspection) writeSheet(f *inspectedSets) error {
	const mostRows = 100
	set := f.Parts[0].set
	members := make([][]int, max(1, len(set.Classes())))
	for i := range set.Len() {
		class := max(0, set.Label(i))
		members[class] = append(members[class], i)
	}
	var rows []stimuli.SheetRow
	for class, images := range members {
		row := stimuli.SheetRow{}
		if len(set.Classes()) > 0 {
			row.Label = set.Classes()[class]
		}
		n := min(v.perClass, len(images))
		if len(set.Classes()) == 0 { // unlabelled: several rows
			n = min(10*v.perClass, len(images))
		}
		for k := range n {
			row.Images = append(row.Images, images[k*len(images)/n])
			if len(row.Images) == v.perClass || k == n-1 {
				rows = append(rows, row)
				row.Images = nil
			}
		}
	}
	if len(rows) > mostRows {
		f.Notes = append(f.Notes, fmt.Sprintf("the sheet shows the first %d of %d classes", mostRows, len(rows)))
		rows = rows[:mostRows]
	}
	_, h, _ := set.Shape()
	sheet, err := stimuli.LabelledSheet(set, rows, max(1, 64/h))
	if err != nil {
		return err
	}
	return stimuli.WritePNG(v.sheet, sheet)
}
