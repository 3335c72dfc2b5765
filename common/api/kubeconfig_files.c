#include "api/kubeconfig_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/strvec.h"
#include "format/value.h"
#include "sys/env.h"
#include "sys/file.h"

/* Names of contexts that a hint shows. */
#define NAMES_SHOWN_MAX 8

/* How each kind is called: its list, and the member with its body. */
static const struct {
	const char *list, *name;
} kinds[] = {
	[KUBECONFIG_CLUSTER] = {"clusters", "cluster"},
	[KUBECONFIG_USER] = {"users", "user"},
	[KUBECONFIG_CONTEXT] = {"contexts", "context"},
};

void kubeconfig_files_release(struct kubeconfig_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		ydoc_release(&files->docs[i]);
}

/* --- reading --------------------------------------------------------------- */

static bool is_said_to_be(const struct ydoc *doc, const char *name,
			  const char *text)
{
	const char *said = value_find_text(doc->root, name);

	return is_blank(said) || same_text(said, text);
}

/* A list in which two entries have one name: kubectl takes neither. */
static bool check_names(const struct ydoc *doc, enum kubeconfig_kind kind,
			struct err *err)
{
	const struct value *items = value_map_get(doc->root, kinds[kind].list);
	CLEANUP(strvec_release) struct strvec names = {0};

	for (size_t i = 0;
	     items && value_is_list(items) && i < items->list.count; i++) {
		const char *name =
			value_find_text(items->list.items[i], "name");

		if (!name)
			continue;
		if (strvec_has(&names, name))
			return err_set(err, ERR_INPUT,
				       "'%s' has two of the %s called '%s'",
				       doc->name, kinds[kind].list, name);
		strvec_add(&names, name);
	}
	return true;
}

static bool check_file(const struct ydoc *doc, struct err *err)
{
	if (doc->root->kind == VALUE_NIL)
		return true;
	if (!value_is_map(doc->root) ||
	    !is_said_to_be(doc, "apiVersion", "v1") ||
	    !is_said_to_be(doc, "kind", "Config"))
		return err_set(err, ERR_INPUT, "'%s' is no kubeconfig",
			       doc->name);
	return check_names(doc, KUBECONFIG_CLUSTER, err) &&
	       check_names(doc, KUBECONFIG_USER, err) &&
	       check_names(doc, KUBECONFIG_CONTEXT, err);
}

static bool read_file(struct kubeconfig_files *files, const char *path,
		      struct err *err)
{
	struct ydoc *doc = &files->docs[files->count];

	if (files->count == KUBECONFIG_FILES_MAX)
		return err_set(err, ERR_INPUT, "more than %d kubeconfig files",
			       KUBECONFIG_FILES_MAX);
	if (!ydoc_read(doc, path, YDOC_FIRST, err)) {
		err_hide_source(err);
		return err_wrap(err, "cannot read kubeconfig");
	}
	files->count++;
	return check_file(doc, err);
}

bool kubeconfig_files_read(struct kubeconfig_files *files, const char *path,
			   const struct env *env, struct err *err)
{
	CLEANUP(strvec_release) struct strvec paths = {0};
	const char *list = env_get(env, "KUBECONFIG");
	const char *home = env_get(env, "HOME");

	if (path)
		return read_file(files, path, err);
	if (list)
		strvec_split(&paths, list, ':');
	else if (home)
		strvec_addf(&paths, "%s/.kube/config", home);
	for (size_t i = 0; i < paths.count; i++) {
		if (*paths.items[i] && file_exists(paths.items[i]) &&
		    !read_file(files, paths.items[i], err))
			return false;
	}
	return true;
}

const char *kubeconfig_current(const struct kubeconfig_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *name =
			value_find_text(files->docs[i].root, "current-context");

		if (!is_blank(name))
			return name;
	}
	return NULL;
}

/* --- entries --------------------------------------------------------------- */

void kubeconfig_entry_release(struct kubeconfig_entry *entry)
{
	free(entry->path);
}

static bool take_entry(const struct ydoc *home, enum kubeconfig_kind kind,
		       size_t number, struct kubeconfig_entry *entry,
		       struct err *err)
{
	static const struct value nothing = {.kind = VALUE_MAP};
	const struct value *items = value_map_get(home->root, kinds[kind].list);
	const struct value *item = items->list.items[number];
	const struct value *body = value_map_get(item, kinds[kind].name);

	if (!body || body->kind == VALUE_NIL)
		body = &nothing;
	if (!value_is_map(body))
		return err_set(err, ERR_INPUT,
			       "%s '%s' of the kubeconfig is no mapping",
			       kinds[kind].name, value_find_text(item, "name"));
	entry->home = home;
	entry->body = body;
	entry->path = xasprintf("%s.%zu.%s", kinds[kind].list, number,
				kinds[kind].name);
	return true;
}

/* There is none called @name: which are there, and which is most like it? */
static bool fail_without(const struct strvec *names, enum kubeconfig_kind kind,
			 const char *name, struct err *err)
{
	CLEANUP(strvec_release) struct strvec quoted = {0};
	CLEANUP(str_release) struct str known = {0};
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < names->count; i++) {
		nearest_offer(&nearest, names->items[i]);
		strvec_addf(&quoted, "'%s'", names->items[i]);
	}
	strvec_print(&quoted, NAMES_SHOWN_MAX, &known);
	(void)err_set(err, ERR_INPUT, "the kubeconfig has no %s '%s'",
		      kinds[kind].name, name);
	if (nearest.best)
		return err_hint(err, "did you mean '%s'? Its %s are %s",
				nearest.best, kinds[kind].list,
				str_text(&known));
	if (names->count)
		return err_hint(err, "its %s are %s", kinds[kind].list,
				str_text(&known));
	return err_hint(err, "it has no %s at all", kinds[kind].list);
}

