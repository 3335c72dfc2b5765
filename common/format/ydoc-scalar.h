/*
 * YAML scalars: what a plain one means, and how a string has to be written.
 *
 * Source: go-yaml v2.4.4 resolve.go and emitterc.go, by way of which
 * sigs.k8s.io/yaml v1.6.0 (Helm 4.3.1's) reads and writes.
 */
#ifndef FORMAT_YDOC_SCALAR_H
#define FORMAT_YDOC_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

enum yscalar_kind {
	YSCALAR_TEXT,
	YSCALAR_NULL,
	YSCALAR_BOOL,
	YSCALAR_INT,
	YSCALAR_UINT, /* beyond int64: @number is near it */
	YSCALAR_FLOAT,
	YSCALAR_TIMESTAMP, /* stays the text that it is */
};

struct yscalar {
	enum yscalar_kind kind;
	bool boolean;
	int64_t integer;
	double number;
};

/* What the plain scalar @text is. */
void yscalar_resolve(struct yscalar *scalar, const char *text, size_t len);

/* Which styles can hold a string, as the emitter sees it. */
struct yscalar_traits {
	bool multiline;
	bool block_plain; /* plain outside [] and {} */
	bool flow_plain;
	bool single_quoted;
	bool literal;
	bool literal_v3; /* where tabs are no obstacle */
};

void yscalar_analyze(struct yscalar_traits *traits, const char *text,
		     size_t len);

/* Is the plain scalar @text a string to every reader? */
bool yscalar_reads_as_text(const char *text, size_t len);

/* May the string @text stand plain and be read as a string again? */
bool yscalar_can_be_plain(const char *text, size_t len, bool flow);

/*
 * The next rune of UTF-8 text at *@at, which moves behind it; a byte that
 * belongs to none is U+FFFD, as in Go.
 */
uint32_t yscalar_rune(const char *text, size_t len, size_t *at);

bool yscalar_is_break(uint32_t rune);
bool yscalar_is_printable(uint32_t rune);

/* Append the escaped form of @rune in a double-quoted scalar: \n, \x01. */
void yscalar_add_escape(struct str *out, uint32_t rune);

/* Append @text on one line in double or single quotes. */
void yscalar_add_double_quoted(struct str *out, const char *text, size_t len);
void yscalar_add_single_quoted(struct str *out, const char *text, size_t len);

#endif
