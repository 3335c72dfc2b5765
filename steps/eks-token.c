/* eks-token - print a token for Amazon's Kubernetes, as a plugin does */

#include "api/eks.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/step.h"
#include "format/gojson.h"
#include "format/value.h"

#define API_DEFAULT "client.authentication.k8s.io/v1"

struct args {
	const char *cluster;
	const char *region;
	const char *role_arn;
	const char *profile;
	struct http_args http;
};

static const struct opt options[] = {
	OPT_STRING(struct args, cluster, "cluster", "NAME", NULL, OPT_REQUIRED,
		   "name of the cluster at EKS (for local ones, its id)"),
	OPT_STRING(struct args, region, "region", "REGION", "", 0,
		   "region of STS; default: AWS_REGION, or the profile's"),
	OPT_STRING(struct args, role_arn, "role-arn", "ARN", NULL, 0,
		   "be this role, not who the credentials are of"),
	OPT_STRING(struct args, profile, "profile", "NAME", "", 0,
		   "take the credentials of this AWS profile"),
	OPT_HTTP(struct args, http),
	OPT_END};

static void read_login(struct eks_login *login, const struct step_run *run)
{
	const struct args *args = run->args;

	login->cluster = xstrdup(args->cluster);
	login->region = xstrdup_or_null(args->region);
	login->role_arn = xstrdup_or_null(args->role_arn);
	env_copy(&login->env, run->env);
	if (args->profile)
		eks_login_use_profile(login, args->profile);
}

/* The version that whoever runs us asks for: kubectl, Helm. */
static bool choose_version(struct step_run *run, const char **version,
			   struct err *err)
{
	const char *info = env_get(run->env, "KUBERNETES_EXEC_INFO");
	struct gojson_size size;
	const struct value *root;

	*version = API_DEFAULT;
	if (!info)
		return true;
	if (!gojson_check(info, strlen(info), &size, err))
		return err_wrap(err, "cannot read KUBERNETES_EXEC_INFO");
	if (size.depth > VALUE_DEPTH_MAX)
		return err_set(err, ERR_INPUT,
			       "KUBERNETES_EXEC_INFO is nested too deeply");
	root = gojson_build(info, &run->arena, &(struct value_text){0});
	if (value_find_text(root, "apiVersion"))
		*version = value_find_text(root, "apiVersion");
	return true;
}

static struct value *describe(struct step_run *run, const char *version,
			      const struct eks_token *token)
{
	struct arena *arena = &run->arena;
	struct value *credential = value_new_map(arena);
	struct value *status = value_new_map(arena);
	CLEANUP(str_release) struct str expires = {0};

	clock_add_rfc3339(&expires, token->expires_s);
	value_map_set_text(status, arena, "expirationTimestamp",
			   str_text(&expires));
	value_map_set_text(status, arena, "token", secret_reveal(&token->text));
	value_map_set_text(credential, arena, "apiVersion", version);
	value_map_set_text(credential, arena, "kind", "ExecCredential");
	value_map_set(credential, arena, "spec", value_new_map(arena));
	value_map_set(credential, arena, "status", status);
	return credential;
}

static bool run(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct http_config http = step_http_config(run, &args->http);
	CLEANUP(eks_login_release) struct eks_login login = {0};
	CLEANUP(eks_token_release) struct eks_token token = {0};
	CLEANUP(str_release) struct str text = {0};
	struct value *credential;
	const char *version;

	read_login(&login, run);
	if (!choose_version(run, &version, err) ||
	    !eks_make_token(&token, &login, &http, err))
		return false;
	credential = describe(run, version, &token);
	if (!gojson_write(&text, credential, 0, err))
		return false;
	str_add_char(&text, '\n');
	return step_result(run, credential, str_text(&text), err);
}

static bool check(struct step_run *run, struct err *err)
{
	const struct args *args = run->args;
	const struct http_config http = step_http_config(run, &args->http);
	CLEANUP(eks_login_release) struct eks_login login = {0};
	CLEANUP(str_release) struct str arn = {0};
	CLEANUP(str_release) struct str text = {0};
	struct value *found = value_new_map(&run->arena);

	read_login(&login, run);
	if (!eks_find_identity(&arn, &login, &http, err))
		return false;
	value_map_set_text(found, &run->arena, "arn", str_text(&arn));
	str_addf(&text, "to the cluster we are %s\n", str_text(&arn));
	return step_result(run, found, str_text(&text), err);
}

const struct step step = {
	.name = "eks-token",
	.summary = "print a token for an EKS cluster, without any AWS tool",
	.options = options,
	.args_size = sizeof(struct args),
	.run = run,
	.check = check,
};
