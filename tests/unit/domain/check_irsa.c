/* Each fault of identity, on shapes as the API server and AWS give them: which check names it, and what it says to paste. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/check_irsa.h"
#include "domain/names.h"
#include "formats/json.h"

#define ISSUER "oidc.eks.us-east-1.amazonaws.com/id/0123"
#define PROVIDER "arn:aws:iam::123456789012:oidc-provider/" ISSUER
#define ROLE "arn:aws:iam::123456789012:role/c-vault-us-east-1"
#define TOKEN_DIR "/var/run/secrets/eks.amazonaws.com/serviceaccount"
#define TAGS "'Tags':[{'Key':'helm-vault-aws/cluster','Value':'c'},{'Key':'helm-vault-aws/namespace','Value':'vault'}," \
             "{'Key':'helm-vault-aws/release','Value':'vault'}]"
#define STATEMENT "'Effect':'Allow','Principal':{'Federated':'" PROVIDER "'},'Action':'sts:AssumeRoleWithWebIdentity'"
#define CLAIMS(sub, aud) "'" ISSUER ":sub':'" sub "','" ISSUER ":aud':'" aud "'"
#define TRUST(rest) "{'trust':{'Statement':[{" STATEMENT "," rest "}]}}"
#define EQUALS(sub, aud) "'Condition':{'StringEquals':{" CLAIMS(sub, aud) "}}"
#define GOOD EQUALS("system:serviceaccount:vault:vault", "sts.amazonaws.com")
#define ROLE_ENV(role) "{'name':'AWS_ROLE_ARN','value':'" role "'}," \
                       "{'name':'AWS_WEB_IDENTITY_TOKEN_FILE','value':'" TOKEN_DIR "/token'}"
#define ENV(role) ROLE_ENV(role) ",{'name':'AWS_STS_REGIONAL_ENDPOINTS','value':'regional'}"
#define VOLUMES "'volumes':[{'name':'aws-iam-token','projected':{'sources':[{'serviceAccountToken':" \
                "{'audience':'sts.amazonaws.com','expirationSeconds':86400,'path':'token'}}]}}]"
#define MOUNTS "'volumeMounts':[{'name':'aws-iam-token','mountPath':'" TOKEN_DIR "'}]"
#define PODS(meta, env, rest) \
	"'pods':{'items':[{'metadata':{'name':'vault-0','namespace':'vault','creationTimestamp':'2026-01-02T00:00:00Z'" meta "}," \
	"'spec':{'containers':[{'name':'vault','image':'v','env':[" env "]," MOUNTS "}]," VOLUMES rest "},'status':{'phase':'Running'}}]}"
#define POD(meta, env, rest) "{" PODS(meta, env, rest) "}"
#define GROUP ",'securityContext':{'fsGroup':1000}"

static const char healthy[] =
	"{'account':{'kind':'ServiceAccount','metadata':{'name':'vault','namespace':'vault','annotations':"
	"{'eks.amazonaws.com/role-arn':'" ROLE "'},'managedFields':[{'time':'2026-01-01T00:00:00Z','fieldsV1':"
	"{'f:metadata':{'f:annotations':{'f:eks.amazonaws.com/role-arn':{}}}}}]}},"
	"'pods':{'items':[]},"
	"'role':{'RoleName':'c-vault-us-east-1','Arn':'" ROLE "'," TAGS "},"
	"'expected':{'RoleName':'c-vault-us-east-1','Arn':'" ROLE "'," TAGS "},"
	"'trust':{'Version':'2012-10-17','Statement':[{" STATEMENT "," GOOD "}]},"
	"'provider':{'ClientIDList':['sts.amazonaws.com']},"
	"'webhook':{'webhooks':[{'clientConfig':{'url':'https://127.0.0.1:23443/mutate'},'failurePolicy':'Ignore'}]},"
	"'associations':[],'statefulset':{'spec':{}},'key':{'Arn':'arn:aws:kms:us-east-1:123456789012:key/1'},"
	"'table':{'TableArn':'arn:aws:dynamodb:us-east-1:123456789012:table/t'}}";

static struct value *json(struct arena *a, const char *text)
{
	AUTO(err) struct err e = {0};
	char *quoted = arena_text(a, text);
	struct value *v;

	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (va_json_parse(a, view_text(quoted), NULL, &v, &e) < 0)
		fail_msg("%s: %s", e.text, text);
	return v;
}

/* RFC 7396: maps are merged, null takes away, all else replaces. */
static void merge(struct arena *a, struct value *to, const struct value *patch)
{
	for (size_t i = 0; i < patch->n; i++) {
		struct value *have = (struct value *)value_get(to, patch->names[i]);

		if (patch->items[i]->type == VALUE_NULL)
			value_unset(to, patch->names[i]);
		else if (have && have->type == VALUE_MAP && patch->items[i]->type == VALUE_MAP)
			merge(a, have, patch->items[i]);
		else
			value_set(a, to, patch->names[i], value_copy(a, patch->items[i]));
	}
}

