/* Credentials as a profile of the shared files describes them. */
#include <string.h>

#include "api/aws.h"
#include "api/aws_profile.h"
#include "api/aws_providers.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/env.h"

#define KEY_ID	   "aws_access_key_id"
#define SECRET_KEY "aws_secret_access_key"

/* One profile; @trail are those whose roles led here. */
struct step {
	struct aws *aws;
	const char *name;
	struct strvec *trail;
};

static const char *get(const struct aws *aws, const char *profile,
		       const char *key)
{
	return aws_profiles_get(aws->profiles, AWS_SECTION_PROFILE, profile,
				key);
}

static const char *setting(const struct step *step, const char *key)
{
	return get(step->aws, step->name, key);
}

/* The settings each of which means that credentials are to be had. */
static const char *const marks[] = {
	"role_arn",	 "web_identity_token_file", KEY_ID,
	SECRET_KEY,	 "sso_account_id",	    "sso_role_name",
	"sso_start_url", "credential_process",
};

bool aws_profile_is_set(const struct aws *aws)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (get(aws, aws->profile, marks[i]))
			return true;
	return false;
}

/* --- the simple kinds ------------------------------------------------------ */

static bool need(const struct step *step, const char *key, const char **value,
		 struct err *err)
{
	*value = setting(step, key);
	return *value || err_set(err, ERR_INPUT, "there is no %s", key);
}

static bool has_keys(const struct step *step)
{
	return setting(step, KEY_ID) || setting(step, SECRET_KEY);
}

/* What the other file says belongs to other keys. */
static const char *beside_key_id(const struct step *step, const char *key)
{
	return aws_profiles_get_beside(step->aws->profiles, AWS_SECTION_PROFILE,
				       step->name, key, KEY_ID);
}

static bool fetch_keys(const struct step *step,
		       struct aws_credentials *credentials, struct err *err)
{
	const char *access_key, *secret_key;

	if (!need(step, KEY_ID, &access_key, err))
		return false;
	secret_key = beside_key_id(step, SECRET_KEY);
	if (!secret_key)
		return err_set(err, ERR_INPUT,
			       "there is no " SECRET_KEY " beside " KEY_ID);
	return aws_credentials_set(credentials, access_key, secret_key,
				   beside_key_id(step, "aws_session_token"),
				   NULL, err);
}

/* A session alone serves commands that need no role of an account. */
static bool has_sso(const struct step *step)
{
	return setting(step, "sso_start_url") ||
	       setting(step, "sso_account_id") ||
	       setting(step, "sso_role_name");
}

/* In the new form the portal's settings are in a section of their own. */
static bool need_of_session(const struct step *step, const char *session,
			    const char *key, const char **value,
			    struct err *err)
{
	if (!session)
		return need(step, key, value, err);
	*value = aws_profiles_get(step->aws->profiles, AWS_SECTION_SSO_SESSION,
				  session, key);
	return *value || err_set(err, ERR_INPUT, "sso-session '%s' has no %s",
				 session, key);
}

static bool fetch_sso(const struct step *step,
		      struct aws_credentials *credentials, struct err *err)
{
	struct aws_sso sso = {
		.session = setting(step, "sso_session"),
		.profile = step->name,
	};

	return need_of_session(step, sso.session, "sso_region", &sso.region,
			       err) &&
	       need_of_session(step, sso.session, "sso_start_url",
			       &sso.start_url, err) &&
	       need(step, "sso_account_id", &sso.account, err) &&
	       need(step, "sso_role_name", &sso.role, err) &&
	       aws_fetch_sso(step->aws, &sso, credentials, err);
}

/* --- roles ----------------------------------------------------------------- */

static bool fetch_step(const struct step *step,
		       struct aws_credentials *credentials, struct err *err);

/* Keys of a profile that names itself as the source of its role. */
static bool fetch_own_keys(const struct step *step,
			   struct aws_credentials *credentials, struct err *err)
{
	if (has_keys(step))
		return fetch_keys(step, credentials, err);
	return err_set(err, ERR_INPUT,
		       "source_profile is the profile itself, which has no "
		       "keys");
}

static bool fetch_source_profile(const struct step *step, const char *name,
				 struct aws_credentials *credentials,
				 struct err *err)
{
	const struct step next = {step->aws, name, step->trail};
	CLEANUP(free_ptr) char *files = NULL;

