package network_test

import (
	"context"
	"fmt"

	"ventral/network"
	"ventral/stimuli"
)

// Instant sharing: neurons whose receptive fields have the same phase, here three
// positions apart, come to have the same filter; others do not.
func ExampleModel_Sleep() {
	m, err := network.New(tiny, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Sleep()
	at := m.Filter("conv1", 0, 4, 4)
	fmt.Println("three apart:", at[0] == m.Filter("conv1", 0, 4, 7)[0], " one apart:", at[0] == m.Filter("conv1", 0, 4, 5)[0])
	// Output:
	// three apart: true  one apart: false
}

// Sleep with images that are replayed as they reach the layer, in place of noise.
// Their patterns are correlated, so the step is normalised.
func ExampleModel_Replay() {
	ctx := context.Background()
	m, err := network.New(tiny, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	replayed, err := m.Replay(ctx, prepared(64, 1), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	var first, last network.SleepRecord
	sleep := network.Sleep{Method: network.HebbianSleep, Normalised: true, Layers: []string{"conv2"}, Stimuli: replayed}
	err = sleep.Run(ctx, m, 0, func(r network.SleepRecord) error {
		if r.Step == 0 {
			first = r
		}
		last = r
		return nil
	})
	fmt.Printf("after %d steps the SNR in pools has risen: %t; norm of the mean filter × %.2f; error: %v\n", last.Step, last.PoolSNR > first.PoolSNR, last.MeanNorm, err)
	// Output:
	// after 100 steps the SNR in pools has risen: true; norm of the mean filter × 1.00; error: <nil>
}

// Sleep stimuli of one's own: gratings of the size of each layer's kernel. Filters
// are shared in the directions that gratings have.
func ExampleSleepStimuli() {
	m, err := network.New(tiny, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	gratings := func(l network.SleepLayer) (network.SleepPatterns, error) {
		return stimuli.Gratings{Seed: l.Seed, Channels: l.Channels, Height: l.Kernel.Rows, Width: l.Kernel.Cols}, nil
	}
	sleep := network.Sleep{Method: network.HebbianSleep, Normalised: true, Layers: []string{"conv1", "conv2"}, Stimuli: gratings, Every: 100}
	var before network.SleepRecord
	err = sleep.Run(context.Background(), m, 0, func(r network.SleepRecord) error {
		if r.Step == 0 {
			before = r
			return nil
		}
		fmt.Printf("%s: SNR in pools × %.1f\n", r.Layer, r.PoolSNR/before.PoolSNR)
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// conv1: SNR in pools × 1.4
	// conv2: SNR in pools × 1.2
	// error: <nil>
}

// A sleep changes filters, and with them the variances of what batch normalisation
// sees: its running statistics are renewed on images.
func ExampleModel_RenewStatistics() {
	m, err := network.New(tiny, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, images := context.Background(), prepared(256, 1)
	training := network.Training{Epochs: 20, BatchSize: 32, Seed: 1}
	if _, err := training.Run(ctx, m, network.Data{Train: images, Test: images}, network.State{}, network.Hooks{}); err != nil {
		fmt.Println(err)
		return
	}
	m.Sleep()
	stale, _ := m.Evaluate(ctx, images)
	if err := m.RenewStatistics(ctx, images); err != nil {
		fmt.Println(err)
		return
	}
	renewed, _ := m.Evaluate(ctx, images)
	fmt.Println("the loss after the sleep falls:", renewed.Loss < stale.Loss)
	// Output:
	// the loss after the sleep falls: true
}
