/*
 * The functions of templates, a line each: name, family, in what it differs,
 * why it is refused; separated by tabs.  For the manual and its check.
 */
#include <stdio.h>

#include "tmpl/tmpl.h"

int main(void)
{
	struct tmpl_function function;

	for (size_t i = 0; tmpl_function(i, &function); i++)
		printf("%s\t%s\t%s\t%s\n", function.name, function.family,
		       function.differs ? function.differs : "",
		       function.refused ? function.refused : "");
	return 0;
}
