/* The proof that Vault's role can use the new key, and goes on with the present one; and the policy that lets it. */
#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "domain/seal_migrate.h"
#include "formats/json.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { PROBE_BYTES = 32, GRANT_S = 30, POLICY_MAX = 16 << 10 };

DUE(proof_due)
{
	const struct seal_migrate *m = world;

	(void)item;
	return !seal_wants_shamir(m) && !m->role.open;
}

ASK(ask_account)
{
	const struct seal_migrate *m = world;

	(void)item;
	return vault_role_ask_account(&m->roll.boot, rq, e);
}

HEAR(hear_account)
{
	struct seal_migrate *m = world;

	(void)item;
	return vault_role_hear_account(&m->role, &m->roll.boot, m->roll.world, reply, e);
}

ASK(ask_jwt)
{
	const struct seal_migrate *m = world;

	(void)item;
	return vault_role_ask_token(&m->roll.boot, rq, e);
}

HEAR(hear_jwt)
{
	struct seal_migrate *m = world;

	(void)item;
	return vault_role_hear_token(&m->role, reply, e);
}

ASK(ask_assume)
{
	const struct seal_migrate *m = world;

	(void)item;
	return vault_role_ask_assume(&m->role, &m->roll.boot, rq, e);
}

HEAR(hear_assume)
{
	struct seal_migrate *m = world;

	(void)item;
	return vault_role_hear_assume(&m->role, &m->roll.boot, reply, e);
}

/* ---- the two keys ---- */

static const char *key_of(const struct seal_migrate *m, size_t item)
{
	return item == SEAL_WANTED_KEY ? m->key.arn : m->stored.root_key;
}

/* The role, where the key is. */
static struct aws trial_aws(const struct seal_migrate *m, size_t item)
{
	const char *region = arn_region(m->roll.boot.mem, key_of(m, item));

	return aws_in_region(&m->role.aws, region ? region : m->key_aws.region);
}

/* Proven once, or again after the policy was written. */
DUE(trial_due)
{
	const struct seal_migrate *m = world;
	const struct seal_trial *t = &m->trials[item];

	return m->role.open && key_of(m, item) && !t->decrypts;
}

static size_t count_keys(const void *world)
{
	(void)world;
	return SEAL_KEYS;
}

static int before_encrypt(void *world, size_t item, struct err *e)
{
	struct seal_migrate *m = world;
	unsigned char bytes[PROBE_BYTES];

	m->trials[item] = (struct seal_trial){0};
	if (secret_held(&m->probe))
		return 0;
	if (host_random(m->roll.boot.host, bytes, sizeof(bytes), e) < 0)
		return -1;
	secret_set(&m->probe, view_of(bytes, sizeof(bytes)));
	wipe(bytes, sizeof(bytes));
	return 0;
}

ASK(ask_encrypt)
{
	const struct seal_migrate *m = world;
	struct aws aws = trial_aws(m, item);
	struct value *params = params_of(&rq->mem, "KeyId", key_of(m, item), NULL);
	AUTO(buf) struct buf plain = BUF_MAX(256);

	base64_print(&plain, secret_expose(&m->probe));
	value_set_text(&rq->mem, params, "Plaintext", buf_str(&plain));
	return aws_ask(&aws, rq, &kms_encrypt, params, e);
}

