#include "api/aws_profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "sys/env.h"
#include "sys/file.h"

#define BLANKS " \t\r\f\v"

static bool is_space(char c)
{
	return c && strchr(BLANKS, c);
}

/* Which of several values counts: the highest, of equals the last. */
enum rank {
	RANK_DEFAULT,	  /* [default] of the config file */
	RANK_CONFIG,	  /* any other of its sections */
	RANK_CREDENTIALS, /* the credentials file */
};

/* That a section is there is a setting with the key "". */
struct aws_setting {
	enum aws_section section;
	enum rank rank;
	const char *name;
	const char *key;
	struct str value;
};

/* --- words ----------------------------------------------------------------- */

/* From behind a quote to behind its end; NULL if there is none. */
static const char *add_quoted(struct str *word, const char *at, char quote)
{
	for (; *at && *at != quote; at++) {
		bool escapes = quote == '"' && *at == '\\' &&
			       (at[1] == '"' || at[1] == '\\');

		at += escapes;
		str_add_char(word, *at);
	}
	return *at ? at + 1 : NULL;
}

/* One word, of which there is at least a byte. */
static const char *add_word(struct str *word, const char *at)
{
	while (at && *at && *at != '\n' && !is_space(*at)) {
		if (*at == '\'' || *at == '"') {
			at = add_quoted(word, at + 1, *at);
		} else if (*at == '\\' && !at[1]) {
			at = NULL;
		} else {
			at += *at == '\\';
			str_add_char(word, *at++);
		}
	}
	return at;
}

bool aws_split_words(struct strvec *words, const char *text)
{
	const char *at = text + strspn(text, BLANKS "\n");

	while (*at) {
		CLEANUP(str_release) struct str word = {0};

		at = add_word(&word, at);
		if (!at)
			return false;
		strvec_add(words, str_text(&word));
		at += strspn(at, BLANKS "\n");
	}
	return true;
}

/* --- one file -------------------------------------------------------------- */

struct parser {
	struct aws_profiles *profiles;
	enum aws_file file;
	const char *path;
	unsigned int line;

	/* Where we are. */
	bool in_section;
	enum aws_section section;
	enum rank rank;
	const char *name;
	const char *key; /* of the last setting, NULL = none yet */
	size_t key_indent;
	size_t setting; /* its number */
};

static bool refuse(const struct parser *parser, const char *why,
		   struct err *err)
{
	err_set(err, ERR_INPUT, "%s", why);
	return err_at(err, parser->path, parser->line, 0, NULL, 0);
}

static bool is_secret(const char *key)
{
	return same_text(key, "aws_secret_access_key") ||
	       same_text(key, "aws_session_token");
}

static void add_setting(struct parser *parser, const char *key,
			const char *value)
{
	struct aws_profiles *profiles = parser->profiles;
	struct aws_setting *setting;

	if (parser->section == AWS_SECTION_OTHER)
		return;
	if (is_secret(key))
		log_mask(value, strlen(value));
	profiles->settings =
		grow_array(profiles->settings, profiles->count + 1,
			   sizeof(*profiles->settings), &profiles->capacity);
	setting = &profiles->settings[profiles->count++];
	*setting = (struct aws_setting){
		.section = parser->section,
		.rank = parser->rank,
		.name = parser->name,
		.key = key,
	};
	str_add(&setting->value, value);
}

/* What a header of the config file begins. */
static enum aws_section find_section(const struct strvec *words)
{
	static const struct {
		const char *word;
		enum aws_section section;
	} kinds[] = {
		{"profile", AWS_SECTION_PROFILE},
		{"sso-session", AWS_SECTION_SSO_SESSION},
		{"services", AWS_SECTION_SERVICES},
	};

	if (words->count != 2)
		return AWS_SECTION_OTHER;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (same_text(words->items[0], kinds[i].word))
			return kinds[i].section;
	return AWS_SECTION_OTHER;
}

static void enter_section(struct parser *parser, const char *header)
{
	CLEANUP(strvec_release) struct strvec words = {0};
	struct arena *arena = &parser->profiles->arena;

	parser->name = arena_strdup(arena, header);
	parser->section = AWS_SECTION_PROFILE;
	if (parser->file == AWS_FILE_CREDENTIALS) {
		parser->rank = RANK_CREDENTIALS;
	} else if (same_text(header, "default")) {
		parser->rank = RANK_DEFAULT;
	} else {
		parser->rank = RANK_CONFIG;
		parser->section = aws_split_words(&words, header)
					  ? find_section(&words)
					  : AWS_SECTION_OTHER;
		if (parser->section != AWS_SECTION_OTHER)
			parser->name = arena_strdup(arena, words.items[1]);
	}
	parser->in_section = true;
	parser->key = NULL;
	add_setting(parser, "", "");
}

