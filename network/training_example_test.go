package network_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"ventral/network"
	"ventral/stimuli"
)

// tiny is a locally connected network for 16×16 images of ten classes.
var tiny = network.Architecture{Name: "small", Local: true, Input: network.Shape{Channels: 3, Height: 16, Width: 16}, Classes: 10, Width: 4}

// prepared are images as a network sees them.
func prepared(n int, seed uint64) *stimuli.Prepared {
	set := stimuli.Shapes(stimuli.ShapeOptions{N: n, Seed: seed, Size: 16})
	return &stimuli.Prepared{Set: set, Mean: []float32{.5, .5, .5}, Std: []float32{.2, .2, .2}, Variation: stimuli.Translate{Pad: 2}}
}

// A locally connected network is trained on images that are translated anew in
// every epoch, and shares weights after every fourth update. (The function prepared
// makes generated shapes its input: see the example of stimuli.Prepared.)
func ExampleTraining() {
	m, err := network.New(tiny, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	training := network.Training{Epochs: 2, BatchSize: 64, SleepEvery: 4, Seed: 1}
	data := network.Data{Train: prepared(320, 1), Test: prepared(64, 2)}
	before := 0.
	_, err = training.Run(context.Background(), m, data, network.State{}, network.Hooks{
		Epoch: func(e network.Epoch, s network.State) error {
			fmt.Printf("epoch %d: %d updates, %d sleeps, learning rate %g, loss falls: %t\n", e.Epoch, e.Updates, s.Sleeps, e.LearningRate, before == 0 || e.Train.Loss < before)
			before = e.Train.Loss
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// epoch 1: 5 updates, 2 sleeps, learning rate 0.001, loss falls: true
	// epoch 2: 10 updates, 4 sleeps, learning rate 0.00025, loss falls: true
}

// A training that was stopped goes on from its state, to the same bits.
func ExampleModel_SaveState() {
	dir, err := os.MkdirTemp("", "ventral")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, data := context.Background(), network.Data{Train: prepared(128, 1)}
	training := network.Training{Epochs: 1, BatchSize: 32, Seed: 1}
	state := filepath.Join(dir, "state.npz")

	whole, err := network.New(tiny, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	half := training
	half.Iterations = 2 // of four updates
	s, err := half.Run(ctx, whole, data, network.State{}, network.Hooks{})
	if err == nil {
		err = whole.SaveState(state, s)
	}
	if err == nil {
		_, err = training.Run(ctx, whole, data, s, network.Hooks{})
	}
	if err != nil {
		fmt.Println(err)
		return
	}

	again, err := network.New(tiny, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err = again.LoadState(state, network.AdamW)
	if err == nil {
		_, err = training.Run(ctx, again, data, s, network.Hooks{})
	}
	same := true
	for i, v := range whole.Filter("conv1", 0, 5, 5) {
		same = same && v == again.Filter("conv1", 0, 5, 5)[i]
	}
	fmt.Printf("from update %d on: the same filter: %t, error: %v\n", s.Updates, same, err)
	// Output:
	// from update 2 on: the same filter: true, error: <nil>
}

// Weights go to PyTorch and NumPy by the names of the authors' state_dict, and come
// back.
func ExampleModel_Save() {
	dir, err := os.MkdirTemp("", "ventral")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "weights.npz")

	m, err := network.New(tiny, 1)
	if err == nil {
		err = m.Save(path)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	other, err := network.New(tiny, 2)
	if err == nil {
		err = other.Load(path)
	}
	fmt.Println("loaded:", m.Filter("conv1", 0, 0, 0)[0] == other.Filter("conv1", 0, 0, 0)[0], err)

	wider := tiny
	wider.Width = 8
	if other, err = network.New(wider, 1); err == nil {
		err = other.Load(path)
	}
	fmt.Println("refused by a wider network:", err != nil)
	// Output:
	// loaded: true <nil>
	// refused by a wider network: true
}
