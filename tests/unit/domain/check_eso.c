/* External Secrets: what its events mean, where its keys lead, and what each fault is called. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/check_eso.h"
#include "domain/diag_base.h"
#include "fake/host.h"
#include "unit/domain/quoted.h"

#define NOW_MS INT64_C(1767355200000)   /* 2026-01-02T12:00:00Z */

/* ---- what the operator says ---- */

#define LOGIN "unable to log in to auth method: unable to log in with Kubernetes auth: Error making API request. URL: PUT " \
              "http://vault-active.vault.svc:8200/v1/auth/kubernetes/login "
#define READ "cannot read secret data from Vault: Error making API request. URL: GET http://v:8200/v1/secret/data/app "

static const struct {
	const char *message;
	enum eso_part part;
} messages[] = {
	{ LOGIN "Code: 400. Errors: * invalid role name \"nobody\"", ESO_ROLE },
	{ LOGIN "Code: 403. Errors: * namespace not authorized", ESO_NAMESPACE },
	{ LOGIN "Code: 403. Errors: * service account name not authorized", ESO_ACCOUNT },
	{ LOGIN "Code: 403. Errors: * invalid audience (aud) claim: audience claim does not match any expected audience", ESO_AUDIENCE },
	{ LOGIN "Code: 403. Errors: * permission denied", ESO_MOUNT },
	{ LOGIN "Code: 503. Errors: * Vault is sealed", ESO_SEALED },
	{ "cannot request Kubernetes service account token for service account \"ghost\": cannot get Kubernetes service account "
	  "\"ghost\": ServiceAccount \"ghost\" not found", ESO_NO_ACCOUNT },
	{ "Put \"http://vault-nowhere.vault.svc:8200/v1/auth/kubernetes/login\": dial tcp: lookup vault-nowhere.vault.svc on 10.96.0.10:53: "
	  "no such host", ESO_SERVER },
	{ "Put \"https://v:8200/v1/auth/kubernetes/login\": http: server gave HTTP response to HTTPS client", ESO_SCHEME },
	{ "Put \"https://v:8200/v1\": tls: failed to verify certificate: x509: certificate signed by unknown authority", ESO_TLS },
	{ "Put \"http://v:8200/v1\": dial tcp 10.0.0.1:8200: connect: connection refused", ESO_UNREACHABLE },
	{ "Put \"http://v:8200/v1\": dial tcp 10.0.0.1:8200: i/o timeout", ESO_UNREACHABLE },
	{ "invalid vault credentials: Error making API request", ESO_TOKEN },
	{ READ "Code: 403. Errors: * 1 error occurred: * permission denied", ESO_POLICY },
	{ "error processing spec.data[0] (key: app/x), err: Secret does not exist", ESO_ABSENT },
	{ "cannot find secret data for key: \"absent\"", ESO_PROPERTY },
	{ "could not get ClusterSecretStore \"no-store\", ClusterSecretStore.external-secrets.io \"no-store\" not found", ESO_NO_STORE },
	{ "error processing spec.data[0] (key: app), err: ClusterSecretStore \"X\" is not ready", ESO_STORE },
	{ "something nobody has seen", ESO_OTHER },
	{ NULL, ESO_OTHER },
};

static void messages_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(messages); i++)
		if (eso_cause_of(messages[i].message)->part != messages[i].part)
			fail_msg("%s: %s", messages[i].message, eso_cause_of(messages[i].message)->text);
}

static const struct {
	const char *path, *key, *request;
	enum kv_flaw flaw;
	const char *bare;
} keys[] = {
	{ "secret", "app/database", "secret/data/app/database", KV_FINE, "app/database" },
	{ "secret", "secret/app/database", "secret/data/app/database", KV_FINE, "app/database" },
	{ "secret", "secret/data/app/database", "secret/data/app/database", KV_FINE, "app/database" },
	{ "secret", "data/app/database", "secret/data/data/app/database", KV_KEY_DATA, "app/database" },
	{ "secret", "metadata/app", "secret/data/metadata/app", KV_KEY_METADATA, "app" },
	{ "secret", "database", "secret/data/database", KV_FINE, "database" },
	{ "secret", "secrets/x", "secret/data/secrets/x", KV_FINE, "secrets/x" },
	{ "secret/data", "app", "secret/data/data/app", KV_PATH_DATA, "app" },
	{ "team/kv", "team/kv/app", "team/kv/data/app", KV_FINE, "app" },
	{ NULL, "secret/app/database", "secret/data/app/database", KV_FINE, NULL },
	{ NULL, "secret/data/app", "secret/data/app", KV_FINE, NULL },
	{ NULL, "database", "database", KV_NO_PATH, NULL },
};

