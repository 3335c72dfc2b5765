#include "core/chartindex_proof.h"

#include <string.h>

/* --- keys ------------------------------------------------------------------ */

/* The names of charts, of which there may be many, are compared by layout. */
static bool is_entries(const struct proof_key *key)
{
	return key->len == strlen("entries") &&
	       !memcmp(key->text, "entries", key->len);
}

static int compare_keys(const struct proof_key *a, const struct proof_key *b)
{
	size_t least = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->text, b->text, least);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static bool is_new_key(struct proof_level *level, const struct proof_key *key)
{
	size_t count = level->key_count++;
	size_t kept = count < PROOF_KEYS_MAX ? count : PROOF_KEYS_MAX;
	struct proof_key *last = &level->keys[PROOF_KEYS_MAX - 1];

	if (level->unchecked)
		return true;
	if (count && count < PROOF_KEYS_MAX)
		last = &level->keys[count - 1];
	level->ascending =
		!count || (level->ascending && compare_keys(last, key) < 0);
	if (!level->ascending) {
		if (count >= PROOF_KEYS_MAX)
			return false;
		for (size_t i = 0; i < kept; i++) {
			if (!compare_keys(&level->keys[i], key))
				return false;
		}
	}
	level->keys[count < PROOF_KEYS_MAX ? count : PROOF_KEYS_MAX - 1] = *key;
	return true;
}

/* --- nesting ------------------------------------------------------------------- */

static bool push(struct proof *proof, size_t indent, bool is_list)
{
	struct proof_level *level;

	if (proof->depth == PROOF_DEPTH_MAX)
		return false;
	level = &proof->levels[proof->depth++];
	level->indent = indent;
	level->is_list = is_list;
	level->unchecked = proof->names_due && proof->depth == 2;
	level->ascending = true;
	level->key_count = 0;
	return true;
}

static struct proof_level *top(struct proof *proof)
{
	return proof->depth ? &proof->levels[proof->depth - 1] : NULL;
}

/* Close what a line at @indent is not part of, and what was due in it. */
static void close_levels(struct proof *proof, size_t indent, bool is_item)
{
	struct proof_level *level;

	while ((level = top(proof)) &&
	       (level->indent > indent ||
		(level->indent == indent && level->is_list && !is_item))) {
		proof->depth--;
		proof->value_due = false;
	}
}

/* Does a key, or an item, at @indent belong here?  It may open a level. */
static bool enter_level(struct proof *proof, size_t indent, bool is_item)
{
	const struct proof_level *level = top(proof);

	if (level && level->indent == indent && level->is_list == is_item)
		return true;
	if (!level)
		return !is_item && indent == 0 && push(proof, 0, false);
	/* A list may stand below its key without an indent of its own. */
	if (!proof->value_due || level->is_list ||
	    (is_item ? indent < level->indent : indent <= level->indent))
		return false;
	return push(proof, indent, is_item);
}

static bool take_key(struct proof *proof, const char *text,
		     const struct line *line)
{
	const struct proof_key key = {text + line->start + line->key_at,
				      line->key_len};

	if (!is_new_key(top(proof), &key))
		return false;
	if (proof->depth == 1)
		proof->names_due = is_entries(&key);
	return true;
}

/* Open what the dashes of a line begin. */
static bool take_dashes(struct proof *proof, const struct line *line)
{
	size_t indent = line->indent;

	for (unsigned int i = 0; i < line->dashes; i++, indent += 2) {
		if (i ? !push(proof, indent, true)
		      : !enter_level(proof, indent, true))
			return false;
	}
	return !line->key_len || push(proof, indent, false);
}

/* Text may follow on the lines below. */
static void begin_scalar(struct proof *proof, const struct line *line)
{
	size_t parent = top(proof)->indent;

	proof->open = line->value;
	proof->scalar_parent = parent;
	if (line->value != LINE_TEXT)
		return;
	proof->scalar_begun = false;
	proof->scalar_indent =
		line->text_indent ? parent + line->text_indent : 0;
	proof->scalar_blank = 0;
}

static bool take_line(struct proof *proof, const char *text,
		      const struct line *line)
{
	close_levels(proof, line->indent, line->dashes);
	if (line->dashes ? !take_dashes(proof, line)
			 : !enter_level(proof, line->indent, false))
		return false;
	if (line->key_len && !take_key(proof, text, line))
		return false;
	proof->value_due = line->value == LINE_NO_VALUE;
	begin_scalar(proof, line);
	return true;
}

/* --- text of several lines -------------------------------------------------------- */

/* These tell whether the line is part of the text.  False: not proved. */

/* Lines behind "|" or ">". */
static bool take_block_line(struct proof *proof, const struct line *line)
{
	size_t len = line->end - line->start;

	proof->inside = true;
	if (line->indent == len) {
		if (!proof->scalar_begun && len > proof->scalar_blank)
			proof->scalar_blank = len;
		return true;
	}
	if (line->indent <= proof->scalar_parent) {
		proof->inside = false;
		proof->open = LINE_SCALAR;
		return true;
	}
	if (!proof->scalar_begun) {
		proof->scalar_begun = true;
		if (!proof->scalar_indent)
			proof->scalar_indent = line->indent;
		if (proof->scalar_blank > proof->scalar_indent)
			return false;
	}
	return line->indent >= proof->scalar_indent;
}

/* Blank lines may be the last of it. */
static bool take_plain_line(struct proof *proof, const char *text,
			    const struct line *line)
{
	if (line->indent == line->end - line->start)
		return true;
	proof->inside = line->first && line->indent > proof->scalar_parent;
	if (proof->inside)
		return line_continues(line, text, &proof->open);
	proof->open = LINE_SCALAR;
	return true;
}

static bool take_quoted_line(struct proof *proof, const char *text,
			     const struct line *line)
{
	proof->inside = true;
	if (line->indent == line->end - line->start)
		return true;
	return line->indent > proof->scalar_parent &&
	       line_continues(line, text, &proof->open);
}

static bool take_text(struct proof *proof, const char *text,
		      const struct line *line)
{
	proof->inside = false;
	switch (proof->open) {
	case LINE_TEXT:
		return take_block_line(proof, line);
	case LINE_PLAIN:
		return take_plain_line(proof, text, line);
	case LINE_SINGLE:
	case LINE_DOUBLE:
		return take_quoted_line(proof, text, line);
	case LINE_UNKNOWN:
	case LINE_NO_VALUE:
	case LINE_SCALAR:
		break;
	}
	return true;
}

static bool is_document_start(const char *text, const struct line *line)
{
	return line->end - line->start == 3 &&
	       !memcmp(text + line->start, "---", 3);
}

bool proof_line(struct proof *proof, const char *text, const struct line *line)
{
	if (!line->is_text || !take_text(proof, text, line))
		return false;
	if (proof->inside || !line->first)
		return true;
	if (line->value == LINE_UNKNOWN)
		return proof->depth == 0 && is_document_start(text, line);
	return take_line(proof, text, line);
}

bool proof_end(const struct proof *proof)
{
	return proof->open != LINE_SINGLE && proof->open != LINE_DOUBLE;
}
