#include "core/resolve.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chartindex.h"
#include "format/semver.h"
#include "format/value.h"

/* How many versions a refusal names. */
#define NAMED_MAX 5

/* Helm skips what has no address or no version. */
static bool is_usable(const struct chartindex_entry *entry,
		      struct semver *version)
{
	CLEANUP(err_release) struct err err = {0};

	return entry->urls->list.count > 0 &&
	       semver_parse(version, entry->version, &err);
}

static const struct chartindex_entry *first_fit(
	const struct chartindex_entries *entries,
	const struct semver_constraint *constraint)
{
	for (size_t i = 0; i < entries->count; i++) {
		CLEANUP(semver_release) struct semver version = {0};

		if (is_usable(&entries->items[i], &version) &&
		    semver_satisfies(&version, constraint))
			return &entries->items[i];
	}
	return NULL;
}

static bool none_fits(const struct chartindex_entries *entries,
		      const char *name, const char *constraint, struct err *err)
{
	CLEANUP(str_release) struct str named = {0};

	for (size_t i = 0; i < entries->count && i < NAMED_MAX; i++)
		str_addf(&named, "%s%s", i ? ", " : "",
			 entries->items[i].version);
	err_set(err, ERR_NOT_FOUND,
		"no version of chart '%s' satisfies '%s'; there is %s%s", name,
		constraint, str_text(&named),
		entries->count > NAMED_MAX ? ", ..." : "");
	return false;
}

bool resolve_entry(const struct chartindex_entries *entries, const char *name,
		   const char *constraint,
		   const struct chartindex_entry **entry, struct err *err)
{
	CLEANUP(semver_constraint_release) struct semver_constraint parsed = {
		0};
	const struct chartindex_entry *found;

	if (!*constraint)
		constraint = "*";
	if (!semver_constraint_parse(&parsed, constraint, err))
		return err_wrap(err, "chart '%s'", name);
	if (!entries->count)
		return err_set(err, ERR_NOT_FOUND, "there is no chart '%s'",
			       name);
	found = chartindex_find(entries, constraint);
	if (!found || !found->urls->list.count)
		found = first_fit(entries, &parsed);
	if (!found)
		return none_fits(entries, name, constraint, err);
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

	if (!*constraint)
		constraint = "*";
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
