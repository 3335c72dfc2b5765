/*
 * Our answers to the questions on standard input, in the form of
 * tests/oracle/rx/main.go.  What we refuse for a ceiling is "!" and why.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/rx.h"
#include "sys/file.h"

#define INPUT_MAX ((size_t)256 << 20)

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* "x" and hexadecimal digits to bytes. */
static void decode(struct str *out, const char *word)
{
	for (word++; *word; word += 2)
		str_add_char(out, (char)(digit(word[0]) << 4 | digit(word[1])));
}

static void add_places(struct str *out, const struct rx_scan *scan)
{
	for (size_t i = 0; i < scan->rx->groups; i++) {
		const struct rx_group *group = &scan->groups[i];

		str_addf(out, "%s%zd %zd", i > 0 ? " " : "",
			 (ssize_t)group->start, (ssize_t)group->end);
	}
}

/* All matches: the places to @places, the text with replacements. */
static bool search(const struct rx *rx, const struct str *text,
		   const struct str *form, struct str *places,
		   struct str *replaced, struct err *err)
{
	CLEANUP(rx_scan_release) struct rx_scan scan = {0};
	size_t done = 0;
	bool found;

	rx_scan_open(&scan, rx, str_text(text), text->len);
	for (;;) {
		if (!rx_scan_next(&scan, &found, err))
			return false;
		if (!found)
			break;
		if (places->len > 0)
			str_add_char(places, ';');
		add_places(places, &scan);
		str_add_bytes(replaced, str_text(text) + done,
			      scan.groups[0].start - done);
		rx_expand(replaced, &scan, str_text(text), str_text(form),
			  form->len);
		done = scan.groups[0].end;
	}
	str_add_bytes(replaced, str_text(text) + done, text->len - done);
	return true;
}

static void add_answer(struct str *out, const struct rx *rx,
		       const struct str *places, const struct str *replaced)
{
	for (size_t i = 0; i < rx->names.count; i++)
		str_addf(out, "%s%s", i > 0 ? "," : "", rx->names.items[i]);
	str_addf(out, " [%s] x", str_text(places));
	for (size_t i = 0; i < replaced->len; i++)
		str_addf(out, "%02x", (unsigned char)replaced->buf[i]);
}

static void answer(struct str *out, const char *question)
{
	CLEANUP(strvec_release) struct strvec words = {0};
	CLEANUP(str_release) struct str pattern = {0}, text = {0}, form = {0};
	CLEANUP(str_release) struct str places = {0}, replaced = {0};
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(err_release) struct err err = {0};

	strvec_split(&words, question, ' ');
	decode(&pattern, words.items[0]);
	decode(&text, words.items[1]);
	decode(&form, words.items[2]);
	if (!rx_compile(&rx, str_text(&pattern), pattern.len, &err))
		str_addf(out, "%s",
			 starts_with(err.text, "bad regular") ? "-" : "!");
	else if (search(&rx, &text, &form, &places, &replaced, &err))
		add_answer(out, &rx, &places, &replaced);
	else
		str_add_char(out, '!');
	str_addf(out, "%s\n",
		 str_text(out)[out->len - 1] == '!' ? err.text : "");
}

int main(void)
{
	CLEANUP(str_release) struct str input = {0}, output = {0};
	CLEANUP(strvec_release) struct strvec lines = {0};
	CLEANUP(err_release) struct err err = {0};

	if (!file_read("-", INPUT_MAX, &input, &err)) {
		fprintf(stderr, "rx-driver: %s\n", err.text);
		return 1;
	}
	strvec_split(&lines, str_text(&input), '\n');
	for (size_t i = 0; i + 1 < lines.count; i++)
		answer(&output, lines.items[i]);
	return fwrite(str_text(&output), 1, output.len, stdout) == output.len
		       ? 0
		       : 1;
}
