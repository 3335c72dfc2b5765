/*
 * Calls api/s3 as it is told to, for the tests of tests/steps and tests/lab:
 *
 *	{"bucket": "b", "calls": [{"do": "put", "key": "k", "body": "..."}]}
 */
#include <string.h>

#include "api/s3.h"
#include "tests/drivers/driver.h"

static const char *const outcomes[] = {"written", "not met", "raced"};

static json_t *describe(const struct s3_object *object)
{
	json_t *metadata = json_array();

	for (size_t i = 0; i < object->metadata.count; i++)
		json_array_append_new(metadata,
				      json_string(object->metadata.items[i]));
	return json_pack("{s:b, s:o, s:s?, s:s?, s:o, s:I, s:I}", "found",
			 object->found, "body", driver_bytes(&object->body),
			 "etag", object->etag, "contentType",
			 object->content_type, "metadata", metadata, "size",
			 (json_int_t)object->size, "modified",
			 (json_int_t)object->modified_s);
}

static json_t *call_put(struct s3 *s3, const json_t *json, struct err *err)
{
	CLEANUP(s3_written_release) struct s3_written written = {0};
	CLEANUP(strvec_release) struct strvec metadata = {0};
	const char *etag = driver_text(json, "ifMatch");
	struct s3_put put = {
		.key = driver_text(json, "key"),
		.bytes = driver_text(json, "body"),
		.len = strlen(driver_text(json, "body")),
		.content_type = driver_text(json, "contentType"),
		.cache_control = driver_text(json, "cacheControl"),
		.etag = etag,
	};
	json_t *line;
	size_t i;

	json_array_foreach (json_object_get(json, "metadata"), i, line)
		strvec_add(&metadata, json_string_value(line));
	put.metadata = metadata;
	if (etag)
		put.condition = S3_IF_MATCH;
	else if (json_is_true(json_object_get(json, "ifAbsent")))
		put.condition = S3_IF_ABSENT;
	if (!s3_put(s3, &put, &written, err))
		return NULL;
	return json_pack("{s:s, s:s?, s:b}", "outcome",
			 outcomes[written.outcome], "etag", written.etag,
			 "unclear", written.unclear);
}

static bool add_entry(void *context, const struct s3_entry *entry,
		      struct err *err)
{
	json_t *entries = context;

	(void)err;
	json_array_append_new(entries,
			      json_pack("{s:s, s:s, s:I, s:I}", "key",
					entry->key, "etag", entry->etag, "size",
					(json_int_t)entry->size, "modified",
					(json_int_t)entry->modified_s));
	return true;
}

static json_t *call_list(struct s3 *s3, const char *prefix, struct err *err)
{
	json_t *entries = json_array();

	if (s3_list(s3, prefix, add_entry, entries, err))
		return json_pack("{s:o}", "entries", entries);
	json_decref(entries);
	return NULL;
}

static json_t *call(struct s3 *s3, const json_t *json, struct err *err)
{
	CLEANUP(s3_object_release) struct s3_object object = {0};
	const char *what = driver_text(json, "do");
	const char *key = driver_text(json, "key");
	size_t limit =
		(size_t)json_integer_value(json_object_get(json, "limit"));
	enum s3_outcome outcome;

	if (same_text(what, "find"))
		return s3_find(s3, key, limit, &object, err) ? describe(&object)
							     : NULL;
	if (same_text(what, "get"))
		return s3_get(s3, key, limit, &object, err) ? describe(&object)
							    : NULL;
	if (same_text(what, "stat"))
		return s3_stat(s3, key, &object, err) ? describe(&object)
						      : NULL;
	if (same_text(what, "put"))
		return call_put(s3, json, err);
	if (same_text(what, "list"))
		return call_list(s3, key, err);
	if (!same_text(what, "delete"))
		BUG("no call '%s'", what);
	return s3_delete(s3, key, driver_text(json, "ifMatch"), &outcome, err)
		       ? json_pack("{s:s}", "outcome", outcomes[outcome])
		       : NULL;
}

static bool run(json_t *script, const struct env *env, struct err *err)
{
	CLEANUP(http_release) struct http http = {0};
	CLEANUP(s3_release) struct s3 s3 = {0};
	json_t *timeout = json_object_get(script, "timeout"), *json;
	struct http_config config = {.env = env, .reporter = &driver_reporter};
	size_t i;

	if (timeout)
		config.deadline = deadline_in(json_integer_value(timeout));
	if (!http_open(&http, &config, err))
		return false;
	if (!s3_open(&s3, &http, env, driver_text(script, "bucket"), err))
		return false;
	json_array_foreach (json_object_get(script, "calls"), i, json) {
		CLEANUP(err_release) struct err failure = {0};
		json_t *said = call(&s3, json, &failure);

		driver_print(said ? said : driver_error(&failure));
	}
	return true;
}

int main(void)
{
	return driver_main("s3", run);
}
