/* Functions of our own, for what releases need and Sprig lacks. */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "format/semver.h"
#include "format/slug.h"
#include "format/value.h"
#include "tmpl/exec.h"
#include "tmpl/func.h"

/* The last second that has a date: 9999-12-31 23:59:59. */
#define DATE_MAX 253402300799

/* Text that costs as much to change and to hash as a node. */
#define SLUG_BYTES_PER_STEP 16

/* branchSlug BRANCH: a legal label for hosts and names, for it alone. */
static bool run_branch_slug(struct call *call, struct err *err)
{
	const struct value_text *branch = &call->args[0]->string;
	CLEANUP(str_release) struct str slug = CALL_TEXT;

	if (strlen(branch->bytes) != branch->len)
		return err_set(err, ERR_INPUT, "the branch's name holds a NUL");
	return call_charge(call, branch->len / SLUG_BYTES_PER_STEP, branch->len,
			   err) &&
	       slug_label(&slug, branch->bytes, branch->bytes, SLUG_LABEL_MAX,
			  err) &&
	       call_give_str(call, &slug, err);
}

/* The number that grows; those behind it become 0. */
static uint64_t *part_of(struct semver *version, const char *part)
{
	if (strcmp(part, "major") == 0)
		return &version->major;
	if (strcmp(part, "minor") == 0)
		return &version->minor;

	return strcmp(part, "patch") == 0 ? &version->patch : NULL;
}

/* As Masterminds' IncMajor, IncMinor and IncPatch: 1.0.0-rc.1 is before 1.0.0. */
static bool bump(struct semver *version, const char *part, struct err *err)
{
	uint64_t *number = part_of(version, part);
	bool is_patch = number == &version->patch;

	if (!number) {
		err_set(err, ERR_INPUT, "a version has no part '%s'", part);
		return err_hint(err, "the parts are major, minor and patch");
	}
	if (*number == UINT64_MAX)
		return err_set(err, ERR_INPUT, "the number is too large");
	if (!is_patch || !*version->prerelease)
		++*number;
	if (!is_patch)
		version->patch = 0;
	if (number == &version->major)
		version->minor = 0;
	*version->prerelease = *version->metadata = '\0';
	return true;
}

/* semverBump PART VERSION */
static bool run_semver_bump(struct call *call, struct err *err)
{
	CLEANUP(semver_release) struct semver version = {0};
	CLEANUP(str_release) struct str text = CALL_TEXT;

	if (!semver_parse(&version, call->args[1]->string.bytes, err) ||
	    !bump(&version, call->args[0]->string.bytes, err))
		return false;
	semver_add_text(&text, &version);
	return call_give_str(call, &text, err);
}

/* expiry DURATION: when that has passed, as global.expiryDate has it. */
static bool run_expiry(struct call *call, struct err *err)
{
	const char *duration = call->args[0]->string.bytes;
	int64_t now = call->exec->set->options.now_ms / 1000;
	CLEANUP(str_release) struct str date = CALL_TEXT;
	int64_t ms;

	if (!num_parse_duration(duration, &ms)) {
		err_set(err, ERR_INPUT, "'%s' is no duration", duration);
		return err_hint(err, "write it as 90m, 8h or 3d");
	}
	if (ms / 1000 > DATE_MAX - now)
		return err_set(err, ERR_INPUT, "beyond the year 9999");
	clock_add_date_time(&date, now + ms / 1000);
	return call_give_str(call, &date, err);
}

const struct func funcs_release[] = {
	{"branchSlug", "s", run_branch_slug},
	{"expiry", "s", run_expiry},
	{"semverBump", "ss", run_semver_bump},
	{NULL},
};
