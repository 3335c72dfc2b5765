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

static void skip_blanks(struct scanner *scanner)
{
	while (scanner->at < scanner->len &&
	       strchr(" \t\r\n", scanner->text[scanner->at]) &&
	       scanner->text[scanner->at])
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

static bool skip_string(struct scanner *scanner)
{
	if (!skip_char(scanner, '"'))
		return false;
	while (scanner->at < scanner->len) {
		char c = scanner->text[scanner->at++];

		if (c == '"')
			return true;
		scanner->at += c == '\\';
	}
	return false;
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
			scanner->at += strcspn(scanner->text + scanner->at,
					       " \t\r\n{}[],:\"");
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
 * The next member of the object whose brace was stepped over; *@found is
 * false behind its end.
 */
static bool next_member(struct scanner *scanner, bool first,
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
	if (!skip_value(scanner))
		return false;
	member->value.end = scanner->at;
	member->name = key_of(scanner->text, member->key, arena);
	*found = true;
	return member->name != NULL;
}

static bool scan_entries(struct chartindex_layout *layout, const char *text,
			 struct chartindex_span span, struct arena *arena)
{
	struct scanner scanner = {text, span.end, span.start};
	struct chartindex_member member;

	if (layout->has_entries || !skip_char(&scanner, '{'))
		return false;
	layout->has_entries = true;
	layout->entries = span;
	for (bool first = true, found;; first = false) {
		struct chartindex_block block = {.has_items = true};

		if (!next_member(&scanner, first, &member, &found, arena))
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

bool chartindex_scan_json(struct chartindex_layout *layout, const char *text,
			  size_t len, struct arena *arena)
{
	struct scanner scanner = {text, len, 0};

	if (!skip_char(&scanner, '{'))
		return false;
	layout->members = scanner.at;
	for (bool first = true, found;; first = false) {
		struct chartindex_member member;

		if (!next_member(&scanner, first, &member, &found, arena))
			return false;
		if (!found)
			break;
		if (!strcmp(member.name, "apiVersion"))
			layout->has_api_version = true;
		if (!strcmp(member.name, "generated"))
			layout->generated = member.value;
		if (!strcmp(member.name, "annotations"))
			layout->annotations = member.value;
		if (!strcmp(member.name, "entries") &&
		    !scan_entries(layout, text, member.value, arena))
			return false;
	}
	skip_blanks(&scanner);
	layout->form = CHARTINDEX_JSON;
	return scanner.at == len && chartindex_names_are_unique(layout);
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
