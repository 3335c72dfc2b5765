/*
 * Where things stand in the text of an index, so that one chart's entries
 * can be read and changed without parsing the others:
 *
 *	chartindex_layout.c  in lines, and what both forms share
 *	chartindex_json.c    in JSON
 *	chartindex_line.c    what a line says by itself
 *	chartindex_proof.c   that lines are what they look like
 *	chartindex_change.c  changes become edits of the text, or a new text
 *	chartindex_remove.c  removals alike
 *	chartindex_apply.c   edits are carried out
 */
#ifndef CORE_CHARTINDEX_LAYOUT_H
#define CORE_CHARTINDEX_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct arena;
struct chartindex;
struct chartindex_change;
struct chartindex_entries;
struct err;
struct value;

/* Bytes start..end of the text. */
struct chartindex_span {
	size_t start;
	size_t end;
};

struct chartindex_spans {
	struct chartindex_span *items;
	size_t count;
	size_t capacity;
};

/* A chart and its entries; the span begins where its name does. */
struct chartindex_block {
	const char *name;
	struct chartindex_span span;
	size_t body;		  /* JSON: where its list begins */
	unsigned int item_indent; /* lines: columns before the "-" */
	bool has_items;
};

/* On the heap: of a large index there are many, which grow in place. */
struct chartindex_blocks {
	struct chartindex_block *items;
	size_t count;
	size_t capacity;
};

enum chartindex_form {
	CHARTINDEX_LINES, /* one fact a line, as Helm writes YAML */
	CHARTINDEX_JSON,
	CHARTINDEX_TREE, /* any other YAML: parsed as a whole */
};

struct chartindex_layout {
	enum chartindex_form form;
	struct chartindex_blocks blocks;
	/* Of all blocks in the order of their names; NULL: they stand so. */
	const struct chartindex_block **by_name;
	size_t name_indent; /* lines: columns before a chart's name */
	/* What stands for all entries: from their key to their end. */
	struct chartindex_span entries;
	bool has_entries; /* the key is there */
	bool has_api_version;
	/* Lines: behind "generated:"; JSON: the value.  Empty = not there. */
	struct chartindex_span generated;
	/* Lines: the key's line and those below it; JSON: the value. */
	struct chartindex_span annotations;
	size_t top;		  /* lines: where the first key may stand */
	bool crlf;		  /* lines: they end in CR LF, as the first */
	size_t members;		  /* JSON: behind the first brace */
	const struct value *root; /* of a tree */
};

/* Is it JSON, or what only YAML takes for that (comments, single quotes)? */
bool chartindex_has_braces(const struct chartindex *index) MUST_CHECK;

/* For who finds the layout: a chart more; false: there are too many. */
bool chartindex_add_block(struct chartindex_layout *layout,
			  const struct chartindex_block *block) MUST_CHECK;
void chartindex_add_span(struct chartindex_spans *spans, struct arena *arena,
			 size_t start, size_t end);

/*
 * With all blocks there: make them quick to find.  Helm sorts them, but by
 * numbers in their names too.  False: a name is there twice, which is left to
 * the parser, as that refuses it with its place.
 */
bool chartindex_sort_names(struct chartindex_layout *layout,
			   struct arena *arena) MUST_CHECK;

/*
 * Find the layout of lines, or of JSON.  False: the text is not laid out so.
 */
bool chartindex_scan_lines(struct chartindex_layout *layout, const char *text,
			   size_t len, struct arena *arena) MUST_CHECK;
bool chartindex_scan_json(struct chartindex_layout *layout, const char *text,
			  size_t len, struct arena *arena) MUST_CHECK;

/* The members of the JSON object that stands at @span. */
struct chartindex_member {
	const char *name;
	struct chartindex_span key; /* with its quotes */
	struct chartindex_span value;
};

struct chartindex_members {
	struct chartindex_member *items;
	size_t count;
	size_t capacity;
};

bool chartindex_find_members(const char *text, struct chartindex_span span,
			     struct arena *arena,
			     struct chartindex_members *members) MUST_CHECK;