static bool is_comment(char c)
{
	return c == '#' || c == ';';
}

/* @line is without blanks at both ends and starts with a bracket. */
static bool parse_header(struct parser *parser, const char *line,
			 struct err *err)
{
	CLEANUP(str_release) struct str name = {0};
	const char *end = strchr(line, ']');
	const char *rest;

	if (!end)
		return refuse(parser, "the section's name has no ']'", err);
	rest = end + 1 + strspn(end + 1, BLANKS);
	if (*rest && !is_comment(*rest))
		return refuse(parser, "there is text behind a section's name",
			      err);
	str_add_bytes(&name, line + 1, (size_t)(end - line - 1));
	str_trim(&name);
	enter_section(parser, str_text(&name));
	return true;
}

/* Without a comment, which has a blank before it, and without blanks. */
static char *take_value(const char *text)
{
	struct str value = {0};
	const char *end = text;

	while (*end && !(is_space(*end) && is_comment(end[1])))
		end++;
	str_add_bytes(&value, text, (size_t)(end - text));
	str_trim(&value);
	return str_detach(&value);
}

/* "key = value"; below a setting without a value, a setting of its own. */
static bool parse_setting(struct parser *parser, const char *line,
			  const char *parent, struct err *err)
{
	struct arena *arena = &parser->profiles->arena;
	size_t len = strcspn(line, parent ? "=" : "=:");
	CLEANUP(str_release) struct str key = {0};
	CLEANUP(free_ptr) char *value = NULL;

	if (!line[len])
		return refuse(parser, "this is no 'name = value'", err);
	str_add_bytes(&key, line, len);
	str_trim(&key);
	if (key.len == 0)
		return refuse(parser, "there is no name before the '='", err);
	for (size_t i = 0; i < key.len; i++)
		key.buf[i] |= key.buf[i] >= 'A' && key.buf[i] <= 'Z' ? 0x20 : 0;
	value = take_value(line + len + 1);
	if (parent) {
		add_setting(parser,
			    arena_printf(arena, "%s.%s", parent, key.buf),
			    value);
	} else {
		parser->key = arena_strdup(arena, key.buf);
		parser->setting = parser->profiles->count;
		add_setting(parser, parser->key, value);
	}
	wipe(value, strlen(value));
	return true;
}

/* A line that is indented further than the setting above it. */
static bool parse_continuation(struct parser *parser, const char *line,
			       struct err *err)
{
	struct aws_setting *above;

	if (parser->section == AWS_SECTION_OTHER)
		return true;
	above = &parser->profiles->settings[parser->setting];
	if (above->value.len == 0)
		return parse_setting(parser, line, parser->key, err);
	str_addf(&above->value, "\n%s", line);
	return true;
}

static bool parse_line(struct parser *parser, const char *text, size_t len,
		       struct err *err)
{
	CLEANUP(str_release) struct str line = {0};
	size_t indent = 0;
	const char *trimmed;

	while (indent < len && is_space(text[indent]))
		indent++;
	str_add_bytes(&line, text + indent, len - indent);
	str_trim(&line);
	trimmed = str_text(&line);
	if (!*trimmed || is_comment(*trimmed))
		return true;
	if (strlen(trimmed) != line.len)
		return refuse(parser, "there is a NUL byte", err);
	if (parser->key && indent > parser->key_indent)
		return parse_continuation(parser, trimmed, err);
	if (*trimmed == '[')
		return parse_header(parser, trimmed, err);
	if (!parser->in_section)
		return refuse(parser, "this is before the first section", err);
	parser->key_indent = indent;
	return parse_setting(parser, trimmed, NULL, err);
}

bool aws_profiles_parse(struct aws_profiles *profiles, enum aws_file file,
			const char *path, const char *text, size_t len,
			struct err *err)
{
	struct parser parser = {
		.profiles = profiles, .file = file, .path = path};
	const char *at = text, *end = text + len;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		if (!line_end)
			line_end = end;
		parser.line++;
		if (!parse_line(&parser, at, (size_t)(line_end - at), err))
			return false;
		at = line_end + (line_end < end);
	}
	return true;
}