struct scene {
	struct arena mem;
	struct diag d;
	struct findings found;
};

static void fill_part(struct scene *s, const struct value *v)
{
	struct diag_irsa *p = diag_part(&s->d, DIAG_IRSA, sizeof(*p));
	const struct value *trial = value_get(v, "trial");

	p->provider_read = p->webhook_read = p->webhook_slices_read = p->associations_read = p->trial_asked = true;
	p->provider = value_get(v, "provider");
	p->webhook = value_get(v, "webhook");
	p->webhook_slices = value_get(v, "slices");
	p->associations = value_get(v, "associations");
	p->expected_role = value_get(v, "expected");
	p->trial_open = trial == NULL;
	p->trial_code = value_text_or(trial, "code", NULL);
	p->trial_message = value_text_or(trial, "message", "");
}

/* The healthy one, changed by the patch, judged. */
static void judge(struct scene *s, const char *patch)
{
	AUTO(err) struct err e = {0};
	struct value *v = json(&s->mem, healthy);
	const struct check_choice choice = { .families = (const char *const[]){ "irsa", NULL }, .proof = true };
	const struct graph none = {0};
	bool *chosen;

	merge(&s->mem, v, json(&s->mem, patch));
	s->d = (struct diag){
		.mem = &s->mem, .eks = { .cluster = "c", .region = "us-east-1", .account = "123456789012" },
		.release = { .name = "vault", .namespace_ = "vault", .fullname = "vault", .service_account = "vault",
		             .statefulset = value_get(v, "statefulset") },
		.caller_arn = "arn:aws:iam::123456789012:user/admin", .caller_account = "123456789012",
		.issuer = "https://" ISSUER, .account_presence = DIAG_ABSENT, .role = value_get(v, "role"), .role_read = true,
		.trust = value_get(v, "trust"), .key = value_get(v, "key"), .table = value_get(v, "table"),
	};
	if (value_get(v, "account")) {
		s->d.account_presence = DIAG_PRESENT;
		assert_int_equal(service_account_read(&s->d.account, value_get(v, "account"), &e), 0);
		s->d.role_name = role_name_of_arn(s->d.account.role_arn);
	}
	assert_int_equal(pod_list_read(&s->d.pods, &s->mem, value_get(v, "pods"), &e), 0);
	fill_part(s, v);
	assert_int_equal(checks_choose(&s->mem, &choice, &chosen, &e), 0);
	checks_judge(&s->mem, &s->d, &none, chosen, &s->found);
}

static const struct finding *finding(const struct scene *s, const char *id)
{
	for (size_t i = 0; i < s->found.n; i++)
		if (text_same(s->found.at[i].check->id, id))
			return &s->found.at[i];
	fail_msg("no check '%s'", id);
	return NULL;
}

