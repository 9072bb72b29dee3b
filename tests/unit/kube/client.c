#include "common.h"

#include "formats/json.h"

static struct kube a_kube(void)
{
	return (struct kube){ .server = "https://api:6443/prefix", .context = "c", .user_name = "u" };
}

static void assert_header(const struct request *rq, const char *name, const char *value)
{
	const char *have = request_header_get(rq, name);

	if (!text_same(have, value))
		fail_msg("%s: '%s', not '%s'", name, have ? have : "(none)", value ? value : "(none)");
}

static void paths_are_encoded_by_the_argument(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(kube_path(&a, "/api/v1/namespaces/%s/pods/%s", "va/ult", "a b"),
						"/api/v1/namespaces/va%2Fult/pods/a%20b");
	assert_string_equal(kube_path(&a, "/x?labelSelector=%s", "app=vault,a in (b)"),
						"/x?labelSelector=app%3Dvault%2Ca%20in%20%28b%29");
	assert_string_equal(kube_path(&a, "100%%/%s", "ü"), "100%/%C3%BC");
}

static void asking_carries_the_token_and_tls(void **state)
{
	struct request rq = { 0 };
	struct kube k = a_kube();
	AUTO(err) struct err e = { 0 };

	(void)state;
	k.request_timeout_ms = 5000;
	secret_set(&k.token, view_text("t0ken"));
	assert_int_equal(kube_ask(&k, &rq, "GET", "/api/v1/nodes?limit=500", NULL, &e), 0);
	assert_string_equal(rq.method, "GET");
	assert_string_equal(rq.url, "https://api:6443/prefix/api/v1/nodes?limit=500");
	assert_header(&rq, "Authorization", "Bearer t0ken");
	assert_header(&rq, "Accept", "application/json");
	assert_header(&rq, "Content-Type", NULL);
	assert_header(&rq, "Impersonate-User", NULL);
	assert_ptr_equal(rq.tls, &k.tls);
	assert_int_equal(rq.timeout_ms, 5000);
	assert_int_equal(rq.body.n, 0);
	request_release(&rq);
	kube_release(&k);
}

static void basic_authorization(void **state)
{
	struct request rq = { 0 };
	struct kube k = a_kube();
	AUTO(err) struct err e = { 0 };

	(void)state;
	k.username = "Aladdin";
	secret_set(&k.password, view_text("open sesame"));
	assert_int_equal(kube_ask(&k, &rq, "GET", "/version", NULL, &e), 0);
	assert_header(&rq, "Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="); /* RFC 7617 */
	request_release(&rq);
	kube_release(&k);
}

static void impersonation_headers(void **state)
{
	static const char *const groups[] = { "a", "b", NULL };
	static const struct header extra[] = { { "Impersonate-Extra-x", "1" }, { NULL, NULL } };
	struct request rq = { 0 };
	struct kube k = a_kube();
	AUTO(err) struct err e = { 0 };
	unsigned n = 0;

	(void)state;
	k.as_user = "jane";
	k.as_uid = "7";
	k.as_groups = groups;
	k.as_extra = extra;
	assert_int_equal(kube_ask(&k, &rq, "GET", "/version", NULL, &e), 0);
	assert_header(&rq, "Impersonate-User", "jane");
	assert_header(&rq, "Impersonate-Uid", "7");
	assert_header(&rq, "Impersonate-Extra-x", "1");
	for (size_t i = 0; i < rq.n_headers; i++)
		if (text_same(rq.headers[i].name, "Impersonate-Group"))
			assert_string_equal(rq.headers[i].value, groups[n++]);
	assert_int_equal(n, 2);
	request_release(&rq);
}

static void apply_is_a_patch_in_json(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *object = value_new_map(&a);
	struct request rq = { 0 };
	struct kube k = a_kube();
	AUTO(err) struct err e = { 0 };

	(void)state;
	value_set_text(&a, object, "kind", "ServiceAccount");
	assert_int_equal(kube_ask_apply(&k, &rq, "/sa", object, "helm vault", false, &e), 0);
	assert_string_equal(rq.method, "PATCH");
	assert_string_equal(
		rq.url, "https://api:6443/prefix/sa?fieldManager=helm%20vault&fieldValidation=Strict");
	assert_header(&rq, "Content-Type", "application/apply-patch+yaml");
	assert_true(view_is(rq.body, "{\"kind\":\"ServiceAccount\"}"));
	request_release(&rq);

	rq = (struct request){ 0 };
	assert_int_equal(kube_ask_apply(&k, &rq, "/sa?dryRun=All", object, "helm", true, &e), 0);
	assert_string_equal(rq.url,
						"https://api:6443/prefix/"
						"sa?dryRun=All&fieldManager=helm&fieldValidation=Strict&force=true");
	request_release(&rq);
}

