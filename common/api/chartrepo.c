#include "api/chartrepo.h"

#include <stdlib.h>
#include <string.h>

#include "api/chartrepo_kinds.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "format/semver.h"
#include "net/redact.h"

/* --- addresses ----------------------------------------------------------- */

static const struct {
	const char *scheme;
	const struct chartrepo_kind *kind;
} kinds[] = {
	{"file://", &chartrepo_file},  {"s3://", &chartrepo_s3},
	{"https://", &chartrepo_http}, {"http://", &chartrepo_http},
	{"oci://", &chartrepo_oci},
};

bool chartrepo_needs_http(const char *address)
{
	return !starts_with(address, "file://");
}

bool chartrepo_open(struct chartrepo *repo, const char *address,
		    const struct chartrepo_config *config, struct err *err)
{
	size_t len = strlen(address);

	while (len && address[len - 1] == '/')
		len--;
	repo->address = xmemdupz(address, len);
	repo->index_address = xasprintf("%s/" CHARTREPO_INDEX, repo->address);
	repo->http = config->http;
	repo->env = config->env;
	repo->cache = config->cache;
	repo->context_path = xstrdup_or_null(config->context_path);
	if (config->login)
		login_set(&repo->login, config->login->username,
			  &config->login->password, &config->login->token);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *rest = after_prefix(repo->address, kinds[i].scheme);

		if (!rest)
			continue;
		repo->kind = kinds[i].kind;
		return repo->kind->open(repo, rest, config, err);
	}
	(void)err_set(err, ERR_USAGE,
		      "'%s' is no address of a chart repository", address);
	if (*address == '/')
		return err_hint(err, "a folder is file://%s", address);
	return err_hint(err, "it must be of the form s3://bucket/prefix, "
			     "file:///dir, https://host/path or "
			     "oci://host/path");
}

bool chartrepo_check_plain(const char *scheme, const char *rest,
			   struct err *err)
{
	size_t end = strcspn(rest, "?#");

	if (memchr(rest, '@', strcspn(rest, "/?#")))
		return err_set(err, ERR_INPUT,
			       "a login does not belong into an address of "
			       "%s",
			       scheme);
	return !rest[end] ||
	       err_set(err, ERR_INPUT,
		       "'%s%.*s' cannot be followed by '?' or '#': it is a "
		       "name and a path alone",
		       scheme, (int)end, rest);
}

static void add_chart_url(struct str *out, const struct chartrepo *repo,
			  const struct chart *chart)
{
	if (repo->kind->add_chart_url)
		repo->kind->add_chart_url(out, chart);
	else
		str_add(out, chart_file_name(chart));
}

char *chartrepo_chart_url(const struct chartrepo *repo,
			  const struct chart *chart)
{
	CLEANUP(str_release) struct str url = {0};

	add_chart_url(&url, repo, chart);
	return str_detach(&url);
}

const char *chartrepo_entry_url(const struct chartrepo *repo, const char *name,
				struct arena *arena)
{
	CLEANUP(str_release) struct str url = {0};

	if (repo->kind != &chartrepo_s3)
		return arena_strdup(arena, name);
	for (const char *at = name; *at; at++) {
		if (*at == '+')
			str_add(&url, "%2B");
		else
			str_add_char(&url, *at);
	}
	return arena_strdup(arena, str_text(&url));
}

struct s3 *chartrepo_bucket(struct chartrepo *repo)
{
	return repo->kind == &chartrepo_s3 ? &repo->s3 : NULL;
}

void chartrepo_add_address(struct str *out, const struct chartrepo *repo,
			   const struct chart *chart)
{
	log_add_masked(out, repo->address);
	str_add_char(out, '/');
	add_chart_url(out, repo, chart);
}

void chartrepo_add_entry_address(struct str *out, const struct chartrepo *repo,
				 const char *url)
{
	if (!strstr(url, "://")) {
		log_add_masked(out, repo->address);
		str_add_char(out, '/');
	}
	redact_url(out, url);
}

/* --- where an entry's archive lies ---------------------------------------- */

void chartrepo_place_release(struct chartrepo_place *place)
{
	free(place->name);
	free(place->tag);
	free(place->blob);
	url_release(&place->url);
}

static bool refuse(const struct chartrepo *repo, const char *url,
		   const char *why, struct err *err)
{
	CLEANUP(str_release) struct str shown = {0};

	redact_url(&shown, url);
	return err_set(err, ERR_INPUT,
		       "the index of '%s' names the address '%s', which %s",
		       repo->address, str_text(&shown), why);
}

/* Say in @err whose address @url is; gives false. */
static bool blame(const struct chartrepo *repo, const char *url,
		  struct err *err)
{
	CLEANUP(str_release) struct str shown = {0};