static void keys_lead_where_the_operator_goes(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const char *bare;

		assert_text(kv_request(&a, keys[i].path, keys[i].key), keys[i].request);
		if (kv_lint(&a, keys[i].path, keys[i].key, &bare) != keys[i].flaw)
			fail_msg("%s with %s", keys[i].key, keys[i].path ? keys[i].path : "no path");
		if (keys[i].bare)
			assert_text(bare, keys[i].bare);
	}
}

/* ---- the whole ---- */

#define READY(is, reason, message) \
	"'status':{'refreshTime':'2026-01-02T11:59:00Z','conditions':[{'type':'Ready','status':'" is "','reason':'" reason "','message':'" message "'}]}"
#define FINE READY("True", "Valid", "store validated")
#define STORE(name, vault, status) \
	"{'metadata':{'name':'" name "','uid':'u-" name "'},'spec':{'provider':{'vault':{" vault "}}}," status "}"
#define VAULT(server, path, reference) \
	"'server':'" server "','path':'" path "','version':'v2','auth':{'kubernetes':{'mountPath':'kubernetes','role':'app'," \
	"'serviceAccountRef':{" reference "}}}"
#define ACCOUNT "'name':'external-secrets','namespace':'external-secrets','audiences':['vault']"
#define GOOD VAULT("http://vault-active.vault.svc:8200", "secret", ACCOUNT)
#define SECRET(name, key, status) \
	"{'metadata':{'name':'" name "','namespace':'apps','uid':'u-" name "'},'spec':{'refreshInterval':'1h','secretStoreRef':{" \
	"'kind':'ClusterSecretStore','name':'vault'},'data':[{'secretKey':'p','remoteRef':{'key':'" key "','property':'password'}}]}," status "}"
#define SYNCED READY("True", "SecretSynced", "secret synced")
#define FAILS READY("False", "SecretSyncedError", "could not get secret data from provider")
#define EVENT(uid, at, message) "{'involvedObject':{'uid':'" uid "'},'lastTimestamp':'" at "','message':'" message "'}"
#define STORE_SAYS(message) \
	"{'stores':[" STORE("vault", GOOD, READY("False", "InvalidProviderConfig", "unable to create client")) "],'store_events':[" \
	EVENT("u-vault", "2026-01-02T11:00:00Z", "old") "," EVENT("u-vault", "2026-01-02T11:58:00Z", message) "," \
	EVENT("u-other", "2026-01-02T11:59:00Z", "of another") "]}"
#define SECRET_SAYS(message) \
	"{'secrets':[" SECRET("db", "app/db", SYNCED) "," SECRET("web", "app/web", FAILS) "],'secret_events':[" \
	EVENT("u-web", "2026-01-02T11:58:00Z", message) "]}"

static const char healthy[] =
	"{'serves':['v1'],'operator':[{'metadata':{'name':'external-secrets','namespace':'external-secrets'},'spec':{'replicas':1,'template':{"
	"'spec':{'serviceAccountName':'external-secrets','containers':[{'image':'e:v0.20.4','args':[]}]}}},'status':{'readyReplicas':1}}],"
	"'stores':[" STORE("vault", GOOD, FINE) "," STORE("elsewhere", VAULT("https://vault.example.com", "kv", ACCOUNT), FAILS) "],"
	"'secrets':[" SECRET("db", "app/db", SYNCED) "],'store_events':[],'secret_events':[]}";

struct scene {
	struct arena mem;
	struct fake_host files;
	struct host host;
	struct diag d;
	struct finding f;
};

static struct diag_list list_of(const struct value *v, const char *name)
{
	return (struct diag_list){ .items = (struct value *)value_get(v, name), .read = true };
}

