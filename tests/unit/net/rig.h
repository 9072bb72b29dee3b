/*
 * A bench for the loop: rows whose replies are words of a script. Each label
 * (= step name) has its words; the last one repeats.
 *
 *	done more not-yet busy renew unsure refused   what hear then says
 *	look     a read: the world learns whether the thing is there
 *	make     a change: the thing is there from now on
 *	exists   the same thing once more: unsure, unless this makes it
 *	5xx 503 429   a status
 *	late     no reply for ten minutes, and nothing done
 *
 * A word may take longer than others: "done+250" (milliseconds more).
 */
#ifndef UNIT_NET_RIG_H
#define UNIT_NET_RIG_H

#include "core/text.h"
#include "fake/transport.h"
#include "net/graph.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { SCRIPTS_MAX = 16, TOLD_MAX = 256 };

struct script {
	const char *label, *words, *next;
};

struct rig {
	struct fake_transport net;
	struct transport transport;
	struct host host;
	unsigned char dice;          /* each random byte: 0xff makes back-off the longest */
	struct loop loop;
	struct script scripts[SCRIPTS_MAX];
	size_t n_scripts;
	bool there;                  /* in the cloud */
	bool seen;                   /* in the world */
	size_t n_items, odd_out;     /* of rows with count; the item that is not due */
	unsigned befores, heard, renewed;
	int renew_fails;
	const void *renew_fails_of;  /* this login's alone */
	char logins[2];              /* of rig_whose, by their address */
	size_t refused;
	int64_t renewed_ms;
	size_t in_flight_at_renew;
	char told[4096];             /* "name:state " for each tell */
};

static inline struct script *rig_script(struct rig *r, const char *label)
{
	for (size_t i = 0; i < r->n_scripts; i++)
		if (strcmp(r->scripts[i].label, label) == 0)
			return &r->scripts[i];
	return NULL;
}

/* Sets the words of a label. */
static inline void rig_says(struct rig *r, const char *label, const char *words)
{
	struct script *s = rig_script(r, label);

	if (!s) {
		assert_true(r->n_scripts < SCRIPTS_MAX);
		s = &r->scripts[r->n_scripts++];
	}
	*s = (struct script){ label, words, words };
}

/* The next word, copied; without a script "done". */
static inline void next_word(struct script *s, char *out, size_t size)
{
	size_t n;

	if (!s) {
		snprintf(out, size, "done");
		return;
	}
	n = strcspn(s->next, " ");
	snprintf(out, size, "%.*s", (int)n, s->next);
	if (s->next[n])
		s->next += n + 1;
}

static inline void rig_serve(void *to, const struct request *rq, struct reply *reply,
                             unsigned *latency_ms)
{
	struct rig *r = to;
	char word[64], *more;

	next_word(rig_script(r, rq->label), word, sizeof(word));
	more = strchr(word, '+');
	if (more) {
		*latency_ms += (unsigned)atoi(more + 1);
		*more = '\0';
	}
	if (strcmp(word, "late") == 0)
		*latency_ms += FAKE_SLOW_MS;
	else if (strcmp(word, "look") == 0)
		fake_reply(reply, 200, r->there ? "there" : "absent");
	else if (strcmp(word, "make") == 0)
		r->there = true, fake_reply(reply, 200, "made");
	else if (strcmp(word, "5xx") == 0)
		fake_reply(reply, 500, "");
	else if (word[0] >= '0' && word[0] <= '9')
		fake_reply(reply, atoi(word), "");
	else
		fake_reply(reply, 200, word);
}

static inline int rig_ask(const void *world, struct request *rq, const char *label)
{
	(void)world;
	request_http(rq, "POST", "https://cloud.test/");
	request_body(rq, VIEW_LITERAL("{}"), NULL);
	rq->label = label;
	return 0;
}

/* An ask for a row of this name: ASK(read) is ask_read with the label "read". */
#define ASK(name)                                                                                  \
	static int ask_##name(const void *world, size_t item, struct request *rq, struct err *e)       \
	{                                                                                              \
		(void)item, (void)e;                                                                       \
		return rig_ask(world, rq, #name);                                                          \
	}

static inline enum heard rig_hear(void *world, size_t item, const struct reply *reply,
                                  struct err *e)
{
	static const struct {
		const char *word;
		enum heard heard;
		enum err_kind kind;
	} words[] = {
		{ "done", HEARD_DONE, ERR_NONE },
		{ "more", HEARD_MORE, ERR_NONE },
		{ "not-yet", HEARD_NOT_YET, ERR_REMOTE },
		{ "busy", HEARD_BUSY, ERR_THROTTLED },
		{ "renew", HEARD_RENEW, ERR_AUTH },
		{ "unsure", HEARD_UNSURE, ERR_REMOTE },
		{ "exists", HEARD_UNSURE, ERR_CONFLICT },
		{ "refused", HEARD_REFUSED, ERR_DENIED },
		{ "silent", HEARD_REFUSED, ERR_NONE },
		{ "made", HEARD_DONE, ERR_NONE },
		{ "there", HEARD_DONE, ERR_NONE },
		{ "absent", HEARD_DONE, ERR_NONE },
	};
	struct rig *r = world;
	const char *body = buf_str(&reply->body);

	(void)item;
	r->heard++;
	if (strcmp(body, "there") == 0 || strcmp(body, "absent") == 0)
		r->seen = strcmp(body, "there") == 0;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i].word, body) != 0)
			continue;
		if (words[i].kind)
			err_set(e, words[i].kind, reply->status, "%s", body);
		return words[i].heard;
	}
	err_set(e, ERR_REMOTE, reply->status, "garbage");
	return HEARD_UNSURE;
}

