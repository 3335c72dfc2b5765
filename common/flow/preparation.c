#include "flow/preparation.h"

#include <string.h>

#include "api/kinds.h"
#include "api/kube.h"
#include "api/manifests.h"
#include "api/releases.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "flow/envlock.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"

static bool check_labels(const struct strvec *labels, struct err *err)
{
	for (size_t i = 0; i < labels->count; i++) {
		const char *label = labels->items[i];
		const char *equals = strchr(label, '=');

		if (!equals || equals == label)
			return err_set(err, ERR_USAGE,
				       "label '%s' is no KEY=VALUE", label);
		if (starts_with(label, "slipway/"))
			return err_set(err, ERR_USAGE,
				       "label '%s' is one of those that are "
				       "set by this program",
				       label);
	}
	return true;
}

static bool is_revision(const char *secret)
{
	return starts_with(secret, RELEASES_SECRET_PREFIX);
}

static bool check_secrets(const struct strvec *secrets, struct err *err)
{
	for (size_t i = 0; i < secrets->count; i++) {
		const char *secret = secrets->items[i];
		const char *slash = strchr(secret, '/');

		if (!slash || slash == secret || !slash[1] ||
		    strchr(slash + 1, '/'))
			return err_set(err, ERR_USAGE,
				       "secret '%s' is no NAMESPACE/NAME",
				       secret);
		if (is_revision(slash + 1))
			return err_set(err, ERR_USAGE,
				       "secret '%s' is a revision of Helm's",
				       secret);
	}
	return true;
}

static bool has_text(const struct ydoc *doc, const char *path, struct err *err)
{
	if (!is_blank(value_find_text(doc->root, path)))
		return true;
	(void)err_set(err, ERR_INPUT, "a manifest needs '%s'", path);
	return ydoc_blame(doc, "", err);
}

/* These tell who works on an environment, and what is deployed in it. */
static bool check_foreign(const struct ydoc *doc, struct err *err)
{
	const char *kind = value_find_text(doc->root, "kind");
	const char *name = value_find_text(doc->root, "metadata.name");

	if (same_text(kind, "Secret") && is_revision(name))
		(void)err_set(err, ERR_INPUT,
			      "Secret '%s' is a revision of Helm's", name);
	else if (same_text(kind, "Lease") && same_text(name, ENVLOCK_NAME))
		(void)err_set(err, ERR_INPUT, "Lease '%s' is that of the runs",
			      name);
	else
		return true;
	return ydoc_blame(doc, "metadata.name", err);
}

static bool check_object(const struct ydoc *doc, const char *namespace,
			 struct err *err)
{
	const struct value *own = value_find(doc->root, "metadata.namespace");

	if (!value_is_map(doc->root)) {
		(void)err_set(err, ERR_INPUT, "a manifest is a mapping");
		return ydoc_blame(doc, "", err);
	}
	if (!has_text(doc, "apiVersion", err) || !has_text(doc, "kind", err) ||
	    !has_text(doc, "metadata.name", err) || !check_foreign(doc, err))
		return false;
	if (!own || !namespace ||
	    same_text(value_find_text(doc->root, "metadata.namespace"),
		      namespace))
		return true;
	(void)err_set(err, ERR_INPUT,
		      "this manifest is of another namespace than '%s'",
		      namespace);
	return ydoc_blame(doc, "metadata.namespace", err);
}

static bool read_file(struct preparation *preparation, const char *path,
		      const char *namespace, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(ydoc_release) struct ydoc doc = {0};
	struct ydoc_stream stream = {.name = path};
	struct value *objects = preparation->objects;

	if (!file_read(path, PREPARATION_FILE_MAX, &text, err))
		return false;
	stream.text = str_text(&text);
	stream.len = text.len;
	while (ydoc_next(&stream, &doc, 0, err)) {
		if (value_is_null(doc.root)) /* only a comment */
			continue;
		if (!check_object(&doc, namespace, err))
			return false;
		if (objects->list.count == PREPARATION_OBJECTS_MAX)
			return err_set(err, ERR_INPUT,
				       "there are more than %d manifests",
				       PREPARATION_OBJECTS_MAX);
		value_list_add(objects, &preparation->arena,
			       value_copy(doc.root, &preparation->arena));
	}
	return stream.ended;
}

bool preparation_read(struct preparation *preparation,
		      const struct preparation_args *args,
		      const char *namespace, struct err *err)
{
	preparation->args = args;
	preparation->objects = value_new_list(&preparation->arena);
	if (!check_labels(&args->labels, err) ||
	    !check_secrets(&args->secrets, err))
		return false;
	for (size_t i = 0; i < args->manifests.count; i++) {
		if (!read_file(preparation, args->manifests.items[i], namespace,
			       err))
			return false;
	}
	return true;
}

/* The namespace of NAMESPACE/NAME; the caller frees it. */
static char *source_of(const char *secret)
{
	return xmemdupz(secret, (size_t)(strchr(secret, '/') - secret));
}

