/*
 * Reads AWS's shared files, for tests/oracle/test_aws_profile.py: a JSON array
 * in, one line out for each of
 *
 *	{"config": text, "credentials": text, "ask": [[section, name, key]]}
 *	{"words": text}
 */
#include <string.h>

#include "api/aws_profile.h"
#include "base/mem.h"
#include "tests/drivers/driver.h"

static enum aws_section section_of(const char *name)
{
	if (same_text(name, "profiles"))
		return AWS_SECTION_PROFILE;
	return same_text(name, "services") ? AWS_SECTION_SERVICES
					   : AWS_SECTION_SSO_SESSION;
}

static bool parse(struct aws_profiles *profiles, enum aws_file file,
		  const json_t *json, const char *key, struct err *err)
{
	const char *text = driver_text(json, key);

	return aws_profiles_parse(profiles, file, key, text, strlen(text), err);
}

static json_t *answer_files(const json_t *json, struct err *err)
{
	CLEANUP(aws_profiles_release) struct aws_profiles profiles = {0};
	json_t *found, *ask;
	size_t i;

	if (!parse(&profiles, AWS_FILE_CONFIG, json, "config", err) ||
	    !parse(&profiles, AWS_FILE_CREDENTIALS, json, "credentials", err))
		return NULL;
	found = json_array();
	json_array_foreach (json_object_get(json, "ask"), i, ask) {
		const char *value = aws_profiles_get(
			&profiles,
			section_of(json_string_value(json_array_get(ask, 0))),
			json_string_value(json_array_get(ask, 1)),
			json_string_value(json_array_get(ask, 2)));

		json_array_append_new(found,
				      value ? json_string(value) : json_null());
	}
	return json_pack("{s:o}", "found", found);
}

static json_t *answer_words(const char *text)
{
	CLEANUP(strvec_release) struct strvec words = {0};
	json_t *list;

	if (!aws_split_words(&words, text))
		return json_pack("{s:n}", "words");
	list = json_array();
	for (size_t i = 0; i < words.count; i++)
		json_array_append_new(list, json_string(words.items[i]));
	return json_pack("{s:o}", "words", list);
}

int main(void)
{
	json_t *cases = driver_read(), *json;
	size_t i;

	json_array_foreach (cases, i, json) {
		CLEANUP(err_release) struct err err = {0};
		const char *words = driver_text(json, "words");
		json_t *answer =
			words ? answer_words(words) : answer_files(json, &err);

		driver_print(answer ? answer : driver_error(&err));
	}
	json_decref(cases);
	return 0;
}
