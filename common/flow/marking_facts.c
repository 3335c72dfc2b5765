/* What a mark says and where it is seen: made of the record.  Pure. */

#include "flow/marking.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"
#include "core/tickets.h"
#include "flow/changelog.h"
#include "format/value.h"

#define LINE_PREFIX	 "release: "
#define COMMIT_SHOWN	 12 /* hex digits */
#define STEP_SECONDS_MAX (10.0 * 365 * 24 * 3600)
/* A point is shown with as much time around it. */
#define POINT_MARGIN_MS ((int64_t)5 * 60 * 1000)

/* --- what the record tells --------------------------------------------- */

static const char *text_at(const struct value *root, const char *path)
{
	const char *text = root ? value_find_text(root, path) : NULL;

	return is_blank(text) ? NULL : text;
}

static bool is_meant(const struct marking_facts *facts, const char *name)
{
	return name &&
	       (!facts->application || same_text(facts->application, name));
}

/* "web 1.4.0 (was 1.3.0)" for each application of the mark. */
static void add_applications(struct str *text,
			     const struct marking_facts *facts)
{
	const struct value *list =
		value_find_list(facts->record, "environment.applications");

	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *one = list->list.items[i];
		const char *name = text_at(one, "name");
		const char *old = text_at(one, "old");
		const char *new = text_at(one, "new");

		if (!is_meant(facts, name) || !(old || new))
			continue;
		str_addf(text, "%s %s", name, new ? new : "removed");
		if (!old)
			str_add(text, " (new)");
		else if (!same_text(old, new))
			str_addf(text, " (was %s)", old);
		str_add_char(text, '\n');
	}
}

/* The umbrella, where nothing is known of the applications in it. */
static void add_umbrella(struct str *text, const struct value *record)
{
	const char *name = text_at(record, "umbrella.name");
	const char *version = text_at(record, "umbrella.version");

	if (name && version && text_at(record, "environment.namespace"))
		str_addf(text, "%s %s\n", name, version);
}

/* The run of deploy-preview that made this release, or NULL. */
static const struct value *deployment(const struct value *record)
{
	const struct value *steps = value_find_list(record, "steps");
	const struct value *found = NULL;

	for (size_t i = 0; i < steps->list.count; i++)
		if (same_text(text_at(steps->list.items[i], "name"),
			      "deploy-preview"))
			found = steps->list.items[i];
	return found;
}

static void add_fact(struct str *text, const char *name, const char *fact)
{
	if (!is_blank(fact))
		str_addf(text, "%s: %s\n", name, fact);
}

static void add_commit(struct str *text, const char *commit)
{
	if (commit)
		str_addf(text, "commit: %.*s\n", COMMIT_SHOWN, commit);
}

static const char *commit_of(const struct marking_facts *facts)
{
	const char *recorded = text_at(facts->record, "repository.commit");

	return recorded ? recorded : facts->commit;
}

static const char *build_of(const struct marking_facts *facts)
{
	const char *recorded = text_at(facts->record, "build.url");

	return is_blank(facts->build) ? recorded : facts->build;
}

/* --- the text ---------------------------------------------------------- */

static void add_failure(struct str *text, const struct value *record)
{
	const struct value *to = value_find(record, "environment.rolledBackTo");

	str_add(text, "failed");
	if (to && to->kind != VALUE_NIL) {
		str_add(text, ", rolled back to revision ");
		value_print(text, to);
	}
	str_add_char(text, '\n');
}

/* The story that pull request and tickets tell as well. */
static void add_changelog(struct str *text, const struct marking_facts *facts)
{
	CLEANUP(str_release) struct str changes = {0};

	if (facts->application &&
	    !changelog_tells_of(facts->record, facts->application))
		return;
	changelog_add_recorded(&changes, facts->record, facts->application,
			       CHANGELOG_TEXT, MARKING_CHANGELOG_MAX);
	str_trim(&changes);
	if (changes.len > 0)
		str_addf(text, "%s\n", str_text(&changes));
}

static void add_project(struct strvec *projects, const struct value *ticket)
{
	CLEANUP(free_ptr) char *project =
		ticket->kind == VALUE_STRING
			? ticket_project(ticket->string.bytes)
			: NULL;

	if (project)
		strvec_add_once(projects, project);
}

/*
 * Those that the changelog in @text has not told; it tells all of one
 * application's.
 */
