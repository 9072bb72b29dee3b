#include "kube/client.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/json.h"
#include "formats/uri.h"

#include <ctype.h>

enum { KUBE_BODY_MAX = 3 << 20, MESSAGE_SHOWN = 300, TOKEN_S = 600 };

/* ---- asking ---- */

static void add_authorization(const struct kube *k, struct request *rq)
{
	struct view secret;

	if (secret_held(&k->token)) {
		secret = secret_expose(&k->token);
		request_header(rq, "Authorization",
					   arena_printf(&rq->mem, "Bearer %.*s", (int)secret.n, secret.p));
	} else if (k->username) {
		struct buf pair = BUF_MAX(1 << 16), text = BUF_MAX(1 << 17);

		secret = secret_held(&k->password) ? secret_expose(&k->password) : view_text("");
		buf_text(&pair, k->username);
		buf_char(&pair, ':');
		buf_view(&pair, secret);
		buf_text(&text, "Basic ");
		base64_print(&text, buf_bytes(&pair));
		request_header(rq, "Authorization", buf_str(&text));
		buf_wipe(&pair);
		buf_wipe(&text);
	}
}

static void add_impersonation(const struct kube *k, struct request *rq)
{
	if (!k->as_user)
		return;
	request_header(rq, "Impersonate-User", k->as_user);
	if (k->as_uid)
		request_header(rq, "Impersonate-Uid", k->as_uid);
	for (const char *const *g = k->as_groups; g && *g; g++)
		request_header(rq, "Impersonate-Group", *g);
	for (const struct header *h = k->as_extra; h && h->name; h++)
		request_header(rq, h->name, h->value);
}

/*
 * Also what failed is read: the API server says in a Status why ("failed calling webhook ..."),
 * which a bare 500 does not. And through the proxy the pod answers: Vault's health says 429 and 503
 * where nothing is wrong.
 */
static enum sorted sort_kube(const struct reply *r)
{
	(void)r;
	return SORTED_ANSWER;
}

static int ask(const struct kube *k, struct request *rq, const char *method, const char *path,
			   const struct value *body, const char *type, struct err *e)
{
	AUTO(wiped) struct buf text = BUF_MAX(KUBE_BODY_MAX);   /* the object may be a Secret */

	request_http(rq, method, arena_printf(&rq->mem, "%s%s", k->server, path));
	request_header(rq, "Accept", "application/json");
	add_authorization(k, rq);
	add_impersonation(k, rq);
	rq->sort = sort_kube;
	rq->tls = &k->tls;
	rq->timeout_ms = k->request_timeout_ms;
	if (!body)
		return 0;
	va_json_print(&text, body, false);
	if (buf_whole(&text, "the object", e) < 0)
		return -1;
	request_body(rq, buf_bytes(&text), type);
	return 0;
}

int kube_ask(const struct kube *k, struct request *rq, const char *method, const char *path,
			 const struct value *body, struct err *e)
{
	return ask(k, rq, method, path, body, "application/json", e);
}

int kube_ask_apply(const struct kube *k, struct request *rq, const char *path,
				   const struct value *object, const char *field_manager, bool force, struct err *e)
{
	const char *query =
		kube_path(&rq->mem, "fieldManager=%s&fieldValidation=Strict", field_manager);
	const char *url = arena_printf(&rq->mem, "%s%c%s%s", path, strchr(path, '?') ? '&' : '?', query,
								   force ? "&force=true" : "");

	/* JSON is YAML: the API server reads this type with its YAML reader. */
	return ask(k, rq, "PATCH", url, object, "application/apply-patch+yaml", e);
}

struct value *kube_audience(struct arena *a, const char *audience)
{
	struct value *list = value_new_list(a);

	value_push(a, list, value_new_text(a, audience));
	return list;
}

int kube_ask_token(const struct kube *k, struct request *rq, const char *namespace_,
				   const char *account, const struct value *audiences, struct err *e)
{
	struct arena *a = &rq->mem;
	struct value *object = value_new_map(a);

	value_set_text(a, object, "apiVersion", "authentication.k8s.io/v1");
	value_set_text(a, object, "kind", "TokenRequest");
	value_put(a, object, "spec.expirationSeconds", value_new_int(a, TOKEN_S));
	if (audiences)
		value_put(a, object, "spec.audiences", value_copy(a, audiences));
	return kube_ask(k, rq, "POST",
					kube_path(a, "/api/v1/namespaces/%s/serviceaccounts/%s/token", namespace_, account),
					object, e);
}

int kube_ask_pod_proxy(const struct kube *k, struct request *rq, const char *namespace_,
					   const char *pod, const char *scheme, unsigned port, const char *path,
					   struct err *e)
{
	char *start = kube_path(&rq->mem, "/api/v1/namespaces/%s/pods", namespace_);
	char *name = kube_path(&rq->mem, "%s", pod);
	const char *url =
		arena_printf(&rq->mem, "%s/%s%s:%u/proxy/%s", start,
					 text_same(scheme, "https") ? "https:" : "", name, port, path + (*path == '/'));

