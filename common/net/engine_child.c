/* Child processes: pipes and a pidfd in the engine's poll. */
#include "net/engine.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
	CHILD_TALK_MAX = 64 << 10,    /* bytes of stderr that are kept, the last ones */
	CHILD_GRACE_MS = 2000,        /* between TERM and KILL */
	CHILD_FD_FREE = 10            /* our own descriptors stand from here on, clear of the child's 0 to 3 */
};

/* What the child will find as its descriptors; -1: as it is with us. */
struct plan {
	int in, out, talk, file;
	int report;      /* closed by exec; or it brings exec's errno */
	char **env;
	pid_t parent;
	const struct signals *signals;
};

/* ---- descriptors ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The same file at a number that no dup2 of the child's will hit. */
static int moved_up(int fd)
{
	int up = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FD_FREE);

	if (fd >= 0)
		close(fd);
	return up;
}

static int pipe_up(int *read_end, int *write_end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	*read_end = moved_up(fds[0]);
	*write_end = moved_up(fds[1]);
	return *read_end < 0 || *write_end < 0 ? -1 : 0;
}

/* A sealed memory file: what is read is what was written, from its start, and nothing lies on disk. */
static int memory_file(struct view content)
{
	int fd = moved_up(memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	size_t done = 0;

	while (fd >= 0 && done < content.n) {
		ssize_t n = write(fd, content.p + done, content.n - done);

		if (n < 0 && errno != EINTR)
			close_fd(&fd);
		else if (n > 0)
			done += (size_t)n;
	}
	if (fd >= 0 && (lseek(fd, 0, SEEK_SET) < 0 ||
	                fcntl(fd, F_ADD_SEALS,
	                      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0))
		close_fd(&fd);
	return fd;
}

static int plan_stream(enum child_stream kind, int *ours, int *theirs)
{
	if (kind == CHILD_SHARED)
		return 0;
	if (kind == CHILD_DISCARDED) {
		*theirs = moved_up(open("/dev/null", O_WRONLY | O_CLOEXEC));
		return *theirs < 0 ? -1 : 0;
	}
	if (pipe_up(ours, theirs) < 0)
		return -1;
	return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static int plan_input(const struct request *rq, int *in)
{
	if (rq->input_shared)
		return 0;
	*in = rq->input.p ? memory_file(rq->input)
	                  : moved_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
	return *in < 0 ? -1 : 0;
}

static int plan_all(const struct request *rq, struct plan *p, struct child *c, int *report)
{
	if (plan_input(rq, &p->in) < 0 || plan_stream(rq->out, &c->out, &p->out) < 0 ||
	    plan_stream(rq->talk, &c->talk, &p->talk) < 0)
		return -1;
	if (rq->file.p && (p->file = memory_file(rq->file)) < 0)
		return -1;
	return pipe_up(report, &p->report);
}

/* ---- environment ---- */

static bool names(const char *entry, const char *name, size_t n)
{
	return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static bool is_replaced(const struct request *rq, const char *entry)
{
	const char *const *p;

	for (p = rq->env_set; p && *p; p++)
		if (names(entry, *p, strcspn(*p, "=")))
			return true;
	for (p = rq->env_unset; p && *p; p++)
		if (names(entry, *p, strlen(*p)))
			return true;
	return false;
}

/* Ours without what is unset or set anew, then what is set. The array is the caller's, its texts are borrowed. */
static char **environment(const struct request *rq)
{
	size_t n = 0, ours = 0, set = 0;
	char **env;

	while (environ[ours])
		ours++;
	while (rq->env_set && rq->env_set[set])
		set++;
	env = xcalloc(ours + set + 1, sizeof(*env));
	for (size_t i = 0; i < ours; i++)
		if (!is_replaced(rq, environ[i]))
			env[n++] = environ[i];
	for (size_t i = 0; i < set; i++)
		env[n++] = (char *)rq->env_set[i];
	return env;
}

/* ---- starting ---- */

static void put_at(int fd, int at)
{
	if (fd >= 0 && dup2(fd, at) < 0)
		_exit(127);
}

/* In the child: only calls that are safe after fork. Gives errno to our parent when exec fails. */
static NO_RETURN void become(const struct request *rq, const struct plan *p)
{
	int failed;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != p->parent)
		_exit(127);
	if (p->signals->fd >= 0)
		sigprocmask(SIG_SETMASK, &p->signals->before, NULL);
	put_at(p->in, STDIN_FILENO);
	put_at(p->out, STDOUT_FILENO);
	put_at(p->talk, STDERR_FILENO);
	put_at(p->file, 3);
	execvpe(rq->argv[0], (char **)rq->argv, p->env);
	failed = errno;
	while (write(p->report, &failed, sizeof(failed)) < 0 && errno == EINTR)
		;
	_exit(127);
}

static void plan_release(struct plan *p)
{
	close_fd(&p->in);
	close_fd(&p->out);
	close_fd(&p->talk);
	close_fd(&p->file);
	close_fd(&p->report);
	free(p->env);
}
SCOPE_END(plan, struct plan, plan_release(v))

static void child_free(struct child *c)
{
	close_fd(&c->pidfd);
	close_fd(&c->out);
	close_fd(&c->talk);
	free(c);
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* What exec said: 0, or errno. Comes at once: the pipe closes on exec. */
static int exec_result(int report)
{
	int failed = 0;
	ssize_t n;

	do {
		n = read(report, &failed, sizeof(failed));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(failed) ? failed : 0;
}

static int not_started(const struct request *rq, int error, struct err *e)
{
	if (error == ENOENT)
		return err_set(e, ERR_ABSENT, error, "the program '%s' is not there", rq->argv[0]);
	return err_set(e, ERR_CONFIG, error, "the program '%s' cannot be run: %s", rq->argv[0],
	               strerror(error));
}

static int spawn(struct engine *g, struct child *c, const struct request *rq, struct err *e)
{
	AUTO(plan) struct plan p = { -1, -1, -1, -1, -1, NULL, getpid(), &g->signals };
	int report = -1, error;

	p.env = environment(rq);
	if (plan_all(rq, &p, c, &report) < 0 || (c->pid = fork()) < 0) {
		error = errno;
		close_fd(&report);
		return err_set(e, ERR_BUG, error, "starting '%s': %s", rq->argv[0], strerror(error));
	}
	if (c->pid == 0)
		become(rq, &p);
	close_fd(&p.report);
	error = exec_result(report);
	close_fd(&report);
	if (error == 0 && (c->pidfd = pidfd_open(c->pid, 0)) >= 0)
		return 0;
	if (error == 0) {
		error = errno;
		kill(c->pid, SIGKILL);
	}
	reap(c->pid);
	return not_started(rq, error, e);
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
	if (spawn(g, c, rq, &call->err) < 0) {
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
			reap(c->pid);
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

size_t child_fds(const struct engine *g, int *fds, size_t max)
{
	size_t n = 0;

	for (const struct child *c = g->children; c && n + 3 <= max; c = c->next) {
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
