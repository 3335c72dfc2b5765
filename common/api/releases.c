#include "api/releases.h"

#include <stdlib.h>
#include <string.h>

#include "api/releases_parts.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/sweep.h"
#include "format/gojson.h"
#include "format/gzip.h"
#include "format/jsn.h"
#include "format/value.h"

const struct kube_ref releases_secrets = {.api = "v1", .resource = "secrets"};

const char *releases_copy_text(struct arena *arena, const json_t *object,
			       const char *path)
{
	const char *text = jsn_text(object, path);

	return text ? arena_strdup(arena, text) : NULL;
}

int64_t releases_created_at(const json_t *item)
{
	const char *text = jsn_text(item, "metadata.creationTimestamp");
	int64_t seconds;

	return text && clock_parse_rfc3339(text, strlen(text), &seconds)
		       ? seconds
		       : 0;
}

/*
 * A copy of @text, unless it is the same as @last, which is there already: of
 * 10,000 releases most share it.
 */
static const char *share(struct arena *arena, const char *text,
			 const char *last)
{
	if (!text || same_text(text, last))
		return text ? last : NULL;
	return arena_strdup(arena, text);
}

/* A label, whose key may hold dots and slashes. */
static const char *label(const json_t *object, const char *key)
{
	const json_t *labels = jsn_find(object, "metadata.labels");

	return json_string_value(json_object_get(labels, key));
}

const char *releases_copy_label(struct arena *arena, const json_t *object,
				const char *key)
{
	return share(arena, label(object, key), NULL);
}

/* A Secret without the labels of a release is none of Helm's. */
static bool add_release(void *context, const json_t *item, struct err *err)
{
	struct releases_query *query = context;
	struct sweep_world *world = query->world;
	struct arena *arena = query->arena;
	const char *namespace = jsn_text(item, "metadata.namespace");
	const char *name = label(item, "name");
	const char *version = label(item, "version");
	const struct sweep_release *last =
		world->release_count
			? &world->releases[world->release_count - 1]
			: &(const struct sweep_release){0};
	struct sweep_release release = {0};

	(void)err;
	if (!namespace || !name || !version ||
	    !num_parse_range(version, 1, INT64_MAX, &release.revision))
		return true;
	release.namespace = share(arena, namespace, last->namespace);
	release.name = share(arena, name, last->name);
	release.uid = releases_copy_text(arena, item, "metadata.uid");
	release.resource_version =
		releases_copy_text(arena, item, "metadata.resourceVersion");
	release.managed =
		share(arena, label(item, "slipway/managed"), last->managed);
	release.expires_at =
		share(arena, label(item, LABEL_EXPIRES_AT), last->expires_at);
	release.status = share(arena, label(item, "status"), last->status);
	release.created = releases_created_at(item);
	sweep_add_release(world, &release);
	return true;
}

static void forget_releases(void *context)
{
	struct releases_query *query = context;

	query->world->release_count = query->before;
}

struct kube_list releases_query(struct releases_query *query,
				const char *namespace, const char *name,
				struct arena *arena, struct sweep_world *world)
{
	struct kube_list list = {
		.ref = releases_secrets,
		.metadata = true,
		.item = add_release,
		.restart = forget_releases,
		.context = query,
	};

	*query = (struct releases_query){
		.arena = arena, .world = world, .before = world->release_count};
	str_add(&query->selector, "owner=helm");
	if (name)
		str_addf(&query->selector, ",name=%s", name);
	list.label_selector = str_text(&query->selector);
	list.ref.namespace = namespace;
	return list;
}

void releases_query_release(struct releases_query *query)
{
	str_release(&query->selector);
}

bool releases_find(struct kube *kube, const char *namespace, const char *name,
		   struct arena *arena, struct sweep_world *world,
		   struct err *err)
{
	CLEANUP(releases_query_release) struct releases_query query = {0};
	const struct kube_list list =
		releases_query(&query, namespace, name, arena, world);

	return kube_list(kube, &list, err);
}

/* Kubernetes' base64 around Helm's base64 around gzip: what is in them. */
static bool unpack(const char *data, struct str *text, struct err *err)
{
	CLEANUP(str_release) struct str outer = {0};
	CLEANUP(str_release) struct str inner = {0};

	if (!base64_decode(&outer, data, strlen(data), BASE64_STANDARD) ||
	    !base64_decode(&inner, str_text(&outer), outer.len,
			   BASE64_STANDARD))
		return err_set(err, ERR_REMOTE, "its data is no base64");
	if (inner.len > 2 && memcmp(inner.buf, "\x1f\x8b", 2) == 0)
		return gzip_expand(text, inner.buf, inner.len,
				   RELEASES_PAYLOAD_MAX, err);
	str_add_bytes(text, str_text(&inner), inner.len);
	return true;
}

