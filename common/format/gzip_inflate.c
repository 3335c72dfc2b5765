#include "format/gzip_inflate.h"

#include <string.h>

#include "format/gzip_format.h"
#include "format/gzip_huffman.h"

#define FIXED_DISTANCES 32 /* two of them of no use */
#define MATCH_BITS	48 /* at most, of its codes and what they leave out */
#define WIDE		16 /* bytes that are copied at once */

/* Kinds of entries that are no matches. */
enum {
	LITERAL = 0x20,
	END = 0x40,
	BAD = 0x80,
	NO_MATCH = LITERAL | END | BAD,
};

/* Bits of codes that are looked up at once. */
enum {
	LITERAL_BITS = INFLATE_FAST_MAX,
	DISTANCE_BITS = 8,
	PACKED_BITS = DEFLATE_PACKED_LENGTH,
};

/* --- bits ---------------------------------------------------------------- */

/* At least 56 bits. */
static inline void refill(struct inflate_input *in)
{
	if (in->end - in->next >= 8 &&
	    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		uint64_t word;

		memcpy(&word, in->next, sizeof(word));
		in->bits |= word << in->count;
		in->next += (63 - in->count) / 8;
		in->count |= 56;
		return;
	}
	for (; in->count < 56; in->count += 8) {
		if (in->next < in->end)
			in->bits |= (uint64_t)*in->next++ << in->count;
		else
			in->missing++;
	}
}

static inline unsigned int take(struct inflate_input *in, unsigned int len)
{
	unsigned int value = (unsigned int)in->bits & ((1u << len) - 1);

	in->bits >>= len;
	in->count -= len;
	return value;
}

static unsigned int take_new(struct inflate_input *in, unsigned int len)
{
	refill(in);
	return take(in, len);
}

/* Was anything taken that is not there? */
static inline bool is_cut(const struct inflate_input *in)
{
	return in->missing * 8 > in->count;
}

static bool fail(struct gzip_inflate *inflate, const char *fault)
{
	inflate->fault = is_cut(&inflate->in) ? NULL : fault;
	return false;
}

/* The byte behind those of which bits were taken. */
static const unsigned char *first_left(const struct inflate_input *in)
{
	return in->next - (in->count / 8 - in->missing);
}

const unsigned char *inflate_rest(const struct gzip_inflate *inflate)
{
	return first_left(&inflate->in);
}

/* --- codes --------------------------------------------------------------- */

/* The least number that has the code, and how many bits make it another. */
static struct inflate_entry base_of(unsigned int code, unsigned int mantissa,
				    unsigned int least)
{
	unsigned int one = 1u << mantissa, extra = 0, base = code;

	if (code >= one) {
		extra = (code >> mantissa) - 1;
		base = (one + (code & (one - 1))) << extra;
	}
	return (struct inflate_entry){
		.value = (uint16_t)(base + least),
		.kind = (uint8_t)extra,
	};
}

static struct inflate_entry literal_of(unsigned int symbol)
{
	if (symbol < DEFLATE_END)
		return (struct inflate_entry){.value = (uint16_t)symbol,
					      .kind = LITERAL};
	if (symbol == DEFLATE_END)
		return (struct inflate_entry){.kind = END};
	if (symbol >= DEFLATE_LITERALS)
		return (struct inflate_entry){.kind = BAD};
	if (symbol == DEFLATE_LENGTHS + DEFLATE_LONGEST)
		return (struct inflate_entry){.value = DEFLATE_MATCH_MAX};
	return base_of(symbol - DEFLATE_LENGTHS, DEFLATE_LENGTH_MANTISSA,
		       DEFLATE_MATCH_MIN);
}

static struct inflate_entry entry_of(const struct inflate_code *code,
				     unsigned int symbol, unsigned int len)
{
	struct inflate_entry entry;

	if (!code->for_distances)
		entry = literal_of(symbol);
	else if (symbol < DEFLATE_DISTANCES)
		entry = base_of(symbol, DEFLATE_DISTANCE_MANTISSA, 1);
	else
		entry = (struct inflate_entry){.kind = BAD};
	entry.len = (uint8_t)len;
	return entry;
}

