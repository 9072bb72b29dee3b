/*
 * A listener's certificate over a cluster in memory: made, left alone, renewed, its authority changed; whose Secret it is;
 * and that whatever call is lost, the next run comes to the same end and no client is left without trust.
 */
#include "unit/unit.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/listener_steps.h"
#include "fake/host.h"
#include "fake/transport.h"
#include "net/loop.h"
#include "unit/domain/quoted.h"

#define SECRETS   "/api/v1/namespaces/vault/secrets"
#define LEAF      SECRETS "/vault-tls"
#define AUTHORITY SECRETS "/vault-ca"
#define DAY_MS    (86400 * INT64_C(1000))
#define START_MS  INT64_C(1795000000000)

/* ---- the cluster ---- */

struct site {
	struct arena mem;
	struct value *objects;               /* path to object */
	unsigned writes, version;
};

static void answer_value(struct reply *reply, int status, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);

	va_json_print(&text, v, false);
	fake_reply(reply, status, buf_str(&text));
}

static void refuse(struct reply *reply, int status, const char *reason)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	answer_value(reply, status, quoted(&a, arena_printf(&a, "{'kind':'Status','reason':'%s','message':'so it is'}", reason)));
}

static void store(struct site *s, const struct request *rq, const char *path, struct reply *reply)
{
	AUTO(err) struct err e = {0};
	const struct value *have = value_get(s->objects, path);
	struct value *object;
	const char *version;

	if (va_json_parse(&s->mem, rq->body, NULL, &object, &e) < 0)
		fail_msg("%s", e.text);
	version = value_text_or(object, "metadata.resourceVersion", NULL);
	if (version && !text_same(version, value_text_or(have, "metadata.resourceVersion", ""))) {
		refuse(reply, 409, "Conflict");
		return;
	}
	s->writes++;
	value_put(&s->mem, object, "metadata.resourceVersion", value_new_text(&s->mem, arena_printf(&s->mem, "%u", ++s->version)));
	value_set(&s->mem, s->objects, path, object);
	answer_value(reply, have ? 200 : 201, object);
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct site *s = to;
	struct view rest = view_text(strstr(rq->url, "://k8s/") + strlen("://k8s"));
	const char *path = arena_view(&s->mem, view_cut(&rest, '?'));

	(void)latency_ms;
	if (text_same(rq->method, "POST")) {
		path = arena_printf(&s->mem, "%s/vault-ca", path);
		if (value_get(s->objects, path))
			refuse(reply, 409, "AlreadyExists");
		else
			store(s, rq, path, reply);
	} else if (text_same(rq->method, "PATCH"))
		store(s, rq, path, reply);
	else if (value_get(s->objects, path))
		answer_value(reply, 200, value_get(s->objects, path));
	else
		refuse(reply, 404, "NotFound");
}

struct scene {
	struct arena mem;
	struct fake_host machine;
	struct host host;
	struct kube kube;
	struct site site;
	struct fake_transport net;
};

static void scene_start(struct scene *x)
{
	*x = (struct scene){ .mem = ARENA_INIT };
	x->host = fake_host(&x->machine);
	x->machine.wall_ms = START_MS;
	x->kube = (struct kube){ .server = "https://k8s", .context = "c", .user_name = "u" };
	x->site.objects = value_new_map(&x->site.mem);
	fake_transport_init(&x->net, serve, &x->site);
	x->net.latency_ms = 5;
}

static void scene_end(struct scene *x)
{
	fake_transport_release(&x->net);
	fake_host_release(&x->machine);
	arena_release(&x->site.mem);
	arena_release(&x->mem);
}
SCOPE_END(scene, struct scene, scene_end(v))

/* ---- one process ---- */

struct outing {
	struct world w;
	struct listener l;
	struct err e;
};

static void outing_end(struct outing *o)
{
	listener_release(&o->l);
	err_release(&o->e);
}
SCOPE_END(outing, struct outing, outing_end(v))

enum { IF_DUE, NOW, NEW_AUTHORITY, FORGET };

