#include "core/envname.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/slug.h"

#define LABEL_VALUE_MAX 63 /* Kubernetes' */

bool envname_is_label(const char *text, size_t max)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(text);

	return len && len <= max && strspn(text, allowed) == len &&
	       text[0] != '-' && text[len - 1] != '-';
}

bool envname_is_system(const char *namespace)
{
	return strcmp(namespace, "default") == 0 ||
	       starts_with(namespace, "kube-");
}

bool envname_namespace(const char *repository, const char *branch,
		       char **namespace, struct err *err)
{
	CLEANUP(str_release) struct str name = {0};
	CLEANUP(free_ptr) char *joined = xasprintf("%s-%s", repository, branch);
	CLEANUP(free_ptr) char *original =
		xasprintf("%s\n%s", repository, branch);

	if (!slug_label(&name, joined, original, ENVNAME_NAMESPACE_MAX, err))
		return false;
	*namespace = str_detach(&name);
	return true;
}

/* What charts write into labels and names of Services, often unquoted. */
static bool suits_charts(const char *release)
{
	/* Go's YAML, which reads 1.1's words for true and false. */
	static const char *const words[] = {
		"false", "n", "no", "null", "off", "on", "true", "y", "yes"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(release, words[i]) == 0)
			return false;
	}
	return release[0] >= 'a' && release[0] <= 'z';
}

static bool choose_release(struct envname *name, struct err *err)
{
	const char *namespace = name->namespace;
	CLEANUP(free_ptr) char *longer = xasprintf("r-%s", namespace);
	CLEANUP(str_release) struct str plain = {0};
	CLEANUP(str_release) struct str release = {0};

	if (!slug_label(&plain, namespace, namespace, ENVNAME_RELEASE_MAX, err))
		return false;
	if (suits_charts(str_text(&plain))) {
		name->release = str_detach(&plain);
		return true;
	}
	if (!slug_hashed_label(&release, longer, namespace, ENVNAME_RELEASE_MAX,
			       err))
		return false;
	name->release = str_detach(&release);
	name->former = str_detach(&plain);
	return true;
}

void envname_keep_release(struct envname *name, const char *recorded)
{
	if (!name->former || !same_text(name->former, recorded))
		return;
	free(name->release);
	name->release = name->former;
	name->former = NULL;
}

