/* Sprig's functions over strings. */
#include <string.h>

#include "base/err.h"
#include "base/quote.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/cast.h"
#include "tmpl/func.h"
#include "tmpl/gofmt.h"

static bool has_prefix(const struct value_text *text,
		       const struct value_text *prefix)
{
	return text->len >= prefix->len &&
	       memcmp(text->bytes, prefix->bytes, prefix->len) == 0;
}

static bool has_suffix(const struct value_text *text,
		       const struct value_text *suffix)
{
	return text->len >= suffix->len &&
	       memcmp(text->bytes + text->len - suffix->len, suffix->bytes,
		      suffix->len) == 0;
}

/* --- quoting ------------------------------------------------------------- */

/* Bytes in quotes that cost as much as a node. */
#define QUOTED_PER_STEP 8

/* All arguments but nil, with a blank between. */
static bool quote_all(struct call *call,
		      void (*add)(struct str *out, const struct value *value),
		      struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	for (size_t i = 0; i < call->count; i++) {
		if (call->args[i]->kind == VALUE_NIL)
			continue;
		if (text.len > 0)
			str_add_char(&text, ' ');
		add(&text, call->args[i]);
	}
	return call_charge(call, text.len / QUOTED_PER_STEP, 0, err) &&
	       call_give_str(call, &text, err);
}

static void add_double_quoted(struct str *out, const struct value *value)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	cast_text(&text, value);
	quote_add(out, str_text(&text), text.len, false);
	out->overflow = out->overflow || text.overflow;
}

static void add_single_quoted(struct str *out, const struct value *value)
{
	str_add_char(out, '\'');
	gofmt_value(out, value);
	str_add_char(out, '\'');
}

static bool run_quote(struct call *call, struct err *err)
{
	return quote_all(call, add_double_quoted, err);
}

static bool run_squote(struct call *call, struct err *err)
{
	return quote_all(call, add_single_quoted, err);
}

static bool run_cat(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;
	bool any = false;

	for (size_t i = 0; i < call->count; i++) {
		if (call->args[i]->kind == VALUE_NIL)
			continue;
		if (any)
			str_add_char(&text, ' ');
		gofmt_value(&text, call->args[i]);
		any = true;
	}
	return call_give_str(call, &text, err);
}

static bool run_to_string(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (call->args[0]->kind == VALUE_STRING)
		return call_give(call, call->args[0]);
	cast_text(&text, call->args[0]);
	return call_give_str(call, &text, err);
}

/* --- trimming ------------------------------------------------------------ */

static bool is_in(const struct value_text *set, uint32_t wanted)
{
	uint32_t rune;

	for (size_t at = 0; at < set->len;) {
		at += rune_decode(set->bytes + at, set->len - at, &rune);
		if (rune == wanted)
			return true;
	}
	return false;
}

/* Is @rune to be trimmed: one of @set, or where that is NULL a blank? */
static bool goes(struct call *call, const struct value_text *set, uint32_t rune,
		 bool *stop, struct err *err)
{
	*stop = set ? !is_in(set, rune) : !rune_is_space(rune);
	return !set || call_charge(call, set->len / 32, 0, err);
}

/* Without the runes of @set at both ends. */
static bool give_trimmed(struct call *call, const struct value_text *text,
			 const struct value_text *set, struct err *err)
{
	const char *start = text->bytes;
	size_t len = text->len, width;
	bool stop = false;
	uint32_t rune;

	while (len > 0) {
		width = rune_decode(start, len, &rune);
		if (!goes(call, set, rune, &stop, err))
			return false;
		if (stop)
			break;
		start += width;
		len -= width;
	}
	while (len > 0) {
		width = rune_decode_last(start, len, &rune);
		if (!goes(call, set, rune, &stop, err))
			return false;
		if (stop)
			break;
		len -= width;
	}
	return call_give_text(call, start, len);
}

static bool run_trim(struct call *call, struct err *err)
{
	return call_charge_text(call, 0, err) &&
	       give_trimmed(call, call_text(call, 0), NULL, err);
}

static bool run_trim_all(struct call *call, struct err *err)
{
	return call_charge_text(call, 1, err) &&
	       give_trimmed(call, call_text(call, 1), call_text(call, 0), err);
}

