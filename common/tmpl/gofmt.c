#include "tmpl/gofmt.h"

#include <string.h>

#include "base/attr.h"
#include "base/quote.h"
#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/gofmt-printer.h"
#include "tmpl/tmpl.h"

/* A quoted or encoded text is not longer than a render's output. */
#define TEXT_MAX TMPL_OUTPUT_MAX

/* --- padding ------------------------------------------------------------- */

void gofmt_add_padding(struct printer *printer, size_t count)
{
	bool zero = printer->flags.zero && !printer->flags.minus;

	str_add_repeated(printer->out, zero ? '0' : ' ', count);
}

void gofmt_pad(struct printer *printer, const char *bytes, size_t len)
{
	size_t width = 0, runes;

	if (printer->flags.has_width) {
		runes = rune_count(bytes, len);
		if ((size_t)printer->flags.width > runes)
			width = (size_t)printer->flags.width - runes;
	}
	if (!printer->flags.minus)
		gofmt_add_padding(printer, width);
	str_add_bytes(printer->out, bytes, len);
	if (printer->flags.minus)
		gofmt_add_padding(printer, width);
}

void gofmt_pad_blank(struct printer *printer, const char *bytes, size_t len)
{
	bool zero = printer->flags.zero;

	printer->flags.zero = false;
	gofmt_pad(printer, bytes, len);
	printer->flags.zero = zero;
}

/* gofmt_pad() of a text that was made for it, which may have been too long. */
static void pad_str(struct printer *printer, const struct str *text)
{
	gofmt_pad(printer, str_text(text), text->len);
	printer->out->overflow = printer->out->overflow || text->overflow;
}

/* --- wrong verbs --------------------------------------------------------- */

void gofmt_bad_verb(struct printer *printer, const struct value *value,
		    uint32_t verb, unsigned int depth)
{
	printer->erring = true;
	str_add(printer->out, "%!");
	str_add_rune(printer->out, verb);
	str_add_char(printer->out, '(');
	if (value->kind == VALUE_NIL) {
		str_add(printer->out, "<nil>");
	} else {
		str_add(printer->out, value_type(value));
		str_add_char(printer->out, '=');
		/* An object by itself, even if it stands in a list. */
		gofmt_print_value(printer, value, 'v',
				  value->kind == VALUE_OBJECT ? 0 : depth);
	}
	str_add_char(printer->out, ')');
	printer->erring = false;
}

/* --- quoting ------------------------------------------------------------- */

/* Can it stand in backquotes as it is? */
static bool can_backquote(const char *bytes, size_t len)
{
	for (size_t at = 0, width; at < len; at += width) {
		uint32_t rune;

		width = rune_decode(bytes + at, len - at, &rune);
		if (rune == 0xfeff || (rune == RUNE_ERROR && width == 1) ||
		    (rune < ' ' && rune != '\t') || rune == '`' || rune == 0x7f)
			return false;
	}
	return true;
}

/* --- strings ------------------------------------------------------------- */

/* The bytes of the first @precision runes. */
static size_t truncated(const struct printer *printer, const char *bytes,
			size_t len)
{
	int left = printer->flags.precision;
	size_t at = 0;
	uint32_t rune;

	if (!printer->flags.has_precision)
		return len;
	for (; at < len && left > 0; left--)
		at += rune_decode(bytes + at, len - at, &rune);
	return at;
}

static void print_quoted(struct printer *printer, const char *bytes, size_t len)
{
	CLEANUP(str_release) struct str text = {.limit = TEXT_MAX};

	len = truncated(printer, bytes, len);
	if (printer->flags.sharp && can_backquote(bytes, len)) {
		str_add_char(&text, '`');
		str_add_bytes(&text, bytes, len);
		str_add_char(&text, '`');
	} else {
		quote_add(&text, bytes, len, printer->flags.plus);
	}
	pad_str(printer, &text);
}

/* The bytes in hexadecimal: %x, % x, %#x. */
static void print_hex(struct printer *printer, const char *bytes, size_t len,
		      const char *digits)
{
	const struct flags *flags = &printer->flags;
	CLEANUP(str_release) struct str text = {.limit = TEXT_MAX};

	if (flags->has_precision && (size_t)flags->precision < len)
		len = (size_t)flags->precision;
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (flags->space && i > 0)
			str_add_char(&text, ' ');
		if (flags->sharp && (flags->space || i == 0)) {
			str_add_char(&text, '0');
			str_add_char(&text, digits[16]);
		}
		str_add_char(&text, digits[byte >> 4]);
		str_add_char(&text, digits[byte & 15]);
	}
	pad_str(printer, &text);
}

static void print_string(struct printer *printer, const struct value *value,
			 uint32_t verb, unsigned int depth)
{
	const char *bytes = value->string.bytes;
	size_t len = value->string.len;

	switch (verb) {
	case 'v':
		if (printer->flags.sharp_v) {
			print_quoted(printer, bytes, len);
			return;
		}
		gofmt_pad(printer, bytes, truncated(printer, bytes, len));
		return;
	case 's':
		gofmt_pad(printer, bytes, truncated(printer, bytes, len));
		return;
	case 'x':
		print_hex(printer, bytes, len, GOFMT_LOWER_DIGITS);
		return;
	case 'X':
		print_hex(printer, bytes, len, GOFMT_UPPER_DIGITS);
		return;
	case 'q':
		print_quoted(printer, bytes, len);
		return;
	default:
		gofmt_bad_verb(printer, value, verb, depth);
	}
}

