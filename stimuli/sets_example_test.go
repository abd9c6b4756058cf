package stimuli_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"ventral/internal/npy"
	"ventral/stimuli"
)

// folder makes a folder of files: pictures of generated shapes, by their number, and
// texts or bytes as they are.
func folder(files map[string]any) string {
	dir, err := os.MkdirTemp("", "ventral")
	if err != nil {
		panic(err)
	}
	shapes := stimuli.Shapes(stimuli.ShapeOptions{N: 10, Seed: 1, Size: 24})
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			panic(err)
		}
		if i, ok := content.(int); ok {
			picture, err := stimuli.Picture(shapes, i)
			if err == nil {
				err = stimuli.WritePNG(path, picture)
			}
			if err != nil {
				panic(err)
			}
		} else if err := os.WriteFile(path, []byte(content.(string)), 0o666); err != nil {
			panic(err)
		}
	}
	return dir
}

// The images beside recordings, in the order of their table, whose metadata stay
// with them. They are resized to what a network sees.
func ExampleOpenImages() {
	dir := folder(map[string]any{
		"a.png": 1, "b.png": 2, "c.png": 3, // pictures of 24×24 pixels
		"stimuli.csv": "stimulus_id,filename,movie\nthird,c.png,ocean\nfirst,a.png,forest\n",
	})
	defer os.RemoveAll(dir)
	set, table, err := stimuli.OpenImages(context.Background(), dir, stimuli.ImageOptions{Channels: 1, Height: 16, Width: 16})
	if err != nil {
		fmt.Println(err)
		return
	}
	channels, height, width := set.Shape()
	movies, _ := table.Column("movie")
	fmt.Printf("%d images of %d×%d×%d, unlisted %v\n", set.Len(), channels, height, width, table.Unlisted)
	for i := range set.Len() {
		fmt.Println(set.ID(i), movies[i])
	}
	// Output:
	// 2 images of 1×16×16, unlisted [b.png]
	// third ocean
	// first forest
}

// One image in grey, as a cell of package neuron sees it.
func ExampleReadLuminance() {
	dir := folder(map[string]any{"shape.png": 4})
	defer os.RemoveAll(dir)
	luminance, err := stimuli.ReadLuminance(filepath.Join(dir, "shape.png"), 12, 12)
	fmt.Println(len(luminance), "luminances, from 0 to 1:", slices.Min(luminance) >= 0 && slices.Max(luminance) <= 1, err)
	// Output:
	// 144 luminances, from 0 to 1: true <nil>
}

// Labelled images, one folder for each class. Networks are trained on some and
// tested on others.
func ExampleOpenFolder() {
	dir := folder(map[string]any{
		"train/cat/1.png": 0, "train/cat/2.png": 1, "train/dog/3.png": 2,
		"test/dog/4.png": 3,
	})
	defer os.RemoveAll(dir)
	train, test, err := stimuli.OpenFolder(context.Background(), dir, stimuli.ImageOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Len(), "to train on, of the classes", train.Classes())
	fmt.Println(test.ID(0), "is a", test.Classes()[test.Label(0)])
	// Output:
	// 3 to train on, of the classes [cat dog]
	// test/dog/4 is a dog
}

// What image files say of themselves, before a set is made of them.
func ExampleFiles() {
	dir := folder(map[string]any{"fine.png": 1, "not.png": "a text"})
	defer os.RemoveAll(dir)
	files, err := stimuli.Files(context.Background(), dir, stimuli.ImageOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Printf("%s: %d×%d, damaged: %t\n", f.Name, f.Width, f.Height, f.Err != nil)
	}
	// Output:
	// fine.png: 24×24, damaged: false
	// not.png: 0×0, damaged: true
}

