#include "flow/repocheck.h"

#include "api/chartrepo.h"
#include "api/s3_conditions.h"
#include "api/s3_rights.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/value.h"
#include "sys/file.h"

/* --- rights ------------------------------------------------------------------ */

/* Without the useful ones the work is done, too. */
static const struct needs {
	unsigned int needed;
	unsigned int useful;
} needs[] = {
	[REPOCHECK_READ] = {S3_MAY_LIST | S3_MAY_GET, 0},
	[REPOCHECK_PUBLISH] = {S3_MAY_GET | S3_MAY_WRITE,
			       S3_MAY_LIST | S3_MAY_TIDY},
	[REPOCHECK_REPAIR] = {S3_MAY_LIST | S3_MAY_GET | S3_MAY_WRITE,
			      S3_MAY_TIDY},
	[REPOCHECK_PRUNE] = {S3_MAY_LIST | S3_MAY_GET | S3_MAY_WRITE |
				     S3_MAY_DELETE_CHARTS,
			     0},
};

/* A lock object is found by listing, and let go of by deleting it. */
static struct needs needs_of(const struct repocheck *check)
{
	struct needs all = needs[check->use];

	if (check->lock == PUBLISH_LOCK_OBJECT) {
		all.needed |= all.useful;
		all.useful = 0;
	}
	return all;
}

/* @said: by the store, where nothing at all is allowed. */
static bool refuse(const char *names, unsigned int missing,
		   const struct str *said, struct err *err)
{
	(void)err_set(err, ERR_DENIED, "missing rights: %s%s%s", names,
		      said->len ? "; " : "", str_text(said));
	if (!(missing & S3_MAY_PUT) &&
	    missing & (S3_MAY_PUT_ACL | S3_MAY_ENCRYPT))
		return err_hint(err, "that is what '--acl' and '--sse aws:kms' "
				     "take beside the policies of "
				     "pipeline-examples/iam");
	return err_hint(err, "pipeline-examples/iam has the policies that are "
			     "enough");
}

static void add_loss(struct str *losses, bool is, const char *loss)
{
	if (is)
		str_addf(losses, "%s%s", losses->len ? "; " : "", loss);
}

/* What is lost without the useful rights. */
static void warn(const struct repocheck *check, unsigned int missing,
		 const char *names)
{
	CLEANUP(str_release) struct str losses = {0};

	add_loss(&losses, check->use == REPOCHECK_PUBLISH,
		 "many publishers at once take longer, as they cannot help "
		 "each other");
	add_loss(&losses, missing & S3_MAY_TIDY,
		 "what steps leave below '" S3_PRIVATE_PREFIX "' stays there");
	add_loss(&losses, missing & S3_MAY_LIST,
		 "a repository without an index looks like one that may not "
		 "be read");
	report_warning(check->reporter,
		       "missing rights: %s: no chart is lost without them, but "
		       "%s",
		       names, str_text(&losses));
}

static bool check_rights(const struct repocheck *check, struct s3 *bucket,
			 struct value *missing_rights, struct arena *arena,
			 struct err *err)
{
	const char *prefix = check->repo->prefix;
	const struct needs wanted = needs_of(check);
	CLEANUP(strvec_release) struct strvec rights = {0};
	CLEANUP(str_release) struct str names = {0}, said = {0};
	unsigned int missing = 0;

	if (!s3_find_missing_rights(bucket, prefix, CHARTREPO_INDEX,
				    wanted.needed | wanted.useful, &missing,
				    &said, err))
		return err_wrap(err, "cannot use '%s'", check->repo->address);
	s3_list_rights(&rights, bucket, prefix, missing);
	strvec_join(&rights, ", ", &names);
	if (missing & wanted.needed)
		return refuse(str_text(&names), missing, &said, err);
	if (!missing)
		return true;
	warn(check, missing, str_text(&names));
	for (size_t i = 0; i < rights.count; i++)
		value_list_add(missing_rights, arena,
			       value_new_text(arena, rights.items[i]));
	return true;
}

