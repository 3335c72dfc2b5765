#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strvec.h"

static struct {
	const char *name;
	enum log_level level;
	bool live;	     /* a line of log_live() is shown */
	struct strvec masks; /* the forms of each secret */
} state = {.name = "slipway", .level = LOG_INFO};

void log_init(const char *name, enum log_level level)
{
	state.name = name;
	state.level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= state.level;
}

static void add_url_form(struct str *out, const char *bytes, size_t len)
{
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-._~";

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] && strchr(unreserved, bytes[i]))
			str_add_char(out, bytes[i]);
		else
			str_addf(out, "%%%02X", (unsigned char)bytes[i]);
	}
}

/* Go's servers escape @more, "<>&", as well. */
static void add_json_form(struct str *out, const char *bytes, size_t len,
			  const char *more)
{
	static const char named[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		const char *name = named;

		while (*name && *name != bytes[i])
			name += 2;
		if (byte && *name)
			str_addf(out, "\\%c", name[1]);
		else if (byte < ' ' || strchr(more, byte))
			str_addf(out, "\\u%04x", byte);
		else
			str_add_char(out, bytes[i]);
	}
}

/* Take over a form of a secret; the longest come first when masking. */
static void add_mask(struct str *form)
{
	if (form->len >= LOG_MASK_MIN)
		strvec_add_once(&state.masks, str_text(form));
	if (form->buf)
		wipe(form->buf, form->len);
	str_release(form);
}

void log_mask(const char *bytes, size_t len)
{
	struct str form = {0};

	if (len < LOG_MASK_MIN)
		return;
	str_add_bytes(&form, bytes, len);
	add_mask(&form);
	add_url_form(&form, bytes, len);
	add_mask(&form);
	add_json_form(&form, bytes, len, "");
	add_mask(&form);
	add_json_form(&form, bytes, len, "<>&");
	add_mask(&form);
	base64_encode(&form, bytes, len, BASE64_STANDARD);
	add_mask(&form);
	base64_encode(&form, bytes, len, BASE64_URL_RAW);
	add_mask(&form);
}

static size_t longest_mask_at(const char *text)
{
	size_t longest = 0;

	for (size_t i = 0; i < state.masks.count; i++) {
		size_t len = strlen(state.masks.items[i]);

		if (len > longest &&
		    strncmp(text, state.masks.items[i], len) == 0)
			longest = len;
	}
	return longest;
}

void log_add_masked(struct str *out, const char *text)
{
	while (*text) {
		size_t len = longest_mask_at(text);

		if (len)
			str_add(out, "***");
		else
			str_add_char(out, *text);
		text += len ? len : 1;
	}
}

const char *log_copy_masked(const char *text, struct arena *arena)
{
	CLEANUP(str_release) struct str masked = {0};

	if (!text)
		return NULL;
	log_add_masked(&masked, text);
	return arena_strdup(arena, str_text(&masked));
}

char *log_masked(const char *text)
{
	CLEANUP(str_release) struct str masked = {0};
	struct str escaped = {0};

	log_add_masked(&masked, text);
	str_add_escaped(&escaped, str_text(&masked), masked.len);
	return str_detach(&escaped);
}

/* Back to the start of the live line, and erase it. */
#define ERASE_LINE "\r\033[K"

void log_live(const char *text)
{
	CLEANUP(free_ptr) char *masked = text ? log_masked(text) : NULL;

	if (!masked && !state.live)
		return;
	fprintf(stderr, ERASE_LINE "%s", masked ? masked : "");
	fflush(stderr);
	state.live = masked != NULL;
}

/* One write for the line, so that lines of parallel steps stay whole. */
static void write_line(const char *label, const char *format, va_list args)
	PRINTF_LIKE(2, 0);
static void write_line(const char *label, const char *format, va_list args)
{
	CLEANUP(free_ptr) char *text = xvasprintf(format, args);
	CLEANUP(free_ptr) char *masked = log_masked(text);
	CLEANUP(str_release) struct str line = {0};

	if (state.live)
		str_add(&line, ERASE_LINE);
	state.live = false;
	if (label)
		str_addf(&line, "%s: %s: ", state.name, label);
	str_addf(&line, "%s\n", masked);
	fwrite(line.buf, 1, line.len, stderr);
	fflush(stderr);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("error", format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	if (!log_enabled(LOG_WARNING))
		return;
	va_start(args, format);
	write_line("warning", format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	if (!log_enabled(LOG_INFO))
		return;
	va_start(args, format);
	write_line("info", format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	if (!log_enabled(LOG_DEBUG))
		return;
	va_start(args, format);
	write_line("debug", format, args);
	va_end(args);
}

void log_plain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(NULL, format, args);
	va_end(args);
}

void report_warning(const struct reporter *reporter, const char *format, ...)
{
	va_list args;
	char *text;

	if (!reporter || !reporter->warn)
		return;
	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	reporter->warn(reporter->context, text);
	free(text);
}

void report_progress(const struct reporter *reporter, const char *what,
		     size_t done, size_t total)
{
	if (reporter && reporter->progress)
		reporter->progress(reporter->context, what, done, total);
}
