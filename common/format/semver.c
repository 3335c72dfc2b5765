#include "format/semver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* --- versions ------------------------------------------------------------ */

/* A piece of text; len 0 = not there. */
struct piece {
	const char *at;
	size_t len;
};

/* A version cut into pieces that borrow its text. */
struct pieces {
	struct piece numbers[3]; /* without their dots */
	struct piece prerelease;
	struct piece metadata;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_identifier_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-';
}

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
	}
	return true;
}

static size_t run_of(const char *text, bool (*wanted)(char c))
{
	size_t len = 0;

	while (wanted(text[len]))
		len++;
	return len;
}

/* Identifiers with dots between them: as many bytes as belong to them. */
static struct piece cut_identifiers(const char *text)
{
	struct piece piece = {text, run_of(text, is_identifier_char)};

	while (piece.len && text[piece.len] == '.') {
		size_t next = run_of(text + piece.len + 1, is_identifier_char);

		if (!next)
			break;
		piece.len += next + 1;
	}
	return piece;
}

/*
 * Cut "v1.2.3-pre+meta", of which all but the first number may be missing,
 * off the start of @text.  Gives where it ends; NULL if there is no number.
 */
static const char *cut_version(struct pieces *pieces, const char *text,
			       bool (*in_number)(char c))
{
	size_t len;

	*pieces = (struct pieces){0};
	text += *text == 'v';
	for (size_t i = 0; i < 3; i++) {
		size_t dot = i && *text == '.';

		len = i && !dot ? 0 : run_of(text + dot, in_number);
		if (!len && !i)
			return NULL;
		if (!len)
			break;
		pieces->numbers[i] = (struct piece){text + dot, len};
		text += dot + len;
	}
	if (*text == '-' && (len = cut_identifiers(text + 1).len)) {
		pieces->prerelease = (struct piece){text + 1, len};
		text += len + 1;
	}
	if (*text == '+' && (len = cut_identifiers(text + 1).len)) {
		pieces->metadata = (struct piece){text + 1, len};
		text += len + 1;
	}
	return text;
}

static bool to_number(struct piece piece, uint64_t *number)
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
static bool has_leading_zero(struct piece prerelease)
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

static char *copy_piece(struct piece piece)
{
	return piece.len ? xmemdupz(piece.at, piece.len) : xstrdup("");
}

/* Gives the cause of a refusal, NULL if all is well. */
static const char *take_pieces(struct semver *version,
			       const struct pieces *pieces, const char *text)
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

static const char *parse_loose(struct semver *version, const char *text)
{
	struct pieces pieces;
	const char *end;

	if (strlen(text) > SEMVER_MAX)
		return "too long";
	end = cut_version(&pieces, text, is_digit);
	if (!end || *end)
		return "not of the form 1.2.3-pre+meta";
	return take_pieces(version, &pieces, text);
}

