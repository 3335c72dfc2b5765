/* Changes as data. */

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "core/changelog.h"
#include "core/changelogtext.h"
#include "core/tickets.h"
#include "format/semver.h"
#include "format/value.h"

static void set_text(struct value *map, struct arena *arena, const char *key,
		     const char *text)
{
	value_map_set(map, arena, key,
		      text ? value_new_text(arena, text) : &value_nil);
}

/* The text of @url, nil where it is empty. */
static void set_url(struct value *map, struct arena *arena, const char *key,
		    const struct str *url)
{
	set_text(map, arena, key, url->len > 0 ? str_text(url) : NULL);
}

static void set_number(struct value *map, struct arena *arena, const char *key,
		       size_t number)
{
	value_map_set(map, arena, key, value_new_int(arena, (int64_t)number));
}

/* The first @most of them. */
static void set_list(struct value *map, struct arena *arena, const char *key,
		     const struct commitmsg_list *list, size_t most)
{
	struct value *items = value_new_list(arena);

	for (size_t i = 0; i < list->count && i < most; i++)
		value_list_add(items, arena,
			       value_new_text(arena, list->items[i]));
	value_map_set(map, arena, key, items);
}

static void set_date(struct value *map, struct arena *arena, const char *key,
		     int64_t seconds)
{
	CLEANUP(str_release) struct str date = {0};

	clock_add_rfc3339(&date, seconds);
	set_text(map, arena, key, str_text(&date));
}

/* Both are versions, and @new comes before @old. */
static bool is_downgrade(const char *old, const char *new)
{
	CLEANUP(semver_release) struct semver before = {0};
	CLEANUP(semver_release) struct semver after = {0};
	CLEANUP(err_release) struct err unfit = {0};

	return old && new && semver_parse(&before, old, &unfit) &&
	       semver_parse(&after, new, &unfit) &&
	       semver_compare(&after, &before) < 0;
}

/* The page of the pull request, else that of the commit. */
static void add_page(struct str *url, const struct changelog_commit *commit,
		     const struct changelog_facts *facts)
{
	if (!facts->web)
		return;
	if (commit->message.change)
		forge_add_change_url(url, facts->kind, facts->web,
				     commit->message.change);
	else
		forge_add_commit_url(url, facts->kind, facts->web,
				     commit->hash);
}

static struct value *tell_change(const struct changelog_change *change,
				 const struct changelog_facts *facts,
				 struct arena *arena)
{
	const struct changelog_commit *commit = change->commit;
	struct value *map = value_new_map(arena);
	CLEANUP(str_release) struct str url = {0};

	add_page(&url, commit, facts);
	set_text(map, arena, "title", commit->message.title);
	set_text(map, arena, "change", commit->message.change);
	set_text(map, arena, "hash", commit->hash);
	set_url(map, arena, "url", &url);
	set_date(map, arena, "date", commit->time_s);
	set_list(map, arena, "authors", &change->authors, CHANGELOG_NAMES_TOLD);
	set_list(map, arena, "tickets", &change->tickets, CHANGELOG_NAMES_TOLD);
	set_number(map, arena, "commits", change->commit_count);
	value_map_set(map, arena, "breaking",
		      commit->message.breaking ? &value_true : &value_false);
	return map;
}

/* Up to *@left changes, which is then what may still come. */
static struct value *tell_changes(const struct changelog_half *half,
				  const struct changelog_facts *facts,
				  size_t *left, struct arena *arena)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; half && i < half->change_count && *left > 0;
	     i++, (*left)--)
		value_list_add(list, arena,
			       tell_change(&half->changes[i], facts, arena));
	return list;
}

static void set_span(struct value *map, struct arena *arena,
		     const struct changelog_half *half)
{
	int64_t from = 0;
	int64_t to = 0;
	size_t commits = 0;

	for (size_t i = 0; half && i < half->change_count; i++) {
		const struct changelog_change *change = &half->changes[i];
		int64_t when = change->commit->time_s;

		commits += change->commit_count;
		from = i == 0 || when < from ? when : from;
		to = i == 0 || when > to ? when : to;
	}
	set_number(map, arena, "commits", commits);
	if (!half || half->change_count == 0)
		return;
	set_date(map, arena, "from", from);
	set_date(map, arena, "to", to);
}

static void set_compare(struct value *map, struct arena *arena,
			const struct changelog_facts *facts)
{
	CLEANUP(str_release) struct str url = {0};

	if (facts->web && facts->old_commit && facts->new_commit)
		forge_add_compare_url(&url, facts->kind, facts->web,
				      facts->old_commit, facts->new_commit);
	set_url(map, arena, "compareUrl", &url);
}

struct value *changelog_tell(const struct changelog *log,
			     const struct changelog_facts *facts,
			     struct arena *arena)
{
	static const struct commitmsg_list none = {0};
	const struct changelog_half *added = log ? &log->added : NULL;
	const struct changelog_half *removed = log ? &log->removed : NULL;
	size_t all = log ? added->change_count + removed->change_count : 0;
	struct value *map = value_new_map(arena);
	size_t left = facts->changes_max;

	set_text(map, arena, "name", facts->name);
	set_text(map, arena, "old", facts->old);
	set_text(map, arena, "new", facts->new);
	value_map_set(map, arena, "downgrade",
		      value_new_bool(arena,
				     is_downgrade(facts->old, facts->new)));
	set_text(map, arena, "repository", facts->web);
	set_text(map, arena, "oldCommit", facts->old_commit);
	set_text(map, arena, "newCommit", facts->new_commit);
	set_compare(map, arena, facts);
	set_text(map, arena, "source", facts->source);
	set_span(map, arena, added);
	value_map_set(map, arena, "changes",
		      tell_changes(added, facts, &left, arena));
	value_map_set(map, arena, "removed",
		      tell_changes(removed, facts, &left, arena));
	set_number(map, arena, "more", all - (facts->changes_max - left));
	set_list(map, arena, "tickets", log ? &log->tickets : &none,
		 TICKETS_MAX);
	set_list(map, arena, "authors", log ? &log->authors : &none,
		 CHANGELOG_AUTHORS_TOLD);
	return map;
}
