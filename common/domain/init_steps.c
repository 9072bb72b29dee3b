/* The work of init: its table, the spool's key, and the one call. */
#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"
#include "formats/iso8601.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { DATA_KEY_MAX = 256, INIT_MS = 60000 };

_Static_assert(BEGUN_LEASE_S * 1000 > INIT_MS, "nobody waits longer for the reply than its note says");

#define VAULT_INIT "/v1/sys/init"

DUE(data_key_due)
{
	const struct init_world *in = world;

	(void)item;
	return init_has_work(in) && in->in_aws;
}

bool init_has_work(const struct init_world *in)
{
	return in->plan == INIT_FRESH || in->plan == INIT_STORE;
}

bool init_keys_held(const struct init_world *in)
{
	return secret_held(&in->values[CUSTODY_RECOVERY_KEYS]) && secret_held(&in->values[CUSTODY_ROOT_TOKEN]);
}

/* ---- the spool's key: a new one, or the one that the keys are sealed with ---- */

static const struct aws_op *data_key_op(const struct init_world *in)
{
	return in->plan == INIT_STORE ? &kms_decrypt : &kms_generate_data_key;
}

ASK(ask_data_key)
{
	const struct init_world *in = world;
	struct value *params = params_of(&rq->mem, "KeyId", in->plan == INIT_STORE ? in->spool.kms_key : in->custody_key.arn, NULL);

	(void)item;
	if (in->plan == INIT_STORE)
		value_set_text(&rq->mem, params, "CiphertextBlob", in->spool.data_key);
	else
		value_set_text(&rq->mem, params, "KeySpec", "AES_256");
	value_set(&rq->mem, params, "EncryptionContext", spool_context(&rq->mem, &in->spool));
	return aws_ask(in->boot.aws, rq, data_key_op(in), params, e);
}

static int take_data_key(struct init_world *in, const struct value *body, struct err *e)
{
	AUTO(wiped) struct buf plain = BUF_MAX(DATA_KEY_MAX);
	const char *text, *sealed;

	if (value_text(body, "Plaintext", &text, e) < 0 || base64_parse(&plain, view_text(text), e) < 0 ||
	    buf_whole(&plain, "the data key", e) < 0)
		return -1;
	secret_release(&in->data_key);
	secret_adopt(&in->data_key, &plain);
	if (in->plan == INIT_STORE)
		return spool_open(&in->spool, &in->data_key, in->values, e);
	if (value_text(body, "CiphertextBlob", &sealed, e) < 0)
		return -1;
	in->spool.kms_key = in->custody_key.arn;
	in->spool.data_key = arena_text(in->boot.mem, sealed);
	return 0;
}

