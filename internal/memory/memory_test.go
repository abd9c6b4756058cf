package memory

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
)

// The peak grows by what is touched, and is not that of the process that started
// the program.
func TestPeak(t *testing.T) {
	if os.Getenv("VENTRAL_PEAK") != "" {
		peak, _ := Peak()
		os.Stdout.WriteString(strconv.FormatInt(peak, 10) + "\n")
		os.Exit(0)
	}
	before, ok := Peak()
	if !ok {
		t.Skip("the system does not say")
	}
	const size = 100 << 20
	large := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		large[i] = 1
	}
	after, _ := Peak()
	if after-before < size*9/10 {
		t.Errorf("peak %d bytes, and %d after touching %d", before, after, size)
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestPeak$")
	child.Env = append(os.Environ(), "VENTRAL_PEAK=1")
	out, err := child.Output()
	if err != nil {
		t.Fatal(err)
	}
	var of int64
	for _, c := range out {
		if c < '0' || c > '9' {
			break
		}
		of = 10*of + int64(c-'0')
	}
	if of == 0 || of > after/2 {
		t.Errorf("the peak of a small program is %q bytes, and its parent's %d", out, after)
	}
	runtime.KeepAlive(large)
}

func TestAvailable(t *testing.T) {
	bytes, ok := Available()
	if !ok {
		t.Skip("the system does not say")
	}
	if bytes < 1<<20 || bytes > 1<<50 {
		t.Errorf("%d bytes are available", bytes)
	}
}

// What is not there is not known.
func TestRead(t *testing.T) {
	if _, ok := read("/proc/none", "VmHWM:"); ok {
		t.Error("a figure from a file that is not there")
	}
	file := t.TempDir() + "/status"
	if err := os.WriteFile(file, []byte("VmPeak:\t 7 kB\nVmHWM:\tmany kB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := read(file, "VmHWM:"); ok {
		t.Error("a figure from a word")
	}
	if bytes, ok := read(file, "VmPeak:"); !ok || bytes != 7<<10 {
		t.Errorf("7 kB are %d bytes (%v)", bytes, ok)
	}
}