static void fill_part(struct diag *d, const struct value *v)
{
	struct diag_eso *p = diag_part(d, DIAG_ESO, sizeof(*p));
	const struct value *serves = value_get(v, "serves");

	p->group_read = true;
	p->absent = !serves;
	for (size_t i = 0; serves && i < serves->n; i++) {
		p->serves_v1 |= text_same(serves->items[i]->text, "v1");
		p->serves_v1beta1 |= text_same(serves->items[i]->text, "v1beta1");
	}
	p->version = p->serves_v1 ? "v1" : p->serves_v1beta1 ? "v1beta1" : NULL;
	p->deployments = list_of(v, "operator");
	p->cluster_stores = list_of(v, "stores");
	p->secrets = list_of(v, "secrets");
	p->login[0] = (struct eso_login){ .why = value_text_or(v, "login", NULL), .accepted = !value_get(v, "login") };
	if (text_same(p->login[0].why, ""))
		p->login[0].why = NULL;
	p->events[0] = list_of(v, "store_events");
	p->events[2] = list_of(v, "secret_events");
}

static void judge(struct scene *s, const char *id, const char *patch)
{
	struct value *v = quoted(&s->mem, healthy);
	const struct check *check = check_find(id);

	merge_patch(&s->mem, v, quoted(&s->mem, patch));
	s->files.wall_ms = NOW_MS;
	s->host = fake_host(&s->files);
	s->d = (struct diag){
		.mem = &s->mem, .host = &s->host, .facts = { .tls_disable = "true" },
		.release = { .name = "vault", .namespace_ = "vault", .fullname = "vault", .service_account = "vault", .replicas = 3 },
	};
	fill_part(&s->d, v);
	s->f = (struct finding){ .check = check, .mem = &s->mem, .cause = "" };
	s->f.verdict = check->judge(&s->d, &s->f);
}

