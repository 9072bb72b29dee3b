/* vault: the logs of the servers, the present one and that of the container before. */
#include "domain/diag_vault.h"

#include "core/text.h"

static int ask_log(const struct diag *d, size_t item, struct request *rq, bool before, struct err *e)
{
	const char *path = kube_path(&rq->mem, "/api/v1/namespaces/%s/pods/%s/log?container=vault", d->release.namespace_,
	                             diag_vault(d)->at[item].name);

	path = arena_printf(&rq->mem, "%s&timestamps=true&tailLines=%d&limitBytes=%d%s", path, VAULT_LOG_LINES, VAULT_LOG_BYTES_MAX,
	                    before ? "&previous=true" : "");
	if (diag_ask_kube(d, rq, "GET", path, NULL, e) < 0)
		return -1;
	for (size_t i = 0; i < rq->n_headers; i++)
		if (text_same(rq->headers[i].name, "Accept"))
			rq->headers[i].value = "*/*";
	return 0;
}

int vault_ask_log(const void *world, size_t item, struct request *rq, struct err *e)
{
	return ask_log(world, item, rq, false, e);
}

int vault_ask_log_before(const void *world, size_t item, struct request *rq, struct err *e)
{
	return ask_log(world, item, rq, true, e);
}

/* 400: the container has not run yet, or not before. 404: there is no such pod. */
static enum heard hear_log(struct diag *d, size_t item, const struct reply *reply, struct server_log *log, struct err *e)
{
	struct kube_answer answer;

	if (reply->status == 200) {
		log->n = log_read(d->mem, buf_bytes(&reply->body), &log->at);
		log->read = true;
		return HEARD_DONE;
	}
	if (reply->status == 400)
		return HEARD_DONE;
	return diag_hear_kube(d, reply, &answer, e, "reading the log of '%s'", vault_server_at(d, item)->name);
}

enum heard vault_hear_log(void *world, size_t item, const struct reply *reply, struct err *e)
{
	return hear_log(world, item, reply, &vault_server_at(world, item)->log, e);
}

enum heard vault_hear_log_before(void *world, size_t item, const struct reply *reply, struct err *e)
{
	return hear_log(world, item, reply, &vault_server_at(world, item)->log_before, e);
}

bool vault_missed_log(void *world, size_t item, const struct err *why)
{
	struct diag *d = world;
	struct vault_server *s = vault_server_at(d, item);

	s->log_why = arena_text(d->mem, why->text);
	s->log_why_kind = why->kind;
	return true;
}
