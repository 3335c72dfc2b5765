/*
 * A chart repository opened as the options of a step name it: with the client
 * that it needs, and with the login that is for it.
 *
 *	CLEANUP(http_release) struct http http = {0};
 *	CLEANUP(chartrepo_release) struct chartrepo repo = {0};
 *
 *	if (!repoaccess_open(&repo, &http, args->repo, &args->access, &config,
 *			     err))
 *		return false;
 *
 * Who we are to it: what the options say; else, over http(s)://, what Helm's
 * repositories.yaml has for that very address (api/helmrepos.h), certificates
 * included; else what its kind of repository finds by itself (the address's
 * user, AWS settings, the logins of registries).
 */
#ifndef API_REPOACCESS_H
#define API_REPOACCESS_H

#include <stdbool.h>

#include "api/chartrepo.h"
#include "api/login.h"
#include "api/s3.h"
#include "base/attr.h"

struct err;
struct helmrepos_entry;
struct http;
struct http_config;

/* Filled by OPT_REPOSITORY of cli/fragments.h. */
struct repoaccess_args {
	struct login_args login;
	const char *context_path; /* of ChartMuseum; NULL = find it out */
	struct s3_writing s3;
};

/*
 * Open @repo at @address, and @http where it needs a client; both are the
 * caller's.  @args: NULL where what the options say is for another repository.
 * Errors: USAGE (encryption or an ACL for what is not s3://); those of
 * http_open(), chartrepo_open(), helmrepos_read() and s3_set_writing().
 */
bool repoaccess_open(struct chartrepo *repo, struct http *http,
		     const char *address, const struct repoaccess_args *args,
		     const struct http_config *config, struct err *err)
	MUST_CHECK;

/* Let what Helm knows of the repository say who we are; @known is borrowed. */
void repoaccess_use(const struct helmrepos_entry *known,
		    struct chartrepo_config *config);

#endif
