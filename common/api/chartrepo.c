#include "api/chartrepo.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/chartindex.h"
#include "format/hash.h"
#include "net/retry.h"
#include "sys/file.h"

/* A store may say that another write is under way; the next try will tell. */
#define RACED_TRIES_MAX 5

/* --- addresses ----------------------------------------------------------- */

bool chartrepo_needs_http(const char *address)
{
	return !starts_with(address, "file://");
}

static bool open_s3(struct chartrepo *repo, const char *place,
		    const struct env *env, struct err *err)
{
	size_t bucket_len = strcspn(place, "/");
	CLEANUP(free_ptr) char *bucket = xmemdupz(place, bucket_len);
	const char *prefix = place + bucket_len;

	while (*prefix == '/')
		prefix++;
	if (!s3_open(&repo->s3, repo->http, env, bucket, err))
		return false;
	repo->kind = CHARTREPO_S3;
	repo->prefix = *prefix ? xasprintf("%s/", prefix) : xstrdup("");
	return true;
}

static bool open_dir(struct chartrepo *repo, const char *path, struct err *err)
{
	CLEANUP(str_release) struct str dir = {0};

	if (*path != '/' || !url_decode(&dir, path, strlen(path)))
		return err_set(err, ERR_INPUT,
			       "'%s' names no folder: it must be of the form "
			       "file:///dir",
			       repo->address);
	repo->kind = CHARTREPO_FILE;
	repo->dir = str_detach(&dir);
	return true;
}

bool chartrepo_open(struct chartrepo *repo, const char *address,
		    struct http *http, const struct env *env, struct err *err)
{
	size_t len = strlen(address);
	const char *place;