static bool run_trim_prefix(struct call *call, struct err *err)
{
	const struct value_text *prefix = call_text(call, 0);
	const struct value_text *text = call_text(call, 1);
	size_t skip = has_prefix(text, prefix) ? prefix->len : 0;

	(void)err;
	return call_give_text(call, text->bytes + skip, text->len - skip);
}

static bool run_trim_suffix(struct call *call, struct err *err)
{
	const struct value_text *suffix = call_text(call, 0);
	const struct value_text *text = call_text(call, 1);
	size_t cut = has_suffix(text, suffix) ? suffix->len : 0;

	(void)err;
	return call_give_text(call, text->bytes, text->len - cut);
}

/*
 * Sprig's takes each byte for a rune: where there is a blank to drop, what is
 * not ASCII comes out as Latin-1.
 */
static bool run_nospace(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	CLEANUP(str_release) struct str kept = CALL_TEXT;
	bool dropped = false;

	if (!call_charge_text(call, 0, err))
		return false;
	for (size_t i = 0; i < text->len; i++) {
		unsigned char byte = (unsigned char)text->bytes[i];

		if (rune_is_space(byte))
			dropped = true;
		else
			str_add_rune(&kept, byte);
	}
	if (!dropped)
		return call_give(call, call->args[0]);
	return call_give_str(call, &kept, err);
}

/* --- case ---------------------------------------------------------------- */

static bool run_upper(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	CLEANUP(str_release) struct str mapped = CALL_TEXT;

	if (!call_charge_text(call, 0, err))
		return false;
	utf8_map(&mapped, text->bytes, text->len, rune_upper);
	return call_give_str(call, &mapped, err);
}

static bool run_lower(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	CLEANUP(str_release) struct str mapped = CALL_TEXT;

	if (!call_charge_text(call, 0, err))
		return false;
	utf8_map(&mapped, text->bytes, text->len, rune_lower);
	return call_give_str(call, &mapped, err);
}

/* --- parts --------------------------------------------------------------- */

/* Bytes, not runes, as in Sprig. */
static bool run_trunc(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 1);
	int64_t count = call->args[0]->integer;
	int64_t len = (int64_t)text->len;

	(void)err;
	if (count < 0 && count > -len)
		return call_give_text(call, text->bytes + len + count,
				      (size_t)-count);
	if (count >= 0 && len > count)
		return call_give_text(call, text->bytes, (size_t)count);

	return call_give(call, call->args[1]);
}

static bool run_substr(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 2);
	int64_t start = call->args[0]->integer, end = call->args[1]->integer;
	int64_t len = (int64_t)text->len;

	if (start < 0)
		start = 0;
	else if (end < 0 || end > len)
		end = len;
	if (end < start || end > len)
		return err_set(err, ERR_INPUT,
			       "bytes %lld to %lld are not in a text of %lld",
			       (long long)start, (long long)end,
			       (long long)len);
	return call_give_text(call, text->bytes + start, (size_t)(end - start));
}

static bool run_contains(struct call *call, struct err *err)
{
	const struct value_text *part = call_text(call, 0);
	const struct value_text *text = call_text(call, 1);

	(void)err;
	return call_give_bool(call, memmem(text->bytes, text->len, part->bytes,
					   part->len) != NULL);
}

static bool run_has_prefix(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call, has_prefix(call_text(call, 1),
					       call_text(call, 0)));
}

static bool run_has_suffix(struct call *call, struct err *err)
{
	(void)err;
	return call_give_bool(call, has_suffix(call_text(call, 1),
					       call_text(call, 0)));
}

/*
 * Where the next @part is from @at on, or SIZE_MAX.  An empty one is behind
 * each rune.
 */
static size_t find_part(const struct value_text *text,
			const struct value_text *part, size_t at)
{
	const char *found;
	uint32_t rune;

	if (part->len == 0)
		return at +
		       rune_decode(text->bytes + at, text->len - at, &rune);
	found = memmem(text->bytes + at, text->len - at, part->bytes,
		       part->len);
	return found ? (size_t)(found - text->bytes) : SIZE_MAX;
}

