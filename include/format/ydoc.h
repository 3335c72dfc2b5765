/*
 * YAML: documents with their text, values, text-preserving edits, and Helm's
 * way to write; the libyaml facade.
 *
 * A document keeps the text that it was read from, the value of it (arena of
 * the document) and for each node where it stands, so that an error can
 * point at it and an edit can change it without touching another byte.
 *
 *	CLEANUP(ydoc_release) struct ydoc doc = {0};
 *	if (!ydoc_parse(&doc, text, len, "values.yaml", 0, err)) ...
 *	tag = value_find_text(doc.root, "image.tag");
 *	if (!ydoc_set_text(&doc, "image.tag", "1.4.0", err)) ...
 *	str_text(&doc.text) is the changed file
 *
 * Scalars are resolved as the YAML library that Helm 4 uses does
 * (sigs.k8s.io/yaml over go-yaml v2/v3 rules: YAML 1.1 words, octals,
 * hexadecimals, underscores), except that integers stay integers
 * (VALUE_INT; beyond int64: VALUE_FLOAT64).  Keys that are no strings become
 * their JSON text.  Merge keys and aliases are resolved within a budget.
 */
#ifndef FORMAT_YDOC_H
#define FORMAT_YDOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"

struct err;
struct strvec;
struct value;

#define YDOC_SIZE_MAX	((size_t)256 << 20) /* bytes of a document */
#define YDOC_DEPTH_MAX	1000		    /* nesting; see VALUE_DEPTH_MAX */
#define YDOC_ALIAS_MAX	1000000		    /* nodes that aliases may repeat */
#define YDOC_DEPTH_FREE 8		    /* see ydoc_parse_values() */
#define YDOC_ALIAS_TEXT 64 /* bytes that count as a node more */

enum ydoc_flag {
	/*
	 * A key given twice in one mapping, or given and merged in, is an
	 * error (default: the last wins).
	 */
	YDOC_STRICT_KEYS = 1 << 0,
	/*
	 * Every number is a VALUE_FLOAT64, as what encoding/json reads into
	 * an interface{}: Helm's fromYaml.  Keys stay 1000000, not 1e+06.
	 */
	YDOC_FLOATS = 1 << 1,
	/*
	 * Only the first document is read, as Go's Unmarshal does: what is
	 * behind it need not even be YAML (default: an error).
	 */
	YDOC_FIRST = 1 << 2,
	/*
	 * The text of an error is go-yaml's where the text is not even YAML,
	 * "yaml: line 2: did not find expected key" (Helm's fromYaml shows it);
	 * where it is YAML that means nothing, "yaml: " and our own words.
	 */
	YDOC_GO_ERRORS = 1 << 3,
	/*
	 * .inf and .nan are numbers, where the caller knows what becomes of
	 * them (default: an error, as JSON has none such).
	 */
	YDOC_INFINITE = 1 << 4,
};

/* Where a node stands: bytes start..end of the text, line from 1. */
struct ydoc_span {
	size_t start;
	size_t end;
	unsigned int line;
	unsigned int column;
};

struct ydoc {
	struct str text;	  /* as read, edits applied */
	char *name;		  /* file name for errors; owned */
	const struct value *root; /* nil for an empty document */
	struct ydoc_node *nodes;  /* private: tree of spans */
	unsigned int flags;
	unsigned int lines_before; /* of its stream */
	bool overfull; /* ydoc_parse_values() refused it for @nodes_max */
	struct arena arena;
};

/*
 * Parse one document (an empty text is nil; a second document is an error)
 * of @len bytes; a BOM is skipped.  @name is what errors call it.
 * Errors: INPUT with place and source line.
 */
bool ydoc_parse(struct ydoc *doc, const char *text, size_t len,
		const char *name, unsigned int flags, struct err *err)
	MUST_CHECK;

/*
 * The same for foreign text of which only the values are wanted, in bounded
 * memory: about 80 bytes for each of its nodes, of which there may be
 * @nodes_max.  Counted are those that aliases repeat, too, and one more for
 * each YDOC_DEPTH_FREE levels that a node lies deep.  Of the places only
 * those of the root and of what is right below it are kept (ydoc_blame());
 * such a document cannot be edited.
 */
bool ydoc_parse_values(struct ydoc *doc, const char *text, size_t len,
		       const char *name, unsigned int flags, size_t nodes_max,
		       struct err *err) MUST_CHECK;