	while (len && address[len - 1] == '/')
		len--;
	repo->address = xmemdupz(address, len);
	repo->http = http;
	if ((place = after_prefix(repo->address, "file://")))
		return open_dir(repo, place, err);
	if ((place = after_prefix(repo->address, "s3://")))
		return open_s3(repo, place, env, err);
	if (starts_with(address, "http://") ||
	    starts_with(address, "https://")) {
		repo->kind = CHARTREPO_HTTP;
		return url_parse(&repo->url, repo->address, err);
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

/* The three places that the address of an entry can lead to. */
struct place {
	enum chartrepo_kind kind;
	char *path;	/* CHARTREPO_FILE */
	char *key;	/* CHARTREPO_S3 */
	struct url url; /* CHARTREPO_HTTP */
};

static void place_release(struct place *place)
{
	free(place->path);
	free(place->key);
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

/* The part of an absolute address that lies in this repository, or NULL. */
static const char *inside(const struct chartrepo *repo, const char *url)
{
	const char *rest = after_prefix(url, repo->address);

	return rest && *rest == '/' ? rest + 1 : NULL;
}

static bool find_relative(const struct chartrepo *repo, const char *url,
			  struct place *place, struct err *err)
{
	CLEANUP(str_release) struct str decoded = {0};
	CLEANUP(url_release) struct url index = {0};

	place->kind = repo->kind;
	if (repo->kind == CHARTREPO_HTTP) {
		url_copy(&index, &repo->url);
		url_add_segment(&index, CHARTREPO_INDEX);
		if (!url_resolve(&place->url, &index, url, err))
			return false;
		/* Tokens in the repository's query go along, as in Helm. */
		if (!place->url.query && repo->url.query)
			place->url.query = xstrdup(repo->url.query);
		return true;
	}
	if (!url_decode(&decoded, url, strlen(url)) ||
	    leads_out(str_text(&decoded)))
		return refuse(repo, url, "leads out of the repository", err);
	if (repo->kind == CHARTREPO_FILE)
		place->path = path_join(repo->dir, str_text(&decoded));
	else
		place->key =
			xasprintf("%s%s", repo->prefix, str_text(&decoded));
	return true;
}

/*
 * Where @url leads.  An index may send us to any web address, but to files
 * and buckets only within its own repository: what it says is not trusted.
 */
static bool find_place(const struct chartrepo *repo, const char *url,
		       struct place *place, struct err *err)
{
	const char *within = inside(repo, url);

	if (within && repo->kind != CHARTREPO_HTTP)
		return find_relative(repo, within, place, err);
	if (!strstr(url, "://"))
		return find_relative(repo, url, place, err);
	if (!starts_with(url, "http://") && !starts_with(url, "https://"))
		return refuse(repo, url, "is not in this repository", err);
	if (!repo->http)
		return refuse(repo, url,
			      "is on the web, where a local "
			      "repository does not lead",
			      err);
	place->kind = CHARTREPO_HTTP;
	return url_parse(&place->url, url, err);
}

/* --- reading ------------------------------------------------------------- */

static bool get_url(struct chartrepo *repo, const struct url *url, size_t limit,
		    struct str *bytes, struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {
		.method = "GET", .reply_limit = limit};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	url_add_text(&request.url, url, true);
	if (!http_send(repo->http, &request, &reply, err))
		return false;
	if (reply.status != 200)
		return http_fail(&request, &reply, NULL, err);
	str_add_bytes(bytes, str_text(&reply.body), reply.body.len);
	return true;
}

static bool get_object(struct chartrepo *repo, const char *key, size_t limit,
		       struct str *bytes, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};

	if (!s3_get(&repo->s3, key, limit, &object, err))
		return false;
	str_add_bytes(bytes, str_text(&object.body), object.body.len);
	return true;
}

static bool get_file(const char *path, size_t limit, struct str *bytes,
		     struct err *err)
{
	if (!file_exists(path))
		return err_set(err, ERR_NOT_FOUND, "there is no file '%s'",
			       path);
	return file_read(path, limit, bytes, err);
}

bool chartrepo_get(struct chartrepo *repo, const char *url, size_t limit,
		   struct str *bytes, struct err *err)
{
	CLEANUP(place_release) struct place place = {0};

	if (!find_place(repo, url, &place, err))
		return false;
	switch (place.kind) {
	case CHARTREPO_FILE:
		return get_file(place.path, limit, bytes, err);
	case CHARTREPO_S3:
		return get_object(repo, place.key, limit, bytes, err);
	case CHARTREPO_HTTP:
		return get_url(repo, &place.url, limit, bytes, err);
	}
	BUG("repository of kind %d", (int)place.kind);
}

/* --- many at once --------------------------------------------------------- */

struct fetching {
	struct chartrepo_fetch **fetches;
	size_t count;
	size_t next;
	size_t done;
	const struct reporter *reporter;
	struct err *failure; /* of what could not even be asked for */
};

static bool prepare(struct chartrepo_fetch *fetch, const struct place *place,
		    struct http_request *request, struct err *err)
{
	if (place->kind == CHARTREPO_S3)
		return s3_prepare_get(&fetch->repo->s3, place->key,
				      fetch->limit, request, err);
	request->method = "GET";
	request->reply_limit = fetch->limit;
	url_add_text(&request->url, &place->url, true);
	return true;
}

/* The next one that must be asked for over the network; files are read. */
static bool next_fetch(void *context, struct http_request *request, void **item)
{
	struct fetching *fetching = context;

	while (fetching->next < fetching->count &&
	       fetching->failure->kind == ERR_NONE) {
		struct chartrepo_fetch *fetch =
			fetching->fetches[fetching->next++];
		CLEANUP(place_release) struct place place = {0};

		if (!find_place(fetch->repo, fetch->url, &place,
				fetching->failure))
			return false;
		if (place.kind != CHARTREPO_FILE) {
			*item = fetch;
			return prepare(fetch, &place, request,
				       fetching->failure);
		}
		if (!get_file(place.path, fetch->limit, &fetch->bytes,
			      fetching->failure))
			return false;
		report_progress(fetching->reporter, "charts", ++fetching->done,
				fetching->count);
	}
	return false;
}

static bool take_object(struct chartrepo_fetch *fetch,
			const struct place *place,
			const struct http_request *request,
			struct http_reply *reply, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};

	if (!s3_take_reply(&fetch->repo->s3, place->key, request, reply,
			   &object, err))
		return false;
	if (!object.found)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no object '%s' in '%s'", place->key,
			       fetch->repo->address);
	str_add_bytes(&fetch->bytes, str_text(&object.body), object.body.len);
	return true;
}

