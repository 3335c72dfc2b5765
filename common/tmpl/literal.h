/*
 * Literals of the template language: numbers of all bases, characters,
 * quoted and raw strings.
 *
 * Source: Go's strconv (ParseInt, ParseFloat, Unquote) and text/template's
 * rules for constants without a type.
 */
#ifndef TMPL_LITERAL_H
#define TMPL_LITERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct str;

/* A constant fits several types; which one depends on where it is used. */
struct number {
	bool is_int, is_uint, is_float, is_complex;
	int64_t integer;
	uint64_t natural;
	double real, imaginary;
};

enum literal_fault {
	LITERAL_OK,
	LITERAL_SYNTAX,
	LITERAL_OVERFLOW, /* a whole number beyond 64 bits */
};

/* 12, 0x1F, 0b1, 0o17, 017, 1_000, 1.5e3, 0x1p-2, 2i. */
enum literal_fault number_parse(struct number *number, const char *text,
				size_t len) MUST_CHECK;

/* 1+2i. */
enum literal_fault number_parse_complex(struct number *number, const char *text,
					size_t len) MUST_CHECK;

/* 'x' with its quotes. */
enum literal_fault number_parse_character(struct number *number,
					  const char *text, size_t len)
	MUST_CHECK;

/* A float of @len bytes in Go's syntax, not beyond float64's range. */
bool float_parse(double *number, const char *text, size_t len) MUST_CHECK;

/* A whole number in Go's syntax; @base 0: by its prefix. */
bool int_parse(int64_t *number, const char *text, size_t len, int base)
	MUST_CHECK;

/* Append what "..." or `...`, quotes included, stands for. */
bool string_unquote(struct str *out, const char *text, size_t len) MUST_CHECK;

#endif
