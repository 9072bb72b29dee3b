#include "net/engine.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Who started us with a signal ignored (nohup, a shell's '&') does not want it to stop us. */
static void add_unless_ignored(sigset_t *set, int signal)
{
	struct sigaction now;

	if (sigaction(signal, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
		sigaddset(set, signal);
}

int signals_open(struct signals *s, bool hear, struct err *e)
{
	sigset_t set;

	s->fd = -1;
	if (!hear)
		return 0;
	sigemptyset(&set);
	add_unless_ignored(&set, SIGINT);
	add_unless_ignored(&set, SIGTERM);
	add_unless_ignored(&set, SIGHUP);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0)
		return err_set(e, ERR_BUG, errno, "signalfd: %s", strerror(errno));
	pthread_sigmask(SIG_BLOCK, &set, &s->before);
	return 0;
}

void signals_read(struct signals *s)
{
	struct signalfd_siginfo info;

	while (s->fd >= 0 && read(s->fd, &info, sizeof(info)) == sizeof(info)) {
		s->last = (int)info.ssi_signo;
		s->stops++;
	}
}

void signals_close(struct signals *s)
{
	if (s->fd < 0)
		return;
	close(s->fd);
	s->fd = -1;
	pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
