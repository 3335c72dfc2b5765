#include "api/releases.h"

#include <string.h>

#include "api/kube.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "core/sweep.h"
#include "format/gzip.h"
#include "format/jsn.h"
#include "format/value.h"

static const struct kube_ref all_secrets = {.api = "v1", .resource = "secrets"};

struct search {
	struct arena *arena;
	struct sweep_world *world;
	size_t before; /* releases that were there when it began */
};

static const char *copy_text(struct arena *arena, const json_t *object,
			     const char *path)
{
	const char *text = jsn_text(object, path);

	return text ? arena_strdup(arena, text) : NULL;
}

/* A label, whose key may hold dots and slashes. */
static const char *copy_label(struct arena *arena, const json_t *object,
			      const char *key)
{
	const json_t *labels = jsn_find(object, "metadata.labels");
	const char *text = json_string_value(json_object_get(labels, key));

	return text ? arena_strdup(arena, text) : NULL;
}

/* A Secret without the labels of a release is none of Helm's. */
static bool add_release(void *context, const json_t *item, struct err *err)
{
	struct search *search = context;
	struct sweep_world *world = search->world;
	struct arena *arena = search->arena;
	const char *version = copy_label(arena, item, "version");
	struct sweep_release release = {
		.namespace = copy_text(arena, item, "metadata.namespace"),
		.name = copy_label(arena, item, "name"),
		.uid = copy_text(arena, item, "metadata.uid"),
		.resource_version =
			copy_text(arena, item, "metadata.resourceVersion"),
		.managed = copy_label(arena, item, "slipway/managed"),
		.expires_at = copy_label(arena, item, "slipway/expires-at"),
	};

	(void)err;
	if (!release.namespace || !release.name || !version ||
	    !num_parse_range(version, 1, INT64_MAX, &release.revision))
		return true;
	world->releases =
		arena_grow(arena, world->releases, world->release_count + 1,
			   sizeof(*world->releases), &world->release_capacity);
	world->releases[world->release_count++] = release;
	return true;
}

static void forget_releases(void *context)
{
	struct search *search = context;

	search->world->release_count = search->before;
}

bool releases_find(struct kube *kube, const char *namespace, const char *name,
		   struct arena *arena, struct sweep_world *world,
		   struct err *err)
{
	CLEANUP(str_release) struct str selector = {0};
	struct search search = {
		.arena = arena, .world = world, .before = world->release_count};
	struct kube_list list = {
		.ref = all_secrets,
		.metadata = true,
		.item = add_release,
		.restart = forget_releases,
		.context = &search,
	};

	str_add(&selector, "owner=helm");
	if (name)
		str_addf(&selector, ",name=%s", name);
	list.label_selector = str_text(&selector);
	list.ref.namespace = namespace;
	return kube_list(kube, &list, err);
}

struct latest {
	struct arena *arena;
	int64_t revision;
	const char *status;
};

static bool note_latest(void *context, const json_t *item, struct err *err)
{
	struct latest *latest = context;
	const char *version = copy_label(latest->arena, item, "version");
	int64_t revision;

	(void)err;
	if (!version || !num_parse_range(version, 1, INT64_MAX, &revision) ||
	    revision <= latest->revision)
		return true;
	latest->revision = revision;
	latest->status = copy_label(latest->arena, item, "status");
	return true;
}

static void forget_latest(void *context)
{
	struct latest *latest = context;

	latest->revision = 0;
	latest->status = NULL;
}

bool releases_read_latest(struct kube *kube, const char *namespace,
			  const char *name, struct arena *arena,
			  int64_t *revision, const char **status,
			  struct err *err)
{
	CLEANUP(free_ptr) char *selector =
		xasprintf("owner=helm,name=%s", name);
	struct latest latest = {.arena = arena};
	struct kube_list list = {
		.ref = all_secrets,
		.label_selector = selector,
		.metadata = true,
		.item = note_latest,
		.restart = forget_latest,
		.context = &latest,
	};

	list.ref.namespace = namespace;
	if (!kube_list(kube, &list, err))
		return err_wrap(err, "cannot look up release '%s'", name);
	*revision = latest.revision;
	*status = latest.status;
	return true;
}

/* Kubernetes' base64 around Helm's base64 around gzip around JSON. */
static bool decode_payload(const char *data, struct arena *arena,
			   const struct value **payload, struct err *err)
{
	CLEANUP(str_release) struct str outer = {0};
	CLEANUP(str_release) struct str inner = {0};
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};

	if (!base64_decode(&outer, data, strlen(data), BASE64_STANDARD) ||
	    !base64_decode(&inner, str_text(&outer), outer.len,
			   BASE64_STANDARD))
		return err_set(err, ERR_REMOTE, "its data is no base64");
	if (inner.len > 2 && memcmp(inner.buf, "\x1f\x8b", 2) == 0) {
		if (!gzip_expand(&text, inner.buf, inner.len,
				 RELEASES_PAYLOAD_MAX, err))
			return false;
	} else {
		str_add_bytes(&text, str_text(&inner), inner.len);
	}
	/* Not quoted: values may hold what is not for logs. */
	if (!jsn_parse(&json, str_text(&text), text.len, "release", &unfit))
		return err_set(err, ERR_REMOTE, "it is no JSON");
	*payload = jsn_to_value(json, arena);
	return true;
}

static char *secret_name(const char *release, int64_t revision)
{
	return xasprintf("sh.helm.release.v1.%s.v%lld", release,
			 (long long)revision);
}

bool releases_read_payload(struct kube *kube, const char *namespace,
			   const char *name, int64_t revision,
			   struct arena *arena, const struct value **payload,
			   struct err *err)
{
	CLEANUP(free_ptr) char *secret = secret_name(name, revision);
	CLEANUP(jsn_release) json_t *object = NULL;
	struct kube_ref ref = all_secrets;
	const char *data;

	ref.namespace = namespace;
	ref.name = secret;
	if (!kube_get(kube, &ref, &object, err))
		return false;
	if (!object) {
		*payload = NULL;
		return true;
	}
	data = jsn_text(object, "data.release");
	if (!data)
		return err_set(err, ERR_REMOTE, "Secret '%s' holds no release",
			       secret);
	if (decode_payload(data, arena, payload, err))
		return true;
	err->kind = ERR_REMOTE; /* the server's data, not the user's input */
	return err_wrap(err, "cannot decode release '%s'", name);
}

static bool read_told(struct kube *kube, const struct sweep_release *release,
		      struct expiry_told *told, struct err *err)
{
	CLEANUP(arena_release) struct arena scratch = {0};
	const struct value *payload;

	if (!releases_read_payload(kube, release->namespace, release->name,
				   release->revision, &scratch, &payload, err))
		return false;
	if (!payload)
		return err_set(err, ERR_NOT_FOUND, "it is gone meanwhile");
	return expiry_read_release(told, payload, &scratch, err);
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
	struct expiry_told told = {0};

	if (!read_told(kube, release, &told, &failure)) {
		if (ends_the_run(&failure)) {
			err_move(err, &failure);
			return false;
		}
		release->trouble = arena_printf(
			arena, "its values do not say when it expires: %s",
			failure.text);
	}
	release->told = told;
	release->values_read = true;
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
	struct kube_ref ref = all_secrets;

	jsn_set_text(labels, "slipway/expires-at", expires_at);
	jsn_set(metadata, "labels", labels);
	jsn_set(patch, "metadata", metadata);
	ref.namespace = namespace;
	ref.name = secret;
	if (!kube_patch(kube, &ref, patch, err))
		return err_wrap(err, "cannot mark release '%s'", name);
	return true;
}