static inline bool not_seen(const void *world, size_t item)
{
	(void)item;
	return !((const struct rig *)world)->seen;
}

static inline bool never_due(const void *world, size_t item)
{
	(void)world, (void)item;
	return false;
}

static inline int rig_random(void *self, void *out, size_t n, struct err *e)
{
	(void)e;
	memset(out, ((struct rig *)self)->dice, n);
	return 0;
}

static inline void rig_tell(void *to, const struct graph *g, const struct step *s,
                            const struct track *t)
{
	static const char *const states[] = { "waiting", "running", "done", "not-due",
		                                  "planned", "failed", "left" };
	struct rig *r = to;
	size_t n = strlen(r->told);

	(void)g;
	snprintf(r->told + n, sizeof(r->told) - n, "%s:%s%s%s ", s->name, states[t->state],
	         t->err.text ? "=" : "", t->err.text ? t->err.text : "");
}

static inline int rig_renew(void *to, const void *login, const struct reply *reply, struct err *e)
{
	struct rig *r = to;


	assert_string_equal(buf_str(&reply->body), "renew");
	r->renewed++;
	r->renewed_ms = r->net.now_ms;
	for (size_t i = 0; i < r->net.n_calls; i++)
		r->in_flight_at_renew += r->net.calls[i].end_ms < 0 && !r->net.calls[i].dropped;
	r->net.now_ms += 100;
	return r->renew_fails || (login && login == r->renew_fails_of) ? err_set(e, ERR_AUTH, 0, "no credentials") : 0;
}

/* For loop.whose: the first refused is of the first login, the next of the second, and so on in turn. */
static inline const void *rig_whose(void *to, const struct graph *g, const struct reply *reply)
{
	struct rig *r = to;

	(void)g;
	(void)reply;
	return &r->logins[r->refused++ % COUNT_OF(r->logins)];
}

/* Latency 100 ms, longest back-off. */
static inline struct rig *rig_new(void)
{
	static const struct host_ops ops = { .random = rig_random };
	struct rig *r = xcalloc(1, sizeof(*r));

	fake_transport_init(&r->net, rig_serve, r);
	r->net.latency_ms = 100;
	r->transport = fake_transport(&r->net);
	r->host = (struct host){ &ops, r };
	r->dice = 0xff;
	r->loop = (struct loop){ .transport = &r->transport, .host = &r->host, .renew = rig_renew,
	                         .tell = rig_tell, .to = r };
	return r;
}

static inline void rig_free(struct rig *r)
{
	fake_transport_release(&r->net);
	free(r);
}
SCOPE_END(rig, struct rig *, rig_free(*v))

/* One graph over rows, run to its end. */
struct ride {
	struct graph g;
	struct track tracks[16];
	struct err e;
	int rc;
};

static inline void ride_release(struct ride *d)
{
	graph_release_tracks(&d->g);
	err_release(&d->e);
}
SCOPE_END(ride, struct ride, ride_release(v))

static inline void rig_run(struct rig *r, struct ride *d, const struct step *steps, size_t n)
{
	assert_true(n <= COUNT_OF(d->tracks));
	d->g = (struct graph){ .steps = steps, .n = n, .world = r, .tracks = d->tracks };
	d->rc = loop_run(&r->loop, &d->g, 1, &d->e);
	if (d->rc < 0)
		assert_true(d->e.kind != ERR_NONE && d->e.text != NULL);
}

#define RUN(r, d, steps) rig_run((r), (d), (steps), COUNT_OF(steps))
#define STATE(d, name)   (graph_track(&(d)->g, (name))->state)

static inline int64_t started_ms(const struct rig *r, const char *label, size_t nth)
{
	const struct fake_call *c = fake_transport_call(&r->net, label, nth);

	assert_non_null(c);
	return c->start_ms;
}

#endif
