/* How objects are written: encryption and ACL. */
#include <string.h>

#include "api/s3.h"
#include "api/s3_parts.h"
#include "base/err.h"

static const char *const encryptions[] = {"AES256", "aws:kms", "aws:kms:dsse",
					  NULL};
/* Of PutObject. */
static const char *const acls[] = {
	"private",
	"public-read",
	"public-read-write",
	"authenticated-read",
	"aws-exec-read",
	"bucket-owner-read",
	"bucket-owner-full-control",
	NULL,
};

bool s3_writing_is_set(const struct s3_writing *writing)
{
	return writing->sse || writing->sse_kms_key_id || writing->acl;
}

/* NULL is no word at all. */
static bool check_word(const char *word, const char *const *words,
		       const char *what, struct err *err)
{
	CLEANUP(str_release) struct str all = {0};

	if (!word)
		return true;
	for (size_t i = 0; words[i]; i++) {
		if (same_text(word, words[i]))
			return true;
		str_addf(&all, "%s%s", i ? ", " : "", words[i]);
	}
	return err_set(err, ERR_USAGE, "'%s' is no %s of S3: %s", word, what,
		       str_text(&all));
}

bool s3_set_writing(struct s3 *s3, const struct s3_writing *writing,
		    struct err *err)
{
	const char *const headers[][2] = {
		{S3_SSE_HEADER, writing->sse},
		{S3_SSE_KEY_HEADER, writing->sse_kms_key_id},
		{S3_ACL_HEADER, writing->acl},
	};

	if (!check_word(writing->sse, encryptions, "encryption", err) ||
	    !check_word(writing->acl, acls, "canned ACL", err))
		return false;
	if (writing->sse_kms_key_id &&
	    (!writing->sse || !starts_with(writing->sse, "aws:kms")))
		return err_set(err, ERR_USAGE,
			       "a KMS key is of use only with encryption by "
			       "aws:kms");
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		if (headers[i][1])
			strvec_addf(&s3->write_headers, "%s: %s", headers[i][0],
				    headers[i][1]);
	}
	return true;
}

/* The value of one of those headers, NULL if it is not sent. */
static const char *header_of(const struct s3 *s3, const char *name)
{
	for (size_t i = 0; i < s3->write_headers.count; i++) {
		const char *value =
			after_prefix(s3->write_headers.items[i], name);

		if (value && starts_with(value, ": "))
			return value + 2;
	}
	return NULL;
}

bool s3_sets_acl(const struct s3 *s3)
{
	return header_of(s3, S3_ACL_HEADER);
}

bool s3_uses_kms(const struct s3 *s3)
{
	const char *sse = header_of(s3, S3_SSE_HEADER);

	return sse && starts_with(sse, "aws:kms");
}

void s3_add_kms_right(struct str *out, const struct s3 *s3)
{
	const char *key = header_of(s3, S3_SSE_KEY_HEADER);

	str_addf(out,
		 "kms:GenerateDataKey on %s%s%s (and kms:Decrypt, to read "
		 "what is written)",
		 key ? "the KMS key '" : "the KMS key of the bucket",
		 key ? key : "", key ? "'" : "");
}

void s3_add_write_rights(struct str *out, const struct s3 *s3)
{
	if (s3_sets_acl(s3))
		str_add(out, ", s3:PutObjectAcl there");
	if (!s3_uses_kms(s3))
		return;
	str_add(out, ", and ");
	s3_add_kms_right(out, s3);
}