	if (same_text(name, step->name))
		return fetch_own_keys(step, credentials, err);
	if (strvec_has(step->trail, name))
		return err_set(err, ERR_INPUT,
			       "source_profile '%s' leads back to itself",
			       name);
	if (step->trail->count >= AWS_PROFILES_MAX)
		return err_set(err, ERR_INPUT,
			       "more than %d profiles lead from one to the "
			       "next",
			       AWS_PROFILES_MAX);
	if (aws_profiles_has(step->aws->profiles, AWS_SECTION_PROFILE, name))
		return fetch_step(&next, credentials, err);
	files = aws_profiles_describe(step->aws->profiles);
	return err_set(err, ERR_INPUT, "source_profile '%s' is not in %s", name,
		       files);
}

static bool fetch_source_kind(const struct step *step, const char *kind,
			      struct aws_credentials *credentials,
			      struct err *err)
{
	static const struct {
		const char *name;
		bool (*fetch)(struct aws *aws,
			      struct aws_credentials *credentials,
			      struct err *err);
		bool (*is_set)(const struct aws *aws);
	} kinds[] = {
		{"Environment", aws_fetch_environment, aws_environment_is_set},
		{"EcsContainer", aws_fetch_container, aws_container_is_set},
		{"Ec2InstanceMetadata", aws_fetch_instance,
		 aws_instance_is_set},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!same_text(kinds[i].name, kind))
			continue;
		if (kinds[i].is_set(step->aws))
			return kinds[i].fetch(step->aws, credentials, err);
		return err_set(err, ERR_INPUT,
			       "credential_source is %s, and there is none",
			       kind);
	}
	return err_set(err, ERR_INPUT,
		       "credential_source '%s' is none of Environment, "
		       "EcsContainer, Ec2InstanceMetadata",
		       kind);
}

static bool fetch_source(const struct step *step,
			 struct aws_credentials *credentials, struct err *err)
{
	const char *profile = setting(step, "source_profile");
	const char *kind = setting(step, "credential_source");

	if (profile && kind)
		return err_set(err, ERR_INPUT,
			       "there are both source_profile and "
			       "credential_source");
	if (profile)
		return fetch_source_profile(step, profile, credentials, err);
	if (kind)
		return fetch_source_kind(step, kind, credentials, err);
	return err_set(err, ERR_INPUT,
		       "role_arn needs source_profile, credential_source or "
		       "web_identity_token_file");
}

/* The environment may complete a web identity, as it may be one itself. */
static const char *find_role(const struct step *step)
{
	const char *arn = setting(step, "role_arn");

	return arn || !setting(step, "web_identity_token_file")
		       ? arn
		       : env_get(step->aws->env, "AWS_ROLE_ARN");
}

static bool fetch_role(const struct step *step,
		       struct aws_credentials *credentials, struct err *err)
{
	CLEANUP(aws_credentials_release) struct aws_credentials source = {0};
	const struct aws_role role = {
		.arn = find_role(step),
		.session_name = setting(step, "role_session_name"),
		.external_id = setting(step, "external_id"),
		.duration_s = setting(step, "duration_seconds"),
		.token_file = setting(step, "web_identity_token_file"),
		.region = setting(step, "region"),
	};

	if (!role.arn)
		return err_set(err, ERR_INPUT,
			       "web_identity_token_file needs a role_arn");
	if (role.token_file)
		return aws_assume_role_with_token(step->aws, &role, credentials,
						  err);
	if (setting(step, "mfa_serial"))
		return err_set(err, ERR_INPUT,
			       "role '%s' asks for the code of a device "
			       "(mfa_serial), and nobody is there to type it",
			       role.arn);
	return fetch_source(step, &source, err) &&
	       aws_assume_role(step->aws, &role, &source, credentials, err);
}

/* --- any of them ----------------------------------------------------------- */

static bool fetch_kind(const struct step *step,
		       struct aws_credentials *credentials, struct err *err)
{
	const char *command = setting(step, "credential_process");

	if (setting(step, "role_arn") ||
	    setting(step, "web_identity_token_file"))
		return fetch_role(step, credentials, err);
	if (has_keys(step))
		return fetch_keys(step, credentials, err);
	if (has_sso(step))
		return fetch_sso(step, credentials, err);
	if (command)
		return aws_fetch_process(step->aws, command, credentials, err);
	return err_set(err, ERR_INPUT, "it names no credentials");
}

static bool fetch_step(const struct step *step,
		       struct aws_credentials *credentials, struct err *err)
{
	strvec_add(step->trail, step->name);
	return fetch_kind(step, credentials, err) ||
	       err_wrap(err, "'%s'", step->name);
}

bool aws_fetch_profile(struct aws *aws, struct aws_credentials *credentials,
		       struct err *err)
{
	CLEANUP(strvec_release) struct strvec trail = {0};
	const struct step step = {aws, aws->profile, &trail};

	return fetch_step(&step, credentials, err);
}
