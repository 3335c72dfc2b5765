/*
 * Sprig's functions that change the case of words.
 *
 * Source: Go's strings.Title, Masterminds/goutils v1.1.1 and
 * huandu/xstrings v1.5.0.
 */
#include "base/err.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/func.h"
#include "tmpl/words.h"

/* --- rune by rune -------------------------------------------------------- */

/*
 * Each rune as @map has it.  *@start is true for the first one; for the next
 * ones it is what @map made of it.
 */
static bool give_mapped(struct call *call,
			uint32_t (*map)(uint32_t rune, bool *start),
			struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	CLEANUP(str_release) struct str mapped = CALL_TEXT;
	bool start = true;
	uint32_t rune;

	if (!call_charge_text(call, 0, err))
		return false;
	for (size_t at = 0; at < text->len;) {
		at += rune_decode(text->bytes + at, text->len - at, &rune);
		str_add_rune(&mapped, map(rune, &start));
	}
	return call_give_str(call, &mapped, err);
}

/* What is behind it starts a word. */
static bool is_separator(uint32_t rune)
{
	if (rune_is_letter(rune) || rune_is_digit(rune) || rune == '_')
		return false;

	return rune < 0x80 || rune_is_space(rune);
}

static uint32_t title_rune(uint32_t rune, bool *start)
{
	bool starts = *start;

	*start = is_separator(rune);
	return starts ? rune_title(rune) : rune;
}

static uint32_t untitle_rune(uint32_t rune, bool *start)
{
	bool starts = *start;

	*start = rune_is_space(rune);
	return starts && !*start ? rune_lower(rune) : rune;
}

/* A word starts behind blanks; what has no case leaves that as it is not. */
static uint32_t swapped_rune(uint32_t rune, bool *start)
{
	bool starts = *start;

	*start = false;
	if (rune_is_upper(rune) || rune_is_title(rune))
		return rune_lower(rune);
	if (rune_is_lower(rune))
		return starts ? rune_title(rune) : rune_upper(rune);
	*start = rune_is_space(rune);
	return rune;
}

static bool run_title(struct call *call, struct err *err)
{
	return give_mapped(call, title_rune, err);
}

static bool run_untitle(struct call *call, struct err *err)
{
	return give_mapped(call, untitle_rune, err);
}

static bool run_swapcase(struct call *call, struct err *err)
{
	return give_mapped(call, swapped_rune, err);
}

/* Each byte is taken for a rune, so that letters come out as Latin-1. */
static bool run_initials(struct call *call, struct err *err)
{
	const struct value_text *text = call_text(call, 0);
	CLEANUP(str_release) struct str initials = CALL_TEXT;
	bool start = true;

	if (!call_charge_text(call, 0, err))
		return false;
	for (size_t i = 0; i < text->len; i++) {
		unsigned char byte = (unsigned char)text->bytes[i];
		bool blank = rune_is_space(byte);

		if (start && !blank)
			str_add_rune(&initials, byte);
		start = blank;
	}
	return call_give_str(call, &initials, err);
}

/* --- word by word -------------------------------------------------------- */

static bool run_snakecase(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (!call_charge_text(call, 0, err))
		return false;
	words_add_joined(&text, call_text(call, 0), '_');
	return call_give_str(call, &text, err);
}

static bool run_kebabcase(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (!call_charge_text(call, 0, err))
		return false;
	words_add_joined(&text, call_text(call, 0), '-');
	return call_give_str(call, &text, err);
}

static bool run_camelcase(struct call *call, struct err *err)
{
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (!call_charge_text(call, 0, err))
		return false;
	words_add_pascal(&text, call_text(call, 0));
	return call_give_str(call, &text, err);
}

const struct func funcs_case[] = {
	{"camelcase", "s", run_camelcase}, {"initials", "s", run_initials},
	{"kebabcase", "s", run_kebabcase}, {"snakecase", "s", run_snakecase},
	{"swapcase", "s", run_swapcase},   {"title", "s", run_title},
	{"untitle", "s", run_untitle},	   {NULL},
};
