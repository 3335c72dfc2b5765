#include "core/tickets.h"

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/tickets_friends.h"
#include "format/semver.h"

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_upper(c) || is_digit(c) || (c >= 'a' && c <= 'z') || c == '_';
}

/*
 * Bytes of the key at the start of @text, 0 if there is none; @project_len
 * gets those of its project.
 */
static size_t key_length(const char *text, size_t len, size_t *project_len)
{
	size_t at = 0;

	if (len == 0 || !is_upper(text[0]))
		return 0;
	while (at < len &&
	       (is_upper(text[at]) || is_digit(text[at]) || text[at] == '_'))
		at++;
	*project_len = at;
	if (at < 2 || at + 1 >= len || text[at] != '-' ||
	    !is_digit(text[at + 1]) || text[at + 1] == '0')
		return 0;
	for (at++; at < len && is_digit(text[at]);)
		at++;
	return at <= TICKET_KEY_MAX ? at : 0;
}

/* May a key begin at @at?  "fix-SHOP-1" has one, "FOO-SHOP-1" has not. */
static bool begins_word(const char *text, size_t at)
{
	if (at == 0)
		return true;
	if (is_word(text[at - 1]))
		return false;
	return text[at - 1] != '-' || at == 1 ||
	       !(is_upper(text[at - 2]) || is_digit(text[at - 2]));
}

/* May a key end before @at?  Not within "TLS-1.2" or "SHOP-12a". */
static bool ends_word(const char *text, size_t len, size_t at)
{
	if (at >= len)
		return true;
	if (is_word(text[at]))
		return false;
	return text[at] != '.' || at + 1 >= len || !is_digit(text[at + 1]);
}

static bool is_wanted(const char *key, size_t project_len,
		      const struct strvec *projects)
{
	CLEANUP(free_ptr) char *project = xmemdupz(key, project_len);

	return projects && projects->count > 0 ? strvec_has(projects, project)
					       : !ticket_false_friend(project);
}

/* What is found in one text, which may say each key many times. */
struct search {
	struct strvec *keys;
	size_t before; /* of them were there */
	struct map seen;
};

static void search_release(struct search *search)
{
	map_release(&search->seen);
}

static bool was_there(const struct search *search, const char *key)
{
	for (size_t i = 0; i < search->before; i++)
		if (strcmp(search->keys->items[i], key) == 0)
			return true;
	return false;
}

static void add_key(struct search *search, const char *key, size_t len)
{
	CLEANUP(free_ptr) char *whole = xmemdupz(key, len);

	if (search->keys->count < TICKETS_MAX &&
	    !map_put(&search->seen, whole, search) && !was_there(search, whole))
		strvec_add(search->keys, whole);
}

void tickets_find(struct strvec *keys, const char *text, size_t len,
		  const struct strvec *projects)
{
	CLEANUP(search_release) struct search search = {.keys = keys,
							.before = keys->count};
	size_t project_len = 0;
	size_t found;

	for (size_t at = 0; at < len; at++) {
		if (!begins_word(text, at))
			continue;
		found = key_length(text + at, len - at, &project_len);
		if (found == 0 || !ends_word(text, len, at + found))
			continue;
		if (is_wanted(text + at, project_len, projects))
			add_key(&search, text + at, found);
		at += found - 1;
	}
}

bool ticket_key_valid(const char *key)
{
	size_t project_len;
	size_t len = strlen(key);

	return len > 0 && key_length(key, len, &project_len) == len;
}

bool tickets_check_keys(const struct strvec *keys, struct err *err)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (!ticket_key_valid(keys->items[i]))
			return err_set(err, ERR_USAGE,
				       "cannot use '--ticket %s': a key looks "
				       "like SHOP-12",
				       keys->items[i]);
	}
	return true;
}

bool tickets_check_projects(const struct strvec *projects, struct err *err)
{
	for (size_t i = 0; i < projects->count; i++) {
		CLEANUP(free_ptr) char *first =
			xasprintf("%s-1", projects->items[i]);

		if (!ticket_key_valid(first))
			return err_set(err, ERR_USAGE,
				       "cannot use '--project %s': the key of "
				       "a project looks like SHOP",
				       projects->items[i]);
	}
	return true;
}

char *ticket_project(const char *key)
{
	return xmemdupz(key, strcspn(key, "-"));
}

/* --- names of versions ------------------------------------------------- */

/* A piece of a template: a placeholder's name, or text as it is. */
struct piece {
	const char *start;
	size_t len;
	bool placeholder;
};

/* Cut the next piece off *@template; false at the end or if unclosed. */
static bool next_piece(const char **template, struct piece *piece)
{
	const char *close;

	if (**template == '\0')
		return false;
	piece->placeholder = **template == '{';
	if (!piece->placeholder) {
		piece->start = *template;
		piece->len = strcspn(*template, "{");
		*template += piece->len;
		return true;
	}
	close = strchr(*template, '}');
	if (!close)
		return false;
	piece->start = *template + 1;
	piece->len = (size_t)(close - piece->start);
	*template = close + 1;
	return true;
}

static bool piece_is(const struct piece *piece, const char *name)
{
	return piece->len == strlen(name) &&
	       memcmp(piece->start, name, piece->len) == 0;
}

/* The part that a placeholder means; false if there is no such one. */
static bool find_part(const struct piece *piece,
		      const struct version_name *parts, const char **value)
{
	if (piece_is(piece, "app"))
		*value = parts->app;
	else if (piece_is(piece, "environment"))
		*value = parts->environment;
	else if (piece_is(piece, "date"))
		*value = parts->date;
	else if (piece_is(piece, "semver"))
		*value = parts->semver;
	else
		return false;
	return true;
}

