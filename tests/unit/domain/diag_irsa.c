/* The steps of irsa: what they make of recorded replies, page by page, and what they must not keep. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/diag_irsa_part.h"
#include "fake/host.h"
#include "formats/json.h"

#define ROLE "arn:aws:iam::111122223333:role/p/vault"
#define CLAIMS "eyJpc3MiOiJodHRwczovL2kiLCJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6djp2IiwiYXVkIjpbInN0cy5hbWF6b25hd3MuY29tIl19"
#define IAM(op, inside) "<" op "Response><" op "Result>" inside "</" op "Result></" op "Response>"
#define ERROR(code, text) "<ErrorResponse><Error><Code>" code "</Code><Message>" text "</Message></Error></ErrorResponse>"
#define DOCUMENT "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"

struct run {
	struct arena mem;
	struct fake_host files;
	struct host host;
	struct diag d;
	struct aws aws;
	struct err e;
};

static void run_init(struct run *r)
{
	*r = (struct run){0};
	r->files.wall_ms = INT64_C(1795501789000);
	r->host = fake_host(&r->files);
	r->aws = (struct aws){ .host = &r->host, .region = "us-east-1", .partition = "aws", .dns_suffix = "amazonaws.com",
	                       .mem = &r->mem };
	r->d = (struct diag){ .mem = &r->mem, .host = &r->host, .aws = &r->aws, .role_name = "vault",
	                      .release = { .name = "v", .namespace_ = "v", .fullname = "v", .service_account = "v" },
	                      .account = { .role_arn = ROLE }, .role = value_new_map(&r->mem) };
}

static void run_release(struct run *r)
{
	diag_irsa_release(&r->d);
	err_release(&r->e);
	fake_host_release(&r->files);
	arena_release(&r->mem);
}
SCOPE_END(run, struct run, run_release(v))

static const struct step *step_named(const char *name)
{
	for (size_t i = 0; i < DIAG_IRSA_STEPS; i++)
		if (text_same(diag_irsa_steps[i].name, name))
			return &diag_irsa_steps[i];
	fail_msg("there is no step '%s'", name);
	return NULL;
}

static enum heard hears(struct run *r, const char *name, size_t item, int status, const char *body)
{
	struct reply reply = { .status = status, .body = BUF_MAX(1 << 20), .head = BUF_MAX(1 << 10) };
	enum heard heard;

	err_release(&r->e);
	buf_text(&reply.body, body);
	heard = step_named(name)->hear(&r->d, item, &reply, &r->e);
	reply_release(&reply);
	return heard;
}

static bool is_due(struct run *r, const char *name)
{
	return step_named(name)->due(&r->d, 0);
}

static void test_policies(void **state)
{
	AUTO(run) struct run r;
	const struct diag_irsa *p;
	struct policy_set set;

	(void)state;
	run_init(&r);
	assert_true(is_due(&r, "role.policies"));
	assert_int_equal(hears(&r, "role.inline-names", 0, 200, IAM("ListRolePolicies",
	                 "<PolicyNames><member>a</member></PolicyNames><IsTruncated>true</IsTruncated><Marker>m1</Marker>")), HEARD_MORE);
	assert_text(diag_irsa(&r.d)->more, "m1");
	assert_int_equal(hears(&r, "role.inline-names", 0, 200, IAM("ListRolePolicies",
	                 "<PolicyNames><member>b</member></PolicyNames><IsTruncated>false</IsTruncated>")), HEARD_DONE);
	assert_int_equal(step_named("role.inline")->count(&r.d), 2);
	assert_int_equal(hears(&r, "role.attached-names", 0, 200, IAM("ListAttachedRolePolicies", "<AttachedPolicies><member>"
	                 "<PolicyName>c</PolicyName><PolicyArn>arn:aws:iam::1:policy/c</PolicyArn></member></AttachedPolicies>"
	                 "<IsTruncated>false</IsTruncated>")), HEARD_DONE);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(hears(&r, "role.inline", i, 200, IAM("GetRolePolicy", "<PolicyDocument>" DOCUMENT "</PolicyDocument>")),
		                 HEARD_DONE);
	assert_false(is_due(&r, "role.attached-documents"));
	assert_int_equal(hears(&r, "role.attached", 0, 200, IAM("GetPolicy",
	                 "<Policy><DefaultVersionId>v3</DefaultVersionId></Policy>")), HEARD_DONE);
	assert_true(is_due(&r, "role.attached-documents"));
	assert_true(is_due(&r, "role.policies"));
	assert_int_equal(hears(&r, "role.attached-documents", 0, 200, IAM("GetPolicyVersion", "<PolicyVersion><Document>" DOCUMENT
	                 "</Document></PolicyVersion>")), HEARD_DONE);
	p = diag_irsa(&r.d);
	assert_text(p->attached[0].version, "v3");
	assert_false(is_due(&r, "role.policies"));
	assert_true(diag_role_policies(&r.d, &set));
	assert_int_equal(set.n_identity, 3);
	assert_null(set.boundary);
}

static void test_boundary(void **state)
{
	AUTO(run) struct run r;
	struct policy_set set;

	(void)state;
	run_init(&r);
	assert_int_equal(hears(&r, "role.inline-names", 0, 200, IAM("ListRolePolicies", "<PolicyNames/>")), HEARD_DONE);
	assert_int_equal(hears(&r, "role.attached-names", 0, 200, IAM("ListAttachedRolePolicies", "<AttachedPolicies/>")), HEARD_DONE);
	assert_false(is_due(&r, "role.boundary"));
	assert_true(diag_role_policies(&r.d, &set));
	value_put(&r.mem, (struct value *)r.d.role, "PermissionsBoundary.PermissionsBoundaryArn",
	          value_new_text(&r.mem, "arn:aws:iam::1:policy/b"));
	assert_true(is_due(&r, "role.boundary"));
	assert_false(diag_role_policies(&r.d, &set));
	assert_int_equal(hears(&r, "role.boundary", 0, 200, IAM("GetPolicy", "<Policy><DefaultVersionId>v1</DefaultVersionId></Policy>")),
	                 HEARD_DONE);
	assert_int_equal(hears(&r, "role.boundary-document", 0, 200, IAM("GetPolicyVersion", "<PolicyVersion><Document>" DOCUMENT
	                 "</Document></PolicyVersion>")), HEARD_DONE);
	assert_true(diag_role_policies(&r.d, &set));
	assert_text(set.boundary->name, "b");
}

/* role.policies fails with the first refusal, and its right. */
static void test_refused_policies(void **state)
{
	AUTO(run) struct run r;
	struct request rq = {0};

	(void)state;
	run_init(&r);
	assert_int_equal(hears(&r, "role.inline-names", 0, 403, ERROR("AccessDenied", "User: u is not authorized to perform: "
	                 "iam:ListRolePolicies on resource: x because no identity-based policy allows")), HEARD_REFUSED);
	err_release(&r.e);
	assert_true(is_due(&r, "role.policies"));
	assert_int_equal(step_named("role.policies")->ask(&r.d, 0, &rq, &r.e), -1);
	assert_int_equal(r.e.kind, ERR_DENIED);
	assert_non_null(strstr(r.e.hint, "iam:ListRolePolicies"));
	assert_int_equal(diag_role_may(&r.d, "kms:Decrypt", "x", NULL), POLICY_UNKNOWN);
}

