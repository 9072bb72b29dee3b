/* The root token that `init` left in custody: for who has no token of his own, but may read that entry. */
#include "domain/boot.h"

#include "core/text.h"
#include "domain/custody.h"
#include "domain/hear.h"

#define ENTRY "root-token"

static struct custody_store store_of(const struct boot *b)
{
	return (struct custody_store){ .kind = custody_kind_of("secretsmanager"), .want = b->want, .aws = b->aws };
}

static const char *entry_of(const struct boot *b, struct arena *a)
{
	return custody_name(a, b->want, ENTRY);
}

static int ask_root_token(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct boot *b = world;
	struct custody_store store = store_of(b);

	(void)item;
	return custody_ask_value(&store, ENTRY, rq, e);
}

static enum heard hear_root_token(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct boot *b = world;
	struct custody_store store = store_of(b);
	AUTO(secret) struct secret token = {0};
	enum heard heard = custody_hear_value(&store, ENTRY, reply, &token, b->mem, NULL, e);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (custody_placeholder_run(b->mem, secret_expose(&token))) {
		err_set(e, ERR_ABSENT, 0, "'%s' holds no token yet: an init has begun there, and not ended", entry_of(b, b->mem));
		err_hint(e, "helm vault-aws init goes on with it");
		return HEARD_REFUSED;
	}
	return boot_take_token(b, secret_expose(&token), entry_of(b, b->mem), e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

const struct step boot_custody_steps[BOOT_CUSTODY_STEPS] = {
	{ .name = "token.custody", .title = "read the root token from custody", .ask = ask_root_token, .hear = hear_root_token },
};
