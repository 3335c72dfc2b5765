#include "api/leases.h"

#include <string.h>

#include "api/kube.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"

#define API_LEASES	  "coordination.k8s.io/v1"
#define ANNOTATION_OWNER  "slipway/owner"
#define ANNOTATION_ESTATE "slipway/estate"

static struct kube_ref ref_to(const char *namespace, const char *name)
{
	return (struct kube_ref){.api = API_LEASES,
				 .resource = "leases",
				 .namespace = namespace,
				 .name = name};
}

static const char *copy(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static void read_record(const json_t *object, struct arena *arena,
			struct lease_record *record)
{
	const json_t *annotations = jsn_find(object, "metadata.annotations");
	const char *renewed = jsn_text(object, "spec.renewTime");

	*record = (struct lease_record){
		.resource_version = copy(
			arena, jsn_text(object, "metadata.resourceVersion")),
		.holder = copy(arena, jsn_text(object, "spec.holderIdentity")),
		.owner = copy(arena, json_string_value(json_object_get(
					     annotations, ANNOTATION_OWNER))),
		.estate = copy(arena, json_string_value(json_object_get(
					      annotations, ANNOTATION_ESTATE))),
		.duration_s = jsn_int(object, "spec.leaseDurationSeconds", 0),
	};
	if (!renewed ||
	    !clock_parse_rfc3339(renewed, strlen(renewed), &record->renewed))
		record->renewed = 0;
}

bool lease_read(struct kube *kube, const char *namespace, const char *name,
		struct arena *arena, struct lease_record *record, bool *found,
		struct err *err)
{
	const struct kube_ref ref = ref_to(namespace, name);
	CLEANUP(jsn_release) json_t *object = NULL;

	if (!kube_get(kube, &ref, &object, err))
		return err_wrap(err, "cannot look up lease '%s'", name);
	*found = object != NULL;
	if (object)
		read_record(object, arena, record);
	return true;
}

/* A MicroTime, which has exactly six digits behind the point. */
static json_t *make_time(int64_t seconds)
{
	CLEANUP(str_release) struct str text = {0};

	clock_add_rfc3339(&text, seconds);
	str_truncate(&text, text.len - 1);
	str_add(&text, ".000000Z");
	return json_string(str_text(&text));
}

static void add_operation(json_t *operations, const char *op, const char *path,
			  json_t *value)
{
	json_t *operation = json_object();

	jsn_set_text(operation, "op", op);
	jsn_set_text(operation, "path", path);
	jsn_set(operation, "value", value);
	json_array_append_new(operations, operation);
}

static json_t *make_object(const char *name, const struct lease_record *record)
{
	json_t *object = json_object();
	json_t *metadata = json_object();
	json_t *annotations = json_object();
	json_t *spec = json_object();

	if (record->owner)
		jsn_set_text(annotations, ANNOTATION_OWNER, record->owner);
	if (record->estate)
		jsn_set_text(annotations, ANNOTATION_ESTATE, record->estate);
	jsn_set(metadata, "annotations", annotations);
	jsn_set_text(metadata, "name", name);
	if (record->resource_version)
		jsn_set_text(metadata, "resourceVersion",
			     record->resource_version);
	jsn_set(spec, "holderIdentity", jsn_string_or_null(record->holder));
	jsn_set(spec, "leaseDurationSeconds", json_integer(record->duration_s));
	jsn_set(spec, "renewTime", make_time(record->renewed));
	jsn_set(object, "metadata", metadata);
	jsn_set(object, "spec", spec);
	return object;
}

static bool read_version(const json_t *stored, char **version, struct err *err)
{
	const char *text = jsn_text(stored, "metadata.resourceVersion");

	if (is_blank(text))
		return err_set(err, ERR_REMOTE,
			       "the Kubernetes API gave it no version");
	*version = xstrdup(text);
	return true;
}

bool lease_create(struct kube *kube, const char *namespace, const char *name,
		  const struct lease_record *record, char **version,
		  bool *existed, struct err *err)
{
	const struct kube_ref ref = ref_to(namespace, NULL);
	CLEANUP(jsn_release) json_t *object = make_object(name, record);
	CLEANUP(jsn_release) json_t *stored = NULL;

	jsn_set_text(object, "apiVersion", API_LEASES);
	jsn_set_text(object, "kind", "Lease");
	if (!kube_create(kube, &ref, object, &stored, existed, err) ||
	    (!*existed && !read_version(stored, version, err)))
		return err_wrap(err, "cannot create lease '%s'", name);
	return true;
}

bool lease_write(struct kube *kube, const char *namespace, const char *name,
		 const struct lease_record *record, char **version,
		 struct err *err)
{
	const struct kube_ref ref = ref_to(namespace, name);
	CLEANUP(jsn_release) json_t *object = make_object(name, record);
	CLEANUP(jsn_release) json_t *stored = NULL;

	if (!kube_patch(kube, &ref, object, &stored, err) ||
	    !read_version(stored, version, err))
		return err_wrap(err, "cannot write lease '%s'", name);
	return true;
}

/* In a path "/" is written "~1" (RFC 6901). */
static json_t *make_operations(const struct lease_record *record)
{
	json_t *operations = json_array();

	add_operation(operations, "test", "/spec/holderIdentity", json_null());
	add_operation(operations, "add", "/metadata/annotations/slipway~1owner",
		      json_string(record->owner));
	add_operation(operations, "add", "/spec/holderIdentity",
		      json_string(record->holder));
	add_operation(operations, "add", "/spec/leaseDurationSeconds",
		      json_integer(record->duration_s));
	add_operation(operations, "add", "/spec/renewTime",
		      make_time(record->renewed));
	return operations;
}

bool lease_take_free(struct kube *kube, const char *namespace, const char *name,
		     const struct lease_record *record, struct arena *arena,
		     char **version, const char **estate, bool *found,
		     struct err *err)
{
	const struct kube_ref ref = ref_to(namespace, name);
	CLEANUP(jsn_release) json_t *operations = make_operations(record);
	CLEANUP(jsn_release) json_t *stored = NULL;
	CLEANUP(err_release) struct err failure = {0};
	struct lease_record now;
	bool taken = false;

	if (!kube_patch_if(kube, &ref, operations, &stored, &taken, &failure) &&
	    failure.kind != ERR_NOT_FOUND && failure.kind != ERR_CONFLICT) {
		err_move(err, &failure);
		return err_wrap(err, "cannot write lease '%s'", name);
	}
	if (taken && !read_version(stored, version, err))
		return err_wrap(err, "cannot write lease '%s'", name);
	*found = failure.kind != ERR_NOT_FOUND;
	if (!taken) {
		*version = NULL;
		return true;
	}
	read_record(stored, arena, &now);
	*estate = now.estate;
	return true;
}
