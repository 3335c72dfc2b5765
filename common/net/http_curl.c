#include "net/http_curl.h"

#include "base/err.h"
#include "sys/lazy.h"

struct http_curl curl;

static const struct lazy_symbol symbols[] = {
	{"curl_global_init", (void **)&curl.global_init},
	{"curl_easy_init", (void **)&curl.easy_init},
	{"curl_easy_setopt", (void **)&curl.easy_setopt},
	{"curl_easy_getinfo", (void **)&curl.easy_getinfo},
	{"curl_easy_reset", (void **)&curl.easy_reset},
	{"curl_easy_pause", (void **)&curl.easy_pause},
	{"curl_easy_cleanup", (void **)&curl.easy_cleanup},
	{"curl_easy_strerror", (void **)&curl.easy_strerror},
	{"curl_slist_append", (void **)&curl.slist_append},
	{"curl_slist_free_all", (void **)&curl.slist_free_all},
	{"curl_multi_init", (void **)&curl.multi_init},
	{"curl_multi_setopt", (void **)&curl.multi_setopt},
	{"curl_multi_add_handle", (void **)&curl.multi_add_handle},
	{"curl_multi_remove_handle", (void **)&curl.multi_remove_handle},
	{"curl_multi_perform", (void **)&curl.multi_perform},
	{"curl_multi_poll", (void **)&curl.multi_poll},
	{"curl_multi_info_read", (void **)&curl.multi_info_read},
	{"curl_multi_cleanup", (void **)&curl.multi_cleanup},
	{0},
};

/*
 * GnuTLS comes with it for RTMP and LDAP, which we do not speak; whoever does
 * prepares it by a call.
 */
static struct lazy library = {.sonames = "libcurl.so.4",
			      .symbols = symbols,
			      .unprepared = "GNUTLS_NO_IMPLICIT_INIT",
			      .sooner = "libcrypto.so.3 libgnutls.so.30"};
LAZY_NOTE("libcurl.so.4");

bool http_load_curl(struct err *err)
{
	static bool initialised;

	if (initialised)
		return true;
	if (!lazy_load(&library, err))
		return false;
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_IO, "cannot initialise libcurl");
	initialised = true;
	return true;
}

static void note(struct http_setter *to, CURLcode code)
{
	if (to->refused == CURLE_OK)
		to->refused = code;
}

void http_set_long(struct http_setter *to, CURLoption option, long value)
{
	note(to, curl.easy_setopt(to->easy, option, value));
}

void http_wish_long(struct http_setter *to, CURLoption option, long value)
{
	(void)curl.easy_setopt(to->easy, option, value);
}

void http_set_size(struct http_setter *to, CURLoption option, curl_off_t value)
{
	note(to, curl.easy_setopt(to->easy, option, value));
}

void http_set_text(struct http_setter *to, CURLoption option, const char *text)
{
	note(to, curl.easy_setopt(to->easy, option, text));
}

void http_set_list(struct http_setter *to, CURLoption option,
		   struct curl_slist *list)
{
	note(to, curl.easy_setopt(to->easy, option, list));
}

void http_set_blob(struct http_setter *to, CURLoption option, const char *bytes,
		   size_t len)
{
	union {
		const char *borrowed;
		void *data; /* copied, never written to */
	} bytes_of = {.borrowed = bytes};
	struct curl_blob blob = {
		.data = bytes_of.data, .len = len, .flags = CURL_BLOB_COPY};

	note(to, curl.easy_setopt(to->easy, option, &blob));
}

void http_set_context(struct http_setter *to, CURLoption option, void *context)
{
	note(to, curl.easy_setopt(to->easy, option, context));
}

void http_set_writer(struct http_setter *to, CURLoption option,
		     curl_write_callback callback)
{
	note(to, curl.easy_setopt(to->easy, option, callback));
}

void http_set_prereq(struct http_setter *to, curl_prereq_callback callback)
{
	note(to, curl.easy_setopt(to->easy, CURLOPT_PREREQFUNCTION, callback));
}