bool kubeconfig_find(const struct kubeconfig_files *files,
		     enum kubeconfig_kind kind, const char *name,
		     struct kubeconfig_entry *entry, struct err *err)
{
	CLEANUP(strvec_release) struct strvec names = {0};

	for (size_t i = 0; i < files->count; i++) {
		const struct ydoc *doc = &files->docs[i];
		const struct value *items =
			value_map_get(doc->root, kinds[kind].list);

		for (size_t j = 0;
		     items && value_is_list(items) && j < items->list.count;
		     j++) {
			const char *other =
				value_find_text(items->list.items[j], "name");

			if (same_text(other, name))
				return take_entry(doc, kind, j, entry, err);
			if (!is_blank(other))
				strvec_add_once(&names, other);
		}
	}
	return fail_without(&names, kind, name, err);
}

bool kubeconfig_blame(const struct kubeconfig_entry *entry, const char *name,
		      struct err *err)
{
	CLEANUP(free_ptr) char *path = xasprintf("%s.%s", entry->path, name);

	(void)ydoc_blame(entry->home, path, err);
	err_hide_source(err);
	return false;
}

/* --- members --------------------------------------------------------------- */

static bool fail_type(const struct kubeconfig_entry *entry, const char *name,
		      const char *type, struct err *err)
{
	(void)err_set(err, ERR_INPUT, "'%s' of the kubeconfig is no %s", name,
		      type);
	return kubeconfig_blame(entry, name, err);
}

bool kubeconfig_text(const struct kubeconfig_entry *entry, const char *name,
		     const char **text, struct err *err)
{
	const struct value *value = value_map_get(entry->body, name);

	*text = NULL;
	if (!value || value->kind == VALUE_NIL)
		return true;
	if (value->kind != VALUE_STRING)
		return fail_type(entry, name, "text (in quotes it is one)",
				 err);
	if (value->string.len)
		*text = value->string.bytes;
	return true;
}

bool kubeconfig_list(const struct kubeconfig_entry *entry, const char *name,
		     const struct value **list, struct err *err)
{
	const struct value *value = value_map_get(entry->body, name);

	*list = NULL;
	if (!value || value->kind == VALUE_NIL)
		return true;
	if (!value_is_list(value))
		return fail_type(entry, name, "list", err);
	*list = value;
	return true;
}

bool kubeconfig_texts(const struct kubeconfig_entry *entry, const char *name,
		      struct strvec *texts, struct err *err)
{
	const struct value *list;

	if (!kubeconfig_list(entry, name, &list, err))
		return false;
	for (size_t i = 0; list && i < list->list.count; i++) {
		const struct value *item = list->list.items[i];

		if (item->kind == VALUE_NIL) {
			strvec_add(texts, "");
			continue;
		}
		if (item->kind != VALUE_STRING)
			return fail_type(entry, name,
					 "list of texts (in quotes they are)",
					 err);
		strvec_add(texts, item->string.bytes);
	}
	return true;
}

bool kubeconfig_flag(const struct kubeconfig_entry *entry, const char *name,
		     bool *flag, struct err *err)
{
	const struct value *value = value_map_get(entry->body, name);

	*flag = false;
	if (!value || value->kind == VALUE_NIL)
		return true;
	if (value->kind != VALUE_BOOL)
		return fail_type(entry, name, "'true' or 'false'", err);
	*flag = value->boolean;
	return true;
}

char *kubeconfig_beside(const struct kubeconfig_entry *entry, const char *path)
{
	const char *file = entry->home->name;
	const char *slash = strrchr(file, '/');
	CLEANUP(free_ptr) char *folder = NULL;

	if (*path == '/' || !slash)
		return xstrdup(path);
	folder = xmemdupz(file, (size_t)(slash - file) + 1);
	return path_join(folder, path);
}

/* As Go reads it: line breaks within do not count. */
static bool decode(const char *text, struct str *bytes)
{
	CLEANUP(str_release) struct str plain = {0};
	bool done;

	for (; *text; text++)
		if (*text != '\n' && *text != '\r')
			str_add_char(&plain, *text);
	done = base64_decode(bytes, str_text(&plain), plain.len,
			     BASE64_STANDARD);
	wipe(plain.buf, plain.len);
	return done;
}

static bool read_named(const struct kubeconfig_entry *entry, const char *name,
		       const char *path, struct str *bytes, struct err *err)
{
	CLEANUP(free_ptr) char *file = kubeconfig_beside(entry, path);

	if (file_read(file, KUBECONFIG_SIZE_MAX, bytes, err))
		return true;
	(void)err_wrap(err, "cannot read the kubeconfig's '%s'", name);
	return kubeconfig_blame(entry, name, err);
}

bool kubeconfig_bytes(const struct kubeconfig_entry *entry, const char *name,
		      char **bytes, struct err *err)
{
	CLEANUP(free_ptr) char *data_name = xasprintf("%s-data", name);
	CLEANUP(str_release) struct str out = {0};
	const char *data, *path;

	if (!kubeconfig_text(entry, data_name, &data, err) ||
	    !kubeconfig_text(entry, name, &path, err))
		return false;
	if (data && path) {
		(void)err_set(err, ERR_INPUT,
			      "'%s' and '%s' of the kubeconfig are both there",
			      name, data_name);
		return kubeconfig_blame(entry, name, err);
	}
	if (!data && !path)
		return true;
	if (path && !read_named(entry, name, path, &out, err))
		return false;
	if (data && !decode(data, &out)) {
		(void)err_set(err, ERR_INPUT, "'%s' is no base64", data_name);
		return kubeconfig_blame(entry, data_name, err);
	}
	*bytes = str_detach(&out);
	return true;
}
