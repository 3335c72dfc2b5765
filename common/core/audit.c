#include "core/audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "format/jsontext.h"
#include "format/semver.h"
#include "format/value.h"

/* --- an entry and its archive ---------------------------------------------- */

/* Equal as JSON: what YAML and Chart.yaml make of it may differ in type. */
static bool says_the_same(const struct value *a, const struct value *b)
{
	CLEANUP(str_release) struct str left = {0}, right = {0};

	jsontext_print(&left, a, false);
	jsontext_print(&right, b, false);
	return strcmp(str_text(&left), str_text(&right)) == 0;
}

/* The first field of Chart.yaml that @entry says otherwise, or NULL. */
static const char *find_difference(const struct value *metadata,
				   const struct value *entry)
{
	for (size_t i = 0; i < metadata->map.count; i++) {
		const struct value_pair *pair = &metadata->map.pairs[i];
		const struct value *said =
			value_map_get(entry, pair->key.bytes);

		if (!said || !says_the_same(said, pair->value))
			return pair->key.bytes;
	}
	return NULL;
}

static const struct value *make_anew(const struct audit_claim *claim,
				     const struct chart *chart,
				     const char *digest, struct arena *arena)
{
	struct value *entry = value_copy(claim->entry, arena);

	for (size_t i = 0; i < chart->metadata->map.count; i++) {
		const struct value_pair *pair = &chart->metadata->map.pairs[i];

		value_map_set(entry, arena, pair->key.bytes, pair->value);
	}
	value_map_set_text(entry, arena, "digest", digest);
	return entry;
}

static void judge_metadata(const struct audit_claim *claim,
			   const struct chart *chart, struct arena *arena,
			   struct audit_verdict *verdict)
{
	const char *field;

	if (!same_text(chart->name, claim->name) ||
	    !same_text(chart->version, claim->version)) {
		verdict->reason = arena_printf(arena, "it holds chart '%s' %s",
					       chart->name, chart->version);
		return;
	}
	field = find_difference(chart->metadata, claim->entry);
	if (field)
		verdict->reason = arena_printf(arena,
					       "the index has another '%s' "
					       "than its Chart.yaml",
					       field);
	else if (!*claim->digest)
		verdict->reason = "the index has no digest of it";
	if (verdict->reason)
		verdict->entry =
			make_anew(claim, chart, verdict->digest, arena);
}

bool audit_judge(const struct audit_claim *claim, const struct str *archive,
		 struct arena *arena, struct audit_verdict *verdict,
		 struct err *err)
{
	CLEANUP(err_release) struct err why = {0};
	struct audit_verdict judged = {0};
	struct chart *chart;

	if (!sha256_hex(str_text(archive), archive->len, judged.digest, err))
		return false;
	if (*claim->digest && strcmp(judged.digest, claim->digest))
		judged.reason = arena_printf(arena,
					     "its digest is %s, the index says "
					     "%s",
					     judged.digest, claim->digest);
	else if (!chart_load_archive(str_text(archive), archive->len,
				     claim->name, arena, &chart, &why))
		judged.reason = arena_strdup(arena, why.text);
	else
		judge_metadata(claim, chart, arena, &judged);
	*verdict = judged;
	return true;
}

/* --- an archive without an entry ------------------------------------------- */

bool audit_is_young(int64_t age_s)
{
	return age_s > -AUDIT_YOUNG_S && age_s < AUDIT_YOUNG_S;
}

static void take_chart(const char *object, const char *url,
		       const struct chart *chart, const char *created,
		       struct arena *arena, struct audit_orphan *orphan)
{
	orphan->name = arena_strdup(arena, chart->name);
	orphan->version = arena_strdup(arena, chart->version);
	if (!same_text(object, chart_file_name(chart)))
		orphan->reason = arena_printf(arena,
					      "it holds chart '%s' %s, and is "
					      "not called so",
					      chart->name, chart->version);
	else if (!chartindex_is_name(chart->name))
		orphan->reason = "no address of an index leads to that name";
	else
		orphan->entry = chartindex_new_entry(chart, url, orphan->digest,
						     created, arena);
}

