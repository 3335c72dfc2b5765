#include "api/helmconfig.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"
#include "sys/env.h"
#include "sys/file.h"

char *helmconfig_path(const struct env *env, const char *override,
		      const char *name)
{
	static const struct {
		const char *variable;
		const char *below;
	} homes[] = {
		{"HELM_CONFIG_HOME", ""},
		{"XDG_CONFIG_HOME", "helm"},
		{"HOME", ".config/helm"},
	};
	const char *named = env_get(env, override);

	if (named)
		return xstrdup(named);
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++) {
		const char *home = env_get(env, homes[i].variable);
		CLEANUP(free_ptr) char *file = path_join(homes[i].below, name);

		if (home)
			return path_join(home, file);
	}
	return NULL;
}
