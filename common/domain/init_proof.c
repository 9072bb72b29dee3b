/*
 * The nine actions that Vault's role needs, proved as the role before sys/init:
 * a refused init leaves a table that is sealed for good, or loses the keys. From
 * outside the pod: a token of the service account, given to STS, and real calls
 * that leave nothing. Without a cluster the caller's own credentials are tried.
 */
#include "aws/chain.h"
#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"
#include "domain/table_trial.h"
#include "formats/iso8601.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { SESSION_S = 900, PROBE_BYTES = 32 };
/* Of init_actions. */
enum { DESCRIBE_KEY, ENCRYPT, DECRYPT, TABLE_FIRST };

const char *const init_actions[INIT_ACTIONS] = {
	"kms:DescribeKey", "kms:Encrypt", "kms:Decrypt", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query",
	"dynamodb:BatchWriteItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
};

static bool is_fresh(const struct init_world *in)
{
	return in->plan == INIT_FRESH;
}

/* ---- the role ---- */

DUE(account_due)
{
	const struct init_world *in = world;

	(void)item;
	return is_fresh(in) && !in->boot.options.vault_addr;
}

static const char *account_name(const struct init_world *in)
{
	const char *name = in->boot.server ? in->boot.server->service_account : NULL;

	return name ? name : in->boot.want->service_account;
}

ASK(ask_account)
{
	const struct init_world *in = world;

	(void)item;
	return kube_ask(in->boot.kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/serviceaccounts/%s",
	                                                    in->boot.want->namespace_, account_name(in)), NULL, e);
}

HEAR(hear_account)
{
	struct init_world *in = world;
	struct service_account account;
	struct kube_answer answer;
	enum heard heard = hear_kube(in->world, reply, &answer, e, "reading the service account '%s'", account_name(in));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (answer.ok && service_account_read(&account, answer.body, e) < 0)
		return HEARD_UNSURE;
	if (!answer.ok || text_empty(account.role_arn))
		return hear_guard(e, "helm vault-aws install sets it; kubectl vault-check irsa looks closer",
		                  "the service account '%s/%s' names no role, so Vault cannot use its key", in->boot.want->namespace_,
		                  account_name(in));
	in->role_arn = account.role_arn;
	return HEARD_DONE;
}

DUE(role_due)
{
	const struct init_world *in = world;

	(void)item;
	return is_fresh(in) && in->role_arn;
}

ASK(ask_jwt)
{
	const struct init_world *in = world;

	(void)item;
	return kube_ask_token(in->boot.kube, rq, in->boot.want->namespace_, account_name(in),
	                      kube_audience(&rq->mem, "sts.amazonaws.com"), e);
}

