// The kernels of native.inc.h, compiled for several instruction sets; Go asks which of them the processor has.

#include "native.h"

#define LANES 16 // Go's Lanes
#define INLINE static inline __attribute__((always_inline))
#define FETCH(p) __builtin_prefetch(p, 0, 3) // a cache line, into the cache

// VECTOR is the number of floats in a register, TILE the number of output lines that are held in registers at once: TILE·LANES/VECTOR
// accumulators must hide the latency of the multiply-add and leave registers for a line and a weight. ROOT is the square root of a register.

#if defined(__x86_64__)

#include <immintrin.h>

#define NAME(f) f##_avx512
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#define VECTOR 16
#define TILE 16
#define ROOT(x) _mm512_sqrt_ps((__m512)(x))
#include "native.inc.h"

#define NAME(f) f##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define VECTOR 8
#define TILE 6
#define ROOT(x) _mm256_sqrt_ps((__m256)(x))
#include "native.inc.h"

#define NAME(f) f##_baseline
#define TARGET
#define VECTOR 4
#define TILE 2
#define ROOT(x) _mm_sqrt_ps((__m128)(x))
#include "native.inc.h"

int ventral_supported(int variant)
{
	__builtin_cpu_init();
	switch (variant) {
	case variant_avx512:
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	case variant_avx2:
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	}
	return 1;
}

#define DISPATCH(f, ...)                    \
	switch (variant) {                      \
	case variant_avx512:                    \
		f##_avx512(__VA_ARGS__);            \
		break;                              \
	case variant_avx2:                      \
		f##_avx2(__VA_ARGS__);              \
		break;                              \
	default:                                \
		f##_baseline(__VA_ARGS__);          \
	}

#else

#define NAME(f) f##_baseline
#define TARGET
#define VECTOR 4
#if defined(__aarch64__) // 32 registers
#include <arm_neon.h>
#define TILE 5
#define ROOT(x) vsqrtq_f32((float32x4_t)(x))
#else
#include <math.h>
#define TILE 2
#define ROOT(x) ((vec){sqrtf((x)[0]), sqrtf((x)[1]), sqrtf((x)[2]), sqrtf((x)[3])})
#endif
#include "native.inc.h"

int ventral_supported(int variant) { return variant == variant_baseline; }

#define DISPATCH(f, ...) f##_baseline(__VA_ARGS__)

#endif

void ventral_product(int variant, const segment *segs, const int32_t *start, int first, int last, int lines, int64_t step_m, int64_t step_r,
	const float *w, const float *x, int64_t x_block, float *y, int64_t y_block, int blocks)
{
	DISPATCH(product, segs, start, first, last, lines, step_m, step_r, w, x, x_block, y, y_block, blocks);
}

void ventral_weight_gradient(int variant, const segment *segs, const int32_t *start, int first, int last, int lines, int add,
	const float *x, int64_t x_block, const float *dy, int64_t dy_block, int stimuli, float *dw, float *scratch)
{
	DISPATCH(weight_gradient, segs, start, first, last, lines, add, x, x_block, dy, dy_block, stimuli, dw, scratch);
}

void ventral_moments(int variant, const float *x, int positions, int channels, int lanes, float *sum, float *m2)
{
	DISPATCH(moments, x, positions, channels, lanes, sum, m2);
}

void ventral_normalise(int variant, float *y, const float *x, int positions, int channels, int lanes, const float *scale, const float *shift)
{
	DISPATCH(normalise, y, x, positions, channels, lanes, scale, shift);
}

void ventral_gradient_sums(int variant, const float *dy, const float *x, int positions, int channels, const float *mean, float *sum, float *dot)
{
	DISPATCH(gradient_sums, dy, x, positions, channels, mean, sum, dot);
}

void ventral_normalise_gradient(int variant, float *dy, const float *x, int positions, int channels, int lanes, const float *a, const float *b, const float *c)
{
	DISPATCH(normalise_gradient, dy, x, positions, channels, lanes, a, b, c);
}

void ventral_add(int variant, float *y, const float *x, int64_t n)
{
	DISPATCH(add, y, x, n);
}

void ventral_relu(int variant, float *x, int64_t n)
{
	DISPATCH(relu, x, n);
}

void ventral_relu_gradient(int variant, float *dy, const float *y, int64_t n)
{
	DISPATCH(relu_gradient, dy, y, n);
}

void ventral_sgd(int variant, float rate, float momentum, float decay, float *w, const float *g, float *v, int64_t n)
{
	DISPATCH(sgd, rate, momentum, decay, w, g, v, n);
}

void ventral_adamw(int variant, const adam_step *s, float *w, const float *g, float *m, float *v, int64_t n)
{
	DISPATCH(adamw, s, w, g, m, v, n);
}
