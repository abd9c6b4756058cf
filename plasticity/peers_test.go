//go:build peers

package plasticity_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"ventral/internal/peers"
	"ventral/neuron"
	"ventral/plasticity"
	"ventral/stimuli"
)

// TestPeers times the circuit experiment beside NumPy's in the same run, turn by
// turn on one core each, and prints medians and their ratio: make bench-peers.
// NumPy makes a part of the steps, all of which cost it the same.
func TestPeers(t *testing.T) {
	python := peers.Python(t, "numpy", "python3-numpy")
	const steps, part, turns = 1_500_000, 15_000, 5
	fmt.Printf("%-32s %14s %14s %8s\n", "circuit, N = 100, 1.5 M steps", "ventral", "NumPy", "ratio")
	for _, k := range []int{3, 9} {
		var ours, theirs, ratios []float64
		for range turns {
			begun := time.Now()
			w := plasticity.Gaussian(100, k*k, 1, 1, 1)
			run(t, plasticity.Experiment{
				Rule: published(.01), Neurons: newCircuit(t, 100, neuron.CircuitOptions{}), Inputs: stimuli.WhiteNoise{Seed: 2}, Hold: 150,
				Rate: plasticity.InverseSqrt(3e-4, 2, 50), Momentum: .95,
			}, w, steps)
			a := time.Since(begun).Seconds()

			cmd := exec.Command(python, "testdata/make_convergence.py", "time", strconv.Itoa(k), strconv.Itoa(part))
			cmd.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1")
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			b, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
			if err != nil {
				t.Fatal(err)
			}
			b *= steps / part
			ours, theirs, ratios = append(ours, a), append(theirs, b), append(ratios, b/a)
		}
		fmt.Printf("%-32s %12.2f s %12.2f s %7.0f×\n", fmt.Sprintf("k = %d", k), peers.Median(ours), peers.Median(theirs), peers.Median(ratios))
	}
}
