/*
 * `eso` as a whole over a cluster and a Vault in memory: what it writes the first time, that a second run writes nothing, what
 * it refuses, and that whatever call is lost, the next run comes to the same end.
 */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/eso.h"
#include "domain/eso_sync.h"
#include "fake/host.h"
#include "fake/transport.h"
#include "net/loop.h"
#include "unit/domain/quoted.h"

#define TOKEN "hvs.of-an-admin"
#define JWT   "eyJhbGciOiJSUzI1NiJ9.planted.c2ln"
#define TRIAL "hvs.of-the-trial"

/* What stands in the cluster and in Vault. NULL: nothing. */
struct site {
	struct arena mem;
	const char *serves, *operators, *service, *engines, *auths, *login;
	struct value *objects;                   /* path to object: stores, accounts, roles, policies */
	bool sealed, store_fails, weak_token;
	const char *forbidden;                   /* the API server's 403 for paths that end so */
	unsigned writes, logins, revokes;
};

#define OPERATOR(ns, account) \
	"{'metadata':{'name':'external-secrets','namespace':'" ns "'},'spec':{'template':{'spec':{'serviceAccountName':'" account "'}}}}"

static const struct site healthy = {
	.serves = "{'versions':[{'version':'v1'},{'version':'v1alpha1'}]}", .operators = OPERATOR("eso-system", "eso-sa"),
	.service = "{'spec':{'ports':[{'name':'http','port':8200}]}}",
	.engines = "{'data':{'secret/':{'type':'kv','options':{'version':'2'}},'old/':{'type':'kv','options':null},'sys/':{'type':'system'}}}",
	.auths = "{'data':{'kubernetes/':{'type':'kubernetes'},'userpass/':{'type':'userpass'}}}",
};

static void answer(struct site *s, struct reply *reply, int status, const char *text)
{
	char *json = arena_text(&s->mem, text);

	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	fake_reply(reply, status, json);
	fake_reply_header(reply, "Content-Type", "application/json");
}

static void answer_value(struct reply *reply, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(1 << 16);

	va_json_print(&text, v, false);
	fake_reply(reply, 200, buf_str(&text));
}

static struct value *parsed(struct site *s, struct view body)
{
	AUTO(err) struct err e = {0};
	struct value *v = NULL;