bool audit_judge_orphan(const char *object, const char *url,
			const struct str *archive, const char *created,
			struct arena *arena, struct audit_orphan *orphan,
			struct err *err)
{
	CLEANUP(arena_release) struct arena files = {0};
	CLEANUP(err_release) struct err why = {0};
	struct audit_orphan judged = {.name = "", .version = ""};
	struct chart *chart;

	if (!sha256_hex(str_text(archive), archive->len, judged.digest, err))
		return false;
	if (chart_load_archive(str_text(archive), archive->len, object, &files,
			       &chart, &why))
		take_chart(object, url, chart, created, arena, &judged);
	else
		judged.reason = arena_strdup(arena, why.text);
	*orphan = judged;
	return true;
}

/* --- what was verified before ----------------------------------------------- */

bool audit_mark(const struct audit_claim *claim, const char *object,
		const char *state, int64_t size, char mark[AUDIT_MARK_SIZE],
		struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	struct value *parts = value_new_list(&arena);
	char digest[SHA256_HEX_SIZE];

	/* As JSON, so that no two pairs have the same text. */
	value_list_add(parts, &arena, value_new_text(&arena, claim->name));
	value_list_add(parts, &arena, value_new_text(&arena, object));
	value_list_add(parts, &arena, value_new_text(&arena, state));
	value_list_add(parts, &arena, value_new_int(&arena, size));
	value_list_add(parts, &arena, claim->entry);
	jsontext_print(&text, parts, false);
	if (!sha256_hex(str_text(&text), text.len, digest, err))
		return false;
	memcpy(mark, digest, AUDIT_MARK_SIZE - 1);
	mark[AUDIT_MARK_SIZE - 1] = '\0';
	return true;
}

void audit_read_marks(struct map *marks, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		char mark[AUDIT_MARK_SIZE] = {0};

		/* The last line may be a part of one. */
		if (!stop)
			return;
		if (stop - text == AUDIT_MARK_SIZE - 1) {
			memcpy(mark, text, AUDIT_MARK_SIZE - 1);
			if (strspn(mark, "0123456789abcdef") ==
			    AUDIT_MARK_SIZE - 1)
				map_put(marks, mark, marks);
		}
		text = stop + 1;
	}
}

/* --- versions ---------------------------------------------------------------- */

void audit_find_ambiguous(struct map *ambiguous,
			  const struct chartindex_entries *entries)
{
	CLEANUP(map_release) struct map seen = {0};

	for (size_t i = 0; i < entries->count; i++) {
		const char *version = entries->items[i].version;

		if (map_has(&seen, version))
			map_put(ambiguous, version, ambiguous);
		else
			map_put(&seen, version, ambiguous);
	}
}

struct dated {
	struct chartindex_entry entry;
	struct semver version;
	bool is_version, is_ambiguous;
	int64_t created;
	size_t place;
};

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* What stands twice stands together; its dates say nothing. */
static int by_age(const void *a, const void *b)
{
	const struct dated *left = a, *right = b;
	int order = compare(right->is_version, left->is_version);

	if (!order && left->is_version)
		order = semver_compare(&right->version, &left->version);
	if (!order)
		order = compare(right->is_ambiguous, left->is_ambiguous);
	if (!order && left->is_ambiguous)
		order = strcmp(left->entry.version, right->entry.version);
	if (!order)
		order = compare(right->created, left->created);
	return order ? order
		     : compare((int64_t)right->place, (int64_t)left->place);
}

static void date(struct dated *dated, const struct chartindex_entry *entry,
		 const struct map *ambiguous)
{
	CLEANUP(err_release) struct err unfit = {0};

	dated->entry = *entry;
	dated->is_version =
		semver_parse(&dated->version, entry->version, &unfit);
	dated->is_ambiguous = map_has(ambiguous, entry->version);
	if (!clock_parse_rfc3339(entry->created, strlen(entry->created),
				 &dated->created))
		dated->created = INT64_MIN;
}

void audit_sort_by_age(struct chartindex_entries *sorted,
		       const struct chartindex_entries *entries,
		       const struct map *ambiguous, struct arena *arena)
{
	struct dated *dated = xcalloc(entries->count + 1, sizeof(*dated));

	sorted->count = entries->count;
	sorted->items = arena_new_array(arena, struct chartindex_entry,
					entries->count + 1);
	for (size_t i = 0; i < entries->count; i++) {
		date(&dated[i], &entries->items[i], ambiguous);
		dated[i].place = i;
	}
	qsort(dated, entries->count, sizeof(*dated), by_age);
	for (size_t i = 0; i < entries->count; i++) {
		sorted->items[i] = dated[i].entry;
		semver_release(&dated[i].version);
	}
	free(dated);
}

