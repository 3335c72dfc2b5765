/*
 * The reader's state, and what it asks of its parts.
 */
#ifndef FORMAT_YDOC_READER_H
#define FORMAT_YDOC_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/map.h"
#include "format/ydoc-tree.h"

struct err;

struct yreader {
	struct ydoc *doc;
	yaml_parser_t parser;
	const char *text; /* without the byte order mark */
	size_t len;
	size_t skipped; /* bytes of the mark */
	bool is_ascii;	/* so that characters are bytes */
	/* Where character number @index stands: libyaml counts those. */
	size_t index;
	size_t offset;
	/* The line on which the last node began, and its first byte. */
	size_t line;
	size_t line_start;
	struct map anchors; /* name -> struct ydoc_node */
	unsigned int depth;
	unsigned int flow_depth;
	size_t flow_work;
	size_t copied; /* nodes that aliases and merges repeated */
	size_t nodes;  /* as ydoc_parse_values() counts them */
	size_t nodes_max;
	bool values_only;
	struct ydoc_node *spare;	  /* nodes to be used again */
	const struct ydoc_node *infinite; /* the last .inf or .nan */
};

/*
 * Read the document @text into the empty @doc, whose flags are set, with
 * what else @reader was told.
 */
bool yreader_read(struct yreader *reader, struct ydoc *doc, const char *text,
		  size_t len, const char *name, struct err *err);

void yreader_release(struct yreader *reader);

/* Say that @node is wrong, and where.  Gives false. */
bool yreader_fail(struct yreader *reader, const struct ydoc_node *node,
		  const char *cause, struct err *err);

/* What @node means to what is around it. */
const struct value *yreader_value(struct yreader *reader,
				  const struct ydoc_node *node);

/*
 * Where only values are wanted: give up the last child of the sequence @node,
 * and what is below the children of @node, whose value is built.
 */
void yreader_drop_child(struct yreader *reader, struct ydoc_node *node);
void yreader_drop_below(struct yreader *reader, struct ydoc_node *node);

/* The values of a list that grows. */
struct yitems {
	const struct value **values; /* owned; what they are is not */
	size_t count;
	size_t capacity;
};

void yitems_add(struct yitems *items, const struct value *value);
void yitems_release(struct yitems *items);

/* The value of a mapping whose children are read. */
bool yreader_build_mapping(struct yreader *reader, struct ydoc_node *node,
			   struct err *err);

#endif
