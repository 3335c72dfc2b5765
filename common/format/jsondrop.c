#include "format/jsondrop.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* Behind the list that begins at @at; NULL if it has no end. */
static const char *skip_list(const char *at, const char *end)
{
	bool in_string = false;
	size_t depth = 0;

	for (; at < end; at++) {
		if (in_string && *at == '\\')
			at++;
		else if (*at == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if (*at == '[' || *at == '{')
			depth++;
		else if ((*at == ']' || *at == '}') && --depth == 0)
			return at + 1;
	}
	return NULL;
}

/*
 * Within a string quotes are escaped, so that @key can only be a key, or the
 * end of one that holds a quote itself.
 */
static const char *find_key(const char *at, const char *end, const char *text,
			    const char *key, size_t len)
{
	while ((at = memmem(at, (size_t)(end - at), key, len))) {
		if (at > text && at[-1] != '\\')
			return at;
		at++;
	}
	return NULL;
}

void jsondrop_lists(struct str *text, const char *name)
{
	CLEANUP(free_ptr) char *key = xasprintf("\"%s\":[", name);
	const char *end = text->buf + text->len;
	const char *from = text->buf;
	const char *found = from;
	char *to = text->buf;
	size_t len = strlen(key);

	if (!text->len)
		return;
	while ((found = find_key(found, end, text->buf, key, len))) {
		const char *behind = skip_list(found + len - 1, end);
		const char *before = found;

		if (!behind)
			break;
		if (before[-1] == ',')
			before--;
		else if (behind < end && *behind == ',')
			behind++;
		memmove(to, from, (size_t)(before - from));
		to += before - from;
		from = found = behind;
	}
	memmove(to, from, (size_t)(end - from));
	str_truncate(text, (size_t)(to - text->buf) + (size_t)(end - from));
}
