/*
 * What is known of a build, one fact after the other, as "branch=main seen":
 *
 *	add_fact(&out, "branch", ci.branch);
 *	add_flags(&out, &ci);
 */
#ifndef TESTS_UNIT_CORE_CI_FACTS_H
#define TESTS_UNIT_CORE_CI_FACTS_H

#include "base/str.h"
#include "core/ci.h"

static inline void add_fact(struct str *out, const char *name,
			    const char *value)
{
	if (value)
		str_addf(out, "%s%s=%s", out->len ? " " : "", name, value);
}

static inline void add_flag(struct str *out, const char *name, bool set)
{
	if (set)
		str_addf(out, "%s%s", out->len ? " " : "", name);
}

static inline void add_flags(struct str *out, const struct ci *ci)
{
	add_flag(out, "request", ci->pull_request);
	add_flag(out, "doubt", ci->doubt != NULL);
	add_flag(out, "seen", ci->branch_seen);
}

#endif
