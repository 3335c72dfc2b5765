/*
 * Edits of the documents on standard input: for each the document, a path,
 * "text" or "raw", and the new text, separated by NUL bytes.  Answers each
 * with the bytes that the node at the path had ("12 15", "" if there was
 * none), and with "ok" and the changed document, or "refused" and why.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/ydoc.h"
#include "sys/file.h"

#define INPUT_MAX ((size_t)512 << 20)

enum field {
	FIELD_DOCUMENT,
	FIELD_PATH,
	FIELD_KIND,
	FIELD_TEXT,
	FIELD_COUNT,
};

static void answer(struct str *out, const char *const *fields)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	const char *document = fields[FIELD_DOCUMENT];
	const char *path = fields[FIELD_PATH];
	bool raw = strcmp(fields[FIELD_KIND], "raw") == 0;
	struct ydoc_span span;
	bool done = ydoc_parse(&doc, document, strlen(document), "document", 0,
			       &err);

	if (done && ydoc_find(&doc, path, &span))
		str_addf(out, "%zu %zu", span.start, span.end);
	str_add_char(out, '\0');
	done = done && (raw ? ydoc_set_raw : ydoc_set_text)(
			       &doc, path, fields[FIELD_TEXT], &err);
	str_add(out, done ? "ok" : "refused");
	str_add_char(out, '\0');
	if (done)
		str_add_bytes(out, doc.text.buf, doc.text.len);
	else
		str_add(out, err.text);
	str_add_char(out, '\0');
}

int main(void)
{
	CLEANUP(str_release) struct str input = {0}, output = {0};
	CLEANUP(err_release) struct err err = {0};
	const char *fields[FIELD_COUNT];
	const char *at, *end;

	input.limit = INPUT_MAX;
	if (!file_read("-", INPUT_MAX, &input, &err)) {
		fprintf(stderr, "edit-driver: %s\n", err.text);
		return 1;
	}
	end = str_text(&input) + input.len;
	for (at = str_text(&input); at < end;) {
		for (int i = 0; i < FIELD_COUNT; i++) {
			fields[i] = at;
			at += at < end ? strlen(at) + 1 : 0;
		}
		answer(&output, fields);
	}
	return fwrite(output.buf, 1, output.len, stdout) == output.len ? 0 : 1;
}