/* As zlib: whole, or a single code of one bit, or none at all. */
static bool is_tree(const struct inflate_code *code, bool may_be_single)
{
	int left = 1;
	unsigned int used = 0;

	for (size_t len = 1; len <= HUFFMAN_LENGTH_MAX; len++) {
		left = 2 * left - code->of_length[len];
		used += code->of_length[len];
		if (left < 0)
			return false;
	}
	return !left || !used ||
	       (may_be_single && used == 1 && code->of_length[1]);
}

static void sort_symbols(struct inflate_code *code,
			 const struct huffman_code *codes, size_t symbols)
{
	unsigned int next[HUFFMAN_LENGTH_MAX + 2] = {0};

	for (size_t len = 1; len <= HUFFMAN_LENGTH_MAX; len++)
		next[len + 1] = next[len] + code->of_length[len];
	for (size_t i = 0; i < symbols; i++) {
		if (codes[i].len)
			code->sorted[next[codes[i].len]++] = (uint16_t)i;
	}
}

static void fill_fast(struct inflate_code *code,
		      const struct huffman_code *codes, size_t symbols)
{
	memset(code->fast, 0, sizeof(*code->fast) << code->fast_bits);
	for (size_t i = 0; i < symbols; i++) {
		unsigned int len = codes[i].len;
		struct inflate_entry entry;

		if (!len || len > code->fast_bits)
			continue;
		entry = entry_of(code, (unsigned int)i, len);
		for (size_t at = codes[i].bits;
		     at < (size_t)1 << code->fast_bits; at += (size_t)1 << len)
			code->fast[at] = entry;
	}
}

/* @codes have their lengths only. */
static bool build(struct inflate_code *code, unsigned int fast_bits,
		  struct huffman_code *codes, size_t symbols,
		  bool may_be_single)
{
	code->fast_bits = fast_bits;
	memset(code->of_length, 0, sizeof(code->of_length));
	for (size_t i = 0; i < symbols; i++)
		code->of_length[codes[i].len]++;
	code->of_length[0] = 0;
	if (!is_tree(code, may_be_single))
		return false;
	huffman_assign(codes, symbols);
	sort_symbols(code, codes, symbols);
	fill_fast(code, codes, symbols);
	return true;
}

/* Bit by bit, for the long codes; they are ascending in each length. */
static unsigned int find_symbol(const struct inflate_code *code, uint64_t bits,
				unsigned int *len)
{
	unsigned int value = 0, first = 0, index = 0;

	for (*len = 1; *len <= HUFFMAN_LENGTH_MAX; ++*len) {
		unsigned int count = code->of_length[*len];

		value = value << 1 | (bits & 1);
		bits >>= 1;
		first <<= 1;
		if (value - first < count)
			return code->sorted[index + value - first];
		index += count;
		first += count;
	}
	*len = 0;
	return DEFLATE_LITERALS_CODE;
}

static struct inflate_entry decode_long(uint64_t bits,
					const struct inflate_code *code)
{
	unsigned int len;
	unsigned int symbol = find_symbol(code, bits, &len);

	return entry_of(code, symbol, len);
}

static inline struct inflate_entry decode(struct inflate_input *in,
					  const struct inflate_code *code,
					  unsigned int fast_bits)
{
	struct inflate_entry entry =
		code->fast[in->bits & ((1u << fast_bits) - 1)];

	if (!entry.len)
		entry = decode_long(in->bits, code);
	(void)take(in, entry.len);
	return entry;
}

/* --- heads of blocks ----------------------------------------------------- */

static bool start_stored(struct gzip_inflate *inflate)
{
	struct inflate_input *in = &inflate->in;
	unsigned int len, inverted;

	(void)take(in, in->count % 8);
	len = take_new(in, 16);
	inverted = take(in, 16);
	if (is_cut(in) || len != (inverted ^ 0xffff))
		return fail(inflate, "invalid stored block lengths");
	*in = (struct inflate_input){.next = first_left(in), .end = in->end};
	inflate->stored = true;
	inflate->stored_left = len;
	return true;
}

