/*
 * pcre2, loaded at first use: few templates search text.
 */
#ifndef COMMON_FORMAT_RX_PCRE2_H
#define COMMON_FORMAT_RX_PCRE2_H

#include <stdbool.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/attr.h"

struct err;

/* What we call of it; valid after rx_load_pcre2(). */
struct rx_pcre2 {
	__typeof__(pcre2_code_free) *code_free;
	__typeof__(pcre2_compile) *compile;
	__typeof__(pcre2_compile_context_create) *compile_context_create;
	__typeof__(pcre2_compile_context_free) *compile_context_free;
	__typeof__(pcre2_get_error_message) *get_error_message;
	__typeof__(pcre2_get_ovector_pointer) *get_ovector_pointer;
	__typeof__(pcre2_match) *match;
	__typeof__(pcre2_match_context_create) *match_context_create;
	__typeof__(pcre2_match_context_free) *match_context_free;
	__typeof__(pcre2_match_data_create) *match_data_create;
	__typeof__(pcre2_match_data_free) *match_data_free;
	__typeof__(pcre2_set_callout) *set_callout;
	__typeof__(pcre2_set_depth_limit) *set_depth_limit;
	__typeof__(pcre2_set_heap_limit) *set_heap_limit;
	__typeof__(pcre2_set_match_limit) *set_match_limit;
	__typeof__(pcre2_set_newline) *set_newline;
	__typeof__(pcre2_set_parens_nest_limit) *set_parens_nest_limit;
};

extern struct rx_pcre2 pcre2;

/* Errors: IO (not installed). */
bool rx_load_pcre2(struct err *err) MUST_CHECK;

#endif
