//go:build cgo

package blas

// #cgo LDFLAGS: -lopenblas
// #include <stddef.h>
// void openblas_set_num_threads(int);
// char *openblas_get_config(void);
// char *openblas_get_corename(void);
// // LAPACK is Fortran: everything by address, and the lengths of the strings behind the arguments.
// void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work, const int *lwork,
//              int *iwork, const int *liwork, int *info, size_t, size_t);
// static int eigen_lower(int n, double *a, double *w, double *work, int lwork, int *iwork, int liwork) {
//     int info;
//     dsyevd_("V", "L", &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);
//     return info;
// }
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/netlib/blas/netlib"
)

func init() {
	C.openblas_set_num_threads(1)
	blas32.Use(netlib.Implementation{})
	blas64.Use(netlib.Implementation{})
}

func name() string {
	words := strings.Fields(C.GoString(C.openblas_get_config()))
	return fmt.Sprintf("%s (%s)", strings.Join(words[:min(2, len(words))], " "), C.GoString(C.openblas_get_corename()))
}

func config() string { return strings.TrimSpace(C.GoString(C.openblas_get_config())) }

// maxOrder keeps dsyevd's workspace of 1 + 6n + 2n² elements countable in its int.
const maxOrder = 32766

func eigenSym(a *mat.SymDense) ([]float64, *mat.Dense, error) {
	n := a.SymmetricDim()
	if n > maxOrder {
		return nil, nil, fmt.Errorf("the order is at most %d", maxOrder)
	}
	// A's upper triangle by rows is its lower triangle by columns, which is LAPACK's order.
	raw := a.RawSymmetric()
	v := make([]float64, n*n)
	for i := range n {
		copy(v[i*n+i:(i+1)*n], raw.Data[i*raw.Stride+i:i*raw.Stride+n])
	}
	values := make([]float64, n)
	work := make([]float64, 1+6*n+2*n*n)
	iwork := make([]C.int, 3+5*n)
	info := C.eigen_lower(C.int(n), (*C.double)(unsafe.Pointer(&v[0])), (*C.double)(unsafe.Pointer(&values[0])),
		(*C.double)(unsafe.Pointer(&work[0])), C.int(len(work)), &iwork[0], C.int(len(iwork)))
	if info < 0 {
		panic(fmt.Sprintf("blas: argument %d of dsyevd is wrong", -info))
	}
	if info > 0 {
		return nil, nil, errors.New("the iteration did not converge")
	}
	// The eigenvectors are the columns of LAPACK's result, which by rows are its rows.
	for i := range n {
		for j := range i {
			v[i*n+j], v[j*n+i] = v[j*n+i], v[i*n+j]
		}
	}
	return values, mat.NewDense(n, n, v), nil
}
