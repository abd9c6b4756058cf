package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"ventral/network"
)

// fits refuses a job that needs more bytes than the machine has available,
// with both figures and what would make it fit. Where the system does not say
// what is available, everything fits.
func fits(bytes int64, what, remedy string) error {
	available, ok := availableMemory()
	if !ok || bytes <= available {
		return nil
	}
	return fmt.Errorf("%s need %s of memory, and %s are available: %s", what, gigabytes(bytes), gigabytes(available), remedy)
}

func gigabytes(bytes int64) string { return fmt.Sprintf("%.1f GB", float64(bytes)/1e9) }

// availableMemory is Linux's estimate of what can be used without swapping.
func availableMemory() (bytes int64, ok bool) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), "MemAvailable:"); found {
			var kilobytes int64
			if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
				return 0, false
			}
			return kilobytes << 10, true
		}
	}
	return 0, false
}

// checkMemory estimates what scoring needs before any training: the largest
// region's activations in float32, and its largest layer in float64 with the
// copies that centring makes.
func (e *experiment) checkMemory() error {
	channels, height, width := e.images.train.Shape()
	model, err := network.New(network.Architecture{
		Name: e.training.arch, Width: e.training.width, Classes: len(e.images.train.Classes()),
		Input: network.Shape{Channels: channels, Height: height, Width: width},
	}, e.training.seed)
	if err != nil {
		return err
	}
	var most int64
	largest := ""
	for _, r := range e.records {
		n := r.stimuli.Len()
		widest := 0
		for _, l := range model.LayerNames() {
			s, _ := model.LayerShape(l)
			widest = max(widest, s.Size())
		}
		need := model.EstimateActivationBytes(n, model.LayerNames()) + 3*8*int64(n)*int64(widest)
		if need > most {
			most, largest = need, r.assembly.Region
		}
	}
	return fits(most, "the activations to the stimuli of "+largest, "use a smaller --width or --arch, or fewer stimuli")
}
