#include "base/log.h"
#include "base/str.h"
#include "flow/ticketing.h"
#include "flow/ticketing_parts.h"

/* In the order in which a ticket makes them; some need no look before. */
static const struct {
	enum ticketing_act act;
	enum jira_call_kind look, carry_out;
	const char *intent;
} calls[] = {
	{TICKET_ADD, JIRA_ADD_VERSION, JIRA_ADD_VERSION, "add the version"},
	{TICKET_LINK, JIRA_FIND_LINK, JIRA_PUT_LINK, "link the environment"},
	{TICKET_COMMENT, JIRA_FIND_COMMENT, JIRA_PUT_COMMENT, "comment"},
	{TICKET_LOOK, JIRA_FIND_COMMENT, JIRA_FIND_COMMENT,
	 "look for a second comment"},
	{TICKET_MERGE, JIRA_DELETE_TWIN, JIRA_DELETE_TWIN,
	 "delete a second comment"},
	{TICKET_FINISH, JIRA_FIND_TRANSITION, JIRA_TRANSITION,
	 "move it to done"},
};

struct queue {
	struct ticketing *work;
	bool looking;
	struct ticketing_ticket *ready; /* linked by their next_ready */
	size_t finished;
};

static void push(struct queue *queue, struct ticketing_ticket *ticket)
{
	ticket->next_ready = queue->ready;
	queue->ready = ticket;
}

static struct ticketing_ticket *pop(struct queue *queue)
{
	struct ticketing_ticket *ticket = queue->ready;

	if (ticket)
		queue->ready = ticket->next_ready;
	return ticket;
}

/* The first of the acts in @acts, as an index of calls[]. */
static size_t first_of(unsigned int acts)
{
	size_t at = 0;

	while (at < ARRAY_SIZE(calls) && !(acts & calls[at].act))
		at++;
	return at;
}

/* Make @ticket's call the next one that it has to make; false: none. */
static bool prepare(const struct queue *queue, struct ticketing_ticket *ticket)
{
	const struct ticketing *work = queue->work;
	struct jira_call *call = &ticket->call;
	size_t at = first_of(ticket->todo);

	if (ticket->failure.kind != ERR_NONE || at == ARRAY_SIZE(calls))
		return false;
	call->kind = queue->looking ? calls[at].look : calls[at].carry_out;
	call->issue = ticket->key;
	call->link = &work->facts.link;
	call->comment = work->facts.comment;
	call->transition = work->args->transition;
	call->resolution = work->args->resolution;
	if (ticket->todo & TICKET_ADD)
		call->version = work->versions.items[ticket->version].id;
	return true;
}

static bool next_call(void *context, struct jira_call **call)
{
	struct queue *queue = context;
	struct ticketing_ticket *ticket;

	while ((ticket = pop(queue))) {
		if (prepare(queue, ticket)) {
			*call = &ticket->call;
			return true;
		}
		queue->finished++;
	}
	return false;
}

/*
 * Runs at one moment may each make a comment, as none finds the other's.  So
 * who has made one looks again, and whoever finds several leaves the first.
 */
static void note_comments(struct ticketing_ticket *ticket, unsigned int act)
{
	const struct jira_call *call = &ticket->call;

	if (act == TICKET_COMMENT && !call->id)
		ticket->todo |= TICKET_LOOK;
	if (act == TICKET_LOOK && call->id && !call->found)
		ticket->todo |= TICKET_COMMENT;
	if (act == TICKET_LOOK && call->twins.count > 0)
		ticket->todo |= TICKET_MERGE;
}

static void drop_twin(struct ticketing_ticket *ticket)
{
	struct strvec *twins = &ticket->call.twins;

	strvec_truncate(twins, twins->count - 1);
	if (twins->count > 0)
		ticket->todo |= TICKET_MERGE;
}

static void note(const struct queue *queue, struct ticketing_ticket *ticket)
{
	unsigned int act = calls[first_of(ticket->todo)].act;

	ticket->todo &= ~act;
	if (!queue->looking) {
		ticket->acted |= act;
		note_comments(ticket, act);
		if (act == TICKET_MERGE)
			drop_twin(ticket);
		return;
	}
	if (act == TICKET_COMMENT && ticket->call.twins.count > 0)
		ticket->planned |= TICKET_MERGE;
	if (act != TICKET_FINISH && ticket->call.found)
		ticket->planned &= ~act;
}

/* A second comment is ugly, but no harm. */
static void fail(const struct queue *queue, struct ticketing_ticket *ticket,
		 struct err *failure)
{
	size_t at = first_of(ticket->todo);

	if (calls[at].act == TICKET_MERGE && err_exit_code(failure) == 1) {
		report_warning(queue->work->reporter,
			       "a second comment on '%s' stays: %s",
			       ticket->key, failure->text);
		ticket->todo &= ~(unsigned int)TICKET_MERGE;
		err_release(failure);
		return;
	}
	err_move(&ticket->failure, failure);
	if (!queue->looking)
		err_wrap(&ticket->failure, "cannot %s", calls[at].intent);
}

/* The ticket that @call is a member of. */
static struct ticketing_ticket *ticket_of(struct jira_call *call)
{
	size_t offset = offsetof(struct ticketing_ticket, call);

	return (struct ticketing_ticket *)(void *)((char *)call - offset);
}

static bool call_done(void *context, struct jira_call *call,
		      struct err *failure, struct err *err)
{
	struct queue *queue = context;
	struct ticketing_ticket *ticket = ticket_of(call);

	(void)err;
	if (failure->kind != ERR_NONE)
		fail(queue, ticket, failure);
	else
		note(queue, ticket);
	push(queue, ticket);
	report_progress(queue->work->reporter, "tickets", queue->finished,
			queue->work->ticket_count);
	return true;
}

bool ticketing_run_calls(struct ticketing *work, struct jira *jira,
			 bool looking, struct err *err)
{
	struct queue queue = {.work = work, .looking = looking};
	struct jira_batch batch = {
		.jobs = work->args->jobs,
		.next = next_call,
		.done = call_done,
		.context = &queue,
	};

	for (size_t i = work->ticket_count; i > 0; i--)
		push(&queue, &work->tickets[i - 1]);
	return jira_run(jira, &batch, err);
}