static bool start_fixed(struct gzip_inflate *inflate)
{
	struct huffman_code codes[DEFLATE_LITERALS_CODE] = {0};

	for (size_t i = 0; i < DEFLATE_LITERALS_CODE; i++)
		codes[i].len = (uint8_t)deflate_fixed_literal(i);
	(void)build(&inflate->literals, LITERAL_BITS, codes,
		    DEFLATE_LITERALS_CODE, false);
	for (size_t i = 0; i < FIXED_DISTANCES; i++)
		codes[i].len = DEFLATE_FIXED_DISTANCE;
	(void)build(&inflate->distances, DISTANCE_BITS, codes, FIXED_DISTANCES,
		    false);
	return true;
}

/* The code that the lengths of the other two are written in. */
static bool read_packed(struct gzip_inflate *inflate, size_t count,
			struct inflate_code *packed)
{
	struct huffman_code codes[DEFLATE_PACKED] = {0};

	for (size_t i = 0; i < count; i++)
		codes[deflate_packed_order[i]].len =
			(uint8_t)take_new(&inflate->in, 3);
	packed->for_distances = false;
	return build(packed, PACKED_BITS, codes, DEFLATE_PACKED, false) ||
	       fail(inflate, "invalid code lengths set");
}

/* How often the length stands there that @symbol is or tells to repeat. */
static size_t repeats(struct inflate_input *in, unsigned int symbol)
{
	switch (symbol) {
	case DEFLATE_SAME:
		return 3 + take(in, 2);
	case DEFLATE_ZEROS:
		return 3 + take(in, 3);
	case DEFLATE_MANY_ZEROS:
		return 11 + take(in, 7);
	default:
		return 1;
	}
}

static bool read_lengths(struct gzip_inflate *inflate,
			 const struct inflate_code *packed,
			 struct huffman_code *codes, size_t count)
{
	struct inflate_input *in = &inflate->in;
	unsigned int len = 0;

	for (size_t at = 0; at < count;) {
		struct inflate_entry entry;
		size_t times;

		refill(in);
		entry = decode(in, packed, PACKED_BITS);
		if (entry.kind != LITERAL)
			return fail(inflate, "invalid code lengths set");
		times = repeats(in, entry.value);
		if (times > count - at || (entry.value == DEFLATE_SAME && !at))
			return fail(inflate, "invalid bit length repeat");
		if (entry.value != DEFLATE_SAME)
			len = entry.value < DEFLATE_SAME ? entry.value : 0;
		for (; times; times--)
			codes[at++].len = (uint8_t)len;
	}
	return true;
}

static bool start_dynamic(struct gzip_inflate *inflate)
{
	struct huffman_code codes[DEFLATE_LITERALS + DEFLATE_DISTANCES] = {0};
	struct inflate_code *packed = &inflate->literals; /* for the while */
	struct inflate_input *in = &inflate->in;
	size_t literals = DEFLATE_LENGTHS + take_new(in, 5);
	size_t distances = 1 + take(in, 5);

	if (literals > DEFLATE_LITERALS || distances > DEFLATE_DISTANCES)
		return fail(inflate, "too many length or distance symbols");
	if (!read_packed(inflate, DEFLATE_PACKED_MIN + take(in, 4), packed) ||
	    !read_lengths(inflate, packed, codes, literals + distances))
		return false;
	if (!codes[DEFLATE_END].len)
		return fail(inflate, "invalid code -- missing end-of-block");
	if (!build(&inflate->literals, LITERAL_BITS, codes, literals, true))
		return fail(inflate, "invalid literal/lengths set");
	return build(&inflate->distances, DISTANCE_BITS, codes + literals,
		     distances, true) ||
	       fail(inflate, "invalid distances set");
}

static bool start_block(struct gzip_inflate *inflate)
{
	unsigned int kind;

	inflate->last_block = take_new(&inflate->in, 1);
	kind = take(&inflate->in, 2);
	inflate->in_block = true;
	inflate->stored = false;
	inflate->literals.for_distances = false;
	inflate->distances.for_distances = true;
	switch (kind) {
	case DEFLATE_STORED:
		return start_stored(inflate);
	case DEFLATE_FIXED:
		return start_fixed(inflate);
	case DEFLATE_DYNAMIC:
		return start_dynamic(inflate);
	default:
		return fail(inflate, "invalid block type");
	}
}

