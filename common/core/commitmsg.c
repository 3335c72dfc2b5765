#include "core/commitmsg.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/unicode.h"

#define HASH_MIN 7
#define HASH_MAX 64

/* --- one line of clean text -------------------------------------------- */

/* Marks of direction and width: what is seen is not what is there. */
static bool is_hidden(uint32_t rune)
{
	return rune == 0x200b || rune == 0x200e || rune == 0x200f ||
	       (rune >= 0x202a && rune <= 0x202e) ||
	       (rune >= 0x2060 && rune <= 0x206f) || rune == 0xfeff ||
	       rune == 0xad || rune == 0x61c || rune == 0x180e ||
	       (rune >= 0xfff9 && rune <= 0xfffb) ||
	       (rune >= 0xe0000 && rune <= 0xe0fff);
}

static bool is_gap(uint32_t rune)
{
	return rune <= ' ' || (rune >= 0x7f && rune <= 0xa0) ||
	       rune == 0x2028 || rune == 0x2029;
}

/* Bytes of it in UTF-8. */
static size_t width_of(uint32_t rune)
{
	if (rune < 0x80)
		return 1;
	if (rune < 0x800)
		return 2;
	return rune < 0x10000 ? 3 : 4;
}

/* Most text is words of ASCII. */
static size_t plain_length(const char *text, size_t len)
{
	size_t plain = 0;

	while (plain < len && text[plain] > ' ' && text[plain] < 0x7f)
		plain++;
	return plain;
}

void commitmsg_add_line(struct str *out, const char *text, size_t len,
			size_t max)
{
	size_t start = out->len;
	bool gap = false;

	for (size_t at = 0; at < len;) {
		size_t plain = plain_length(text + at, len - at);
		uint32_t rune;
		size_t size;

		if (plain > 0 && out->len - start + gap + plain + 3 <= max) {
			if (gap)
				str_add_char(out, ' ');
			gap = false;
			str_add_bytes(out, text + at, plain);
			at += plain;
			continue;
		}
		size = rune_decode(text + at, len - at, &rune);
		at += size;
		if (is_hidden(rune))
			continue;
		if (is_gap(rune)) {
			gap = out->len > start;
			continue;
		}
		if (out->len - start + gap + width_of(rune) + 3 > max) {
			str_add(out, "...");
			return;
		}
		if (gap)
			str_add_char(out, ' ');
		gap = false;
		str_add_rune(out, rune);
	}
}

static const char *clean_line(const char *text, size_t len, size_t max,
			      struct arena *arena)
{
	CLEANUP(str_release) struct str line = {0};

	commitmsg_add_line(&line, text, len, max);
	return arena_strdup(arena, str_text(&line));
}

const char *commitmsg_name(const char *text, size_t len, struct arena *arena)
{
	return clean_line(text, len, COMMITMSG_NAME_MAX, arena);
}

/* --- lines ------------------------------------------------------------- */

/* A part of the message; borrowed. */
struct span {
	const char *text;
	size_t len;
};

/* The next line of *@rest, without blanks at its ends; false at the end. */
static bool next_line(struct span *rest, struct span *line)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->text, '\n', rest->len);
	line->text = rest->text;
	line->len = end ? (size_t)(end - rest->text) : rest->len;
	rest->text += line->len + (end != NULL);
	rest->len -= line->len + (end != NULL);
	while (line->len > 0 && strchr(" \t\r", line->text[0])) {
		line->text++;
		line->len--;
	}
	while (line->len > 0 && strchr(" \t\r", line->text[line->len - 1]))
		line->len--;
	return true;
}

static bool begins(const struct span *line, const char *prefix)
{
	size_t len = strlen(prefix);

	return line->len >= len && memcmp(line->text, prefix, len) == 0;
}

/* Trailers are written in any case. */
static bool begins_as(const struct span *line, const char *prefix)
{
	size_t len = strlen(prefix);

	return line->len >= len && strncasecmp(line->text, prefix, len) == 0;
}

/* What is behind the first @mark in @line; empty if there is none. */
static struct span behind(const struct span *line, const char *mark)
{
	size_t len = strlen(mark);
	const char *found =
		line->len > 0 ? memmem(line->text, line->len, mark, len) : NULL;

	if (!found)
		return (struct span){0};
	return (struct span){
		.text = found + len,
		.len = line->len - (size_t)(found + len - line->text),
	};
}

static void add_item(struct commitmsg_list *list, const char *item,
		     struct arena *arena)
{
	if (list->count == COMMITMSG_NAMES_MAX)
		return;
	list->items = arena_grow(arena, list->items, list->count + 1,
				 sizeof(*list->items), &list->capacity);
	list->items[list->count++] = item;
}