	if (va_json_parse(&s->mem, body, NULL, &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

static void serve_objects(struct site *s, const struct request *rq, const char *path, const char *absent, struct reply *reply)
{
	const struct value *have = value_get(s->objects, path);
	struct value *object;

	if (text_same(rq->method, "GET")) {
		if (have)
			answer_value(reply, have);
		else
			answer(s, reply, 404, absent);
		return;
	}
	s->writes++;
	object = parsed(s, rq->body);
	if (strstr(path, "secretstores/"))
		value_put(&s->mem, object, "status", quoted(&s->mem, s->store_fails ?
		    "{'conditions':[{'type':'Ready','status':'False','reason':'InvalidProviderConfig','message':'unable to log in'}]}" :
		    "{'conditions':[{'type':'Ready','status':'True','reason':'Valid','message':'store validated'}]}"));
	value_set(&s->mem, s->objects, path, object);
	answer_value(reply, object);
}

static void serve_kube(struct site *s, const struct request *rq, const char *path, struct reply *reply)
{
	const char *absent = "{'kind':'Status','reason':'NotFound','message':'not found'}";

	if (s->forbidden && text_ends(path, s->forbidden))
		answer(s, reply, 403, "{'kind':'Status','reason':'Forbidden','message':'User x cannot do that'}");
	else if (text_same(path, "/apis/external-secrets.io"))
		answer(s, reply, s->serves ? 200 : 404, s->serves ? s->serves : absent);
	else if (strstr(path, "/deployments"))
		answer(s, reply, 200, arena_printf(&s->mem, "{'items':[%s]}", s->operators));
	else if (strstr(path, "/services/"))
		answer(s, reply, s->service ? 200 : 404, s->service ? s->service : absent);
	else if (text_ends(path, "/token")) {
		assert_non_null(memmem(rq->body.p, rq->body.n, "\"audiences\":[\"vault\"]", 21));
		answer(s, reply, 201, "{'status':{'token':'" JWT "'}}");
	} else if (text_starts(path, "/api/v1/namespaces/") && !strchr(path + 19, '/'))
		answer(s, reply, text_starts(path + 19, "team-") ? 200 : 404, "{}");
	else
		serve_objects(s, rq, path, absent, reply);
}

/* Vault gives roles and policies back below "data". */
static void serve_vault_object(struct site *s, const struct request *rq, const char *path, struct reply *reply)
{
	struct value *wrapped;

	if (text_same(rq->method, "GET")) {
		serve_objects(s, rq, path, "{'errors':[]}", reply);
		return;
	}
	s->writes++;
	wrapped = value_new_map(&s->mem);
	value_set(&s->mem, wrapped, "data", parsed(s, rq->body));
	value_set(&s->mem, s->objects, path, wrapped);
	fake_reply(reply, 204, "");
}

static void serve_vault(struct site *s, const struct request *rq, const char *path, struct reply *reply)
{
	const char *token = request_header_get(rq, "X-Vault-Token");

	if (text_same(path, "/v1/sys/seal-status"))
		answer(s, reply, 200, s->sealed ? "{'initialized':true,'sealed':true,'type':'awskms'}" :
		       "{'initialized':true,'sealed':false,'type':'awskms'}");
	else if (text_ends(path, "/login")) {
		s->logins++;
		assert_null(token);
		assert_non_null(memmem(rq->body.p, rq->body.n, JWT, strlen(JWT)));
		answer(s, reply, s->login ? 403 : 200, s->login ? s->login : "{'auth':{'client_token':'" TRIAL "'}}");
	} else if (text_ends(path, "/revoke-self")) {
		s->revokes++;
		assert_text(token, TRIAL);
		fake_reply(reply, 204, "");
	} else if (!text_same(token, TOKEN) || s->weak_token)
		answer(s, reply, 403, s->weak_token ? "{'errors':['permission denied']}" : "{'errors':['permission denied','invalid token']}");
	else if (text_same(path, "/v1/sys/mounts"))
		answer(s, reply, 200, s->engines);
	else if (text_same(path, "/v1/sys/auth"))
		answer(s, reply, 200, s->auths);
	else
		serve_vault_object(s, rq, path, reply);
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct site *s = to;
	struct view rest = view_text(strstr(rq->url, "://") + 3), host = view_cut(&rest, '/');
	const char *path = arena_printf(&s->mem, "/%s", rest.p ? rest.p : "");

	(void)latency_ms;
	if (view_is(host, "k8s")) {
		struct view query = view_text(path);

		serve_kube(s, rq, arena_view(&s->mem, view_cut(&query, '?')), reply);
	} else
		serve_vault(s, rq, path, reply);
}

/* ---- one run ---- */

struct outing {
	struct eso_world w;
	struct eso_plan plan;
	struct err e;
	int result;
};

static const struct eso_want usual = { .store = "vault-backend", .mount = "kubernetes", .role = "external-secrets", .path = "secret" };

struct scene {
	struct arena mem;
	struct fake_host files;
	struct host host;
	struct kube kube;
	struct world world;
	struct site site;
	struct fake_transport net;
};

static void set_up(struct scene *x, struct site site)
{
	*x = (struct scene){ .site = site };
	x->host = fake_host(&x->files);
	fake_host_env(&x->files, "VAULT_TOKEN", TOKEN);
	x->kube = (struct kube){ .server = "https://k8s", .context = "c", .user_name = "u" };
	x->world = (struct world){ .mem = &x->mem, .host = &x->host, .kube = &x->kube,
	                           .want = { .namespace_ = "vault", .release = "vault", .service_account = "vault" } };
	x->site.objects = value_new_map(&x->site.mem);
	fake_transport_init(&x->net, serve, &x->site);
	x->net.latency_ms = 5;
}

static void tear_down(struct scene *x)
{
	fake_transport_release(&x->net);
	fake_host_release(&x->files);
	arena_release(&x->site.mem);
	arena_release(&x->mem);
}

static int loop_over(struct scene *x, const struct step *steps, size_t n, void *world, struct err *e)
{
	struct transport t = fake_transport(&x->net);
	struct loop loop = { .transport = &t, .host = &x->host };
	struct track *tracks = ARENA_ARRAY(&x->mem, struct track, n);
	struct graph g = { steps, n, world, tracks };
	int result = loop_run(&loop, &g, 1, e);

	graph_release_tracks(&g);
	return result;
}

/* As cmd_eso.c goes through it, with consent to changes. */
static int go(struct scene *x, struct outing *r, const struct eso_want *want)
{
	static const struct boot_options options = { .vault_addr = "http://127.0.0.1:8200" };
	const struct step *steps;
	size_t n;

	if (eso_want_check(want, &x->mem, &r->e) < 0 || eso_init(&r->w, &x->world, &options, want, &r->e) < 0 ||
	    boot_find_token(&r->w.boot, &r->e) < 0)
		return -1;
	steps = eso_read_steps(&x->mem, &n);
	if (loop_over(x, steps, n, &r->w, &r->e) < 0 || eso_judge(&r->w, &r->e) < 0)
		return -1;
	r->plan = eso_plan(&r->w);
	return loop_over(x, eso_write_steps, ESO_WRITE_STEPS, &r->w, &r->e);
}

static int run(struct scene *x, struct outing *r, const struct eso_want *want)
{
	*r = (struct outing){0};
	x->site.writes = 0;
	r->result = go(x, r, want);
	return r->result;
}

static void end(struct outing *r)
{
	eso_release(&r->w);
	err_release(&r->e);
}

static const struct value *object(struct scene *x, const char *path)
{
	const struct value *v = value_get(x->site.objects, path);

	if (!v)
		fail_msg("nothing at %s", path);
	return v;
}

#define STORE_PATH "/apis/external-secrets.io/v1/clustersecretstores/vault-backend"
#define ROLE_PATH  "/v1/auth/kubernetes/role/external-secrets"

static void the_first_run_makes_all_and_the_second_nothing(void **state)
{
	struct scene x;
	struct outing r;
	const struct value *vault, *role;

	(void)state;
	set_up(&x, healthy);
	if (run(&x, &r, &usual) < 0)
		fail_msg("%s", r.e.text);
	assert_int_equal(r.plan.n, 3);
	assert_false(r.plan.changes);
	vault = value_at(object(&x, STORE_PATH), "spec.provider.vault");
	assert_true(value_same(vault, quoted(&x.mem, "{'server':'http://vault-active.vault.svc:8200','path':'secret','version':'v2',"
		"'auth':{'kubernetes':{'mountPath':'kubernetes','role':'external-secrets','serviceAccountRef':{'name':'eso-sa',"
		"'namespace':'eso-system','audiences':['vault']}}}}")));
	role = value_get(object(&x, ROLE_PATH), "data");
	assert_true(value_same(role, quoted(&x.mem, "{'bound_service_account_names':['eso-sa'],"
		"'bound_service_account_namespaces':['eso-system'],'audience':'vault','token_policies':['external-secrets'],'token_ttl':600}")));
	assert_text(value_text_or(object(&x, "/v1/sys/policies/acl/external-secrets"), "data.policy", ""),
	            "path \"secret/data/*\" {\n  capabilities = [\"read\"]\n}\n");
	assert_true(r.w.targets[0].accepted);
	assert_int_equal(x.site.logins, 1);
	assert_int_equal(x.site.revokes, 1);
	end(&r);

	assert_int_equal(run(&x, &r, &usual), 0);
	assert_int_equal(x.site.writes, 0);
	assert_int_equal(r.plan.n, 0);
	assert_int_equal(x.site.logins, 2);
	assert_int_equal(x.site.revokes, 2);
	end(&r);
	tear_down(&x);
}

/* No secret is in a URL or a label, which traces show. */
static void no_call_shows_a_secret(void **state)
{
	static const char *const secrets[] = { TOKEN, JWT, TRIAL };
	struct scene x;
	struct outing r;

	(void)state;
	set_up(&x, healthy);
	assert_int_equal(run(&x, &r, &usual), 0);
	for (size_t i = 0; i < x.net.n_calls; i++)
		for (size_t k = 0; k < COUNT_OF(secrets); k++) {
			assert_null(strstr(x.net.calls[i].url, secrets[k]));
			assert_null(strstr(x.net.calls[i].label, secrets[k]));
		}
	end(&r);
	tear_down(&x);
}

static void each_namespace_has_its_own(void **state)
{
	static const char *const namespaces[] = { "team-a", "team-b" };
	struct eso_want want = usual;
	struct scene x;
	struct outing r;

	(void)state;
	want.namespaces = namespaces;
	want.n_namespaces = 2;
	set_up(&x, healthy);
	if (run(&x, &r, &want) < 0)
		fail_msg("%s", r.e.text);
	assert_text(value_text_or(object(&x, "/apis/external-secrets.io/v1/namespaces/team-b/secretstores/vault-backend"),
	                          "spec.provider.vault.auth.kubernetes.role", ""), "external-secrets-team-b");
	assert_null(value_at(object(&x, "/apis/external-secrets.io/v1/namespaces/team-b/secretstores/vault-backend"),
	                     "spec.provider.vault.auth.kubernetes.serviceAccountRef.namespace"));
	assert_text(value_text_or(object(&x, "/v1/auth/kubernetes/role/external-secrets-team-a"), "data.bound_service_account_namespaces.0", ""),
	            "team-a");
	object(&x, "/api/v1/namespaces/team-a/serviceaccounts/vault-backend");
	assert_int_equal(x.site.logins, 2);
	end(&r);
	assert_int_equal(run(&x, &r, &want), 0);
	assert_int_equal(x.site.writes, 0);
	end(&r);
	tear_down(&x);
}

/* What others made of a role stays where it does no harm; what would let others in, or keep the operator out, does not. */
static void a_role_is_mended_and_kept(void **state)
{
	struct scene x;
	struct outing r;
	const struct value *role;

	(void)state;
	set_up(&x, healthy);
	value_set(&x.site.mem, x.site.objects, ROLE_PATH, quoted(&x.site.mem, "{'data':{'bound_service_account_names':['*'],"
		"'bound_service_account_namespaces':['*'],'audience':'','token_policies':['extra'],'token_ttl':3600,'token_no_default_policy':true}}"));
	assert_int_equal(run(&x, &r, &usual), 0);
	assert_true(r.plan.changes);
	assert_text(r.plan.at[1].from_to, "bound_service_account_names: * -> eso-sa, bound_service_account_namespaces: * -> eso-system, "
	            "audience:  -> vault, token_policies: extra -> extra,external-secrets, token_no_default_policy: true -> false");
	role = value_get(object(&x, ROLE_PATH), "data");
	assert_null(value_get(role, "token_ttl"));
	assert_int_equal(value_count(role, "token_policies"), 2);
	end(&r);
	tear_down(&x);
}

static void a_store_that_stands_still_is_nudged(void **state)
{
	struct scene x;
	struct outing r;

	(void)state;
	set_up(&x, healthy);
	assert_int_equal(run(&x, &r, &usual), 0);
	end(&r);
	value_put(&x.site.mem, (struct value *)object(&x, STORE_PATH), "status",
	          quoted(&x.site.mem, "{'conditions':[{'type':'Ready','status':'False','reason':'InvalidProviderConfig','message':'m'}]}"));
	assert_int_equal(run(&x, &r, &usual), 0);
	assert_int_equal(x.site.writes, 1);
	assert_non_null(value_at(object(&x, STORE_PATH), "metadata.annotations.force-sync"));
	end(&r);
	tear_down(&x);
}

/* ---- what is refused ---- */

static const struct {
	const char *name;
	struct site wrong;          /* its fields that are set take the place of the healthy ones */
	bool no_serves, no_service;
	const char *path, *mount, *text, *hint;
	unsigned writes;
} refusals[] = {
	{ "not installed", .no_serves = true, .text = "External Secrets is not installed", .hint = "helm upgrade --install" },
	{ "too old", .wrong = { .serves = "{'versions':[{'version':'v1beta1'}]}" }, .text = "serves external-secrets.io/v1beta1 and no v1",
	  .hint = "helm upgrade" },
	{ "no operator", .wrong = { .operators = "" }, .text = "no operator of External Secrets runs", .hint = "--install" },
	{ "two operators", .wrong = { .operators = OPERATOR("a", "x") "," OPERATOR("b", "y") }, .text = "2 operators", .hint = "--operator-namespace" },
	{ "no service", .no_service = true, .text = "there is no service 'vault-active'", .hint = "--release" },
	{ "sealed", .wrong = { .sealed = true }, .text = "Vault is sealed", .hint = "kubectl vault-check" },
	{ "no such engine", .path = "secert", .text = "no secrets engine is mounted at 'secert'", .hint = "--path secret" },
	{ "no kv", .path = "sys", .text = "of type 'system'" },
	{ "no such auth", .mount = "kubernets", .text = "no auth method is mounted at 'kubernets'", .hint = "--auth-mount kubernetes" },
	{ "another auth", .mount = "userpass", .text = "of type 'userpass'" },
	{ "no right in Vault", .wrong = { .weak_token = true }, .text = "permission denied", .hint = "must allow 'read' on 'sys/mounts'" },
	{ "no right to services", .wrong = { .forbidden = "/vault-active" }, .text = "not allowed (403)", .hint = "get services in 'vault'" },
	{ "no right to tokens", .wrong = { .forbidden = "/token" }, .text = "asking for a token", .hint = "create serviceaccounts/token in 'eso-system'",
	  .writes = 2 },
	{ "login refused", .wrong = { .login = "{'errors':['namespace not authorized']}" }, .text = "the role is bound to another namespace",
	  .writes = 2 },
	{ "never ready", .wrong = { .store_fails = true }, .text = "InvalidProviderConfig: unable to log in", .hint = "kubectl vault-check eso",
	  .writes = 3 },
};

static struct site site_of(size_t i)
{
	const struct site *w = &refusals[i].wrong;
	struct site s = healthy;

	s.serves = refusals[i].no_serves ? NULL : w->serves ? w->serves : s.serves;
	s.operators = w->operators ? w->operators : s.operators;
	s.service = refusals[i].no_service ? NULL : s.service;
	s.login = w->login;
	s.forbidden = w->forbidden;
	s.sealed = w->sealed;
	s.store_fails = w->store_fails;
	s.weak_token = w->weak_token;
	return s;
}

static void what_cannot_be_is_said_before_a_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		struct eso_want want = usual;
		struct scene x;
		struct outing r;

		want.path = refusals[i].path ? refusals[i].path : want.path;
		want.mount = refusals[i].mount ? refusals[i].mount : want.mount;
		set_up(&x, site_of(i));
		if (run(&x, &r, &want) == 0)
			fail_msg("%s: went well", refusals[i].name);
		if (!strstr(r.e.text, refusals[i].text) ||
		    (refusals[i].hint && !(r.e.hint && strstr(r.e.hint, refusals[i].hint))))
			fail_msg("%s: %s (%s)", refusals[i].name, r.e.text, r.e.hint ? r.e.hint : "");
		if (x.site.writes != refusals[i].writes)
			fail_msg("%s: %u writes", refusals[i].name, x.site.writes);
		end(&r);
		tear_down(&x);
	}
}

static void a_token_that_is_none_is_told_as_such(void **state)
{
	struct scene x;
	struct outing r;

	(void)state;
	set_up(&x, healthy);
	fake_host_env(&x.files, "VAULT_TOKEN", "hvs.old");
	assert_int_equal(run(&x, &r, &usual), -1);
	assert_int_equal(r.e.kind, ERR_AUTH);
	assert_null(strstr(r.e.text, "hvs.old"));
	end(&r);
	tear_down(&x);
}

/* Whatever call is lost: this run or the next ends well, with the same things made, and the one after it writes nothing. */
static void every_call_may_be_lost(void **state)
{
	static const enum fault faults[] = { FAULT_RESET, FAULT_LOST_REPLY, FAULT_LOST_REQUEST, FAULT_GARBAGE, FAULT_KILLED };
	size_t calls;
	struct scene x;
	struct outing r;

	(void)state;
	set_up(&x, healthy);
	assert_int_equal(run(&x, &r, &usual), 0);
	calls = x.net.n_calls;
	end(&r);
	tear_down(&x);
	for (unsigned at = 1; at <= calls; at++)
		for (size_t f = 0; f < COUNT_OF(faults); f++) {
			set_up(&x, healthy);
			fake_transport_fault(&x.net, at, faults[f], REACH_ONCE);
			if (run(&x, &r, &usual) < 0 && faults[f] != FAULT_KILLED && err_exit_code(&r.e) != 1)
				fail_msg("call %u, fault %d: exit %d: %s", at, faults[f], err_exit_code(&r.e), r.e.text);
			end(&r);
			fake_transport_heal(&x.net);
			if (run(&x, &r, &usual) < 0)
				fail_msg("call %u, fault %d: %s", at, faults[f], r.e.text);
			end(&r);
			assert_int_equal(run(&x, &r, &usual), 0);
			assert_int_equal(x.site.writes, 0);
			object(&x, STORE_PATH);
			end(&r);
			tear_down(&x);
		}
}

static void the_tables_are_sound(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	size_t n;
	const struct step *reading = eso_read_steps(&a, &n);

	(void)state;
	if (graph_check(reading, n, &e) < 0 || graph_check(eso_write_steps, ESO_WRITE_STEPS, &e) < 0 ||
	    graph_check(eso_sync_write, ESO_SYNC_WRITE, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < n; i++)
		assert_null(reading[i].change);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_are_sound),
		cmocka_unit_test(the_first_run_makes_all_and_the_second_nothing),
		cmocka_unit_test(no_call_shows_a_secret),
		cmocka_unit_test(each_namespace_has_its_own),
		cmocka_unit_test(a_role_is_mended_and_kept),
		cmocka_unit_test(a_store_that_stands_still_is_nudged),
		cmocka_unit_test(what_cannot_be_is_said_before_a_write),
		cmocka_unit_test(a_token_that_is_none_is_told_as_such),
		cmocka_unit_test(every_call_may_be_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
