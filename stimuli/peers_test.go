//go:build peers

package stimuli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ventral/internal/peers"
)

// TestPeers times decoding and resizing a photograph of 500×375 pixels beside
// Pillow's, turn by turn on one core each, in processor time, and prints medians
// and their ratio: make bench-peers.
func TestPeers(t *testing.T) {
	python := peers.Python(t, "PIL, numpy", "python3-pil and python3-numpy")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	photo := filepath.Join(t.TempDir(), "photo.jpg")
	if out, err := exec.Command(python, "testdata/time_pillow.py", "make", photo).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(photo)
	if err != nil {
		t.Fatal(err)
	}
	const turns, images = 5, 100
	fmt.Printf("%-36s %14s %14s %14s\n", fmt.Sprintf("500×375 JPEG of %d kB, one core", len(data)/1000), "ventral", "Pillow", "ours/Pillow")
	for _, side := range []int{64, 224} {
		var ours, theirs, ratios []float64
		o := ImageOptions{Height: side, Width: side}.withDefaults()
		dst := make([]byte, 3*side*side)
		for range turns {
			begun := processorTime()
			for range images {
				if err := decode(dst, data, o); err != nil {
					t.Fatal(err)
				}
			}
			a := (processorTime() - begun).Seconds() / images

			out, err := exec.Command(python, "testdata/time_pillow.py", "time", photo, strconv.Itoa(side), strconv.Itoa(images)).Output()
			if err != nil {
				t.Fatal(err)
			}
			b, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
			if err != nil {
				t.Fatal(err)
			}
			ours, theirs, ratios = append(ours, a), append(theirs, b), append(ratios, a/b)
		}
		fmt.Printf("%-36s %10.0f img/s %8.0f img/s %14.2f\n", fmt.Sprintf("to %d×%d", side, side), 1/peers.Median(ours), 1/peers.Median(theirs), peers.Median(ratios))
	}
}

// processorTime is what this process used of its cores.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