#define TOKEN "eyJhbGciOiJSUzI1NiJ9." CLAIMS ".c2lnbmF0dXJl"
#define SESSION IAM("AssumeRoleWithWebIdentity", "<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>SeCrEt" \
                    "</SecretAccessKey><SessionToken>ToKeN</SessionToken><Expiration>2026-11-24T07:00:00Z</Expiration></Credentials>")

static void test_trial(void **state)
{
	AUTO(run) struct run r;
	const struct diag_irsa *p;

	(void)state;
	run_init(&r);
	assert_false(is_due(&r, "trial.assume"));
	assert_int_equal(hears(&r, "trial.token", 0, 201, "{\"status\":{\"token\":\"" TOKEN "\"}}"), HEARD_DONE);
	p = diag_irsa(&r.d);
	assert_text(p->token_issuer, "https://i");
	assert_text(p->token_subject, "system:serviceaccount:v:v");
	assert_text(p->token_audience, "sts.amazonaws.com");
	assert_true(is_due(&r, "trial.assume"));
	assert_null(diag_trial_aws(&r.d));
	assert_int_equal(hears(&r, "trial.assume", 0, 200, SESSION), HEARD_DONE);
	assert_false(secret_held(&p->token));
	assert_ptr_equal(diag_trial_aws(&r.d), &p->trial);
	assert_text(p->trial.creds.key_id, "ASIAEXAMPLE");
	assert_true(view_is(secret_expose(&p->trial.creds.session_token), "ToKeN"));
	diag_irsa_release(&r.d);
	assert_null(diag_trial_aws(&r.d));
	assert_false(secret_held(&p->trial.creds.secret_key));
}

