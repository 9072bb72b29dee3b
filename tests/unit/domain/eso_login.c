/* The login of a store tried from here: what is sent, what is kept of the answers, and that it is taken back. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/diag_eso.h"
#include "unit/domain/quoted.h"

#define JWT "eyJhbGciOiJSUzI1NiJ9.planted-jwt.c2ln"
#define TOKEN "hvs.planted-token"

struct scene {
	struct arena mem;
	struct kube kube;
	struct diag d;
	struct err e;
};

static void set_up(struct scene *s, const char *mount)
{
	struct diag_eso *p;
	AUTO(err) struct err e = {0};

	*s = (struct scene){0};
	s->d = (struct diag){
		.mem = &s->mem, .kube = &s->kube,
		.release = { .name = "vault", .namespace_ = "vault", .fullname = "vault" },
	};
	p = diag_part(&s->d, DIAG_ESO, sizeof(*p));
	p->cluster_stores.items = quoted(&s->mem, arena_printf(&s->mem,
		"[{'metadata':{'name':'v'},'spec':{'provider':{'vault':{'server':'http://vault-active.vault.svc:8200','auth':{'kubernetes':"
		"{'mountPath':'%s','role':'a\\'b','serviceAccountRef':{'name':'e','namespace':'n','audiences':['vault']}}}}}}}]", mount));
	assert_int_equal(pod_list_read(&s->d.pods, &s->mem, quoted(&s->mem,
		"{'items':[{'metadata':{'name':'vault-0','namespace':'vault','labels':{'vault-active':'false'}},'spec':{},'status':{}},"
		"{'metadata':{'name':'vault-1','namespace':'vault','labels':{'vault-active':'true'}},'spec':{},'status':{}}]}"), &e), 0);
}

static void tear_down(struct scene *s)
{
	diag_eso_release(&s->d);
	err_release(&s->e);
	arena_release(&s->mem);
}

static struct reply answer(int status, const char *body)
{
	struct reply r = { .status = status, .body = BUF_MAX(4096) };

	buf_text(&r.body, body);
	return r;
}

static enum heard hear(struct scene *s, enum heard (*how)(void *, size_t, const struct reply *, struct err *), int status, const char *body)
{
	struct reply r = answer(status, body);
	enum heard heard = how(&s->d, 0, &r, &s->e);

	reply_release(&r);
	return heard;
}

static void a_login_goes_in_and_out(void **state)
{
	struct scene s;
	struct request login = {0}, revoke = {0};

	(void)state;
	set_up(&s, "kubernetes");
	assert_int_equal(eso_count_logins(&s.d), 1);
	assert_true(eso_jwt_due(&s.d, 0));
	assert_false(eso_login_due(&s.d, 0));
	assert_int_equal(hear(&s, eso_hear_jwt, 201, "{\"status\":{\"token\":\"" JWT "\"}}"), HEARD_DONE);
	assert_true(eso_login_due(&s.d, 0));
	assert_int_equal(eso_prepare_login(&s.d, 0, &s.e), 0);
	assert_int_equal(eso_ask_login(&s.d, 0, &login, &s.e), 0);
	assert_text(login.method, "POST");
	assert_true(text_ends(login.url, "/v1/auth/kubernetes/login"));
	assert_true(view_is(login.body, "{\"role\":\"a\\\"b\",\"jwt\":\"" JWT "\"}"));
	assert_non_null(strstr(login.label, "vault-1"));
	assert_null(strstr(login.label, JWT));

	assert_false(eso_revoke_due(&s.d, 0));
	assert_int_equal(hear(&s, eso_hear_login, 200, "{\"auth\":{\"client_token\":\"" TOKEN "\"}}"), HEARD_DONE);
	assert_true(diag_eso(&s.d)->login[0].accepted);
	assert_true(eso_revoke_due(&s.d, 0));
	assert_int_equal(eso_ask_revoke(&s.d, 0, &revoke, &s.e), 0);
	assert_true(text_ends(revoke.url, "/v1/auth/token/revoke-self"));
	assert_text(request_header_get(&revoke, "X-Vault-Token"), TOKEN);
	assert_int_equal(hear(&s, eso_hear_revoke, 500, ""), HEARD_UNSURE);
	assert_true(eso_revoke_due(&s.d, 0));
	assert_null(strstr(s.e.text, TOKEN));
	assert_int_equal(hear(&s, eso_hear_revoke, 204, ""), HEARD_DONE);
	assert_false(eso_revoke_due(&s.d, 0));
	request_release(&login);
	request_release(&revoke);
	tear_down(&s);
}

static void what_is_refused_is_an_answer(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, "kubernetes");
	assert_int_equal(hear(&s, eso_hear_jwt, 404, "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"serviceaccounts \\\"e\\\" not found\"}"),
	                 HEARD_DONE);
	assert_false(eso_login_due(&s.d, 0));
	assert_non_null(strstr(diag_eso(&s.d)->login[0].why, "serviceaccounts \"e\" not found"));
	tear_down(&s);

	set_up(&s, "kubernetes");
	assert_int_equal(hear(&s, eso_hear_login, 403, "{\"errors\":[\"namespace not authorized\"]}"), HEARD_DONE);
	assert_non_null(strstr(diag_eso(&s.d)->login[0].why, "Code: 403"));
	assert_non_null(strstr(diag_eso(&s.d)->login[0].why, "namespace not authorized"));
	assert_false(diag_eso(&s.d)->login[0].accepted);
	assert_false(eso_revoke_due(&s.d, 0));
	tear_down(&s);

	set_up(&s, "kubernetes");
	assert_int_equal(hear(&s, eso_hear_jwt, 403, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no\"}"), HEARD_REFUSED);
	assert_true(eso_missed_login(&s.d, 0, &s.e));
	assert_non_null(diag_eso(&s.d)->login[0].why);
	tear_down(&s);
}

static void odd_mounts_are_left_alone(void **state)
{
	static const char *const odd[] = { "a b", "kube?x=1", "a%2Fb", "k#", "" };
	struct scene s;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		set_up(&s, odd[i]);
		assert_false(eso_jwt_due(&s.d, 0));
		tear_down(&s);
	}
	set_up(&s, "team/kubernetes");
	assert_true(eso_jwt_due(&s.d, 0));
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_goes_in_and_out),
		cmocka_unit_test(what_is_refused_is_an_answer),
		cmocka_unit_test(odd_mounts_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