/* Move the values to @arena; the root of them.  @doc is released. */
const struct value *ydoc_take_values(struct ydoc *doc, struct arena *arena);

/* Read and parse the file @path.  Errors: INPUT. */
bool ydoc_read(struct ydoc *doc, const char *path, unsigned int flags,
	       struct err *err) MUST_CHECK;

/*
 * Texts of several documents, cut as Helm cuts a values file (by apimachinery's
 * YAMLReader): a line that begins with "---" ends a document, unless it is the
 * first, and holds nothing else but a comment.
 *
 *	struct ydoc_stream stream = {.text = text, .len = len, .name = path};
 *
 *	while (ydoc_next(&stream, &doc, 0, err))
 *		...
 *	return stream.ended;
 */
struct ydoc_stream {
	const char *text; /* borrowed, as @name is */
	size_t len;
	const char *name;
	bool ended;	    /* there are no more, and none was wrong */
	size_t at;	    /* private: where the next one begins */
	unsigned int lines; /* private: before that */
};

/*
 * Parse the next document into @doc, whose lines count from the start of the
 * stream; false at the end, where @stream->ended is set, and on errors.  An
 * empty stream has no document.
 * Errors: as ydoc_parse(); INPUT for a "---" with something behind it.
 */
bool ydoc_next(struct ydoc_stream *stream, struct ydoc *doc, unsigned int flags,
	       struct err *err) MUST_CHECK;

/* The span of the node at @path (dots; numbers index lists); false: none. */
bool ydoc_find(const struct ydoc *doc, const char *path, struct ydoc_span *span)
	MUST_CHECK;

/*
 * Put file, line, column and source line of the node at @path into @err,
 * which is set.  Gives false, as all of err's.
 */
bool ydoc_blame(const struct ydoc *doc, const char *path, struct err *err);

/*
 * Set the scalar at @path to the string @text, in the style that stands there
 * (plain, single, double quoted, lines of a block scalar) where it can hold
 * it.  A missing key is added to its mapping, and the item behind the last one
 * to its list, in their indentation and the quotes of their neighbours;
 * missing mappings on the way are made; what a merge brings in is overridden
 * where it is merged.  All bytes outside of the edit stay:
 * comments, line breaks of either kind, a byte order mark, the lack of a last
 * line break.  Value and spans are those of the new text after.
 * Errors: INPUT (the path leads through a scalar or past a list's end; the
 * node is an alias, a mapping or a list; it cannot be done without changing
 * another value).  The document is then as it was.
 */
bool ydoc_set_text(struct ydoc *doc, const char *path, const char *text,
		   struct err *err) MUST_CHECK;

/* The same with a scalar written as given: true, 3, null, a plain word. */
bool ydoc_set_raw(struct ydoc *doc, const char *path, const char *scalar,
		  struct err *err) MUST_CHECK;

void ydoc_release(struct ydoc *doc);

/*
 * Append @value as sigs.k8s.io/yaml's Marshal writes it (Helm's Chart.yaml,
 * Chart.lock and index): keys sorted, lists not indented, its choice of
 * quotes and block scalars.  Ends with a line break.
 *
 * What Marshal cannot write, or not so that it reads the same, is written as
 * what it is: text escaped, the key "<<" quoted, .nan and .inf, complex
 * numbers and objects without JSON as they print, and null for what lies
 * deeper than VALUE_DEPTH_MAX.
 */
void ydoc_emit(struct str *out, const struct value *value);

/*
 * The same for templates: exactly what Marshal gives (Helm's toYaml), and an
 * error where Marshal fails.  As text goes through JSON and is read as YAML
 * on its way, U+0085 is folded like a line break, other C1 controls, DEL,
 * U+FFFE and U+FFFF fail, and so does a key of over 1,022 characters.
 * Errors: INPUT; nothing is appended.
 */
bool ydoc_marshal(struct str *out, const struct value *value, struct err *err)
	MUST_CHECK;

/*
 * The same as the Encoder of go-yaml v3 writes, with an indent of 2 (Helm's
 * toYamlPretty): lists indented, lines not folded, floats as they print, bytes
 * that are not UTF-8 in base64, nils of slice and map types empty.
 * Errors: INPUT (complex numbers, too deep); nothing is appended.
 */
bool ydoc_marshal_v3(struct str *out, const struct value *value,
		     struct err *err) MUST_CHECK;

/* The indented form of a value to be placed at @indent spaces. */
void ydoc_emit_indented(struct str *out, const struct value *value,
			size_t indent);

#endif
