/*
 * The tree of a YAML document: each node with its place and its value.
 */
#ifndef FORMAT_YDOC_TREE_H
#define FORMAT_YDOC_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "format/ydoc.h"

struct value;

enum ydoc_kind {
	YDOC_SCALAR,
	YDOC_MAPPING,  /* children: key, value, key, value */
	YDOC_SEQUENCE, /* children: items */
	YDOC_ALIAS,    /* value, and whatever is in it, is @target's */
};

enum ydoc_style {
	YDOC_PLAIN,
	YDOC_SINGLE_QUOTED,
	YDOC_DOUBLE_QUOTED,
	YDOC_LITERAL, /* also folded */
	YDOC_BLOCK,
	YDOC_FLOW,
};

struct ydoc_node {
	enum ydoc_kind kind : 8;
	enum ydoc_style style : 8;
	bool decorated : 1;    /* has an anchor or a tag */
	bool merge_key : 1;    /* a plain << */
	bool complete : 1;     /* all of it was read */
	unsigned int height;   /* levels below it */
	struct ydoc_span span; /* with anchor and tag */
	size_t weight;	       /* of the value, aliases followed */
	struct ydoc_node *parent;
	struct ydoc_node *next;	 /* sibling */
	struct ydoc_node *first; /* child */
	struct ydoc_node *last;
	struct ydoc_node *target;
	const struct value *value;
	const struct value *key; /* of a key: its text */
};

/* ydoc_parse() of text that begins behind @lines_before lines. */
bool ydoc_parse_behind(struct ydoc *doc, const char *text, size_t len,
		       const char *name, unsigned int flags,
		       unsigned int lines_before, struct err *err) MUST_CHECK;

/* Put the place of byte @offset, and its line, into @err.  Gives false. */
bool ydoc_blame_byte(const struct ydoc *doc, size_t offset, struct err *err);

/*
 * The node that stands at @path itself, not by way of an alias or a merge;
 * NULL if there is none.  @deepest gets the last node on the way that is
 * there, @rest the part of the path below it.
 */
struct ydoc_node *ydoc_own_node_at(const struct ydoc *doc, const char *path,
				   struct ydoc_node **deepest,
				   const char **rest);

#endif
