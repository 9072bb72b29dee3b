/* Starting a child: what it finds as its descriptors and in its environment. */
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

/* Our own descriptors stand from here on, clear of the child's 0 to 3. */
enum { CHILD_FD_FREE = 10 };

/* What the child will find as its descriptors; -1: as it is with us. */
struct plan {
	int in, out, talk, file;
	int report;      /* closed by exec; or it brings exec's errno */
	char **env;
	pid_t parent;
	const struct signals *signals;
	const struct files *files;
};

/* ---- descriptors ---- */

void close_fd(int *fd)
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

/* A sealed memory file: read from its start, as it was written; nothing lies on disk. */
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

/*
 * Ours without what is unset or set anew, then what is set. The array is the
 * caller's, its texts are borrowed.
 */
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
	files_close(p->files);
	signal(SIGPIPE, SIG_DFL);      /* ours is ignored, and exec would hand that on */
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

int child_spawn(struct engine *g, struct child *c, const struct request *rq, struct err *e)
{
	AUTO(plan) struct plan p = { -1, -1, -1, -1, -1, NULL, getpid(), &g->signals, &g->files };
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
	child_reap(c->pid);
	return not_started(rq, error, e);
}