	return ask(k, rq, "GET", url, NULL, NULL, e);
}

char *kube_path(struct arena *a, const char *fmt, ...)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 16);
	va_list ap;

	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		if (*fmt == '%' && fmt[1] == 's')
			uri_encode(&out, view_text(va_arg(ap, const char *)), false);
		else
			buf_char(&out, *fmt);
		if (*fmt == '%' && fmt[1])
			fmt++;
	}
	va_end(ap);
	return arena_text(a, buf_str(&out));
}

/* ---- hearing ---- */

/* True when the body is meant to be JSON, so that half of one is not taken for a plain text. */
static bool claims_json(struct arena *a, const struct reply *reply)
{
	const char *type = reply_header(reply, a, "Content-Type");
	struct view body = view_trim(buf_bytes(&reply->body));

	return (type && strncasecmp(type, "application/json", 16) == 0) || view_starts(body, "{") ||
		   view_starts(body, "[");
}

/* The first line of a plain text, for an error. */
static const char *first_line(struct arena *a, const struct reply *reply)
{
	struct view rest = view_trim(buf_bytes(&reply->body)), line = view_cut(&rest, '\n');
	char *out;

	if (line.n > MESSAGE_SHOWN)
		line.n = MESSAGE_SHOWN;
	out = arena_view(a, line);
	for (char *c = out; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	return out;
}

int kube_read(struct arena *a, const struct reply *reply, struct kube_answer *out, struct err *e)
{
	struct kube_answer answer = { .status = reply->status, .reason = "", .message = "" };
	struct value *body;

	answer.ok = reply->status >= 200 && reply->status < 300;
	if (buf_whole(&reply->body, "the API server's reply", e) < 0)
		return -1;
	if (reply->body.n > 0 && claims_json(a, reply)) {
		if (va_json_parse(a, buf_bytes(&reply->body), NULL, &body, e) < 0) {
			e->kind = ERR_REMOTE;
			e->status = reply->status;
			return err_while(e, "the API server's reply (%d)", reply->status);
		}
		answer.body = body;
	}
	if (text_same(value_text_or(answer.body, "kind", NULL), "Status")) {
		answer.reason = value_text_or(answer.body, "reason", "");
		answer.message = value_text_or(answer.body, "message", "");
	} else if (!answer.body && !answer.ok) {
		answer.message = first_line(a, reply);
	}
	*out = answer;
	return 0;
}

/* The API server could not reach the pod or service behind its proxy (apimachinery, util/proxy). */
static bool is_unreached(const struct kube_answer *answer)
{
	return answer->status >= 500 && text_starts(answer->message, "error trying to reach service");
}

enum heard kube_heard(const struct kube_answer *answer, const char *doing, struct err *e)
{
	static const struct {
		int from, to;
		enum err_kind kind;
		enum heard heard;
		const char *words;
	} rows[] = {
		{ 401, 401, ERR_DENIED, HEARD_RENEW, "not logged in" },
		{ 403, 403, ERR_DENIED, HEARD_REFUSED, "not allowed" },
		{ 404, 404, ERR_ABSENT, HEARD_REFUSED, "not there" },
		{ 409, 409, ERR_CONFLICT, HEARD_REFUSED, "in conflict" },
		{ 429, 429, ERR_THROTTLED, HEARD_BUSY, "asked too often" },
		{ 503, 503, ERR_THROTTLED, HEARD_BUSY, "the API server is busy" },
		{ 500, 599, ERR_REMOTE, HEARD_UNSURE, "the API server failed" },
		{ 0, 0, ERR_REMOTE, HEARD_REFUSED, "refused" }, /* whatever else */
	};
	size_t i = 0;

	if (answer->ok)
		return HEARD_DONE;
	if (is_unreached(answer)) {
		err_set(e, ERR_NET, answer->status, "%s: %s", doing, answer->message);
		return HEARD_REFUSED;
	}
	while (i < COUNT_OF(rows) - 1 && (answer->status < rows[i].from || answer->status > rows[i].to))
		i++;
	err_set(e, rows[i].kind, answer->status, "%s: %s (%d)%s%s", doing, rows[i].words,
			answer->status, *answer->message ? ": " : "", answer->message);
	if (answer->status == 403)
		err_hint(e, "the cluster's RBAC must allow it; see: kubectl auth can-i --list");
	return rows[i].heard;
}

int kube_read_token(const struct kube_answer *answer, struct secret *out, struct err *e)
{
	const char *token;

	if (value_text(answer->body, "status.token", &token, e) < 0)
		return err_while(e, "the answer of TokenRequest");
	secret_set(out, view_text(token));
	return 0;
}
