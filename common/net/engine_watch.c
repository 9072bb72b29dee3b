/*
 * One epoll set for every connection: libcurl's, which tells of its sockets by CURLMOPT_SOCKETFUNCTION, and the tunnels'.
 * So a turn of the loop costs what has moved, and not what there is: at a hundred clusters there are a thousand sockets.
 */
#include "net/engine_watch.h"

#include "core/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 128 };

struct watch {
	watch_hear *hear;        /* NULL: nobody watches this descriptor */
	void *of;
	unsigned events;
};

/* By the descriptor: an event may be read after whom it was for has gone. */
static struct watch *watch_at(struct engine *g, int fd)
{
	size_t n = (size_t)fd + 1;

	if (n > g->n_watches) {
		n = n < 2 * g->n_watches ? 2 * g->n_watches : n;
		g->watches = xrealloc(g->watches, n * sizeof(*g->watches));
		memset(g->watches + g->n_watches, 0, (n - g->n_watches) * sizeof(*g->watches));
		g->n_watches = n;
	}
	return &g->watches[fd];
}

void watch_set(struct engine *g, int fd, unsigned events, watch_hear *hear, void *of)
{
	struct watch *w = watch_at(g, fd);
	struct epoll_event ev = { .events = events, .data.fd = fd };
	unsigned before = w->hear ? w->events : 0;

	*w = (struct watch){ events ? hear : NULL, of, events };
	if (events == before)
		return;
	if (!events) {
		epoll_ctl(g->epoll, EPOLL_CTL_DEL, fd, NULL); /* fails where it was closed, which is as good */
		return;
	}
	/* A descriptor that was closed under a watch is not there any more, whatever the table says. */
	if (before && epoll_ctl(g->epoll, EPOLL_CTL_MOD, fd, &ev) == 0)
		return;
	if (epoll_ctl(g->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 &&
	    (errno != EEXIST || epoll_ctl(g->epoll, EPOLL_CTL_MOD, fd, &ev) < 0))
		out_of_memory();
}

void watch_hear_all(struct engine *g)
{
	struct epoll_event events[EVENTS];
	int n;

	do {
		n = epoll_wait(g->epoll, events, EVENTS, 0);
		for (int i = 0; i < n; i++) {
			const struct watch w = g->watches[events[i].data.fd];

			if (w.hear)
				w.hear(g, events[i].data.fd, events[i].events, w.of);
		}
	} while (n == EVENTS);
}

/* ---- libcurl ---- */

static void curl_hears(struct engine *g, int fd, unsigned events, void *of)
{
	int running, mask = 0;

	(void)of;
	if (events & (EPOLLIN | EPOLLHUP))
		mask |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		mask |= CURL_CSELECT_ERR;
	curl_multi_socket_action(g->multi, fd, mask, &running);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *to, void *of)
{
	static const unsigned events[] = {
		[CURL_POLL_IN] = EPOLLIN, [CURL_POLL_OUT] = EPOLLOUT, [CURL_POLL_INOUT] = EPOLLIN | EPOLLOUT, [CURL_POLL_REMOVE] = 0,
	};

	(void)easy, (void)of;
	if (what != CURL_POLL_REMOVE || watch_at(to, fd)->hear == curl_hears)
		watch_set(to, fd, events[what], curl_hears, NULL);
	return 0;
}

static int on_timer(CURLM *multi, long ms, void *to)
{
	struct engine *g = to;

	(void)multi;
	g->curl_due_ms = ms < 0 ? INT64_MAX : engine_now_ms() + ms;
	return 0;
}

bool watch_curl_due(struct engine *g)
{
	int running;

	if (engine_now_ms() < g->curl_due_ms)
		return false;
	g->curl_due_ms = INT64_MAX;
	curl_multi_socket_action(g->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	return true;
}

int watch_open(struct engine *g, struct err *e)
{
	g->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (g->epoll < 0)
		return err_set(e, ERR_BUG, errno, "the system gives no epoll: %s", strerror(errno));
	g->curl_due_ms = INT64_MAX;
	curl_multi_setopt(g->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(g->multi, CURLMOPT_SOCKETDATA, g);
	curl_multi_setopt(g->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(g->multi, CURLMOPT_TIMERDATA, g);
	return 0;
}

void watch_close(struct engine *g)
{
	close_fd(&g->epoll);
	free(g->watches);
}
