/*
 * Text of others within Markdown, as text and as nothing else.
 *
 *	markdown_add_text(&out, title, strlen(title));
 *	markdown_add_link(&out, "SHOP-12", "https://jira.example.com/...");
 *
 * Beyond the marks of Markdown itself, what forges look for in rendered text
 * is broken by a zero-width space: @mentions, references (#12, !12, GH-12,
 * $1, ~label, %milestone, &epic), which would notify people, link to what
 * was not meant, or close an issue; and addresses, which would become links.
 *
 * Source: CommonMark 0.31; GitHub Flavored Markdown's autolinks; GitHub
 * "Autolinked references"; GitLab "Markdown: GitLab-specific references".
 */
#ifndef FORMAT_MARKDOWN_H
#define FORMAT_MARKDOWN_H

#include <stddef.h>

struct str;

/* Append @text to be shown as it is, but on one line. */
void markdown_add_text(struct str *out, const char *text, size_t len);

/*
 * Append a link called @text to @url; the text alone where that is no http
 * or https address (NULL too).
 */
void markdown_add_link(struct str *out, const char *text, const char *url);

#endif