/* Hexadecimal digits at the start of @span. */
static size_t hash_length(const struct span *span)
{
	size_t len = 0;

	while (len < span->len && num_hex_digit(span->text[len]) >= 0)
		len++;
	return len >= HASH_MIN && len <= HASH_MAX ? len : 0;
}

static void add_hash(struct commitmsg_list *list, const struct span *span,
		     struct arena *arena)
{
	size_t len = hash_length(span);

	if (len > 0)
		add_item(list, arena_memdupz(arena, span->text, len), arena);
}

/* --- pull requests ----------------------------------------------------- */

/*
 * A number with its @mark at the start of @span: "#12" is the change "#12";
 * NULL if there is none.  Of @len bytes, if that is asked for.
 */
static const char *read_change(const struct span *span, const char *mark,
			       size_t *len, struct arena *arena)
{
	size_t at = strlen(mark);
	size_t digits = at;

	if (!begins(span, mark))
		return NULL;
	while (at < span->len && span->text[at] >= '0' && span->text[at] <= '9')
		at++;
	if (at == digits || at - digits > 10)
		return NULL;
	if (len)
		*len = at;
	return arena_memdupz(arena, span->text, at);
}

/* "Title (#12)", as a squashed pull request is called: cuts the end off. */
static const char *take_suffix(struct span *title, struct arena *arena)
{
	static const char *const marks[] = {"#", "!"};
	size_t open = title->len;
	size_t len = 0;

	if (title->len < 4 || title->text[title->len - 1] != ')')
		return NULL;
	while (open > 0 && title->text[open - 1] != '(')
		open--;
	for (size_t i = 0; open > 1 && i < ARRAY_SIZE(marks); i++) {
		const struct span inside = {title->text + open,
					    title->len - open - 1};
		const char *change =
			read_change(&inside, marks[i], &len, arena);

		if (!change || len != inside.len)
			continue;
		title->len = open - 1;
		return change;
	}
	return NULL;
}

/* "(pull request #5)" at its end: Bitbucket's. */
static const char *bitbucket_change(const struct span *title,
				    struct arena *arena)
{
	const struct span number = behind(title, "(pull request ");

	return number.text ? read_change(&number, "#", NULL, arena) : NULL;
}

/* "Merge pull request 'Title' (#12) from acme/x into main": Gitea's. */
static const char *gitea_change(struct span *title, struct arena *arena)
{
	const struct span quoted = behind(title, "Merge pull request '");
	const char *end;
	struct span number;
	const char *change;

	if (!quoted.text)
		return NULL;
	end = memmem(quoted.text, quoted.len, "' (", 3);
	if (!end)
		return NULL;
	number.text = end + 3;
	number.len = quoted.len - (size_t)(number.text - quoted.text);
	change = read_change(&number, "#", NULL, arena);
	if (change)
		*title =
			(struct span){quoted.text, (size_t)(end - quoted.text)};
	return change;
}

/* "Merged PR 12: Title": Azure DevOps'. */
static const char *azure_change(struct span *title, struct arena *arena)
{
	const struct span rest = behind(title, "Merged PR ");
	struct span shown;
	size_t digits = 0;

	while (digits < rest.len && rest.text[digits] >= '0' &&
	       rest.text[digits] <= '9')
		digits++;
	if (digits == 0 || digits > 10 || digits + 1 >= rest.len ||
	    rest.text[digits] != ':')
		return NULL;
	shown = (struct span){rest.text + digits + 1, rest.len - digits - 1};
	*title = shown;
	return arena_printf(arena, "#%.*s", (int)digits, rest.text);
}

/*
 * Which pull request @title names; @title becomes that of the pull request
 * where it holds it, and *@in_body turns true where the body has it.
 */
static const char *title_change(struct span *title, bool *in_body,
				struct arena *arena)
{
	const struct span github = behind(title, "Merge pull request ");
	const char *change = NULL;

	if (begins(title, "Merge pull request '"))
		return gitea_change(title, arena);
	if (begins(title, "Merge pull request "))
		change = read_change(&github, "#", NULL, arena);
	else if (begins(title, "Merged in "))
		change = bitbucket_change(title, arena);
	*in_body = change != NULL;
	if (change)
		return change;
	if (begins(title, "Merged PR "))
		return azure_change(title, arena);
	return take_suffix(title, arena);
}

/* "See merge request group/web!34": GitLab's, in the body. */
static const char *gitlab_change(const struct span *line, struct arena *arena)
{
	const char *mark;
	struct span number;

	if (!begins(line, "See merge request "))
		return NULL;
	mark = memchr(line->text, '!', line->len);
	if (!mark)
		return NULL;
	number.text = mark;
	number.len = line->len - (size_t)(mark - line->text);
	return read_change(&number, "!", NULL, arena);
}

