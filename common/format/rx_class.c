/* Character classes: which runes \d, \pL, [[:alpha:]] and [a-z] stand for. */
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/unicode.h"
#include "format/rx_tree.h"

struct named_property {
	const char *name; /* canonical: "Lu", "Greek" */
	struct rx_property property;
};

#include "format/rx-tables.h"

/* Pairs of bytes: ranges of ASCII. */
struct named_set {
	const char *name;
	const char *ranges;
};

static const struct named_set perl_sets[] = {
	{"d", "09"},
	{"s", "\t\n\f\r  "},
	{"w", "09AZ__az"},
};

static const struct named_set posix_sets[] = {
	{"alnum", "09AZaz"},
	{"alpha", "AZaz"},
	{"blank", "\t\t  "},
	{"digit", "09"},
	{"graph", "!~"},
	{"lower", "az"},
	{"print", " ~"},
	{"punct", "!/:@[`{~"},
	{"space", "\t\r  "},
	{"upper", "AZ"},
	{"word", "09AZ__az"},
	{"xdigit", "09AFaf"},
	{"cntrl", "\1\x1f\x7f\x7f"},
	{"ascii", "\1\x7f"},
};

/* What ASCII letters are in another case than ASCII has. */
#define LONG_S	    0x17f  /* ſ, an s */
#define KELVIN_SIGN 0x212a /* K, a k */

struct rx_class *rx_class_new(const struct rx_reader *reader)
{
	struct rx_class *class = arena_new(reader->arena, struct rx_class);

	class->end = &class->items;
	class->fold = reader->fold;
	return class;
}

static struct rx_item *add_item(struct rx_reader *reader,
				struct rx_class *class)
{
	struct rx_item *item = arena_new(reader->arena, struct rx_item);

	*class->end = item;
	class->end = &item->next;
	return item;
}

static void add_exact_range(struct rx_reader *reader, struct rx_class *class,
			    uint32_t first, uint32_t last)
{
	struct rx_item *item = add_item(reader, class);

	item->range.first = first;
	item->range.last = last;
	item->exact = true;
}

/* --- sets of ASCII ------------------------------------------------------- */

static void add_other_cases(bool in_set[128])
{
	for (int lower = 'a'; lower <= 'z'; lower++) {
		int upper = lower - 'a' + 'A';

		in_set[lower] = in_set[upper] = in_set[lower] || in_set[upper];
	}
}

/* Is @rune, up to KELVIN_SIGN, in the set? */
static bool is_member(const bool in_set[128], bool fold, uint32_t rune)
{
	if (rune < 128)
		return in_set[rune];

	return fold && ((rune == LONG_S && in_set['s']) ||
			(rune == KELVIN_SIGN && in_set['k']));
}

/* From @rune to the next one that may differ from it in being a member. */
static uint32_t next_to_ask(uint32_t rune)
{
	if (rune >= 128 && rune < LONG_S)
		return LONG_S;
	if (rune > LONG_S && rune < KELVIN_SIGN)
		return KELVIN_SIGN;
	return rune + 1;
}

/* Add the runes that are (@wanted) or are not in the set. */
static void add_members(struct rx_reader *reader, struct rx_class *class,
			const bool in_set[128], bool wanted)
{
	uint32_t first = 0;
	bool open = false;

	for (uint32_t rune = 0; rune <= KELVIN_SIGN + 1;
	     rune = next_to_ask(rune)) {
		bool is = is_member(in_set, reader->fold, rune) == wanted;

		if (is && !open)
			first = rune;
		else if (!is && open)
			add_exact_range(reader, class, first, rune - 1);
		open = is;
	}
	if (open)
		add_exact_range(reader, class, first, RUNE_MAX);
}

static void add_set(struct rx_reader *reader, struct rx_class *class,
		    const char *ranges, bool negated)
{
	bool in_set[128] = {false};

	for (const char *pair = ranges; *pair; pair += 2) {
		for (int c = pair[0]; c <= pair[1]; c++)
			in_set[c] = true;
	}
	/* The table's texts cannot hold NUL. */
	in_set[0] = in_set[1];
	if (reader->fold)
		add_other_cases(in_set);
	add_members(reader, class, in_set, !negated);
}

static const struct named_set *find_set(const struct named_set *sets,
					size_t count, const char *name,
					size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(sets[i].name) == len &&
		    memcmp(sets[i].name, name, len) == 0)
			return &sets[i];
	}
	return NULL;
}

/* --- Unicode ------------------------------------------------------------- */

/*
 * The form in which names are compared: a capital, then small letters; no
 * underscores, blanks and hyphens.
 */
static void add_canonical(struct str *out, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (c == '_' || c == '-' || c == ' ')
			continue;
		if (out->len == 0 && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (out->len > 0 && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		str_add_char(out, c);
	}
}

static const struct rx_property *find_property(const struct str *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		if (strlen(properties[i].name) == name->len &&
		    memcmp(properties[i].name, name->buf, name->len) == 0)
			return &properties[i].property;
	}
	return NULL;
}