static bool copy_secret(struct kube *kube, const char *secret,
			const char *target, struct err *err)
{
	const char *slash = strchr(secret, '/');
	CLEANUP(free_ptr) char *source = source_of(secret);

	return same_text(source, target) ||
	       manifest_copy_secret(kube, source, slash + 1, target, err);
}

bool preparation_run(const struct preparation *preparation, struct kube *kube,
		     const char *namespace, struct err *err)
{
	const struct strvec *secrets = &preparation->args->secrets;
	const struct value_list *objects = &preparation->objects->list;
	CLEANUP(kinds_release) struct kinds kinds = {0};

	for (size_t i = 0; i < secrets->count; i++) {
		if (!copy_secret(kube, secrets->items[i], namespace, err))
			return false;
	}
	for (size_t i = 0; i < objects->count; i++) {
		if (!manifest_apply(kube, &kinds, namespace, objects->items[i],
				    err))
			return false;
	}
	return true;
}

static bool see_secrets(const struct strvec *secrets, struct kube *kube,
			const char *namespace, struct err *err)
{
	for (size_t i = 0; i < secrets->count; i++) {
		const char *name = strchr(secrets->items[i], '/') + 1;
		CLEANUP(free_ptr) char *source = source_of(secrets->items[i]);

		if (!same_text(source, namespace) &&
		    !manifest_check_secret(kube, source, name, err))
			return false;
	}
	return true;
}

static bool see_kinds(const struct value_list *objects, struct kube *kube,
		      struct err *err)
{
	CLEANUP(kinds_release) struct kinds kinds = {0};

	for (size_t i = 0; i < objects->count; i++) {
		const struct kind *kind;

		if (!manifest_find_kind(kube, &kinds, objects->items[i], &kind,
					err))
			return false;
	}
	return true;
}

bool preparation_rehearse(const struct preparation *preparation,
			  struct kube *kube, const char *namespace, bool exists,
			  struct err *err)
{
	bool done;

	if (!exists)
		return see_secrets(&preparation->args->secrets, kube, namespace,
				   err) &&
		       see_kinds(&preparation->objects->list, kube, err);
	kube->dry_run = true;
	done = preparation_run(preparation, kube, namespace, err);
	kube->dry_run = false;
	return done;
}

/* What has to be asked, each once. */
struct demands {
	struct arena arena;
	struct kube_access *items;
	size_t count;
	size_t capacity;
};

static void demands_release(struct demands *demands)
{
	arena_release(&demands->arena);
}

static bool is_same(const struct kube_access *a, const struct kube_access *b)
{
	return same_text(a->right.verb, b->right.verb) &&
	       same_text(a->right.group, b->right.group) &&
	       same_text(a->right.resource, b->right.resource) &&
	       same_text(a->namespace, b->namespace);
}

static void demand(struct demands *demands, const struct kube_right *right,
		   const char *namespace)
{
	const struct kube_access access = {.right = *right,
					   .namespace = namespace};

	for (size_t i = 0; i < demands->count; i++) {
		if (is_same(&demands->items[i], &access))
			return;
	}
	demands->items =
		arena_grow(&demands->arena, demands->items, demands->count + 1,
			   sizeof(*demands->items), &demands->capacity);
	demands->items[demands->count++] = access;
}

/* What applies may have to make. */
static void demand_applies(struct demands *demands, const char *namespace,
			   const char *group, const char *resource,
			   const char *purpose)
{
	const struct kube_right rights[] = {
		{"create", group, resource, NULL, purpose},
		{"patch", group, resource, NULL, purpose},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		demand(demands, &rights[i], namespace);
}

static void demand_copies(struct demands *demands, const struct strvec *secrets,
			  const char *namespace)
{
	static const struct kube_right read = {"get", "", "secrets", NULL,
					       "copy it from there"};

	for (size_t i = 0; i < secrets->count; i++) {
		CLEANUP(free_ptr) char *source = source_of(secrets->items[i]);

		demand(demands, &read, arena_strdup(&demands->arena, source));
	}
	if (secrets->count)
		demand_applies(demands, namespace, "", "secrets",
			       "copy one there");
}

bool preparation_find_missing_rights(const struct preparation *preparation,
				     struct kube *kube, const char *namespace,
				     struct strvec *missing, struct err *err)
{
	const struct value_list *objects = &preparation->objects->list;
	CLEANUP(kinds_release) struct kinds kinds = {0};
	CLEANUP(demands_release) struct demands demands = {0};

	demand_copies(&demands, &preparation->args->secrets, namespace);
	for (size_t i = 0; i < objects->count; i++) {
		const struct kind *kind;

		if (!manifest_find_kind(kube, &kinds, objects->items[i], &kind,
					err))
			return false;
		demand_applies(&demands, namespace, kind->group, kind->resource,
			       "apply a manifest");
	}
	return kube_find_missing(kube, demands.items, demands.count, missing,
				 err);
}

void preparation_release(struct preparation *preparation)
{
	arena_release(&preparation->arena);
	*preparation = (struct preparation){0};
}
