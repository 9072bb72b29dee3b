/* Manifests looked at and mended: what is found where, and that nothing but the words that were meant is changed. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/eso_audit.h"
#include "domain/eso_manifest.h"
#include "fake/host.h"
#include "unit/domain/quoted.h"

#define STORE(version, path) \
	"apiVersion: external-secrets.io/" version "\nkind: ClusterSecretStore\nmetadata: {name: vault}\nspec:\n  provider:\n    vault:\n" \
	"      path: " path "\n"
#define SECRET(version, interval, key) \
	"apiVersion: external-secrets.io/" version "\nkind: ExternalSecret\nmetadata: {name: db, namespace: apps}\nspec:\n" \
	"  refreshInterval: " interval "\n  secretStoreRef: {kind: ClusterSecretStore, name: vault}\n  data:\n" \
	"  - remoteRef: {key: " key "}\n"

/* Findings as "rule line:column from>to", one a line; "-": nothing is put in its place. */
static const struct {
	const char *name, *text, *findings, *mended;   /* mended NULL: as it was */
} cases[] = {
	{ "all is well", STORE("v1", "secret") "---\n" SECRET("v1", "1h", "app/db"), "", NULL },
	{ "the old version", STORE("v1beta1", "secret"),
	  "version 1:13 external-secrets.io/v1beta1>external-secrets.io/v1\n", STORE("v1", "secret") },
	{ "in both documents, with comments and quotes",
	  "# first\n" STORE("v1beta1", "secret # data/app/db") "---  # second\n" SECRET("v1beta1", "1h", "'data/app/db'"),
	  "version 2:13 external-secrets.io/v1beta1>external-secrets.io/v1\n"
	  "version 10:13 external-secrets.io/v1beta1>external-secrets.io/v1\npath 17:22 data/app/db>app/db\n",
	  "# first\n" STORE("v1", "secret # data/app/db") "---  # second\n" SECRET("v1", "1h", "'app/db'") },
	{ "the engine's path in front, and data/ behind it", STORE("v1", "secret") "---\n" SECRET("v1", "1h", "secret/data/data/app"),
	  "path 16:22 secret/data/data/app>app\n", STORE("v1", "secret") "---\n" SECRET("v1", "1h", "app") },
	{ "metadata/ is for the writer to mend", STORE("v1", "secret") "---\n" SECRET("v1", "1h", "metadata/app"),
	  "path 16:22 metadata/app>-\n", NULL },
	{ "a store's path", STORE("v1", "\"team/kv/data\"  # hm") "---\n" SECRET("v1", "1h", "app"),
	  "path 7:13 team/kv/data>team/kv\n", STORE("v1", "\"team/kv\"  # hm") "---\n" SECRET("v1", "1h", "app") },
	{ "a key whose store is not there is nobody's", SECRET("v1", "1h", "data/app"), "", NULL },
	{ "too often", STORE("v1", "secret") "---\n" SECRET("v1", "10s", "app"), "interval 13:20 ->-\n", NULL },
	{ "never again is not often", STORE("v1", "secret") "---\n" SECRET("v1", "0", "app"), "", NULL },
	{ "more than an umlaut before it", STORE("v1", "secret") "---\n"
	  "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: ä}, spec: {secretStoreRef: {kind: ClusterSecretStore, "
	  "name: vault}, data: [{secretKey: \"öß→\", remoteRef: {key: data/x}}]}}\n",
	  "path 9:188 data/x>x\n", STORE("v1", "secret") "---\n"
	  "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: ä}, spec: {secretStoreRef: {kind: ClusterSecretStore, "
	  "name: vault}, data: [{secretKey: \"öß→\", remoteRef: {key: x}}]}}\n" },
	{ "a list, and lines that end in CR LF",
	  "kind: List\r\nitems:\r\n- apiVersion: external-secrets.io/v1beta1\r\n  kind: SecretStore\r\n",
	  "version 3:15 external-secrets.io/v1beta1>external-secrets.io/v1\n",
	  "kind: List\r\nitems:\r\n- apiVersion: external-secrets.io/v1\r\n  kind: SecretStore\r\n" },
	{ "JSON", "{\"apiVersion\": \"external-secrets.io/v1beta1\",\n \"kind\": \"ExternalSecret\"}",
	  "version 1:16 external-secrets.io/v1beta1>external-secrets.io/v1\n",
	  "{\"apiVersion\": \"external-secrets.io/v1\",\n \"kind\": \"ExternalSecret\"}" },
	{ "an anchor and its alias are one word", "kind: List\nitems:\n- {apiVersion: &v external-secrets.io/v1beta1, kind: SecretStore}\n"
	  "- {apiVersion: *v, kind: SecretStore}\n",
	  "version 3:16 external-secrets.io/v1beta1>external-secrets.io/v1\nversion 3:16 external-secrets.io/v1beta1>external-secrets.io/v1\n",
	  "kind: List\nitems:\n- {apiVersion: &v external-secrets.io/v1, kind: SecretStore}\n- {apiVersion: *v, kind: SecretStore}\n" },
	{ "others' objects and other versions", "apiVersion: v1\nkind: Secret\n---\napiVersion: external-secrets.io/v1alpha1\nkind: PushSecret\n"
	  "---\n- a list\n---\n", "", NULL },
	{ "v1beta1 in a block text is no object", "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    apiVersion: external-secrets.io/v1beta1\n",
	  "", NULL },
};

