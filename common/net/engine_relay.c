/* Connections of other programs: taken on loopback, given to a pipe, and given to another one where that did not open. */
#include "net/engine_tunnel.h"

#include "core/text.h"
#include "net/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* One that waits for a way: just taken, or back from a pipe that did not open. */
struct held {
	int fd;
	unsigned tries;
};

struct relay {
	int fd;              /* listens */
	bool knocked;        /* somebody waits to be let in */
	bool asked;          /* there was no way, and `wait` has told */
	bool tell;           /* it is about to */
	const struct relay_ops *ops;
	void *to;
	struct held held[RELAYS_MAX];
	size_t n_held, n;    /* and all there are, the held ones too */
};

int engine_relay_open(const struct transport *t, unsigned port, const struct relay_ops *ops, void *to, unsigned *at,
                      struct err *e)
{
	struct engine *g = t->self;
	int fd;

	*at = port;
	fd = loopback_listen(at, e);
	if (fd < 0)
		return -1;
	g->relay = xcalloc(1, sizeof(*g->relay));
	*g->relay = (struct relay){ .fd = fd, .ops = ops, .to = to };
	engine_trace(g, "  listening on 127.0.0.1:%u", *at);
	return 0;
}

size_t engine_relay_count(const struct transport *t)
{
	const struct engine *g = t->self;

	return g->relay ? g->relay->n : 0;
}

void engine_relay_close(const struct transport *t)
{
	struct engine *g = t->self;

	for (struct pipe *p = g->tunnels.pipes; p; p = p->next) {
		if (!p->tries)
			continue;
		pipe_farewell(p);
		pipe_end(p, NULL);
	}
	relay_free_closed(g);
	relay_close(g);
}

void relay_close(struct engine *g)
{
	struct relay *r = g->relay;

	if (!r)
		return;
	for (size_t i = 0; i < r->n_held; i++)
		close_fd(&r->held[i].fd);
	close_fd(&r->fd);
	free(r);
	g->relay = NULL;
}

/* ---- who comes in ---- */

static void take_in(struct engine *g)
{
	struct relay *r = g->relay;
	int one = 1;

	r->knocked = false;
	while (r->n < RELAYS_MAX) {
		struct sockaddr_in a = { 0 };
		socklen_t n = sizeof(a);
		int fd = accept4(r->fd, (struct sockaddr *)&a, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		if (a.sin_addr.s_addr != htonl(INADDR_LOOPBACK) || !r->ops->admit(r->to, ntohs(a.sin_port))) {
			engine_trace(g, "  a stranger at the relay was turned away");
			close_fd(&fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		r->held[r->n_held++] = (struct held){ .fd = fd };
		r->n++;
	}
}

static void send_off(struct engine *g, const struct tunnel *way)
{
	struct relay *r = g->relay;
	size_t n = r->n_held;

	r->asked = false;
	for (size_t i = 0; i < n; i++) {
		struct held h = r->held[i];
		struct pipe *p = pipe_relay(g, way, h.fd, h.tries + 1);

		p->next = g->tunnels.pipes;
		g->tunnels.pipes = p;
	}
	/* Those that came back at once stand behind. */
	memmove(r->held, r->held + n, (r->n_held - n) * sizeof(*r->held));
	r->n_held -= n;
}

bool relay_move(struct engine *g)
{
	struct relay *r = g->relay;
	const struct tunnel *way;
	size_t before;

	if (!r)
		return false;
	if (r->knocked)
		take_in(g);
	relay_free_closed(g);
	if (r->n_held == 0)
		return false;
	way = r->ops->way(r->to);
	if (!way) {
		r->tell |= !r->asked;
		r->asked = true;
		return false;
	}
	before = r->n_held;
	send_off(g, way);
	return r->n_held < before;
}

/* One has come back while libcurl was looked after: it is not to wait for something else to happen. */
bool relay_hurries(const struct engine *g)
{
	return g->relay && g->relay->n_held > 0 && !g->relay->asked;
}

bool relay_tells(struct engine *g)
{
	bool tells = g->relay && g->relay->tell;

	if (tells)
		g->relay->tell = false;
	return tells;
}

/* ---- who comes back ---- */

void relay_ended(struct pipe *p)
{
	struct relay *r = p->g->relay;

	if (p->why.kind)
		r->ops->broke(r->to, &p->why, p->opened);
	if (p->why.kind && !p->opened && p->fd >= 0 && p->tries < RELAY_TRIES && r->n_held < RELAYS_MAX) {
		r->held[r->n_held++] = (struct held){ p->fd, p->tries };
		r->asked = false;
		p->fd = -1;
		return;
	}
	r->n--;
}

/* ---- polling ---- */

size_t relay_fds(const struct engine *g, int *fd)
{
	const struct relay *r = g->relay;

	if (!r || r->n >= RELAYS_MAX)
		return 0;
	*fd = r->fd;
	return 1;
}

void relay_polled(struct engine *g, bool knocked)
{
	g->relay->knocked = knocked;
}
