/* vault: each decision over what three servers say, as recorded from Vault 1.21. */
#include "unit/certificates.h"
#include "unit/unit.h"

#include "core/text.h"
#include "domain/check_vault.h"
#include "fake/host.h"
#include "formats/json.h"

enum { SERVERS = 3, NOW_S = 1795500000 };

struct bench {
	struct arena mem;
	struct fake_host machine;
	struct host host;
	struct diag d;
	struct finding f;
};

static const struct value *json(struct bench *b, const char *text)
{
	AUTO(err) struct err e = { 0 };
	struct value *v;

	if (va_json_parse(&b->mem, view_text(text), NULL, &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

static void add_pod(struct bench *b, const char *labels)
{
	struct arena *a = &b->mem;
	const char *text = arena_printf(a, "{\"metadata\":{\"name\":\"vault-%zu\",\"namespace\":\"vault\",\"labels\":{%s}},"
	                                   "\"spec\":{\"containers\":[{\"name\":\"vault\"}]},\"status\":{\"containerStatuses\":[{\"name\":"
	                                   "\"vault\",\"state\":{\"running\":{}}}]}}", b->d.pods.n, labels);
	AUTO(err) struct err e = { 0 };

	assert_int_equal(pod_read(&b->d.pods.at[b->d.pods.n++], a, json(b, text), &e), 0);
}

static struct vault_server *server(struct bench *b, size_t i)
{
	return vault_server_at(&b->d, i);
}

static void says(struct bench *b, size_t i, int status)
{
	bool initialized = status != VAULT_NOT_INITIALIZED, sealed = status == VAULT_SEALED || !initialized;

	server(b, i)->health_read = server(b, i)->seal_read = true;
	server(b, i)->health = (struct vault_health){ .status = status, .initialized = initialized, .sealed = sealed,
		                                          .version = "1.21.1", .server_time_s = NOW_S };
	server(b, i)->seal = (struct vault_seal_status){ .initialized = initialized, .sealed = sealed, .version = "1.21.1" };
	server(b, i)->asked_ms = NOW_S * INT64_C(1000);
	server(b, i)->leader_read = !sealed;
	server(b, i)->leader = (struct vault_leader){ .ha_enabled = true, .is_self = status == VAULT_ACTIVE,
		                                          .address = "http://10.0.0.1:8200" };
}

static void silent(struct bench *b, size_t i, enum err_kind kind, const char *why)
{
	struct vault_server *s = server(b, i);

	s->health_read = s->seal_read = s->leader_read = false;
	s->why = why;
	s->why_kind = kind;
}

/* Three servers, vault-0 active, and all well. */
static void bench_start(struct bench *b)
{
	*b = (struct bench){ .machine = { .wall_ms = NOW_S * INT64_C(1000) } };
	b->host = fake_host(&b->machine);
	b->d = (struct diag){ .mem = &b->mem, .host = &b->host,
		                  .release = { "vault", "vault", "vault", "vault", SERVERS, json(b, "{\"spec\":{}}") } };
	b->d.pods.at = ARENA_ARRAY(&b->mem, struct pod, SERVERS);
	for (size_t i = 0; i < SERVERS; i++) {
		says(b, i, i == 0 ? VAULT_ACTIVE : VAULT_STANDBY);
		add_pod(b, i == 0 ? "\"vault-active\":\"true\",\"vault-sealed\":\"false\"" : "\"vault-active\":\"false\",\"vault-sealed\":\"false\"");
		server(b, i)->log.read = true;
	}
}

static void bench_end(struct bench *b)
{
	fake_host_release(&b->machine);
	arena_release(&b->mem);
}
SCOPE_END(bench, struct bench, bench_end(v))

static void assert_judged(struct bench *b, const char *id, enum verdict verdict, const char *cause, const char *fix)
{
	const struct check *c = check_find(id);
	enum verdict have;

	assert_non_null(c);
	b->f = (struct finding){ .check = c, .mem = &b->mem, .cause = "" };
	have = c->judge(&b->d, &b->f);
	if (have != verdict || !strstr(b->f.cause, cause))
		fail_msg("%s is %s: %s", id, verdict_name(have), b->f.cause);
	if (fix && (!b->f.fix || !strstr(b->f.fix, fix)))
		fail_msg("%s: the fix is '%s'", id, b->f.fix ? b->f.fix : "(none)");
	if (!fix && b->f.fix)
		fail_msg("%s: a fix that nobody expects: %s", id, b->f.fix);
}

static void all_well(void **state)
{
	static const char *const ids[] = { "vault-log", "vault-answers", "vault-initialized", "vault-unsealed", "vault-leader",
		                               "vault-labels", "vault-clock", "vault-version" };
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		assert_judged(&b, ids[i], VERDICT_PASS, "", NULL);
	assert_judged(&b, "vault-certificate", VERDICT_SKIP, "plain http", NULL);
	assert_judged(&b, "vault-disk", VERDICT_SKIP, "no disks", NULL);
}

static void a_silent_server_is_named(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	silent(&b, 2, ERR_ABSENT, "nobody listens on port 8200 of the pod (connection refused)");
	assert_judged(&b, "vault-answers", VERDICT_FAIL, "1 of 3 servers does not answer (vault-2): nobody listens",
	              "kubectl delete pod --wait=false -n vault vault-2");
	assert_judged(&b, "vault-leader", VERDICT_PASS, "vault-0 is active", NULL);
	b.d.pods.at[2].containers[0].running = false;
	assert_judged(&b, "vault-answers", VERDICT_WARN, "the pods of the others do not run (vault-2)", NULL);
	silent(&b, 0, ERR_DENIED, "not allowed (403)");
	silent(&b, 1, ERR_DENIED, "not allowed (403)");
	assert_judged(&b, "vault-answers", VERDICT_UNKNOWN, "not allowed (403)", NULL);
	assert_string_equal(b.f.right, "get and create on pods/portforward in the namespace 'vault'");
	assert_judged(&b, "vault-leader", VERDICT_UNKNOWN, "not allowed (403)", NULL);
}

static void tls_where_http_is_said(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	for (size_t i = 0; i < SERVERS; i++) {
		silent(&b, i, ERR_REMOTE, "what came (400) is no answer of Vault's");
		server(&b, i)->wants_tls = true;
	}
	assert_judged(&b, "vault-answers", VERDICT_FAIL, "speaks TLS, and VAULT_ADDR in its environment says http", NULL);
}

static void not_initialized_is_no_fault_of_readiness(void **state)
{
	static const char *const later[] = { "vault-unsealed", "vault-leader", "vault-labels", "vault-audit" };
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	for (size_t i = 0; i < SERVERS; i++)
		says(&b, i, VAULT_NOT_INITIALIZED);
	assert_judged(&b, "vault-initialized", VERDICT_WARN, "not Ready is no fault",
	              "kubectl exec -n vault vault-0 -c vault -- vault operator init -recovery-shares=5 -recovery-threshold=3");
	for (size_t i = 0; i < COUNT_OF(later); i++)
		assert_judged(&b, later[i], VERDICT_SKIP, "not initialised", NULL);
	says(&b, 1, VAULT_STANDBY);
	assert_judged(&b, "vault-initialized", VERDICT_FAIL, "vault-1 say that Vault is initialised, vault-0, vault-2 that it is not", NULL);
}

static void log_says(struct bench *b, size_t i, const char *text)
{
	server(b, i)->log.n = log_read(&b->mem, view_text(text), &server(b, i)->log.at);
}

#define AT(time) "2026-11-24T" time "Z 2026-11-24T" time "Z "

static void sealed_by_hand(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	says(&b, 2, VAULT_SEALED);
	assert_judged(&b, "vault-unsealed", VERDICT_FAIL, "1 of 3 servers is sealed (vault-2):", "kubectl delete pod --wait=false -n vault vault-2");
	log_says(&b, 2, AT("05:00:00") "[WARN]  failed to unseal core: error=x\n" AT("05:01:00") "[INFO]  core: vault is unsealed\n"
	                AT("06:00:00") "[INFO]  core: marked as sealed\n" AT("06:00:01") "[INFO]  core: vault is sealed\n");
	assert_judged(&b, "vault-log", VERDICT_PASS, "no known fault", NULL);
	assert_judged(&b, "vault-unsealed", VERDICT_FAIL, "sealed (vault-2), by hand", "kubectl delete pod --wait=false -n vault vault-2");
}

static void who_leads(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	says(&b, 1, VAULT_ACTIVE);
	assert_judged(&b, "vault-leader", VERDICT_FAIL, "2 servers say that they are active: vault-0, vault-1", "vault-1");
	says(&b, 0, VAULT_STANDBY);
	says(&b, 1, VAULT_STANDBY);
	assert_judged(&b, "vault-leader", VERDICT_FAIL, "no server is active",
	              "kubectl delete pod --wait=false -n vault -l app.kubernetes.io/instance=vault,component=server");
	says(&b, 0, VAULT_ACTIVE);
	says(&b, 2, VAULT_CUT_OFF);
	assert_judged(&b, "vault-leader", VERDICT_WARN, "vault-0 is active, and vault-2 cannot reach it", "networkpolicy");
	server(&b, 0)->leader.ha_enabled = false;
	assert_judged(&b, "vault-leader", VERDICT_FAIL, "that destroys data", "kubectl scale statefulset -n vault vault --replicas=1");
	b.d.release.replicas = 1;
	assert_judged(&b, "vault-leader", VERDICT_WARN, "vault-0 is active", "networkpolicy");
}

static void clocks(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	server(&b, 1)->health.server_time_s += 2;
	assert_judged(&b, "vault-clock", VERDICT_PASS, "agree", NULL);
	server(&b, 1)->health.server_time_s += 2;
	assert_judged(&b, "vault-clock", VERDICT_WARN, "the clock of vault-1 is 4 s ahead of that of vault-0", NULL);
	server(&b, 2)->health.server_time_s -= 20;
	assert_judged(&b, "vault-clock", VERDICT_FAIL, "the clock of vault-1 is 24 s ahead of that of vault-2", NULL);
}

static void labels(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	b.d.pods.n = 1;
	add_pod(&b, "\"vault-active\":\"true\",\"vault-sealed\":\"false\"");
	add_pod(&b, "\"vault-active\":\"false\",\"vault-sealed\":\"true\"");
	assert_judged(&b, "vault-labels", VERDICT_FAIL, "the label vault-active of vault-1",
	              "kubectl label pod -n vault vault-1 vault-active=false --overwrite");
	assert_non_null(strstr(b.f.fix, "kubectl label pod -n vault vault-2 vault-sealed=false --overwrite"));
	b.d.pods.n = 0;
	for (size_t i = 0; i < SERVERS; i++)
		add_pod(&b, "");
	assert_judged(&b, "vault-labels", VERDICT_FAIL, "service_registration", "kubectl auth can-i patch pods");
}

#define SELECTOR "\"app.kubernetes.io/name\":\"vault\",\"app.kubernetes.io/instance\":\"vault\",\"component\":\"server\""
#define ENDPOINT(pod) "{\"conditions\":{\"ready\":true},\"targetRef\":{\"name\":\"" pod "\"}}"

static void the_service(void **state)
{
	static const struct { const char *endpoints; enum verdict verdict; const char *cause, *fix; } cases[] = {
		{ ENDPOINT("vault-0"), VERDICT_PASS, "'vault-active' leads to vault-0 alone", NULL },
		{ "", VERDICT_FAIL, "leads nowhere", "kubectl label pod -n vault vault-0 vault-active=true --overwrite" },
		{ ENDPOINT("vault-0") "," ENDPOINT("vault-1"), VERDICT_FAIL, "leads to vault-0, vault-1, and vault-0 is active", "vault-0" },
		{ ENDPOINT("vault-2"), VERDICT_FAIL, "leads to vault-2, and vault-0 is active", "vault-0" },
		{ "{\"conditions\":{\"ready\":false},\"targetRef\":{\"name\":\"vault-0\"}}", VERDICT_FAIL, "leads nowhere", "vault-0" },
	};
	AUTO(bench) struct bench b;
	struct diag_vault *v;

	(void)state;
	bench_start(&b);
	v = b.d.part[DIAG_VAULT];
	v->service_read = true;
	assert_judged(&b, "vault-service", VERDICT_INFO, "there is no Service", NULL);
	v->service = json(&b, "{\"spec\":{\"selector\":{" SELECTOR ",\"vault-active\":\"true\"}}}");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		v->slices = json(&b, arena_printf(&b.mem, "[{\"endpoints\":null},{\"endpoints\":[%s]}]", cases[i].endpoints));
		assert_judged(&b, "vault-service", cases[i].verdict, cases[i].cause, cases[i].fix);
	}
	v->service = json(&b, "{\"spec\":{\"selector\":{" SELECTOR ",\"x\":\"it's\"}}}");
	assert_judged(&b, "vault-service", VERDICT_FAIL, "the selector of 'vault-active' is not the chart's",
	              "kubectl patch service -n vault vault-active --type merge -p '{\"spec\":{\"selector\":{\"app.kubernetes.io/name\":\"vault\","
	              "\"app.kubernetes.io/instance\":\"vault\",\"component\":\"server\",\"vault-active\":\"true\",\"x\":null}}}'");
}

static void logs_count_while_nobody_serves(void **state)
{
	static const char disabled[] =
		AT("06:00:00") "[INFO]  core: stored unseal keys supported, attempting fetch\n" AT("06:00:01") "[WARN]  failed to unseal core:\n"
		"2026-11-24T06:00:01Z   error=\n2026-11-24T06:00:01Z   | error decrypting data encryption key: DisabledException: x is disabled.\n";
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	b.d.facts.key_id = "arn:aws:kms:eu-west-1:1:key/k";
	b.d.facts.seal_region = "eu-west-1";
	log_says(&b, 1, disabled);
	assert_judged(&b, "vault-log", VERDICT_PASS, "no known fault", NULL);
	says(&b, 1, VAULT_SEALED);
	assert_judged(&b, "vault-log", VERDICT_FAIL, "vault-1: the seal's key is disabled",
	              "aws kms enable-key --region eu-west-1 --key-id arn:aws:kms:eu-west-1:1:key/k");
	assert_string_equal(b.f.evidence->name, "line");
	/* Unsealed since then: whatever closes it now, it is not that. */
	log_says(&b, 1, arena_printf(&b.mem, "%s" AT("06:05:00") "[INFO]  core: vault is unsealed\n", disabled));
	assert_judged(&b, "vault-log", VERDICT_PASS, "no known fault", NULL);
	/* The log of the container before tells why a crash loop's present one says nothing yet. */
	log_says(&b, 1, "");
	server(&b, 1)->log_before.read = true;
	server(&b, 1)->log_before.n = log_read(&b.mem, view_text("2026-11-24T06:00:00Z Error initializing storage of type dynamodb: "
	                                       "NoCredentialProviders: no valid providers in chain. Deprecated.\n"),
	                                       &server(&b, 1)->log_before.at);
	assert_judged(&b, "vault-log", VERDICT_FAIL, "vault-1: the pod has no AWS credentials", "kubectl delete pod --wait=false -n vault vault-1");
}

/* Without the right to forward a port nobody is heard; a line from before init must not be taken for today's state. */
static void logs_of_the_unheard_count_while_their_pods_are_not_ready(void **state)
{
	AUTO(bench) struct bench b;
	struct pod *pods;

	(void)state;
	bench_start(&b);
	pods = ARENA_ARRAY(&b.mem, struct pod, SERVERS);
	for (size_t i = 0; i < SERVERS; i++) {
		server(&b, i)->health_read = server(&b, i)->seal_read = false;
		pods[i] = (struct pod){ .name = server(&b, i)->name, .ready = true };
		log_says(&b, i, AT("06:00:00") "[ERROR] core: barrier init check failed: error=\"flag indicates Vault initialization is "
		                "still in progress\"\n");
	}
	b.d.pods = (struct pod_list){ .at = pods, .n = SERVERS };
	assert_judged(&b, "vault-log", VERDICT_PASS, "no known fault", NULL);
	pods[1].ready = false;
	assert_judged(&b, "vault-log", VERDICT_FAIL, "vault-1", NULL);
}

/* All are Ready, and nobody leads: 2.4 of the recorded faults. A lock that is taken and given back begins with good news. */
static void logs_count_while_nobody_leads(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	says(&b, 0, VAULT_STANDBY);
	for (size_t i = 0; i < SERVERS; i++)
		log_says(&b, i, AT("06:00:00") "[INFO]  core: vault is unsealed\n" AT("06:00:20") "[ERROR] core: leader advertisement setup failed:\n"
		                "2026-11-24T06:00:20Z   | AccessDeniedException: not authorized to perform: dynamodb:BatchWriteItem\n"
		                AT("06:00:22") "[INFO]  core: acquired lock, enabling active operation\n");
	assert_judged(&b, "vault-log", VERDICT_FAIL, "vault-0, vault-1, vault-2: the role may not dynamodb:BatchWriteItem",
	              "helm vault-aws apply");
}

static void a_running_fault_counts_while_it_is_fresh(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	/* NOW_S is 2026-11-24T06:00:00Z */
	log_says(&b, 0, AT("05:59:10") "[ERROR] core.autoseal: seal backend is completely unhealthy (all seal wrappers all unhealthy)\n");
	assert_judged(&b, "vault-log", VERDICT_WARN, "vault-0: KMS is lost", "kubectl vault-check kms -n vault");
	log_says(&b, 0, AT("05:50:10") "[ERROR] core.autoseal: seal backend is completely unhealthy (all seal wrappers all unhealthy)\n");
	assert_judged(&b, "vault-log", VERDICT_PASS, "no known fault", NULL);
	log_says(&b, 0, AT("05:59:10") "[WARN]  core: leadership lost, stopping active operation\n"
	                AT("05:59:12") "[INFO]  core: acquired lock, enabling active operation\n");
	assert_judged(&b, "vault-log", VERDICT_PASS, "no known fault", NULL);
}

static void unread_logs_are_not_clean_ones(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	for (size_t i = 0; i < SERVERS; i++) {
		server(&b, i)->log.read = false;
		server(&b, i)->log_why = "reading the log of 'vault-0': not allowed (403)";
		server(&b, i)->log_why_kind = ERR_DENIED;
	}
	assert_judged(&b, "vault-log", VERDICT_UNKNOWN, "not allowed (403)", NULL);
	assert_string_equal(b.f.right, "get on pods/log in the namespace 'vault'");
}

static void versions(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	server(&b, 2)->health.version = "1.21.2";
	assert_judged(&b, "vault-version", VERDICT_WARN, "different versions", "kubectl get pods");
	for (size_t i = 0; i < SERVERS; i++)
		server(&b, i)->health.version = "1.14.1";
	assert_judged(&b, "vault-version", VERDICT_FAIL, "IRSA does not work (as of 2026-11-24)", NULL);
	b.d.release.statefulset = json(&b, "{\"metadata\":{\"labels\":{\"helm.sh/chart\":\"vault-0.26.1\"}}}");
	for (size_t i = 0; i < SERVERS; i++)
		server(&b, i)->health.version = "1.21.1";
	assert_judged(&b, "vault-version", VERDICT_WARN, "chart 0.26.1: charts before 0.27.0", NULL);
}

static void certificates(void **state)
{
	static const struct { int64_t wall_s; const char *authority; enum verdict verdict; const char *cause; } cases[] = {
		{ NOW_S + 86400, NULL, VERDICT_WARN, "does not speak for vault-active.vault.svc" },
		{ NOW_S - 86400, NULL, VERDICT_FAIL, "of vault-1 is not valid yet" },
		{ INT64_C(4955000000), NULL, VERDICT_FAIL, "of vault-1 has expired (2126-10-31" },
		{ INT64_C(4949000000), NULL, VERDICT_WARN, "expires in 1" },
		{ NOW_S + 86400, authority_pem, VERDICT_WARN, "does not speak for" },
		{ NOW_S + 86400, other_pem, VERDICT_FAIL, "does not lead to '/ca.pem': unable to get local issuer certificate" },
		{ NOW_S + 86400, "garbage", VERDICT_FAIL, "does not lead to" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(bench) struct bench b;

		bench_start(&b);
		b.d.pods.n = 0;
		b.d.release.statefulset = json(&b, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"vault\",\"env\":[{\"name\":"
		                                   "\"VAULT_ADDR\",\"value\":\"https://127.0.0.1:8200\"}]}]}}}}");
		if (i == 0)
			assert_judged(&b, "vault-certificate", VERDICT_UNKNOWN, "no server showed a certificate", NULL);
		b.machine.wall_ms = cases[i].wall_s * 1000;
		if (cases[i].authority) {
			fake_host_env(&b.machine, "VAULT_CACERT", "/ca.pem");
			fake_host_file(&b.machine, "/ca.pem", cases[i].authority);
		}
		server(&b, 1)->chain = leaf_pem;
		assert_judged(&b, "vault-certificate", cases[i].verdict, cases[i].cause, NULL);
		server(&b, 1)->chain = "garbage";
		assert_judged(&b, "vault-certificate", VERDICT_FAIL, "cannot be read", NULL);
	}
}

static void audit_devices(void **state)
{
	static const struct { const char *audit; enum verdict verdict; const char *cause, *fix; } cases[] = {
		{ "{}", VERDICT_WARN, "no audit device", "vault audit enable file file_path=stdout" },
		{ "{\"file/\":{\"type\":\"file\",\"options\":{\"file_path\":\"/vault/audit/a.log\"}}}", VERDICT_WARN, "the only audit device",
		  "-path=stdout" },
		{ "{\"file/\":{\"type\":\"file\",\"options\":{\"file_path\":\"stdout\"}}}", VERDICT_PASS, "1 audit device is on", NULL },
		{ "{\"a/\":{\"type\":\"file\",\"options\":{\"file_path\":\"/x\"}},\"b/\":{\"type\":\"socket\"}}", VERDICT_PASS,
		  "2 audit devices are on", NULL },
	};
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		((struct diag_vault *)b.d.part[DIAG_VAULT])->audit = json(&b, cases[i].audit);
		assert_judged(&b, "vault-audit", cases[i].verdict, cases[i].cause, cases[i].fix);
		assert_true(!b.f.fix || !strstr(b.f.fix, "VAULT_TOKEN=s."));
	}
}

static void disks(void **state)
{
	static const struct { int left; enum verdict verdict; const char *fix; } cases[] = {
		{ 500, VERDICT_PASS, NULL }, { 149, VERDICT_WARN, "kubectl get pvc -n vault audit-vault-1" }, { 49, VERDICT_FAIL, "audit-vault-1" },
	};
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	b.d.release.statefulset = json(&b, "{\"spec\":{\"volumeClaimTemplates\":[{}]}}");
	assert_judged(&b, "vault-disk", VERDICT_UNKNOWN, "no kubelet told", NULL);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		server(&b, 1)->stats = json(&b, arena_printf(&b.mem, "{\"pods\":[{\"podRef\":{\"name\":\"vault-1\",\"namespace\":\"vault\"},\"volume\":["
		                            "{\"name\":\"tmp\",\"capacityBytes\":10,\"availableBytes\":0},{\"name\":\"audit\",\"capacityBytes\":1000,"
		                            "\"availableBytes\":%d,\"pvcRef\":{\"name\":\"audit-vault-1\"}}]}]}", cases[i].left));
		assert_judged(&b, "vault-disk", cases[i].verdict, "%", cases[i].fix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_well),
		cmocka_unit_test(a_silent_server_is_named),
		cmocka_unit_test(tls_where_http_is_said),
		cmocka_unit_test(not_initialized_is_no_fault_of_readiness),
		cmocka_unit_test(sealed_by_hand),
		cmocka_unit_test(who_leads),
		cmocka_unit_test(clocks),
		cmocka_unit_test(labels),
		cmocka_unit_test(the_service),
		cmocka_unit_test(logs_count_while_nobody_serves),
		cmocka_unit_test(logs_of_the_unheard_count_while_their_pods_are_not_ready),
		cmocka_unit_test(logs_count_while_nobody_leads),
		cmocka_unit_test(a_running_fault_counts_while_it_is_fresh),
		cmocka_unit_test(unread_logs_are_not_clean_ones),
		cmocka_unit_test(versions),
		cmocka_unit_test(certificates),
		cmocka_unit_test(audit_devices),
		cmocka_unit_test(disks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