HEAR(hear_jwt)
{
	struct init_world *in = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct kube_answer answer;
	const char *token;
	enum heard heard;

	(void)item;
	if (kube_read(&scratch, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = kube_heard(&answer, "asking for a token of Vault's service account", e);
	if (heard == HEARD_REFUSED)
		err_hint(e, "the proof takes the right to create serviceaccounts/token");
	if (heard != HEARD_DONE)
		return heard;
	if (value_text(answer.body, "status.token", &token, e) < 0)
		return HEARD_UNSURE;
	secret_set(&in->jwt, view_text(token));
	return HEARD_DONE;
}

ASK(ask_assume)
{
	const struct init_world *in = world;
	struct value *params = params_of(&rq->mem, "RoleArn", in->role_arn, "RoleSessionName", "helm-vault-aws-init", NULL);

	(void)item;
	value_set(&rq->mem, params, "WebIdentityToken", value_new_view(&rq->mem, secret_expose(&in->jwt)));
	value_set_int(&rq->mem, params, "DurationSeconds", SESSION_S);
	return aws_ask(in->boot.aws, rq, &sts_assume_role_with_web_identity, params, e);
}

static int open_role(struct init_world *in, const struct value *body, struct err *e)
{
	const char *key_id, *secret_key, *token, *expires;
	int64_t expires_ms;

	if (value_text(body, "Credentials.AccessKeyId", &key_id, e) < 0 ||
	    value_text(body, "Credentials.SecretAccessKey", &secret_key, e) < 0 ||
	    value_text(body, "Credentials.SessionToken", &token, e) < 0 ||
	    value_text(body, "Credentials.Expiration", &expires, e) < 0 ||
	    iso8601_parse(view_text(expires), &expires_ms, e) < 0)
		return err_while(e, "the answer of sts:AssumeRoleWithWebIdentity");
	in->role = aws_in_region(in->boot.aws, NULL);
	in->role.origin = NULL;
	in->role.creds = (struct credentials){0};
	if (credentials_fill(&in->role.creds, key_id, view_text(secret_key), view_text(token), expires_ms, "the role", e) < 0)
		return -1;
	in->role_open = true;
	return 0;
}

HEAR(hear_assume)
{
	struct init_world *in = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct aws_answer answer;
	enum heard heard;

	(void)item;
	if (aws_read(&scratch, &sts_assume_role_with_web_identity, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(&sts_assume_role_with_web_identity, &answer, e);
	if (heard == HEARD_DONE && open_role(in, answer.body, e) < 0)
		return HEARD_UNSURE;
	if (heard == HEARD_REFUSED) {
		err_while(e, "taking the role '%s' as Vault's service account", in->role_arn);
		err_hint(e, "kubectl vault-check irsa says which link is broken; nothing was initialised");
	}
	return heard;
}

/* ---- the nine ---- */

static struct aws prover(const struct init_world *in, size_t action)
{
	const char *region = action < TABLE_FIRST ? in->key_aws.region : in->table_aws.region;

	return aws_in_region(in->role_open ? &in->role : in->boot.aws, region);
}

DUE(trial_due)
{
	(void)item;
	return is_fresh(world);
}

/* All but Decrypt, which needs what Encrypt gives. */
static size_t count_trials(const void *world)
{
	(void)world;
	return INIT_ACTIONS - 1;
}

static size_t action_of(size_t item)
{
	return item < DECRYPT ? item : item + 1;
}

static const struct aws_op *op_of(size_t action)
{
	if (action >= TABLE_FIRST)
		return table_trial_ops[action - TABLE_FIRST];
	return action == DESCRIBE_KEY ? &kms_describe_key : action == ENCRYPT ? &kms_encrypt : &kms_decrypt;
}

static int before_trial(void *world, size_t item, struct err *e)
{
	struct init_world *in = world;
	unsigned char bytes[PROBE_BYTES];

	(void)item;
	if (!in->trial_item)
		in->trial_item = table_trial_item(in->boot.mem, in->boot.host, "helm-vault-aws-init", e);
	if (!in->trial_item || secret_held(&in->probe))
		return in->trial_item ? 0 : -1;
	if (host_random(in->boot.host, bytes, sizeof(bytes), e) < 0)
		return -1;
	secret_set(&in->probe, view_of(bytes, sizeof(bytes)));
	wipe(bytes, sizeof(bytes));
	return 0;
}

ASK(ask_trial)
{
	const struct init_world *in = world;
	size_t action = action_of(item);
	struct aws aws = prover(in, action);
	AUTO(buf) struct buf plain = BUF_MAX(256);
	struct value *params;

	if (action >= TABLE_FIRST) {
		params = table_trial_params(&rq->mem, (enum table_trial)(action - TABLE_FIRST), in->facts.table, in->trial_item);
		return aws_ask(&aws, rq, op_of(action), params, e);
	}
	params = params_of(&rq->mem, "KeyId", in->facts.key_id, NULL);
	if (action == ENCRYPT) {
		base64_print(&plain, secret_expose(&in->probe));
		value_set_text(&rq->mem, params, "Plaintext", buf_str(&plain));
	}
	return aws_ask(&aws, rq, op_of(action), params, e);
}

/* What AWS says no to is an answer, which the verdict tells, all of them at once. */
static enum heard take_trial(struct init_world *in, size_t action, struct arena *a, const struct reply *reply,
                             struct aws_answer *answer, struct err *e)
{
	enum heard heard;

	*answer = (struct aws_answer){0};
	if (aws_read(a, op_of(action), reply, answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(op_of(action), answer, e);
	if (heard != HEARD_DONE && heard != HEARD_REFUSED) {
		err_while(e, "proving %s", init_actions[action]);
		return heard;
	}
	err_release(e);
	in->trials[action].asked = true;
	in->trials[action].allowed = answer->ok || aws_code_is(answer, TABLE_TRIAL_HELD_BACK);
	in->trials[action].said = arena_printf(in->boot.mem, "%s: %s", answer->code ? answer->code : "", answer->message ?
	                                       answer->message : "");
	return HEARD_DONE;
}

HEAR(hear_trial)
{
	struct init_world *in = world;
	struct aws_answer answer;
	enum heard heard = take_trial(in, action_of(item), in->boot.mem, reply, &answer, e);

	if (heard == HEARD_DONE && action_of(item) == ENCRYPT && answer.ok)
		in->probe_blob = value_text_or(answer.body, "CiphertextBlob", NULL);
	return heard;
}

DUE(decrypt_due)
{
	const struct init_world *in = world;

	(void)item;
	return is_fresh(in) && in->probe_blob;
}

ASK(ask_decrypt)
{
	const struct init_world *in = world;
	struct aws aws = prover(in, DECRYPT);

	(void)item;
	return aws_ask(&aws, rq, &kms_decrypt, params_of(&rq->mem, "CiphertextBlob", in->probe_blob, NULL), e);
}

HEAR(hear_decrypt)
{
	struct init_world *in = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	AUTO(wiped) struct buf plain = BUF_MAX(256);
	AUTO(secret) struct secret back = {0};
	AUTO(err) struct err ignored = {0};
	struct aws_answer answer;
	enum heard heard = take_trial(in, DECRYPT, &scratch, reply, &answer, e);

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	if (base64_parse(&plain, view_text(value_text_or(answer.body, "Plaintext", "")), &ignored) == 0)
		secret_adopt(&back, &plain);
	in->trials[DECRYPT].allowed = secret_held(&back) && secret_same(&back, &in->probe);
	if (!in->trials[DECRYPT].allowed)
		in->trials[DECRYPT].said = "what came back is not what was encrypted";
	return HEARD_DONE;
}

int init_proof_verdict(const struct init_world *in, struct err *e)
{
	const char *who = in->role_arn ? in->role_arn : "the credentials used here";

	for (size_t i = 0; i < INIT_ACTIONS; i++) {
		const struct init_trial *t = &in->trials[i];

		if (t->allowed || (i == DECRYPT && !t->asked && !in->trials[ENCRYPT].allowed))
			continue;
		err_also(e, ERR_GUARD, "%s may not do %s: %s", who, init_actions[i], t->said ? t->said : "it was not tried");
	}
	if (!e->kind)
		return 0;
	err_hint(e, "an init that is refused half-way ruins the table or loses the keys, so nothing was done; helm vault-aws plan "
	         "shows what the role lacks");
	return -1;
}

const struct step init_proof_rows[INIT_PROOF_ROWS] = {
	{ .name = "account.read", .title = "read Vault's service account", .due = account_due, .ask = ask_account,
	  .hear = hear_account },
	{ .name = "role.token", .title = "ask for a token of the service account", .needs = NEEDS("account.read"), .due = role_due,
	  .ask = ask_jwt, .hear = hear_jwt },
	{ .name = "role.assume", .title = "take the role", .needs = NEEDS("role.token"), .due = role_due, .ask = ask_assume,
	  .hear = hear_assume },
	{ .name = "proof.try", .title = "prove what the role may do", .needs = NEEDS("role.assume"), .count = count_trials,
	  .due = trial_due, .before = before_trial, .ask = ask_trial, .hear = hear_trial },
	{ .name = "proof.decrypt", .title = "prove that the key decrypts", .needs = NEEDS("proof.try"), .due = decrypt_due,
	  .ask = ask_decrypt, .hear = hear_decrypt },
};