HEAR(hear_data_key)
{
	struct init_world *in = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct aws_answer answer;
	enum heard heard;

	(void)item;
	if (aws_read(&scratch, data_key_op(in), reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(data_key_op(in), &answer, e);
	if (heard != HEARD_DONE) {
		err_while(e, in->plan == INIT_STORE ? "opening the spool" : "making a key for the spool");
		return heard;
	}
	return take_data_key(in, answer.body, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

/* ---- the one call ---- */

ASK(ask_look)
{
	(void)item;
	return boot_ask(world, rq, "GET", VAULT_SEAL_STATUS, NULL, e);
}

HEAR(hear_look)
{
	struct init_world *in = world;

	(void)item;
	if (boot_read_status(&in->boot, reply, e) < 0)
		return HEARD_UNSURE;
	return in->plan == INIT_STORE && init_place_files(in, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

/* Once only: after it was sent, nothing sends it again. */
DUE(init_due)
{
	const struct init_world *in = world;

	(void)item;
	return in->plan == INIT_FRESH && !in->sent;
}

static int before_init(void *world, size_t item, struct err *e)
{
	struct init_world *in = world;

	(void)item;
	if (init_proof_verdict(in, e) < 0)
		return -1;
	if (in->boot.status.initialized)
		return err_set(e, ERR_GUARD, 0, "somebody else initialised Vault a moment ago");
	if (in->in_files && custody_file_try(&in->files[0], in->boot.host, e) < 0)
		return err_while(e, "nothing was initialised");
	in->began_before = in->spool.stage == SPOOL_BEGUN && in->over.kind == OVER_NONE;
	if (spool_write(&in->spool, in->boot.mem, in->boot.host, SPOOL_BEGUN, e) < 0)
		return -1;
	in->sent = in->lost = true;
	return 0;
}

/* So that nobody sees a share, nor the root token, but who is to have it. */
static void add_pgp(struct arena *a, struct value *body, const struct init_world *in)
{
	struct value *keys = value_set(a, body, "recovery_pgp_keys", value_new_list(a));

	for (size_t i = 0; i + 1 < in->n_pgp; i++)
		value_push(a, keys, value_new_text(a, in->pgp[i].base64));
	value_set_text(a, body, "root_token_pgp_key", in->pgp[in->n_pgp - 1].base64);
}

ASK(ask_init)
{
	const struct init_world *in = world;
	struct value *body = value_new_map(&rq->mem);

	(void)item;
	value_set_int(&rq->mem, body, "recovery_shares", in->options.shares);
	value_set_int(&rq->mem, body, "recovery_threshold", in->options.threshold);
	if (in->n_pgp)
		add_pgp(&rq->mem, body, in);
	return boot_ask(&in->boot, rq, "PUT", VAULT_INIT, body, e);
}

static int keep(struct init_world *in, const struct value *answer, struct err *e)
{
	char now[ISO8601_TEXT];

	iso8601_print(host_wall_ms(in->boot.host), now);
	if (custody_values(in->boot.want, answer, in->options.threshold, in->n_pgp > 0, now, in->values, e) < 0)
		return -1;
	if (in->in_aws && spool_seal(&in->spool, in->boot.mem, in->boot.host, &in->data_key, in->values, e) < 0)
		return -1;
	if (init_seal_files(in, e) < 0)
		return -1;
	return spool_write(&in->spool, in->boot.mem, in->boot.host, SPOOL_KEYS, e);
}

/*
 * "Already" is the one refusal that surely did nothing: the note of having begun is taken back, unless an earlier run of
 * ours had begun too. Another 400 is final, and may come late (vault, http/sys_init.go: any fatal error): nobody gets keys.
 * Whatever else may come after the keys were made, and is no reply then: the settle row looks, and init_finish tells.
 */
static enum heard hear_refused_init(struct init_world *in, const struct reply *reply, struct err *e)
{
	if (reply->status != 400) {
		err_while(e, "initialising Vault");
		return HEARD_UNSURE;
	}
	in->refused = arena_text(in->boot.mem, e->text);
	if (strstr(e->text, "already initialized") && in->began_before) {
		in->sent = false;   /* what became of the other call, that one's run may know */
	} else if (strstr(e->text, "already initialized")) {
		if (spool_write(&in->spool, in->boot.mem, in->boot.host, SPOOL_PREPARED, e) < 0)
			return HEARD_REFUSED;
		in->taken = true;
	}
	err_release(e);
	return HEARD_DONE;
}

/* A spool that cannot be written does not stop custody: the keys are in our hands. */
HEAR(hear_init)
{
	struct init_world *in = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	const struct value *answer;
	AUTO(err) struct err why = {0};

	(void)item;
	if (vault_read(&scratch, reply, &answer, e) < 0)
		return hear_refused_init(in, reply, e);
	if (keep(in, answer, &why) < 0 && !init_keys_held(in)) {
		err_move(e, &why);
		return HEARD_UNSURE;
	}
	in->lost = false;
	return init_place_files(in, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

static const struct step key_row = {
	.name = "spool.key", .title = "get a key for the spool", .due = data_key_due, .ask = ask_data_key, .hear = hear_data_key
};

static const struct step look_row = {
	.name = "vault.look", .title = "ask Vault for its state", .needs = NEEDS("custody.try", "over.still"), .ask = ask_look,
	.hear = hear_look,
};

static const struct step call_row = {
	.name = "vault.init", .change = "initialise Vault", .needs = NEEDS("note.begin"), .settle = "vault.look", .due = init_due,
	.before = before_init, .timeout_ms = INIT_MS, .ask = ask_init, .hear = hear_init,
};

const struct step *init_table(struct arena *a, size_t *n)
{
	const struct {
		const struct step *rows;
		size_t n;
	} parts[] = {
		{ init_proof_rows, INIT_PROOF_ROWS }, { &key_row, 1 }, { init_wrap_rows, INIT_WRAP_ROWS }, { init_prepare_rows, INIT_PREPARE_ROWS },
		{ init_over_rows, INIT_OVER_ROWS }, { &look_row, 1 }, { &init_note_begin, 1 }, { &call_row, 1 }, { &init_note_mark, 1 },
		{ &init_files_row, 1 },
		{ init_store_rows, INIT_STORE_ROWS }, { &init_note_end, 1 }, { init_ready_rows, INIT_READY_ROWS },
	};
	struct step *all;

	*n = 0;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		*n += parts[i].n;
	all = ARENA_ARRAY(a, struct step, *n);
	*n = 0;
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		memcpy(all + *n, parts[i].rows, parts[i].n * sizeof(*all));
		*n += parts[i].n;
	}
	return all;
}
