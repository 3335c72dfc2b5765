/*
 * Where Helm keeps its settings.  Private to api.
 *
 * Source: Helm 4.3.1, pkg/helmpath/lazypath.go, pkg/cli/environment.go.
 */
#ifndef COMMON_API_HELMCONFIG_H
#define COMMON_API_HELMCONFIG_H

#include "base/attr.h"

struct env;

/*
 * The file that the variable @override names, else @name in HELM_CONFIG_HOME,
 * XDG_CONFIG_HOME/helm or ~/.config/helm; NULL if none of these is set.  The
 * caller frees it.
 */
char *helmconfig_path(const struct env *env, const char *override,
		      const char *name) MUST_CHECK;

#endif
