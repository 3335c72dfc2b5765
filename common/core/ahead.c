#include "core/ahead.h"

#include <stdlib.h>

#include "base/str.h"

const char *ahead_mark(const struct ahead *ahead, const char *commit,
		       const char *of)
{
	if (!ahead->commit)
		return "";
	if (ahead->state == AHEAD_YES && ahead->of)
		return ahead->of;
	return of && same_text(ahead->commit, commit) ? of : "";
}

void ahead_release(struct ahead *ahead)
{
	free(ahead->commit);
	free(ahead->of);
	*ahead = (struct ahead){0};
}
