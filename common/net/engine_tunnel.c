#include "net/engine_tunnel.h"

#include "core/text.h"
#include "net/engine_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ROUTE_BACKLOG = 64 };

struct route {
	struct route *next;
	char *name;
	const void *owner;
	int fd;
	unsigned port;
};

struct door {
	struct door *next;
	unsigned port;
	struct http *user;
};

/* ---- listeners, and who is let in ---- */

int loopback_listen(unsigned *port, struct err *e)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)*port) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, ROUTE_BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0) {
		err_set(e, ERR_NET, errno, "listening on port %u of 127.0.0.1: %s", *port, strerror(errno));
		close_fd(&fd);
		return -1;
	}
	*port = ntohs(a.sin_port);
	return fd;
}

static struct route *route_find(const struct engine *g, const struct tunnel *tunnel)
{
	for (struct route *r = g->tunnels.routes; r; r = r->next)
		if (r->owner == tunnel->owner && text_same(r->name, tunnel->name))
			return r;
	return NULL;
}

curl_socket_t tunnel_socket(void *to, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct http *h = to;
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(own);
	int fd = a->family == AF_INET ? socket(AF_INET, a->socktype | SOCK_CLOEXEC, a->protocol) : -1;
	struct door *door;

	(void)purpose;
	if (fd < 0)
		return CURL_SOCKET_BAD;
	if (bind(fd, (struct sockaddr *)&own, n) < 0 || getsockname(fd, (struct sockaddr *)&own, &n) < 0) {
		close_fd(&fd);
		return CURL_SOCKET_BAD;
	}
	door = xcalloc(1, sizeof(*door));
	*door = (struct door){ h->g->tunnels.doors, ntohs(own.sin_port), h };
	h->g->tunnels.doors = door;
	return fd;
}

/* Whose socket it is, whose door is closed then; NULL: a stranger's, or nobody's any more. */
static struct http *door_take(struct engine *g, unsigned port)
{
	for (struct door **at = &g->tunnels.doors; *at; at = &(*at)->next)
		if ((*at)->port == port) {
			struct door *door = *at;
			struct http *user = door->user;

			*at = door->next;
			free(door);
			return user;
		}
	return NULL;
}

