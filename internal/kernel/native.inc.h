// One variant of the kernels, on GCC's vector extensions. native.c includes this once per instruction set, with NAME, TARGET, VECTOR
// and TILE defined. A line is LANES floats: one channel at one position, for LANES stimuli. Every sum over lines runs in the order
// of the lines, one stimulus per lane, so that variants with the same arithmetic agree bit for bit.

#define WORDS (LANES / VECTOR) // registers of a line
#define vec NAME(vec)

typedef float vec __attribute__((vector_size(VECTOR * 4), aligned(4), may_alias));

INLINE TARGET vec NAME(load)(const float *p) { return *(const vec *)p; }
INLINE TARGET void NAME(store)(float *p, vec v) { *(vec *)p = v; }

// tile sets (add: increases) M lines of y, step_y apart, to y_m = Σ_segments Σ_r w[m·step_m + r·step_r] · x_r. STEP is step_m where that
// is known at compile time, otherwise 0.
INLINE TARGET void NAME(tile)(const int M, const int STEP, const int add, float *y, int64_t step_y, const float *w, int64_t step_m, int64_t step_r,
	const float *x, const segment *segs, int count)
{
	vec sum[TILE][WORDS];
#pragma GCC unroll 16
	for (int m = 0; m < M; m++)
#pragma GCC unroll 4
		for (int v = 0; v < WORDS; v++)
			sum[m][v] = (vec){0};
	for (int s = 0; s < count; s++) {
		const float *line = x + (int64_t)segs[s].x * LANES;
		// Four rows of weights to a pointer: the processor addresses p, p+s, p+2s and p+3s.
		const float *p0 = w + segs[s].w, *p1 = p0 + 4 * step_m, *p2 = p1 + 4 * step_m, *p3 = p2 + 4 * step_m;
		for (int n = segs[s].n; n > 0; n--, line += LANES, p0 += step_r) {
			vec row[WORDS];
#pragma GCC unroll 4
			for (int v = 0; v < WORDS; v++)
				row[v] = NAME(load)(line + v * VECTOR);
#pragma GCC unroll 16
			for (int m = 0; m < M; m++) {
				const float weight = STEP ? p0[m * STEP] : (m < 4 ? p0 : m < 8 ? p1 : m < 12 ? p2 : p3)[(m & 3) * step_m];
#pragma GCC unroll 4
				for (int v = 0; v < WORDS; v++)
					sum[m][v] += weight * row[v];
			}
			if (!STEP) {
				p1 += step_r;
				p2 += step_r;
				p3 += step_r;
			}
		}
	}
#pragma GCC unroll 16
	for (int m = 0; m < M; m++)
#pragma GCC unroll 4
		for (int v = 0; v < WORDS; v++) {
			float *to = y + m * step_y + v * VECTOR;
			if (add)
				sum[m][v] += NAME(load)(to);
			NAME(store)(to, sum[m][v]);
		}
}

// tiles is tile for any M ≤ TILE.
INLINE TARGET void NAME(tiles)(int M, const int STEP, const int add, float *y, int64_t step_y, const float *w, int64_t step_m, int64_t step_r,
	const float *x, const segment *segs, int count)
{
#define CASE(m)                                                                              \
	case m:                                                                                  \
		NAME(tile)(m <= TILE ? m : 1, STEP, add, y, step_y, w, step_m, step_r, x, segs, count); \
		break;
	switch (M) {
		CASE(1)
		CASE(2)
#if TILE > 2
		CASE(3)
		CASE(4)
		CASE(5)
		CASE(6)
#endif
#if TILE > 6
		CASE(7)
		CASE(8)
		CASE(9)
		CASE(10)
		CASE(11)
		CASE(12)
		CASE(13)
		CASE(14)
		CASE(15)
		CASE(16)
#endif
	}
#undef CASE
}

// next is how many of the left lines the next tile takes, so that tiles are of about one size.
INLINE int NAME(next)(int left)
{
	const int count = (left + TILE - 1) / TILE;
	return (left + count - 1) / count;
}

