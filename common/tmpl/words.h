/*
 * Words within a name, told apart by case, digits and connectors: what
 * snakecase, kebabcase and camelcase work on.
 *
 * Source: huandu/xstrings v1.5.0, whose every oddity is kept.
 */
#ifndef TMPL_WORDS_H
#define TMPL_WORDS_H

struct str;
struct value_text;

/* Append @text in lower case, with @connector between its words. */
void words_add_joined(struct str *out, const struct value_text *text,
		      char connector);

/* Append the words of @text with a capital each, and without connectors. */
void words_add_pascal(struct str *out, const struct value_text *text);

#endif