static void any_status_is_an_answer(void **state)
{
	static const int statuses[] = { 200, 429, 472, 500, 503 };
	struct request rq = { 0 };
	struct kube k = a_kube();
	AUTO(err) struct err e = { 0 };

	(void)state;
	assert_int_equal(kube_ask(&k, &rq, "GET", "/version", NULL, &e), 0);
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		assert_int_equal(rq.sort(&(struct reply){ .status = statuses[i] }), SORTED_ANSWER);
	request_release(&rq);
}

static void pod_proxy_names_scheme_and_port(void **state)
{
	struct request rq = { 0 };
	struct kube k = a_kube();
	AUTO(err) struct err e = { 0 };

	(void)state;
	assert_int_equal(
		kube_ask_pod_proxy(&k, &rq, "vault", "vault-0", "http", 8200, "/v1/sys/init", &e), 0);
	assert_string_equal(rq.url, "https://api:6443/prefix/api/v1/namespaces/vault/pods/"
								"vault-0:8200/proxy/v1/sys/init");
	request_release(&rq);

	rq = (struct request){ 0 };
	assert_int_equal(kube_ask_pod_proxy(&k, &rq, "vault", "vault-0", "https", 8200, "v1/x", &e), 0);
	assert_string_equal(rq.url, "https://api:6443/prefix/api/v1/namespaces/vault/pods/"
								"https:vault-0:8200/proxy/v1/x");
	request_release(&rq);
}

/* ---- hearing ---- */

#define STATUS(code, reason, message) \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message \
	"\"," \
	"\"reason\":\"" reason "\",\"code\":" code "}"

static const struct {
	int status;
	const char *type, *body;
	int read; /* what kube_read gives */
	enum heard heard;
	enum err_kind kind;
	const char *reason, *text;
} replies[] = {
	{ 200, "application/json", "{\"kind\":\"Pod\"}", 0, HEARD_DONE, ERR_NONE, "", NULL },
	{ 201, NULL, "{\"kind\":\"Pod\"}", 0, HEARD_DONE, ERR_NONE, "", NULL },
	{ 200, "text/plain", "ok", 0, HEARD_DONE, ERR_NONE, "", NULL },
	{ 200, "application/json", "", 0, HEARD_DONE, ERR_NONE, "", NULL },
	{ 200, "application/json", "{\"kind\":\"Po", -1, HEARD_UNSURE, ERR_REMOTE, "", "reply (200)" },
	{ 200, NULL, "{\"kind\":\"Po", -1, HEARD_UNSURE, ERR_REMOTE, "", "reply (200)" },
	{ 401, "application/json", STATUS("401", "Unauthorized", "Unauthorized"), 0, HEARD_RENEW,
	  ERR_DENIED, "Unauthorized", "reading: not logged in (401): Unauthorized" },
	{ 403, "application/json", STATUS("403", "Forbidden", "pods is forbidden"), 0, HEARD_REFUSED,
	  ERR_DENIED, "Forbidden", "reading: not allowed (403): pods is forbidden" },
	{ 404, "application/json", STATUS("404", "NotFound", "not found"), 0, HEARD_REFUSED, ERR_ABSENT,
	  "NotFound", "reading: not there (404): not found" },
	{ 404, "text/plain", "404 page\tnot found\nmore", 0, HEARD_REFUSED, ERR_ABSENT, "",
	  "reading: not there (404): 404 page not found" },
	{ 409, "application/json", STATUS("409", "Conflict", "conflict with helm"), 0, HEARD_REFUSED,
	  ERR_CONFLICT, "Conflict", "conflict with helm" },
	{ 422, "application/json", STATUS("422", "Invalid", "bad name"), 0, HEARD_REFUSED, ERR_REMOTE,
	  "Invalid", "reading: refused (422): bad name" },
	{ 429, "application/json", STATUS("429", "TooManyRequests", "slow down"), 0, HEARD_BUSY,
	  ERR_THROTTLED, "TooManyRequests", "slow down" },
	{ 503, "application/json", STATUS("503", "ServiceUnavailable", "starting"), 0, HEARD_BUSY,
	  ERR_THROTTLED, "ServiceUnavailable", "reading: the API server is busy (503): starting" },
	{ 503, "application/json",
	  STATUS("503", "ServiceUnavailable", "error trying to reach service: dial tcp"), 0,
	  HEARD_REFUSED, ERR_NET, "ServiceUnavailable",
	  "reading: error trying to reach service: dial tcp" },
	{ 500, "application/json", STATUS("500", "InternalError", "failed calling webhook"), 0,
	  HEARD_UNSURE, ERR_REMOTE, "InternalError",
	  "reading: the API server failed (500): failed calling webhook" },
	{ 502, "text/html", "", 0, HEARD_UNSURE, ERR_REMOTE, "",
	  "reading: the API server failed (502)" },
	{ 302, NULL, "", 0, HEARD_REFUSED, ERR_REMOTE, "", "reading: refused (302)" },
};

