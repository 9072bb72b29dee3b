/* The operator's install: what helm is told, and that nothing is installed beside an operator that runs. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/eso_install.h"

static const struct step *const look = &eso_install_steps[0], *const install = &eso_install_steps[1];

static void hear(struct eso_install *w, const char *body)
{
	AUTO(err) struct err e = {0};
	struct reply r = { .status = 200, .body = BUF_MAX(4096) };

	buf_text(&r.body, body);
	assert_int_equal(look->hear(w, 0, &r, &e), HEARD_DONE);
	reply_release(&r);
}

static void assert_words(const struct eso_install *w, const char *want)
{
	AUTO(buf) struct buf words = BUF_MAX(4096);
	AUTO(err) struct err e = {0};
	struct request rq = {0};

	assert_int_equal(install->ask(w, 0, &rq, &e), 0);
	for (size_t i = 0; rq.argv[i]; i++)
		buf_printf(&words, "%s%s", i ? " " : "", rq.argv[i]);
	assert_text(buf_str(&words), want);
	request_release(&rq);
}

static void helm_is_told_where_and_what(void **state)
{
	static const char *const rest[] = { "--set", "a=b", NULL };
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct kube kube = { .server = "https://k8s", .context = "prod" };
	struct eso_install w = { .mem = &mem, .kube = &kube, .helm_bin = "helm", .namespace_ = "external-secrets" };

	(void)state;
	hear(&w, "{\"items\":[]}");
	assert_true(install->due(&w, 0));
	assert_words(&w, "helm upgrade --install external-secrets external-secrets --namespace external-secrets --create-namespace --wait "
	             "--repo " ESO_CHART_REPOSITORY " --kube-context prod");
	w.chart = "./chart";
	w.rest = rest;
	kube.context = "";
	assert_words(&w, "helm upgrade --install external-secrets ./chart --namespace external-secrets --create-namespace --wait --set a=b");
}

static void an_operator_that_runs_is_left_alone(void **state)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct kube kube = { .server = "https://k8s", .context = "prod" };
	struct eso_install w = { .mem = &mem, .kube = &kube };

	(void)state;
	hear(&w, "{\"items\":[{}]}");
	assert_false(install->due(&w, 0));
}

static void helms_last_words_are_the_error(void **state)
{
	AUTO(err) struct err e = {0};
	struct reply r = { .status = 1, .talk = BUF_MAX(4096) };

	(void)state;
	buf_text(&r.talk, "Error: no such chart\n");
	assert_int_equal(install->hear(NULL, 0, &r, &e), HEARD_REFUSED);
	assert_text(e.text, "installing External Secrets: helm: no such chart");
	reply_release(&r);
}

static void the_table_is_sound(void **state)
{
	AUTO(err) struct err e = {0};

	(void)state;
	if (graph_check(eso_install_steps, ESO_INSTALL_STEPS, &e) < 0)
		fail_msg("%s", e.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(helm_is_told_where_and_what),
		cmocka_unit_test(an_operator_that_runs_is_left_alone),
		cmocka_unit_test(helms_last_words_are_the_error),
		cmocka_unit_test(the_table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
