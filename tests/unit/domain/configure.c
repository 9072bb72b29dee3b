/*
 * configure over a Vault held in the hand: the tables are sound, a second run only reads, and whichever call fails in
 * whichever way, the next run has it as the file says.
 */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/configure_part.h"
#include "fake/host.h"
#include "unit/domain/quoted.h"
#include "fake/transport.h"
#include "formats/json.h"
#include "formats/yaml.h"

#define ADDRESS "http://127.0.0.1:8200"
#define MANIFEST "vault-aws/data/configure"

static const char FILE_TEXT[] =
    "kv: {secret: {version: 2}}\n"
    "kubernetes: {kubernetes: {max_lease_ttl: 1h, roles: {app: {bound_service_account_names: [a, b],\n"
    "  bound_service_account_namespaces: [team], audience: vault, token_policies: [one, two], token_ttl: 24h}}}}\n"
    "policies:\n"
    "  one: 'path \"secret/data/1\" { capabilities = [\"read\"] }'\n"
    "  two: 'path \"secret/data/2\" { capabilities = [\"read\"] }'\n"
    "operator: {}\n";

/* Without the policy two. */
static const char SMALLER[] =
    "kv: {secret: {version: 2}}\n"
    "kubernetes: {kubernetes: {roles: {app: {bound_service_account_names: [b, a],\n"
    "  bound_service_account_namespaces: [team], audience: vault, token_policies: [one], token_ttl: 24h}}}}\n"
    "policies:\n"
    "  one: 'path \"secret/data/1\" { capabilities = [\"read\"] }'\n"
    "operator: {}\n";

/* ---- a Vault ---- */

struct vault {
	struct arena mem;
	struct value *held;          /* path without /v1/ -> what was written there */
	int64_t version;             /* of the manifest */
	unsigned writes;
};

static void answer(struct reply *reply, const struct value *data)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);
	struct value *body = value_new_map(&a);

	value_set(&a, body, "data", value_copy(&a, data));
	va_json_print(&text, body, false);
	fake_reply(reply, 200, buf_str(&text));
}

/* sys/mounts and its like: what was written below, under its name with '/' behind. */
static void answer_list(struct vault *v, const char *path, struct reply *reply)
{
	const char *prefix = arena_printf(&v->mem, "%s/", path);
	struct value *list = value_new_map(&v->mem);

	for (size_t i = 0; i < v->held->n; i++)
		if (text_starts(v->held->names[i], prefix) && !text_ends(v->held->names[i], "/tune"))
			value_set(&v->mem, list, arena_printf(&v->mem, "%s/", v->held->names[i] + strlen(prefix)), v->held->items[i]);
	answer(reply, list);
}

static void write_manifest(struct vault *v, const struct value *body, struct reply *reply)
{
	struct value *data = value_new_map(&v->mem);

	if (value_int_or(body, "options.cas", -1) != v->version) {
		fake_reply(reply, 400, "{\"errors\":[\"check-and-set parameter did not match the current version\"]}");
		return;
	}
	v->version++;
	value_set(&v->mem, data, "data", value_copy(&v->mem, value_get(body, "data")));
	value_put(&v->mem, data, "metadata.version", value_new_int(&v->mem, v->version));
	value_set(&v->mem, v->held, MANIFEST, data);
	data = value_new_map(&v->mem);
	value_set_int(&v->mem, data, "version", v->version);
	answer(reply, data);
}

static void set_ttl(struct vault *v, struct value *method, const struct value *config)
{
	const char *text = value_text_or(config, "max_lease_ttl", NULL);

	if (text_same(text, "3600s"))
		value_put(&v->mem, method, "config.max_lease_ttl", value_new_int(&v->mem, 3600));
}

static void put(struct vault *v, const char *path, struct value *body, struct reply *reply)
{
	bool once = text_starts(path, "sys/mounts/") || text_starts(path, "sys/audit/") || text_starts(path, "sys/auth/");

	v->writes++;
	if (text_same(path, MANIFEST)) {
		write_manifest(v, body, reply);
	} else if (text_ends(path, "/tune")) {
		set_ttl(v, (struct value *)value_get(v->held, "sys/auth/kubernetes"), body);
		fake_reply(reply, 204, "");
	} else if (once && value_get(v->held, path)) {
		fake_reply(reply, 400, "{\"errors\":[\"path is already in use at x/\"]}");
	} else {
		if (text_starts(path, "sys/auth/"))
			set_ttl(v, body, value_get(body, "config"));
		if (text_ends(path, "/config") && !value_get(body, "kubernetes_ca_cert"))
			value_set_text(&v->mem, body, "kubernetes_ca_cert", "");
		value_set(&v->mem, v->held, path, body);
		fake_reply(reply, 204, "");
	}
}

