/* What `eso audit` reads of a cluster, and how `eso sync` waits: pages, kinds that are not there, refusals, old states. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/eso_live.h"
#include "domain/eso_sync.h"
#include "fake/host.h"
#include "fake/transport.h"
#include "net/loop.h"
#include "unit/domain/quoted.h"

struct scene {
	struct arena mem;
	struct fake_host files;
	struct host host;
	struct kube kube;
	struct fake_transport net;
	struct err e;
	/* how the cluster is */
	const char *serves, *forbidden;
	unsigned looks, synced_at;       /* an ExternalSecret is synchronised at this look; 0: never */
	unsigned annotated;
};

static void answer(struct scene *x, struct reply *reply, int status, const char *text)
{
	AUTO(buf) struct buf json = BUF_MAX(1 << 16);

	va_json_print(&json, quoted(&x->mem, text), false);
	fake_reply(reply, status, buf_str(&json));
	fake_reply_header(reply, "Content-Type", "application/json");
}

static void serve_secret(struct scene *x, const struct request *rq, struct reply *reply)
{
	if (strstr(rq->url, "/absent")) {
		answer(x, reply, 404, "{'kind':'Status','message':'not found'}");
		return;
	}
	if (text_same(rq->method, "PATCH")) {
		x->annotated++;
		assert_non_null(memmem(rq->body.p, rq->body.n, "force-sync", 10));
	}
	if (x->synced_at && ++x->looks >= x->synced_at)
		answer(x, reply, 200, "{'status':{'refreshTime':'old','syncedResourceVersion':'2','conditions':[{'type':'Ready','status':'True','reason':'SecretSynced'}]}}");
	else
		answer(x, reply, 200, "{'status':{'refreshTime':'old','syncedResourceVersion':'1','conditions':[{'type':'Ready','status':'False','reason':"
		       "'SecretSyncedError','message':'could not get secret data from provider'}]}}");
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct scene *x = to;

	(void)latency_ms;
	if (x->forbidden && strstr(rq->url, x->forbidden))
		answer(x, reply, 403, "{'kind':'Status','message':'User x cannot list'}");
	else if (text_ends(rq->url, "/apis/external-secrets.io"))
		answer(x, reply, 200, arena_printf(&x->mem, "{'versions':[{'version':'v1alpha1'}%s]}", x->serves));
	else if (strstr(rq->url, "/namespaces/"))
		serve_secret(x, rq, reply);
	else if (strstr(rq->url, "/deployments"))
		answer(x, reply, 200, "{'items':[{'metadata':{'name':'external-secrets'}}]}");
	else if (strstr(rq->url, "/clusterexternalsecrets"))
		answer(x, reply, 404, "{'kind':'Status','message':'not found'}");
	else if (strstr(rq->url, "continue=two%2F2"))
		answer(x, reply, 200, "{'metadata':{},'items':[{'metadata':{'name':'c'}}]}");
	else if (strstr(rq->url, "/externalsecrets"))
		answer(x, reply, 200, "{'metadata':{'continue':'two/2'},'items':[{'metadata':{'name':'a'}},{'metadata':{'name':'b'}}]}");
	else
		answer(x, reply, 200, "{'metadata':{'continue':''},'items':[]}");
}

static void set_up(struct scene *x, const char *serves)
{
	*x = (struct scene){ .serves = serves };
	x->host = fake_host(&x->files);
	x->kube = (struct kube){ .server = "https://k8s", .context = "c", .user_name = "u" };
	fake_transport_init(&x->net, serve, x);
	x->net.latency_ms = 5;
}

static void tear_down(struct scene *x)
{
	fake_transport_release(&x->net);
	fake_host_release(&x->files);
	err_release(&x->e);
	arena_release(&x->mem);
}

static int loop_over(struct scene *x, const struct step *steps, size_t n, void *world)
{
	struct transport t = fake_transport(&x->net);
	struct loop loop = { .transport = &t, .host = &x->host };
	struct graph g = { steps, n, world, ARENA_ARRAY(&x->mem, struct track, n) };
	int result = loop_run(&loop, &g, 1, &x->e);

	graph_release_tracks(&g);
	return result;
}