#define GOOD_POD POD("", ENV(ROLE), GROUP)

static const struct {
	const char *name, *patch, *id;
	enum verdict verdict;
	const char *cause, *fix;     /* pieces; NULL: none is looked for */
} cases[] = {
	{ "healthy, no pod", "{}", "irsa-proof", VERDICT_PASS, "credentials", NULL },
	{ "healthy", GOOD_POD, "irsa-pod-env", VERDICT_PASS, NULL, NULL },
	{ "no account", "{'account':null}", "irsa-account", VERDICT_FAIL, "is not there", "helm vault-aws install" },
	{ "annotation missing", "{'account':{'metadata':{'annotations':null}}}", "irsa-annotation", VERDICT_FAIL, "has no annotation",
	  "kubectl annotate serviceaccount vault -n vault --overwrite eks.amazonaws.com/role-arn=" ROLE },
	{ "its name has a space", "{'account':{'metadata':{'annotations':{'eks.amazonaws.com/role-arn':null,"
	  "'eks.amazonaws.com/role-arn ':'x'}}}}", "irsa-annotation", VERDICT_FAIL, "'eks.amazonaws.com/role-arn '", "annotate" },
	{ "its value has a space", "{'account':{'metadata':{'annotations':{'eks.amazonaws.com/role-arn':'" ROLE " '}}}}",
	  "irsa-annotation", VERDICT_FAIL, "a space is enough", "annotate" },
	{ "wrong account", "{'account':{'metadata':{'annotations':{'eks.amazonaws.com/role-arn':"
	  "'arn:aws:iam::210987654321:role/c-vault-us-east-1'}}}}", "irsa-role-account", VERDICT_FAIL, "210987654321",
	  "role-arn=" ROLE },
	{ "wrong partition", "{'account':{'metadata':{'annotations':{'eks.amazonaws.com/role-arn':"
	  "'arn:aws-cn:iam::123456789012:role/c-vault-us-east-1'}}}}", "irsa-role-account", VERDICT_FAIL, "aws-cn", "role-arn=" ROLE },
	{ "wrong role, absent", "{'account':{'metadata':{'annotations':{'eks.amazonaws.com/role-arn':"
	  "'arn:aws:iam::123456789012:role/x'}}},'role':null,'trust':null}", "irsa-role", VERDICT_FAIL, "does not exist",
	  "role-arn=" ROLE },
	{ "wrong role, another's", "{'account':{'metadata':{'annotations':{'eks.amazonaws.com/role-arn':"
	  "'arn:aws:iam::123456789012:role/x'}}},'role':{'Arn':'arn:aws:iam::123456789012:role/x','Tags':[]},"
	  "'trust':{'Statement':[]}}", "irsa-role", VERDICT_FAIL, "that of this release is", "role-arn=" ROLE },
	{ "role missing", "{'role':null,'trust':null,'expected':null}", "irsa-role", VERDICT_FAIL, "does not exist",
	  "aws iam create-role --role-name c-vault-us-east-1" },
	{ "another path", "{'role':{'Arn':'arn:aws:iam::123456789012:role/p/c-vault-us-east-1'}}", "irsa-role", VERDICT_FAIL,
	  "paths differ", "role-arn=arn:aws:iam::123456789012:role/p/c-vault-us-east-1" },
	{ "no provider", "{'provider':null}", "irsa-provider", VERDICT_FAIL, "no OIDC provider",
	  "aws iam create-open-id-connect-provider --url https://" ISSUER " --client-id-list sts.amazonaws.com" },
	{ "audience not listed", "{'provider':{'ClientIDList':['sts.amazonaws.com ']}}", "irsa-provider-audience", VERDICT_FAIL,
	  "does not list", "add-client-id-to-open-id-connect-provider" },
	{ "no audience at all", "{'provider':{'ClientIDList':''}}", "irsa-provider-audience", VERDICT_FAIL, "does not list", NULL },
	{ "trust action", "{'trust':{'Statement':[{'Effect':'Allow','Action':'sts:AssumeRole','Principal':{'Federated':'" PROVIDER
	  "'}," GOOD "}]}}", "irsa-trust-action", VERDICT_FAIL, "sts:AssumeRole", "update-assume-role-policy" },
	{ "no statement", "{'trust':{'Statement':[]}}", "irsa-trust-action", VERDICT_FAIL, "no statement", "update-assume-role-policy" },
	{ "trust issuer", "{'trust':{'Statement':[{'Effect':'Allow','Action':'sts:*','Principal':{'Federated':'" PROVIDER "4'},"
	  GOOD "}]}}", "irsa-trust-provider", VERDICT_FAIL, PROVIDER "4", PROVIDER "\"" },
	{ "trust subject", TRUST(EQUALS("system:serviceaccount:other:vault", "sts.amazonaws.com")), "irsa-trust-subject", VERDICT_FAIL,
	  "system:serviceaccount:other:vault", "system:serviceaccount:vault:vault" },
	{ "key spelt as URL", TRUST("'Condition':{'StringEquals':{'https://" ISSUER ":sub':'system:serviceaccount:vault:vault'}}"),
	  "irsa-trust-subject", VERDICT_FAIL, "the condition key must be '" ISSUER ":sub'", "update-assume-role-policy" },
	{ "no subject", TRUST("'Condition':{'StringEquals':{'" ISSUER ":aud':'sts.amazonaws.com'}}"), "irsa-trust-subject",
	  VERDICT_WARN, "every service account", "update-assume-role-policy" },
	{ "trust audience", TRUST(EQUALS("system:serviceaccount:vault:vault", "vault")), "irsa-trust-audience", VERDICT_FAIL, "'vault'",
	  "update-assume-role-policy" },
	{ "no audience", TRUST("'Condition':{'StringLike':{'" ISSUER ":sub':'system:serviceaccount:vault:vault'}}"),
	  "irsa-trust-audience", VERDICT_PASS, "asks nothing", NULL },
	{ "wildcard under StringEquals", TRUST(EQUALS("system:serviceaccount:vault:*", "sts.amazonaws.com")), "irsa-trust-conditions",
	  VERDICT_FAIL, "a wildcard stands under StringEquals", "update-assume-role-policy" },
	{ "wildcard under StringLike", TRUST("'Condition':{'StringLike':{" CLAIMS("system:serviceaccount:*:vault", "sts.*") "}}"),
	  "irsa-trust-conditions", VERDICT_WARN, "wildcard", NULL },
	{ "list of subjects", TRUST("'Condition':{'StringEquals':{'" ISSUER ":sub':['system:serviceaccount:a:b',"
	  "'system:serviceaccount:vault:vault']}}"), "irsa-trust-conditions", VERDICT_PASS, NULL, NULL },
	{ "extra condition", TRUST("'Condition':{'StringEquals':{" CLAIMS("system:serviceaccount:vault:vault", "sts.amazonaws.com")
	  ",'sts:ExternalId':'42'}}"), "irsa-trust-conditions", VERDICT_FAIL, "sts:ExternalId", "update-assume-role-policy" },
	{ "condition on the network", TRUST("'Condition':{'StringEquals':{" CLAIMS("system:serviceaccount:vault:vault",
	  "sts.amazonaws.com") "},'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}"), "irsa-trust-conditions", VERDICT_UNKNOWN,
	  "aws:SourceIp", NULL },
	{ "a Deny", "{'trust':{'Statement':[{" STATEMENT "," GOOD "},{'Effect':'Deny','Principal':'*','Action':'sts:*'}]}}",
	  "irsa-trust-conditions", VERDICT_FAIL, "statement 2 of the trust policy denies", "update-assume-role-policy" },
	{ "a Deny for others", "{'trust':{'Statement':[{" STATEMENT "," GOOD "},{'Effect':'Deny','Principal':{'AWS':'*'},"
	  "'Action':'sts:AssumeRole'}]}}", "irsa-trust-conditions", VERDICT_PASS, NULL, NULL },
	{ "the second statement does", "{'trust':{'Statement':[{'Effect':'Allow','Principal':{'Service':'ec2.amazonaws.com'},"
	  "'Action':'sts:AssumeRole'},{" STATEMENT "," GOOD "}]}}", "irsa-trust-conditions", VERDICT_PASS, NULL, NULL },
	{ "webhook absent", "{'webhook':null,'pods':{'items':[{'metadata':{'name':'vault-0'},'spec':{'containers':[{'name':'vault'}]},"
	  "'status':{}}]}}", "irsa-webhook", VERDICT_FAIL, "is not there", "kubectl patch statefulset -n vault vault --type strategic" },
	{ "webhook absent, pods equipped", "{'webhook':null," PODS("", ENV(ROLE), GROUP) "}", "irsa-webhook", VERDICT_INFO, "have what it would give", NULL },
	{ "webhook without endpoint", "{'webhook':{'webhooks':[{'clientConfig':{'service':{'namespace':'w','name':'w'}}}]},"
	  "'slices':[{'endpoints':[{'conditions':{'ready':false}}]}],'pods':{'items':[{'metadata':{'name':'vault-0'},'spec':"
	  "{'containers':[{'name':'vault'}]},'status':{}}]}}", "irsa-webhook", VERDICT_FAIL, "'w/w' has no endpoint", NULL },
	{ "association", "{'associations':[{'associationId':'a-1'}]}", "irsa-pod-identity", VERDICT_WARN, "wins over",
	  "aws eks delete-pod-identity-association --cluster-name c --association-id a-1" },
	{ "association in effect", POD("", "{'name':'AWS_CONTAINER_CREDENTIALS_FULL_URI','value':'http://169.254.170.23/v1/credentials'}",
	  GROUP), "irsa-pod-identity", VERDICT_FAIL, "EKS Pod Identity", "kubectl delete pod --wait=false -n vault vault-0" },
	{ "skipped", POD(",'annotations':{'eks.amazonaws.com/skip-containers':'x, vault'}", "", GROUP), "irsa-pod-skip", VERDICT_FAIL,
	  "skip-containers", "kubectl delete pod --wait=false -n vault vault-0" },
	{ "skipped by label", POD(",'labels':{'eks.amazonaws.com/skip-pod-identity-webhook':'true'}", "", GROUP), "irsa-pod-skip",
	  VERDICT_FAIL, "skip-pod-identity-webhook", NULL },
	{ "older", "{'account':{'metadata':{'managedFields':[{'time':'2026-01-02T00:00:00Z','fieldsV1':{'f:metadata':{'f:annotations':"
	  "{'f:eks.amazonaws.com/role-arn':{}}}}}]}}," PODS("", "", GROUP) "}", "irsa-pod-age", VERDICT_FAIL,
	  "older than the annotation", "kubectl delete pod --wait=false -n vault vault-0" },
	{ "another role, no time", "{'account':{'metadata':{'managedFields':null}},'pods':{'items':[{'metadata':{'name':'vault-0'},"
	  "'spec':{'containers':[{'name':'vault','env':[" ENV("arn:aws:iam::123456789012:role/old") "]}]},'status':{}}]}}",
	  "irsa-pod-age", VERDICT_FAIL, NULL, "kubectl delete pod" },
	{ "younger, and nothing", POD("", "", GROUP), "irsa-pod-env", VERDICT_FAIL, "node's role", "kubectl delete pod" },
	{ "no token", "{'pods':{'items':[{'metadata':{'name':'vault-0'},'spec':{'containers':[{'name':'vault','env':[" ENV(ROLE)
	  "]}]},'status':{}}]}}", "irsa-token-mount", VERDICT_FAIL, "no token is mounted", "kubectl set env" },
	{ "no fsGroup", POD("", ENV(ROLE), ""), "irsa-token-readable", VERDICT_WARN, "fsGroup", "fsGroup" },
	{ "runAsUser", POD("", ENV(ROLE), ",'securityContext':{'runAsUser':100}"), "irsa-token-readable", VERDICT_PASS, NULL, NULL },
	{ "global STS", POD("", ROLE_ENV(ROLE), GROUP), "irsa-sts-regional", VERDICT_WARN, "global address", "kubectl annotate" },
	{ "access key", POD("", ENV(ROLE) ",{'name':'AWS_ACCESS_KEY_ID','valueFrom':{'secretKeyRef':{'name':'s','key':'k'}}}", GROUP),
	  "irsa-static-keys", VERDICT_WARN, "wins over the role", "kubectl set env" },
	{ "STS refuses all the same", "{'trial':{'code':'AccessDenied','message':'Not authorized'}}", "irsa-proof", VERDICT_FAIL,
	  "has not spread", "kubectl vault-check" },
	{ "STS refuses for a known reason", "{'trial':{'code':'InvalidIdentityToken','message':'No OpenIDConnect provider found'},"
	  "'provider':null}", "irsa-proof", VERDICT_SKIP, "irsa-provider", NULL },
	{ "STS refuses by trust", "{'trial':{'code':'AccessDenied','message':''},'trust':{'Statement':[]}}", "irsa-proof", VERDICT_SKIP,
	  "irsa-trust-action", NULL },
};

