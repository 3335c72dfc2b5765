/* What options say, as publish has it: the words stand as the enums do. */
#include "base/str.h"
#include "flow/publish.h"

const char *const publish_if_exists_words[] = {
	[PUBLISH_SAME] = "same",
	[PUBLISH_FAIL] = "fail",
	[PUBLISH_REPLACE] = "replace",
	[PUBLISH_KEEP] = "keep",
	NULL,
};

const char *const publish_lock_words[] = {
	[PUBLISH_LOCK_AUTO] = "auto",
	[PUBLISH_LOCK_CAS] = "cas",
	[PUBLISH_LOCK_OBJECT] = "object",
	NULL,
};

const char *const publish_format_words[] = {
	[CHARTINDEX_KEEP] = "keep",
	[CHARTINDEX_YAML] = "yaml",
	[CHARTINDEX_AS_JSON] = "json",
	NULL,
};

/* The first of @words, where it is none of them. */
static unsigned int place_of(const char *word, const char *const *words)
{
	for (unsigned int i = 0; words[i]; i++)
		if (same_text(words[i], word))
			return i;
	return 0;
}

enum publish_if_exists publish_if_exists_of(const char *word)
{
	return place_of(word, publish_if_exists_words);
}

enum publish_lock publish_lock_of(const char *word)
{
	return place_of(word, publish_lock_words);
}

enum chartindex_format publish_format_of(const char *word)
{
	return place_of(word, publish_format_words);
}
