#include "core/chartindex_proof.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* --- bytes ----------------------------------------------------------------- */

static bool is_break(unsigned int rune)
{
	return rune == 0x85 || rune == 0x2028 || rune == 0x2029;
}

/* What YAML allows beyond ASCII, line breaks left out. */
static bool is_allowed(unsigned int rune)
{
	return rune >= 0xa0 && rune != 0xfeff && rune < 0x110000 &&
	       (rune < 0xd800 || rune > 0xdfff) && rune != 0xfffe &&
	       rune != 0xffff && !is_break(rune);
}

#define WORD	     sizeof(uint64_t)
#define EACH_BYTE(c) (UINT64_MAX / 0xff * (c))

/* Are eight bytes printable ASCII, from 0x20 to 0x7e? */
static bool is_printable_word(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	if (word & EACH_BYTE(0x80))
		return false;
	/* The bit that is set first keeps each byte from borrowing. */
	return !((~((word | EACH_BYTE(0x80)) - EACH_BYTE(0x20)) |
		  (word + EACH_BYTE(0x01))) &
		 EACH_BYTE(0x80));
}

static bool has_only_text(const char *line, size_t len)
{
	size_t at = 0;

	while (len - at >= WORD && is_printable_word(line + at))
		at += WORD;
	/* The rest, along with some that was seen. */
	if (len >= WORD && len - at < WORD &&
	    is_printable_word(line + len - WORD))
		return true;
	while (at < len) {
		unsigned char c = (unsigned char)line[at];
		unsigned int rune;
		size_t taken;

		if (c >= ' ' && c < 0x7f) {
			at++;
			continue;
		}
		if (c < 0x80)
			return false;
		taken = rune_next(line + at, len - at, &rune);
		if (taken < 2 || !is_allowed(rune))
			return false;
		at += taken;
	}
	return true;
}

/* --- scalars on one line ------------------------------------------------------ */

static size_t escape_digits(char c)
{
	return c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
}

static bool is_hex(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!strchr("0123456789abcdefABCDEF", text[i]) || !text[i])
			return false;
	}
	return true;
}

/* Surrogates by number are left to the parser. */
static bool skip_escape(const char *text, size_t len, size_t *at)
{
	size_t digits;
	char c;

	if (*at + 1 >= len)
		return false;
	c = text[*at + 1];
	digits = escape_digits(c);
	if (!digits && !strchr("abtnvfre \"/\\N_LP", c))
		return false;
	if (digits > 4 || *at + 2 + digits > len ||
	    !is_hex(text + *at + 2, digits))
		return false;
	if (digits == 4 && (text[*at + 2] == 'd' || text[*at + 2] == 'D'))
		return false;
	*at += 2 + digits;
	return true;
}

/* The length of the quoted text that @text starts with, 0 if there is none. */
static size_t quoted_length(const char *text, size_t len)
{
	char quote = text[0];
	size_t at = 1;

	while (at < len) {
		if (quote == '"' && text[at] == '\\') {
			if (!skip_escape(text, len, &at))
				return 0;
		} else if (text[at] != quote) {
			at++;
		} else if (quote == '\'' && at + 1 < len &&
			   text[at + 1] == quote) {
			at += 2;
		} else {
			return at + 1;
		}
	}
	return 0;
}

/* The length of what stands before a comment. */
static size_t before_comment(const char *text, size_t len)
{
	const char *at = text + 1;

	while ((at = memchr(at, '#', (size_t)(text + len - at)))) {
		if (at[-1] != ' ') {
			at++;
			continue;
		}
		len = (size_t)(at - text);
		while (len && text[len - 1] == ' ')
			len--;
		break;
	}
	return len;
}

static bool is_plain(const char *text, size_t len)
{
	const char *at = text;

	if (strchr("?:,[]{}#&*!|>'\"%@` ", text[0]))
		return false;
	len = before_comment(text, len);
	if (text[len - 1] == ':' || text[len - 1] == ' ')
		return false;
	if (text[0] == '-' && (len == 1 || text[1] == ' ' || text[1] == '-'))
		return false;
	while ((at = memchr(at, ':', (size_t)(text + len - at)))) {
		if (at[1] == ' ')
			return false;
		at++;
	}
	return true;
}

static bool is_quoted(const char *text, size_t len)
{
	size_t end = quoted_length(text, len);

	return end &&
	       (end == len || (text[end] == ' ' &&
			       before_comment(text + end, len - end) == 0));
}

/* "|-", ">2+": text follows on the lines below. */
static bool opens_scalar(struct proof *proof, const char *text, size_t len)
{
	const struct proof_level *level = &proof->levels[proof->depth - 1];
	size_t at = 1, indent = 0;

	for (unsigned int i = 0; i < 2 && at < len; i++) {
		if (text[at] >= '1' && text[at] <= '9' && !indent)
			indent = (size_t)(text[at++] - '0');
		else if (text[at] == '-' || text[at] == '+')
			at++;
	}
	if (at != len || (len == 3 && !indent))
		return false;
	proof->in_scalar = true;
	proof->scalar_begun = false;
	proof->scalar_parent = level->indent;
	proof->scalar_indent = indent ? level->indent + indent : 0;
	proof->scalar_blank = 0;
	return true;
}