static bool decode_payload(const char *data, struct arena *arena,
			   const struct value **payload, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};

	if (!unpack(data, &text, err))
		return false;
	/* Not quoted: values may hold what is not for logs. */
	if (!jsn_parse(&json, str_text(&text), text.len, "release", &unfit))
		return err_set(err, ERR_REMOTE, "it is no JSON");
	*payload = jsn_to_value(json, arena);
	return true;
}

static char *secret_name(const char *release, int64_t revision)
{
	return xasprintf(RELEASES_SECRET_PREFIX "%s.v%lld", release,
			 (long long)revision);
}

static bool fail_empty(const char *secret_called, struct err *err)
{
	return err_set(err, ERR_REMOTE, "Secret '%s' holds no release",
		       secret_called);
}

static bool note_secret(void *context, const json_t *secret, struct err *err)
{
	struct release_query *query = context;

	(void)err;
	query->found = true;
	query->data = releases_copy_text(query->arena, secret, "data.release");
	query->resource_version = releases_copy_text(
		query->arena, secret, "metadata.resourceVersion");
	query->created = releases_created_at(secret);
	return true;
}

struct kube_list release_query(struct release_query *query,
			       const char *namespace, const char *name,
			       int64_t revision, struct arena *arena)
{
	struct kube_list list = {
		.ref = releases_secrets,
		.item = note_secret,
		.context = query,
	};

	*query = (struct release_query){
		.arena = arena,
		.name = name,
		.secret = secret_name(name, revision),
	};
	list.ref.namespace = namespace;
	list.ref.name = query->secret;
	return list;
}

struct kube_list release_metadata_query(struct release_query *query,
					const char *namespace, const char *name,
					int64_t revision, struct arena *arena)
{
	struct kube_list list =
		release_query(query, namespace, name, revision, arena);

	list.metadata = true;
	return list;
}

void release_query_release(struct release_query *query)
{
	free(query->secret);
}

bool release_is_current(const struct release_query *newest,
			const struct release_query *next,
			const char *resource_version)
{
	return newest->found && !next->found && resource_version &&
	       same_text(newest->resource_version, resource_version);
}

bool release_decode(const struct release_query *query, struct arena *arena,
		    const struct value **payload, struct err *err)
{
	*payload = NULL;
	if (!query->found)
		return true;
	if (!query->data)
		return fail_empty(query->secret, err);
	if (decode_payload(query->data, arena, payload, err))
		return true;
	err->kind = ERR_REMOTE; /* the server's data, not the user's input */
	return err_wrap(err, "cannot decode release '%s'", query->name);
}

bool releases_read_payload(struct kube *kube, const char *namespace,
			   const char *name, int64_t revision,
			   struct arena *arena, const struct value **payload,
			   struct err *err)
{
	CLEANUP(release_query_release) struct release_query query = {0};
	CLEANUP(arena_release) struct arena scratch = {0};
	const struct kube_list list =
		release_query(&query, namespace, name, revision, &scratch);

	return kube_list(kube, &list, err) &&
	       release_decode(&query, arena, payload, err);
}

static bool read_told(struct kube *kube, const struct sweep_release *release,
		      struct expiry_told *told, struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = {0};
	CLEANUP(release_query_release) struct release_query query = {0};
	const struct kube_list list =
		release_query(&query, release->namespace, release->name,
			      release->revision, &scratch);
	const struct value *payload;

	if (!kube_list(kube, &list, err) ||
	    !release_decode(&query, &scratch, &payload, err))
		return false;
	if (!payload)
		return err_set(err, ERR_NOT_FOUND, "it is gone meanwhile");
	return expiry_read_release(told, payload, query.created, &scratch, err);
}

/* One Secret that cannot be read keeps its environment, not all of them. */
static bool ends_the_run(const struct err *failure)
{
	return failure->kind == ERR_UNREACHABLE ||
	       failure->kind == ERR_TIMEOUT || failure->kind == ERR_INTERRUPTED;
}

bool releases_read_told(struct kube *kube, struct sweep_release *release,
			struct arena *arena, struct err *err)
{
	CLEANUP(err_release) struct err failure = {0};
	struct sweep_values *values = arena_new(arena, struct sweep_values);

	if (!read_told(kube, release, &values->told, &failure)) {
		if (ends_the_run(&failure)) {
			err_move(err, &failure);
			return false;
		}
		values->trouble = arena_printf(
			arena, "its values do not say when it expires: %s",
			failure.text);
	}
	release->values = values;
	return true;
}

/*
 * The payload with another status and description.  As Go reads and writes
 * it: numbers keep their value and text its bytes, whatever the chart holds.
 */