static void replace_all(struct str *out, const struct value_text *text,
			const struct value_text *old,
			const struct value_text *new)
{
	size_t at = 0;

	if (old->len == 0)
		str_add_bytes(out, new->bytes, new->len);
	while (at < text->len) {
		size_t found = find_part(text, old, at);

		if (found == SIZE_MAX)
			break;
		str_add_bytes(out, text->bytes + at, found - at);
		str_add_bytes(out, new->bytes, new->len);
		at = found + old->len;
	}
	str_add_bytes(out, text->bytes + at, text->len - at);
}

static bool run_replace(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (!call_charge_text(call, 2, err))
		return false;
	replace_all(&text, call_text(call, 2), call_text(call, 0),
		    call_text(call, 1));
	return call_give_str(call, &text, err);
}

static bool run_repeat(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 1);
	CLEANUP(str_release) struct str repeated = CALL_TEXT;
	int64_t count = call->args[0]->integer;

	if (count < 0)
		return err_set(err, ERR_INPUT, "cannot repeat %lld times",
			       (long long)count);
	for (int64_t i = 0; text->len > 0 && i < count && !repeated.overflow;
	     i++)
		str_add_bytes(&repeated, text->bytes, text->len);
	return call_give_str(call, &repeated, err);
}

/* --- lines --------------------------------------------------------------- */

/* Blanks before each line; the text in front of it is @lead. */
static bool give_indented(struct call *call, const char *lead, struct err *err)
{
	const struct value_text *text = call_text(call, 1);
	CLEANUP(str_release) struct str indented = CALL_TEXT;
	int64_t spaces = call->args[0]->integer;

	if (!call_charge_text(call, 1, err))
		return false;
	if (spaces < 0 || spaces > (int64_t)TMPL_OUTPUT_MAX)
		return err_set(err, ERR_INPUT, "cannot indent by %lld",
			       (long long)spaces);
	str_add(&indented, lead);
	str_add_repeated(&indented, ' ', (size_t)spaces);
	for (size_t i = 0; i < text->len; i++) {
		str_add_char(&indented, text->bytes[i]);
		if (text->bytes[i] == '\n')
			str_add_repeated(&indented, ' ', (size_t)spaces);
	}
	return call_give_str(call, &indented, err);
}

static bool run_indent(struct call *call, struct err *err)
{
	return give_indented(call, "", err);
}

static bool run_nindent(struct call *call, struct err *err)
{
	return give_indented(call, "\n", err);
}

/* --- lists --------------------------------------------------------------- */

static bool run_join(struct call *call, struct err *err)
{
	const struct value_text *separator = call_text(call, 0);
	CLEANUP(str_release) struct str text = CALL_TEXT;
	const struct value *list;

	if (!cast_strings(call, call->args[1], &list, err))
		return false;
	for (size_t i = 0; i < list->list.count; i++) {
		const struct value_text *part = &list->list.items[i]->string;

		if (i > 0)
			str_add_bytes(&text, separator->bytes, separator->len);
		str_add_bytes(&text, part->bytes, part->len);
	}
	return call_give_str(call, &text, err);
}

/* What to cut, where, and into how many parts at most (from 1 on). */
struct cut {
	const struct value_text *separator;
	const struct value_text *text;
	size_t parts;
};

/* Call @add for each part; an empty separator cuts between runes. */
static void split_text(struct call *call, const struct cut *cut,
		       struct value *result,
		       void (*add)(struct call *call, struct value *result,
				   const char *bytes, size_t len))
{
	const struct value_text *separator = cut->separator;
	const struct value_text *text = cut->text;
	size_t at = 0;

	for (size_t left = cut->parts;; left--) {
		size_t found = find_part(text, separator, at);

		if (separator->len == 0 && at >= text->len)
			return;
		if (found == SIZE_MAX || left == 1) {
			add(call, result, text->bytes + at, text->len - at);
			return;
		}
		add(call, result, text->bytes + at, found - at);
		at = found + separator->len;
	}
}

static void add_to_list(struct call *call, struct value *result,
			const char *bytes, size_t len)
{
	value_list_add(result, call->arena,
		       value_new_bytes(call->arena, bytes, len));
}