static void list_findings(const struct eso_audit *audit, struct buf *out)
{
	for (size_t i = 0; i < audit->n; i++) {
		const struct eso_finding *f = &audit->at[i];

		buf_printf(out, "%s %u:%u %s>%s\n", eso_rule_name(f->rule), f->mark.line, f->mark.column, f->from ? f->from : "-",
		           f->to ? f->to : "-");
	}
}

static void words_are_found_and_mended(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(arena) struct arena mem = ARENA_INIT;
		AUTO(fake_host) struct fake_host files = {0};
		AUTO(buf) struct buf found = BUF_MAX(1 << 16), text = BUF_MAX(1 << 16);
		AUTO(err) struct err e = {0};
		struct host host = fake_host(&files);
		struct eso_audit audit = { .mem = &mem };
		struct value *objects = value_new_list(&mem);
		struct manifest m;

		fake_host_file(&files, "a.yaml", cases[i].text);
		if (manifest_read(&m, &mem, &host, "a.yaml", objects, &e) < 0)
			fail_msg("%s: %s", cases[i].name, e.text);
		eso_audit_objects(&audit, objects);
		list_findings(&audit, &found);
		if (!text_same(buf_str(&found), cases[i].findings))
			fail_msg("%s:\n%s", cases[i].name, buf_str(&found));
		for (size_t k = 0; k < audit.n; k++)
			assert_true(!audit.at[k].to || manifest_edit(&m, &audit.at[k].mark, audit.at[k].from, audit.at[k].to));
		manifest_text(&m, &text);
		if (!text_same(buf_str(&text), cases[i].mended ? cases[i].mended : cases[i].text))
			fail_msg("%s:\n%s", cases[i].name, buf_str(&text));
	}
}

static void a_word_in_another_form_is_left(void **state)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(fake_host) struct fake_host files = {0};
	AUTO(err) struct err e = {0};
	struct host host = fake_host(&files);
	struct value *objects = value_new_list(&mem);
	struct manifest m;

	(void)state;
	fake_host_file(&files, "a.yaml", "key: \"data\\x2fapp\"   # data/app\n");
	assert_int_equal(manifest_read(&m, &mem, &host, "a.yaml", objects, &e), 0);
	assert_text(value_text_or(objects->items[0], "key", ""), "data/app");
	assert_false(manifest_edit(&m, &value_get(objects->items[0], "key")->mark, "data/app", "app"));
	assert_int_equal(m.n_changes, 0);
}

/* Every document that is none, each with the line where it really stands. */
static void what_is_no_yaml_says_where(void **state)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(fake_host) struct fake_host files = {0};
	AUTO(err) struct err e = {0};
	struct host host = fake_host(&files);
	struct value *objects = value_new_list(&mem);
	struct manifest m;

	(void)state;
	fake_host_file(&files, "t.yaml", "a: 1\n---\nname: {{ .Values.name }}\n---\nb: 1\n---\nc: [1\n");
	assert_int_equal(manifest_read(&m, &mem, &host, "t.yaml", objects, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_int_equal(err_count(&e), 2);
	assert_true(text_starts(e.text, "t.yaml:3:"));
	assert_non_null(strstr(e.hint, "helm template"));
	assert_true(text_starts(e.more->text, "t.yaml:8:1"));
	assert_null(e.more->hint);
}

/* 61 of one minute each: none of them is too often by itself. */
static void many_together_are_a_load(void **state)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct eso_audit audit = { .mem = &mem }, cached = { .mem = &mem, .tokens_cached = true };
	struct value *objects = value_new_list(&mem);

	(void)state;
	for (int i = 0; i < 61; i++)
		value_push(&mem, objects, quoted(&mem, "{'apiVersion':'external-secrets.io/v1','kind':'ExternalSecret',"
		                                       "'metadata':{'name':'a','namespace':'b'},'spec':{'refreshInterval':'1m'}}"));
	eso_audit_objects(&audit, objects);
	assert_int_equal(audit.n, 1);
	assert_int_equal(audit.at[0].rule, ESO_RULE_LOAD);
	assert_non_null(strstr(audit.at[0].text, "61 times a minute"));
	eso_audit_objects(&cached, objects);
	assert_int_equal(cached.n, 0);
}

