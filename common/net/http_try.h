/*
 * One try of a request: told to libcurl, handed over, taken back.
 */
#ifndef COMMON_NET_HTTP_TRY_H
#define COMMON_NET_HTTP_TRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/url.h"
#include "net/http.h"
#include "net/http_curl.h"
#include "net/http_parts.h"

struct http_client {
	struct http_config config; /* its texts live in the arena */
	struct secret key_pem;
	struct arena arena;
	struct http_trust trust;
	CURLM *multi;		    /* NULL until the first request */
	CURL *spare[HTTP_JOBS_MAX]; /* handles with their TLS sessions */
	size_t spare_count;
	const struct http_vigil *vigil; /* borrowed; NULL = none */
	int64_t vigil_at;		/* when it is due */
	bool in_vigil;
};

enum transfer_state {
	TRANSFER_FREE,	   /* no request */
	TRANSFER_WAITING,  /* until wake_ms */
	TRANSFER_RUNNING,  /* in libcurl's hands */
	TRANSFER_FINISHED, /* a try ended, with code */
	TRANSFER_DONE,	   /* the reply or failure is there */
};

/* All that share the memory of a batch. */
struct flow {
	struct transfer *transfers;
	size_t count;
	size_t memory; /* bytes; 0 = no bound */
};

/* One request on its way through tries, redirects and signatures. */
struct transfer {
	struct http_client *client;
	const struct flow *flow; /* NULL = it is alone */
	struct http_request *request;
	struct http_reply reply;
	struct err failure;
	enum transfer_state state;

	/* Where it goes now. */
	struct url target;
	struct str shown; /* the same for messages */
	bool left_origin; /* secrets stay behind for good */
	unsigned int redirects;
	unsigned int agains;
	unsigned int tries;
	bool unclear;
	int64_t wake_ms;
	bool starved; /* cut off while paused: is paused no more */

	/* The try under way. */
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *place; /* of a server with another name */
	CURLcode code;
	char why[CURL_ERROR_SIZE];
	size_t header_bytes;
	bool header_ended;
	unsigned int sends; /* how often libcurl began to send it */
	bool too_large;
	bool sated;  /* the request has enough of the reply */
	bool paused; /* until others are done */
	bool was_paused;
	long proxy_status; /* of a CONNECT; 0 = none was needed */
};

/*
 * Is there room for the reply?  Only who is starved asks before it is sent: of
 * these one at a time goes on, while all others wait for it.
 */
bool http_may_start(const struct transfer *transfer);

/* Hand the request to libcurl; what prevents it is the transfer's failure. */
void http_start_try(struct transfer *transfer);

/* Take it back, whatever became of it; reply and code stay. */
void http_end_try(struct transfer *transfer);

/* Let it go on that was paused, if there is room now. */
void http_resume(struct transfer *transfer);

/* May it be sent twice, whatever the server did with the first? */
bool http_is_repeatable(const struct http_request *request);

#endif
