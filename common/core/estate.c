#include "core/estate.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "core/manifest.h"
#include "format/jsontext.h"
#include "format/value.h"

#define ORDINAL_MAX 10 /* digits */

const struct estate_kind estate_kinds[ESTATE_KINDS] = {
	{"apps/v1", "deployments", "Deployment"},
	{"apps/v1", "statefulsets", "StatefulSet"},
	{"apps/v1", "daemonsets", "DaemonSet"},
	{"apps/v1", "replicasets", "ReplicaSet"},
	{"batch/v1", "cronjobs", "CronJob"},
	{"batch/v1", "jobs", "Job"},
	{"v1", "pods", "Pod"},
	{"v1", "services", "Service"},
	[ESTATE_CLAIMS] = {"v1", "persistentvolumeclaims",
			   "PersistentVolumeClaim"},
	{"networking.k8s.io/v1", "ingresses", "Ingress"},
};

static bool is_known_kind(const char *kind)
{
	for (size_t i = 0; i < ESTATE_KINDS; i++) {
		if (same_text(kind, estate_kinds[i].kind))
			return true;
	}
	return false;
}

void estate_add_release(struct estate *estate, const char *release)
{
	if (!is_blank(release))
		strvec_add_once(&estate->releases, release);
}

/* @item is copied. */
static void add_once(struct value **list, struct arena *arena,
		     const struct value *item)
{
	if (!*list)
		*list = value_new_list(arena);
	for (size_t i = 0; i < (*list)->list.count; i++) {
		if (value_same((*list)->list.items[i], item))
			return;
	}
	value_list_add(*list, arena, value_copy(item, arena));
}

/* Without labels nothing tells it from another of that name. */
static void add_claim(struct estate *estate, const char *name,
		      const struct value *labels)
{
	CLEANUP(arena_release) struct arena scratch = {0};
	struct value *claim = value_new_map(&scratch);

	if (is_blank(name) || !labels || !value_is_map(labels) ||
	    !labels->map.count)
		return;
	value_map_set_text(claim, &scratch, "name", name);
	value_map_set(claim, &scratch, "labels", labels);
	add_once(&estate->claims, &estate->arena, claim);
}

void estate_add_manifest(struct estate *estate, const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->claim_count; i++) {
		const struct manifest_claim *claim = &manifest->claims[i];

		if (!claim->namespace ||
		    same_text(claim->namespace, estate->namespace))
			add_claim(estate, claim->prefix, claim->labels);
	}
	for (size_t i = 0; i < manifest->hook_count; i++) {
		const struct manifest_hook *hook = &manifest->hooks[i];
		CLEANUP(free_ptr) char *text =
			xasprintf("%s %s", hook->kind, hook->name);

		if (is_known_kind(hook->kind))
			strvec_add_once(&estate->hooks, text);
	}
}

static void set_known(struct value *map, struct arena *arena, const char *key,
		      const char *text)
{
	if (text)
		value_map_set_text(map, arena, key, text);
}

void estate_add_held(struct estate *estate,
		     const struct manifest_object *object,
		     const char *namespace)
{
	CLEANUP(arena_release) struct arena scratch = {0};
	struct value *held = value_new_map(&scratch);

	set_known(held, &scratch, "apiVersion", object->api);
	set_known(held, &scratch, "kind", object->kind);
	set_known(held, &scratch, "namespace", namespace);
	set_known(held, &scratch, "name", object->name);
	add_once(&estate->held, &estate->arena, held);
}

bool estate_get_held(const struct estate *estate, size_t i,
		     struct manifest_object *object)
{
	const struct value *held =
		estate->held ? value_list_at(estate->held, i) : NULL;

	if (!held)
		return false;
	*object = (struct manifest_object){
		.api = value_find_text(held, "apiVersion"),
		.kind = value_find_text(held, "kind"),
		.namespace = value_find_text(held, "namespace"),
		.name = value_find_text(held, "name"),
	};
	return true;
}

static void read_texts(struct strvec *texts, const struct value *root,
		       const char *key)
{
	const struct value *list = value_find_list(root, key);

	for (size_t i = 0; i < list->list.count; i++) {
		const char *text = value_find_text(list->list.items[i], "");

		if (!is_blank(text))
			strvec_add_once(texts, text);
	}
}

static void read_held(struct estate *estate, const struct value *held)
{
	const struct manifest_object object = {
		.api = value_find_text(held, "apiVersion"),
		.kind = value_find_text(held, "kind"),
		.name = value_find_text(held, "name"),
	};

	if (!is_blank(object.api) && !is_blank(object.kind) &&
	    !is_blank(object.name))
		estate_add_held(estate, &object,
				value_find_text(held, "namespace"));
}

void estate_read(struct estate *estate, const char *note)
{
	CLEANUP(arena_release) struct arena scratch = {0};
	CLEANUP(err_release) struct err garbled = {0};
	const struct value *root, *list;

	if (!note || strlen(note) > ESTATE_NOTE_MAX ||
	    !jsontext_parse(&root, note, strlen(note), "note", &scratch,
			    &garbled))
		return;
	read_texts(&estate->releases, root, "releases");
	read_texts(&estate->hooks, root, "hooks");
	list = value_find_list(root, "claims");
	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *claim = list->list.items[i];

		add_claim(estate, value_find_text(claim, "name"),
			  value_find(claim, "labels"));
	}
	list = value_find_list(root, "held");
	for (size_t i = 0; i < list->list.count; i++)
		read_held(estate, list->list.items[i]);
}

