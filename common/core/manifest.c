#include "core/manifest.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"
#include "format/ydoc.h"

#define LISTS_MAX 10 /* within one another */

static const char *copy_text(struct arena *arena, const struct value *object,
			     const char *path)
{
	const char *text = value_find_text(object, path);

	return is_blank(text) ? NULL : arena_strdup(arena, text);
}

static bool is_kept(const struct value *object)
{
	const struct value *annotations =
		value_find(object, "metadata.annotations");
	const struct value *policy =
		annotations
			? value_map_get(annotations, "helm.sh/resource-policy")
			: NULL;

	return policy && policy->kind == VALUE_STRING &&
	       strcmp(policy->string.bytes, "keep") == 0;
}

static void add_claim(struct manifest *manifest,
		      const struct manifest_object *set,
		      const struct value *template, const struct value *labels,
		      struct arena *arena)
{
	const char *name = value_find_text(template, "metadata.name");

	if (is_blank(name))
		return;
	manifest->claims =
		arena_grow(arena, manifest->claims, manifest->claim_count + 1,
			   sizeof(*manifest->claims),
			   &manifest->claim_capacity);
	manifest->claims[manifest->claim_count++] = (struct manifest_claim){
		.namespace = set->namespace,
		.prefix = arena_printf(arena, "%s-%s-", name, set->name),
		.labels = labels,
	};
}

static void add_claims(struct manifest *manifest,
		       const struct manifest_object *object,
		       const struct value *value, struct arena *arena)
{
	const struct value *templates =
		value_find_list(value, "spec.volumeClaimTemplates");
	const struct value *labels =
		value_find(value, "spec.selector.matchLabels");

	if (!same_text(object->kind, "StatefulSet") ||
	    !starts_with(object->api, "apps/") || !templates->list.count ||
	    !labels || !value_is_map(labels))
		return;
	labels = value_copy(labels, arena);
	for (size_t i = 0; i < templates->list.count; i++)
		add_claim(manifest, object, templates->list.items[i], labels,
			  arena);
}

static bool add_object(struct manifest *manifest, const struct value *value,
		       struct arena *arena, struct err *err)
{
	const struct manifest_object object = {
		.api = copy_text(arena, value, "apiVersion"),
		.kind = copy_text(arena, value, "kind"),
		.namespace = copy_text(arena, value, "metadata.namespace"),
		.name = copy_text(arena, value, "metadata.name"),
		.kept = is_kept(value),
	};

	if (!object.api || !object.kind || !object.name)
		return true;
	if (manifest->count == MANIFEST_OBJECTS_MAX)
		return err_set(err, ERR_INPUT, "it has more than %d objects",
			       MANIFEST_OBJECTS_MAX);
	manifest->objects =
		arena_grow(arena, manifest->objects, manifest->count + 1,
			   sizeof(*manifest->objects), &manifest->capacity);
	manifest->objects[manifest->count++] = object;
	add_claims(manifest, &object, value, arena);
	return true;
}

static bool add_all(struct manifest *manifest, const struct value *value,
		    unsigned int depth, struct arena *arena, struct err *err)
{
	const char *kind = value_find_text(value, "kind");
	const struct value *items = value_find(value, "items");

	if (!kind || !ends_with(kind, "List") || !items ||
	    !value_is_list(items) || depth == LISTS_MAX)
		return add_object(manifest, value, arena, err);
	for (size_t i = 0; i < items->list.count; i++) {
		if (!add_all(manifest, items->list.items[i], depth + 1, arena,
			     err))
			return false;
	}
	return true;
}

bool manifest_read(struct manifest *manifest, const char *text, size_t len,
		   struct arena *arena, struct err *err)
{
	struct ydoc_stream stream = {
		.text = text, .len = len, .name = "manifest"};
	CLEANUP(err_release) struct err unfit = {0};

	for (;;) {
		CLEANUP(ydoc_release) struct ydoc doc = {0};

		if (!ydoc_next(&stream, &doc, 0, &unfit))
			break;
		if (!add_all(manifest, doc.root, 0, arena, err))
			return false;
	}
	return stream.ended ||
	       err_set(err, ERR_INPUT, "its manifest is no YAML (line %u)",
		       unfit.line);
}

static bool runs_at_deletion(const struct value *hook)
{
	const struct value *events = value_find_list(hook, "events");

	for (size_t i = 0; i < events->list.count; i++) {
		const char *event = value_find_text(events->list.items[i], "");

		if (same_text(event, "pre-delete") ||
		    same_text(event, "post-delete"))
			return true;
	}
	return false;
}

static bool read_text(struct manifest *manifest, const struct value *text,
		      struct arena *arena, struct err *err)
{
	return !text || text->kind != VALUE_STRING ||
	       manifest_read(manifest, text->string.bytes, text->string.len,
			     arena, err);
}

static void add_hook(struct manifest *manifest, const struct value *hook,
		     struct arena *arena)
{
	const struct manifest_hook found = {
		.kind = copy_text(arena, hook, "kind"),
		.name = copy_text(arena, hook, "name"),
	};

	if (!found.kind || !found.name)
		return;
	manifest->hooks =
		arena_grow(arena, manifest->hooks, manifest->hook_count + 1,
			   sizeof(*manifest->hooks), &manifest->hook_capacity);
	manifest->hooks[manifest->hook_count++] = found;
}

bool manifest_of_release(struct manifest *manifest, const struct value *release,
			 struct arena *arena, struct err *err)
{
	const struct value *hooks = value_find_list(release, "hooks");

	if (!read_text(manifest, value_find(release, "manifest"), arena, err))
		return false;
	for (size_t i = 0; i < hooks->list.count; i++) {
		const struct value *hook = hooks->list.items[i];
		size_t before = manifest->count;

		add_hook(manifest, hook, arena);
		if (runs_at_deletion(hook) &&
		    !read_text(manifest, value_find(hook, "manifest"), arena,
			       err))
			return false;
		while (before < manifest->count)
			manifest->objects[before++].hook = true;
	}
	return true;
}
