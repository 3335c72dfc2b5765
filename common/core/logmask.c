#include "core/logmask.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/strvec.h"

#define HIDDEN "***"
/* A name longer than this names nothing. */
#define NAME_MAX_LEN 64
#define JWT_MIN	     30

/* A name that contains one of these is followed by a secret. */
static const char *const names[] = {
	"password",	 "passwd",     "passphrase",  "secret",
	"token",	 "apikey",     "api_key",     "api-key",
	"access_key",	 "access-key", "private_key", "credential",
	"authorization",
};

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool names_secret(const char *name, size_t len)
{
	char text[NAME_MAX_LEN + 1];

	if (len > NAME_MAX_LEN)
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasestr(text, names[i]))
			return true;
	}
	return false;
}

/* The length of the known secret that @text begins with, or 0. */
static size_t known_secret(const struct logmask *mask, const char *text)
{
	size_t longest = 0;

	for (size_t i = 0; mask->secrets && i < mask->secrets->count; i++) {
		const char *value = mask->secrets->items[i];
		size_t len = strlen(value);

		if (len > longest && strncmp(text, value, len) == 0)
			longest = len;
	}
	return longest;
}

static const char *skip_scheme(const char *text)
{
	static const char *const schemes[] = {"Bearer ", "Basic ", "Token "};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text + strlen(schemes[i]);
	}
	return text;
}

/*
 * Where the value behind a name begins and ends: name=value, name: value,
 * "name": "value".  NULL if none follows.
 */
static const char *find_value(const char *after, const char **end)
{
	const char *start = after;
	char quote = '\0';

	if (*start == '"' || *start == '\'')
		start++;
	while (*start == ' ')
		start++;
	if (*start != '=' && *start != ':')
		return NULL;
	start++;
	while (*start == ' ')
		start++;
	if (*start == '"' || *start == '\'')
		quote = *start++;
	start = skip_scheme(start);
	*end = start;
	while (**end && (quote ? **end != quote : !strchr(" \t,;&\"'", **end)))
		(*end)++;
	return *end > start ? start : NULL;
}

/* "user:password" behind "://", up to the last "@"; its length, or 0. */
static size_t login_length(const char *text)
{
	const char *at = memrchr(text, '@', strcspn(text, "/?# \t\"'"));

	return at ? (size_t)(at - text) : 0;
}

static size_t jwt_length(const char *text)
{
	size_t len = 0;

	if (strncmp(text, "eyJ", 3) != 0)
		return 0;
	while (is_of_name(text[len]))
		len++;
	return len >= JWT_MIN && memchr(text, '.', len) ? len : 0;
}

/* A name with its secret, or a name alone; gives how far it went. */
static size_t add_name(struct str *out, const char *text)
{
	const char *end;
	const char *value;
	size_t len = 0;

	while (is_of_name(text[len]))
		len++;
	value = names_secret(text, len) ? find_value(text + len, &end) : NULL;
	if (!value) {
		str_add_bytes(out, text, len);
		return len;
	}
	str_add_bytes(out, text, (size_t)(value - text));
	str_add(out, HIDDEN);
	return (size_t)(end - text);
}

/* Append the next piece of the line; gives its length, at least 1. */
static size_t add_piece(const struct logmask *mask, struct str *out,
			const char *text, bool begins_name)
{
	size_t len = known_secret(mask, text);

	if (!len && begins_name)
		len = jwt_length(text);
	if (len) {
		str_add(out, HIDDEN);
		return len;
	}
	if (strncmp(text, "://", 3) == 0) {
		str_add(out, "://");
		len = login_length(text + 3);
		if (len)
			str_add(out, HIDDEN);
		return 3 + len;
	}
	if (begins_name)
		return add_name(out, text);
	str_add_char(out, *text);
	return 1;
}

/* Known secrets within a name are found byte by byte before it is taken. */
static bool hides_secret(const struct logmask *mask, const char *text)
{
	while (is_of_name(*text) && !known_secret(mask, text))
		text++;
	return is_of_name(*text);
}

void logmask_add(struct logmask *mask, struct str *out, const char *line)
{
	size_t limit = out->len + LOGMASK_LINE_MAX;
	bool before = false;

	if (strstr(line, "-----BEGIN ") && strstr(line, "PRIVATE KEY"))
		mask->in_key = true;
	if (mask->in_key) {
		mask->in_key = !strstr(line, "-----END ");
		str_add(out, HIDDEN);
		return;
	}
	while (*line && out->len < limit) {
		bool begins = is_of_name(*line) && !before &&
			      !hides_secret(mask, line);
		size_t taken = add_piece(mask, out, line, begins);

		before = is_of_name(line[taken - 1]);
		line += taken;
	}
	if (out->len > limit)
		str_truncate(out, limit);
}
