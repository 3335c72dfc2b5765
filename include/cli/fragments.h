/*
 * Options that several steps share, so that one idea has one name, one
 * variable and one line of help everywhere.
 */
#ifndef CLI_FRAGMENTS_H
#define CLI_FRAGMENTS_H

#include "api/kube.h"
#include "cli/opts.h"
#include "core/envname.h"

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

/* clang-format on */

#endif
