#include "api/repoaccess.h"

#include "api/helmrepos.h"
#include "base/err.h"
#include "base/str.h"
#include "format/url.h"
#include "net/http.h"

/* --- what Helm knows -------------------------------------------------------- */

void repoaccess_use(const struct helmrepos_entry *known,
		    struct chartrepo_config *config)
{
	if (!known)
		return;
	config->login = &known->login;
	if (*known->ca_file)
		config->own.cacert = known->ca_file;
	if (*known->cert_file) {
		config->own.cert = known->cert_file;
		config->own.key = known->key_file;
	}
	config->login_everywhere = known->pass_credentials_all;
}

/* --- opening ------------------------------------------------------------------ */

static bool ask_helm(struct helmrepos *repos, const char *address,
		     const struct http_config *config,
		     const struct helmrepos_entry **known, struct err *err)
{
	*known = NULL;
	return !url_is_web(address) ||
	       (helmrepos_read(repos, config->env, err) &&
		helmrepos_find(repos, address, known, err));
}

/* Only S3 has that; nobody shall believe that it was done elsewhere. */
static bool set_writing(struct chartrepo *repo,
			const struct s3_writing *writing, struct err *err)
{
	struct s3 *bucket = chartrepo_bucket(repo);

	if (bucket)
		return s3_set_writing(bucket, writing, err);
	return !s3_writing_is_set(writing) ||
	       err_set(err, ERR_USAGE,
		       "encryption ('--sse') and ACLs ('--acl') are for s3:// "
		       "only, not for '%s'",
		       repo->address);
}

bool repoaccess_open(struct chartrepo *repo, struct http *http,
		     const char *address, const struct repoaccess_args *args,
		     const struct http_config *config, struct err *err)
{
	static const struct repoaccess_args nothing;
	CLEANUP(helmrepos_release) struct helmrepos repos = {0};
	CLEANUP(login_release) struct login login = {0};
	const struct helmrepos_entry *known = NULL;
	bool needs_http = chartrepo_needs_http(address);
	struct chartrepo_config repo_config = {
		.http = needs_http ? http : NULL,
		.env = config->env,
		.login = &login,
	};

	args = args ? args : &nothing;
	repo_config.context_path = args->context_path;
	login_set_args(&login, &args->login);
	if (!login_is_set(&login)) {
		if (!ask_helm(&repos, address, config, &known, err))
			return false;
		repoaccess_use(known, &repo_config);
	}
	return (!needs_http || http_open(http, config, err)) &&
	       chartrepo_open(repo, address, &repo_config, err) &&
	       set_writing(repo, &args->s3, err);
}
