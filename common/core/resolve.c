#include "core/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "format/semver.h"
#include "format/value.h"

/* How many versions a refusal names. */
#define NAMED_MAX 5

struct search {
	const struct chartindex_entries *entries;
	const struct resolve_query *query;
	const char *constraint;
	struct semver_constraint parsed;
	char *passed_over; /* the first of them; NULL = none */
};

static void search_release(struct search *search)
{
	semver_constraint_release(&search->parsed);
	free(search->passed_over);
}

/* Helm passes over what has no address, no version, or is not valid. */
static bool is_usable(struct search *search,
		      const struct chartindex_entry *entry)
{
	CLEANUP(err_release) struct err unfit = {0};
	CLEANUP(free_ptr) char *why = NULL;
	struct strvec *told = search->query->passed_over;

	if (!entry->urls->list.count)
		return false;
	if (chart_check_entry(entry->value, &unfit))
		return true;
	why = xasprintf("version %s: %s", entry->version, unfit.text);
	if (told && told->count < RESOLVE_PASSED_OVER_MAX)
		strvec_add_once(told, why);
	if (!search->passed_over)
		search->passed_over = xstrdup(why);
	return false;
}

static const struct chartindex_entry *find_spelled(struct search *search)
{
	for (size_t i = 0; i < search->entries->count; i++) {
		const struct chartindex_entry *entry =
			&search->entries->items[i];

		if (!strcmp(entry->version, search->constraint) &&
		    is_usable(search, entry))
			return entry;
	}
	return NULL;
}

static bool fits(struct search *search, const struct chartindex_entry *entry,
		 struct semver *version)
{
	CLEANUP(err_release) struct err unfit = {0};

	return semver_parse(version, entry->version, &unfit) &&
	       semver_satisfies(version, &search->parsed) &&
	       is_usable(search, entry);
}

/* Of what has the precedence of @version, from number @i on. */
static const struct chartindex_entry *find_twin(struct search *search,
						const struct semver *version,
						size_t i)
{
	for (; i < search->entries->count; i++) {
		CLEANUP(semver_release) struct semver twin = {0};
		const struct chartindex_entry *entry =
			&search->entries->items[i];
		CLEANUP(err_release) struct err unfit = {0};

		if (!semver_parse(&twin, entry->version, &unfit) ||
		    semver_compare(&twin, version) != 0)
			return NULL;
		if (!strcmp(entry->version, search->constraint) &&
		    is_usable(search, entry))
			return entry;
	}
	return NULL;
}

static const struct chartindex_entry *find_highest(struct search *search)
{
	for (size_t i = 0; i < search->entries->count; i++) {
		CLEANUP(semver_release) struct semver version = {0};
		const struct chartindex_entry *entry =
			&search->entries->items[i];
		const struct chartindex_entry *twin;

		if (!fits(search, entry, &version))
			continue;
		twin = find_twin(search, &version, i);
		return twin ? twin : entry;
	}
	return NULL;
}

bool resolve_is_locked(const char *version, const char *locked)
{
	CLEANUP(semver_release) struct semver is = {0}, wanted = {0};
	CLEANUP(err_release) struct err unfit = {0};

	return !strcmp(version, locked) ||
	       (semver_parse(&is, version, &unfit) &&
		semver_parse(&wanted, locked, &unfit) &&
		!semver_compare(&is, &wanted) &&
		!strcmp(is.metadata, wanted.metadata));
}

static const struct chartindex_entry *find_locked(struct search *search)
{
	for (size_t i = 0; i < search->entries->count; i++) {
		const struct chartindex_entry *entry =
			&search->entries->items[i];

		if (resolve_is_locked(entry->version, search->constraint) &&
		    is_usable(search, entry))
			return entry;
	}
	return NULL;
}

static const struct chartindex_entry *find(struct search *search)
{
	const struct chartindex_entry *spelled;

	if (search->query->rule == RESOLVE_HIGHEST)
		return find_highest(search);
	spelled = find_spelled(search);
	if (spelled)
		return spelled;
	return search->query->rule == RESOLVE_LOCKED ? find_locked(search)
						     : find_highest(search);
}

static bool none_fits(const struct search *search, struct err *err)
{
	const struct chartindex_entries *entries = search->entries;
	CLEANUP(str_release) struct str named = {0};

	for (size_t i = 0; i < entries->count && i < NAMED_MAX; i++)
		str_addf(&named, "%s%s", i ? ", " : "",
			 entries->items[i].version);
	(void)err_set(err, ERR_NOT_FOUND,
		      "no version of chart '%s' satisfies '%s'; there is %s%s",
		      search->query->name, search->constraint, str_text(&named),
		      entries->count > NAMED_MAX ? ", ..." : "");
	if (search->passed_over)
		err_hint(err, "an entry is passed over, as Helm does: %s",
			 search->passed_over);
	return false;
}

