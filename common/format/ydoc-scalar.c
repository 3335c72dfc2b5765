#include "format/ydoc-scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/unicode.h"

#define WORD_MAX 5 /* bytes of the longest word */

/* What a plain scalar means. */

static const struct {
	char text[WORD_MAX + 1];
	struct yscalar scalar;
} words[] = {
	{"", {YSCALAR_NULL}},
	{"~", {YSCALAR_NULL}},
	{"null", {YSCALAR_NULL}},
	{"Null", {YSCALAR_NULL}},
	{"NULL", {YSCALAR_NULL}},
	{"y", {YSCALAR_BOOL, .boolean = true}},
	{"Y", {YSCALAR_BOOL, .boolean = true}},
	{"yes", {YSCALAR_BOOL, .boolean = true}},
	{"Yes", {YSCALAR_BOOL, .boolean = true}},
	{"YES", {YSCALAR_BOOL, .boolean = true}},
	{"true", {YSCALAR_BOOL, .boolean = true}},
	{"True", {YSCALAR_BOOL, .boolean = true}},
	{"TRUE", {YSCALAR_BOOL, .boolean = true}},
	{"on", {YSCALAR_BOOL, .boolean = true}},
	{"On", {YSCALAR_BOOL, .boolean = true}},
	{"ON", {YSCALAR_BOOL, .boolean = true}},
	{"n", {YSCALAR_BOOL}},
	{"N", {YSCALAR_BOOL}},
	{"no", {YSCALAR_BOOL}},
	{"No", {YSCALAR_BOOL}},
	{"NO", {YSCALAR_BOOL}},
	{"false", {YSCALAR_BOOL}},
	{"False", {YSCALAR_BOOL}},
	{"FALSE", {YSCALAR_BOOL}},
	{"off", {YSCALAR_BOOL}},
	{"Off", {YSCALAR_BOOL}},
	{"OFF", {YSCALAR_BOOL}},
	{".nan", {YSCALAR_FLOAT, .number = NAN}},
	{".NaN", {YSCALAR_FLOAT, .number = NAN}},
	{".NAN", {YSCALAR_FLOAT, .number = NAN}},
	{".inf", {YSCALAR_FLOAT, .number = INFINITY}},
	{".Inf", {YSCALAR_FLOAT, .number = INFINITY}},
	{".INF", {YSCALAR_FLOAT, .number = INFINITY}},
	{"+.inf", {YSCALAR_FLOAT, .number = INFINITY}},
	{"+.Inf", {YSCALAR_FLOAT, .number = INFINITY}},
	{"+.INF", {YSCALAR_FLOAT, .number = INFINITY}},
	{"-.inf", {YSCALAR_FLOAT, .number = -INFINITY}},
	{"-.Inf", {YSCALAR_FLOAT, .number = -INFINITY}},
	{"-.INF", {YSCALAR_FLOAT, .number = -INFINITY}},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool find_word(struct yscalar *scalar, const char *text, size_t len)
{
	char word[WORD_MAX + 1] = {0};

	if (len > WORD_MAX || (len && !strchr("~nNyYtToOfF.+-", *text)))
		return false;
	memcpy(word, text, len);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (memcmp(words[i].text, word, sizeof(word)) == 0) {
			*scalar = words[i].scalar;
			return true;
		}
	}
	return false;
}

/* A date or a moment, the part of it that was not read yet. */
struct moment {
	const char *at;
	const char *end;
	int year, month, day;
};

/* One or two digits up to @max. */
static bool take_number(struct moment *moment, int min, int max, int *number)
{
	int value = 0, count = 0;

	while (count < 2 && moment->at < moment->end && is_digit(*moment->at)) {
		value = value * 10 + (*moment->at++ - '0');
		count++;
	}
	*number = value;
	return count > 0 && value >= min && value <= max;
}

static bool take_char(struct moment *moment, const char *any)
{
	if (moment->at == moment->end || !strchr(any, *moment->at))
		return false;
	moment->at++;
	return true;
}