static void add_tickets(struct str *text, const struct marking_facts *facts)
{
	const struct value *tickets = value_find_list(facts->record, "tickets");
	CLEANUP(strvec_release) struct strvec projects = {0};
	CLEANUP(strvec_release) struct strvec told = {0};
	CLEANUP(str_release) struct str keys = {0};

	if (facts->application &&
	    changelog_tells_of(facts->record, facts->application))
		return;
	for (size_t i = 0; i < tickets->list.count; i++)
		add_project(&projects, tickets->list.items[i]);
	tickets_find(&told, str_text(text), text->len, &projects);
	for (size_t i = 0; i < tickets->list.count; i++) {
		const struct value *key = tickets->list.items[i];

		if (key->kind == VALUE_STRING &&
		    !strvec_has(&told, key->string.bytes))
			str_addf(&keys, "%s%s", keys.len ? ", " : "",
				 key->string.bytes);
	}
	add_fact(text, "tickets", str_text(&keys));
}

/* First, and whoever tells the rest: nobody may take it for a success. */
static bool describe_release(struct str *text,
			     const struct marking_facts *facts, struct err *err)
{
	const struct value *step = deployment(facts->record);
	size_t told;

	if (step && same_text(text_at(step, "outcome"), "failed"))
		add_failure(text, facts->record);
	if (!is_blank(facts->text)) {
		str_addf(text, "%s\n", facts->text);
		return true;
	}
	told = text->len;
	add_applications(text, facts);
	if (text->len == told)
		add_umbrella(text, facts->record);
	if (text->len == 0) {
		err_set(err, ERR_USAGE, "missing '--text'");
		return err_hint(err, "no release record ('--record') tells of "
				     "a deployment");
	}
	add_commit(text, commit_of(facts));
	add_changelog(text, facts);
	add_tickets(text, facts);
	add_fact(text, "build", build_of(facts));
	return true;
}

/*
 * What makes two runs the same release: Helm's revision, else the build,
 * else the commit, else the moment that the user has named.
 */
static char *release_line(const struct marking_facts *facts)
{
	const struct value *revision =
		facts->record
			? value_find(facts->record, "environment.revision")
			: NULL;
	const char *release = text_at(facts->record, "environment.release");
	const char *space = text_at(facts->record, "environment.namespace");
	/* Null of one that failed before Helm made one. */
	bool deployed =
		release && space && revision && !value_is_null(revision);
	CLEANUP(str_release) struct str line = {0};

	str_add(&line, LINE_PREFIX);
	if (deployed)
		str_addf(&line, "%s/%s ", space, release);
	if (deployed)
		value_print(&line, revision);
	else if (build_of(facts))
		str_add(&line, build_of(facts));
	else if (commit_of(facts))
		str_add(&line, commit_of(facts));
	else if (facts->start_ms >= 0)
		clock_add_rfc3339(&line, facts->start_ms / 1000);
	else
		clock_add_rfc3339(&line, facts->now_ms / 1000);
	if (facts->application)
		str_addf(&line, " %s", facts->application);
	return str_detach(&line);
}

/* --- tags and time ----------------------------------------------------- */

/* As Grafana keeps it: without blanks around the colon and at the ends. */
static void add_user_tag(struct strvec *tags, const char *tag)
{
	CLEANUP(str_release) struct str value = {0};
	CLEANUP(str_release) struct str text = {0};
	size_t key_len = strcspn(tag, ":");

	str_add_bytes(&text, tag, key_len);
	str_trim(&text);
	str_add(&value, tag + key_len + (tag[key_len] == ':'));
	str_trim(&value);
	if (value.len > 0)
		str_addf(&text, ":%s", str_text(&value));
	strvec_add_once(tags, str_text(&text));
}

static bool has_changed(const struct value *application)
{
	return !same_text(text_at(application, "old"),
			  text_at(application, "new"));
}

/* Owned; NULL: the mark is not of that one. */
static char *tag_of(const struct marking_facts *facts,
		    const struct value *application)
{
	const char *name = text_at(application, "name");

	return is_meant(facts, name) ? xasprintf("app:%s", name) : NULL;
}

static void add_usual_tags(struct strvec *tags,
			   const struct marking_facts *facts)
{
	const char *space = text_at(facts->record, "environment.namespace");

	strvec_add(tags, "deploy");
	if (space)
		strvec_addf(tags, "env:%s", space);
}

static void add_user_tags(struct strvec *tags,
			  const struct marking_facts *facts)
{
	for (size_t i = 0; i < facts->tags->count; i++)
		add_user_tag(tags, facts->tags->items[i]);
}

