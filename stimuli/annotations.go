package stimuli

import (
	"fmt"
	"path"
	"strings"
)

// annotated returns the class of each of the files as TinyImageNet's
// val_annotations.txt says it.
func (a *archive) annotated(table string, files []string, o ImageOptions) (of []string, err error) {
	text, err := a.read(table, o.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("images: %s: %s: %w", a.name, table, err)
	}
	classes, err := parseAnnotations(string(text))
	if err != nil {
		return nil, fmt.Errorf("images: %s: %s: %w", a.name, table, err)
	}
	for _, f := range files {
		class, ok := classes[path.Base(f)]
		if !ok {
			return nil, fmt.Errorf("images: %s: %s says no class of %s", a.name, table, f)
		}
		of = append(of, class)
	}
	if len(classes) > len(files) {
		return nil, fmt.Errorf("images: %s: %s names %d images, and %d are there", a.name, table, len(classes), len(files))
	}
	return of, nil
}

// parseAnnotations reads lines of an image's name and its class, and what may
// follow (a bounding box), with tabs between them.
func parseAnnotations(text string) (classes map[string]string, err error) {
	classes = map[string]string{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) < 2 || fields[0] == "" || fields[1] == "" {
			return nil, fmt.Errorf("line %d: %.80q, expected an image and its class with a tab between them", number, line)
		}
		if _, ok := classes[fields[0]]; ok {
			return nil, fmt.Errorf("line %d: %q comes twice", number, fields[0])
		}
		classes[fields[0]] = fields[1]
	}
	return classes, nil
}
