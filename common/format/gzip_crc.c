#include "format/gzip_crc.h"

#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL 0xedb88320u /* of CRC-32, its bits reflected */
#define SLICES	   4

/* What a byte does to the register when as many others come behind it. */
static uint32_t tables[SLICES][256];

static void fill_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		tables[0][i] = i;
		for (int bit = 0; bit < 8; bit++)
			tables[0][i] = tables[0][i] >> 1 ^
				       (tables[0][i] & 1 ? POLYNOMIAL : 0);
	}
	for (size_t slice = 1; slice < SLICES; slice++) {
		for (size_t i = 0; i < 256; i++) {
			uint32_t before = tables[slice - 1][i];

			tables[slice][i] =
				before >> 8 ^ tables[0][before & 0xff];
		}
	}
}

static uint32_t by_tables(uint32_t state, const unsigned char *bytes,
			  size_t len)
{
	if (!tables[0][1])
		fill_tables();
	for (; len >= SLICES; len -= SLICES, bytes += SLICES)
		state = tables[3][(state ^ bytes[0]) & 0xff] ^
			tables[2][(state >> 8 ^ bytes[1]) & 0xff] ^
			tables[1][(state >> 16 ^ bytes[2]) & 0xff] ^
			tables[0][state >> 24 ^ bytes[3]];
	for (; len; len--)
		state = state >> 8 ^ tables[0][(state ^ *bytes++) & 0xff];
	return state;
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define LANES 4
#define STEP  (LANES * sizeof(__m128i)) /* bytes of a round */
#define FAST  __attribute__((target("pclmul")))

/*
 * A lane is a polynomial that is moved on by the distance to the next bytes
 * of it: its halves times x^(distance + 32) and x^(distance - 32) modulo
 * that of CRC-32, all with their bits reflected.
 */
static const uint64_t by_step[2] = {0x154442bd4, 0x1c6e41596};
static const uint64_t by_lane[2] = {0x1751997d0, 0x0ccaa009e};

FAST static __m128i load(const void *bytes)
{
	__m128i lane;

	memcpy(&lane, bytes, sizeof(lane));
	return lane;
}

FAST static __m128i move_on(__m128i lane, __m128i distance, __m128i next)
{
	__m128i low = _mm_clmulepi64_si128(lane, distance, 0x00);
	__m128i high = _mm_clmulepi64_si128(lane, distance, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/*
 * Make 16 bytes of @rounds * STEP: with a register of zeros before them, they
 * leave in it what those leave in one with @state.
 */
FAST static void fold(uint32_t state, const unsigned char *bytes, size_t rounds,
		      unsigned char folded[sizeof(__m128i)])
{
	__m128i step = load(by_step), one = load(by_lane);
	__m128i lanes[LANES], all;

	for (size_t i = 0; i < LANES; i++)
		lanes[i] = load(bytes + i * sizeof(all));
	lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128((int)state));
	for (size_t round = 1; round < rounds; round++) {
		bytes += STEP;
		/* Only so do they stay in registers. */
#pragma GCC unroll 4
		for (size_t i = 0; i < LANES; i++)
			lanes[i] = move_on(lanes[i], step,
					   load(bytes + i * sizeof(all)));
	}
	all = lanes[0];
	for (size_t i = 1; i < LANES; i++)
		all = move_on(all, one, lanes[i]);
	memcpy(folded, &all, sizeof(all));
}

static uint32_t by_rounds(uint32_t state, const unsigned char *bytes,
			  size_t rounds)
{
	unsigned char folded[sizeof(__m128i)];

	fold(state, bytes, rounds, folded);
	return by_tables(0, folded, sizeof(folded));
}

/*
 * Asked for by itself: __builtin_cpu_supports() asks for all that there is at
 * the start of every program, and in a virtual machine each question is a trap.
 */
static bool multiplies_without_carries(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx & bit_PCLMUL;
}

static size_t rounds_in(size_t len)
{
	static enum {
		UNKNOWN,
		SLOW,
		FAST_ENOUGH
	} speed;

	if (speed == UNKNOWN)
		speed = multiplies_without_carries() ? FAST_ENOUGH : SLOW;
	return speed == SLOW ? 0 : len / STEP;
}
#else
#define STEP 1

static uint32_t by_rounds(uint32_t state, const unsigned char *bytes,
			  size_t rounds)
{
	(void)bytes;
	(void)rounds;
	return state;
}

static size_t rounds_in(size_t len)
{
	(void)len;
	return 0;
}
#endif

uint32_t gzip_crc(uint32_t sum, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	size_t rounds = rounds_in(len);
	uint32_t state = ~sum;

	if (rounds)
		state = by_rounds(state, at, rounds);
	at += rounds * STEP;
	return ~by_tables(state, at, len - rounds * STEP);
}