/* --- their content ------------------------------------------------------- */

static void end_block(struct gzip_inflate *inflate)
{
	inflate->in_block = false;
	inflate->ended = inflate->last_block;
}

static bool copy_stored(struct gzip_inflate *inflate, unsigned char *out,
			size_t *at, size_t size)
{
	struct inflate_input *in = &inflate->in;
	size_t part = inflate->stored_left;

	if (part > size - *at)
		part = size - *at;
	if (part > (size_t)(in->end - in->next)) {
		inflate->fault = NULL;
		return false;
	}
	memcpy(out + *at, in->next, part);
	*at += part;
	in->next += part;
	inflate->stored_left -= part;
	if (!inflate->stored_left)
		end_block(inflate);
	return true;
}

/* May write up to WIDE bytes too many. */
static inline void copy_match(unsigned char *to, size_t distance, size_t len)
{
	const unsigned char *from = to - distance;
	const unsigned char *end = to + len;

	if (distance == 1) {
		memset(to, *from, len);
		return;
	}
	if (distance < WIDE) {
		while (to < end)
			*to++ = *from++;
		return;
	}
	for (; to < end; to += WIDE, from += WIDE)
		memcpy(to, from, WIDE);
}

/* Why it went no further. */
enum stop {
	NO_ROOM,
	AT_END,
	BAD_LITERAL,
	BAD_DISTANCE,
	TOO_FAR,
};

/* What is changed all the time is local, so that it stays in registers. */
static enum stop decode_all(const struct gzip_inflate *inflate,
			    struct inflate_input *rest, unsigned char *out,
			    size_t *done, size_t size)
{
	struct inflate_input in = *rest;
	enum stop stop = NO_ROOM;
	size_t at = *done;

	while (size - at >= INFLATE_ROOM && !is_cut(&in)) {
		struct inflate_entry entry;
		size_t len, distance;

		if (in.count < MATCH_BITS)
			refill(&in);
		entry = decode(&in, &inflate->literals, LITERAL_BITS);
		if (entry.kind == LITERAL) {
			out[at++] = (unsigned char)entry.value;
			continue;
		}
		if (entry.kind & NO_MATCH) {
			stop = entry.kind == END ? AT_END : BAD_LITERAL;
			break;
		}
		len = entry.value + take(&in, entry.kind);
		entry = decode(&in, &inflate->distances, DISTANCE_BITS);
		if (entry.kind == BAD) {
			stop = BAD_DISTANCE;
			break;
		}
		distance = entry.value + take(&in, entry.kind);
		if (distance > at) {
			stop = TOO_FAR;
			break;
		}
		copy_match(out + at, distance, len);
		at += len;
	}
	*rest = in;
	*done = at;
	return stop;
}

static bool expand(struct gzip_inflate *inflate, unsigned char *out, size_t *at,
		   size_t size)
{
	static const char *const faults[] = {
		[BAD_LITERAL] = "invalid literal/length code",
		[BAD_DISTANCE] = "invalid distance code",
		[TOO_FAR] = "invalid distance too far back",
	};
	enum stop stop = decode_all(inflate, &inflate->in, out, at, size);

	if (is_cut(&inflate->in) || faults[stop])
		return fail(inflate, faults[stop]);
	if (stop == AT_END)
		end_block(inflate);
	return true;
}

void inflate_start(struct gzip_inflate *inflate, const void *bytes, size_t len)
{
	inflate->ended = false;
	inflate->fault = NULL;
	inflate->in = (struct inflate_input){
		.next = bytes, .end = (const unsigned char *)bytes + len};
	inflate->in_block = false;
}

bool inflate_run(struct gzip_inflate *inflate, unsigned char *out, size_t *at,
		 size_t size)
{
	while (!inflate->ended && size - *at >= INFLATE_ROOM) {
		if (!inflate->in_block && !start_block(inflate))
			return false;
		if (inflate->stored ? !copy_stored(inflate, out, at, size)
				    : !expand(inflate, out, at, size))
			return false;
	}
	return true;
}
