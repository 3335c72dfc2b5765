#include "format/rx.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/unicode.h"
#include "format/rx_pcre2.h"
#include "format/rx_tree.h"

/* Bytes to read, and runes to fold, that are as much work as a meeting. */
#define WORK_UNIT 8

/* Groups within groups that pcre2 takes: RX_NEST_MAX levels of three each. */
#define PARENS_MAX (3 * RX_NEST_MAX + 10)

/*
 * Loops over single runes must give back what they took: meetings behind
 * them tell that a way is known.
 */
#define OPTIONS                                            \
	(PCRE2_UTF | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | \
	 PCRE2_ALT_CIRCUMFLEX | PCRE2_NO_AUTO_POSSESS |    \
	 PCRE2_NEVER_BACKSLASH_C)

/* --- compiling ----------------------------------------------------------- */

static void free_compile_context(pcre2_compile_context **context)
{
	pcre2.compile_context_free(*context);
}

static bool out_of_memory(struct err *err)
{
	return err_set(err, ERR_IO, "pcre2 is out of memory");
}

static bool fail_compile(int code, struct err *err)
{
	char text[160] = "";

	if (code == PCRE2_ERROR_PATTERN_TOO_LARGE ||
	    code == PCRE2_ERROR_TOO_MANY_CAPTURES)
		return err_set(err, ERR_INPUT,
			       "the regular expression is too large");
	if (code == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP ||
	    code == PCRE2_ERROR_QUERY_BARJX_NEST_TOO_DEEP)
		return err_set(err, ERR_INPUT,
			       "the regular expression nests too deeply");
	pcre2.get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
	return err_set(err, ERR_INPUT,
		       "the installed pcre2 cannot take the regular "
		       "expression: %s",
		       text);
}

static bool compile_program(struct rx *rx, const struct rx_program *program,
			    struct err *err)
{
	CLEANUP(free_compile_context) pcre2_compile_context *context =
		pcre2.compile_context_create(NULL);
	PCRE2_SIZE offset = 0;
	int code = 0;

	if (!context)
		return out_of_memory(err);
	pcre2.set_newline(context, PCRE2_NEWLINE_LF);
	pcre2.set_parens_nest_limit(context, PARENS_MAX);
	rx->code = pcre2.compile((PCRE2_SPTR)str_text(&program->pattern),
				 program->pattern.len, OPTIONS, &code, &offset,
				 context);
	return rx->code || fail_compile(code, err);
}

static bool translate(struct rx *rx, const char *pattern, size_t len,
		      struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(rx_tree_release) struct rx_tree tree = {0};
	CLEANUP(rx_program_release) struct rx_program program = {0};

	if (len > RX_PATTERN_MAX)
		return err_set(err, ERR_INPUT,
			       "the regular expression is larger than %zu KiB",
			       RX_PATTERN_MAX >> 10);
	if (!rx_parse(&tree, pattern, len, &arena, err))
		return false;
	rx_write(&program, tree.root);
	if (program.pattern.overflow || program.folded > RX_FOLD_MAX)
		return fail_compile(PCRE2_ERROR_PATTERN_TOO_LARGE, err);
	if (!rx_load_pcre2(err) || !compile_program(rx, &program, err))
		return false;
	rx->names = tree.names;
	rx->groups = tree.names.count;
	rx->group_of = program.group_of;
	rx->slots = program.slots;
	rx->meetings = program.meetings;
	rx->work = (len + program.pattern.len + program.folded) / WORK_UNIT;
	tree.names = (struct strvec){0};
	program.group_of = NULL;
	return true;
}

bool rx_compile(struct rx *rx, const char *pattern, size_t len, struct err *err)
{
	struct rx compiled = {0};

	if (!translate(&compiled, pattern, len, err))
		return false;
	rx_release(rx);
	*rx = compiled;
	return true;
}

bool rx_is_valid(const char *pattern, size_t len)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(rx_tree_release) struct rx_tree tree = {0};
	CLEANUP(err_release) struct err err = {0};

	return rx_parse(&tree, pattern, len, &arena, &err);
}

void rx_release(struct rx *rx)
{
	if (rx->code)
		pcre2.code_free(rx->code);
	strvec_release(&rx->names);
	free(rx->group_of);
	*rx = (struct rx){0};
}

