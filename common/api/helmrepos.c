#include "api/helmrepos.h"

#include <stdlib.h>
#include <string.h>

#include "api/helmconfig.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/url.h"
#include "format/value.h"
#include "format/ydoc.h"
#include "sys/file.h"

static void entry_release(struct helmrepos_entry *entry)
{
	free(entry->name);
	free(entry->url);
	free(entry->ca_file);
	free(entry->cert_file);
	free(entry->key_file);
	login_release(&entry->login);
}

void helmrepos_release(struct helmrepos *repos)
{
	for (size_t i = 0; i < repos->count; i++)
		entry_release(&repos->items[i]);
	free(repos->items);
	free(repos->path);
	*repos = (struct helmrepos){0};
}

/* --- reading ------------------------------------------------------------- */

static char *copy_text(const struct value *map, const char *key)
{
	const char *text = value_find_text(map, key);

	return xstrdup(text ? text : "");
}

static bool read_flag(const struct value *map, const char *key)
{
	const struct value *value = value_map_get(map, key);

	return value && value_truth(value);
}

static void read_login(struct login *login, const struct value *map)
{
	const char *username = value_find_text(map, "username");
	const char *text = value_find_text(map, "password");
	CLEANUP(secret_release) struct secret password = {0};

	if (text)
		secret_set(&password, text, strlen(text));
	login_set(login, is_blank(username) ? NULL : username, &password, NULL);
}

static void read_entry(struct helmrepos_entry *entry, const struct value *map)
{
	*entry = (struct helmrepos_entry){
		.name = copy_text(map, "name"),
		.url = copy_text(map, "url"),
		.ca_file = copy_text(map, "caFile"),
		.cert_file = copy_text(map, "certFile"),
		.key_file = copy_text(map, "keyFile"),
		.pass_credentials_all = read_flag(map, "pass_credentials_all"),
		.insecure_skip_tls_verify =
			read_flag(map, "insecure_skip_tls_verify"),
	};
	read_login(&entry->login, map);
}

static bool refuse(const char *name, const char *cause, struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "'%s', which should hold Helm's repositories, %s", name,
		       cause);
}

static bool read_list(struct helmrepos *repos, const struct value *list,
		      const char *name, struct err *err)
{
	if (!list || list->kind == VALUE_NIL)
		return true;
	if (!value_is_list(list))
		return refuse(name, "has no list of them", err);
	if (list->list.count > HELMREPOS_MAX)
		return refuse(name, "has too many of them", err);
	repos->items = xcalloc(list->list.count + 1, sizeof(*repos->items));
	for (size_t i = 0; i < list->list.count; i++)
		if (value_is_map(list->list.items[i]))
			read_entry(&repos->items[repos->count++],
				   list->list.items[i]);
	return true;
}

bool helmrepos_parse(struct helmrepos *repos, const char *text, size_t len,
		     const char *name, struct err *err)
{
	CLEANUP(ydoc_release) struct ydoc doc = {0};

	if (!ydoc_parse(&doc, text, len, name, 0, err)) {
		err_hide_source(err);
		return err_wrap(err, "cannot read Helm's repositories");
	}
	if (doc.root->kind != VALUE_NIL && !value_is_map(doc.root))
		return refuse(name, "is no mapping", err);
	return read_list(repos, value_map_get(doc.root, "repositories"), name,
			 err);
}

bool helmrepos_read(struct helmrepos *repos, const struct env *env,
		    struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	bool found = false, done;

	repos->path = helmconfig_path(env, "HELM_REPOSITORY_CONFIG",
				      "repositories.yaml");
	if (!repos->path)
		return true;
	if (!file_find(repos->path, HELMREPOS_SIZE_MAX, &text, &found, err))
		return err_wrap(err, "cannot read Helm's repositories");
	if (!found)
		return true;
	done = helmrepos_parse(repos, str_text(&text), text.len, repos->path,
			       err);
	wipe(text.buf, text.len);
	return done;
}

/* --- looking up ------------------------------------------------------------ */

const char *helmrepos_alias(const char *repository)
{
	const char *name = after_prefix(repository, "@");

	return name ? name : after_prefix(repository, "alias:");
}

static const struct helmrepos_entry *search(const struct helmrepos *repos,
					    const char *alias,
					    const char *address)
{
	for (size_t i = 0; i < repos->count; i++) {
		const struct helmrepos_entry *entry = &repos->items[i];

		if (alias ? strcmp(entry->name, alias) == 0
			  : url_same_place(entry->url, address))
			return entry;
	}
	return NULL;
}

static bool unknown(const struct helmrepos *repos, const char *alias,
		    struct err *err)
{
	if (!repos->path)
		(void)err_set(err, ERR_INPUT,
			      "nobody knows the repository '%s': there is no "
			      "repositories.yaml of Helm's",
			      alias);
	else
		(void)err_set(err, ERR_INPUT, "'%s' knows no repository '%s'",
			      repos->path, alias);
	return err_hint(err, "helm repo add %s URL", alias);
}

bool helmrepos_find(const struct helmrepos *repos, const char *repository,
		    const struct helmrepos_entry **entry, struct err *err)
{
	const char *alias = helmrepos_alias(repository);
	const struct helmrepos_entry *found = search(repos, alias, repository);

	if (!found && alias)
		return unknown(repos, alias, err);
	if (found && found->insecure_skip_tls_verify) {
		(void)err_set(err, ERR_INPUT,
			      "'%s' says of '%s' that its certificate is not "
			      "to be verified: then anybody on the way could "
			      "give us other charts and read the login",
			      repos->path, found->name);
		return err_hint(err, "give the certificate that it has as "
				     "'caFile' there: helm repo add --ca-file "
				     "FILE");
	}
	*entry = found;
	return true;
}
