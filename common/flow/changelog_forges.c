/* The commits between two versions, as a forge tells them. */

#include <string.h>

#include "api/forge.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/gitaddress.h"
#include "core/githash.h"
#include "flow/changelog_parts.h"

/* --- which forge ------------------------------------------------------- */

/* Those whose public repositories everybody may ask about. */
static bool is_public(const char *host, size_t len)
{
	static const char *const hosts[] = {"github.com", "gitlab.com",
					    "codeberg.org", "bitbucket.org"};

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (len == strlen(hosts[i]) &&
		    strncmp(host, hosts[i], len) == 0)
			return true;
	return false;
}

/* Bytes of the host in "host:7999/group/web", without the port. */
static size_t host_length(const char *source)
{
	return strcspn(source, ":/");
}

/*
 * The address of the forge that the token is for: --forge-url, else that of
 * this checkout; NULL = none.
 */
static const char *own_base(const struct changelog_gathering *gathering)
{
	const char *url = gathering->origin.git_url;
	CLEANUP(free_ptr) char *path = NULL;

	if (!is_blank(gathering->args->forge->url))
		return gathering->args->forge->url;
	path = url ? gitaddress_path(url) : NULL;
	return path ? arena_printf(gathering->arena, "https://%.*s",
				   (int)host_length(path), path)
		    : NULL;
}

/*
 * What of @source is behind the host (and a path) of @base, or NULL.  The
 * port is that of ssh as often as not.
 */
static const char *below(const char *base, const char *source)
{
	CLEANUP(err_release) struct err unfit = {0};
	CLEANUP(url_release) struct url url = {0};
	size_t host = host_length(source);
	size_t prefix;
	const char *rest;

	if (!url_parse(&url, base, &unfit) || host != strlen(url.host) ||
	    strncasecmp(source, url.host, host) != 0)
		return NULL;
	rest = source + strcspn(source, "/");
	prefix = strlen(url.path);
	while (prefix > 0 && url.path[prefix - 1] == '/')
		prefix--;
	if (strncmp(rest, url.path, prefix) == 0 && rest[prefix] == '/')
		rest += prefix;
	return *rest == '/' && rest[1] ? rest + 1 : NULL;
}

void changelog_find_place(const struct changelog_gathering *gathering,
			  const char *source, struct changelog_place *place)
{
	size_t len = host_length(source);
	CLEANUP(free_ptr) char *host = xmemdupz(source, len);
	CLEANUP(str_release) struct str web = {0};
	const char *own = own_base(gathering);
	const char *path = own ? below(own, source) : NULL;

	place->is_own = path != NULL;
	place->kind = place->is_own
			      ? forge_kind_of_word(gathering->args->forge->kind)
			      : FORGE_UNKNOWN;
	if (place->kind == FORGE_UNKNOWN)
		place->kind = forge_kind_of_host(host);
	place->base = own;
	if (!place->is_own) {
		path = source + strcspn(source, "/");
		path += *path == '/';
		place->base =
			arena_printf(gathering->arena, "https://%s", host);
	}
	place->path = arena_strdup(gathering->arena, path);
	place->is_asked = place->kind != FORGE_UNKNOWN &&
			  (place->is_own || is_public(source, len));
	forge_add_repository_url(&web, place->kind, place->base, place->path);
	place->web = arena_strdup(gathering->arena, str_text(&web));
}

static bool open_forge(struct changelog_gathering *gathering,
		       const struct changelog_place *place,
		       struct forge **result, struct err *err)
{
	const struct changelog_args *args = gathering->args;
	struct forge *forge = map_get(&gathering->forges, place->base);
	const struct forge_config config = {
		.kind = place->kind,
		.url = place->base,
		.user = place->is_own ? args->forge->user : NULL,
		.token = place->is_own ? &args->forge->token : NULL,
		.http = *args->http,
	};

	if (!forge) {
		forge = arena_new(gathering->arena, struct forge);
		map_put(&gathering->forges, place->base, forge);
		if (!forge_open(forge, &config, err))
			return false;
	}
	*result = forge;
	return true;
}

void changelog_release_forges(struct changelog_gathering *gathering)
{
	for (size_t i = 0; i < gathering->forges.count; i++)
		forge_release(gathering->forges.entries[i].value);
	map_release(&gathering->forges);
}

/* --- which commits ----------------------------------------------------- */

static bool find_tag(struct changelog_gathering *gathering, struct forge *forge,
		     const char *path, const struct appchange *change,
		     const char *version, char **hash, struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};

	changelog_add_tags(gathering, change, version, &names);
	for (size_t i = 0; i < names.count && !*hash; i++)
		if (!forge_find_tag(forge, path, names.items[i], hash, err))
			return false;
	return true;
}

/* *@hash may be known, and stays NULL where the forge has none. */
static bool find_side(struct changelog_gathering *gathering,
		      struct forge *forge, const char *path,
		      const struct appchange *change,
		      const struct appchange_side *side, char **hash,
		      struct err *err)
{
	if (!*hash && side->commit && githash_is_part(side->commit) &&
	    !forge_find_commit(forge, path, side->commit, hash, err))
		return false;
	if (*hash)
		return true;
	if (gathering->args->range)
		return forge_find_tag(forge, path, side->commit, hash, err);
	return find_tag(gathering, forge, path, change, side->version, hash,
			err);
}

/* --- comparing --------------------------------------------------------- */

static bool compare(struct changelog_gathering *gathering, struct forge *forge,
		    const char *path, const char *old, const char *new,
		    struct changelog *log, struct err *err)
{
	struct changelog_taking taking = {
		.log = log,
		.side = CHANGELOG_ADDED,
		.projects = &gathering->projects,
		.old = old,
	};

	if (!forge_compare(forge, path, old, new, changelog_take, &taking, err))
		return false;
	if (taking.saw_old || strcmp(old, new) == 0)
		return true;
	taking.side = CHANGELOG_REMOVED;
	return forge_compare(forge, path, new, old, changelog_take, &taking,
			     err);
}

bool changelog_ask_forge(struct changelog_gathering *gathering,
			 const struct appchange *change, const char *old_hash,
			 const char *new_hash, struct changelog *log,
			 struct changelog_facts *facts, struct err *err)
{
	const char *source = changelog_source_of(gathering, change);
	CLEANUP(free_ptr) char *old = xstrdup_or_null(old_hash);
	CLEANUP(free_ptr) char *new = xstrdup_or_null(new_hash);
	struct changelog_place place = {0};
	struct forge *forge = NULL;

	if (!source)
		return true;
	changelog_find_place(gathering, source, &place);
	if (!place.is_asked)
		return true;
	if (!open_forge(gathering, &place, &forge, err) ||
	    !find_side(gathering, forge, place.path, change, &change->old, &old,
		       err) ||
	    !find_side(gathering, forge, place.path, change, &change->new, &new,
		       err))
		return false;
	if (!old || !new)
		return true;
	if (!compare(gathering, forge, place.path, old, new, log, err))
		return false;
	facts->old_commit = arena_strdup(gathering->arena, old);
	facts->new_commit = arena_strdup(gathering->arena, new);
	facts->source = "forge";
	return true;
}