static bool is_version(const char *text)
{
	CLEANUP(semver_release) struct semver version = {0};
	CLEANUP(err_release) struct err unfit = {0};

	return semver_parse(&version, text, &unfit);
}

static bool is_used(const char *name, const struct chartindex_entry *entry,
		    const struct map *used)
{
	CLEANUP(free_ptr) char *full = xasprintf("%s-%s", name, entry->version);

	return map_has(used, full) ||
	       (*entry->digest && map_has(used, entry->digest));
}

static bool is_prerelease(const char *version)
{
	return version[strcspn(version, "-+")] == '-';
}

/* Do @keep newer ones stand before number @i, releases or pre-releases as it? */
static bool has_newer(const struct chartindex_entries *entries, size_t i,
		      int64_t keep)
{
	bool prerelease = is_prerelease(entries->items[i].version);

	for (size_t j = 0; j < i && keep; j++) {
		const char *version = entries->items[j].version;

		/* What stands twice is one. */
		if (is_prerelease(version) == prerelease &&
		    (!j || strcmp(version, entries->items[j - 1].version) != 0))
			keep--;
	}
	return !keep;
}

bool audit_is_too_many(const char *name,
		       const struct chartindex_entries *entries, size_t i,
		       int64_t keep, const struct map *used,
		       const struct map *ambiguous)
{
	const struct chartindex_entry *entry = &entries->items[i];

	return has_newer(entries, i, keep) && is_version(entry->version) &&
	       !is_used(name, entry, used) &&
	       !map_has(ambiguous, entry->version);
}

/* --- what is in use -------------------------------------------------------- */

#define BOM "\xef\xbb\xbf"

/* Of a chart's name, its version, and what joins them. */
static const char used_bytes[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+@";

/* "web-1.4.0" of "web@1.4.0", "web-1.4.0.tgz" or itself; NULL of others. */
static char *read_used_name(const char *word)
{
	char *name = xstrdup(word);
	char *at = strchr(name, '@');
	size_t len = strlen(name);

	if (len > 4 && strcmp(name + len - 4, ".tgz") == 0)
		name[len - 4] = '\0';
	if (at && at > name && is_version(at + 1)) {
		*at = '-';
		return name;
	}
	for (char *dash = strchr(name, '-'); dash;
	     dash = strchr(dash + 1, '-')) {
		if (dash > name && is_version(dash + 1))
			return name;
	}
	free(name);
	return NULL;
}

static bool read_used(struct map *used, const char *word, unsigned int line,
		      const char *path, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const char *digest = chartindex_bare_digest(word, &arena);
	CLEANUP(free_ptr) char *name =
		word[strspn(word, used_bytes)] ? NULL : read_used_name(word);
	const char *key = sha256_is_hex(digest) ? digest : name;

	if (!key) {
		err_set(err, ERR_INPUT,
			"%s:%u: '%s' names no version of a chart", path, line,
			word);
		return err_hint(err, "a line is 'web-1.4.0', 'web@1.4.0' or "
				     "the digest of an archive");
	}
	map_put(used, key, used);
	return true;
}

bool audit_read_used(struct map *used, const char *text, size_t len,
		     const char *path, struct err *err)
{
	const char *end = text + len;

	/* Left in, it would make another name of the first one. */
	if (len >= strlen(BOM) && !memcmp(text, BOM, strlen(BOM)))
		text += strlen(BOM);
	for (unsigned int number = 1; text < end; number++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		CLEANUP(str_release) struct str line = {0};
		const char *comment;

		stop = stop ? stop : end;
		comment = memchr(text, '#', (size_t)(stop - text));
		str_add_bytes(&line, text,
			      (size_t)((comment ? comment : stop) - text));
		str_trim(&line);
		if (line.len &&
		    !read_used(used, str_text(&line), number, path, err))
			return false;
		text = stop + 1;
	}
	if (used->count)
		return true;
	err_set(err, ERR_INPUT, "'%s' names nothing that is in use", path);
	return err_hint(err, "if that is true, leave '--keep-used' out");
}