static bool take_date(struct moment *moment)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	bool leap;

	if (moment->end - moment->at < 5)
		return false;
	for (int i = 0; i < 4; i++) {
		if (!is_digit(moment->at[i]))
			return false;
		moment->year = moment->year * 10 + (moment->at[i] - '0');
	}
	moment->at += 4;
	if (!take_char(moment, "-") ||
	    !take_number(moment, 1, 12, &moment->month) ||
	    !take_char(moment, "-") ||
	    !take_number(moment, 1, 31, &moment->day))
		return false;
	leap = moment->year % 4 == 0 &&
	       (moment->year % 100 != 0 || moment->year % 400 == 0);
	return moment->day <=
	       days[moment->month - 1] + (moment->month == 2 && leap ? 1 : 0);
}

static bool take_clock(struct moment *moment)
{
	int number;

	if (!take_number(moment, 0, 23, &number) || !take_char(moment, ":") ||
	    !take_number(moment, 0, 59, &number) || !take_char(moment, ":") ||
	    !take_number(moment, 0, 59, &number))
		return false;
	if (moment->end - moment->at >= 2 && strchr(".,", *moment->at) &&
	    is_digit(moment->at[1])) {
		moment->at++;
		while (moment->at < moment->end && is_digit(*moment->at))
			moment->at++;
	}
	return true;
}

/* Z or +hh:mm, with the ranges that Go's time.Parse takes. */
static bool take_zone(struct moment *moment)
{
	const char *at = moment->at;

	if (take_char(moment, "Z"))
		return true;
	if (moment->end - at < 6 || !strchr("+-", at[0]) || at[3] != ':' ||
	    !is_digit(at[1]) || !is_digit(at[2]) || !is_digit(at[4]) ||
	    !is_digit(at[5]))
		return false;
	moment->at += 6;
	return (at[1] - '0') * 10 + (at[2] - '0') <= 24 &&
	       (at[4] - '0') * 10 + (at[5] - '0') <= 60;
}

static bool is_timestamp(const char *text, size_t len)
{
	struct moment moment = {.at = text, .end = text + len};

	if (!take_date(&moment))
		return false;
	if (moment.at == moment.end)
		return true;
	if (take_char(&moment, "Tt"))
		return take_clock(&moment) && take_zone(&moment) &&
		       moment.at == moment.end;
	if (!take_char(&moment, " "))
		return false;
	while (take_char(&moment, " "))
		;
	return take_clock(&moment) && moment.at == moment.end;
}

/*
 * Digits of @base as strconv.ParseUint takes them; base 0 looks at the
 * prefix.  False if it is no number or over 64 bits.
 */
