/* What the archive holds beyond the examination: events and logs. Each may be refused without harm to the rest. */
#include "domain/bundle.h"

#include "core/text.h"

static bool release_known(const void *world, size_t item)
{
	const struct bundle *b = world;

	(void)item;
	return b->diag->release.name != NULL;
}

static int ask_events(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct diag *d = ((const struct bundle *)world)->diag;

	(void)item;
	return diag_ask_kube(d, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/events?limit=500", d->release.namespace_),
	                     NULL, e);
}

static enum heard hear_events(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct bundle *b = world;
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(b->diag, reply, &answer, e, "reading the events of '%s'", b->diag->release.namespace_);

	(void)item;
	if (heard == HEARD_DONE && answer.ok)
		b->events = answer.body;
	return heard;
}

static bool events_missed(void *world, size_t item, const struct err *why)
{
	struct bundle *b = world;

	(void)item;
	err_copy(&b->events_why, why);
	return true;
}

/* Two items a pod: the log of now, and that of before. */
static size_t count_logs(const void *world)
{
	return 2 * ((const struct bundle *)world)->n_logs;
}

static int ask_log(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct diag *d = ((const struct bundle *)world)->diag;
	const struct pod *pod = &d->pods.at[item / 2];
	const char *path = kube_path(&rq->mem, "/api/v1/namespaces/%s/pods/%s/log", pod->namespace_, pod->name);

	path = arena_printf(&rq->mem, "%s?container=vault&timestamps=true&tailLines=%d&limitBytes=%d%s", path, BUNDLE_LOG_LINES,
	                    BUNDLE_LOG_MAX, item % 2 ? "&previous=true" : "");
	return diag_ask_kube(d, rq, "GET", path, NULL, e);
}

/* A log is plain text; a refusal is a Status. There is none of before where nothing was started twice (400). */
static enum heard hear_log(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct bundle *b = world;
	struct bundle_log *log = &b->logs[item / 2];
	struct kube_answer answer;
	enum heard heard;

	if (reply->status == 200) {
		buf_put(item % 2 ? &log->before : &log->now, reply->body.p, reply->body.n);
		return HEARD_DONE;
	}
	heard = diag_hear_kube(b->diag, reply, &answer, e, "reading the log of '%s'", b->diag->pods.at[item / 2].name);
	return heard == HEARD_DONE || reply->status == 400 ? HEARD_DONE : heard;
}

static bool log_missed(void *world, size_t item, const struct err *why)
{
	struct bundle_log *log = &((struct bundle *)world)->logs[item / 2];

	err_copy(item % 2 ? &log->before_why : &log->now_why, why);
	return true;
}

const struct step bundle_steps[] = {
	{ .name = "bundle.events", .may_fail = true, .due = release_known, .ask = ask_events, .hear = hear_events,
	  .missed = events_missed },
	{ .name = "bundle.logs", .may_fail = true, .count = count_logs, .ask = ask_log, .hear = hear_log, .missed = log_missed },
};

const size_t n_bundle_steps = COUNT_OF(bundle_steps);

void bundle_prepare(struct bundle *b)
{
	b->n_logs = b->diag->pods.n;
	b->logs = ARENA_ARRAY(b->diag->mem, struct bundle_log, b->n_logs + 1);
	for (size_t i = 0; i < b->n_logs; i++)
		b->logs[i].now = b->logs[i].before = (struct buf)BUF_MAX(BUNDLE_LOG_MAX + 4096);
}

void bundle_release(struct bundle *b)
{
	for (size_t i = 0; i < b->n_logs; i++) {
		buf_release(&b->logs[i].now);
		buf_release(&b->logs[i].before);
		err_release(&b->logs[i].now_why);
		err_release(&b->logs[i].before_why);
	}
	err_release(&b->events_why);
	*b = (struct bundle){ .diag = NULL };
}
