/*
 * Which rights on a bucket are missing?  Asked by trying what changes
 * nothing: a write and deletions of an object that is not there, on the
 * condition that it has a certain state.  S3 judges rights before conditions.
 */
#ifndef API_S3_RIGHTS_H
#define API_S3_RIGHTS_H

#include <stdbool.h>

#include "base/attr.h"

struct err;
struct s3;
struct str;
struct strvec;

enum s3_right {
	S3_MAY_LIST = 1 << 0,	       /* s3:ListBucket */
	S3_MAY_GET = 1 << 1,	       /* s3:GetObject */
	S3_MAY_PUT = 1 << 2,	       /* s3:PutObject */
	S3_MAY_TIDY = 1 << 3,	       /* s3:DeleteObject below .slipway/ */
	S3_MAY_DELETE_CHARTS = 1 << 4, /* s3:DeleteObject of all objects */
	/* What s3_set_writing() has asked for takes them too. */
	S3_MAY_PUT_ACL = 1 << 5, /* s3:PutObjectAcl */
	S3_MAY_ENCRYPT = 1 << 6, /* kms:GenerateDataKey */
};

#define S3_MAY_WRITE (S3_MAY_PUT | S3_MAY_PUT_ACL | S3_MAY_ENCRYPT)

/*
 * *@missing gets those of the @wanted rights that are denied below @prefix,
 * which is empty or has a slash at its end.  Where listing is wanted and
 * denied, S3 answers a read of what is not there as one that is denied: so
 * S3_MAY_GET is judged by the object that is called @known below @prefix, and
 * s3_list_rights() says that it may be that one that is missing.  @said (empty)
 * gets the first answer where all is denied: its words may tell why.  Where a write is denied that sets an ACL or
 * is encrypted by KMS, writes without the one and the other show what it is;
 * all three are missing where these are denied too.  A store that lets the write through knows
 * no conditions; what it wrote is removed.
 * Errors: all but DENIED of s3_put(), and DENIED where it is the credentials
 * that are refused.
 */
bool s3_find_missing_rights(struct s3 *s3, const char *prefix,
			    const char *known, unsigned int wanted,
			    unsigned int *missing, struct str *said,
			    struct err *err) MUST_CHECK;

/* Append "s3:PutObject on 's3://bucket/prefix/'" for each. */
void s3_list_rights(struct strvec *list, const struct s3 *s3,
		    const char *prefix, unsigned int rights);

#endif
