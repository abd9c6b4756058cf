package stimuli

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// OpenFolder reads labelled images, one folder per class, from a folder or a
// zip file: PATH/train/CLASS/… and PATH/test/CLASS/…, or PATH/CLASS/…, in which
// case all images are training images and test is nil. Classes are in name
// order and may have folders of their own; ids are paths without the
// extension. Images are prepared as by OpenImages.
//
// It fails if an image lies outside a class's folder or a test class is no
// training class, and as OpenImages does.
func OpenFolder(path string, o ImageOptions) (train, test Set, err error) {
	o = o.withDefaults()
	a, err := openArchive(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { a.close() }() // which load may replace

	parts := map[string][]string{} // "train", "test" or "" → files
	for _, f := range a.files {
		part, _, _ := strings.Cut(f, "/")
		if part != "train" && part != "test" {
			part = ""
		}
		parts[part] = append(parts[part], f)
	}
	switch {
	case parts["train"] == nil && parts["test"] == nil:
		train, err = a.loadClasses("", parts[""], nil, o)
		return train, nil, err
	case parts["train"] == nil || parts["test"] == nil:
		return nil, nil, fmt.Errorf("images: %s: %d images in train and %d in test; expected both, or folders of classes only", path, len(parts["train"]), len(parts["test"]))
	case parts[""] != nil:
		return nil, nil, fmt.Errorf("images: %s: %d images lie neither in train nor in test, the first being %s", path, len(parts[""]), parts[""][0])
	}
	if train, err = a.loadClasses("train", parts["train"], nil, o); err != nil {
		return nil, nil, err
	}
	if test, err = a.loadClasses("test", parts["test"], train.Classes(), o); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// loadClasses loads the files under part/CLASS/; nil classes are taken from
// the files.
func (a *archive) loadClasses(part string, files, classes []string, o ImageOptions) (Set, error) {
	of := make([]string, len(files)) // class of each file
	for i, f := range files {
		class, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(f, part), "/"), "/")
		if !ok {
			return nil, fmt.Errorf("images: %s: %s lies in no class's folder", a.name, f)
		}
		of[i] = class
	}
	if classes == nil {
		classes = slices.Compact(slices.Sorted(slices.Values(of)))
	}
	m := memory{classes: classes}
	for i, f := range files {
		label, ok := slices.BinarySearch(classes, of[i])
		if !ok {
			return nil, fmt.Errorf("images: %s: the class %q of %s is not among the training classes %q", a.name, of[i], f, classes)
		}
		m.labels = append(m.labels, label)
		m.ids = append(m.ids, strings.TrimSuffix(f, path.Ext(f)))
	}
	return a.load(files, m, o)
}
