/* Objects of a bucket, many at once. */
#include "api/s3.h"
#include "api/s3_parts.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http.h"

struct tasks {
	struct s3 *s3;
	struct s3_task *items;
	size_t count;
	size_t next;
};

/* The bytes of @put under the task's own key. */
static struct s3_put put_of(const struct s3_task *task)
{
	struct s3_put put = *task->put;

	put.key = task->key;
	return put;
}

static bool prepare(struct s3 *s3, struct s3_task *task,
		    struct http_request *request, struct err *err)
{
	struct s3_put put;

	switch (task->verb) {
	case S3_GET:
		return s3_prepare_get(s3, task->key, task->limit, request, err);
	case S3_PUT:
		put = put_of(task);
		return s3_prepare_put(s3, &put, request, err);
	case S3_DELETE:
		return s3_prepare_delete(s3, task->key, NULL, request, err);
	}
	BUG("task of verb %d", (int)task->verb);
}

static bool next_task(void *context, struct http_request *request, void **item)
{
	struct tasks *tasks = context;

	while (tasks->next < tasks->count) {
		struct s3_task *task = &tasks->items[tasks->next++];

		*item = task;
		if (prepare(tasks->s3, task, request, &task->failure))
			return true;
	}
	return false;
}

static bool take(struct s3 *s3, struct s3_task *task,
		 const struct http_request *request, struct http_reply *reply,
		 struct err *err)
{
	struct s3_put put;

	switch (task->verb) {
	case S3_GET:
		return s3_take_reply(s3, task->key, request, reply,
				     &task->object, err);
	case S3_PUT:
		put = put_of(task);
		return s3_take_written(s3, &put, request, reply, &task->written,
				       err);
	case S3_DELETE:
		return s3_take_deleted(s3, task->key, NULL, request, reply,
				       &task->written.outcome, err);
	}
	BUG("task of verb %d", (int)task->verb);
}

static bool task_done(void *context, void *item, struct http_request *request,
		      struct http_reply *reply, struct err *failure,
		      struct err *err)
{
	struct tasks *tasks = context;
	struct s3_task *task = item;

	(void)err;
	if (failure->kind != ERR_NONE)
		err_move(&task->failure, failure);
	else if (!take(tasks->s3, task, request, reply, &task->failure))
		log_debug("%s", task->failure.text);
	return true;
}

bool s3_do_all(struct s3 *s3, struct s3_task *tasks, size_t count,
	       struct err *err)
{
	struct tasks all = {.s3 = s3, .items = tasks, .count = count};
	struct http_batch batch = {
		.jobs = S3_JOBS,
		.next = next_task,
		.done = task_done,
		.context = &all,
	};

	return http_run(s3->http, &batch, err);
}

void s3_task_release(struct s3_task *task)
{
	s3_object_release(&task->object);
	s3_written_release(&task->written);
	err_release(&task->failure);
}
