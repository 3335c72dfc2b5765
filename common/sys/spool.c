#include "sys/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "sys/file.h"

static void make_file(struct spool *spool)
{
	int fd = open(dir_for_temp(spool->env), O_TMPFILE | O_RDWR | O_CLOEXEC,
		      0600);

	spool->no_file = fd < 0;
	if (fd >= 0)
		spool->fd = fd;
}

static bool fail(struct err *err)
{
	return err_errno(err, "cannot keep the output in a temporary file");
}

static bool flush(struct spool *spool, struct err *err)
{
	const char *at = str_text(&spool->memory);
	size_t left = spool->memory.len;

	while (left) {
		ssize_t written = write(spool->fd, at, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail(err);
		at += written;
		left -= (size_t)written;
	}
	str_clear(&spool->memory);
	return true;
}

bool spool_write(struct spool *spool, const char *bytes, size_t len,
		 struct err *err)
{
	str_add_bytes(&spool->memory, bytes, len);
	if (spool->memory.len < SPOOL_MEMORY || spool->no_file)
		return true;
	if (!spool->fd)
		make_file(spool);
	return spool->no_file || flush(spool, err);
}

bool spool_each(struct spool *spool,
		bool (*each)(void *arg, const char *bytes, size_t len,
			     struct err *err),
		void *arg, struct err *err)
{
	char piece[SPOOL_PIECE];
	off_t at = 0;

	while (spool->fd) {
		ssize_t got = pread(spool->fd, piece, sizeof(piece), at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(err);
		if (got == 0)
			break;
		if (!each(arg, piece, (size_t)got, err))
			return false;
		at += got;
	}
	return each(arg, str_text(&spool->memory), spool->memory.len, err);
}

void spool_release(struct spool *spool)
{
	if (spool->fd)
		close(spool->fd);
	str_release(&spool->memory);
	*spool = (struct spool){0};
}
