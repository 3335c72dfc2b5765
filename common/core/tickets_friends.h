/*
 * Words before a hyphen and a number that are no projects: UTF-8, SHA256-1,
 * JANUARY-2026, JAVA-17, PR-12.
 */
#ifndef COMMON_CORE_TICKETS_FRIENDS_H
#define COMMON_CORE_TICKETS_FRIENDS_H

#include <stdbool.h>

/*
 * Is @project, written as a key has it, such a word?  What may well be a
 * project and is rarely anything else (IOS, GO, BUG) is none: a false key is
 * warned of, a ticket that was left out is missed by nobody.
 */
bool ticket_false_friend(const char *project);

#endif
