#include "cli/out.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsontext.h"
#include "format/value.h"

/* Nesting that the env form goes down to. */
#define ENV_DEPTH_MAX 16

enum out_form out_form(const char *name)
{
	if (strcmp(name, "json") == 0)
		return OUT_JSON;
	return strcmp(name, "env") == 0 ? OUT_ENV : OUT_TEXT;
}

void out_write(struct out *out, const char *text, size_t len)
{
	while (len && !out->failure) {
		ssize_t written = write(STDOUT_FILENO, text, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			out->failure = errno;
			return;
		}
		text += written;
		len -= (size_t)written;
	}
}

void out_show(struct out *out, const struct value *value, const char *text)
{
	CLEANUP(str_release) struct str shown = {0};

	switch (out->form) {
	case OUT_TEXT:
		str_add(&shown, text);
		if (shown.len && !ends_with(text, "\n"))
			str_add_char(&shown, '\n');
		break;
	case OUT_JSON:
		jsontext_print(&shown, value, false);
		str_add_char(&shown, '\n');
		break;
	case OUT_ENV:
		out_add_env(&shown, value);
		break;
	}
	out_write(out, str_text(&shown), shown.len);
}

bool out_check(const struct out *out, struct err *err)
{
	if (!out->failure || out->failure == EPIPE)
		return true;
	errno = out->failure;
	return err_errno(err, "cannot write to standard output");
}

bool out_close(struct out *out, struct err *err)
{
	/* NFS reports a full disk no earlier than here. */
	if (close(STDOUT_FILENO) < 0 && !out->failure && errno != EBADF)
		out->failure = errno;
	return out_check(out, err);
}

/* --- KEY=value ----------------------------------------------------------- */

/* "expiryDate" as EXPIRY_DATE; what no variable may hold becomes "_". */
static void add_key(struct str *path, const char *key)
{
	if (path->len)
		str_add_char(path, '_');
	else if (isdigit((unsigned char)*key))
		str_add_char(path, '_');
	for (const char *c = key; *c; c++) {
		bool begins = isupper((unsigned char)*c) && c > key &&
			      !isupper((unsigned char)c[-1]);

		if (begins && isalnum((unsigned char)c[-1]))
			str_add_char(path, '_');
		str_add_char(path, isalnum((unsigned char)*c)
					   ? (char)toupper((unsigned char)*c)
					   : '_');
	}
}

static void add_quoted(struct str *text, const char *bytes)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_-+=.,:/@%";

	if (!bytes[strspn(bytes, plain)]) {
		str_add(text, bytes);
		return;
	}
	str_add_char(text, '\'');
	for (; *bytes; bytes++) {
		if (*bytes == '\'')
			str_add(text, "'\\''");
		else
			str_add_char(text, *bytes);
	}
	str_add_char(text, '\'');
}

static void add_scalar(struct str *text, const struct value *value,
		       const char *path)
{
	CLEANUP(str_release) struct str shown = {0};

	if (value->kind != VALUE_NIL)
		value_print(&shown, value);
	str_addf(text, "%s=", path);
	add_quoted(text, str_text(&shown));
	str_add_char(text, '\n');
}

static void add_values(struct str *text, const struct value *value,
		       struct str *path, unsigned int depth)
{
	size_t before = path->len;

	if (depth == ENV_DEPTH_MAX)
		return;
	if (value_is_map(value)) {
		for (size_t i = 0; i < value->map.count; i++) {
			add_key(path, value->map.pairs[i].key.bytes);
			add_values(text, value->map.pairs[i].value, path,
				   depth + 1);
			str_truncate(path, before);
		}
	} else if (value_is_list(value)) {
		for (size_t i = 0; i < value->list.count; i++) {
			str_addf(path, "_%zu", i);
			add_values(text, value->list.items[i], path, depth + 1);
			str_truncate(path, before);
		}
	} else if (before) {
		add_scalar(text, value, str_text(path));
	}
}

void out_add_env(struct str *text, const struct value *value)
{
	CLEANUP(str_release) struct str path = {0};

	add_values(text, value, &path, 0);
}
