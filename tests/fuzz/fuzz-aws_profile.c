/*
 * AWS's shared files of any kind: reading ends, stays within the bytes, and
 * what is found of them is one setting for each line at the most.
 */
#include <stddef.h>
#include <stdint.h>

#include "api/aws_profile.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	for (int file = AWS_FILE_CONFIG; file <= AWS_FILE_CREDENTIALS; file++) {
		CLEANUP(aws_profiles_release) struct aws_profiles found = {0};
		CLEANUP(err_release) struct err err = {0};

		if (!aws_profiles_parse(&found, (enum aws_file)file, "fuzz",
					text, size, &err) &&
		    (err.line == 0 || err.line > lines || err.source))
			BUG("error in line %u", err.line);
		if (found.count > lines)
			BUG("%zu settings of %zu lines", found.count, lines);
	}
	return 0;
}