/* Members _0, _1, ... */
static void add_to_map(struct call *call, struct value *result,
		       const char *bytes, size_t len)
{
	CLEANUP(str_release) struct str key = {0};

	str_addf(&key, "_%zu", result->map.count);
	value_map_set(result, call->arena, str_text(&key),
		      value_new_bytes(call->arena, bytes, len));
}

static size_t count_parts(const struct cut *cut)
{
	size_t count = 1;

	for (size_t at = 0; at < cut->text->len && count < cut->parts;
	     count++) {
		at = find_part(cut->text, cut->separator, at);
		if (at == SIZE_MAX)
			break;
		at += cut->separator->len;
	}
	return count;
}

/* Memory for each part, and @shift bytes to make room for it. */
static bool charge_split(struct call *call, const struct cut *cut, size_t each,
			 size_t shift, struct err *err)
{
	size_t count = count_parts(cut);

	return call_charge(call, count, count * (sizeof(struct value) + each),
			   err) &&
	       call_charge(call, count * (count / 1024) * shift, 0, err);
}

static bool run_split_list(struct call *call, struct err *err)
{
	struct cut cut = {call_text(call, 0), call_text(call, 1), SIZE_MAX};
	struct value *list;

	if (!charge_split(call, &cut, sizeof(struct value *), 0, err))
		return false;
	list = value_new(call->arena, VALUE_STRING_LIST);
	split_text(call, &cut, list, add_to_list);
	return call_give(call, list);
}

static bool give_split_map(struct call *call, const struct cut *cut,
			   struct err *err)
{
	struct value *map;

	if (!charge_split(call, cut, sizeof(struct value_pair),
			  sizeof(struct value_pair), err))
		return false;
	map = value_new(call->arena, VALUE_STRING_MAP);
	split_text(call, cut, map, add_to_map);
	return call_give(call, map);
}

static bool run_split(struct call *call, struct err *err)
{
	struct cut cut = {call_text(call, 0), call_text(call, 1), SIZE_MAX};

	return give_split_map(call, &cut, err);
}

/* No parts at all for 0; as many as there are for less. */
static bool run_splitn(struct call *call, struct err *err)
{
	int64_t parts = call->args[1]->integer;
	struct cut cut = {call_text(call, 0), call_text(call, 2),
			  parts < 0 ? SIZE_MAX : (size_t)parts};

	if (parts == 0)
		return call_give(call,
				 value_new(call->arena, VALUE_STRING_MAP));
	return give_split_map(call, &cut, err);
}

static bool run_to_strings(struct call *call, struct err *err)
{
	const struct value *list;

	return cast_strings(call, call->args[0], &list, err) &&
	       call_give(call, list);
}

static bool run_hello(struct call *call, struct err *err)
{
	(void)err;
	return call_give(call, value_new_text(call->arena, "Hello!"));
}

static bool run_plural(struct call *call, struct err *err)
{
	(void)err;
	return call_give(call, call->args[call->args[2]->integer == 1 ? 0 : 1]);
}

const struct func funcs_text[] = {
	{"cat", "a*", run_cat},
	{"contains", "ss", run_contains},
	{"hasPrefix", "ss", run_has_prefix},
	{"hasSuffix", "ss", run_has_suffix},
	{"hello", "", run_hello},
	{"indent", "is", run_indent},
	{"join", "sa", run_join},
	{"lower", "s", run_lower},
	{"nindent", "is", run_nindent},
	{"nospace", "s", run_nospace},
	{"plural", "ssi", run_plural},
	{"quote", "a*", run_quote},
	{"repeat", "is", run_repeat},
	{"replace", "sss", run_replace},
	{"split", "ss", run_split},
	{"splitList", "ss", run_split_list},
	{"splitn", "sis", run_splitn},
	{"squote", "a*", run_squote},
	{"substr", "iis", run_substr},
	{"toString", "a", run_to_string},
	{"toStrings", "a", run_to_strings},
	{"trim", "s", run_trim},
	{"trimAll", "ss", run_trim_all},
	{"trimPrefix", "ss", run_trim_prefix},
	{"trimSuffix", "ss", run_trim_suffix},
	{"trimall", "ss", run_trim_all},
	{"trunc", "is", run_trunc},
	{"upper", "s", run_upper},
	{NULL},
};
