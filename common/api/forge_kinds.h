/*
 * What forges differ in: addresses and the shape of answers.
 */
#ifndef COMMON_API_FORGE_KINDS_H
#define COMMON_API_FORGE_KINDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/forgeweb.h"

struct url;

/* Which part of a list to ask for. */
struct forge_page {
	int64_t number; /* from 1 on */
	int64_t start;	/* where Data Center goes on */
};

struct forge_api {
	const char *root;   /* below the pages' address: "/api/v4" */
	const char *accept; /* media type */
	/* Add the repository to the address of the API. */
	void (*add_repository)(struct url *url, const char *path);
	/* Add what comes behind it. */
	void (*add_commit)(struct url *url, const char *name);
	void (*add_tag)(struct url *url, const char *tag);
	void (*add_list)(struct url *url, const char *old, const char *new,
			 const struct forge_page *page);
	/* Where in their answers the hash is. */
	const char *commit_hash, *tag_hash;
	/* Where the list is; NULL: the answer itself. */
	const char *list;
	bool oldest_first;
	/* In a commit of the list; the last two are tried in order. */
	const char *hash, *message, *author, *other_author, *date;
	const char *parents, *parent_hash; /* NULL: the parents are hashes */
};

/* NULL for FORGE_UNKNOWN. */
const struct forge_api *forge_api_of(enum forge_kind kind);

#endif
