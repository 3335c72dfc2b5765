/* The commits between two versions: from local clones and forges. */

#include <string.h>

#include "api/repo.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/ci.h"
#include "core/gitaddress.h"
#include "core/githash.h"
#include "flow/changelog_parts.h"
#include "sys/signals.h"

#define REMOTE	   "origin"
#define HASH_SHOWN 12

struct changelog_clone {
	struct repo repo;
	const char *dir;
	char *path; /* "host/group/web" of its remote; NULL = unknown */
	char *name; /* "web" */
};

/* --- clones ------------------------------------------------------------ */

static bool open_clone(struct changelog_gathering *gathering, const char *dir,
		       bool must_exist, struct err *err)
{
	struct changelog_clone *clone =
		&gathering->clones[gathering->clone_count];
	CLEANUP(free_ptr) char *url = NULL;
	bool done = must_exist ? repo_open(&clone->repo, dir, err)
			       : repo_find(&clone->repo, dir, err);

	if (!done || !repo_is_open(&clone->repo)) {
		repo_release(&clone->repo);
		return done;
	}
	clone->dir = dir;
	gathering->clone_count++;
	if (!repo_remote_url(&clone->repo, REMOTE, &url, err))
		return false;
	if (url) {
		clone->path = gitaddress_path(url);
		clone->name = ci_repository_name(url);
	}
	return true;
}

bool changelog_open_clones(struct changelog_gathering *gathering,
			   struct err *err)
{
	const struct strvec *dirs = gathering->args->git_dirs;

	gathering->clones =
		xcalloc(dirs->count + 1, sizeof(*gathering->clones));
	if (dirs->count > CHANGELOG_CLONES_MAX)
		return err_set(err, ERR_USAGE, "more than %d clones",
			       CHANGELOG_CLONES_MAX);
	if (dirs->count == 0)
		return open_clone(gathering, ".", false, err);
	for (size_t i = 0; i < dirs->count; i++)
		if (!open_clone(gathering, dirs->items[i], true, err))
			return false;
	return true;
}

void changelog_release_clones(struct changelog_gathering *gathering)
{
	for (size_t i = 0; i < gathering->clone_count; i++) {
		repo_release(&gathering->clones[i].repo);
		free(gathering->clones[i].path);
		free(gathering->clones[i].name);
	}
	free(gathering->clones);
}

/* --- ranges ------------------------------------------------------------ */

/* A name as it was given; of a hash as much as people read. */
static const char *shown(const char *name, struct arena *arena)
{
	return githash_is_whole(name, strlen(name))
		       ? arena_memdupz(arena, name, HASH_SHOWN)
		       : arena_strdup(arena, name);
}

bool changelog_find_range(struct changelog_gathering *gathering,
			  struct err *err)
{
	const struct changelog_args *args = gathering->args;
	struct arena *arena = gathering->arena;
	CLEANUP(repo_head_release) struct repo_head head = {0};
	CLEANUP(free_ptr) char *old = NULL;
	struct appchange *change;
	const char *new;

	if (!repo_split_range(args->range, &old, &new, err))
		return false;
	if (gathering->clone_count > 0 && strcmp(new, "HEAD") == 0) {
		if (!repo_read_head(&gathering->clones[0].repo, &head, err))
			return false;
		new = head.commit;
	}
	change = appchanges_add(&gathering->changes, arena);
	change->name = !is_blank(args->app) ? args->app
		       : gathering->origin.repository_name
			       ? gathering->origin.repository_name
			       : "this repository";
	change->chart = change->name;
	change->old =
		(struct appchange_side){.version = shown(old, arena),
					.commit = arena_strdup(arena, old)};
	change->new =
		(struct appchange_side){.version = shown(new, arena),
					.commit = arena_strdup(arena, new)};
	return true;
}

/* --- which commit a version is ----------------------------------------- */

/* "{app}-v{version}" with its parts; the caller frees it. */
static char *tag_name(const char *template, const struct appchange *change,
		      const char *version)
{
	struct str name = {0};

	while (*template) {
		const char *rest = after_prefix(template, "{app}");

		if (rest) {
			str_add(&name, change->chart);
			template = rest;
		} else if ((rest = after_prefix(template, "{version}"))) {
			str_add(&name, version);
			template = rest;
		} else {
			str_add_char(&name, *template++);
		}
	}
	return str_detach(&name);
}

void changelog_add_tags(const struct changelog_gathering *gathering,
			const struct appchange *change, const char *version,
			struct strvec *names)
{
	static const char *const usual[] = {
		"{app}-{version}", "{app}-v{version}", "{app}/v{version}",
		"{app}/{version}", "{app}@{version}",  "v{version}",
		"{version}",
	};
	const struct strvec *own = gathering->args->tags;
	size_t count = own->count ? own->count : ARRAY_SIZE(usual);

	for (size_t i = 0; i < count; i++) {
		const char *template = own->count ? own->items[i] : usual[i];
		const char *bare =
			strstr(template, "v{version}") && version[0] == 'v'
				? version + 1
				: version;

		strvec_add_take(names, tag_name(template, change, bare));
	}
}

