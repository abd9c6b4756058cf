package kernel

import (
	"syscall"
	"unsafe"
)

// hugePage is the size of the large pages of most processors.
const hugePage = 2 << 20

// inHugePages asks the system to back a with large pages, where it is new: activations and weights are walked with strides
// for which the processor's tables of small pages are too small. It is advice only.
func inHugePages(a []float32) {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(a)))
	skip := int(-from % hugePage)
	size := (len(a)*4 - skip) / hugePage * hugePage
	if size <= 0 {
		return
	}
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(a))), len(a)*4)[skip:skip+size], syscall.MADV_HUGEPAGE)
}