static bool parse_magnitude(const char *text, unsigned int base,
			    uint64_t *magnitude)
{
	uint64_t value = 0;

	if (base == 0) {
		base = 10;
		if (text[0] == '0' && text[1]) {
			char form = (char)(text[1] | 0x20);

			base = form == 'x' ? 16 : form == 'b' ? 2 : 8;
			text += strchr("xbo", form) ? 2 : 1;
		}
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		char c = (char)(*text | 0x20);
		unsigned int digit = is_digit(*text) ? (unsigned)(*text - '0')
				     : c >= 'a' && c <= 'f'
					     ? (unsigned)(c - 'a') + 10
					     : 16;

		if (digit >= base ||
		    __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*magnitude = value;
	return true;
}

static bool parse_integer(struct yscalar *scalar, const char *text,
			  unsigned int base)
{
	bool negative = *text == '-', sign = negative || *text == '+';
	uint64_t magnitude;

	if (!parse_magnitude(text + sign, base, &magnitude))
		return false;
	if (magnitude <= (uint64_t)INT64_MAX + negative) {
		scalar->kind = YSCALAR_INT;
		scalar->integer = negative ? (int64_t)(0 - magnitude)
					   : (int64_t)magnitude;
		return true;
	}
	if (sign)
		return false;
	scalar->kind = YSCALAR_UINT;
	scalar->number = (double)magnitude;
	return true;
}

static const char *skip_digits(const char *text)
{
	while (is_digit(*text))
		text++;
	return text;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? and not too large. */
static bool parse_float(struct yscalar *scalar, const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');
	const char *digits = at;

	at = skip_digits(at);
	if (*at == '.') {
		bool leading = at == digits;

		digits = ++at;
		at = skip_digits(at);
		if (leading && at == digits)
			return false;
	} else if (at == digits) {
		return false;
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		at += *at == '-' || *at == '+';
		if (!is_digit(*at))
			return false;
		at = skip_digits(at);
	}
	if (*at)
		return false;
	scalar->number = strtod(text, NULL);
	if (isinf(scalar->number))
		return false;
	scalar->kind = YSCALAR_FLOAT;
	return true;
}

static bool parse_number(struct yscalar *scalar, const char *text)
{
	if (parse_integer(scalar, text, 0) || parse_float(scalar, text))
		return true;
	/* go-yaml's second try takes a sign behind the prefix: 0b-1. */
	return starts_with(text, "0b") && parse_integer(scalar, text + 2, 2);
}

/* Underscores must have a digit at both sides. */
static bool underscores_between_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '_' &&
		    (i == 0 || i + 1 == len || !is_digit(text[i - 1]) ||
		     !(is_digit(text[i + 1]))))
			return false;
	return true;
}

void yscalar_resolve(struct yscalar *scalar, const char *text, size_t len)
{
	CLEANUP(str_release) struct str plain = {0};

	*scalar = (struct yscalar){YSCALAR_TEXT};
	if (find_word(scalar, text, len) || len == 0)
		return;
	if (text[0] != '.' && text[0] != '+' && text[0] != '-' &&
	    !is_digit(text[0]))
		return;
	/* Nothing else can be a number, and dates are the longest forms. */
	if (strspn(text, "0123456789abcdefABCDEFxXoO+-._") != len) {
		if (is_timestamp(text, len))
			scalar->kind = YSCALAR_TIMESTAMP;
		return;
	}
	if (text[0] == '.' && !underscores_between_digits(text, len))
		return;
	if (is_timestamp(text, len)) {
		scalar->kind = YSCALAR_TIMESTAMP;
		return;
	}
	while (*text) {
		size_t span = strcspn(text, "_");

		str_add_bytes(&plain, text, span);
		text += span + (text[span] == '_');
	}
	if (!parse_number(scalar, str_text(&plain)))
		scalar->kind = YSCALAR_TEXT;
}

/* How a string has to be written. */

uint32_t yscalar_rune(const char *text, size_t len, size_t *at)
{
	uint32_t rune;

	*at += rune_decode(text + *at, len - *at, &rune);
	return rune;
}

bool yscalar_is_break(uint32_t rune)
{
	return rune == '\n' || rune == '\r' || rune == 0x85 || rune == 0x2028 ||
	       rune == 0x2029;
}

/* Without what lies beyond 16 bits: go-yaml escapes it. */
bool yscalar_is_printable(uint32_t rune)
{
	return rune == '\n' || (rune >= 0x20 && rune <= 0x7e) ||
	       (rune >= 0xa0 && rune <= 0xfffd && rune != 0xfeff);
}

static bool is_blank_rune(uint32_t rune)
{
	return rune == ' ' || rune == '\t';
}

struct indicators {
	bool flow;
	bool block;
};

/* Characters that mean something to YAML where they stand. */
static void add_indicators(struct indicators *found, uint32_t rune, bool first,
			   bool before_blank, bool after_blank)
{
	if (first && rune && rune < 0x80 &&
	    strchr("#,[]{}&*!|>'\"%@`", (int)rune)) {
		found->flow = found->block = true;
	} else if (rune == ':' || (first && rune == '?')) {
		found->flow = true;
		found->block |= before_blank;
	} else if (first && rune == '-' && before_blank) {
		found->flow = found->block = true;
	} else if (!first && rune && rune < 0x80 &&
		   strchr(",?[]{}", (int)rune)) {
		found->flow = true;
	} else if (!first && rune == '#' && after_blank) {
		found->flow = found->block = true;
	}
}

static bool is_word(char c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Most texts are: they can be written in every way, and need no closer look. */
static bool is_simple(const char *text, size_t len)
{
	if (!len || !is_word(*text))
		return false;
	for (size_t i = 1; i < len; i++) {
		char c = text[i];

		if (!is_word(c) && c != '-' && c != '.' && c != '/' && c != '_')
			return false;
	}
	return true;
}

void yscalar_analyze(struct yscalar_traits *traits, const char *text,
		     size_t len)
{
	struct indicators found = {0};
	bool breaks = false, special = false, tabs = false, edges = false;
	bool trailing_space = false, break_space = false, space_break = false;
	bool previous_space = false, previous_break = false;
	bool after_blank = true;

	*traits = (struct yscalar_traits){.block_plain = true,
					  .single_quoted = true};
	if (is_simple(text, len)) {
		traits->flow_plain = true;
		traits->literal = traits->literal_v3 = true;
		return;
	}
	if (len == 0)
		return;
	if (starts_with(text, "---") || starts_with(text, "..."))
		found.flow = found.block = true;
	for (size_t at = 0; at < len;) {
		bool first = at == 0, last;
		uint32_t rune = yscalar_rune(text, len, &at);

		last = at == len;
		add_indicators(&found, rune, first,
			       last || is_blank_rune((unsigned char)text[at]),
			       after_blank);
		tabs |= rune == '\t';
		special |= rune != '\t' && !yscalar_is_printable(rune);
		if (rune == ' ') {
			edges |= first || last;
			trailing_space = last;
			break_space |= previous_break;
		} else if (yscalar_is_break(rune)) {
			breaks = true;
			edges |= first || last;
			space_break |= previous_space;
		}
		previous_space = rune == ' ';
		previous_break = yscalar_is_break(rune);
		after_blank = is_blank_rune(rune) || previous_break || !rune;
	}
	special |= space_break;
	traits->literal_v3 = !trailing_space && !special;
	special |= tabs;
	traits->multiline = breaks;
	traits->single_quoted = !break_space && !special;
	traits->block_plain =
		traits->single_quoted && !edges && !breaks && !found.block;
	traits->flow_plain =
		traits->single_quoted && !edges && !breaks && !found.flow;
	traits->literal = !trailing_space && !special;
}

/* [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)? : 190:20:30 of YAML 1.1. */
static bool is_base60(const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');

	if (!is_digit(*at))
		return false;
	at += strspn(at, "0123456789_");
	if (*at != ':')
		return false;
	while (*at == ':') {
		at++;
		if (!is_digit(*at))
			return false;
		if (*at <= '5' && is_digit(at[1]))
			at++;
		at++;
	}
	if (*at == '.')
		at += 1 + strspn(at + 1, "0123456789_");
	return !*at;
}

bool yscalar_reads_as_text(const char *text, size_t len)
{
	struct yscalar scalar;

	yscalar_resolve(&scalar, text, len);
	return scalar.kind == YSCALAR_TEXT &&
	       !(strlen(text) == len && is_base60(text));
}

bool yscalar_can_be_plain(const char *text, size_t len, bool flow)
{
	struct yscalar_traits traits;

	yscalar_analyze(&traits, text, len);
	return yscalar_reads_as_text(text, len) &&
	       (flow ? traits.flow_plain : traits.block_plain);
}

void yscalar_add_escape(struct str *out, uint32_t rune)
{
	static const struct {
		uint32_t rune;
		char letter;
	} escapes[] = {
		{0, '0'},    {'\a', 'a'},   {'\b', 'b'},   {'\t', 't'},
		{'\n', 'n'}, {'\v', 'v'},   {'\f', 'f'},   {'\r', 'r'},
		{0x1b, 'e'}, {'"', '"'},    {'\\', '\\'},  {0x85, 'N'},
		{0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'},
	};

	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		if (escapes[i].rune == rune) {
			str_addf(out, "\\%c", escapes[i].letter);
			return;
		}
	}
	if (rune <= 0xff)
		str_addf(out, "\\x%02X", rune);
	else if (rune <= 0xffff)
		str_addf(out, "\\u%04X", rune);
	else
		str_addf(out, "\\U%08X", rune);
}

void yscalar_add_double_quoted(struct str *out, const char *text, size_t len)
{
	str_add_char(out, '"');
	for (size_t at = 0; at < len;) {
		uint32_t rune = yscalar_rune(text, len, &at);

		if (!yscalar_is_printable(rune) || yscalar_is_break(rune) ||
		    rune == '"' || rune == '\\')
			yscalar_add_escape(out, rune);
		else
			str_add_rune(out, rune);
	}
	str_add_char(out, '"');
}

void yscalar_add_single_quoted(struct str *out, const char *text, size_t len)
{
	str_add_char(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			str_add_char(out, '\'');
		str_add_char(out, text[i]);
	}
	str_add_char(out, '\'');
}
