/* Custody's own words: what were recovery keys are unseal keys with Shamir's seal, and the other way round. */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/seal_migrate.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { TOKEN_BYTES = 16 };

#define UNSEAL_KEYS "unseal keys of Vault (Shamir's seal), which were its recovery keys"

static const struct custody_entry all_shares = { .word = "recovery-keys" };

/* No other kind of custody can describe anew what it holds without writing it. */
static struct custody_store store_of(const struct seal_migrate *m)
{
	return (struct custody_store){ .kind = custody_kind_of("secretsmanager"), .want = m->roll.boot.want, .aws = m->roll.boot.aws };
}

ASK(ask_look)
{
	const struct seal_migrate *m = world;
	struct custody_store store = store_of(m);

	(void)item;
	return custody_ask_find(&store, &all_shares, rq, e);
}

HEAR(hear_look)
{
	struct seal_migrate *m = world;
	struct custody_store store = store_of(m);
	struct custody_have have = {0};
	struct aws_answer answer;
	enum heard heard = hear_aws(m->roll.world, store.kind->find, reply, store.kind->absent, &answer, e, "looking for '%s'",
	                            custody_name(m->roll.boot.mem, m->roll.boot.want, all_shares.word));
	const char *says;
	bool shamir = seal_to_shamir(m);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (answer.ok && store.kind->found(m->roll.boot.mem, &store, m->roll.world, &all_shares, answer.body, &have, e) < 0)
		return HEARD_UNSURE;
	says = answer.ok ? value_text_or(answer.body, "Description", "") : "";
	m->custody_words = NULL;
	if (answer.ok && have.ours && have.state == CUSTODY_HOLDS && text_same(says, UNSEAL_KEYS) != shamir)
		m->custody_words = shamir ? UNSEAL_KEYS : custody_description(&all_shares);
	return HEARD_DONE;
}

DUE(words_due)
{
	const struct seal_migrate *m = world;

	(void)item;
	return m->custody_words;
}

/* A call that is not made by an SDK brings a token of its own (Secrets Manager, UpdateSecret). */
static int before_words(void *world, size_t item, struct err *e)
{
	struct seal_migrate *m = world;
	AUTO(buf) struct buf text = BUF_MAX(2 * TOKEN_BYTES + 1);
	unsigned char bytes[TOKEN_BYTES];

	(void)item;
	if (host_random(m->roll.boot.host, bytes, sizeof(bytes), e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		buf_printf(&text, "%02x", bytes[i]);
	m->custody_token = arena_text(m->roll.boot.mem, buf_str(&text));
	return 0;
}

ASK(ask_words)
{
	const struct seal_migrate *m = world;

	(void)item;
	return aws_ask(m->roll.boot.aws, rq, &secretsmanager_update_secret,
	               params_of(&rq->mem, "SecretId", custody_name(&rq->mem, m->roll.boot.want, all_shares.word), "Description",
	                         m->custody_words, "ClientRequestToken", m->custody_token, NULL), e);
}

HEAR(hear_words)
{
	struct seal_migrate *m = world;
	struct aws_answer answer;

	(void)item;
	return hear_aws(m->roll.world, &secretsmanager_update_secret, reply, NULL, &answer, e, "describing '%s' anew",
	                custody_name(m->roll.boot.mem, m->roll.boot.want, all_shares.word));
}

const struct step seal_custody_rows[SEAL_CUSTODY_ROWS] = {
	{ .name = "custody.look", .title = "look how custody describes the shares", .ask = ask_look, .hear = hear_look },
	{ .name = "custody.words", .change = "describe the shares in custody anew", .needs = NEEDS("custody.look"), .due = words_due,
	  .before = before_words, .ask = ask_words, .hear = hear_words },
};