/* *@hash gets that of the first of the version's tags, NULL if none is. */
static bool find_tag(struct changelog_gathering *gathering,
		     const struct changelog_clone *clone,
		     const struct appchange *change, const char *version,
		     char **hash, char **tag, struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};

	changelog_add_tags(gathering, change, version, &names);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(free_ptr) char *name =
			xasprintf("refs/tags/%s", names.items[i]);

		if (!repo_find_commit(&clone->repo, name, hash, err))
			return false;
		if (*hash) {
			*tag = xstrdup(names.items[i]);
			return true;
		}
	}
	return true;
}

/* What the chart says counts; that its tag says otherwise is told. */
static bool compare_tag(struct changelog_gathering *gathering,
			const struct changelog_clone *clone,
			const struct appchange *change,
			const struct appchange_side *side, const char *hash,
			struct err *err)
{
	CLEANUP(free_ptr) char *tagged = NULL;
	CLEANUP(free_ptr) char *tag = NULL;

	if (gathering->args->range)
		return true;
	if (!find_tag(gathering, clone, change, side->version, &tagged, &tag,
		      err))
		return false;
	if (tagged && strcmp(tagged, hash) != 0)
		report_warning(gathering->args->reporter,
			       "the tag '%s' is at %.*s, but the chart '%s' %s "
			       "was made from %.*s",
			       tag, HASH_SHOWN, tagged, change->chart,
			       side->version, HASH_SHOWN, hash);
	return true;
}

/* *@hash is NULL where the clone does not have it. */
static bool find_side(struct changelog_gathering *gathering,
		      const struct changelog_clone *clone,
		      const struct appchange *change,
		      const struct appchange_side *side, char **hash,
		      struct err *err)
{
	CLEANUP(free_ptr) char *tag = NULL;

	if (side->commit &&
	    !repo_find_commit(&clone->repo, side->commit, hash, err))
		return false;
	if (*hash)
		return compare_tag(gathering, clone, change, side, *hash, err);
	return gathering->args->range ||
	       find_tag(gathering, clone, change, side->version, hash, &tag,
			err);
}

/* --- walking a clone ---------------------------------------------------- */

bool changelog_take(void *context, const struct repo_commit *commit,
		    struct err *err)
{
	struct changelog_taking *taking = context;
	const struct changelog_source source = {
		.hash = commit->hash,
		.message = commit->message,
		.message_len = strlen(commit->message),
		.author = commit->author,
		.time_s = commit->time,
		.parents = commit->parents,
		.parent_count = commit->parent_count,
	};

	if (signals_interrupted(err))
		return false;
	for (size_t i = 0; i < commit->parent_count; i++)
		if (same_text(commit->parents[i], taking->old))
			taking->saw_old = true;
	changelog_add(taking->log, taking->side, &source, taking->projects);
	return true;
}

static bool walk_clone(struct changelog_gathering *gathering,
		       const struct changelog_clone *clone, const char *old,
		       const char *new, struct changelog *log, struct err *err)
{
	CLEANUP(free_ptr) char *added = xasprintf("%s..%s", old, new);
	CLEANUP(free_ptr) char *removed = xasprintf("%s..%s", new, old);
	struct changelog_taking taking = {
		.log = log,
		.side = CHANGELOG_ADDED,
		.projects = &gathering->projects,
		.old = old,
	};

	if (!repo_walk(&clone->repo, added, changelog_take, &taking, err))
		return false;
	/* Where the new version is made on the old one, nothing is gone. */
	if (taking.saw_old || strcmp(old, new) == 0)
		return true;
	taking.side = CHANGELOG_REMOVED;
	return repo_walk(&clone->repo, removed, changelog_take, &taking, err);
}

/* --- where the history is ---------------------------------------------- */

const char *changelog_source_of(const struct changelog_gathering *gathering,
				const struct appchange *change)
{
	if (gathering->args->range && gathering->clone_count > 0)
		return gathering->clones[0].path;
	return change->new.source ? change->new.source : change->old.source;
}

/* Is it the clone of the application's repository, as far as it is known? */
static bool is_clone_of(const struct changelog_gathering *gathering,
			const struct changelog_clone *clone,
			const struct appchange *change)
{
	const char *source = changelog_source_of(gathering, change);

	if (gathering->args->range)
		return clone == &gathering->clones[0];
	if (source && clone->path)
		return strcmp(source, clone->path) == 0;
	return same_text(clone->name, change->chart);
}

static bool is_whole(const struct appchange_side *side)
{
	return side->commit &&
	       githash_is_whole(side->commit, strlen(side->commit));
}

/* A clone of whatever name that has both commits is the right one, too. */
static bool has_commits(const struct changelog_clone *clone,
			const struct appchange *change, bool *has,
			struct err *err)
{
	CLEANUP(free_ptr) char *old = NULL;
	CLEANUP(free_ptr) char *new = NULL;

