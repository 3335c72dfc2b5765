/*
 * Options that several steps share, so that one idea has one name, one
 * variable and one line of help everywhere.
 */
#ifndef CLI_FRAGMENTS_H
#define CLI_FRAGMENTS_H

#include "api/forge.h"
#include "api/gpg.h"
#include "api/jira.h"
#include "api/kube.h"
#include "api/repoaccess.h"
#include "cli/opts.h"
#include "core/envname.h"
#include "flow/preparation.h"
#include "flow/publish.h"

/* clang-format off */

/* A field `struct envname_args`: what an environment is called. */
#define OPT_ENVIRONMENT(args, field)                                          \
	OPT_STRING(args, field.repository_name, "repository-name", "NAME",    \
		   NULL, 0, "repository; default: from CI or git"),           \
	OPT_STRING(args, field.branch, "branch", "NAME", NULL, 0,             \
		   "branch; default: from CI or git"),                        \
	OPT_STRING(args, field.main_branch, "main-branch", "NAME", NULL, 0,   \
		   "branch whose environment never expires"),                 \
	OPT_STRING(args, field.namespace, "namespace", "NAME", NULL, 0,       \
		   "default: {repository}-{branch}"),                         \
	OPT_STRING(args, field.release, "release", "NAME", NULL, 0,           \
		   "Helm release; default: the namespace's name"),            \
	OPT_STRING(args, field.stack, "stack", "NAME", NULL, 0,               \
		   "stack; default: the repository's name")

/* A field `struct kube_args`: which cluster. */
#define OPT_KUBE(args, field)                                                 \
	OPT_STRING(args, field.kubeconfig, "kubeconfig", "FILE", "", 0,       \
		   "default: KUBECONFIG, ~/.kube/config, or the pod's own"),  \
	OPT_STRING(args, field.context, "kube-context", "NAME", NULL, 0,      \
		   "context of the kubeconfig"),                              \
	OPT_STRING(args, field.helm, "helm", "PATH", NULL, 0,                 \
		   "Helm 4 or 3; default: helm in PATH")

/* A field `struct preparation_args`: what Helm finds in the namespace. */
#define OPT_PREPARATION(args, field)                                          \
	OPT_LIST(args, field.labels, "namespace-label", "KEY=VALUE", NULL, 0, \
		 "label of the namespace (may be repeated)"),                 \
	OPT_LIST(args, field.secrets, "copy-secret", "NAMESPACE/NAME", NULL,  \
		 0, "secret to have there too (may be repeated)"),            \
	OPT_LIST(args, field.manifests, "namespace-manifest", "FILE", NULL,   \
		 0, "what to apply there before Helm (may be repeated)")

/* A field `struct gpg_args`: whose key signs. */
#define OPT_SIGN(args, field)                                                 \
	OPT_FLAG(args, field.sign, "sign", NULL, 0,                           \
		 "sign the packages with gpg: a .prov beside each"),          \
	OPT_STRING(args, field.key, "sign-key", "NAME", NULL, 0,              \
		   "key, by a part of its user ID; default: gpg's"),          \
	OPT_STRING(args, field.keyring, "keyring", "FILE", NULL, 0,           \
		   "exported secret keys; default: those of gpg's home"),     \
	OPT_SECRET(args, field.passphrase, "passphrase", NULL, 0,             \
		   "passphrase of that key")

/* A field `struct login_args`: who we are to a chart repository. */
#define OPT_LOGIN(args, field)                                                \
	OPT_STRING(args, field.username, "username", "NAME",                  \
		   "HELM_REPO_USERNAME", 0,                                   \
		   "user, for oci:// and https:// repositories"),             \
	OPT_SECRET(args, field.password, "password", "HELM_REPO_PASSWORD", 0, \
		   "password of that user"),                                  \
	OPT_SECRET(args, field.access_token, "access-token",                  \
		   "HELM_REPO_ACCESS_TOKEN", 0,                               \
		   "token, in place of user and password")

/* A field `struct secret`: who we are to Git's servers, api/gitremote.h. */
#define OPT_GIT_CREDENTIALS(args, field)                                      \
	OPT_SECRET(args, field, "git-credentials", NULL, 0,                   \
		   "lines https://USER:TOKEN@HOST, as Git's store has them")

/* A field `struct forge_args`: where git repositories are, for people. */
#define OPT_FORGE(args, field)                                                \
	OPT_STRING(args, field.url, "forge-url", "URL", "SLIPWAY_FORGE_URL",  \
		   0, "forge that the token is for; default: the checkout's"), \
	OPT_CHOICE(args, field.kind, "forge", forge_kind_words, NULL, 0,      \
		   "kind of that forge; auto: by the name of its host"),      \
	OPT_STRING(args, field.user, "forge-user", "EMAIL", NULL, 0,          \
		   "user of an API token of bitbucket.org"),                  \
	OPT_SECRET(args, field.token, "forge-token", NULL, 0,                 \
		   "token that may read repositories there")

/* A field `struct jira_args`: a Jira that a step may ask, but need not. */
#define OPT_JIRA(args, field)                                                 \
	OPT_STRING(args, field.url, "jira-url", "URL", "JIRA_URL", 0,         \
		   "Jira, for links to tickets"),                             \
	OPT_STRING(args, field.user, "jira-user", "EMAIL", "JIRA_USER", 0,    \
		   "user of the API token (Cloud); Data Center: none"),       \
	OPT_SECRET(args, field.token, "jira-token", "JIRA_TOKEN", 0,          \
		   "token, to ask it for titles and projects")

/* A field `struct repoaccess_args`: a chart repository that is written to. */
#define OPT_REPOSITORY(args, field)                                           \
	OPT_LOGIN(args, field.login),                                         \
	OPT_STRING(args, field.context_path, "context-path", "/PATH",         \
		   "HELM_REPO_CONTEXT_PATH", 0,                               \
		   "where ChartMuseum is served; default: found out"),        \
	OPT_S3_WRITING(args, field.s3)

/* A field `const char *`: how publishers are kept apart in a bucket. */
#define OPT_LOCK(args, field)                                                 \
	OPT_CHOICE(args, field, "lock", publish_lock_words, NULL, 0,          \
		   "how publishers are kept apart in a bucket")

/* A field `struct s3_writing`: how objects are written to a bucket. */
#define OPT_S3_WRITING(args, field)                                           \
	OPT_STRING(args, field.sse, "sse", "ALGORITHM", NULL, 0,              \
		   "encryption of S3 objects: AES256, aws:kms, aws:kms:dsse"), \
	OPT_STRING(args, field.sse_kms_key_id, "sse-kms-key-id", "ID", NULL,  \
		   0, "key of that encryption, at AWS KMS"),                  \
	OPT_STRING(args, field.acl, "acl", "NAME", NULL, 0,                   \
		   "canned ACL of S3 objects")

/* clang-format on */

#endif
