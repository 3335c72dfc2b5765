#include "core/rollback.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

void rollback_add_mark(struct str *text, int64_t revision, int64_t now)
{
	str_addf(text, "%lld ", (long long)revision);
	clock_add_rfc3339(text, now);
}

bool rollback_is_ours(const char *mark, int64_t revision, int64_t created)
{
	const char *blank = mark ? strchr(mark, ' ') : NULL;
	CLEANUP(free_ptr) char *number = NULL;
	int64_t marked, when;

	if (!blank)
		return false;
	number = xmemdupz(mark, (size_t)(blank - mark));
	return num_parse_int64(number, &marked) && marked == revision &&
	       clock_parse_rfc3339(blank + 1, strlen(blank + 1), &when) &&
	       created >= when - ROLLBACK_SKEW_S &&
	       created <= when + ROLLBACK_BEGIN_S + ROLLBACK_SKEW_S;
}