static const char *parse_strict(struct semver *version, const char *text)
{
	struct pieces pieces;
	const char *end;

	if (strlen(text) > SEMVER_MAX)
		return "too long";
	end = cut_version(&pieces, text, is_digit);
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
	const char *cause = parse_loose(version, text);

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
static int compare_identifiers(struct piece a, struct piece b)
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

static int compare_prereleases(const char *a, const char *b)
{
	while (*a || *b) {
		struct piece part_a = {a, strcspn(a, ".")};
		struct piece part_b = {b, strcspn(b, ".")};
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
	return compare_prereleases(a->prerelease, b->prerelease);
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

/* --- conditions ---------------------------------------------------------- */

struct condition {
	bool (*holds)(const struct semver *version,
		      const struct condition *condition);
	struct semver than;
	bool any_major; /* "*" */
	bool any_minor; /* "1", "1.x" */
	bool any_patch; /* "1.2", "1.2.x" */
};

struct semver_alternative {
	struct condition *conditions; /* owned */
	size_t count;
	size_t capacity;
	bool prereleases; /* one of the conditions names one */
};

static bool is_partial(const struct condition *condition)
{
	return condition->any_major || condition->any_minor ||
	       condition->any_patch;
}

static bool is_less(const struct semver *version,
		    const struct condition *condition)
{
	return semver_compare(version, &condition->than) < 0;
}

static bool is_at_least(const struct semver *version,
			const struct condition *condition)
{
	return semver_compare(version, &condition->than) >= 0;
}

/* >1 means 2 and up, >1.2 means 1.3 and up. */
static bool is_greater(const struct semver *version,
		       const struct condition *condition)
{
	const struct semver *than = &condition->than;

	if (is_partial(condition) && version->major != than->major)
		return version->major > than->major;
	if (condition->any_minor)
		return false;
	if (condition->any_patch)
		return version->minor > than->minor;
	return semver_compare(version, than) > 0;
}

/* <=1 means all of 1, <=1.2 all of 1.2; <=* means 0. */
static bool is_at_most(const struct semver *version,
		       const struct condition *condition)
{
	const struct semver *than = &condition->than;

	if (!is_partial(condition))
		return semver_compare(version, than) <= 0;
	if (version->major != than->major)
		return version->major < than->major;
	return condition->any_minor || version->minor <= than->minor;
}

static bool is_tilde(const struct semver *version,
		     const struct condition *condition)
{
	const struct semver *than = &condition->than;

	if (semver_compare(version, than) < 0)
		return false;
	/* Masterminds takes ~0.0.0 as >=0.0.0. */
	if (!than->major && !than->minor && !than->patch &&
	    !condition->any_minor && !condition->any_patch)
		return true;
	return version->major == than->major &&
	       (condition->any_minor || version->minor == than->minor);
}

static bool is_equal(const struct semver *version,
		     const struct condition *condition)
{
	if (is_partial(condition))
		return is_tilde(version, condition);
	return !semver_compare(version, &condition->than);
}

static bool is_not_equal(const struct semver *version,
			 const struct condition *condition)
{
	const struct semver *than = &condition->than;

	if (!is_partial(condition))
		return semver_compare(version, than) != 0;
	if (version->major != than->major)
		return true;
	if (condition->any_minor)
		return false;
	if (version->minor != than->minor)
		return true;
	if (condition->any_patch)
		return compare_prereleases(version->prerelease,
					   than->prerelease) != 0;
	return version->patch != than->patch ||
	       semver_compare(version, than) != 0;
}

/* Up to the next change of the first number that is not 0. */
static bool is_caret(const struct semver *version,
		     const struct condition *condition)
{
	const struct semver *than = &condition->than;

	if (semver_compare(version, than) < 0)
		return false;
	if (than->major || condition->any_minor)
		return version->major == than->major;
	if (version->major)
		return false;
	if (than->minor || condition->any_patch)
		return version->minor == than->minor;
	return !version->minor && version->patch == than->patch;
}

static const struct comparison {
	const char *sign;
	bool (*holds)(const struct semver *version,
		      const struct condition *condition);
} comparisons[] = {
	/* Longer ones before those that they start with. */
	{"!=", is_not_equal}, {">=", is_at_least}, {"=>", is_at_least},
	{"<=", is_at_most},   {"=<", is_at_most},  {"~>", is_tilde},
	{"=", is_equal},      {">", is_greater},   {"<", is_less},
	{"~", is_tilde},      {"^", is_caret},	   {"", is_equal},
};

/* --- constraints --------------------------------------------------------- */

static bool is_blank_char(char c)
{
	return c && strchr(" \t\n\f\r", c);
}

/*
 * Masterminds' class for a number is [0-9|x|X|\*]: the bar belongs to it, so
 * that "1|2" is one number (and refused later, as a number).
 */
static bool is_number_char(char c)
{
	return is_digit(c) || (c && strchr("xX*|", c));
}

static const char *skip_blanks(const char *text)
{
	return text + run_of(text, is_blank_char);
}

static bool is_wild(struct piece piece)
{
	return !piece.len || (piece.len == 1 && strchr("xX*", *piece.at));
}

/* The version that a partial one is compared with: 1.x as 1.0.0. */
static void add_completed(struct str *out, const struct pieces *pieces,
			  size_t numbers)
{
	for (size_t i = 0; i < 3; i++) {
		struct piece piece = pieces->numbers[i];

		str_add(out, i ? "." : "");
		if (i < numbers)
			str_add_bytes(out, piece.at, piece.len);
		else
			str_add_char(out, '0');
	}
	if (pieces->prerelease.len)
		str_addf(out, "-%.*s", (int)pieces->prerelease.len,
			 pieces->prerelease.at);
}

static const char *take_condition(struct condition *condition,
				  const struct pieces *pieces,
				  struct piece whole)
{
	CLEANUP(str_release) struct str text = {0};
	size_t numbers = 0;

	while (numbers < 3 && !is_wild(pieces->numbers[numbers]))
		numbers++;
	condition->any_major = numbers == 0;
	condition->any_minor = numbers == 1;
	condition->any_patch = numbers == 2;
	if (numbers == 3)
		str_add_bytes(&text, whole.at, whole.len);
	else
		add_completed(&text, pieces, numbers);
	return parse_loose(&condition->than, str_text(&text));
}

static struct condition *add_condition(struct semver_alternative *alternative)
{
	struct condition *condition;

	alternative->conditions =
		grow_array(alternative->conditions, alternative->count + 1,
			   sizeof(*condition), &alternative->capacity);
	condition = &alternative->conditions[alternative->count++];
	*condition = (struct condition){0};
	return condition;
}

/* One condition off the start of *@text; gives the cause of a refusal. */
static const char *parse_condition(struct semver_alternative *alternative,
				   const char **text)
{
	const char *at = skip_blanks(*text);
	const struct comparison *comparison = comparisons;
	struct condition *condition;
	struct pieces pieces;
	const char *end, *cause;

	while (!starts_with(at, comparison->sign))
		comparison++;
	at = skip_blanks(at + strlen(comparison->sign));
	end = cut_version(&pieces, at, is_number_char);
	if (!end)
		return "a version is missing";
	condition = add_condition(alternative);
	condition->holds = comparison->holds;
	cause = take_condition(condition, &pieces,
			       (struct piece){at, (size_t)(end - at)});
	if (cause)
		return cause;
	alternative->prereleases |= *condition->than.prerelease != '\0';
	*text = end;
	return NULL;
}

/* Conditions with blanks or one comma between them, to the end of @text. */
static const char *parse_alternative(struct semver_alternative *alternative,
				     const char *text)
{
	for (;;) {
		const char *cause = parse_condition(alternative, &text);
		const char *next;

		if (cause)
			return cause;
		next = skip_blanks(text);
		if (!*next)
			return NULL;
		if (*next == ',')
			next++;
		else if (next == text)
			return "not a version";
		text = next;
	}
}

/*
 * Where "1.2 - 1.4" with all blanks around it stands in @text; false if it
 * does not.
 */
static bool find_range(const char *text, struct piece *range,
		       struct piece bounds[2])
{
	for (; *text; text++) {
		const char *at = skip_blanks(text), *end, *dash;
		struct pieces pieces;

		end = cut_version(&pieces, at, is_number_char);
		if (!end || !is_blank_char(*end))
			continue;
		bounds[0] = (struct piece){at, (size_t)(end - at)};
		dash = skip_blanks(end);
		if (*dash != '-' || !is_blank_char(dash[1]))
			continue;
		at = skip_blanks(dash + 1);
		end = cut_version(&pieces, at, is_number_char);
		if (!end)
			continue;
		bounds[1] = (struct piece){at, (size_t)(end - at)};
		end = skip_blanks(end);
		*range = (struct piece){text, (size_t)(end - text)};
		return true;
	}
	return false;
}

/*
 * "1.2 - 1.4" as ">= 1.2, <= 1.4 ".  As Masterminds does it: ranges are
 * looked for in the text as given, and each replaces the first place where
 * the same bytes stand.
 */
static void rewrite_ranges(struct str *out, const char *text)
{
	struct piece range, bounds[2];

	str_add(out, text);
	while (find_range(text, &range, bounds)) {
		CLEANUP(str_release) struct str both = {0};
		const char *place =
			memmem(str_text(out), out->len, range.at, range.len);

		str_addf(&both, ">= %.*s, <= %.*s ", (int)bounds[0].len,
			 bounds[0].at, (int)bounds[1].len, bounds[1].at);
		if (place)
			str_splice(out, (size_t)(place - out->buf), range.len,
				   both.buf, both.len);
		text = range.at + range.len;
	}
}

static const char *parse_alternatives(struct semver_constraint *constraint,
				      char *text)
{
	size_t capacity = 0;
	const char *cause = NULL;

	while (text && !cause) {
		struct semver_alternative *alternative;
		char *bars = strstr(text, "||");

		if (constraint->count == SEMVER_ALTERNATIVES_MAX)
			return "too many alternatives";
		constraint->alternatives =
			grow_array(constraint->alternatives,
				   constraint->count + 1, sizeof(*alternative),
				   &capacity);
		alternative = &constraint->alternatives[constraint->count++];
		*alternative = (struct semver_alternative){0};
		if (bars)
			*bars = '\0';
		cause = parse_alternative(alternative, text);
		text = bars ? bars + 2 : NULL;
	}
	return cause;
}

bool semver_constraint_parse(struct semver_constraint *constraint,
			     const char *text, struct err *err)
{
	CLEANUP(semver_constraint_release) struct semver_constraint parsed = {
		0};
	CLEANUP(str_release) struct str rewritten = {0};
	const char *cause;

	if (strlen(text) > SEMVER_CONSTRAINT_MAX)
		return err_set(err, ERR_INPUT,
			       "bad version constraint: more than %d bytes",
			       SEMVER_CONSTRAINT_MAX);
	rewrite_ranges(&rewritten, text);
	str_add(&rewritten, "");
	cause = parse_alternatives(&parsed, rewritten.buf);
	if (cause)
		return err_set(err, ERR_INPUT,
			       "bad version constraint '%s': %s", text, cause);
	semver_constraint_release(constraint);
	*constraint = parsed;
	parsed = (struct semver_constraint){0};
	return true;
}

static bool all_hold(const struct semver *version,
		     const struct semver_alternative *alternative)
{
	if (*version->prerelease && !alternative->prereleases)
		return false;
	for (size_t i = 0; i < alternative->count; i++) {
		const struct condition *condition = &alternative->conditions[i];

		if (!condition->holds(version, condition))
			return false;
	}
	return true;
}

bool semver_satisfies(const struct semver *version,
		      const struct semver_constraint *constraint)
{
	for (size_t i = 0; i < constraint->count; i++) {
		if (all_hold(version, &constraint->alternatives[i]))
			return true;
	}
	return false;
}

void semver_constraint_release(struct semver_constraint *constraint)
{
	for (size_t i = 0; i < constraint->count; i++) {
		struct semver_alternative *at = &constraint->alternatives[i];

		for (size_t j = 0; j < at->count; j++)
			semver_release(&at->conditions[j].than);
		free(at->conditions);
	}
	free(constraint->alternatives);
	*constraint = (struct semver_constraint){0};
}
