/*
 * JSON text without what nobody reads: a member is taken out before the text
 * is parsed, where it would cost more than all the rest.
 */
#ifndef FORMAT_JSONDROP_H
#define FORMAT_JSONDROP_H

struct str;

/*
 * Take every member @name whose value is a list out of @text.  A text that is
 * JSON stays JSON; one that is not stays wrong.  Only what is written without
 * blanks (`"name":[`) is found.
 */
void jsondrop_lists(struct str *text, const char *name);

#endif
