/*
 * A wire of some length: every byte between a client and the server behind it arrives half a round trip later, TLS or not.
 * TCP's own handshake costs a round trip too: two halves before the first byte moves.
 *
 * usage: delay LISTEN SERVER ROUND_TRIP_MS     each [ADDRESS:]PORT, on loopback if not said; 0: a free port; it is printed
 *
 * In C, since the wire shares the cores with what is measured. All pieces wait equally long, so one queue in the order of
 * their coming is enough.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 64 << 10, EVENTS = 64, BACKLOG = 1024 };

struct line;

/* One direction: what comes from `fd` goes to the other end's. */
struct end {
	struct line *line;
	struct end *other;
	int fd;
	bool ended;              /* nothing more comes from here, or goes there */
	char *late;              /* what the kernel did not take at once */
	size_t n_late;
};

struct line {
	struct end near, far;
	unsigned waiting;        /* pieces in the queue */
};

/* What arrives when it is due; n 0: the end of the stream; connect: the far end is called. */
struct piece {
	struct piece *next;
	int64_t due_ns;
	struct end *from;
	bool connect;
	size_t n;
	char bytes[];
};

struct queue {
	struct piece *first, *last;
};

static int epoll_fd, timer_fd;
static int64_t half_ns;
static struct sockaddr_in server;
static struct queue bytes, calls;   /* due half a round trip, or a whole one, after they came */

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void enqueue(struct queue *q, struct end *from, const char *data, size_t n, bool connect)
{
	struct piece *p = malloc(sizeof(*p) + n);

	if (!p)
		fail("malloc");
	*p = (struct piece){ .due_ns = now_ns() + (connect ? 2 : 1) * half_ns, .from = from, .connect = connect, .n = n };
	if (n)
		memcpy(p->bytes, data, n);
	if (q->last)
		q->last->next = p;
	else
		q->first = p;
	q->last = p;
	from->line->waiting++;
}

static void watch(struct end *end, uint32_t events, int how)
{
	struct epoll_event ev = { .events = events, .data.ptr = end };

	if (end->fd >= 0)
		epoll_ctl(epoll_fd, how, end->fd, &ev);
}

static void hang_up(struct end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	end->fd = -1;
	end->ended = true;
	free(end->late);
	end->late = NULL;
	end->n_late = 0;
}

static void give_up(struct line *line)
{
	hang_up(&line->near);
	hang_up(&line->far);
}

static void keep_late(struct end *to, const char *data, size_t n)
{
	to->late = realloc(to->late, to->n_late + n);
	if (!to->late)
		fail("realloc");
	memcpy(to->late + to->n_late, data, n);
	to->n_late += n;
	watch(to, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void put(struct end *to, const char *data, size_t n)
{
	ssize_t sent;

	if (to->fd < 0 || n == 0)
		return;
	sent = to->n_late ? 0 : send(to->fd, data, n, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		return;
	if (sent < 0)
		sent = 0;
	if ((size_t)sent < n)
		keep_late(to, data + sent, n - (size_t)sent);
}

static void flush_late(struct end *to)
{
	char *late = to->late;
	size_t n = to->n_late;

	to->late = NULL;
	to->n_late = 0;
	watch(to, EPOLLIN, EPOLL_CTL_MOD);
	put(to, late, n);
	free(late);
}

static void set_up(int fd)
{
	int one = 1;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* Loopback or the namespace's own bridge: that connects at once, or not at all. */
static bool call_server(struct line *line)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	set_up(fd);
	line->far.fd = fd;
	watch(&line->far, EPOLLIN, EPOLL_CTL_ADD);
	watch(&line->near, EPOLLIN, EPOLL_CTL_ADD);
	return true;
}

static void deliver(struct queue *q, int64_t now)
{
	struct piece *p;

	while ((p = q->first) && p->due_ns <= now) {
		struct line *line = p->from->line;

		q->first = p->next;
		if (!q->first)
			q->last = NULL;
		line->waiting--;
		if (p->connect ? !call_server(line) : p->n == 0)
			give_up(line);
		else if (!p->connect)
			put(p->from->other, p->bytes, p->n);
		free(p);
		if (line->near.fd < 0 && line->waiting == 0)
			free(line);
	}
}

static void take_from(struct end *end)
{
	static char data[PIECE];
	ssize_t n = recv(end->fd, data, sizeof(data), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		end->ended = true;
		watch(end, 0, EPOLL_CTL_DEL);
		n = 0;
	}
	enqueue(&bytes, end, data, (size_t)n, false);
}

static void answer(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct line *line = fd < 0 ? NULL : calloc(1, sizeof(*line));

	if (!line)
		return;
	set_up(fd);
	line->near = (struct end){ .line = line, .other = &line->far, .fd = fd };
	line->far = (struct end){ .line = line, .other = &line->near, .fd = -1 };
	enqueue(&calls, &line->near, NULL, 0, true);
}

static void set_timer(void)
{
	int64_t due = INT64_MAX;
	struct itimerspec at = { 0 };

	if (bytes.first)
		due = bytes.first->due_ns;
	if (calls.first && calls.first->due_ns < due)
		due = calls.first->due_ns;
	if (due == INT64_MAX)
		return;
	at.it_value.tv_sec = due / 1000000000;
	at.it_value.tv_nsec = due % 1000000000;
	timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static struct sockaddr_in place(const char *text)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char host[64];

	a.sin_port = htons((uint16_t)atoi(colon ? colon + 1 : text));
	if (!colon)
		return a;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		fail(text);
	return a;
}

static int listen_at(struct sockaddr_in at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	socklen_t n = sizeof(at);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, BACKLOG) < 0)
		fail("listen");
	getsockname(fd, (struct sockaddr *)&at, &n);
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void run(int listener)
{
	struct epoll_event seen[EVENTS];
	uint64_t ticks;

	for (;;) {
		int n;

		deliver(&calls, now_ns());
		deliver(&bytes, now_ns());
		set_timer();
		n = epoll_wait(epoll_fd, seen, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			struct end *end = seen[i].data.ptr;

			if (end == (void *)&timer_fd) {
				if (read(timer_fd, &ticks, sizeof(ticks)) < 0)
					continue;
			} else if (!end) {
				answer(listener);
			} else {
				if (seen[i].events & EPOLLOUT)
					flush_late(end);
				if (!end->ended && end->fd >= 0 && seen[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
					take_from(end);
			}
		}
	}
}

int main(int argc, char **argv)
{
	struct epoll_event on_call = { .events = EPOLLIN }, on_time = { .events = EPOLLIN, .data.ptr = &timer_fd };
	int listener;

	if (argc != 4) {
		fputs("usage: delay LISTEN SERVER ROUND_TRIP_MS\n", stderr);
		return 2;
	}
	server = place(argv[2]);
	half_ns = atoi(argv[3]) * INT64_C(500000);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	listener = listen_at(place(argv[1]));
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &on_call) < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &on_time) < 0)
		fail("epoll");
	run(listener);
}