static void set_texts(struct value *map, struct arena *arena, const char *key,
		      const struct strvec *texts)
{
	struct value *list = value_new_list(arena);

	for (size_t i = 0; i < texts->count; i++)
		value_list_add(list, arena,
			       value_new_text(arena, texts->items[i]));
	if (texts->count)
		value_map_set(map, arena, key, list);
}

void estate_print(struct str *out, const struct estate *estate)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	struct value *map = value_new_map(&arena);

	set_texts(map, &arena, "releases", &estate->releases);
	set_texts(map, &arena, "hooks", &estate->hooks);
	if (estate->claims)
		value_map_set(map, &arena, "claims", estate->claims);
	if (estate->held)
		value_map_set(map, &arena, "held", estate->held);
	jsontext_print(&text, map, false);
	if (text.len <= ESTATE_NOTE_MAX)
		str_add(out, str_text(&text));
}

bool estate_says_more(const struct estate *estate, const char *release)
{
	if (estate->hooks.count || estate->claims || estate->held)
		return true;
	for (size_t i = 0; i < estate->releases.count; i++) {
		if (!same_text(estate->releases.items[i], release))
			return true;
	}
	return false;
}

static const char *member_of(const struct value *object, const char *map,
			     const char *key)
{
	const struct value *text = value_map_get(value_find(object, map), key);

	return text ? value_find_text(text, "") : NULL;
}

static bool is_of_release(const struct estate *estate,
			  const struct value *object, const char *map,
			  const char *key)
{
	const char *release = member_of(object, map, key);

	return release && strvec_has(&estate->releases, release);
}

static bool is_same_group(const char *a, const char *b)
{
	const char *slash = strrchr(a, '/');
	size_t len = slash ? (size_t)(slash - a) : 0;

	return strncmp(a, b, len) == 0 &&
	       (slash ? b[len] == '/' : !strchr(b, '/'));
}

static bool is_listed(const struct value *owner)
{
	const char *api = value_find_text(owner, "apiVersion");
	const char *kind = value_find_text(owner, "kind");

	for (size_t i = 0; api && i < ESTATE_KINDS; i++) {
		if (same_text(kind, estate_kinds[i].kind) &&
		    is_same_group(estate_kinds[i].api, api))
			return true;
	}
	return false;
}

static bool is_marked_by_helm(const struct estate *estate,
			      const struct value *object)
{
	static const char annotations[] = "metadata.annotations";

	return is_of_release(estate, object, annotations,
			     "meta.helm.sh/release-name") &&
	       same_text(member_of(object, annotations,
				   "meta.helm.sh/release-namespace"),
			 estate->namespace);
}

static bool is_hook_of_ours(const struct estate *estate, const char *kind,
			    const char *name)
{
	CLEANUP(free_ptr) char *text = xasprintf("%s %s", kind, name);

	return strvec_has(&estate->hooks, text);
}

static bool is_ordinal(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits <= ORDINAL_MAX && !text[digits] &&
	       (digits == 1 || *text != '0');
}

static bool bears_all(const struct value *object, const struct value *labels)
{
	for (size_t i = 0; i < labels->map.count; i++) {
		const struct value_pair *label = &labels->map.pairs[i];

		if (!same_text(value_find_text(label->value, ""),
			       member_of(object, "metadata.labels",
					 label->key.bytes)))
			return false;
	}
	return true;
}

static bool is_claim_of_ours(const struct estate *estate,
			     const struct value *object, const char *name)
{
	for (size_t i = 0; estate->claims && i < estate->claims->list.count;
	     i++) {
		const struct value *claim = estate->claims->list.items[i];
		const char *prefix = value_find_text(claim, "name");

		if (starts_with(name, prefix) &&
		    is_ordinal(name + strlen(prefix)) &&
		    bears_all(object, value_find(claim, "labels")))
			return true;
	}
	return false;
}

/* What bears no mark of Helm's, though a release has made it. */
static bool is_by_product(const struct estate *estate, const char *kind,
			  const struct value *object)
{
	const char *name = value_find_text(object, "metadata.name");
	bool claim = same_text(kind, estate_kinds[ESTATE_CLAIMS].kind);
	bool hook = member_of(object, "metadata.annotations", "helm.sh/hook");

	if (!name || (!claim && !hook))
		return false;
	return is_of_release(estate, object, "metadata.labels",
			     "app.kubernetes.io/instance") ||
	       (claim && is_claim_of_ours(estate, object, name)) ||
	       (hook && is_hook_of_ours(estate, kind, name));
}

enum estate_bond estate_judge(const struct estate *estate, const char *kind,
			      const struct value *object)
{
	const struct value *owners =
		value_find_list(object, "metadata.ownerReferences");

	if (value_find_text(object, "metadata.deletionTimestamp") ||
	    is_marked_by_helm(estate, object) ||
	    is_by_product(estate, kind, object))
		return ESTATE_OURS;
	for (size_t i = 0; i < owners->list.count; i++) {
		if (is_listed(owners->list.items[i]))
			return ESTATE_OURS;
	}
	return owners->list.count ? ESTATE_OWNED : ESTATE_FOREIGN;
}

void estate_release(struct estate *estate)
{
	strvec_release(&estate->releases);
	strvec_release(&estate->hooks);
	arena_release(&estate->arena);
	*estate = (struct estate){0};
}
