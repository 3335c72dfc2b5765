#include "core/lease.h"

#include <string.h>

#include "base/str.h"

static bool comes_before(const struct lease_claim *a,
			 const struct lease_claim *b)
{
	if (a->modified_s != b->modified_s)
		return a->modified_s < b->modified_s;
	return strcmp(a->key, b->key) < 0;
}

enum lease_state lease_judge(struct lease_claim *claims, size_t count,
			     const char *own, int64_t now_s)
{
	const struct lease_claim *mine = NULL;
	bool alone = true, first = true;

	for (size_t i = 0; i < count; i++) {
		if (same_text(claims[i].key, own))
			mine = &claims[i];
		/* Of a store that tells no time nobody is taken for dead. */
		claims[i].dead = mine != &claims[i] && now_s &&
				 claims[i].modified_s &&
				 now_s - claims[i].modified_s > LEASE_S;
	}
	if (!mine)
		return LEASE_LOST;
	for (size_t i = 0; i < count; i++) {
		if (&claims[i] == mine || claims[i].dead)
			continue;
		alone = false;
		first = first && !comes_before(&claims[i], mine);
	}
	if (alone)
		return LEASE_HELD;
	return first ? LEASE_WAIT : LEASE_YIELD;
}
