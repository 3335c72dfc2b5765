#include "core/renderdata.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/envname.h"
#include "core/expiry.h"
#include "format/value.h"
#include "sys/env.h"

/* Words between "_" that make a name a secret's. */
static const char *const secret_words[] = {
	"AUTH", "CRED", "CREDS", "DSN",	    "JWT", "KEY", "KEYS",
	"PASS", "PAT",	"PIN",	 "PRIVATE", "PSK", "PSW", "PWD",
};

/* The same anywhere in it. */
static const char *const secret_parts[] = {
	"APIKEY",   "ACCESSKEY", "COOKIE", "CREDENTIAL", "PASSPHRASE",
	"PASSWORD", "PASSWD",	 "SECRET", "TOKEN",	 "WEBHOOK",
};

static bool is_part(const char *text)
{
	int first = toupper((unsigned char)*text);

	for (size_t i = 0; i < ARRAY_SIZE(secret_parts); i++)
		if (*secret_parts[i] == first &&
		    strncasecmp(secret_parts[i], text,
				strlen(secret_parts[i])) == 0)
			return true;
	return false;
}

/* strcasestr() would prepare each search anew, for every variable there is. */
static bool has_part(const char *name)
{
	for (const char *at = name; *at; at++)
		if (is_part(at))
			return true;
	return false;
}

static bool is_secret_word(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(secret_words); i++)
		if (strlen(secret_words[i]) == len &&
		    strncasecmp(secret_words[i], word, len) == 0)
			return true;
	return false;
}

bool renderdata_is_secret(const char *name)
{
	/* The shell's own: folders. */
	if (strcmp(name, "PWD") == 0 || strcmp(name, "OLDPWD") == 0)
		return false;
	if (has_part(name))
		return true;
	for (const char *word = name; *word;) {
		size_t len = strcspn(word, "_");

		if (is_secret_word(word, len))
			return true;
		word += len + (word[len] == '_');
	}
	return false;
}

static void set_known(struct value *map, struct arena *arena, const char *key,
		      const char *text)
{
	if (text)
		value_map_set_text(map, arena, key, text);
}

/* Jenkins' credentials() puts user:password into NAME beside these two. */
static bool has_password_beside(const struct env *env, const char *name)
{
	CLEANUP(str_release) struct str password = {0};

	str_addf(&password, "%s_PSW", name);
	return env_get(env, str_text(&password)) != NULL;
}

static bool is_withheld(const struct renderdata *data, const char *name)
{
	return (renderdata_is_secret(name) ||
		has_password_beside(data->env, name)) &&
	       !(data->exposed && strvec_has(data->exposed, name));
}

static struct value *make_env(const struct renderdata *data,
			      struct arena *arena)
{
	struct value *map = value_new(arena, VALUE_STRING_MAP);

	for (size_t i = 0; i < data->env->pairs.count; i++) {
		const char *pair = data->env->pairs.items[i];
		const char *equals = strchr(pair, '=');
		const char *name;

		if (!equals)
			continue;
		name = arena_memdupz(arena, pair, (size_t)(equals - pair));
		if (!is_withheld(data, name))
			value_map_set_text(map, arena, name, equals + 1);
	}
	/* Other servers than Jenkins call it otherwise. */
	if (data->branch && !env_get(data->env, "BRANCH_NAME"))
		value_map_set_text(map, arena, "BRANCH_NAME", data->branch);
	return map;
}

static const struct value *make_chart(const struct value *published,
				      struct arena *arena)
{
	static const struct {
		const char *key, *member;
	} members[] = {
		{"Name", "name"},     {"Version", "version"},
		{"Digest", "digest"}, {"Repository", "repository"},
		{"URL", "url"},
	};
	struct value *chart = value_new_map(arena);

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		set_known(chart, arena, members[i].key,
			  value_find_text(published, members[i].member));
	return chart;
}

static void add_charts(struct value *root, const struct renderdata *data,
		       struct arena *arena)
{
	const struct value *list =
		data->record ? value_map_get(data->record, "charts") : NULL;
	struct value *charts = value_new_map(arena);

	if (!list || !value_is_list(list))
		return;
	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *published = list->list.items[i];
		const char *name = value_find_text(published, "name");

		if (name)
			value_map_set(charts, arena, name,
				      make_chart(published, arena));
	}
	value_map_set(root, arena, "Charts", charts);
	if (charts->map.count == 1)
		value_map_set(root, arena, "Chart", charts->map.pairs[0].value);
}

static struct value *make_environment(const struct renderdata *data,
				      struct arena *arena)
{
	struct value *map = value_new_map(arena);
	CLEANUP(free_ptr) char *date = NULL;

	set_known(map, arena, "Namespace", data->name->namespace);
	set_known(map, arena, "Release", data->name->release);
	set_known(map, arena, "Stack", data->name->stack);
	if (data->expiry) {
		date = expiry_date(data->expiry);
		value_map_set(map, arena, "Expires",
			      data->expiry->expires ? &value_true
						    : &value_false);
		value_map_set_text(map, arena, "ExpiryDate", date);
	}
	return map;
}

struct value *renderdata_make(const struct renderdata *data,
			      struct arena *arena)
{
	struct value *root = value_new_map(arena);
	struct value *git = value_new_map(arena);

	value_map_set(root, arena, "Env", make_env(data, arena));
	set_known(git, arena, "Repository", data->repository);
	set_known(git, arena, "Branch", data->branch);
	set_known(git, arena, "Commit", data->commit);
	value_map_set(root, arena, "Git", git);
	add_charts(root, data, arena);
	if (data->name)
		value_map_set(root, arena, "Environment",
			      make_environment(data, arena));
	return root;
}

const char *renderdata_withheld(const struct renderdata *data, const char *line,
				size_t at, struct arena *arena)
{
	static const char map[] = ".Env";
	const size_t len = sizeof(map) - 1;
	const char *name;

	if (at < len || at >= strlen(line) || line[at] != '.' ||
	    memcmp(line + at - len, map, len) != 0)
		return NULL;
	name = line + at + 1;
	name = arena_memdupz(arena, name,
			     strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "abcdefghijklmnopqrstuvwxyz"
					  "0123456789_"));
	return is_withheld(data, name) && env_get_raw(data->env, name) ? name
								       : NULL;
}

static bool has_word(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word)) != NULL;
}

bool renderdata_needs_origin(const char *text, size_t len,
			     const struct value *context)
{
	if (context && context->kind != VALUE_NIL && !value_is_map(context))
		return false;
	return has_word(text, len, ".Git") ||
	       has_word(text, len, ".Environment") ||
	       (has_word(text, len, "BRANCH_NAME") &&
		!(context && value_find(context, "Env.BRANCH_NAME")));
}
