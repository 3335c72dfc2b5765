/*
 * Indexes to look at, and ways to change them:
 *
 *	CLEANUP(str_release) struct str out = {0};
 *
 *	change(&out, helm_index, "web 1.5.0,-basket 1.0.0");
 */
#ifndef TESTS_UNIT_CORE_INDEXES_H
#define TESTS_UNIT_CORE_INDEXES_H

#include "base/err.h"
#include "base/strvec.h"
#include "core/chartindex.h"
#include "format/value.h"
#include "tests/unit/unit.h"

#define NOW "2026-11-22T10:00:00Z"

/* As helm repo index writes it, with a field that nobody knows. */
static UNUSED const char helm_index[] =
	"apiVersion: v1\n"
	"entries:\n"
	"  basket:\n"
	"  - apiVersion: v2\n"
	"    created: \"2026-01-01T00:00:00Z\"\n"
	"    digest: aa\n"
	"    name: basket\n"
	"    urls:\n"
	"    - basket-1.0.0.tgz\n"
	"    version: 1.0.0\n"
	"  web:\n"
	"  - apiVersion: v2\n"
	"    created: \"2026-01-02T00:00:00Z\"\n"
	"    description: |-\n"
	"      many lines\n"
	"\n"
	"      # no comment\n"
	"    digest: sha256:BB\n"
	"    flavour: unknown to us\n"
	"    name: web\n"
	"    urls:\n"
	"    - web-1.10.0.tgz\n"
	"    version: 1.10.0\n"
	"  - apiVersion: v2\n"
	"    digest: cc\n"
	"    name: web\n"
	"    urls:\n"
	"    - web-1.2.0+a.tgz\n"
	"    version: 1.2.0+a\n"
	"  - name: web\n"
	"    urls:\n"
	"    - web-1.2.0-rc.tgz\n"
	"    version: 1.2.0-rc\n"
	"generated: \"2026-01-02T00:00:00Z\"\n";

static UNUSED const char json_index[] =
	"{\n  \"apiVersion\": \"v1\",\n  \"generated\": \"2026\",\n"
	"  \"entries\": {\n    \"web\": [\n"
	"      {\"version\": \"1.10.0\", \"digest\": \"bb\", "
	"\"urls\": [\"a\"]},\n"
	"      {\"version\": \"1.2.0+a\", \"digest\": \"cc\", "
	"\"urls\": [\"b\"]}\n"
	"    ],\n    \"zoo\": []\n  }\n}\n";

/* The versions of @name with commas between, as read. */
static UNUSED void add_versions(struct str *out, struct chartindex *index,
				const char *name)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct chartindex_entries entries;
	struct err err = {0};

	assert_true(chartindex_read(index, name, &arena, &entries, &err));
	for (size_t i = 0; i < entries.count; i++)
		str_addf(out, "%s%s", i ? "," : "", entries.items[i].version);
}

/* A case without a text is one of no index. */
static UNUSED const char *text_of(const struct str *text)
{
	return text->len ? text->buf : NULL;
}

static UNUSED struct value *new_entry(struct arena *arena, const char *name,
				      const char *version)
{
	struct value *entry = value_new_map(arena);
	struct value *urls = value_new_list(arena);

	value_list_add(urls, arena, value_new_text(arena, "new.tgz"));
	value_map_set_text(entry, arena, "name", name);
	value_map_set_text(entry, arena, "version", version);
	value_map_set_text(entry, arena, "digest", "dd");
	value_map_set(entry, arena, "urls", urls);
	return entry;
}

/*
 * Put "name version" pairs, separated by commas, as @wanted asks else; those
 * with a "-" before them are removed.
 */
static UNUSED void change_as(struct str *out, const char *text,
			     const char *pairs, struct chartindex_change wanted)
{
	CLEANUP(chartindex_release) struct chartindex index = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(strvec_release) struct strvec list = {0};
	struct chartindex_put puts[8];
	struct chartindex_removal removals[8];
	struct err err = {0};

	str_add(out, text);
	if (*pairs)
		strvec_split(&list, pairs, ',');
	for (size_t i = 0; i < list.count; i++) {
		char *blank = strchr(list.items[i], ' ');

		*blank = '\0';
		if (*list.items[i] == '-') {
			removals[wanted.removal_count++] =
				(struct chartindex_removal){list.items[i] + 1,
							    blank + 1};
			continue;
		}
		puts[wanted.count++] = (struct chartindex_put){
			.name = list.items[i],
			.version = blank + 1,
			.entry = new_entry(&arena, list.items[i], blank + 1),
		};
	}
	assert_case(pairs, chartindex_open(&index, text_of(out), out->len,
					   "index", &err));
	wanted.puts = puts;
	wanted.removals = removals;
	wanted.generated = NOW;
	assert_case(pairs, chartindex_change(&index, out, &wanted, &err));
}

static UNUSED void change(struct str *out, const char *text, const char *pairs)
{
	change_as(out, text, pairs, (struct chartindex_change){0});
}

#endif
