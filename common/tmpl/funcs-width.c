/*
 * Sprig's functions that make text fit a width, which they count in bytes.
 *
 * Source: Masterminds/goutils v1.1.1.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "tmpl/func.h"

/* --- abbreviations ------------------------------------------------------- */

/*
 * @text in @width bytes, of which three say that something is missing at an
 * end; byte @offset is to be among them.  @width is 4 at least and less than
 * the text's length; with something missing at both ends it takes 7, and
 * where that is not to be had, goutils gives nothing.
 */
static void add_abbreviated(struct str *out, const struct value_text *text,
			    int64_t offset, int64_t width)
{
	int64_t len = (int64_t)text->len, kept = width - 3;

	if (offset > len)
		offset = len;
	/* An offset far below 0 wraps around, as in Go. */
	if ((int64_t)((uint64_t)len - (uint64_t)offset) < kept)
		offset = len - kept;
	if (offset <= 4) {
		str_add_bytes(out, text->bytes, (size_t)kept);
		str_add(out, "...");
		return;
	}
	if (width < 7)
		return;
	str_add(out, "...");
	if (offset + kept >= len) {
		str_add_bytes(out, text->bytes + len - kept, (size_t)kept);
		return;
	}
	str_add_bytes(out, text->bytes + offset, (size_t)kept - 3);
	str_add(out, "...");
}

static bool give_abbreviated(struct call *call, const struct value *value,
			     int64_t offset, int64_t width, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if ((int64_t)value->string.len <= width)
		return call_give(call, value);
	add_abbreviated(&text, &value->string, offset, width);
	return call_give_str(call, &text, err);
}

static bool run_abbrev(struct call *call, struct err *err)
{
	int64_t width = call->args[0]->integer;

	if (width < 4)
		return call_give(call, call->args[1]);
	return give_abbreviated(call, call->args[1], 0, width, err);
}

static bool run_abbrevboth(struct call *call, struct err *err)
{
	int64_t left = call->args[0]->integer, width = call->args[1]->integer;

	if (width < 4 || (left > 0 && width < 7))
		return call_give(call, call->args[2]);
	return give_abbreviated(call, call->args[2], left, width, err);
}

/* --- lines --------------------------------------------------------------- */

struct wrapping {
	size_t width;
	struct value_text line_break;
	bool cuts_words; /* that are longer than a line */
};

/*
 * How much of @text, which is longer than a line and starts with no blank,
 * is the next line; @blank: the blank behind that goes.
 */
static size_t next_line(const struct wrapping *how, const char *text,
			size_t len, bool *blank)
{
	const char *found = memrchr(text, ' ', how->width + 1);

	if (!found && !how->cuts_words)
		found = memchr(text + how->width, ' ', len - how->width);
	*blank = found != NULL;
	if (found)
		return (size_t)(found - text);
	return how->cuts_words ? how->width : len;
}

static bool give_wrapped(struct call *call, const struct wrapping *how,
			 const struct value_text *text, struct err *err)
{
	CLEANUP(str_release) struct str wrapped = CALL_TEXT;
	const char *at = text->bytes, *end = at + text->len;

	while ((size_t)(end - at) > how->width && !wrapped.overflow) {
		bool blank;
		size_t len;

		if (*at == ' ') {
			at++;
			continue;
		}
		len = next_line(how, at, (size_t)(end - at), &blank);
		str_add_bytes(&wrapped, at, len);
		at += len + (blank ? 1 : 0);
		if (blank || how->cuts_words)
			str_add_bytes(&wrapped, how->line_break.bytes,
				      how->line_break.len);
	}
	str_add_bytes(&wrapped, at, (size_t)(end - at));
	return call_give_str(call, &wrapped, err);
}

static size_t width_arg(const struct call *call)
{
	int64_t width = call->args[0]->integer;

	return width < 1 ? 1 : (size_t)width;
}

static bool run_wrap(struct call *call, struct err *err)
{
	struct wrapping how = {.width = width_arg(call),
			       .line_break = {"\n", 1}};

	return call_charge_text(call, 1, err) &&
	       give_wrapped(call, &how, call_text(call, 1), err);
}

static bool run_wrap_with(struct call *call, struct err *err)
{
	struct wrapping how = {.width = width_arg(call),
			       .line_break = *call_text(call, 1),
			       .cuts_words = true};

	if (how.line_break.len == 0)
		how.line_break = (struct value_text){"\n", 1};
	return call_charge_text(call, 2, err) &&
	       give_wrapped(call, &how, call_text(call, 2), err);
}

const struct func funcs_width[] = {
	{"abbrev", "is", run_abbrev},
	{"abbrevboth", "iis", run_abbrevboth},
	{"wrap", "is", run_wrap},
	{"wrapWith", "iss", run_wrap_with},
	{NULL},
};
