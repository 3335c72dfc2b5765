/*
 * Lexer, parser and executor of templates, with data that has something of
 * each kind.  The first byte chooses what missing keys give.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "tmpl/tmpl.h"

/* Enough to loop and recurse, little enough for thousands a second. */
#define STEPS_MAX 20000

static const char data_text[] =
	"{\"i\": 1, \"f\": 1.5, \"s\": \"a,b\", \"t\": true, \"e\": \"\","
	" \"l\": [1, \"x\", [2.5, null]], \"m\": {\"a\": {\"b\": \"c\"}},"
	" \"Env\": {\"BRANCH_NAME\": \"master\"}, \"z\": null}";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	CLEANUP(ydoc_release) struct ydoc data = {0};
	CLEANUP(tmpl_release) struct tmpl set = {.options.max_steps =
							 STEPS_MAX};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str out = {0};

	if (len == 0)
		return 0;
	set.options.missing = (enum tmpl_missing)(bytes[0] % 3);
	if (!ydoc_parse(&data, data_text, sizeof(data_text) - 1, "data", 0,
			&err))
		abort();
	if (!tmpl_parse(&set, "test", (const char *)bytes + 1, len - 1, &err))
		return 0;
	if (!tmpl_execute(&set, "test", data.root, &out, &err) &&
	    (err.line == 0 || out.len != 0))
		abort();
	return 0;
}
