/*
 * Our answers to the templates on standard input, in the form of
 * tests/oracle/tmpl/main.go: for each case the missing-key mode, the data as
 * JSON and the template, separated by NUL bytes, "ok" and the output in
 * hexadecimal, or "error" and what is wrong.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/ydoc.h"
#include "sys/env.h"
#include "sys/file.h"
#include "tmpl/tmpl.h"

#define INPUT_MAX ((size_t)256 << 20)

/* What both sides take for the time of the run. */
#define NOW_MS 1764158400000

/* TZ, as for the reference. */
static const char *zone;

static const char *const modes[] = {"error", "default", "zero"};

static bool render(const char *mode, const char *json, size_t json_len,
		   const char *text, size_t len, struct str *out,
		   struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc data = {0};
	CLEANUP(tmpl_release) struct tmpl set = {
		.options = {.now_ms = NOW_MS, .tz = zone}};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(modes[i], mode) == 0)
			set.options.missing = (enum tmpl_missing)i;
	}
	return ydoc_parse(&data, json, json_len, "data", 0, err) &&
	       tmpl_parse(&set, "test", text, len, err) &&
	       tmpl_execute(&set, "test", data.root, out, err);
}

static void add_hex(struct str *out, const struct str *bytes)
{
	for (size_t i = 0; i < bytes->len; i++)
		str_addf(out, "%02x", (unsigned char)bytes->buf[i]);
}

static void add_error(struct str *out, const struct err *err)
{
	str_addf(out, "error %u:%u: %s", err->line, err->column, err->text);
	if (err->hint)
		str_addf(out, " (hint: %s)", err->hint);
}

static void answer(const char *mode, const char *json, const char *text,
		   struct str *out)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str rendered = {0};

	if (render(mode, json, strlen(json), text, strlen(text), &rendered,
		   &err)) {
		str_add(out, "ok ");
		add_hex(out, &rendered);
	} else {
		add_error(out, &err);
	}
	str_add_char(out, '\0');
}

int main(void)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str input = {0};
	CLEANUP(str_release) struct str out = {0};
	CLEANUP(env_release) struct env env = {0};
	const char *at, *end;

	env_snapshot(&env);
	zone = env_get_raw(&env, "TZ");
	if (!file_read("/dev/stdin", INPUT_MAX, &input, &err)) {
		fprintf(stderr, "tmpl-driver: %s\n", err.text);
		return 1;
	}
	end = str_text(&input) + input.len;
	for (at = str_text(&input); at < end;) {
		const char *mode = at, *json, *text;

		json = mode + strlen(mode) + 1;
		text = json + strlen(json) + 1;
		answer(mode, json, text, &out);
		at = text + strlen(text) + 1;
	}
	fwrite(str_text(&out), 1, out.len, stdout);
	return 0;
}