static void add_where_room(struct strvec *tags,
			   const struct marking_facts *facts, bool changed)
{
	const struct value *list =
		value_find_list(facts->record, "environment.applications");

	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *one = list->list.items[i];
		CLEANUP(free_ptr) char *tag = tag_of(facts, one);

		if (tag && has_changed(one) == changed &&
		    grafana_has_room(tags, tag))
			strvec_add_once(tags, tag);
	}
}

/* Gives how many applications there was no room for. */
static size_t add_tags(struct strvec *tags, const struct marking_facts *facts)
{
	const struct value *list =
		value_find_list(facts->record, "environment.applications");
	CLEANUP(strvec_release) struct strvec fitting = {0};
	CLEANUP(strvec_release) struct strvec left = {0};

	add_usual_tags(&fitting, facts);
	add_user_tags(&fitting, facts);
	add_where_room(&fitting, facts, true);
	add_where_room(&fitting, facts, false);

	add_usual_tags(tags, facts);
	for (size_t i = 0; i < list->list.count; i++) {
		CLEANUP(free_ptr) char *tag =
			tag_of(facts, list->list.items[i]);

		if (tag)
			strvec_add_once(
				strvec_has(&fitting, tag) ? tags : &left, tag);
	}
	add_user_tags(tags, facts);
	return left.count;
}

void marking_find_applications(const struct value *record, struct strvec *names)
{
	const struct value *list =
		value_find_list(record, "environment.applications");

	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *one = list->list.items[i];

		if (text_at(one, "name") && has_changed(one))
			strvec_add_once(names, text_at(one, "name"));
	}
}

static bool time_of(const struct value *map, const char *path, int64_t *ms)
{
	const char *text = text_at(map, path);
	int64_t seconds;

	if (!text || !clock_parse_rfc3339(text, strlen(text), &seconds))
		return false;
	*ms = seconds * 1000;
	return true;
}

/* Milliseconds that a step took; 0 where none took so long. */
static int64_t duration_of(const struct value *step)
{
	const struct value *told = value_map_get(step, "seconds");
	double seconds = 0;

	if (told && told->kind == VALUE_FLOAT64)
		seconds = told->number;
	else if (told && (told->kind == VALUE_INT || told->kind == VALUE_INT64))
		seconds = (double)told->integer;
	return seconds > 0 && seconds <= STEP_SECONDS_MAX
		       ? (int64_t)(seconds * 1000)
		       : 0;
}

/*
 * From start to ready as the deployment tells, else as long as its step
 * took; false if there was none.
 */
static bool recorded_time(const struct value *record, int64_t *start,
			  int64_t *end)
{
	const struct value *step = deployment(record);

	if (time_of(record, "environment.started", start)) {
		if (!time_of(record, "environment.ready", end))
			*end = *start;
		return true;
	}
	if (!step || !time_of(step, "started", start))
		return false;
	*end = *start + duration_of(step);
	return true;
}

static void set_time(struct marking *marking, const struct marking_facts *facts)
{
	int64_t start = facts->now_ms;
	int64_t end = facts->now_ms;
	bool known = recorded_time(facts->record, &start, &end);

	marking->time_is_now =
		!known && facts->start_ms < 0 && facts->end_ms < 0;
	if (facts->start_ms >= 0) {
		start = facts->start_ms;
		if (!known || end < start)
			end = start;
	}
	if (facts->end_ms >= 0) {
		end = facts->end_ms;
		/* Named by its end alone it is a point. */
		if (!known && facts->start_ms < 0)
			start = end;
	}
	marking->mark.start_ms = start;
	marking->mark.end_ms = end;
}

/* Above this a bare number cannot be seconds (year 5138). */
#define SECONDS_MAX 100000000000

bool marking_parse_time(const char *text, const char *option, int64_t *ms,
			struct err *err)
{
	int64_t number;

	*ms = -1;
	if (is_blank(text))
		return true;
	if (num_parse_range(text, 0, INT64_MAX / 1000, &number)) {
		*ms = number < SECONDS_MAX ? number * 1000 : number;
		return true;
	}
	if (!clock_parse_rfc3339(text, strlen(text), &number) &&
	    !clock_parse_date_time(text, strlen(text), &number)) {
		err_set(err, ERR_USAGE, "cannot use '--%s %s' as a time",
			option, text);
		return err_hint(err, "write it as 2026-11-22T13:04:05Z");
	}
	*ms = number * 1000;
	return true;
}

bool marking_plan(struct marking *marking, const struct marking_facts *facts,
		  struct err *err)
{
	CLEANUP(marking_release) struct marking made = {0};
	CLEANUP(str_release) struct str text = {0};

