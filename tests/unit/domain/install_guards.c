/*
 * What an install hears from the cluster before it writes: volumes that a StatefulSet cannot change, and who must go on
 * reaching Vault behind its network policy.
 */
#include "domain/install_steps.h"

#include "fake/transport.h"
#include "unit/domain/fixture.h"
#include "unit/domain/quoted.h"
#include "unit/unit.h"

struct stage {
	struct given given;
	struct install install;
	struct world w;
};

static void stage_init(struct stage *s, const char *setting)
{
	struct given *g = &s->given;

	*s = (struct stage){ .install = { .fullname = "vault" } };
	given_init(g);
	if (GIVE_ALL(g, setting) < 0)
		fail_msg("%s", g->e.text);
	s->w = (struct world){ .mem = &g->mem, .host = &g->host, .inputs = &g->in, .install = &s->install };
	assert_int_equal(want_fill(&g->mem, &g->in, &s->w.want, &g->e), 0);
}
SCOPE_END(stage, struct stage, given_release(&v->given))

/* What `hear` makes of an answer of the API server; body in single quotes. */
static enum heard hear(struct stage *s, enum heard (*what)(void *, size_t, const struct reply *, struct err *), int status,
                       const char *body)
{
	struct reply reply = { .head = BUF_MAX(4096), .body = BUF_MAX(1 << 16), .talk = BUF_MAX(4096) };
	AUTO(text) char *text = xstrdup(body);
	enum heard heard;

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	fake_reply(&reply, status, text);
	err_release(&s->given.e);
	s->given.e = (struct err){ 0 };
	heard = what(&s->w, 0, &reply, &s->given.e);
	reply_release(&reply);
	return heard;
}

#define CLAIM(size, more) "{'metadata':{'name':'audit'},'spec':{'resources':{'requests':{'storage':'" size "'}}" more "}}"
#define SET(claims) "{'kind':'StatefulSet','spec':{'volumeClaimTemplates':[" claims "]}}"

static const struct {
	const char *have, *want;
	const char *told;        /* NULL: the same */
} volumes[] = {
	{ SET(""), SET(""), NULL },
	{ "{'kind':'StatefulSet','spec':{}}", SET(""), NULL },
	{ SET(CLAIM("10Gi", "")), SET(CLAIM("10Gi", "")), NULL },
	{ SET(CLAIM("10Gi", ",'volumeMode':'Filesystem'")), SET(CLAIM("10240Mi", "")), NULL },
	{ SET(CLAIM("10Gi", ",'storageClassName':'gp3'")), SET(CLAIM("10Gi", ",'storageClassName':'gp3'")), NULL },
	{ SET(""), SET(CLAIM("10Gi", "")), "there is none, and 10Gi of the default class is wanted" },
	{ SET(CLAIM("10Gi", "")), SET(""), "there is 10Gi of the default class, and none is wanted" },
	{ SET(CLAIM("10Gi", "")), SET(CLAIM("20Gi", "")), "there is 10Gi of the default class, and 20Gi" },
	{ SET(CLAIM("10Gi", "")), SET(CLAIM("10Gi", ",'storageClassName':'gp3'")), "and 10Gi of the class 'gp3' is wanted" },
};

static void volumes_cannot_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(volumes); i++) {
		AUTO(stage) struct stage s;
		enum heard heard;

		stage_init(&s, NULL);
		s.install.set = quoted(&s.given.mem, volumes[i].want);
		heard = hear(&s, hear_set, 200, volumes[i].have);
		if (!volumes[i].told) {
			assert_int_equal(heard, HEARD_DONE);
			continue;
		}
		assert_int_equal(heard, HEARD_REFUSED);
		assert_int_equal(s.given.e.kind, ERR_GUARD);
		if (!strstr(s.given.e.text, volumes[i].told))
			fail_msg("case %zu: %s", i, s.given.e.text);
		assert_non_null(strstr(s.given.e.hint, strstr(volumes[i].told, "and none") ? "leave --audit-storage as it was" :
		                       "helm vault-aws upgrade --audit-storage "));
	}
}

/* The first install, and one after the set was taken away. */
static void a_set_that_is_not_there_binds_nothing(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s, NULL);
	s.install.set = quoted(&s.given.mem, SET(CLAIM("10Gi", "")));
	assert_int_equal(hear(&s, hear_set, 404, "{'kind':'Status','reason':'NotFound'}"), HEARD_DONE);
}

static void the_operators_namespaces_are_let_in(void **state)
{
	AUTO(stage) struct stage s;
	const struct value *list;

	(void)state;
	stage_init(&s, "network_policy=apps");
	assert_true(network_due(&s.w, 0));
	assert_int_equal(hear(&s, hear_operators, 200, "{'items':[{'metadata':{'namespace':'external-secrets'}},"
	                      "{'metadata':{'namespace':'apps'}},{'metadata':{'namespace':'external-secrets'}}]}"), HEARD_DONE);
	list = s.w.want.network_policy;
	assert_int_equal(list->n, 2);
	assert_string_equal(list->items[0]->text, "apps");
	assert_string_equal(list->items[1]->text, "external-secrets");
	assert_int_equal(inputs_list(&s.given.in, "network_policy")->n, 1);
}

static void a_refused_look_is_a_failure(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s, "network_policy=apps");
	assert_int_equal(hear(&s, hear_operators, 403, "{'kind':'Status','message':'no'}"), HEARD_REFUSED);
	assert_non_null(strstr(s.given.e.hint, "list deployments.apps in all namespaces"));
	assert_int_equal(hear(&s, hear_api_addresses, 403, "{'kind':'Status','message':'no'}"), HEARD_REFUSED);
	assert_non_null(strstr(s.given.e.hint, "list endpointslices.discovery.k8s.io in the namespace default"));
}

static void the_api_servers_addresses_are_read(void **state)
{
	AUTO(stage) struct stage s, none;

	(void)state;
	stage_init(&s, "network_policy=apps");
	assert_int_equal(hear(&s, hear_api_addresses, 200, "{'items':[{'endpoints':[{'addresses':['10.0.0.1']},"
	                      "{'addresses':['10.0.0.2']}]},{'endpoints':null},{'endpoints':[{'addresses':['fd00::1']}]}]}"), HEARD_DONE);
	assert_int_equal(s.w.want.api_addresses->n, 3);
	assert_string_equal(s.w.want.api_addresses->items[2]->text, "fd00::1");
	stage_init(&none, NULL);
	assert_false(network_due(&none.w, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(volumes_cannot_change),
		cmocka_unit_test(a_set_that_is_not_there_binds_nothing),
		cmocka_unit_test(the_operators_namespaces_are_let_in),
		cmocka_unit_test(a_refused_look_is_a_failure),
		cmocka_unit_test(the_api_servers_addresses_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
