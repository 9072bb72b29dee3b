/*
 * Turns: of the calls to one server that speaks HTTP/1.1 only so many go at once, each over a connection of its own; the
 * others wait, and take the connection of one that has ended. A new connection costs two round trips and some 10 ms of
 * CPU at both ends; waiting for one that is in use costs a round trip or less. Where more than four wait for each that
 * goes (many clusters are asked at once), one more connection is worth it.
 */
#include "net/engine_curl_http.h"

#include "core/text.h"
#include "net/tunnel.h"

enum { TURN_QUEUE = 4 };

struct turn {
	struct turn *next;
	char *key;               /* whose calls these are: the server, and the tunnel's owner */
	unsigned under_way, waiting;
	struct http *first, *last;  /* that wait, in the order in which they came */
};

static char *key_of(const struct http *h)
{
	const struct request *rq = &h->call->rq;
	const char *start = strstr(rq->url, "://"), *end;

	if (rq->tunnel)
		return xasprintf("%p %s", rq->tunnel->owner, rq->tunnel->name);
	start = start ? start + strlen("://") : rq->url;
	end = start + strcspn(start, "/?");
	return xasprintf("%.*s %s", (int)(end - start), start, rq->service ? rq->service : "");
}

static struct turn *turn_of(struct engine *g, const struct http *h)
{
	AUTO(text) char *key = key_of(h);
	struct turn *t = g->turns;

	while (t && strcmp(t->key, key) != 0)
		t = t->next;
	if (t)
		return t;
	t = xcalloc(1, sizeof(*t));
	*t = (struct turn){ .next = g->turns, .key = take(key) };
	g->turns = t;
	return t;
}

static void forget_turn(struct engine *g, struct turn *t)
{
	struct turn **at = &g->turns;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	free(t->key);
	free(t);
}

static int go(struct http *h, struct err *e)
{
	if (curl_multi_add_handle(h->g->multi, h->easy) != CURLM_OK)
		return err_set(e, ERR_BUG, 0, "libcurl took no further handle");
	return 0;
}

int turn_take(struct http *h, struct err *e)
{
	unsigned abreast = h->call->rq.abreast;
	struct turn *t;

	if (!abreast)
		return go(h, e);
	t = h->turn = turn_of(h->g, h);
	if (t->under_way < abreast || t->waiting >= TURN_QUEUE * t->under_way) {
		t->under_way++;
		return go(h, e);
	}
	h->waits = true;
	t->waiting++;
	if (t->last)
		t->last->behind = h;
	else
		t->first = h;
	t->last = h;
	return 0;
}

static void leave_queue(struct turn *t, struct http *h)
{
	struct http **at = &t->first, *before = NULL;

	while (*at && *at != h) {
		before = *at;
		at = &before->behind;
	}
	if (*at)
		*at = h->behind;
	t->waiting--;
	if (t->last == h)
		t->last = before;
}

void turn_end(struct http *h)
{
	struct turn *t = h->turn;
	AUTO(err) struct err e = { 0 };
	struct http *next;

	if (!t)
		return;
	h->turn = NULL;
	if (h->waits) {
		leave_queue(t, h);
		return;
	}
	next = t->first;
	if (!next) {
		if (--t->under_way == 0)
			forget_turn(h->g, t);
		return;
	}
	leave_queue(t, next);
	next->waits = false;
	next->behind = NULL;
	if (go(next, &e) < 0)
		out_of_memory();
}
