#include "api/xml.h"

#include <stdlib.h>
#include <string.h>

static bool broken(struct xml *xml)
{
	xml->broken = true;
	return false;
}

static size_t left(const struct xml *xml)
{
	return (size_t)(xml->end - xml->at);
}

/* Go behind @text if it is next. */
static bool take(struct xml *xml, const char *text)
{
	size_t len = strlen(text);

	if (left(xml) < len || memcmp(xml->at, text, len) != 0)
		return false;
	xml->at += len;
	return true;
}

/* Go behind the next @mark; what is before it: from @start, @len bytes. */
static bool take_until(struct xml *xml, const char *mark, const char **start,
		       size_t *len)
{
	const char *found = memmem(xml->at, left(xml), mark, strlen(mark));

	if (!found)
		return broken(xml);
	*start = xml->at;
	*len = (size_t)(found - xml->at);
	xml->at = found + strlen(mark);
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
	       c == ':';
}

static size_t name_len(const struct xml *xml)
{
	size_t len = 0;

	while (len < left(xml) && is_name(xml->at[len]))
		len++;
	return len;
}

static bool add_entity(struct xml *xml, const char *name, size_t len)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"lt", '<'},
		     {"gt", '>'},
		     {"amp", '&'},
		     {"quot", '"'},
		     {"apos", '\''}};
	bool hex = len > 1 && name[1] == 'x';
	unsigned long rune;
	char *end;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i].name) == len &&
		    memcmp(name, known[i].name, len) == 0) {
			str_add_char(&xml->text, known[i].c);
			return true;
		}
	}
	if (len < 2 || len > 9 || name[0] != '#')
		return broken(xml);
	name += hex ? 2 : 1;
	len -= hex ? 2 : 1;
	if (strspn(name, hex ? "0123456789abcdefABCDEF" : "0123456789") < len)
		return broken(xml);
	rune = strtoul(name, &end, hex ? 16 : 10);
	if (len == 0 || rune == 0 || rune > 0x10ffff)
		return broken(xml);
	str_add_rune(&xml->text, (unsigned int)rune);
	return true;
}

/* Text up to the next tag. */
static bool read_text(struct xml *xml)
{
	const char *name;
	size_t len;

	while (xml->at < xml->end && *xml->at != '<') {
		if (xml->depth == 0 && !is_space(*xml->at))
			return broken(xml);
		if (!take(xml, "&")) {
			str_add_char(&xml->text, *xml->at++);
			continue;
		}
		if (!take_until(xml, ";", &name, &len) ||
		    !add_entity(xml, name, len))
			return false;
	}
	return true;
}

/* Behind a name: attributes, to the end of the tag. */
static bool read_attributes(struct xml *xml, bool *empty)
{
	const char *start;
	size_t len;

	*empty = false;
	while (xml->at < xml->end) {
		char c = *xml->at++;

		if (c == '>')
			return true;
		if (c == '/' && take(xml, ">")) {
			*empty = true;
			return true;
		}
		if (c == '"' || c == '\'') {
			const char quote[] = {c, '\0'};

			if (!take_until(xml, quote, &start, &len))
				return false;
		} else if (!is_space(c) && !is_name(c) && c != '=') {
			return broken(xml);
		}
	}
	return broken(xml);
}

static bool open_element(struct xml *xml, bool *empty)
{
	size_t len = name_len(xml);

	if (len == 0 || xml->complete || xml->depth == XML_DEPTH_MAX)
		return broken(xml);
	if (xml->depth++ > 0)
		str_add_char(&xml->path, '/');
	str_add_bytes(&xml->path, xml->at, len);
	xml->at += len;
	str_clear(&xml->text);
	return read_attributes(xml, empty);
}

static void close_element(struct xml *xml)
{
	xml->closed = true;
	xml->complete = --xml->depth == 0;
}

static bool read_end_tag(struct xml *xml)
{
	const char *slash = strrchr(str_text(&xml->path), '/');
	const char *open = slash ? slash + 1 : str_text(&xml->path);

	if (xml->depth == 0 || name_len(xml) != strlen(open) ||
	    !take(xml, open))
		return broken(xml);
	while (xml->at < xml->end && is_space(*xml->at))
		xml->at++;
	if (!take(xml, ">"))
		return broken(xml);
	close_element(xml);
	return true;
}

/* Forget the element that was given out last. */
static void leave_element(struct xml *xml)
{
	const char *slash;

	if (!xml->closed)
		return;
	slash = strrchr(str_text(&xml->path), '/');
	str_truncate(&xml->path, slash ? (size_t)(slash - xml->path.buf) : 0);
	str_clear(&xml->text);
	xml->closed = false;
}

bool xml_next(struct xml *xml)
{
	const char *start;
	size_t len;
	bool empty;

	leave_element(xml);
	while (!xml->broken && read_text(xml) && xml->at < xml->end) {
		if (take(xml, "<?")) {
			if (!take_until(xml, "?>", &start, &len))
				return false;
		} else if (take(xml, "<!--")) {
			if (!take_until(xml, "-->", &start, &len))
				return false;
		} else if (xml->depth > 0 && take(xml, "<![CDATA[")) {
			if (!take_until(xml, "]]>", &start, &len))
				return false;
			str_add_bytes(&xml->text, start, len);
		} else if (take(xml, "</")) {
			return read_end_tag(xml);
		} else if (take(xml, "<") && open_element(xml, &empty)) {
			if (empty) {
				close_element(xml);
				return true;
			}
		} else {
			return broken(xml);
		}
	}
	if (!xml->complete)
		xml->broken = true;
	return false;
}

void xml_release(struct xml *xml)
{
	str_release(&xml->path);
	str_release(&xml->text);
	*xml = (struct xml){0};
}
