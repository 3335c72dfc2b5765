#include "format/semver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/semver_parts.h"

bool semver_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_identifier_char(char c)
{
	return semver_is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-';
}

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!semver_is_digit(text[i]))
			return false;
	}
	return true;
}

size_t semver_run_of(const char *text, bool (*wanted)(char c))
{
	size_t len = 0;

	while (wanted(text[len]))
		len++;
	return len;
}

/* Identifiers with dots between them: as many bytes as belong to them. */
static struct semver_piece cut_identifiers(const char *text)
{
	struct semver_piece piece = {text,
				     semver_run_of(text, is_identifier_char)};

	while (piece.len && text[piece.len] == '.') {
		size_t next =
			semver_run_of(text + piece.len + 1, is_identifier_char);

		if (!next)
			break;
		piece.len += next + 1;
	}
	return piece;
}

const char *semver_cut(struct semver_pieces *pieces, const char *text,
		       bool (*in_number)(char c))
{
	size_t len;

	*pieces = (struct semver_pieces){0};
	text += *text == 'v';
	for (size_t i = 0; i < 3; i++) {
		size_t dot = i && *text == '.';

		len = i && !dot ? 0 : semver_run_of(text + dot, in_number);
		if (!len && !i)
			return NULL;
		if (!len)
			break;
		pieces->numbers[i] = (struct semver_piece){text + dot, len};
		text += dot + len;
	}
	if (*text == '-' && (len = cut_identifiers(text + 1).len)) {
		pieces->prerelease = (struct semver_piece){text + 1, len};
		text += len + 1;
	}
	if (*text == '+' && (len = cut_identifiers(text + 1).len)) {
		pieces->metadata = (struct semver_piece){text + 1, len};
		text += len + 1;
	}
	return text;
}

static bool to_number(struct semver_piece piece, uint64_t *number)
{
	uint64_t value = 0;

	for (size_t i = 0; i < piece.len; i++) {
		uint64_t digit = (uint64_t)(piece.at[i] - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

/* Numbers among the identifiers have no leading zeros. */
static bool has_leading_zero(struct semver_piece prerelease)
{
	const char *at = prerelease.len ? prerelease.at : "";
	const char *end = at + prerelease.len;

	while (at < end) {
		const char *dot = memchr(at, '.', (size_t)(end - at));
		size_t len = (size_t)((dot ? dot : end) - at);

		if (len > 1 && *at == '0' && all_digits(at, len))
			return true;
		at += len + 1;
	}
	return false;
}

static char *copy_piece(struct semver_piece piece)
{
	return piece.len ? xmemdupz(piece.at, piece.len) : xstrdup("");
}

/* Gives the cause of a refusal, NULL if all is well. */
static const char *take_pieces(struct semver *version,
			       const struct semver_pieces *pieces,
			       const char *text)
{
	struct semver taken = {0};

	if (!to_number(pieces->numbers[0], &taken.major) ||
	    !to_number(pieces->numbers[1], &taken.minor) ||
	    !to_number(pieces->numbers[2], &taken.patch))
		return "a number is too large";
	if (has_leading_zero(pieces->prerelease))
		return "a number in the pre-release starts with 0";
	taken.prerelease = copy_piece(pieces->prerelease);
	taken.metadata = copy_piece(pieces->metadata);
	taken.original = xstrdup(text);
	semver_release(version);
	*version = taken;
	return NULL;
}

const char *semver_parse_loose(struct semver *version, const char *text)
{
	struct semver_pieces pieces;
	const char *end;

	if (strlen(text) > SEMVER_MAX)
		return "too long";
	end = semver_cut(&pieces, text, semver_is_digit);
	if (!end || *end)
		return "not of the form 1.2.3-pre+meta";
	return take_pieces(version, &pieces, text);
}

static const char *parse_strict(struct semver *version, const char *text)
{
	struct semver_pieces pieces;
	const char *end;

	if (strlen(text) > SEMVER_MAX)
		return "too long";
	end = semver_cut(&pieces, text, semver_is_digit);
	if (!end || *end || *text == 'v' || !pieces.numbers[2].len)
		return "not of the form 1.2.3-pre+meta";
	for (size_t i = 0; i < 3; i++) {
		if (pieces.numbers[i].len > 1 && *pieces.numbers[i].at == '0')
			return "a number starts with 0";
	}
	return take_pieces(version, &pieces, text);
}

static bool refused(const char *text, const char *cause, struct err *err)
{
	return err_set(err, ERR_INPUT, "bad version '%s': %s", text, cause);
}

bool semver_parse(struct semver *version, const char *text, struct err *err)
{
	const char *cause = semver_parse_loose(version, text);

	return !cause || refused(text, cause, err);
}

bool semver_parse_strict(struct semver *version, const char *text,
			 struct err *err)
{
	const char *cause = parse_strict(version, text);

	return !cause || refused(text, cause, err);
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Numbers come before words; a number beyond 64 bits is a word. */
static int compare_identifiers(struct semver_piece a, struct semver_piece b)
{
	uint64_t number_a = 0, number_b = 0;
	bool is_a = all_digits(a.at, a.len) && to_number(a, &number_a);
	bool is_b = all_digits(b.at, b.len) && to_number(b, &number_b);
	size_t shorter = a.len < b.len ? a.len : b.len;
	int result;

	if (is_a && is_b)
		return order(number_a, number_b);
	if (is_a != is_b)
		return is_a ? -1 : 1;
	result = memcmp(a.at, b.at, shorter);
	return result ? result : order(a.len, b.len);
}

int semver_compare_prereleases(const char *a, const char *b)
{
	while (*a || *b) {
		struct semver_piece part_a = {a, strcspn(a, ".")};
		struct semver_piece part_b = {b, strcspn(b, ".")};
		int result;

		if (!part_a.len || !part_b.len)
			return part_a.len ? 1 : -1;
		result = compare_identifiers(part_a, part_b);
		if (result)
			return result;
		a += part_a.len + (a[part_a.len] == '.');
		b += part_b.len + (b[part_b.len] == '.');
	}
	return 0;
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	int result = order(a->major, b->major);

	if (!result)
		result = order(a->minor, b->minor);
	if (!result)
		result = order(a->patch, b->patch);
	if (result)
		return result;
	if (!*a->prerelease || !*b->prerelease)
		return (!*a->prerelease) - (!*b->prerelease);
	return semver_compare_prereleases(a->prerelease, b->prerelease);
}

void semver_add_text(struct str *out, const struct semver *version)
{
	str_addf(out, "%" PRIu64 ".%" PRIu64 ".%" PRIu64, version->major,
		 version->minor, version->patch);
	if (*version->prerelease)
		str_addf(out, "-%s", version->prerelease);
	if (*version->metadata)
		str_addf(out, "+%s", version->metadata);
}

void semver_release(struct semver *version)
{
	free(version->prerelease);
	free(version->metadata);
	free(version->original);
	*version = (struct semver){0};
}
