#include "core/glob.h"

#include <fnmatch.h>
#include <string.h>
#include <wctype.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"

/*
 * Skip "[:alpha:]", "[.x.]" or "[=x=]" at @text; NULL: it does not end, or
 * there is no such class.
 */
static const char *skip_class(const char *text)
{
	const char end[] = {text[1], ']', '\0'};
	const char *close = strstr(text + 2, end);
	CLEANUP(free_ptr) char *name = NULL;

	if (!close)
		return NULL;
	name = xmemdupz(text + 2, (size_t)(close - text - 2));
	return text[1] != ':' || wctype(name) ? close + 2 : NULL;
}

/* Skip the set that @text begins; NULL with *@fault: it is none. */
static const char *skip_set(const char *text, const char **fault)
{
	const char *at = text + 1;

	at += *at == '!' || *at == '^';
	at += *at == ']'; /* at the begin it is a member */
	while (at && *at && *at != ']') {
		if (*at == '[' && at[1] && strchr(":.=", at[1]))
			at = skip_class(at);
		else
			at += *at == '\\' && at[1] ? 2 : 1;
	}
	if (at && *at)
		return at + 1;
	*fault = at ? "its '[' is not closed" : "it has no such class";
	return NULL;
}

static const char *find_fault(const char *pattern)
{
	const char *fault = NULL;

	if (!*pattern)
		return "it is empty";
	while (pattern && *pattern) {
		if (*pattern == '[')
			pattern = skip_set(pattern, &fault);
		else if (*pattern == '\\' && !pattern[1])
			return "it ends in '\\'";
		else
			pattern += *pattern == '\\' ? 2 : 1;
	}
	return fault;
}

bool glob_check(const char *pattern, struct err *err)
{
	const char *fault = find_fault(pattern);

	return !fault || err_set(err, ERR_USAGE, "'%s' matches no name: %s",
				 pattern, fault);
}

bool glob_check_all(const struct strvec *patterns, struct err *err)
{
	for (size_t i = 0; patterns && i < patterns->count; i++) {
		if (!glob_check(patterns->items[i], err))
			return false;
	}
	return true;
}

bool glob_matches_any(const struct strvec *patterns, const char *name)
{
	for (size_t i = 0; patterns && i < patterns->count; i++) {
		if (fnmatch(patterns->items[i], name, 0) == 0)
			return true;
	}
	return false;
}
