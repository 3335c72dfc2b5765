#include "format/markdown.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "format/url.h"

/* Zero-width space, as a name that can be seen in the source. */
#define BREAK "&#8203;"

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* "GH-12" behind no word: the dash is at @at. */
static bool is_issue(const char *text, size_t len, size_t at)
{
	return at >= 2 && at + 1 < len && (text[at - 1] | 0x20) == 'h' &&
	       (text[at - 2] | 0x20) == 'g' && text[at + 1] >= '0' &&
	       text[at + 1] <= '9';
}

static bool is_reference(const char *text, size_t len, size_t at)
{
	if (text[at] == '-')
		return is_issue(text, len, at);
	if (text[at] == ':')
		return at + 2 < len && text[at + 1] == '/' &&
		       text[at + 2] == '/';
	return strchr("@#!$~%&", text[at]) && at + 1 < len &&
	       (is_word(text[at + 1]) || strchr("\"_-", text[at + 1]));
}

void markdown_add_text(struct str *out, const char *text, size_t len)
{
	for (size_t at = 0; at < len; at++) {
		char c = text[at];

		if (c == '&')
			str_add(out, "&amp;");
		else if (c == '<')
			str_add(out, "&lt;");
		else if (c > ' ' && c < 0x7f && !is_word(c) &&
			 !strchr(",;:-'@%", c))
			str_addf(out, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\0')
			str_add_char(out, ' ');
		else
			str_add_char(out, c);
		if (c && is_reference(text, len, at))
			str_add(out, BREAK);
	}
}

static void add_address(struct str *out, const char *url)
{
	for (; *url; url++) {
		if (*url <= ' ' || *url >= 0x7f || strchr("()<>[]\\\"'`", *url))
			str_addf(out, "%%%02X", (unsigned char)*url);
		else
			str_add_char(out, *url);
	}
}

void markdown_add_link(struct str *out, const char *text, const char *url)
{
	bool is_web = url && url_is_web(url);

	if (is_web)
		str_add_char(out, '[');
	markdown_add_text(out, text, strlen(text));
	if (!is_web)
		return;
	str_add(out, "](");
	add_address(out, url);
	str_add_char(out, ')');
}
