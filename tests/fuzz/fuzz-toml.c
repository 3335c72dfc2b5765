/*
 * TOML of any kind: reading never crashes, and what was read is written as
 * TOML that reads the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/toml.h"
#include "format/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every date is the same one: what it is, is for others to try. */
static const struct value *read_date(const char *text, size_t len,
				     struct arena *arena, void *context)
{
	(void)text;
	(void)context;
	return len > 5 ? value_new_text(arena, "a date") : NULL;
}

static void check_written(const struct value *value, struct arena *arena)
{
	CLEANUP(str_release) struct str text = {0}, again = {0};
	CLEANUP(toml_release) struct toml toml = {0};
	CLEANUP(err_release) struct err err = {0};

	if (!toml_write(&text, value, NULL, &err))
		BUG("what was read cannot be written: %s", err.text);
	/* Indented, it may be too large. */
	if (text.len > TOML_SIZE_MAX)
		return;
	if (!toml_parse(&toml, str_text(&text), text.len, arena, &err))
		return;
	if (toml.problem.len > 0)
		BUG("what was written cannot be read: %s",
		    str_text(&toml.problem));
	if (!toml_write(&again, toml.root, NULL, &err))
		BUG("what was written cannot be written again: %s", err.text);
	if (strcmp(str_text(&text), str_text(&again)) != 0)
		BUG("what was written reads differently");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct toml_dates dates = {.read = read_date};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(toml_release) struct toml toml = {.dates = &dates};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err err = {0};

	str_add_bytes(&text, (const char *)data, size);
	if (!toml_parse(&toml, str_text(&text), size, &arena, &err))
		return 0;
	if (toml.problem.len > 0) {
		if (!starts_with(str_text(&toml.problem), "toml: line "))
			BUG("a problem without a line: %s",
			    str_text(&toml.problem));
		return 0;
	}
	check_written(toml.root, &arena);
	return 0;
}