	*has = false;
	if (!is_whole(&change->old) || !is_whole(&change->new))
		return true;
	if (!repo_find_commit(&clone->repo, change->old.commit, &old, err) ||
	    !repo_find_commit(&clone->repo, change->new.commit, &new, err))
		return false;
	*has = old && new;
	return true;
}

static bool find_clone(const struct changelog_gathering *gathering,
		       const struct appchange *change,
		       const struct changelog_clone **found, struct err *err)
{
	bool has;

	for (size_t i = 0; i < gathering->clone_count; i++)
		if (is_clone_of(gathering, &gathering->clones[i], change)) {
			*found = &gathering->clones[i];
			return true;
		}
	for (size_t i = 0; i < gathering->clone_count; i++) {
		if (!has_commits(&gathering->clones[i], change, &has, err))
			return false;
		if (has) {
			*found = &gathering->clones[i];
			return true;
		}
	}
	return true;
}

/* Why nothing is told of an application's commits. */
static void explain(const struct changelog_gathering *gathering,
		    const struct appchange *change,
		    const struct changelog_clone *clone)
{
	const char *source = changelog_source_of(gathering, change);
	struct changelog_place place = {0};
	CLEANUP(str_release) struct str why = {0};

	if (source)
		changelog_find_place(gathering, source, &place);
	if (clone && repo_is_shallow(&clone->repo))
		str_addf(&why,
			 "the clone in '%s' is shallow; fetch the history: "
			 "git fetch --unshallow",
			 clone->dir);
	else if (clone)
		str_addf(&why,
			 "the clone in '%s' has neither commits nor tags of %s "
			 "and %s",
			 clone->dir, change->old.version, change->new.version);
	else if (!source)
		str_add(&why, "its chart does not say where it comes from");
	else if (place.is_asked)
		str_addf(&why,
			 "there is no clone of '%s' here, and '%s' shows "
			 "neither commits nor tags of %s and %s",
			 source, place.base, change->old.version,
			 change->new.version);
	else
		str_addf(&why,
			 "there is no clone of '%s' here, and no forge of that "
			 "name is known; name a clone by --git-dir, or the "
			 "forge by "
			 "--forge-url and --forge",
			 source);
	report_warning(gathering->args->reporter, "no commits of '%s': %s",
		       change->name, str_text(&why));
}

/* What of both sides the clone knows; a shallow one knows few of them. */
static bool find_sides(struct changelog_gathering *gathering,
		       const struct changelog_clone *clone,
		       const struct appchange *change, char **old, char **new,
		       struct err *err)
{
	return !clone ||
	       (find_side(gathering, clone, change, &change->old, old, err) &&
		find_side(gathering, clone, change, &change->new, new, err));
}

static bool ignore_commit(void *context, const struct repo_commit *commit,
			  struct err *err)
{
	(void)context;
	(void)commit;
	(void)err;
	return true;
}

/*
 * In a range it is the user who named what is not there.  The walk itself
 * says why it cannot be: a shallow clone, an unknown name.
 */
static bool refuse_range(const struct changelog_gathering *gathering,
			 const struct changelog_clone *clone, struct err *err)
{
	CLEANUP(repo_release) struct repo now = {0};

	/* It may be there, but not for us. */
	if (!clone && !repo_open(&now, ".", err))
		return err_hint(err, "run it in a clone, or name one by "
				     "'--git-dir'");
	if (clone && !repo_walk(&clone->repo, gathering->args->range,
				ignore_commit, NULL, err))
		return false;
	/* Not there a moment ago: somebody works on it, or the disk fails. */
	err_set(err, ERR_IO,
		"cannot read the commits of '%s': the repository in '%s' shows "
		"them at times only",
		gathering->args->range, clone ? clone->dir : ".");
	return err_temporary(err, true);
}

bool changelog_read_commits(struct changelog_gathering *gathering,
			    const struct appchange *change,
			    struct changelog *log,
			    struct changelog_facts *facts, struct err *err)
{
	const struct changelog_clone *clone = NULL;
	CLEANUP(free_ptr) char *old = NULL;
	CLEANUP(free_ptr) char *new = NULL;

	if (!change->old.version || !change->new.version)
		return true;
	if (!find_clone(gathering, change, &clone, err) ||
	    !find_sides(gathering, clone, change, &old, &new, err))
		return false;
	if (old && new && !repo_is_shallow(&clone->repo)) {
		facts->old_commit = arena_strdup(gathering->arena, old);
		facts->new_commit = arena_strdup(gathering->arena, new);
		facts->source = "clone";
		if (!walk_clone(gathering, clone, old, new, log, err))
			return false;
	} else if (!changelog_ask_forge(gathering, change, old, new, log, facts,
					err)) {
		return false;
	}
	if (facts->source) {
		changelog_fold(log);
		return true;
	}
	if (gathering->args->range)
		return refuse_range(gathering, clone, err);
	explain(gathering, change, clone);
	return true;
}