static int look(struct scene *x, struct eso_live *w)
{
	const struct step *steps;
	size_t n;

	*w = (struct eso_live){ .boot = { .mem = &x->mem, .host = &x->host, .kube = &x->kube } };
	steps = eso_live_steps(w, &n);
	assert_int_equal(graph_check(steps, n, &x->e), 0);
	return loop_over(x, steps, n, w);
}

/* Objects of a list say neither kind nor version. Without a token Vault is not asked. */
static void all_pages_are_read(void **state)
{
	struct scene x;
	struct eso_live w;

	(void)state;
	set_up(&x, ",{'version':'v1'},{'version':'v1beta1'}");
	assert_int_equal(look(&x, &w), 0);
	assert_int_equal(w.objects->n, 3);
	assert_text(value_text_or(w.objects->items[2], "metadata.name", ""), "c");
	assert_text(value_text_or(w.objects->items[2], "kind", ""), "ExternalSecret");
	assert_text(value_text_or(w.objects->items[2], "apiVersion", ""), "external-secrets.io/v1");
	assert_non_null(w.deployment);
	assert_null(w.engines);
	tear_down(&x);

	set_up(&x, ",{'version':'v1beta1'}");
	assert_int_equal(look(&x, &w), 0);
	assert_text(w.version, "v1beta1");
	tear_down(&x);
}

static void what_cannot_be_read_is_named(void **state)
{
	struct scene x;
	struct eso_live w;

	(void)state;
	set_up(&x, "");
	assert_int_equal(look(&x, &w), -1);
	assert_int_equal(x.e.kind, ERR_ABSENT);
	tear_down(&x);

	set_up(&x, ",{'version':'v1'}");
	x.forbidden = "/secretstores";
	assert_int_equal(look(&x, &w), -1);
	assert_text(x.e.hint, "the cluster's RBAC must allow: list secretstores.external-secrets.io in all namespaces");
	tear_down(&x);

	set_up(&x, ",{'version':'v1'}");
	x.forbidden = "/deployments";       /* only what the operator's tokens are known from */
	assert_int_equal(look(&x, &w), 0);
	assert_null(w.deployment);
	tear_down(&x);
}

static int sync(struct scene *x, const char *const *names, size_t n)
{
	struct eso_sync w;

	eso_sync_init(&w, &x->mem, &x->host, &x->kube, "apps", names, n);
	if (loop_over(x, eso_sync_read, ESO_SYNC_READ, &w) < 0 || eso_sync_judge(&w, &x->e) < 0)
		return -1;
	return loop_over(x, eso_sync_write, ESO_SYNC_WRITE, &w);
}

static void a_sync_waits_for_a_new_state(void **state)
{
	static const char *const one[] = { "a" }, *const two[] = { "a", "absent" };
	struct scene x;

	(void)state;
	set_up(&x, "");
	x.synced_at = 6;
	assert_int_equal(sync(&x, one, 1), 0);
	assert_int_equal(x.looks, 6);
	assert_int_equal(x.annotated, 1);
	tear_down(&x);

	/* Synchronised before, and neither version nor time move: that is the old state. */
	set_up(&x, "");
	x.synced_at = 1;
	assert_int_equal(sync(&x, one, 1), -1);
	assert_int_equal(x.e.kind, ERR_LATE);
	tear_down(&x);

	set_up(&x, "");
	assert_int_equal(sync(&x, one, 1), -1);
	assert_int_equal(x.e.kind, ERR_LATE);
	assert_non_null(strstr(x.e.text, "could not get secret data from provider"));
	tear_down(&x);

	set_up(&x, "");
	assert_int_equal(sync(&x, two, 2), -1);
	assert_int_equal(x.e.kind, ERR_ABSENT);
	assert_int_equal(x.annotated, 0);
	tear_down(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pages_are_read),
		cmocka_unit_test(what_cannot_be_read_is_named),
		cmocka_unit_test(a_sync_waits_for_a_new_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
