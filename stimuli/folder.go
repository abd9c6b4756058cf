package stimuli

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// OpenFolder reads labelled images, one folder per class, from a folder, zip,
// tar or tar.gz:
//
//   - PATH/train/CLASS/… and PATH/test/CLASS/…;
//   - the same with val in place of test, as ImageNet is kept (train/WNID,
//     val/WNID). Where there are both, test is taken if its images lie in
//     folders of the classes; ImageNet's and TinyImageNet's do not, being
//     unlabelled, and then val is;
//   - TinyImageNet as it comes: train/WNID/images/…, val/images/… and the
//     classes of these in val/val_annotations.txt;
//   - PATH/CLASS/…, in which case all images are training images and test is
//     nil.
//
// All of this may lie in a folder of its own, as in most archives. Classes are
// in name order and may have folders of their own; names that differ in case
// only are two classes. Ids are paths without the extension. Images are prepared
// as by OpenImages.
//
// It fails if an image lies outside a class's folder or a test class is no
// training class, and as OpenImages does.
func OpenFolder(ctx context.Context, path string, o ImageOptions) (train, test Set, err error) {
	o = o.withDefaults()
	a, err := openArchive(ctx, path, o)
	if err != nil {
		return nil, nil, err
	}
	defer func() { a.close() }()
	if err := a.needImages(); err != nil {
		return nil, nil, err
	}
	l := a.layout()
	switch {
	case l.parts["train"] == nil && l.parts["test"] == nil && l.parts["val"] == nil:
		of, err := l.classesOf("", l.parts[""])
		if err != nil {
			return nil, nil, err
		}
		train, err = l.load(l.parts[""], of, distinct(of), o)
		return train, nil, err
	case l.parts["train"] == nil || l.parts["test"] == nil && l.parts["val"] == nil:
		return nil, nil, fmt.Errorf("images: %s: %d images in train, %d in test and %d in val; expected train and one of the others, or folders of classes only",
			path, len(l.parts["train"]), len(l.parts["test"]), len(l.parts["val"]))
	case l.parts[""] != nil:
		return nil, nil, fmt.Errorf("images: %s: %d images lie neither in train nor in test nor in val, the first being %s", path, len(l.parts[""]), l.parts[""][0])
	}
	of, err := l.classesOf("train", l.parts["train"])
	if err != nil {
		return nil, nil, err
	}
	classes := distinct(of)
	testOf, testFiles, err := l.testOf(classes, o)
	if err != nil {
		return nil, nil, err
	}
	if train, err = l.load(l.parts["train"], of, classes, o); err != nil {
		return nil, nil, err
	}
	if test, err = l.load(testFiles, testOf, classes, o); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// A layout is how the images of an archive lie.
type layout struct {
	*archive
	root  string              // the folder that all lies in, with its slash, or ""
	parts map[string][]string // "train", "test", "val" or "" → images
}

// layout finds the parts of an archive.
func (a *archive) layout() layout {
	l := layout{archive: a, parts: map[string][]string{}}
	if first, _, ok := strings.Cut(a.images[0], "/"); ok {
		inside := first + "/"
		all := !slices.ContainsFunc(a.images, func(f string) bool { return !strings.HasPrefix(f, inside) })
		if all && slices.ContainsFunc(a.images, func(f string) bool { return strings.HasPrefix(f, inside+"train/") }) {
			l.root = inside
		}
	}
	for _, f := range a.images {
		part, _, _ := strings.Cut(strings.TrimPrefix(f, l.root), "/")
		if part != "train" && part != "test" && part != "val" {
			part = ""
		}
		l.parts[part] = append(l.parts[part], f)
	}
	return l
}

// classesOf returns the class of each of the files under part.
func (l layout) classesOf(part string, files []string) (of []string, err error) {
	for _, f := range files {
		class, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(f, l.root), part), "/"), "/")
		if !ok {
			return nil, fmt.Errorf("images: %s: %s lies in no class's folder: expected train/CLASS/… and test/CLASS/…, or CLASS/…", l.name, f)
		}
		of = append(of, class)
	}
	return of, nil
}

// testOf returns the test images and their classes.
func (l layout) testOf(classes []string, o ImageOptions) (of, files []string, err error) {
	const annotations = "val/val_annotations.txt"
	known := func(of []string) bool {
		return !slices.ContainsFunc(of, func(c string) bool { return !slices.Contains(classes, c) })
	}
	files = l.parts["test"]
	if files != nil {
		of, err = l.classesOf("test", files)
		if l.parts["val"] == nil || err == nil && known(of) {
			return of, files, err
		}
	}
	files = l.parts["val"]
	if l.has(l.root + annotations) {
		of, err = l.annotated(l.root+annotations, files, o)
	} else {
		of, err = l.classesOf("val", files)
	}
	return of, files, err
}

// load makes the files, of the given classes, a Set.
func (l layout) load(files, of, classes []string, o ImageOptions) (Set, error) {
	m := memory{classes: classes}
	for i, f := range files {
		label, ok := slices.BinarySearch(classes, of[i])
		if !ok {
			return nil, fmt.Errorf("images: %s: the class %q of %s is not among the training classes %q", l.name, of[i], f, abbreviate(classes, 20))
		}
		m.labels = append(m.labels, label)
		f = strings.TrimPrefix(f, l.root)
		m.ids = append(m.ids, strings.TrimSuffix(f, path.Ext(f)))
	}
	set, _, err := l.archive.load(files, m, o)
	return set, err
}

// distinct returns the names in order, each once.
func distinct(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}
