/*
 * The tree of a template, with the node kinds of Go's text/template/parse.
 *
 * Trees live in the arena of their struct tmpl and are never changed once
 * they are parsed.
 */
#ifndef TMPL_AST_H
#define TMPL_AST_H

#include <stdbool.h>
#include <stddef.h>

#include "format/value.h"
#include "tmpl/literal.h"

struct func;

enum node_kind {
	/* What a list is made of. */
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_RANGE,
	NODE_WITH,
	NODE_TEMPLATE,
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_LIST,
	/* What ends a list; never part of a tree. */
	NODE_ELSE,
	NODE_END,
	/* Pipelines and their operands. */
	NODE_PIPE,
	NODE_COMMAND,
	NODE_FUNCTION,
	NODE_FIELD,    /* .a.b: fields of dot */
	NODE_VARIABLE, /* $x.a.b */
	NODE_CHAIN,    /* (pipeline).a.b */
	NODE_DOT,
	NODE_NIL,
	NODE_BOOL,
	NODE_NUMBER,
	NODE_STRING,
};

struct node_list {
	struct node **items;
	size_t count;
	size_t capacity;
};

struct node {
	enum node_kind kind;
	size_t offset; /* in the source, for errors */
	size_t len;    /* of operands, to quote them in errors */
	union {
		struct value_text text;
		struct node_list list; /* LIST, COMMAND */
		struct {
			struct node *pipe;
			struct node *list;
			struct node *otherwise; /* NULL = no else */
		} branch;			/* IF, RANGE, WITH */
		struct node *pipe;		/* ACTION */
		struct {
			const char *name;
			struct node *pipe; /* NULL = none */
		} invoke;		   /* TEMPLATE */
		struct {
			struct node_list commands;
			const char **names; /* variables that it sets */
			size_t name_count;
			bool assigns; /* = rather than := */
		} pipeline;
		const struct func *func;
		struct {
			const char *variable; /* VARIABLE; interned */
			struct node *base;    /* CHAIN */
			const char **fields;
			size_t count;
		} chain;
		struct {
			struct number number;
			/* Its value where no type is asked for; NULL: none */
			const struct value *value;
		} constant; /* BOOL, NUMBER, STRING */
	};
};

/* A text that trees point into. */
struct source {
	const char *name;
	const char *text;
	size_t len;
};

/* One template: a file, or what define and block make. */
struct tree {
	const char *name;
	const struct source *source;
	struct node *root;
	bool is_empty; /* nothing but blanks, comments and definitions */
};

/* The variable of the whole data; the interned form of "$". */
extern const char root_variable[];

#endif
