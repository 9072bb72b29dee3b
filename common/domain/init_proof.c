/*
 * The nine actions that Vault's role needs, proved as the role before sys/init:
 * a refused init leaves a table that is sealed for good, or loses the keys. From
 * outside the pod: a token of the service account, given to STS, and real calls
 * that leave nothing. Without a cluster the caller's own credentials are tried.
 */
#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"
#include "domain/table_trial.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { PROBE_BYTES = 32 };
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

ASK(ask_account)
{
	const struct init_world *in = world;

	(void)item;
	return vault_role_ask_account(&in->boot, rq, e);
}

HEAR(hear_account)
{
	struct init_world *in = world;

	(void)item;
	return vault_role_hear_account(&in->role, &in->boot, in->world, reply, e);
}

DUE(role_due)
{
	const struct init_world *in = world;

	(void)item;
	return is_fresh(in) && in->role.arn;
}

ASK(ask_jwt)
{
	const struct init_world *in = world;

	(void)item;
	return vault_role_ask_token(&in->boot, rq, e);
}

HEAR(hear_jwt)
{
	struct init_world *in = world;

	(void)item;
	return vault_role_hear_token(&in->role, reply, e);
}

ASK(ask_assume)
{
	const struct init_world *in = world;

	(void)item;
	return vault_role_ask_assume(&in->role, &in->boot, rq, e);
}

HEAR(hear_assume)
{
	struct init_world *in = world;

	(void)item;
	return vault_role_hear_assume(&in->role, &in->boot, reply, e);
}

/* ---- the nine ---- */

static struct aws prover(const struct init_world *in, size_t action)
{
	const char *region = action < TABLE_FIRST ? in->key_aws.region : in->table_aws.region;

	return aws_in_region(in->role.open ? &in->role.aws : in->boot.aws, region);
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
	const char *who = in->role.arn ? in->role.arn : "the credentials used here";

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
