/* Credentials of a role, from AWS's Security Token Service. */
#include <string.h>

#include "api/aws.h"
#include "api/aws_providers.h"
#include "api/xml.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "format/url.h"
#include "net/http.h"
#include "sys/env.h"
#include "sys/file.h"

#define STS_VERSION "2011-06-15"
/* The service's address where no region is known, and its region. */
#define GLOBAL_HOST    "sts.amazonaws.com"
#define DURATION_MIN_S 900
#define DURATION_MAX_S (12 * 3600)

/* --- the question ---------------------------------------------------------- */

static const char *region_of(const struct aws *aws, const struct aws_role *role)
{
	return aws->region ? aws->region : role->region;
}

void aws_add_sts_url(struct str *out, const struct aws *aws, const char *region)
{
	const char *endpoint = aws_endpoint(aws, "STS");

	str_add(out, endpoint ? endpoint : "https://");
	if (!endpoint && region)
		aws_add_host(out, aws, "sts", region);
	else if (!endpoint)
		str_add(out, GLOBAL_HOST);
	if (!ends_with(str_text(out), "/"))
		str_add_char(out, '/');
}

static void add_field(struct str *form, const char *name, const char *value)
{
	if (!value)
		return;
	str_addf(form, "&%s=", name);
	url_encode(form, value, strlen(value), "");
}

static bool add_form(struct str *form, const char *action,
		     const struct aws *aws, const struct aws_role *role,
		     struct err *err)
{
	CLEANUP(free_ptr) char *name =
		xasprintf("slipway-%lld", (long long)aws_now_s(aws));
	int64_t duration_s;

	if (role->duration_s &&
	    !num_parse_range(role->duration_s, DURATION_MIN_S, DURATION_MAX_S,
			     &duration_s))
		return err_set(err, ERR_INPUT,
			       "'%s' cannot be duration_seconds: %d to %d",
			       role->duration_s, DURATION_MIN_S,
			       DURATION_MAX_S);
	str_addf(form, "Action=%s&Version=" STS_VERSION, action);
	add_field(form, "RoleArn", role->arn);
	add_field(form, "RoleSessionName",
		  role->session_name ? role->session_name : name);
	add_field(form, "ExternalId", role->external_id);
	add_field(form, "DurationSeconds", role->duration_s);
	return true;
}

/* Who signs a request to STS; of no source: nobody. */
struct signer {
	struct aws *aws;
	const struct aws_credentials *source;
	const char *region;
};

static bool sign(void *context, struct http_request *request, struct err *err)
{
	const struct signer *signer = context;
	const struct aws_signing signing = {
		.credentials = signer->source,
		.region = signer->region ? signer->region : AWS_REGION_DEFAULT,
		.service = "sts",
		.now_s = aws_now_s(signer->aws),
		.path = AWS_PATH_NORMALISED,
	};

	return !signer->source || aws_sign(&signing, request, err);
}

static bool learn(void *context, struct http_request *request,
		  const struct http_reply *reply)
{
	const struct signer *signer = context;

	(void)request;
	return reply->status == 403 && aws_learn_clock(signer->aws, reply);
}

/* --- the answer ------------------------------------------------------------ */

/* What we look for in both kinds of answers, by the element's own name. */
enum field {
	ACCESS_KEY,
	SECRET_KEY,
	TOKEN,
	EXPIRES,
	CODE,
	MESSAGE,
	FIELDS,
};

struct answer {
	struct str fields[FIELDS];
};

static void answer_release(struct answer *answer)
{
	for (size_t i = 0; i < FIELDS; i++) {
		wipe(answer->fields[i].buf, answer->fields[i].len);
		str_release(&answer->fields[i]);
	}
}

static const char *field_text(const struct answer *answer, enum field field)
{
	return str_text(&answer->fields[field]);
}

static void read_answer(struct answer *answer, const struct http_reply *reply)
{
	static const char *const ends[FIELDS] = {
		[ACCESS_KEY] = "Result/Credentials/AccessKeyId",
		[SECRET_KEY] = "Result/Credentials/SecretAccessKey",
		[TOKEN] = "Result/Credentials/SessionToken",
		[EXPIRES] = "Result/Credentials/Expiration",
		[CODE] = "/Error/Code",
		[MESSAGE] = "/Error/Message",
	};
	const char *text = str_text(&reply->body);
	CLEANUP(xml_release) struct xml xml = {.at = text,
					       .end = text + reply->body.len};

	while (xml_next(&xml)) {
		for (size_t i = 0; i < FIELDS; i++) {
			if (!ends_with(str_text(&xml.path), ends[i]))
				continue;
			str_clear(&answer->fields[i]);
			str_add(&answer->fields[i], str_text(&xml.text));
		}
	}
	wipe(xml.text.buf, xml.text.len);
	if (xml.broken)
		answer_release(answer);
}

static bool is_passing(const struct http_reply *reply)
{
	CLEANUP(answer_release) struct answer answer = {0};

	if (reply->status < 400)
		return false;
	read_answer(&answer, reply);
	return aws_is_passing(field_text(&answer, CODE));
}

/* What to do about a refusal. */
static bool advise(const struct aws_role *role, const char *code,
		   struct err *err)
{
	if (same_text(code, "SignatureDoesNotMatch") ||
	    same_text(code, "InvalidClientTokenId"))
		return err_hint(err, "check the keys that are to assume the "
				     "role, and this machine's clock");
	if (starts_with(code, "ExpiredToken") && role->token_file)
		return err_hint(err,
				"the token in '%s' is to be renewed by whoever "
				"wrote it",
				role->token_file);
	if (role->token_file)
		return err_hint(err,
				"the trust policy of '%s' must allow "
				"sts:AssumeRoleWithWebIdentity to the issuer, "
				"the audience and the subject of the token in "
				"'%s'",
				role->arn, role->token_file);
	return err_hint(err,
			"the credentials that assume the role need "
			"sts:AssumeRole on '%s', and its trust policy must "
			"name them",
			role->arn);
}