static bool add_property(struct rx_reader *reader, struct rx_class *class,
			 const char *text, size_t len, bool negated)
{
	CLEANUP(str_release) struct str name = {0};
	const struct rx_property *property;
	struct rx_item *item;

	if (len > 0 && text[0] == '^') {
		negated = !negated;
		text++;
		len--;
	}
	add_canonical(&name, text, len);
	if (same_text(str_text(&name), "Ascii") && name.len == 5) {
		add_set(reader, class, "\1\x7f", negated);
		return true;
	}
	if (same_text(str_text(&name), "Any") && name.len == 3) {
		if (!negated)
			add_exact_range(reader, class, 0, RUNE_MAX);
		return true;
	}
	if (same_text(str_text(&name), "Assigned") && name.len == 8) {
		negated = !negated;
		str_clear(&name);
		str_add(&name, "Cn");
	}
	property = find_property(&name);
	if (!property)
		return false;
	item = add_item(reader, class);
	item->property = property;
	item->negated = negated;
	return true;
}

/* What stands behind \p: a letter, or a name in braces. */
static bool take_name(struct rx_reader *reader, const char **name, size_t *len)
{
	const char *start = reader->text + reader->at, *end;
	uint32_t rune;

	if (rx_peek(reader, 0) != '{') {
		if (rx_left(reader) > 0 && !rx_take_rune(reader, &rune))
			return false;
		*name = start;
		*len = (size_t)(reader->text + reader->at - start);
		return true;
	}
	*name = start + 1;
	end = memchr(start, '}', rx_left(reader));
	if (!end)
		end = reader->text + reader->len - 1;
	*len = *end == '}' ? (size_t)(end - *name) : 0;
	reader->at = (size_t)(end - reader->text) + 1;
	return true;
}

static bool take_property(struct rx_reader *reader, struct rx_class *class)
{
	size_t start = reader->at, len;
	bool negated = rx_peek(reader, 1) == 'P';
	const char *name;

	reader->at += 2;
	if (!take_name(reader, &name, &len))
		return false;

	return add_property(reader, class, name, len, negated) ||
	       rx_fail(reader, "invalid character class range", start);
}

bool rx_take_set(struct rx_reader *reader, struct rx_class *class, bool *taken)
{
	const struct named_set *set;
	char letter = rx_peek(reader, 1);
	char lower = (char)(letter | 0x20);

	*taken = false;
	if (rx_left(reader) < 2 || rx_peek(reader, 0) != '\\')
		return true;
	if (lower == 'p') {
		*taken = true;
		return take_property(reader, class);
	}
	set = find_set(perl_sets, ARRAY_SIZE(perl_sets), &lower, 1);
	if (set) {
		*taken = true;
		add_set(reader, class, set->ranges, letter != lower);
		reader->at += 2;
	}
	return true;
}

/* --- [...] --------------------------------------------------------------- */

static bool take_posix_set(struct rx_reader *reader, struct rx_class *class,
			   bool *taken)
{
	const char *name = reader->text + reader->at + 2;
	const struct named_set *set;
	size_t start = reader->at;
	bool negated;
	const char *end;

	*taken = false;
	if (reader->no_sets || rx_left(reader) < 3 ||
	    rx_peek(reader, 0) != '[' || rx_peek(reader, 1) != ':')
		return true;
	end = memmem(name, rx_left(reader) - 2, ":]", 2);
	reader->no_sets = !end;
	if (!end)
		return true;
	*taken = true;
	reader->at = (size_t)(end - reader->text) + 2;
	negated = name < end && *name == '^';
	name += negated;
	set = find_set(posix_sets, ARRAY_SIZE(posix_sets), name,
		       (size_t)(end - name));
	if (!set)
		return rx_fail(reader, "invalid character class range", start);
	add_set(reader, class, set->ranges, negated);
	return true;
}

static bool take_member(struct rx_reader *reader, uint32_t *rune, size_t start)
{
	if (rx_left(reader) == 0)
		return rx_fail(reader, "missing closing ]", start);
	if (rx_peek(reader, 0) == '\\')
		return rx_take_escape(reader, rune);

	return rx_take_rune(reader, rune);
}

/* @start is where the class starts. */
static bool take_range(struct rx_reader *reader, struct rx_class *class,
		       size_t start)
{
	struct rx_range range;
	struct rx_item *item;
	size_t at = reader->at;

	if (!take_member(reader, &range.first, start))
		return false;
	range.last = range.first;
	if (rx_left(reader) >= 2 && rx_peek(reader, 0) == '-' &&
	    rx_peek(reader, 1) != ']') {
		reader->at++;
		if (!take_member(reader, &range.last, start))
			return false;
		if (range.last < range.first)
			return rx_fail(reader, "invalid character class range",
				       at);
	}
	item = add_item(reader, class);
	item->range = range;
	return true;
}

static bool take_item(struct rx_reader *reader, struct rx_class *class,
		      size_t start)
{
	bool taken;

	if (!take_posix_set(reader, class, &taken))
		return false;
	if (!taken && !rx_take_set(reader, class, &taken))
		return false;

	return taken || take_range(reader, class, start);
}

