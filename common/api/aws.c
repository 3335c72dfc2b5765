#include "api/aws.h"

#include <stdlib.h>
#include <strings.h>

#include "api/aws_profile.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/http.h"
#include "sys/env.h"

/* --- settings -------------------------------------------------------------- */

/* The first of two variables that is set, or NULL. */
static const char *either(const struct env *env, const char *first,
			  const char *second)
{
	const char *value = env_get(env, first);

	return value ? value : env_get(env, second);
}

static bool choose_profile(struct aws *aws, struct err *err)
{
	const char *named =
		either(aws->env, "AWS_PROFILE", "AWS_DEFAULT_PROFILE");
	CLEANUP(free_ptr) char *files = NULL;

	aws->profile = named ? named : "default";
	if (!named || same_text(named, "default") ||
	    aws_profiles_has(aws->profiles, AWS_SECTION_PROFILE, named))
		return true;
	files = aws_profiles_describe(aws->profiles);
	err_set(err, ERR_USAGE, "there is no AWS profile '%s' in %s", named,
		files);
	return err_hint(err, "AWS_PROFILE names it; AWS_CONFIG_FILE and "
			     "AWS_SHARED_CREDENTIALS_FILE say where to look");
}

bool aws_open(struct aws *aws, struct http *http, const struct env *env,
	      struct err *err)
{
	CLEANUP(aws_release) struct aws opened = {.env = env, .http = http};
	const char *region = either(env, "AWS_REGION", "AWS_DEFAULT_REGION");

	opened.profiles = xnew(struct aws_profiles);
	if (!aws_profiles_load(opened.profiles, env, err) ||
	    !choose_profile(&opened, err))
		return false;
	if (!region)
		region = aws_profile_setting(&opened, "region");
	if (region && !aws_choose_region(&opened, region, err))
		return false;
	*aws = opened;
	opened = (struct aws){0};
	return true;
}

const char *aws_profile_setting(const struct aws *aws, const char *key)
{
	return aws_profiles_get(aws->profiles, AWS_SECTION_PROFILE,
				aws->profile, key);
}

const char *aws_setting(const struct aws *aws, const char *variable,
			const char *key)
{
	const char *value = env_get(aws->env, variable);

	return value ? value : aws_profile_setting(aws, key);
}

bool aws_region_get(struct aws *aws, const char **region, struct err *err)
{
	const struct aws_credentials *unused;

	if (!aws->region && !aws_credentials_get(aws, &unused, err))
		return false;
	*region = aws->region ? aws->region : AWS_REGION_DEFAULT;
	return true;
}

bool aws_region_valid(const char *region)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t len = strspn(region, allowed);

	return len > 0 && len <= AWS_REGION_MAX && region[len] == '\0' &&
	       region[0] != '-' && region[len - 1] != '-';
}

bool aws_choose_region(struct aws *aws, const char *region, struct err *err)
{
	if (!aws_region_valid(region)) {
		err_set(err, ERR_USAGE, "'%s' is no AWS region", region);
		return err_hint(err, "a region looks like eu-central-1");
	}
	aws_set_region(aws, region);
	return true;
}

void aws_set_region(struct aws *aws, const char *region)
{
	char *copy = xstrdup(region);

	free(aws->region);
	aws->region = copy;
}

static bool is_true(const char *text)
{
	return text && strcasecmp(text, "true") == 0;
}

static const char *endpoint_of_profile(const struct aws *aws,
				       const char *service)
{
	CLEANUP(free_ptr) char *key = xasprintf("%s.endpoint_url", service);
	const char *services = aws_profile_setting(aws, "services");
	const char *url = NULL;

	for (char *c = key; *c; c++)
		*c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
	if (services)
		url = aws_profiles_get(aws->profiles, AWS_SECTION_SERVICES,
				       services, key);
	return url ? url : aws_profile_setting(aws, "endpoint_url");
}

const char *aws_endpoint(const struct aws *aws, const char *service)
{
	CLEANUP(free_ptr) char *name =
		xasprintf("AWS_ENDPOINT_URL_%s", service);
	const char *url = either(aws->env, name, "AWS_ENDPOINT_URL");

	if (is_true(aws_setting(aws, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
				"ignore_configured_endpoint_urls")))
		return NULL;
	return url ? url : endpoint_of_profile(aws, service);
}

/* Where AWS's hosts of a partition are, and those that speak IPv6 too. */
static const struct partition {
	const char *prefix; /* of its regions */
	const char *domain;
	const char *dualstack;
} partitions[] = {
	{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
	{"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"", "amazonaws.com", "api.aws"},
};

static const struct partition *partition_of(const char *region)
{
	const struct partition *at = partitions;

	while (!starts_with(region, at->prefix))
		at++;
	return at;
}

void aws_add_host(struct str *out, const struct aws *aws, const char *service,
		  const char *region)
{
	const struct partition *partition = partition_of(region);
	bool is_s3 = same_text(service, "s3");
	bool fips = is_true(
		aws_setting(aws, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
	bool dualstack = is_true(aws_setting(aws, "AWS_USE_DUALSTACK_ENDPOINT",
					     "use_dualstack_endpoint"));

	/* In these regions all of their hosts are, under the common name. */
	if (!is_s3 && !dualstack && starts_with(region, "us-gov-"))
		fips = false;
	str_addf(out, "%s%s%s.%s.%s", service, fips ? "-fips" : "",
		 is_s3 && dualstack ? ".dualstack" : "", region,
		 dualstack && !is_s3 ? partition->dualstack
				     : partition->domain);
}

void aws_release(struct aws *aws)
{
	if (aws->profiles)
		aws_profiles_release(aws->profiles);
	free(aws->profiles);
	free(aws->region);
	aws_credentials_release(&aws->credentials);
	*aws = (struct aws){0};
}

/* --- the clock ------------------------------------------------------------- */

int64_t aws_now_s(const struct aws *aws)
{
	return clock_now_ms() / 1000 + aws->clock_offset_s;
}

bool aws_learn_clock(struct aws *aws, const struct http_reply *reply)
{
	const char *date = http_header(reply, "Date");
	int64_t theirs_s, offset_s;

	if (aws->clock_learnt || !date ||
	    !clock_parse_http_date(date, &theirs_s))
		return false;
	offset_s = theirs_s - clock_now_ms() / 1000;
	if (offset_s > -AWS_SKEW_S && offset_s < AWS_SKEW_S)
		return false;
	aws->clock_offset_s = offset_s;
	aws->clock_learnt = true;
	return true;
}
