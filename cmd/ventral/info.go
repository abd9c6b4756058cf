package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/sys/cpu"

	"ventral/internal/blas"
	"ventral/internal/hdf5"
	"ventral/internal/kernel"
	"ventral/internal/memory"
)

var infoVerb = verb{
	name:    "info",
	summary: "tell what the program was built with and what it finds on this machine",
	detail: `
Tells the version, the processor and which of its instructions are used, the BLAS
and the HDF5 library, threads, memory and the cache folder; and, below, what makes
it slower than it could be.

  ventral info
  ventral info --json - | jq .blas`,
	json: `
  version, revision     of the program: Go's module version, and the commit
  program               what run.json has as the version
  go, os, arch, cgo     what it was built with, and for
  cpu, cpu_features     the processor, and its vector instructions
  kernels               the kernels in use; kernel_variants: that this machine
                        can run
  blas, blas_config     the library and its build
  hdf5                  its version, or none
  threads, cores        that are used, and that there are
  blas_threads          that one call to it uses: 1 of OpenBLAS, as the program
                        calls it on all threads
  memory_available      bytes
  cache                 folder of ventral fetch
  hints                 what makes it slow`,
	flags: func(*pflag.FlagSet) action {
		return func(_ context.Context, t *terminal) error {
			m := inspectMachine()
			return t.result(m, func() { m.write(t) })
		}
	},
}

// A machine is what ventral info tells.
type machine struct {
	Version         string   `json:"version"`
	Revision        string   `json:"revision"`
	Program         string   `json:"program"`
	Go              string   `json:"go"`
	OS              string   `json:"os"`
	Arch            string   `json:"arch"`
	Cgo             bool     `json:"cgo"`
	CPU             string   `json:"cpu"`
	CPUFeatures     []string `json:"cpu_features"`
	Kernels         string   `json:"kernels"`
	KernelVariants  []string `json:"kernel_variants"`
	BLAS            string   `json:"blas"`
	BLASConfig      string   `json:"blas_config"`
	BLASThreads     int      `json:"blas_threads"`
	HDF5            string   `json:"hdf5"`
	Threads         int      `json:"threads"`
	Cores           int      `json:"cores"`
	MemoryAvailable int64    `json:"memory_available"` // bytes, 0 where it is not known
	Cache           string   `json:"cache"`
	Hints           []string `json:"hints"`
}

func inspectMachine() *machine {
	m := &machine{
		Version: "(devel)", Program: version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Cgo: hdf5.Available,
		CPU: cpuModel(), CPUFeatures: cpuFeatures(), Kernels: kernel.Name(), BLAS: blas.Name(), BLASConfig: blas.Config(), BLASThreads: 1,
		HDF5: hdf5.Version(), Threads: runtime.GOMAXPROCS(0), Cores: runtime.NumCPU(), Hints: []string{},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		m.Version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				m.Revision = s.Value
			}
		}
	}
	for _, v := range kernel.Variants() {
		m.KernelVariants = append(m.KernelVariants, v.Name())
	}
	if !m.Cgo {
		m.BLASThreads = m.Threads
	}
	m.MemoryAvailable, _ = memory.Available()
	m.Cache, _ = cacheFolder()
	m.hint()
	return m
}

// hint tells what makes the program slow here.
func (m *machine) hint() {
	if !m.Cgo {
		m.Hints = append(m.Hints, "built without cgo: the kernels and the BLAS are plain Go, some ten times slower, and there is no HDF5; build with CGO_ENABLED=1, a C compiler, OpenBLAS and HDF5")
	}
	if forced := os.Getenv("OPENBLAS_CORETYPE"); m.Cgo && forced != "" && cpu.X86.HasAVX512F && !strings.Contains(m.BLAS, "SkylakeX") && !strings.Contains(m.BLAS, "Cooperlake") && !strings.Contains(m.BLAS, "Sapphire") {
		m.Hints = append(m.Hints, "OPENBLAS_CORETYPE="+forced+" makes OpenBLAS use kernels without AVX-512, which this processor has: unset it, or name SkylakeX (the last bits of results change)")
	}
	if m.Threads < m.Cores {
		m.Hints = append(m.Hints, fmt.Sprintf("%d of %d cores are used: --threads, GOMAXPROCS or a limit of the container says so", m.Threads, m.Cores))
	}
}

// cpuModel is the processor's name, where Linux tells it.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// cpuFeatures are the vector instructions that kernels know to use.
func cpuFeatures() []string {
	has := []string{}
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"AVX2", cpu.X86.HasAVX2}, {"FMA", cpu.X86.HasFMA}, {"AVX-512F", cpu.X86.HasAVX512F}, {"NEON", cpu.ARM64.HasASIMD},
	} {
		if f.has {
			has = append(has, f.name)
		}
	}
	return has
}

// write prints what there is, a line each.
func (m *machine) write(t *terminal) {
	or := func(value, other string) string {
		if value == "" {
			return other
		}
		return value
	}
	memory := "unknown"
	if m.MemoryAvailable > 0 {
		memory = gigabytes(m.MemoryAvailable) + " available"
	}
	cgo := "with cgo"
	if !m.Cgo {
		cgo = "without cgo"
	}
	threadsOfBLAS := ", one thread in each of the program's"
	if !m.Cgo {
		threadsOfBLAS = ""
	}
	for _, line := range [][2]string{
		{"version", m.Version + ", " + or(m.Revision, m.Program)},
		{"built with", fmt.Sprintf("%s for %s/%s, %s", m.Go, m.OS, m.Arch, cgo)},
		{"processor", fmt.Sprintf("%s (%s)", m.CPU, or(strings.Join(m.CPUFeatures, ", "), "no vector instructions that are used"))},
		{"kernels", fmt.Sprintf("%s (of %s)", m.Kernels, strings.Join(m.KernelVariants, ", "))},
		{"BLAS", m.BLAS + threadsOfBLAS},
		{"", m.BLASConfig},
		{"HDF5", m.HDF5},
		{"threads", fmt.Sprintf("%d, on %s", m.Threads, counted(m.Cores, "core"))},
		{"memory", memory},
		{"cache", or(m.Cache, "none")},
	} {
		if line[1] != "" {
			fmt.Fprintf(t.out, "%-11s %s\n", line[0], hanging(line[1], 12, t.width()))
		}
	}
	for _, h := range m.Hints {
		fmt.Fprintf(t.out, "slow: %s\n", hanging(h, 6, t.width()))
	}
}
