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

bool manifest_of_release(struct manifest *manifest, const struct value *release,
			 struct arena *arena, struct err *err)
{
	const struct value *hooks = value_find_list(release, "hooks");

	if (!read_text(manifest, value_find(release, "manifest"), arena, err))
		return false;
	for (size_t i = 0; i < hooks->list.count; i++) {
		const struct value *hook = hooks->list.items[i];
		size_t before = manifest->count;

		if (runs_at_deletion(hook) &&
		    !read_text(manifest, value_find(hook, "manifest"), arena,
			       err))
			return false;
		while (before < manifest->count)
			manifest->objects[before++].hook = true;
	}
	return true;
}
