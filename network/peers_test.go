//go:build peers

package network

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"ventral/internal/kernel"
	"ventral/internal/memory"
	"ventral/internal/peers"
	"ventral/neuron"
)

// TestPeers times a training step beside PyTorch's, turn by turn in processes of
// their own with as many threads, and prints medians, ratios and peak memory:
// make bench-peers.
func TestPeers(t *testing.T) {
	python := peers.Python(t, "torch", "python3-torch")
	const turns = 3
	peak := peakGFLOPS()
	fmt.Printf("peak: %.0f GFLOP/s, the kernels on one receptive field in the first-level cache, all cores\n", peak)
	fmt.Printf("%-28s %12s %12s %14s %16s %10s %10s %18s\n", "batch 128, "+strconv.Itoa(runtime.GOMAXPROCS(0))+" threads", "ventral", "PyTorch", "PyTorch/ours", "PyTorch conv/ours", "memory", "(PyTorch)", "GFLOP/s (of peak)")
	for _, what := range [][]string{{"conv"}, {"lc"}, {"conv", "16", "16", "32"}, {"lc", "16", "16", "32"}, {"conv", "32", "32", "16"}, {"lc", "32", "32", "16"}, {"conv", "64", "64", "8"}, {"lc", "64", "64", "8"}} {
		var ours, theirs, conv []float64
		var ourBytes, theirBytes float64
		for range turns {
			s, b := peer(t, exec.Command(os.Args[0], "-test.run", "^TestPeersChild$", "-test.v"), "VENTRAL_PEER="+strings.Join(what, " "))
			ours, ourBytes = append(ours, s), max(ourBytes, b)
			s, b = peer(t, exec.Command(python, append([]string{"testdata/time_pytorch.py"}, what...)...), "THREADS="+strconv.Itoa(runtime.GOMAXPROCS(0)))
			theirs, theirBytes = append(theirs, s), max(theirBytes, b)
			if what[0] == "lc" {
				s, _ = peer(t, exec.Command(python, append([]string{"testdata/time_pytorch.py", "conv"}, what[1:]...)...), "THREADS="+strconv.Itoa(runtime.GOMAXPROCS(0)))
				conv = append(conv, s)
			}
		}
		name := "ResNet-20, " + what[0]
		speed := ""
		if len(what) > 1 {
			var n [3]float64
			for i := range n {
				n[i], _ = strconv.ParseFloat(what[1+i], 64)
			}
			rate := 3 * 2 * 128 * 9 * n[0] * n[1] * n[2] * n[2] / peers.Median(ours) / 1e9 // forward, gradients by input and weights
			speed = fmt.Sprintf("%.0f (%.0f %%)", rate, 100*rate/peak)
			name = what[0] + " " + what[1] + "→" + what[2] + ", " + what[3] + "×" + what[3]
		}
		ratio := func(a, b []float64) string {
			var r []float64
			for i := range a {
				r = append(r, a[i]/b[i])
			}
			if r == nil {
				return ""
			}
			return fmt.Sprintf("%.2f", peers.Median(r))
		}
		fmt.Printf("%-28s %9.1f ms %9.1f ms %14s %16s %7.2f GB %7.2f GB %18s\n", name, 1e3*peers.Median(ours), 1e3*peers.Median(theirs), ratio(theirs, ours), ratio(conv, ours), ourBytes/1e9, theirBytes/1e9, speed)
	}
}

// peakGFLOPS is what the kernels reach where memory is no limit: many positions
// that all see the same receptive field, on all cores.
func peakGFLOPS() float64 {
	const inputs, outputs, positions = 144, 16, 512
	f := kernel.Filters{Inputs: inputs, Outputs: outputs, Shared: true}
	f.Forward.Start, f.Backward.Start = []int32{0}, []int32{0, 0}
	for p := range positions {
		f.Forward.Segments = append(f.Forward.Segments, kernel.Segment{N: inputs})
		f.Forward.Start = append(f.Forward.Start, int32(p+1))
	}
	var x, y kernel.Tensor
	x.Resize(1, inputs, kernel.Lanes)
	y.Resize(positions, outputs, kernel.Lanes)
	w := kernel.Alloc(inputs * outputs)
	best := 0.
	for range 300 {
		begun := time.Now()
		kernel.Best().Apply(&f, &y, &x, w)
		best = max(best, 2*inputs*outputs*positions*kernel.Lanes/time.Since(begun).Seconds()/1e9)
	}
	return best
}

// peer runs a command that prints seconds and bytes in one of its lines.
func peer(t *testing.T, cmd *exec.Cmd, env string) (seconds, bytes float64) {
	t.Helper()
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	for line := range strings.Lines(string(out)) {
		if n, _ := fmt.Sscanf(line, "%g %g", &seconds, &bytes); n == 2 {
			return seconds, bytes
		}
	}
	t.Fatalf("%v prints\n%s", cmd.Args, out)
	return 0, 0
}

// TestPeersChild is what TestPeers runs in a process of its own.
func TestPeersChild(t *testing.T) {
	what := strings.Fields(os.Getenv("VENTRAL_PEER"))
	if what == nil {
		t.Skip("a part of TestPeers")
	}
	local := what[0] == "lc"
	var step func()
	if len(what) == 1 {
		m, err := New(Architecture{Name: "resnet20", Local: local, Input: Shape{3, 32, 32}, Classes: 10}, 1)
		if err != nil {
			t.Fatal(err)
		}
		x, labels := make([]float32, 128*m.arch.Input.Size()), make([]int, 128)
		for i := range x {
			x[i] = float32(i%11)/5 - 1
		}
		steps := 0
		step = func() {
			m.show(x)
			logits := m.forward(true, nil)
			crossEntropy(logits, labels, m.scratch(), true)
			m.backward(logits)
			steps++
			Training{Optimizer: AdamW, WeightDecay: 1e-2}.update(m, 1e-3, steps)
		}
	} else {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(what[1+i])
		}
		sheet := neuron.Sheet{In: neuron.Square(n[2]), Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}
		f := newFilters("f", sheet, n[0], n[1], filterOptions{local: local}, rand.New(rand.NewPCG(1, 1)))
		var x, dy kernel.Tensor
		toTensor(&x, make([]float32, 128*n[0]*n[2]*n[2]), Shape{n[0], n[2], n[2]})
		toTensor(&dy, make([]float32, 128*n[1]*n[2]*n[2]), Shape{n[1], n[2], n[2]})
		step = func() { f.forward(&x, true); f.backward(&dy) }
	}
	debug.FreeOSMemory()
	step()
	var seconds []float64
	for range 7 {
		begun := time.Now()
		step()
		seconds = append(seconds, time.Since(begun).Seconds())
	}
	peak, _ := memory.Peak()
	fmt.Println(peers.Median(seconds), float64(peak))
}