	redact_url(&shown, url);
	return err_wrap(err, "the index of '%s' names the address '%s'",
			repo->address, str_text(&shown));
}

/* Does the relative path @url lead out of the folder that it is in? */
static bool leads_out(const char *url)
{
	const char *at = url;

	if (*url == '/')
		return true;
	while (at) {
		size_t len = strcspn(at, "/");

		if (len == 2 && strncmp(at, "..", 2) == 0)
			return true;
		at = at[len] ? at + len + 1 : NULL;
	}
	return false;
}

bool chartrepo_decode_within(const struct chartrepo *repo, const char *relative,
			     struct str *path, struct err *err)
{
	if (!url_decode(path, relative, strlen(relative)) ||
	    leads_out(str_text(path)))
		return refuse(repo, relative, "leads out of the repository",
			      err);
	return true;
}

/* The part of an absolute address that lies in this repository, or NULL. */
static const char *inside(const struct chartrepo *repo, const char *url)
{
	const char *rest = after_prefix(url, repo->address);

	return rest && *rest == '/' ? rest + 1 : NULL;
}

bool chartrepo_find_place(struct chartrepo *repo, const char *url,
			  struct chartrepo_place *place, struct err *err)
{
	const char *within = url_is_web(url) ? NULL : inside(repo, url);
	const char *reference = after_prefix(url, "oci://");

	if (within || !strstr(url, "://")) {
		place->kind = repo->kind;
		return repo->kind->find(repo, within ? within : url, place,
					err);
	}
	if (!url_is_web(url) && !reference)
		return refuse(repo, url, "is not in this repository", err);
	if (!repo->http)
		return refuse(repo, url,
			      "is on the web, where a local "
			      "repository does not lead",
			      err);
	if (reference)
		return chartrepo_find_in_registry(repo, reference, place,
						  err) ||
		       blame(repo, url, err);
	place->kind = &chartrepo_http;
	return url_parse(&place->url, url, err);
}

/* --- reading ------------------------------------------------------------- */

/* One request and its reply; *@more: there is another one to be made. */
static bool get_once(struct chartrepo *repo, struct chartrepo_place *place,
		     size_t limit, struct str *bytes, bool *more,
		     struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	*more = false;
	return place->kind->ask(repo, place, limit, &request, err) &&
	       http_send(repo->http, &request, &reply, err) &&
	       place->kind->take(repo, place, limit, &request, &reply, bytes,
				 more, err);
}

static bool read_place(struct chartrepo *repo, struct chartrepo_place *place,
		       size_t limit, struct str *bytes, struct err *err)
{
	bool more = true;

	if (place->kind->read)
		return place->kind->read(place, limit, bytes, err);
	while (more)
		if (!get_once(repo, place, limit, bytes, &more, err))
			return false;
	return true;
}

bool chartrepo_get(struct chartrepo *repo, const char *url, size_t limit,
		   struct str *bytes, struct err *err)
{
	CLEANUP(chartrepo_place_release) struct chartrepo_place place = {0};

	return chartrepo_find_place(repo, url, &place, err) &&
	       read_place(repo, &place, limit, bytes, err);
}

bool chartrepo_get_provenance(struct chartrepo *repo, const char *url,
			      struct str *bytes, struct err *err)
{
	CLEANUP(chartrepo_place_release) struct chartrepo_place place = {
		.provenance = true};
	CLEANUP(free_ptr) char *beside = xasprintf("%s.prov", url);

	if (!starts_with(url, "oci://"))
		return chartrepo_get(repo, beside, CHARTREPO_PROVENANCE_MAX,
				     bytes, err);
	return chartrepo_find_place(repo, url, &place, err) &&
	       read_place(repo, &place, CHARTREPO_PROVENANCE_MAX, bytes, err);
}

/* --- all that is there ----------------------------------------------------- */

bool chartrepo_lists_objects(const struct chartrepo *repo)
{
	return repo->kind->list_objects;
}

bool chartrepo_list_objects(struct chartrepo *repo,
			    bool (*each)(void *context,
					 const struct chartrepo_object *object,
					 struct err *err),
			    void *context, struct err *err)
{
	return repo->kind->list_objects(repo, each, context, err) ||
	       err_wrap(err, "cannot list what lies in '%s'", repo->address);
}

bool chartrepo_put_object(struct chartrepo *repo, const char *name,
			  const char *bytes, size_t len, struct err *err)
{
	return repo->kind->put_object(repo, name, bytes, len, err);
}

bool chartrepo_remove_objects(struct chartrepo *repo,
			      const struct strvec *names, struct err *err)
{
	return repo->kind->remove_objects(repo, names, err);
}

