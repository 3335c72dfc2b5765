/*
 * Between the files that make up format/rx: a pattern as a tree, and as
 * what pcre2 is given.
 */
#ifndef FORMAT_RX_TREE_H
#define FORMAT_RX_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/strvec.h"

struct arena;
struct err;

enum rx_op {
	RX_EMPTY,
	RX_RUNE,
	RX_CLASS,
	RX_ANY,		 /* any rune */
	RX_ANY_BUT_LINE, /* any rune but \n */
	RX_BEGIN_LINE,
	RX_END_LINE,
	RX_BEGIN_TEXT,
	RX_END_TEXT,
	RX_WORD_EDGE,
	RX_NO_WORD_EDGE,
	RX_GROUP, /* a capturing one */
	RX_CONCAT,
	RX_ALTERNATE,
	RX_REPEAT,
};

/* The runes @first to @last. */
struct rx_range {
	uint32_t first, last;
};

/* Every @step-th rune from @first to @last. */
struct rx_steps {
	uint32_t first, last, step;
};

/*
 * A Unicode category or script.  @folds: runes in it when case does not
 * count, beside its own; ends with a step of 0; NULL: none.
 */
struct rx_property {
	const char *name; /* for pcre2 */
	const struct rx_steps *folds;
};

/* One of: a range (@property is NULL), a property. */
struct rx_item {
	struct rx_range range;
	const struct rx_property *property;
	bool negated; /* the runes without the property */
	bool exact;   /* the range has both cases already */
	struct rx_item *next;
};

struct rx_class {
	struct rx_item *items;
	struct rx_item **end;
	bool negated;
	bool fold;
};

struct rx_node {
	enum rx_op op;
	bool fold;	     /* RUNE, CLASS: in either case */
	bool lazy;	     /* REPEAT: as few as possible */
	bool nullable;	     /* may match nothing */
	bool plain;	     /* there is one way through it */
	int min, max;	     /* REPEAT; max -1: any number */
	uint32_t rune;	     /* RUNE */
	size_t group;	     /* GROUP: its number */
	unsigned int height; /* levels below, itself included */
	int copies;	     /* of the innermost thing, by {n} in {n} */
	struct rx_class *class;
	struct rx_node *first; /* of the children */
	struct rx_node *next;  /* sibling */
};

struct rx_tree {
	struct rx_node *root; /* in the arena */
	struct strvec names;  /* of the groups, the whole match included */
};

/*
 * Parse by Go's grammar.  The tree's nodes are in @arena.
 * Errors: INPUT.
 */
bool rx_parse(struct rx_tree *tree, const char *pattern, size_t len,
	      struct arena *arena, struct err *err) MUST_CHECK;

void rx_tree_release(struct rx_tree *tree);

/* --- while parsing ------------------------------------------------------- */

/* @error is set when parsing cannot go on. */
struct rx_reader {
	const char *text;
	size_t len;
	size_t at;
	bool fold;
	bool no_sets; /* no ":]" is left */
	struct arena *arena;
	struct err *err;
};

/* How many bytes are left; the one at @offset from here, or NUL. */
size_t rx_left(const struct rx_reader *reader);
char rx_peek(const struct rx_reader *reader, size_t offset);

/* A letter, a digit or an underscore. */
bool rx_is_word(char c);

/* Set the error @what, about the bytes from @start to where we are. */
bool rx_fail(struct rx_reader *reader, const char *what, size_t start);

/* Take the next rune.  Errors: INPUT (not UTF-8). */
bool rx_take_rune(struct rx_reader *reader, uint32_t *rune) MUST_CHECK;

/* Take an escape that means one rune: \n, \x41, \. */
bool rx_take_escape(struct rx_reader *reader, uint32_t *rune) MUST_CHECK;

struct rx_class *rx_class_new(const struct rx_reader *reader);

/*
 * Take \pL, \p{Greek}, \d or the like into @class if there is one;
 * *@taken tells.
 */
bool rx_take_set(struct rx_reader *reader, struct rx_class *class, bool *taken)
	MUST_CHECK;

/* Take all of [...]. */
bool rx_take_class(struct rx_reader *reader, struct rx_class *class) MUST_CHECK;

/* --- for pcre2 ----------------------------------------------------------- */

/*
 * A pattern of pcre2.  Its string callouts mark where ways through the
 * expression meet: 'N' for meeting N, '?N' to ask about it without being
 * there; '+N' is work between them, as much as N meetings.
 */
struct rx_program {
	struct str pattern;
	size_t *group_of; /* which group a group of pcre2 belongs to */
	size_t slots;	  /* how many pcre2 has, the whole match included */
	size_t capacity;
	size_t meetings;
	uint64_t folded; /* runes in ranges whose case does not count */
};

/* The pattern overflows if it is too large; it may have too much @folded. */
void rx_write(struct rx_program *program, const struct rx_node *root);

/* Any rune, and none, to pcre2, which has PCRE2_DOTALL. */
#define RX_WRITE_ANY  "."
#define RX_WRITE_NONE "[^\\x{0}-\\x{10ffff}]"

/*
 * Append @class as one item, where pcre2 does not fold by itself.  Gives how
 * many runes it has in ranges that pcre2 has to fold, one by one.
 */
uint64_t rx_write_class(struct str *out, const struct rx_class *class);

void rx_program_release(struct rx_program *program);

#endif