/* --- where a search has been --------------------------------------------- */

/* The bytes of @been that hold the bits of all meetings at @place. */
static size_t first_byte(const struct rx_scan *scan, size_t place)
{
	return place * scan->rx->meetings / 8;
}

/* Forget the search that started at @from. */
static void forget(struct rx_scan *scan, size_t from)
{
	size_t first = first_byte(scan, from);

	if (scan->been && scan->furthest >= from)
		memset(scan->been + first, 0,
		       first_byte(scan, scan->furthest + 1) + 1 - first);
	scan->furthest = from;
}

static size_t read_number(const char *digits, size_t len)
{
	size_t number = 0;

	for (size_t i = 0; i < len; i++)
		number = number * 10 + (size_t)(digits[i] - '0');
	return number;
}

/* 0 lets pcre2 go on, 1 sends it back. */
static int meet(struct rx_scan *scan, size_t place, size_t meeting, bool asks)
{
	size_t bit = place * scan->rx->meetings + meeting;
	unsigned char mask = (unsigned char)(1U << (bit % 8));

	if (scan->been[bit / 8] & mask)
		return 1;
	if (asks)
		return 0;
	scan->been[bit / 8] |= mask;
	if (place > scan->furthest)
		scan->furthest = place;
	return 0;
}

/* pcre2 is at one of the marks of struct rx_program. */
static int on_mark(pcre2_callout_block *block, void *data)
{
	struct rx_scan *scan = data;
	const char *text = (const char *)block->callout_string;
	bool asks = *text == '?', is_toll = *text == '+';
	size_t sign = asks || is_toll;
	size_t number =
		read_number(text + sign, block->callout_string_length - sign);

	scan->work += is_toll ? number : 1;
	if (scan->work > RX_WORK_MAX)
		return PCRE2_ERROR_MATCHLIMIT;
	return is_toll ? 0 : meet(scan, block->current_position, number, asks);
}

/* --- text ---------------------------------------------------------------- */

static void note_broken(struct rx_scan *scan, size_t at)
{
	scan->broken =
		grow_array(scan->broken, scan->broken_count + 1,
			   sizeof(*scan->broken), &scan->broken_capacity);
	scan->broken[scan->broken_count++] = at;
}

/* U+FFFD in the place of each byte that is not UTF-8. */
static void repair(struct rx_scan *scan)
{
	uint32_t rune;

	for (size_t at = 0, width; at < scan->len; at += width) {
		width = rune_decode(scan->text + at, scan->len - at, &rune);
		if (rune == RUNE_ERROR && width == 1) {
			note_broken(scan, at);
			str_add_rune(&scan->repaired, RUNE_ERROR);
		} else {
			str_add_bytes(&scan->repaired, scan->text + at, width);
		}
	}
	scan->text = str_text(&scan->repaired);
	scan->len = scan->repaired.len;
}

/* The place in the caller's text that is @place in ours. */
static size_t place_in_text(const struct rx_scan *scan, size_t place)
{
	size_t low = 0, high = scan->broken_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		/* Each one before it has made ours two bytes longer. */
		if (scan->broken[middle] + 2 * middle < place)
			low = middle + 1;
		else
			high = middle;
	}
	return place - 2 * low;
}

void rx_scan_open(struct rx_scan *scan, const struct rx *rx, const char *text,
		  size_t len)
{
	*scan = (struct rx_scan){
		.rx = rx, .text = text, .len = len, .previous_end = RX_NO_PART};
	scan->groups = xcalloc(rx->groups, sizeof(*scan->groups));
	if (!utf8_is_valid(text, len))
		repair(scan);
}

void rx_scan_release(struct rx_scan *scan)
{
	free(scan->groups);
	str_release(&scan->repaired);
	free(scan->broken);
	free(scan->been);
	if (scan->data)
		pcre2.match_data_free(scan->data);
	if (scan->context)
		pcre2.match_context_free(scan->context);
	*scan = (struct rx_scan){0};
}

/* --- searching ----------------------------------------------------------- */

