#include "base/strvec.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

void strvec_add_take(struct strvec *vec, char *text)
{
	vec->items = grow_array(vec->items, vec->count + 2, sizeof(*vec->items),
				&vec->capacity);
	vec->items[vec->count++] = text;
	vec->items[vec->count] = NULL;
}

void strvec_add(struct strvec *vec, const char *text)
{
	strvec_add_take(vec, xstrdup(text));
}

void strvec_add_bytes(struct strvec *vec, const char *bytes, size_t len)
{
	strvec_add_take(vec, xmemdupz(bytes, len));
}

void strvec_addf(struct strvec *vec, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strvec_add_take(vec, xvasprintf(format, args));
	va_end(args);
}

void strvec_add_all(struct strvec *vec, const struct strvec *other)
{
	for (size_t i = 0; i < other->count; i++)
		strvec_add(vec, other->items[i]);
}

bool strvec_has(const struct strvec *vec, const char *text)
{
	for (size_t i = 0; i < vec->count; i++) {
		if (strcmp(vec->items[i], text) == 0)
			return true;
	}
	return false;
}

void strvec_add_once(struct strvec *vec, const char *text)
{
	if (!strvec_has(vec, text))
		strvec_add(vec, text);
}

void strvec_split(struct strvec *vec, const char *text, char separator)
{
	const char *end;

	while ((end = strchr(text, separator))) {
		strvec_add_bytes(vec, text, (size_t)(end - text));
		text = end + 1;
	}
	strvec_add(vec, text);
}

void strvec_truncate(struct strvec *vec, size_t count)
{
	if (count > vec->count)
		BUG("%zu of %zu strings kept", count, vec->count);
	for (size_t i = count; i < vec->count; i++)
		free(vec->items[i]);
	if (vec->items)
		vec->items[count] = NULL;
	vec->count = count;
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strvec_sort(struct strvec *vec)
{
	if (vec->count > 1)
		qsort(vec->items, vec->count, sizeof(*vec->items),
		      compare_items);
}

void strvec_join(const struct strvec *vec, const char *between, struct str *out)
{
	for (size_t i = 0; i < vec->count; i++)
		str_addf(out, "%s%s", i ? between : "", vec->items[i]);
}

void strvec_print(const struct strvec *vec, size_t most, struct str *out)
{
	for (size_t i = 0; i < vec->count && i < most; i++)
		str_addf(out, "%s%s", i ? ", " : "", vec->items[i]);
	if (vec->count > most)
		str_addf(out, " and %zu more", vec->count - most);
}

char *const *strvec_argv(const struct strvec *vec)
{
	static char *const none[] = {NULL};

	return vec->items ? vec->items : none;
}

void strvec_release(struct strvec *vec)
{
	for (size_t i = 0; i < vec->count; i++)
		free(vec->items[i]);
	free(vec->items);
	*vec = (struct strvec){0};
}