	if (!describe_release(&text, facts, err))
		return false;
	made.line = release_line(facts);
	str_add(&text, made.line);
	made.mark.text = str_detach(&text);
	made.mark.dashboard =
		is_blank(facts->dashboard) ? NULL : xstrdup(facts->dashboard);
	made.mark.panel = facts->panel;
	made.untagged = add_tags(&made.mark.tags, facts);
	set_time(&made, facts);
	if (!grafana_check_mark(&made.mark, err))
		return false;
	*marking = made;
	made = (struct marking){0};
	return true;
}

/* --- where it is seen -------------------------------------------------- */

/* What a template may name; numbers are owned. */
struct places {
	const char *url;
	const char *dashboard, *namespace, *app, *id;
	char *panel, *start, *end;
};

static void places_release(struct places *places)
{
	free(places->panel);
	free(places->start);
	free(places->end);
}

static char *number_text(int64_t number)
{
	return xasprintf("%lld", (long long)number);
}

static void find_places(struct places *places, const struct marking *marking,
			const char *url, const struct value *record)
{
	const struct grafana_mark *mark = &marking->mark;
	int64_t margin = mark->start_ms == mark->end_ms ? POINT_MARGIN_MS : 0;

	*places = (struct places){
		.url = url,
		.dashboard = mark->dashboard,
		.namespace = text_at(record, "environment.namespace"),
		.app = text_at(record, "repository.name"),
		.panel = number_text(mark->panel),
		.start = number_text(mark->start_ms - margin),
		.end = number_text(mark->end_ms + margin),
		.id = mark->id,
	};
}

/* Append what {@name} stands for, percent-encoded; false if unknown. */
static bool add_place(struct str *out, const char *name, size_t len,
		      const struct places *places)
{
	const struct {
		const char *name, *text;
	} known[] = {
		{"dashboard", places->dashboard},
		{"namespace", places->namespace},
		{"app", places->app},
		{"panel", places->panel},
		{"start", places->start},
		{"end", places->end},
		{"id", places->id},
	};
	size_t url_len = strlen(places->url);

	if (len == strlen("url") && strncmp(name, "url", len) == 0) {
		while (url_len > 0 && places->url[url_len - 1] == '/')
			url_len--;
		str_add_bytes(out, places->url, url_len);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (len != strlen(known[i].name) ||
		    strncmp(name, known[i].name, len) != 0)
			continue;
		if (known[i].text)
			url_encode(out, known[i].text, strlen(known[i].text),
				   "");
		return true;
	}
	return false;
}

/* The dashboard, with the variables that most of them have. */
static void default_template(struct str *template, const struct places *places)
{
	str_add(template, "{url}/d/{dashboard}?from={start}&to={end}");
	if (places->namespace)
		str_add(template, "&var-namespace={namespace}");
	if (places->app)
		str_add(template, "&var-app={app}");
}

static bool expand(struct str *out, const char *template,
		   const struct places *places, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};
	const char *rest = template;

	while (*rest) {
		size_t plain = strcspn(rest, "{");
		size_t name = strcspn(rest + plain, "}");

		str_add_bytes(&text, rest, plain);
		rest += plain;
		if (*rest == '\0')
			break;
		if (rest[name] == '\0' ||
		    !add_place(&text, rest + 1, name - 1, places))
			return err_set(err, ERR_INPUT,
				       "cannot use dashboard URL template "
				       "'%s': no value is called '%.*s'",
				       template, (int)name + 1, rest);
		rest += name + 1;
	}
	str_add(out, str_text(&text));
	return true;
}

bool marking_url(const struct marking *marking, const char *template,
		 const char *url, const struct value *record, struct str *out,
		 struct err *err)
{
	CLEANUP(places_release) struct places places = {0};
	CLEANUP(str_release) struct str usual = {0};

	if (is_blank(template) && !marking->mark.dashboard)
		return true;
	find_places(&places, marking, url, record);
	if (!is_blank(template))
		return expand(out, template, &places, err);
	default_template(&usual, &places);
	return expand(out, str_text(&usual), &places, err);
}

bool marking_see(struct marking_told *told, size_t count, const char *template,
		 const char *url, const struct value *record,
		 struct arena *arena, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(str_release) struct str text = {0};

		if (!marking_url(told[i].marking, template, url, record, &text,
				 err))
			return false;
		told[i].url = arena_strdup(arena, str_text(&text));
	}
	return true;
}