static bool holds(const char *text, const char *piece)
{
	return !piece || (text && strstr(text, piece));
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s = {0};
		const struct finding *f;

		judge(&s, cases[i].patch);
		f = finding(&s, cases[i].id);
		if (f->verdict != cases[i].verdict)
			fail_msg("%s: '%s' is %s: %s", cases[i].name, cases[i].id, verdict_name(f->verdict), f->cause);
		if (!holds(f->cause, cases[i].cause) || !holds(f->fix, cases[i].fix))
			fail_msg("%s: %s\n%s", cases[i].name, f->cause, f->fix ? f->fix : "no fix");
		if (f->verdict == VERDICT_FAIL && s.found.root != f)
			fail_msg("%s: the first finding is '%s': %s", cases[i].name, s.found.root->check->id, s.found.root->cause);
		if (f->verdict != VERDICT_FAIL && f->verdict != VERDICT_SKIP && s.found.root)
			fail_msg("%s: '%s' fails: %s", cases[i].name, s.found.root->check->id, s.found.root->cause);
		if (f->verdict == VERDICT_FAIL && s.found.count[VERDICT_FAIL] != 1)
			fail_msg("%s: %zu failures, not one", cases[i].name, s.found.count[VERDICT_FAIL]);
		arena_release(&s.mem);
	}
}

