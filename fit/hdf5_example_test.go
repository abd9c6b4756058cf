//go:build cgo

package fit_test

import (
	"fmt"

	"ventral/fit"
)

// What a netCDF-4 file as Brain-Score publishes it holds, before any of it is
// scored.
func ExampleInspect() {
	c, err := fit.Inspect("testdata/presentations.nc", fit.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(c.Responses, ":")
	for _, axis := range c.Axes {
		fmt.Printf(" %d %s", axis.Length, axis.Name)
	}
	fmt.Println()
	for _, coordinate := range c.Coordinates {
		if coordinate.Name == "object_name" || coordinate.Name == "region" {
			fmt.Println(coordinate.Axis, "has", coordinate.Name, coordinate.Values)
		}
	}
	// Output:
	// /lab.Name2021: 3 neuroid 35 presentation 3 time_bin
	// presentation has object_name [Zebra apple car Éclair]
}

// Time bins apart: an assembly for each, of the same stimuli and neuroids.
func ExampleReadAssemblies() {
	bins, err := fit.ReadAssemblies("testdata/presentations.nc", fit.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range bins {
		fmt.Println(a.Window, len(a.StimulusIDs), "stimuli ×", len(a.Neuroids), "neuroids")
	}
	// Output:
	// 50–70 ms 12 stimuli × 2 neuroids
	// 70–120 ms 12 stimuli × 2 neuroids
	// 120–170 ms 12 stimuli × 2 neuroids
}
