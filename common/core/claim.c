#include "core/claim.h"

#include "base/err.h"
#include "base/str.h"
#include "core/envname.h"
#include "core/gitaddress.h"
#include "core/sweep.h"

/* Of these names, wherever the repository may be. */
static bool is_same_pair(const struct claim *found, const struct envname *name)
{
	if (found->repository &&
	    !same_text(found->repository, name->repository))
		return false;
	return !found->branch || same_text(found->branch, name->branch);
}

static bool is_same_address(const struct claim *found, const char *git_url)
{
	return !found->git_url || !git_url ||
	       gitaddress_same(found->git_url, git_url);
}

static const char *or_else(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static bool refuse_unmarked(const struct envname *name, struct err *err)
{
	(void)err_set(err, ERR_CONFLICT,
		      "namespace '%s' was not made for an environment: it has "
		      "no marks",
		      name->namespace);
	return err_hint(err,
			"if the environment is to be in it all the same, say "
			"'--namespace %s'; it will never be deleted then",
			name->namespace);
}

static bool refuse_other(const struct claim *found, const struct envname *name,
			 struct err *err)
{
	(void)err_set(err, ERR_CONFLICT,
		      "namespace '%s' belongs to repository '%s' (%s), branch "
		      "'%s'",
		      name->namespace, or_else(found->repository, "?"),
		      or_else(found->git_url, "no address"),
		      or_else(found->branch, "?"));
	return err_hint(err, "give another name with '--namespace'");
}

/* The same names, but of a repository elsewhere; or only so it seems. */
static bool refuse_address(const struct claim *found,
			   const struct envname *name, const char *git_url,
			   struct err *err)
{
	(void)err_set(err, ERR_CONFLICT,
		      "namespace '%s' belongs to the repository at '%s', not "
		      "to that at '%s'",
		      name->namespace, found->git_url, git_url);
	return err_hint(err,
			"give another name with '--namespace'; if both "
			"addresses are of one repository: kubectl annotate "
			"--overwrite namespace %s slipway/git-url=%s",
			name->namespace, git_url);
}

bool claim_check(const struct claim *found, const struct envname *name,
		 const char *git_url, struct err *err)
{
	if (found->terminating) {
		(void)err_set(err, ERR_REMOTE,
			      "namespace '%s' is being deleted",
			      name->namespace);
		return err_temporary(err, true);
	}
	if (!found->managed)
		return name->named || refuse_unmarked(name, err);
	if (!same_text(found->managed, SWEEP_MARK_VERSION))
		return err_set(err, ERR_CONFLICT,
			       "namespace '%s' has marks of version '%s', "
			       "which this program does not know",
			       name->namespace, found->managed);
	if (!is_same_pair(found, name))
		return refuse_other(found, name, err);
	if (!is_same_address(found, git_url))
		return refuse_address(found, name, git_url, err);
	if (found->main && !name->main)
		return err_set(err, ERR_CONFLICT,
			       "namespace '%s' is a main environment, which "
			       "cannot become one that expires",
			       name->namespace);
	return true;
}

bool claim_is_first_address(const struct claim *found, const char *git_url)
{
	return found->managed && !found->git_url && git_url;
}
