/*
 * The way of text through JSON into go-yaml.
 *
 * sigs.k8s.io/yaml's Marshal writes JSON, lets go-yaml v2 read that as the
 * YAML that it almost is, and writes what was read.  Some text changes on the
 * way, and some does not arrive.
 *
 * Source: sigs.k8s.io/yaml v1.6.0 yaml.go, Go's encoding/json, go-yaml v2.4.4
 * readerc.go and scannerc.go.
 */
#ifndef FORMAT_YDOC_JSON_H
#define FORMAT_YDOC_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct str;

/* Append @text with U+FFFD for what is not UTF-8, as encoding/json does. */
void yjson_clean(struct str *out, const char *text, size_t len);

/*
 * Append @text as it arrives: clean, and with its NELs (U+0085), which are
 * line breaks to go-yaml, folded.  Gives NULL, or why it does not arrive.
 */
const char *yjson_pass(struct str *out, const char *text, size_t len);

/* The same for the key of a mapping. */
const char *yjson_pass_key(struct str *out, const char *text, size_t len);

#endif
