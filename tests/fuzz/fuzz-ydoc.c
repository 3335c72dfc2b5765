/*
 * YAML of any kind: reading never crashes, what was read is written as YAML
 * that reads the same, and an edit changes what it says or nothing.
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

static void check_edit(struct ydoc *doc, const char *path)
{
	CLEANUP(err_release) struct err err = {0};
	const char *text;

	if (!ydoc_set_text(doc, path, "2026-11-22 13:04:05", &err))
		return;
	text = value_find_text(doc->root, path);
	if (!same_text(text, "2026-11-22 13:04:05"))
		BUG("an edit did not do what it says");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	CLEANUP(err_release) struct err err = {0};

	if (!ydoc_parse(&doc, (const char *)data, size, "fuzz", 0, &err))
		return 0;
	check_written(doc.root);
	check_edit(&doc, "a");
	check_edit(&doc, "global.expiryDate");
	return 0;
}
