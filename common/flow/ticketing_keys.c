/* Which tickets a release has. */
#include <string.h>

#include "api/repo.h"
#include "base/err.h"
#include "base/strvec.h"
#include "flow/ticketing.h"
#include "format/value.h"

struct message_reader {
	struct strvec *keys;
	const struct strvec *projects;
};

static bool read_message(void *context, const struct repo_commit *commit,
			 struct err *err)
{
	struct message_reader *reader = context;

	(void)err;
	tickets_find(reader->keys, commit->message, strlen(commit->message),
		     reader->projects);
	return true;
}

static bool read_range(struct strvec *keys,
		       const struct ticketing_source *source, struct err *err)
{
	struct message_reader reader = {keys, source->projects};
	CLEANUP(repo_release) struct repo repo = {0};

	return repo_open(&repo, source->git_dir ? source->git_dir : ".", err) &&
	       repo_walk(&repo, source->range, read_message, &reader, err);
}

static void read_record(struct strvec *keys, const struct value *record)
{
	const struct value *list = value_find_list(record, "tickets");

	for (size_t i = 0; i < list->list.count; i++) {
		const struct value *key = list->list.items[i];

		if (key->kind == VALUE_STRING &&
		    ticket_key_valid(key->string.bytes))
			strvec_add_once(keys, key->string.bytes);
	}
}

bool ticketing_find_keys(struct strvec *keys,
			 const struct ticketing_source *source, struct err *err)
{
	if (!tickets_check_keys(source->named, err))
		return false;
	for (size_t i = 0; i < source->named->count; i++)
		strvec_add_once(keys, source->named->items[i]);
	if (source->range && !read_range(keys, source, err))
		return false;
	if (source->named->count == 0 && !source->range)
		read_record(keys, source->record);
	return true;
}
