#include "api/chartrepo.h"

#include <stdlib.h>
#include <string.h>

#include "api/chartrepo_kinds.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* --- addresses ----------------------------------------------------------- */

static const struct {
	const char *scheme;
	const struct chartrepo_kind *kind;
} kinds[] = {
	{"file://", &chartrepo_file},
	{"s3://", &chartrepo_s3},
	{"https://", &chartrepo_http},
	{"http://", &chartrepo_http},
};

bool chartrepo_needs_http(const char *address)
{
	return !starts_with(address, "file://");
}

bool chartrepo_open(struct chartrepo *repo, const char *address,
		    struct http *http, const struct env *env, struct err *err)
{
	size_t len = strlen(address);

	while (len && address[len - 1] == '/')
		len--;
	repo->address = xmemdupz(address, len);
	repo->http = http;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *rest = after_prefix(repo->address, kinds[i].scheme);

		if (!rest)
			continue;
		repo->kind = kinds[i].kind;
		return repo->kind->open(repo, rest, env, err);
	}
	(void)err_set(err, ERR_USAGE,
		      "cannot use chart repository '%s': its "
		      "kind is not spoken",
		      address);
	return err_hint(err, "s3://bucket/prefix, file:///dir and (for "
			     "reading) https://host/path are");
}

void chartrepo_add_address(struct str *out, const struct chartrepo *repo,
			   const char *name)
{
	str_addf(out, "%s/%s", repo->address, name);
}

/* --- where an entry's archive lies ---------------------------------------- */

static void place_release(struct chartrepo_place *place)
{
	free(place->name);
	url_release(&place->url);
}

static bool refuse(const struct chartrepo *repo, const char *url,
		   const char *why, struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "the index of '%s' names the address '%s', which %s",
		       repo->address, url, why);
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

static bool is_web(const char *url)
{
	return starts_with(url, "http://") || starts_with(url, "https://");
}

/*
 * Where @url leads.  An index may send us to any web address, but to files
 * and buckets only within its own repository: what it says is not trusted.
 */
static bool find_place(const struct chartrepo *repo, const char *url,
		       struct chartrepo_place *place, struct err *err)
{
	const char *within = is_web(url) ? NULL : inside(repo, url);

	if (within || !strstr(url, "://")) {
		place->kind = repo->kind;
		return repo->kind->find(repo, within ? within : url, place,
					err);
	}
	if (!is_web(url))
		return refuse(repo, url, "is not in this repository", err);
	if (!repo->http)
		return refuse(repo, url,
			      "is on the web, where a local "
			      "repository does not lead",
			      err);
	place->kind = &chartrepo_http;
	return url_parse(&place->url, url, err);
}

/* --- reading ------------------------------------------------------------- */

static bool get_by_request(struct chartrepo *repo,
			   const struct chartrepo_place *place, size_t limit,
			   struct str *bytes, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	return place->kind->ask(repo, place, limit, &request, err) &&
	       http_send(repo->http, &request, &reply, err) &&
	       place->kind->take(repo, place, &request, &reply, bytes, err);
}

bool chartrepo_get(struct chartrepo *repo, const char *url, size_t limit,
		   struct str *bytes, struct err *err)
{
	CLEANUP(place_release) struct chartrepo_place place = {0};

	if (!find_place(repo, url, &place, err))
		return false;
	if (place.kind->read)
		return place.kind->read(&place, limit, bytes, err);
	return get_by_request(repo, &place, limit, bytes, err);
}

/* --- many at once --------------------------------------------------------- */

struct fetching {
	struct chartrepo_fetch **fetches;
	struct chartrepo_place *places; /* of each fetch */
	size_t count;
	size_t next;
	size_t done;
	const struct reporter *reporter;
	struct err failure; /* of what could not even be asked for */
};

static void fetching_release(struct fetching *fetching)
{
	for (size_t i = 0; i < fetching->count; i++)
		place_release(&fetching->places[i]);
	free(fetching->places);
	err_release(&fetching->failure);
}

/* Number @i was fetched. */
static void count_fetched(struct fetching *fetching)
{
	report_progress(fetching->reporter, "charts", ++fetching->done,
			fetching->count);
}