#define PRODUCT(f, STEP)                                                                                                         \
	static TARGET void NAME(f)(const segment *segs, int count, int lines, int64_t step_m, int64_t step_r, const float *w, const float *x, float *y) \
	{                                                                                                                            \
		for (int m = 0, size; m < lines; m += size) {                                                                            \
			size = NAME(next)(lines - m);                                                                                        \
			NAME(tiles)(size, STEP, 0, y + (int64_t)m * LANES, LANES, w + m * step_m, step_m, step_r, x, segs, count);           \
		}                                                                                                                        \
	}
PRODUCT(product_adjacent, 1)
PRODUCT(product_apart, 0)
#undef PRODUCT

// ahead asks for the lines of the next position's segments in one block that this position's do not show: they come from memory in
// runs that are too short for the processor to foresee.
INLINE TARGET void NAME(ahead)(const segment *now, int count_now, const segment *next, int count, const float *x)
{
	for (int s = 0; s < count; s++) {
		const int end = next[s].x + next[s].n, shown = count == count_now ? now[s].x + now[s].n : 0;
		for (int line = next[s].x > shown ? next[s].x : shown; line < end; line++)
			FETCH(x + (int64_t)line * LANES);
	}
}

static TARGET void NAME(product)(const segment *segs, const int32_t *start, int first, int last, int lines, int64_t step_m, int64_t step_r,
	const float *w, const float *x, int64_t x_block, float *y, int64_t y_block, int blocks)
{
	for (int job = first; job < last; job++) {
		const segment *s = segs + start[job];
		const int count = start[job + 1] - start[job];
		for (int b = 0; b < blocks; b++) {
			const float *from = x + b * x_block;
			float *to = y + b * y_block + (int64_t)job * lines * LANES;
			if (job + 1 < last) {
				const segment *next = s + count;
				const int follow = start[job + 2] - start[job + 1];
				NAME(ahead)(s, count, next, follow, from);
				for (int i = b; i < follow; i += blocks) // its weights, a part with each block
					for (int64_t at = 0; at < (int64_t)next[i].n * lines; at += LANES)
						FETCH(w + next[i].w + at);
			}
			if (step_m == 1)
				NAME(product_adjacent)(s, count, lines, step_m, step_r, w, from, to);
			else
				NAME(product_apart)(s, count, lines, step_m, step_r, w, from, to);
		}
	}
}

// transpose writes count ≤ LANES lines as the columns of a LANES × LANES matrix, the columns that are missing as zeros.
INLINE TARGET void NAME(transpose)(float *to, const float *from, int count)
{
	typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
	typedef int index __attribute__((vector_size(16)));
	for (int i = 0; i < LANES; i += 4) {
		four z = {0}, a[4];
		for (int j = 0; j < LANES; j += 4) {
#pragma GCC unroll 4
			for (int k = 0; k < 4; k++)
				a[k] = i + k < count ? *(const four *)(from + (i + k) * LANES + j) : z;
			const four p = __builtin_shuffle(a[0], a[1], (index){0, 4, 1, 5}), q = __builtin_shuffle(a[2], a[3], (index){0, 4, 1, 5});
			const four r = __builtin_shuffle(a[0], a[1], (index){2, 6, 3, 7}), s = __builtin_shuffle(a[2], a[3], (index){2, 6, 3, 7});
			*(four *)(to + (j + 0) * LANES + i) = __builtin_shuffle(p, q, (index){0, 1, 4, 5});
			*(four *)(to + (j + 1) * LANES + i) = __builtin_shuffle(p, q, (index){2, 3, 6, 7});
			*(four *)(to + (j + 2) * LANES + i) = __builtin_shuffle(r, s, (index){0, 1, 4, 5});
			*(four *)(to + (j + 3) * LANES + i) = __builtin_shuffle(r, s, (index){2, 3, 6, 7});
		}
	}
}

#define WEIGHTS(f, ADD)                                                                                                  \
	static TARGET void NAME(f)(int M, float *dw, int64_t step, const float *x, const float *dy, const segment *segs, int count) \
	{                                                                                                                    \
		NAME(tiles)(M, LANES, ADD, dw, step, x, LANES, 1, dy, segs, count);                                              \
	}