static void let_in(struct engine *g, int listener, unsigned events, void *of)
{
	const struct route *r = of;

	(void)events;
	for (;;) {
		struct sockaddr_in a = { 0 };
		socklen_t n = sizeof(a);
		int fd = accept4(listener, (struct sockaddr *)&a, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct http *user;
		struct pipe *p;

		if (fd < 0)
			return;
		user = door_take(g, ntohs(a.sin_port));
		if (!user) {
			engine_trace(g, "  a stranger at the tunnel to %s was turned away", r->name);
			close_fd(&fd);
			continue;
		}
		p = pipe_new(g, user, fd, ntohs(a.sin_port));
		p->next = g->tunnels.pipes;
		g->tunnels.pipes = p;
	}
}

int tunnel_way(struct engine *g, const struct tunnel *tunnel, char **out, struct err *e)
{
	struct route *r = route_find(g, tunnel);

	if (!r) {
		unsigned port = 0;
		int fd = loopback_listen(&port, e);

		if (fd < 0)
			return -1;
		r = xcalloc(1, sizeof(*r));
		*r = (struct route){ g->tunnels.routes, xstrdup(tunnel->name), tunnel->owner, fd, port };
		g->tunnels.routes = r;
		watch_set(g, fd, EPOLLIN, let_in, r);
		engine_trace(g, "  tunnel to %s from 127.0.0.1:%u", r->name, r->port);
	}
	*out = xasprintf("::127.0.0.1:%u", r->port);
	return 0;
}

/* ---- moving ---- */

void pipe_ready(struct pipe *p)
{
	struct tunnels *t = &p->g->tunnels;

	if (p->ready)
		return;
	p->ready = true;
	p->next_ready = t->ready;
	t->ready = p;
}

void pipe_unready(struct pipe *p)
{
	struct pipe **at = &p->g->tunnels.ready;

	if (!p->ready)
		return;
	while (*at != p)
		at = &(*at)->next_ready;
	*at = p->next_ready;
	p->ready = false;
}

void pipe_wait_until(struct pipe *p, int64_t until_ms)
{
	struct tunnels *t = &p->g->tunnels;

	p->until_ms = until_ms;
	if (until_ms < t->until_ms)
		t->until_ms = until_ms;
}

/* Those that have waited long enough; and from now on until the next of the others has. */
static void hurry_late(struct tunnels *t)
{
	int64_t now = engine_now_ms();

	if (now < t->until_ms)
		return;
	t->until_ms = INT64_MAX;
	for (struct pipe *p = t->pipes; p; p = p->next) {
		if (p->until_ms <= now)
			pipe_ready(p);
		else if (p->until_ms < t->until_ms)
			t->until_ms = p->until_ms;
	}
}

void tunnels_move(struct engine *g)
{
	struct tunnels *t = &g->tunnels;

	hurry_late(t);
	while (t->ready) {
		struct pipe *p = t->ready;

		t->ready = p->next_ready;
		p->ready = false;
		pipe_move(p);
	}
}

/* ---- a call's end ---- */

/* The pipe that the call's last connection went through. A port that came back belongs to the youngest, which stands first. */
static struct pipe *pipe_of(const struct http *h)
{
	long port = 0;

	curl_easy_getinfo(h->easy, CURLINFO_LOCAL_PORT, &port);
	for (struct pipe *p = h->g->tunnels.pipes; p; p = p->next)
		if (!p->asker && !p->tries && p->local_port == (unsigned)port)
			return p;
	return NULL;
}

bool tunnel_why(const struct http *h, bool *unsent, struct err *e)
{
	const struct pipe *p = pipe_of(h);

	if (!p || !p->opened || p->greets || p->absent)
		*unsent = true;
	if (!p || !p->why.kind)
		return false;
	err_copy(e, &p->why);
	return true;
}

void tunnel_rest(struct http *h)
{
	struct pipe *p = pipe_of(h);

	if (p)
		p->idle = ++h->g->tunnels.ends;
}

/* Half of the files are left to all else. */
static size_t idle_max(const struct engine *g)
{
	rlim_t n = g->files.max / 2 / PIPE_FILES;

	return n < PIPES_IDLE_MAX ? (size_t)n : PIPES_IDLE_MAX;
}

static void dismiss_oldest(struct engine *g)
{
	struct pipe *oldest = NULL;
	size_t n = 0;

	for (struct pipe *p = g->tunnels.pipes; p; p = p->next) {
		if (!p->idle || p->state != PIPE_OPEN || p->fd < 0)
			continue;
		n++;
		if (!oldest || p->idle < oldest->idle)
			oldest = p;
	}
	if (n > idle_max(g) && !pipe_dismiss(oldest))
		oldest->idle = 0;
}

/* While calls are under way only those that none of them is on: of the others it is still asked why. */
static void free_closed(struct engine *g)
{
	for (struct pipe **at = &g->tunnels.pipes; *at;) {
		struct pipe *p = *at;

		if (p->state != PIPE_CLOSED || p->asker || p->tries || (g->tunnels.calls > 0 && !p->idle)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		pipe_free(p);
	}
}

void relay_free_closed(struct engine *g)
{
	for (struct pipe **at = &g->tunnels.pipes; *at;) {
		struct pipe *p = *at;

		if (p->state != PIPE_CLOSED || !p->tries) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		pipe_free(p);
	}
}

void tunnel_forget(struct http *h)
{
	struct engine *g = h->g;

	for (struct door **at = &g->tunnels.doors; *at;) {
		struct door *door = *at;

		if (door->user != h) {
			at = &door->next;
			continue;
		}
		*at = door->next;
		free(door);
	}
	for (struct pipe *p = g->tunnels.pipes; p; p = p->next)
		if (p->user == h)
			pipe_end(p, NULL);
	g->tunnels.calls--;
	dismiss_oldest(g);
	free_closed(g);
}

/*
 * A relay's pipes are its clients', and stay. So do the routes: their ports are what libcurl tells servers of one name
 * apart by.
 */
void tunnels_leave(struct engine *g, const void *owner)
{
	for (struct pipe *p = g->tunnels.pipes; p; p = p->next)
		if (p->owner == owner && p->state == PIPE_OPEN && p->idle && p->fd >= 0)
			pipe_dismiss(p);
}

void tunnels_close(struct engine *g)
{
	while (g->tunnels.pipes) {
		struct pipe *p = g->tunnels.pipes;

		g->tunnels.pipes = p->next;
		pipe_farewell(p);
		pipe_free(p);
	}
	while (g->tunnels.routes) {
		struct route *r = g->tunnels.routes;

		g->tunnels.routes = r->next;
		watch_set(g, r->fd, 0, NULL, NULL);
		close_fd(&r->fd);
		free(r->name);
		free(r);
	}
}
