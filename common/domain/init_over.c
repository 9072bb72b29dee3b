/* Whether an init is started over, or why not; and the look at servers that --start-over takes. */
#include "domain/init_over.h"

#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"

/* What can still be done with a Vault whose keys are not here. */
#define STILL "with a root token or another login Vault can be configured, and its recovery keys made anew by a rekey; where " \
	"nobody has either, and it holds nothing that is needed, its table is restored or replaced with all pods down"

static int refuse(struct err *e, const char *hint, const char *text)
{
	err_set(e, ERR_GUARD, 0, "%s", text);
	err_hint(e, "%s", hint);
	return -1;
}

/* ---- whose init it was ---- */

/* A spool that is only prepared says that its run never called sys/init. */
static bool note_is_ours(const struct init_world *in)
{
	const struct spool *s = &in->spool;
	const struct begun_tag *n = &in->note;

	if (n->stage == BEGUN_KEYS)
		return false;
	if (s->stage == SPOOL_BEGUN)
		return n->stage == BEGUN_NONE || text_same(n->id, s->id);
	return s->stage == SPOOL_NONE && n->stage != BEGUN_NONE;
}

const char *init_over_run(const struct init_world *in, const char **since)
{
	if (in->note.stage != BEGUN_BEGUN && in->note.stage != BEGUN_LOST)
		return NULL;
	*since = in->note.since;
	return in->note.id;
}

static const char *begun_at(const struct init_world *in)
{
	return in->note.stage != BEGUN_NONE ? in->note.since : in->spool.since;
}

/* ---- what stands against it ---- */

static void list_items(struct buf *out, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n && i < FRESH_ITEMS_SHOWN; i++)
		buf_printf(out, "%s'%s'", i ? ", " : "", names[i]);
	buf_text(out, n > FRESH_ITEMS_SHOWN ? " and more" : "");
}

static void check_items(const struct init_world *in, struct err *e)
{
	const struct fresh_items *f = &in->items;
	AUTO(buf) struct buf list = BUF_MAX(4096);

	if (f->n_foreign) {
		list_items(&list, f->foreign, f->n_foreign);
		err_also(e, ERR_GUARD, "the table '%s' holds what no fresh init writes: %s", in->facts.table, buf_str(&list));
		err_hint(e, "somebody has used this Vault: it is not emptied");
	} else if (f->more) {
		err_also(e, ERR_GUARD, "the table '%s' holds more than %d items, and a fresh init writes some fifty", in->facts.table,
		         FRESH_ITEMS_MAX);
	} else if (!f->n) {
		err_also(e, ERR_GUARD, "the table '%s' is empty, though Vault says that it is initialised: it uses another one",
		         in->facts.table);
	}
}

static void check_keys_kept(const struct init_world *in, struct err *e)
{
	for (size_t i = 0; i < in->n_items; i++) {
		const struct init_item *item = &in->items_kept[i];

		if (item->have.state == CUSTODY_HOLDS)
			err_also(e, ERR_GUARD, "custody holds '%s' (%s) since %s", custody_name(in->boot.mem, in->boot.want, item->entry->word),
			         item->store->kind->word, item->have.changed ? item->have.changed : "?");
	}
	for (size_t i = 0; i < in->n_files; i++)
		if (in->files[i].there)
			err_also(e, ERR_GUARD, "'%s' is there", in->files[i].path);
	if (in->spool.stage == SPOOL_KEYS)
		err_also(e, ERR_GUARD, "the spool '%s' holds the keys of an init that began at %s", in->spool.path, in->spool.since);
	if (in->note.stage == BEGUN_KEYS && !text_same(in->note.id, in->spool.id))
		err_also(e, ERR_GUARD, "the keys are in the spool of the machine that initialised Vault at %s", in->note.since);
}

static void check_proof(const struct init_world *in, struct err *e)
{
	if (in->over.ours)
		return;
	if (!in->items.flag)
		err_also(e, ERR_GUARD, "nothing shows that it is ruined: neither a note of ours nor the item '%s'", FRESH_FLAG);
	if (in->over.unsealed)
		err_also(e, ERR_GUARD, "%zu of its servers %s unsealed: somebody may have its keys", in->over.unsealed,
		         in->over.unsealed == 1 ? "is" : "are");
}

static void check_cluster(const struct init_world *in, struct err *e)
{
	if (!in->boot.options.vault_addr)
		return;
	err_also(e, ERR_GUARD, "its pods have to go down first, and with --vault-addr or VAULT_ADDR no cluster is asked");
	err_hint(e, "run init where the cluster is at hand, without VAULT_ADDR");
}