char *chartrepo_object_name(const struct chartrepo *repo, const char *url)
{
	CLEANUP(err_release) struct err unfit = {0};
	CLEANUP(str_release) struct str name = {0};
	const char *within = inside(repo, url);

	if ((!within && strstr(url, "://")) ||
	    !chartrepo_decode_within(repo, within ? within : url, &name,
				     &unfit))
		return NULL;
	return str_detach(&name);
}

/* --- index and charts ------------------------------------------------------ */

bool chartrepo_read_index(struct chartrepo *repo, struct chartrepo_index *index,
			  struct err *err)
{
	return chartrepo_read_changed_index(repo, NULL, index, err);
}

bool chartrepo_read_changed_index(struct chartrepo *repo,
				  const struct chartrepo_index *known,
				  struct chartrepo_index *index,
				  struct err *err)
{
	return repo->kind->read_index(repo, known, index, err) ||
	       err_wrap(err, "cannot read the index of '%s'", repo->address);
}

const char *chartrepo_index_text(const struct chartrepo_index *index)
{
	return index->found ? str_text(&index->text) : NULL;
}

bool chartrepo_has_index(const struct chartrepo *repo)
{
	return repo->kind->read_index;
}

bool chartrepo_writes_index(const struct chartrepo *repo)
{
	return repo->kind->swap_index;
}

bool chartrepo_swap_index(struct chartrepo *repo,
			  const struct chartrepo_index *index, const char *text,
			  size_t len, enum chartrepo_outcome *outcome,
			  bool *unclear, struct err *err)
{
	*unclear = false;
	return repo->kind->swap_index(repo, index, text, len, outcome, unclear,
				      err);
}

bool chartrepo_has_chart(struct chartrepo *repo, const struct chart *chart,
			 bool *found, struct err *err)
{
	return repo->kind->has_chart(repo, chart, found, err) ||
	       err_wrap(err, "cannot look up chart '%s' in '%s'", chart->name,
			repo->address);
}

bool chartrepo_put_chart(struct chartrepo *repo,
			 const struct chartrepo_put *put,
			 enum chartrepo_outcome *outcome, bool *unclear,
			 struct err *err)
{
	*unclear = false;
	return repo->kind->put_chart(repo, put, outcome, unclear, err);
}

bool chartrepo_put_provenance(struct chartrepo *repo,
			      const struct chartrepo_put *put,
			      enum chartrepo_outcome *outcome, struct err *err)
{
	*outcome = CHARTREPO_WRITTEN;
	return !repo->kind->put_provenance ||
	       repo->kind->put_provenance(repo, put, outcome, err);
}

/* An entry for a version of which nothing else is known. */
static struct chartindex_entry make_entry(const struct chartrepo *repo,
					  const char *name, const char *version,
					  struct arena *arena)
{
	const struct chart chart = {
		.arena = arena, .name = name, .version = version};
	CLEANUP(free_ptr) char *url = chartrepo_chart_url(repo, &chart);

	return chartindex_make_entry(name, version, url, arena);
}

void chartrepo_list_known(const struct chartrepo *repo, const char *name,
			  const struct strvec *versions, struct arena *arena,
			  struct chartindex_entries *entries)
{
	entries->items = arena_new_array(arena, struct chartindex_entry,
					 versions->count);
	entries->count = versions->count;
	for (size_t i = 0; i < versions->count; i++)
		entries->items[i] =
			make_entry(repo, name, versions->items[i], arena);
	chartindex_sort(entries);
}

bool chartrepo_is_exact(const char *constraint)
{
	CLEANUP(semver_release) struct semver exact = {0};
	CLEANUP(err_release) struct err unfit = {0};

	return semver_parse(&exact, constraint, &unfit);
}

bool chartrepo_list(struct chartrepo *repo, const char *name,
		    const char *constraint, struct arena *arena,
		    struct chartindex_entries *entries, struct err *err)
{
	CLEANUP(strvec_release) struct strvec versions = {0};

	if (!chartrepo_is_exact(constraint))
		return repo->kind->list(repo, name, arena, entries, err);
	strvec_add(&versions, constraint);
	chartrepo_list_known(repo, name, &versions, arena, entries);
	return true;
}

void chartrepo_index_release(struct chartrepo_index *index)
{
	str_release(&index->text);
	free(index->token);
	free(index->modified);
	*index = (struct chartrepo_index){0};
}

void chartrepo_release(struct chartrepo *repo)
{
	free(repo->address);
	free(repo->index_address);
	free(repo->dir);
	free(repo->checkout);
	free(repo->prefix);
	free(repo->context_path);
	login_release(&repo->login);
	oci_release(&repo->oci);
	for (size_t i = 0; i < repo->registries.count; i++) {
		oci_release(repo->registries.entries[i].value);
		free(repo->registries.entries[i].value);
	}
	map_release(&repo->registries);
	url_release(&repo->url);
	s3_release(&repo->s3);
	arena_release(&repo->arena);
	*repo = (struct chartrepo){0};
}
