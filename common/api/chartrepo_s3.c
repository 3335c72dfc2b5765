#include "api/chartrepo_kinds.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/strvec.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "net/retry.h"
#include "sys/signals.h"

/* A store may say that another write is under way; the next try will tell. */
#define RACED_TRIES_MAX 5

static bool open_bucket(struct chartrepo *repo, const char *place,
			const struct chartrepo_config *config, struct err *err)
{
	size_t bucket_len = strcspn(place, "/");
	CLEANUP(free_ptr) char *bucket = xmemdupz(place, bucket_len);
	const char *prefix = place + bucket_len;

	while (*prefix == '/')
		prefix++;
	if (!chartrepo_check_plain("s3://", place, err) ||
	    !s3_open(&repo->s3, repo->http, config->env, bucket, err))
		return false;
	repo->prefix = *prefix ? xasprintf("%s/", prefix) : xstrdup("");
	return true;
}

static bool find_object(struct chartrepo *repo, const char *relative,
			struct chartrepo_place *place, struct err *err)
{
	CLEANUP(str_release) struct str path = {0};

	if (!chartrepo_decode_within(repo, relative, &path, err))
		return false;
	place->name = xasprintf("%s%s", repo->prefix, str_text(&path));
	return true;
}

static bool ask_object(struct chartrepo *repo,
		       const struct chartrepo_place *place, size_t limit,
		       struct http_request *request, struct err *err)
{
	return s3_prepare_get(&repo->s3, place->name, limit, request, err);
}

static bool take_object(struct chartrepo *repo, struct chartrepo_place *place,
			size_t limit, const struct http_request *request,
			struct http_reply *reply, struct str *bytes, bool *more,
			struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};

	(void)limit;
	(void)more;
	if (!s3_take_reply(&repo->s3, place->name, request, reply, &object,
			   err))
		return false;
	if (!object.found)
		return err_set(err, ERR_NOT_FOUND, "there is no 's3://%s/%s'",
			       repo->s3.bucket, place->name);
	str_take(bytes, &object.body);
	return true;
}

static char *index_key(const struct chartrepo *repo)
{
	return xasprintf("%s" CHARTREPO_INDEX, repo->prefix);
}

static bool read_index(struct chartrepo *repo,
		       const struct chartrepo_index *known,
		       struct chartrepo_index *index, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};
	CLEANUP(free_ptr) char *key = index_key(repo);
	bool done =
		known && known->token
			? s3_find_changed(&repo->s3, key, CHARTINDEX_SIZE_MAX,
					  known->token, &object, err)
			: s3_find(&repo->s3, key, CHARTINDEX_SIZE_MAX, &object,
				  err);

	if (!done)
		return false;
	index->unchanged = object.unchanged;
	index->found = object.found || object.unchanged;
	if (!object.found || object.unchanged)
		return true;
	index->text = object.body;
	object.body = (struct str){0};
	index->token = object.etag;
	object.etag = NULL;
	return true;
}

static bool swap_index(struct chartrepo *repo,
		       const struct chartrepo_index *index, const char *text,
		       size_t len, enum chartrepo_outcome *outcome,
		       bool *unclear, struct err *err)
{
	CLEANUP(s3_written_release) struct s3_written written = {0};
	CLEANUP(free_ptr) char *key = index_key(repo);
	const struct s3_put put = {
		.key = key,
		.bytes = text,
		.len = len,
		.content_type = len && *text == '{' ? "application/json"
						    : "application/yaml",
		.cache_control = "no-cache",
		.condition = repo->unconditional ? S3_ALWAYS
			     : index->found	 ? S3_IF_MATCH
						 : S3_IF_ABSENT,
		.etag = index->token,
	};

	if (!s3_put(&repo->s3, &put, &written, err))
		return false;
	*outcome = written.outcome == S3_WRITTEN ? CHARTREPO_WRITTEN
						 : CHARTREPO_NOT_MET;
	*unclear = written.unclear;
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
		(void)signals_sleep_ms(retry_wait_ms(try, random_number()));
	}
}

/* Where a lock stands for conditions, looking first is as good. */
static bool is_there(struct chartrepo *repo, const char *key, bool *found,
		     struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};

	if (!s3_stat(&repo->s3, key, &object, err))
		return false;
	*found = object.found;
	return true;
}