#define LIVE(kind, more) "{'apiVersion':'external-secrets.io/v1','kind':'" kind "'," more "}"

/* Read as v1 whatever it was written as; what is synchronised is right, however odd its key looks. */
static void live_objects_say_who_wrote_them(void **state)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct eso_audit audit = { .mem = &mem, .path = "secret" };

	(void)state;
	eso_audit_objects(&audit, quoted(&mem, "["
		LIVE("ExternalSecret", "'metadata':{'name':'a','namespace':'n','managedFields':[{'manager':'argocd','apiVersion':"
		     "'external-secrets.io/v1beta1'}]},'spec':{'data':[{'remoteRef':{'key':'data/x'}}]},"
		     "'status':{'conditions':[{'type':'Ready','status':'True'}]}") ","
		LIVE("ExternalSecret", "'metadata':{'name':'b','namespace':'n'},'spec':{'dataFrom':[{'extract':{'key':'data/x'}}]}") ","
		LIVE("ClusterExternalSecret", "'metadata':{'name':'c'},'spec':{'externalSecretSpec':{'refreshInterval':'5s','data':"
		     "[{'remoteRef':{'key':'data/y'}}]}}") "]"));
	assert_int_equal(audit.n, 4);
	assert_text(audit.at[0].object, "ExternalSecret n/a");
	assert_non_null(strstr(audit.at[0].text, "written as v1beta1 by 'argocd'"));
	assert_null(audit.at[0].to);
	assert_text(audit.at[1].object, "ExternalSecret n/b");
	assert_non_null(strstr(audit.at[1].text, "asks Vault for 'secret/data/data/x'"));
	assert_text(audit.at[2].object, "ClusterExternalSecret c");
	assert_int_equal(audit.at[3].rule, ESO_RULE_INTERVAL);
}

#define OF(server, path, version) \
	LIVE("ClusterSecretStore", "'metadata':{'name':'" path "'},'spec':{'provider':{'vault':{'server':'" server "','path':'" path "'," \
	     "'version':'" version "'}}}")

/* By what is mounted in our own Vault; what others have is not known. */
static void stores_are_held_against_the_real_mounts(void **state)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct eso_audit audit = { .mem = &mem, .server = "vault-active.vault.svc" };

	(void)state;
	audit.engines = quoted(&mem, "{'secret/':{'type':'kv','options':{'version':'2'}},'old/':{'type':'kv','options':null},"
	                             "'sys/':{'type':'system'}}");
	eso_audit_objects(&audit, quoted(&mem, "["
		OF("http://vault-active.vault.svc:8200", "secret", "v2") "," OF("http://vault-active.vault.svc:8200", "old", "v1") ","
		OF("http://vault-active.vault.svc.cluster.local", "secert", "v2") "," OF("http://vault-active.vault.svc:8200", "sys", "v2") ","
		OF("http://vault-active.vault.svc:8200", "old", "v2") "," OF("http://vault-active.vault.svc2:8200", "none", "v2") ","
		OF("https://vault.example.com", "none", "v2") "]"));
	assert_int_equal(audit.n, 3);
	assert_text(audit.at[0].text, "no secrets engine is mounted at 'secert'");
	assert_text(audit.at[0].to, "secret");
	assert_text(audit.at[1].text, "the engine at 'sys' is of type 'system', and no kv");
	assert_text(audit.at[2].text, "the engine at 'old' has version 1, and the store says v2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found_and_mended),
		cmocka_unit_test(a_word_in_another_form_is_left),
		cmocka_unit_test(what_is_no_yaml_says_where),
		cmocka_unit_test(many_together_are_a_load),
		cmocka_unit_test(stores_are_held_against_the_real_mounts),
		cmocka_unit_test(live_objects_say_who_wrote_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