static void each_reply_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(replies); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct reply reply = {
			.status = replies[i].status,
			.head = BUF_MAX(1000),
			.body = BUF_MAX(1000),
		};
		struct kube_answer answer;

		if (replies[i].type)
			buf_printf(&reply.head, "Content-Type: %s\n", replies[i].type);
		buf_text(&reply.body, replies[i].body);
		if (kube_read(&a, &reply, &answer, &e) != replies[i].read)
			fail_msg("reply %zu: read otherwise", i);
		if (replies[i].read == 0) {
			if (kube_heard(&answer, "reading", &e) != replies[i].heard)
				fail_msg("reply %zu: heard otherwise", i);
			assert_string_equal(answer.reason, replies[i].reason);
			assert_int_equal(answer.ok, replies[i].heard == HEARD_DONE);
		}
		assert_int_equal(e.kind, replies[i].kind);
		if (replies[i].text) {
			assert_holds(e.text, replies[i].text);
			assert_int_equal(e.status, replies[i].status);
		}
		reply_release(&reply);
	}
}

static void a_token_is_read_and_replaces_the_last_one(void **state)
{
	static const struct {
		const char *body;
		int got;
		const char *token;
	} answers[] = {
		{ "{\"kind\":\"TokenRequest\",\"status\":{\"token\":\"first\"}}", 0, "first" },
		{ "{\"kind\":\"TokenRequest\",\"status\":{}}", -1, "first" },
		{ "{\"kind\":\"TokenRequest\",\"status\":{\"token\":\"second\"}}", 0, "second" },
		{ "no JSON", -1, "second" },
	};
	AUTO(secret) struct secret token = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct reply reply = { .status = 201, .head = BUF_MAX(1000), .body = BUF_MAX(1000) };
		struct kube_answer answer;

		buf_text(&reply.body, answers[i].body);
		assert_int_equal(kube_read(&a, &reply, &answer, &e), 0);
		assert_int_equal(kube_read_token(&answer, &token, &e), answers[i].got);
		assert_string_equal(secret_expose(&token).p, answers[i].token);
		if (answers[i].got < 0)
			assert_holds(e.text, "the answer of TokenRequest");
		reply_release(&reply);
	}
}

static void an_endless_body_is_no_answer(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct reply reply = { .status = 200, .body = BUF_MAX(4) };
	struct kube_answer answer;

	(void)state;
	buf_text(&reply.body, "{}");
	buf_text(&reply.body, "     ");
	assert_int_equal(kube_read(&a, &reply, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	reply_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_encoded_by_the_argument),
		cmocka_unit_test(asking_carries_the_token_and_tls),
		cmocka_unit_test(basic_authorization),
		cmocka_unit_test(impersonation_headers),
		cmocka_unit_test(apply_is_a_patch_in_json),
		cmocka_unit_test(any_status_is_an_answer),
		cmocka_unit_test(pod_proxy_names_scheme_and_port),
		cmocka_unit_test(each_reply_is_understood),
		cmocka_unit_test(a_token_is_read_and_replaces_the_last_one),
		cmocka_unit_test(an_endless_body_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
