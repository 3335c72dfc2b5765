/* The release's versions: looked up, created, described, released. */

#include "flow/ticketing.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "flow/ticketing_parts.h"

struct ticketing_version *ticketing_add_version(
	struct ticketing_versions *versions, const char *project)
{
	struct ticketing_version *version;

	versions->items =
		grow_array(versions->items, versions->count + 1,
			   sizeof(*versions->items), &versions->capacity);
	version = &versions->items[versions->count++];
	*version = (struct ticketing_version){.project = xstrdup(project)};
	return version;
}

void ticketing_versions_release(struct ticketing_versions *versions)
{
	for (size_t i = 0; i < versions->count; i++) {
		free(versions->items[i].project);
		free(versions->items[i].project_id);
		free(versions->items[i].name);
		free(versions->items[i].id);
		err_release(&versions->items[i].failure);
	}
	free(versions->items);
}

/* --- looking up -------------------------------------------------------- */

/*
 * The version of this release among @found: not an archived one, rather one
 * of today, else the youngest.
 */
static const struct jira_version *choose_version(
	const struct ticketing *work, const char *today,
	const struct jira_versions *found)
{
	const struct ticketing_args *args = work->args;
	const struct jira_version *best = NULL;

	for (size_t i = 0; i < found->count; i++) {
		const struct jira_version *version = &found->items[i];

		if (version->archived ||
		    !version_name_matches(args->template, &work->facts.name,
					  version->name))
			continue;
		if (same_text(version->name, today))
			return version;
		if (!best || strcmp(version->name, best->name) > 0)
			best = version;
	}
	return best;
}

/* May the text of a version be replaced by ours? */
static bool wants_description(const struct ticketing *work, const char *text)
{
	const char *ours = work->facts.description;
	size_t len = ours ? strcspn(ours, "\n") : 0;

	if (!ours || is_blank(text))
		return ours != NULL;
	return strcmp(text, ours) != 0 && strncmp(text, ours, len) == 0 &&
	       (text[len] == '\0' || text[len] == '\n' || text[len] == '\r');
}

/* Fill in what is known of @version if it is among @found. */
static void recognise(const struct ticketing *work,
		      const struct jira_versions *found,
		      struct ticketing_version *version)
{
	const struct jira_version *chosen =
		choose_version(work, version->name, found);

	if (!chosen)
		return;
	free(version->name);
	version->name = xstrdup(chosen->name);
	version->id = xstrdup(chosen->id);
	version->released = chosen->released;
	version->describe = wants_description(work, chosen->description);
}

struct jira_version_search *ticketing_searches(
	const struct ticketing_version *versions, size_t count,
	const char *text, struct arena *arena)
{
	struct jira_version_search *searches =
		arena_new_array(arena, struct jira_version_search, count);

	for (size_t i = 0; i < count; i++) {
		searches[i].project = versions[i].project;
		searches[i].text = text;
	}
	return searches;
}

static bool look_up(const struct ticketing *work, struct jira *jira,
		    struct ticketing_version *versions, size_t count,
		    struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	struct jira_version_search *searches;
	bool ok;

	version_name_search(work->args->template, &work->facts.name, &text);
	searches = ticketing_searches(versions, count, str_text(&text), &arena);
	ok = jira_find_versions(jira, searches, count, work->args->jobs, err);
	for (size_t i = 0; i < count; i++) {
		if (ok)
			recognise(work, &searches[i].found, &versions[i]);
		jira_versions_release(&searches[i].found);
	}
	return ok;
}

/* Look for the versions of all projects. */
bool ticketing_look_up_versions(struct ticketing *work, struct jira *jira,
				struct err *err)
{
	return look_up(work, jira, work->versions.items, work->versions.count,
		       err);
}

/* --- changing ---------------------------------------------------------- */

static bool stops_all(const struct err *err)
{
	return err->kind == ERR_INTERRUPTED || err->kind == ERR_TIMEOUT;
}

/*
 * A name that is taken was created by somebody else in the meantime, or by
 * ourselves in a request whose answer was lost.
 */
