/*
 * YAML of any kind: reading, as one document and as a stream, never crashes,
 * and what was read is written as YAML that reads the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "format/ydoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct value *value)
{
	CLEANUP(str_release) struct str text = {0}, again = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	ydoc_emit(&text, value);
	if (!ydoc_parse(&doc, str_text(&text), text.len, "written", 0, &err))
		BUG("what was written cannot be read: %s", err.text);
	/* 1.0 is written as 1: compare what it is written as again. */
	ydoc_emit(&again, doc.root);
	if (strcmp(str_text(&text), str_text(&again)) != 0)
		BUG("what was written reads differently");
}

/* Marshal may refuse; what it gives is YAML, but for a plain "<<" key. */
static void check_marshalled(const struct value *value)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	if (!ydoc_marshal(&text, value, &err) || strstr(str_text(&text), "<<:"))
		return;
	if (!ydoc_parse(&doc, str_text(&text), text.len, "marshalled", 0, &err))
		BUG("what was marshalled cannot be read: %s", err.text);
}

/* The same documents, whether integers are kept or not. */
static void check_floats(const char *text, size_t len)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0}, floats = {0};
	CLEANUP(err_release) struct err err = {0}, other = {0};

	if (ydoc_parse(&doc, text, len, "fuzz", YDOC_FIRST, &err) !=
	    ydoc_parse(&floats, text, len, "fuzz", YDOC_FIRST | YDOC_FLOATS,
		       &other))
		BUG("numbers decide whether it can be read");
}

static void check_stream(const char *text, size_t len)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	struct ydoc_stream stream = {.text = text, .len = len, .name = "fuzz"};

	while (ydoc_next(&stream, &doc, YDOC_STRICT_KEYS, &err))
		if (!doc.root)
			BUG("a document without a value");
	if (stream.ended != !err.text)
		BUG("a stream that neither ended nor failed");
}

/* Where only the values are wanted they are the same. */
static void check_values(const struct value *root, const char *text, size_t len)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str wanted = {0}, got = {0};

	if (!ydoc_parse_values(&doc, text, len, "fuzz", 0, SIZE_MAX, &err))
		BUG("its values cannot be read: %s", err.text);
	ydoc_emit(&wanted, root);
	ydoc_emit(&got, ydoc_take_values(&doc, &arena));
	if (strcmp(str_text(&wanted), str_text(&got)) != 0)
		BUG("its values are others");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};
	const char *text = (const char *)data;

	check_floats(text, size);
	check_stream(text, size);
	if (!ydoc_parse(&doc, text, size, "fuzz", 0, &err))
		return 0;
	check_values(doc.root, text, size);
	check_written(doc.root);
	check_marshalled(doc.root);
	return 0;
}
