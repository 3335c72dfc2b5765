#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

void wipe(void *bytes, size_t len)
{
	if (len)
		explicit_bzero(bytes, len);
}

void secret_set(struct secret *secret, const char *bytes, size_t len)
{
	secret_release(secret);
	secret->bytes = xmemdupz(bytes, len);
	secret->len = len;
	log_mask(bytes, len);
}

bool secret_is_set(const struct secret *secret)
{
	return secret->bytes != NULL;
}

const char *secret_reveal(const struct secret *secret)
{
	return secret->bytes ? secret->bytes : "";
}

void secret_release(struct secret *secret)
{
	if (secret->bytes)
		wipe(secret->bytes, secret->len);
	free(secret->bytes);
	*secret = (struct secret){0};
}
