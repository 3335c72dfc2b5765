#include "core/helmignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "sys/file.h"

struct helmignore_rule {
	char *pattern; /* owned */
	bool negate;
	bool folders_only;
	bool whole_path; /* compared with the path, not with its last part */
};

/* --- patterns ------------------------------------------------------------ */

static unsigned int take_rune(const char **at)
{
	unsigned int rune;

	*at += rune_next(*at, strlen(*at), &rune);
	return rune;
}

/* One bound of a range in [...]; false for a bad pattern. */
static bool take_bound(const char **pattern, unsigned int *rune)
{
	if (!**pattern || **pattern == '-' || **pattern == ']')
		return false;
	if (**pattern == '\\')
		++*pattern;
	if (!**pattern)
		return false;
	*rune = take_rune(pattern);
	return **pattern;
}

/*
 * Step over "[...]" in *@pattern (which stands behind the bracket); *@has
 * tells whether @rune is in it.  False for a bad pattern.
 */
static bool take_class(const char **pattern, unsigned int rune, bool *has)
{
	bool negated = **pattern == '^';
	size_t ranges = 0;

	*has = false;
	*pattern += negated;
	for (; **pattern != ']' || !ranges; ranges++) {
		unsigned int low, high;

		if (!take_bound(pattern, &low))
			return false;
		high = low;
		if (**pattern == '-') {
			++*pattern;
			if (!take_bound(pattern, &high))
				return false;
		}
		*has |= low <= rune && rune <= high;
	}
	++*pattern;
	*has ^= negated;
	return true;
}

static bool is_pattern(const char *pattern)
{
	while (*pattern) {
		bool has;

		switch (*pattern++) {
		case '[':
			if (!take_class(&pattern, 0, &has))
				return false;
			break;
		case '\\':
			if (!*pattern)
				return false;
			pattern++;
			break;
		}
	}
	return true;
}

/* Match what is no star: one step in both; false if it does not fit. */
static bool step(const char **pattern, const char **name)
{
	bool has = true;

	switch (**pattern) {
	case '[': {
		unsigned int rune = take_rune(name);

		++*pattern;
		return take_class(pattern, rune, &has) && has;
	}
	case '?':
		if (**name == '/')
			return false;
		++*pattern;
		take_rune(name);
		return true;
	case '\\':
		++*pattern;
	}
	return *(*pattern)++ == *(*name)++;
}

/* Only the last star is ever lengthened: no exponential search. */
bool helmignore_glob(const char *pattern, const char *name)
{
	const char *star = NULL, *star_name = NULL;

	if (!is_pattern(pattern))
		return false;
	while (*name || *pattern) {
		if (*pattern == '*') {
			star = ++pattern;
			star_name = name;
			continue;
		}
		if (*name && *pattern && step(&pattern, &name))
			continue;
		if (!star || !*star_name || *star_name == '/')
			return false;
		name = ++star_name;
		pattern = star;
	}
	return true;
}

/* --- rules --------------------------------------------------------------- */

static void add_rule(struct helmignore *ignore, const char *text)
{
	struct helmignore_rule rule = {0};
	size_t len;

	rule.negate = *text == '!';
	text += rule.negate;
	len = strlen(text);
	rule.folders_only = ends_with(text, "/");
	len -= rule.folders_only;
	rule.whole_path = memchr(text, '/', len) != NULL;
	if (len && *text == '/') {
		text++;
		len--;
	}
	rule.pattern = xmemdupz(text, len);
	ignore->rules = grow_array(ignore->rules, ignore->count + 1,
				   sizeof(rule), &ignore->capacity);
	ignore->rules[ignore->count++] = rule;
}

/* Gives the cause of a refusal, NULL if all is well. */
static const char *take_line(struct helmignore *ignore, const char *text)
{
	if (!*text || *text == '#')
		return NULL;
	if (strstr(text, "**"))
		return "'**' is not supported";
	if (!is_pattern(text))
		return "not a pattern";
	if (ignore->count == HELMIGNORE_RULES_MAX)
		return "too many rules";
	add_rule(ignore, text);
	return NULL;
}

bool helmignore_parse(struct helmignore *ignore, const char *text, size_t len,
		      const char *file, struct err *err)
{
	size_t at = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;
		CLEANUP(str_release) struct str line = {0};
		const char *cause;

		str_add_bytes(&line, text + at, line_len);
		str_trim(&line);
		cause = take_line(ignore, str_text(&line));
		if (cause) {
			err_set(err, ERR_INPUT, "bad rule '%s': %s",
				str_text(&line), cause);
			return err_at_offset(err, file, text, len, at);
		}
		at += line_len + 1;
	}
	return true;
}

void helmignore_add_defaults(struct helmignore *ignore)
{
	add_rule(ignore, "templates/.?*");
}

bool helmignore_read(struct helmignore *ignore, const char *folder,
		     struct err *err)
{
	CLEANUP(free_ptr) char *path = path_join(folder, ".helmignore");
	CLEANUP(str_release) struct str text = {0};

	if (file_exists(path) &&
	    (!file_read_regular(path, CHART_SIZE_MAX, &text, err) ||
	     !helmignore_parse(ignore, str_text(&text), text.len, path, err)))
		return false;
	helmignore_add_defaults(ignore);
	return true;
}

static bool fits(const struct helmignore_rule *rule, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!rule->whole_path && slash)
		path = slash + 1;
	return helmignore_glob(rule->pattern, path);
}

bool helmignore_has(const struct helmignore *ignore, const char *path,
		    bool is_dir)
{
	for (size_t i = 0; i < ignore->count; i++) {
		const struct helmignore_rule *rule = &ignore->rules[i];
		bool wrong_kind = rule->folders_only && !is_dir;

		if (rule->negate) {
			if (wrong_kind || !fits(rule, path))
				return true;
			continue;
		}
		if (!wrong_kind && fits(rule, path))
			return true;
	}
	return false;
}

void helmignore_release(struct helmignore *ignore)
{
	for (size_t i = 0; i < ignore->count; i++)
		free(ignore->rules[i].pattern);
	free(ignore->rules);
	*ignore = (struct helmignore){0};
}