static bool fail(const struct aws_role *role,
		 const struct http_request *request,
		 const struct http_reply *reply, const struct answer *answer,
		 struct err *err)
{
	const char *code = field_text(answer, CODE);
	const struct str *message = &answer->fields[MESSAGE];
	CLEANUP(str_release) struct str words = {0};

	str_add_escaped(&words, code, strlen(code));
	if (words.len && message->len)
		str_add(&words, ": ");
	str_add_escaped(&words, str_text(message), message->len);
	http_fail(request, reply, words.len ? str_text(&words) : NULL, err);
	if (aws_is_passing(code))
		err_temporary(err, true);
	return advise(role, code, err);
}

static bool take(const struct aws_role *role,
		 const struct http_request *request, struct http_reply *reply,
		 struct aws_credentials *credentials, struct err *err)
{
	CLEANUP(answer_release) struct answer answer = {0};

	read_answer(&answer, reply);
	wipe(reply->body.buf, reply->status == 200 ? reply->body.len : 0);
	if (reply->status != 200)
		return fail(role, request, reply, &answer, err);
	return aws_credentials_set(credentials, field_text(&answer, ACCESS_KEY),
				   field_text(&answer, SECRET_KEY),
				   field_text(&answer, TOKEN),
				   field_text(&answer, EXPIRES), err) ||
	       err_wrap(err, "POST %s", str_text(&request->url));
}

/* --- both calls ------------------------------------------------------------ */

static bool ask(struct aws *aws, const struct aws_role *role,
		const struct aws_credentials *source, const struct str *form,
		struct aws_credentials *credentials, struct err *err)
{
	struct signer signer = {aws, source, region_of(aws, role)};
	CLEANUP(http_request_release) struct http_request request = {
		.method = "POST",
		.body = str_text(form),
		.body_len = form->len,
		.no_redirects = true,
		.repeat = HTTP_REPEAT_ALWAYS,
		.try_ms = AWS_TRY_MS,
		.reply_limit = AWS_REPLY_MAX,
		.before_try = sign,
		.again = learn,
		.is_passing = is_passing,
		.context = &signer,
	};
	CLEANUP(http_reply_release) struct http_reply reply = {0};

	aws_add_sts_url(&request.url, aws, signer.region);
	strvec_add(&request.headers, "Content-Type: application/"
				     "x-www-form-urlencoded; charset=utf-8");
	return http_send(aws->http, &request, &reply, err) &&
	       take(role, &request, &reply, credentials, err);
}

static bool wrap(const struct aws_role *role, struct err *err)
{
	return err_wrap(err, "cannot assume role '%s'", role->arn);
}

static bool check_arn(const struct aws_role *role, struct err *err)
{
	if (starts_with(role->arn, "arn:"))
		return true;
	(void)err_set(err, ERR_INPUT, "that is no ARN");
	return err_hint(err, "the ARN of a role looks like "
			     "arn:aws:iam::111122223333:role/NAME");
}

bool aws_assume_role(struct aws *aws, const struct aws_role *role,
		     const struct aws_credentials *source,
		     struct aws_credentials *credentials, struct err *err)
{
	CLEANUP(str_release) struct str form = {0};

	if (!check_arn(role, err) ||
	    !add_form(&form, "AssumeRole", aws, role, err) ||
	    !ask(aws, role, source, &form, credentials, err))
		return wrap(role, err);
	return true;
}

static bool add_token(struct str *form, const struct aws_role *role,
		      struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(secret_release) struct secret token = {0};

	if (!file_read(role->token_file, AWS_TOKEN_MAX, &text, err))
		return false;
	str_trim(&text);
	if (text.len == 0)
		return err_set(err, ERR_INPUT, "there is no token in '%s'",
			       role->token_file);
	secret_set(&token, text.buf, text.len);
	add_field(form, "WebIdentityToken", secret_reveal(&token));
	wipe(text.buf, text.len);
	return true;
}

bool aws_assume_role_with_token(struct aws *aws, const struct aws_role *role,
				struct aws_credentials *credentials,
				struct err *err)
{
	CLEANUP(str_release) struct str form = {0};
	bool done =
		check_arn(role, err) &&
		add_form(&form, "AssumeRoleWithWebIdentity", aws, role, err) &&
		add_token(&form, role, err) &&
		ask(aws, role, NULL, &form, credentials, err);

	wipe(form.buf, form.len);
	return done || wrap(role, err);
}

bool aws_web_identity_is_set(const struct aws *aws)
{
	return env_get(aws->env, "AWS_WEB_IDENTITY_TOKEN_FILE");
}

bool aws_fetch_web_identity(struct aws *aws,
			    struct aws_credentials *credentials,
			    struct err *err)
{
	const struct aws_role role = {
		.arn = env_get(aws->env, "AWS_ROLE_ARN"),
		.session_name = env_get(aws->env, "AWS_ROLE_SESSION_NAME"),
		.token_file = env_get(aws->env, "AWS_WEB_IDENTITY_TOKEN_FILE"),
	};

	if (!role.arn)
		return err_set(err, ERR_USAGE,
			       "AWS_WEB_IDENTITY_TOKEN_FILE is set but "
			       "AWS_ROLE_ARN is not");
	return aws_assume_role_with_token(aws, &role, credentials, err);
}