static const struct {
	const char *id, *patch;
	enum verdict verdict;
	const char *cause, *fix;     /* pieces; NULL: none is looked for */
} cases[] = {
	{ "eso-operator", "{'serves':null,'operator':[]}", VERDICT_INFO, "not installed", NULL },
	{ "eso-operator", "{'operator':[]}", VERDICT_FAIL, "no operator", "helm upgrade --install external-secrets" },
	{ "eso-operator", "{'operator':[],'stores':[],'secrets':[]}", VERDICT_INFO, "no operator", NULL },
	{ "eso-operator", "{'operator':[{'metadata':{'name':'e','namespace':'n'},'spec':{'replicas':0}}]}", VERDICT_FAIL, "no ready pod",
	  "kubectl scale deployment -n n e --replicas=1" },
	{ "eso-operator", "{'serves':null}", VERDICT_FAIL, "CustomResourceDefinitions are not", "kubectl apply --server-side" },
	{ "eso-versions", "{'serves':['v1beta1']}", VERDICT_WARN, "no external-secrets.io/v1", "helm upgrade" },
	{ "eso-versions", "{'serves':null}", VERDICT_SKIP, "not installed", NULL },
	{ "eso-old-objects", "{'secrets':[{'metadata':{'name':'old','namespace':'apps','managedFields':[{'apiVersion':'external-secrets.io/v1beta1',"
	  "'manager':'argocd-controller'}]}}]}", VERDICT_FAIL, "not served any more", "kubectl get -n apps externalsecret old -o yaml | kubectl apply -f -" },
	{ "eso-old-objects", "{'serves':['v1','v1beta1'],'stores':[{'metadata':{'name':'vault','annotations':{"
	  "'kubectl.kubernetes.io/last-applied-configuration':'external-secrets.io/v1beta1'}}}]}", VERDICT_WARN, "0.17", "clustersecretstore vault" },
	{ "eso-old-objects", "{'secrets':[{'metadata':{'name':'old','namespace':'apps','managedFields':[{'apiVersion':'external-secrets.io/v1beta1',"
	  "'manager':'kubectl','time':'2026-01-01T00:00:00Z'},{'apiVersion':'external-secrets.io/v1','manager':'kubectl',"
	  "'time':'2026-01-02T00:00:00Z'}]}}]}", VERDICT_PASS, NULL, NULL },
	/* stores */
	{ "eso-store-server", "{'stores':[" STORE("vault", VAULT("http://vault.vault.svc:8200", "secret", ACCOUNT), FINE) "]}", VERDICT_WARN,
	  "sealed and restarting", "http://vault-active.vault.svc:8200" },
	{ "eso-store", STORE_SAYS(LOGIN "Code: 400. Errors: * invalid role name"), VERDICT_FAIL, "the role does not exist in Vault (role 'app')",
	  "vault write auth/kubernetes/role/app bound_service_account_names=external-secrets bound_service_account_namespaces=external-secrets "
	  "token_policies=app audience=vault" },
	{ "eso-store", STORE_SAYS(LOGIN "Code: 403. Errors: * namespace not authorized"), VERDICT_FAIL, "another namespace",
	  "bound_service_account_namespaces=external-secrets" },
	{ "eso-store", STORE_SAYS(LOGIN "Code: 403. Errors: * service account name not authorized"), VERDICT_FAIL, "another service account",
	  "bound_service_account_names=external-secrets" },
	{ "eso-store", STORE_SAYS(LOGIN "Code: 403. Errors: * invalid audience (aud) claim"), VERDICT_FAIL, "audience", "role/app audience=vault" },
	{ "eso-store", "{'stores':[" STORE("vault", VAULT("http://vault-active.vault.svc:8200", "secret", "'name':'e','namespace':'n'"),
	  READY("False", "InvalidProviderConfig", "invalid audience")) "]}", VERDICT_FAIL, "audience", "audiences" },
	{ "eso-store", STORE_SAYS("cannot get Kubernetes service account"), VERDICT_FAIL, "does not exist", "serviceAccountRef" },
	{ "eso-store", STORE_SAYS("dial tcp: lookup vault-nowhere"), VERDICT_FAIL, "not known in the cluster", "\"server\":\"http://vault-active.vault.svc:8200\"" },
	{ "eso-store", STORE_SAYS("/login Code: 403 permission denied"), VERDICT_FAIL, "may not review tokens", "cluster-reviewer" },
	{ "eso-store", "{'stores':[" STORE("elsewhere", VAULT("https://vault.example.com", "kv", ACCOUNT), FAILS) "]}", VERDICT_SKIP,
	  "no store of External Secrets leads to this Vault", NULL },
	{ "eso-store", "{'serves':null}", VERDICT_SKIP, "not installed", NULL },
	/* a login tried from here; where it was refused, it says more than an old event */
	{ "eso-store", "{'stores':[" STORE("vault", GOOD, READY("False", "InvalidProviderConfig", "unable to create client")) "],"
	  "'login':'/login Code: 403. Errors: Vault says 403: service account name not authorized'}", VERDICT_FAIL, "another service account",
	  "bound_service_account_names" },
	{ "eso-login", "{'login':'/login Code: 403. Errors: Vault says 403: namespace not authorized'}", VERDICT_FAIL,
	  "the login of the ClusterSecretStore 'vault' is refused: the role is bound to another namespace", "bound_service_account_namespaces" },
	{ "eso-login", "{'login':'the pod vault-0 does not listen on port 8200'}", VERDICT_UNKNOWN, "could not be tried", NULL },
	{ "eso-login", "{'login':''}", VERDICT_SKIP, "no store logs in", NULL },
	/* keys */
	{ "eso-path", "{'secrets':[" SECRET("web", "data/app/web", FAILS) "]}", VERDICT_FAIL, "asks for 'secret/data/data/app/web'",
	  "{\"op\":\"replace\",\"path\":\"/spec/data/0/remoteRef/key\",\"value\":\"app/web\"}" },
	{ "eso-path", "{'secrets':[" SECRET("web", "data/app/web", SYNCED) "]}", VERDICT_PASS, NULL, NULL },
	{ "eso-path", "{'stores':[" STORE("vault", VAULT("http://vault-active.vault.svc:8200", "secret/data", ACCOUNT), FINE) "],'secrets':["
	  SECRET("web", "app/web", FAILS) "]}", VERDICT_FAIL, "ends in /data", "\"path\":\"secret\"" },
	/* secrets */
	{ "eso-secrets", SECRET_SAYS(READ "Code: 403. Errors: * permission denied"), VERDICT_FAIL,
	  "1 of 2 ExternalSecrets fail, of 1 cause: the role's policies do not allow the path", "path \"secret/data/app/web\" { capabilities = [\"read\"] }" },
	{ "eso-secrets", SECRET_SAYS("Secret does not exist"), VERDICT_FAIL, "no secret at the path", "vault kv put -mount=secret app/web password=-" },
	{ "eso-secrets", SECRET_SAYS("cannot find secret data for key: password"), VERDICT_FAIL, "no such property", "vault kv patch -mount=secret app/web password=-" },
	{ "eso-secrets", "{'secrets':[" SECRET("db", "app/db", FAILS) "," SECRET("web", "app/web", FAILS) "],'secret_events':["
	  EVENT("u-db", "2026-01-02T11:58:00Z", "Secret does not exist") "," EVENT("u-web", "2026-01-02T11:58:00Z", "cannot find secret data for key")
	  "]}", VERDICT_FAIL, "2 of 2 ExternalSecrets fail, of 2 causes", "force-sync" },
	{ "eso-secrets", "{'secrets':[{'metadata':{'name':'x','namespace':'apps','uid':'u-x'},'spec':{'secretStoreRef':{'kind':'ClusterSecretStore',"
	  "'name':'nobody'}}," FAILS "}]}", VERDICT_FAIL, "the store does not exist", "\"name\":\"vault\"" },
	{ "eso-stale", "{'secrets':[{'metadata':{'name':'db','namespace':'apps'},'spec':{'refreshInterval':'1h','secretStoreRef':{'kind':"
	  "'ClusterSecretStore','name':'vault'}},'status':{'refreshTime':'2026-01-02T09:50:00Z'}}]}", VERDICT_WARN, "more than two intervals",
	  "kubectl rollout restart deployment -n external-secrets external-secrets" },
	{ "eso-stale", "{'secrets':[{'metadata':{'name':'db','namespace':'apps'},'spec':{'refreshInterval':'0','secretStoreRef':{'kind':"
	  "'ClusterSecretStore','name':'vault'}},'status':{'refreshTime':'2020-01-02T09:50:00Z'}}]}", VERDICT_PASS, NULL, NULL },
	{ "eso-refresh", "{'secrets':[{'metadata':{'name':'db','namespace':'apps'},'spec':{'refreshInterval':'500ms','secretStoreRef':{'kind':"
	  "'ClusterSecretStore','name':'vault'}}}]}", VERDICT_WARN, "120 times a minute", "refreshInterval" },
};

