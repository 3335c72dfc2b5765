/*
 * Sprig's regular expressions.  Those with must and those without fail alike:
 * Go's text/template turns the panic of the latter into an error.
 */
#include "base/err.h"
#include "base/str.h"
#include "format/rx.h"
#include "format/value.h"
#include "tmpl/func.h"

/* Meetings of a search that are the work of one of a render's steps. */
#define WORK_PER_STEP 4

/* Bytes of text that are as much. */
#define TEXT_PER_STEP 64

/* Bytes of a pattern that are as much, where it turns out to be none. */
#define PATTERN_PER_STEP 2

/* A search in one of the arguments. */
struct search {
	struct call *call;
	struct rx rx;
	struct rx_scan scan;
	const struct value_text *text;
};

static void search_release(struct search *search)
{
	rx_scan_release(&search->scan);
	rx_release(&search->rx);
}

static bool compile(struct call *call, struct rx *rx, struct err *err)
{
	const struct value_text *pattern = &call->args[0]->string;

	return rx_compile(rx, pattern->bytes, pattern->len, err) &&
	       call_charge(call, rx->work / WORK_PER_STEP, 0, err);
}

/* Search the second argument for the first. */
static bool open_search(struct call *call, struct search *search,
			struct err *err)
{
	const struct value_text *text = &call->args[1]->string;

	if (!compile(call, &search->rx, err) ||
	    !call_charge(call, text->len / TEXT_PER_STEP, 0, err))
		return false;
	search->call = call;
	search->text = text;
	rx_scan_open(&search->scan, &search->rx, text->bytes, text->len);
	return true;
}

static bool next_match(struct search *search, bool *found, struct err *err)
{
	uint64_t before = search->scan.work;

	return rx_scan_next(&search->scan, found, err) &&
	       call_charge(search->call,
			   1 + (search->scan.work - before) / WORK_PER_STEP, 0,
			   err);
}

static const struct rx_group *match_of(const struct search *search)
{
	return &search->scan.groups[0];
}

/* Add bytes @start to @end of the text to @list. */
static bool add_part(struct search *search, struct value *list, size_t start,
		     size_t end, struct err *err)
{
	struct call *call = search->call;

	if (!call_charge(call, 1,
			 end - start + sizeof(struct value) +
				 sizeof(struct value *),
			 err))
		return false;
	value_list_add(list, call->arena,
		       value_new_bytes(call->arena, search->text->bytes + start,
				       end - start));
	return true;
}

/* A pattern that is none matches nothing: Sprig drops the error. */
static bool run_match(struct call *call, struct err *err)
{
	CLEANUP(search_release) struct search search = {0};
	const struct value_text *pattern = &call->args[0]->string;
	bool found;

	if (!rx_is_valid(pattern->bytes, pattern->len))
		return call_charge(call, pattern->len / PATTERN_PER_STEP, 0,
				   err) &&
		       call_give_bool(call, false);

	return open_search(call, &search, err) &&
	       next_match(&search, &found, err) && call_give_bool(call, found);
}

static bool run_must_match(struct call *call, struct err *err)
{
	CLEANUP(search_release) struct search search = {0};
	bool found;

	return open_search(call, &search, err) &&
	       next_match(&search, &found, err) && call_give_bool(call, found);
}

static bool run_find(struct call *call, struct err *err)
{
	CLEANUP(search_release) struct search search = {0};
	const struct rx_group *match;
	bool found;

	if (!open_search(call, &search, err) ||
	    !next_match(&search, &found, err))
		return false;
	if (!found)
		return call_give_text(call, "", 0);
	match = match_of(&search);
	return call_charge(call, 0, match->end - match->start, err) &&
	       call_give_text(call, search.text->bytes + match->start,
			      match->end - match->start);
}

/* How many matches there may be; all if the number is negative. */
static size_t limit_arg(const struct call *call)
{
	int64_t limit = call->args[2]->integer;

	return limit < 0 ? SIZE_MAX : (size_t)limit;
}

