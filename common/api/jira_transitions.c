/* Which transition leads a ticket to its end, and what that demands. */

#include <strings.h>

#include "api/jira.h"
#include "api/jira_parts.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/jsn.h"

/* --- the resolution ---------------------------------------------------- */

/* The name in @allowed that is @name in any case; NULL: none is. */
static const char *allowed_name(const json_t *allowed, const char *name)
{
	const json_t *value;
	size_t i;

	json_array_foreach (allowed, i, value) {
		const char *known = jsn_text(value, "name");

		if (known && strcasecmp(known, name) == 0)
			return known;
	}
	return NULL;
}

/* "'Won't Do', 'Duplicate'" */
static void list_names(struct str *out, const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (jsn_text(one, "name"))
			str_addf(out, "%s'%s'", out->len ? ", " : "",
				 jsn_text(one, "name"));
}

/* Never the first that is allowed: that may well be "Won't Do". */
static const char *usual_resolution(const json_t *allowed)
{
	static const char *const usual[] = {"Done", "Fixed", "Resolved"};
	const char *found = NULL;

	if (json_array_size(allowed) == 0)
		return usual[0];
	for (size_t i = 0; !found && i < ARRAY_SIZE(usual); i++)
		found = allowed_name(allowed, usual[i]);
	return found;
}

/* @call's, else a usual one; *@name stays NULL to leave it to the server. */
static bool choose_resolution(const struct jira_call *call, const json_t *field,
			      const char **name, struct err *err)
{
	const json_t *allowed = jsn_find(field, "allowedValues");
	CLEANUP(str_release) struct str names = {0};

	if (call->resolution && json_array_size(allowed) == 0)
		*name = call->resolution;
	else if (call->resolution)
		*name = allowed_name(allowed, call->resolution);
	else
		*name = usual_resolution(allowed);
	if (*name ||
	    (!call->resolution && jsn_bool(field, "hasDefaultValue", false)))
		return true;
	list_names(&names, allowed);
	if (call->resolution)
		return err_set(err, ERR_REMOTE,
			       "the resolution '%s' is not allowed, but %s",
			       call->resolution, str_text(&names));
	err_set(err, ERR_REMOTE,
		"the workflow demands a resolution, and allows %s",
		str_text(&names));
	return err_hint(err, "name one with --resolution");
}

/* --- the fields -------------------------------------------------------- */

/* Of all fields, we know what to say of the resolution alone. */
static bool is_demanded(const json_t *field)
{
	return jsn_bool(field, "required", false) &&
	       !jsn_bool(field, "hasDefaultValue", false);
}

static bool unknown_field(const json_t *transition, const char *name,
			  const json_t *field, struct err *err)
{
	const char *label = jsn_text(field, "name");
	bool labelled = label && !same_text(label, name);

	err_set(err, ERR_REMOTE, "transition '%s' demands the field '%s'%s%s%s",
		jsn_text(transition, "name"), name, labelled ? " (" : "",
		labelled ? label : "", labelled ? ")" : "");
	return err_hint(err, "name another one with --transition, or let the "
			     "workflow not demand the field");
}

/* Set @call's fields to what @transition demands beyond its id. */
static bool fill_fields(struct jira_call *call, const json_t *transition,
			struct err *err)
{
	CLEANUP(jsn_release) json_t *fields = json_object();
	CLEANUP(str_release) struct str text = {0};
	const json_t *field;
	const char *name;

	json_object_foreach (jsn_find(transition, "fields"), name, field) {
		const char *resolution = NULL;
		json_t *value;

		if (!same_text(name, "resolution")) {
			if (is_demanded(field))
				return unknown_field(transition, name, field,
						     err);
			continue;
		}
		if (!call->resolution && !jsn_bool(field, "required", false))
			continue;
		if (!choose_resolution(call, field, &resolution, err))
			return false;
		if (!resolution)
			continue;
		value = json_object();
		jsn_set_text(value, "name", resolution);
		jsn_set(fields, name, value);
	}
	if (json_object_size(fields) > 0) {
		jsn_print(&text, fields, false);
		call->fields = str_detach(&text);
	}
	return true;
}

/* --- the transition ---------------------------------------------------- */

static bool is_wanted(const struct jira_call *call, const json_t *transition)
{
	if (!jsn_text(transition, "id"))
		return false;
	if (call->transition)
		return same_text(jsn_text(transition, "name"),
				 call->transition);
	return same_text(jsn_text(transition, "to.statusCategory.key"), "done");
}

static bool no_transition(const struct jira_call *call,
			  const json_t *transitions, struct err *err)
{
	CLEANUP(str_release) struct str names = {0};

	if (call->transition)
		err_set(err, ERR_REMOTE,
			"the workflow offers no transition '%s' now",
			call->transition);
	else
		err_set(err, ERR_REMOTE,
			"the workflow offers no transition to a status of the "
			"category Done now");
	list_names(&names, transitions);
	if (names.len == 0)
		return err_hint(err, "it offers none at all: may the user "
				     "transition the ticket?");
	return err_hint(err, "name one with --transition; it offers %s",
			str_text(&names));
}

bool jira_choose_transition(struct jira_call *call, const json_t *transitions,
			    struct err *err)
{
	CLEANUP(err_release) struct err first = {0};
	const json_t *transition;
	size_t i;

	json_array_foreach (transitions, i, transition) {
		CLEANUP(err_release) struct err failure = {0};

		if (!is_wanted(call, transition))
			continue;
		if (fill_fields(call, transition, &failure)) {
			call->id = xstrdup(jsn_text(transition, "id"));
			return true;
		}
		if (first.kind == ERR_NONE)
			err_move(&first, &failure);
	}
	if (first.kind == ERR_NONE)
		return no_transition(call, transitions, err);
	err_move(err, &first);
	return false;
}
