#include "net/request.h"

#include "core/text.h"

#include <stdio.h>
#include <strings.h>

void request_http(struct request *rq, const char *method, const char *url)
{
	rq->kind = REQUEST_HTTP;
	rq->method = arena_text(&rq->mem, method);
	rq->url = arena_text(&rq->mem, url);
}

void request_messages(struct request *rq, enum message_said (*hear)(struct reply *, struct view, struct err *))
{
	rq->kind = REQUEST_MESSAGES;
	rq->hear = hear;
}

void request_header(struct request *rq, const char *name, const char *value)
{
	struct header *h = &rq->headers[rq->n_headers];

	if (rq->n_headers == REQUEST_HEADERS_MAX) {
		fprintf(stderr, "bug: more than %d headers in one request\n", REQUEST_HEADERS_MAX);
		abort();
	}
	h->name = arena_text(&rq->mem, name);
	h->value = arena_text(&rq->mem, value);
	rq->n_headers++;
}

void request_body(struct request *rq, struct view body, const char *content_type)
{
	rq->body = view_of(arena_view(&rq->mem, body), body.n);
	if (content_type)
		request_header(rq, "Content-Type", content_type);
}

const char *request_header_get(const struct request *rq, const char *name)
{
	for (size_t i = 0; i < rq->n_headers; i++)
		if (text_same_nocase(rq->headers[i].name, name))
			return rq->headers[i].value;
	return NULL;
}

bool request_has_credentials(const struct request *rq)
{
	static const char *const names[] = { "Authorization", "X-Vault-Token", "X-Amz-Security-Token", "Cookie" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (request_header_get(rq, names[i]))
			return true;
	return false;
}

void request_child(struct request *rq, const char *const *argv)
{
	static const char *const unset[] = { REQUEST_ENV_OURS, NULL };
	const char **copy;
	size_t n = 0;

	while (argv[n])
		n++;
	copy = ARENA_ARRAY(&rq->mem, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_text(&rq->mem, argv[i]);
	rq->kind = REQUEST_CHILD;
	rq->argv = copy;
	rq->env_unset = unset;
}

void request_release(struct request *rq)
{
	arena_wipe(&rq->mem);
	*rq = (struct request){ 0 };
}

const char *reply_header(const struct reply *r, struct arena *a, const char *name)
{
	struct view rest = buf_bytes(&r->head), line, found = { 0 };
	size_t n = strlen(name);

	while (rest.p) {
		line = view_cut(&rest, '\n');
		if (line.n > n && line.p[n] == ':' && strncasecmp(line.p, name, n) == 0)
			found = view_trim(view_of(line.p + n + 1, line.n - n - 1));
	}
	return found.p ? arena_view(a, found) : NULL;
}

void reply_release(struct reply *r)
{
	buf_wipe(&r->head);
	buf_wipe(&r->body);
	buf_wipe(&r->talk);
	r->status = 0;
}

enum sorted request_sort_http(const struct reply *r)
{
	if (r->status == 429 || r->status == 503)
		return SORTED_BUSY;
	return r->status >= 500 ? SORTED_BROKEN : SORTED_ANSWER;
}

enum sorted request_sort_child(const struct reply *r)
{
	(void)r;
	return SORTED_ANSWER;
}
