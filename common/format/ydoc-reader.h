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
	const struct ydoc_node *infinite; /* the last .inf or .nan */
};

/* Say that @node is wrong, and where.  Gives false. */
bool yreader_fail(struct yreader *reader, const struct ydoc_node *node,
		  const char *cause, struct err *err);

/* What @node means to what is around it. */
const struct value *yreader_value(struct yreader *reader,
				  const struct ydoc_node *node);

/* The value of a mapping whose children are read. */
bool yreader_build_mapping(struct yreader *reader, struct ydoc_node *node,
			   struct err *err);

#endif
