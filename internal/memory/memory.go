// Package memory says how much memory the system has left and the program has taken, where the system tells, as Linux does in /proc.
package memory

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// Available is an estimate of what can be used without swapping.
func Available() (bytes int64, ok bool) { return read("/proc/meminfo", "MemAvailable:") }

// Peak is the largest resident memory that the program has had. getrusage's maximum is not: it begins with that of the process that
// started the program.
func Peak() (bytes int64, ok bool) { return read("/proc/self/status", "VmHWM:") }

// read finds "key N kB" in a file.
func read(file, key string) (bytes int64, ok bool) {
	f, err := os.Open(file)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), key); found {
			var kilobytes int64
			if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
				return 0, false
			}
			return kilobytes << 10, true
		}
	}
	return 0, false
}
