#include "sys/process.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/strvec.h"
#include "sys/file.h"

#define PROC_FILE_MAX 4096
/* Of /proc/N/stat, counted behind the program's name; see proc(5). */
#define FIELD_STATE 0
#define FIELD_START 19

static char *own_space(void)
{
	CLEANUP(str_release) struct str boot = {0};
	CLEANUP(err_release) struct err unknown = {0};
	char namespace[64];
	ssize_t len =
		readlink("/proc/self/ns/pid", namespace, sizeof(namespace) - 1);

	if (len <= 0 || !file_read("/proc/sys/kernel/random/boot_id",
				   PROC_FILE_MAX, &boot, &unknown))
		return xstrdup("");
	namespace[len] = '\0';
	str_trim(&boot);
	return xasprintf("%s/%s", str_text(&boot), namespace);
}

/* What the kernel says of @number; false if it says nothing. */
static bool read_stat(int64_t number, struct strvec *fields)
{
	CLEANUP(free_ptr) char *path =
		xasprintf("/proc/%lld/stat", (long long)number);
	CLEANUP(str_release) struct str text = {0};
	CLEANUP(err_release) struct err unreadable = {0};
	const char *name_end;

	if (!file_read(path, PROC_FILE_MAX, &text, &unreadable))
		return false;
	name_end = strrchr(str_text(&text), ')'); /* it may hold others */
	if (!name_end || name_end[1] != ' ')
		return false;
	strvec_split(fields, name_end + 2, ' ');
	return fields->count > FIELD_START;
}

static int64_t start_of(const struct strvec *fields)
{
	int64_t start;

	return num_parse_range(fields->items[FIELD_START], 1, INT64_MAX, &start)
		       ? start
		       : 0;
}

void process_self(struct process *process)
{
	CLEANUP(strvec_release) struct strvec fields = {0};
	char host[HOST_NAME_MAX + 1] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	*process = (struct process){
		.host = xstrdup(host),
		.space = own_space(),
		.number = getpid(),
	};
	if (read_stat(process->number, &fields))
		process->start = start_of(&fields);
}

bool process_is_gone(const char *space, int64_t number, int64_t start)
{
	CLEANUP(free_ptr) char *ours = own_space();
	CLEANUP(strvec_release) struct strvec fields = {0};

	if (is_blank(space) || !same_text(space, ours) || number < 1 ||
	    number > INT_MAX)
		return false;
	if (kill((pid_t)number, 0) < 0 && errno == ESRCH)
		return true;
	if (!read_stat(number, &fields))
		return false;
	/* A zombie has ended, and waits for its parent to take note. */
	if (strchr("ZXx", fields.items[FIELD_STATE][0]))
		return true;
	return start && start_of(&fields) && start_of(&fields) != start;
}

void process_release(struct process *process)
{
	free(process->host);
	free(process->space);
	*process = (struct process){0};
}