static void outing_start(struct scene *x, struct outing *o, enum tls_mode mode)
{
	*o = (struct outing){0};
	o->w = (struct world){ .mem = &x->mem, .host = &x->host, .kube = &x->kube, .listener = &o->l,
	                       .want = { .release = "vault", .namespace_ = "vault", .tls_secret = "vault-tls", .tls = mode } };
	listener_init(&o->l, &o->w.want);
	x->site.writes = 0;
}

static int loop_over(struct scene *x, struct outing *o, const struct step *steps, size_t n)
{
	struct transport t = fake_transport(&x->net);
	struct loop loop = { .transport = &t, .host = &x->host };
	struct graph g = { steps, n, &o->w, ARENA_ARRAY(&x->mem, struct track, n) };
	int result = loop_run(&loop, &g, 1, &o->e);

	graph_release_tracks(&g);
	return result;
}

static int renew(struct scene *x, struct outing *o, int how)
{
	outing_start(x, o, TLS_OWN);
	o->l.renew = how != IF_DUE;
	o->l.new_authority = how == NEW_AUTHORITY;
	o->l.forget = how == FORGET;
	return loop_over(x, o, listener_renew_steps, n_listener_renew_steps);
}

static void must_renew(struct scene *x, int how)
{
	AUTO(outing) struct outing o;

	if (renew(x, &o, how) < 0)
		fail_msg("%s", o.e.text);
}

/* What stands in a Secret, decoded. */
static const char *part(struct scene *x, const char *path, const char *name)
{
	const char *text = value_text_or(value_get(value_get(value_get(x->site.objects, path), "data"), name), "", NULL);
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);
	AUTO(err) struct err e = {0};

	if (!text)
		return NULL;
	assert_int_equal(base64_parse(&out, view_text(text), &e), 0);
	return arena_text(&x->mem, buf_str(&out));
}

static size_t count_of(const char *pem)
{
	size_t n = 0;

	for (; pem && (pem = strstr(pem, "BEGIN CERTIFICATE")); pem++)
		n++;
	return n;
}

static bool trusted(struct scene *x, const char *authorities)
{
	AUTO(err) struct err e = {0};

	return x509_verify(view_text(part(x, LEAF, "tls.crt")), view_text(authorities), &e) == 0;
}

static void assert_good(struct scene *x, const char *when)
{
	static const char *const names[] = { "vault", "vault.vault.svc", "vault-active.vault.svc", "vault-active.vault.svc.cluster.local",
		"vault-standby.vault", "vault-2.vault-internal.vault.svc", "localhost", "127.0.0.1", "::1", NULL };
	AUTO(err) struct err problems = {0};
	int64_t left;

	listener_judge(part(x, LEAF, "tls.crt"), part(x, LEAF, "ca.crt"), names, x->machine.wall_ms, &left, &problems);
	if (problems.kind)
		fail_msg("%s: %s", when, problems.text);
	if (left <= LISTENER_DUE_DAYS - 1)
		fail_msg("%s: only %d days left", when, (int)left);
}

/* ---- tests ---- */

static void the_tables_are_sound(void **state)
{
	AUTO(err) struct err e = {0};

	(void)state;
	if (graph_check(listener_renew_steps, n_listener_renew_steps, &e) < 0 ||
	    graph_check(listener_status_steps, n_listener_status_steps, &e) < 0 ||
	    graph_check(listener_shown_steps, n_listener_shown_steps, &e) < 0)
		fail_msg("%s", e.text);
}

static void it_is_made_once_and_renewed_when_due(void **state)
{
	AUTO(scene) struct scene x;
	const char *first;

	(void)state;
	scene_start(&x);
	must_renew(&x, IF_DUE);
	assert_int_equal(x.site.writes, 2);
	assert_good(&x, "made");
	first = part(&x, LEAF, "tls.crt");
	assert_text(value_text_or(value_get(x.site.objects, LEAF), "type", ""), "kubernetes.io/tls");

	x.machine.wall_ms += (LISTENER_DAYS - LISTENER_DUE_DAYS - 1) * DAY_MS;
	must_renew(&x, IF_DUE);
	assert_int_equal(x.site.writes, 0);
	x.machine.wall_ms += DAY_MS;
	must_renew(&x, IF_DUE);
	assert_int_equal(x.site.writes, 1);
	assert_string_not_equal(part(&x, LEAF, "tls.crt"), first);
	assert_good(&x, "renewed");
	must_renew(&x, NOW);
	assert_int_equal(x.site.writes, 1);
	assert_good(&x, "renewed when asked for");
}

