package network

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ventral/neuron"
)

// layouts are the texts that New knows by name, in the language of the package
// comment.
//
//go:embed layouts
var layouts embed.FS

// Architectures returns the names of the layouts that New knows.
func Architectures() []string {
	entries, err := fs.ReadDir(layouts, "layouts")
	if err != nil {
		panic(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	slices.SortFunc(names, func(a, b string) int { return slices.Index(layoutOrder, a) - slices.Index(layoutOrder, b) })
	return names
}

// layoutName is what stages and layers may be called: their names become those of
// arrays and files.
var layoutName = regexp.MustCompile(`^[\pL\pN_][\pL\pN_.-]*$`)

// layoutOrder lists the layouts from the smallest network to the largest.
var layoutOrder = []string{"small", "resnet20", "resnet18"}

// Layout returns the text of a layout that New knows, or "".
func Layout(name string) string {
	text, err := layouts.ReadFile(path.Join("layouts", name+".txt"))
	if err != nil {
		return ""
	}
	return string(text)
}

// A stageSpec is a line of a layout.
type stageSpec struct {
	name   string
	layers []layerSpec
}

// A layerSpec is one of its layers.
type layerSpec struct {
	kind, name string // the name in a checkpoint; "" where there is nothing to save
	kernel     neuron.Size
	channels   int
	stride     neuron.Size
	padding    neuron.Size
	groups     int
	bias       string // "", "channel" or "position"
}

// parseLayout reads a layout for a width. Errors name the line and what was
// expected.
func parseLayout(text string, width int) ([]stageSpec, error) {
	var stages []stageSpec
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		fail := func(format string, args ...any) error {
			return fmt.Errorf("layout, line %d: %s", i+1, fmt.Sprintf(format, args...))
		}
		name, rest, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || !layoutName.MatchString(name) {
			return nil, fail("%q: expected STAGE = LAYER | LAYER …, STAGE being of letters, digits, _, - and points", strings.TrimSpace(line))
		}
		if name == "avgpool" || name == "fc" {
			return nil, fail("stage %s: the name is reserved for the mean over positions (avgpool) and the readout (fc), which follow the last stage", name)
		}
		if slices.ContainsFunc(stages, func(s stageSpec) bool { return s.name == name }) {
			return nil, fail("stage %s is there already", name)
		}
		stage := stageSpec{name: name}
		count := map[string]int{}
		for part := range strings.SplitSeq(rest, "|") {
			l, err := parseLayer(strings.Fields(part), width)
			if err != nil {
				return nil, fail("%v", err)
			}
			count[l.kind]++
			if l.name == "" {
				l.name = map[string]string{
					"filter": fmt.Sprintf("%s.conv%d", name, count[l.kind]),
					"norm":   fmt.Sprintf("%s.bn%d", name, count[l.kind]),
					"block":  fmt.Sprintf("%s.block%d", name, count[l.kind]),
				}[l.kind]
			}
			stage.layers = append(stage.layers, l)
		}
		// The parts of a block that is alone are the stage's, as the authors name them.
		for j, l := range stage.layers {
			if l.kind == "block" && count["block"] == 1 && count["filter"]+count["norm"] == 0 && l.name == name+".block1" {
				stage.layers[j].name = name
			}
		}
		stages = append(stages, stage)
	}
	if len(stages) == 0 {
		return nil, fmt.Errorf("layout: no stage in it: expected lines such as  conv1 = filter 3 16 | norm | relu")
	}
	return stages, nil
}

// The numbers that the kinds of layers take.
var layerKinds = map[string][]string{
	"filter": {"K", "C"}, "norm": nil, "relu": nil, "max": {"K"}, "mean": {"K"}, "block": {"C"},
}

// layerNames lists them for messages.
const layerNames = "filter, norm, relu, max, mean, block"

// elsewhere are other programs' names of layers, and other spellings.
var elsewhere = map[string]string{
	"conv": "filter", "conv2d": "filter", "convolution": "filter", "filter": "filter", "filters": "filter", "lc": "filter",
	"bn": "norm", "batchnorm": "norm", "batchnorm2d": "norm", "norm": "norm", "relu": "relu",
	"pool": "max", "maxpool": "max", "maxpool2d": "max", "max": "max", "avg": "mean", "avgpool": "mean", "avgpool2d": "mean", "mean": "mean",
	"residual": "block", "resblock": "block", "basicblock": "block", "block": "block",
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}

// The options that they take.
var layerOptions = map[string][]string{
	"filter": {"stride", "padding", "groups", "bias"}, "max": {"stride", "padding"}, "mean": {"stride", "padding"}, "block": {"stride"},
}

func parseLayer(words []string, width int) (l layerSpec, err error) {
	if len(words) == 0 {
		return l, fmt.Errorf("an empty layer: expected one of %s", layerNames)
	}
	l.kind = words[0]
	if name, kind, ok := strings.Cut(words[0], ":"); ok {
		l.name, l.kind = name, kind
	}
	numbers, known := layerKinds[l.kind]
	if !known {
		return l, fmt.Errorf("unknown layer %q: expected one of %s%s", l.kind, layerNames, didYouMean(elsewhere[strings.ToLower(l.kind)]))
	}
	if l.name != "" && (!layoutName.MatchString(l.name) || strings.HasPrefix(l.name, "optimizer.") || strings.HasPrefix(l.name, "training.")) {
		return l, fmt.Errorf("name %q: expected letters, digits, _, - and points, and no optimizer. or training. at its beginning", l.name)
	}
	if l.name != "" && (l.kind == "relu" || l.kind == "max" || l.kind == "mean") {
		return l, fmt.Errorf("%s has nothing to save, so it takes no name (%s)", l.kind, l.name)
	}
	if len(words)-1 < len(numbers) {
		return l, fmt.Errorf("%q: expected %s %s", strings.Join(words, " "), l.kind, strings.Join(numbers, " "))
	}
	l.stride, l.groups = neuron.Square(1), 1
	for i, what := range numbers {
		word := words[1+i]
		if what == "K" {
			if l.kernel, err = parseSize(word, 1); err != nil {
				return l, err
			}
		} else if l.channels, err = parseChannels(word, width); err != nil {
			return l, err
		}
	}
	switch l.kind {
	case "filter":
		l.padding = neuron.Size{Rows: (l.kernel.Rows - 1) / 2, Cols: (l.kernel.Cols - 1) / 2}
	case "max", "mean":
		l.stride = l.kernel
	}
	given := map[string]bool{}
	for _, word := range words[1+len(numbers):] {
		name, value, ok := strings.Cut(word, "=")
		if given[name] {
			return l, fmt.Errorf("%s: %s is there twice", l.kind, name)
		}
		given[name] = true
		if !ok || !slices.Contains(layerOptions[l.kind], name) {
			options := layerOptions[l.kind]
			if options == nil {
				return l, fmt.Errorf("%s: unexpected %q: it has no options", l.kind, word)
			}
			near := ""
			for _, option := range options {
				if name != "" && strings.HasPrefix(option, strings.ToLower(name)) {
					near = option + "="
				}
			}
			return l, fmt.Errorf("%s: unexpected %q: its options are %s%s", l.kind, word, strings.Join(options, ", "), didYouMean(near))
		}
		switch name {
		case "stride":
			l.stride, err = parseSize(value, 1)
		case "padding":
			l.padding, err = parseSize(value, 0)
		case "groups":
			if l.groups, err = strconv.Atoi(value); err != nil || l.groups < 1 {
				err = fmt.Errorf("groups=%s: expected a positive whole number", value)
			}
		case "bias":
			if l.bias = value; value != "channel" && value != "position" {
				err = fmt.Errorf("bias=%s: expected channel or position", value)
			}
		}
		if err != nil {
			return l, err
		}
	}
	return l, nil
}

// parseSize reads 3 or 3x5.
func parseSize(word string, least int) (neuron.Size, error) {
	rows, cols, rectangular := strings.Cut(word, "x")
	if !rectangular {
		cols = rows
	}
	r, err1 := strconv.Atoi(rows)
	c, err2 := strconv.Atoi(cols)
	if err1 != nil || err2 != nil || r < least || c < least || r > 1<<12 || c > 1<<12 {
		return neuron.Size{}, fmt.Errorf("size %q: expected a whole number from %d, or two as in 3x5", word, least)
	}
	return neuron.Size{Rows: r, Cols: c}, nil
}

// parseChannels reads 16, W or 2W.
func parseChannels(word string, width int) (int, error) {
	factor, inWidths := strings.CutSuffix(word, "W")
	n := 1
	if factor != "" {
		var err error
		if n, err = strconv.Atoi(factor); err != nil {
			n = 0
		}
	}
	if inWidths {
		n *= width
	}
	if n < 1 || n > 1<<20 || factor == "" && !inWidths {
		return 0, fmt.Errorf("channels %q: expected a positive whole number, or one in widths as in 2W", word)
	}
	return n, nil
}
