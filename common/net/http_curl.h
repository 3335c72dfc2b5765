/*
 * libcurl, loaded at first use, behind functions that the compiler can check.
 */
#ifndef COMMON_NET_HTTP_CURL_H
#define COMMON_NET_HTTP_CURL_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "base/attr.h"

struct err;

/* What we call of it; valid after http_load_curl(). */
struct http_curl {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_reset) *easy_reset;
	__typeof__(curl_easy_pause) *easy_pause;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_setopt) *multi_setopt;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
};

extern struct http_curl curl;

/* Errors: IO (not installed). */
bool http_load_curl(struct err *err) MUST_CHECK;

/*
 * Setting options, one function for each type that libcurl takes: its own
 * check of types does not work through a table of pointers.  The first
 * refusal is kept and looked at once, after all are set.
 */
struct http_setter {
	CURL *easy;
	CURLcode refused;
};

void http_set_long(struct http_setter *to, CURLoption option, long value);
/* What libcurl may refuse: it is only a wish. */
void http_wish_long(struct http_setter *to, CURLoption option, long value);
void http_set_size(struct http_setter *to, CURLoption option, curl_off_t value);
/* libcurl copies @text, but for CURLOPT_POSTFIELDS. */
void http_set_text(struct http_setter *to, CURLoption option, const char *text);
void http_set_list(struct http_setter *to, CURLoption option,
		   struct curl_slist *list);
void http_set_blob(struct http_setter *to, CURLoption option, const char *bytes,
		   size_t len);
void http_set_context(struct http_setter *to, CURLoption option, void *context);
void http_set_writer(struct http_setter *to, CURLoption option,
		     curl_write_callback callback);
void http_set_prereq(struct http_setter *to, curl_prereq_callback callback);

#endif
