#include "flow/repocheck.h"

#include "api/chartrepo.h"
#include "api/s3_rights.h"
#include "base/err.h"
#include "base/strvec.h"
#include "core/chartindex.h"
#include "flow/publish_parts.h"
#include "format/value.h"

static const unsigned int rights[] = {
	[REPOCHECK_READ] = S3_MAY_LIST | S3_MAY_GET,
	/* Deletion is for what publishers leave for each other. */
	[REPOCHECK_PUBLISH] =
		S3_MAY_LIST | S3_MAY_GET | S3_MAY_PUT | S3_MAY_DELETE,
};

static bool check_rights(struct chartrepo *repo, struct s3 *bucket,
			 enum repocheck_use use, struct err *err)
{
	CLEANUP(strvec_release) struct strvec missing = {0};
	CLEANUP(str_release) struct str names = {0};

	if (!s3_find_missing_rights(bucket, repo->prefix, rights[use], &missing,
				    err))
		return err_wrap(err, "cannot use '%s'", repo->address);
	if (!missing.count)
		return true;
	for (size_t i = 0; i < missing.count; i++)
		str_addf(&names, "%s%s", i ? ", " : "", missing.items[i]);
	(void)err_set(err, ERR_DENIED, "missing rights: %s", str_text(&names));
	return err_hint(err, "pipeline-examples/iam has the policies that are "
			     "enough");
}

/* Where the bucket is, which the first answer has told. */
static bool describe_bucket(struct chartrepo *repo, struct s3 *bucket,
			    struct arena *arena, struct value *map,
			    struct err *err)
{
	const char *region;

	if (!aws_region_get(&bucket->aws, &region, err))
		return false;
	value_map_set_text(map, arena, "bucket", bucket->bucket);
	value_map_set_text(map, arena, "prefix", repo->prefix);
	value_map_set_text(map, arena, "region", region);
	return true;
}

bool repocheck(struct chartrepo *repo, enum repocheck_use use,
	       struct arena *arena, struct value **found, struct str *text,
	       struct err *err)
{
	CLEANUP(chartrepo_index_release) struct chartrepo_index index = {0};
	CLEANUP(chartindex_release) struct chartindex parsed = {0};
	struct s3 *bucket = chartrepo_bucket(repo);
	struct value *map = value_new_map(arena);
	bool proved = false;

	if ((bucket && !check_rights(repo, bucket, use, err)) ||
	    !chartrepo_read_index(repo, &index, err) ||
	    !chartindex_open(&parsed, str_text(&index.text), index.text.len,
			     CHARTREPO_INDEX, err) ||
	    (bucket && (!publish_is_proved(bucket, &parsed, &proved, err) ||
			!describe_bucket(repo, bucket, arena, map, err))))
		return false;
	value_map_set_text(map, arena, "repository", repo->address);
	value_map_set(map, arena, "index", value_new_bool(arena, index.found));
	if (bucket)
		value_map_set(map, arena, "conditionalWrites",
			      value_new_bool(arena, proved));
	str_add(text, index.found ? "the index can be read"
				  : "the repository has no index yet");
	if (bucket && use != REPOCHECK_READ)
		str_add(text, proved ? "; conditional writes were proved"
				     : "; conditional writes are proved by the "
				       "first run that writes");
	str_add_char(text, '\n');
	*found = map;
	return true;
}