bool rx_take_class(struct rx_reader *reader, struct rx_class *class)
{
	size_t start = reader->at++;
	bool first = true;

	if (rx_peek(reader, 0) == '^') {
		class->negated = true;
		reader->at++;
	}
	/* A bracket that comes first is a member. */
	while (first || rx_peek(reader, 0) != ']') {
		first = false;
		if (!take_item(reader, class, start))
			return false;
	}
	reader->at++;
	return true;
}

/* --- for pcre2 ----------------------------------------------------------- */

static void add_range(struct str *out, uint32_t first, uint32_t last)
{
	if (first > last)
		return;
	str_addf(out, "\\x{%x}", first);
	if (last > first)
		str_addf(out, "-\\x{%x}", last);
}

/* Text has no surrogates, and pcre2 wants none. */
static void add_scalars(struct str *out, const struct rx_range *range)
{
	uint32_t first = range->first, last = range->last;

	if (!rune_is_valid(first))
		first = 0xe000;
	if (!rune_is_valid(last))
		last = 0xd7ff;
	add_range(out, first, last);
}

static void add_property_item(struct str *out, const struct rx_item *item,
			      bool fold)
{
	const struct rx_steps *folds = item->property->folds;

	str_addf(out, "\\%c{%s}", item->negated ? 'P' : 'p',
		 item->property->name);
	for (; fold && folds && folds->step > 0; folds++) {
		uint32_t width =
			folds->step == 1 ? folds->last - folds->first : 0;

		for (uint32_t rune = folds->first; rune <= folds->last;
		     rune += width + folds->step)
			add_range(out, rune, rune + width);
	}
}

/*
 * What can stand in one pair of brackets.  Ranges that pcre2 shall fold may
 * not stand with what is folded; nor may what is not in a folded property
 * stand with others.
 */
enum part {
	PART_FOLDING,
	PART_EXACT,
	PART_NEGATED,
};

static enum part part_of(const struct rx_class *class,
			 const struct rx_item *item)
{
	if (class->fold && !item->property && !item->exact)
		return PART_FOLDING;
	if (class->fold && item->negated && item->property->folds)
		return PART_NEGATED;

	return PART_EXACT;
}

static void add_part(struct str *out, const struct rx_class *class,
		     enum part part)
{
	for (const struct rx_item *item = class->items; item;
	     item = item->next) {
		if (part_of(class, item) != part)
			continue;
		if (item->property)
			add_property_item(out, item, class->fold);
		else
			add_scalars(out, &item->range);
	}
}

/* Append an alternative: @open, @members and "])", unless there are none. */
static void add_brackets(struct str *out, const char *open,
			 const struct str *members)
{
	if (members->len == 0)
		return;
	if (out->len > 0)
		str_add_char(out, '|');
	str_addf(out, "%s%s])", open, str_text(members));
}

static void add_negated_parts(struct str *out, const struct rx_class *class)
{
	for (const struct rx_item *item = class->items; item;
	     item = item->next) {
		CLEANUP(str_release) struct str members = {0};
		struct rx_item positive = *item;

		if (part_of(class, item) != PART_NEGATED)
			continue;
		positive.negated = false;
		add_property_item(&members, &positive, true);
		add_brackets(out, "(?-i:[^", &members);
	}
}

/* Of more than one part; pcre2 may not try a rune twice, hence (?>. */
static void write_parts(struct str *out, const struct rx_class *class,
			const struct str *folding, const struct str *exact)
{
	CLEANUP(str_release) struct str parts = {0};

	add_brackets(&parts, "(?i:[", folding);
	add_brackets(&parts, "(?-i:[", exact);
	add_negated_parts(&parts, class);
	if (parts.len == 0)
		str_add(out, class->negated ? RX_WRITE_ANY : RX_WRITE_NONE);
	else if (class->negated)
		str_addf(out, "(?:(?!%s)" RX_WRITE_ANY ")", str_text(&parts));
	else
		str_addf(out, "(?>%s)", str_text(&parts));
}

static bool has_negated_part(const struct rx_class *class)
{
	for (const struct rx_item *item = class->items; item;
	     item = item->next) {
		if (part_of(class, item) == PART_NEGATED)
			return true;
	}
	return false;
}

static uint64_t count_folding(const struct rx_class *class)
{
	uint64_t count = 0;

	for (const struct rx_item *item = class->items; item; item = item->next)
		if (part_of(class, item) == PART_FOLDING)
			count += item->range.last - item->range.first;
	return count;
}

uint64_t rx_write_class(struct str *out, const struct rx_class *class)
{
	CLEANUP(str_release) struct str folding = {0}, exact = {0};
	const char *not = class->negated ? "^" : "";

	add_part(&folding, class, PART_FOLDING);
	add_part(&exact, class, PART_EXACT);
	if ((folding.len > 0) + (exact.len > 0) != 1 || has_negated_part(class))
		write_parts(out, class, &folding, &exact);
	else if (exact.len > 0)
		str_addf(out, "[%s%s]", not, str_text(&exact));
	else
		str_addf(out, "(?i:[%s%s])", not, str_text(&folding));
	return count_folding(class);
}
