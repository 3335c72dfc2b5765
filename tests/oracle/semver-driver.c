/*
 * Our answers to the questions on standard input, in the form of
 * tests/oracle/semver/main.go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/semver.h"
#include "sys/file.h"

#define INPUT_MAX ((size_t)256 << 20)

typedef bool parse_fn(struct semver *version, const char *text,
		      struct err *err);

/* Append the version as understood; false if it is refused. */
static bool add_version(struct str *out, struct semver *version,
			const char *text, parse_fn *parse)
{
	CLEANUP(err_release) struct err err = {0};

	if (parse(version, text, &err)) {
		semver_add_text(out, version);
		str_add_char(out, ' ');
		return true;
	}
	str_add(out, "- ");
	return false;
}

static void add_satisfies(struct str *out, const struct semver *version,
			  const char *text)
{
	CLEANUP(semver_constraint_release) struct semver_constraint constraint =
		{0};
	CLEANUP(err_release) struct err err = {0};

	if (!semver_constraint_parse(&constraint, text, &err))
		str_add(out, "-\n");
	else if (!version)
		str_add(out, "?\n");
	else
		str_add(out, semver_satisfies(version, &constraint)
				     ? "true\n"
				     : "false\n");
}

static void answer(struct str *out, const char *question)
{
	CLEANUP(semver_release) struct semver a = {0}, b = {0}, strict = {0};
	CLEANUP(strvec_release) struct strvec parts = {0};
	bool has_a, has_b;

	strvec_split(&parts, question, '\t');
	has_a = add_version(out, &a, parts.items[0], semver_parse);
	has_b = add_version(out, &b, parts.items[1], semver_parse);
	add_version(out, &strict, parts.items[0], semver_parse_strict);
	if (has_a && has_b) {
		int order = semver_compare(&a, &b);

		str_addf(out, "%d ", (order > 0) - (order < 0));
	} else {
		str_add(out, "- ");
	}
	add_satisfies(out, has_a ? &a : NULL, parts.items[2]);
}

int main(void)
{
	CLEANUP(str_release) struct str input = {0}, output = {0};
	CLEANUP(err_release) struct err err = {0};

	if (!file_read("-", INPUT_MAX, &input, &err)) {
		fprintf(stderr, "semver-driver: %s\n", err.text);
		return 1;
	}
	for (size_t at = 0; at < input.len;) {
		answer(&output, input.buf + at);
		at += strlen(input.buf + at) + 1;
	}
	return fwrite(output.buf, 1, output.len, stdout) == output.len ? 0 : 1;
}