static bool take_existing(struct ticketing *work, struct jira *jira,
			  struct ticketing_version *version, struct err *err)
{
	if (!look_up(work, jira, version, 1, err))
		return false;
	if (version->id)
		return true;
	return err_set(err, ERR_CONFLICT,
		       "cannot create version '%s' in '%s': there is one of "
		       "that name, archived or written otherwise",
		       version->name, version->project);
}

/* What became of @made, which was to be @version. */
static bool note_created(struct ticketing *work, struct jira *jira,
			 struct jira_new_version *made,
			 struct ticketing_version *version, struct err *err)
{
	version->id = made->id;
	made->id = NULL;
	version->created = version->id != NULL;
	if (made->taken) {
		if (take_existing(work, jira, version, &version->failure))
			return true;
	} else if (made->failure.kind == ERR_NONE) {
		return true;
	} else {
		err_move(&version->failure, &made->failure);
		(void)err_wrap(&version->failure,
			       "cannot create version '%s' in '%s'",
			       version->name, version->project);
	}
	if (!stops_all(&version->failure))
		return true; /* its tickets alone are left */
	err_move(err, &version->failure);
	return false;
}

/* Get or create. */
bool ticketing_create_versions(struct ticketing *work, struct jira *jira,
			       struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	size_t count = 0;
	struct jira_new_version *made = arena_new_array(
		&arena, struct jira_new_version, work->versions.count);
	struct ticketing_version **versions = arena_alloc_array(
		&arena, work->versions.count, sizeof(*versions));
	bool ok;

	for (size_t i = 0; i < work->versions.count; i++) {
		struct ticketing_version *version = &work->versions.items[i];

		if (version->failure.kind != ERR_NONE)
			version->created = false;
		if (version->id || version->failure.kind != ERR_NONE)
			continue;
		versions[count] = version;
		made[count++] = (struct jira_new_version){
			.project_id = version->project_id,
			.name = version->name,
			.description = work->facts.description,
		};
	}
	ok = jira_create_versions(jira, made, count, work->args->jobs, err);
	for (size_t i = 0; i < count; i++) {
		ok = ok && note_created(work, jira, &made[i], versions[i], err);
		jira_new_version_release(&made[i]);
	}
	return ok;
}

/*
 * Those that were there before get the changelog of today.  Whoever may add
 * versions to tickets need not have the right to change them: a warning.
 */
bool ticketing_describe_versions(struct ticketing *work, struct jira *jira,
				 struct err *err)
{
	for (size_t i = 0; i < work->versions.count; i++) {
		struct ticketing_version *version = &work->versions.items[i];
		CLEANUP(err_release) struct err failure = {0};

		if (!version->describe || version->failure.kind != ERR_NONE)
			continue;
		version->described = jira_describe_version(
			jira, version->id, work->facts.description, &failure);
		if (version->described)
			continue;
		if (stops_all(&failure)) {
			err_move(err, &failure);
			return false;
		}
		report_warning(work->reporter,
			       "cannot describe version '%s' in '%s': %s",
			       version->name, version->project, failure.text);
	}
	return true;
}

static void release_version(const struct ticketing *work, struct jira *jira,
			    struct ticketing_version *version)
{
	struct err *failure = &version->failure;

	version->released_now = jira_release_version(
		jira, version->id, work->facts.name.date, failure);
	version->released = version->released_now;
	if (version->released)
		return;
	(void)err_wrap(failure, "cannot release version '%s' in '%s'",
		       version->name, version->project);
	if (failure->kind == ERR_DENIED)
		(void)err_hint(failure,
			       "the user needs the right to administer that "
			       "project");
}

void ticketing_mark_released(struct ticketing *work, struct jira *jira)
{
	for (size_t i = 0; i < work->versions.count; i++) {
		if (!work->versions.items[i].released)
			release_version(work, jira, &work->versions.items[i]);
	}
}

static const struct err *worse_of(const struct ticketing_versions *versions,
				  const struct err *worst)
{
	for (size_t i = 0; i < versions->count; i++) {
		const struct err *failure = &versions->items[i].failure;

		if (failure->kind == ERR_NONE)
			continue;
		if (!worst || (worst->temporary && !failure->temporary))
			worst = failure;
	}
	return worst;
}

const struct err *ticketing_worst_version(const struct ticketing *work)
{
	return worse_of(&work->old, worse_of(&work->versions, NULL));
}