/* The next one that must be asked for over the network; files are read. */
static bool next_fetch(void *context, struct http_request *request, void **item)
{
	struct fetching *fetching = context;
	struct err *err = &fetching->failure;

	while (fetching->next < fetching->count && err->kind == ERR_NONE) {
		size_t i = fetching->next++;
		struct chartrepo_fetch *fetch = fetching->fetches[i];
		struct chartrepo_place *place = &fetching->places[i];

		if (!find_place(fetch->repo, fetch->url, place, err))
			return false;
		if (!place->kind->read) {
			*item = place;
			return place->kind->ask(fetch->repo, place,
						fetch->limit, request, err);
		}
		if (!place->kind->read(place, fetch->limit, &fetch->bytes, err))
			return false;
		count_fetched(fetching);
	}
	return false;
}

static bool fetch_done(void *context, void *item, struct http_request *request,
		       struct http_reply *reply, struct err *failure,
		       struct err *err)
{
	struct fetching *fetching = context;
	const struct chartrepo_place *place = item;
	struct chartrepo_fetch *fetch =
		fetching->fetches[place - fetching->places];

	if (failure->kind != ERR_NONE) {
		err_move(err, failure);
		return false;
	}
	if (!place->kind->take(fetch->repo, place, request, reply,
			       &fetch->bytes, err))
		return false;
	count_fetched(fetching);
	return true;
}

bool chartrepo_fetch_all(struct http *http, struct chartrepo_fetch **fetches,
			 size_t count, size_t jobs,
			 const struct reporter *reporter, struct err *err)
{
	CLEANUP(http_request_release) struct http_request unused = {0};
	CLEANUP(fetching_release) struct fetching fetching = {
		.fetches = fetches,
		.places = xcalloc(count, sizeof(struct chartrepo_place)),
		.count = count,
		.reporter = reporter,
	};
	struct http_batch batch = {
		.jobs = jobs,
		.next = next_fetch,
		.done = fetch_done,
		.context = &fetching,
	};
	void *item;

	if (http && http->client) {
		if (!http_run(http, &batch, err))
			return false;
	} else if (next_fetch(&fetching, &unused, &item)) {
		BUG("a file repository led to the network");
	}
	if (fetching.failure.kind == ERR_NONE)
		return true;
	err_move(err, &fetching.failure);
	return false;
}

/* --- index and charts ------------------------------------------------------ */

bool chartrepo_read_index(struct chartrepo *repo, struct chartrepo_index *index,
			  struct err *err)
{
	return repo->kind->read_index(repo, index, err) ||
	       err_wrap(err, "cannot read the index of '%s'", repo->address);
}

static bool refuse_writing(const struct chartrepo *repo, struct err *err)
{
	(void)err_set(err, ERR_USAGE,
		      "cannot write to '%s': over http a "
		      "repository can only be read",
		      repo->address);
	return err_hint(err, "publish to s3:// or file://");
}

bool chartrepo_swap_index(struct chartrepo *repo,
			  const struct chartrepo_index *index, const char *text,
			  size_t len, enum chartrepo_outcome *outcome,
			  bool *unclear, struct err *err)
{
	*unclear = false;
	if (!repo->kind->swap_index)
		return refuse_writing(repo, err);
	return repo->kind->swap_index(repo, index, text, len, outcome, unclear,
				      err);
}

bool chartrepo_put_chart(struct chartrepo *repo,
			 const struct chartrepo_put *put,
			 enum chartrepo_outcome *outcome, bool *unclear,
			 struct err *err)
{
	*unclear = false;
	if (!repo->kind->put_chart)
		return refuse_writing(repo, err);
	return repo->kind->put_chart(repo, put, outcome, unclear, err);
}

void chartrepo_index_release(struct chartrepo_index *index)
{
	str_release(&index->text);
	free(index->token);
	*index = (struct chartrepo_index){0};
}

void chartrepo_release(struct chartrepo *repo)
{
	free(repo->address);
	free(repo->dir);
	free(repo->prefix);
	url_release(&repo->url);
	s3_release(&repo->s3);
	*repo = (struct chartrepo){0};
}