/* A name that somebody has put in is kept; one that is missing makes it due. */
static void what_is_not_as_it_must_be_is_due(void **state)
{
	AUTO(scene) struct scene x;
	struct value *data;

	(void)state;
	scene_start(&x);
	must_renew(&x, IF_DUE);
	for (size_t i = 0; i < 3; i++) {
		static const struct { const char *name, *text; } damage[] = { { "tls.key", "bm9uZQ==" }, { "tls.crt", "bm9uZQ==" },
			{ "ca.crt", "bm9uZQ==" } };

		data = (struct value *)value_get(value_get(x.site.objects, LEAF), "data");
		value_set_text(&x.site.mem, data, damage[i].name, damage[i].text);
		must_renew(&x, IF_DUE);
		assert_int_equal(x.site.writes, 1);
		assert_good(&x, damage[i].name);
	}
}

static void an_authority_ends_without_anybody_left_out(void **state)
{
	AUTO(scene) struct scene x;
	const char *old, *new;

	(void)state;
	scene_start(&x);
	must_renew(&x, IF_DUE);
	old = part(&x, AUTHORITY, "tls.crt");
	must_renew(&x, NEW_AUTHORITY);
	assert_int_equal(x.site.writes, 2);
	new = part(&x, AUTHORITY, "tls.crt");
	assert_string_not_equal(old, new);
	assert_true(trusted(&x, old) && trusted(&x, new));
	assert_int_equal(count_of(part(&x, LEAF, "tls.crt")), 2);
	assert_int_equal(count_of(part(&x, LEAF, "ca.crt")), 2);
	assert_good(&x, "with a bridge");
	must_renew(&x, NOW);
	assert_true(trusted(&x, old) && trusted(&x, new));
	must_renew(&x, IF_DUE);
	assert_int_equal(x.site.writes, 0);
	must_renew(&x, FORGET);
	assert_true(!trusted(&x, old) && trusted(&x, new));
	assert_int_equal(count_of(part(&x, LEAF, "ca.crt")), 1);

	x.machine.wall_ms += (AUTHORITY_DAYS - AUTHORITY_DUE_DAYS + 1) * DAY_MS;
	must_renew(&x, IF_DUE);
	assert_true(trusted(&x, new));
	assert_string_not_equal(part(&x, AUTHORITY, "tls.crt"), new);
	assert_good(&x, "of its own accord, a year before the end");
}

