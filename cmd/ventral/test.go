package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"ventral/stimuli"
)

var testVerb = verb{
	name:    "test",
	summary: "test trained networks on labelled images: accuracy and loss",
	detail: `
Shows every image once, untranslated, to each network, prepared as it was tested
in training, and prints how often the class was the likeliest, and among the five
likeliest, with the mean cross-entropy. What a sleep did to a network, say, or
how it does on the training part of a source (--part train): all of it, also the
images that --train-images or --validation kept from the training.

Generated shapes are those of the seed that the network was trained with. Batch
normalisation uses the means and variances in the weights' file: after a sleep
those of the activity before it, unless ventral sleep had --renew-statistics.

  ventral test --weights runs/lc/weights.npz,runs/lc-slept/weights.npz --images cifar10:cifar-10-batches-bin`,
	json: `
  images, part          what was shown
  networks              of each: weights, n_images, accuracy and top5
                        (fractions), loss (nats)`,
	flags: func(flags *pflag.FlagSet) action {
		var weights []string
		var images, part string
		flags.StringSliceVar(&weights, "weights", nil, "weights.npz of trained networks, with model.json beside each, or their folders")
		flags.StringVar(&images, "images", "", "labelled images: cifar10:PATH, mnist:PATH, folder:PATH, arrays:X.npy,Y.npy, shapes … as in ventral train")
		examples(flags, "images", imageSources()...)
		flags.StringVar(&part, "part", "test", "part of the source: test or train")
		oneOf(flags, "part", "test", "train")
		return func(ctx context.Context, t *terminal) error {
			if err := required(flags, "weights", "images"); err != nil {
				return err
			}
			if _, named := imageKind(images); !named {
				return misused("--images %s: expected labelled images, such as folder:%s with train/ and test/ in it; see ventral train --help", images, images)
			}
			r := tested{Images: images, Part: part}
			b := t.bar("testing", len(weights), "networks")
			defer b.done()
			for i, w := range weights {
				n, err := testNetwork(ctx, t, w, images, part)
				if err != nil {
					return interrupted(ctx, err)
				}
				r.Networks = append(r.Networks, n)
				b.at(i+1, "testing "+w)
			}
			return t.result(r, func() { r.write(t) })
		}
	},
}

// tested is what ventral test found.
type tested struct {
	Images   string          `json:"images"`
	Part     string          `json:"part"`
	Networks []testedNetwork `json:"networks"`
}

type testedNetwork struct {
	Weights  string `json:"weights"`
	Images   int    `json:"n_images"`
	Accuracy figure `json:"accuracy"`
	Top5     figure `json:"top5"`
	Loss     figure `json:"loss"`
}

// testNetwork shows one network the images.
func testNetwork(ctx context.Context, t *terminal, weights, images, part string) (testedNetwork, error) {
	r := testedNetwork{Weights: weights}
	model, about, err := openModel(weights)
	if err != nil {
		return r, err
	}
	shown, err := about.imagesFor(ctx, t, images, part, stimuli.ImageOptions{})
	if err != nil {
		return r, err
	}
	if classes := shown.Set.Classes(); !slices.Equal(classes, about.Classes) {
		return r, fmt.Errorf("%s has %s, and %s was trained on %s: a network is tested on the classes that it knows, in their order", images, classesInWords(classes), weights, classesInWords(about.Classes))
	}
	e, err := model.Evaluate(ctx, shown)
	if err != nil {
		return r, fmt.Errorf("testing %s on %s: %w", weights, images, err)
	}
	r.Images, r.Accuracy, r.Top5, r.Loss = shown.Len(), figure(e.Accuracy), figure(e.Top5), figure(e.Loss)
	return r, nil
}

// classesInWords names the first few classes.
func classesInWords(classes []string) string {
	const most = 4
	if len(classes) <= most {
		return fmt.Sprintf("the classes %s", joined(classes))
	}
	return fmt.Sprintf("%d classes (%s, %s, %s …)", len(classes), classes[0], classes[1], classes[2])
}

func (r tested) write(t *terminal) {
	out := table{header: []string{"weights", "images", "accuracy", "top 5", "loss"}, left: 1}
	for _, n := range r.Networks {
		out.add(n.Weights, thousands(n.Images), percent(n.Accuracy), percent(n.Top5), fmt.Sprintf("%.4g", float64(n.Loss)))
	}
	out.write(t.out)
	fmt.Fprintf(t.out, "\naccuracy: of the %s images; loss: mean cross-entropy, nats.\n", r.Part)
}
