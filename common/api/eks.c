#include "api/eks.h"

#include <stdlib.h>
#include <string.h>

#include "api/aws.h"
#include "api/aws_providers.h"
#include "api/xml.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strvec.h"
#include "net/http.h"
#include "sys/file.h"

#define TOKEN_PREFIX "k8s-aws-v1."
/* As the AWS CLI calls it, so that whoever maps sessions to users sees it. */
#define SESSION_NAME "EKSGetTokenAuth"

/* --- whether a command line asks for one ----------------------------------- */

/* What an option is about. */
enum meaning {
	CLUSTER,
	REGION,
	ROLE,
	PROFILE,
	OUTPUT,
	MEANINGS,
};

struct option {
	const char *name;
	enum meaning meaning;
};

static const struct option aws_options[] = {
	{"--cluster-name", CLUSTER},
	{"--cluster-id", CLUSTER},
	{"--region", REGION},
	{"--role-arn", ROLE},
	{"--profile", PROFILE},
	{"--output", OUTPUT},
	{NULL, MEANINGS},
};

static const struct option authenticator_options[] = {
	{"-i", CLUSTER},  {"--cluster-id", CLUSTER}, {"-r", ROLE},
	{"--role", ROLE}, {"--region", REGION},	     {NULL, MEANINGS},
};

static const struct option own_options[] = {
	{"--cluster", CLUSTER}, {"--region", REGION}, {"--role-arn", ROLE},
	{"--profile", PROFILE}, {NULL, MEANINGS},
};

/* A program, its words that are no options, and its options. */
static const struct tool {
	const char *program;
	const char *words[2];
	const struct option *options;
} tools[] = {
	{"aws", {"eks", "get-token"}, aws_options},
	{"aws-iam-authenticator", {"token", NULL}, authenticator_options},
	{"eks-token", {NULL, NULL}, own_options},
};

static const struct tool *find_tool(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (same_text(path_base(command), tools[i].program))
			return &tools[i];
	return NULL;
}

/* "--name", or "--name=" with its value at *@value. */
static const struct option *find_option(const struct option *options,
					const char *arg, const char **value)
{
	for (; options->name; options++) {
		const char *rest = after_prefix(arg, options->name);

		if (!rest || (*rest && (*rest != '=' || arg[1] != '-')))
			continue;
		*value = *rest ? rest + 1 : NULL;
		return options;
	}
	return NULL;
}

/* What the command line says; of what is said twice, neither is guessed. */
struct sayings {
	const char *of[MEANINGS];
	size_t words;
};

static bool take_arg(struct sayings *sayings, const struct tool *tool,
		     const struct strvec *argv, size_t *at)
{
	const char *arg = argv->items[*at];
	const struct option *option;
	const char *value;

	if (*arg != '-')
		return sayings->words < ARRAY_SIZE(tool->words) &&
		       same_text(arg, tool->words[sayings->words++]);
	option = find_option(tool->options, arg, &value);
	if (!option || sayings->of[option->meaning])
		return false;
	if (!value && *at + 1 < argv->count)
		value = argv->items[++*at];
	sayings->of[option->meaning] = value;
	return !is_blank(value);
}

static bool read_args(struct sayings *sayings, const struct tool *tool,
		      const struct strvec *argv)
{
	size_t wanted = 0;

	for (size_t i = 1; i < argv->count; i++)
		if (!take_arg(sayings, tool, argv, &i))
			return false;
	while (wanted < ARRAY_SIZE(tool->words) && tool->words[wanted])
		wanted++;
	return sayings->words == wanted;
}

/* The authenticator's own variables stand in for its options. */
static void add_variables(struct sayings *sayings, const struct tool *tool,
			  const struct env *env)
{
	if (tool->options != authenticator_options)
		return;
	if (!sayings->of[CLUSTER])
		sayings->of[CLUSTER] =
			env_get(env, "KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID");
	if (!sayings->of[ROLE])
		sayings->of[ROLE] = env_get(env, "DEFAULT_ROLE");
}

bool eks_login_read(struct eks_login *login, const struct strvec *argv,
		    const struct env *env)
{
	const struct tool *tool =
		argv->count ? find_tool(argv->items[0]) : NULL;
	struct sayings sayings = {0};

	if (!tool || !read_args(&sayings, tool, argv))
		return false;
	add_variables(&sayings, tool, env);
	if (!sayings.of[CLUSTER] ||
	    (sayings.of[OUTPUT] && !same_text(sayings.of[OUTPUT], "json")))
		return false;
	login->cluster = xstrdup(sayings.of[CLUSTER]);
	login->region = xstrdup_or_null(sayings.of[REGION]);
	login->role_arn = xstrdup_or_null(sayings.of[ROLE]);
	env_copy(&login->env, env);
	if (sayings.of[PROFILE])
		eks_login_use_profile(login, sayings.of[PROFILE]);
	return true;
}

