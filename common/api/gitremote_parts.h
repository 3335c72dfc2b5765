/*
 * What the parts of api/gitremote share.
 */
#ifndef COMMON_API_GITREMOTE_PARTS_H
#define COMMON_API_GITREMOTE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct err;
struct http;
struct http_reply;
struct http_request;
struct secret;
struct url;

/*
 * Send @request to @url, as who the credentials say we are there.  Any other
 * status than 200 is an error, with a hint where it is about rights.
 */
bool gitremote_send(struct http *http, struct http_request *request,
		    const struct url *url, const struct secret *credentials,
		    struct http_reply *reply, struct err *err) MUST_CHECK;

#endif
