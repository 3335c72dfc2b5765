/* Formats of Sprintf: flags, widths, argument numbers, and their mistakes. */
#include <string.h>

#include "base/str.h"
#include "base/unicode.h"
#include "format/value.h"
#include "tmpl/gofmt-printer.h"
#include "tmpl/gofmt.h"

/* Larger widths, precisions and argument numbers are refused, as in Go. */
#define NUMBER_LIMIT 1000000

/* A format on its way: @at is what is read next, @next the next operand. */
struct format {
	struct printer printer;
	const char *text;
	size_t len, at;
	const struct value *const *args;
	size_t count, next;
	bool reordered;	  /* [n] was used */
	bool good_index;  /* the operand of this verb is there */
	bool after_index; /* [n] was read last */
};

static char format_char(const struct format *format)
{
	return format->at < format->len ? format->text[format->at] : '\0';
}

static bool too_large(int64_t number)
{
	return number > NUMBER_LIMIT || number < -NUMBER_LIMIT;
}

/* Digits up to @end; false: none there, or too many (and all is skipped). */
static bool read_number(const char *text, size_t *at, size_t end, int *number)
{
	bool any = false;

	*number = 0;
	for (; *at < end && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
		if (too_large(*number)) {
			*number = 0;
			*at = end;
			return false;
		}
		*number = *number * 10 + (text[*at] - '0');
		any = true;
	}
	return any;
}

/* [n]: the operand to go on with. */
static void read_index(struct format *format)
{
	const char *close;
	size_t at = format->at + 1, end;
	int number;
	bool good;

	format->after_index = false;
	if (format_char(format) != '[')
		return;
	format->reordered = true;
	close = memchr(format->text + format->at, ']',
		       format->len - format->at);
	if (format->len - format->at < 3 || !close) {
		format->good_index = false;
		format->at++;
		return;
	}
	end = (size_t)(close - format->text);
	good = read_number(format->text, &at, end, &number) && at == end;
	format->at = end + 1;
	format->after_index = good;
	if (good && number >= 1 && (size_t)number <= format->count)
		format->next = (size_t)number - 1;
	else
		format->good_index = false;
}

/* The value of a *: the next operand. */
static bool read_star(struct format *format, int *number)
{
	const struct value *arg;

	*number = 0;
	if (format->next >= format->count)
		return false;
	arg = format->args[format->next++];
	if (!value_is_whole(arg) || too_large(arg->integer))
		return false;
	*number = (int)arg->integer;
	return true;
}

static void read_flags(struct format *format)
{
	struct flags *flags = &format->printer.flags;

	for (; format->at < format->len; format->at++) {
		switch (format->text[format->at]) {
		case '#':
			flags->sharp = true;
			break;
		case '0':
			flags->zero = true;
			break;
		case '+':
			flags->plus = true;
			break;
		case '-':
			flags->minus = true;
			break;
		case ' ':
			flags->space = true;
			break;
		default:
			return;
		}
	}
}

static void read_width(struct format *format)
{
	struct flags *flags = &format->printer.flags;

	if (format_char(format) == '*' && format->at < format->len) {
		format->at++;
		flags->has_width = read_star(format, &flags->width);
		if (!flags->has_width)
			str_add(format->printer.out, "%!(BADWIDTH)");
		if (flags->width < 0) {
			flags->width = -flags->width;
			flags->minus = true;
			flags->zero = false;
		}
		format->after_index = false;
		return;
	}
	flags->has_width = read_number(format->text, &format->at, format->len,
				       &flags->width);
	if (format->after_index && flags->has_width)
		format->good_index = false;
}

static void read_precision(struct format *format)
{
	struct flags *flags = &format->printer.flags;

	if (format->at + 1 >= format->len || format_char(format) != '.')
		return;
	format->at++;
	if (format->after_index)
		format->good_index = false;
	read_index(format);
	if (format->at < format->len && format_char(format) == '*') {
		format->at++;
		flags->has_precision = read_star(format, &flags->precision);
		if (flags->precision < 0) {
			flags->precision = 0;
			flags->has_precision = false;
		}
		if (!flags->has_precision)
			str_add(format->printer.out, "%!(BADPREC)");
		format->after_index = false;
		return;
	}
	/* A point alone is a precision of 0. */
	read_number(format->text, &format->at, format->len, &flags->precision);
	flags->has_precision = true;
}

/* The verb itself, with its operand. */
static void print_verb(struct format *format)
{
	struct printer *printer = &format->printer;
	struct flags *flags = &printer->flags;
	uint32_t verb;

	format->at += rune_decode(format->text + format->at,
				  format->len - format->at, &verb);
	if (verb == '%') {
		str_add_char(printer->out, '%');
		return;
	}
	if (!format->good_index || format->next >= format->count) {
		str_add(printer->out, "%!");
		str_add_rune(printer->out, verb);
		str_add(printer->out,
			format->good_index ? "(MISSING)" : "(BADINDEX)");
		return;
	}
	if (verb == 'v' || verb == 'w') {
		flags->sharp_v = flags->sharp;
		flags->sharp = false;
		flags->plus_v = flags->plus;
		flags->plus = false;
	}
	gofmt_print_arg(printer, format->args[format->next++], verb);
}

static void print_directive(struct format *format)
{
	format->printer.flags = (struct flags){0};
	format->good_index = true;
	format->after_index = false;
	read_flags(format);
	read_index(format);
	read_width(format);
	read_precision(format);
	if (!format->after_index)
		read_index(format);
	if (format->at >= format->len) {
		str_add(format->printer.out, "%!(NOVERB)");
		return;
	}
	print_verb(format);
}

/* %!(EXTRA type=value, ...) */
static void print_extra(struct format *format)
{
	struct str *out = format->printer.out;

	format->printer.flags = (struct flags){0};
	str_add(out, "%!(EXTRA ");
	for (size_t i = format->next; i < format->count; i++) {
		const struct value *arg = format->args[i];

		if (i > format->next)
			str_add(out, ", ");
		if (arg->kind != VALUE_NIL) {
			str_add(out, value_type(arg));
			str_add_char(out, '=');
		}
		gofmt_print_arg(&format->printer, arg, 'v');
	}
	str_add_char(out, ')');
}

void gofmt_printf(struct str *out, const char *text, size_t len,
		  const struct value *const *args, size_t count)
{
	struct format format = {.printer = {.out = out},
				.text = text,
				.len = len,
				.args = args,
				.count = count};

	while (format.at < len && !out->overflow) {
		const char *percent =
			memchr(text + format.at, '%', len - format.at);
		size_t end = percent ? (size_t)(percent - text) : len;

		str_add_bytes(out, text + format.at, end - format.at);
		format.at = end;
		if (percent) {
			format.at++;
			print_directive(&format);
		}
	}
	if (!format.reordered && format.next < count)
		print_extra(&format);
}
