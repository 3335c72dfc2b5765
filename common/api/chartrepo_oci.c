#include "api/chartrepo_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "api/chartcache.h"
#include "api/oci_chart.h"
#include "base/err.h"
#include "base/mem.h"
#include "core/chart.h"
#include "core/chartindex.h"
#include "format/semver.h"

static bool open_registry(struct chartrepo *repo, const char *place,
			  const struct chartrepo_config *config,
			  struct err *err)
{
	size_t host_len = strcspn(place, "/");
	CLEANUP(free_ptr) char *host = xmemdupz(place, host_len);
	const char *path = place + host_len;

	if (!chartrepo_check_plain("oci://", place, err) ||
	    !oci_open(&repo->oci, repo->http, config->env, host, config->login,
		      err))
		return false;
	if (!*path) {
		repo->prefix = xstrdup("");
		return true;
	}
	if (!oci_is_repository(path + 1))
		return err_set(err, ERR_INPUT,
			       "'%s' names no place in a registry: it must be "
			       "of the form oci://host/path, in lower case",
			       repo->address);
	repo->prefix = xasprintf("%s/", path + 1);
	return true;
}

/* The digest of "web@sha256:..." and "web:1.0.0@sha256:...", else the tag. */
static bool find_reference(const char *artifact, struct str *reference,
			   struct err *err)
{
	const char *digest = strchr(artifact, '@');
	const char *tag = strchr(artifact, ':');

	if (digest) {
		str_add(reference, digest + 1);
		return oci_is_digest(digest + 1) ||
		       err_set(err, ERR_INPUT, "'%s' is no digest", digest + 1);
	}
	if (!tag)
		return err_set(err, ERR_INPUT, "'%s' names no tag", artifact);
	oci_chart_add_tag(reference, tag + 1);
	return oci_chart_check_tag(str_text(reference), err);
}

/* @artifact: "web:1.0.0", below the path @prefix of the registry @oci. */
static bool find_artifact(struct oci *oci, const char *prefix,
			  const char *artifact, struct chartrepo_place *place,
			  struct err *err)
{
	CLEANUP(str_release) struct str reference = {0};

	if (!find_reference(artifact, &reference, err))
		return false;
	place->oci = oci;
	place->name = xasprintf("%s%.*s", prefix, (int)strcspn(artifact, ":@"),
				artifact);
	place->tag = str_detach(&reference);
	return true;
}

static bool find_own(struct chartrepo *repo, const char *relative,
		     struct chartrepo_place *place, struct err *err)
{
	return find_artifact(&repo->oci, repo->prefix, relative, place, err) ||
	       err_wrap(err, "'%s/%s'", repo->address, relative);
}

/* Opened once: it remembers who we are there. */
static bool find_registry(struct chartrepo *repo, const char *host,
			  struct oci **result, struct err *err)
{
	struct oci *oci = map_get(&repo->registries, host);

	if (!oci) {
		oci = xnew(struct oci);
		if (!oci_open(oci, repo->http, repo->env, host, NULL, err)) {
			oci_release(oci);
			free(oci);
			return false;
		}
		map_put(&repo->registries, host, oci);
	}
	*result = oci;
	return true;
}

bool chartrepo_find_in_registry(struct chartrepo *repo, const char *reference,
				struct chartrepo_place *place, struct err *err)
{
	size_t host_len = strcspn(reference, "/");
	CLEANUP(free_ptr) char *host = xmemdupz(reference, host_len);
	const char *artifact = reference + host_len;
	struct oci *oci;

	if (!chartrepo_check_plain("oci://", reference, err))
		return false;
	if (*artifact)
		artifact++;
	place->kind = &chartrepo_oci;
	return find_registry(repo, host, &oci, err) &&
	       find_artifact(oci, "", artifact, place, err);
}

