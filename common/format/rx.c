#include "format/rx.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/err.h"

/* KiB of the heap that one search may use. */
#define HEAP_MAX  16384
#define DEPTH_MAX 10000

/* Bytes that are no UTF-8 match nothing; they are no error. */
#define OPTIONS (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C)

static void free_match(pcre2_match_data **data)
{
	pcre2_match_data_free(*data);
}

static void free_context(pcre2_match_context **context)
{
	pcre2_match_context_free(*context);
}

static bool failed(const char *what, int code, struct err *err)
{
	char text[160] = "";

	pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
	return err_set(err, ERR_INPUT, "%s: %s", what, text);
}

bool rx_compile(struct rx *rx, const char *pattern, struct err *err)
{
	PCRE2_SIZE offset = 0;
	int code = 0;
	pcre2_code *compiled;

	compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
				 OPTIONS, &code, &offset, NULL);
	if (!compiled) {
		failed("bad regular expression", code, err);
		return err_wrap(err, "'%s', byte %zu", pattern, offset);
	}
	rx_release(rx);
	rx->code = compiled;
	return true;
}

static pcre2_match_context *limits(void)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);

	if (!context)
		return NULL;
	pcre2_set_match_limit(context, RX_STEPS_MAX);
	pcre2_set_depth_limit(context, DEPTH_MAX);
	pcre2_set_heap_limit(context, HEAP_MAX);
	return context;
}

/* pcre2 counts the groups up to the last that took part. */
static void take_groups(struct rx_match *match, const PCRE2_SIZE *offsets,
			size_t count)
{
	match->count = count < RX_GROUPS_MAX ? count : RX_GROUPS_MAX;
	for (size_t i = 0; i < match->count; i++) {
		match->groups[i].start = offsets[2 * i];
		match->groups[i].end = offsets[2 * i + 1];
	}
}

bool rx_find(const struct rx *rx, const char *text, size_t len, size_t from,
	     struct rx_match *match, bool *found, struct err *err)
{
	CLEANUP(free_context) pcre2_match_context *context = limits();
	CLEANUP(free_match) pcre2_match_data *data =
		pcre2_match_data_create_from_pattern(rx->code, NULL);
	int result;

	if (!context || !data)
		return err_set(err, ERR_IO, "pcre2 is out of memory");
	result = pcre2_match(rx->code, (PCRE2_SPTR)text, len, from, 0, data,
			     context);
	if (result < 0 && result != PCRE2_ERROR_NOMATCH)
		return failed("cannot search text", result, err);
	*found = result >= 0;
	if (*found)
		take_groups(match, pcre2_get_ovector_pointer(data),
			    pcre2_get_ovector_count(data));
	return true;
}

void rx_release(struct rx *rx)
{
	pcre2_code_free(rx->code);
	rx->code = NULL;
}
