/* Children under way: pipes and a pidfd in the engine's poll. */
#include "net/engine.h"

#include "core/text.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CHILD_TALK_MAX = 64 << 10,    /* bytes of stderr that are kept, the last ones */
	CHILD_GRACE_MS = 2000         /* between TERM and KILL */
};

static void child_free(struct child *c)
{
	close_fd(&c->pidfd);
	close_fd(&c->out);
	close_fd(&c->talk);
	free(c);
}

int child_reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/*
 * A program that cannot be started ends as "unsent", through `wait` like any
 * other: such a child has no pid.
 */
int child_start(struct engine *g, struct call *call, struct err *e)
{
	struct child *c = xcalloc(1, sizeof(*c));
	const struct request *rq = &call->rq;
	unsigned limit = rq->timeout_ms ? rq->timeout_ms : REQUEST_TIMEOUT_MS;

	c->pidfd = c->out = c->talk = -1;
	if (child_spawn(g, c, rq, &call->err) < 0) {
		c->pid = 0;
		if (call->err.kind == ERR_BUG) {
			err_move(e, &call->err);
			child_free(c);
			return -1;
		}
	}
	call->reply.body.max = rq->body_max ? rq->body_max : CHILD_OUTPUT_MAX;
	call->reply.talk.max = 2 * CHILD_TALK_MAX;
	c->call = call;
	c->until_ms = call->start_ms + limit;
	c->next = g->children;
	g->children = c;
	call->engine = c;
	g->counts.children++;
	engine_trace(g, "> run %s%s%s", rq->argv[0], rq->label ? " " : "", rq->label ? rq->label : "");
	return 0;
}

/* ---- giving up ---- */

/* Asked to end now, killed if it has not when child_ended looks after CHILD_GRACE_MS. */
static void give_up(struct child *c)
{
	c->call->engine = NULL;
	c->call = NULL;
	close_fd(&c->out);
	close_fd(&c->talk);
	c->until_ms = engine_now_ms() + CHILD_GRACE_MS;
	kill(c->pid, SIGTERM);
}

static void unlink_child(struct engine *g, struct child *c)
{
	struct child **at = &g->children;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	child_free(c);
}

void child_drop(struct engine *g, struct call *call)
{
	struct child *c = call->engine;

	call->engine = NULL;
	if (c->pid)
		give_up(c);
	else
		unlink_child(g, c);
}

void child_close(struct engine *g)
{
	while (g->children) {
		struct child *c = g->children;

		if (c->pid) {
			kill(c->pid, SIGKILL);
			child_reap(c->pid);
		}
		unlink_child(g, c);
	}
}

/* ---- reading and ending ---- */

/* All that is there. */
static void read_output(int *fd, struct buf *to)
{
	char piece[16 << 10];
	ssize_t n;

	while (*fd >= 0 && !to->full) {
		n = read(*fd, piece, sizeof(piece));
		if (n > 0)
			buf_put(to, piece, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			close_fd(fd);
		else if (errno == EAGAIN)
			break;
	}
	wipe(piece, sizeof(piece));
}

/* Keeps the end: when the buffer is near its ceiling, the older half goes. */
static void read_talk(struct child *c, struct buf *talk)
{
	char piece[4 << 10];
	ssize_t n = 1;

	while (c->talk >= 0 && n > 0) {
		n = read(c->talk, piece, sizeof(piece));
		if (n > 0 && talk->n + (size_t)n > talk->max) {
			memmove(talk->p, talk->p + talk->n - CHILD_TALK_MAX, CHILD_TALK_MAX);
			buf_cut(talk, CHILD_TALK_MAX);
		}
		if (n > 0)
			buf_put(talk, piece, (size_t)n);
		else if (n == 0 || errno != EAGAIN)
			close_fd(&c->talk);
	}
}

static void keep_end(struct buf *talk)
{
	if (talk->n <= CHILD_TALK_MAX)
		return;
	memmove(talk->p, talk->p + talk->n - CHILD_TALK_MAX, CHILD_TALK_MAX);
	buf_cut(talk, CHILD_TALK_MAX);
}

/* Has it ended? Without waiting. */
static bool has_ended(const struct child *c, int *status)
{
	return waitpid(c->pid, status, WNOHANG) == c->pid;
}

static void lose(struct child *c, enum err_kind kind, int status, const char *what)
{
	struct call *call = c->call;

	call->end = CALL_LOST;
	err_set(&call->err, kind, status, "'%s' %s", call->rq.argv[0], what);
	give_up(c);
}

/* Looks after a child whose call waits; true: the call has ended. */
static bool attend(struct engine *g, struct child *c)
{
	struct call *call = c->call;
	int status = 0;
	bool over;

	if (!c->pid) {
		call->end = CALL_UNSENT;
		call->engine = NULL;
		unlink_child(g, c);
		return true;
	}
	over = has_ended(c, &status);   /* before reading: what it said, it has said by then */
	read_output(&c->out, &call->reply.body);
	read_talk(c, &call->reply.talk);
	if (!over && call->reply.body.full) {
		lose(c, ERR_REMOTE, 0, "says more than it may");
		return true;
	}
	if (!over && engine_now_ms() >= c->until_ms) {
		lose(c, ERR_NET, ETIMEDOUT, "did not end in time");
		return true;
	}
	if (!over)
		return false;
	keep_end(&call->reply.talk);
	call->end = call->reply.body.full ? CALL_LOST : CALL_REPLY;
	if (call->reply.body.full)
		err_set(&call->err, ERR_REMOTE, 0, "'%s' says more than it may", call->rq.argv[0]);
	call->reply.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	call->engine = NULL;
	unlink_child(g, c);
	return true;
}

/* One that was given up: reaped when it has ended, killed when it does not. */
static void bury(struct engine *g, struct child *c)
{
	int status;

	if (has_ended(c, &status)) {
		unlink_child(g, c);
		return;
	}
	if (!c->killed && engine_now_ms() >= c->until_ms) {
		kill(c->pid, SIGKILL);
		c->killed = true;
		c->until_ms = INT64_MAX;
	}
}

struct call *child_ended(struct engine *g)
{
	struct child *next;

	for (struct child *c = g->children; c; c = next) {
		struct call *call = c->call;

		next = c->next;
		if (!call)
			bury(g, c);
		else if (attend(g, c))
			return call;
	}
	return NULL;
}

size_t child_count(const struct engine *g)
{
	size_t n = 0;

	for (const struct child *c = g->children; c; c = c->next)
		n++;
	return n;
}

size_t child_fds(const struct engine *g, int *fds)
{
	size_t n = 0;

	for (const struct child *c = g->children; c; c = c->next) {
		if (c->out >= 0)
			fds[n++] = c->out;
		if (c->talk >= 0)
			fds[n++] = c->talk;
		if (c->pidfd >= 0)
			fds[n++] = c->pidfd;
	}
	return n;
}

int64_t child_until_ms(const struct engine *g)
{
	int64_t until = INT64_MAX;

	for (const struct child *c = g->children; c; c = c->next) {
		if (!c->pid)
			return 0;
		if (c->until_ms < until)
			until = c->until_ms;
	}
	return until;
}