static void get(struct vault *v, const char *path, struct reply *reply)
{
	if (text_same(path, "sys/seal-status"))
		fake_reply(reply, 200, "{\"initialized\":true,\"sealed\":false,\"type\":\"awskms\"}");
	else if (text_same(path, "auth/token/lookup-self"))
		fake_reply(reply, 200, "{\"data\":{\"path\":\"auth/token/root\",\"policies\":[\"root\"]}}");
	else if (text_same(path, "sys/mounts") || text_same(path, "sys/auth") || text_same(path, "sys/audit"))
		answer_list(v, path, reply);
	else if (value_get(v->held, path))
		answer(reply, value_get(v->held, path));
	else
		fake_reply(reply, 404, "{\"errors\":[]}");
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct vault *v = to;
	const char *path = rq->url + strlen(ADDRESS "/v1/");
	AUTO(err) struct err e = { 0 };
	struct value *body = NULL;

	(void)latency_ms;
	assert_true(text_starts(rq->url, ADDRESS "/v1/"));
	if (rq->body.n)
		assert_int_equal(va_json_parse(&v->mem, rq->body, NULL, &body, &e), 0);
	if (text_same(rq->method, "GET")) {
		get(v, path, reply);
	} else if (text_same(rq->method, "DELETE")) {
		v->writes++;
		if (text_starts(path, "secret/metadata/"))
			path = arena_printf(&v->mem, "secret/data/%s", path + strlen("secret/metadata/"));
		value_unset(v->held, path);
		fake_reply(reply, 204, "");
	} else {
		put(v, path, body, reply);
	}
}

/* ---- a run ---- */

struct scene {
	struct vault vault;
	struct fake_transport net;
	struct fake_host machine;
	struct transport transport;
	struct host host;
	size_t changes;              /* of the last run */
};

static void scene_open(struct scene *s)
{
	*s = (struct scene){ .machine.wall_ms = 1790000000000 };
	s->vault.held = value_new_map(&s->vault.mem);
	fake_transport_init(&s->net, serve, &s->vault);
	s->transport = fake_transport(&s->net);
	s->host = fake_host(&s->machine);
}

static void scene_close(struct scene *s)
{
	fake_transport_release(&s->net);
	fake_host_release(&s->machine);
	arena_release(&s->vault.mem);
}

static int loop_rows(struct scene *s, struct configure *w, const struct step *steps, size_t n, struct err *e)
{
	struct loop loop = { .transport = &s->transport, .host = &s->host };
	struct graph g = { .steps = steps, .n = n, .world = w, .tracks = ARENA_ARRAY(w->boot.mem, struct track, n) };
	int result = loop_run(&loop, &g, 1, e);

	graph_release_tracks(&g);
	return result;
}

static int read_all(struct scene *s, struct configure *w, struct err *e)
{
	size_t n;
	const struct step *all = boot_table(w->boot.mem, configure_reads, n_configure_reads, &n);

	configure_forget(w);
	return loop_rows(s, w, all, n, e) < 0 ? -1 : configure_compare(w, e);
}

static int write_all(struct scene *s, struct configure *w, struct err *e)
{
	AUTO(err) struct err why = { 0 };
	const struct step *unlock;
	size_t n;

	w->consent = true;
	if (loop_rows(s, w, configure_writes, n_configure_writes, e) == 0)
		return read_all(s, w, e);
	unlock = boot_table(w->boot.mem, configure_unlock, n_configure_unlock, &n);
	if (w->locked && !s->net.killed && loop_rows(s, w, unlock, n, &why) == 0)
		assert_false(w->locked);
	return -1;
}