WEIGHTS(weights_set, 0)
WEIGHTS(weights_add, 1)
#undef WEIGHTS

// weight_gradient turns the stimuli of dy into lines: a line is then LANES output channels of one stimulus, x holds the factors, and
// the sum over stimuli is a product like any other.
static TARGET void NAME(weight_gradient)(const segment *segs, const int32_t *start, int first, int last, int lines, int add,
	const float *x, int64_t x_block, const float *dy, int64_t dy_block, int stimuli, float *dw, float *scratch)
{
	const int blocks = (stimuli + LANES - 1) / LANES;
	segment *all = (segment *)scratch; // the stimuli of every block
	for (int b = 0; b < blocks; b++)
		all[b] = (segment){b * LANES, b < blocks - 1 ? LANES : stimuli - b * LANES, b * x_block};
	float *turned = scratch + blocks * (sizeof(segment) / sizeof(float));
	turned += -((uintptr_t)turned / sizeof(float)) % LANES;
	for (int job = first; job < last; job++) {
		if (job + 1 < last)
			for (int b = 0; b < blocks; b++) {
				NAME(ahead)(segs + start[job], start[job + 1] - start[job], segs + start[job + 1], start[job + 2] - start[job + 1], x + b * x_block);
				for (int m = 0; m < lines; m++)
					FETCH(dy + b * dy_block + ((int64_t)(job + 1) * lines + m) * LANES);
			}
		for (int out = 0; out < lines; out += LANES) {
			const int width = lines - out < LANES ? lines - out : LANES;
			for (int b = 0; b < blocks; b++)
				NAME(transpose)(turned + b * LANES * LANES, dy + b * dy_block + ((int64_t)job * lines + out) * LANES, width);
			for (int s = start[job]; s < start[job + 1]; s++)
				for (int m = 0, size; m < segs[s].n; m += size) {
					size = NAME(next)(segs[s].n - m);
					const float *from = x + (int64_t)(segs[s].x + m) * LANES;
					float *to = dw + segs[s].w + (int64_t)m * lines + out;
					if (width < LANES) {
						float part[TILE * LANES];
						NAME(weights_set)(size, part, LANES, from, turned, all, blocks);
						for (int i = 0; i < size; i++)
							for (int j = 0; j < width; j++)
								to[(int64_t)i * lines + j] = add ? to[(int64_t)i * lines + j] + part[i * LANES + j] : part[i * LANES + j];
					} else if (add)
						NAME(weights_add)(size, to, lines, from, turned, all, blocks);
					else
						NAME(weights_set)(size, to, lines, from, turned, all, blocks);
				}
		}
	}
}

// across is the sum of a line's lanes, in their order.
INLINE TARGET float NAME(across)(const vec *v)
{
	float lanes[LANES], sum = 0;
	for (int i = 0; i < WORDS; i++)
		NAME(store)(lanes + i * VECTOR, v[i]);
	for (int i = 0; i < LANES; i++)
		sum += lanes[i];
	return sum;
}

// mask is 1 in the first lanes and 0 in those of no stimulus.
INLINE TARGET void NAME(mask)(vec *mask, int lanes)
{
	float m[LANES];
	for (int i = 0; i < LANES; i++)
		m[i] = i < lanes;
	for (int i = 0; i < WORDS; i++)
		mask[i] = NAME(load)(m + i * VECTOR);
}

static TARGET void NAME(moments)(const float *x, int positions, int channels, int lanes, float *sum, float *m2)
{
	vec mask[WORDS];
	NAME(mask)(mask, lanes);
	for (int c = 0; c < channels; c++) {
		vec total[WORDS] = {0}, squares[WORDS] = {0};
		for (int p = 0; p < positions; p++)
			for (int v = 0; v < WORDS; v++)
				total[v] += NAME(load)(x + ((int64_t)p * channels + c) * LANES + v * VECTOR);
		sum[c] = NAME(across)(total);
		const float mean = sum[c] / ((float)positions * lanes);
		for (int p = 0; p < positions; p++)
			for (int v = 0; v < WORDS; v++) {
				const vec d = (NAME(load)(x + ((int64_t)p * channels + c) * LANES + v * VECTOR) - mean) * mask[v];
				squares[v] += d * d;
			}
		m2[c] = NAME(across)(squares);
	}
}

