#include <string.h>

#include "base/err.h"
#include "format/ydoc-tree.h"
#include "format/ydoc.h"

static size_t line_len(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return end ? (size_t)(end - text) + 1 : len;
}

static bool is_separator(const char *line, size_t len)
{
	return len >= 3 && memcmp(line, "---", 3) == 0;
}

/* Nothing may stand behind "---" but a comment. */
static bool check_separator(const struct ydoc_stream *stream, size_t at,
			    size_t len, struct err *err)
{
	size_t end = at + len, i = at + 3;

	while (i < end && stream->text[i] &&
	       strchr(" \t\r\n\v\f", stream->text[i]))
		i++;
	if (i == end || stream->text[i] == '#')
		return true;
	err_set(err, ERR_INPUT,
		"cannot read '%s' as YAML: something stands behind the '---' "
		"that separates documents",
		stream->name);
	return err_at_offset(err, stream->name, stream->text, stream->len, i);
}

bool ydoc_next(struct ydoc_stream *stream, struct ydoc *doc, unsigned int flags,
	       struct err *err)
{
	size_t start = stream->at, at = start;
	unsigned int before = stream->lines, lines = before;

	stream->ended = start == stream->len;
	if (stream->ended)
		return false;
	while (at < stream->len) {
		const char *line = stream->text + at;
		size_t len = line_len(line, stream->len - at);
		bool separator = is_separator(line, len);

		if (separator && !check_separator(stream, at, len, err))
			return false;
		lines++;
		if (separator && at > start) {
			stream->at = at + len;
			stream->lines = lines;
			return ydoc_parse_behind(doc, stream->text + start,
						 at - start, stream->name,
						 flags, before, err);
		}
		at += len;
	}
	stream->at = stream->len;
	return ydoc_parse_behind(doc, stream->text + start, at - start,
				 stream->name, flags, before, err);
}
