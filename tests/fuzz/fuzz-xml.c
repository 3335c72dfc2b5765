/*
 * S3's XML of any kind: reading ends, stays within the bytes, and an element
 * that ended lies within the depth that is allowed.
 */
#include <stddef.h>
#include <stdint.h>

#include "api/xml.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(xml_release) struct xml xml = {0};
	size_t elements = 0;

	xml.at = (const char *)data;
	xml.end = xml.at + size;
	while (xml_next(&xml)) {
		size_t slashes = 0;

		for (size_t i = 0; i < xml.path.len; i++)
			slashes += xml.path.buf[i] == '/';
		if (slashes >= XML_DEPTH_MAX || xml.path.len == 0)
			BUG("element at '%s'", str_text(&xml.path));
		if (++elements > size)
			BUG("more elements than bytes");
	}
	return 0;
}
