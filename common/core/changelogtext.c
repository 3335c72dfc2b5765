/* That data as text. */

#include "core/changelogtext.h"

#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "core/commitmsg.h"
#include "format/markdown.h"
#include "format/value.h"

#define AUTHORS_SHOWN 10
#define DATE_LEN      10 /* of YYYY-MM-DD */

/* What is written, and how. */
struct writer {
	struct str *out;
	enum changelog_form form;
	size_t start;
	size_t limit;	 /* bytes behind @start; 0 = none */
	size_t left_out; /* changes */
	bool full;
};

/* --- what there is ----------------------------------------------------- */

static size_t number_of(const struct value *map, const char *key)
{
	const struct value *number = value_map_get(map, key);

	return number && value_is_whole(number) && number->integer > 0
		       ? (size_t)number->integer
		       : 0;
}

static bool truth_of(const struct value *map, const char *key)
{
	const struct value *truth = value_map_get(map, key);

	return truth && value_truth(truth);
}

static const char *text_of(const struct value *item)
{
	return item->kind == VALUE_STRING ? item->string.bytes : "";
}

/* --- pieces of a line -------------------------------------------------- */

/* Clean, and without meaning in the form. */
static void add_plain(const struct writer *writer, struct str *line,
		      const char *text)
{
	CLEANUP(str_release) struct str clean = {0};

	commitmsg_add_line(&clean, text, strlen(text), COMMITMSG_TITLE_MAX);
	if (writer->form == CHANGELOG_MARKDOWN)
		markdown_add_text(line, str_text(&clean), clean.len);
	else
		str_add(line, str_text(&clean));
}

static void add_link(const struct writer *writer, struct str *line,
		     const char *text, const char *url)
{
	CLEANUP(str_release) struct str clean = {0};

	if (writer->form == CHANGELOG_TEXT) {
		add_plain(writer, line, text);
		return;
	}
	commitmsg_add_line(&clean, text, strlen(text), COMMITMSG_TITLE_MAX);
	markdown_add_link(line, str_text(&clean), url);
}

/* Append @line and a line end, or notice that there is no room for it. */
static void end_line(struct writer *writer, const struct str *line,
		     bool is_change)
{
	if (writer->limit > 0 &&
	    writer->out->len - writer->start + line->len + 2 > writer->limit)
		writer->full = true;
	if (writer->full) {
		writer->left_out += is_change;
		return;
	}
	str_add_bytes(writer->out, line->buf, line->len);
	str_add_char(writer->out, '\n');
}

static void add_line(struct writer *writer, const char *text)
{
	CLEANUP(str_release) struct str line = {0};

	str_add(&line, text);
	end_line(writer, &line, false);
}

/* --- tickets ----------------------------------------------------------- */

/* What is known of the ticket @key, or NULL. */
static const struct value *find_ticket(const struct value *told,
				       const char *key)
{
	const struct value *tickets = value_find_list(told, "tickets");

	for (size_t i = 0; i < tickets->list.count; i++)
		if (same_text(value_find_text(tickets->list.items[i], "key"),
			      key))
			return tickets->list.items[i];
	return NULL;
}

static void add_ticket(const struct writer *writer, struct str *line,
		       const struct value *told, const char *key)
{
	const struct value *ticket = find_ticket(told, key);

	add_link(writer, line, key,
		 ticket ? value_find_text(ticket, "url") : NULL);
}

static void add_tickets(struct writer *writer, const struct value *told)
{
	const struct value *tickets = value_find_list(told, "tickets");
	bool markdown = writer->form == CHANGELOG_MARKDOWN;

	if (tickets->list.count == 0)
		return;
	if (writer->out->len > writer->start)
		add_line(writer, "");
	add_line(writer, markdown ? "### Tickets\n" : "tickets:");
	for (size_t i = 0; i < tickets->list.count; i++) {
		const struct value *ticket = tickets->list.items[i];
		const char *title = value_find_text(ticket, "title");
		CLEANUP(str_release) struct str line = {0};

		if (!value_find_text(ticket, "key"))
			continue;
		str_add(&line, markdown ? "- " : "  ");
		add_link(writer, &line, value_find_text(ticket, "key"),
			 value_find_text(ticket, "url"));
		if (title) {
			str_add_char(&line, ' ');
			add_plain(writer, &line, title);
		}
		end_line(writer, &line, false);
	}
}

/* --- changes ----------------------------------------------------------- */

/* Does @title hold @key, and not only the start of a longer one? */
static bool names_ticket(const char *title, const char *key)
{
	size_t len = strlen(key);

	while (len > 0 && (title = strstr(title, key))) {
		title += len;
		if (*title < '0' || *title > '9')
			return true;
	}
	return false;
}

/* "(#12, SHOP-12)": the pull request or the commit, and the tickets. */
static void add_references(struct writer *writer, struct str *line,
			   const struct value *told, const struct value *change)
{
	const char *name = value_find_text(change, "change");
	const char *hash = value_find_text(change, "hash");
	const struct value *tickets = value_find_list(change, "tickets");
	CLEANUP(str_release) struct str short_hash = {0};

	if (!name && hash) {
		str_add_bytes(&short_hash, hash, strnlen(hash, 8));
		name = str_text(&short_hash);
	}
	str_add(line, " (");
	add_link(writer, line, name ? name : "",
		 value_find_text(change, "url"));
	for (size_t i = 0; i < tickets->list.count; i++) {
		const char *key = text_of(tickets->list.items[i]);

		/* Most titles say it already. */
		if (writer->form == CHANGELOG_TEXT &&
		    names_ticket(value_find_text(change, "title"), key))
			continue;
		str_add(line, ", ");
		add_ticket(writer, line, told, key);
	}
	str_add_char(line, ')');
}

