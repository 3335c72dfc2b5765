#include "format/rx_pcre2.h"

#include "sys/lazy.h"

struct rx_pcre2 pcre2;

static const struct lazy_symbol symbols[] = {
	{"pcre2_code_free_8", (void **)&pcre2.code_free},
	{"pcre2_compile_8", (void **)&pcre2.compile},
	{"pcre2_compile_context_create_8",
	 (void **)&pcre2.compile_context_create},
	{"pcre2_compile_context_free_8", (void **)&pcre2.compile_context_free},
	{"pcre2_get_error_message_8", (void **)&pcre2.get_error_message},
	{"pcre2_get_ovector_pointer_8", (void **)&pcre2.get_ovector_pointer},
	{"pcre2_match_8", (void **)&pcre2.match},
	{"pcre2_match_context_create_8", (void **)&pcre2.match_context_create},
	{"pcre2_match_context_free_8", (void **)&pcre2.match_context_free},
	{"pcre2_match_data_create_8", (void **)&pcre2.match_data_create},
	{"pcre2_match_data_free_8", (void **)&pcre2.match_data_free},
	{"pcre2_set_callout_8", (void **)&pcre2.set_callout},
	{"pcre2_set_depth_limit_8", (void **)&pcre2.set_depth_limit},
	{"pcre2_set_heap_limit_8", (void **)&pcre2.set_heap_limit},
	{"pcre2_set_match_limit_8", (void **)&pcre2.set_match_limit},
	{"pcre2_set_newline_8", (void **)&pcre2.set_newline},
	{"pcre2_set_parens_nest_limit_8",
	 (void **)&pcre2.set_parens_nest_limit},
	{0},
};

static struct lazy library = {.sonames = "libpcre2-8.so.0", .symbols = symbols};

LAZY_NOTE("libpcre2-8.so.0");

bool rx_load_pcre2(struct err *err)
{
	return lazy_load(&library, err);
}
