/* The root token that `init` left in custody: for who has no token of his own, but may read that entry. */
#include "domain/boot.h"

#include "core/text.h"
#include "domain/custody.h"
#include "domain/hear.h"

static const char *entry_of(const struct boot *b, struct arena *a)
{
	return custody_name(a, b->want, CUSTODY_ROOT_TOKEN);
}

static int ask_root_token(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct boot *b = world;

	(void)item;
	return aws_ask(b->aws, rq, &secretsmanager_get_secret_value, params_of(&rq->mem, "SecretId", entry_of(b, &rq->mem), NULL), e);
}

/* The answer stays in an arena that is wiped. */
static enum heard hear_root_token(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct boot *b = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	const struct aws_op *op = &secretsmanager_get_secret_value;
	struct aws_answer answer;
	const char *token;
	enum heard heard;

	(void)item;
	if (aws_read(&scratch, op, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(op, &answer, e);
	if (heard != HEARD_DONE) {
		err_while(e, "reading '%s'", entry_of(b, b->mem));
		return heard;
	}
	if (value_text(answer.body, "SecretString", &token, e) < 0)
		return HEARD_REFUSED;
	if (custody_placeholder_run(&scratch, view_text(token))) {
		err_set(e, ERR_ABSENT, 0, "'%s' holds no token yet: an init has begun there, and not ended", entry_of(b, b->mem));
		err_hint(e, "helm vault-aws init goes on with it");
		return HEARD_REFUSED;
	}
	return boot_take_token(b, view_text(token), entry_of(b, b->mem), e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

const struct step boot_custody_steps[BOOT_CUSTODY_STEPS] = {
	{ .name = "token.custody", .title = "read the root token from custody", .ask = ask_root_token, .hear = hear_root_token },
};