/* The value at @span; false: it is no JSON, or holds more than may be parsed. */
bool chartindex_parse_json(const struct chartindex *index,
			   struct chartindex_span span, struct arena *arena,
			   const struct value **value) MUST_CHECK;

/* Where each entry of @block stands, in the order of the text. */
bool chartindex_find_items(const struct chartindex_layout *layout,
			   const struct chartindex_block *block,
			   const char *text, struct arena *arena,
			   struct chartindex_spans *spans) MUST_CHECK;

/* The same for JSON alone. */
bool chartindex_find_json_items(const struct chartindex_block *block,
				const char *text, struct arena *arena,
				struct chartindex_spans *spans) MUST_CHECK;

/* chartindex_read() in the order of the text. */
bool chartindex_read_unsorted(struct chartindex *index, const char *name,
			      struct arena *arena,
			      struct chartindex_entries *entries,
			      struct err *err) MUST_CHECK;

/* So many values may be parsed at once in a part of @len bytes. */
size_t chartindex_values_max(size_t len) MUST_CHECK;

/*
 * The entries of chart @name in the mapping @entries; NULL if there are none.
 * Errors: INPUT (they are no list).
 */
bool chartindex_list_in(const struct chartindex *index,
			const struct value *entries, const char *name,
			const struct value **list, struct err *err) MUST_CHECK;

/* The scalar @name of an entry as Helm takes it for text; "" if there is none. */
const char *chartindex_text_at(const struct value *map, const char *name,
			       struct arena *arena);

/* The mapping of annotations; NULL if there is none that can be told. */
const struct value *chartindex_read_annotations(
	const struct chartindex_layout *layout, const char *text,
	struct arena *arena);

/*
 * Lines: where the annotation @key stands among those of @annotations, or
 * where it would: then *@span is empty.  False: they are not laid out in
 * lines of their own.
 */
bool chartindex_find_annotation(const char *text,
				struct chartindex_span annotations,
				const char *key, struct chartindex_span *span,
				size_t *indent) MUST_CHECK;

const struct chartindex_block *chartindex_find_block(
	const struct chartindex_layout *layout, const char *name);

/*
 * The versions of the entries of chart @name in the order of the text, of
 * which there should be @count; *@versions is NULL if there are not.
 */
bool chartindex_list_versions(struct chartindex *index, const char *name,
			      struct arena *arena, size_t count,
			      const char ***versions, struct err *err)
	MUST_CHECK;

/*
 * The order, by name and version, in which the removals of a change are to be
 * for what follows here.
 */
int chartindex_compare_removals(const void *a, const void *b);

/* The mapping @entries without what @wanted removes. */
struct value *chartindex_without(const struct value *entries,
				 const struct chartindex_change *wanted,
				 struct arena *arena);

/* Bytes start..end of the text give way to others. */
struct chartindex_edit {
	struct chartindex_span span;
	struct str text;
	size_t order; /* among those at one place */
};

struct chartindex_edits {
	struct chartindex_edit *items;
	size_t count;
	size_t capacity;
};

/* What is to stand there; borrowed until the next edit is added. */
struct str *chartindex_add_edit(struct chartindex_edits *edits, size_t start,
				size_t end);

/* End the lines of what is to stand there in CR LF. */
void chartindex_use_crlf(struct chartindex_edits *edits);

/*
 * Carry out @edits, which do not overlap, in @text itself; its length is
 * @len, or one less where a line break at its end was only thought of.
 */
void chartindex_apply(struct str *text, size_t len,
		      struct chartindex_edits *edits);

/*
 * Lines: add the edits that take out what @wanted removes.  They come after
 * its puts: what is inserted where something goes stands before it.
 * *@fits is false if the text must be written anew.
 */
bool chartindex_remove_lines(struct chartindex *index,
			     const struct chartindex_change *wanted,
			     struct arena *arena,
			     struct chartindex_edits *edits, bool *fits,
			     struct err *err) MUST_CHECK;

void chartindex_edits_release(struct chartindex_edits *edits);

#endif
