/* Who vouches for Vault's listener: the pods' own Secret, or VAULT_CACERT; and what is told of a certificate. */
#include "domain/boot_trust.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/install_steps.h"
#include "domain/vault_config.h"
#include "fake/host.h"
#include "fake/transport.h"
#include "formats/json.h"
#include "unit/certificates.h"
#include "unit/unit.h"

#define LEAF_BEGINS_MS INT64_C(1795503063000)
#define LEAF_ENDS_MS   INT64_C(4949103063000)
#define DAY_MS         (86400 * INT64_C(1000))

struct bench {
	struct arena mem;
	struct fake_host machine;
	struct host host;
	struct want want;
	struct boot b;
	struct err e;
};

/* given: VAULT_CACERT; NULL: none. */
static void bench_start(struct bench *x, const char *given)
{
	*x = (struct bench){ .mem = ARENA_INIT, .want = { .namespace_ = "vault", .release = "vault" } };
	x->host = fake_host(&x->machine);
	x->machine.wall_ms = LEAF_BEGINS_MS + DAY_MS;
	x->b = (struct boot){ .mem = &x->mem, .host = &x->host, .want = &x->want, .tls_on = true, .tls_given = given != NULL,
	                      .tls.ca_pem = view_text(given), .tls_file = { "vault-tls", "ca.crt" } };
}

static void bench_end(struct bench *x)
{
	err_release(&x->e);
	fake_host_release(&x->machine);
	arena_release(&x->mem);
}
SCOPE_END(bench, struct bench, bench_end(v))

static void put(struct arena *a, struct value *data, const char *name, const char *text)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 16);

	if (!text)
		return;
	base64_print(&out, view_text(text));
	value_set_text(a, data, name, buf_str(&out));
}

static enum heard hear_body(struct bench *x, int status, const struct value *body)
{
	struct reply reply = { .status = status, .head = BUF_MAX(1024), .body = BUF_MAX(1 << 20), .talk = BUF_MAX(16) };
	enum heard heard;

	va_json_print(&reply.body, body, false);
	heard = boot_hear_trust(&x->b, 0, &reply, &x->e);
	reply_release(&reply);
	return heard;
}

static enum heard hear_secret(struct bench *x, const char *chain, const char *authorities)
{
	struct value *secret = value_new_map(&x->mem), *data = value_set(&x->mem, secret, "data", value_new_map(&x->mem));

	put(&x->mem, data, "tls.crt", chain);
	put(&x->mem, data, "ca.crt", authorities);
	return hear_body(x, 200, secret);
}

static enum heard hear_refusal(struct bench *x, int status)
{
	struct value *v = value_new_map(&x->mem);

	value_set_text(&x->mem, v, "kind", "Status");
	value_set_text(&x->mem, v, "message", "no");
	return hear_body(x, status, v);
}

static void the_pods_own_authority_is_taken(void **state)
{
	AUTO(bench) struct bench x;

	(void)state;
	bench_start(&x, NULL);
	assert_int_equal(hear_secret(&x, leaf_pem, authority_pem), HEARD_DONE);
	assert_true(view_is(x.b.tls.ca_pem, authority_pem));
	assert_null(x.b.tls_note);
}

static void what_was_given_is_used_and_a_difference_said(void **state)
{
	AUTO(bench) struct bench same, other;

	(void)state;
	bench_start(&same, authority_pem);
	assert_int_equal(hear_secret(&same, leaf_pem, other_pem), HEARD_DONE);
	assert_true(view_is(same.b.tls.ca_pem, authority_pem));
	assert_null(same.b.tls_note);
	bench_start(&other, other_pem);
	assert_int_equal(hear_secret(&other, leaf_pem, authority_pem), HEARD_DONE);
	assert_true(view_is(other.b.tls.ca_pem, other_pem));
	assert_non_null(strstr(other.b.tls_note, "VAULT_CACERT does not vouch for the certificate in the Secret 'vault/vault-tls'"));
}

static void its_end_is_told_thirty_days_before(void **state)
{
	static const struct { int64_t left_days; bool told; } cases[] = { { 31, false }, { 30, false }, { 29, true }, { 1, true }, { -1, true } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(bench) struct bench x;

		bench_start(&x, NULL);
		x.machine.wall_ms = LEAF_ENDS_MS - cases[i].left_days * DAY_MS;
		assert_int_equal(hear_secret(&x, leaf_pem, authority_pem), HEARD_DONE);
		assert_int_equal(x.b.tls_note != NULL, cases[i].told);
	}
}

static void where_nobody_vouches_it_ends(void **state)
{
	static const struct { int status; enum err_kind kind; } cases[] = { { 404, ERR_AUTH }, { 403, ERR_DENIED } };
	AUTO(bench) struct bench empty;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(bench) struct bench alone, given;

		bench_start(&alone, NULL);
		assert_int_equal(hear_refusal(&alone, cases[i].status), HEARD_REFUSED);
		assert_int_equal(alone.e.kind, cases[i].kind);
		assert_non_null(strstr(alone.e.hint, "VAULT_CACERT"));
		bench_start(&given, authority_pem);
		assert_int_equal(hear_refusal(&given, cases[i].status), HEARD_DONE);
		assert_true(view_is(given.b.tls.ca_pem, authority_pem));
	}
	bench_start(&empty, NULL);
	assert_int_equal(hear_secret(&empty, leaf_pem, NULL), HEARD_REFUSED);
	assert_int_equal(empty.e.kind, ERR_AUTH);
}

/* What runs with TLS is not made plain in passing, nor the other way round. */
static void a_running_listener_is_not_changed(void **state)
{
	static const struct { enum tls_mode runs, wanted; const char *says; } cases[] = {
		{ TLS_OFF, TLS_OFF, NULL }, { TLS_OWN, TLS_SECRET, NULL }, { TLS_OFF, TLS_AUTO, "has a plain listener, and TLS is wanted" },
		{ TLS_OWN, TLS_OFF, "has a listener with TLS, and none is wanted" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(bench) struct bench x;
		struct want running = { .region = "eu-central-1", .names.table = "t", .tls = cases[i].runs };
		struct install in = { .fullname = "vault" };
		struct world w = { .install = &in };
		struct reply reply = { .status = 200, .head = BUF_MAX(1024), .body = BUF_MAX(1 << 20), .talk = BUF_MAX(16) };
		struct value *map;
		enum heard heard;

		bench_start(&x, NULL);
		w.mem = &x.mem;
		w.want = (struct want){ .names.table = "t", .release = "vault", .tls = cases[i].wanted };
		map = value_new_map(&x.mem);
		value_set_text(&x.mem, value_set(&x.mem, map, "data", value_new_map(&x.mem)), "extraconfig-from-values.hcl",
		               vault_config_print(&x.mem, &running, "k"));
		va_json_print(&reply.body, map, false);
		heard = hear_config(&w, 0, &reply, &x.e);
		reply_release(&reply);
		assert_int_equal(heard, cases[i].says ? HEARD_REFUSED : HEARD_DONE);
		if (!cases[i].says)
			continue;
		assert_int_equal(x.e.kind, ERR_GUARD);
		assert_non_null(strstr(x.e.text, cases[i].says));
		assert_non_null(strstr(x.e.hint, "--tls"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pods_own_authority_is_taken),
		cmocka_unit_test(what_was_given_is_used_and_a_difference_said),
		cmocka_unit_test(its_end_is_told_thirty_days_before),
		cmocka_unit_test(where_nobody_vouches_it_ends),
		cmocka_unit_test(a_running_listener_is_not_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