/* The value of a label: Kubernetes allows 63 bytes, dots and underscores. */
static bool is_label_value(const char *text)
{
	static const char alnum[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(text);

	return len && len <= LABEL_VALUE_MAX && strchr(alnum, text[0]) &&
	       strchr(alnum, text[len - 1]) &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

bool envname_check_namespace(const char *namespace, struct err *err)
{
	return envname_is_label(namespace, ENVNAME_NAMESPACE_MAX) ||
	       err_set(err, ERR_USAGE,
		       "'%s' is no legal namespace (lower-case letters, "
		       "digits and '-', at most %d)",
		       namespace, ENVNAME_NAMESPACE_MAX);
}

static bool check_given(const struct envname_args *args, struct err *err)
{
	if (args->namespace && !envname_check_namespace(args->namespace, err))
		return false;
	if (args->namespace && envname_is_system(args->namespace))
		return err_set(err, ERR_USAGE,
			       "namespace '%s' belongs to the cluster",
			       args->namespace);
	if (args->release &&
	    !envname_is_label(args->release, ENVNAME_RELEASE_MAX))
		return err_set(err, ERR_USAGE,
			       "'%s' is no legal release name (lower-case "
			       "letters, digits and '-', at most %d)",
			       args->release, ENVNAME_RELEASE_MAX);
	if (args->stack && !is_label_value(args->stack))
		return err_set(err, ERR_USAGE,
			       "stack '%s' cannot be the value of a label",
			       args->stack);
	return true;
}

/* @branch: with its owner, if that is another than the repository's. */
static bool is_proposed(const struct envname_facts *facts, const char *branch)
{
	return facts->pull_request || strchr(branch, ':');
}

static bool is_main(const struct envname_args *args,
		    const struct envname_facts *facts, const char *branch)
{
	if (is_proposed(facts, branch))
		return false;
	if (args->main_branch)
		return strcmp(branch, args->main_branch) == 0;
	if (facts->default_branch)
		return strcmp(branch, facts->default_branch) == 0;
	return strcmp(branch, "main") == 0 || strcmp(branch, "master") == 0;
}

static bool is_main_unknown(const struct envname_args *args,
			    const struct envname_facts *facts,
			    const char *branch)
{
	return !is_proposed(facts, branch) && !args->main_branch &&
	       !facts->default_branch;
}

static char *stack_of(const struct envname_args *args, const char *repository)
{
	struct str slug = {0};

	if (args->stack)
		return xstrdup(args->stack);
	if (is_label_value(repository))
		return xstrdup(repository);
	slug_add(&slug, repository);
	if (slug.len > LABEL_VALUE_MAX)
		str_truncate(&slug, LABEL_VALUE_MAX);
	while (slug.len && slug.buf[slug.len - 1] == '-')
		str_truncate(&slug, slug.len - 1);
	return str_detach(&slug);
}

static const char *first_of(const char *a, const char *b)
{
	return is_blank(a) ? b : a;
}

/* What is built may be a fork's, and replace the branch of that name. */
static bool refuse_doubt(const struct envname_facts *facts, struct err *err)
{
	const char *branch = is_blank(facts->branch) ? "NAME" : facts->branch;

	(void)err_set(err, ERR_USAGE, "the branch is not known: %s%s%s",
		      facts->doubt, facts->unread ? "; " : "",
		      facts->unread ? facts->unread : "");
	return err_hint(err,
			"%sgive '--branch %s' if it is the repository's own, "
			"'--branch OWNER:%s' if it is a fork's",
			facts->unread ? "make the file of GITHUB_EVENT_PATH "
					"readable (a container needs it "
					"mounted), or "
				      : "",
			branch, branch);
}

bool envname_decide(struct envname *name, const struct envname_args *args,
		    const struct envname_facts *facts, struct err *err)
{
	const char *repository =
		first_of(args->repository_name, facts->repository_name);
	const char *branch = first_of(args->branch, facts->branch);
	CLEANUP(envname_release) struct envname decided = {0};

	if (!check_given(args, err))
		return false;
	if (is_blank(repository)) {
		(void)err_set(err, ERR_USAGE, "the repository is not known");
		return err_hint(err, "give '--repository-name', or run in a "
				     "git checkout with a remote");
	}
	if (facts->doubt && is_blank(args->branch))
		return refuse_doubt(facts, err);
	if (is_blank(branch)) {
		(void)err_set(err, ERR_USAGE, "the branch is not known");
		return err_hint(err, "give '--branch' (a detached checkout "
				     "does not tell it)");
	}

	decided.repository = xstrdup(repository);
	/* No branch has a colon in it: then the owner was given, too. */
	decided.branch = is_blank(facts->fork) || strchr(branch, ':')
				 ? xstrdup(branch)
				 : xasprintf("%s:%s", facts->fork, branch);
	decided.main = is_main(args, facts, decided.branch);
	decided.main_unknown =
		!decided.main && is_main_unknown(args, facts, decided.branch);
	decided.stack = stack_of(args, repository);
	decided.named = args->namespace != NULL;
	if (args->namespace)
		decided.namespace = xstrdup(args->namespace);
	else if (!envname_namespace(repository, decided.branch,
				    &decided.namespace, err))
		return false;
	if (envname_is_system(decided.namespace)) {
		(void)err_set(err, ERR_USAGE,
			      "namespace '%s' belongs to the cluster",
			      decided.namespace);
		return err_hint(err, "give another name with '--namespace'");
	}
	if (args->release)
		decided.release = xstrdup(args->release);
	else if (!choose_release(&decided, err))
		return false;

	*name = decided;
	decided = (struct envname){0};
	return true;
}

void envname_release(struct envname *name)
{
	free(name->repository);
	free(name->branch);
	free(name->namespace);
	free(name->release);
	free(name->stack);
	free(name->former);
	*name = (struct envname){0};
}

static const char *member_called(const struct envname *name, const char *key)
{
	const struct {
		const char *key, *value;
	} members[] = {
		{"namespace", name->namespace},	  {"release", name->release},
		{"stack", name->stack},		  {"branch", name->branch},
		{"repository", name->repository},
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (strcmp(members[i].key, key) == 0)
			return members[i].value;
	}
	return NULL;
}

bool envname_expand(const struct envname *name, const char *template,
		    char **text, struct err *err)
{
	CLEANUP(str_release) struct str out = {0};
	const char *open, *close;

	while ((open = strchr(template, '{')) && (close = strchr(open, '}'))) {
		CLEANUP(free_ptr) char *key =
			xmemdupz(open + 1, (size_t)(close - open - 1));
		const char *value = member_called(name, key);

		if (!value)
			return err_set(err, ERR_USAGE,
				       "nothing is called '{%s}' here", key);
		str_add_bytes(&out, template, (size_t)(open - template));
		str_add(&out, value);
		template = close + 1;
	}
	str_add(&out, template);
	*text = str_detach(&out);
	return true;
}