static bool take_value(struct proof *proof, const char *text, size_t len)
{
	proof->value_due = false;
	if (text[0] == '|' || text[0] == '>')
		return opens_scalar(proof, text, len);
	if (len == 2 && (!memcmp(text, "{}", 2) || !memcmp(text, "[]", 2)))
		return true;
	if (text[0] == '"' || text[0] == '\'')
		return is_quoted(text, len);
	return is_plain(text, len);
}

/* --- keys ---------------------------------------------------------------------- */

/* Words that are no strings to YAML, so that two spellings may be one key. */
static bool is_word(const struct proof_key *key)
{
	static const char *const words[] = {"y",     "n",  "yes", "no",	 "true",
					    "false", "on", "off", "null"};

	/* Hardly any key gets past their first letters. */
	if (key->len > strlen("false") || !strchr("fnotyFNOTY", key->text[0]))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i]) == key->len &&
		    !strncasecmp(words[i], key->text, key->len))
			return true;
	}
	return false;
}

static bool is_key_char(char c)
{
	static const bool allowed[UCHAR_MAX + 1] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true,
		['0' ... '9'] = true, ['_'] = true,
		['.'] = true,	      ['/'] = true,
		['-'] = true,
	};

	return allowed[(unsigned char)c];
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * The key that @text starts with; *@behind is where its colon was passed.
 * False if there is none, or one whose spelling is not its meaning.
 */
static bool find_key(const char *text, size_t len, struct proof_key *key,
		     size_t *behind)
{
	size_t end;

	if (text[0] == '"' || text[0] == '\'') {
		end = quoted_length(text, len);
		if (end < 3)
			return false;
		*key = (struct proof_key){text + 1, end - 2};
		if (memchr(key->text, '\\', key->len) ||
		    memchr(key->text, '\'', key->len))
			return false;
	} else {
		end = 0;
		while (end < len && is_key_char(text[end]))
			end++;
		*key = (struct proof_key){text, end};
		if (!end || !is_letter(text[0]) || is_word(key))
			return false;
	}
	if (end > PROOF_KEY_MAX || end == len || text[end] != ':' ||
	    (end + 1 < len && text[end + 1] != ' '))
		return false;
	*behind = end + 1;
	return true;
}

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

static bool take_key(struct proof *proof, const char *text, size_t len,
		     const struct proof_key *key, size_t behind)
{
	if (!is_new_key(top(proof), key))
		return false;
	proof->value_due = behind == len;
	if (proof->depth == 1)
		proof->names_due = is_entries(key);
	if (proof->value_due)
		return true;
	return len - behind > 1 && text[behind + 1] != ' ' &&
	       take_value(proof, text + behind + 1, len - behind - 1);
}

/* What stands at @indent of a line, behind its dashes if it has some. */
static bool take_content(struct proof *proof, const char *text, size_t len,
			 size_t indent, bool in_item)
{
	struct proof_key key;
	size_t behind;

	if (!find_key(text, len, &key, &behind))
		return in_item && take_value(proof, text, len);
	if (in_item ? !push(proof, indent, false)
		    : !enter_level(proof, indent, false))
		return false;
	return take_key(proof, text, len, &key, behind);
}

static bool is_dash(const char *text, size_t len)
{
	return len > 2 && text[0] == '-' && text[1] == ' ' && text[2] != ' ';
}

static bool take_line(struct proof *proof, const char *line, size_t len,
		      size_t indent)
{
	bool in_item = false;

	close_levels(proof, indent, is_dash(line + indent, len - indent));
	while (is_dash(line + indent, len - indent)) {
		if (in_item ? !push(proof, indent, true)
			    : !enter_level(proof, indent, true))
			return false;
		in_item = true;
		proof->value_due = false;
		indent += 2;
	}
	return take_content(proof, line + indent, len - indent, indent,
			    in_item);
}

/* --- text of several lines -------------------------------------------------------- */

/* *@inside: the line is part of the text.  False: not proved. */
static bool take_scalar_line(struct proof *proof, size_t indent, size_t len,
			     bool *inside)
{
	*inside = true;
	if (indent == len) {
		if (!proof->scalar_begun && len > proof->scalar_blank)
			proof->scalar_blank = len;
		return true;
	}
	if (indent <= proof->scalar_parent) {
		*inside = proof->in_scalar = false;
		return true;
	}
	if (!proof->scalar_begun) {
		proof->scalar_begun = true;
		if (!proof->scalar_indent)
			proof->scalar_indent = indent;
		if (proof->scalar_blank > proof->scalar_indent)
			return false;
	}
	return indent >= proof->scalar_indent;
}

bool proof_line(struct proof *proof, const char *line, size_t len)
{
	size_t indent = 0;
	bool inside = false;

	if (!has_only_text(line, len))
		return false;
	while (indent < len && line[indent] == ' ')
		indent++;
	if (proof->in_scalar && !take_scalar_line(proof, indent, len, &inside))
		return false;
	if (inside || indent == len || line[indent] == '#')
		return true;
	if (!indent && len == 3 && !memcmp(line, "---", 3))
		return proof->depth == 0;
	return take_line(proof, line, len, indent);
}