/* --- lists and maps ------------------------------------------------------ */

/* A nil among the parts of something, whatever the verb. */
static void print_nil(struct printer *printer)
{
	str_add(printer->out,
		printer->flags.sharp_v ? "interface {}(nil)" : "<nil>");
}

/* A nil slice or map is told from an empty one by %#v alone. */
static bool print_typed_nil(struct printer *printer, const struct value *value)
{
	if (!printer->flags.sharp_v || !value->is_nil)
		return false;
	str_addf(printer->out, "%s(nil)", value_type(value));
	return true;
}

static void print_list(struct printer *printer, const struct value *value,
		       uint32_t verb, unsigned int depth)
{
	bool sharp = printer->flags.sharp_v;

	if (print_typed_nil(printer, value))
		return;
	if (sharp)
		str_add(printer->out, value_type(value));
	str_add_char(printer->out, sharp ? '{' : '[');
	for (size_t i = 0; i < value->list.count; i++) {
		if (printer->out->overflow)
			return;
		if (i > 0)
			str_add(printer->out, sharp ? ", " : " ");
		gofmt_print_value(printer, value->list.items[i], verb,
				  depth + 1);
	}
	str_add_char(printer->out, sharp ? '}' : ']');
}

static void print_map(struct printer *printer, const struct value *value,
		      uint32_t verb, unsigned int depth)
{
	bool sharp = printer->flags.sharp_v;

	if (print_typed_nil(printer, value))
		return;
	str_add(printer->out, sharp ? value_type(value) : "map");
	str_add_char(printer->out, sharp ? '{' : '[');
	for (size_t i = 0; i < value->map.count; i++) {
		const struct value_pair *pair = &value->map.pairs[i];
		const struct value key = {.kind = VALUE_STRING,
					  .string = pair->key};

		if (printer->out->overflow)
			return;
		if (i > 0)
			str_add(printer->out, sharp ? ", " : " ");
		gofmt_print_value(printer, &key, verb, depth + 1);
		str_add_char(printer->out, ':');
		gofmt_print_value(printer, pair->value, verb, depth + 1);
	}
	str_add_char(printer->out, sharp ? '}' : ']');
}

void gofmt_print_value(struct printer *printer, const struct value *value,
		       uint32_t verb, unsigned int depth)
{
	if (depth > VALUE_DEPTH_MAX) {
		str_add(printer->out, "...");
		return;
	}
	if (value_class(value) &&
	    gofmt_print_by_method(printer, value, verb, depth))
		return;
	switch (value->kind) {
	case VALUE_NIL:
		print_nil(printer);
		return;
	case VALUE_BOOL:
		if (verb != 't' && verb != 'v')
			gofmt_bad_verb(printer, value, verb, depth);
		else if (value->boolean)
			gofmt_pad(printer, "true", 4);
		else
			gofmt_pad(printer, "false", 5);
		return;
	case VALUE_INT:
	case VALUE_INT64:
	case VALUE_UINT8:
	case VALUE_UINT64:
	case VALUE_FLOAT64:
	case VALUE_COMPLEX128:
		gofmt_print_number(printer, value, verb, depth);
		return;
	case VALUE_STRING:
		print_string(printer, value, verb, depth);
		return;
	case VALUE_LIST:
	case VALUE_STRING_LIST:
	case VALUE_INT_LIST:
	case VALUE_LISTS:
	case VALUE_MAPS:
		print_list(printer, value, verb, depth);
		return;
	case VALUE_MAP:
	case VALUE_STRING_MAP:
		print_map(printer, value, verb, depth);
		return;
	case VALUE_OBJECT:
		gofmt_print_struct(printer, value, verb, depth);
		return;
	}
}

void gofmt_print_arg(struct printer *printer, const struct value *value,
		     uint32_t verb)
{
	const char *type = value_type(value);

	if (value->kind == VALUE_NIL) {
		if (verb == 'T' || verb == 'v')
			gofmt_pad(printer, "<nil>", 5);
		else
			gofmt_bad_verb(printer, value, verb, 0);
		return;
	}
	if (verb == 'T') {
		gofmt_pad(printer, type,
			  truncated(printer, type, strlen(type)));
		return;
	}
	if (verb == 'p') {
		/* An address would be another one in each run. */
		gofmt_bad_verb(printer, value, verb, 0);
		return;
	}
	gofmt_print_value(printer, value, verb, 0);
}

void gofmt_value(struct str *out, const struct value *value)
{
	struct printer printer = {.out = out};

	gofmt_print_arg(&printer, value, 'v');
}

void gofmt_print(struct str *out, const struct value *const *args, size_t count)
{
	bool after_string = false;

	for (size_t i = 0; i < count; i++) {
		bool is_string = args[i]->kind == VALUE_STRING;

		if (i > 0 && !is_string && !after_string)
			str_add_char(out, ' ');
		gofmt_value(out, args[i]);
		after_string = is_string;
	}
}

void gofmt_println(struct str *out, const struct value *const *args,
		   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_char(out, ' ');
		gofmt_value(out, args[i]);
	}
	str_add_char(out, '\n');
}
