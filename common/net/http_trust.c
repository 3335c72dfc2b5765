#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strvec.h"
#include "net/http.h"
#include "net/http_parts.h"
#include "sys/env.h"
#include "sys/file.h"

#define SYSTEM_CERTIFICATES "/etc/ssl/certs"

bool http_is_hashed_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool hashed = false;

	if (!dir)
		return false;
	while (!hashed && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		hashed = strspn(name, "0123456789abcdef") == 8 &&
			 name[8] == '.' && name[9] >= '0' && name[9] <= '9';
	}
	closedir(dir);
	return hashed;
}

/* The hashed ones of the folders @list, joined by colons; NULL if none. */
static char *hashed_dirs(const char *list)
{
	CLEANUP(strvec_release) struct strvec dirs = {0};
	struct str joined = {0};

	strvec_split(&dirs, list, ':');
	for (size_t i = 0; i < dirs.count; i++) {
		if (!http_is_hashed_dir(dirs.items[i]))
			continue;
		if (joined.len)
			str_add_char(&joined, ':');
		str_add(&joined, dirs.items[i]);
	}
	if (joined.len)
		return str_detach(&joined);
	str_release(&joined);
	return NULL;
}

/*
 * Two files from the environment: one of them alone is libcurl's to read,
 * two different ones become one text.
 */
static bool trust_files(struct http_trust *trust, const char *first,
			const char *second, struct err *err)
{
	if (!first || !second || same_text(first, second)) {
		trust->file = xstrdup_or_null(first ? first : second);
		return true;
	}
	if (!file_read(first, HTTP_PEM_MAX, &trust->pem, err))
		return err_wrap(err, "cannot use SSL_CERT_FILE");
	str_add_char(&trust->pem, '\n');
	if (!file_read(second, HTTP_PEM_MAX, &trust->pem, err))
		return err_wrap(err, "cannot use AWS_CA_BUNDLE");
	return true;
}

bool http_check_args(const struct http_args *args, struct err *err)
{
	const struct {
		const char *use, *path;
	} files[] = {
		{"the certificates to trust", args->cacert},
		{"the client certificate", args->cert},
		{"the client certificate's key", args->key},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (!is_blank(files[i].path) && !file_check(files[i].path, err))
			return err_wrap(err, "cannot use %s", files[i].use);
	}
	return true;
}

bool http_choose_trust(struct http_trust *trust,
		       const struct http_config *config, struct err *err)
{
	CLEANUP(http_trust_release) struct http_trust chosen = {0};
	const struct env *env = config->env;
	const char *file = env ? env_get(env, "SSL_CERT_FILE") : NULL;
	const char *dir = env ? env_get(env, "SSL_CERT_DIR") : NULL;
	const char *bundle = env ? env_get(env, "AWS_CA_BUNDLE") : NULL;

	if (!http_check_args(&config->args, err))
		return false;
	if (config->ca_pem) {
		str_add(&chosen.pem, config->ca_pem);
	} else if (config->args.cacert) {
		chosen.file = xstrdup(config->args.cacert);
	} else {
		if (!trust_files(&chosen, file, bundle, err))
			return false;
		if (dir)
			chosen.dir = hashed_dirs(dir);
		else if (!file)
			chosen.dir = hashed_dirs(SYSTEM_CERTIFICATES);
	}
	http_trust_release(trust);
	*trust = chosen;
	chosen = (struct http_trust){0};
	return true;
}

void http_trust_release(struct http_trust *trust)
{
	free(trust->file);
	free(trust->dir);
	str_release(&trust->pem);
	*trust = (struct http_trust){0};
}
