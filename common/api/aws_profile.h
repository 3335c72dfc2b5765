/*
 * The files that AWS's tools share: ~/.aws/config and ~/.aws/credentials.
 * Private to api/aws.
 *
 * Sections are profiles ("[profile NAME]" and "[default]" in the one file,
 * "[NAME]" in the other), "[sso-session NAME]" and "[services NAME]"; others
 * are passed over.  Of a setting given more than once the later counts, but
 * "[profile default]" comes before "[default]", and the credentials file
 * before the other.  What is indented below a setting without a value
 * belongs to it: "s3 =" and below it "addressing_style = path" are found as
 * "s3.addressing_style".  Names of settings are in lower case.
 *
 * Sources: AWS SDKs and Tools Reference Guide, "Shared config and credentials
 * files"; botocore's configloader.py, for what the guide leaves open.
 */
#ifndef COMMON_API_AWS_PROFILE_H
#define COMMON_API_AWS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/strvec.h"

struct env;
struct err;

#define AWS_FILE_MAX ((size_t)1 << 20) /* bytes of one file */

enum aws_section {
	AWS_SECTION_OTHER,
	AWS_SECTION_PROFILE,
	AWS_SECTION_SSO_SESSION,
	AWS_SECTION_SERVICES,
};

enum aws_file {
	AWS_FILE_CONFIG,
	AWS_FILE_CREDENTIALS,
};

struct aws_profiles {
	struct arena arena;
	struct aws_setting *settings; /* private */
	size_t count;
	size_t capacity;
	char *files[2]; /* by enum aws_file, owned; NULL = nowhere to look */
};

/*
 * Read both files: AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else
 * those in HOME.  One that is not there is empty.
 * Errors: INPUT (unreadable, larger than AWS_FILE_MAX, not of the form, with
 * the line; never with its text).
 */
bool aws_profiles_load(struct aws_profiles *profiles, const struct env *env,
		       struct err *err) MUST_CHECK;

/* Add what @text says.  @path is shown in errors. */
bool aws_profiles_parse(struct aws_profiles *profiles, enum aws_file file,
			const char *path, const char *text, size_t len,
			struct err *err) MUST_CHECK;

/* A setting, or NULL if there is none or it is empty; borrowed. */
const char *aws_profiles_get(const struct aws_profiles *profiles,
			     enum aws_section section, const char *name,
			     const char *key);

/* The same, but only where @other, which there is, is told: in one file. */
const char *aws_profiles_get_beside(const struct aws_profiles *profiles,
				    enum aws_section section, const char *name,
				    const char *key, const char *other);

/* Is there such a section, even an empty one? */
bool aws_profiles_has(const struct aws_profiles *profiles,
		      enum aws_section section, const char *name);

/* Where aws_profiles_load() looked, for messages; the caller frees it. */
char *aws_profiles_describe(const struct aws_profiles *profiles) MUST_CHECK;

/*
 * "~/x" below @home, anything else as it is; the caller frees it.  NULL if
 * @home is needed and NULL.
 */
char *aws_expand_home(const char *path, const char *home) MUST_CHECK;

/*
 * Split @text into words as a POSIX shell does, but without expanding
 * anything: blanks separate, '' and "" and \ quote.  False if a quote is not
 * closed.
 */
bool aws_split_words(struct strvec *words, const char *text) MUST_CHECK;

void aws_profiles_release(struct aws_profiles *profiles);

#endif