/* What a search needs, before the first one. */
static bool prepare(struct rx_scan *scan, struct err *err)
{
	const struct rx *rx = scan->rx;

	if (scan->data)
		return true;
	if (rx->meetings > 0 &&
	    scan->len + 1 > RX_PLACES_MAX * 8 / rx->meetings)
		return err_set(err, ERR_INPUT,
			       "the text of %zu bytes is too long for the "
			       "regular expression",
			       scan->len);
	scan->data = pcre2.match_data_create((uint32_t)rx->slots, NULL);
	scan->context = pcre2.match_context_create(NULL);
	if (!scan->data || !scan->context)
		return out_of_memory(err);
	pcre2.set_match_limit(scan->context, UINT32_MAX);
	pcre2.set_depth_limit(scan->context, UINT32_MAX);
	pcre2.set_heap_limit(scan->context, RX_HEAP_MAX >> 10);
	pcre2.set_callout(scan->context, on_mark, scan);
	scan->been = xcalloc(first_byte(scan, scan->len + 1) + 1, 1);
	return true;
}

static bool fail_search(int code, struct err *err)
{
	char text[160] = "";

	if (code == PCRE2_ERROR_NOMEMORY)
		return out_of_memory(err);
	if (code == PCRE2_ERROR_MATCHLIMIT)
		return err_set(err, ERR_INPUT,
			       "the search takes more than %llu steps",
			       (unsigned long long)RX_WORK_MAX);
	if (code == PCRE2_ERROR_HEAPLIMIT)
		return err_set(err, ERR_INPUT,
			       "the search takes more than %zu MiB",
			       RX_HEAP_MAX >> 20);
	pcre2.get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
	return err_set(err, ERR_IO, "cannot search text: %s", text);
}

/*
 * A group that was written several times is what its last one took.  Ways go
 * forward only: that one ends furthest, and starts so.
 */
static void take_slot(struct rx_group *group, size_t start, size_t end)
{
	if (start == PCRE2_UNSET)
		return;
	if (group->start == RX_NO_PART || start > group->start ||
	    (start == group->start && end > group->end)) {
		group->start = start;
		group->end = end;
	}
}

static void take_groups(struct rx_scan *scan)
{
	const PCRE2_SIZE *offsets = pcre2.get_ovector_pointer(scan->data);
	const struct rx *rx = scan->rx;

	for (size_t i = 0; i < rx->groups; i++)
		scan->groups[i].start = scan->groups[i].end = RX_NO_PART;
	for (size_t i = 0; i < rx->slots; i++)
		take_slot(&scan->groups[rx->group_of[i]], offsets[2 * i],
			  offsets[2 * i + 1]);
}

/* The first match at or behind @at. */
static bool search(struct rx_scan *scan, bool *found, struct err *err)
{
	int result = pcre2.match(scan->rx->code, (PCRE2_SPTR)scan->text,
				 scan->len, scan->at, PCRE2_NO_UTF_CHECK,
				 scan->data, scan->context);

	forget(scan, scan->at);
	if (result < 0 && result != PCRE2_ERROR_NOMATCH)
		return fail_search(result, err);
	*found = result >= 0;
	if (*found)
		take_groups(scan);
	return true;
}

/*
 * Go on behind the match; one of nothing is left by a rune.  False: it is an
 * empty match right behind another one.
 */
static bool pass(struct rx_scan *scan)
{
	const struct rx_group *match = &scan->groups[0];
	bool counts = true;
	uint32_t rune;

	if (match->end == scan->at) {
		counts = match->start != scan->previous_end;
		scan->ended = scan->at == scan->len;
		scan->at += rune_decode(scan->text + scan->at,
					scan->len - scan->at, &rune);
	} else {
		scan->at = match->end;
	}
	scan->previous_end = match->end;
	return counts;
}

static void restore_places(struct rx_scan *scan)
{
	for (size_t i = 0; scan->broken_count > 0 && i < scan->rx->groups;
	     i++) {
		struct rx_group *group = &scan->groups[i];

		if (group->start == RX_NO_PART)
			continue;
		group->start = place_in_text(scan, group->start);
		group->end = place_in_text(scan, group->end);
	}
}

bool rx_scan_next(struct rx_scan *scan, bool *found, struct err *err)
{
	bool any;

	if (!prepare(scan, err))
		return false;
	while (!scan->ended) {
		if (!search(scan, &any, err))
			return false;
		if (!any)
			break;
		if (pass(scan)) {
			restore_places(scan);
			*found = true;
			return true;
		}
	}
	scan->ended = true;
	*found = false;
	return true;
}
