/* Which versions are wanted: conditions, and ranges made of them. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/semver.h"
#include "format/semver_parts.h"

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
		return semver_compare_prereleases(version->prerelease,
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
	return semver_is_digit(c) || (c && strchr("xX*|", c));
}

static const char *skip_blanks(const char *text)
{
	return text + semver_run_of(text, is_blank_char);
}

static bool is_wild(struct semver_piece piece)
{
	return !piece.len || (piece.len == 1 && strchr("xX*", *piece.at));
}

/* The version that a partial one is compared with: 1.x as 1.0.0. */
static void add_completed(struct str *out, const struct semver_pieces *pieces,
			  size_t numbers)
{
	for (size_t i = 0; i < 3; i++) {
		struct semver_piece piece = pieces->numbers[i];

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
				  const struct semver_pieces *pieces,
				  struct semver_piece whole)
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
	return semver_parse_loose(&condition->than, str_text(&text));
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
	struct semver_pieces pieces;
	const char *end, *cause;

	while (!starts_with(at, comparison->sign))
		comparison++;
	at = skip_blanks(at + strlen(comparison->sign));
	end = semver_cut(&pieces, at, is_number_char);
	if (!end)
		return "a version is missing";
	condition = add_condition(alternative);
	condition->holds = comparison->holds;
	cause = take_condition(condition, &pieces,
			       (struct semver_piece){at, (size_t)(end - at)});
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
static bool find_range(const char *text, struct semver_piece *range,
		       struct semver_piece bounds[2])
{
	for (; *text; text++) {
		const char *at = skip_blanks(text), *end, *dash;
		struct semver_pieces pieces;

		end = semver_cut(&pieces, at, is_number_char);
		if (!end || !is_blank_char(*end))
			continue;
		bounds[0] = (struct semver_piece){at, (size_t)(end - at)};
		dash = skip_blanks(end);
		if (*dash != '-' || !is_blank_char(dash[1]))
			continue;
		at = skip_blanks(dash + 1);
		end = semver_cut(&pieces, at, is_number_char);
		if (!end)
			continue;
		bounds[1] = (struct semver_piece){at, (size_t)(end - at)};
		end = skip_blanks(end);
		*range = (struct semver_piece){text, (size_t)(end - text)};
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
	struct semver_piece range, bounds[2];

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
