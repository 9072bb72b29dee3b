/* Public keys for sys/init and for files, looked at by gpg: a table of its own, before anybody else is asked. */
#include "core/text.h"
#include "domain/init.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)

static size_t count_keys(const void *world)
{
	const struct init_world *in = world;

	return in->n_keys;
}

/* A folder that is its own: gpg starts without one only where the user has one. */
static int before_show(void *world, size_t item, struct err *e)
{
	struct init_world *in = world;

	return item ? 0 : host_write_file(in->boot.host, arena_printf(in->boot.mem, "%s/note", in->pgp_home),
	                                  view_text("for gpg, as helm vault-aws init runs it: no keys are kept here\n"), 0600, e);
}

ASK(ask_show)
{
	const struct init_world *in = world;

	(void)e;
	pgp_ask_show(rq, &in->pgp[item], in->pgp_home);
	return 0;
}

HEAR(hear_show)
{
	struct init_world *in = world;

	(void)e;
	pgp_hear_show(&in->pgp[item], in->boot.mem, reply);
	return HEARD_DONE;
}

/* gpg is not there, or did not end: said once, for all of them. */
static bool missed(void *world, size_t item, const struct err *why)
{
	struct init_world *in = world;

	if (why->kind == ERR_STOPPED || why->kind == ERR_LATE)
		return false;
	in->pgp[item].wrong = arena_printf(in->boot.mem, "gpg is needed to look at it (%s): the package 'gnupg' has it", why->text);
	return true;
}

static bool bytes_due(const void *world, size_t item)
{
	const struct init_world *in = world;

	return item < in->n_pgp && !in->pgp[item].wrong;
}

ASK(ask_bytes)
{
	const struct init_world *in = world;

	(void)e;
	pgp_ask_bytes(rq, &in->pgp[item], in->pgp_home);
	return 0;
}

HEAR(hear_bytes)
{
	struct init_world *in = world;

	(void)e;
	pgp_hear_bytes(&in->pgp[item], in->boot.mem, reply);
	return HEARD_DONE;
}

const struct step init_pgp_rows[INIT_PGP_ROWS] = {
	{ .name = "pgp.show", .title = "look at the PGP keys", .count = count_keys, .before = before_show, .ask = ask_show,
	  .hear = hear_show, .missed = missed, .abreast = PGP_SHOWN_ABREAST },
	{ .name = "pgp.bytes", .title = "read the PGP keys", .needs = NEEDS("pgp.show"), .count = count_keys, .due = bytes_due,
	  .ask = ask_bytes, .hear = hear_bytes, .missed = missed },
};

/* One person with two shares is a smaller threshold than was asked for. */
static void check_twice(const struct init_world *in, struct err *e)
{
	for (size_t i = 1; i + 1 < in->n_pgp; i++)
		for (size_t k = 0; k < i; k++)
			if (!in->pgp[i].wrong && text_same(in->pgp[i].fingerprint, in->pgp[k].fingerprint)) {
				err_also(e, ERR_USAGE, "--pgp-key: '%s' and '%s' are the same key %s", in->pgp[k].path, in->pgp[i].path,
				         in->pgp[i].fingerprint);
				break;
			}
}

/* The same of files with one share each. */
static void check_split(const struct init_world *in, struct err *e)
{
	for (size_t i = 1; in->options.split && i < in->n_files; i++)
		for (size_t k = 0; k < i; k++) {
			const struct custody_file *a = &in->files[k], *b = &in->files[i];

			if (a->by != BY_GPG || b->by != BY_GPG || a->entry->root || b->entry->root || a->to.keys[0] == b->to.keys[0])
				continue;
			if (a->to.keys[0]->fingerprint && text_same(a->to.keys[0]->fingerprint, b->to.keys[0]->fingerprint))
				err_also(e, ERR_USAGE, "--recipient: '%s' and '%s' are the same key %s", a->to.keys[0]->path,
				         b->to.keys[0]->path, a->to.keys[0]->fingerprint);
		}
}

/* What Parameter Store and its like take is known only now. */
static int check_sizes(const struct init_world *in, struct err *e)
{
	size_t message = 0, largest;

	for (size_t i = 0; i < in->n_pgp; i++) {
		size_t bytes = pgp_message_max(&in->pgp[i], INIT_SHARE_BYTES * 2);

		message = bytes > message ? bytes : message;
	}
	if (custody_largest(in->boot.want, in->entries, in->n_entries, (size_t)in->options.shares, message, true, &largest, e) < 0)
		return -1;
	return init_check_size(in, largest, e);
}

int init_check_pgp(struct init_world *in, struct err *e)
{
	for (size_t i = 0; i < in->n_keys; i++)
		if (in->pgp[i].wrong)
			err_also(e, ERR_USAGE, "%s: '%s': %s", in->pgp[i].option, in->pgp[i].path, in->pgp[i].wrong);
	check_twice(in, e);
	check_split(in, e);
	if (e->kind)
		return -1;
	return in->n_pgp ? check_sizes(in, e) : 0;
}
