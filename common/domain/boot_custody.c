#include "domain/boot_custody.h"

#include "core/text.h"
#include "domain/hear.h"

#define ENTRY "root-token"

enum { PLACES_TEXT_MAX = 512 };

/* In the order they are asked in. */
static const struct {
	const char *kind, *what;
	bool bucket;                     /* asked only where one was named */
} rows[BOOT_CUSTODY_PLACES] = {
	{ "s3", "the bucket", true },
	{ "secretsmanager", "Secrets Manager", false },
	{ "ssm", "Parameter Store", false },
};

void boot_custody_init(struct boot_custody *c, struct boot *b)
{
	const char *bucket = b->options.custody_bucket;

	*c = (struct boot_custody){ .boot = b };
	for (size_t i = 0; i < BOOT_CUSTODY_PLACES; i++) {
		if (rows[i].bucket && text_empty(bucket))
			continue;
		c->places[i].store = (struct custody_store){
			.kind = custody_kind_of(rows[i].kind), .want = b->want, .aws = b->aws, .bucket = bucket,
		};
		c->places[i].what = rows[i].bucket ? arena_printf(b->mem, "%s '%s'", rows[i].what, bucket) : rows[i].what;
	}
}

void boot_custody_release(struct boot_custody *c)
{
	for (size_t i = 0; i < BOOT_CUSTODY_PLACES; i++)
		err_release(&c->places[i].why);
}

static const char *entry_of(const struct boot *b, struct arena *a)
{
	return custody_name(a, b->want, ENTRY);
}

static bool due(const struct boot_custody *c, size_t place)
{
	return !c->found && c->places[place].store.kind;
}

static enum heard take_from(struct boot *b, const struct boot_custody_place *p, const struct secret *token, struct err *e)
{
	const char *from = arena_printf(b->mem, "'%s' in %s", entry_of(b, b->mem), p->what);

	if (!custody_placeholder_run(b->mem, secret_expose(token)))
		return boot_take_token(b, secret_expose(token), from, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
	err_set(e, ERR_GUARD, 0, "%s holds no token yet: an init has begun there, and not ended", from);
	err_hint(e, "helm vault-aws init goes on with it");
	return HEARD_REFUSED;
}

/* A refusal is kept, and the next place is asked. */
static enum heard hear(struct boot_custody *c, size_t place, const struct reply *reply, struct err *e)
{
	struct boot_custody_place *p = &c->places[place];
	AUTO(secret) struct secret token = {0};
	enum heard heard = custody_hear_value(&p->store, ENTRY, reply, &token, c->boot->mem, NULL, e);

	if (heard == HEARD_REFUSED)
		err_while(e, "%s", p->what);
	if (heard == HEARD_DONE)
		heard = take_from(c->boot, p, &token, e);
	if (heard == HEARD_DONE)
		c->found = p;
	if (heard != HEARD_REFUSED)
		return heard;
	err_move(&p->why, e);
	return HEARD_DONE;
}

#define PLACE(name, n) \
	static bool name##_due(const void *world, size_t item) \
	{ \
		(void)item; \
		return due(world, (n)); \
	} \
	static int name##_ask(const void *world, size_t item, struct request *rq, struct err *e) \
	{ \
		const struct boot_custody *c = world; \
		(void)item; \
		return custody_ask_value(&c->places[n].store, ENTRY, rq, e); \
	} \
	static enum heard name##_hear(void *world, size_t item, const struct reply *reply, struct err *e) \
	{ \
		(void)item; \
		return hear(world, (n), reply, e); \
	}

PLACE(bucket, 0)
PLACE(secret, 1)
PLACE(parameter, 2)

#define TITLE "read the root token from custody"

const struct step boot_custody_steps[BOOT_CUSTODY_PLACES] = {
	{ .name = "token.bucket", .title = TITLE, .due = bucket_due, .ask = bucket_ask, .hear = bucket_hear },
	{ .name = "token.secret", .title = TITLE, .needs = NEEDS("token.bucket"), .due = secret_due, .ask = secret_ask,
	  .hear = secret_hear },
	{ .name = "token.parameter", .title = TITLE, .needs = NEEDS("token.secret"), .due = parameter_due, .ask = parameter_ask,
	  .hear = parameter_hear },
};

/* NoSuchBucket is another thing: what was named is wrong. */
static bool holds_none(const struct boot_custody_place *p)
{
	return p->store.kind && p->why.kind == ERR_ABSENT && !strstr(p->why.text, "NoSuchBucket");
}

static void tell_absent(const struct boot_custody *c, struct err *e)
{
	AUTO(buf) struct buf places = BUF_MAX(PLACES_TEXT_MAX);
	size_t n = 0, last = 0;

	for (size_t i = 0; i < BOOT_CUSTODY_PLACES; i++)
		if (holds_none(&c->places[i])) {
			last = i;
			n++;
		}
	for (size_t i = 0, k = 0; i < BOOT_CUSTODY_PLACES; i++)
		if (holds_none(&c->places[i]))
			buf_printf(&places, "%s%s", !k++ ? "" : i == last ? " or " : ", ", c->places[i].what);
	if (!n)
		return;
	err_also(e, ERR_AUTH, "custody: there is no '%s' in %s", entry_of(c->boot, c->boot->mem), buf_str(&places));
	if (text_empty(c->boot->options.custody_bucket))
		err_hint(e, "--custody-bucket BUCKET has it looked for in S3 too");
}

int boot_custody_take(struct boot_custody *c, struct err *e)
{
	if (c->found)
		return 0;
	tell_absent(c, e);
	for (size_t i = 0; i < BOOT_CUSTODY_PLACES; i++) {
		struct boot_custody_place *p = &c->places[i];

		if (!p->why.kind || holds_none(p))
			continue;
		err_while(&p->why, "custody");
		err_append(e, &p->why);
	}
	return -1;
}