static bool run_find_all(struct call *call, struct err *err)
{
	CLEANUP(search_release) struct search search = {0};
	struct value *list = value_new(call->arena, VALUE_STRING_LIST);
	size_t limit = limit_arg(call);
	bool found;

	if (!open_search(call, &search, err))
		return false;
	while (list->list.count < limit) {
		if (!next_match(&search, &found, err))
			return false;
		if (!found)
			break;
		if (!add_part(&search, list, match_of(&search)->start,
			      match_of(&search)->end, err))
			return false;
	}
	return call_give(call,
			 list->list.count > 0 ? list : &value_nil_string_list);
}

static bool replace_all(struct call *call, bool literal, struct err *err)
{
	const struct value_text *form = &call->args[2]->string;
	CLEANUP(search_release) struct search search = {0};
	CLEANUP(str_release) struct str out = CALL_TEXT;
	size_t done = 0;
	bool found = true;

	if (!open_search(call, &search, err))
		return false;
	while (!out.overflow) {
		const char *text = search.text->bytes;

		if (!next_match(&search, &found, err))
			return false;
		if (!found)
			break;
		str_add_bytes(&out, text + done,
			      match_of(&search)->start - done);
		if (literal)
			str_add_bytes(&out, form->bytes, form->len);
		else
			rx_expand(&out, &search.scan, text, form->bytes,
				  form->len);
		done = match_of(&search)->end;
	}
	str_add_bytes(&out, search.text->bytes + done, search.text->len - done);
	return call_give_str(call, &out, err);
}

static bool run_replace_all(struct call *call, struct err *err)
{
	return replace_all(call, false, err);
}

static bool run_replace_all_literal(struct call *call, struct err *err)
{
	return replace_all(call, true, err);
}

/* The parts of the text between matches, as Go's Split has them. */
static bool split(struct search *search, struct value *list, size_t limit,
		  struct err *err)
{
	size_t start = 0, end = 0;
	bool found;

	while (list->list.count + 1 < limit) {
		if (!next_match(search, &found, err))
			return false;
		if (!found)
			break;
		end = match_of(search)->start;
		if (match_of(search)->end != 0 &&
		    !add_part(search, list, start, end, err))
			return false;
		start = match_of(search)->end;
	}
	return end == search->text->len ||
	       add_part(search, list, start, search->text->len, err);
}

static bool run_split(struct call *call, struct err *err)
{
	CLEANUP(search_release) struct search search = {0};
	struct value *list = value_new(call->arena, VALUE_STRING_LIST);
	size_t limit = limit_arg(call);

	if (!open_search(call, &search, err))
		return false;
	if (limit == 0)
		return call_give(call, &value_nil_string_list);
	if (search.text->len == 0 && call->args[0]->string.len > 0)
		return add_part(&search, list, 0, 0, err) &&
		       call_give(call, list);

	return split(&search, list, limit, err) && call_give(call, list);
}

static bool run_quote_meta(struct call *call, struct err *err)
{
	const struct value_text *text = &call->args[0]->string;
	CLEANUP(str_release) struct str out = CALL_TEXT;

	rx_quote(&out, text->bytes, text->len);
	return call_charge_text(call, 0, err) && call_give_str(call, &out, err);
}

#define BOUNDED                                                          \
	"a search that takes too many steps is an error; \\p knows the " \
	"Unicode version of pcre2"

const struct func funcs_regex[] = {
	{"mustRegexFind", "ss", run_find, .differs = BOUNDED},
	{"mustRegexFindAll", "ssi", run_find_all, .differs = BOUNDED},
	{"mustRegexMatch", "ss", run_must_match, .differs = BOUNDED},
	{"mustRegexReplaceAll", "sss", run_replace_all, .differs = BOUNDED},
	{"mustRegexReplaceAllLiteral", "sss", run_replace_all_literal,
	 .differs = BOUNDED},
	{"mustRegexSplit", "ssi", run_split, .differs = BOUNDED},
	{"regexFind", "ss", run_find, .differs = BOUNDED},
	{"regexFindAll", "ssi", run_find_all, .differs = BOUNDED},
	{"regexMatch", "ss", run_match, .differs = BOUNDED},
	{"regexQuoteMeta", "s", run_quote_meta},
	{"regexReplaceAll", "sss", run_replace_all, .differs = BOUNDED},
	{"regexReplaceAllLiteral", "sss", run_replace_all_literal,
	 .differs = BOUNDED},
	{"regexSplit", "ssi", run_split, .differs = BOUNDED},
	{NULL},
};