static bool ask_artifact(struct chartrepo *repo,
			 const struct chartrepo_place *place, size_t limit,
			 struct http_request *request, struct err *err)
{
	(void)repo;
	if (place->blob)
		return oci_ask_blob(place->oci, place->name, place->blob, limit,
				    request, err);
	return oci_ask_manifest(place->oci, place->name, place->tag, request,
				err);
}

static char *address_of(const struct chartrepo_place *place)
{
	return xasprintf("oci://%s/%s%c%s", place->oci->registry, place->name,
			 oci_is_digest(place->tag) ? '@' : ':', place->tag);
}

/* "1.4" is no range here, though it is one for an index. */
static bool fail_missing(const struct chartrepo_place *place, struct err *err)
{
	CLEANUP(free_ptr) char *address = address_of(place);
	CLEANUP(semver_release) struct semver version = {0};
	CLEANUP(err_release) struct err unfit = {0};

	(void)err_set(err, ERR_NOT_FOUND, "there is no '%s'", address);
	if (oci_is_digest(place->tag) ||
	    semver_parse_strict(&version, place->tag, &unfit))
		return false;
	return err_hint(err,
			"in a registry '%s' is that version itself, as for "
			"Helm; a range would be '~%s'",
			place->tag, place->tag);
}

/* The manifest leads to the archive. */
static bool take_manifest(struct chartrepo_place *place, size_t limit,
			  const struct http_request *request,
			  struct http_reply *reply, struct err *err)
{
	CLEANUP(oci_manifest_release) struct oci_manifest manifest = {0};
	CLEANUP(free_ptr) char *address = address_of(place);
	const enum oci_chart_layer layer =
		place->provenance ? OCI_CHART_PROVENANCE : OCI_CHART_PACKAGE;
	char digest[OCI_DIGEST_SIZE];

	if (!oci_take_manifest(place->oci, place->tag, request, reply,
			       &manifest, err))
		return false;
	if (!manifest.found)
		return fail_missing(place, err);
	if (!oci_chart_find_layer(&manifest.text, layer, limit, digest, err))
		return err_wrap(err, "'%s'", address);
	place->blob = xstrdup(digest);
	return true;
}

static bool is_cached(const struct chartrepo *repo, const char *digest,
		      size_t limit, struct str *bytes)
{
	const char *hex = after_prefix(digest, "sha256:");

	return repo->cache && hex &&
	       chartcache_read(repo->cache, hex, limit, bytes);
}

static bool take_artifact(struct chartrepo *repo, struct chartrepo_place *place,
			  size_t limit, const struct http_request *request,
			  struct http_reply *reply, struct str *bytes,
			  bool *more, struct err *err)
{
	if (place->blob)
		return oci_take_blob(place->oci, place->blob, request, reply,
				     bytes, err);
	if (!take_manifest(place, limit, request, reply, err))
		return false;
	*more = !is_cached(repo, place->blob, limit, bytes);
	return true;
}

static bool list(struct chartrepo *repo, const char *name, struct arena *arena,
		 struct chartindex_entries *entries, struct err *err)
{
	CLEANUP(free_ptr) char *path = xasprintf("%s%s", repo->prefix, name);
	CLEANUP(strvec_release) struct strvec tags = {0};

	if (!oci_list_tags(&repo->oci, path, &tags, err))
		return false;
	oci_chart_list(&tags, name, arena, entries);
	return true;
}

static void add_chart_url(struct str *out, const struct chart *chart)
{
	str_addf(out, "%s:", chart->name);
	oci_chart_add_tag(out, chart->version);
}

/* --- pushing --------------------------------------------------------------- */

/* All that is sent for one chart. */
struct artifact {
	char *path; /* the repository */
	struct str tag;
	struct str config_text;
	struct str manifest;
	struct oci_blob config;
	struct oci_blob package;
	struct oci_blob provenance; /* of no length: none */
};

static void artifact_release(struct artifact *artifact)
{
	free_ptr(&artifact->path);
	str_release(&artifact->tag);
	str_release(&artifact->config_text);
	str_release(&artifact->manifest);
}