static bool fetch_done(void *context, void *item, struct http_request *request,
		       struct http_reply *reply, struct err *failure,
		       struct err *err)
{
	struct fetching *fetching = context;
	struct chartrepo_fetch *fetch = item;
	CLEANUP(place_release) struct place place = {0};

	if (failure->kind != ERR_NONE) {
		err_move(err, failure);
		return false;
	}
	if (!find_place(fetch->repo, fetch->url, &place, err))
		return false;
	if (place.kind == CHARTREPO_S3) {
		if (!take_object(fetch, &place, request, reply, err))
			return false;
	} else if (reply->status != 200) {
		return http_fail(request, reply, NULL, err);
	} else {
		str_add_bytes(&fetch->bytes, str_text(&reply->body),
			      reply->body.len);
	}
	report_progress(fetching->reporter, "charts", ++fetching->done,
			fetching->count);
	return true;
}

bool chartrepo_fetch_all(struct http *http, struct chartrepo_fetch **fetches,
			 size_t count, size_t jobs,
			 const struct reporter *reporter, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};
	CLEANUP(http_request_release) struct http_request unused = {0};
	struct fetching fetching = {
		.fetches = fetches,
		.count = count,
		.reporter = reporter,
		.failure = &failure,
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
	if (failure.kind == ERR_NONE)
		return true;
	err_move(err, &failure);
	return false;
}

/* --- the index ----------------------------------------------------------- */

static char *index_path(const struct chartrepo *repo)
{
	return path_join(repo->dir, CHARTREPO_INDEX);
}

static char *index_key(const struct chartrepo *repo)
{
	return xasprintf("%s" CHARTREPO_INDEX, repo->prefix);
}

/* The state of a file is the digest of its bytes. */
static bool read_index_file(const struct chartrepo *repo,
			    struct chartrepo_index *index, struct err *err)
{
	CLEANUP(free_ptr) char *path = index_path(repo);
	char digest[SHA256_HEX_SIZE];

	if (!file_exists(path))
		return true;
	if (!file_read(path, CHARTINDEX_SIZE_MAX, &index->text, err) ||
	    !sha256_hex(str_text(&index->text), index->text.len, digest, err))
		return false;
	index->found = true;
	index->token = xstrdup(digest);
	return true;
}

static bool read_index_object(struct chartrepo *repo,
			      struct chartrepo_index *index, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};
	CLEANUP(free_ptr) char *key = index_key(repo);

	if (!s3_find(&repo->s3, key, CHARTINDEX_SIZE_MAX, &object, err))
		return false;
	if (!object.found)
		return true;
	index->found = true;
	index->text = object.body;
	object.body = (struct str){0};
	index->token = object.etag;
	object.etag = NULL;
	return true;
}

bool chartrepo_read_index(struct chartrepo *repo, struct chartrepo_index *index,
			  struct err *err)
{
	bool done = false;

	switch (repo->kind) {
	case CHARTREPO_FILE:
		done = read_index_file(repo, index, err);
		break;
	case CHARTREPO_S3:
		done = read_index_object(repo, index, err);
		break;
	case CHARTREPO_HTTP:
		done = chartrepo_get(repo, CHARTREPO_INDEX, CHARTINDEX_SIZE_MAX,
				     &index->text, err);
		index->found = done;
		break;
	}
	return done ||
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

/* Under the lock nobody else of us writes; what is there is compared. */
static bool swap_index_file(const struct chartrepo *repo,
			    const struct chartrepo_index *index,
			    const char *text, size_t len,
			    enum chartrepo_outcome *outcome, struct err *err)
{
	CLEANUP(chartrepo_index_release) struct chartrepo_index now = {0};
	CLEANUP(free_ptr) char *path = index_path(repo);
	CLEANUP(free_ptr) char *lock_path =
		path_join(repo->dir, CHARTREPO_LOCK);
	CLEANUP(close_fd) int lock = -1;

