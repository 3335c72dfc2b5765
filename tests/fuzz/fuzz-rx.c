/*
 * Patterns, and texts to search: a pattern, NUL, a text, NUL, a replacement.
 * What is found lies in the text, in order, and a pattern that quotes the
 * text finds it.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "format/rx.h"

/* Enough to loop, little enough for hundreds a second. */
#define TEXT_MAX 4096

struct part {
	const char *bytes;
	size_t len;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes before the next NUL, which is passed. */
static struct part take_part(struct part *rest)
{
	const char *end = memchr(rest->bytes, '\0', rest->len);
	struct part part = {rest->bytes,
			    end ? (size_t)(end - rest->bytes) : rest->len};
	size_t taken = part.len + (end != NULL);

	rest->bytes += taken;
	rest->len -= taken;
	return part;
}

static void check_group(const struct rx_group *group, size_t len)
{
	if ((group->start == RX_NO_PART) != (group->end == RX_NO_PART))
		BUG("half a group");
	if (group->start != RX_NO_PART &&
	    (group->start > group->end || group->end > len))
		BUG("a group outside of the text");
}

static void search(const struct rx *rx, struct part text, struct part form)
{
	CLEANUP(rx_scan_release) struct rx_scan scan = {0};
	CLEANUP(str_release) struct str out = {0};
	CLEANUP(err_release) struct err err = {0};
	size_t matches = 0, end = 0;
	bool found;

	rx_scan_open(&scan, rx, text.bytes, text.len);
	while (rx_scan_next(&scan, &found, &err) && found) {
		for (size_t i = 0; i < rx->groups; i++)
			check_group(&scan.groups[i], text.len);
		if (scan.groups[0].start < end || ++matches > text.len + 1)
			BUG("matches do not go forward");
		end = scan.groups[0].end;
		str_clear(&out);
		rx_expand(&out, &scan, text.bytes, form.bytes, form.len);
	}
}

static void check_quoted(struct part text)
{
	CLEANUP(rx_scan_release) struct rx_scan scan = {0};
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(str_release) struct str pattern = {0};
	CLEANUP(err_release) struct err err = {0};
	bool found;

	rx_quote(&pattern, text.bytes, text.len);
	/* It has to be UTF-8. */
	if (!rx_compile(&rx, str_text(&pattern), pattern.len, &err))
		return;
	rx_scan_open(&scan, &rx, text.bytes, text.len);
	if (!rx_scan_next(&scan, &found, &err) || !found ||
	    scan.groups[0].end != text.len)
		BUG("a quoted text does not match itself");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(rx_release) struct rx rx = {0};
	CLEANUP(err_release) struct err err = {0};
	struct part rest = {(const char *)data, size};
	struct part pattern = take_part(&rest), text = take_part(&rest);
	struct part form = take_part(&rest);
	bool valid = rx_is_valid(pattern.bytes, pattern.len);

	if (size > TEXT_MAX)
		return 0;
	check_quoted(text);
	if (!rx_compile(&rx, pattern.bytes, pattern.len, &err)) {
		if (err.kind != ERR_INPUT)
			BUG("a pattern failed otherwise: %s", err.text);
		return 0;
	}
	if (!valid)
		BUG("a pattern that is not valid was compiled");
	search(&rx, text, form);
	return 0;
}
