#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What is shown of a line of somebody's file. */
#define SOURCE_LINE_MAX 200

static void check_empty(const struct err *err, const char *format)
{
	if (err->kind != ERR_NONE)
		BUG("error '%s' set over '%s'", format, err->text);
}

static bool is_temporary(enum err_kind kind)
{
	return kind == ERR_UNREACHABLE || kind == ERR_TIMEOUT;
}

bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;

	check_empty(err, format);
	err->kind = kind;
	err->temporary = is_temporary(kind);
	va_start(args, format);
	err->text = xvasprintf(format, args);
	va_end(args);
	return false;
}

bool err_errno(struct err *err, const char *format, ...)
{
	int number = errno;
	va_list args;
	char *text;

	check_empty(err, format);
	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	err->kind = ERR_IO;
	err->text = xasprintf("%s: %s", text, strerror(number));
	free(text);
	return false;
}

bool err_wrap(struct err *err, const char *format, ...)
{
	va_list args;
	char *outer, *inner;

	if (err->kind == ERR_NONE)
		BUG("no error to wrap in '%s'", format);
	va_start(args, format);
	outer = xvasprintf(format, args);
	va_end(args);
	inner = err->text;
	err->text = xasprintf("%s: %s", outer, inner);
	free(outer);
	free(inner);
	return false;
}

bool err_hint(struct err *err, const char *format, ...)
{
	va_list args;

	if (err->hint)
		return false;
	va_start(args, format);
	err->hint = xvasprintf(format, args);
	va_end(args);
	return false;
}

bool err_at(struct err *err, const char *file, unsigned int line,
	    unsigned int column, const char *source, size_t source_len)
{
	if (err->file)
		return false;
	err->file = xstrdup(file);
	err->line = line;
	err->column = column;
	if (source && source_len <= SOURCE_LINE_MAX)
		err->source = xmemdupz(source, source_len);
	return false;
}

bool err_at_offset(struct err *err, const char *file, const char *text,
		   size_t text_len, size_t offset)
{
	unsigned int line = 1;
	size_t start = 0;
	const char *end;
	size_t len;

	if (offset > text_len)
		offset = text_len;
	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	end = memchr(text + start, '\n', text_len - start);
	len = end ? (size_t)(end - text) - start : text_len - start;
	if (len && text[start + len - 1] == '\r')
		len--;
	return err_at(err, file, line, (unsigned int)(offset - start) + 1,
		      text + start, len);
}

void err_hide_source(struct err *err)
{
	free(err->source);
	err->source = NULL;
}

bool err_temporary(struct err *err, bool temporary)
{
	err->temporary = temporary;
	return false;
}

int err_exit_code(const struct err *err)
{
	switch (err->kind) {
	case ERR_NONE:
		return 0;
	case ERR_INTERRUPTED:
		return 128 + err->status;
	case ERR_USAGE:
	case ERR_INPUT:
		return 2;
	case ERR_CONFLICT:
		return 3;
	default:
		return err->temporary ? 75 : 1;
	}
}

static char *copy_text(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

bool err_copy(struct err *to, const struct err *from)
{
	check_empty(to, from->text ? from->text : "");
	*to = *from;
	to->text = copy_text(from->text);
	to->file = copy_text(from->file);
	to->source = copy_text(from->source);
	to->hint = copy_text(from->hint);
	return false;
}

void err_move(struct err *to, struct err *from)
{
	check_empty(to, from->text ? from->text : "");
	*to = *from;
	*from = (struct err){0};
}

void err_release(struct err *err)
{
	free(err->text);
	free(err->file);
	free(err->source);
	free(err->hint);
	*err = (struct err){0};
}

void bug_at(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: BUG: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}