// CIFAR-10 in its binary version: records of a label and 3×32×32 bytes. It may be
// in the official archive, too.
func ExampleOpenCIFAR10() {
	frog, truck := string([]byte{6})+string(make([]byte, 3*32*32)), string([]byte{9})+string(make([]byte, 3*32*32))
	dir := folder(map[string]any{"data_batch_1.bin": frog + truck, "test_batch.bin": frog})
	defer os.RemoveAll(dir)
	train, test, err := stimuli.OpenCIFAR10(context.Background(), dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	channels, height, width := train.Shape()
	fmt.Printf("%d and %d images of %d×%d×%d; %s is of class %d\n", train.Len(), test.Len(), channels, height, width, train.ID(1), train.Label(1))
	// Output:
	// 2 and 1 images of 3×32×32; data_batch_1/00001 is of class 9
}

// CIFAR-100 has a coarse and a fine label.
func ExampleOpenCIFAR100() {
	record := string([]byte{19, 99}) + string(make([]byte, 3*32*32))
	dir := folder(map[string]any{"train.bin": record, "test.bin": record})
	defer os.RemoveAll(dir)
	for _, coarse := range []bool{false, true} {
		train, _, err := stimuli.OpenCIFAR100(context.Background(), dir, coarse)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("coarse:", coarse, "class", train.Label(0), "of", len(train.Classes()))
	}
	// Output:
	// coarse: false class 99 of 100
	// coarse: true class 19 of 20
}

// MNIST, and sets kept like it: images and labels in IDX files.
func ExampleOpenMNIST() {
	images := "\x00\x00\x08\x03" + "\x00\x00\x00\x01" + "\x00\x00\x00\x02" + "\x00\x00\x00\x03" + "\x00\x33\x66\x99\xcc\xff" // 1 image of 2×3
	labels := "\x00\x00\x08\x01" + "\x00\x00\x00\x01" + "\x07"
	dir := folder(map[string]any{
		"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels,
		"t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels,
	})
	defer os.RemoveAll(dir)
	train, _, err := stimuli.OpenMNIST(context.Background(), dir, stimuli.ImageOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	pixels := make([]float32, 2*3)
	err = train.Pixels(0, pixels)
	fmt.Println(train.ID(0), "is a", train.Classes()[train.Label(0)], "with the pixels", pixels, err)
	// Output:
	// train/00000 is a 7 with the pixels [0 0.2 0.4 0.6 0.8 1] <nil>
}

// Another program's images as they are: floats need not lie in [0, 1].
func ExampleOpenArrays() {
	dir := folder(nil)
	defer os.RemoveAll(dir)
	x, y := filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy") // as np.save writes them
	err := npy.WriteFile(x, []int{2, 1, 1, 3}, []float32{-1, 0, 1, 2, 3, 4})
	if err == nil {
		err = npy.WriteFile(y, []int{2}, []int64{0, 1})
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := stimuli.OpenArrays(x, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	pixels := make([]float32, 3)
	err = set.Pixels(1, pixels)
	fmt.Println(set.Len(), "images, shown as they are:", set.Prepared, pixels, err)
	// Output:
	// 2 images, shown as they are: true [2 3 4] <nil>
}

// A table of stimuli, by itself.
func ExampleReadTable() {
	dir := folder(map[string]any{"stimuli.csv": "image_id,object_name\nim1,car\nim2,face\n"})
	defer os.RemoveAll(dir)
	table, err := stimuli.ReadTable(filepath.Join(dir, "stimuli.csv"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, _ := table.Column("stimulus_id") // by its older name, too
	objects, _ := table.Column("object_name")
	fmt.Println(ids, objects)
	// Output:
	// [im1 im2] [car face]
}

// Generated images: the classes are forms that may be anywhere. Equal options, equal
// images.
func ExampleShapes() {
	set := stimuli.Shapes(stimuli.ShapeOptions{N: 20, Seed: 1, Size: 24})
	again := stimuli.Shapes(stimuli.ShapeOptions{N: 20, Seed: 1, Size: 24})
	fmt.Println(set.Classes())
	fmt.Println(set.ID(13), "is a", set.Classes()[set.Label(13)], "and the same again:", set.Digest() == again.Digest())
	// Output:
	// [disc ring square triangle plus T L U horizontal grating vertical grating]
	// shape00013 is a triangle and the same again: true
}

// Some images of a set, in an order of one's own.
func ExampleSubset() {
	set := stimuli.Subset(stimuli.Shapes(stimuli.ShapeOptions{N: 20}), []int{7, 3})
	fmt.Println(set.Len(), set.ID(0), set.ID(1))
	// Output:
	// 2 shape00007 shape00003
}

// What a set holds, and which of its images look the same.
func ExampleSurveyOf() {
	set := stimuli.Subset(stimuli.Shapes(stimuli.ShapeOptions{N: 20, Seed: 1, Size: 16, Channels: 1}), []int{0, 1, 2, 1})
	survey, err := stimuli.SurveyOf(context.Background(), set)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("images of each class", survey.Counts)
	fmt.Println("images 1 and 3 are alike:", survey.Content[1] == survey.Content[3])
	// Output:
	// images of each class [1 2 1 0 0 0 0 0 0 0]
	// images 1 and 3 are alike: true
}

// Images for the eye: a contact sheet of ten shapes in two rows.
func ExampleContactSheet() {
	set := stimuli.Shapes(stimuli.ShapeOptions{N: 10, Seed: 1, Size: 16})
	sheet, err := stimuli.ContactSheet(set, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 5, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	dir := folder(nil)
	defer os.RemoveAll(dir)
	err = stimuli.WritePNG(filepath.Join(dir, "sheet.png"), sheet)
	fmt.Println(sheet.Bounds().Max, err)

	sheet, err = stimuli.LabelledSheet(set, []stimuli.SheetRow{{Label: set.Classes()[0], Images: []int{0}}, {Label: set.Classes()[1], Images: []int{1}}}, 4)
	fmt.Println("with labels:", sheet.Bounds().Dx() > 0, err)
	// Output:
	// (332,134) <nil>
	// with labels: true <nil>
}