/* Two faults that do not follow from each other are both named, the one that others stand on first. */
static void test_two_faults(void **state)
{
	struct scene s = {0};

	(void)state;
	judge(&s, "{'provider':{'ClientIDList':[]},'trust':{'Statement':[{" STATEMENT ","
	          EQUALS("system:serviceaccount:other:vault", "sts.amazonaws.com") "}]},"
	          "'trial':{'code':'InvalidIdentityToken','message':'Incorrect token audience'}}");
	assert_text(s.found.root->check->id, "irsa-provider-audience");
	assert_int_equal(finding(&s, "irsa-trust-subject")->verdict, VERDICT_FAIL);
	assert_int_equal(s.found.count[VERDICT_FAIL], 2);
	assert_int_equal(finding(&s, "irsa-proof")->verdict, VERDICT_SKIP);
	assert_text(finding(&s, "irsa-proof")->blocked_by->id, "irsa-provider-audience");
	arena_release(&s.mem);
}

/* The mended policy lets the account in, and takes from nobody else what is theirs. */
static void test_mended_trust(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct trust_want want = { PROVIDER, ISSUER, "system:serviceaccount:vault:vault", "sts.amazonaws.com" };
	struct value *trust = json(&a, "{'Version':'2012-10-17','Statement':[{'Effect':'Allow','Principal':{'Service':'x'},"
	                               "'Action':'sts:AssumeRole'},{" STATEMENT "," EQUALS("system:serviceaccount:o:o", "x") "}]}");
	struct trust_view view, after;

	(void)state;
	for (int ours = 0; ours < 2; ours++) {
		const struct value *mended;

		trust_look(&a, trust, &want, &view);
		assert_int_equal(view.reached, TRUST_SUBJECT);
		assert_int_equal(view.index, 1);
		mended = trust_mended(&a, trust, &want, &view, ours);
		assert_int_equal(value_count(mended, "Statement"), ours ? 2 : 3);
		assert_true(value_same(value_at(mended, "Statement.0"), value_at(trust, "Statement.0")));
		trust_look(&a, mended, &want, &after);
		assert_int_equal(after.reached, TRUST_WHOLE);
	}
}