static bool is_space(char c)
{
	return c && strchr(" \t\r\n", c);
}

/* Characters, not bytes: Jira counts so. */
static bool check_name(const char *template, const char *name, struct err *err)
{
	if (name[strspn(name, " ")] == '\0')
		return err_set(err, ERR_INPUT,
			       "cannot use version name template '%s': it "
			       "gives an empty name",
			       template);
	/* Jira takes them off: by this name it would not be found again. */
	if (is_space(name[0]) || is_space(name[strlen(name) - 1]))
		return err_set(
			err, ERR_INPUT,
			"cannot use version name '%s': it begins or ends "
			"in a blank",
			name);
	if (rune_count(name, strlen(name)) > VERSION_NAME_MAX)
		return err_set(err, ERR_INPUT,
			       "cannot use version name '%s': it is longer "
			       "than %d characters",
			       name, VERSION_NAME_MAX);
	return true;
}

bool version_name_format(const char *template, const struct version_name *parts,
			 struct str *name, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	const char *rest = template =
		template ? template : VERSION_NAME_TEMPLATE;
	const char *value;
	struct piece piece;

	while (next_piece(&rest, &piece)) {
		if (!piece.placeholder) {
			str_add_bytes(&text, piece.start, piece.len);
			continue;
		}
		if (!find_part(&piece, parts, &value)) {
			err_set(err, ERR_INPUT,
				"cannot use version name template '%s': no "
				"value is called '{%.*s}'",
				template, (int)piece.len, piece.start);
			return err_hint(err, "use {app}, {environment}, {date} "
					     "and {semver}");
		}
		if (is_blank(value))
			return err_set(err, ERR_INPUT,
				       "cannot name the version: '{%.*s}' is "
				       "not known",
				       (int)piece.len, piece.start);
		str_add(&text, value);
	}
	if (*rest)
		return err_set(err, ERR_INPUT,
			       "cannot use version name template '%s': '{' "
			       "without '}'",
			       template);
	if (!check_name(template, str_text(&text), err))
		return false;
	str_add(name, str_text(&text));
	return true;
}

/* The text behind YYYY-MM-DD, or NULL. */
static const char *after_date(const char *text)
{
	static const char form[] = "0000-00-00";
	size_t at;

	for (at = 0; form[at]; at++)
		if (form[at] == '0' ? !is_digit(text[at]) : text[at] != '-')
			return NULL;
	return text + at;
}

static bool matches_rest(const char *rest, const struct version_name *parts,
			 const char *name);

/* Does @name begin with a version that @rest goes on behind? */
static bool matches_any_semver(const char *rest,
			       const struct version_name *parts,
			       const char *name)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ.+-";

	for (size_t len = strspn(name, allowed); len > 0; len--) {
		CLEANUP(free_ptr) char *text = xmemdupz(name, len);
		CLEANUP(semver_release) struct semver version = {0};
		CLEANUP(err_release) struct err unfit = {0};

		if (semver_parse(&version, text, &unfit) &&
		    matches_rest(rest, parts, name + len))
			return true;
	}
	return false;
}

static bool matches_rest(const char *rest, const struct version_name *parts,
			 const char *name)
{
	const char *value;
	struct piece piece;

	while (name && next_piece(&rest, &piece)) {
		if (!piece.placeholder) {
			if (strncmp(name, piece.start, piece.len) != 0)
				return false;
			name += piece.len;
		} else if (piece_is(&piece, "date")) {
			name = after_date(name);
		} else if (!find_part(&piece, parts, &value)) {
			return false;
		} else if (value) {
			name = after_prefix(name, value);
		} else {
			return piece_is(&piece, "semver") &&
			       matches_any_semver(rest, parts, name);
		}
	}
	return name && *name == '\0' && *rest == '\0';
}

bool version_name_matches(const char *template,
			  const struct version_name *parts, const char *name)
{
	return strlen(name) <= VERSION_NAME_MAX * (size_t)4 &&
	       matches_rest(template ? template : VERSION_NAME_TEMPLATE, parts,
			    name);
}

/* Keep @run in @best if it holds the semver, or is longer; empty it. */
static void keep_better(struct str *best, bool *has_semver, struct str *run,
			bool run_has_semver)
{
	bool better = run_has_semver != *has_semver ? run_has_semver
						    : run->len > best->len;

	if (better) {
		str_clear(best);
		str_add(best, str_text(run));
		*has_semver = run_has_semver;
	}
	str_clear(run);
}

void version_name_search(const char *template, const struct version_name *parts,
			 struct str *text)
{
	CLEANUP(str_release) struct str best = {0};
	CLEANUP(str_release) struct str run = {0};
	const char *rest = template ? template : VERSION_NAME_TEMPLATE;
	bool has_semver = false;
	bool semver_here = false;
	const char *value;
	struct piece piece;

	while (next_piece(&rest, &piece)) {
		if (!piece.placeholder) {
			str_add_bytes(&run, piece.start, piece.len);
			continue;
		}
		if (piece_is(&piece, "date") ||
		    !find_part(&piece, parts, &value) || !value) {
			keep_better(&best, &has_semver, &run, semver_here);
			semver_here = false;
			continue;
		}
		str_add(&run, value);
		semver_here = semver_here || piece_is(&piece, "semver");
	}
	keep_better(&best, &has_semver, &run, semver_here);
	str_add(text, str_text(&best));
}
