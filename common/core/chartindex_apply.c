#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/chartindex_layout.h"

struct str *chartindex_add_edit(struct chartindex_edits *edits, size_t start,
				size_t end)
{
	struct chartindex_edit *edit;

	edits->items = grow_array(edits->items, edits->count + 1, sizeof(*edit),
				  &edits->capacity);
	edit = &edits->items[edits->count];
	*edit = (struct chartindex_edit){.span = {start, end},
					 .order = edits->count};
	edits->count++;
	return &edit->text;
}

void chartindex_edits_release(struct chartindex_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		str_release(&edits->items[i].text);
	free(edits->items);
	*edits = (struct chartindex_edits){0};
}

void chartindex_use_crlf(struct chartindex_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		struct str *text = &edits->items[i].text;
		CLEANUP(str_release) struct str lf = *text;

		*text = (struct str){.limit = lf.limit};
		for (size_t at = 0; at < lf.len; at++) {
			if (lf.buf[at] == '\n')
				str_add_char(text, '\r');
			str_add_char(text, lf.buf[at]);
		}
	}
}

static int by_place(const void *a, const void *b)
{
	const struct chartindex_edit *left = a, *right = b;

	if (left->span.start != right->span.start)
		return left->span.start > right->span.start ? 1 : -1;
	/* What is put before a part comes before what replaces it. */
	if ((left->span.end == left->span.start) !=
	    (right->span.end == right->span.start))
		return left->span.end > left->span.start ? 1 : -1;
	return left->order > right->order ? 1 : -1;
}

/* A part that stays, and the place that it moves to. */
struct move {
	size_t from;
	size_t len;
	size_t to;
};

static size_t plan_moves(struct move *moves,
			 const struct chartindex_edits *edits, size_t len)
{
	size_t from = 0, to = 0;

	for (size_t i = 0; i <= edits->count; i++) {
		const struct chartindex_edit *edit = &edits->items[i];
		size_t end = i < edits->count ? edit->span.start : len;

		moves[i] = (struct move){from, end - from, to};
		to += moves[i].len;
		if (i == edits->count)
			break;
		to += edit->text.len;
		from = edit->span.end;
	}
	return to;
}

/*
 * What moves towards the end goes first, the last part before the others,
 * then what moves towards the start: so none falls on one that still has to
 * move.
 */
static void carry_out(char *text, const struct move *moves, size_t count)
{
	for (size_t i = count; i-- > 0;) {
		if (moves[i].to > moves[i].from)
			memmove(text + moves[i].to, text + moves[i].from,
				moves[i].len);
	}
	for (size_t i = 0; i < count; i++) {
		if (moves[i].to < moves[i].from)
			memmove(text + moves[i].to, text + moves[i].from,
				moves[i].len);
	}
}

void chartindex_apply(struct str *text, size_t len,
		      struct chartindex_edits *edits)
{
	CLEANUP(free_ptr) struct move *moves =
		xcalloc(edits->count + 1, sizeof(*moves));
	size_t end;

	if (edits->count)
		qsort(edits->items, edits->count, sizeof(*edits->items),
		      by_place);
	if (text->len < len)
		str_add_char(text, '\n');
	end = plan_moves(moves, edits, len);
	if (end > len)
		str_reserve(text, end - len);
	carry_out(text->buf, moves, edits->count + 1);
	for (size_t i = 0; i < edits->count; i++) {
		const struct str *put = &edits->items[i].text;

		memcpy(text->buf + moves[i].to + moves[i].len, str_text(put),
		       put->len);
	}
	text->len = end;
	text->buf[end] = '\0';
}