/* What AWS says no to is an answer, which the verdict tells. */
static enum heard take_trial(struct seal_migrate *m, size_t item, const struct aws_op *op, struct arena *a,
                             const struct reply *reply, struct aws_answer *answer, struct err *e)
{
	enum heard heard;

	*answer = (struct aws_answer){0};
	if (aws_read(a, op, reply, answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(op, answer, e);
	if (heard != HEARD_REFUSED)
		return heard;
	err_release(e);
	m->trials[item].said = arena_printf(m->roll.boot.mem, "kms:%s: %s: %s", op->name, answer->code ? answer->code : "",
	                                    answer->message ? answer->message : "");
	return HEARD_DONE;
}

HEAR(hear_encrypt)
{
	struct seal_migrate *m = world;
	struct aws_answer answer;
	enum heard heard = take_trial(m, item, &kms_encrypt, m->roll.boot.mem, reply, &answer, e);

	if (heard == HEARD_DONE && answer.ok) {
		m->trials[item].encrypts = true;
		m->trials[item].blob = value_text_or(answer.body, "CiphertextBlob", NULL);
	}
	return heard;
}

DUE(decrypt_due)
{
	const struct seal_migrate *m = world;

	return trial_due(world, item) && m->trials[item].blob;
}

ASK(ask_decrypt)
{
	const struct seal_migrate *m = world;
	struct aws aws = trial_aws(m, item);

	return aws_ask(&aws, rq, &kms_decrypt, params_of(&rq->mem, "CiphertextBlob", m->trials[item].blob, NULL), e);
}

HEAR(hear_decrypt)
{
	struct seal_migrate *m = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	AUTO(wiped) struct buf plain = BUF_MAX(256);
	AUTO(secret) struct secret back = {0};
	AUTO(err) struct err ignored = {0};
	struct aws_answer answer;
	enum heard heard = take_trial(m, item, &kms_decrypt, &scratch, reply, &answer, e);

	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	if (base64_parse(&plain, view_text(value_text_or(answer.body, "Plaintext", "")), &ignored) == 0)
		secret_adopt(&back, &plain);
	m->trials[item].decrypts = secret_held(&back) && secret_same(&back, &m->probe);
	if (!m->trials[item].decrypts)
		m->trials[item].said = "what came back is not what was encrypted";
	return HEARD_DONE;
}

int seal_proof_verdict(const struct seal_migrate *m, struct err *e)
{
	for (size_t i = 0; i < SEAL_KEYS; i++) {
		const struct seal_trial *t = &m->trials[i];

		if (t->said)
			err_also(e, ERR_GUARD, "%s may not use the key '%s': %s", m->role.arn, key_of(m, i), t->said);
	}
	if (!e->kind)
		return 0;
	err_hint(e, "the role's policy '" SEAL_POLICY "' allows it, so the key's own policy (or a boundary, or the organisation) must too");
	return -1;
}

const struct step seal_proof_rows[SEAL_PROOF_ROWS] = {
	{ .name = "account.read", .title = "read Vault's service account", .needs = NEEDS("vault.pods"), .due = proof_due,
	  .ask = ask_account, .hear = hear_account },
	{ .name = "role.token", .title = "ask for a token of the service account", .needs = NEEDS("account.read"), .due = proof_due,
	  .ask = ask_jwt, .hear = hear_jwt },
	{ .name = "role.assume", .title = "take the role", .needs = NEEDS("role.token"), .due = proof_due, .ask = ask_assume,
	  .hear = hear_assume },
	{ .name = "proof.encrypt", .title = "prove that the role may use the key", .needs = NEEDS("role.assume", "table.read"),
	  .count = count_keys, .due = trial_due, .before = before_encrypt, .ask = ask_encrypt, .hear = hear_encrypt },
	{ .name = "proof.decrypt", .title = "prove that the key decrypts", .needs = NEEDS("proof.encrypt"), .count = count_keys,
	  .due = decrypt_due, .ask = ask_decrypt, .hear = hear_decrypt },
};

/* ---- the role's policy: the new key beside the present one ---- */

static void allow_key(struct arena *a, struct value *list, const char *arn)
{
	if (arn)
		value_push(a, list, value_new_text(a, arn));
}

static struct value *policy(const struct seal_migrate *m, struct arena *a)
{
	static const char *const actions[] = { "kms:DescribeKey", "kms:Encrypt", "kms:Decrypt" };
	struct value *doc = params_of(a, "Version", "2012-10-17", NULL), *statement, *list;

	statement = value_push(a, value_set(a, doc, "Statement", value_new_list(a)),
	                       params_of(a, "Sid", "VaultSealMigrate", "Effect", "Allow", NULL));
	list = value_set(a, statement, "Action", value_new_list(a));
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		value_push(a, list, value_new_text(a, actions[i]));
	list = value_set(a, statement, "Resource", value_new_list(a));
	allow_key(a, list, m->key.arn);
	allow_key(a, list, m->stored.root_key);
	return doc;
}

ASK(ask_grant)
{
	const struct seal_migrate *m = world;
	AUTO(buf) struct buf text = BUF_MAX(POLICY_MAX);

	(void)item;
	va_json_print(&text, policy(m, &rq->mem), false);
	return aws_ask(m->roll.boot.aws, rq, &iam_put_role_policy,
	               params_of(&rq->mem, "RoleName", role_name_of_arn(m->role.arn), "PolicyName", SEAL_POLICY, "PolicyDocument",
	                         buf_str(&text), NULL), e);
}

HEAR(hear_grant)
{
	struct seal_migrate *m = world;
	struct aws_answer answer;

	(void)item;
	m->granted = true;
	return hear_aws(m->roll.world, &iam_put_role_policy, reply, NULL, &answer, e, "writing the policy '" SEAL_POLICY "' of the role '%s'",
	                role_name_of_arn(m->role.arn));
}

/* What IAM was told is not known everywhere at once. */
ASK(ask_granted)
{
	const struct seal_migrate *m = world;
	struct aws aws = aws_in_region(&m->role.aws, m->key_aws.region);

	(void)item;
	return aws_ask(&aws, rq, &kms_encrypt, params_of(&rq->mem, "KeyId", m->key.arn, "Plaintext", "AAAA", NULL), e);
}

HEAR(hear_granted)
{
	struct seal_migrate *m = world;
	struct aws_answer answer = {0};
	enum heard heard;

	(void)item;
	if (aws_read(m->roll.boot.mem, &kms_encrypt, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(&kms_encrypt, &answer, e);
	if (heard != HEARD_REFUSED)
		return heard;
	e->kind = ERR_GUARD;
	err_while(e, "the role may not use the key '%s' yet", m->key.arn);
	err_hint(e, "its policy '" SEAL_POLICY "' allows it, so the key's own policy (or a boundary, or the organisation) must too; no "
	         "pod was touched");
	return HEARD_NOT_YET;
}

const struct step seal_grant_rows[] = {
	{ .name = "policy.grant", .change = "let the role use the new key", .ask = ask_grant, .hear = hear_grant },
	{ .name = "policy.await", .title = "wait until the role may use the new key", .needs = NEEDS("policy.grant"),
	  .patience_s = GRANT_S, .ask = ask_granted, .hear = hear_granted, .may_fail = true },
};
const size_t n_seal_grant_rows = COUNT_OF(seal_grant_rows);
