/*
 * Amazon ECR: logging in to its registries with AWS credentials.  Private to
 * api/oci.
 *
 * Source: Amazon ECR API Reference, GetAuthorizationToken; User Guide,
 * "Private registry authentication".
 */
#ifndef COMMON_API_ECR_H
#define COMMON_API_ECR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct env;
struct err;
struct http;
struct login;

#define ECR_REPLY_MAX ((size_t)1 << 20)

/*
 * The parts of ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com, and of the names
 * that speak IPv6 too: ACCOUNT.dkr-ecr[-fips].REGION.on.aws.
 */
struct ecr_host {
	char account[13];
	char region[33];
	bool fips;
	bool dualstack;
	const char *domain; /* of the API beside it */
};

/* False: @registry is none of ECR's. */
bool ecr_parse_host(const char *registry, struct ecr_host *host) MUST_CHECK;

/*
 * A login for @host, good for 12 hours.  Errors: USAGE (no AWS credentials),
 * DENIED (the hint names the right), those of http_send().
 */
bool ecr_login(const struct ecr_host *host, struct http *http,
	       const struct env *env, struct login *login, struct err *err)
	MUST_CHECK;

#endif
