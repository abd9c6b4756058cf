//go:build !cgo

package kernel

// nativeVariants: without cgo there is the portable Go only.
func nativeVariants() []*Variant { return nil }