static bool put_file(struct chartrepo *repo, const struct chartrepo_put *put,
		     const char *extension, const char *type,
		     enum chartrepo_outcome *outcome, bool *unclear,
		     struct err *err)
{
	CLEANUP(free_ptr) char *key = xasprintf(
		"%s%s%s", repo->prefix, chart_file_name(put->chart), extension);
	struct s3_put object = {
		.key = key,
		.bytes = put->bytes,
		.len = put->len,
		.content_type = type,
		.condition = put->replace ? S3_ALWAYS : S3_IF_ABSENT,
	};
	bool found = false;

	if (repo->unconditional && !put->replace) {
		if (!is_there(repo, key, &found, err))
			return false;
		object.condition = S3_ALWAYS;
	}
	if (found) {
		*outcome = CHARTREPO_NOT_MET;
		return true;
	}
	if (put->metadata)
		object.metadata = *put->metadata; /* borrowed for the call */
	return put_object(repo, &object, outcome, unclear, err);
}

static bool put_chart(struct chartrepo *repo, const struct chartrepo_put *put,
		      enum chartrepo_outcome *outcome, bool *unclear,
		      struct err *err)
{
	return put_file(repo, put, "", "application/gzip", outcome, unclear,
			err);
}

static bool put_provenance(struct chartrepo *repo,
			   const struct chartrepo_put *put,
			   enum chartrepo_outcome *outcome, struct err *err)
{
	bool unclear = false;

	return put_file(repo, put, ".prov", "text/plain; charset=utf-8",
			outcome, &unclear, err);
}

struct lister {
	const struct chartrepo *repo;
	bool (*each)(void *context, const struct chartrepo_object *object,
		     struct err *err);
	void *context;
};

static bool give_object(void *context, const struct s3_entry *entry,
			struct err *err)
{
	const struct lister *lister = context;
	int64_t now_s = entry->listed_s ? entry->listed_s
					: aws_now_s(&lister->repo->s3.aws);
	const struct chartrepo_object object = {
		.name = after_prefix(entry->key, lister->repo->prefix),
		.state = entry->etag,
		.size = entry->size,
		.modified_s = entry->modified_s,
		.age_s = now_s - entry->modified_s,
	};

	/* A folder that some tool has made, or no answer to what we asked. */
	if (is_blank(object.name))
		return true;
	return lister->each(lister->context, &object, err);
}

static bool list_objects(struct chartrepo *repo,
			 bool (*each)(void *context,
				      const struct chartrepo_object *object,
				      struct err *err),
			 void *context, struct err *err)
{
	struct lister lister = {repo, each, context};

	return s3_list(&repo->s3, repo->prefix, give_object, &lister, err);
}

static bool put_any(struct chartrepo *repo, const char *name, const char *bytes,
		    size_t len, struct err *err)
{
	CLEANUP(s3_written_release) struct s3_written written = {0};
	CLEANUP(free_ptr) char *key = xasprintf("%s%s", repo->prefix, name);
	const struct s3_put put = {.key = key, .bytes = bytes, .len = len};

	return s3_put(&repo->s3, &put, &written, err);
}

static bool remove_objects(struct chartrepo *repo, const struct strvec *names,
			   struct err *err)
{
	CLEANUP(strvec_release) struct strvec keys = {0};
	CLEANUP(free_ptr) struct s3_task *tasks =
		xcalloc(names->count + 1, sizeof(*tasks));
	bool done;

	for (size_t i = 0; i < names->count; i++)
		strvec_addf(&keys, "%s%s", repo->prefix, names->items[i]);
	for (size_t i = 0; i < keys.count; i++)
		tasks[i] = (struct s3_task){.verb = S3_DELETE,
					    .key = keys.items[i]};
	done = s3_do_all(&repo->s3, tasks, keys.count, err);
	for (size_t i = 0; i < keys.count; i++) {
		if (done && tasks[i].failure.kind != ERR_NONE) {
			err_move(err, &tasks[i].failure);
			done = false;
		}
		s3_task_release(&tasks[i]);
	}
	return done;
}

const struct chartrepo_kind chartrepo_s3 = {
	.open = open_bucket,
	.find = find_object,
	.ask = ask_object,
	.take = take_object,
	.read_index = read_index,
	.swap_index = swap_index,
	.list_objects = list_objects,
	.put_object = put_any,
	.remove_objects = remove_objects,
	.put_chart = put_chart,
	.put_provenance = put_provenance,
};