/* --- both files ------------------------------------------------------------ */

char *aws_expand_home(const char *path, const char *home)
{
	if (!starts_with(path, "~/"))
		return xstrdup(path);
	return home ? path_join(home, path + 2) : NULL;
}

static bool load_file(struct aws_profiles *profiles, enum aws_file file,
		      const struct env *env, struct err *err)
{
	static const struct {
		const char *variable;
		const char *otherwise;
	} places[] = {
		[AWS_FILE_CONFIG] = {"AWS_CONFIG_FILE", "~/.aws/config"},
		[AWS_FILE_CREDENTIALS] = {"AWS_SHARED_CREDENTIALS_FILE",
					  "~/.aws/credentials"},
	};
	CLEANUP(str_release) struct str text = {0};
	const char *named = env_get(env, places[file].variable);
	char *path = aws_expand_home(named ? named : places[file].otherwise,
				     env_get(env, "HOME"));
	bool found, parsed;

	profiles->files[file] = path;
	if (!path)
		return true;
	if (!file_find(path, AWS_FILE_MAX, &text, &found, err))
		return err_wrap(err, "cannot read AWS settings");
	parsed = aws_profiles_parse(profiles, file, path, str_text(&text),
				    text.len, err);
	wipe(text.buf, text.len);
	return parsed || err_wrap(err, "cannot read AWS settings");
}

bool aws_profiles_load(struct aws_profiles *profiles, const struct env *env,
		       struct err *err)
{
	return load_file(profiles, AWS_FILE_CONFIG, env, err) &&
	       load_file(profiles, AWS_FILE_CREDENTIALS, env, err);
}

static bool is_in_one_file(const struct aws_setting *a,
			   const struct aws_setting *b)
{
	return (a->rank == RANK_CREDENTIALS) == (b->rank == RANK_CREDENTIALS);
}

/* In the file of @beside, or, if that is NULL, in either. */
static const struct aws_setting *find(const struct aws_profiles *profiles,
				      enum aws_section section,
				      const char *name, const char *key,
				      const struct aws_setting *beside)
{
	const struct aws_setting *best = NULL;

	for (size_t i = 0; i < profiles->count; i++) {
		const struct aws_setting *setting = &profiles->settings[i];

		if (setting->section == section &&
		    same_text(setting->name, name) &&
		    same_text(setting->key, key) &&
		    (!beside || is_in_one_file(setting, beside)) &&
		    (!best || setting->rank >= best->rank))
			best = setting;
	}
	return best;
}

static const char *value_of(const struct aws_setting *setting)
{
	return setting && setting->value.len ? str_text(&setting->value) : NULL;
}

const char *aws_profiles_get(const struct aws_profiles *profiles,
			     enum aws_section section, const char *name,
			     const char *key)
{
	return value_of(find(profiles, section, name, key, NULL));
}

const char *aws_profiles_get_beside(const struct aws_profiles *profiles,
				    enum aws_section section, const char *name,
				    const char *key, const char *other)
{
	return value_of(find(profiles, section, name, key,
			     find(profiles, section, name, other, NULL)));
}

bool aws_profiles_has(const struct aws_profiles *profiles,
		      enum aws_section section, const char *name)
{
	return find(profiles, section, name, "", NULL);
}

char *aws_profiles_describe(const struct aws_profiles *profiles)
{
	const char *config = profiles->files[AWS_FILE_CONFIG];
	const char *credentials = profiles->files[AWS_FILE_CREDENTIALS];

	if (config && credentials)
		return xasprintf("'%s' or '%s'", config, credentials);
	if (config || credentials)
		return xasprintf("'%s'", config ? config : credentials);
	return xstrdup("any file (HOME is not set)");
}

void aws_profiles_release(struct aws_profiles *profiles)
{
	for (size_t i = 0; i < profiles->count; i++) {
		struct str *value = &profiles->settings[i].value;

		wipe(value->buf, value->len);
		str_release(value);
	}
	free(profiles->settings);
	for (size_t i = 0; i < ARRAY_SIZE(profiles->files); i++)
		free(profiles->files[i]);
	arena_release(&profiles->arena);
	*profiles = (struct aws_profiles){0};
}