/* As the command goes about it, less the questions. */
static int run(struct scene *s, const char *text, bool prune, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err warnings = { 0 };
	struct want want = { .namespace_ = "vault", .release = "vault" };
	struct configure w = { .prune = prune };
	struct value *tree;
	int result;

	if (va_yaml_parse(&a, view_text(text), "f", &tree, e) < 0 || configure_read(&a, tree, &w.config, &warnings, e) < 0)
		fail_msg("%s", e->text);
	w.boot = (struct boot){ .mem = &a, .host = &s->host, .want = &want, .options.vault_addr = ADDRESS, .token_from = "t" };
	secret_set(&w.boot.token, view_text("hvs.root"));
	assert_int_equal(configure_init(&w, e), 0);
	result = read_all(s, &w, e);
	s->changes = result == 0 ? configure_changes(&w).n : 0;
	if (s->changes)
		result = write_all(s, &w, e);
	if (result == 0 && configure_changes(&w).n)
		result = err_set(e, ERR_BUG, 0, "the %s '%s' is still to do", configure_changes(&w).at[0].kind,
		                 configure_changes(&w).at[0].name);
	configure_release(&w);
	return result;
}

static void must_run(struct scene *s, const char *text, bool prune)
{
	AUTO(err) struct err e = { 0 };

	if (run(s, text, prune, &e) < 0)
		fail_msg("%s", e.text);
}

/* ---- */

#define AUDIT_POD(mount, volume) \
	"{'metadata':{'name':'vault-0'},'spec':{'containers':[{'name':'vault','volumeMounts':[{'name':'home'," \
	"'mountPath':'/vault'}," mount "]}],'volumes':[{'name':'home','emptyDir':{}}," volume "]}}"
#define CLAIM "{'name':'audit','persistentVolumeClaim':{'claimName':'audit-vault-0'}}"

static const struct {
	const char *path, *pod;
	bool refused;
} files[] = {
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit'}", CLAIM), false },
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit/'}", CLAIM), false },
	{ "/vault/audit-2/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit'}", CLAIM), true },
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit','readOnly':true}", CLAIM), true },
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit'}", "{'name':'audit','emptyDir':{}}"), true },
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/elsewhere'}", CLAIM), true },
	{ "/tmp/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit'}", CLAIM), true },
	{ "/data/a.log", AUDIT_POD("{'name':'audit','mountPath':'/'}", CLAIM), false },
	{ "stdout", AUDIT_POD("{'name':'audit','mountPath':'/elsewhere'}", CLAIM), false },
	{ "/dev/stderr", AUDIT_POD("{'name':'audit','mountPath':'/elsewhere'}", CLAIM), false },
};

static void a_file_needs_a_volume(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct config_item device = { .kind = CONFIG_AUDIT, .name = "file", .want = value_new_map(&a) };
		struct pod pod = { .name = "vault-0", .object = quoted(&a, files[i].pod) };
		struct configure w = { .boot.pods = { .at = &pod, .n = 1 } };

		w.config.lists[CONFIG_AUDIT] = (struct config_list){ &device, 1 };
		value_set_text(&a, device.want, "file_path", files[i].path);
		configure_check_volumes(&w, &e);
		if (files[i].refused != (e.kind == ERR_GUARD))
			fail_msg("%s, case %zu", files[i].path, i);
		err_release(&e);
		e = (struct err){ 0 };
		device.have = device.want;      /* a device that is there is not asked about */
		configure_check_volumes(&w, &e);
		assert_int_equal(e.kind, ERR_NONE);
	}
}

static void tables_are_sound(void **state)
{
	static const struct { const struct step *rows; const size_t *n; } tables[] = {
		{ configure_reads, &n_configure_reads }, { configure_probe, &n_configure_probe },
		{ configure_unlock, &n_configure_unlock }, { configure_login, &n_configure_login },
		{ configure_rights, &n_configure_rights },
	};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		size_t n;
		const struct step *all = boot_table(&a, tables[i].rows, *tables[i].n, &n);

		if (graph_check(all, n, &e) < 0)
			fail_msg("table %zu: %s", i, e.text);
	}
	assert_int_equal(graph_check(configure_writes, n_configure_writes, &e), 0);
	assert_int_equal(graph_check(configure_count, n_configure_count, &e), 0);
	assert_int_equal(graph_check(configure_revoke, n_configure_revoke, &e), 0);
	assert_int_equal(graph_check(configure_logout, n_configure_logout, &e), 0);
}

