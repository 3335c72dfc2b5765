#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Both are at most NEAREST_WORD_MAX long; case does not count. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = folded(a[i - 1]), y = folded(b[j - 1]);
			bool swapped = i > 1 && j > 1 &&
				       x == folded(b[j - 2]) &&
				       y == folded(a[i - 2]);

			row[j] = least(least(above[j], row[j - 1]) + 1,
				       above[j - 1] + (x == y ? 0 : 1));
			if (swapped)
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t len = strlen(nearest->word), other = strlen(candidate);
	size_t most = len / 3, found;

	if (len > NEAREST_WORD_MAX || other > NEAREST_WORD_MAX || other == 0)
		return;
	found = distance(nearest->word, len, candidate, other);
	if (found > most || (nearest->best && found >= nearest->distance))
		return;
	nearest->best = candidate;
	nearest->distance = found;
}