	if (!dir_create_all(repo->dir, err) ||
	    !file_lock(lock_path, CHARTREPO_LOCK_MS, &lock, err) ||
	    !read_index_file(repo, &now, err))
		return false;
	if (!same_text(now.token, index->token)) {
		*outcome = CHARTREPO_NOT_MET;
		return true;
	}
	if (!file_replace(path, text, len, 0666, err))
		return false;
	*outcome = CHARTREPO_WRITTEN;
	return true;
}

static bool swap_index_object(struct chartrepo *repo,
			      const struct chartrepo_index *index,
			      const char *text, size_t len,
			      enum chartrepo_outcome *outcome, bool *unclear,
			      struct err *err)
{
	CLEANUP(s3_written_release) struct s3_written written = {0};
	CLEANUP(free_ptr) char *key = index_key(repo);
	const struct s3_put put = {
		.key = key,
		.bytes = text,
		.len = len,
		.content_type = "application/yaml",
		.cache_control = "no-cache",
		.condition = index->found ? S3_IF_MATCH : S3_IF_ABSENT,
		.etag = index->token,
	};

	if (!s3_put(&repo->s3, &put, &written, err))
		return false;
	*outcome = written.outcome == S3_WRITTEN ? CHARTREPO_WRITTEN
						 : CHARTREPO_NOT_MET;
	*unclear = written.unclear;
	return true;
}

bool chartrepo_swap_index(struct chartrepo *repo,
			  const struct chartrepo_index *index, const char *text,
			  size_t len, enum chartrepo_outcome *outcome,
			  bool *unclear, struct err *err)
{
	*unclear = false;
	switch (repo->kind) {
	case CHARTREPO_FILE:
		return swap_index_file(repo, index, text, len, outcome, err);
	case CHARTREPO_S3:
		return swap_index_object(repo, index, text, len, outcome,
					 unclear, err);
	case CHARTREPO_HTTP:
		return refuse_writing(repo, err);
	}
	BUG("repository of kind %d", (int)repo->kind);
}

/* --- charts -------------------------------------------------------------- */

static bool put_file(const struct chartrepo *repo, const char *name,
		     const char *bytes, size_t len, bool replace,
		     enum chartrepo_outcome *outcome, struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(repo->dir, name);
	bool created = true;

	if (!dir_create_all(repo->dir, err))
		return false;
	if (replace ? !file_replace(path, bytes, len, 0666, err)
		    : !file_create(path, bytes, len, 0666, &created, err))
		return false;
	*outcome = created ? CHARTREPO_WRITTEN : CHARTREPO_NOT_MET;
	return true;
}

static bool put_object(struct chartrepo *repo, const struct s3_put *put,
		       enum chartrepo_outcome *outcome, bool *unclear,
		       struct err *err)
{
	for (unsigned int try = 1;; try++) {
		CLEANUP(s3_written_release) struct s3_written written = {0};

		if (!s3_put(&repo->s3, put, &written, err))
			return false;
		*unclear = *unclear || written.unclear;
		*outcome = written.outcome == S3_WRITTEN ? CHARTREPO_WRITTEN
							 : CHARTREPO_NOT_MET;
		if (written.outcome != S3_RACED || try == RACED_TRIES_MAX)
			return true;
		(void)clock_sleep_ms(retry_wait_ms(try, random_number()));
	}
}

bool chartrepo_put_chart(struct chartrepo *repo, const char *name,
			 const char *bytes, size_t len, bool replace,
			 const struct strvec *metadata,
			 enum chartrepo_outcome *outcome, bool *unclear,
			 struct err *err)
{
	CLEANUP(free_ptr) char *key = NULL;
	struct s3_put put = {
		.bytes = bytes,
		.len = len,
		.content_type = "application/gzip",
		.condition = replace ? S3_ALWAYS : S3_IF_ABSENT,
	};

	*unclear = false;
	switch (repo->kind) {
	case CHARTREPO_FILE:
		return put_file(repo, name, bytes, len, replace, outcome, err);
	case CHARTREPO_S3:
		key = xasprintf("%s%s", repo->prefix, name);
		put.key = key;
		if (metadata)
			put.metadata = *metadata; /* borrowed for the call */
		return put_object(repo, &put, outcome, unclear, err);
	case CHARTREPO_HTTP:
		return refuse_writing(repo, err);
	}
	BUG("repository of kind %d", (int)repo->kind);
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