static const char *constraint_of(const char *constraint)
{
	return *constraint ? constraint : "*";
}

bool resolve_entry(const struct chartindex_entries *entries,
		   const struct resolve_query *query,
		   const struct chartindex_entry **entry, struct err *err)
{
	CLEANUP(search_release) struct search search = {
		.entries = entries,
		.query = query,
		.constraint = constraint_of(query->constraint),
	};
	const struct chartindex_entry *found;

	if (!semver_constraint_parse(&search.parsed, search.constraint, err))
		return err_wrap(err, "chart '%s'", query->name);
	if (!entries->count)
		return err_set(err, ERR_NOT_FOUND, "there is no chart '%s'",
			       query->name);
	found = find(&search);
	if (!found)
		return none_fits(&search, err);
	*entry = found;
	return true;
}

/* --- why ------------------------------------------------------------------- */

const char *resolve_verdict_text(enum resolve_verdict verdict)
{
	switch (verdict) {
	case RESOLVE_TAKEN:
		return "taken";
	case RESOLVE_LOWER:
		return "lower";
	case RESOLVE_UNFIT:
		return "not within the constraint";
	case RESOLVE_PRERELEASE:
		return "a pre-release, which the constraint does not ask for";
	case RESOLVE_NO_VERSION:
		return "no version";
	case RESOLVE_NO_ENTRY:
		return "no valid entry";
	case RESOLVE_NO_ADDRESS:
		return "no address";
	}
	BUG("verdict %d", (int)verdict);
}

/* Would it fit if it were released? */
static bool fits_released(const struct semver *version,
			  const struct semver_constraint *constraint)
{
	char none[] = "";
	struct semver released = *version;

	released.prerelease = none;
	return *version->prerelease && semver_satisfies(&released, constraint);
}

static enum resolve_verdict judge(const struct chartindex_entry *entry,
				  const struct semver_constraint *constraint)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(semver_release) struct semver version = {0};

	if (!semver_parse(&version, entry->version, &err))
		return RESOLVE_NO_VERSION;
	if (!entry->urls->list.count)
		return RESOLVE_NO_ADDRESS;
	if (!chart_check_entry(entry->value, &err))
		return RESOLVE_NO_ENTRY;
	if (semver_satisfies(&version, constraint))
		return RESOLVE_LOWER;
	return fits_released(&version, constraint) ? RESOLVE_PRERELEASE
						   : RESOLVE_UNFIT;
}

static const char *why(const char *constraint,
		       const struct chartindex_entry *taken, size_t fitting,
		       struct arena *arena)
{
	if (strcmp(constraint, taken->version) == 0)
		return "exactly the version that is asked for";
	if (fitting == 1)
		return "the only one within the constraint";
	return arena_printf(arena, "the highest of %zu within the constraint",
			    fitting);
}

struct resolve_explanation *resolve_explain(
	const struct chartindex_entries *entries, const char *constraint,
	const struct chartindex_entry *taken, struct arena *arena)
{
	CLEANUP(semver_constraint_release) struct semver_constraint parsed = {
		0};
	CLEANUP(err_release) struct err err = {0};
	struct resolve_explanation *made =
		arena_new(arena, struct resolve_explanation);
	size_t fitting = 0;

	constraint = constraint_of(constraint);
	if (!semver_constraint_parse(&parsed, constraint, &err))
		BUG("what was resolved has no constraint '%s'", constraint);
	made->constraint = arena_strdup(arena, constraint);
	made->candidates = arena_new_array(arena, struct resolve_candidate,
					   RESOLVE_CANDIDATES_MAX + 1);
	for (size_t i = 0; i < entries->count; i++) {
		const struct chartindex_entry *entry = &entries->items[i];
		bool is_taken = entry == taken;
		enum resolve_verdict verdict = judge(entry, &parsed);

		fitting += verdict == RESOLVE_LOWER;
		if (made->count >= RESOLVE_CANDIDATES_MAX && !is_taken) {
			made->more++;
			continue;
		}
		made->candidates[made->count++] = (struct resolve_candidate){
			.version = entry->version,
			.verdict = is_taken ? RESOLVE_TAKEN : verdict,
		};
	}
	made->why = why(constraint, taken, fitting, arena);
	return made;
}
