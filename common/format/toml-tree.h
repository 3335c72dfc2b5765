/*
 * The tree that a TOML text builds, with the library's rules for what may be
 * said again and what may not.
 *
 * Tables are found by path, as in the library: all tables of an array of
 * tables have the same one.  What is known of a path (a table that was only
 * implied, an array that is being read) outlives the tables.
 */
#ifndef FORMAT_TOML_TREE_H
#define FORMAT_TOML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/value.h"

/* Tables that may be looked up: a table for each part of each key's path. */
#define TOML_LOOKUPS_MAX 5000000

/* A key from the root on; the root has no parent. */
struct toml_path {
	struct toml_path *parent;
	struct value_text name;
	uint32_t id;
	unsigned int depth;
	bool implicit; /* a table that was not defined by itself */
	bool array;    /* what stands there is an array of values */
};

enum toml_kind {
	TOML_SCALAR, /* or an array of values */
	TOML_TABLE,
	TOML_TABLES, /* an array of tables */
};

struct toml_member {
	struct value_text name;
	struct toml_node *node;
	struct toml_member *next;
};

struct toml_node {
	enum toml_kind kind;
	uint32_t id;
	const struct value *value;	    /* of a scalar */
	struct toml_member *members, *last; /* of tables: nameless */
};

struct toml_tree {
	struct arena arena;
	struct arena *values; /* borrowed */
	struct map paths;     /* ids of parents and names -> struct toml_path */
	struct map members; /* ids of tables and paths -> struct toml_member */
	uint32_t ids;
	size_t lookups;
	struct toml_path *root_path;
	struct toml_node *root;
	struct str problem; /* what is wrong, set with a false */
	bool lost;	    /* or the library would have lost its way */
};

/* Texts and scalars are in @values, which outlives the tree. */
void toml_tree_init(struct toml_tree *tree, struct arena *values);
void toml_tree_release(struct toml_tree *tree);

struct toml_path *toml_path_child(struct toml_tree *tree,
				  struct toml_path *path,
				  struct value_text name);

/* Append a.b."c d". */
void toml_path_add(struct str *out, const struct toml_path *path);

/* Append @name, in quotes unless it is a bare key. */
void toml_key_add(struct str *out, const struct value_text *name);
void toml_quote_add(struct str *out, const struct value_text *text);

struct toml_node *toml_node_new(struct toml_tree *tree, enum toml_kind kind);
struct toml_node *toml_node_scalar(struct toml_tree *tree,
				   const struct value *value);

/* The member of a table at @path; NULL: there is none.  Set or replace. */
struct toml_node *toml_node_get(struct toml_tree *tree,
				const struct toml_node *table,
				const struct toml_path *path);
void toml_node_set(struct toml_tree *tree, struct toml_node *table,
		   const struct toml_path *path, struct toml_node *node);

/*
 * Make @path a table (@array: one more of an array of tables), and implied
 * tables of what leads there.  *@context follows: it is where a failure is
 * said to be.
 */
bool toml_tree_open(struct toml_tree *tree, struct toml_path *path, bool array,
		    struct toml_path **context) MUST_CHECK;

/* The same for a table that is implied itself. */
bool toml_tree_imply(struct toml_tree *tree, struct toml_path *path,
		     struct toml_path **context) MUST_CHECK;

/* Set the member @name of the table at @context. */
bool toml_tree_set(struct toml_tree *tree, struct toml_path *context,
		   struct value_text name, struct toml_node *node) MUST_CHECK;

/* What stands at @name, or if that is "" at @context: an array, or not. */
void toml_tree_note(struct toml_tree *tree, struct toml_path *context,
		    struct value_text name, bool array);

/* The values of a finished node; bounded by the depth of its text. */
const struct value *toml_node_value(struct toml_tree *tree,
				    const struct toml_node *node);

#endif