void eks_login_use_profile(struct eks_login *login, const char *profile)
{
	static const char *const others[] = {
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_ROLE_ARN",	     "AWS_ROLE_SESSION_NAME",
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		env_unset(&login->env, others[i]);
	env_set(&login->env, "AWS_PROFILE", profile);
	login->profile = xstrdup(profile);
}

static void add_arg(struct strvec *args, const char *name, const char *value)
{
	if (value)
		strvec_addf(args, "%s=%s", name, value);
}

void eks_login_add_args(struct strvec *args, const struct eks_login *login)
{
	add_arg(args, "--cluster", login->cluster);
	add_arg(args, "--region", login->region);
	add_arg(args, "--role-arn", login->role_arn);
	add_arg(args, "--profile", login->profile);
}

void eks_login_release(struct eks_login *login)
{
	free(login->cluster);
	free(login->region);
	free(login->role_arn);
	free(login->profile);
	env_release(&login->env);
	*login = (struct eks_login){0};
}

/* --- the token ------------------------------------------------------------- */

static void encode(struct eks_token *token, const struct str *url)
{
	CLEANUP(str_release) struct str text = {0};

	str_add(&text, TOKEN_PREFIX);
	base64_encode(&text, str_text(url), url->len, BASE64_URL_RAW);
	secret_set(&token->text, str_text(&text), text.len);
	wipe(text.buf, text.len);
}

/* What signs: clients, settings, and the credentials at hand. */
struct signer {
	struct http http;
	struct aws aws;
	struct aws_credentials assumed;
	const struct aws_credentials *credentials;
};

static void signer_release(struct signer *signer)
{
	aws_credentials_release(&signer->assumed);
	aws_release(&signer->aws);
	http_release(&signer->http);
}

static bool take_credentials(struct signer *signer,
			     const struct eks_login *login, struct err *err)
{
	const struct aws_role role = {.arn = login->role_arn,
				      .session_name = SESSION_NAME};

	if (!aws_credentials_get(&signer->aws, &signer->credentials, err))
		return false;
	if (!role.arn)
		return true;
	if (!aws_assume_role(&signer->aws, &role, signer->credentials,
			     &signer->assumed, err))
		return false;
	signer->credentials = &signer->assumed;
	return true;
}

static bool open_signer(struct signer *signer, const struct eks_login *login,
			const struct http_config *http, struct err *err)
{
	struct http_config config = *http;

	config.env = &login->env;
	if (!http_open(&signer->http, &config, err) ||
	    !aws_open(&signer->aws, &signer->http, &login->env, err))
		return false;
	if (login->region &&
	    !aws_choose_region(&signer->aws, login->region, err))
		return false;
	return take_credentials(signer, login, err);
}

/* The request that the cluster will send to STS. */
static bool sign(struct http_request *request, const struct signer *signer,
		 const struct eks_login *login, struct err *err)
{
	const struct aws *aws = &signer->aws;
	const struct aws_signing signing = {
		.credentials = signer->credentials,
		.region = aws->region ? aws->region : AWS_REGION_DEFAULT,
		.service = "sts",
		.now_s = aws_now_s(aws),
		.path = AWS_PATH_NORMALISED,
	};

	request->method = "GET";
	aws_add_sts_url(&request->url, aws, aws->region);
	str_add(&request->url, "?Action=GetCallerIdentity&Version=2011-06-15");
	strvec_addf(&request->headers, "x-k8s-aws-id: %s", login->cluster);
	return aws_presign(&signing, request, EKS_URL_S, err);
}

static bool make(struct eks_token *token, const struct eks_login *login,
		 const struct http_config *http, struct err *err)
{
	CLEANUP(signer_release) struct signer signer = {0};
	CLEANUP(http_request_release) struct http_request request = {0};
	int64_t expires_s;

	if (!open_signer(&signer, login, http, err) ||
	    !sign(&request, &signer, login, err))
		return false;
	encode(token, &request.url);
	wipe(request.url.buf, request.url.len);
	expires_s = signer.credentials->expires_s;
	token->expires_s = aws_now_s(&signer.aws) + EKS_TOKEN_S;
	if (expires_s && expires_s < token->expires_s)
		token->expires_s = expires_s;
	return true;
}

bool eks_make_token(struct eks_token *token, const struct eks_login *login,
		    const struct http_config *http, struct err *err)
{
	return make(token, login, http, err) ||
	       err_wrap(err, "cannot make a token for EKS cluster '%s'",
			login->cluster);
}

/* The text of the element whose path ends with @end, or NULL. */
static char *find_element(const struct str *body, const char *end)
{
	CLEANUP(xml_release) struct xml xml = {
		.at = str_text(body), .end = str_text(body) + body->len};

	while (xml_next(&xml))
		if (ends_with(str_text(&xml.path), end))
			return xstrdup(str_text(&xml.text));
	return NULL;
}

static bool ask_identity(struct str *arn, const struct eks_login *login,
			 const struct http_config *http, struct err *err)
{
	CLEANUP(signer_release) struct signer signer = {0};
	CLEANUP(http_request_release) struct http_request request = {
		.no_redirects = true, .reply_limit = AWS_REPLY_MAX};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(free_ptr) char *found = NULL;

	if (!open_signer(&signer, login, http, err) ||
	    !sign(&request, &signer, login, err) ||
	    !http_send(&signer.http, &request, &reply, err))
		return false;
	if (reply.status != 200) {
		found = find_element(&reply.body, "/Error/Message");
		return http_fail(&request, &reply, found, err);
	}
	found = find_element(&reply.body, "GetCallerIdentityResult/Arn");
	if (!found)
		return err_set(err, ERR_REMOTE,
			       "the answer of STS names nobody");
	str_add(arn, found);
	return true;
}

bool eks_find_identity(struct str *arn, const struct eks_login *login,
		       const struct http_config *http, struct err *err)
{
	return ask_identity(arn, login, http, err) ||
	       err_wrap(err, "cannot find out who we are to AWS");
}

void eks_token_release(struct eks_token *token)
{
	secret_release(&token->text);
	*token = (struct eks_token){0};
}
