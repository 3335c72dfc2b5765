/*
 * A small strict reader for the XML that S3 answers with: elements and their
 * text, in order.  Attributes and processing instructions are passed over; a
 * document type, an unknown entity or a tag that does not fit is an error.
 *
 *	struct xml xml = {.at = text, .end = text + len};
 *
 *	while (xml_next(&xml))
 *		if (strcmp(str_text(&xml.path), "Error/Code") == 0)
 *			... str_text(&xml.text) ...
 *	if (xml.broken) ...
 */
#ifndef COMMON_API_XML_H
#define COMMON_API_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

#define XML_DEPTH_MAX 32

struct xml {
	const char *at; /* borrowed */
	const char *end;
	struct str path; /* of the element that ended: "a/b/c" */
	struct str text; /* its text behind the last element inside, decoded */
	bool broken;

	/* Private. */
	unsigned int depth;
	bool closed;   /* path's last part is to be dropped */
	bool complete; /* the outermost element ended */
};

/*
 * Go on to the next end of an element.  False at the end of the text, and
 * where it is no such XML (then broken is set).
 */
bool xml_next(struct xml *xml) MUST_CHECK;

void xml_release(struct xml *xml);

#endif
