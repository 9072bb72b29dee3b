/* What install asks of cert-manager, over one in memory: as it comes up, as it makes what was ordered, as it does neither. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/install.h"
#include "domain/listener_steps.h"
#include "fake/host.h"
#include "fake/transport.h"
#include "net/loop.h"
#include "unit/domain/quoted.h"

#define WEBHOOK "Internal error occurred: failed calling webhook \\\"webhook.cert-manager.io\\\": failed to call webhook: Post " \
	"\\\"https://cert-manager-webhook.cert-manager.svc:443/mutate?timeout=10s\\\": dial tcp 10.96.7.7:443: connect: connection refused"

/* As the rows of install have them (domain/workflow.c). */
static const struct step rows[] = {
	{ .name = "manager.apply", .due = manager_due, .count = count_manager, .change = "order", .patience_s = 120,
	  .ask = ask_manager_object, .hear = hear_manager_object },
	{ .name = "manager.wait", .title = "wait", .needs = NEEDS("manager.apply"), .due = manager_wait_due, .patience_s = 300,
	  .ask = ask_leaf, .hear = hear_manager_made },
};

enum { NEVER = 1 << 20 };               /* as a number of answers */

struct cluster {
	struct arena mem;
	const struct value *secret;
	unsigned webhook_down, secret_late;  /* answers before it is otherwise */
	bool other_failure;
	unsigned ordered, looked;
};

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct cluster *c = to;
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);

	(void)latency_ms;
	if (text_same(rq->method, "PATCH") && c->webhook_down) {
		c->webhook_down--;
		fake_reply(reply, 500, c->other_failure ? "{\"kind\":\"Status\",\"message\":\"etcdserver: request timed out\"}" :
		           "{\"kind\":\"Status\",\"reason\":\"InternalError\",\"code\":500,\"message\":\"" WEBHOOK "\"}");
	} else if (text_same(rq->method, "PATCH")) {
		c->ordered++;
		fake_reply(reply, 201, "{}");
	} else if (++c->looked <= c->secret_late) {
		fake_reply(reply, 404, "{\"kind\":\"Status\",\"reason\":\"NotFound\"}");
	} else {
		va_json_print(&text, c->secret, false);
		fake_reply(reply, 200, buf_str(&text));
	}
}

struct scene {
	struct arena mem;
	struct fake_host machine;
	struct host host;
	struct kube kube;
	struct cluster cluster;
	struct fake_transport net;
	struct world w;
	struct listener l;
	struct err e;
};

/* A real certificate with its key, in a Secret as cert-manager writes it. */
static const struct value *written_secret(struct scene *x)
{
	struct value *object;

	assert_int_equal(listener_make_authority(&x->w, &x->e), 0);
	x->l.authority.chain = x->l.new_authority_pem;
	secret_copy(&x->l.authority_key, &x->l.new_authority_key);
	assert_int_equal(listener_make_leaf(&x->w, &x->e), 0);
	object = listener_leaf_object(&x->w, &x->mem);
	value_set(&x->mem, object, "metadata", quoted(&x->mem,
		"{'name':'vault-tls','annotations':{'cert-manager.io/certificate-name':'vault-tls'}}"));
	return object;
}

static void scene_start(struct scene *x)
{
	*x = (struct scene){ .mem = ARENA_INIT };
	x->host = fake_host(&x->machine);
	x->machine.wall_ms = INT64_C(1795000000000);
	x->kube = (struct kube){ .server = "https://k8s", .context = "c", .user_name = "u" };
	fake_transport_init(&x->net, serve, &x->cluster);
	x->w = (struct world){ .mem = &x->mem, .host = &x->host, .kube = &x->kube, .listener = &x->l,
	                       .want = { .release = "vault", .namespace_ = "vault", .tls_secret = "vault-tls", .tls = TLS_CERT_MANAGER } };
	listener_init(&x->l, &x->w.want);
	x->l.fullname = "vault";
	x->cluster.secret = written_secret(x);
}

static void scene_end(struct scene *x)
{
	listener_release(&x->l);
	fake_transport_release(&x->net);
	fake_host_release(&x->machine);
	arena_release(&x->cluster.mem);
	arena_release(&x->mem);
	err_release(&x->e);
}
SCOPE_END(scene, struct scene, scene_end(v))

static int go(struct scene *x)
{
	struct transport t = fake_transport(&x->net);
	struct loop loop = { .transport = &t, .host = &x->host };
	struct graph g = { rows, COUNT_OF(rows), &x->w, ARENA_ARRAY(&x->mem, struct track, COUNT_OF(rows)) };
	int result = loop_run(&loop, &g, 1, &x->e);

	graph_release_tracks(&g);
	return result;
}

static void one_that_comes_up_is_waited_for(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	scene_start(&x);
	x.cluster.webhook_down = 60;
	x.cluster.secret_late = 5;
	if (go(&x) < 0)
		fail_msg("%s", x.e.text);
	assert_int_equal(x.cluster.ordered, 4);
	assert_int_equal(x.cluster.looked, 6);
	assert_text(x.l.leaf.manager, "vault-tls");
	assert_true(x.l.leaf.key_fits && x.l.leaf.authorities);
}

static void one_that_does_not_is_named(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	scene_start(&x);
	x.cluster.webhook_down = NEVER;
	assert_int_equal(go(&x), -1);
	assert_int_equal(x.e.kind, ERR_LATE);
	assert_non_null(strstr(x.e.text, "connection refused"));
	assert_non_null(strstr(x.e.hint, "the pods of cert-manager"));
	assert_int_equal(x.cluster.looked, 0);
}

static void another_failure_is_none_of_these(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	scene_start(&x);
	x.cluster.webhook_down = NEVER;
	x.cluster.other_failure = true;
	assert_int_equal(go(&x), -1);
	assert_int_equal(x.e.kind, ERR_REMOTE);
}

static void what_is_made_without_an_authority_is_not_taken(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	scene_start(&x);
	value_unset((struct value *)value_get(x.cluster.secret, "data"), "ca.crt");
	assert_int_equal(go(&x), -1);
	assert_int_equal(x.e.kind, ERR_LATE);
	assert_non_null(strstr(x.e.text, "without ca.crt"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_comes_up_is_waited_for),
		cmocka_unit_test(one_that_does_not_is_named),
		cmocka_unit_test(another_failure_is_none_of_these),
		cmocka_unit_test(what_is_made_without_an_authority_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
