// What Go calls in native.c. Layouts and meanings are documented on the Go side, at operations in kernel.go.

#include <stdint.h>

typedef struct {
	int32_t x, n;
	int64_t w;
} segment; // Go's Segment

typedef struct {
	float keep, beta1, rest1, beta2, rest2, step, root, epsilon, l2;
} adam_step; // Go's adamStep

// The variants, best first, by what the processor must have.
enum { variant_avx512, variant_avx2, variant_baseline, variant_count };

int ventral_supported(int variant);

void ventral_product(int variant, const segment *segs, const int32_t *start, int first, int last, int lines, int64_t step_m, int64_t step_r,
	const float *w, const float *x, int64_t x_block, float *y, int64_t y_block, int blocks);
void ventral_weight_gradient(int variant, const segment *segs, const int32_t *start, int first, int last, int lines, int add,
	const float *x, int64_t x_block, const float *dy, int64_t dy_block, int stimuli, float *dw, float *scratch);
void ventral_moments(int variant, const float *x, int positions, int channels, int lanes, float *sum, float *m2);
void ventral_normalise(int variant, float *y, const float *x, int positions, int channels, int lanes, const float *scale, const float *shift);
void ventral_gradient_sums(int variant, const float *dy, const float *x, int positions, int channels, const float *mean, float *sum, float *dot);
void ventral_normalise_gradient(int variant, float *dy, const float *x, int positions, int channels, int lanes, const float *a, const float *b, const float *c);
void ventral_add(int variant, float *y, const float *x, int64_t n);
void ventral_relu(int variant, float *x, int64_t n);
void ventral_relu_gradient(int variant, float *dy, const float *y, int64_t n);
void ventral_sgd(int variant, float rate, float momentum, float decay, float *w, const float *g, float *v, int64_t n);
void ventral_adamw(int variant, const adam_step *s, float *w, const float *g, float *m, float *v, int64_t n);
