/*
 * Any bytes as a commit's message: whatever they say, what is told of them is
 * one clean line, and in Markdown nothing but text.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/unicode.h"
#include "core/commitmsg.h"
#include "format/charset.h"
#include "format/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_line(const char *text, size_t max)
{
	size_t len = strlen(text);

	check(len <= max && utf8_is_valid(text, len));
	for (size_t i = 0; i < len; i++)
		check((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

static void check_markdown(const char *text)
{
	CLEANUP(str_release) struct str out = {0};
	const char *at;

	markdown_add_text(&out, text, strlen(text));
	check(!strchr(str_text(&out), '<'));
	check(!strstr(str_text(&out), "](") && !strstr(str_text(&out), "://"));
	for (at = strchr(str_text(&out), '@'); at; at = strchr(at + 1, '@'))
		check(!isalnum((unsigned char)at[1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(str_release) struct str text = {0};
	struct commitmsg message = {0};
	/* Of exactly its size, so that a byte behind it is noticed. */
	char *exact = xmalloc(len ? len : 1);

	memcpy(exact, bytes, len);
	commitmsg_read(&message, exact, len, len % 2, &arena);
	check_line(message.title, COMMITMSG_TITLE_MAX);
	check_markdown(message.title);
	for (size_t i = 0; i < message.authors.count; i++)
		check_line(message.authors.items[i], COMMITMSG_NAME_MAX);
	for (size_t i = 0; i < message.reverts.count; i++)
		check(strlen(message.reverts.items[i]) >= 7);
	charset_to_utf8(&text, exact, len, NULL);
	check(utf8_is_valid(str_text(&text), text.len));
	free(exact);
	return 0;
}