static void a_second_run_only_reads(void **state)
{
	struct scene s;
	unsigned writes;

	(void)state;
	scene_open(&s);
	must_run(&s, FILE_TEXT, false);
	assert_int_equal(s.changes, 10);
	writes = s.vault.writes;
	must_run(&s, FILE_TEXT, false);
	assert_int_equal(s.changes, 0);
	assert_int_equal(s.vault.writes, writes);
	scene_close(&s);
}

static bool made(const struct scene *s, const char *id)
{
	const struct value *list = value_at(value_get(s->vault.held, MANIFEST), "data.made");

	for (size_t i = 0; i < value_count(list, NULL); i++)
		if (text_same(list->items[i]->text, id))
			return true;
	return false;
}

static void prune_takes_only_what_was_made(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	value_set(&s.vault.mem, s.vault.held, "sys/policies/acl/one", value_new_map(&s.vault.mem));
	must_run(&s, FILE_TEXT, false);
	assert_false(made(&s, "policy/one"));
	assert_true(made(&s, "policy/two"));
	must_run(&s, SMALLER, false);
	assert_non_null(value_get(s.vault.held, "sys/policies/acl/two"));
	must_run(&s, SMALLER, true);
	assert_null(value_get(s.vault.held, "sys/policies/acl/two"));
	assert_false(made(&s, "policy/two"));
	assert_non_null(value_get(s.vault.held, "sys/policies/acl/one"));
	assert_non_null(value_get(s.vault.held, "sys/mounts/secret"));
	scene_close(&s);
}

/* A file that lost everything: what Vault and this login need stays, whatever is asked. */
static void prune_never_goes_too_far(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	must_run(&s, FILE_TEXT, false);
	must_run(&s, "audit: {}\n", true);
	assert_non_null(value_get(s.vault.held, "sys/mounts/secret"));
	assert_non_null(value_get(s.vault.held, "sys/audit/stdout"));
	assert_null(value_get(s.vault.held, "sys/policies/acl/two"));
	assert_true(made(&s, "kv/secret"));
	scene_close(&s);
}

/* ---- every call, every way to fail ---- */

/* How many calls of the first run, faults aside. */
static unsigned calls_of_a_run(void)
{
	struct scene s;
	unsigned n;

	scene_open(&s);
	must_run(&s, FILE_TEXT, false);
	n = (unsigned)s.net.n_calls;
	scene_close(&s);
	return n;
}

static bool is_absorbed(enum fault fault, enum reach reach)
{
	return reach == REACH_ONCE && fault != FAULT_KILLED && fault != FAULT_KILLED_BEFORE;
}

static void any_call_may_fail(unsigned at, enum fault fault, enum reach reach)
{
	AUTO(err) struct err e = { 0 };
	struct scene s;
	unsigned writes;

	scene_open(&s);
	fake_transport_fault(&s.net, at, fault, reach);
	if (run(&s, FILE_TEXT, false, &e) < 0 && (is_absorbed(fault, reach) || !e.text))
		fail_msg("call %u, fault %d: %s", at, fault, e.text ? e.text : "without a word");
	fake_transport_heal(&s.net);
	s.machine.wall_ms += 2 * CONFIGURE_LOCK_MS;
	must_run(&s, FILE_TEXT, false);
	writes = s.vault.writes;
	must_run(&s, FILE_TEXT, false);
	assert_int_equal(s.vault.writes, writes);
	assert_true(made(&s, "policy/two") && made(&s, "role/kubernetes/app") && made(&s, "kv/secret"));
	must_run(&s, SMALLER, true);
	assert_null(value_get(s.vault.held, "sys/policies/acl/two"));
	assert_null(value_at(value_get(s.vault.held, MANIFEST), "data.run"));
	scene_close(&s);
}

static void every_call_may_fail_in_every_way(void **state)
{
	unsigned n = calls_of_a_run();

	(void)state;
	assert_true(n > 25);
	for (unsigned at = 1; at <= n; at++)
		for (int fault = NO_FAULT + 1; fault < FAULT_KINDS; fault++) {
			any_call_may_fail(at, (enum fault)fault, REACH_ONCE);
			any_call_may_fail(at, (enum fault)fault, REACH_LASTING);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(a_file_needs_a_volume),
		cmocka_unit_test(a_second_run_only_reads),
		cmocka_unit_test(prune_takes_only_what_was_made),
		cmocka_unit_test(prune_never_goes_too_far),
		cmocka_unit_test(every_call_may_fail_in_every_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