static TARGET void NAME(normalise)(float *y, const float *x, int positions, int channels, int lanes, const float *scale, const float *shift)
{
	vec mask[WORDS];
	NAME(mask)(mask, lanes);
	for (int p = 0; p < positions; p++)
		for (int c = 0; c < channels; c++, x += LANES, y += LANES)
			for (int v = 0; v < WORDS; v++)
				NAME(store)(y + v * VECTOR, (NAME(load)(x + v * VECTOR) * scale[c] + shift[c]) * mask[v]);
}

static TARGET void NAME(gradient_sums)(const float *dy, const float *x, int positions, int channels, const float *mean, float *sum, float *dot)
{
	for (int c = 0; c < channels; c++) {
		vec total[WORDS] = {0}, product[WORDS] = {0};
		for (int p = 0; p < positions; p++)
			for (int v = 0; v < WORDS; v++) {
				const int64_t at = ((int64_t)p * channels + c) * LANES + v * VECTOR;
				const vec d = NAME(load)(dy + at);
				total[v] += d;
				product[v] += d * (NAME(load)(x + at) - mean[c]);
			}
		sum[c] = NAME(across)(total);
		dot[c] = NAME(across)(product);
	}
}

static TARGET void NAME(normalise_gradient)(float *dy, const float *x, int positions, int channels, int lanes, const float *a, const float *b, const float *c)
{
	vec mask[WORDS];
	NAME(mask)(mask, lanes);
	for (int p = 0; p < positions; p++)
		for (int i = 0; i < channels; i++, x += LANES, dy += LANES)
			for (int v = 0; v < WORDS; v++)
				NAME(store)(dy + v * VECTOR, (NAME(load)(dy + v * VECTOR) * a[i] + NAME(load)(x + v * VECTOR) * b[i] + c[i]) * mask[v]);
}

static TARGET void NAME(add)(float *y, const float *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] += x[i];
}

static TARGET void NAME(relu)(float *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = x[i] < 0 ? 0 : x[i];
}

static TARGET void NAME(relu_gradient)(float *dy, const float *y, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		dy[i] = y[i] > 0 ? dy[i] : 0;
}

static TARGET void NAME(sgd)(float rate, float momentum, float decay, float *w, const float *g, float *v, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		v[i] = momentum * v[i] + (g[i] + decay * w[i]);
		w[i] -= rate * v[i];
	}
}

static TARGET void NAME(adamw)(const adam_step *s, float *w, const float *g, float *m, float *v, int64_t n)
{
	for (int64_t i = 0; i < n; i += VECTOR) {
		float rest[4][VECTOR] = {{0}}; // the last, incomplete vector
		const int count = n - i < VECTOR ? n - i : VECTOR;
		float *const array[4] = {w + i, (float *)g + i, m + i, v + i};
		float *at[4];
		for (int k = 0; k < 4; k++) {
			at[k] = array[k];
			if (count < VECTOR) {
				at[k] = rest[k];
				for (int j = 0; j < count; j++)
					rest[k][j] = array[k][j];
			}
		}
		const vec grad = NAME(load)(at[1]) + s->l2 * NAME(load)(at[0]);
		const vec m1 = s->beta1 * NAME(load)(at[2]) + s->rest1 * grad;
		const vec v1 = s->beta2 * NAME(load)(at[3]) + s->rest2 * grad * grad;
		NAME(store)(at[0], s->keep * NAME(load)(at[0]) - s->step * m1 / ((vec)ROOT(v1) * s->root + s->epsilon));
		NAME(store)(at[2], m1);
		NAME(store)(at[3], v1);
		if (count < VECTOR)
			for (int k = 0; k < 4; k++)
				if (k != 1)
					for (int j = 0; j < count; j++)
						array[k][j] = rest[k][j];
	}
}

#undef WORDS
#undef vec
#undef NAME
#undef TARGET
#undef VECTOR
#undef TILE
#undef ROOT