int init_over_allowed(const struct init_world *in, struct err *e)
{
	if (!in->options.start_over)
		return 0;
	check_keys_kept(in, e);
	if (!e->kind)
		return 0;
	err_while(e, "not started over, since something can still open this Vault");
	err_hint(e, "without --start-over init finishes what is there, or says what can be done");
	return -1;
}

/* ---- refusals of what is none of ours ---- */

static int refuse_items(const struct init_world *in, struct err *e)
{
	AUTO(buf) struct buf list = BUF_MAX(4096);
	const char *names[FRESH_ITEMS_SHOWN];
	size_t shown = in->items.n < FRESH_ITEMS_SHOWN ? in->items.n : FRESH_ITEMS_SHOWN;

	for (size_t i = 0; i < shown; i++)
		names[i] = in->items.at[i].name;
	list_items(&list, names, shown);
	err_set(e, ERR_GUARD, 0, "Vault is not initialised, but its table '%s' is not empty: it holds %s%s", in->facts.table,
	        buf_str(&list), in->items.n > shown ? " and more" : "");
	err_hint(e, in->items.flag ? "an init that was refused half-way leaves such a table: init --start-over backs it up, empties "
	         "it and begins again" : "it belongs to another Vault, or was restored: look before anything is removed");
	return -1;
}

static bool keys_prepared(const struct init_world *in)
{
	for (size_t i = 0; i < in->n_items; i++)
		if (!in->items_kept[i].entry->root && in->items_kept[i].have.state == CUSTODY_PREPARED)
			return true;
	return false;
}

static int refuse_initialised(const struct init_world *in, struct err *e)
{
	struct arena *a = in->boot.mem;

	if (in->note.stage == BEGUN_KEYS)
		return refuse(e, "run init again on that machine: it stores them. Where it is gone for good nobody has them, and the "
		              "table's tag '" TAG_BEGUN "' may be taken off", arena_printf(a, "Vault was initialised by us at %s from "
		              "another machine, whose spool has the keys", in->note.since));
	if (in->note.stage != BEGUN_NONE)
		return refuse(e, "run init again on that machine; or move the spool of this one away, where its run was given up",
		              arena_printf(a, "Vault is initialised, an init began at %s from another machine, and another one from here "
		                           "at %s ('%s')", in->note.since, in->spool.since, in->spool.path));
	if (keys_prepared(in) && in->spool.stage == SPOOL_NONE)
		return refuse(e, "run init again on that machine: its spool has the keys, or says that they were lost",
		              "Vault is initialised, and an init began from another machine, whose keys are not in custody yet");
	if (in->items.flag && fresh_items_only(&in->items))
		return refuse(e, "init --start-over backs the table up, empties it and begins again",
		              arena_printf(a, "Vault is initialised, but by an init that was refused half-way: its table '%s' holds '%s', "
		                           "no server will unseal, and there are no keys", in->facts.table, FRESH_FLAG));
	return refuse(e, STILL, arena_printf(a, "Vault is initialised already, by somebody else: its keys are not in custody as "
	                                     "'%s'", in->in_aws ? custody_name(a, in->boot.want, in->entries[0].word) :
	                                     in->files[0].path));
}

int init_over_decide(struct init_world *in, struct err *e)
{
	struct init_over *o = &in->over;
	AUTO(err) struct err why = {0};

	o->ours = note_is_ours(in);
	if (!o->ours && !in->options.start_over)
		return in->boot.status.initialized ? refuse_initialised(in, e) : refuse_items(in, e);
	check_keys_kept(in, &why);
	check_items(in, &why);
	check_proof(in, &why);
	check_cluster(in, &why);
	if (!why.kind) {
		o->kind = in->options.start_over ? OVER_ASKED : OVER_AGAIN;
		return 0;
	}
	if (o->ours)
		err_also(e, ERR_GUARD, "the init that began at %s brought no keys, and nobody has them (note '%s'); it cannot be started "
		         "over from here", begun_at(in), in->spool.stage == SPOOL_BEGUN ? in->spool.path : TAG_BEGUN);
	else
		err_also(e, ERR_GUARD, "this Vault is not started over");
	err_append(e, &why);
	return -1;
}

/* ---- whether a server is unsealed ---- */

bool init_over_asked(const void *world, size_t item)
{
	const struct init_world *in = world;

	(void)item;
	return in->options.start_over;
}

enum heard init_over_hear_health(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct init_world *in = world;
	struct vault_health health;
	AUTO(err) struct err ignored = {0};

	(void)item;
	(void)e;
	if (vault_health_read(in->boot.mem, reply, &health, &ignored) == 0)
		in->over.unsealed += health.initialized && !health.sealed;
	return HEARD_DONE;
}

bool init_over_missed_health(void *world, size_t item, const struct err *why)
{
	(void)world;
	(void)item;
	(void)why;
	return true;
}