static void what_others_keep_is_theirs(void **state)
{
	static const struct { const char *secret; const char *says; } cases[] = {
		{ "{'metadata':{'name':'vault-tls'},'data':{}}", "is not of our making" },
		{ "{'metadata':{'name':'vault-tls','annotations':{'cert-manager.io/certificate-name':'mine'}},'data':{}}",
		  "the Certificate 'mine' fills it" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(scene) struct scene x;
		AUTO(outing) struct outing o;

		scene_start(&x);
		value_set(&x.site.mem, x.site.objects, LEAF, quoted(&x.site.mem, cases[i].secret));
		assert_int_equal(renew(&x, &o, NOW), -1);
		assert_int_equal(o.e.kind, ERR_GUARD);
		assert_non_null(strstr(o.e.text, cases[i].says));
		assert_int_equal(x.site.writes, 0);
	}
}

static void a_lost_authority_is_not_made_up(void **state)
{
	AUTO(scene) struct scene x;
	AUTO(outing) struct outing o;
	struct value *data;

	(void)state;
	scene_start(&x);
	must_renew(&x, IF_DUE);
	data = (struct value *)value_get(value_get(x.site.objects, AUTHORITY), "data");
	value_set_text(&x.site.mem, data, "tls.key", "bm9uZQ==");
	assert_int_equal(renew(&x, &o, NOW), -1);
	assert_int_equal(o.e.kind, ERR_GUARD);
	assert_int_equal(x.site.writes, 0);
}

/* Every problem of a Secret that is given, at once. */
static void a_given_secret_is_looked_at(void **state)
{
	static const struct step *reads = listener_renew_steps;
	AUTO(scene) struct scene x;
	AUTO(outing) struct outing good, gone, bad;
	struct value *data;

	(void)state;
	scene_start(&x);
	must_renew(&x, IF_DUE);
	outing_start(&x, &good, TLS_SECRET);
	if (loop_over(&x, &good, reads, n_listener_renew_steps) < 0)
		fail_msg("%s", good.e.text);
	assert_int_equal(x.site.writes, 0);

	data = (struct value *)value_get(value_get(x.site.objects, LEAF), "data");
	value_unset(data, "ca.crt");
	value_unset(data, "tls.key");
	x.machine.wall_ms += (LISTENER_DAYS + 1) * DAY_MS;
	outing_start(&x, &bad, TLS_SECRET);
	assert_int_equal(loop_over(&x, &bad, reads, n_listener_renew_steps), -1);
	assert_int_equal(err_count(&bad.e), 3);
	assert_non_null(strstr(bad.e.text, "has expired"));
	assert_non_null(strstr(bad.e.more->text, "ca.crt"));
	assert_non_null(strstr(bad.e.more->more->text, "tls.key is not the key of tls.crt"));

	outing_start(&x, &gone, TLS_SECRET);
	gone.w.want.tls_secret = "other";
	assert_int_equal(loop_over(&x, &gone, reads, n_listener_renew_steps), -1);
	assert_int_equal(gone.e.kind, ERR_GUARD);
}

static void nothing_of_a_key_is_where_traces_look(void **state)
{
	AUTO(scene) struct scene x;
	const char *keys[2];

	(void)state;
	scene_start(&x);
	must_renew(&x, IF_DUE);
	keys[0] = part(&x, LEAF, "tls.key");
	keys[1] = part(&x, AUTHORITY, "tls.key");
	for (size_t i = 0; i < 2; i++) {
		const char *line = strchr(keys[i], '\n') + 1;

		assert_true(text_starts(keys[i], "-----BEGIN PRIVATE KEY-----"));
		for (size_t k = 0; k < x.net.n_calls; k++)
			assert_null(strstr(x.net.calls[k].url, arena_view(&x.mem, view_of(line, 40))));
	}
}

/* ---- whatever call is lost ---- */

static void second_and_third(struct scene *x, const char *old, unsigned at, int fault)
{
	AUTO(outing) struct outing o;
	const char *when = arena_printf(&x->mem, "call %u, fault %d", at, fault);

	fake_transport_heal(&x->net);
	if (renew(x, &o, IF_DUE) < 0)
		fail_msg("%s: %s", when, o.e.text);
	assert_good(x, when);
	if (old && !trusted(x, old))
		fail_msg("%s: who trusts the authority before is left out", when);
	must_renew(x, IF_DUE);
	if (x->site.writes)
		fail_msg("%s: the third run wrote", when);
}

static void every_call_may_be_lost(void **state)
{
	static const enum fault faults[] = { FAULT_RESET, FAULT_LOST_REPLY, FAULT_LOST_REQUEST, FAULT_5XX, FAULT_GARBAGE, FAULT_KILLED,
		FAULT_KILLED_BEFORE };

	(void)state;
	for (int how = NOW; how <= NEW_AUTHORITY; how++)
		for (unsigned at = 1; at <= 4; at++)
			for (size_t f = 0; f < COUNT_OF(faults); f++) {
				AUTO(scene) struct scene x;
				AUTO(outing) struct outing o;
				const char *old = NULL;

				scene_start(&x);
				if (how == NEW_AUTHORITY) {
					must_renew(&x, IF_DUE);
					old = part(&x, AUTHORITY, "tls.crt");
					fake_transport_heal(&x.net);
				}
				fake_transport_fault(&x.net, (unsigned)x.net.n_calls + at, faults[f], REACH_ONCE);
				(void)renew(&x, &o, how);
				second_and_third(&x, old, at, faults[f]);
			}
}

/* ---- objects ---- */

static const struct value *manager_object(struct scene *x, struct outing *o, size_t at)
{
	return listener_manager_object(&o->w, at, &x->mem);
}

static void cert_manager_is_given_four_objects_or_one(void **state)
{
	AUTO(scene) struct scene x;
	AUTO(outing) struct outing o;
	const struct value *leaf;

	(void)state;
	scene_start(&x);
	outing_start(&x, &o, TLS_CERT_MANAGER);
	o.l.fullname = "vault";
	assert_int_equal(listener_manager_count(&o.w), 4);
	assert_true(value_same(value_get(manager_object(&x, &o, 0), "spec"), quoted(&x.mem, "{'selfSigned':{}}")));
	assert_true(value_same(value_get(manager_object(&x, &o, 1), "spec"), quoted(&x.mem,
		"{'secretName':'vault-ca','duration':'87600h','renewBefore':'8760h','isCA':true,'commonName':'vault authority',"
		"'privateKey':{'algorithm':'ECDSA','size':256,'rotationPolicy':'Always'},"
		"'issuerRef':{'group':'cert-manager.io','kind':'Issuer','name':'vault-selfsigned'}}")));
	assert_true(value_same(value_get(manager_object(&x, &o, 2), "spec"), quoted(&x.mem, "{'ca':{'secretName':'vault-ca'}}")));
	leaf = manager_object(&x, &o, 3);
	assert_string_equal(listener_object_path(&x.mem, leaf), "/apis/cert-manager.io/v1/namespaces/vault/certificates/vault-tls");
	assert_text(value_text_or(leaf, "spec.issuerRef.name", ""), "vault-ca");
	assert_text(value_text_or(leaf, "spec.secretName", ""), "vault-tls");
	assert_text(value_text_or(leaf, "spec.duration", ""), "2160h");
	assert_true(value_same(value_at(leaf, "spec.ipAddresses"), quoted(&x.mem, "['127.0.0.1','::1']")));
	assert_int_equal(value_count(leaf, "spec.dnsNames"), 21);
	o.w.want.tls_issuer = "ClusterIssuer/corp";
	assert_int_equal(listener_manager_count(&o.w), 1);
	leaf = manager_object(&x, &o, 0);
	assert_true(value_same(value_at(leaf, "spec.issuerRef"), quoted(&x.mem,
		"{'group':'cert-manager.io','kind':'ClusterIssuer','name':'corp'}")));
}

static void the_cronjob_may_do_two_things_to_two_secrets(void **state)
{
	AUTO(scene) struct scene x;
	AUTO(outing) struct outing o;

	(void)state;
	scene_start(&x);
	outing_start(&x, &o, TLS_OWN);
	assert_int_equal(listener_renewer_count(&o.w), 0);
	o.w.want.tls_renew_image = "registry.example/vault-aws:1";
	assert_int_equal(listener_renewer_count(&o.w), 4);
	assert_true(value_same(value_get(listener_renewer_object(&o.w, 1, &x.mem), "rules"), quoted(&x.mem,
		"[{'apiGroups':[''],'resources':['secrets'],'resourceNames':['vault-tls','vault-ca'],'verbs':['get','patch']}]")));
	assert_text(value_text_or(listener_renewer_object(&o.w, 3, &x.mem), "spec.jobTemplate.spec.template.spec.containers.0.image", ""),
	            "registry.example/vault-aws:1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_are_sound),
		cmocka_unit_test(it_is_made_once_and_renewed_when_due),
		cmocka_unit_test(what_is_not_as_it_must_be_is_due),
		cmocka_unit_test(an_authority_ends_without_anybody_left_out),
		cmocka_unit_test(what_others_keep_is_theirs),
		cmocka_unit_test(a_lost_authority_is_not_made_up),
		cmocka_unit_test(a_given_secret_is_looked_at),
		cmocka_unit_test(nothing_of_a_key_is_where_traces_look),
		cmocka_unit_test(every_call_may_be_lost),
		cmocka_unit_test(cert_manager_is_given_four_objects_or_one),
		cmocka_unit_test(the_cronjob_may_do_two_things_to_two_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
