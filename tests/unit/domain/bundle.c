/* Secrets are planted wherever the archive takes something from, and looked for in all of it. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/bundle.h"
#include "formats/json.h"

/* Made up, and cut in two so that no scanner takes them for real. */
static const char *const planted[] = {
	"hv" "s.CAESIJplantedplantedplanted", "AKI" "APLANTEDPLANTEDXY", "wJalrXUtnFEMI/K7MDENG/bPxRfi" "CYPLANTEDKEY",
	"eyJ" "hbGciOiJSUzI1NiJ9.eyJwbGFudGVkIjoxfQ.cGxhbnRlZA", "planted-password", "planted-in-env", "planted-in-url",
	"cGxhbnRlZCBwbGFudGVkIHBsYW50ZWQgcGxhbnRlZCAxMjM0NTY3ODk=", "planted-pem",
};

struct rig {
	struct arena a;
	struct diag diag;
	struct findings findings;
	struct bundle bundle;
	struct pod pods[1];
};

/* Every planted secret, each in a setting of its kind. */
static const char *dirt(struct arena *a)
{
	return arena_printf(a,
	                    "login with %s and %s, %s\nAuthorization: Bearer %s\npassword=%s\nurl postgres://u:%s@db/x\n"
	                    "blob %s\n-----BEGIN PRIV" "ATE KEY-----\n%s\n-----END PRIV" "ATE KEY-----\n",
	                    planted[0], planted[1], planted[2], planted[3], planted[4], planted[6], planted[7], planted[8]);
}

static struct value *object(struct arena *a, const char *kind)
{
	struct value *v = value_new_map(a), *env = value_new_list(a), *one = value_push(a, env, value_new_map(a));

	value_set_text(a, v, "kind", kind);
	value_put(a, v, "metadata.name", value_new_text(a, "kept-name"));
	value_put(a, v, "metadata.annotations.note", value_new_text(a, dirt(a)));
	value_set_text(a, one, "name", "SOME_SETTING");
	value_set_text(a, one, "value", planted[5]);
	value_put(a, v, "spec.env", env);
	value_put(a, v, "data.password", value_new_text(a, planted[4]));
	return v;
}

static void rig_init(struct rig *r)
{
	struct arena *a = &r->a;

	*r = (struct rig){ .a = ARENA_INIT };
	r->pods[0] = (struct pod){ .name = "vault-0", .namespace_ = "vault", .object = object(a, "Pod") };
	r->diag = (struct diag){
		.mem = a, .release = { .name = "vault", .namespace_ = "vault", .statefulset = object(a, "StatefulSet") },
		.config_map = object(a, "ConfigMap"), .account = { .object = object(a, "ServiceAccount") },
		.pods = { r->pods, 1, NULL },
	};
	r->bundle = (struct bundle){ .diag = &r->diag, .findings = &r->findings, .events = object(a, "EventList") };
	bundle_prepare(&r->bundle);
	buf_text(&r->bundle.logs[0].now, dirt(a));
	buf_text(&r->bundle.logs[0].now, "kept-log-line \xff\n");
	err_set(&r->bundle.logs[0].before_why, ERR_DENIED, 403, "not allowed, said %s", dirt(a));
}

static void assert_holds(const struct buf *out, const char *text, bool want)
{
	if ((memmem(out->p, out->n, text, strlen(text)) != NULL) != want)
		fail_msg("'%s' is %sin the archive", text, want ? "not " : "");
}

static void no_secret_leaves(void **state)
{
	struct rig r;
	AUTO(buf) struct buf out = BUF_MAX(BUNDLE_MAX);
	AUTO(err) struct err e = {0};
	struct bundle_report report;

	(void)state;
	rig_init(&r);
	report = (struct bundle_report){ .text = dirt(&r.a), .value = object(&r.a, "report") };
	assert_int_equal(bundle_write(&out, &r.bundle, "box", &report, 1795500000000, &e), 0);
	for (size_t i = 0; i < COUNT_OF(planted); i++)
		assert_holds(&out, planted[i], false);
	assert_holds(&out, "kept-name", true);
	assert_holds(&out, "kept-log-line", true);
	assert_holds(&out, "box/logs/vault-0.log", true);
	assert_holds(&out, "box/missing.txt", true);
	assert_holds(&out, "logs/vault-0.before.log: not allowed", true);
	assert_int_equal(out.n % 512, 0);
	bundle_release(&r.bundle);
	arena_release(&r.a);
}

/* A secret that the sieve does not hold back would be found by the test above. */
static void the_secrets_are_there_to_be_found(void **state)
{
	struct rig r;
	AUTO(buf) struct buf out = BUF_MAX(BUNDLE_MAX);

	(void)state;
	rig_init(&r);
	va_json_print(&out, r.diag.release.statefulset, false);
	for (size_t i = 0; i < COUNT_OF(planted); i++)
		assert_holds(&out, planted[i], true);
	bundle_release(&r.bundle);
	arena_release(&r.a);
}

static void what_is_too_large_is_refused(void **state)
{
	struct rig r;
	AUTO(buf) struct buf out = BUF_MAX(4096);
	AUTO(err) struct err e = {0};
	struct bundle_report report;

	(void)state;
	rig_init(&r);
	report = (struct bundle_report){ .text = "", .value = object(&r.a, "report") };
	assert_int_equal(bundle_write(&out, &r.bundle, "box", &report, 0, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	bundle_release(&r.bundle);
	arena_release(&r.a);
}

static void the_steps_are_sound(void **state)
{
	AUTO(err) struct err e = {0};

	(void)state;
	if (graph_check(bundle_steps, n_bundle_steps, &e) < 0)
		fail_msg("%s", e.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_secret_leaves),
		cmocka_unit_test(the_secrets_are_there_to_be_found),
		cmocka_unit_test(what_is_too_large_is_refused),
		cmocka_unit_test(the_steps_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
