/*
 * Ticket keys in any bytes, and names of versions by any template: each key
 * that is found is one and stands in the text, and a name is recognised by
 * the template that made it and holds what is searched for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/tickets.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void find_keys(const char *text, size_t len)
{
	CLEANUP(strvec_release) struct strvec keys = {0};
	CLEANUP(strvec_release) struct strvec same = {0};
	CLEANUP(strvec_release) struct strvec projects = {0};

	tickets_find(&keys, text, len, NULL);
	for (size_t i = 0; i < keys.count; i++) {
		CLEANUP(free_ptr) char *project = ticket_project(keys.items[i]);

		check(ticket_key_valid(keys.items[i]));
		check(memmem(text, len, keys.items[i], strlen(keys.items[i])) !=
		      NULL);
		strvec_add_once(&projects, project);
	}
	/* An allow-list of all their projects takes none of them away. */
	tickets_find(&same, text, len, &projects);
	check(same.count == keys.count || keys.count == 0);
}

static void name_version(const char *template)
{
	const struct version_name parts = {
		.app = "web",
		.environment = "shop",
		.date = "2026-11-22",
		.semver = "1.4.0",
	};
	struct version_name undated = parts;
	CLEANUP(str_release) struct str search = {0};
	CLEANUP(str_release) struct str name = {0};
	CLEANUP(err_release) struct err err = {0};

	undated.date = NULL;
	version_name_search(template, &undated, &search);
	if (!version_name_format(template, &parts, &name, &err)) {
		check(name.len == 0 && err.kind == ERR_INPUT);
		return;
	}
	check(version_name_matches(template, &undated, str_text(&name)));
	check(strstr(str_text(&name), str_text(&search)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	/* Of exactly its size, so that a byte behind it is noticed. */
	char *exact = xmalloc(len + 1);
	char *text = xmemdupz((const char *)bytes, len);

	memcpy(exact, bytes, len);
	exact = xrealloc(exact, len ? len : 1, 1);
	find_keys(exact, len);
	name_version(text);
	free(exact);
	free(text);
	return 0;
}
