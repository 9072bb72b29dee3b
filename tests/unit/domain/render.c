/* What helm renders with the user's values must still tie Vault to its table, its key and its service account. */
#include "domain/install_steps.h"

#include "domain/vault_config.h"
#include "formats/json.h"
#include "unit/domain/fixture.h"
#include "unit/domain/quoted.h"
#include "unit/unit.h"

#define KEY      "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
#define STAND_IN "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"

struct stage {
	struct given given;
	struct install install;
	struct world w;
	const char *container;       /* of the server; NULL: none is rendered */
};

static void stage_init(struct stage *s)
{
	struct given *g = &s->given;

	given_init(g);
	if (GIVE_ALL(g, NULL) < 0)
		fail_msg("%s", g->e.text);
	s->install = (struct install){ .chart = "vault" };
	s->container = NULL;
	s->w = (struct world){ .mem = &g->mem, .inputs = &g->in, .install = &s->install };
	assert_int_equal(want_fill(&g->mem, &g->in, &s->w.want, &g->e), 0);
}

static void stage_release(struct stage *s)
{
	given_release(&s->given);
}
SCOPE_END(stage, struct stage, stage_release(v))

/* helm's answer to the dry run: a ConfigMap with this key, and a StatefulSet whose pods have this account. */
static enum heard hear(struct stage *s, const char *key, const char *account)
{
	struct arena *a = &s->given.mem;
	struct value *release = value_new_map(a), *map = value_new_map(a), *set = value_new_map(a);
	struct reply reply = { .body = BUF_MAX(1 << 20) };
	AUTO(buf) struct buf manifest = BUF_MAX(1 << 20);
	enum heard heard;

	value_put(a, map, "kind", value_new_text(a, "ConfigMap"));
	value_set_text(a, value_set(a, map, "data", value_new_map(a)), "extraconfig-from-values.hcl",
	               vault_config_print(a, &s->w.want, key));
	value_put(a, set, "kind", value_new_text(a, "StatefulSet"));
	value_put(a, set, "metadata.name", value_new_text(a, "vault"));
	value_put(a, set, "spec.template.metadata.labels.component", value_new_text(a, "server"));
	value_put(a, set, "spec.template.spec.serviceAccountName", value_new_text(a, account));
	if (s->container)
		value_push(a, value_set(a, (struct value *)value_at(set, "spec.template.spec"), "containers", value_new_list(a)),
		           quoted(a, s->container));
	buf_text(&manifest, "---\n");
	va_json_print(&manifest, map, false);
	buf_text(&manifest, "\n---\n");
	va_json_print(&manifest, set, false);
	value_set_text(a, release, "manifest", buf_str(&manifest));
	va_json_print(&reply.body, release, false);
	heard = hear_render(&s->w, 0, &reply, &s->given.e);
	reply_release(&reply);
	return heard;
}

static void the_key_in_use_is_taken(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s);
	s.w.key.arn = KEY;
	assert_int_equal(hear(&s, KEY, "vault"), HEARD_DONE);
	assert_string_equal(s.install.fullname, "vault");
}

/* Rendered with a stand-in before the key was known; the key's read ended while helm ran. */
static void a_stand_in_is_no_other_key(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s);
	assert_int_equal(hear(&s, STAND_IN, "vault"), HEARD_DONE);
	s.w.key.arn = KEY;
	assert_int_equal(hear(&s, STAND_IN, "vault"), HEARD_DONE);
}

static void another_key_is_refused_with_both(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s);
	s.w.key.arn = KEY;
	assert_int_equal(hear(&s, "alias/mine", "vault"), HEARD_REFUSED);
	assert_int_equal(s.given.e.kind, ERR_CONFIG);
	assert_non_null(strstr(s.given.e.text, KEY));
	assert_non_null(strstr(s.given.e.text, "alias/mine"));
}

static void another_account_is_refused_with_both(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s);
	s.w.key.arn = KEY;
	assert_int_equal(hear(&s, KEY, "default"), HEARD_REFUSED);
	assert_non_null(strstr(s.given.e.text, "'default'"));
	assert_non_null(strstr(s.given.e.text, "'vault'"));
}

#define ADDRESS(scheme) "'env':[{'name':'VAULT_ADDR','value':'" scheme "://127.0.0.1:8200'}]"
#define MOUNT           "'volumeMounts':[{'name':'tls','mountPath':'/vault/tls'}]"

/* What the listener has, the pods must go by. */
static void the_pods_must_agree_with_the_listener(void **state)
{
	static const struct { enum tls_mode tls; const char *container; size_t problems; } cases[] = {
		{ TLS_OFF, "{" ADDRESS("http") "}", 0 }, { TLS_OWN, "{" ADDRESS("https") "," MOUNT "}", 0 },
		{ TLS_OFF, "{" ADDRESS("https") "}", 1 }, { TLS_OWN, "{" ADDRESS("http") "," MOUNT "}", 1 },
		{ TLS_OWN, "{" ADDRESS("https") "}", 1 }, { TLS_OWN, "{" ADDRESS("http") "}", 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(stage) struct stage s;

		stage_init(&s);
		s.w.key.arn = KEY;
		s.w.want.tls = cases[i].tls;
		s.container = cases[i].container;
		assert_int_equal(hear(&s, KEY, "vault"), cases[i].problems ? HEARD_REFUSED : HEARD_DONE);
		assert_int_equal(err_count(&s.given.e), cases[i].problems);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_in_use_is_taken),
		cmocka_unit_test(a_stand_in_is_no_other_key),
		cmocka_unit_test(another_key_is_refused_with_both),
		cmocka_unit_test(another_account_is_refused_with_both),
		cmocka_unit_test(the_pods_must_agree_with_the_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
