/*
 * Proof, line by line, that a text is YAML laid out as Helm writes it: each
 * line is complete in itself or goes on with text, block collections nest by
 * their indents, no mapping has a key twice, every byte is one that YAML
 * allows.  So what a line looks like is what it means, and a text that is
 * proved is one that the parser accepts.  What is not proved may be good YAML
 * all the same: flow collections, anchors, tags.
 */
#ifndef CORE_CHARTINDEX_PROOF_H
#define CORE_CHARTINDEX_PROOF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "core/chartindex_line.h"

#define PROOF_DEPTH_MAX 32
#define PROOF_KEYS_MAX	64 /* of a mapping whose keys do not ascend */

struct proof_key {
	const char *text;
	size_t len;
};

/* A block collection that is open. */
struct proof_level {
	size_t indent;
	bool is_list;
	bool unchecked; /* its keys are compared elsewhere */
	bool ascending; /* its keys so far */
	struct proof_key keys[PROOF_KEYS_MAX];
	size_t key_count; /* may be more than are kept */
};

/* All-zero at the start of the text. */
struct proof {
	struct proof_level levels[PROOF_DEPTH_MAX];
	size_t depth;
	bool value_due;	      /* the last line was "key:" */
	bool names_due;	      /* the last key at the top was "entries" */
	bool inside;	      /* the last line was text alone */
	enum line_value open; /* the last value: as text it may go on below */
	size_t scalar_parent; /* its lines have larger indents than this */
	/* Of LINE_TEXT. */
	bool scalar_begun;    /* its first line that is not blank was seen */
	size_t scalar_indent; /* of its text; 0 = not known yet */
	size_t scalar_blank;  /* the longest blank line before that */
};

/* The next line of @text, which has to live on.  False: not proved. */
bool proof_line(struct proof *proof, const char *text, const struct line *line)
	MUST_CHECK;

/* There are no more lines.  False: not proved. */
bool proof_end(const struct proof *proof) MUST_CHECK;

#endif