static void add_names(struct writer *writer, struct str *line,
		      const struct value *names)
{
	size_t count = names->list.count;

	for (size_t i = 0; i < count && i < AUTHORS_SHOWN; i++) {
		str_add(line, i ? ", " : "");
		add_plain(writer, line, text_of(names->list.items[i]));
	}
	if (count > AUTHORS_SHOWN)
		str_addf(line, " and %zu more", count - AUTHORS_SHOWN);
}

static void add_change(struct writer *writer, const struct value *told,
		       const struct value *change)
{
	bool markdown = writer->form == CHANGELOG_MARKDOWN;
	const struct value *authors = value_find_list(change, "authors");
	const char *title = value_find_text(change, "title");
	CLEANUP(str_release) struct str line = {0};

	if (!title)
		return;
	str_add(&line, markdown ? "- " : "  ");
	if (truth_of(change, "breaking"))
		str_add(&line, markdown ? "**breaking:** " : "BREAKING ");
	add_plain(writer, &line, *title ? title : "no message");
	add_references(writer, &line, told, change);
	if (authors->list.count > 0) {
		str_add(&line, markdown ? " by " : ", ");
		add_names(writer, &line, authors);
	}
	end_line(writer, &line, true);
}

/* What breaks first, else in the order of the data. */
static void add_changes(struct writer *writer, const struct value *told,
			const struct value *changes)
{
	for (int breaking = 1; breaking >= 0; breaking--)
		for (size_t i = 0; i < changes->list.count; i++) {
			const struct value *change = changes->list.items[i];

			if (truth_of(change, "breaking") == (breaking == 1))
				add_change(writer, told, change);
		}
}

/* --- applications ------------------------------------------------------ */

static void add_versions(struct writer *writer, struct str *line,
			 const struct value *application)
{
	bool markdown = writer->form == CHANGELOG_MARKDOWN;
	const char *old = value_find_text(application, "old");
	const char *new = value_find_text(application, "new");

	str_add_char(line, ' ');
	if (old)
		add_plain(writer, line, old);
	if (old && new)
		str_add(line, markdown ? " → " : " -> ");
	if (new)
		add_plain(writer, line, new);
	if (!old && new)
		str_add(line, " (new)");
	else if (!new)
		str_add(line, " (removed)");
	else if (truth_of(application, "downgrade"))
		str_add(line, " (downgrade)");
}

static void add_heading(struct writer *writer, const struct value *application)
{
	bool markdown = writer->form == CHANGELOG_MARKDOWN;
	CLEANUP(str_release) struct str line = {0};

	if (writer->out->len > writer->start)
		add_line(writer, "");
	if (markdown)
		str_add(&line, "### ");
	add_plain(writer, &line, value_find_text(application, "name"));
	add_versions(writer, &line, application);
	end_line(writer, &line, false);
}

/* "12 commits, 2026-11-01 to 2026-11-22, by Ada, Bob" */
static void add_summary(struct writer *writer, const struct value *application)
{
	bool markdown = writer->form == CHANGELOG_MARKDOWN;
	size_t commits = number_of(application, "commits");
	const char *from = value_find_text(application, "from");
	const char *to = value_find_text(application, "to");
	const struct value *authors = value_find_list(application, "authors");
	CLEANUP(str_release) struct str count = {0};
	CLEANUP(str_release) struct str line = {0};

	if (!value_find_text(application, "source"))
		return;
	str_addf(&count, "%zu commit%s", commits, commits == 1 ? "" : "s");
	str_add(&line, markdown ? "\n" : "  ");
	add_link(writer, &line, str_text(&count),
		 value_find_text(application, "compareUrl"));
	if (from && to && strlen(from) >= DATE_LEN && strlen(to) >= DATE_LEN) {
		str_addf(&line, ", %.*s", DATE_LEN, from);
		if (strncmp(from, to, DATE_LEN) != 0)
			str_addf(&line, " to %.*s", DATE_LEN, to);
	}
	if (authors->list.count > 0) {
		str_add(&line, ", by ");
		add_names(writer, &line, authors);
	}
	str_add(&line, markdown ? "\n" : "");
	end_line(writer, &line, false);
}

static void add_application(struct writer *writer, const struct value *told,
			    const struct value *application)
{
	bool markdown = writer->form == CHANGELOG_MARKDOWN;
	const struct value *removed = value_find_list(application, "removed");

	if (!value_find_text(application, "name"))
		return;
	add_heading(writer, application);
	add_summary(writer, application);
	add_changes(writer, told, value_find_list(application, "changes"));
	if (removed->list.count > 0) {
		add_line(writer, markdown ? "\nNo longer in it:\n"
					  : "  no longer in it:");
		add_changes(writer, told, removed);
	}
	writer->left_out += number_of(application, "more");
}

void changelog_add_text(struct str *out, const struct value *told,
			enum changelog_form form, size_t limit)
{
	/* Room for the last line, which says what is left out. */
	static const size_t last = sizeof("... and 4294967295 more changes\n");
	struct writer writer = {
		.out = out,
		.form = form,
		.start = out->len,
		.limit = limit > last ? limit - last : limit,
	};
	const struct value *applications =
		value_find_list(told, "applications");

	for (size_t i = 0; i < applications->list.count; i++)
		add_application(&writer, told, applications->list.items[i]);
	add_tickets(&writer, told);
	if (writer.left_out > 0)
		str_addf(out, "%s... and %zu more change%s\n",
			 form == CHANGELOG_MARKDOWN ? "\n" : "",
			 writer.left_out, writer.left_out == 1 ? "" : "s");
	else if (writer.full)
		str_add(out, "...\n");
}
