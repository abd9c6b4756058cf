package stimuli

import "gonum.org/v1/gonum/dsp/fourier"

// transform is the discrete Fourier transform of a, h×w, in place; inverse, up to
// the factor h·w, its inverse.
func transform(a []complex128, h, w int) {
	along(a, h, w, (*fourier.CmplxFFT).Coefficients)
}

func inverse(a []complex128, h, w int) {
	along(a, h, w, (*fourier.CmplxFFT).Sequence)
}

// along transforms the rows, then the columns.
func along(a []complex128, h, w int, one func(t *fourier.CmplxFFT, dst, src []complex128) []complex128) {
	t := fourier.NewCmplxFFT(w)
	row := make([]complex128, w)
	for i := range h {
		one(t, row, a[i*w:][:w])
		copy(a[i*w:], row)
	}
	t = fourier.NewCmplxFFT(h)
	column, done := make([]complex128, h), make([]complex128, h)
	for j := range w {
		for i := range column {
			column[i] = a[i*w+j]
		}
		one(t, done, column)
		for i, v := range done {
			a[i*w+j] = v
		}
	}
}

// inverseTransform returns the real part of the inverse discrete Fourier
// transform of a, h×w, without the factor 1/hw.
func inverseTransform(a []float64, h, w int) []float64 {
	wide := make([]complex128, len(a))
	for i, v := range a {
		wide[i] = complex(v, 0)
	}
	inverse(wide, h, w)
	x := make([]float64, len(a))
	for i, v := range wide {
		x[i] = real(v)
	}
	return x
}

// whiteSpectrum is the transform of white noise, h×w: the i-th of a seed.
func whiteSpectrum(seed uint64, i, h, w int) []complex128 {
	rng := generatorOf(seed, i)
	defer rng.free()
	a := make([]complex128, h*w)
	for k := range a {
		a[k] = complex(rng.NormFloat64(), 0)
	}
	transform(a, h, w)
	return a
}
