/* Replacements, and patterns for plain text. */
#include <string.h>

#include "base/unicode.h"
#include "format/rx.h"

/* What stands behind a dollar sign. */
struct reference {
	const char *name;
	size_t len;
	size_t taken; /* bytes, braces included */
};

static size_t name_length(const char *form, size_t len)
{
	uint32_t rune;
	size_t at = 0;

	while (at < len) {
		size_t width = rune_decode(form + at, len - at, &rune);

		if (!rune_is_letter(rune) && !rune_is_digit(rune) &&
		    rune != '_')
			break;
		at += width;
	}
	return at;
}

/* name or {name}; false if @form starts with neither. */
static bool read_reference(const char *form, size_t len, struct reference *ref)
{
	size_t brace = len > 0 && *form == '{';

	ref->name = form + brace;
	ref->len = name_length(ref->name, len - brace);
	ref->taken = ref->len + 2 * brace;
	return ref->len > 0 && ref->taken <= len &&
	       (!brace || form[ref->taken - 1] == '}');
}

/* Is the name a number?  One with a zero before it is a name. */
static bool is_number(const struct reference *ref)
{
	for (size_t i = 0; i < ref->len; i++) {
		if (ref->name[i] < '0' || ref->name[i] > '9')
			return false;
	}
	return ref->name[0] != '0' || ref->len == 1;
}

/* The group by its number, or NULL. */
static const struct rx_group *numbered(const struct rx_scan *scan,
				       const struct reference *ref)
{
	size_t number = 0;

	for (size_t i = 0; i < ref->len && number < scan->rx->groups; i++)
		number = number * 10 + (size_t)(ref->name[i] - '0');
	return number < scan->rx->groups ? &scan->groups[number] : NULL;
}

/* The first group of the name that took part, or NULL. */
static const struct rx_group *named(const struct rx_scan *scan,
				    const struct reference *ref)
{
	for (size_t i = 0; i < scan->rx->groups; i++) {
		const char *name = scan->rx->names.items[i];

		if (strlen(name) == ref->len &&
		    memcmp(name, ref->name, ref->len) == 0 &&
		    scan->groups[i].start != RX_NO_PART)
			return &scan->groups[i];
	}
	return NULL;
}

static void add_reference(struct str *out, const struct rx_scan *scan,
			  const char *text, const struct reference *ref)
{
	const struct rx_group *group =
		is_number(ref) ? numbered(scan, ref) : named(scan, ref);

	if (group && group->start != RX_NO_PART)
		str_add_bytes(out, text + group->start,
			      group->end - group->start);
}

void rx_expand(struct str *out, const struct rx_scan *scan, const char *text,
	       const char *form, size_t form_len)
{
	const char *end = form + form_len;
	struct reference ref;

	while (form < end) {
		const char *dollar = memchr(form, '$', (size_t)(end - form));

		if (!dollar)
			break;
		str_add_bytes(out, form, (size_t)(dollar - form));
		form = dollar + 1;
		if (form < end && *form == '$') {
			str_add_char(out, '$');
			form++;
		} else if (read_reference(form, (size_t)(end - form), &ref)) {
			add_reference(out, scan, text, &ref);
			form += ref.taken;
		} else {
			str_add_char(out, '$');
		}
	}
	str_add_bytes(out, form, (size_t)(end - form));
}

void rx_quote(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\0' && strchr("\\.+*?()|[]{}^$", text[i]))
			str_add_char(out, '\\');
		str_add_char(out, text[i]);
	}
}