static void test_trial_refused(void **state)
{
	static const struct {
		int status;
		const char *code;
		enum heard heard;
	} cases[] = {
		{ 403, "AccessDenied", HEARD_DONE },
		{ 400, "InvalidIdentityToken", HEARD_DONE },
		{ 400, "ExpiredTokenException", HEARD_DONE },     /* the pod's token: nothing of ours to renew */
		{ 400, "ValidationError", HEARD_DONE },
		{ 400, "IDPCommunicationError", HEARD_BUSY },
		{ 400, "Throttling", HEARD_BUSY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(run) struct run r;
		AUTO(arena) struct arena a = ARENA_INIT;
		const char *body = arena_printf(&a, ERROR("%s", "words"), cases[i].code);
		bool verdict = cases[i].heard == HEARD_DONE;

		run_init(&r);
		assert_int_equal(hears(&r, "trial.token", 0, 201, "{\"status\":{\"token\":\"" TOKEN "\"}}"), HEARD_DONE);
		assert_int_equal(hears(&r, "trial.assume", 0, cases[i].status, body), cases[i].heard);
		assert_int_equal(diag_irsa(&r.d)->trial_asked, verdict);
		assert_null(diag_trial_aws(&r.d));
		if (verdict)
			assert_text(diag_irsa(&r.d)->trial_code, cases[i].code);
	}
}

static void test_token_refused(void **state)
{
	AUTO(run) struct run r;

	(void)state;
	run_init(&r);
	assert_int_equal(hears(&r, "trial.token", 0, 403, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"serviceaccounts "
	                 "\\\"v\\\" is forbidden: User \\\"bob\\\" cannot create resource \\\"serviceaccounts/token\\\" in API group \\\"\\\" "
	                 "in the namespace \\\"v\\\"\"}"), HEARD_REFUSED);
	assert_int_equal(r.e.kind, ERR_DENIED);
	assert_text(r.e.hint, "create serviceaccounts/token");
	assert_false(is_due(&r, "trial.assume"));
	/* a token that is no JWT is given to STS all the same: it is STS's to judge */
	assert_int_equal(hears(&r, "trial.token", 0, 201, "{\"status\":{\"token\":\"odd\"}}"), HEARD_DONE);
	assert_null(diag_irsa(&r.d)->token_issuer);
	assert_int_equal(hears(&r, "trial.token", 0, 201, "{\"status\":{}}"), HEARD_UNSURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_boundary),
		cmocka_unit_test(test_refused_policies),
		cmocka_unit_test(test_trial),
		cmocka_unit_test(test_trial_refused),
		cmocka_unit_test(test_token_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