static bool rewrite_failed(const char *data, const char *why,
			   struct str *packed, bool *pending, struct err *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(str_release) struct str zipped = {0};
	struct value *info = value_new_map(&arena);
	struct value *change = value_new_map(&arena);
	struct value_text too_large = {0};
	struct gojson_size size;
	const struct value *payload;
	const char *status;

	if (!unpack(data, &text, err) ||
	    !gojson_check(str_text(&text), text.len, &size, err))
		return false;
	if (size.depth > VALUE_DEPTH_MAX)
		return err_set(err, ERR_REMOTE, "it is nested too deep");
	payload = gojson_build(str_text(&text), &arena, &too_large);
	status = value_find_text(payload, "info.status");
	*pending = status && starts_with(status, "pending-");
	if (!*pending)
		return true;
	if (too_large.len)
		return err_set(err, ERR_REMOTE, "a number in it is too large");
	value_map_set_text(info, &arena, "status", "failed");
	value_map_set_text(info, &arena, "description", why);
	value_map_set(change, &arena, "info", info);
	payload = value_merge(payload, change, &arena);
	str_clear(&text);
	if (!gojson_write(&text, payload, 0, err))
		return false;
	gzip_compress(&zipped, str_text(&text), text.len, NULL);
	str_clear(&text);
	base64_encode(&text, zipped.buf, zipped.len, BASE64_STANDARD);
	base64_encode(packed, text.buf, text.len, BASE64_STANDARD);
	return true;
}

static bool patch_failed(struct kube *kube, const char *namespace,
			 const char *secret_called, const char *version,
			 const char *packed, struct err *err)
{
	CLEANUP(jsn_release) json_t *patch = json_object();
	json_t *metadata = json_object();
	json_t *labels = json_object();
	json_t *data = json_object();
	struct kube_ref ref = releases_secrets;

	jsn_set_text(labels, "status", "failed");
	jsn_set(metadata, "labels", labels);
	jsn_set_text(metadata, "resourceVersion", version);
	jsn_set_text(data, "release", packed);
	jsn_set(patch, "metadata", metadata);
	jsn_set(patch, "data", data);
	ref.namespace = namespace;
	ref.name = secret_called;
	return kube_patch(kube, &ref, patch, NULL, err);
}

bool releases_fail_pending(struct kube *kube, const char *namespace,
			   const char *name, int64_t revision, const char *why,
			   bool *changed, struct err *err)
{
	CLEANUP(free_ptr) char *secret_called = secret_name(name, revision);
	CLEANUP(jsn_release) json_t *secret = NULL;
	CLEANUP(str_release) struct str packed = {0};
	struct kube_ref ref = releases_secrets;
	const char *data, *version;
	bool pending;

	*changed = false;
	ref.namespace = namespace;
	ref.name = secret_called;
	if (!kube_get(kube, &ref, &secret, err))
		return false;
	if (!secret)
		return true;
	data = jsn_text(secret, "data.release");
	if (!data)
		return fail_empty(secret_called, err);
	version = jsn_text(secret, "metadata.resourceVersion");
	if (!version)
		return err_set(err, ERR_REMOTE,
			       "the Kubernetes API gave no version of '%s'",
			       secret_called);
	if (!rewrite_failed(data, why, &packed, &pending, err)) {
		err->kind = ERR_REMOTE;
		return err_wrap(err, "cannot decode release '%s'", name);
	}
	if (!pending)
		return true;
	if (!patch_failed(kube, namespace, secret_called, version,
			  str_text(&packed), err))
		return err_wrap(err, "cannot mark release '%s' as failed",
				name);
	*changed = true;
	return true;
}

bool releases_set_expiry(struct kube *kube, const char *namespace,
			 const char *name, int64_t revision,
			 const char *expires_at, struct err *err)
{
	CLEANUP(free_ptr) char *secret = secret_name(name, revision);
	CLEANUP(jsn_release) json_t *patch = json_object();
	json_t *metadata = json_object();
	json_t *labels = json_object();
	struct kube_ref ref = releases_secrets;

	jsn_set_text(labels, LABEL_EXPIRES_AT, expires_at);
	jsn_set(metadata, "labels", labels);
	jsn_set(patch, "metadata", metadata);
	ref.namespace = namespace;
	ref.name = secret;
	if (!kube_patch(kube, &ref, patch, NULL, err))
		return err_wrap(err, "cannot mark release '%s'", name);
	return true;
}

bool releases_forget(struct kube *kube, const struct sweep_release *revision,
		     struct err *err)
{
	CLEANUP(free_ptr) char *secret =
		secret_name(revision->name, revision->revision);
	struct kube_ref ref = releases_secrets;
	bool existed;

	ref.namespace = revision->namespace;
	ref.name = secret;
	return kube_delete(kube, &ref, revision->uid,
			   revision->resource_version, &existed, err) ||
	       err_wrap(err, "cannot forget release '%s'", revision->name);
}
