/* The layout of an index that is JSON. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/chartindex_layout.h"
#include "format/jsontext.h"
#include "format/value.h"

/* Nesting in JSON beyond which the scan gives up. */
#define JSON_DEPTH_MAX 100

/* Positions only; what is read is parsed by the parser. */
struct scanner {
	const char *text;
	size_t len;
	size_t at;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct scanner *scanner)
{
	while (scanner->at < scanner->len &&
	       is_space(scanner->text[scanner->at]))
		scanner->at++;
}

/* Step over @wanted, blanks before it. */
static bool skip_char(struct scanner *scanner, char wanted)
{
	skip_blanks(scanner);
	if (scanner->at == scanner->len || scanner->text[scanner->at] != wanted)
		return false;
	scanner->at++;
	return true;
}

/* Is the quote at @at part of the string whose text begins at @start? */
static bool is_escaped(const char *text, size_t start, size_t at)
{
	size_t slashes = 0;

	while (at - slashes > start && text[at - slashes - 1] == '\\')
		slashes++;
	return slashes % 2;
}

static bool skip_string(struct scanner *scanner)
{
	const char *text = scanner->text, *quote;
	size_t start;

	if (!skip_char(scanner, '"'))
		return false;
	start = scanner->at;
	while ((quote = memchr(text + scanner->at, '"',
			       scanner->len - scanner->at))) {
		size_t at = (size_t)(quote - text);

		scanner->at = at + 1;
		if (!is_escaped(text, start, at))
			return true;
	}
	return false;
}

/* A number or a word; whatever stands there until something else begins. */
static void skip_scalar(struct scanner *scanner)
{
	do {
		scanner->at++;
	} while (scanner->at < scanner->len &&
		 !is_space(scanner->text[scanner->at]) &&
		 !strchr("{}[],:\"", scanner->text[scanner->at]));
}

static bool skip_value(struct scanner *scanner)
{
	size_t depth = 0;

	do {
		char c;

		skip_blanks(scanner);
		if (scanner->at >= scanner->len)
			return false;
		c = scanner->text[scanner->at];
		if (c == '"') {
			if (!skip_string(scanner))
				return false;
		} else if (c == '{' || c == '[') {
			scanner->at++;
			if (++depth > JSON_DEPTH_MAX)
				return false;
		} else if (c == '}' || c == ']') {
			if (!depth--)
				return false;
			scanner->at++;
		} else if (c == ',' || c == ':') {
			if (!depth)
				return false;
			scanner->at++;
		} else {
			skip_scalar(scanner);
		}
	} while (depth);
	return true;
}

static const char *key_of(const char *text, struct chartindex_span span,
			  struct arena *arena)
{
	CLEANUP(err_release) struct err err = {0};
	const struct value *key;

	if (!jsontext_parse(&key, text + span.start, span.end - span.start,
			    "key", arena, &err) ||
	    key->kind != VALUE_STRING)
		return NULL;
	return key->string.bytes;
}

/*
 * The key of the next member of the object whose brace was stepped over, up
 * to its value; *@found is false behind its end.
 */
static bool next_key(struct scanner *scanner, bool first,
		     struct chartindex_member *member, bool *found,
		     struct arena *arena)
{
	*found = false;
	if (skip_char(scanner, '}'))
		return true;
	if (!first && !skip_char(scanner, ','))
		return false;
	skip_blanks(scanner);
	member->key.start = scanner->at;
	if (!skip_string(scanner))
		return false;
	member->key.end = scanner->at;
	if (!skip_char(scanner, ':'))
		return false;
	skip_blanks(scanner);
	member->value.start = scanner->at;
	member->name = key_of(scanner->text, member->key, arena);
	*found = true;
	return member->name != NULL;
}

static bool next_member(struct scanner *scanner, bool first,
			struct chartindex_member *member, bool *found,
			struct arena *arena)
{
	if (!next_key(scanner, first, member, found, arena))
		return false;
	if (*found && !skip_value(scanner))
		return false;
	member->value.end = scanner->at;
	return true;
}

static bool scan_entries(struct chartindex_layout *layout,
			 struct scanner *scanner, struct arena *arena)
{
	const char *text = scanner->text;
	struct chartindex_member member;

	if (layout->has_entries || !skip_char(scanner, '{'))
		return false;
	layout->has_entries = true;
	for (bool first = true, found;; first = false) {
		struct chartindex_block block = {.has_items = true};

		if (!next_member(scanner, first, &member, &found, arena))
			return false;
		if (!found)
			return true;
		if (text[member.value.start] != '[')
			return false;
		block.name = member.name;
		block.body = member.value.start;
		block.span = (struct chartindex_span){member.key.start,
						      member.value.end};
		if (!chartindex_add_block(layout, &block))
			return false;
	}
}

static void note_member(struct chartindex_layout *layout,
			const struct chartindex_member *member)
{
	if (!strcmp(member->name, "apiVersion"))
		layout->has_api_version = true;
	if (!strcmp(member->name, "generated"))
		layout->generated = member->value;
	if (!strcmp(member->name, "annotations"))
		layout->annotations = member->value;
	if (!strcmp(member->name, "entries"))
		layout->entries = member->value;
}

bool chartindex_scan_json(struct chartindex_layout *layout, const char *text,
			  size_t len, struct arena *arena)
{
	struct scanner scanner = {text, len, 0};

	if (!skip_char(&scanner, '{'))
		return false;
	layout->members = scanner.at;
	for (bool first = true, found;; first = false) {
		struct chartindex_member member;

		if (!next_key(&scanner, first, &member, &found, arena))
			return false;
		if (!found)
			break;
		if (strcmp(member.name, "entries")
			    ? !skip_value(&scanner)
			    : !scan_entries(layout, &scanner, arena))
			return false;
		member.value.end = scanner.at;
		note_member(layout, &member);
	}
	skip_blanks(&scanner);
	layout->form = CHARTINDEX_JSON;
	return scanner.at == len && chartindex_sort_names(layout, arena);
}

bool chartindex_find_members(const char *text, struct chartindex_span span,
			     struct arena *arena,
			     struct chartindex_members *members)
{
	struct scanner scanner = {text, span.end, span.start};

	*members = (struct chartindex_members){0};
	if (!skip_char(&scanner, '{'))
		return false;
	for (bool first = true, found;; first = false) {
		struct chartindex_member member;

		if (!next_member(&scanner, first, &member, &found, arena))
			return false;
		if (!found)
			return true;
		members->items =
			arena_grow(arena, members->items, members->count + 1,
				   sizeof(member), &members->capacity);
		members->items[members->count++] = member;
	}
}

bool chartindex_find_json_items(const struct chartindex_block *block,
				const char *text, struct arena *arena,
				struct chartindex_spans *spans)
{
	struct scanner scanner = {text, block->span.end, block->body + 1};

	while (!skip_char(&scanner, ']')) {
		size_t start;

		if (spans->count && !skip_char(&scanner, ','))
			return false;
		skip_blanks(&scanner);
		start = scanner.at;
		if (!skip_value(&scanner))
			return false;
		chartindex_add_span(spans, arena, start, scanner.at);
	}
	return true;
}