/* --- the rest of the body ---------------------------------------------- */

/* "Reverts #12", "Reverts acme/web#12", "This reverts merge request !12". */
static const char *reverted_change(const struct span *line, struct arena *arena)
{
	const char *mark;
	struct span number;

	if (!begins(line, "Reverts ") &&
	    !begins(line, "This reverts merge request "))
		return NULL;
	mark = memchr(line->text, '#', line->len);
	if (!mark)
		mark = memchr(line->text, '!', line->len);
	if (!mark)
		return NULL;
	number.text = mark;
	number.len = line->len - (size_t)(mark - line->text);
	return read_change(&number, *mark == '#' ? "#" : "!", NULL, arena);
}

/* "Co-authored-by: Ada Lovelace <ada@example.com>" */
static void read_author(struct commitmsg *message, const struct span *line,
			struct arena *arena)
{
	static const char prefix[] = "co-authored-by:";
	struct span name;
	const char *mail;
	const char *clean;

	if (!begins_as(line, prefix))
		return;
	name.text = line->text + strlen(prefix);
	name.len = line->len - strlen(prefix);
	mail = memchr(name.text, '<', name.len);
	if (mail)
		name.len = (size_t)(mail - name.text);
	clean = commitmsg_name(name.text, name.len, arena);
	if (*clean)
		add_item(&message->authors, clean, arena);
}

static void read_line(struct commitmsg *message, const struct span *line,
		      struct arena *arena)
{
	const struct span reverted = behind(line, "This reverts commit ");
	const struct span picked = behind(line, "(cherry picked from commit ");
	const char *change = reverted_change(line, arena);

	if (reverted.text)
		add_hash(&message->reverts, &reverted, arena);
	if (picked.text)
		add_hash(&message->picked, &picked, arena);
	if (change && !message->reverts_change)
		message->reverts_change = change;
	if (begins(line, "BREAKING CHANGE:") ||
	    begins(line, "BREAKING-CHANGE:"))
		message->breaking = true;
	read_author(message, line, arena);
}

/* "feat(api)!: ..." */
static bool is_breaking(const struct span *title)
{
	size_t at = 0;

	while (at < title->len && ((title->text[at] | 0x20) >= 'a' &&
				   (title->text[at] | 0x20) <= 'z'))
		at++;
	if (at > 0 && at < title->len && title->text[at] == '(') {
		const char *close =
			memchr(title->text + at, ')', title->len - at);

		if (!close)
			return false;
		at = (size_t)(close - title->text) + 1;
	}
	return at > 0 && at + 1 < title->len && title->text[at] == '!' &&
	       title->text[at + 1] == ':';
}

static bool is_revert(const struct span *title)
{
	return begins_as(title, "revert ") || begins_as(title, "revert:") ||
	       begins_as(title, "revert(") || begins_as(title, "reapply ");
}

/* --- the whole --------------------------------------------------------- */

/* The first paragraph, as git's %s. */
static struct span read_title(struct span *rest)
{
	struct span title = {0};
	struct span before = *rest;
	struct span line;

	while (next_line(rest, &line)) {
		if (line.len == 0 && title.text)
			break;
		if (line.len == 0)
			continue;
		if (!title.text)
			title.text = line.text;
		title.len = (size_t)(line.text + line.len - title.text);
		before = *rest;
	}
	if (title.text)
		*rest = before;
	return title;
}

/* Is it what a person wrote as the title of a pull request? */
static bool is_prose(const struct span *line)
{
	return line->len > 0 && !begins(line, "* commit '") &&
	       !begins(line, "See merge request ") &&
	       !begins(line, "Approved-by: ") &&
	       !begins(line, "This reverts commit ");
}

void commitmsg_read(struct commitmsg *message, const char *text, size_t len,
		    bool merge, struct arena *arena)
{
	struct span rest = {
		text, len < COMMITMSG_TEXT_MAX ? len : COMMITMSG_TEXT_MAX};
	struct span title = read_title(&rest);
	struct span prose = {0};
	struct span line;
	bool in_body = false;

	message->change = title_change(&title, &in_body, arena);
	message->breaking = is_breaking(&title);
	while (next_line(&rest, &line)) {
		const char *change = gitlab_change(&line, arena);

		if (change && !message->change) {
			message->change = change;
			in_body = merge;
		}
		if (!prose.text && is_prose(&line))
			prose = line;
		read_line(message, &line, arena);
	}
	message->is_revert = is_revert(&title);
	if (in_body && prose.text) {
		title = prose;
		message->is_revert = message->is_revert || is_revert(&prose);
		message->breaking = message->breaking || is_breaking(&prose);
	}
	message->title =
		clean_line(title.text, title.len, COMMITMSG_TITLE_MAX, arena);
}