static void faults_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s = {0};

		judge(&s, cases[i].id, cases[i].patch);
		if (s.f.verdict != cases[i].verdict)
			fail_msg("case %zu, %s: %s: %s", i, cases[i].id, verdict_name(s.f.verdict), s.f.cause);
		if (cases[i].cause && !strstr(s.f.cause, cases[i].cause))
			fail_msg("case %zu, %s: the cause is: %s", i, cases[i].id, s.f.cause);
		if (cases[i].fix && (!s.f.fix || !strstr(s.f.fix, cases[i].fix)))
			fail_msg("case %zu, %s: the fix is: %s", i, cases[i].id, s.f.fix ? s.f.fix : "none");
		if (cases[i].verdict == VERDICT_FAIL)
			assert_non_null(s.f.fix);
		fake_host_release(&s.files);
		arena_release(&s.mem);
	}
}

static void the_healthy_one_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < eso_family.n_checks; i++) {
		struct scene s = {0};

		judge(&s, eso_family.checks[i].id, "{}");
		if (s.f.verdict != VERDICT_PASS)
			fail_msg("%s: %s: %s", eso_family.checks[i].id, verdict_name(s.f.verdict), s.f.cause);
		assert_true(*s.f.cause);
		assert_null(s.f.fix);
		fake_host_release(&s.files);
		arena_release(&s.mem);
	}
}

static const struct {
	const char *server;
	bool ours;
} servers[] = {
	{ "http://vault-active.vault.svc:8200", true },
	{ "http://vault.vault:8200/", true },
	{ "https://vault-0.vault-internal.vault.svc.cluster.local:8200", true },
	{ "http://vault-active.other.svc:8200", false },
	{ "http://bank.vault.svc:8200", false },
	{ "https://vault.example.com", false },
	{ "vault-active.vault.svc", false },
	{ "", false },
	{ NULL, false },
};

static void servers_are_told_apart(void **state)
{
	struct diag d = { .release = { .namespace_ = "vault", .fullname = "vault" } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(servers); i++)
		if (eso_server_is_ours(&d, servers[i].server) != servers[i].ours)
			fail_msg("%s", servers[i].server ? servers[i].server : "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_understood),
		cmocka_unit_test(keys_lead_where_the_operator_goes),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(the_healthy_one_passes),
		cmocka_unit_test(servers_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
