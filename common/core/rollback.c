#include "core/rollback.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

void rollback_add_description(struct str *text, int64_t to, const char *run)
{
	str_addf(text, "Rollback to %lld", (long long)to);
	if (run)
		str_addf(text, " by Slipway, run %s", run);
}

void rollback_add_mark(struct str *text, int64_t revision, int64_t now,
		       const char *description)
{
	str_addf(text, "%lld ", (long long)revision);
	clock_add_rfc3339(text, now);
	str_addf(text, " %s", description);
}

/* Cut off the first word of *@rest, if another follows; NULL: none does. */
static char *cut_word(const char **rest)
{
	const char *blank = *rest ? strchr(*rest, ' ') : NULL;
	char *word = blank ? xmemdupz(*rest, (size_t)(blank - *rest)) : NULL;

	if (blank)
		*rest = blank + 1;
	return word;
}

bool rollback_is_ours(const char *mark, int64_t revision, int64_t created,
		      const char *description)
{
	CLEANUP(free_ptr) char *number = cut_word(&mark);
	CLEANUP(free_ptr) char *time = number ? cut_word(&mark) : NULL;
	int64_t marked, when;

	return time && num_parse_int64(number, &marked) && marked == revision &&
	       clock_parse_rfc3339(time, strlen(time), &when) &&
	       created >= when - ROLLBACK_SKEW_S &&
	       created <= when + ROLLBACK_BEGIN_S + ROLLBACK_SKEW_S &&
	       same_text(mark, description);
}