static void test_shell_word(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	assert_text(shell_word(&a, ROLE), ROLE);
	assert_text(shell_word(&a, ""), "''");
	assert_text(shell_word(&a, "a b"), "'a b'");
	assert_text(shell_word(&a, "it's $x"), "'it'\\''s $x'");
}

/* What other families ask of the role. */
static void test_role_may(void **state)
{
	struct scene s = {0};
	struct diag_irsa *p;
	struct policy_reason why;
	struct simulated said;
	const char *key = "arn:aws:kms:us-east-1:123456789012:key/1";
	struct role_policy inline_ = { .name = "vault-policy" };

	(void)state;
	judge(&s, "{}");
	assert_int_equal(diag_role_may(&s.d, "kms:Decrypt", key, &why), POLICY_UNKNOWN);
	p = s.d.part[DIAG_IRSA];
	p->inline_listed = p->attached_listed = true;
	p->inline_ = &inline_;
	p->n_inline = 1;
	assert_int_equal(diag_role_may(&s.d, "kms:Decrypt", key, &why), POLICY_UNKNOWN);
	inline_.document = json(&s.mem, diag_wanted_policy(&s.d, &s.mem));
	for (size_t i = 0; i < DIAG_ACTIONS; i++)
		assert_int_equal(diag_role_may(&s.d, diag_actions[i], i < DIAG_KMS_ACTIONS ? key : diag_table_arn(&s.d, &s.mem), &why),
		                 POLICY_ALLOWED);
	assert_int_equal(diag_role_may(&s.d, "dynamodb:CreateTable", diag_table_arn(&s.d, &s.mem), &why), POLICY_IMPLICIT);
	assert_int_equal(diag_role_may(&s.d, "kms:Decrypt", NULL, NULL), POLICY_UNKNOWN);
	assert_false(diag_role_simulated(&s.d, "kms:Decrypt", &said));
	p->simulated[0] = json(&s.mem, "[{'EvalActionName':'kms:Decrypt','EvalDecision':'explicitDeny','OrganizationsDecisionDetail':"
	                               "{'AllowedByOrganizations':'false'}}]");
	assert_true(diag_role_simulated(&s.d, "kms:Decrypt", &said));
	assert_text(said.decision, "explicitDeny");
	assert_text(said.allowed_by_organizations, "false");
	assert_null(said.allowed_by_boundary);
	assert_null(diag_trial_aws(&s.d) == &p->trial ? NULL : "other");
	diag_irsa_release(&s.d);
	assert_null(diag_trial_aws(&s.d));
	arena_release(&s.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_two_faults),
		cmocka_unit_test(test_mended_trust),
		cmocka_unit_test(test_shell_word),
		cmocka_unit_test(test_role_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
