#include "api/ecr.h"

#include <string.h>

#include "api/aws.h"
#include "api/login.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"
#include "net/http.h"

#define ACTION "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"

/* --- hosts --------------------------------------------------------------- */

/* Copy the label at *@at, made of @allowed, and step behind its dot. */
static bool take_label(const char **at, const char *allowed, char *to,
		       size_t size)
{
	size_t len = strspn(*at, allowed);

	if (!len || len >= size || (*at)[len] != '.')
		return false;
	memcpy(to, *at, len);
	to[len] = '\0';
	*at += len + 1;
	return true;
}

static bool take_kind(const char **at, struct ecr_host *host)
{
	static const struct {
		const char *labels;
		bool fips, dualstack;
	} kinds[] = {
		{"dkr.ecr.", false, false},
		{"dkr.ecr-fips.", true, false},
		{"dkr-ecr.", false, true},
		{"dkr-ecr-fips.", true, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *rest = after_prefix(*at, kinds[i].labels);

		if (!rest)
			continue;
		*at = rest;
		host->fips = kinds[i].fips;
		host->dualstack = kinds[i].dualstack;
		return true;
	}
	return false;
}

static bool take_domain(const char *domain, struct ecr_host *host)
{
	static const struct {
		const char *registry, *api;
		bool dualstack;
	} domains[] = {
		{"amazonaws.com", "amazonaws.com", false},
		{"amazonaws.com.cn", "amazonaws.com.cn", false},
		{"amazonaws.eu", "amazonaws.eu", false},
		{"on.aws", "api.aws", true},
		{"on.amazonwebservices.com.cn", "api.amazonwebservices.com.cn",
		 true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		if (domains[i].dualstack != host->dualstack ||
		    strcmp(domain, domains[i].registry) != 0)
			continue;
		host->domain = domains[i].api;
		return true;
	}
	return false;
}

bool ecr_parse_host(const char *registry, struct ecr_host *host)
{
	struct ecr_host read = {0};
	const char *at = registry;

	if (!take_label(&at, "0123456789", read.account,
			sizeof(read.account)) ||
	    strlen(read.account) != 12 || !take_kind(&at, &read) ||
	    !take_label(&at, "abcdefghijklmnopqrstuvwxyz0123456789-",
			read.region, sizeof(read.region)) ||
	    !take_domain(at, &read))
		return false;
	*host = read;
	return true;
}

/* --- the call ------------------------------------------------------------ */

struct call {
	struct aws aws;
	const struct ecr_host *host;
};

static void call_release(struct call *call)
{
	aws_release(&call->aws);
}

static bool sign(void *context, struct http_request *request, struct err *err)
{
	struct call *call = context;
	struct aws_signing signing = {
		.region = call->host->region,
		.service = "ecr",
		.now_s = aws_now_s(&call->aws),
		.path = AWS_PATH_NORMALISED,
	};

	return aws_credentials_get(&call->aws, &signing.credentials, err) &&
	       aws_sign(&signing, request, err);
}

static bool complains(const struct http_reply *reply, const char *of)
{
	return reply->status >= 400 && reply->status < 500 &&
	       strstr(str_text(&reply->body), of);
}

/* That our clock is wrong, or that the credentials ended before their time. */
static bool learn(void *context, struct http_request *request,
		  const struct http_reply *reply)
{
	struct call *call = context;

	if (complains(reply, "InvalidSignatureException"))
		return aws_learn_clock(&call->aws, reply);
	return complains(reply, "ExpiredTokenException") &&
	       aws_credentials_drop(&call->aws, request);
}

static bool fail(const struct http_request *request,
		 const struct http_reply *reply, struct err *err)
{
	(void)aws_fail_json(request, reply, err);
	if (err->temporary)
		return false;
	/* AWS answers 400 where others say 403. */
	if (reply->status == 400)
		err->kind = ERR_DENIED;
	return err_hint(err, "it needs valid AWS credentials with the right "
			     "ecr:GetAuthorizationToken");
}

/* "AWS:password" in base64. */
static bool take_token(struct login *login, const json_t *json, struct err *err)
{
	CLEANUP(str_release) struct str pair = {0};
	const char *token, *password = NULL;

	if (!jsn_get_text(json, "authorizationData.0.authorizationToken",
			  "the answer", &token, err))
		return false;
	if (base64_decode(&pair, token, strlen(token), BASE64_STANDARD))
		password = after_prefix(str_text(&pair), "AWS:");
	if (!password)
		return err_set(err, ERR_REMOTE,
			       "its authorization token is not the base64 of "
			       "AWS:PASSWORD");
	login->username = xstrdup("AWS");
	secret_set(&login->password, password, strlen(password));
	wipe(pair.buf, pair.len);
	return true;
}

static const char *service_of(const struct ecr_host *host)
{
	if (host->fips)
		return "ecr-fips";
	return host->dualstack ? "ecr" : "api.ecr";
}

static void prepare(struct call *call, struct http_request *request)
{
	const struct ecr_host *host = call->host;
	const char *endpoint = aws_endpoint(&call->aws, "ECR");

	request->method = "POST";
	if (endpoint)
		str_addf(&request->url, "%s%s", endpoint,
			 ends_with(endpoint, "/") ? "" : "/");
	else
		str_addf(&request->url, "https://%s.%s.%s/", service_of(host),
			 host->region, host->domain);
	strvec_add(&request->headers,
		   "Content-Type: application/x-amz-json-1.1");
	strvec_add(&request->headers, "X-Amz-Target: " ACTION);
	request->body = "{}";
	request->body_len = 2;
	request->reply_limit = ECR_REPLY_MAX;
	request->repeat = HTTP_REPEAT_ALWAYS;
	request->before_try = sign;
	request->again = learn;
	request->is_passing = aws_json_is_passing;
	request->context = call;
}

static bool ask(struct call *call, struct http *http, struct login *login,
		struct err *err)
{
	CLEANUP(http_request_release) struct http_request request = {0};
	CLEANUP(http_reply_release) struct http_reply reply = {0};
	CLEANUP(jsn_release) json_t *json = NULL;
	CLEANUP(err_release) struct err unfit = {0};
	bool done;

	prepare(call, &request);
	if (!http_send(http, &request, &reply, err))
		return false;
	if (reply.status != 200)
		return fail(&request, &reply, err);
	/* What the parser says of it may quote the token. */
	if (!jsn_parse(&json, str_text(&reply.body), reply.body.len,
		       "the answer", &unfit))
		return err_set(err, ERR_REMOTE,
			       "GetAuthorizationToken gave no JSON");
	done = take_token(login, json, err);
	wipe(reply.body.buf, reply.body.len);
	return done;
}

bool ecr_login(const struct ecr_host *host, struct http *http,
	       const struct env *env, struct login *login, struct err *err)
{
	CLEANUP(call_release) struct call call = {.host = host};

	return (aws_open(&call.aws, http, env, err) &&
		ask(&call, http, login, err)) ||
	       err_wrap(err, "cannot log in to ECR in '%s'", host->region);
}
