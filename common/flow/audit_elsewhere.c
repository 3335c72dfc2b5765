/* Archives to which the index leads outside of the repository. */
#include <string.h>

#include "api/chartrepo.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/chart.h"
#include "flow/audit_looking.h"
#include "flow/audit_parts.h"
#include "format/hash.h"
#include "format/url.h"

struct audit_server {
	bool asked;
	bool failed;	/* to answer that, */
	bool temporary; /* perhaps not the next time */
};

/* Of an address that is none, it is all of it. */
static void add_origin(struct str *origin, const char *address)
{
	CLEANUP(url_release) struct url url = {0};
	CLEANUP(err_release) struct err unfit = {0};

	if (url_parse(&url, address, &unfit))
		url_add_origin(origin, &url);
	else
		str_add(origin, address);
}

struct audit_server *audit_find_server(struct looking *looking, const char *url)
{
	CLEANUP(str_release) struct str origin = {0};
	struct audit_server *server;

	add_origin(&origin, url);
	server = map_get(&looking->servers, str_text(&origin));
	if (server)
		return server;
	server = arena_new(&looking->look->arena, struct audit_server);
	map_put(&looking->servers, str_text(&origin), server);
	return server;
}

static void add_unread(struct reading *reading, const char *reason,
		       bool temporary)
{
	struct audit_items *unread = &reading->looking->look->unread;

	audit_add_finding(reading->looking, unread, &reading->claim,
			  reading->served_at ? reading->served_at
					     : reading->fetch.url,
			  reason);
	unread->items[unread->count - 1].temporary = temporary;
}

/* Is it how the server is, rather than what it has under one address? */
static bool is_of_server(const struct err *failure)
{
	return failure->kind == ERR_UNREACHABLE ||
	       failure->kind == ERR_TIMEOUT ||
	       (failure->temporary && failure->status != 500);
}

/*
 * A request that got all the time there was may end a moment before it does, as
 * libcurl's clock is another one; so little is good for no request.
 */
#define MOMENT_MS 100

static bool is_at_end(const struct audit *audit)
{
	return deadline_left_ms(&audit->deadline, INT64_MAX) < MOMENT_MS;
}

bool audit_note_unread(struct reading *reading)
{
	const struct err *failure = &reading->fetch.failure;
	const struct audit *audit = reading->looking->look->audit;

	if (failure->kind == ERR_IO || is_at_end(audit))
		return false;
	add_unread(reading, failure->text, failure->temporary);
	if (is_of_server(failure)) {
		reading->server->failed = true;
		reading->server->temporary = failure->temporary;
	}
	return true;
}

/* One of each server goes first, and shows whether there is any use in more. */
static bool ask_first(struct looking *looking, struct readings *rest,
		      struct err *err)
{
	const struct readings *all = &looking->elsewhere;
	CLEANUP(audit_readings_release) struct readings first = {0};

	for (size_t i = 0; i < all->count; i++) {
		struct reading *reading = all->items[i];

		audit_readings_add(reading->server->asked ? rest : &first,
				   reading);
		reading->server->asked = true;
	}
	return audit_read(looking, &first, err);
}

bool audit_read_elsewhere(struct looking *looking, struct err *err)
{
	CLEANUP(audit_readings_release) struct readings rest = {0};

	if (!ask_first(looking, &rest, err))
		return false;
	looking->elsewhere.count = 0;
	for (size_t i = 0; i < rest.count; i++) {
		struct reading *reading = rest.items[i];

		if (reading->server->failed)
			add_unread(reading,
				   "not asked for, as its server had failed "
				   "before",
				   reading->server->temporary);
		else
			audit_readings_add(&looking->elsewhere, reading);
	}
	return audit_read(looking, &looking->elsewhere, err);
}

/* --- what is served of a folder ---------------------------------------------- */

char *audit_served_object(const char *url)
{
	CLEANUP(str_release) struct str name = {0};
	size_t end = strcspn(url, "?#"), start = end;

	while (start && url[start - 1] != '/')
		start--;
	return url_decode(&name, url + start, end - start) ? str_detach(&name)
							   : NULL;
}

const char *audit_url_of(const char *name, struct arena *arena)
{
	CLEANUP(str_release) struct str url = {0};

	url_encode(&url, name, strlen(name), "+");
	return arena_strdup(arena, str_text(&url));
}

bool audit_is_out_of_reach(const struct looking *looking, const char *url)
{
	const char *address = looking->look->audit->repo->address;

	return !chartrepo_needs_http(address) &&
	       (url_is_web(url) || starts_with(url, "oci://"));
}

void audit_note_out_of_reach(struct reading *reading)
{
	add_unread(reading,
		   "it is on the web, where a local repository does not lead, "
		   "and no archive of its name and digest is here",
		   false);
}

static bool has_digest(struct reading *reading)
{
	struct chartrepo_fetch *fetch = &reading->fetch;
	char digest[SHA256_HEX_SIZE];

	return fetch->failure.kind == ERR_NONE &&
	       sha256_hex(str_text(&fetch->bytes), fetch->bytes.len, digest,
			  &fetch->failure) &&
	       same_text(digest, reading->claim.digest);
}

static void take_served(struct chartrepo_fetch *fetch)
{
	struct reading *reading = (struct reading *)fetch;
	struct err none = {0};

	reading->object->referenced = has_digest(reading);
	if (!reading->object->referenced &&
	    (fetch->failure.kind == ERR_NONE ||
	     fetch->failure.kind == ERR_NOT_FOUND || fetch->misled)) {
		audit_count_read(reading->looking);
		audit_note_out_of_reach(reading);
		audit_finish_reading(fetch, &none);
		return;
	}
	audit_take_archive(fetch);
}

void audit_find_served(struct reading *reading)
{
	struct looking *looking = reading->looking;
	struct audit_object *object;
	CLEANUP(free_ptr) char *name = audit_served_object(reading->fetch.url);

	reading->served_at = reading->fetch.url;
	object = name ? map_get(&looking->look->objects, name) : NULL;
	if (!object || object->size > (int64_t)CHART_ARCHIVE_MAX)
		return;
	reading->object = object;
	reading->fetch.url = audit_url_of(name, &looking->window);
	reading->fetch.taken = take_served;
}