static bool add_digest(struct oci_blob *blob, struct err *err)
{
	return !blob->len ||
	       oci_digest(blob->bytes, blob->len, blob->digest, err);
}

static bool make_artifact(struct artifact *artifact,
			  const struct chartrepo *repo,
			  const struct chartrepo_put *put, struct err *err)
{
	const struct chart *chart = put->chart;

	artifact->path = xasprintf("%s%s", repo->prefix, chart->name);
	oci_chart_add_tag(&artifact->tag, chart->version);
	if (!oci_chart_check_tag(str_text(&artifact->tag), err))
		return false;
	if (!chart_add_json(&artifact->config_text, chart, err))
		return false;
	artifact->config.bytes = str_text(&artifact->config_text);
	artifact->config.len = artifact->config_text.len;
	artifact->package.bytes = put->bytes;
	artifact->package.len = put->len;
	if (put->provenance) {
		artifact->provenance.bytes = str_text(put->provenance);
		artifact->provenance.len = put->provenance->len;
	}
	if (!add_digest(&artifact->config, err) ||
	    !add_digest(&artifact->package, err) ||
	    !add_digest(&artifact->provenance, err))
		return false;
	return oci_chart_add_manifest(&artifact->manifest, chart,
				      &artifact->config, &artifact->package,
				      &artifact->provenance, err);
}

/* Unless its tag is there, if that matters. */
static bool put_blobs(struct chartrepo *repo, const struct artifact *artifact,
		      bool replace, bool *found, struct err *err)
{
	const struct oci_blob blobs[] = {artifact->config, artifact->package,
					 artifact->provenance};
	size_t count = ARRAY_SIZE(blobs) - !artifact->provenance.len;

	return oci_put_blobs(&repo->oci, artifact->path, blobs, count,
			     replace ? NULL : str_text(&artifact->tag), found,
			     err);
}

static bool has_chart(struct chartrepo *repo, const struct chart *chart,
		      bool *found, struct err *err)
{
	CLEANUP(free_ptr) char *path =
		xasprintf("%s%s", repo->prefix, chart->name);
	CLEANUP(str_release) struct str tag = {0};

	oci_chart_add_tag(&tag, chart->version);
	return oci_chart_check_tag(str_text(&tag), err) &&
	       oci_has_manifest(&repo->oci, path, str_text(&tag), found, err);
}

/*
 * A tag cannot be created on a condition: it is looked for before, and where
 * another publisher comes in between, the last one wins, unless the registry
 * holds its tags to be unchangeable.
 */
static bool put_chart(struct chartrepo *repo, const struct chartrepo_put *put,
		      enum chartrepo_outcome *outcome, bool *unclear,
		      struct err *err)
{
	CLEANUP(artifact_release) struct artifact artifact = {0};
	bool found = false, refused = false;

	*outcome = CHARTREPO_NOT_MET;
	if (!make_artifact(&artifact, repo, put, err) ||
	    !put_blobs(repo, &artifact, put->replace, &found, err))
		return false;
	if (found)
		return true;
	if (!oci_put_manifest(&repo->oci, artifact.path,
			      str_text(&artifact.tag),
			      str_text(&artifact.manifest),
			      artifact.manifest.len, &refused, err))
		return false;
	if (refused && put->replace)
		return err_set(err, ERR_CONFLICT,
			       "registry '%s' does not let tags change",
			       repo->oci.registry);
	*unclear = refused;
	if (!refused)
		*outcome = CHARTREPO_WRITTEN;
	return true;
}

const struct chartrepo_kind chartrepo_oci = {
	.open = open_registry,
	.find = find_own,
	.ask = ask_artifact,
	.take = take_artifact,
	.list = list,
	.has_chart = has_chart,
	.add_chart_url = add_chart_url,
	.put_chart = put_chart,
};