static bool check_folder(const struct repocheck *check, struct err *err)
{
	const char *dir = check->repo->dir;

	if (!dir || check->use == REPOCHECK_READ || dir_is_writable(dir))
		return true;
	return err_set(err, ERR_DENIED, "no files can be made in '%s'", dir);
}

/* --- the repository ------------------------------------------------------------ */

/* Where the bucket is, which the first answer has told. */
static bool describe_bucket(const struct repocheck *check,
			    const struct chartindex *index, struct arena *arena,
			    struct value *map, bool *proved, struct err *err)
{
	struct s3 *bucket = chartrepo_bucket(check->repo);
	const char *region;

	if (!publish_is_proved(bucket, index, proved, err) ||
	    !aws_region_get(&bucket->aws, &region, err))
		return false;
	value_map_set_text(map, arena, "bucket", bucket->bucket);
	value_map_set_text(map, arena, "prefix", check->repo->prefix);
	value_map_set_text(map, arena, "region", region);
	value_map_set(map, arena, "conditionalWrites",
		      value_new_bool(arena, *proved));
	return true;
}

/* The index of what; of a bucket, where. */
static void add_subject(struct str *text, const struct value *map)
{
	const struct value *region = value_map_get(map, "region");

	str_addf(text, "the index of '%s'",
		 value_map_get(map, "repository")->string.bytes);
	if (region)
		str_addf(text, " in %s", region->string.bytes);
}

bool repocheck_run(const struct repocheck *check, struct arena *arena,
		   struct value **found, struct str *text, struct err *err)
{
	CLEANUP(chartrepo_index_release) struct chartrepo_index index = {0};
	CLEANUP(chartindex_release) struct chartindex parsed = {0};
	struct s3 *bucket = chartrepo_bucket(check->repo);
	struct value *missing = value_new_list(arena);
	struct value *map = value_new_map(arena);
	bool proved = false;

	if ((bucket && !check_rights(check, bucket, missing, arena, err)) ||
	    !check_folder(check, err) ||
	    !chartrepo_read_index(check->repo, &index, err) ||
	    !publish_parse_index(&parsed, check->repo, &index, err) ||
	    (bucket &&
	     !describe_bucket(check, &parsed, arena, map, &proved, err)))
		return false;
	value_map_set_text(map, arena, "repository",
			   log_copy_masked(check->repo->address, arena));
	value_map_set(map, arena, "index", value_new_bool(arena, index.found));
	if (bucket)
		value_map_set(map, arena, "missingRights", missing);
	add_subject(text, map);
	str_add(text, index.found ? " can be read" : " is not there yet");
	if (bucket && check->use != REPOCHECK_READ)
		str_add(text, proved ? "; conditional writes were proved"
				     : "; conditional writes are proved by the "
				       "first run that writes");
	str_add_char(text, '\n');
	*found = map;
	return true;
}

/* --- the charts ------------------------------------------------------------------ */

static bool are_published(struct chartrepo *repo,
			  const struct publish_batch *batch, bool *all,
			  struct err *err)
{
	bool one;

	*all = true;
	for (size_t i = 0; i < batch->count; i++) {
		if (!chartrepo_has_chart(repo, batch->items[i].chart, &one,
					 err))
			return false;
		*all = *all && one;
	}
	return true;
}

bool repocheck_charts(const struct repocheck *check,
		      const struct publish_batch *batch, struct arena *arena,
		      struct value **found, struct str *text, struct err *err)
{
	struct value *map = value_new_map(arena);
	bool all;

	if (!publish_check_names(batch, check->repo, err))
		return false;
	str_add(text, "the charts are valid; ");
	if (chartrepo_writes_index(check->repo))
		return repocheck_run(check, arena, found, text, err);
	if (!are_published(check->repo, batch, &all, err))
		return false;
	value_map_set_text(map, arena, "repository",
			   log_copy_masked(check->repo->address, arena));
	value_map_set(map, arena, "published", value_new_bool(arena, all));
	str_add(text,
		all ? "they are published\n" : "they are not yet published\n");
	*found = map;
	return true;
}
