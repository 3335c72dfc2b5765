/*
 * Which of the known words is most like one that is not: "did you mean".
 *
 *	struct nearest nearest = {.word = "grafana"};
 *
 *	for (...)
 *		nearest_offer(&nearest, names[i]);
 *	if (nearest.best)
 *		err_hint(err, "did you mean '%s'?", nearest.best);
 *
 * Likeness is the number of letters to insert, drop, replace or swap
 * (optimal string alignment); more than a third of the word is no likeness.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

#define NEAREST_WORD_MAX 64 /* bytes; longer words are like nothing */

struct nearest {
	const char *word;
	const char *best; /* borrowed; NULL = none is like it */
	size_t distance;
};

/* Keep @candidate if it is more like the word than the best so far. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
